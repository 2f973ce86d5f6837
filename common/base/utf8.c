#include "common/base/utf8.h"

/* RFC 3629 4: the second byte's range depends on the first; all later bytes are 80..BF. */
static const struct lead {
    uint8_t from, to, length, low, high;
} leads[] = {
    { 0xC2, 0xDF, 2, 0x80, 0xBF }, { 0xE0, 0xE0, 3, 0xA0, 0xBF }, { 0xE1, 0xEC, 3, 0x80, 0xBF },
    { 0xED, 0xED, 3, 0x80, 0x9F }, { 0xEE, 0xEF, 3, 0x80, 0xBF }, { 0xF0, 0xF0, 4, 0x90, 0xBF },
    { 0xF1, 0xF3, 4, 0x80, 0xBF }, { 0xF4, 0xF4, 4, 0x80, 0x8F },
};

static const struct lead *lead_of(uint8_t first)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        if (first >= leads[i].from && first <= leads[i].to) return &leads[i];
    }
    return NULL;
}

size_t utf8_next(struct span s, uint32_t *rune)
{
    if (s.n == 0) return 0;
    if (s.p[0] < 0x80) {
        *rune = s.p[0];
        return 1;
    }
    const struct lead *l = lead_of(s.p[0]);
    if (!l || s.n < l->length || s.p[1] < l->low || s.p[1] > l->high) return 0;
    uint32_t v = s.p[0] & (0x7Fu >> l->length);
    for (size_t i = 1; i < l->length; i++) {
        if ((s.p[i] & 0xC0) != 0x80) return 0;
        v = v << 6 | (s.p[i] & 0x3Fu);
    }
    *rune = v;
    return l->length;
}

static bool acts(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7F && rune <= 0x9F) || rune == 0x2028 || rune == 0x2029 ||
           (rune >= 0x202A && rune <= 0x202E) || (rune >= 0x2066 && rune <= 0x2069);
}

static void quote_rune(struct buf *out, uint32_t rune, struct span as_is)
{
    switch (rune) {
    case '"':
        buf_str(out, "\\\"");
        return;
    case '\\':
        buf_str(out, "\\\\");
        return;
    case '\n':
        buf_str(out, "\\n");
        return;
    case '\r':
        buf_str(out, "\\r");
        return;
    case '\t':
        buf_str(out, "\\t");
        return;
    default:
        break;
    }
    if (acts(rune)) {
        buf_format(out, "\\u%04x", (unsigned)rune);
    } else {
        buf_add(out, as_is);
    }
}

/* How many leading bytes need no look: most text is plain ASCII, and goes out in one piece. */
static size_t plain(struct span s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7F && s.p[n] != '"' && s.p[n] != '\\') n++;
    return n;
}

void utf8_quote(struct buf *out, struct span s)
{
    buf_u8(out, '"');
    while (s.n) {
        uint32_t rune = 0;
        size_t run = plain(s), n = run ? run : utf8_next(s, &rune);
        if (run) {
            buf_add(out, span(s.p, run));
        } else if (n) {
            quote_rune(out, rune, span(s.p, n));
        } else {
            buf_str(out, "\\ufffd");
        }
        s = span_skip(s, n ? n : 1);
    }
    buf_u8(out, '"');
}
