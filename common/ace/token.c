#include "common/ace/token.h"

#include <stdlib.h>
#include <strings.h>

struct claims {
    unsigned refs;
    struct claim_set set;
    int64_t end;
};

/* A token on its way to becoming claims. */
struct opening {
    const struct token_trust *trust;
    const struct token_issuer *issuer; /* whose key protected it */
    bool secret;                       /* decrypted on the way: a symmetric key may stand in it */
    struct buf payload;
    struct fault *why;
};

/* One answer for all that is not a matter of form or memory: what exactly was wrong is for the log. */
static enum err as_refusal(enum err e)
{
    switch (e) {
    case OK:
    case ERR_NO_MEMORY:
    case ERR_INTERNAL:
    case ERR_NOT_A_TOKEN:
        return e;
    default:
        return ERR_NOT_AUTHORIZED;
    }
}

static enum err refuse(struct fault *why, const char *what)
{
    fault_set(why, 0, "token: %s", what);
    return ERR_NOT_AUTHORIZED;
}

/* --- protection --- */

static bool word_is(struct span s, const char *word)
{
    return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

/* RFC 8725 3.11: another kind of JWT (an ID token, a client assertion, a DPoP proof) says so. */
static bool typ_fits(struct span typ)
{
    return typ.n == 0 || word_is(typ, "JWT") || word_is(typ, "at+jwt") ||
           word_is(typ, "application/at+jwt") || word_is(typ, "application/jwt");
}

/* By kid when both sides name one, else every key is tried; the header chooses among our keys and never brings one [R-JWT-11]. */
static bool kid_fits(const struct key_object *k, const struct jose_header *h)
{
    return !h->has_kid || !k->has_kid || span_eq(h->kid, buf_span(&k->kid));
}

typedef enum err open_with(struct span token, const struct key *k, struct buf *out, struct fault *why);

/* The keys of one issuer for one way of protecting. */
struct ring {
    open_with *open;
    const struct key_object *keys;
    size_t count;
};

static struct ring verify_ring(const struct token_issuer *i)
{
    return (struct ring){ jws_open, i->verify, i->verify_count };
}

static struct ring decrypt_ring(const struct token_issuer *i)
{
    return (struct ring){ jwe_open, i->decrypt, i->decrypt_count };
}

static enum err ring_open(const struct ring *r, struct span token, const struct jose_header *h,
                          struct buf *out, struct fault *why)
{
    enum err e = ERR_NOT_AUTHORIZED;

    fault_set(why, 0, "token: no trusted key fits");
    for (size_t i = 0; i < r->count && e != OK; i++) {
        if (!r->keys[i].key || !kid_fits(&r->keys[i], h)) continue;
        buf_truncate(out, 0);
        e = r->open(token, r->keys[i].key, out, why);
    }
    if (e == OK && buf_failed(out)) e = ERR_NO_MEMORY;
    return as_refusal(e);
}

/* [R-VAL-02, R-VAL-03] finds the issuer whose key opens `token`; `o->issuer`, if known already, is the only candidate. */
static enum err issuer_open(struct opening *o, struct ring (*ring_of)(const struct token_issuer *),
                            struct span token, const struct jose_header *h, struct buf *out)
{
    enum err e = refuse(o->why, "no trusted issuer");

    for (size_t i = 0; i < o->trust->issuer_count && e != OK; i++) {
        const struct token_issuer *issuer = &o->trust->issuers[i];
        if (o->issuer && issuer != o->issuer) continue;
        const struct ring r = ring_of(issuer);
        e = ring_open(&r, token, h, out, o->why);
        if (e == OK) o->issuer = issuer;
    }
    return e;
}

static enum err open_jws(struct opening *o, struct span token)
{
    struct jose_header h = { 0 };
    enum err e = jose_header_read(token, &h, o->why); /* [R-JWT-07, R-JWT-08] */

    if (e == OK && !typ_fits(h.typ)) e = refuse(o->why, "typ is that of another kind of token");
    if (e == OK) e = issuer_open(o, verify_ring, token, &h, &o->payload);
    jose_header_clear(&h);
    return e;
}

/* [R-JWT-12] a JWS inside the JWE, by the same issuer; never a third wrapping. */
static enum err open_nested(struct opening *o)
{
    struct buf inner = o->payload;

    o->payload = (struct buf){ 0 };
    enum err e = jose_form(buf_span(&inner)) == JOSE_JWS ? open_jws(o, buf_span(&inner))
                                                         : refuse(o->why, "cty is JWT, the content is not");
    buf_clear(&inner);
    return e;
}

static enum err open_jwe(struct opening *o, struct span token)
{
    struct jose_header h = { 0 };
    enum err e = jose_header_read(token, &h, o->why);

    if (e == OK && !typ_fits(h.typ)) e = refuse(o->why, "typ is that of another kind of token");
    if (e == OK) e = issuer_open(o, decrypt_ring, token, &h, &o->payload);
    o->secret = e == OK;
    if (e == OK && (word_is(h.cty, "JWT") || word_is(h.cty, "application/jwt"))) e = open_nested(o);
    jose_header_clear(&h);
    return e;
}

/* The containers we know, by shape; what has none of these shapes is not a token. */
static bool is_jws(struct span token)
{
    return jose_form(token) == JOSE_JWS;
}

static bool is_jwe(struct span token)
{
    return jose_form(token) == JOSE_JWE;
}

static enum err read_json_claims(struct span payload, struct doc **out, struct fault *why)
{
    return doc_read_json(payload, &doc_limits_wire, out, why);
}

static const struct container {
    bool (*is)(struct span token);
    enum err (*open)(struct opening *o, struct span token);
    enum err (*read)(struct span payload, struct doc **out, struct fault *why);
    enum notation notation;
} containers[] = {
    { is_jws, open_jws, read_json_claims, NOTATION_JSON },
    { is_jwe, open_jwe, read_json_claims, NOTATION_JSON },
};

static const struct container *container_of(struct span token)
{
    for (size_t i = 0; token.n && i < sizeof containers / sizeof *containers; i++)
        if (containers[i].is(token)) return &containers[i];
    return NULL;
}

/* --- claims --- */

/* [R-VAL-04, A-48] */
static enum err check_issuer(struct claim_set *s, const struct opening *o)
{
    struct span own = buf_span(&o->issuer->iss);

    if (s->has_iss)
        return span_eq(buf_span(&s->iss), own) ? OK : refuse(o->why, "iss is not that of the key's owner");
    buf_add(&s->iss, own);
    s->has_iss = true;
    return buf_failed(&s->iss) ? ERR_NO_MEMORY : OK;
}

/* [R-VAL-05, R-VAL-08, R-VAL-09] */
static enum err check_times(const struct claim_set *s, const struct opening *o, int64_t now)
{
    bool ends = s->has_exp || (s->has_exi && o->trust->accept_exi);

    if (s->has_exp && now >= s->exp + o->trust->leeway) return refuse(o->why, "expired");
    if (s->has_nbf && now < s->nbf - o->trust->leeway) return refuse(o->why, "not yet valid");
    return ends || !o->trust->require_exp ? OK : refuse(o->why, "it never ends");
}

/* [R-VAL-06, D-7] */
static enum err check_audience(const struct claim_set *s, const struct opening *o)
{
    if (s->audiences == 0 && !o->trust->require_aud) return OK;
    for (size_t i = 0; i < o->trust->audience_count; i++)
        if (claim_set_for(s, o->trust->audiences[i])) return OK;
    return refuse(o->why, "for another audience");
}

/* [R-JWT-06] the key of a cnf.jwe, which one of the issuer's shared keys opens, takes the place of the jwe. */
static enum err decrypt_cnf(struct cnf *cnf, const struct opening *o)
{
    const struct ring r = decrypt_ring(o->issuer);
    struct span jwe = buf_span(&cnf->encrypted);
    struct jose_header h = { 0 };
    struct buf plain = { 0 };
    struct doc *d = NULL;
    struct key_object object = { 0 };

    enum err e =
        jose_form(jwe) == JOSE_JWE ? jose_header_read(jwe, &h, o->why) : refuse(o->why, "cnf.jwe is no JWE");
    if (e == OK) e = ring_open(&r, jwe, &h, &plain, o->why);
    if (e == OK) e = doc_read_json(buf_span(&plain), &doc_limits_wire, &d, o->why);
    if (e == OK) e = key_object_read(d, NOTATION_JSON, &object, o->why);
    if (e == OK && (!object.key || key_type(object.key) != KEY_OCT)) {
        key_object_clear(&object);
        e = refuse(o->why, "cnf.jwe holds no symmetric key");
    }
    if (e == OK) {
        cnf_clear(cnf);
        *cnf = (struct cnf){ .kind = CNF_KEY, .object = object };
    }
    doc_free(d);
    buf_clear(&plain);
    jose_header_clear(&h);
    return e;
}

/* [R-VAL-11, R-JWT-05] */
static enum err check_cnf(struct claim_set *s, const struct opening *o)
{
    switch (s->cnf.kind) {
    case CNF_KID:
        return OK;
    case CNF_ENCRYPTED:
        return decrypt_cnf(&s->cnf, o);
    case CNF_KEY:
        if (s->cnf.object.key && key_type(s->cnf.object.key) == KEY_OCT && !o->secret)
            return refuse(o->why, "a symmetric key in the clear");
        return OK;
    case CNF_NONE:
    case CNF_THUMBPRINT:
        break;
    }
    return refuse(o->why, "cnf names no key");
}

/* wire.md 10.4, steps 3 to 8 */
static enum err check_claims(struct claim_set *s, const struct opening *o, int64_t now)
{
    TRY(check_issuer(s, o));
    TRY(check_times(s, o, now));
    TRY(check_audience(s, o));
    if (!s->has_scope) return refuse(o->why, "no scope"); /* [R-VAL-07, A-68] */
    if (s->has_profile && !s->profile_is_mqtt_tls) return refuse(o->why, "another profile"); /* [R-VAL-20] */
    return check_cnf(s, o);
}

/* When a token stops to count here: clocks may differ by the leeway [R-VAL-09]. */
static int64_t end_of(const struct claim_set *s, const struct opening *o, int64_t now)
{
    int64_t end = s->has_exp ? s->exp + o->trust->leeway : INT64_MAX;

    return s->has_exi && now + s->exi < end ? now + s->exi : end; /* [R-VAL-16] */
}

/* Takes what is in `set`. */
static enum err claims_make(struct claim_set *set, const struct opening *o, int64_t now, struct claims **out)
{
    enum err e = as_refusal(check_claims(set, o, now));
    struct claims *c = e == OK ? malloc(sizeof *c) : NULL;

    if (c) {
        *c = (struct claims){ .refs = 1, .set = *set, .end = end_of(set, o, now) };
        *set = (struct claim_set){ 0 };
        *out = c;
        return OK;
    }
    claim_set_clear(set);
    return e == OK ? ERR_NO_MEMORY : e;
}

static enum err read_payload(const struct container *k, struct opening *o, struct claim_set *set)
{
    struct doc *d = NULL;
    enum err e = k->read(buf_span(&o->payload), &d, o->why);

    if (e == OK) e = claim_set_read(d, LABELS_CLAIMS, k->notation, o->trust->lenient_scope, set, o->why);
    doc_free(d);
    return e;
}

enum err token_open(struct span token, const struct token_trust *trust, int64_t now, struct claims **out,
                    struct fault *why)
{
    const struct container *k = container_of(token);
    struct opening o = { .trust = trust, .why = why };
    struct claim_set set = { 0 };

    *out = NULL;
    if (!k) {
        fault_set(why, 0, "token: no container we know");
        return ERR_NOT_A_TOKEN;
    }
    enum err e = k->open(&o, token);
    if (e == OK) e = read_payload(k, &o, &set);
    if (e == OK) e = claims_make(&set, &o, now, out);
    buf_clear(&o.payload);
    return as_refusal(e);
}

enum err claims_introspected(struct claim_set *set, const struct token_trust *trust, size_t issuer,
                             int64_t now, struct claims **out, struct fault *why)
{
    struct token_trust relaxed = *trust;
    const struct opening o = {
        .trust = &relaxed, .issuer = &trust->issuers[issuer], .secret = true, .why = why
    };

    *out = NULL;
    relaxed.require_exp = false;
    return claims_make(set, &o, now, out);
}

struct claims *claims_ref(struct claims *c)
{
    if (c) c->refs++;
    return c;
}

void claims_free(struct claims *c)
{
    if (!c || --c->refs) return;
    claim_set_clear(&c->set);
    free(c);
}

const struct claim_set *claims_set(const struct claims *c)
{
    return &c->set;
}

const struct key *claims_key(const struct claims *c)
{
    return c->set.cnf.kind == CNF_KEY ? c->set.cnf.object.key : NULL;
}

int64_t claims_end(const struct claims *c)
{
    return c->end;
}

/* --- issuing --- */

static bool has_symmetric_key(const struct claim_set *s)
{
    return s->cnf.kind == CNF_KEY && s->cnf.object.key && key_type(s->cnf.object.key) == KEY_OCT;
}

static struct span kid_of(const struct key_object *k)
{
    return k->has_kid ? buf_span(&k->kid) : span(NULL, 0);
}

/* by the size of the shared key. */
static enum err seal_encrypted(struct span claims, const struct key_object *shared, struct entropy *entropy,
                               struct buf *out)
{
    static const enum aead gcm[] = { AEAD_A128GCM, AEAD_A256GCM };

    for (size_t i = 0; i < sizeof gcm / sizeof *gcm; i++) {
        if (key_octets(shared->key).n != aead_sizes(gcm[i])->key) continue;
        return jwe_seal(gcm[i], shared->key, kid_of(shared), "JWT", NULL, entropy, claims, out);
    }
    return ERR_PROTOCOL;
}

static enum err seal_claims(const struct claim_set *set, const struct token_protection *p,
                            struct entropy *entropy, struct span claims, struct buf *out)
{
    bool hide = has_symmetric_key(set) || (set->cnf.kind == CNF_KID && p->shared); /* [R-JWT-05, A-17] */

    if (hide) return p->shared ? seal_encrypted(claims, p->shared, entropy, out) : ERR_PROTOCOL;
    return p->sign_key ? jws_sign(p->sign_key->key, kid_of(p->sign_key), "JWT", claims, out) : ERR_PROTOCOL;
}

enum err token_seal(const struct claim_set *set, const struct token_protection *p, struct entropy *entropy,
                    struct buf *out)
{
    struct doc *d = claim_set_write(set, LABELS_CLAIMS, NOTATION_JSON);
    struct buf claims = { 0 };
    enum err e = d ? doc_write_json(d, &claims) : ERR_NO_MEMORY;

    doc_free(d);
    if (e == OK) e = seal_claims(set, p, entropy, buf_span(&claims), out);
    buf_clear(&claims);
    return e;
}
