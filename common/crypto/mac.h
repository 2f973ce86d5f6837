#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include "common/crypto/key.h"
#include "common/crypto/sign.h"

enum { HMAC256_SIZE = 32, MIN_HMAC256_KEY = 32 };

/* HMAC-SHA-256 (RFC 2104), not truncated. ERR_INTERNAL when OpenSSL fails. */
MUST_USE enum err hmac_sha256(struct span key, struct span in, uint8_t out[HMAC256_SIZE]);
/* In constant time. ERR_NOT_AUTHORIZED unless `want` is exactly that MAC. */
MUST_USE enum err hmac_sha256_check(struct span key, struct span in, struct span want);

/* HS256 of JOSE, HMAC 256/256 of COSE: beside sign() and verify(), for a key of KEY_OCT, which has MIN_HMAC256_KEY octets at least (RFC 7518
 * 3.2). Errors: of mac() ERR_PROTOCOL (shorter), ERR_INTERNAL; of mac_check() ERR_NOT_AUTHORIZED (shorter, or another MAC), ERR_INTERNAL. */
MUST_USE enum err mac(const struct key *k, struct span in, uint8_t out[SIGNATURE_SIZE]);
MUST_USE enum err mac_check(const struct key *k, struct span in, struct span want);

#endif
