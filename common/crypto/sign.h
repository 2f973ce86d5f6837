#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "common/crypto/key.h"

/* Fixed-length signatures over the bytes themselves: Ed25519 (RFC 8032, pure) 64 bytes; P-256 with SHA-256, r then s,
 * 64 bytes (A-01, A-02: no container, no DER). */
enum { SIGNATURE_SIZE = 64 };

/* Errors: ERR_PROTOCOL (no private key, or KEY_OCT), ERR_INTERNAL. */
MUST_USE enum err sign(const struct key *k, struct span in, uint8_t out[SIGNATURE_SIZE]);

/* r and s of a P-256 signature in DER. false: not DER to the last octet, or a number that does not fit. */
bool signature_from_der(struct span der, uint8_t out[SIGNATURE_SIZE]);

/* The other way. Appends. Errors: ERR_PROTOCOL (not 64 octets), ERR_NO_MEMORY. */
MUST_USE enum err signature_to_der(struct span raw, struct buf *out);

/* ERR_NOT_AUTHORIZED unless `signature` is exactly right; wrong sizes and r or s out of 1..n-1 included. */
MUST_USE enum err verify(const struct key *k, struct span in, struct span signature);

#endif
