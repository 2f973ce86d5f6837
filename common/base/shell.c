#include "common/base/shell.h"

static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_-+=,.:/@%", c));
}

void shell_word(struct buf *out, struct span text)
{
    bool plain = text.n > 0;

    for (size_t i = 0; i < text.n; i++) plain = plain && is_plain(text.p[i]);
    if (plain) {
        buf_add(out, text);
        return;
    }
    buf_u8(out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'')
            buf_str(out, "'\\''");
        else
            buf_u8(out, text.p[i]);
    }
    buf_u8(out, '\'');
}
