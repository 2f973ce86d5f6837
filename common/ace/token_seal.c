#include "common/ace/cose.h"
#include "common/ace/token.h"

static bool has_symmetric_key(const struct claim_set *s)
{
    return s->cnf.kind == CNF_KEY && s->cnf.object.key && key_type(s->cnf.object.key) == KEY_OCT;
}

static struct span kid_of(const struct key_object *k)
{
    return k->has_kid ? buf_span(&k->kid) : span(NULL, 0);
}

/* A claim set written down, and what protects it. */
struct sealing {
    const struct token_protection *p;
    struct entropy *entropy;
    struct span claims;
};

/* The first of these that the shared key's size fits. */
static enum err choose_aead(const struct key *shared, const enum aead *among, size_t count, enum aead *out)
{
    for (size_t i = 0; i < count; i++) {
        *out = among[i];
        if (key_octets(shared).n == aead_sizes(among[i])->key) return OK;
    }
    return ERR_PROTOCOL;
}

/* */
static enum err encrypt_jwt(const struct sealing *s, struct buf *out)
{
    static const enum aead gcm[] = { AEAD_A128GCM, AEAD_A256GCM };
    const struct key_object *k = s->p->shared;
    enum aead a;

    TRY(choose_aead(k->key, gcm, 2, &a));
    return jwe_seal(a, k->key, kid_of(k), "JWT", NULL, s->entropy, s->claims, out);
}

static enum err sign_jwt(const struct sealing *s, struct buf *out)
{
    return jws_sign(s->p->sign_key->key, kid_of(s->p->sign_key), "JWT", s->claims, out);
}

/* [R-PSK-13]; AES-CCM-16-64-128 is what others of this profile use by default. */
static enum err encrypt_cwt(const struct sealing *s, struct buf *out)
{
    static const enum aead both[] = { AEAD_AES_CCM_16_64_128, AEAD_A256GCM };
    const struct key_object *k = s->p->shared;
    enum aead a;

    TRY(choose_aead(k->key, both, 2, &a));
    return cose_seal(a, k->key, kid_of(k), s->entropy, s->claims, out);
}

static enum err sign_cwt(const struct sealing *s, struct buf *out)
{
    return cose_sign(s->p->sign_key->key, kid_of(s->p->sign_key), s->claims, out);
}

static const struct format {
    enum notation notation;
    enum err (*encrypt)(const struct sealing *s, struct buf *out);
    enum err (*sign)(const struct sealing *s, struct buf *out);
} formats[] = {
    [TOKEN_JWT] = { NOTATION_JSON, encrypt_jwt, sign_jwt },
    [TOKEN_CWT] = { NOTATION_CBOR, encrypt_cwt, sign_cwt }, /* [R-CWT-01] */
};

enum err token_seal(const struct claim_set *set, const struct token_protection *p, struct entropy *entropy,
                    struct buf *out)
{
    const struct format *f = &formats[p->form];
    bool hide =
        has_symmetric_key(set) || (set->cnf.kind == CNF_KID && p->shared); /* [R-JWT-05] [R-CWT-10] A-17 */
    struct buf claims = { 0 };

    if (hide ? !p->shared : !p->sign_key) return ERR_PROTOCOL;
    struct doc *d = claim_set_write(set, LABELS_CLAIMS, f->notation);
    enum err e = !d                             ? ERR_NO_MEMORY
                 : f->notation == NOTATION_CBOR ? doc_write_cbor(d, &claims)
                                                : doc_write_json(d, &claims);
    const struct sealing s = { p, entropy, buf_span(&claims) };
    if (e == OK) e = hide ? f->encrypt(&s, out) : f->sign(&s, out);
    doc_free(d);
    buf_clear(&claims);
    return e;
}
