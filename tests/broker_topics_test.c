#include "tests/broker_kit.h"

/* PUBLISH at the publisher's door, SUBSCRIBE, and delivery at the subscriber's. */

static void start(struct kit *k)
{
    kit_init(k);
    kit_start(k);
}

static void publishers_door(void)
{
    static const struct row {
        const char *why;
        struct kit_connect how;
        const char *topic;
        uint8_t qos;
        const char *hears;
    } rows[] = {
        { "allowed, QoS 0", { 0 }, "a/b", 0, "" },
        { "allowed, QoS 1", { 0 }, "a/b", 1, "PUBACK 7 00" },
        { "allowed, QoS 2", { 0 }, "a/b", 2, "PUBREC 7 00" },
        { "refused, QoS 0 [R-PUB-04]", { 0 }, "b", 0, "DISCONNECT 87; CLOSE" },
        { "refused, QoS 1 [R-PUB-03]", { 0 }, "b", 1, "PUBACK 7 87" },
        { "refused, QoS 2 [R-PUB-03]", { 0 }, "b", 2, "PUBREC 7 87" },
        { "sub is not pub [R-SCOPE-08]", { .scope = "sub:a/b" }, "a/b", 1, "PUBACK 7 87" },
        { "no rights at all [R-SCOPE-09]", { .scope = "" }, "a/b", 1, "PUBACK 7 87" },
        { "a wildcard in a name [R-PUB-09]", { .scope = "pub:#" }, "a/#", 1, "DISCONNECT 90; CLOSE" },
        { "an empty name", { .scope = "pub:#" }, "", 1, "DISCONNECT 82; CLOSE" },
        { "$ needs a literal [R-SCOPE-07]", { .scope = "pub:#" }, "$SYS/x", 1, "PUBACK 7 87" },
        { "authz-info", { .scope = "pub:#" }, "authz-info", 1, "PUBACK 7 87" },
        { "public topic without token", { .by = BY_NOTHING }, "public/x", 1, "PUBACK 7 00" },
        { "public topic with token", { 0 }, "public/x", 1, "PUBACK 7 00" },
        { "protected topic without token [R-TLS-04]", { .by = BY_NOTHING }, "a/b", 1, "PUBACK 7 87" },
        { "3.1.1 allowed", { .version = MQTT_V311 }, "a/b", 1, "PUBACK 7 00" },
        { "3.1.1 refused, QoS 0 [R-V311-19]", { .version = MQTT_V311 }, "b", 0, "CLOSE" },
        { "3.1.1 refused, QoS 1 [R-V311-19]", { .version = MQTT_V311 }, "b", 1, "CLOSE" },
        { "3.1.1 refused, QoS 2 [R-V311-20]", { .version = MQTT_V311 }, "b", 2, "CLOSE" },
        { "3.1.1 public", { .version = MQTT_V311, .by = BY_NOTHING }, "public/x", 1, "PUBACK 7 00" },
        { "3.1.1 protected without token", { .version = MQTT_V311, .by = BY_NOTHING }, "a/b", 1, "CLOSE" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;

        start(&k);
        kit_enter(&k, 2, &(struct kit_connect){ .scope = "sub:#" });
        kit_subscribe(&k, 2, "#", 2);
        CHECK_HEARD(&k, 2, "SUBACK 1 02");
        kit_enter(&k, 1, &r->how);
        kit_publish(&k, 1, r->topic, "x", r->qos, r->qos ? 7 : 0);
        CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears), r->why);
        bool accepted = *r->hears == 0 || strstr(r->hears, "7 00");
        CHECK_ROW((strstr(kit_heard(&k, 2), "PUBLISH") != NULL) == accepted, r->why);
        kit_clear(&k);
    }
}

static void subscribing(void)
{
    static const struct row {
        const char *why;
        struct kit_connect how;
        const char *filter, *hears;
    } rows[] = {
        { "equal", { .scope = "sub:a/b" }, "a/b", "SUBACK 1 01" },
        { "covered [R-SCOPE-04]", { .scope = "sub:a/#" }, "a/+/c", "SUBACK 1 01" },
        { "wider [R-SUB-04]", { .scope = "sub:a/+" }, "a/#", "SUBACK 1 87" },
        { "no union [R-SCOPE-05]", { .scope = "sub:a/b sub:a/c" }, "a/+", "SUBACK 1 87" },
        { "pub is not sub [R-SCOPE-08]", { .scope = "pub:a/b" }, "a/b", "SUBACK 1 87" },
        { "an asterisk is a letter [R-SCOPE-14]", { .scope = "sub:a/*" }, "a/b", "SUBACK 1 87" },
        { "and matches itself [R-SCOPE-14]", { .scope = "sub:a/*" }, "a/*", "SUBACK 1 01" },
        { "authz-info [R-AZI-01]", { .scope = "sub:#" }, "authz-info", "SUBACK 1 87" },
        { "broken filter", { .scope = "sub:#" }, "a/#/b", "SUBACK 1 8f" },
        { "shared, allowed [R-SCOPE-15]", { .scope = "sub:a/#" }, "$share/g/a/b", "SUBACK 1 9e" },
        { "shared, refused [R-SCOPE-15]", { .scope = "sub:a/#" }, "$share/g/b", "SUBACK 1 87" },
        { "shared, broken", { .scope = "sub:#" }, "$share/g", "SUBACK 1 8f" },
        { "public", { .by = BY_NOTHING }, "public/+", "SUBACK 1 01" },
        { "everything without token", { .by = BY_NOTHING }, "#", "SUBACK 1 87" },
        { "3.1.1 [R-V311-21]", { .version = MQTT_V311, .scope = "sub:a" }, "b", "SUBACK 1 80" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;

        start(&k);
        kit_enter(&k, 1, &r->how);
        kit_subscribe(&k, 1, r->filter, 1);
        CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears), r->why);
        kit_clear(&k);
    }
}

static void one_code_each(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    struct mqtt_packet p = kit_packet(&k, 1, MQTT_SUBSCRIBE);
    p.subscribe.id = 9;
    p.subscribe.count = 3;
    p.subscribe.filter[0] = (struct mqtt_filter){ .filter = span_str("a/b"), .qos = 2 };
    p.subscribe.filter[1] = (struct mqtt_filter){ .filter = span_str("b"), .qos = 2 };
    p.subscribe.filter[2] = (struct mqtt_filter){ .filter = span_str("a/c"), .qos = 0 };
    kit_send(&k, 1, &p);
    CHECK_HEARD(&k, 1, "SUBACK 9 02 87 00"); /* [R-SUB-03] */
    p.type = MQTT_UNSUBSCRIBE;
    kit_send(&k, 1, &p);
    CHECK_HEARD(&k, 1, "UNSUBACK 9 00 11 00");
    kit_publish(&k, 1, "a/b", "x", 0, 0);
    CHECK_HEARD(&k, 1, "");
    kit_clear(&k);
}

static void hidden(void)
{
    struct kit k;

    kit_init(&k);
    k.settings.hide_topics = true;
    kit_start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_publish(&k, 1, "b", "x", 1, 1);
    kit_publish(&k, 1, "b", "x", 2, 2);
    kit_subscribe(&k, 1, "b", 0);
    kit_publish(&k, 1, "b", "x", 0, 0);
    CHECK_HEARD(&k, 1,
                "PUBACK 1 80; PUBREC 2 80; SUBACK 1 80; DISCONNECT 80; CLOSE"); /* [R-PUB-05, R-SUB-05] */
    kit_clear(&k);
}

static void exactly_once(void)
{
    struct kit k;
    struct mqtt_packet p;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_enter(&k, 2, &(struct kit_connect){ 0 });
    kit_subscribe(&k, 2, "a/b", 2);
    CHECK_HEARD(&k, 2, "SUBACK 1 02");
    kit_publish(&k, 1, "a/b", "x", 2, 7);
    CHECK_HEARD(&k, 1, "PUBREC 7 00");
    p = kit_packet(&k, 1, MQTT_PUBLISH);
    p.publish = (struct mqtt_publish){
        .dup = true, .qos = 2, .id = 7, .topic = span_str("a/b"), .payload = span_str("x")
    };
    kit_send(&k, 1, &p);
    CHECK_HEARD(&k, 1, "PUBREC 7 00");
    CHECK_HEARD(&k, 2, "PUBLISH a/b x q2 (1)"); /* once */
    kit_ack(&k, 1, MQTT_PUBREL, 7);
    kit_ack(&k, 1, MQTT_PUBREL, 7);
    CHECK_HEARD(&k, 1, "PUBCOMP 7 00; PUBCOMP 7 92");
    kit_ack(&k, 2, MQTT_PUBREC, 1);
    kit_ack(&k, 2, MQTT_PUBCOMP, 1);
    CHECK_HEARD(&k, 2, "PUBREL 1 00");
    kit_publish(&k, 1, "b", "x", 2, 8); /* refused: the identifier is free at once [R-PUB-08] */
    kit_publish(&k, 1, "a/b", "y", 2, 8);
    CHECK_HEARD(&k, 1, "PUBREC 8 87; PUBREC 8 00");
    CHECK_HEARD(&k, 2, "PUBLISH a/b y q2 (2)");
    kit_clear(&k);
}

static void receive_maximum(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    for (uint16_t id = 1; id <= 4; id++) kit_publish(&k, 1, "a/b", "x", 2, id);
    CHECK_HEARD(&k, 1, "PUBREC 1 00; PUBREC 2 00; PUBREC 3 00; DISCONNECT 93; CLOSE");
    kit_enter(&k, 2, &(struct kit_connect){ .receive_max = 2 });
    kit_enter(&k, 3, &(struct kit_connect){ 0 });
    kit_subscribe(&k, 2, "a/#", 1);
    CHECK_HEARD(&k, 2, "SUBACK 1 01");
    for (uint16_t id = 1; id <= 3; id++) kit_publish(&k, 3, "a/b", "x", 1, id);
    CHECK_HEARD(&k, 2, "PUBLISH a/b x q1 (1); PUBLISH a/b x q1 (2)");
    kit_ack(&k, 2, MQTT_PUBACK, 9);
    CHECK_HEARD(&k, 2, ""); /* security.md A-6: nothing gained by an unknown identifier */
    kit_ack(&k, 2, MQTT_PUBACK, 1);
    CHECK_HEARD(&k, 2, "PUBLISH a/b x q1 (3)");
    kit_clear(&k);
}

static void publish_alias(struct kit *k, const char *topic, uint32_t alias, uint16_t id)
{
    struct mqtt_packet p = kit_packet(k, 1, MQTT_PUBLISH);

    p.publish = (struct mqtt_publish){ .qos = 1, .id = id, .topic = span_str(topic) };
    props_set_number(&p.props, PROP_TOPIC_ALIAS, alias);
    kit_send(k, 1, &p);
}

static void aliases(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    publish_alias(&k, "a/b", 1, 1);
    publish_alias(&k, "", 1, 2);
    publish_alias(&k, "b", 2, 3); /* [R-PUB-07] */
    CHECK_HEARD(&k, 1, "PUBACK 1 00; PUBACK 2 00; PUBACK 3 87");
    publish_alias(&k, "", 2, 4);
    CHECK_HEARD(&k, 1, "DISCONNECT 82; CLOSE"); /* it was never learnt */
    kit_cut(&k, 1);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    publish_alias(&k, "a/b", 5, 1);
    CHECK_HEARD(&k, 1, "DISCONNECT 94; CLOSE");
    kit_clear(&k);
}

static void options(void)
{
    struct kit k;
    struct mqtt_packet p;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_enter(&k, 2, &(struct kit_connect){ 0 });
    p = kit_packet(&k, 1, MQTT_SUBSCRIBE);
    p.subscribe.id = 1;
    p.subscribe.count = 1;
    props_set_number(&p.props, PROP_SUBSCRIPTION_ID, 5);
    p.subscribe.filter[0] = (struct mqtt_filter){ .filter = span_str("a/+"), .qos = 1, .no_local = true };
    kit_send(&k, 1, &p);
    p.props.sub_id[0] = 6;
    p.subscribe.filter[0] =
        (struct mqtt_filter){ .filter = span_str("a/b"), .qos = 0, .retain_as_published = true };
    kit_send(&k, 1, &p);
    CHECK_HEARD(&k, 1, "SUBACK 1 01; SUBACK 1 00");
    kit_publish(&k, 2, "a/b", "x", 1, 1); /* one delivery for both, with the higher QoS */
    CHECK_HEARD(&k, 1, "PUBLISH a/b x q1 (1) sub=5 sub=6");
    kit_publish(&k, 1, "a/c", "own", 0, 0);
    CHECK_HEARD(&k, 1, "");
    kit_publish(&k, 1, "a/b", "own", 0, 0); /* the second subscription has no No Local */
    CHECK_HEARD(&k, 1, "PUBLISH a/b own q0 sub=6");
    kit_retain(&k, 2, "a/b", "r", 0);
    CHECK_HEARD(&k, 1, "PUBLISH a/b r q0 retain sub=5 sub=6");
    kit_clear(&k);
}

static void retained(void)
{
    struct kit k;
    struct mqtt_packet p;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .life = 100 });
    kit_retain(&k, 1, "a/b", "b", 0);
    kit_retain(&k, 1, "a/c", "c", 50);
    kit_retain(&k, 1, "public/x", "p", 0);
    kit_simple(&k, 1, MQTT_DISCONNECT);
    kit_enter(&k, 2, &(struct kit_connect){ 0 });
    kit_subscribe(&k, 2, "a/b", 1);
    CHECK_HEARD(&k, 2, "SUBACK 1 01; PUBLISH a/b b q0 retain"); /* [R-RET-01] */
    kit_subscribe(&k, 2, "a/c", 1);
    kit_subscribe(&k, 2, "c", 1); /* [R-SUB-07] */
    CHECK_HEARD(&k, 2, "SUBACK 1 01; PUBLISH a/c c q0 retain expiry=50; SUBACK 1 87");
    p = kit_packet(&k, 2, MQTT_SUBSCRIBE);
    p.subscribe.count = p.subscribe.id = 1;
    p.subscribe.filter[0] = (struct mqtt_filter){ .filter = span_str("a/b"), .retain_handling = 1 };
    kit_send(&k, 2, &p); /* not new */
    p.subscribe.filter[0] = (struct mqtt_filter){ .filter = span_str("a/#"), .retain_handling = 2 };
    kit_send(&k, 2, &p);
    CHECK_HEARD(&k, 2, "SUBACK 1 00; SUBACK 1 00");
    kit_pass(&k, 50); /* [R-RET-03] message expiry is sooner */
    kit_subscribe(&k, 2, "a/c", 1);
    CHECK_HEARD(&k, 2, "SUBACK 1 01");
    kit_pass(&k, 49);
    kit_subscribe(&k, 2, "a/b", 1);
    CHECK_HEARD(&k, 2, "SUBACK 1 01; PUBLISH a/b b q0 retain"); /* [R-RET-02] */
    kit_pass(&k, 1); /* [R-RET-04] the token of its publisher has ended */
    kit_subscribe(&k, 2, "a/b", 1);
    CHECK_HEARD(&k, 2, "SUBACK 1 01");
    CHECK(broker_counts(k.broker).retained == 0);
    kit_enter(&k, 3, &(struct kit_connect){ 0 });
    kit_retain(&k, 3, "a/b", "z", 0);
    kit_retain(&k, 3, "a/b", "", 0);
    CHECK(broker_counts(k.broker).retained == 0);
    kit_clear(&k);
}

static void large(void)
{
    struct kit k;
    char payload[200];

    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = 0;
    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .max_packet = 100 });
    kit_enter(&k, 2, &(struct kit_connect){ 0 });
    kit_subscribe(&k, 1, "a/#", 1);
    kit_publish(&k, 2, "a/b", payload, 1, 1);
    kit_publish(&k, 2, "a/b", "s", 1, 2);
    CHECK_HEARD(&k, 1, "SUBACK 1 01; PUBLISH a/b s q1 (2)"); /* what it cannot take counts as sent */
    kit_clear(&k);
}

/* A slow reader's messages wait here, by reference and bounded, until its line is free. */
static void slow_reader(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_enter(&k, 2, &(struct kit_connect){ 0 });
    kit_subscribe(&k, 1, "a/#", 0);
    CHECK_HEARD(&k, 1, "SUBACK 1 00");
    broker_flow(k.broker, 1, 60000, k.now);
    for (int i = 0; i < 25; i++) kit_publish(&k, 2, "a/b", "x", 0, 0);
    CHECK_HEARD(&k, 1, "");
    broker_flow(k.broker, 1, 0, k.now);
    kit_pass(&k, 0);
    size_t got = 0;
    for (const char *at = kit_heard(&k, 1); (at = strstr(at, "PUBLISH")); at++) got++;
    CHECK(got == 20); /* limits.queue_messages */
    kit_clear(&k);
}

/* What a session says while its bytes are lent is not lost with them. */
static void said_meanwhile(void)
{
    struct kit k;
    struct effect e;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_enter(&k, 2, &(struct kit_connect){ 0 });
    kit_subscribe(&k, 1, "a/#", 0);
    CHECK_HEARD(&k, 1, "SUBACK 1 00");
    broker_flow(k.broker, 1, 60000, k.now);
    kit_publish(&k, 2, "a/1", "x", 0, 0);
    kit_publish(&k, 2, "a/2", "x", 0, 0);
    struct mqtt_packet p = kit_packet(&k, 1, MQTT_PINGREQ);
    struct buf ping = { 0 };
    CHECK(mqtt_encode(&p, &ping) == OK);
    broker_input(k.broker, 1, buf_span(&ping), k.now);
    CHECK(broker_effect(k.broker, &e) && e.is == EFFECT_SEND && e.bytes.n == 2);
    broker_flow(k.broker, 1, 0, k.now); /* the line is free again: PINGRESP is lent, PUBLISH is said */
    kit_pass(&k, 0);
    CHECK_HEARD(&k, 1, "PUBLISH a/1 x q0; PUBLISH a/2 x q0");
    buf_clear(&ping);
    kit_clear(&k);
}

static void subscription_limit(void)
{
    struct kit k;
    char filter[16];

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    for (int i = 0; i < 20; i++) {
        memcpy(filter, "a/?", 4);
        filter[2] = (char)('a' + i);
        kit_subscribe(&k, 1, filter, 0);
        CHECK_HEARD(&k, 1, "SUBACK 1 00");
    }
    kit_subscribe(&k, 1, "a/z", 0);
    kit_subscribe(&k, 1, "a/a", 1); /* one more of the same is none more */
    CHECK_HEARD(&k, 1, "SUBACK 1 97; SUBACK 1 01");
    kit_clear(&k);
}

CU_TestInfo broker_topics_tests[] = { { "the publisher's door", publishers_door },
                                      { "subscribing", subscribing },
                                      { "one code for each filter", one_code_each },
                                      { "hidden topics", hidden },
                                      { "QoS 2, both ways", exactly_once },
                                      { "receive maximum, both ways", receive_maximum },
                                      { "topic aliases", aliases },
                                      { "subscription options", options },
                                      { "retained messages", retained },
                                      { "Maximum Packet Size of the client", large },
                                      { "a slow reader", slow_reader },
                                      { "said while bytes are lent", said_meanwhile },
                                      { "subscriptions are limited", subscription_limit },
                                      CU_TEST_INFO_NULL };
