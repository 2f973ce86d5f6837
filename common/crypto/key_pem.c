#include "common/crypto/key.h"
#include "common/crypto/ossl.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum err key_from_spki(struct span der, struct key **out)
{
    const unsigned char *p = der.p;

    if (der.n == 0 || der.n > MAX_PEM) return ERR_MALFORMED;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)der.n);
    enum err e = pkey && p == der.p + der.n ? key_from_evp(pkey, out) : ossl_failed(ERR_MALFORMED);
    EVP_PKEY_free(pkey);
    return e;
}

/* --- PEM: one decoder per kind of block; none of them asks for a password --- */

static EVP_PKEY *from_pkcs8(const unsigned char **p, long n)
{
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, p, n);
    EVP_PKEY *pkey = info ? EVP_PKCS82PKEY(info) : NULL;

    PKCS8_PRIV_KEY_INFO_free(info);
    return pkey;
}

static EVP_PKEY *from_sec1(const unsigned char **p, long n)
{
    return d2i_PrivateKey(EVP_PKEY_EC, NULL, p, n);
}

static EVP_PKEY *from_pubkey(const unsigned char **p, long n)
{
    return d2i_PUBKEY(NULL, p, n);
}

static EVP_PKEY *from_certificate(const unsigned char **p, long n)
{
    X509 *x = d2i_X509(NULL, p, n);
    EVP_PKEY *pkey = x ? X509_get_pubkey(x) : NULL;

    X509_free(x);
    return pkey;
}

static const struct pem_kind {
    const char *name;
    EVP_PKEY *(*decode)(const unsigned char **p, long n);
} kinds[] = {
    { PEM_STRING_PKCS8INF, from_pkcs8 },
    { PEM_STRING_ECPRIVATEKEY, from_sec1 },
    { PEM_STRING_PUBLIC, from_pubkey },
    { PEM_STRING_X509, from_certificate },
};

struct pem_block {
    char *name, *header;
    unsigned char *der;
    long n;
};

static void block_clear(struct pem_block *b)
{
    OPENSSL_free(b->name);
    OPENSSL_free(b->header);
    OPENSSL_clear_free(b->der, (size_t)b->n);
    *b = (struct pem_block){ 0 };
}

static const struct pem_kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(name, kinds[i].name) == 0) return &kinds[i];
    return NULL;
}

/* *out is the caller's to free, also on failure. */
static bool block_decode(const struct pem_block *b, EVP_PKEY **out)
{
    const struct pem_kind *kind = kind_of(b->name);
    const unsigned char *p = b->der;

    if (!kind || b->header[0]) return false; /* a header: "Proc-Type: 4,ENCRYPTED" */
    *out = kind->decode(&p, b->n);
    return *out && p == b->der + b->n;
}

/* `wanted` NULL: the first block that is not a mere "EC PARAMETERS". */
static enum err block_read(struct span pem, const char *wanted, struct pem_block *out)
{
    if (pem.n == 0 || pem.n > MAX_PEM) return ERR_MALFORMED;
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (!in) return ossl_failed(ERR_NO_MEMORY);
    bool found = false;
    while (!found && PEM_read_bio(in, &out->name, &out->header, &out->der, &out->n) == 1) {
        found = wanted ? strcmp(out->name, wanted) == 0 : strcmp(out->name, PEM_STRING_ECPARAMETERS) != 0;
        if (!found) block_clear(out);
    }
    BIO_free(in);
    return found ? OK : ossl_failed(ERR_MALFORMED);
}

enum err key_from_pem(struct span pem, struct key **out)
{
    struct pem_block b = { 0 };

    TRY(block_read(pem, NULL, &b));
    EVP_PKEY *pkey = NULL;
    enum err e = block_decode(&b, &pkey) ? key_from_evp(pkey, out) : ossl_failed(ERR_MALFORMED);
    EVP_PKEY_free(pkey);
    block_clear(&b);
    return e;
}

enum err cert_thumbprint(struct span pem, uint8_t out[SHA256_SIZE])
{
    struct pem_block b = { 0 };

    TRY(block_read(pem, PEM_STRING_X509, &b));
    const unsigned char *p = b.der;
    X509 *x = d2i_X509(NULL, &p, b.n);
    bool ok = x && p == b.der + b.n;
    if (ok) sha256(span(b.der, (size_t)b.n), out);
    X509_free(x);
    block_clear(&b);
    return ok ? OK : ossl_failed(ERR_MALFORMED);
}

/* --- writing --- */

enum err key_spki(const struct key *k, struct buf *out)
{
    unsigned char *der = NULL;

    if (!key_evp(k)) return ERR_PROTOCOL;
    int n = i2d_PUBKEY(key_evp(k), &der);
    if (n <= 0) return ossl_failed(ERR_INTERNAL);
    buf_add(out, span(der, (size_t)n));
    OPENSSL_free(der);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

/* Appends what was written to `from` (freed; its memory is wiped). `written` is the result of the write. */
static enum err drain(BIO *from, int written, struct buf *out)
{
    char *p = NULL;
    long n = written == 1 ? BIO_get_mem_data(from, &p) : 0;

    if (n > 0) buf_add(out, span(p, (size_t)n));
    BIO_free(from);
    if (n <= 0) return ossl_failed(ERR_INTERNAL);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

enum err key_pem_private(const struct key *k, struct buf *out)
{
    if (!key_evp(k) || !key_is_private(k)) return ERR_PROTOCOL;
    BIO *to = BIO_new(BIO_s_secmem());
    int written = to ? PEM_write_bio_PKCS8PrivateKey(to, key_evp(k), NULL, NULL, 0, NULL, NULL) : 0;
    return drain(to, written, out);
}

enum err key_pem_public(const struct key *k, struct buf *out)
{
    if (!key_evp(k)) return ERR_PROTOCOL;
    BIO *to = BIO_new(BIO_s_mem());
    int written = to ? PEM_write_bio_PUBKEY(to, key_evp(k)) : 0;
    return drain(to, written, out);
}
