#ifndef TESTS_BYTES_H
#define TESTS_BYTES_H

#include "common/base/buf.h"

/* Bytes from hex digits; anything else between them is skipped. The caller clears the buffer. */
static inline struct buf unhex(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    struct buf out = { 0 };
    unsigned half = 0, value = 0;

    for (; *text; text++) {
        const char *d = strchr(digits, *text >= 'A' && *text <= 'F' ? *text + 32 : *text);
        if (!d) continue;
        value = value << 4 | (unsigned)(d - digits);
        if (half++ & 1) buf_u8(&out, (uint8_t)value);
    }
    return out;
}

/* Do these bytes have this hex form? */
static inline bool is_hex(struct span bytes, const char *text)
{
    struct buf want = unhex(text);
    bool same = span_eq(bytes, buf_span(&want));

    buf_clear(&want);
    return same;
}

/* `in` with its bit number `i` turned over. The caller clears the buffer. */
static inline struct buf flipped(struct span in, size_t i)
{
    struct buf out = { 0 };

    buf_add(&out, in);
    if (!buf_failed(&out)) out.p[i / 8] ^= (uint8_t)(1u << i % 8);
    return out;
}

#endif
