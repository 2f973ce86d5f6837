#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include "common/crypto/hash.h"

enum { HMAC256_SIZE = 32 };

/* HMAC-SHA-256 (RFC 2104), not truncated. ERR_INTERNAL when OpenSSL fails. */
MUST_USE enum err hmac_sha256(struct span key, struct span in, uint8_t out[HMAC256_SIZE]);

#endif
