#include "common/crypto/ed25519_point.h"

#include "common/crypto/ossl.h"

#include <openssl/bn.h>
#include <stdbool.h>
#include <string.h>

enum { SIZE = 32 };

/* The y of the points of small order, least byte first: 0, 1 and the two of order 8; -1 is seen below. A signature made "by"
 * one of them proves nothing. */
static bool is_small(const uint8_t y[SIZE])
{
    static const uint8_t small[][SIZE] = {
        { 0 },
        { 1 },
        { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
          0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
        { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
          0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
    };

    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        if (memcmp(y, small[i], SIZE) == 0) return true;
    return false;
}

/* Is y at least p - 1, with p = 2^255 - 19? That is -1, of order 2, and everything not reduced. */
static bool is_top(const uint8_t y[SIZE])
{
    bool ones = y[SIZE - 1] == 0x7f;

    for (int i = 1; i < SIZE - 1; i++) ones = ones && y[i] == 0xff;
    return ones && y[0] >= 0xec;
}

/* -x^2 + y^2 = 1 + d x^2 y^2 has a solution x iff (y^2 - 1)(d y^2 + 1) is a square modulo p. OpenSSL 3.5 does not ask. */
static bool on_curve(const uint8_t y[SIZE])
{
    static const char hex_p[] = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
    static const char hex_d[] = "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3";
    BIGNUM *p = NULL, *d = NULL, *n = BN_lebin2bn(y, SIZE, NULL);
    BN_CTX *c = BN_CTX_new();
    bool ok = c && n && BN_hex2bn(&p, hex_p) && BN_hex2bn(&d, hex_d) && BN_mod_sqr(n, n, p, c) &&
              BN_mod_mul(d, d, n, p, c) && BN_add_word(d, 1) && BN_sub_word(n, 1) &&
              BN_mod_mul(n, n, d, p, c) && BN_kronecker(n, p, c) == 1;

    BN_CTX_free(c);
    BN_free(n);
    BN_free(d);
    BN_free(p);
    return ok;
}

enum err ed25519_point_check(const uint8_t encoded[SIZE])
{
    uint8_t y[SIZE];

    memcpy(y, encoded, SIZE);
    y[SIZE - 1] &= 0x7f; /* the sign of x */
    if (is_small(y) || is_top(y)) return ERR_MALFORMED;
    return on_curve(y) ? OK : ossl_failed(ERR_MALFORMED);
}
