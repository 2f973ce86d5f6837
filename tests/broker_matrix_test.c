#include "tests/broker_kit.h"

/* Every packet type in every phase (security.md A-3): STYLE.md section 8's table, seen from outside. */

enum phase { NEW, PROOF, READY, RENEWING, LEFT, PHASES };

static struct mqtt_packet sample(struct kit *k, enum mqtt_type type)
{
    struct mqtt_packet p = kit_packet(k, 1, type);

    if (type == MQTT_PUBLISH)
        p.publish = (struct mqtt_publish){ .qos = 1, .id = 1, .topic = span_str("a/b") };
    if (type >= MQTT_PUBACK && type <= MQTT_PUBCOMP) p.ack.id = 1;
    if (type == MQTT_SUBSCRIBE || type == MQTT_UNSUBSCRIBE) {
        p.subscribe.count = p.subscribe.id = 1;
        p.subscribe.filter[0].filter = span_str("a/b");
    }
    if (type == MQTT_SUBACK || type == MQTT_UNSUBACK) p.suback.count = p.suback.id = 1;
    if (type == MQTT_AUTH) p.reason.reason = 0x18;
    if (type == MQTT_AUTH) props_set_bytes(&p.props, PROP_AUTH_METHOD, span_str("ace"));
    return p;
}

static void reach(struct kit *k, enum phase phase, enum mqtt_version version)
{
    struct kit_connect how = { .version = version, .by = phase == PROOF ? BY_CHALLENGE : BY_EXPORTER };

    kit_open(k, 1, &how);
    if (phase == NEW) return;
    if (phase == PROOF) {
        struct buf token = kit_token(k, 1, &how), data = { 0 };
        struct mqtt_packet p;

        buf_bin16(&data, buf_span(&token));
        kit_fill_connect(k, 1, &how, buf_span(&data), &p);
        kit_send(k, 1, &p);
        CHECK_HEARD(k, 1, "AUTH 18");
        buf_clear(&token);
        buf_clear(&data);
        return;
    }
    kit_cut(k, 1);
    kit_enter(k, 1, &how);
    if (phase == RENEWING) {
        struct buf token = kit_token(k, 1, &how);

        kit_renew(k, 1, buf_span(&token));
        CHECK_HEARD(k, 1, "AUTH 18");
        buf_clear(&token);
    }
    if (phase == LEFT) {
        kit_simple(k, 1, MQTT_DISCONNECT);
        CHECK_HEARD(k, 1, "CLOSE");
    }
}

static const char early[] = "CONNACK 82; CLOSE", late[] = "DISCONNECT 82; CLOSE", gone[] = "CLOSE";

static const struct row {
    enum mqtt_type type;
    const char *hears[PHASES]; /* NULL: not tried here */
} rows[] = {
    /* packet           NEW   PROOF                READY           RENEWING             LEFT */
    { MQTT_CONNECT, { NULL, early, late, late, gone } },
    { MQTT_CONNACK, { gone, early, late, late, gone } },
    { MQTT_PUBLISH, { gone, early, "PUBACK 1 00", "PUBACK 1 00", gone } },
    { MQTT_PUBACK, { gone, early, "", "", gone } },
    { MQTT_PUBREC, { gone, early, "PUBREL 1 92", "PUBREL 1 92", gone } },
    { MQTT_PUBREL, { gone, early, "PUBCOMP 1 92", "PUBCOMP 1 92", gone } },
    { MQTT_PUBCOMP, { gone, early, "", "", gone } },
    { MQTT_SUBSCRIBE, { gone, early, "SUBACK 1 00", "SUBACK 1 00", gone } },
    { MQTT_SUBACK, { gone, early, late, late, gone } },
    { MQTT_UNSUBSCRIBE, { gone, early, "UNSUBACK 1 11", "UNSUBACK 1 11", gone } },
    { MQTT_UNSUBACK, { gone, early, late, late, gone } },
    { MQTT_PINGREQ, { gone, early, "PINGRESP", "PINGRESP", gone } },
    { MQTT_PINGRESP, { gone, early, late, late, gone } },
    { MQTT_DISCONNECT, { gone, gone, gone, gone, gone } },
    { MQTT_AUTH,
      { gone, "CONNACK 87; CLOSE", late, "DISCONNECT 87; CLOSE", gone } }, /* 0x18 without an answer in it */
};

static void matrix5(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows))
        for (enum phase phase = NEW; phase < PHASES; phase++) {
            struct kit k;

            if (!r->hears[phase]) continue;
            kit_init(&k);
            kit_start(&k);
            reach(&k, phase, MQTT_V5);
            struct mqtt_packet p = sample(&k, r->type);
            kit_send(&k, 1, &p);
            CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears[phase]), mqtt_type_name(r->type));
            CHECK_ROW(broker_counts(k.broker).sessions == (strcmp(r->hears[phase], gone) != 0 &&
                                                           phase > PROOF && !strstr(r->hears[phase], gone)),
                      mqtt_type_name(r->type)); /* a refused connection leaves no session behind */
            kit_clear(&k);
        }
}

/* [R-V311-20] where MQTT 5 says DISCONNECT, MQTT 3.1.1 is silent. */
static void matrix311(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        const char *want = strchr(r->hears[READY], ';') ? gone : r->hears[READY];
        struct kit k;

        if (r->type == MQTT_AUTH) continue; /* there is none */
        if (r->type == MQTT_PUBREC) want = "PUBREL 1 00";
        if (r->type == MQTT_PUBREL) want = "PUBCOMP 1 00";
        if (r->type == MQTT_UNSUBSCRIBE) want = "UNSUBACK 1";
        kit_init(&k);
        kit_start(&k);
        reach(&k, READY, MQTT_V311);
        struct mqtt_packet p = sample(&k, r->type);
        kit_send(&k, 1, &p);
        CHECK_ROW(kit_is(kit_heard(&k, 1), want), mqtt_type_name(r->type));
        kit_clear(&k);
    }
}

/* What no encoder of ours would write. */
static void broken(void)
{
    static const struct bytes {
        const char *why;
        uint8_t bytes[16];
        size_t n;
        const char *hears;
    } tries[] = {
        { "reserved type 0", { 0x00, 0 }, 2, "DISCONNECT 81; CLOSE" },
        { "AUTH flags", { 0xF1, 0 }, 2, "DISCONNECT 81; CLOSE" },
        { "length over four bytes", { 0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 }, 6, "DISCONNECT 81; CLOSE" },
        { "more than Maximum Packet Size", { 0x30, 0xFF, 0xFF, 0xFF, 0x7F }, 5, "DISCONNECT 95; CLOSE" },
        { "QoS 3", { 0x36, 5, 0, 1, 'a', 0, 1 }, 7, "DISCONNECT 81; CLOSE" },
        { "packet identifier 0", { 0x32, 6, 0, 1, 'a', 0, 0, 0 }, 8, "DISCONNECT 82; CLOSE" },
        { "[L8] AUTH 0x18 out of the blue", { 0xF0, 8, 0x18, 6, 0x15, 0, 3, 'a', 'c', 'e' }, 10, "DISCONNECT 82; CLOSE" },
    }, *t;

    for (EACH_ROW(t, tries)) {
        struct kit k;

        kit_init(&k);
        kit_start(&k);
        reach(&k, READY, MQTT_V5);
        kit_bytes(&k, 1, span(t->bytes, t->n));
        CHECK_ROW(kit_is(kit_heard(&k, 1), t->hears), t->why);
        kit_clear(&k);
    }
}

/* One byte at a time is as good as all at once. */
static void drop_by_drop(void)
{
    struct kit k;
    struct buf bytes = { 0 };
    struct mqtt_packet p;

    kit_init(&k);
    kit_start(&k);
    kit_open(&k, 1, &(struct kit_connect){ 0 });
    kit_fill_connect(&k, 1, &(struct kit_connect){ .by = BY_NOTHING }, span(NULL, 0), &p);
    CHECK(mqtt_encode(&p, &bytes) == OK);
    p = kit_packet(&k, 1, MQTT_PINGREQ);
    CHECK(mqtt_encode(&p, &bytes) == OK);
    for (size_t i = 0; i < bytes.n; i++) kit_bytes(&k, 1, span(bytes.p + i, 1));
    CHECK_HEARD(&k, 1, "CONNACK 00; PINGRESP");
    buf_clear(&bytes);
    kit_clear(&k);
}

CU_TestInfo broker_matrix_tests[] = { { "MQTT 5: packets in phases", matrix5 },
                                      { "MQTT 3.1.1: packets in READY", matrix311 },
                                      { "broken packets", broken },
                                      { "byte by byte", drop_by_drop },
                                      CU_TEST_INFO_NULL };
