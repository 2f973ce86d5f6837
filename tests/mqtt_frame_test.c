#include "common/codec/mqtt_frame.h"
#include "tests/check.h"

#define BYTES(...)                                                                 \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }

/* MQTT 5 Table 1-1: the first and last value of each width. */
static const struct number {
    const char *why;
    uint32_t v;
    struct span wire;
} numbers[] = {
    { "0", 0, BYTES(0x00) },
    { "127", 127, BYTES(0x7F) },
    { "128", 128, BYTES(0x80, 0x01) },
    { "16383", 16383, BYTES(0xFF, 0x7F) },
    { "16384", 16384, BYTES(0x80, 0x80, 0x01) },
    { "2097151", 2097151, BYTES(0xFF, 0xFF, 0x7F) },
    { "2097152", 2097152, BYTES(0x80, 0x80, 0x80, 0x01) },
    { "268435455", 268435455, BYTES(0xFF, 0xFF, 0xFF, 0x7F) },
};

static void varint(void)
{
    const struct number *n;

    for (EACH_ROW(n, numbers)) {
        struct buf b = { 0 };
        mqtt_varint(&b, n->v);
        CHECK_ROW(!buf_failed(&b) && span_eq(buf_span(&b), n->wire), n->why);
        struct reader r = reader(n->wire);
        CHECK_ROW(mqtt_read_varint(&r) == n->v && reader_end(&r) == OK, n->why);
        for (size_t cut = 0; cut < n->wire.n; cut++) {
            r = reader(span(n->wire.p, cut));
            CHECK_ROW(mqtt_read_varint(&r) == 0 && r.bad, n->why);
        }
        buf_clear(&b);
    }
    struct buf over = { 0 };
    mqtt_varint(&over, MQTT_MAX_BODY + 1);
    CHECK(buf_failed(&over));
    buf_clear(&over);
}

static const struct bad {
    const char *why;
    struct span wire;
} bads[] = {
    { "0 in two bytes", BYTES(0x80, 0x00) },
    { "127 in two bytes", BYTES(0xFF, 0x00) },
    { "0 in four bytes", BYTES(0x80, 0x80, 0x80, 0x00) },
    { "five bytes", BYTES(0x80, 0x80, 0x80, 0x80, 0x01) },
    { "a fourth byte that goes on", BYTES(0xFF, 0xFF, 0xFF, 0xFF) },
};

static void varint_refused(void)
{
    const struct bad *b;

    for (EACH_ROW(b, bads)) {
        struct reader r = reader(b->wire);
        CHECK_ROW(mqtt_read_varint(&r) == 0 && r.bad, b->why);
        struct buf in = { 0 };
        struct mqtt_frame f;
        size_t used = 9;
        enum mqtt_more more = MQTT_FRAME_WHOLE;
        buf_u8(&in, 0x30);
        buf_add(&in, b->wire);
        CHECK_ROW(mqtt_frame_next(buf_span(&in), SIZE_MAX, &f, &used, &more) == ERR_MALFORMED, b->why);
        CHECK_ROW(used == 0 && more == MQTT_FRAME_MORE, b->why);
        buf_clear(&in);
    }
}

static const struct cut {
    const char *why;
    struct span in;
    size_t max;
    enum err err;
    enum mqtt_more more;
    size_t used, body;
} cuts[] = {
    { "nothing yet", { NULL, 0 }, 100, OK, MQTT_FRAME_MORE, 0, 0 },
    { "only the type", BYTES(0xC0), 100, OK, MQTT_FRAME_MORE, 0, 0 },
    { "length not whole", BYTES(0x30, 0x80), 100, OK, MQTT_FRAME_MORE, 0, 0 },
    { "an empty body", BYTES(0xC0, 0x00), 100, OK, MQTT_FRAME_WHOLE, 2, 0 },
    { "body not whole", BYTES(0x40, 0x02, 0x00), 100, OK, MQTT_FRAME_MORE, 0, 0 },
    { "whole", BYTES(0x40, 0x02, 0x00, 0x01), 100, OK, MQTT_FRAME_WHOLE, 4, 2 },
    { "whole, and the next begins", BYTES(0x40, 0x02, 0, 1, 0xC0), 100, OK, MQTT_FRAME_WHOLE, 4, 2 },
    { "exactly the limit", BYTES(0x40, 0x02, 0, 1), 4, OK, MQTT_FRAME_WHOLE, 4, 2 },
    { "over the limit", BYTES(0x40, 0x02, 0, 1), 3, ERR_TOO_LARGE, MQTT_FRAME_MORE, 0, 0 },
    { "over the limit, told before the body", BYTES(0x40, 0x63), 100, ERR_TOO_LARGE, MQTT_FRAME_MORE, 0, 0 },
    { "the longest packet, announced", BYTES(0x30, 0xFF, 0xFF, 0xFF, 0x7F), 16384, ERR_TOO_LARGE,
      MQTT_FRAME_MORE, 0, 0 },
    { "the longest packet, allowed", BYTES(0x30, 0xFF, 0xFF, 0xFF, 0x7F), SIZE_MAX, OK, MQTT_FRAME_MORE, 0,
      0 },
};

static void frames(void)
{
    const struct cut *c;

    for (EACH_ROW(c, cuts)) {
        struct mqtt_frame f;
        size_t used = 99;
        enum mqtt_more more;
        CHECK_ROW(mqtt_frame_next(c->in, c->max, &f, &used, &more) == c->err, c->why);
        CHECK_ROW(more == c->more && used == c->used && f.body.n == c->body, c->why);
        CHECK_ROW(c->in.n == 0 || f.first == c->in.p[0], c->why);
    }
}

/* A length written afterwards, whatever was guessed before. */
static void open_close(void)
{
    static const size_t sizes[] = { 0, 1, 127, 128, 16383, 16384, 2097152 }, *n, *guess;

    for (n = sizes; n < sizes + 7; n++) {
        for (guess = sizes; guess < sizes + 7; guess++) {
            struct buf b = { 0 };
            buf_u8(&b, 0x30);
            struct mqtt_length l = mqtt_open(&b, *guess);
            uint8_t *body = buf_room(&b, *n);
            CHECK(body != NULL);
            for (size_t i = 0; i < *n; i += 61) body[i] = (uint8_t)i;
            mqtt_close(&b, l);

            struct mqtt_frame f;
            size_t used;
            enum mqtt_more more;
            CHECK(mqtt_frame_next(buf_span(&b), SIZE_MAX, &f, &used, &more) == OK && used == b.n &&
                  f.body.n == *n);
            bool same = true;
            for (size_t i = 0; i < f.body.n; i += 61) same &= f.body.p[i] == (uint8_t)i;
            CHECK(same);
            buf_clear(&b);
        }
    }
}

CU_TestInfo mqtt_frame_tests[] = {
    { "variable byte integers", varint },
    { "refused integers", varint_refused },
    { "frames", frames },
    { "length written afterwards", open_close },
    CU_TEST_INFO_NULL,
};
