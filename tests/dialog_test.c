#include "client/dialog.h"
#include "tests/bytes.h"
#include "tests/check.h"
#include "tests/vectors.h"

#include <stdlib.h>

/* The client's side of a connection, byte by byte, without a socket. */

enum { NOW = 1000 };

/* Gives the vectors' client nonce. */
static enum err give_nonce(struct entropy *self, uint8_t *out, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++) out[i] = (uint8_t)(0x11 + i);
    return OK;
}

struct bed {
    struct entropy entropy;
    struct dialog *d;
    struct key *key;
    struct tls_facts facts;
    struct mqtt_props *props; /* more of CONNECT */
    bool draft02;
};

static struct key *hs256(void)
{
    struct buf k = unhex(POP_SEED_HEX);
    struct key *key = NULL;

    CHECK(key_oct(buf_span(&k), &key) == OK);
    buf_clear(&k);
    return key;
}

static struct key *ed25519(void)
{
    struct buf k = unhex(POP_SEED_HEX);
    struct key *key = NULL;

    CHECK(key_ed25519_private(buf_span(&k), &key) == OK);
    buf_clear(&k);
    return key;
}

static void open_bed(struct bed *b, struct key *key)
{
    struct buf exporter = unhex(EXPORTER_HEX);

    *b = (struct bed){ .entropy = { give_nonce }, .key = key };
    b->facts.has_exporter = true;
    memcpy(b->facts.exporter, exporter.p, EXPORTER_SIZE);
    buf_clear(&exporter);
    b->d = dialog_new(&b->entropy);
    CHECK(b->d != NULL);
}

static void close_bed(struct bed *b)
{
    dialog_free(b->d);
    key_free(b->key);
}

static enum err begin(struct bed *b, enum mqtt_version version, enum dialog_pop pop)
{
    struct dialog_connect how = {
        .version = version,
        .client_id = SPAN("c"),
        .clean_start = true,
        .keep_alive = 60,
        .props = b->props,
        .pop = pop,
        .token = pop == DIALOG_POP_STORED ? span(NULL, 0) : span_str("tok"),
        .key = b->key,
        .facts = &b->facts,
        .compat_draft02 = b->draft02,
    };

    return dialog_connect(b->d, &how);
}

/* Is exactly this to be sent? It then is. */
static bool sends(struct bed *b, const char *hex)
{
    bool same = is_hex(dialog_output(b->d), hex);

    dialog_sent(b->d);
    return same;
}

static enum err feed(struct bed *b, const char *hex)
{
    struct buf bytes = unhex(hex);
    enum err e = dialog_input(b->d, buf_span(&bytes), NOW);

    buf_clear(&bytes);
    return e;
}

/* The next event is of this kind; its reason, identifier or error is the number (-1: any). */
static bool happens(struct bed *b, enum dialog_happening what, int number)
{
    struct dialog_event e = { 0 };

    if (!dialog_event(b->d, &e)) return false;
    int is = what == DIALOG_BROKEN ? (int)e.err : what == DIALOG_SUBSCRIBED ? e.id : e.reason;
    bool right = e.what == what && (number < 0 || is == number) && (what != DIALOG_BROKEN || *e.why);
    dialog_event_clear(&e);
    return right;
}

static bool nothing_happens(struct bed *b)
{
    struct dialog_event e;

    if (!dialog_event(b->d, &e)) return true;
    dialog_event_clear(&e);
    return false;
}

#define CONNACK5    "20 03 00 00 00"
#define CONNACK311  "20 02 00 00"
#define CHALLENGE   "f0 13 18 11 15 0003 616365 16 0008 0102030405060708"
#define RECHALLENGE CHALLENGE
#define AUTH_OK     "f0 08 00 06 15 0003 616365"

/* A dialog between CONNACK and the end; what was sent so far is forgotten. */
static void open_ready(struct bed *b, enum mqtt_version version, const char *connack)
{
    open_bed(b, hs256());
    CHECK(begin(b, version, version == MQTT_V5 ? DIALOG_POP_EXPORTER : DIALOG_POP_NONE) == OK);
    dialog_sent(b->d);
    CHECK(feed(b, connack) == OK);
    CHECK(happens(b, DIALOG_CONNECTED, 0));
    CHECK(dialog_ready(b->d));
}

/* --- CONNECT --- */

static void connect_bytes(void)
{
    static const struct row {
        const char *why;
        struct key *(*key)(void);
        enum mqtt_version version;
        enum dialog_pop pop;
        const char *sent;
    } rows[] = {
        { "nothing at all", hs256, MQTT_V5, DIALOG_POP_NONE, "10 0e 0004 4d515454 05 02 003c 00 0001 63" },
        { "exporter, HS256", hs256, MQTT_V5, DIALOG_POP_EXPORTER,
          "10 3c 0004 4d515454 05 02 003c 2e 15 0003 616365 16 0025 0003 746f6b" HS256_EXPORTER_HEX
          "0001 63" },
        { "exporter, Ed25519", ed25519, MQTT_V5, DIALOG_POP_EXPORTER,
          "10 5c 0004 4d515454 05 02 003c 4e 15 0003 616365 16 0045 0003 746f6b" ED25519_EXPORTER_HEX
          "0001 63" },
        { "challenge: the token alone", hs256, MQTT_V5, DIALOG_POP_CHALLENGE,
          "10 1c 0004 4d515454 05 02 003c 0e 15 0003 616365 16 0005 0003 746f6b 0001 63" },
        { "stored: the method alone", hs256, MQTT_V5, DIALOG_POP_STORED,
          "10 14 0004 4d515454 05 02 003c 06 15 0003 616365 0001 63" },
        { "3.1.1: user name and password [R-V311-08] [R-V311-09]", hs256, MQTT_V311, DIALOG_POP_EXPORTER,
          "10 38 0004 4d515454 04 c2 003c 0001 63 0007 61636564473972 0020" HS256_EXPORTER_HEX },
        { "3.1.1 without", hs256, MQTT_V311, DIALOG_POP_NONE, "10 0d 0004 4d515454 04 02 003c 0001 63" },
    };
    const struct row *r;
    struct bed b;

    for
        EACH(r, rows)
        {
            open_bed(&b, r->key());
            CHECK_ROW(begin(&b, r->version, r->pop) == OK, r->why);
            CHECK_ROW(sends(&b, r->sent), r->why);
            CHECK_ROW(begin(&b, r->version, r->pop) == ERR_PROTOCOL, "a second CONNECT");
            close_bed(&b);
        }
}

static void connect_refused(void)
{
    struct bed b;

    open_bed(&b, hs256());
    CHECK(begin(&b, MQTT_V311, DIALOG_POP_CHALLENGE) == ERR_PROTOCOL); /* [R-V311-10] */
    b.facts.has_exporter = false;
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_EXPORTER) == ERR_PROTOCOL);
    CHECK(begin(&b, MQTT_V311, DIALOG_POP_EXPORTER) == ERR_PROTOCOL);
    CHECK(dialog_output(b.d).n == 0);
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_CHALLENGE) == OK);
    close_bed(&b);
}

/* token and proof fit 65535 bytes, or nothing is sent at all. */
static void large_token(void)
{
    static uint8_t token[UINT16_MAX];
    struct bed b;
    struct dialog_connect how = { .version = MQTT_V5, .pop = DIALOG_POP_CHALLENGE };

    memset(token, 'a', sizeof token);
    open_bed(&b, hs256());
    how.key = b.key;
    how.token = span(token, UINT16_MAX - 1);
    CHECK(dialog_connect(b.d, &how) == ERR_TOO_LARGE && dialog_output(b.d).n == 0);
    how.token = span(token, UINT16_MAX - 2); /* and two bytes of length */
    CHECK(dialog_connect(b.d, &how) == OK && dialog_output(b.d).n > UINT16_MAX);
    close_bed(&b);
}

/* --- challenge --- */

static void challenge_bytes(void)
{
    static const struct row {
        const char *why;
        struct key *(*key)(void);
        const char *sent;
    } rows[] = {
        { "HS256", hs256, "f0 33 18 31 15 0003 616365 16 0028 1112131415161718" HS256_NONCES_HEX },
        { "Ed25519", ed25519, "f0 53 18 51 15 0003 616365 16 0048 1112131415161718" ED25519_NONCES_HEX },
    };
    const struct row *r;
    struct bed b;

    for
        EACH(r, rows)
        {
            open_bed(&b, r->key());
            CHECK(begin(&b, MQTT_V5, DIALOG_POP_CHALLENGE) == OK);
            dialog_sent(b.d);
            CHECK_ROW(feed(&b, CHALLENGE) == OK, r->why);
            CHECK_ROW(sends(&b, r->sent), r->why);
            CHECK_ROW(!dialog_ready(b.d) && nothing_happens(&b), "CONNACK is still to come");
            CHECK_ROW(feed(&b, CONNACK5) == OK && happens(&b, DIALOG_CONNECTED, 0), r->why);
            close_bed(&b);
        }
}

static void challenge_wrong(void)
{
    static const struct row {
        const char *why, *bytes;
    } rows[] = {
        { "7 bytes", "f0 12 18 10 15 0003 616365 16 0007 01020304050607" },
        { "9 bytes", "f0 14 18 12 15 0003 616365 16 0009 010203040506070809" },
        { "no nonce", "f0 08 18 06 15 0003 616365" },
        { "another method", "f0 13 18 11 15 0003 616364 16 0008 0102030405060708" },
        { "no method", "f0 0d 18 0b 16 0008 0102030405060708" },
        { "re-authentication begun by the broker", "f0 13 19 11 15 0003 616365 16 0008 0102030405060708" },
        { "success of nothing", AUTH_OK },
        { "a second challenge", CHALLENGE CHALLENGE },
    };
    const struct row *r;
    struct bed b;

    for
        EACH(r, rows)
        {
            open_bed(&b, hs256());
            CHECK(begin(&b, MQTT_V5, DIALOG_POP_CHALLENGE) == OK);
            CHECK_ROW(feed(&b, r->bytes) != OK, r->why);
            CHECK_ROW(happens(&b, DIALOG_BROKEN, -1) && dialog_over(b.d), r->why);
            CHECK_ROW(feed(&b, CONNACK5) == OK && nothing_happens(&b), "over is over");
            close_bed(&b);
        }
}

/* Draft -02: other lengths are answered by the proof alone, and an address is a hint; where it is told so. */
static void draft02(void)
{
    struct dialog_event e = { 0 };
    struct bed b;

    open_bed(&b, hs256());
    b.draft02 = true;
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_CHALLENGE) == OK);
    dialog_sent(b.d);
    CHECK(feed(&b, "f0 1c 18 1a 15 0003 616365 16 0011" NONCES_HEX "00") == OK);
    CHECK(dialog_output(b.d).n == 2 + 2 + 6 + 3 + 32);
    close_bed(&b);
    open_bed(&b, hs256());
    b.draft02 = true;
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_CHALLENGE) == OK);
    dialog_sent(b.d);
    CHECK(feed(&b, CHALLENGE) == OK &&
          sends(&b, "f0 33 18 31 15 0003 616365 16 0028 1112131415161718" HS256_NONCES_HEX));
    close_bed(&b);
    for (int on = 0; on < 2; on++) {
        open_bed(&b, hs256());
        b.draft02 = on;
        CHECK(begin(&b, MQTT_V5, DIALOG_POP_CHALLENGE) == OK);
        CHECK(feed(&b, "20 14 00 87 11 26 0002 4153 000a 68747470733a2f2f612f") == OK);
        CHECK(dialog_event(b.d, &e) && e.what == DIALOG_REFUSED);
        CHECK(span_is(buf_span(&e.hint), on ? "{\"AS\":\"https://a/\"}" : ""));
        dialog_event_clear(&e);
        close_bed(&b);
    }
}

static void challenge_without_key(void)
{
    struct bed b;

    open_bed(&b, NULL);
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_STORED) == OK);
    CHECK(feed(&b, CHALLENGE) == ERR_PROTOCOL);
    CHECK(happens(&b, DIALOG_BROKEN, ERR_PROTOCOL));
    close_bed(&b);
    open_bed(&b, hs256());
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_NONE) == OK);
    CHECK(feed(&b, CHALLENGE) == ERR_PROTOCOL); /* AUTH, yet no method was named */
    close_bed(&b);
}

/* --- CONNACK --- */

static void connack(void)
{
    struct bed b;
    struct dialog_event e = { 0 };

    open_bed(&b, hs256());
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_STORED) == OK);
    CHECK(
        feed(&b, "20 21 00 87 1e 26 000b 6163655f61735f68696e74 0002 7b7d 1f 0002 6e6f 12 0001 78 13 0005") ==
        OK);
    CHECK(dialog_event(b.d, &e));
    CHECK(e.what == DIALOG_REFUSED && e.reason == 0x87 && dialog_over(b.d));
    CHECK(span_is(buf_span(&e.hint), "{}") && span_is(buf_span(&e.reason_string), "no"));
    CHECK(span_is(buf_span(&e.assigned_id), "x"));
    dialog_event_clear(&e);
    close_bed(&b);

    open_bed(&b, hs256());
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_EXPORTER) == OK);
    CHECK(feed(&b, "20 02 00 01") == OK); /* a broker of 3.1.1 */
    CHECK(happens(&b, DIALOG_REFUSED, 1));
    close_bed(&b);

    open_bed(&b, hs256());
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_EXPORTER) == OK); /* with Clean Start */
    CHECK(feed(&b, "20 03 01 00 00") == ERR_PROTOCOL);
    CHECK(happens(&b, DIALOG_BROKEN, ERR_PROTOCOL) && dialog_over(b.d));
    close_bed(&b);
}

/* [R-CONN-08] [R-CONN-09] */
static void nothing_before_connack(void)
{
    struct bed b;
    struct mqtt_filter filter = { .filter = SPAN("a") };
    struct dialog_message m = { .topic = SPAN("a"), .payload = SPAN("x") };
    uint16_t id;

    for (int begun = 0; begun < 2; begun++) {
        open_bed(&b, hs256());
        if (begun) CHECK(begin(&b, MQTT_V5, DIALOG_POP_CHALLENGE) == OK);
        dialog_sent(b.d);
        CHECK(dialog_publish(b.d, &m, &id) == ERR_PROTOCOL);
        CHECK(dialog_subscribe(b.d, &filter, 1, &id) == ERR_PROTOCOL);
        CHECK(dialog_unsubscribe(b.d, &filter, 1, &id) == ERR_PROTOCOL);
        CHECK(dialog_ping(b.d) == ERR_PROTOCOL);
        CHECK(dialog_reauthenticate(b.d, span_str("tok"), b.key) == ERR_PROTOCOL);
        dialog_tick(b.d, NOW);
        dialog_tick(b.d, NOW + 9999);
        CHECK(dialog_output(b.d).n == 0);
        CHECK(dialog_disconnect(b.d, 0) == (begun ? OK : ERR_PROTOCOL));
        CHECK(sends(&b, begun ? "e0 00" : ""));
        close_bed(&b);
    }
}

/* --- every packet in every phase --- */

static void phases(void)
{
    static const struct row {
        const char *why, *bytes;
        bool before, after; /* may come while CONNACK is awaited, afterwards */
    } rows[] = {
        { "CONNECT", "10 0e 0004 4d515454 05 02 003c 00 0001 63", false, false },
        { "CONNACK", CONNACK5, true, false },
        { "PUBLISH", "30 05 0001 61 00 78", false, true },
        { "PUBACK of nothing", "40 02 0001", false, false },
        { "PUBREC of nothing", "50 02 0001", false, false },
        { "PUBREL", "62 02 0001", false, true },
        { "PUBCOMP of nothing", "70 02 0001", false, false },
        { "SUBSCRIBE", "82 07 0001 00 0001 61 00", false, false },
        { "SUBACK of nothing", "90 04 0001 00 00", false, false },
        { "UNSUBSCRIBE", "a2 06 0001 00 0001 61", false, false },
        { "UNSUBACK of nothing", "b0 04 0001 00 00", false, false },
        { "PINGREQ", "c0 00", false, false },
        { "PINGRESP", "d0 00", false, true },
        { "DISCONNECT", "e0 01 87", false, true },
        { "AUTH of a challenge", CHALLENGE, true, false },
        { "type 0", "00 00", false, false },
    };
    const struct row *r;
    struct bed b;

    for
        EACH(r, rows)
        {
            open_bed(&b, hs256());
            CHECK(begin(&b, MQTT_V5, DIALOG_POP_CHALLENGE) == OK);
            CHECK_ROW((feed(&b, r->bytes) == OK) == r->before, r->why);
            CHECK_ROW(r->before || happens(&b, DIALOG_BROKEN, -1), r->why);
            close_bed(&b);
            open_ready(&b, MQTT_V5, CONNACK5);
            CHECK_ROW((feed(&b, r->bytes) == OK) == r->after, r->why);
            CHECK_ROW(r->after || happens(&b, DIALOG_BROKEN, -1), r->why);
            CHECK_ROW(r->after || (dialog_output(b.d).n && dialog_output(b.d).p[0] == 0xe0),
                      "the broker is told why");
            close_bed(&b);
        }
}

/* --- publishing --- */

static enum err publish(struct bed *b, uint8_t qos, uint16_t *id)
{
    struct dialog_message m = { .topic = SPAN("a"), .payload = SPAN("x"), .qos = qos };

    return dialog_publish(b->d, &m, id);
}

static void publishing(void)
{
    struct bed b;
    uint16_t id;

    open_ready(&b, MQTT_V5, CONNACK5);
    CHECK(publish(&b, 0, &id) == OK && id == 0 && sends(&b, "30 05 0001 61 00 78"));
    CHECK(publish(&b, 1, &id) == OK && id == 1 && sends(&b, "32 07 0001 61 0001 00 78"));
    CHECK(dialog_in_flight(b.d) == 1);
    CHECK(feed(&b, "40 03 0001 87") == OK && happens(&b, DIALOG_PUBLISHED, 0x87));
    CHECK(publish(&b, 2, &id) == OK && id == 2 && sends(&b, "34 07 0001 61 0002 00 78"));
    CHECK(feed(&b, "50 02 0002") == OK && sends(&b, "62 02 0002") && nothing_happens(&b));
    CHECK(feed(&b, "70 02 0002") == OK && happens(&b, DIALOG_PUBLISHED, 0));
    CHECK(publish(&b, 2, &id) == OK && id == 3);
    dialog_sent(b.d);
    CHECK(feed(&b, "50 03 0003 87") == OK && happens(&b, DIALOG_PUBLISHED, 0x87)); /* [R-PUB-08] */
    CHECK(dialog_output(b.d).n == 0 && dialog_in_flight(b.d) == 0);
    CHECK(feed(&b, "70 02 0003") == ERR_PROTOCOL && happens(&b, DIALOG_BROKEN, ERR_PROTOCOL));
    close_bed(&b);
}

static void wrong_ack(void)
{
    static const struct row {
        const char *why;
        uint8_t qos;
        const char *bytes;
    } rows[] = {
        { "PUBREC for QoS 1", 1, "50 02 0001" },        { "PUBACK for QoS 2", 2, "40 02 0001" },
        { "PUBCOMP before PUBREC", 2, "70 02 0001" },   { "SUBACK for a PUBLISH", 1, "90 04 0001 00 00" },
        { "PUBREC twice", 2, "50 02 0001 50 02 0001" }, { "PUBACK twice", 1, "40 02 0001 40 02 0001" },
    };
    const struct row *r;
    struct bed b;
    uint16_t id;

    for
        EACH(r, rows)
        {
            open_ready(&b, MQTT_V5, CONNACK5);
            CHECK(publish(&b, r->qos, &id) == OK);
            CHECK_ROW(feed(&b, r->bytes) == ERR_PROTOCOL, r->why);
            close_bed(&b);
        }
}

/* What CONNACK said the broker takes is not exceeded. */
static void broker_limits(void)
{
    struct bed b;
    struct dialog_message m = { .topic = SPAN("a"), .payload = SPAN("x"), .retain = true };
    uint16_t id;

    open_ready(&b, MQTT_V5, "20 06 00 00 03 21 0002"); /* Receive Maximum 2 */
    CHECK(publish(&b, 1, &id) == OK && publish(&b, 2, &id) == OK);
    CHECK(publish(&b, 1, &id) == ERR_RECEIVE_MAX && publish(&b, 0, &id) == OK);
    CHECK(feed(&b, "40 02 0001") == OK && publish(&b, 1, &id) == OK && id == 3);
    close_bed(&b);
    open_ready(&b, MQTT_V5, "20 07 00 00 04 24 01 25 00"); /* Maximum QoS 1, no retained messages */
    CHECK(publish(&b, 2, &id) == ERR_QOS && publish(&b, 1, &id) == OK);
    CHECK(dialog_publish(b.d, &m, &id) == ERR_RETAIN);
    close_bed(&b);
    open_ready(&b, MQTT_V5, "20 08 00 00 05 27 00000007"); /* Maximum Packet Size 7 */
    CHECK(publish(&b, 1, &id) == ERR_TOO_LARGE && dialog_output(b.d).n == 0 && dialog_in_flight(b.d) == 0);
    CHECK(publish(&b, 0, &id) == OK);
    close_bed(&b);
}

/* --- receiving --- */

static void receiving(void)
{
    struct bed b;

    open_ready(&b, MQTT_V5, CONNACK5);
    CHECK(feed(&b, "30 05 0001 61 00 78") == OK && happens(&b, DIALOG_MESSAGE, -1) && sends(&b, ""));
    CHECK(feed(&b, "32 07 0001 61 0007 00 78") == OK && happens(&b, DIALOG_MESSAGE, -1) &&
          sends(&b, "40 02 0007"));
    CHECK(feed(&b, "34 07 0001 61 0008 00 78") == OK && happens(&b, DIALOG_MESSAGE, -1) &&
          sends(&b, "50 02 0008"));
    CHECK(feed(&b, "3c 07 0001 61 0008 00 78") == OK && nothing_happens(&b) && sends(&b, "50 02 0008"));
    CHECK(feed(&b, "62 02 0008") == OK && sends(&b, "70 02 0008"));
    CHECK(feed(&b, "62 02 0008") == OK && sends(&b, "70 04 0008 92 00"));                 /* known no more */
    CHECK(feed(&b, "34 07 0001 61 0008 00 79") == OK && happens(&b, DIALOG_MESSAGE, -1)); /* free again */
    CHECK(feed(&b, "30 07 0000 03 23 0001 78") == ERR_TOPIC_ALIAS); /* we offered none */
    close_bed(&b);
}

/* Connects `b` anew, as the one whose dialog `old` was. */
static void open_again(struct bed *b, struct dialog *old, const char *connack)
{
    const struct dialog_connect how = { .version = MQTT_V5, .client_id = SPAN("c") };

    open_bed(b, NULL);
    dialog_inherit(b->d, old);
    CHECK(dialog_connect(b->d, &how) == OK);
    dialog_sent(b->d);
    CHECK(feed(b, connack) == OK && happens(b, DIALOG_CONNECTED, 0));
}

static void receiving_after_a_break(void)
{
    struct bed before, kept, lost;

    open_ready(&before, MQTT_V5, CONNACK5);
    CHECK(feed(&before, "34 07 0001 61 0008 00 78") == OK && happens(&before, DIALOG_MESSAGE, -1));
    open_again(&kept, before.d, "20 03 01 00 00");
    CHECK(feed(&kept, "3c 07 0001 61 0008 00 78") == OK && nothing_happens(&kept) &&
          sends(&kept, "50 02 0008"));
    CHECK(feed(&kept, "62 02 0008") == OK && sends(&kept, "70 02 0008"));
    open_again(&lost, before.d, "20 03 00 00 00"); /* a new session: the identifier means another message */
    CHECK(feed(&lost, "34 07 0001 61 0008 00 78") == OK && happens(&lost, DIALOG_MESSAGE, -1));
    close_bed(&before);
    close_bed(&kept);
    close_bed(&lost);
}

static void message_fields(void)
{
    struct bed b;
    struct dialog_event e = { 0 };

    open_ready(&b, MQTT_V311, CONNACK311);
    CHECK(feed(&b, "35 08 0003 612f62 0009 78") == OK && dialog_event(b.d, &e));
    CHECK(span_is(buf_span(&e.topic), "a/b") && span_is(buf_span(&e.payload), "x") && e.qos == 2 && e.retain);
    dialog_event_clear(&e);
    close_bed(&b);
}

static void subscribing(void)
{
    struct bed b;
    struct mqtt_filter filters[] = { { .filter = SPAN("a"), .qos = 1 },
                                     { .filter = SPAN("b"), .no_local = true, .retain_handling = 2 } };
    struct dialog_event e = { 0 };
    uint16_t id;

    open_ready(&b, MQTT_V5, CONNACK5);
    CHECK(dialog_subscribe(b.d, filters, 0, &id) == ERR_TOO_LARGE);
    CHECK(dialog_subscribe(b.d, filters, 2, &id) == OK && sends(&b, "82 0b 0001 00 0001 61 01 0001 62 24"));
    CHECK(feed(&b, "90 05 0001 00 01 87") == OK && dialog_event(b.d, &e));
    CHECK(e.what == DIALOG_SUBSCRIBED && e.id == 1 && e.code_count == 2 && e.codes[1] == 0x87);
    CHECK(dialog_unsubscribe(b.d, filters, 1, &id) == OK && sends(&b, "a2 06 0002 00 0001 61"));
    CHECK(feed(&b, "b0 04 0002 00 11") == OK && happens(&b, DIALOG_UNSUBSCRIBED, 0));
    CHECK(feed(&b, "90 04 0001 00 00") == ERR_PROTOCOL);
    close_bed(&b);
}

/* --- time --- */

static void keep_alive(void)
{
    struct bed b;

    open_ready(&b, MQTT_V5, CONNACK5);
    dialog_tick(b.d, NOW + 44999);
    CHECK(sends(&b, ""));
    dialog_tick(b.d, NOW + 45000);
    CHECK(sends(&b, "c0 00"));
    dialog_tick(b.d, NOW + 46000);
    CHECK(sends(&b, "") && nothing_happens(&b));
    CHECK(feed(&b, "d0 00") == OK && nothing_happens(&b)); /* nobody asked for this ping */
    CHECK(dialog_ping(b.d) == OK && sends(&b, "c0 00"));
    CHECK(feed(&b, "d0 00") == OK && happens(&b, DIALOG_PONG, -1));
    CHECK(dialog_ping(b.d) == OK);
    dialog_tick(b.d, NOW + 9999);
    CHECK(nothing_happens(&b));
    dialog_tick(b.d, NOW + 10000);
    CHECK(happens(&b, DIALOG_BROKEN, ERR_TIMEOUT) && dialog_over(b.d));
    close_bed(&b);
    open_ready(&b, MQTT_V5, "20 06 00 00 03 13 0004"); /* Server Keep Alive 4 s */
    dialog_tick(b.d, NOW + 3000);
    CHECK(sends(&b, "c0 00"));
    close_bed(&b);
}

static void no_connack(void)
{
    struct bed b;

    open_bed(&b, hs256());
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_CHALLENGE) == OK);
    dialog_tick(b.d, NOW);
    dialog_tick(b.d, NOW + 9999);
    CHECK(feed(&b, CHALLENGE) == OK); /* a sign of life: time begins anew */
    dialog_tick(b.d, NOW + 10000);
    CHECK(nothing_happens(&b));
    dialog_tick(b.d, NOW + 20000);
    CHECK(happens(&b, DIALOG_BROKEN, ERR_TIMEOUT));
    close_bed(&b);
}

/* --- re-authentication --- */

static void reauthentication(void)
{
    struct bed b;
    struct key *fresh = ed25519();

    open_ready(&b, MQTT_V5, CONNACK5);
    CHECK(dialog_reauthenticate(b.d, span_str("new"), fresh) == OK);
    CHECK(sends(&b, "f0 10 19 0e 15 0003 616365 16 0005 0003 6e6577")); /* [R-REA-03] [R-REA-04] */
    CHECK(dialog_reauthenticate(b.d, span_str("new"), fresh) == ERR_PROTOCOL);
    CHECK(feed(&b, RECHALLENGE) == OK);
    CHECK(
        sends(&b, "f0 53 18 51 15 0003 616365 16 0048 1112131415161718" ED25519_NONCES_HEX)); /* [R-REA-05] */
    CHECK(feed(&b, "30 05 0001 61 00 78") == OK && happens(&b, DIALOG_MESSAGE, -1)); /* life goes on */
    CHECK(feed(&b, AUTH_OK) == OK && happens(&b, DIALOG_REAUTHENTICATED, -1));
    CHECK(dialog_reauthenticate(b.d, span_str("new"), fresh) == OK);
    CHECK(feed(&b, "e0 01 87") == OK && happens(&b, DIALOG_DISCONNECTED, 0x87) && dialog_over(b.d));
    close_bed(&b);
    open_ready(&b, MQTT_V311, CONNACK311);
    CHECK(dialog_reauthenticate(b.d, span_str("new"), fresh) == ERR_PROTOCOL);
    close_bed(&b);
    key_free(fresh);
}

/* --- bytes in pieces, and bad ones --- */

static void pieces(void)
{
    struct bed b;
    struct buf bytes = unhex(CONNACK5 "30 05 0001 61 00 78" CONNACK5);

    open_bed(&b, hs256());
    CHECK(begin(&b, MQTT_V5, DIALOG_POP_EXPORTER) == OK);
    for (size_t i = 0; i < 12; i++) {
        CHECK(dialog_input(b.d, span(bytes.p + i, 1), NOW) == OK);
        CHECK_ROW(i == 4    ? happens(&b, DIALOG_CONNECTED, 0)
                  : i == 11 ? happens(&b, DIALOG_MESSAGE, -1)
                            : nothing_happens(&b),
                  "each packet is told with its last byte, not before");
    }
    CHECK(dialog_input(b.d, span(bytes.p + 12, 5), NOW) == ERR_PROTOCOL); /* CONNACK again */
    buf_clear(&bytes);
    close_bed(&b);
}

static void bad_bytes(void)
{
    static const struct row {
        const char *why, *bytes;
        enum err err;
    } rows[] = {
        { "length over four bytes", "30 ff ff ff ff 7f", ERR_MALFORMED },
        { "larger than we take", "30 ff ff ff 7f", ERR_TOO_LARGE },
        { "larger than we said", "30 13", ERR_TOO_LARGE },
        { "cut inside", "30 03 0005 61", ERR_MALFORMED },
        { "PUBACK without an identifier", "40 01 00", ERR_MALFORMED },
        { "a topic with a wildcard", "30 07 0003 61 2f 2b 00 78", ERR_TOPIC },
        { "QoS 3", "36 07 0001 61 0001 00 78", ERR_MALFORMED },
        { "flags of SUBACK", "91 04 0001 00 00", ERR_MALFORMED },
    };
    const struct row *r;
    struct mqtt_props props = { 0 };
    struct bed b;

    props_set_number(&props, PROP_MAXIMUM_PACKET, 20);
    for
        EACH(r, rows)
        {
            open_bed(&b, hs256());
            b.props = &props;
            CHECK(begin(&b, MQTT_V5, DIALOG_POP_NONE) == OK && feed(&b, CONNACK5) == OK);
            CHECK(happens(&b, DIALOG_CONNECTED, 0));
            CHECK_ROW(feed(&b, r->bytes) == r->err && happens(&b, DIALOG_BROKEN, (int)r->err), r->why);
            close_bed(&b);
        }
}

CU_TestInfo dialog_tests[] = {
    { "CONNECT byte by byte: all proofs, both versions", connect_bytes },
    { "CONNECT that cannot be made", connect_refused },
    { "A-55 a token that CONNECT cannot carry", large_token },
    { "the answer to a challenge byte by byte", challenge_bytes },
    { "wrong challenges", challenge_wrong },
    { "draft -02", draft02 },
    { "a challenge without a key", challenge_without_key },
    { "what CONNACK tells", connack },
    { "nothing is sent before CONNACK", nothing_before_connack },
    { "every packet in every phase", phases },
    { "publishing at QoS 0, 1, 2", publishing },
    { "acknowledgements of something else", wrong_ack },
    { "limits of the broker", broker_limits },
    { "receiving at QoS 0, 1, 2, twice", receiving },
    { "receiving goes on after a break, once", receiving_after_a_break },
    { "what a message says", message_fields },
    { "subscribing", subscribing },
    { "keep-alive and pings", keep_alive },
    { "no answer to CONNECT", no_connack },
    { "re-authentication", reauthentication },
    { "bytes in pieces", pieces },
    { "bad bytes", bad_bytes },
    CU_TEST_INFO_NULL,
};
