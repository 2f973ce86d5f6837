#include "common/base/reader.h"

struct reader reader(struct span in)
{
    return (struct reader){ .left = in };
}

struct span read_bytes(struct reader *r, size_t n)
{
    if (r->bad || n > r->left.n) {
        r->bad = true;
        return span(NULL, 0);
    }
    struct span out = span(r->left.p, n);
    r->left = span_skip(r->left, n);
    return out;
}

uint8_t read_u8(struct reader *r)
{
    struct span b = read_bytes(r, 1);
    return b.n ? b.p[0] : 0;
}

uint16_t read_u16(struct reader *r)
{
    struct span b = read_bytes(r, 2);
    if (b.n == 0) return 0;
    return (uint16_t)(b.p[0] << 8 | b.p[1]);
}

uint32_t read_u32(struct reader *r)
{
    struct span b = read_bytes(r, 4);
    if (b.n == 0) return 0;
    return (uint32_t)b.p[0] << 24 | (uint32_t)b.p[1] << 16 | (uint32_t)b.p[2] << 8 | b.p[3];
}

struct span read_bin16(struct reader *r)
{
    return read_bytes(r, read_u16(r));
}

struct span read_rest(struct reader *r)
{
    return read_bytes(r, r->left.n);
}

enum err reader_end(const struct reader *r)
{
    return r->bad || r->left.n ? ERR_MALFORMED : OK;
}
