#include "common/codec/mqtt_frame.h"

enum { MAX_WIDTH = 4 };

/* Running short makes the reader bad and is no error yet: the rest may be on its way. */
static enum err take_varint(struct reader *r, uint32_t *v)
{
    *v = 0;
    for (unsigned i = 0; i < MAX_WIDTH; i++) {
        uint8_t b = read_u8(r);
        if (r->bad) return OK;
        *v |= (uint32_t)(b & 0x7F) << 7 * i;
        if (b < 0x80) return i > 0 && b == 0 ? ERR_MALFORMED : OK;
    }
    return ERR_MALFORMED;
}

static size_t width_of(size_t v)
{
    size_t n = 1;

    while (n < MAX_WIDTH && v >> 7 * n) n++;
    return n;
}

static void put_varint(uint8_t *to, size_t v, size_t width)
{
    for (size_t i = 0; i < width; i++) to[i] = (uint8_t)((v >> 7 * i & 0x7F) | (i + 1 < width ? 0x80 : 0));
}

enum err mqtt_frame_next(struct span in, size_t max, struct mqtt_frame *out, size_t *used,
                         enum mqtt_more *more)
{
    struct reader r = reader(in);
    uint32_t n;

    *used = 0;
    *more = MQTT_FRAME_MORE;
    out->first = read_u8(&r);
    out->body = span(NULL, 0);
    TRY(take_varint(&r, &n));
    if (r.bad) return OK;
    size_t head = in.n - r.left.n;
    if (head + n > max) return ERR_TOO_LARGE;
    if (n > r.left.n) return OK;
    out->body = read_bytes(&r, n);
    *used = head + n;
    *more = MQTT_FRAME_WHOLE;
    return OK;
}

uint32_t mqtt_read_varint(struct reader *r)
{
    uint32_t v;

    if (take_varint(r, &v) != OK) r->bad = true;
    return r->bad ? 0 : v;
}

void mqtt_varint(struct buf *out, uint32_t v)
{
    if (v > MQTT_MAX_BODY) out->failed = true;
    size_t width = width_of(v);
    uint8_t *to = buf_room(out, width);
    if (to) put_varint(to, v, width);
}

struct mqtt_length mqtt_open(struct buf *out, size_t expect)
{
    struct mqtt_length l = { out->n, width_of(expect) };

    buf_room(out, l.width);
    return l;
}

void mqtt_close(struct buf *out, struct mqtt_length l)
{
    if (out->failed) return;
    size_t n = out->n - l.at - l.width, width = width_of(n);
    if (n > MQTT_MAX_BODY) out->failed = true;
    if (width > l.width) buf_room(out, width - l.width);
    if (out->failed) return;
    memmove(out->p + l.at + width, out->p + l.at + l.width, n);
    buf_truncate(out, l.at + width + n);
    put_varint(out->p + l.at, n, width);
}
