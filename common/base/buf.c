#include "common/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ROOM = 64 };

/* Wipes before it frees, as any buffer may have held a key: hence no realloc. */
static bool grow(struct buf *b, size_t want)
{
    size_t cap = b->cap ? b->cap : FIRST_ROOM;

    while (cap < want) cap = cap > SIZE_MAX / 2 ? want : cap * 2;
    uint8_t *p = malloc(cap);
    if (!p) return false;
    if (b->p) {
        memcpy(p, b->p, b->n);
        explicit_bzero(b->p, b->n);
    }
    free(b->p);
    b->p = p;
    b->cap = cap;
    return true;
}

uint8_t *buf_room(struct buf *b, size_t n)
{
    if (b->failed) return NULL;
    if (n > SIZE_MAX - b->n || ((!b->p || b->n + n > b->cap) && !grow(b, b->n + n))) {
        b->failed = true;
        return NULL;
    }
    b->n += n;
    return b->p + b->n - n;
}

void buf_add(struct buf *b, struct span bytes)
{
    if (bytes.n == 0) return;
    uint8_t *to = buf_room(b, bytes.n);
    if (to) memcpy(to, bytes.p, bytes.n);
}

void buf_u8(struct buf *b, uint8_t v)
{
    buf_add(b, span(&v, 1));
}

void buf_u16(struct buf *b, uint16_t v)
{
    buf_add(b, span((uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2));
}

void buf_u32(struct buf *b, uint32_t v)
{
    buf_u16(b, (uint16_t)(v >> 16));
    buf_u16(b, (uint16_t)v);
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, span_str(s));
}

void buf_format(struct buf *b, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    uint8_t *to = n < 0 ? NULL : buf_room(b, (size_t)n + 1);
    if (to) {
        vsnprintf((char *)to, (size_t)n + 1, format, again);
        b->n--;
    } else {
        b->failed = true;
    }
    va_end(again);
    va_end(args);
}

void buf_bin16(struct buf *b, struct span bytes)
{
    if (bytes.n > UINT16_MAX) b->failed = true;
    buf_u16(b, (uint16_t)bytes.n);
    buf_add(b, bytes);
}

size_t buf_open16(struct buf *b)
{
    buf_u16(b, 0);
    return b->n;
}

void buf_close16(struct buf *b, size_t mark)
{
    if (b->failed) return;
    size_t n = b->n - mark;
    if (n > UINT16_MAX) {
        b->failed = true;
        return;
    }
    b->p[mark - 2] = (uint8_t)(n >> 8);
    b->p[mark - 1] = (uint8_t)n;
}

void buf_drop(struct buf *b, size_t n)
{
    if (n == 0) return;
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

void buf_truncate(struct buf *b, size_t n)
{
    if (n < b->n) b->n = n;
}

const char *buf_cstr(struct buf *b)
{
    uint8_t *end = buf_room(b, 1);

    if (!end) return "";
    *end = 0;
    b->n--;
    return (const char *)b->p;
}

void buf_clear(struct buf *b)
{
    if (b->p) explicit_bzero(b->p, b->cap);
    free(b->p);
    *b = (struct buf){ 0 };
}
