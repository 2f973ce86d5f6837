#include "scenarios/json.h"

#include "common/base/utf8.h"

/* Does a value stand before this place, in the same object or array? */
static bool follows(const struct buf *out)
{
    return out->n && !strchr("{[:\n", out->p[out->n - 1]);
}

static void begin(struct buf *out, const char *name)
{
    if (follows(out)) buf_u8(out, ',');
    if (!name) return;
    utf8_quote(out, span_str(name));
    buf_u8(out, ':');
}

void json_open(struct buf *out, const char *name, char bracket)
{
    begin(out, name);
    buf_u8(out, (uint8_t)bracket);
}

void json_close(struct buf *out, char bracket)
{
    buf_u8(out, (uint8_t)bracket);
}

/* Our reader refuses U+0000, escaped or not. */
static void quote_with_nul(struct buf *out, struct span value)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i]) {
            buf_u8(&text, value.p[i]);
        } else {
            buf_str(&text, "\xEF\xBF\xBD");
        }
    }
    utf8_quote(out, buf_span(&text));
    out->failed |= buf_failed(&text);
    buf_clear(&text);
}

void json_text(struct buf *out, const char *name, struct span value)
{
    begin(out, name);
    if (value.n && memchr(value.p, 0, value.n)) {
        quote_with_nul(out, value);
    } else {
        utf8_quote(out, value);
    }
}

void json_number(struct buf *out, const char *name, int64_t value)
{
    begin(out, name);
    buf_format(out, "%lld", (long long)value);
}

void json_word(struct buf *out, const char *name, const char *word)
{
    begin(out, name);
    buf_str(out, word);
}

void json_line(struct buf *out)
{
    if (follows(out)) buf_u8(out, ',');
    buf_u8(out, '\n');
}
