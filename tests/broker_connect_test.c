#include "tests/broker_kit.h"

/* CONNECT and AUTH to CONNACK: who comes in, what the others hear. */

static void start(struct kit *k)
{
    kit_init(k);
    kit_start(k);
}

static void ways_in(void)
{
    static const struct row {
        const char *why;
        struct kit_connect how;
        const char *hears;
    } rows[] = {
        { "exporter [R-POPX-04]", { 0 }, "CONNACK 00" },
        { "challenge [R-POPC-10]", { .by = BY_CHALLENGE }, "CONNACK 00" },
        { "empty scope [R-SCOPE-09]", { .scope = "" }, "CONNACK 00" },
        { "no token, none stored [R-DISC-01]", { .by = BY_STORED }, "CONNACK 87 hint; CLOSE" },
        { "other key [R-VAL-12]", { .proof_key = 9 }, "CONNACK 87; CLOSE" },
        { "other key after challenge", { .by = BY_CHALLENGE, .proof_key = 9 }, "CONNACK 87; CLOSE" },
        { "one bit of the proof", { .wrong_proof = true }, "CONNACK 87; CLOSE" },
        { "expired [R-EXP-01]", { .life = -1 }, "CONNACK 87 hint; CLOSE" },
        { "expired after challenge [R-POPC-16]", { .by = BY_CHALLENGE, .life = -1 }, "CONNACK 87 hint; CLOSE" },
        { "resumed TLS [R-POPX-06]", { .resumed_tls = true }, "CONNACK 87; CLOSE" },
        { "resumed TLS with challenge", { .resumed_tls = true, .by = BY_CHALLENGE }, "CONNACK 00" },
        { "not a token", { .token = SPAN("abc") }, "CONNACK 87 hint; CLOSE" },
        { "not a token after challenge", { .by = BY_CHALLENGE, .token = SPAN("abc") }, "CONNACK 87 hint; CLOSE" },
        { "Will in scope [R-WILL-01]", { .will = "a/will" }, "CONNACK 00" },
        { "Will outside", { .will = "b" }, "CONNACK 87 hint; CLOSE" },
        { "Will with sub only [R-WILL-07]", { .scope = "sub:a/#", .will = "a/will" }, "CONNACK 87 hint; CLOSE" },
        { "Will on a wildcard", { .will = "a/#" }, "CONNACK 90; CLOSE" },
        { "Will on authz-info [R-AZI-01]", { .scope = "pub:#", .will = "authz-info" }, "CONNACK 87 hint; CLOSE" },
        { "public topics [R-TLS-04]", { .by = BY_NOTHING }, "CONNACK 00" },
        { "Will on a protected topic [R-WILL-09]", { .by = BY_NOTHING, .will = "a/b" }, "CONNACK 87; CLOSE" },
        { "Will on a public topic", { .by = BY_NOTHING, .will = "public/w" }, "CONNACK 00" },
        { "a small client [R-CACK-11]", { .by = BY_STORED, .max_packet = 40 }, "CONNACK 87; CLOSE" },
        { "3.1.1 [R-IMP-01]", { .version = MQTT_V311 }, "CONNACK 00" },
        { "3.1.1 other key [R-V311-11]", { .version = MQTT_V311, .proof_key = 9 }, "CONNACK 05; CLOSE" },
        { "3.1.1 no proof [R-V311-23]", { .version = MQTT_V311, .by = BY_CHALLENGE }, "CONNACK 05; CLOSE" },
        { "3.1.1 expired", { .version = MQTT_V311, .life = -1 }, "CONNACK 05; CLOSE" },
        { "3.1.1 public", { .version = MQTT_V311, .by = BY_NOTHING }, "CONNACK 00" },
        { "3.1.1 Will outside [R-V311-17]", { .version = MQTT_V311, .will = "b" }, "CONNACK 05; CLOSE" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;

        start(&k);
        kit_connect(&k, 1, &r->how);
        CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears), r->why);
        bool in = strcmp(r->hears, "CONNACK 00") == 0;
        CHECK_ROW(broker_counts(k.broker).sessions == in, r->why);
        CHECK_ROW(broker_counts(k.broker).tokens == (in && r->how.by != BY_NOTHING), r->why);
        kit_clear(&k);
    }
}

static void raw_connect(struct kit *k, void (*change)(struct mqtt_packet *))
{
    struct mqtt_packet p;

    kit_open(k, 1, &(struct kit_connect){ 0 });
    kit_fill_connect(k, 1, &(struct kit_connect){ .by = BY_STORED }, span(NULL, 0), &p);
    change(&p);
    kit_send(k, 1, &p);
}

static void set_method(struct mqtt_packet *p, const char *method)
{
    props_set_bytes(&p->props, PROP_AUTH_METHOD, span_str(method));
}
static void other_method(struct mqtt_packet *p)
{
    set_method(p, "SCRAM-SHA-1");
}
static void upper_case(struct mqtt_packet *p)
{
    set_method(p, "ACE");
}
static void data_only(struct mqtt_packet *p)
{
    p->props.has &= ~(1ULL << PROP_AUTH_METHOD);
    props_set_bytes(&p->props, PROP_AUTH_DATA, span_str("xx"));
}
static void with_password(struct mqtt_packet *p)
{
    p->connect.has_username = p->connect.has_password = true;
    p->connect.username = p->connect.password = span_str("x");
}
static void username_only(struct mqtt_packet *p)
{
    p->props.has = 0;
    p->connect.has_username = true;
    p->connect.username = span_str("bob");
}
static void one_byte(struct mqtt_packet *p)
{
    props_set_bytes(&p->props, PROP_AUTH_DATA, span("\0", 1));
}
static void empty_and_more(struct mqtt_packet *p)
{
    props_set_bytes(&p->props, PROP_AUTH_DATA, span("\0\0x", 3));
}
static void too_long(struct mqtt_packet *p)
{
    props_set_bytes(&p->props, PROP_AUTH_DATA, span("\0\x05tk", 4));
}
static void zero_length(struct mqtt_packet *p)
{
    props_set_bytes(&p->props, PROP_AUTH_DATA, span("\0\0", 2));
}
static void long_id(struct mqtt_packet *p)
{
    static const char id[65] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    p->connect.client_id = span(id, sizeof id);
}

static void odd_connects(void)
{
    static const struct row {
        const char *why;
        void (*change)(struct mqtt_packet *);
        const char *hears;
    } rows[] = {
        { "other method [R-CONN-03]", other_method, "CONNACK 8c; CLOSE" },
        { "ACE is not ace", upper_case, "CONNACK 8c; CLOSE" },
        { "data without method [R-CONN-18]", data_only, "CONNACK 82; CLOSE" },
        { "method and password [R-CONN-06]", with_password, "CONNACK 87; CLOSE" },
        { "user name only", username_only, "CONNACK 87; CLOSE" },
        { "one byte of data [R-CONN-17]", one_byte, "CONNACK 87 hint; CLOSE" },
        { "no token, then bytes [R-CONN-17]", empty_and_more, "CONNACK 87 hint; CLOSE" },
        { "token length past the end [R-CONN-16]", too_long, "CONNACK 87 hint; CLOSE" },
        { "0000 is no token (A-08)", zero_length, "CONNACK 87 hint; CLOSE" },
        { "Client Identifier too long", long_id, "CONNACK 85; CLOSE" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct kit k;

        start(&k);
        raw_connect(&k, r->change);
        CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears), r->why);
        kit_clear(&k);
    }
}

static void other_versions(void)
{
    static const uint8_t mqisdp[] = {
        0x10, 16, 0, 6, 'M', 'Q', 'I', 's', 'd', 'p', 3, 2, 0, 9, 0, 2, 'c', '1'
    };
    static const uint8_t six[] = { 0x10, 15, 0, 4, 'M', 'Q', 'T', 'T', 6, 2, 0, 9, 0, 0, 2, 'c', '1' };
    static const uint8_t doubled[] = { 0x10, 27,  0,   4,   'M',  'Q', 'T', 'T', 5,   2,   0, 9, 12,  0x15, 0,
                                       3,    'a', 'c', 'e', 0x15, 0,   3,   'a', 'c', 'e', 0, 2, 'c', '1' };
    static const struct row {
        const char *why;
        struct span bytes;
        enum mqtt_version answer;
        const char *hears;
    } rows[] = {
        { "MQTT 3.1", { mqisdp, sizeof mqisdp }, MQTT_V311, "CONNACK 01; CLOSE" },
        { "MQTT 6", { six, sizeof six }, MQTT_V5, "CONNACK 84; CLOSE" },
        { "method twice [R-CONN-20]", { doubled, sizeof doubled }, MQTT_V5, "CONNACK 82; CLOSE" },
    }, *r;
    struct kit k;

    for (EACH_ROW(r, rows)) {
        start(&k);
        kit_open(&k, 1, &(struct kit_connect){ .version = r->answer });
        kit_bytes(&k, 1, r->bytes);
        CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears), r->why);
        kit_clear(&k);
    }
    kit_init(&k);
    k.settings.mqtt311 = false;
    kit_start(&k);
    struct mqtt_packet p;
    kit_open(&k, 1, &(struct kit_connect){ .version = MQTT_V311 });
    kit_fill_connect(&k, 1, &(struct kit_connect){ .by = BY_NOTHING }, span(NULL, 0), &p);
    kit_send(&k, 1, &p);
    CHECK(k.wire[1].n == 4 && memcmp(k.wire[1].p, "\x20\x02\x00\x84", 4) == 0); /* [R-V311-03] */
    kit_clear(&k);
}

static void stored_token(void)
{
    struct kit k;

    start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .id = "me", .life = 60 });
    kit_simple(&k, 1, MQTT_DISCONNECT);
    kit_enter(&k, 2,
              &(struct kit_connect){ .id = "me", .by = BY_STORED, .key = 1 }); /* [R-POPC-02, R-CACK-10] */
    kit_publish(&k, 2, "a/b", "x", 1, 1);
    CHECK_HEARD(&k, 2, "PUBACK 1 00");
    kit_connect(&k, 3,
                &(struct kit_connect){
                    .id = "me", .by = BY_STORED, .key = 3 }); /* the name alone is nothing [R-SESS-11] */
    CHECK_HEARD(&k, 3, "CONNACK 87; CLOSE");
    CHECK_HEARD(&k, 2, "");
    kit_connect(&k, 4, &(struct kit_connect){ .id = "you", .by = BY_STORED, .key = 1 });
    CHECK_HEARD(&k, 4, "CONNACK 87 hint; CLOSE");
    kit_pass(&k, 61);
    kit_connect(&k, 5, &(struct kit_connect){ .id = "me", .by = BY_STORED, .key = 1 }); /* [R-EXP-10] */
    CHECK_HEARD(&k, 5, "CONNACK 87 hint; CLOSE");
    CHECK(broker_counts(k.broker).tokens == 0);
    kit_clear(&k);
}

static void replays(void)
{
    struct kit k;
    struct kit_connect how = { .id = "me", .by = BY_CHALLENGE };
    uint8_t old[NONCE_SIZE];

    start(&k);
    kit_enter(&k, 1, &how);
    memcpy(old, k.nonce, sizeof old);
    struct buf token = kit_token(&k, 1, &how);
    struct buf data = { 0 };
    struct mqtt_packet p;
    buf_bin16(&data, buf_span(&token));
    kit_open(&k, 2, &how);
    kit_fill_connect(&k, 2, &how, buf_span(&data), &p);
    kit_send(&k, 2, &p);
    CHECK_HEARD(&k, 2, "AUTH 18");
    CHECK(memcmp(old, k.nonce, sizeof old) != 0); /* [R-POPC-06] */
    memcpy(k.nonce, old, sizeof old);
    kit_answer(&k, 2, 1); /* the answer of the first connection once more [R-POPC-11] */
    CHECK_HEARD(&k, 2, "CONNACK 87; CLOSE");
    buf_clear(&token);
    buf_clear(&data);
    kit_clear(&k);
}

static void answers(void)
{
    static const struct row {
        const char *why, *method;
        uint8_t reason;
        size_t data;
        const char *hears;
    } rows[] = {
        { "eight bytes [R-POPC-12]", "ace", 0x18, 8, "CONNACK 87; CLOSE" },
        { "39 bytes [R-POPC-12]", "ace", 0x18, 39, "CONNACK 87; CLOSE" },
        { "zeros as proof", "ace", 0x18, 72, "CONNACK 87; CLOSE" },
        { "other method [R-POPC-14]", "x", 0x18, 72, "CONNACK 82; CLOSE" },
        { "re-authentication before CONNACK [R-POPC-13]", "ace", 0x19, 72, "CONNACK 82; CLOSE" },
    }, *r;
    static const uint8_t zeros[72] = { 0 };

    for (EACH_ROW(r, rows)) {
        struct kit k;
        struct mqtt_packet p;
        struct kit_connect how = { .by = BY_CHALLENGE };

        start(&k);
        kit_open(&k, 1, &how);
        struct buf token = kit_token(&k, 1, &how), data = { 0 };
        buf_bin16(&data, buf_span(&token));
        kit_fill_connect(&k, 1, &how, buf_span(&data), &p);
        kit_send(&k, 1, &p);
        CHECK_HEARD(&k, 1, "AUTH 18");
        p = kit_packet(&k, 1, MQTT_AUTH);
        p.reason.reason = r->reason;
        set_method(&p, r->method);
        props_set_bytes(&p.props, PROP_AUTH_DATA, span(zeros, r->data));
        kit_send(&k, 1, &p);
        CHECK_ROW(kit_is(kit_heard(&k, 1), r->hears), r->why);
        buf_clear(&token);
        buf_clear(&data);
        kit_clear(&k);
    }
}

static void deadlines(void)
{
    struct kit k;

    start(&k);
    kit_open(&k, 1, &(struct kit_connect){ 0 });
    kit_pass(&k, 9);
    CHECK_HEARD(&k, 1, "");
    kit_pass(&k, 1);
    CHECK_HEARD(&k, 1, "CLOSE");
    kit_open(&k, 2, &(struct kit_connect){ 0 });
    struct buf token = kit_token(&k, 2, &(struct kit_connect){ 0 }), data = { 0 };
    struct mqtt_packet p;
    buf_bin16(&data, buf_span(&token));
    kit_fill_connect(&k, 2, &(struct kit_connect){ 0 }, buf_span(&data), &p);
    kit_send(&k, 2, &p);
    CHECK_HEARD(&k, 2, "AUTH 18");
    kit_pass(&k, 10); /* [R-POPC-17] */
    CHECK_HEARD(&k, 2, "CLOSE");
    kit_open(&k, 3, &(struct kit_connect){ 0 });
    broker_shift(k.broker, 100000); /* the clock jumps: deadlines move along */
    kit_pass(&k, 100000);
    CHECK_HEARD(&k, 3, "");
    buf_clear(&token);
    buf_clear(&data);
    kit_clear(&k);
}

static void says_why(void)
{
    struct kit k;

    kit_init(&k);
    k.settings.lab = true;
    hints_clear(&k.settings.hint);
    kit_start(&k);
    kit_connect(&k, 1, &(struct kit_connect){ .life = -1 });
    CHECK_HEARD(&k, 1, "CONNACK 87 why; CLOSE");
    kit_connect(&k, 2, &(struct kit_connect){ .life = -1, .max_packet = 20 });
    CHECK_HEARD(&k, 2, "CONNACK 87; CLOSE");
    kit_clear(&k);
}

static void no_public(void)
{
    struct kit k;

    kit_init(&k);
    scope_free(k.settings.open);
    CHECK(scope_from_words(span_str(""), &k.settings.open, NULL) == OK);
    kit_start(&k);
    kit_connect(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
    CHECK_HEARD(&k, 1, "CONNACK 87; CLOSE"); /* A-54 */
    kit_connect(&k, 2, &(struct kit_connect){ .by = BY_NOTHING, .version = MQTT_V311 });
    CHECK_HEARD(&k, 2, "CONNACK 05; CLOSE"); /* [R-V311-18] */
    kit_clear(&k);
}

CU_TestInfo broker_connect_tests[] = { { "ways in", ways_in },
                                       { "odd CONNECTs", odd_connects },
                                       { "other versions", other_versions },
                                       { "stored token", stored_token },
                                       { "replays", replays },
                                       { "answers to the challenge", answers },
                                       { "deadlines", deadlines },
                                       { "lab mode says why", says_why },
                                       { "no public topics", no_public },
                                       CU_TEST_INFO_NULL };
