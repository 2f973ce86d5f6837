#ifndef CRYPTO_OSSL_H
#define CRYPTO_OSSL_H

#include "common/base/err.h"

/* To be returned when an OpenSSL call failed: ERR_NO_MEMORY if that was the reason, else `otherwise`. Empties OpenSSL's
 * error queue, which would otherwise be taken for a TLS failure of the next connection served. */
enum err ossl_failed(enum err otherwise);

/* "OpenSSL 3.2.1 30 Jan 2024", of the library in use. */
const char *ossl_version(void);

#endif
