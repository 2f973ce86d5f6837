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
