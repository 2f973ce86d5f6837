#include "common/codec/text.h"

#include "common/base/utf8.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Appends without padding: n bytes become ceil(8n / 6) letters. */
static void encode64(struct buf *out, struct span in, const char alphabet[65])
{
    if (in.n == 0) return;
    uint8_t *to = buf_room(out, in.n / 3 * 4 + (in.n % 3 * 8 + 5) / 6);
    unsigned pending = 0, bits = 0;

    if (!to) return;
    for (size_t i = 0; i < in.n; i++) {
        pending = (pending << 8 | in.p[i]) & 0xFFFF;
        for (bits += 8; bits >= 6; bits -= 6) *to++ = (uint8_t)alphabet[pending >> (bits - 6) & 63];
    }
    if (bits) *to = (uint8_t)alphabet[pending << (6 - bits) & 63];
}

/* 0..63, or 64 when `c` is not of the alphabet; alphabets differ in their last two letters only. */
static unsigned digit64(uint8_t c, const char alphabet[65])
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26u;
    if (c >= '0' && c <= '9') return c - '0' + 52u;
    if (c == (uint8_t)alphabet[62]) return 62;
    return c == (uint8_t)alphabet[63] ? 63 : 64;
}

static enum err decode64(struct span in, struct buf *out, const char alphabet[65])
{
    if (in.n % 4 == 1) return ERR_MALFORMED;
    if (in.n == 0) return OK;
    uint8_t *to = buf_room(out, in.n / 4 * 3 + in.n % 4 * 6 / 8);
    unsigned pending = 0, bits = 0;

    if (!to) return ERR_NO_MEMORY;
    for (size_t i = 0; i < in.n; i++) {
        unsigned digit = digit64(in.p[i], alphabet);
        if (digit > 63) return ERR_MALFORMED;
        pending = (pending << 6 | digit) & 0xFFFF;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        *to++ = (uint8_t)(pending >> bits);
    }
    /* RFC 4648 3.5: bits that carry nothing must be zero, else two texts would mean the same bytes */
    return pending & ((1u << bits) - 1) ? ERR_MALFORMED : OK;
}

void b64url_encode(struct buf *out, struct span bytes)
{
    encode64(out, bytes, url_safe);
}

enum err b64url_decode(struct span text, struct buf *out)
{
    return decode64(text, out, url_safe);
}

void b64_encode(struct buf *out, struct span bytes)
{
    encode64(out, bytes, standard);
    for (size_t pad = (3 - bytes.n % 3) % 3; pad; pad--) buf_u8(out, '=');
}

enum err b64_decode(struct span text, struct buf *out)
{
    if (text.n % 4 != 0) return ERR_MALFORMED;
    for (unsigned pad = 0; pad < 2 && text.n && text.p[text.n - 1] == '='; pad++) text.n--;
    return decode64(text, out, standard);
}

void hex_encode(struct buf *out, struct span bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        buf_u8(out, (uint8_t) "0123456789abcdef"[bytes.p[i] >> 4]);
        buf_u8(out, (uint8_t) "0123456789abcdef"[bytes.p[i] & 15]);
    }
}

static unsigned digit16(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10u;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10u : 16;
}

enum err hex_decode(struct span text, struct buf *out)
{
    if (text.n % 2) return ERR_MALFORMED;
    for (size_t i = 0; i < text.n; i += 2) {
        unsigned high = digit16(text.p[i]), low = digit16(text.p[i + 1]);
        if (high > 15 || low > 15) return ERR_MALFORMED;
        buf_u8(out, (uint8_t)(high << 4 | low));
    }
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

bool utf8_valid(struct span text)
{
    uint32_t rune;

    while (text.n) {
        size_t n = utf8_next(text, &rune);
        if (n == 0) return false;
        text = span_skip(text, n);
    }
    return true;
}

bool utf8_mqtt(struct span text)
{
    return (text.n == 0 || !memchr(text.p, 0, text.n)) && utf8_valid(text);
}
