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

/* Claims or a key, written down, and what protects them. */
struct sealing {
    const struct token_protection *p;
    struct entropy *entropy;
    struct span plain;
    const char *typ; /* of a JWE; NULL: none */
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
    return jwe_seal(a, k->key, kid_of(k), s->typ, NULL, s->entropy, s->plain, out);
}

static enum err sign_jwt(const struct sealing *s, struct buf *out)
{
    return jws_sign(s->p->sign_key->key, kid_of(s->p->sign_key), s->typ, s->plain, out);
}

/* [R-PSK-13]; AES-CCM-16-64-128 is what others of this profile use by default. */
static enum err encrypt_cwt(const struct sealing *s, struct buf *out)
{
    static const enum aead both[] = { AEAD_AES_CCM_16_64_128, AEAD_A256GCM };
    const struct key_object *k = s->p->shared;
    enum aead a;

    TRY(choose_aead(k->key, both, 2, &a));
    return cose_seal(a, k->key, kid_of(k), s->entropy, s->plain, out);
}

static enum err sign_cwt(const struct sealing *s, struct buf *out)
{
    return cose_sign(s->p->sign_key->key, kid_of(s->p->sign_key), s->plain, out);
}

static const struct format {
    enum notation notation;
    enum err (*encrypt)(const struct sealing *s, struct buf *out);
    enum err (*sign)(const struct sealing *s, struct buf *out);
} formats[] = {
    [TOKEN_JWT] = { NOTATION_JSON, encrypt_jwt, sign_jwt },
    [TOKEN_CWT] = { NOTATION_CBOR, encrypt_cwt, sign_cwt }, /* [R-CWT-01] */
};

static enum err write_doc(const struct doc *d, enum notation n, struct buf *out)
{
    if (!d) return ERR_NO_MEMORY;
    return n == NOTATION_CBOR ? doc_write_cbor(d, out) : doc_write_json(d, out);
}

/* [R-JWT-06] the key alone, encrypted. In CBOR it stands without its tag, as claim values do [R-CWT-05]. */
static enum err encrypt_key(const struct key_object *k, const struct token_protection *p,
                            struct entropy *entropy, struct cnf *out)
{
    const struct format *f = &formats[p->form];
    struct buf plain = { 0 }, sealed = { 0 };
    struct doc *d = key_object_write(k, f->notation, true);

    enum err e = write_doc(d, f->notation, &plain);
    if (e == OK) e = f->encrypt(&(struct sealing){ p, entropy, buf_span(&plain), NULL }, &sealed);
    if (e == OK) {
        buf_add(&out->encrypted, span_skip(buf_span(&sealed), f->notation == NOTATION_CBOR ? 1 : 0));
        out->kind = CNF_ENCRYPTED;
        if (buf_failed(&out->encrypted)) e = ERR_NO_MEMORY;
    }
    doc_free(d);
    buf_clear(&plain);
    buf_clear(&sealed);
    return e;
}

static enum err seal_claims(const struct claim_set *set, const struct token_protection *p,
                            struct entropy *entropy, struct buf *out)
{
    const struct format *f = &formats[p->form];
    bool hide =
        has_symmetric_key(set) || (set->cnf.kind == CNF_KID && p->shared); /* [R-JWT-05] [R-CWT-10] A-17 */
    struct buf claims = { 0 };

    if (hide ? !p->shared : !p->sign_key) return ERR_PROTOCOL;
    struct doc *d = claim_set_write(set, LABELS_CLAIMS, f->notation);
    enum err e = write_doc(d, f->notation, &claims);
    const struct sealing s = { p, entropy, buf_span(&claims), "JWT" };
    if (e == OK) e = hide ? f->encrypt(&s, out) : f->sign(&s, out);
    doc_free(d);
    buf_clear(&claims);
    return e;
}

/* Its members but for cnf are lent. */
static enum err seal_encrypted_key(const struct claim_set *set, const struct token_protection *p,
                                   struct entropy *entropy, struct buf *out)
{
    struct claim_set packed = *set;

    if (!p->shared) return ERR_PROTOCOL;
    packed.cnf = (struct cnf){ 0 };
    enum err e = encrypt_key(&set->cnf.object, p, entropy, &packed.cnf);
    if (e == OK) e = seal_claims(&packed, p, entropy, out);
    cnf_clear(&packed.cnf);
    return e;
}

static enum err seal_derived_key(const struct claim_set *set, const struct token_protection *p,
                                 struct entropy *entropy, struct buf *out)
{
    struct claim_set packed = *set;

    if (!set->cnf.object.has_kid) return ERR_PROTOCOL; /* [R-PSK-16] */
    packed.cnf.kind = CNF_KID;
    packed.cnf.object.key = NULL;
    return seal_claims(&packed, p, entropy, out);
}

enum err token_seal(const struct claim_set *set, const struct token_protection *p, struct entropy *entropy,
                    struct buf *out)
{
    static enum err (*const ways[])(const struct claim_set *set, const struct token_protection *p,
                                    struct entropy *entropy, struct buf *out) = {
        [KEY_IN_TOKEN] = seal_claims, [KEY_IN_CNF] = seal_encrypted_key, [KEY_DERIVED] = seal_derived_key
    };

    return (has_symmetric_key(set) ? ways[p->carriage] : seal_claims)(set, p, entropy, out);
}
