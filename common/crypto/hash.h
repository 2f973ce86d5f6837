#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "common/base/err.h"
#include "common/base/span.h"

enum { SHA256_SIZE = 32 };

void sha256(struct span in, uint8_t out[SHA256_SIZE]);

/* First 8 hex digits of SHA-256(in), NUL-terminated: how a token, key or proof is named in a log. */
struct hash_hint {
    char text[9];
};
struct hash_hint hash_hint(struct span in);
struct hash_hint hash_hint_of(const uint8_t hash[SHA256_SIZE]); /* of what was hashed before */

#endif
