#include "common/ace/cose.h"
#include "common/ace/token.h"

#include "common/codec/text.h"

static struct doc *masked(const struct doc *d);

static bool is_private_member(const struct doc *map, struct span name)
{
    return doc_get(map, "kty") && (span_is(name, "k") || span_is(name, "d"));
}

static struct doc *masked_map(const struct doc *d)
{
    struct doc *out = doc_new_map();

    for (size_t i = 0; out && i < doc_count(d); i++) {
        struct span name;
        if (!doc_key_text(d, i, &name)) continue;
        bool hide = is_private_member(d, name);
        doc_put_span(out, name, hide ? doc_new_str("(masked)") : masked(doc_at(d, i)));
    }
    return out;
}

static struct doc *masked_array(const struct doc *d)
{
    struct doc *out = doc_new_array();

    for (size_t i = 0; out && i < doc_count(d); i++) doc_add(out, masked(doc_at(d, i)));
    return out;
}

/* A copy without private key members. As deep as doc_limits_wire lets a document be. */
static struct doc *masked(const struct doc *d)
{
    if (doc_kind(d) == DOC_MAP) return masked_map(d);
    return doc_kind(d) == DOC_ARRAY ? masked_array(d) : doc_copy(d);
}

static struct span part(struct span token, unsigned index)
{
    struct span left = token;

    for (unsigned i = 0;; i++) {
        const uint8_t *dot = left.n ? memchr(left.p, '.', left.n) : NULL;
        size_t n = dot ? (size_t)(dot - left.p) : left.n;
        if (i == index) return span(left.p, n);
        if (!dot) return span(NULL, 0);
        left = span_skip(left, n + 1);
    }
}

static enum err read_part(struct span text, struct doc **out, struct fault *why)
{
    struct buf json = { 0 };
    enum err e = b64url_decode(text, &json);

    if (e == OK && buf_failed(&json)) e = ERR_NO_MEMORY;
    if (e == OK) e = doc_read_json(buf_span(&json), &doc_limits_wire, out, why);
    buf_clear(&json);
    return e;
}

/* --- unverified claims --- */

static enum err peek_doc(struct span token, struct doc **out, enum notation *n, struct fault *why)
{
    struct buf payload = { 0 };

    *n = NOTATION_JSON;
    if (jose_form(token) == JOSE_JWS) return read_part(part(token, 1), out, why);
    *n = NOTATION_CBOR;
    fault_set(why, 0, "token: nothing to be read without its key");
    if (cose_form(token) != COSE_SIGN1 && cose_form(token) != COSE_MAC0) return ERR_NOT_A_TOKEN;
    enum err e = cose_peek(token, &payload, why);
    if (e == OK) e = doc_read_cbor(buf_span(&payload), &doc_limits_wire, out, why);
    buf_clear(&payload);
    return e;
}

enum err token_peek(struct span token, struct claim_set *out, struct fault *why)
{
    struct doc *d = NULL;
    enum notation n;

    *out = (struct claim_set){ 0 };
    TRY(peek_doc(token, &d, &n, why));
    enum err e = claim_set_read(d, LABELS_CLAIMS, n, true, out, why);
    doc_free(d);
    return e;
}

/* --- for people --- */

static enum err show_jose_header(struct span token, bool secrets, struct doc *into, struct fault *why)
{
    struct doc *d = NULL;

    TRY(read_part(part(token, 0), &d, why));
    doc_put(into, "header", secrets ? doc_copy(d) : masked(d));
    doc_free(d);
    return OK;
}

static enum err show_cose_header(struct span token, struct doc *into, struct fault *why)
{
    static const char *const names[] = {
        [COSE_SIGN1] = "COSE_Sign1", [COSE_MAC0] = "COSE_Mac0", [COSE_ENCRYPT0] = "COSE_Encrypt0"
    };
    struct cose_header h;
    struct doc *d = doc_new_map();

    enum err e = cose_header_read(token, &h, why);
    if (e == OK) {
        doc_put(d, "form", doc_new_str(names[h.form]));
        doc_put(d, "alg", doc_new_int(h.alg));
        if (h.has_kid) doc_put(d, "kid", kid_to_doc(h.kid, NOTATION_JSON));
        doc_put(into, "header", d);
    } else {
        doc_free(d);
    }
    cose_header_clear(&h);
    return e;
}

/* CBOR's labels and byte strings as the names and texts that JSON has for them. */
static enum err show_claims(struct span token, bool secrets, struct doc *into, struct fault *why)
{
    struct doc *d = NULL, *json = NULL;
    struct claim_set set;
    enum notation n;

    TRY(peek_doc(token, &d, &n, why));
    enum err e = OK;
    if (n == NOTATION_CBOR) {
        e = claim_set_read(d, LABELS_CLAIMS, n, true, &set, why);
        if (e == OK) json = claim_set_write(&set, LABELS_CLAIMS, NOTATION_JSON);
        claim_set_clear(&set);
    }
    const struct doc *shown = json ? json : d;
    if (e == OK) doc_put(into, "claims", secrets ? doc_copy(shown) : masked(shown));
    doc_free(json);
    doc_free(d);
    return e;
}

/* The scope in plain words, as nobody reads base64url. */
static enum err show_scope(struct doc *into)
{
    struct scope *s = NULL;
    enum err e = scope_from_member(doc_get(doc_get(into, "claims"), "scope"), true, &s, NULL);

    if (e != OK) return e == ERR_NO_MEMORY ? e : OK;
    doc_put(into, "scope", scope_to_doc(s));
    scope_free(s);
    return OK;
}

static enum err show(struct span token, bool secrets, struct doc *into, struct fault *why)
{
    enum jose_form jose = jose_form(token);
    enum cose_form cose = cose_form(token);

    fault_set(why, 0, "token: neither JWT nor CWT");
    if (jose == JOSE_NEITHER && cose == COSE_NEITHER) return ERR_NOT_A_TOKEN;
    TRY(jose != JOSE_NEITHER ? show_jose_header(token, secrets, into, why)
                             : show_cose_header(token, into, why));
    if (jose == JOSE_JWE || (jose == JOSE_NEITHER && cose == COSE_ENCRYPT0)) return OK;
    TRY(show_claims(token, secrets, into, why));
    return show_scope(into);
}

enum err token_show(struct span token, bool secrets, struct buf *out, struct fault *why)
{
    struct doc *d = doc_new_map();

    if (!d) return ERR_NO_MEMORY;
    enum err e = show(token, secrets, d, why);
    if (e == OK) e = doc_write_json_pretty(d, out);
    doc_free(d);
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_NOT_A_TOKEN;
}
