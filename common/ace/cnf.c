#include "common/ace/cnf.h"

#include "common/codec/text.h"

enum { SHA256_ALG = -16 }; /* COSE, RFC 9054 */

/* A cnf map being read. */
struct source {
    const struct doc *d;
    enum notation notation;
    struct fault *why;
};

static const struct doc *get(const struct source *s, const char *name)
{
    int64_t label;

    if (s->notation == NOTATION_JSON) return doc_get(s->d, name);
    return label_of(LABELS_CNF, name, &label) ? doc_get_label(s->d, label) : NULL;
}

static enum err refuse(const struct source *s, const struct doc *at, const char *what)
{
    fault_set(s->why, doc_offset(at ? at : s->d), "cnf: %s", what);
    return ERR_MALFORMED;
}

static enum err read_key(const struct source *s, const struct doc *d, struct cnf *out)
{
    TRY(key_object_read(d, s->notation, &out->object, s->why));
    const struct key *k = out->object.key;
    /* [R-JWT-04, R-CWT-09] a private key that has been sent is nobody's proof */
    if (k && key_type(k) != KEY_OCT && key_is_private(k)) return refuse(s, d, "holds a private key");
    out->kind = k ? CNF_KEY : CNF_KID;
    return OK;
}

static enum err read_encrypted(const struct source *s, const struct doc *d, struct cnf *out)
{
    struct span text;

    out->kind = CNF_ENCRYPTED;
    if (s->notation == NOTATION_CBOR) return doc_write_cbor(d, &out->encrypted);
    if (!doc_text(d, &text)) return refuse(s, d, "jwe is not text");
    buf_add(&out->encrypted, text);
    return buf_failed(&out->encrypted) ? ERR_NO_MEMORY : OK;
}

/* JSON: base64url text (RFC 8705 3.1). CBOR: the array [alg, bytes] of RFC 9360 2, SHA-256 only. */
static enum err read_thumbprint(const struct source *s, const struct doc *d, struct cnf *out)
{
    struct buf bytes = { 0 };
    struct span in;
    int64_t alg;
    bool ok;

    if (s->notation == NOTATION_JSON)
        ok = doc_text(d, &in) && b64url_decode(in, &bytes) == OK;
    else
        ok = doc_kind(d) == DOC_ARRAY && doc_count(d) == 2 && doc_int(doc_at(d, 0), &alg) &&
             alg == SHA256_ALG && doc_bytes(doc_at(d, 1), &in);
    if (ok && s->notation == NOTATION_JSON) in = buf_span(&bytes);
    ok = ok && in.n == SHA256_SIZE;
    if (ok) memcpy(out->thumbprint, in.p, SHA256_SIZE);
    out->kind = CNF_THUMBPRINT;
    bool no_memory = buf_failed(&bytes);
    buf_clear(&bytes);
    if (no_memory) return ERR_NO_MEMORY;
    return ok ? OK : refuse(s, d, "not the SHA-256 of a certificate");
}

/* The member "kid": a reference of its own, or the name of the key beside it. */
static enum err read_kid(const struct source *s, const struct doc *d, struct cnf *out)
{
    struct key_object *o = &out->object;
    struct span kid;

    if (!(s->notation == NOTATION_CBOR ? doc_bytes(d, &kid) : doc_text(d, &kid)))
        return refuse(s, d, "kid is of another type");
    if (kid.n == 0 || kid.n > MAX_KID) return refuse(s, d, "kid is empty or too long");
    if (o->has_kid) return span_eq(buf_span(&o->kid), kid) ? OK : refuse(s, d, "two different kids");
    buf_add(&o->kid, kid);
    o->has_kid = true;
    if (out->kind == CNF_NONE) {
        o->may_sign = o->may_verify = true;
        out->kind = CNF_KID;
    }
    return buf_failed(&o->kid) ? ERR_NO_MEMORY : OK;
}

static enum err read_map(const struct source *s, struct cnf *out)
{
    const struct doc *key = get(s, "jwk"), *encrypted = get(s, "jwe"), *kid = get(s, "kid"),
                     *hash = get(s, "x5t#S256");
    const struct doc *url = s->notation == NOTATION_JSON ? doc_get(s->d, "jku") : NULL;

    if (doc_kind(s->d) != DOC_MAP) return refuse(s, NULL, "not an object");
    /* [R-VAL-24] */
    if ((key != NULL) + (encrypted != NULL) + (url != NULL) > 1) return refuse(s, NULL, "more than one key");
    /* [R-JWT-15] nothing is fetched */
    if (url) return refuse(s, url, "a key by URL is not supported");
    if (key) TRY(read_key(s, key, out));
    if (encrypted) TRY(read_encrypted(s, encrypted, out));
    if (hash && out->kind == CNF_NONE) TRY(read_thumbprint(s, hash, out));
    if (kid) TRY(read_kid(s, kid, out));
    return out->kind == CNF_NONE ? refuse(s, NULL, "no key") : OK;
}

enum err cnf_read(const struct doc *d, enum notation n, struct cnf *out, struct fault *why)
{
    *out = (struct cnf){ 0 };
    enum err e = read_map(&(struct source){ d, n, why }, out);
    if (e != OK) cnf_clear(out);
    return e;
}

static enum err respell(struct doc *json)
{
    struct doc *jwk = doc_edit(json, (struct span)SPAN("jwk"));
    struct buf octets = { 0 };
    struct span k;

    if (!doc_text(doc_get(jwk, "k"), &k)) return OK;
    enum err e = b64_decode(k, &octets);
    if (e == OK) doc_put(jwk, "k", doc_new_base64url(buf_span(&octets)));
    buf_clear(&octets);
    return e == ERR_NO_MEMORY ? e : OK;
}

enum err cnf_read_draft02(const struct doc *json, struct cnf *out, struct fault *why)
{
    struct doc *copy;

    if (cnf_read(json, NOTATION_JSON, out, NULL) == OK) return OK;
    copy = doc_copy(json);
    enum err e = copy ? respell(copy) : ERR_NO_MEMORY;
    if (e == OK) e = cnf_read(copy, NOTATION_JSON, out, why);
    doc_free(copy);
    return e;
}

/* --- writing: NULL children latch --- */

static struct doc *text_of(const struct buf *b)
{
    return doc_new_text(buf_span(b));
}

static struct doc *write_kid(const struct cnf *c, enum notation n)
{
    return kid_to_doc(buf_span(&c->object.kid), n);
}

/* A JWE is text; a COSE_Encrypt0 begins with an octet that is not ASCII, and is shown as base64url. */
static struct doc *encrypted_text(const struct buf *b)
{
    return b->n && b->p[0] < 0x80 ? text_of(b) : doc_new_base64url(buf_span(b));
}

static struct doc *write_encrypted(const struct cnf *c, enum notation n)
{
    struct doc *d = NULL;

    if (n == NOTATION_JSON) return encrypted_text(&c->encrypted);
    return doc_read_cbor(buf_span(&c->encrypted), &doc_limits_wire, &d, NULL) == OK ? d : NULL;
}

static struct doc *write_key(const struct cnf *c, enum notation n)
{
    return key_object_write(&c->object, n, false);
}

static struct doc *write_thumbprint(const struct cnf *c, enum notation n)
{
    struct span hash = span(c->thumbprint, SHA256_SIZE);

    if (n == NOTATION_JSON) return doc_new_base64url(hash);
    struct doc *pair = doc_new_array();
    doc_add(pair, doc_new_int(SHA256_ALG));
    doc_add(pair, doc_new_bytes(hash));
    return pair;
}

struct doc *cnf_write(const struct cnf *c, enum notation n)
{
    static const struct {
        const char *name;
        struct doc *(*write)(const struct cnf *c, enum notation n);
    } rows[] = {
        [CNF_KEY] = { "jwk", write_key },
        [CNF_KID] = { "kid", write_kid },
        [CNF_ENCRYPTED] = { "jwe", write_encrypted },
        [CNF_THUMBPRINT] = { "x5t#S256", write_thumbprint },
    };

    if (!rows[c->kind].write) return NULL; /* CNF_NONE */
    struct doc *d = doc_new_map();
    label_put(d, LABELS_CNF, n, rows[c->kind].name, rows[c->kind].write(c, n));
    return d;
}

void cnf_clear(struct cnf *c)
{
    if (!c) return;
    key_object_clear(&c->object);
    buf_clear(&c->encrypted);
    *c = (struct cnf){ 0 };
}

bool cnf_eq(const struct cnf *a, const struct cnf *b)
{
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case CNF_NONE:
        return true;
    case CNF_KEY:
        return key_eq(a->object.key, b->object.key);
    case CNF_KID:
        return kid_eq(buf_span(&a->object.kid), buf_span(&b->object.kid));
    case CNF_ENCRYPTED:
        return span_eq(buf_span(&a->encrypted), buf_span(&b->encrypted));
    case CNF_THUMBPRINT:
        return memcmp(a->thumbprint, b->thumbprint, SHA256_SIZE) == 0;
    }
    return false;
}
