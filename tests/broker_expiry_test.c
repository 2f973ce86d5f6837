#include "tests/broker_kit.h"

/* Time: the end of a token at every door, renewal, keep-alive. */

static void start(struct kit *k)
{
    kit_init(k);
    kit_start(k);
}

static void ended(void)
{
    static const struct row {
        const char *why;
        enum mqtt_version version;
        enum mqtt_type type;
        uint8_t qos;
        const char *hears;
    } rows[] = {
        { "PUBLISH QoS 0 [R-EXP-02]", MQTT_V5, MQTT_PUBLISH, 0, "DISCONNECT 87; CLOSE" },
        { "PUBLISH QoS 1 [R-EXP-02]", MQTT_V5, MQTT_PUBLISH, 1, "PUBACK 1 87" },
        { "PUBLISH QoS 2 [R-EXP-02]", MQTT_V5, MQTT_PUBLISH, 2, "PUBREC 1 87" },
        { "SUBSCRIBE [R-EXP-03]", MQTT_V5, MQTT_SUBSCRIBE, 0, "SUBACK 1 87" },
        { "PINGREQ [R-EXP-05]", MQTT_V5, MQTT_PINGREQ, 0, "DISCONNECT 87; CLOSE" },
        { "3.1.1 PUBLISH", MQTT_V311, MQTT_PUBLISH, 1, "CLOSE" },
        { "3.1.1 SUBSCRIBE", MQTT_V311, MQTT_SUBSCRIBE, 0, "SUBACK 1 80" },
        { "3.1.1 PINGREQ", MQTT_V311, MQTT_PINGREQ, 0, "CLOSE" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;

        start(&k);
        kit_enter(&k, 1, &(struct kit_connect){ .version = r->version });
        kit_pass(&k, KIT_LIFE); /* one second earlier all is well: see publishers_door() */
        if (r->type == MQTT_PUBLISH) kit_publish(&k, 1, "a/b", "x", r->qos, r->qos ? 1 : 0);
        if (r->type == MQTT_SUBSCRIBE) kit_subscribe(&k, 1, "a/b", 0);
        if (r->type == MQTT_PINGREQ) kit_simple(&k, 1, MQTT_PINGREQ);
        CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears), r->why);
        kit_clear(&k);
    }
}

static void last_second(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_pass(&k, KIT_LIFE - 1);
    kit_publish(&k, 1, "a/b", "x", 1, 1);
    kit_simple(&k, 1, MQTT_PINGREQ);
    CHECK_HEARD(&k, 1, "PUBACK 1 00; PINGRESP");
    kit_clear(&k);
}

static void subscribers_door(void)
{
    for (enum mqtt_version version = MQTT_V311; version <= MQTT_V5; version++) {
        struct kit k;

        start(&k);
        kit_enter(&k, 1, &(struct kit_connect){ .version = version });
        kit_subscribe(&k, 1, "a/#", 1);
        CHECK_HEARD(&k, 1, "SUBACK 1 01");
        kit_enter(&k, 2, &(struct kit_connect){ .life = 10 * KIT_LIFE });
        k.now += KIT_LIFE;
        kit_publish(&k, 2, "a/b", "x", 1, 1);
        CHECK_HEARD(&k, 2, "PUBACK 1 00");
        CHECK_HEARD(&k, 1,
                    version == MQTT_V5 ? "DISCONNECT 87; CLOSE"
                                       : "CLOSE"); /* [R-EXP-04, R-FWD-02..04, R-V311-22] */
        kit_clear(&k);
    }
}

/* What was queued in time is judged again when it leaves. */
static void queued_then_ended(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .receive_max = 1 });
    kit_subscribe(&k, 1, "a/#", 1);
    kit_enter(&k, 2, &(struct kit_connect){ .life = 10 * KIT_LIFE });
    kit_publish(&k, 2, "a/1", "x", 1, 1);
    kit_publish(&k, 2, "a/2", "x", 1, 2);
    CHECK_HEARD(&k, 1, "SUBACK 1 01; PUBLISH a/1 x q1 (1)");
    k.now += KIT_LIFE;
    kit_ack(&k, 1, MQTT_PUBACK, 1);
    CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE");
    kit_clear(&k);
}

static void idle(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_enter(&k, 2, &(struct kit_connect){ .by = BY_NOTHING });
    kit_pass(&k, 2 * KIT_LIFE); /* noticed now, so the grace begins now (A-42) */
    CHECK_HEARD(&k, 1, "");
    kit_pass(&k, 29);
    CHECK_HEARD(&k, 1, "");
    kit_pass(&k, 1);
    CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE"); /* [R-EXP-06, R-FWD-06] */
    CHECK_HEARD(&k, 2, "");                     /* public topics have no end */
    kit_clear(&k);
}

static void renew(struct kit *k, int conn, const struct kit_connect *how, unsigned proof_key)
{
    struct buf token = kit_token(k, conn, how);

    kit_renew(k, conn, buf_span(&token));
    CHECK_HEARD(k, conn, "AUTH 18"); /* [R-REA-05] */
    kit_answer(k, conn, proof_key);
    buf_clear(&token);
}

static void renewal(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_subscribe(&k, 1, "a/#", 0);
    kit_retain(&k, 1, "a/r", "r", 0);
    CHECK_HEARD(&k, 1, "SUBACK 1 00; PUBLISH a/r r q0");
    kit_pass(&k, KIT_LIFE + 1);
    renew(&k, 1, &(struct kit_connect){ .scope = "pub:b" },
          1);                      /* [R-REA-08] after the end, within the grace */
    CHECK_HEARD(&k, 1, "AUTH 00"); /* [R-REA-12] */
    kit_publish(&k, 1, "b", "x", 1, 1);
    kit_publish(&k, 1, "a/b", "x", 1, 2);
    CHECK_HEARD(&k, 1, "PUBACK 1 00; PUBACK 2 87"); /* [R-REA-11] */
    kit_pass(&k, 60);
    CHECK_HEARD(&k, 1, "");
    kit_enter(&k, 2, &(struct kit_connect){ 0 });
    kit_publish(&k, 2, "a/b", "x", 0, 0);
    CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE"); /* [R-FWD-05] the subscription outlived its right */
    kit_clear(&k);
}

static void retained_renewed(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .scope = "pubsub:a/# pubsub:b" });
    kit_retain(&k, 1, "a/r", "r", 0);
    kit_retain(&k, 1, "b", "r", 0);
    kit_pass(&k, 60);
    renew(&k, 1, &(struct kit_connect){ 0 }, 1);
    CHECK_HEARD(&k, 1, "AUTH 00");
    kit_pass(&k, KIT_LIFE - 60);
    CHECK(broker_counts(k.broker).retained == 1); /* A-44: b is not in the new scope */
    kit_subscribe(&k, 1, "a/r", 0);
    CHECK_HEARD(&k, 1, "SUBACK 1 00; PUBLISH a/r r q0 retain");
    kit_clear(&k);
}

static void other_packets_meanwhile(void)
{
    struct kit k;
    struct buf token;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    token = kit_token(&k, 1, &(struct kit_connect){ .scope = "pub:b" });
    kit_renew(&k, 1, buf_span(&token));
    CHECK_HEARD(&k, 1, "AUTH 18");
    kit_publish(&k, 1, "a/b", "x", 1, 1);
    kit_publish(&k, 1, "b", "x", 1, 2);
    CHECK_HEARD(&k, 1, "PUBACK 1 00; PUBACK 2 87"); /* [R-REA-14] */
    kit_renew(&k, 1, buf_span(&token));             /* one at a time */
    CHECK_HEARD(&k, 1, "DISCONNECT 82; CLOSE");
    kit_cut(&k, 1);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_renew(&k, 1, buf_span(&token));
    CHECK_HEARD(&k, 1, "AUTH 18");
    kit_pass(&k, 10);
    CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE"); /* [R-POPC-17] */
    buf_clear(&token);
    kit_clear(&k);
}

static void renewal_refused(void)
{
    static const struct row {
        const char *why;
        struct kit_connect how;
        unsigned proof_key;
        struct kit_connect token;
        const char *hears;
    } rows[] = {
        { "wrong key [R-REA-10]", { 0 }, 2, { 0 }, "DISCONNECT 87; CLOSE" },
        { "expired token [R-REA-10]", { 0 }, 1, { .life = -1 }, "DISCONNECT 87; CLOSE" },
        { "the key may change (A-40)", { 0 }, 2, { .key = 2 }, "AUTH 00" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;

        start(&k);
        kit_enter(&k, 1, &r->how);
        renew(&k, 1, &r->token, r->proof_key);
        CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears), r->why);
        kit_clear(&k);
    }
}

static void renewal_without_proof(void)
{
    static const struct row {
        const char *why, *method;
        struct kit_connect how;
        struct span data;
        const char *hears;
    } rows[] = {
        { "public [R-REA-09]", "ace", { .by = BY_NOTHING }, SPAN("\0\1t"), "DISCONNECT 82; CLOSE" },
        { "other method [R-REA-13]", "x", { 0 }, SPAN("\0\1t"), "DISCONNECT 82; CLOSE" },
        { "no token", "ace", { 0 }, SPAN("\0\0"), "DISCONNECT 87; CLOSE" },
        { "by exporter [R-REA-07]", "ace", { 0 }, SPAN("\0\1tproof"), "DISCONNECT 87; CLOSE" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;

        start(&k);
        kit_enter(&k, 1, &r->how);
        struct mqtt_packet p = kit_packet(&k, 1, MQTT_AUTH);
        p.reason.reason = 0x19;
        props_set_bytes(&p.props, PROP_AUTH_METHOD, span_str(r->method));
        props_set_bytes(&p.props, PROP_AUTH_DATA, r->data);
        kit_send(&k, 1, &p);
        CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears), r->why);
        kit_clear(&k);
    }
}

static void keep_alive(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .keep_alive = 10 });
    kit_pass(&k, 15);
    CHECK_HEARD(&k, 1, "");
    kit_simple(&k, 1, MQTT_PINGREQ);
    CHECK_HEARD(&k, 1, "PINGRESP");
    kit_pass(&k, 15);
    CHECK_HEARD(&k, 1, "");
    broker_shift(k.broker, 1000); /* a jump of the clock is no silence */
    kit_pass(&k, 1000);
    CHECK_HEARD(&k, 1, "");
    kit_pass(&k, 1);
    CHECK_HEARD(&k, 1, "DISCONNECT 8d; CLOSE");
    kit_clear(&k);
}

CU_TestInfo broker_expiry_tests[] = { { "packets after the end", ended },
                                      { "the last second", last_second },
                                      { "the subscriber's door", subscribers_door },
                                      { "queued, then ended", queued_then_ended },
                                      { "idle connections", idle },
                                      { "renewal", renewal },
                                      { "renewal prolongs retained messages", retained_renewed },
                                      { "renewal and other packets", other_packets_meanwhile },
                                      { "renewal refused", renewal_refused },
                                      { "renewal without proof or by exporter", renewal_without_proof },
                                      { "keep-alive", keep_alive },
                                      CU_TEST_INFO_NULL };
