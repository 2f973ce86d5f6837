#include "broker/wire.h"
#include "common/net/link.h"
#include "tests/broker_kit.h"

/* The shell and the core together, over real TLS on loopback: a client of the test's own comes in by exporter. */

enum { PATIENCE_MS = 10000 };

struct client {
    struct kit *kit;
    struct link *link;
    const struct kit_connect *how;
    struct buf in;
    bool closed;
};

static void on_opened(void *self, struct link *l, const struct tls_facts *facts)
{
    struct client *c = self;
    struct buf token = kit_token(c->kit, 1, c->how), proof = { 0 }, data = { 0 }, bytes = { 0 };
    struct mqtt_packet p;

    CHECK(facts->has_exporter);
    kit_prove(1, span(facts->exporter, EXPORTER_SIZE), &proof);
    buf_bin16(&data, buf_span(&token));
    buf_add(&data, buf_span(&proof));
    kit_fill_connect(c->kit, 1, c->how, buf_span(&data), &p);
    CHECK(mqtt_encode(&p, &bytes) == OK && link_write(l, buf_span(&bytes)) == OK);
    buf_clear(&token);
    buf_clear(&proof);
    buf_clear(&data);
    buf_clear(&bytes);
}

static void on_input(void *self, struct link *l, struct span plaintext)
{
    struct client *c = self;

    (void)l;
    buf_add(&c->in, plaintext);
}

static void on_closed(void *self, struct link *l, enum err err, const char *reason)
{
    struct client *c = self;

    (void)l, (void)err, (void)reason;
    c->closed = true;
    c->link = NULL;
}

static void on_patience(uv_timer_t *t)
{
    *(bool *)t->data = true;
}

struct bed {
    struct kit kit;
    struct broker_config config;
    uv_loop_t loop;
    uv_timer_t patience;
    bool gave_up;
    struct wire *wire;
    struct tls_config *tls;
    struct client client;
};

static void bed_open(struct bed *b, int tls_version, const struct kit_connect *how)
{
    static char host[] = "127.0.0.1";
    struct fault why = { 0 };

    memset(b, 0, sizeof *b);
    kit_init(&b->kit);
    b->kit.now = (int64_t)time(NULL);
    b->kit.version[1] = how->version ? how->version : MQTT_V5;
    b->config = (struct broker_config){ .host = host,
                                        .max_version = tls_version == TLS_1_3,
                                        .settings = b->kit.settings };
    b->config.limits = b->config.settings.limits;
    CHECK(key_generate(KEY_ED25519, &b->config.key.key) == OK);
    uv_loop_init(&b->loop);
    uv_timer_init(&b->loop, &b->patience);
    b->patience.data = &b->gave_up;
    uv_timer_start(&b->patience, on_patience, PATIENCE_MS, 0);
    CHECK(wire_open(&b->loop, &b->config, &b->wire, &why) == OK);
    struct tls_client_options o = { .expected = { b->config.key.key }, .protocol.alpn = { "mqtt" } };
    CHECK(tls_client_config(&o, &b->tls, &why) == OK);
    struct link_options link = { .tls = b->tls };
    struct link_owner owner = { &b->client, on_opened, on_input, NULL, on_closed };
    b->client = (struct client){ .kit = &b->kit, .how = how };
    CHECK(link_connect(&b->loop, &(struct link_target){ "127.0.0.1", wire_port(b->wire) }, &link, &owner,
                       &b->client.link) == OK);
}

static void wait_for(struct bed *b, size_t bytes)
{
    while (b->client.in.n < bytes && !b->client.closed && !b->gave_up) uv_run(&b->loop, UV_RUN_ONCE);
}

static void bed_close(struct bed *b)
{
    wire_shut(b->wire);
    while (!b->client.closed && !b->gave_up) uv_run(&b->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&b->patience, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    CHECK(!b->gave_up);
    CHECK(uv_loop_close(&b->loop) == 0); /* nothing is left on the loop */
    wire_free(b->wire);
    tls_config_free(b->tls);
    key_object_clear(&b->config.key);
    buf_clear(&b->client.in);
    kit_clear(&b->kit);
}

static void say(struct bed *b, struct mqtt_packet *p)
{
    struct buf bytes = { 0 };

    CHECK(mqtt_encode(p, &bytes) == OK && link_write(b->client.link, buf_span(&bytes)) == OK);
    buf_clear(&bytes);
}

/* What the client got so far, in the kit's words. */
static const char *heard(struct bed *b)
{
    buf_add(&b->kit.wire[1], buf_span(&b->client.in));
    buf_truncate(&b->client.in, 0);
    b->kit.live[1] = !b->client.closed;
    return kit_heard(&b->kit, 1);
}

static void comes_in(void)
{
    static const struct row {
        const char *why;
        int tls;
        struct kit_connect how;
        const char *hears;
    } rows[] = {
        { "TLS 1.3 [R-POPX-02]", TLS_1_3, { 0 }, "CONNACK 00" },
        { "TLS 1.2 [R-TLS12-07]", TLS_1_2, { 0 }, "CONNACK 00" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct bed b;

        bed_open(&b, r->tls, &r->how);
        wait_for(&b, 1);
        CHECK_ROW(kit_is(heard(&b), r->hears), r->why);
        struct mqtt_packet p = kit_packet(&b.kit, 1, MQTT_PUBLISH);
        p.publish = (struct mqtt_publish){ .qos = 1, .id = 1, .topic = span_str("b") };
        say(&b, &p);
        wait_for(&b, 1);
        CHECK_ROW(kit_is(heard(&b), "PUBACK 1 87"), r->why);
        wire_jump(b.wire, KIT_LIFE);
        p = kit_packet(&b.kit, 1, MQTT_PINGREQ);
        say(&b, &p);
        while (!b.client.closed && !b.gave_up) uv_run(&b.loop, UV_RUN_ONCE);
        CHECK_ROW(kit_is(heard(&b), "DISCONNECT 87; CLOSE"), r->why); /* [R-EXP-05] */
        bed_close(&b);
    }
}

static void says_goodbye(void)
{
    struct bed b;

    bed_open(&b, TLS_1_3, &(struct kit_connect){ 0 });
    wait_for(&b, 1);
    CHECK(kit_is(heard(&b), "CONNACK 00"));
    wire_shut(b.wire);
    while (!b.client.closed && !b.gave_up) uv_run(&b.loop, UV_RUN_ONCE);
    CHECK(kit_is(heard(&b), "DISCONNECT 8b; CLOSE"));
    bed_close(&b);
}

/* More than a line holds at once: it waits and arrives, whole and in order. */
static void heavy_load(void)
{
    enum { MESSAGES = 15, SIZE = 6000 };
    static char payload[SIZE + 1];
    struct bed b;
    size_t got = 0;

    bed_open(&b, TLS_1_3, &(struct kit_connect){ 0 });
    wait_for(&b, 1);
    struct mqtt_packet p = kit_packet(&b.kit, 1, MQTT_SUBSCRIBE);
    p.subscribe.id = 1;
    p.subscribe.count = 1;
    p.subscribe.filter[0].filter = span_str("a/#");
    say(&b, &p);
    memset(payload, 'x', SIZE);
    for (int i = 0; i < MESSAGES; i++) {
        p = kit_packet(&b.kit, 1, MQTT_PUBLISH);
        p.publish = (struct mqtt_publish){ .topic = span_str("a/b"), .payload = span_str(payload) };
        say(&b, &p);
    }
    wait_for(&b, MESSAGES * SIZE);
    for (const char *at = heard(&b); (at = strstr(at, "PUBLISH a/b")); at++) got++;
    CHECK(got == MESSAGES);
    bed_close(&b);
}

static void port_in_use(void)
{
    struct bed b;
    struct wire *second;
    struct fault why = { 0 };

    bed_open(&b, TLS_1_3, &(struct kit_connect){ 0 });
    b.config.port = wire_port(b.wire);
    enum err e = wire_open(&b.loop, &b.config, &second, &why);
    CHECK_ROW(e == ERR_IO && strstr(why.why, "in use"), why.why);
    wait_for(&b, 1);
    bed_close(&b);
}

CU_TestInfo broker_wire_tests[] = { { "comes in over TLS", comes_in },
                                    { "says goodbye", says_goodbye },
                                    { "heavy load", heavy_load },
                                    { "port in use", port_in_use },
                                    CU_TEST_INFO_NULL };
