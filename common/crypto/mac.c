#include "common/crypto/mac.h"

#include "common/crypto/ossl.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum err hmac_sha256(struct span key, struct span in, uint8_t out[HMAC256_SIZE])
{
    unsigned size = HMAC256_SIZE;

    if (key.n > INT_MAX) return ERR_INTERNAL;
    /* a NULL key would mean "the key of the call before" */
    if (!HMAC(EVP_sha256(), key.n ? (const void *)key.p : "", (int)key.n, in.p, in.n, out, &size))
        return ossl_failed(ERR_INTERNAL);
    return size == HMAC256_SIZE ? OK : ERR_INTERNAL;
}

enum err hmac_sha256_check(struct span key, struct span in, struct span want)
{
    uint8_t made[HMAC256_SIZE];
    enum err e = hmac_sha256(key, in, made);

    if (e == OK && !secret_eq(span(made, sizeof made), want)) e = ERR_NOT_AUTHORIZED;
    explicit_bzero(made, sizeof made);
    return e;
}

enum err mac(const struct key *k, struct span in, uint8_t out[SIGNATURE_SIZE])
{
    return key_octets(k).n < MIN_HMAC256_KEY ? ERR_PROTOCOL : hmac_sha256(key_octets(k), in, out);
}

enum err mac_check(const struct key *k, struct span in, struct span want)
{
    if (key_octets(k).n < MIN_HMAC256_KEY) return ERR_NOT_AUTHORIZED;
    return hmac_sha256_check(key_octets(k), in, want);
}
