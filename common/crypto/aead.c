#include "common/crypto/aead.h"

#include "common/base/secret.h"
#include "common/crypto/mac.h"
#include "common/crypto/ossl.h"

#include <openssl/evp.h>

enum { MAX_TAG = 16, BLOCK = 16, HALF_KEY = 16 };

/* What one call works on; `in` is plaintext when sealing, ciphertext without its tag when opening. */
struct job {
    const struct method *method;
    struct span key, iv, aad, in;
    uint8_t *out;
    int out_n; /* bytes written to `out` */
};

/* Both directions of a method; `tag` is written by seal, checked by open: ERR_NOT_AUTHORIZED. */
struct method {
    struct aead_sizes sizes;
    const EVP_CIPHER *(*cipher)(void);
    enum err (*seal)(struct job *j, uint8_t tag[MAX_TAG]);
    enum err (*open)(struct job *j, const uint8_t tag[MAX_TAG]);
};

/* --- GCM and CCM: OpenSSL's own. CCM wants to know tag and length first. --- */

static bool start(EVP_CIPHER_CTX *c, const struct job *j, int encrypt, const uint8_t *tag)
{
    bool ccm = EVP_CIPHER_get_mode(j->method->cipher()) == EVP_CIPH_CCM_MODE;
    int n;

    return EVP_CipherInit_ex2(c, j->method->cipher(), NULL, NULL, encrypt, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, (int)j->iv.n, NULL) == 1 &&
           ((encrypt && !ccm) ||
            EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, j->method->sizes.tag, (void *)tag) == 1) &&
           EVP_CipherInit_ex2(c, NULL, j->key.p, j->iv.p, encrypt, NULL) == 1 &&
           (!ccm || EVP_CipherUpdate(c, NULL, &n, NULL, (int)j->in.n) == 1) &&
           (j->aad.n == 0 || EVP_CipherUpdate(c, NULL, &n, j->aad.p, (int)j->aad.n) == 1);
}

/* An input of no bytes must be fed to CCM, which opens in this call, and is harmless to GCM; but not as NULL, which means
 * "finish". */
static bool update(EVP_CIPHER_CTX *c, struct job *j)
{
    const uint8_t *in = j->in.n ? j->in.p : (const uint8_t *)"";

    return EVP_CipherUpdate(c, j->out, &j->out_n, in, (int)j->in.n) == 1;
}

static enum err evp_seal(struct job *j, uint8_t tag[MAX_TAG])
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n;
    bool ok = c && start(c, j, 1, NULL) && update(c, j) &&
              EVP_CipherFinal_ex(c, j->out + j->out_n, &n) == 1 &&
              EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, j->method->sizes.tag, tag) == 1;

    EVP_CIPHER_CTX_free(c);
    return ok ? OK : ossl_failed(ERR_INTERNAL);
}

static enum err evp_open(struct job *j, const uint8_t tag[MAX_TAG])
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n;
    bool ccm = EVP_CIPHER_get_mode(j->method->cipher()) == EVP_CIPH_CCM_MODE;
    bool ok = c && start(c, j, 0, tag) && update(c, j) &&
              (ccm || EVP_CipherFinal_ex(c, j->out + j->out_n, &n) == 1);

    EVP_CIPHER_CTX_free(c);
    return ok ? OK : ossl_failed(ERR_NOT_AUTHORIZED);
}

/* --- AES-CBC with HMAC (RFC 7518 5.2.2): the first half of the key is the MAC's, the second the cipher's. --- */

static enum err cbc_tag(const struct job *j, struct span cipher, uint8_t tag[HMAC256_SIZE])
{
    uint64_t bits = (uint64_t)j->aad.n * 8;
    struct buf in = { 0 };

    buf_add(&in, j->aad);
    buf_add(&in, j->iv);
    buf_add(&in, cipher);
    buf_u32(&in, (uint32_t)(bits >> 32));
    buf_u32(&in, (uint32_t)bits);
    enum err e = buf_failed(&in) ? ERR_NO_MEMORY : hmac_sha256(span(j->key.p, HALF_KEY), buf_span(&in), tag);
    buf_clear(&in);
    return e;
}

static enum err cbc_run(struct job *j, int encrypt)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n = 0;
    bool ok = c &&
              EVP_CipherInit_ex2(c, j->method->cipher(), j->key.p + HALF_KEY, j->iv.p, encrypt, NULL) == 1 &&
              update(c, j) && EVP_CipherFinal_ex(c, j->out + j->out_n, &n) == 1;

    j->out_n += n;
    EVP_CIPHER_CTX_free(c);
    return ok ? OK : ossl_failed(encrypt ? ERR_INTERNAL : ERR_NOT_AUTHORIZED);
}

static enum err cbc_seal(struct job *j, uint8_t tag[MAX_TAG])
{
    uint8_t full[HMAC256_SIZE];

    TRY(cbc_run(j, 1));
    TRY(cbc_tag(j, span(j->out, (size_t)j->out_n), full));
    memcpy(tag, full, MAX_TAG);
    return OK;
}

/* The MAC first: nothing is told about the padding of what nobody with the key has made. */
static enum err cbc_open(struct job *j, const uint8_t tag[MAX_TAG])
{
    uint8_t full[HMAC256_SIZE];

    TRY(cbc_tag(j, j->in, full));
    bool same = secret_eq(span(full, MAX_TAG), span(tag, MAX_TAG));
    explicit_bzero(full, sizeof full);
    return same ? cbc_run(j, 0) : ERR_NOT_AUTHORIZED;
}

/* clang-format off */
static const struct method methods[AEAD_COUNT] = {
    /*                            key  iv  tag                                        */
    [AEAD_A128GCM]           = { { 16, 12, 16 }, EVP_aes_128_gcm, evp_seal, evp_open },
    [AEAD_A256GCM]           = { { 32, 12, 16 }, EVP_aes_256_gcm, evp_seal, evp_open },
    [AEAD_AES_CCM_16_64_128] = { { 16, 13,  8 }, EVP_aes_128_ccm, evp_seal, evp_open },
    [AEAD_A128CBC_HS256]     = { { 32, 16, 16 }, EVP_aes_128_cbc, cbc_seal, cbc_open },
};
/* clang-format on */

const struct aead_sizes *aead_sizes(enum aead a)
{
    return &methods[a].sizes;
}

static enum err job_check(const struct job *j)
{
    const struct aead_sizes *s = &j->method->sizes;

    if (j->key.n != s->key || j->iv.n != s->iv) return ERR_PROTOCOL;
    return j->in.n > MAX_AEAD + BLOCK || j->aad.n > MAX_AEAD ? ERR_TOO_LARGE : OK;
}

enum err aead_seal(enum aead a, struct span key, struct span iv, struct span aad, struct span plain,
                   struct buf *out)
{
    struct job j = { .method = &methods[a], .key = key, .iv = iv, .aad = aad, .in = plain };
    uint8_t tag[MAX_TAG];
    size_t before = out->n;

    TRY(job_check(&j));
    if (plain.n > MAX_AEAD) return ERR_TOO_LARGE;
    j.out = buf_room(out, plain.n + BLOCK); /* a block more than CBC ever pads */
    if (!j.out) return ERR_NO_MEMORY;
    enum err e = j.method->seal(&j, tag);
    buf_truncate(out, before + (e == OK ? (size_t)j.out_n : 0));
    if (e != OK) return e;
    buf_add(out, span(tag, j.method->sizes.tag));
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

enum err aead_open(enum aead a, struct span key, struct span iv, struct span aad, struct span in,
                   struct buf *out)
{
    struct job j = { .method = &methods[a], .key = key, .iv = iv, .aad = aad, .in = in };
    size_t before = out->n, tag = j.method->sizes.tag;

    if (in.n < tag) return ERR_NOT_AUTHORIZED;
    j.in.n -= tag;
    if (job_check(&j) != OK) return ERR_NOT_AUTHORIZED;
    j.out = buf_room(out, j.in.n + BLOCK);
    if (!j.out) return ERR_NO_MEMORY;
    enum err e = j.method->open(&j, in.p + j.in.n);
    if (e != OK) explicit_bzero(j.out, j.in.n + BLOCK); /* GCM decrypts before it knows */
    buf_truncate(out, before + (e == OK ? (size_t)j.out_n : 0));
    return e;
}
