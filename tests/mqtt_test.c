#include "common/codec/mqtt.h"

#include "common/codec/mqtt_reason.h"
#include "common/codec/text.h"
#include "tests/check.h"

enum { WHOLE_MAX = 4, NONE = 99 };
static const enum mqtt_version V3 = MQTT_V311, V5 = MQTT_V5;

static enum err decode(struct span wire, enum mqtt_version version, struct mqtt_packet *out)
{
    struct mqtt_frame f;
    size_t used;
    enum mqtt_more more;

    TRY(mqtt_frame_next(wire, SIZE_MAX, &f, &used, &more));
    if (more == MQTT_FRAME_MORE || used != wire.n) return ERR_INTERNAL;
    return mqtt_decode(&f, version, out);
}

/* Hex with blanks between the fields; `out` must outlive the packet that borrows from it. */
static struct span bytes(const char *hex, struct buf *out)
{
    struct buf plain = { 0 };

    buf_truncate(out, 0);
    for (; *hex; hex++) {
        if (*hex != ' ') buf_u8(&plain, (uint8_t)*hex);
    }
    CHECK_ROW(hex_decode(buf_span(&plain), out) == OK, hex);
    buf_clear(&plain);
    return buf_span(out);
}

static enum err decode_hex(const char *hex, enum mqtt_version version, struct buf *keep,
                           struct mqtt_packet *out)
{
    return decode(bytes(hex, keep), version, out);
}

/*
 * Packets in their one canonical form. `whole`: body lengths at which the packet, cut, still parses (and may then be
 * judged a protocol error): after each filter, each reason, and where reason and properties may be left out.
 */
/* clang-format off */
static const struct vector {
    const char *why;
    unsigned version;
    const char *hex;
    int whole[WHOLE_MAX];
} vectors[] = {
    { "3.1.1 CONNECT, least", 4, "10 0c 0004 4d515454 04 02 003c 0000", { NONE } },
    { "3.1.1 CONNECT, all", 4,
      "10 20 0004 4d515454 04 ee 000a 0002 6964 0001 77 0002 0001 0005 6163655961 0002 ff00", { NONE } },
    { "3.1.1 CONNACK, session", 4, "20 02 01 00", { NONE } },
    { "3.1.1 CONNACK, not authorized", 4, "20 02 00 05", { NONE } },
    { "3.1.1 CONNACK by a broker for 5 only [R-V311-03]", 4, "20 02 00 84", { NONE } },
    { "3.1.1 PUBLISH QoS 0", 4, "30 03 0001 61", { NONE } },
    { "3.1.1 PUBLISH QoS 1, retain", 4, "33 05 0001 61 0001", { NONE } },
    { "3.1.1 PUBLISH QoS 2, duplicate", 4, "3c 05 0001 61 ffff", { NONE } },
    { "3.1.1 PUBACK", 4, "40 02 0001", { NONE } },
    { "3.1.1 PUBREC", 4, "50 02 0002", { NONE } },
    { "3.1.1 PUBREL", 4, "62 02 0003", { NONE } },
    { "3.1.1 PUBCOMP", 4, "70 02 0004", { NONE } },
    { "3.1.1 SUBSCRIBE", 4, "82 0b 0001 0003 612f62 01 0000 02", { 2, 8, NONE } },
    { "3.1.1 SUBACK", 4, "90 06 0001 00 01 02 80", { 2, 3, 4, 5 } },
    { "3.1.1 UNSUBSCRIBE", 4, "a2 08 0001 0001 61 0001 62", { 2, 5, NONE } },
    { "3.1.1 UNSUBACK", 4, "b0 02 0001", { NONE } },
    { "3.1.1 PINGREQ", 4, "c0 00", { NONE } },
    { "3.1.1 PINGRESP", 4, "d0 00", { NONE } },
    { "3.1.1 DISCONNECT", 4, "e0 00", { NONE } },
    { "CONNECT, least", 5, "10 0d 0004 4d515454 05 00 0000 00 0000", { NONE } },
    { "CONNECT, method ace, no data", 5, "10 17 0004 4d515454 05 02 003c 06 15 0003 616365 0004 64657631", { NONE } },
    { "CONNECT, method ace, token only", 5,
      "10 1d 0004 4d515454 05 02 003c 0e 15 0003 616365 16 0005 0003 746f6b 0002 6964", { NONE } },
    { "CONNECT, password without user name", 5, "10 11 0004 4d515454 05 42 0000 00 0000 0002 7077", { NONE } },
    { "CONNECT, Will with properties", 5,
      "10 24 0004 4d515454 05 2e 0000 05 11 ffffffff 0001 63 07 01 01 18 0000000a 0003 772f74 0002 6279", { NONE } },
    { "CONNACK, least", 5, "20 03 00 00 00", { NONE } },
    { "CONNACK, method repeated", 5, "20 09 01 00 06 15 0003 616365", { NONE } },
    { "CONNACK, refused with a hint", 5,
      "20 14 00 87 11 26 000b 6163655f61735f68696e74 0001 7b", { NONE } },
    { "PUBLISH QoS 0", 5, "30 04 0001 61 00", { NONE } },
    { "PUBLISH by alias alone", 5, "30 06 0000 03 23 0001", { NONE } },
    { "PUBLISH QoS 2 with two subscription identifiers", 5, "35 0b 0001 61 0007 05 0b 01 0b 80 01", { NONE } },
    { "PUBACK, short", 5, "40 02 0001", { NONE } },
    { "PUBACK, no matching subscribers", 5, "40 04 0001 10 00", { 2, 3, NONE } },
    { "PUBREC, not authorized, told why", 5, "50 08 0001 87 04 1f 0001 78", { 2, 3, NONE } },
    { "PUBREL", 5, "62 02 0001", { NONE } },
    { "PUBCOMP, unknown", 5, "70 04 0001 92 00", { 2, 3, NONE } },
    { "PUBACK, success with a property", 5, "40 08 0001 00 04 1f 0001 78", { 2, 3, NONE } },
    { "SUBSCRIBE", 5, "82 0d 0001 02 0b 01 0001 61 2e 0001 23 01", { 5, 9, NONE } },
    { "SUBACK", 5, "90 06 0001 00 02 87 a2", { 3, 4, 5, NONE } },
    { "UNSUBSCRIBE", 5, "a2 09 0001 00 0001 61 0001 62", { 3, 6, NONE } },
    { "UNSUBACK", 5, "b0 05 0001 00 00 11", { 3, 4, NONE } },
    { "PINGREQ", 5, "c0 00", { NONE } },
    { "PINGRESP", 5, "d0 00", { NONE } },
    { "DISCONNECT, short", 5, "e0 00", { NONE } },
    { "DISCONNECT, not authorized", 5, "e0 02 87 00", { 0, 1, NONE } },
    { "DISCONNECT, with Will and expiry", 5, "e0 07 04 05 11 00000000", { 0, 1, NONE } },
    { "AUTH, short", 5, "f0 00", { NONE } },
    { "AUTH, challenge", 5, "f0 13 18 11 15 0003 616365 16 0008 0102030405060708", { 0, NONE } },
    { "AUTH, answer with HS256", 5,
      "f0 33 18 31 15 0003 616365 16 0028 1112131415161718"
      "07215b998b9a990c5cc6a160e9180b487dc80d13a7e464ed0d1298cfbf652467", { 0, NONE } },
    { "AUTH, answer with Ed25519", 5,
      "f0 53 18 51 15 0003 616365 16 0048 1112131415161718"
      "9394315bb7cc09ebdd822d58fef76a917453265028d4a1ce48d0dd87df352afc"
      "fe30126bb1808f9cfbbc59bb2b1b0a660eb0fc0830e9136c158ab6751093df0e", { 0, NONE } },
    { "AUTH, re-authenticate", 5, "f0 10 19 0e 15 0003 616365 16 0005 0003 746f6b", { 0, NONE } },
    { "AUTH, success", 5, "f0 08 00 06 15 0003 616365", { 0, NONE } },
};
/* clang-format on */

static bool parses_at(const struct vector *v, size_t n)
{
    for (int i = 0; i < WHOLE_MAX; i++) {
        if (v->whole[i] == (int)n) return true;
        if (v->whole[i] == NONE) return false;
    }
    return false;
}

static void canonical(void)
{
    const struct vector *v;
    struct buf wire = { 0 }, again = { 0 };

    for (EACH_ROW(v, vectors)) {
        struct mqtt_packet p;
        CHECK_ROW(decode_hex(v->hex, v->version, &wire, &p) == OK, v->why);
        CHECK_ROW(p.type == wire.p[0] >> 4 && p.version == v->version, v->why);
        buf_truncate(&again, 0);
        CHECK_ROW(mqtt_encode(&p, &again) == OK && span_eq(buf_span(&again), buf_span(&wire)), v->why);
    }
    buf_clear(&wire);
    buf_clear(&again);
}

/* A packet cut on the line asks for more; a body cut inside its frame is malformed, or one of the shorter forms. */
static void truncated(void)
{
    const struct vector *v;
    struct buf wire = { 0 };

    for (EACH_ROW(v, vectors)) {
        struct span all = bytes(v->hex, &wire), body = span_skip(all, 2);
        CHECK_ROW(body.n == all.p[1], v->why);
        for (size_t cut = 0; cut < all.n; cut++) {
            struct mqtt_frame f;
            size_t used;
            enum mqtt_more more;
            CHECK_ROW(mqtt_frame_next(span(all.p, cut), SIZE_MAX, &f, &used, &more) == OK, v->why);
            CHECK_ROW(more == MQTT_FRAME_MORE && used == 0, v->why);
        }
        for (size_t cut = 0; cut < body.n; cut++) {
            struct mqtt_packet p;
            struct mqtt_frame f = { all.p[0], span(body.p, cut) };
            enum err err = mqtt_decode(&f, v->version, &p);
            CHECK_ROW((err == ERR_MALFORMED) != parses_at(v, cut), v->why);
        }
    }
    buf_clear(&wire);
}

/* One byte too many is malformed, except where the body ends in a payload or in a list that goes on. */
static void too_long(void)
{
    const struct vector *v;
    struct buf wire = { 0 };

    for (EACH_ROW(v, vectors)) {
        struct mqtt_packet p;
        bytes(v->hex, &wire);
        buf_u8(&wire, 0);
        struct mqtt_frame f = { wire.p[0], span_skip(buf_span(&wire), 2) };
        enum err err = mqtt_decode(&f, v->version, &p);
        unsigned type = wire.p[0] >> 4;
        bool list =
            type == MQTT_PUBLISH || type == MQTT_SUBACK || (type == MQTT_UNSUBACK && v->version == V5);
        bool tail = v->version == V5 && (type >= MQTT_PUBACK && type <= MQTT_PUBCOMP) && f.body.n == 3;
        bool bye = v->version == V5 && type == MQTT_DISCONNECT && f.body.n == 1;
        CHECK_ROW(err == (list || tail || bye ? OK : ERR_MALFORMED), v->why);
    }
    buf_clear(&wire);
}

/* Other spellings the standard allows: read alike, written short. */
static void other_spellings(void)
{
    static const struct row {
        const char *why, *hex, *canonical;
    } rows[] = {
        { "PUBACK with reason alone", "40 03 0001 10", "40 04 0001 10 00" },
        { "PUBACK, success in full", "40 04 0001 00 00", "40 02 0001" },
        { "DISCONNECT with reason alone", "e0 01 8e", "e0 02 8e 00" },
        { "DISCONNECT, normal in full", "e0 02 00 00", "e0 00" },
        { "AUTH, success in full", "f0 02 00 00", "f0 00" },
        { "properties in another order", "f0 0d 18 0b 16 0002 0001 15 0003 616365", "f0 0d 18 0b 15 0003 616365 16 0002 0001" },
        { "user properties go last", "20 0d 00 00 0a 26 0001 61 0000 24 01 25 01", "20 0d 00 00 0a 24 01 25 01 26 0001 61 0000" },
    }, *r;
    struct buf wire = { 0 }, want = { 0 }, got = { 0 };

    for (EACH_ROW(r, rows)) {
        struct mqtt_packet p;
        CHECK_ROW(decode_hex(r->hex, V5, &wire, &p) == OK, r->why);
        buf_truncate(&got, 0);
        CHECK_ROW(mqtt_encode(&p, &got) == OK && span_eq(buf_span(&got), bytes(r->canonical, &want)), r->why);
    }
    buf_clear(&wire);
    buf_clear(&want);
    buf_clear(&got);
}

/* clang-format off */
static const struct refused {
    const char *why;
    unsigned version;
    const char *hex;
    enum err want;
} refusals[] = {
    { "type 0", 5, "00 00", ERR_MALFORMED },
    { "type 0 in 3.1.1", 4, "00 00", ERR_MALFORMED },
    { "AUTH in 3.1.1", 4, "f0 00", ERR_MALFORMED },
    { "CONNECT, reserved flag", 5, "10 0d 0004 4d515454 05 01 0000 00 0000", ERR_MALFORMED },
    { "CONNECT, reserved flag, 3.1.1", 4, "10 0c 0004 4d515454 04 03 0000 0000", ERR_MALFORMED },
    { "CONNECT, Will QoS without Will", 5, "10 0d 0004 4d515454 05 08 0000 00 0000", ERR_MALFORMED },
    { "CONNECT, Will Retain without Will", 5, "10 0d 0004 4d515454 05 20 0000 00 0000", ERR_MALFORMED },
    { "CONNECT, Will QoS 3", 5, "10 13 0004 4d515454 05 1e 0000 00 0000 00 0001 77 0000", ERR_MALFORMED },
    { "CONNECT, Will flag and no Will", 5, "10 0d 0004 4d515454 05 04 0000 00 0000", ERR_MALFORMED },
    { "CONNECT, user name not there", 5, "10 0d 0004 4d515454 05 82 0000 00 0000", ERR_MALFORMED },
    { "CONNECT, password without user name, 3.1.1", 4, "10 0e 0004 4d515454 04 42 0000 0000 0000", ERR_PROTOCOL },
    { "CONNECT, empty id keeps a session, 3.1.1", 4, "10 0c 0004 4d515454 04 00 0000 0000", ERR_CLIENT_ID },
    { "CONNECT, other protocol", 5, "10 0d 0004 48545450 05 02 0000 00 0000", ERR_MALFORMED },
    { "CONNECT, protocol in small letters", 5, "10 0d 0004 6d717474 05 02 0000 00 0000", ERR_MALFORMED },
    { "CONNECT, no protocol", 5, "10 02 0000", ERR_MALFORMED },
    { "CONNECT, MQTT 3.1", 5, "10 10 0006 4d5149736470 03 02 003c 0002 6964", ERR_VERSION },
    { "CONNECT, MQIsdp at level 5", 5, "10 0a 0006 4d5149736470 05 02", ERR_VERSION },
    { "CONNECT, level 6 and nothing we know behind it", 5, "10 09 0004 4d515454 06 ffff", ERR_VERSION },
    { "CONNECT, level 0", 4, "10 07 0004 4d515454 00", ERR_VERSION },
    { "[R-CONN-18] data without method", 5, "10 10 0004 4d515454 05 02 0000 03 16 0000 0000", ERR_PROTOCOL },
    { "[R-CONN-20] method twice", 5, "10 15 0004 4d515454 05 02 0000 08 15 0001 61 15 0001 61 0000", ERR_PROTOCOL },
    { "[R-CONN-20] data twice", 5, "10 17 0004 4d515454 05 02 0000 0a 15 0001 61 16 0000 16 0000 0000", ERR_PROTOCOL },
    { "CONNECT, property of the Will outside it", 5, "10 12 0004 4d515454 05 02 0000 05 18 00000001 0000", ERR_MALFORMED },
    { "CONNECT, property of CONNECT in the Will", 5,
      "10 18 0004 4d515454 05 06 0000 00 0000 05 11 00000001 0001 77 0000", ERR_MALFORMED },
    { "CONNECT, receive maximum 0", 5, "10 10 0004 4d515454 05 02 0000 03 21 0000 0000", ERR_PROTOCOL },
    { "CONNECT, client id with U+0000", 5, "10 0e 0004 4d515454 05 02 0000 00 0001 00", ERR_MALFORMED },
    { "CONNECT, user name not UTF-8", 5, "10 10 0004 4d515454 05 82 0000 00 0000 0001 ff", ERR_MALFORMED },
    { "CONNECT, Will topic not UTF-8", 5, "10 13 0004 4d515454 05 06 0000 00 0000 00 0001 ff 0000", ERR_MALFORMED },
    { "CONNACK, reserved flag", 5, "20 03 02 00 00", ERR_MALFORMED },
    { "CONNACK, reserved flag, 3.1.1", 4, "20 02 80 00", ERR_MALFORMED },
    { "CONNACK, refused with a session", 5, "20 03 01 87 00", ERR_PROTOCOL },
    { "CONNACK, refused with a session, 3.1.1", 4, "20 02 01 05", ERR_PROTOCOL },
    { "CONNACK, reason of SUBACK", 5, "20 03 00 01 00", ERR_PROTOCOL },
    { "CONNACK, return code 6, 3.1.1", 4, "20 02 00 06", ERR_PROTOCOL },
    { "CONNACK, properties in 3.1.1", 4, "20 03 00 00 00", ERR_MALFORMED },
    { "CONNACK, maximum QoS 2", 5, "20 05 00 00 02 24 02", ERR_PROTOCOL },
    { "PUBLISH, QoS 3", 5, "36 06 0001 61 0001 00", ERR_MALFORMED },
    { "PUBLISH, QoS 3, 3.1.1", 4, "36 05 0001 61 0001", ERR_MALFORMED },
    { "PUBLISH, duplicate of QoS 0", 5, "38 04 0001 61 00", ERR_MALFORMED },
    { "PUBLISH, identifier 0", 5, "32 06 0001 61 0000 00", ERR_PROTOCOL },
    { "PUBLISH, identifier 0, 3.1.1", 4, "32 05 0001 61 0000", ERR_PROTOCOL },
    { "PUBLISH, no topic", 5, "30 03 0000 00", ERR_PROTOCOL },
    { "PUBLISH, no topic, 3.1.1", 4, "30 02 0000", ERR_PROTOCOL },
    { "PUBLISH, alias 0", 5, "30 06 0000 03 23 0000", ERR_PROTOCOL },
    { "PUBLISH, alias twice", 5, "30 09 0000 06 23 0001 23 0001", ERR_PROTOCOL },
    { "PUBLISH, subscription identifier 0", 5, "30 06 0001 61 02 0b 00", ERR_PROTOCOL },
    { "PUBLISH, payload format 2", 5, "30 06 0001 61 02 01 02", ERR_PROTOCOL },
    { "PUBLISH, topic with U+0000", 5, "30 04 0001 00 00", ERR_MALFORMED },
    { "PUBLISH, topic is half a character", 4, "30 03 0001 c3", ERR_MALFORMED },
    { "PUBACK, identifier 0", 5, "40 02 0000", ERR_PROTOCOL },
    { "PUBREL, identifier 0, 3.1.1", 4, "62 02 0000", ERR_PROTOCOL },
    { "PUBACK, reason in 3.1.1", 4, "40 03 0001 00", ERR_MALFORMED },
    { "PUBREL, reason of PUBREC", 5, "62 03 0001 87", ERR_PROTOCOL },
    { "PUBACK, reason string twice", 5, "40 0a 0001 00 06 1f 0000 1f 0000", ERR_PROTOCOL },
    { "SUBSCRIBE, identifier 0", 5, "82 07 0000 00 0001 61 00", ERR_PROTOCOL },
    { "SUBSCRIBE, no filter", 5, "82 03 0001 00", ERR_PROTOCOL },
    { "SUBSCRIBE, no filter, 3.1.1", 4, "82 02 0001", ERR_PROTOCOL },
    { "SUBSCRIBE, QoS 3", 5, "82 07 0001 00 0001 61 03", ERR_PROTOCOL },
    { "SUBSCRIBE, QoS 3, 3.1.1", 4, "82 06 0001 0001 61 03", ERR_MALFORMED },
    { "SUBSCRIBE, No Local in 3.1.1", 4, "82 06 0001 0001 61 04", ERR_MALFORMED },
    { "SUBSCRIBE, retain handling 3", 5, "82 07 0001 00 0001 61 30", ERR_PROTOCOL },
    { "SUBSCRIBE, reserved bit 6", 5, "82 07 0001 00 0001 61 40", ERR_MALFORMED },
    { "SUBSCRIBE, reserved bit 7", 5, "82 07 0001 00 0001 61 80", ERR_MALFORMED },
    { "SUBSCRIBE, the second filter counts too", 5, "82 0b 0001 00 0001 61 00 0001 62 03", ERR_PROTOCOL },
    { "SUBSCRIBE, No Local on a shared one", 5, "82 10 0001 00 000a 2473686172652f672f61 04", ERR_PROTOCOL },
    { "SUBSCRIBE, two identifiers", 5, "82 0b 0001 04 0b 01 0b 02 0001 61 00", ERR_PROTOCOL },
    { "SUBSCRIBE, filter not UTF-8", 5, "82 07 0001 00 0001 fe 00", ERR_MALFORMED },
    { "SUBACK, identifier 0", 5, "90 04 0000 00 00", ERR_PROTOCOL },
    { "SUBACK, no reason", 5, "90 03 0001 00", ERR_PROTOCOL },
    { "SUBACK, no return code, 3.1.1", 4, "90 02 0001", ERR_PROTOCOL },
    { "SUBACK, QoS 3", 5, "90 05 0001 00 00 03", ERR_PROTOCOL },
    { "SUBACK, a reason of 5 in 3.1.1", 4, "90 03 0001 87", ERR_PROTOCOL },
    { "UNSUBSCRIBE, identifier 0", 5, "a2 06 0000 00 0001 61", ERR_PROTOCOL },
    { "UNSUBSCRIBE, no filter", 5, "a2 03 0001 00", ERR_PROTOCOL },
    { "UNSUBSCRIBE, no filter, 3.1.1", 4, "a2 02 0001", ERR_PROTOCOL },
    { "UNSUBSCRIBE, subscription identifier", 5, "a2 08 0001 02 0b 01 0001 61", ERR_MALFORMED },
    { "UNSUBACK, identifier 0", 5, "b0 04 0000 00 00", ERR_PROTOCOL },
    { "UNSUBACK, no reason", 5, "b0 03 0001 00", ERR_PROTOCOL },
    { "UNSUBACK, identifier 0, 3.1.1", 4, "b0 02 0000", ERR_PROTOCOL },
    { "UNSUBACK, reason in 3.1.1", 4, "b0 03 0001 00", ERR_MALFORMED },
    { "PINGREQ with a body", 5, "c0 01 00", ERR_MALFORMED },
    { "DISCONNECT with a reason in 3.1.1", 4, "e0 01 00", ERR_MALFORMED },
    { "DISCONNECT, reason of CONNACK", 5, "e0 01 84", ERR_PROTOCOL },
    { "DISCONNECT, session expiry twice", 5, "e0 0c 00 0a 11 00000000 11 00000000", ERR_PROTOCOL },
    { "AUTH, reason without properties", 5, "f0 01 18", ERR_MALFORMED },
    { "AUTH, no method", 5, "f0 02 18 00", ERR_PROTOCOL },
    { "AUTH, data without method", 5, "f0 06 00 04 16 0001 00", ERR_PROTOCOL },
    { "AUTH, not authorized is no reason here", 5, "f0 08 87 06 15 0003 616365", ERR_PROTOCOL },
    { "AUTH, reason 1", 5, "f0 08 01 06 15 0003 616365", ERR_PROTOCOL },
};
/* clang-format on */

static void refused(void)
{
    const struct refused *r;
    struct buf wire = { 0 };

    for (EACH_ROW(r, refusals)) {
        struct mqtt_packet p;
        CHECK_ROW(decode_hex(r->hex, r->version, &wire, &p) == r->want, r->why);
        CHECK_ROW(p.type == wire.p[0] >> 4, r->why);
    }
    buf_clear(&wire);
}

/* MQTT 5 Table 2-2: 15 types, 16 flag nibbles, both versions; only PUBLISH has a choice. */
static void flags(void)
{
    static const struct row {
        const char *hex3, *hex5;
        unsigned allowed; /* bit per nibble */
    } rows[16] = {
        [MQTT_CONNECT] = { "10 0c 0004 4d515454 04 02 0000 0000", "10 0d 0004 4d515454 05 02 0000 00 0000",
                           1 },
        [MQTT_CONNACK] = { "20 02 00 00", "20 03 00 00 00", 1 },
        [MQTT_PUBLISH] = { "30 06 0001 61 0001 00", "30 06 0001 61 0001 00",
                           0x3C3F }, /* no QoS 3, no duplicate of QoS 0 */
        [MQTT_PUBACK] = { "40 02 0001", "40 02 0001", 1 },
        [MQTT_PUBREC] = { "50 02 0001", "50 02 0001", 1 },
        [MQTT_PUBREL] = { "60 02 0001", "60 02 0001", 4 },
        [MQTT_PUBCOMP] = { "70 02 0001", "70 02 0001", 1 },
        [MQTT_SUBSCRIBE] = { "80 06 0001 0001 61 00", "80 07 0001 00 0001 61 00", 4 },
        [MQTT_SUBACK] = { "90 03 0001 00", "90 04 0001 00 00", 1 },
        [MQTT_UNSUBSCRIBE] = { "a0 05 0001 0001 61", "a0 06 0001 00 0001 61", 4 },
        [MQTT_UNSUBACK] = { "b0 02 0001", "b0 04 0001 00 00", 1 },
        [MQTT_PINGREQ] = { "c0 00", "c0 00", 1 },
        [MQTT_PINGRESP] = { "d0 00", "d0 00", 1 },
        [MQTT_DISCONNECT] = { "e0 00", "e0 00", 1 },
        [MQTT_AUTH] = { NULL, "f0 00", 1 },
    };
    struct buf wire = { 0 };

    for (unsigned type = 1; type < 16; type++) {
        for (unsigned nibble = 0; nibble < 16; nibble++) {
            for (unsigned version = V3; version <= V5; version++) {
                const char *hex = version == V5 ? rows[type].hex5 : rows[type].hex3;
                struct mqtt_packet p;
                bytes(hex ? hex : "f0 00", &wire);
                wire.p[0] = (uint8_t)(type << 4 | nibble);
                bool want = hex && rows[type].allowed >> nibble & 1;
                CHECK_ROW(decode(buf_span(&wire), version, &p) == (want ? OK : ERR_MALFORMED),
                          mqtt_type_name(type));
            }
        }
    }
    buf_clear(&wire);
}

/* The lists of MQTT 5 3.2.2.2 to 3.15.2.1 and of MQTT 3.1.1, by packet. */
static void reasons(void)
{
    static const struct row {
        enum mqtt_type type;
        enum mqtt_version version;
        const char *hex;
    } rows[] = {
        { MQTT_CONNECT, MQTT_V5, "" },
        { MQTT_CONNACK, MQTT_V5, "00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f" },
        { MQTT_PUBLISH, MQTT_V5, "" },
        { MQTT_PUBACK, MQTT_V5, "00 10 80 83 87 90 91 97 99" },
        { MQTT_PUBREC, MQTT_V5, "00 10 80 83 87 90 91 97 99" },
        { MQTT_PUBREL, MQTT_V5, "00 92" },
        { MQTT_PUBCOMP, MQTT_V5, "00 92" },
        { MQTT_SUBSCRIBE, MQTT_V5, "" },
        { MQTT_SUBACK, MQTT_V5, "00 01 02 80 83 87 8f 91 97 9e a1 a2" },
        { MQTT_UNSUBSCRIBE, MQTT_V5, "" },
        { MQTT_UNSUBACK, MQTT_V5, "00 11 80 83 87 8f 91" },
        { MQTT_PINGREQ, MQTT_V5, "" },
        { MQTT_PINGRESP, MQTT_V5, "" },
        { MQTT_DISCONNECT, MQTT_V5,
          "00 04 80 81 82 83 87 89 8b 8c 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2" },
        { MQTT_AUTH, MQTT_V5, "00 18 19" },
        { MQTT_CONNACK, MQTT_V311, "00 01 02 03 04 05 84" },
        { MQTT_SUBACK, MQTT_V311, "00 01 02 80" },
        { MQTT_PUBACK, MQTT_V311, "" },
    }, *r;
    struct buf list = { 0 };

    for (EACH_ROW(r, rows)) {
        struct span codes = bytes(r->hex, &list);
        for (unsigned code = 0; code < 256; code++) {
            bool want = codes.n && memchr(codes.p, (int)code, codes.n);
            CHECK_ROW(mqtt_reason_valid(r->type, r->version, (uint8_t)code) == want, mqtt_type_name(r->type));
        }
    }
    buf_clear(&list);
}

static void connect_fields(void)
{
    struct buf wire = { 0 };
    struct mqtt_packet p;
    const struct mqtt_connect *c = &p.connect;

    CHECK(decode_hex(
              "10 36 0004 4d515454 05 f6 003c 13 11 0000000a 15 0003 616365 16 0002 0000 21 0014 0002 6964"
              "05 18 00000007 0001 77 0002 ff00 0001 75 0002 00ff",
              V3, &wire, &p) == OK);
    CHECK(p.version == V5 && c->level == 5 && c->clean_start && c->keep_alive == 60 &&
          span_is(c->client_id, "id"));
    CHECK(c->will.present && c->will.retain && c->will.qos == 2 && span_is(c->will.topic, "w"));
    CHECK(span_eq(c->will.payload, span("\xff\x00", 2)) && c->will_props.number[PROP_WILL_DELAY] == 7);
    CHECK(c->has_username && span_is(c->username, "u"));
    CHECK(c->has_password && span_eq(c->password, span("\x00\xff", 2)));
    CHECK(span_is(p.props.bytes[PROP_AUTH_METHOD], "ace") && p.props.bytes[PROP_AUTH_DATA].n == 2);
    CHECK(p.props.number[PROP_SESSION_EXPIRY] == 10 && p.props.number[PROP_RECEIVE_MAXIMUM] == 20);

    CHECK(decode_hex("10 0e 0004 4d515454 04 00 0001 0002 6964", V5, &wire, &p) == OK);
    CHECK(p.version == V3 && c->level == 4 && !c->clean_start && !c->will.present && !c->has_username &&
          !c->has_password);
    buf_clear(&wire);
}

/* What a refused CONNECT leaves behind: the level, and the version to answer in. */
static void connect_versions(void)
{
    static const struct row {
        const char *why, *hex;
        enum err want;
        uint8_t level;
        enum mqtt_version answer;
    } rows[] = {
        { "MQTT 3.1", "10 0c 0006 4d5149736470 03 02 0000", ERR_VERSION, 3, MQTT_V311 },
        { "level 6", "10 07 0004 4d515454 06", ERR_VERSION, 6, MQTT_V5 },
        { "level 255", "10 07 0004 4d515454 ff", ERR_VERSION, 255, MQTT_V5 },
        { "5, then malformed", "10 08 0004 4d515454 05 02", ERR_MALFORMED, 5, MQTT_V5 },
        { "3.1.1, then malformed", "10 08 0004 4d515454 04 02", ERR_MALFORMED, 4, MQTT_V311 },
        { "cut before the level", "10 06 0004 4d515454", ERR_MALFORMED, 0, MQTT_V311 },
        { "wrong flags", "12 07 0004 4d515454 05", ERR_MALFORMED, 0, MQTT_V311 },
    }, *r;
    struct buf wire = { 0 };

    for (EACH_ROW(r, rows)) {
        struct mqtt_packet p;
        CHECK_ROW(decode_hex(r->hex, V3, &wire, &p) == r->want, r->why);
        CHECK_ROW(p.connect.level == r->level && p.version == r->answer, r->why);
    }
    buf_clear(&wire);
}

static void other_fields(void)
{
    struct buf wire = { 0 };
    struct mqtt_packet p;

    CHECK(decode_hex("3d 0c 0003 612f62 1234 02 01 01 6869", V5, &wire, &p) == OK);
    CHECK(p.publish.dup && p.publish.retain && p.publish.qos == 2 && p.publish.id == 0x1234);
    CHECK(span_is(p.publish.topic, "a/b") && span_is(p.publish.payload, "hi") &&
          p.props.number[PROP_PAYLOAD_FORMAT] == 1);

    CHECK(decode_hex("30 07 0001 61 00 00 ff 00", V5, &wire, &p) == OK);
    CHECK(p.publish.id == 0 && p.publish.qos == 0 && p.publish.payload.n == 3);

    CHECK(decode_hex("20 03 01 00 00", V5, &wire, &p) == OK && p.connack.session_present &&
          p.connack.reason == 0);
    CHECK(decode_hex("50 03 0102 97", V5, &wire, &p) == OK && p.ack.id == 0x0102 && p.ack.reason == 0x97);

    CHECK(decode_hex("82 0d 0001 02 0b 07 0001 61 2e 0001 23 01", V5, &wire, &p) == OK);
    CHECK(p.subscribe.id == 1 && p.subscribe.count == 2 && p.props.number[PROP_SUBSCRIPTION_ID] == 7);
    CHECK(p.subscribe.filter[0].qos == 2 && p.subscribe.filter[0].no_local &&
          p.subscribe.filter[0].retain_as_published);
    CHECK(p.subscribe.filter[0].retain_handling == 2 && span_is(p.subscribe.filter[1].filter, "#"));
    CHECK(p.subscribe.filter[1].qos == 1 && !p.subscribe.filter[1].no_local &&
          p.subscribe.filter[1].retain_handling == 0);

    CHECK(decode_hex("90 06 0009 00 02 87 a2", V5, &wire, &p) == OK);
    CHECK(p.suback.id == 9 && p.suback.count == 3 && p.suback.reason[1] == 0x87);
    CHECK(decode_hex("b0 02 0009", V3, &wire, &p) == OK && p.suback.id == 9 && p.suback.count == 0);
    CHECK(decode_hex("e0 02 8e 00", V5, &wire, &p) == OK && p.reason.reason == 0x8E);
    CHECK(decode_hex("e0 00", V3, &wire, &p) == OK && p.reason.reason == 0);
    CHECK(decode_hex("f0 08 19 06 15 0003 616365", V5, &wire, &p) == OK && p.reason.reason == 0x19);
    buf_clear(&wire);
}

static void count_limits(void)
{
    struct mqtt_packet p;
    struct buf body = { 0 };
    struct mqtt_frame f;

    for (unsigned n = MQTT_MAX_FILTERS; n <= MQTT_MAX_FILTERS + 1; n++) {
        enum err want = n > MQTT_MAX_FILTERS ? ERR_TOO_LARGE : OK;
        buf_truncate(&body, 0);
        buf_u16(&body, 1);
        for (unsigned i = 0; i < n; i++) buf_bin16(&body, span_str("a"));
        f = (struct mqtt_frame){ 0xA2, buf_span(&body) };
        CHECK(mqtt_decode(&f, V3, &p) == want && p.subscribe.count == MQTT_MAX_FILTERS);
        buf_truncate(&body, 2);
        for (unsigned i = 0; i < n; i++) {
            buf_bin16(&body, span_str("a"));
            buf_u8(&body, 0);
        }
        f = (struct mqtt_frame){ 0x82, buf_span(&body) };
        CHECK(mqtt_decode(&f, V3, &p) == want && p.subscribe.count == MQTT_MAX_FILTERS);
        buf_truncate(&body, 2);
        for (unsigned i = 0; i < n; i++) buf_u8(&body, 0x80);
        f = (struct mqtt_frame){ 0x90, buf_span(&body) };
        CHECK(mqtt_decode(&f, V3, &p) == want);
    }
    buf_clear(&body);
}

/* Too long to write: refused, and the buffer with what stood in it goes on. */
static void write_limits(void)
{
    static const uint8_t zeros[UINT16_MAX + 1];
    const struct span most = span(zeros, UINT16_MAX), over = span(zeros, UINT16_MAX + 1);
    static struct mqtt_packet p;
    struct buf out = { 0 };

    struct span *const fields[] = { &p.connect.client_id, &p.connect.username, &p.connect.password,
                                    &p.connect.will.topic, &p.connect.will.payload };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        p = (struct mqtt_packet){ .type = MQTT_CONNECT, .version = MQTT_V5 };
        p.connect.has_username = p.connect.has_password = p.connect.will.present = true;
        buf_truncate(&out, 0);
        buf_u8(&out, 0xAA);
        *fields[i] = over;
        CHECK(mqtt_encode(&p, &out) == ERR_TOO_LARGE && !buf_failed(&out) && out.n == 1);
        *fields[i] = most;
        CHECK(mqtt_encode(&p, &out) == OK && out.n > UINT16_MAX && out.p[0] == 0xAA);
    }
    p = (struct mqtt_packet){ .type = MQTT_CONNECT, .version = MQTT_V5 };
    props_set_bytes(&p.connect.will_props, PROP_CORRELATION, over);
    CHECK(mqtt_encode(&p, &out) == ERR_TOO_LARGE && !buf_failed(&out));

    p = (struct mqtt_packet){ .type = MQTT_PUBLISH, .version = MQTT_V5, .publish = { .topic = over } };
    CHECK(mqtt_encode(&p, &out) == ERR_TOO_LARGE && !buf_failed(&out));
    p.publish =
        (struct mqtt_publish){ .topic = span_str("t"), .payload = span(zeros, (size_t)MQTT_MAX_BODY + 1) };
    CHECK(mqtt_encode(&p, &out) == ERR_TOO_LARGE && !buf_failed(&out)); /* told before a byte of it is read */

    p = (struct mqtt_packet){ .type = MQTT_SUBSCRIBE,
                              .version = MQTT_V311,
                              .subscribe = { .id = 1, .count = 1 } };
    p.subscribe.filter[0].filter = over;
    CHECK(mqtt_encode(&p, &out) == ERR_TOO_LARGE && !buf_failed(&out));
    p.type = MQTT_UNSUBSCRIBE;
    CHECK(mqtt_encode(&p, &out) == ERR_TOO_LARGE && !buf_failed(&out));

    p = (struct mqtt_packet){ .type = MQTT_AUTH, .version = MQTT_V5 };
    props_set_bytes(&p.props, PROP_AUTH_DATA, over);
    CHECK(mqtt_encode(&p, &out) == ERR_TOO_LARGE && !buf_failed(&out));
    out.failed = true;
    props_set_bytes(&p.props, PROP_AUTH_DATA, most);
    CHECK(mqtt_encode(&p, &out) == ERR_NO_MEMORY && buf_failed(&out));
    buf_clear(&out);
}

/* The encoder judges nothing: the conformance runner writes wrong packets on purpose. */
static void writes_wrong(void)
{
    static struct mqtt_packet p;
    struct buf out = { 0 }, want = { 0 };

    p = (struct mqtt_packet){ .type = MQTT_CONNECT,
                              .version = MQTT_V5,
                              .connect = { .level = 9, .clean_start = true } };
    props_set_number(&p.props, PROP_TOPIC_ALIAS, 0);
    CHECK(mqtt_encode(&p, &out) == OK);
    CHECK(span_eq(buf_span(&out), bytes("10 10 0004 4d515454 09 02 0000 03 23 0000 0000", &want)));

    p = (struct mqtt_packet){ .type = MQTT_PUBLISH,
                              .version = MQTT_V311,
                              .publish = { .dup = true, .qos = 3 } };
    buf_truncate(&out, 0);
    CHECK(mqtt_encode(&p, &out) == OK && span_eq(buf_span(&out), bytes("3e 04 0000 0000", &want)));

    p = (struct mqtt_packet){ .type = MQTT_AUTH, .version = MQTT_V5, .reason = { 0x77 } };
    buf_truncate(&out, 0);
    CHECK(mqtt_encode(&p, &out) == OK && span_eq(buf_span(&out), bytes("f0 02 77 00", &want)));
    buf_clear(&out);
    buf_clear(&want);
}

/* Lengths of one to four bytes, the guess right and wrong. */
static void long_bodies(void)
{
    static const size_t sizes[] = { 0, 121, 122, 123, 124, 16376, 16377, 16378, 16379, 2097144, 2097150 }, *n;
    static struct mqtt_packet p, q;
    struct buf payload = { 0 }, out = { 0 };

    for (EACH_ROW(n, sizes)) {
        buf_truncate(&payload, 0);
        uint8_t *fill = buf_room(&payload, *n);
        CHECK(*n == 0 || fill != NULL);
        for (size_t i = 0; i < *n; i++) fill[i] = (uint8_t)(i * 7);
        p = (struct mqtt_packet){ .type = MQTT_PUBLISH, .version = MQTT_V5 };
        p.publish =
            (struct mqtt_publish){ .qos = 1, .id = 7, .topic = span_str("t"), .payload = buf_span(&payload) };
        for (int props = 0; props < 2; props++) {
            buf_truncate(&out, 0);
            CHECK(mqtt_encode(&p, &out) == OK && decode(buf_span(&out), V5, &q) == OK);
            CHECK(span_eq(q.publish.payload, p.publish.payload) && q.publish.id == 7 &&
                  q.props.has == p.props.has);
            props_set_bytes(&p.props, PROP_CORRELATION, span_str("a correlation that lengthens the packet"));
        }
    }
    buf_clear(&payload);
    buf_clear(&out);
}

static void names(void)
{
    CHECK(strcmp(mqtt_type_name(MQTT_CONNECT), "CONNECT") == 0 &&
          strcmp(mqtt_type_name(MQTT_AUTH), "AUTH") == 0);
    CHECK(mqtt_type_name(0) == NULL && mqtt_type_name(16) == NULL);
    for (unsigned type = 1; type < 16; type++) CHECK(mqtt_type_name(type) != NULL);
}

CU_TestInfo mqtt_tests[] = {
    { "canonical packets", canonical },
    { "every truncation", truncated },
    { "one byte too many", too_long },
    { "other spellings", other_spellings },
    { "refused packets", refused },
    { "flags of every type", flags },
    { "reason codes", reasons },
    { "CONNECT fields", connect_fields },
    { "CONNECT versions", connect_versions },
    { "fields of the others", other_fields },
    { "limits of lists", count_limits },
    { "limits of writing", write_limits },
    { "wrong packets on purpose", writes_wrong },
    { "long bodies", long_bodies },
    { "type names", names },
    CU_TEST_INFO_NULL,
};
