#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "common/base/span.h"

/*
 * Owned, growing bytes. All zero is an empty buffer. Appending never reports: a failed allocation (or a length
 * that does not fit its prefix) latches `failed`, further appends do nothing, and buf_failed() tells once, where
 * the bytes leave.
 */
struct buf {
    uint8_t *p;
    size_t n, cap;
    bool failed;
};

void buf_add(struct buf *b, struct span bytes);
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v); /* big-endian, as all integers on our wires */
void buf_u32(struct buf *b, uint32_t v);
void buf_str(struct buf *b, const char *s); /* without the NUL */
void buf_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Two-byte length, then the bytes; latches when over 65535. */
void buf_bin16(struct buf *b, struct span bytes);

/* Reserves a two-byte length and returns its place; buf_close16() writes what was appended since. */
size_t buf_open16(struct buf *b);
void buf_close16(struct buf *b, size_t mark);

/* Appends `n` bytes for the caller to fill; NULL only once failed. Valid until the next append. */
uint8_t *buf_room(struct buf *b, size_t n);

void buf_drop(struct buf *b, size_t n);     /* forgets the first n bytes (n <= b->n) */
void buf_truncate(struct buf *b, size_t n); /* keeps the first n bytes */
const char *buf_cstr(struct buf *b);        /* NUL-terminated view, "" once failed; NUL not counted in n */
void buf_clear(struct buf *b);              /* wipes, frees, back to all zero */

static inline bool buf_failed(const struct buf *b)
{
    return b->failed;
}

static inline struct span buf_span(const struct buf *b)
{
    return span(b->p, b->n);
}

#endif
