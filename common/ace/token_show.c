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

static enum err show_part(struct span text, const char *name, bool secrets, struct doc *into,
                          struct fault *why)
{
    struct doc *d = NULL;

    TRY(read_part(text, &d, why));
    doc_put(into, name, secrets ? doc_copy(d) : masked(d));
    doc_free(d);
    return OK;
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
    fault_set(why, 0, "token: neither JWS nor JWE");
    if (jose_form(token) == JOSE_NEITHER) return ERR_NOT_A_TOKEN;
    TRY(show_part(part(token, 0), "header", secrets, into, why));
    if (jose_form(token) == JOSE_JWE) return OK;
    TRY(show_part(part(token, 1), "claims", secrets, into, why));
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
