#include "scenarios/markup.h"

#include "common/base/utf8.h"

static void put_rune(struct buf *out, uint32_t rune, struct span as_is)
{
    static const struct escape {
        uint32_t rune;
        const char *text;
    } escapes[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" } };

    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        if (escapes[i].rune == rune) {
            buf_str(out, escapes[i].text);
            return;
        }
    }
    bool allowed = (rune >= 0x20 || rune == '\n' || rune == '\t') && rune != 0xFFFE && rune != 0xFFFF;
    if (allowed) {
        buf_add(out, as_is);
    } else {
        buf_str(out, "\xEF\xBF\xBD");
    }
}

void markup_text(struct buf *out, struct span s)
{
    while (s.n) {
        uint32_t rune = 0;
        size_t n = utf8_next(s, &rune);
        put_rune(out, n ? rune : 0, span(s.p, n));
        s = span_skip(s, n ? n : 1);
    }
}
