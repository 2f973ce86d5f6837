#include "common/crypto/ossl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

enum err ossl_failed(enum err otherwise)
{
    unsigned long code;
    enum err e = otherwise;

    while ((code = ERR_get_error()) != 0)
        if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE) e = ERR_NO_MEMORY;
    return e;
}

const char *ossl_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
