#include "broker/upload.h"
#include "tests/broker_kit.h"

/* Tokens by PUBLISH to authz-info, beyond what a peer sees in a minute: bounds, switches, time. */

static void begin(struct kit *k, int64_t uploads)
{
    kit_init(k);
    k->settings.authz_info = true;
    k->settings.uploads = uploads;
    k->settings.unproven_seconds = 100;
    kit_start(k);
}

static void upload(struct kit *k, int conn, unsigned key, uint8_t qos)
{
    struct buf token = kit_token(k, conn, &(struct kit_connect){ .key = key });

    kit_publish(k, conn, "authz-info", buf_cstr(&token), qos, 7);
    buf_clear(&token);
}

/* [R-AZI-18] The minute's tries of one address are used up by good and bad ones alike; the next minute begins anew. */
static void rate(void)
{
    struct kit k;

    begin(&k, 2);
    kit_enter(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
    upload(&k, 1, 1, 1);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    kit_publish(&k, 1, "authz-info", "no token", 1, 8);
    CHECK_HEARD(&k, 1, "PUBACK 8 99");
    upload(&k, 1, 2, 1);
    CHECK_HEARD(&k, 1, "PUBACK 7 97");
    CHECK(broker_counts(k.broker).tokens == 1);
    kit_pass(&k, 60);
    upload(&k, 1, 2, 1);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    kit_clear(&k);
}

/* [R-AZI-19] Whose key nobody proves leaves after a while; a session that proved the same key keeps it. */
static void unproven(void)
{
    struct kit k;

    begin(&k, 60);
    kit_enter(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
    kit_enter(&k, 2, &(struct kit_connect){ .key = 2 });
    CHECK(broker_counts(k.broker).tokens == 1);
    upload(&k, 1, 1, 1);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    upload(&k, 1, 2, 1);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    CHECK(broker_counts(k.broker).tokens == 2);
    kit_pass(&k, 99);
    CHECK(broker_counts(k.broker).tokens == 2);
    kit_pass(&k, 1);
    CHECK(broker_counts(k.broker).tokens == 1);
    kit_clear(&k);
}

/* [R-AZI-05] It can be turned off: then it is a topic that nobody may publish to, and no way in. */
static void off(void)
{
    struct kit k;

    kit_init(&k);
    kit_start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
    upload(&k, 1, 1, 1);
    CHECK_HEARD(&k, 1, "PUBACK 7 87");
    kit_enter(&k, 2, &(struct kit_connect){ .scope = "pubsub:#" });
    upload(&k, 2, 1, 0);
    CHECK_HEARD(&k, 2, "DISCONNECT 87; CLOSE");
    CHECK(broker_counts(k.broker).tokens == 1); /* that of connection 2 */
    kit_clear(&k);
}

/* A repeated QoS 2 upload is taken once, and acknowledged again. */
static void repeated(void)
{
    struct kit k;

    begin(&k, 1);
    kit_enter(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
    upload(&k, 1, 1, 2);
    CHECK_HEARD(&k, 1, "PUBREC 7 00");
    upload(&k, 1, 1, 2);
    CHECK_HEARD(&k, 1, "PUBREC 7 00"); /* not counted: one a minute is allowed */
    kit_ack(&k, 1, MQTT_PUBREL, 7);
    CHECK_HEARD(&k, 1, "PUBCOMP 7 00");
    kit_clear(&k);
}

/* [R-PUB-07] A Topic Alias learned with an upload names authz-info afterwards. */
static void alias(void)
{
    struct kit k;

    begin(&k, 60);
    kit_enter(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
    for (int i = 0; i < 2; i++) {
        struct mqtt_packet p = kit_packet(&k, 1, MQTT_PUBLISH);
        p.publish = (struct mqtt_publish){
            .qos = 1, .id = 7, .topic = span_str(i ? "" : "authz-info"), .payload = span_str("no token")
        };
        props_set_number(&p.props, PROP_TOPIC_ALIAS, 1);
        kit_send(&k, 1, &p);
        CHECK_HEARD(&k, 1, "PUBACK 7 99");
    }
    kit_clear(&k);
}

/* Addresses that share a counter share a bound; others do not. */
static void meter(void)
{
    struct meter m = { .key = { 1 } };
    unsigned allowed = 0;

    CHECK(meter_may(&m, span_str("a"), 1, 1000) && !meter_may(&m, span_str("a"), 1, 1000));
    for (uint8_t i = 0; i < 50; i++) allowed += meter_may(&m, span(&i, 1), 1, 1000);
    CHECK(allowed > 30 && allowed <= 50);
    CHECK(meter_may(&m, span_str("a"), 1, 1060));
}

CU_TestInfo broker_upload_tests[] = {
    { "rate", rate },   { "unproven", unproven }, { "off", off },    { "repeated", repeated },
    { "alias", alias }, { "meter", meter },       CU_TEST_INFO_NULL,
};
