#define OPENSSL_API_COMPAT \
    0x10100000L /* the SHA256_CTX calls: they allocate nothing, so sha256() cannot fail */
#include "common/crypto/hash.h"

#include <openssl/sha.h>
#include <stdio.h>

void sha256(struct span in, uint8_t out[SHA256_SIZE])
{
    SHA256_CTX state;

    SHA256_Init(&state);
    if (in.n) SHA256_Update(&state, in.p, in.n);
    SHA256_Final(out, &state);
    explicit_bzero(&state, sizeof state);
}

struct hash_hint hash_hint(struct span in)
{
    uint8_t d[SHA256_SIZE];

    sha256(in, d);
    return hash_hint_of(d);
}

struct hash_hint hash_hint_of(const uint8_t hash[SHA256_SIZE])
{
    struct hash_hint hint;

    snprintf(hint.text, sizeof hint.text, "%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3]);
    return hint;
}
