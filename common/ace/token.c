#include "common/ace/token.h"

#include <stdlib.h>

#include "common/ace/token_own.h"

struct claims {
    unsigned refs;
    struct claim_set set;
    int64_t end;
};

enum err token_as_refusal(enum err e)
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

enum err token_refuse(struct fault *why, const char *what)
{
    fault_set(why, 0, "token: %s", what);
    return ERR_NOT_AUTHORIZED;
}

/* [R-VAL-04, A-48] */
static enum err check_issuer(struct claim_set *s, const struct opening *o)
{
    struct span own = buf_span(&o->issuer->iss);

    if (s->has_iss)
        return span_eq(buf_span(&s->iss), own) ? OK
                                               : token_refuse(o->why, "iss is not that of the key's owner");
    buf_add(&s->iss, own);
    s->has_iss = true;
    return buf_failed(&s->iss) ? ERR_NO_MEMORY : OK;
}

/* [R-VAL-05, R-VAL-08, R-VAL-09] */
static enum err check_times(const struct claim_set *s, const struct opening *o, int64_t now)
{
    bool ends = s->has_exp || (s->has_exi && o->trust->accept_exi);

    if (s->has_exp && now >= s->exp + o->trust->leeway) return token_refuse(o->why, "expired");
    if (s->has_nbf && now < s->nbf - o->trust->leeway) return token_refuse(o->why, "not yet valid");
    return ends || !o->trust->require_exp ? OK : token_refuse(o->why, "it never ends");
}

/* [R-VAL-06, D-7] */
static enum err check_audience(const struct claim_set *s, const struct opening *o)
{
    if (s->audiences == 0 && !o->trust->require_aud) return OK;
    for (size_t i = 0; i < o->trust->audience_count; i++)
        if (claim_set_for(s, o->trust->audiences[i])) return OK;
    return token_refuse(o->why, "for another audience");
}

static enum err read_doc(struct span in, enum notation n, struct doc **out, struct fault *why)
{
    return n == NOTATION_CBOR ? doc_read_cbor(in, &doc_limits_wire, out, why)
                              : doc_read_json(in, &doc_limits_wire, out, why);
}

/* [R-JWT-06] [R-CWT-10] the key inside an encrypted confirmation takes its place. */
static enum err decrypt_cnf(struct cnf *cnf, const struct opening *o)
{
    struct buf plain = { 0 };
    struct doc *d = NULL;
    struct key_object object = { 0 };
    enum notation n;

    enum err e = token_unwrap_key(o, buf_span(&cnf->encrypted), &plain, &n);
    if (e == OK) e = read_doc(buf_span(&plain), n, &d, o->why);
    if (e == OK) e = key_object_read(d, n, &object, o->why);
    if (e == OK && (!object.key || key_type(object.key) != KEY_OCT)) {
        key_object_clear(&object);
        e = token_refuse(o->why, "the encrypted cnf holds no symmetric key");
    }
    if (e == OK) {
        cnf_clear(cnf);
        *cnf = (struct cnf){ .kind = CNF_KEY, .object = object };
    }
    doc_free(d);
    buf_clear(&plain);
    return e;
}

/* [R-PSK-15] [R-PSK-16] the key that the token names is made from the token, where AS and broker agreed on that. */
static enum err derive_cnf(struct cnf *cnf, const struct opening *o)
{
    const struct derivation *d = &o->issuer->derivation;

    if (!d->key || !o->octets.n) return OK;
    TRY(derive_key(d, o->octets, &cnf->object.key));
    cnf->kind = CNF_KEY;
    return OK;
}

/* [R-VAL-11, R-JWT-05] */
static enum err check_cnf(struct claim_set *s, const struct opening *o)
{
    switch (s->cnf.kind) {
    case CNF_KID:
        return derive_cnf(&s->cnf, o);
    case CNF_ENCRYPTED:
        return decrypt_cnf(&s->cnf, o);
    case CNF_KEY:
        if (s->cnf.object.key && key_type(s->cnf.object.key) == KEY_OCT && !o->secret)
            return token_refuse(o->why, "a symmetric key in the clear");
        return OK;
    case CNF_NONE:
    case CNF_THUMBPRINT:
        break;
    }
    return token_refuse(o->why, "cnf names no key");
}

/* wire.md 10.4, steps 3 to 8 */
static enum err check_claims(struct claim_set *s, const struct opening *o, int64_t now)
{
    TRY(check_issuer(s, o));
    TRY(check_times(s, o, now));
    TRY(check_audience(s, o));
    if (!s->has_scope) return token_refuse(o->why, "no scope"); /* [R-VAL-07, A-68] */
    if (s->has_profile && !s->profile_is_mqtt_tls)
        return token_refuse(o->why, "another profile"); /* [R-VAL-20] */
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
    enum err e = token_as_refusal(check_claims(set, o, now));
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

static enum err read_payload(struct opening *o, struct claim_set *set)
{
    struct doc *d = NULL;
    enum err e = read_doc(buf_span(&o->payload), o->notation, &d, o->why);

    if (e == OK) e = claim_set_read(d, LABELS_CLAIMS, o->notation, o->trust->scope_also, set, o->why);
    doc_free(d);
    return e;
}

enum err token_open(struct span token, const struct token_trust *trust, int64_t now, struct claims **out,
                    struct fault *why)
{
    struct opening o = { .trust = trust, .why = why };
    struct claim_set set = { 0 };

    *out = NULL;
    enum err e = token_unwrap(&o, token);
    if (e == OK) e = token_as_refusal(read_payload(&o, &set));
    if (e == OK) e = claims_make(&set, &o, now, out);
    buf_clear(&o.payload);
    buf_clear(&o.decoded);
    return e;
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

void claims_end_by(struct claims *c, int64_t end)
{
    if (end < c->end) c->end = end;
}

int64_t claims_end(const struct claims *c)
{
    return c->end;
}
