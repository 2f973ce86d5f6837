#ifndef CRYPTO_OSSL_H
#define CRYPTO_OSSL_H

#include "common/base/err.h"

/* To be returned when an OpenSSL call failed: ERR_NO_MEMORY if that was the reason, else `otherwise`. Empties OpenSSL's
 * error queue, which would otherwise be taken for a TLS failure of the next connection served. */
enum err ossl_failed(enum err otherwise);

#endif
