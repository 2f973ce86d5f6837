#ifndef CRYPTO_ED25519_POINT_H
#define CRYPTO_ED25519_POINT_H

#include "common/base/err.h"

/* Is this an encoded point (RFC 8032 5.1.2) fit to be a public key? Errors: ERR_MALFORMED (not on the curve, y not reduced,
 * of small order), ERR_NO_MEMORY. */
MUST_USE enum err ed25519_point_check(const uint8_t encoded[32]);

#endif
