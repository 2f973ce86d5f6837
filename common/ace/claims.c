#include "common/ace/claims.h"

#include "common/ace/member.h"
#include "common/codec/text.h"

/* In the order of their labels, so that what we write is deterministic CBOR; aud, jti/cti and cnf are of no plain kind. */
/* clang-format off */
static const struct member before_aud[] = {
    MEMBER(claim_set, "iss",       MEMBER_TEXT,       iss),
    MEMBER(claim_set, "sub",       MEMBER_TEXT,       sub),
};
static const struct member before_id[] = {
    MEMBER(claim_set, "exp",       MEMBER_SECONDS,    exp),
    MEMBER(claim_set, "nbf",       MEMBER_NOT_BEFORE, nbf),
    MEMBER(claim_set, "iat",       MEMBER_SECONDS,    iat),
};
static const struct member after_cnf[] = {
    MEMBER(claim_set, "scope",     MEMBER_SCOPE,      scope),
    MEMBER(claim_set, "client_id", MEMBER_TEXT,       client_id),
    { "ace_profile", MEMBER_PROFILE, offsetof(struct claim_set, has_profile), offsetof(struct claim_set, profile_is_mqtt_tls) },
    MEMBER(claim_set, "cnonce",    MEMBER_BINARY,     cnonce),
    MEMBER(claim_set, "exi",       MEMBER_SECONDS,    exi),
};
/* clang-format on */

#define PLAIN(map, list) (&(const struct members)MEMBERS(map, list))

static enum err refuse(struct fault *why, const struct doc *at, const char *what)
{
    fault_set(why, doc_offset(at), "%s", what);
    return ERR_MALFORMED;
}

static enum err add_audience(const struct doc *d, struct claim_set *out, struct fault *why)
{
    struct span name;

    if (!doc_text(d, &name)) return refuse(why, d, "aud: not text");
    if (out->audiences == MAX_AUDIENCES) return refuse(why, d, "aud: more than 16");
    buf_add(&out->audience[out->audiences], name);
    return buf_failed(&out->audience[out->audiences++]) ? ERR_NO_MEMORY : OK;
}

/* [R-JWT-14] text or an array of texts */
static enum err read_aud(const struct doc *d, struct claim_set *out, struct fault *why)
{
    if (!d) return OK;
    if (doc_kind(d) != DOC_ARRAY) return add_audience(d, out, why);
    for (size_t i = 0; i < doc_count(d); i++) TRY(add_audience(doc_at(d, i), out, why));
    return OK;
}

static struct doc *write_aud(const struct claim_set *c)
{
    if (c->audiences == 1) return doc_new_text(buf_span(&c->audience[0]));
    struct doc *d = doc_new_array();
    for (size_t i = 0; d && i < c->audiences; i++) doc_add(d, doc_new_text(buf_span(&c->audience[i])));
    return d;
}

/* bytes under cti in CBOR; in JSON jti, or cti in base64url. */
static enum err read_id(const struct doc *d, enum label_map map, enum notation n, struct claim_set *out)
{
    const struct doc *cti = label_get(d, map, "cti"), *jti = doc_get(d, "jti"), *id = jti ? jti : cti;
    struct span s;

    if (n == NOTATION_CBOR) id = cti;
    if (!id) return OK;
    if (!(n == NOTATION_CBOR ? doc_bytes(id, &s) : doc_text(id, &s))) return ERR_MALFORMED;
    if (n == NOTATION_CBOR || jti)
        buf_add(&out->id, s);
    else
        TRY(b64url_decode(s, &out->id));
    out->has_id = true;
    return buf_failed(&out->id) ? ERR_NO_MEMORY : OK;
}

static void write_id(struct doc *d, const struct claim_set *c, enum label_map map, enum notation n)
{
    if (n == NOTATION_CBOR)
        label_put(d, map, n, "cti", doc_new_bytes(buf_span(&c->id)));
    else if (utf8_mqtt(buf_span(&c->id)))
        doc_put(d, "jti", doc_new_text(buf_span(&c->id)));
    else
        doc_put(d, "cti", doc_new_base64url(buf_span(&c->id)));
}

static enum err read_all(const struct doc *d, enum label_map map, const struct dialect *how,
                         struct claim_set *out, struct fault *why)
{
    const struct doc *cnf = label_get(d, map, "cnf");

    if (doc_kind(d) != DOC_MAP) return refuse(why, d, "claims: not a map");
    TRY(members_read(PLAIN(map, before_aud), d, how, out, why));
    TRY(read_aud(label_get(d, map, "aud"), out, why));
    TRY(members_read(PLAIN(map, before_id), d, how, out, why));
    fault_set(why, doc_offset(d), "jti or cti: of the wrong type");
    TRY(read_id(d, map, how->notation, out));
    if (cnf) TRY(dialect_read_cnf(cnf, how, &out->cnf, why));
    return members_read(PLAIN(map, after_cnf), d, how, out, why);
}

enum err claim_set_read(const struct doc *d, enum label_map map, enum notation n, enum scope_spelling also,
                        struct claim_set *out, struct fault *why)
{
    const struct dialect how = { n, also };

    *out = (struct claim_set){ 0 };
    enum err e = read_all(d, map, &how, out, why);
    if (e != OK) claim_set_clear(out);
    return e;
}

struct doc *claim_set_write(const struct claim_set *c, enum label_map map, enum notation n)
{
    struct doc *d = doc_new_map();

    if (!d) return NULL;
    members_write(PLAIN(map, before_aud), c, n, d);
    if (c->audiences) label_put(d, map, n, "aud", write_aud(c));
    members_write(PLAIN(map, before_id), c, n, d);
    if (c->has_id) write_id(d, c, map, n);
    if (c->cnf.kind != CNF_NONE) label_put(d, map, n, "cnf", cnf_write(&c->cnf, n));
    members_write(PLAIN(map, after_cnf), c, n, d);
    return d;
}

void claim_set_clear(struct claim_set *c)
{
    if (!c) return;
    buf_clear(&c->iss);
    buf_clear(&c->sub);
    buf_clear(&c->client_id);
    buf_clear(&c->id);
    buf_clear(&c->cnonce);
    for (size_t i = 0; i < c->audiences; i++) buf_clear(&c->audience[i]);
    scope_free(c->scope);
    cnf_clear(&c->cnf);
    *c = (struct claim_set){ 0 };
}

bool claim_set_for(const struct claim_set *c, struct span audience)
{
    for (size_t i = 0; i < c->audiences; i++)
        if (span_eq(buf_span(&c->audience[i]), audience)) return true;
    return false;
}
