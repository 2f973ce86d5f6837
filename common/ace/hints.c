#include "common/ace/hints.h"

#include "common/ace/member.h"

/* [R-DISC-04, R-DISC-12] these five, nothing else */
static const struct member list[] = {
    { "AS", MEMBER_TEXT, MEMBER_MUST, offsetof(struct hints, as) }, /* */
    MEMBER(hints, "audience", MEMBER_TEXT, audience),
    MEMBER(hints, "scope", MEMBER_SCOPE, scope),
    MEMBER(hints, "kid", MEMBER_TEXT, kid),
    MEMBER(hints, "cnonce", MEMBER_BINARY, cnonce),
};
static const struct members hint_members = MEMBERS(LABELS_HINTS, list);

enum err hints_write(const struct hints *h, struct buf *json)
{
    if (h->as.n == 0) return ERR_PROTOCOL;
    struct doc *d = doc_new_map();
    if (!d) return ERR_NO_MEMORY;
    members_write(&hint_members, h, NOTATION_JSON, d);
    enum err e = doc_write_json(d, json);
    doc_free(d);
    return e;
}

static bool is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_scheme(uint8_t c)
{
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* RFC 3986 4.3, as far as an allow list needs it: scheme, colon, two slashes, and no byte that belongs into no URI. */
static bool absolute_uri(struct span uri)
{
    size_t i = 0;

    if (uri.n == 0 || !is_alpha(uri.p[0])) return false;
    while (i < uri.n && is_scheme(uri.p[i])) i++;
    if (!span_starts(span_skip(uri, i), span_str("://")) || uri.n == i + 3) return false;
    for (; i < uri.n; i++)
        if (uri.p[i] <= ' ' || uri.p[i] >= 0x7f || strchr("\"<>\\^`{|}", uri.p[i])) return false;
    return true;
}

static enum err refuse(struct fault *why, const char *what)
{
    fault_set(why, 0, "hints: %s", what);
    return ERR_MALFORMED;
}

static enum err read_hints(const struct doc *d, struct hints *out, struct fault *why)
{
    const struct dialect how = { NOTATION_JSON, true };

    if (doc_kind(d) != DOC_MAP) return refuse(why, "not an object");
    TRY(members_read(&hint_members, d, &how, out, why));
    return absolute_uri(buf_span(&out->as)) ? OK : refuse(why, "AS is no absolute URI");
}

enum err hints_read(struct span json, struct hints *out, struct fault *why)
{
    struct doc *d = NULL;

    *out = (struct hints){ 0 };
    enum err e = doc_read_json(json, &doc_limits_wire, &d, why);
    if (e == OK) e = read_hints(d, out, why);
    doc_free(d);
    if (e != OK) hints_clear(out);
    return e;
}

void hints_clear(struct hints *h)
{
    if (!h) return;
    buf_clear(&h->as);
    buf_clear(&h->audience);
    buf_clear(&h->kid);
    buf_clear(&h->cnonce);
    scope_free(h->scope);
    *h = (struct hints){ 0 };
}
