#include "common/crypto/sign.h"

#include "common/crypto/ossl.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

enum { HALF = SIGNATURE_SIZE / 2, MAX_DER = 80 };

/* Ed25519 hashes for itself. */
static const EVP_MD *digest_of(const struct key *k)
{
    return key_type(k) == KEY_P256 ? EVP_sha256() : NULL;
}

static bool der_to_raw(struct span der, uint8_t out[SIGNATURE_SIZE])
{
    const unsigned char *p = der.p;
    ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
    bool ok = s && BN_bn2binpad(ECDSA_SIG_get0_r(s), out, HALF) == HALF &&
              BN_bn2binpad(ECDSA_SIG_get0_s(s), out + HALF, HALF) == HALF;

    ECDSA_SIG_free(s);
    return ok;
}

/* Returns the size of the DER, 0 when out of memory. */
static size_t raw_to_der(struct span raw, uint8_t out[MAX_DER])
{
    ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.p, HALF, NULL), *t = BN_bin2bn(raw.p + HALF, HALF, NULL);
    int n = 0;

    if (s && r && t && ECDSA_SIG_set0(s, r, t)) {
        r = t = NULL; /* now the signature's */
        n = i2d_ECDSA_SIG(s, &out);
    }
    BN_free(r);
    BN_free(t);
    ECDSA_SIG_free(s);
    return n > 0 ? (size_t)n : 0;
}

enum err sign(const struct key *k, struct span in, uint8_t out[SIGNATURE_SIZE])
{
    uint8_t made[MAX_DER];
    size_t n = sizeof made;

    if (key_type(k) == KEY_OCT || !key_is_private(k)) return ERR_PROTOCOL;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = c && EVP_DigestSignInit(c, NULL, digest_of(k), NULL, key_evp(k)) == 1 &&
              EVP_DigestSign(c, made, &n, in.p, in.n) == 1;
    EVP_MD_CTX_free(c);
    if (ok && key_type(k) == KEY_P256)
        ok = der_to_raw(span(made, n), out);
    else if (ok)
        memcpy(out, made, SIGNATURE_SIZE);
    return ok ? OK : ossl_failed(ERR_INTERNAL);
}

/* The range of r and s (1..n-1) and of Ed25519's S (below L) is checked by OpenSSL; the tests hold it to that. */
enum err verify(const struct key *k, struct span in, struct span signature)
{
    uint8_t der[MAX_DER];

    if (key_type(k) == KEY_OCT || signature.n != SIGNATURE_SIZE) return ERR_NOT_AUTHORIZED;
    if (key_type(k) == KEY_P256) signature = span(der, raw_to_der(signature, der));
    if (signature.n == 0) return ossl_failed(ERR_NO_MEMORY);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = c && EVP_DigestVerifyInit(c, NULL, digest_of(k), NULL, key_evp(k)) == 1 &&
              EVP_DigestVerify(c, signature.p, signature.n, in.p, in.n) == 1;
    EVP_MD_CTX_free(c);
    return ok ? OK : ossl_failed(ERR_NOT_AUTHORIZED);
}

bool signature_from_der(struct span der, uint8_t out[SIGNATURE_SIZE])
{
    uint8_t again[MAX_DER];

    if (der.n == 0 || der.n > MAX_DER || !der_to_raw(der, out)) return ossl_failed(ERR_MALFORMED) == OK;
    size_t n = raw_to_der(span(out, SIGNATURE_SIZE), again);
    return span_eq(der, span(again, n)); /* also no second spelling, nothing behind it, no sign */
}

enum err signature_to_der(struct span raw, struct buf *out)
{
    uint8_t der[MAX_DER];

    if (raw.n != SIGNATURE_SIZE) return ERR_PROTOCOL;
    size_t n = raw_to_der(raw, der);
    if (n == 0) return ossl_failed(ERR_NO_MEMORY);
    buf_add(out, span(der, n));
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}
