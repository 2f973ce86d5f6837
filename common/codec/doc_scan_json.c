#include <assert.h>

#include "common/base/utf8.h"
#include "common/codec/doc_scan.h"

/* RFC 8259 and RFC 7493, byte by byte. */

enum { MAX_NUMBER = 63 }; /* characters of a number: cJSON looks at no more */

static enum err value(struct scan *s);

static enum err malformed(struct scan *s, const char *words)
{
    return s->at >= s->in.n ? scan_cut(s) : scan_refuse(s, ERR_MALFORMED, s->at, words);
}

static uint8_t peek(const struct scan *s)
{
    return s->at < s->in.n ? s->in.p[s->at] : 0;
}

static void skip_space(struct scan *s)
{
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\r' || peek(s) == '\n') s->at++;
}

/* Takes `c`, after white space, if it is next. */
static bool taken(struct scan *s, char c)
{
    skip_space(s);
    if (peek(s) != (uint8_t)c) return false;
    s->at++;
    return true;
}

static int32_t hex(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The UTF-16 unit of the \uXXXX that `s` begins with; -1 if there is none. */
static int32_t unit(struct span s)
{
    int32_t v = 0;

    if (s.n < 6 || s.p[0] != '\\' || s.p[1] != 'u') return -1;
    for (size_t i = 2; i < 6; i++) {
        if (hex(s.p[i]) < 0) return -1;
        v = v << 4 | hex(s.p[i]);
    }
    return v;
}

static bool is_high(int32_t u)
{
    return u >= 0xD800 && u <= 0xDBFF;
}

static bool is_low(int32_t u)
{
    return u >= 0xDC00 && u <= 0xDFFF;
}

static enum err escaped_unit(struct scan *s)
{
    struct span from = span_skip(s->in, s->at);
    int32_t first = unit(from), second = from.n >= 6 ? unit(span_skip(from, 6)) : -1;

    if (from.n < 6) return scan_cut(s);
    if (first < 0) return malformed(s, "\\u needs four hexadecimal digits");
    if (first == 0) return malformed(s, "U+0000 in a text");
    if (is_low(first) || (is_high(first) && !is_low(second))) return malformed(s, "half of a surrogate pair");
    s->at += is_high(first) ? 12 : 6;
    return OK;
}

static enum err escape(struct scan *s)
{
    if (s->at + 1 >= s->in.n) return scan_cut(s);
    uint8_t c = s->in.p[s->at + 1];
    if (c == 'u') return escaped_unit(s);
    if (c == 0 || !strchr("\"\\/bfnrt", c)) return malformed(s, "unknown escape");
    s->at += 2;
    return OK;
}

/* *raw is what stands between the quotes, escapes and all. */
static enum err string(struct scan *s, struct span *raw)
{
    size_t start = ++s->at;

    while (s->at < s->in.n && peek(s) != '"') {
        if (peek(s) < 0x20) return malformed(s, "control character in a text");
        if (peek(s) == '\\') {
            TRY(escape(s));
        } else {
            s->at++;
        }
    }
    if (s->at >= s->in.n) return scan_cut(s);
    *raw = span(s->in.p + start, s->at++ - start);
    return scan_utf8(s, *raw);
}

static enum err text(struct scan *s)
{
    struct span raw;

    return string(s, &raw);
}

static uint32_t escape_meaning(uint8_t c)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    const char *at = strchr(letters, c);

    return at ? (uint32_t)meanings[at - letters] : c;
}

/* Takes the next character off the inside of a checked string. */
static uint32_t next_rune(struct span *raw)
{
    uint32_t rune = 0;
    size_t used = 2;

    if (raw->p[0] != '\\') {
        used = utf8_next(*raw, &rune);
    } else if (raw->p[1] != 'u') {
        rune = escape_meaning(raw->p[1]);
    } else {
        rune = (uint32_t)unit(*raw);
        used = 6;
        if (is_high((int32_t)rune)) {
            rune = 0x10000 + ((rune - 0xD800) << 10) + ((uint32_t)unit(span_skip(*raw, 6)) - 0xDC00);
            used = 12;
        }
    }
    *raw = span_skip(*raw, used);
    return rune;
}

static int compare_keys(const void *a, const void *b)
{
    struct span x = ((const struct scan_key *)a)->text, y = ((const struct scan_key *)b)->text;

    while (x.n && y.n) {
        uint32_t rx = next_rune(&x), ry = next_rune(&y);
        if (rx != ry) return rx < ry ? -1 : 1;
    }
    return (x.n != 0) - (y.n != 0);
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static enum err digits(struct scan *s)
{
    if (!is_digit(peek(s))) return malformed(s, "expected a digit");
    while (is_digit(peek(s))) s->at++;
    return OK;
}

enum doc_kind scan_json_number(struct span in, int64_t *out)
{
    assert(in.p && in.n);
    bool negative = in.p[0] == '-';
    size_t i = negative;
    int64_t v = 0;

    for (; i < in.n && is_digit(in.p[i]); i++) {
        if (v <= SCAN_MAX_EXACT) v = v * 10 + in.p[i] - '0';
    }
    if (i < in.n && (in.p[i] == '.' || in.p[i] == 'e' || in.p[i] == 'E')) return DOC_FLOAT;
    *out = negative ? -v : v;
    return v <= SCAN_MAX_EXACT ? DOC_INT : DOC_NONE;
}

static enum err exponent(struct scan *s)
{
    s->at++;
    if (peek(s) == '+' || peek(s) == '-') s->at++;
    return digits(s);
}

static enum err number(struct scan *s)
{
    size_t start = s->at;
    int64_t v;

    if (peek(s) == '-') s->at++;
    bool zero = peek(s) == '0';
    size_t first = s->at;
    TRY(digits(s));
    if (zero && s->at > first + 1) return scan_refuse(s, ERR_MALFORMED, first, "leading zero in a number");
    if (peek(s) == '.') {
        s->at++;
        TRY(digits(s));
    }
    if (peek(s) == 'e' || peek(s) == 'E') TRY(exponent(s));
    if (s->at - start > MAX_NUMBER) return scan_refuse(s, ERR_TOO_LARGE, start, "number too long");
    if (scan_json_number(span_skip(s->in, start), &v) != DOC_NONE) return OK;
    return scan_refuse(s, ERR_MALFORMED, start, "integer beyond 2^53 is not exact");
}

static enum err word(struct scan *s)
{
    static const char *const words[] = { "true", "false", "null" };
    struct span left = span_skip(s->in, s->at);

    if (!left.p) return scan_cut(s);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct span w = span_str(words[i]);
        if (left.n < w.n && span_starts(w, left)) return scan_cut(s);
        if (!span_starts(left, w)) continue;
        s->at += w.n;
        return OK;
    }
    return malformed(s, "expected a value");
}

static enum err array(struct scan *s)
{
    uint64_t n = 0;

    TRY(scan_enter(s, s->at++));
    if (!taken(s, ']')) {
        do {
            skip_space(s);
            TRY(scan_item(s, ++n));
            TRY(value(s));
        } while (taken(s, ','));
        if (!taken(s, ']')) return malformed(s, "expected , or ]");
    }
    scan_leave(s);
    return OK;
}

static enum err member(struct scan *s)
{
    struct scan_key key = { .at = s->at, .is_text = true };

    if (peek(s) != '"') return malformed(s, "expected a key in double quotes");
    TRY(string(s, &key.text));
    TRY(scan_key(s, &key));
    if (!taken(s, ':')) return malformed(s, "expected : after the key");
    return value(s);
}

static enum err object(struct scan *s)
{
    size_t mark = s->keys.n;
    uint64_t n = 0;

    TRY(scan_enter(s, s->at++));
    if (!taken(s, '}')) {
        do {
            skip_space(s);
            TRY(scan_item(s, ++n));
            TRY(member(s));
        } while (taken(s, ','));
        if (!taken(s, '}')) return malformed(s, "expected , or }");
    }
    scan_leave(s);
    return scan_unique(s, mark, compare_keys);
}

/* Recursion ends at the depth limit, in scan_enter(). */
static enum err value(struct scan *s)
{
    skip_space(s);
    TRY(scan_place(s, s->at));
    switch (peek(s)) {
    case '{':
        return object(s);
    case '[':
        return array(s);
    case '"':
        return text(s);
    default:
        return peek(s) == '-' || is_digit(peek(s)) ? number(s) : word(s);
    }
}

enum err scan_json(struct scan *s)
{
    TRY(value(s));
    skip_space(s);
    if (s->at == s->in.n) return OK;
    return scan_refuse(s, ERR_MALFORMED, s->at, "bytes after the end of the document");
}
