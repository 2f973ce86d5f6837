#include "common/ace/media.h"

#include "common/codec/text.h"

#include <strings.h>

/* clang-format off */
static const struct family {
    const char *name;
    enum media answer;
    enum notation notation;
} families[MEDIA_COUNT] = {
    [MEDIA_ACE_JSON] = { "application/ace+json",              MEDIA_ACE_JSON, NOTATION_JSON },
    [MEDIA_ACE_CBOR] = { "application/ace+cbor",              MEDIA_ACE_CBOR, NOTATION_CBOR },
    [MEDIA_JSON]     = { "application/json",                  MEDIA_JSON,     NOTATION_JSON },
    [MEDIA_FORM]     = { "application/x-www-form-urlencoded", MEDIA_JSON,     NOTATION_JSON },
};
/* clang-format on */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* A Content-Type without parameters and blanks around it. */
static struct span bare_type(struct span type)
{
    const uint8_t *semicolon = type.n ? memchr(type.p, ';', type.n) : NULL;

    if (semicolon) type.n = (size_t)(semicolon - type.p);
    while (type.n && is_blank(type.p[type.n - 1])) type.n--;
    while (type.n && is_blank(type.p[0])) type = span_skip(type, 1);
    return type;
}

bool media_read(struct span content_type, enum media *out)
{
    struct span type = bare_type(content_type);

    for (unsigned m = 0; m < MEDIA_COUNT; m++) {
        const char *name = families[m].name;
        if (type.n != strlen(name) || strncasecmp((const char *)type.p, name, type.n) != 0) continue;
        *out = (enum media)m;
        return true;
    }
    return false;
}

const char *media_name(enum media m)
{
    return families[m].name;
}

enum media media_answer(enum media m)
{
    return families[m].answer;
}

enum notation media_notation(enum media m)
{
    return families[m].notation;
}

/* --- forms --- */

/* Parameters whose value is a map. */
static bool is_nested(struct span name)
{
    return span_is(name, "req_cnf") || span_is(name, "cnf") || span_is(name, "rs_cnf");
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* A name or value: + is a space, %xx a byte; what comes out has to be text. */
static enum err form_decode(struct span in, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        int high = 0, low = in.p[i];
        if (low == '%') {
            if (in.n - i < 3) return ERR_MALFORMED;
            high = hex_digit(in.p[i + 1]);
            low = hex_digit(in.p[i + 2]);
            if (high < 0 || low < 0) return ERR_MALFORMED;
            i += 2;
        } else if (low == '+') {
            low = ' ';
        }
        buf_u8(out, (uint8_t)(high << 4 | low));
    }
    if (buf_failed(out)) return ERR_NO_MEMORY;
    return utf8_mqtt(buf_span(out)) ? OK : ERR_MALFORMED;
}

/* One parameter on its way into the map. */
struct pair {
    struct buf name, value;
};

static enum err pair_read(struct span in, struct pair *out)
{
    const uint8_t *equals = in.n ? memchr(in.p, '=', in.n) : NULL;
    size_t n = equals ? (size_t)(equals - in.p) : in.n;

    TRY(form_decode(span(in.p, n), &out->name));
    return equals ? form_decode(span(equals + 1, in.n - n - 1), &out->value) : OK;
}

static enum err pair_put(const struct pair *p, struct doc *map, struct fault *why)
{
    struct span name = buf_span(&p->name), value = buf_span(&p->value);
    struct doc *child = NULL;

    if (doc_get_span(map, name)) {
        fault_set(why, 0, "form: a doubled parameter"); /* [R-TOK-40] */
        return ERR_MALFORMED;
    }
    if (value.n == 0 && !span_is(name, "ace_profile")) return OK;
    if (is_nested(name))
        TRY(doc_read_json(value, &doc_limits_wire, &child, why));
    else
        child = doc_new_text(value);
    doc_put_span(map, name, child);
    return doc_get_span(map, name) ? OK : ERR_NO_MEMORY;
}

static enum err form_pair(struct span in, struct doc *map, struct fault *why)
{
    struct pair p = { 0 };
    enum err e = pair_read(in, &p);

    if (e == ERR_MALFORMED) fault_set(why, 0, "form: not percent-encoded UTF-8");
    if (e == OK) e = pair_put(&p, map, why);
    buf_clear(&p.name);
    buf_clear(&p.value);
    return e;
}

static enum err form_pairs(struct span left, struct doc *map, struct fault *why)
{
    for (unsigned count = 0; left.n; count++) {
        const uint8_t *amp = memchr(left.p, '&', left.n);
        size_t n = amp ? (size_t)(amp - left.p) : left.n;
        if (count == doc_limits_wire.items) return ERR_TOO_LARGE;
        if (n) TRY(form_pair(span(left.p, n), map, why));
        left = span_skip(left, amp ? n + 1 : n);
    }
    return OK;
}

static enum err form_read(struct span body, struct doc **out, struct fault *why)
{
    if (body.n > doc_limits_wire.bytes) return ERR_TOO_LARGE;
    struct doc *map = doc_new_map();
    if (!map) return ERR_NO_MEMORY;
    enum err e = form_pairs(body, map, why);
    if (e == OK)
        *out = map;
    else
        doc_free(map);
    return e;
}

static bool is_plain(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-._*", c);
}

static void form_encode(struct span in, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];
        if (c == ' ')
            buf_u8(out, '+');
        else if (c && is_plain(c))
            buf_u8(out, c);
        else
            buf_format(out, "%%%02X", c);
    }
}

/* A value leaves as its text, or as the JSON text of what is not text. */
static enum err form_value(const struct doc *d, struct buf *out)
{
    struct span text;
    struct buf json = { 0 };

    if (doc_text(d, &text)) {
        form_encode(text, out);
        return OK;
    }
    enum err e = doc_write_json(d, &json);
    if (e == OK) form_encode(buf_span(&json), out);
    buf_clear(&json);
    return e;
}

/* A tree that lacked memory while it was built says so only to a writer of its own. */
static enum err check_whole(const struct doc *d)
{
    struct buf json = { 0 };
    enum err e = doc_write_json(d, &json);

    buf_clear(&json);
    return e;
}

static enum err form_write(const struct doc *map, struct buf *out)
{
    TRY(check_whole(map));
    for (size_t i = 0; i < doc_count(map); i++) {
        struct span name;
        if (!doc_key_text(map, i, &name)) return ERR_MALFORMED;
        if (i) buf_u8(out, '&');
        form_encode(name, out);
        buf_u8(out, '=');
        TRY(form_value(doc_at(map, i), out));
    }
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

/* --- bodies --- */

static enum err read_any(struct span body, enum media m, struct doc **out, struct fault *why)
{
    switch (m) {
    case MEDIA_ACE_CBOR:
        return doc_read_cbor(body, &doc_limits_wire, out, why);
    case MEDIA_FORM:
        return form_read(body, out, why);
    case MEDIA_ACE_JSON:
    case MEDIA_JSON:
    case MEDIA_COUNT:
        break;
    }
    return doc_read_json(body, &doc_limits_wire, out, why);
}

enum err body_read(struct span body, enum media m, struct doc **out, struct fault *why)
{
    *out = NULL;
    TRY(read_any(body, m, out, why));
    if (doc_kind(*out) == DOC_MAP) return OK;
    fault_set(why, 0, "not a map of parameters");
    doc_free(*out);
    *out = NULL;
    return ERR_MALFORMED;
}

enum err body_write(const struct doc *map, enum media m, struct buf *out)
{
    if (m == MEDIA_FORM) return form_write(map, out);
    return media_notation(m) == NOTATION_CBOR ? doc_write_cbor(map, out) : doc_write_json(map, out);
}
