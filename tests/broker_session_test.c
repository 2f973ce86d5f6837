#include "tests/broker_kit.h"

/* Two connections, one session: take-over, resumption, Wills; and that a refused CONNECT changes nothing. */

static void start(struct kit *k)
{
    kit_init(k);
    kit_start(k);
}

/* 9 watches everything it may. */
static void watch(struct kit *k)
{
    kit_enter(k, 9, &(struct kit_connect){ .scope = "sub:#" });
    kit_subscribe(k, 9, "#", 1);
    CHECK_HEARD(k, 9, "SUBACK 1 01");
}

/* As far as the challenge. */
static void begin(struct kit *k, int conn, const struct kit_connect *how)
{
    struct buf token = kit_token(k, conn, how), data = { 0 };
    struct mqtt_packet p;

    kit_open(k, conn, how);
    buf_bin16(&data, buf_span(&token));
    kit_fill_connect(k, conn, how, buf_span(&data), &p);
    kit_send(k, conn, &p);
    CHECK_HEARD(k, conn, "AUTH 18");
    buf_clear(&token);
    buf_clear(&data);
}

static void connect_and_publish(struct kit *k, int conn, const struct kit_connect *how)
{
    begin(k, conn, how);
    kit_publish(k, conn, "a/b", "early", 0, 0);
}

static void connect_and_hang_up(struct kit *k, int conn, const struct kit_connect *how)
{
    begin(k, conn, how);
    kit_cut(k, conn);
}

/* security.md T19: whatever a refused CONNECT asks for, nothing has happened. */
static void no_side_effects(void)
{
    static const struct row {
        const char *why;
        struct kit_connect how;
        void (*instead)(struct kit *k, int conn, const struct kit_connect *how);
        const char *hears;
    } rows[] = {
        { "wrong proof", { .id = "me", .wrong_proof = true, .will = "a/w", .will_retain = true }, NULL, "CONNACK 87; CLOSE" },
        { "expired token", { .id = "me", .life = -1, .will = "a/w", .will_retain = true }, NULL, "CONNACK 87 hint; CLOSE" },
        { "no token", { .id = "me", .by = BY_STORED, .key = 5, .will = "a/w" }, NULL, "CONNACK 87; CLOSE" },
        { "Will outside the scope", { .id = "me", .will = "b", .will_retain = true }, NULL, "CONNACK 87 hint; CLOSE" },
        { "no token at all takes nobody's session", { .id = "me", .by = BY_NOTHING }, NULL, "CONNACK 85; CLOSE" },
        { "CONNACK does not fit", { .id = "me", .max_packet = 8, .will = "a/w" }, NULL, "CONNACK 95; CLOSE" },
        { "a packet before CONNACK [R-CONN-10]", { .id = "me", .will = "a/w" }, connect_and_publish, "CONNACK 82; CLOSE" },
        { "gone before CONNACK", { .id = "me", .will = "a/w" }, connect_and_hang_up, "CLOSE" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;

        start(&k);
        watch(&k);
        kit_enter(&k, 1, &(struct kit_connect){ .id = "me", .expiry = 100, .will = "a/mine" });
        kit_subscribe(&k, 1, "a/sub", 1);
        kit_retain(&k, 1, "a/r", "r", 0);
        CHECK_HEARD(&k, 1, "SUBACK 1 01");
        CHECK_HEARD(&k, 9, "PUBLISH a/r r q0");
        struct broker_counts before = broker_counts(k.broker);
        if (r->instead)
            r->instead(&k, 2, &r->how);
        else
            kit_connect(&k, 2, &r->how);
        CHECK_ROW(kit_is(kit_heard(&k, 2), r->hears), r->why);
        kit_cut(&k, 2);
        struct broker_counts after = broker_counts(k.broker);
        CHECK_ROW(memcmp(&before, &after, sizeof before) == 0, r->why);
        CHECK_ROW(kit_is(kit_heard(&k, 1), ""), r->why); /* A-56 */
        CHECK_ROW(kit_is(kit_heard(&k, 9), ""), r->why);
        kit_publish(&k, 1, "a/sub", "x", 0, 0); /* its subscription lives */
        CHECK_ROW(kit_is(kit_heard(&k, 1), "PUBLISH a/sub x q0"), r->why);
        kit_cut(&k, 1);
        CHECK_ROW(kit_is(kit_heard(&k, 9), "PUBLISH a/sub x q0; PUBLISH a/mine gone q1 (1)"), r->why);
        kit_clear(&k);
    }
}

static void take_over(void)
{
    struct kit k;

    start(&k);
    watch(&k);
    kit_enter(&k, 1,
              &(struct kit_connect){ .id = "me", .expiry = 100, .will = "a/w", .will_payload = "first" });
    kit_subscribe(&k, 1, "a/b", 1);
    CHECK_HEARD(&k, 1, "SUBACK 1 01");
    kit_connect(&k, 2, &(struct kit_connect){ .id = "me", .keep = true, .expiry = 100 });
    CHECK_HEARD(&k, 2, "CONNACK 00 present");
    CHECK_HEARD(&k, 1, "DISCONNECT 8e; CLOSE"); /* [R-CONN-13] */
    CHECK_HEARD(&k, 9, "PUBLISH a/w first q1 (1)");
    kit_cut(&k, 1);
    kit_ack(&k, 9, MQTT_PUBACK, 1);
    kit_publish(&k, 2, "a/b", "x", 0, 0); /* the subscription went along */
    CHECK_HEARD(&k, 2, "PUBLISH a/b x q0");
    kit_enter(&k, 3, &(struct kit_connect){ .id = "me" });
    CHECK_HEARD(&k, 2, "DISCONNECT 8e; CLOSE");
    kit_publish(&k, 3, "a/b", "x", 0, 0); /* Clean Start: no subscription is left */
    CHECK_HEARD(&k, 3, "");
    kit_enter(&k, 4, &(struct kit_connect){ .id = "me", .version = MQTT_V311 });
    kit_enter(&k, 5, &(struct kit_connect){ .id = "me", .version = MQTT_V311 });
    CHECK_HEARD(&k, 4, "CLOSE"); /* [R-V311-20] */
    kit_clear(&k);
}

static void resumes(void)
{
    static const struct row {
        const char *why;
        enum mqtt_version version;
        uint32_t expiry;
        bool keep, present;
    } rows[] = {
        { "kept and asked for [R-SESS-04]", MQTT_V5, 100, true, true },
        { "kept, Clean Start", MQTT_V5, 100, false, false },
        { "not kept [R-SESS-09]", MQTT_V5, 0, true, false },
        { "3.1.1 Clean Session 0 [R-V311-13]", MQTT_V311, 0, true, true },
        { "3.1.1 Clean Session 1", MQTT_V311, 0, false, false },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;
        struct kit_connect how = {
            .id = "me", .key = 1, .version = r->version, .expiry = r->expiry, .keep = r->keep
        };

        start(&k);
        kit_enter(&k, 2, &(struct kit_connect){ 0 });
        kit_enter(&k, 1, &how);
        kit_subscribe(&k, 1, "a/#", 1);
        CHECK_ROW(kit_is(kit_heard(&k, 1), "SUBACK 1 01"), r->why);
        kit_simple(&k, 1, MQTT_DISCONNECT);
        kit_publish(&k, 2, "a/b", "lost", 0, 0);
        kit_publish(&k, 2, "a/b", "kept", 1, 1);
        kit_connect(&k, 3, &how);
        CHECK_ROW(kit_is(kit_heard(&k, 3),
                         r->present ? "CONNACK 00 present; PUBLISH a/b kept q1 (1)" : "CONNACK 00"),
                  r->why);
        kit_clear(&k);
    }
}

static void resumes_with_proof(void)
{
    struct kit k;
    struct kit_connect how = { .id = "me", .key = 1, .expiry = 100, .keep = true, .scope = "sub:a/#" };

    start(&k);
    kit_enter(&k, 2, &(struct kit_connect){ .scope = "pub:a/#" });
    kit_enter(&k, 1, &how);
    kit_subscribe(&k, 1, "a/#", 1);
    CHECK_HEARD(&k, 1, "SUBACK 1 01");
    kit_publish(&k, 2, "a/flight", "1", 1, 1);
    CHECK_HEARD(&k, 1, "PUBLISH a/flight 1 q1 (1)");
    kit_cut(&k, 1);
    kit_publish(&k, 2, "a/b", "2", 1, 1);
    kit_publish(&k, 2, "a/c", "3", 1, 1);
    how.wrong_proof = true;
    kit_connect(&k, 3, &how); /* [R-SESS-06] */
    CHECK_HEARD(&k, 3, "CONNACK 87; CLOSE");
    how.wrong_proof = false;
    how.scope = "sub:a/flight sub:a/c"; /* [R-SESS-07] */
    kit_connect(&k, 4, &how);
    CHECK_HEARD(&k, 4, "CONNACK 00 present; PUBLISH a/flight 1 q1 (1) dup; PUBLISH a/c 3 q1 (2)");
    kit_clear(&k);
}

static void session_ends(void)
{
    struct kit k;
    struct kit_connect how = { .id = "me", .key = 1, .expiry = 100, .keep = true };
    struct mqtt_packet p;

    start(&k);
    kit_enter(&k, 1, &how);
    kit_simple(&k, 1, MQTT_DISCONNECT);
    CHECK(broker_counts(k.broker).sessions == 1);
    kit_pass(&k, 100);
    CHECK(broker_counts(k.broker).sessions == 0);
    kit_enter(&k, 2, &how);
    p = kit_packet(&k, 2, MQTT_DISCONNECT);
    props_set_number(&p.props, PROP_SESSION_EXPIRY, 0); /* DISCONNECT may shorten it */
    kit_send(&k, 2, &p);
    CHECK(broker_counts(k.broker).sessions == 0);
    how.expiry = 0;
    kit_enter(&k, 3, &how);
    p = kit_packet(&k, 3, MQTT_DISCONNECT);
    props_set_number(&p.props, PROP_SESSION_EXPIRY, 5); /* but not begin it */
    kit_send(&k, 3, &p);
    CHECK_HEARD(&k, 3, "DISCONNECT 82; CLOSE");
    kit_open(&k, 4, &how); /* [R-SESS-08] */
    kit_fill_connect(&k, 4, &(struct kit_connect){ .by = BY_NOTHING, .expiry = UINT32_MAX }, span(NULL, 0),
                     &p);
    kit_send(&k, 4, &p);
    struct mqtt_frame frame;
    enum mqtt_more more;
    size_t used;
    CHECK(mqtt_frame_next(buf_span(&k.wire[4]), 1000, &frame, &used, &more) == OK &&
          mqtt_decode(&frame, MQTT_V5, &p) == OK);
    CHECK(props_has(&p.props, PROP_SESSION_EXPIRY) && p.props.number[PROP_SESSION_EXPIRY] == 86400);
    CHECK(p.props.number[PROP_SHARED_AVAILABLE] == 0 && p.props.number[PROP_RECEIVE_MAXIMUM] == 3);
    CHECK(!props_has(&p.props, PROP_AUTH_METHOD)); /* [R-CONN-15] */
    kit_clear(&k);
}

static void leaves(struct kit *k, int conn, const char *way)
{
    struct mqtt_packet p = kit_packet(k, conn, MQTT_DISCONNECT);

    if (strcmp(way, "cut") == 0)
        kit_cut(k, conn);
    else if (strcmp(way, "refused") == 0)
        kit_publish(k, conn, "b", "x", 0, 0);
    else if (strcmp(way, "keep-alive") == 0)
        kit_pass(k, 16);
    else if (strcmp(way, "expired") == 0)
        kit_pass(k, KIT_LIFE), kit_pass(k, 30);
    else if (strcmp(way, "late cut") == 0)
        k->now += KIT_LIFE + 5, kit_cut(k, conn);
    else if (strcmp(way, "broken") == 0)
        kit_bytes(k, conn, span("\0\0", 2));
    else {
        p.reason.reason = strcmp(way, "with Will") == 0 ? 0x04 : 0;
        kit_send(k, conn, &p);
    }
}

static void wills(void)
{
    static const struct row {
        const char *why, *way;
        uint16_t keep_alive;
        bool published;
    } rows[] = {
        { "the line breaks [R-WILL-03]", "cut", 0, true },
        { "refused by the broker [R-WILL-04]", "refused", 0, true },
        { "a broken packet", "broken", 0, true },
        { "silence", "keep-alive", 10, true },
        { "the token ended [R-WILL-05]", "expired", 0, true },
        { "cut after the token ended [R-WILL-05]", "late cut", 0, true },
        { "DISCONNECT 0x00 [R-WILL-08]", "orderly", 0, false },
        { "DISCONNECT 0x04", "with Will", 0, true },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;

        start(&k);
        kit_enter(&k, 9, &(struct kit_connect){ .scope = "sub:#", .life = 10 * KIT_LIFE });
        kit_subscribe(&k, 9, "#", 1);
        CHECK_HEARD(&k, 9, "SUBACK 1 01");
        kit_enter(&k, 1,
                  &(struct kit_connect){ .will = "a/w", .keep_alive = r->keep_alive, .will_retain = true });
        leaves(&k, 1, r->way);
        CHECK_ROW(kit_is(kit_heard(&k, 9), r->published ? "PUBLISH a/w gone q1 (1)" : ""), r->why);
        kit_pass(&k, 5);
        CHECK_ROW(kit_is(kit_heard(&k, 9), ""), r->why); /* once */
        kit_clear(&k);
    }
}

static void delayed_wills(void)
{
    struct kit k;
    struct kit_connect how = {
        .id = "me", .key = 1, .expiry = 100, .will = "a/w", .will_delay = 10, .keep = true
    };

    start(&k);
    watch(&k);
    kit_enter(&k, 1, &how);
    kit_cut(&k, 1);
    kit_pass(&k, 9);
    CHECK_HEARD(&k, 9, "");
    kit_pass(&k, 1);
    CHECK_HEARD(&k, 9, "PUBLISH a/w gone q1 (1)");
    kit_connect(&k, 2, &how);
    CHECK_HEARD(&k, 2, "CONNACK 00 present");
    kit_cut(&k, 2);
    kit_connect(&k, 3, &how); /* back in time: no Will */
    CHECK_HEARD(&k, 3, "CONNACK 00 present");
    kit_pass(&k, 20);
    CHECK_HEARD(&k, 9, "");
    kit_cut(&k, 3);
    how.keep = false;
    kit_enter(&k, 4, &how); /* the old session ends with Clean Start, so its Will is due */
    CHECK_HEARD(&k, 9, "PUBLISH a/w gone q1 (2)");
    kit_simple(&k, 4, MQTT_DISCONNECT);
    how.expiry = 5;
    kit_enter(&k, 5, &how);
    kit_cut(&k, 5);
    kit_pass(&k, 5); /* the session ends before the delay does */
    CHECK_HEARD(&k, 9, "PUBLISH a/w gone q1 (3)");
    how.expiry = 0;
    kit_enter(&k, 6, &how);
    kit_cut(&k, 6);
    CHECK_HEARD(&k, 9, "PUBLISH a/w gone q1 (4)");
    kit_clear(&k);
}

/* A Will reaches a subscriber without right, who is shown out and leaves a Will in turn. */
static void chain_of_wills(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 9, &(struct kit_connect){ .scope = "sub:#", .life = 10 * KIT_LIFE });
    kit_subscribe(&k, 9, "#", 0);
    kit_enter(&k, 1, &(struct kit_connect){ .will = "a/1", .life = 10 * KIT_LIFE });
    kit_enter(&k, 2, &(struct kit_connect){ .will = "a/2" });
    kit_subscribe(&k, 2, "a/1", 0);
    CHECK_HEARD(&k, 9, "SUBACK 1 00");
    CHECK_HEARD(&k, 2, "SUBACK 1 00");
    k.now += KIT_LIFE;
    kit_cut(&k, 1);
    CHECK_HEARD(&k, 2, "DISCONNECT 87; CLOSE");
    CHECK_HEARD(&k, 9, "PUBLISH a/1 gone q0; PUBLISH a/2 gone q0");
    kit_clear(&k);
}

static void stops(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .expiry = 100 });
    kit_enter(&k, 2, &(struct kit_connect){ .version = MQTT_V311 });
    kit_open(&k, 3, &(struct kit_connect){ 0 });
    broker_shutdown(k.broker, k.now);
    kit_pass(&k, 0);
    CHECK_HEARD(&k, 1, "DISCONNECT 8b; CLOSE");
    CHECK_HEARD(&k, 2, "CLOSE");
    CHECK_HEARD(&k, 3, "CLOSE");
    kit_clear(&k);
}

static void crowds(void)
{
    struct kit k;
    struct tls_facts tls = { 0 };

    kit_init(&k);
    k.settings.limits.connections = 2;
    k.settings.limits.sessions = 1;
    kit_start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_connect(&k, 2, &(struct kit_connect){ 0 });
    CHECK_HEARD(&k, 2, "CONNACK 97; CLOSE");
    CHECK(broker_opened(k.broker, 3, &(struct visitor){ &tls, span_str("::1") }, k.now) == ERR_QUOTA);
    kit_cut(&k, 2);
    kit_enter(&k, 4, &(struct kit_connect){ .id = "c1", .key = 1 }); /* the same session is not one more */
    kit_clear(&k);
}

/* Those who only ever begin keep nobody else out (A-64). */
static void beginners(void)
{
    struct kit k;
    struct tls_facts tls = { 0 };
    struct visitor here = { &tls, span_str("::1") }, there = { &tls, span_str("::2") };

    start(&k);
    for (int conn = 1; conn <= 3; conn++) kit_open(&k, conn, &(struct kit_connect){ 0 });
    CHECK(broker_opened(k.broker, 4, &here, k.now) == ERR_QUOTA);
    CHECK(broker_opened(k.broker, 5, &there, k.now) == OK);
    kit_cut(&k, 3);
    kit_enter(&k, 4, &(struct kit_connect){ 0 }); /* whoever is admitted does not count any more */
    kit_enter(&k, 6, &(struct kit_connect){ 0 });
    kit_clear(&k);
}

CU_TestInfo broker_session_tests[] = { { "a refused CONNECT changes nothing", no_side_effects },
                                       { "take-over", take_over },
                                       { "resumption", resumes },
                                       { "resumption needs proof and right", resumes_with_proof },
                                       { "sessions end", session_ends },
                                       { "Wills", wills },
                                       { "delayed Wills", delayed_wills },
                                       { "a chain of Wills", chain_of_wills },
                                       { "shutdown", stops },
                                       { "limits", crowds },
                                       { "beginners", beginners },
                                       CU_TEST_INFO_NULL };
