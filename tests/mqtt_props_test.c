#include "common/codec/mqtt_props.h"

#include "common/codec/mqtt_frame.h"
#include "tests/check.h"

#define BYTES(...)                                                                 \
    {                                                                              \
        (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
    }

enum { WILL = PROPS_IN_WILL, PLACES = 16 };

/* A well-formed value of each kind, its identifier left to write in front. */
static void add_value(struct buf *out, unsigned id, enum prop_kind kind)
{
    const struct span values[] = {
        [PROP_KIND_BYTE] = BYTES(1),
        [PROP_KIND_U16] = BYTES(0x01, 0x02),
        [PROP_KIND_U32] = BYTES(0, 0, 1, 2),
        [PROP_KIND_VARINT] = BYTES(0x81, 0x01),
        [PROP_KIND_TEXT] = BYTES(0, 1, 'a'),
        [PROP_KIND_BINARY] = BYTES(0, 2, 0, 0xFF),
        [PROP_KIND_PAIR] = BYTES(0, 1, 'n', 0, 1, 'v'),
    };

    buf_u8(out, (uint8_t)id);
    buf_add(out, values[kind]);
}

static enum err read_section(struct span section, unsigned where, struct mqtt_props *out)
{
    struct buf in = { 0 };

    mqtt_varint(&in, (uint32_t)section.n);
    buf_add(&in, section);
    struct reader r = reader(buf_span(&in));
    enum err err = props_read(&r, where, out);
    if (err == OK && reader_end(&r) != OK) err = ERR_INTERNAL;
    buf_clear(&in);
    return err;
}

/* MQTT 5 Table 2-4, told a second time and the other way round: by packet, which identifiers. */
/* clang-format off */
static const struct place {
    const char *why;
    unsigned where;
    struct span ids;
} places[] = {
    { "reserved type 0 is the Will", WILL, BYTES(0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26) },
    { "CONNECT", MQTT_CONNECT, BYTES(0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27) },
    { "CONNACK", MQTT_CONNACK, BYTES(0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27,
                                     0x28, 0x29, 0x2A) },
    { "PUBLISH", MQTT_PUBLISH, BYTES(0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26) },
    { "PUBACK", MQTT_PUBACK, BYTES(0x1F, 0x26) },
    { "PUBREC", MQTT_PUBREC, BYTES(0x1F, 0x26) },
    { "PUBREL", MQTT_PUBREL, BYTES(0x1F, 0x26) },
    { "PUBCOMP", MQTT_PUBCOMP, BYTES(0x1F, 0x26) },
    { "SUBSCRIBE", MQTT_SUBSCRIBE, BYTES(0x0B, 0x26) },
    { "SUBACK", MQTT_SUBACK, BYTES(0x1F, 0x26) },
    { "UNSUBSCRIBE", MQTT_UNSUBSCRIBE, BYTES(0x26) },
    { "UNSUBACK", MQTT_UNSUBACK, BYTES(0x1F, 0x26) },
    { "PINGREQ", MQTT_PINGREQ, { NULL, 0 } },
    { "PINGRESP", MQTT_PINGRESP, { NULL, 0 } },
    { "DISCONNECT", MQTT_DISCONNECT, BYTES(0x11, 0x1C, 0x1F, 0x26) },
    { "AUTH", MQTT_AUTH, BYTES(0x15, 0x16, 0x1F, 0x26) },
};
/* clang-format on */

/* All 256 identifiers in all places: right where the table says, malformed elsewhere, and doubled only where allowed. */
static void identifiers(void)
{
    const struct place *p;

    for (EACH_ROW(p, places)) {
        for (unsigned id = 0; id < 256; id++) {
            struct mqtt_props got;
            struct buf b = { 0 };
            enum prop_kind kind = PROP_KIND_BYTE;
            bool known = prop_kind(id, &kind), here = p->ids.n && memchr(p->ids.p, (int)id, p->ids.n);
            bool again = id == PROP_USER || (id == PROP_SUBSCRIPTION_ID && p->where == MQTT_PUBLISH);

            CHECK_ROW(known || !here, p->why);
            add_value(&b, id, kind);
            CHECK_ROW(read_section(buf_span(&b), p->where, &got) == (here ? OK : ERR_MALFORMED), p->why);
            CHECK_ROW(!here || got.has == (uint64_t)1 << id, p->why);
            add_value(&b, id, kind);
            CHECK_ROW(read_section(buf_span(&b), p->where, &got) == (!here   ? ERR_MALFORMED
                                                                     : again ? OK
                                                                             : ERR_PROTOCOL),
                      p->why);
            buf_clear(&b);
        }
    }
}

/* clang-format off */
static const struct row {
    const char *why;
    unsigned where;
    struct span section;
    enum err want;
} rows[] = {
    { "payload format 1", MQTT_PUBLISH, BYTES(0x01, 1), OK },
    { "payload format 2", MQTT_PUBLISH, BYTES(0x01, 2), ERR_PROTOCOL },
    { "payload format of a Will", WILL, BYTES(0x01, 2), ERR_PROTOCOL },
    { "request problem information 2", MQTT_CONNECT, BYTES(0x17, 2), ERR_PROTOCOL },
    { "request response information 2", MQTT_CONNECT, BYTES(0x19, 2), ERR_PROTOCOL },
    { "receive maximum 0", MQTT_CONNECT, BYTES(0x21, 0, 0), ERR_PROTOCOL },
    { "receive maximum 1", MQTT_CONNACK, BYTES(0x21, 0, 1), OK },
    { "receive maximum 65535", MQTT_CONNECT, BYTES(0x21, 0xFF, 0xFF), OK },
    { "topic alias maximum 0", MQTT_CONNECT, BYTES(0x22, 0, 0), OK },
    { "topic alias 0", MQTT_PUBLISH, BYTES(0x23, 0, 0), ERR_PROTOCOL },
    { "maximum QoS 2", MQTT_CONNACK, BYTES(0x24, 2), ERR_PROTOCOL },
    { "retain available 2", MQTT_CONNACK, BYTES(0x25, 2), ERR_PROTOCOL },
    { "wildcards available 255", MQTT_CONNACK, BYTES(0x28, 255), ERR_PROTOCOL },
    { "subscription identifiers available 2", MQTT_CONNACK, BYTES(0x29, 2), ERR_PROTOCOL },
    { "shared available 2", MQTT_CONNACK, BYTES(0x2A, 2), ERR_PROTOCOL },
    { "maximum packet size 0", MQTT_CONNECT, BYTES(0x27, 0, 0, 0, 0), ERR_PROTOCOL },
    { "maximum packet size 2^32-1", MQTT_CONNECT, BYTES(0x27, 0xFF, 0xFF, 0xFF, 0xFF), OK },
    { "session expiry never", MQTT_CONNECT, BYTES(0x11, 0xFF, 0xFF, 0xFF, 0xFF), OK },
    { "subscription identifier 0", MQTT_SUBSCRIBE, BYTES(0x0B, 0), ERR_PROTOCOL },
    { "subscription identifier, largest", MQTT_SUBSCRIBE, BYTES(0x0B, 0xFF, 0xFF, 0xFF, 0x7F), OK },
    { "subscription identifier, not minimal", MQTT_SUBSCRIBE, BYTES(0x0B, 0x81, 0x00), ERR_MALFORMED },
    { "subscription identifier, five bytes", MQTT_SUBSCRIBE, BYTES(0x0B, 0x80, 0x80, 0x80, 0x80, 1), ERR_MALFORMED },
    { "identifier not minimal", MQTT_CONNECT, BYTES(0x97, 0x00, 1), ERR_MALFORMED },
    { "identifier of two bytes", MQTT_CONNECT, BYTES(0x97, 0x01, 1), ERR_MALFORMED },
    { "response topic", MQTT_PUBLISH, BYTES(0x08, 0, 3, 'a', '/', 'b'), OK },
    { "response topic empty", MQTT_PUBLISH, BYTES(0x08, 0, 0), ERR_PROTOCOL },
    { "response topic with +", MQTT_PUBLISH, BYTES(0x08, 0, 3, 'a', '/', '+'), ERR_PROTOCOL },
    { "response topic with #", WILL, BYTES(0x08, 0, 1, '#'), ERR_PROTOCOL },
    { "text with U+0000", MQTT_PUBLISH, BYTES(0x03, 0, 2, 'a', 0), ERR_MALFORMED },
    { "text with a surrogate", MQTT_PUBLISH, BYTES(0x03, 0, 3, 0xED, 0xA0, 0x80), ERR_MALFORMED },
    { "text overlong", MQTT_CONNECT, BYTES(0x15, 0, 2, 0xC0, 0xAF), ERR_MALFORMED },
    { "text in two alphabets", MQTT_PUBLISH, BYTES(0x03, 0, 4, 0xC3, 0xA4, 0xCE, 0xB1), OK },
    { "binary with any byte", MQTT_CONNECT, BYTES(0x16, 0, 2, 0, 0xFF), OK },
    { "user property, bad name", MQTT_AUTH, BYTES(0x26, 0, 1, 0xFF, 0, 1, 'v'), ERR_MALFORMED },
    { "user property, bad value", MQTT_AUTH, BYTES(0x26, 0, 1, 'n', 0, 1, 0xFF), ERR_MALFORMED },
    { "user property, same name twice", MQTT_AUTH, BYTES(0x26, 0, 1, 'n', 0, 0, 0x26, 0, 1, 'n', 0, 0), OK },
    { "[R-CONN-20] method twice", MQTT_CONNECT, BYTES(0x15, 0, 1, 'a', 0x15, 0, 1, 'a'), ERR_PROTOCOL },
    { "[R-CONN-20] data twice", MQTT_CONNECT, BYTES(0x16, 0, 0, 0x16, 0, 0), ERR_PROTOCOL },
    { "byte cut", MQTT_CONNECT, BYTES(0x17), ERR_MALFORMED },
    { "two bytes cut", MQTT_CONNECT, BYTES(0x21, 0), ERR_MALFORMED },
    { "four bytes cut", MQTT_CONNECT, BYTES(0x11, 0, 0, 0), ERR_MALFORMED },
    { "text cut", MQTT_CONNECT, BYTES(0x15, 0, 3, 'a', 'c'), ERR_MALFORMED },
    { "binary cut", MQTT_CONNECT, BYTES(0x16, 0, 3, 0, 0), ERR_MALFORMED },
    { "pair cut", MQTT_CONNECT, BYTES(0x26, 0, 1, 'n'), ERR_MALFORMED },
};
/* clang-format on */

static void values(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct mqtt_props got;
        CHECK_ROW(read_section(r->section, r->where, &got) == r->want, r->why);
    }
}

/* The property length: itself malformed, over what there is, and the reader left behind the section. */
static void section_length(void)
{
    const struct {
        const char *why;
        struct span in;
        enum err want;
        size_t left;
    } cases[] = {
        { "missing", { NULL, 0 }, ERR_MALFORMED, 0 },
        { "zero", BYTES(0x00), OK, 0 },
        { "zero, in two bytes", BYTES(0x80, 0x00), ERR_MALFORMED, 0 },
        { "more than there is", BYTES(0x03, 0x17, 1), ERR_MALFORMED, 0 },
        { "less than the property needs", BYTES(0x01, 0x17, 1), ERR_MALFORMED, 0 },
        { "payload behind", BYTES(0x02, 0x17, 1, 'x', 'y'), OK, 2 },
    }, *c;

    for (EACH_ROW(c, cases)) {
        struct mqtt_props got;
        struct reader r = reader(c->in);
        CHECK_ROW(props_read(&r, MQTT_CONNECT, &got) == c->want, c->why);
        CHECK_ROW(c->want != OK || r.left.n == c->left, c->why);
    }
}

/* One of each kind set and written: ascending order, user properties last, then read back. */
static void round_trip(void)
{
    static const uint8_t want[] = { 51,   0x01, 1,    0x02, 0, 0,   0x0E, 0x10, 0x03, 0,    1,    'c',  0x08,
                                    0,    1,    'r',  0x09, 0, 2,   0,    1,    0x0B, 0x80, 0x01, 0x0B, 0x07,
                                    0x23, 0,    9,    0x27, 0, 0,   1,    0,    0x26, 0,    1,    'b',  0,
                                    1,    '1',  0x26, 0,    1, 'a', 0,    0,    0x26, 0,    0,    0,    0 };
    struct mqtt_props p = { 0 }, got;
    struct buf b = { 0 };
    struct span value;

    props_add_user(&p, span_str("b"), span_str("1"));
    props_set_number(&p, PROP_MAXIMUM_PACKET, 256);
    props_set_number(&p, PROP_TOPIC_ALIAS, 9);
    props_set_number(&p, PROP_SUBSCRIPTION_ID, 128);
    props_set_number(&p, PROP_SUBSCRIPTION_ID, 7);
    props_set_bytes(&p, PROP_CORRELATION, span((uint8_t[]){ 0, 1 }, 2));
    props_set_bytes(&p, PROP_RESPONSE_TOPIC, span_str("r"));
    props_set_bytes(&p, PROP_CONTENT_TYPE, span_str("c"));
    props_set_number(&p, PROP_MESSAGE_EXPIRY, 3600);
    props_set_number(&p, PROP_PAYLOAD_FORMAT, 1);
    props_add_user(&p, span_str("a"), span_str(""));
    props_add_user(&p, span_str(""), span_str(""));
    props_write(&b, &p);
    CHECK(!buf_failed(&b) && span_eq(buf_span(&b), span(want, sizeof want)));

    struct reader r = reader(buf_span(&b));
    CHECK(props_read(&r, MQTT_PUBLISH, &got) == ERR_MALFORMED); /* Maximum Packet Size stands in no PUBLISH */
    p.has &= ~((uint64_t)1 << PROP_MAXIMUM_PACKET);
    buf_truncate(&b, 0);
    props_write(&b, &p);
    r = reader(buf_span(&b));
    CHECK(props_read(&r, MQTT_PUBLISH, &got) == OK && reader_end(&r) == OK);
    CHECK(got.has == p.has && got.users == 3 && got.sub_ids == 2);
    CHECK(got.sub_id[0] == 128 && got.sub_id[1] == 7 && got.number[PROP_MESSAGE_EXPIRY] == 3600);
    CHECK(span_is(got.bytes[PROP_CONTENT_TYPE], "c") && got.number[PROP_TOPIC_ALIAS] == 9);
    CHECK(props_user(&got, "b", &value) && span_is(value, "1"));
    CHECK(!props_user(&got, "c", &value));
    for (size_t cut = 0; cut < b.n; cut++) {
        r = reader(span(b.p, cut));
        CHECK(props_read(&r, MQTT_PUBLISH, &got) == ERR_MALFORMED);
    }
    props_clear(&p);
    buf_truncate(&b, 0);
    props_write(&b, &p);
    CHECK(b.n == 1 && b.p[0] == 0);
    buf_clear(&b);
}

static void limits(void)
{
    struct mqtt_props p = { 0 }, got;
    struct buf b = { 0 };

    for (unsigned i = 0; i < MQTT_MAX_USER_PROPS + 1; i++) {
        CHECK(read_section(buf_span(&b), MQTT_AUTH, &got) == OK && got.users == i);
        add_value(&b, PROP_USER, PROP_KIND_PAIR);
        props_add_user(&p, span_str("n"), span_str("v"));
    }
    CHECK(read_section(buf_span(&b), MQTT_AUTH, &got) == ERR_TOO_LARGE);
    CHECK(p.users == MQTT_MAX_USER_PROPS);
    buf_truncate(&b, 0);
    for (unsigned i = 0; i < MQTT_MAX_SUBSCRIPTION_IDS + 1; i++) {
        CHECK(read_section(buf_span(&b), MQTT_PUBLISH, &got) == OK && got.sub_ids == i);
        add_value(&b, PROP_SUBSCRIPTION_ID, PROP_KIND_VARINT);
        props_set_number(&p, PROP_SUBSCRIPTION_ID, 1);
    }
    CHECK(read_section(buf_span(&b), MQTT_PUBLISH, &got) == ERR_TOO_LARGE);
    CHECK(p.sub_ids == MQTT_MAX_SUBSCRIPTION_IDS);
    buf_clear(&b);

    static const uint8_t long_text[UINT16_MAX + 1];
    props_clear(&p);
    props_set_bytes(&p, PROP_AUTH_DATA, span(long_text, UINT16_MAX));
    CHECK(props_fit(&p));
    props_set_bytes(&p, PROP_AUTH_DATA, span(long_text, UINT16_MAX + 1));
    CHECK(!props_fit(&p));
    props_clear(&p);
    props_add_user(&p, span_str("n"), span(long_text, UINT16_MAX + 1));
    CHECK(!props_fit(&p));
}

static void names(void)
{
    unsigned known = 0;

    for (unsigned id = 0; id < 256; id++) {
        const char *word = prop_word(id);
        CHECK((word != NULL) == (prop_name(id) != NULL));
        if (!word) continue;
        known++;
        CHECK(prop_by_word(word) == id);
    }
    CHECK(known == 27);
    CHECK(prop_by_word("auth_method") == PROP_AUTH_METHOD && prop_by_word("nothing") == 0);
    CHECK(strcmp(prop_name(PROP_AUTH_METHOD), "Authentication Method") == 0);
}

CU_TestInfo mqtt_props_tests[] = {
    { "identifiers in every packet", identifiers },
    { "values and ranges", values },
    { "section length", section_length },
    { "round trip", round_trip },
    { "limits", limits },
    { "names", names },
    CU_TEST_INFO_NULL,
};
