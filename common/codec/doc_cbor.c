#include <assert.h>
#include <cbor.h>
#include <math.h>

#include "common/codec/doc_scan.h"
#include "common/codec/doc_tree.h"
#include "common/codec/text.h"

/*
 * --- reading: libcbor's streaming decoder takes one head at a time, and the tree is ours from the start. (Its own tree
 * builder, cbor_load(), crashes when memory is short and allocates for every empty chunk.) ---
 */

/* One decoded head, with the bytes of a definite string. */
struct head {
    enum doc_kind kind;
    bool open; /* of indefinite length */
    bool truth;
    int64_t number;
    double real;
    uint64_t count; /* elements, members; a tag's number */
    struct span bytes;
};

/* clang-format off */
#define ON(name, type, ...) \
    static void on_##name(void *to, type v) { *(struct head *)to = (struct head){ __VA_ARGS__ }; }
#define ON_MARK(name, ...) \
    static void on_##name(void *to) { *(struct head *)to = (struct head){ __VA_ARGS__ }; }
#define ON_STRING(name, ...) \
    static void on_##name(void *to, cbor_data p, size_t n) { *(struct head *)to = (struct head){ __VA_ARGS__ }; }

ON(uint8,   uint8_t,  .kind = DOC_INT,   .number = v)
ON(uint16,  uint16_t, .kind = DOC_INT,   .number = v)
ON(uint32,  uint32_t, .kind = DOC_INT,   .number = v)
ON(uint64,  uint64_t, .kind = DOC_INT,   .number = (int64_t)v)
ON(nint8,   uint8_t,  .kind = DOC_INT,   .number = -1 - (int64_t)v)
ON(nint16,  uint16_t, .kind = DOC_INT,   .number = -1 - (int64_t)v)
ON(nint32,  uint32_t, .kind = DOC_INT,   .number = -1 - (int64_t)v)
ON(nint64,  uint64_t, .kind = DOC_INT,   .number = -1 - (int64_t)v)
ON(half,    float,    .kind = DOC_FLOAT, .real = v)
ON(single,  float,    .kind = DOC_FLOAT, .real = v)
ON(wide,    double,   .kind = DOC_FLOAT, .real = v)
ON(boolean, bool,     .kind = DOC_BOOL,  .truth = v)
ON(array,   size_t,   .kind = DOC_ARRAY, .count = v)
ON(map,     size_t,   .kind = DOC_MAP,   .count = v)
ON(tag,     uint64_t, .kind = DOC_TAG,   .count = v)
ON_STRING(bytes,      .kind = DOC_BYTES, .bytes = { p, n })
ON_STRING(text,       .kind = DOC_TEXT,  .bytes = { p, n })
ON_MARK(open_bytes,   .kind = DOC_BYTES, .open = true)
ON_MARK(open_text,    .kind = DOC_TEXT,  .open = true)
ON_MARK(open_array,   .kind = DOC_ARRAY, .open = true)
ON_MARK(open_map,     .kind = DOC_MAP,   .open = true)
ON_MARK(null,         .kind = DOC_NULL)
ON_MARK(refused,      .kind = DOC_NONE)  /* the pass lets neither through */

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,             .uint16 = on_uint16,             .uint32 = on_uint32,   .uint64 = on_uint64,
    .negint8 = on_nint8,           .negint16 = on_nint16,           .negint32 = on_nint32, .negint64 = on_nint64,
    .byte_string = on_bytes,       .byte_string_start = on_open_bytes,
    .string = on_text,             .string_start = on_open_text,
    .array_start = on_array,       .indef_array_start = on_open_array,
    .map_start = on_map,           .indef_map_start = on_open_map,
    .tag = on_tag,                 .boolean = on_boolean,           .null = on_null,
    .float2 = on_half,             .float4 = on_single,             .float8 = on_wide,
    .undefined = on_refused,       .indef_break = on_refused,
};
/* clang-format on */

struct taker {
    struct scan *scan;
    size_t at; /* the next byte */
};

static struct doc *take(struct taker *t);

static struct head next(struct taker *t)
{
    struct span left = span_skip(t->scan->in, t->at);
    struct head h = { 0 };

    assert(left.p && left.n);
    if (left.p[0] >= 0xC6 && left.p[0] <= 0xD4) {
        t->at++; /* libcbor 0.8 takes the tags 6 to 20, COSE's among them, for an error */
        return (struct head){ .kind = DOC_TAG, .count = left.p[0] & 0x1F };
    }
    struct cbor_decoder_result r = cbor_stream_decode(left.p, left.n, &callbacks, &h);
    assert(r.status == CBOR_DECODER_FINISHED && h.kind != DOC_NONE); /* the pass has accepted these bytes */
    t->at += r.read;
    return h;
}

/* Is there another element after `done` of them? Takes the break that says no. */
static bool another(struct taker *t, const struct head *h, uint64_t done)
{
    if (!h->open) return done < h->count;
    if (t->scan->in.p[t->at] != 0xFF) return true;
    t->at++;
    return false;
}

static struct doc *take_open_string(struct taker *t, const struct head *h)
{
    struct buf whole = { 0 };
    struct doc *d = NULL;

    while (another(t, h, 0)) buf_add(&whole, next(t).bytes);
    if (!buf_failed(&whole))
        d = h->kind == DOC_TEXT ? doc_new_text(buf_span(&whole)) : doc_new_bytes(buf_span(&whole));
    buf_clear(&whole);
    return d;
}

static struct doc *take_array(struct taker *t, const struct head *h)
{
    struct doc *d = doc_new_array();

    for (uint64_t n = 0; another(t, h, n); n++) doc_add(d, take(t));
    return d;
}

static struct doc *take_map(struct taker *t, const struct head *h)
{
    struct doc *d = doc_new_map();

    for (uint64_t n = 0; another(t, h, n); n++) {
        struct head key = next(t);
        doc_append(d, &(struct doc_key){ key.kind == DOC_TEXT, key.number, key.bytes }, take(t));
    }
    return d;
}

static struct doc *take_as(struct taker *t, const struct head *h)
{
    switch (h->kind) {
    case DOC_NULL:
        return doc_new_null();
    case DOC_BOOL:
        return doc_new_bool(h->truth);
    case DOC_INT:
        return doc_new_int(h->number);
    case DOC_FLOAT:
        return doc_new_float(h->real);
    case DOC_TEXT:
        return h->open ? take_open_string(t, h) : doc_new_text(h->bytes);
    case DOC_BYTES:
        return h->open ? take_open_string(t, h) : doc_new_bytes(h->bytes);
    case DOC_ARRAY:
        return take_array(t, h);
    case DOC_MAP:
        return take_map(t, h);
    case DOC_TAG:
        return doc_new_tag(h->count, take(t));
    case DOC_NONE:
        break;
    }
    return NULL;
}

/* Recursion ends where the pass's did. Short of memory it reads on, and the hole is found in the end. */
static struct doc *take(struct taker *t)
{
    size_t at = t->at;
    struct head h = next(t);
    struct doc *d = take_as(t, &h);

    if (d) d->offset = at;
    return d;
}

static enum err convert(struct scan *s, struct doc **out)
{
    struct taker t = { .scan = s };
    struct doc *d = take(&t);

    if (d && !d->failed) {
        *out = d;
        return OK;
    }
    doc_free(d);
    return scan_refuse(s, ERR_NO_MEMORY, 0, "out of memory");
}

enum err doc_read_cbor(struct span in, const struct doc_limits *limits, struct doc **out, struct fault *why)
{
    struct scan s;

    *out = NULL;
    enum err e = scan_begin(&s, in, limits, why);
    if (e == OK) e = scan_cbor(&s);
    if (e == OK) e = convert(&s, out);
    scan_clear(&s);
    return e;
}

/* --- writing: RFC 8949 4.1, but members stay in their order --- */

struct writer {
    struct buf *out;
    enum err err;
};

static void fail(struct writer *w, enum err e)
{
    if (w->err == OK) w->err = e;
}

static void write_head(struct writer *w, unsigned major, uint64_t v)
{
    uint8_t head[9];
    size_t n = v < 24 ? 0 : v <= UINT8_MAX ? 1 : v <= UINT16_MAX ? 2 : v <= UINT32_MAX ? 4 : 8;
    unsigned info = n == 0 ? (unsigned)v : n == 1 ? 24 : n == 2 ? 25 : n == 4 ? 26 : 27;

    head[0] = (uint8_t)(major << 5 | info);
    for (size_t i = 0; i < n; i++) head[1 + i] = (uint8_t)(v >> 8 * (n - 1 - i));
    buf_add(w->out, span(head, 1 + n));
}

static void write_int(struct writer *w, int64_t v)
{
    if (v >= 0) {
        write_head(w, 0, (uint64_t)v);
    } else {
        write_head(w, 1, (uint64_t)(-1 - v));
    }
}

static void write_string(struct writer *w, unsigned major, struct span bytes)
{
    write_head(w, major, bytes.n);
    buf_add(w->out, bytes);
}

static void write_text(struct writer *w, struct span utf8)
{
    if (!utf8_mqtt(utf8)) fail(w, ERR_MALFORMED);
    write_string(w, 3, utf8);
}

/* The 16-bit form of a single, if it has one: 10 bits of fraction, exponents -24 to 15. */
static bool half_of(float v, uint16_t *out)
{
    uint32_t bits;
    int exponent;

    memcpy(&bits, &v, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    float size = fabsf(v);
    (void)frexpf(size, &exponent); /* size = f * 2^exponent, 0.5 <= f < 1 */
    if (size == 0 || isinf(size)) {
        *out = sign | (size == 0 ? 0 : 0x7C00);
        return true;
    }
    int places = exponent < -13 ? 24 : 11 - exponent; /* binary places that a half of this size keeps */
    float scaled = ldexpf(size, places);
    if (exponent > 16 || scaled != truncf(scaled)) return false;
    unsigned whole = (unsigned)scaled;
    *out = (uint16_t)(sign | (exponent < -13 ? whole : (unsigned)(exponent + 14) << 10 | (whole & 0x3FF)));
    return true;
}

static void write_float(struct writer *w, double v)
{
    float single = isnan(v) ? NAN : (float)v;
    uint16_t half;
    uint32_t bits;

    if (isnan(v)) {
        buf_add(w->out, span((const uint8_t[]){ 0xF9, 0x7E, 0x00 }, 3));
    } else if ((double)single != v) {
        uint64_t wide;
        memcpy(&wide, &v, sizeof wide);
        buf_u8(w->out, 0xFB);
        buf_u32(w->out, (uint32_t)(wide >> 32));
        buf_u32(w->out, (uint32_t)wide);
    } else if (half_of(single, &half)) {
        buf_u8(w->out, 0xF9);
        buf_u16(w->out, half);
    } else {
        memcpy(&bits, &single, sizeof bits);
        buf_u8(w->out, 0xFA);
        buf_u32(w->out, bits);
    }
}

static void write_value(struct writer *w, const struct doc *d);

static void write_members(struct writer *w, const struct doc *d, unsigned major)
{
    write_head(w, major, d->count);
    for (size_t i = 0; i < d->count; i++) {
        const struct doc_key *key = &d->members[i].key;
        if (d->kind == DOC_MAP && key->is_text) write_text(w, key->text);
        if (d->kind == DOC_MAP && !key->is_text) write_int(w, key->label);
        write_value(w, d->members[i].value);
    }
}

static void write_value(struct writer *w, const struct doc *d)
{
    if (!d || d->failed) {
        fail(w, ERR_NO_MEMORY);
        return;
    }
    switch (d->kind) {
    case DOC_NULL:
        buf_u8(w->out, 0xF6);
        return;
    case DOC_BOOL:
        buf_u8(w->out, d->truth ? 0xF5 : 0xF4);
        return;
    case DOC_INT:
        write_int(w, d->number);
        return;
    case DOC_FLOAT:
        write_float(w, d->real);
        return;
    case DOC_TEXT:
        write_text(w, secret_span(&d->bytes));
        return;
    case DOC_BYTES:
        write_string(w, 2, secret_span(&d->bytes));
        return;
    case DOC_ARRAY:
        write_members(w, d, 4);
        return;
    case DOC_MAP:
        write_members(w, d, 5);
        return;
    case DOC_TAG:
        write_head(w, 6, d->tag);
        write_value(w, doc_at(d, 0));
        return;
    case DOC_NONE: /* no node is of this kind */
        return;
    }
}

enum err doc_write_cbor(const struct doc *d, struct buf *out)
{
    struct writer w = { .out = out };
    size_t start = out->n;

    write_value(&w, d);
    if (w.err == OK && buf_failed(out)) w.err = ERR_NO_MEMORY;
    if (w.err != OK) buf_truncate(out, start);
    return w.err;
}
