#include "tests/broker_kit.h"

/* Tokens that the AS must explain: what a run with a real AS cannot time (RFC 9431 2.2.5, 2.4.2). Connection n has the key n. */

static const struct kit_connect plain = { 0 };

static void begin(struct kit *k, int64_t cache)
{
    kit_init(k);
    kit_ask(k);
    k->settings.asking.cache = cache;
    k->settings.authz_info = true;
    kit_start(k);
}

static struct kit_connect by(const char *reference)
{
    return (struct kit_connect){ .token = span_str(reference) };
}

/* Comes in with this reference, and the AS says yes. */
static void enter(struct kit *k, int conn, const char *reference)
{
    struct kit_connect how = by(reference);

    kit_connect(k, conn, &how);
    CHECK_HEARD(k, conn, "");
    CHECK(k->held[conn] && span_is(buf_span(&k->about), reference));
    kit_say_active(k, k->question, conn, &plain);
    CHECK_HEARD(k, conn, "CONNACK 00");
    CHECK(!k->held[conn]);
}

/* [R-INT-22] [R-INT-24] One answer serves for a while; then a live connection has it renewed, and loses nothing. */
static void renewed(void)
{
    struct kit k;

    begin(&k, 60);
    enter(&k, 1, "opaque-1");
    kit_pass(&k, 44);
    kit_publish(&k, 1, "a/x", "hello", 1, 7);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    CHECK(k.asked == 1);
    kit_pass(&k, 1);
    CHECK(k.asked == 2 && !k.held[1]);
    kit_pass(&k, 1);
    CHECK(k.asked == 2); /* it is under way */
    kit_say_active(&k, k.question, 1, &plain);
    kit_pass(&k, 40);
    kit_publish(&k, 1, "a/x", "hello", 1, 8);
    CHECK_HEARD(&k, 1, "PUBACK 8 00");
    kit_clear(&k);
}

/* [R-INT-21] [R-INT-24] The AS is gone: rights end with the answer, and come back with it. */
static void as_gone(void)
{
    struct kit k;

    begin(&k, 60);
    enter(&k, 1, "opaque-1");
    kit_pass(&k, 50);
    kit_say_nothing(&k, k.question, ERR_IO);
    CHECK(k.asked == 2);
    kit_pass(&k, 1);
    CHECK(k.asked == 2); /* not at once again */
    kit_pass(&k, 1);
    CHECK(k.asked == 3);
    kit_publish(&k, 1, "a/x", "hello", 1, 7);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    kit_pass(&k, 8);
    kit_publish(&k, 1, "a/x", "hello", 1, 8);
    CHECK(k.asked == 4);
    kit_say_nothing(&k, k.question, ERR_IO);
    CHECK_HEARD(&k, 1, "PUBACK 8 87");
    kit_pass(&k, 2);
    CHECK(k.asked == 5);
    kit_say_active(&k, k.question, 1, &plain);
    kit_publish(&k, 1, "a/x", "hello", 1, 9);
    CHECK_HEARD(&k, 1, "PUBACK 9 00");
    kit_clear(&k);
}

/* Nobody answers and nobody says so: the core does not wait for ever. What comes late changes nothing. */
static void never(void)
{
    struct kit k;
    struct kit_connect how = by("opaque-1");

    begin(&k, 60);
    kit_connect(&k, 1, &how);
    uint64_t first = k.question;
    kit_pass(&k, 4);
    CHECK_HEARD(&k, 1, "");
    kit_pass(&k, 1);
    CHECK_HEARD(&k, 1, "CONNACK 88; CLOSE");
    kit_say_active(&k, first, 1, &plain); /* late */
    kit_say_active(&k, first, 1, &plain);
    kit_say(&k, 4711, "{\"active\":true}");
    CHECK_HEARD(&k, 1, "CLOSE"); /* as before */
    kit_clear(&k);
}

/* The connection is gone, or its client's, when the answer comes. */
static void gone_meanwhile(void)
{
    struct kit k;
    struct kit_connect how = by("opaque-1"), same = { .token = span_str("opaque-2"), .id = "c3" };

    begin(&k, 60);
    kit_connect(&k, 1, &how);
    kit_cut(&k, 1);
    kit_say_active(&k, k.question, 1, &plain);
    CHECK(broker_counts(k.broker).connections == 0);

    enter(&k, 3, "opaque-3");
    kit_connect(&k, 2, &same); /* takes over, once it is known to be welcome */
    CHECK_HEARD(&k, 3, "");
    kit_say(&k, k.question, "{\"active\":false}");
    CHECK_HEARD(&k, 2, "CONNACK 87 hint; CLOSE");
    kit_publish(&k, 3, "a/x", "still here", 1, 7);
    CHECK_HEARD(&k, 3, "PUBACK 7 00");
    kit_clear(&k);
}

/* However many wait for one token, one question; each proves for itself. */
static void together(void)
{
    struct kit k;
    struct kit_connect right = { .token = span_str("shared"), .key = 9 };
    struct kit_connect wrong = { .token = span_str("shared"), .key = 9, .proof_key = 8 };

    begin(&k, 60);
    kit_connect(&k, 1, &right);
    kit_connect(&k, 2, &wrong);
    kit_connect(&k, 3, &right);
    CHECK(k.asked == 1);
    kit_say_active(&k, k.question, 1, &right);
    CHECK_HEARD(&k, 1, "CONNACK 00");
    CHECK_HEARD(&k, 2, "CONNACK 87; CLOSE");
    CHECK_HEARD(&k, 3, "CONNACK 00");
    CHECK(k.asked == 1);
    kit_clear(&k);
}

/* What the client sends behind the packet that waits is handled behind it, in its order. */
static void in_order(void)
{
    struct kit k;

    begin(&k, 0);
    enter(&k, 1, "opaque-1");
    kit_publish(&k, 1, "a/x", "one", 1, 1);
    kit_publish(&k, 1, "a/x", "two", 1, 2);
    kit_simple(&k, 1, MQTT_PINGREQ);
    CHECK_HEARD(&k, 1, "");
    CHECK(k.asked == 2);
    kit_say_active(&k, k.question, 1, &plain);
    CHECK_HEARD(&k, 1, "PUBACK 1 00");
    CHECK(k.asked == 3); /* [R-INT-23] each asks for itself */
    kit_say_active(&k, k.question, 1, &plain);
    CHECK_HEARD(&k, 1, "PUBACK 2 00; PINGRESP");
    kit_clear(&k);
}

/* [R-INT-23] Without a cache deliveries have an answer behind them too, ten seconds old at most. */
static void no_cache(void)
{
    struct kit k;

    begin(&k, 0);
    enter(&k, 1, "opaque-1");
    kit_subscribe(&k, 1, "a/#", 0);
    kit_say_active(&k, k.question, 1, &plain);
    CHECK_HEARD(&k, 1, "SUBACK 1 00");
    kit_pass(&k, 7);
    size_t asked = k.asked;
    CHECK(asked == 3);
    kit_say(&k, k.question, "{\"active\":false}");
    kit_enter(&k, 2, &plain);
    kit_publish(&k, 2, "a/x", "secret", 0, 0);
    CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE");
    kit_clear(&k);
}

/* The clock jumps: an answer is too old at once, but its connection is not lost before the AS could be asked. */
static void jump(void)
{
    struct kit k;

    begin(&k, 60);
    k.settings.known_grace = k.settings.expiry_grace = 0;
    enter(&k, 1, "opaque-1");
    k.now += 600;
    broker_shift(k.broker, 600);
    kit_pass(&k, 0);
    CHECK_HEARD(&k, 1, "");
    CHECK(k.asked == 2);
    kit_publish(&k, 1, "a/x", "hello", 1, 7);
    CHECK_HEARD(&k, 1, "");
    CHECK(k.asked == 2); /* the same question */
    kit_say_active(&k, k.question, 1, &plain);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    kit_clear(&k);
}

/* [R-INT-22] An answer that is too old is asked for again, and what it is needed for waits: a second is enough of a cache. */
static void soon_old(void)
{
    struct kit k;

    begin(&k, 1);
    enter(&k, 1, "opaque-1");
    k.now++; /* and no tick between */
    kit_subscribe(&k, 1, "a/#", 0);
    CHECK_HEARD(&k, 1, "");
    CHECK(k.asked == 2 && k.held[1]);
    kit_say_active(&k, k.question, 1, &plain);
    CHECK_HEARD(&k, 1, "SUBACK 1 00");
    k.now++;
    kit_simple(&k, 1, MQTT_PINGREQ);
    CHECK_HEARD(&k, 1, "");
    CHECK(k.asked == 3);
    kit_say_active(&k, k.question, 1, &plain);
    CHECK_HEARD(&k, 1, "PINGRESP");
    kit_clear(&k);
}

/* The AS takes nearly as long as it may, and answers do not serve much longer: nobody loses anything. */
static void slow_as(void)
{
    struct kit k;

    begin(&k, 4);
    k.settings.known_grace = k.settings.expiry_grace = 0;
    enter(&k, 1, "opaque-1");
    kit_subscribe(&k, 1, "a/#", 0);
    CHECK_HEARD(&k, 1, "SUBACK 1 00");
    kit_enter(&k, 2, &plain);
    for (int round = 0; round < 3; round++) {
        size_t asked = k.asked;
        for (int i = 0; i < 4; i++) kit_pass(&k, 1);
        CHECK(k.asked == asked + 1);
        kit_publish(&k, 2, "a/x", "waits", 0, 0);
        kit_pass(&k, 0);
        CHECK_HEARD(&k, 1, "");
        kit_say_active(&k, k.question, 1, &plain);
        CHECK_HEARD(&k, 1, "PUBLISH a/x waits q0");
    }
    kit_clear(&k);
}

/* [R-FWD-02] What waited for the AS is not delivered when it says no, or nothing. */
static void waits_in_vain(void)
{
    struct kit k;

    for (int silent = 0; silent < 2; silent++) {
        begin(&k, 4);
        enter(&k, 1, "opaque-1");
        kit_subscribe(&k, 1, "a/#", 0);
        CHECK_HEARD(&k, 1, "SUBACK 1 00");
        kit_enter(&k, 2, &plain);
        kit_pass(&k, 4);
        kit_publish(&k, 2, "a/x", "waits", 0, 0);
        CHECK_HEARD(&k, 1, "");
        if (!silent) kit_say(&k, k.question, "{\"active\":false}");
        kit_pass(&k, 0);
        for (int i = 0; silent && i < 40; i++) kit_pass(&k, 1);
        CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE");
        kit_clear(&k);
    }
}

/* Settings are others: what was said under the old ones serves nobody, and who lives by it is asked about again. */
static void reconfigured(void)
{
    struct kit k;
    struct kit_connect same = { .token = span_str("opaque-1"), .key = 1 };

    begin(&k, 60);
    enter(&k, 1, "opaque-1");
    kit_enter(&k, 2, &plain);
    broker_reconfigure(k.broker, &k.settings, k.now);
    kit_pass(&k, 0);
    CHECK(k.asked == 2);
    kit_connect(&k, 3, &same);
    CHECK_HEARD(&k, 3, ""); /* waits for the same answer */
    kit_say_active(&k, k.question, 1, &plain);
    CHECK_HEARD(&k, 3, "CONNACK 00");
    kit_publish(&k, 1, "a/x", "hello", 1, 7);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    kit_publish(&k, 2, "a/x", "hello", 1, 7);
    CHECK_HEARD(&k, 2, "PUBACK 7 00"); /* its issuer is trusted as before */
    k.settings.trust.audiences = &(struct span)SPAN("other");
    broker_reconfigure(k.broker, &k.settings, k.now);
    kit_publish(&k, 2, "a/x", "hello", 1, 8);
    CHECK_HEARD(&k, 2, "PUBACK 8 87");
    kit_say_active(&k, k.question, 1, &plain);
    kit_publish(&k, 1, "a/x", "hello", 1, 8);
    CHECK_HEARD(&k, 1, "PUBACK 8 87");
    kit_clear(&k);
}

/* MQTT 5 knows "shutting down" in DISCONNECT only. */
static void shut_down(void)
{
    struct kit k;
    struct kit_connect how = by("opaque-2"), old = { .token = span_str("opaque-3"), .version = MQTT_V311 };

    begin(&k, 60);
    enter(&k, 1, "opaque-1");
    kit_connect(&k, 2, &how);
    kit_connect(&k, 3, &old);
    broker_shutdown(k.broker, k.now);
    kit_pass(&k, 0);
    CHECK_HEARD(&k, 1, "DISCONNECT 8b; CLOSE");
    CHECK_HEARD(&k, 2, "CONNACK 88; CLOSE");
    CHECK_HEARD(&k, 3, "CONNACK 03; CLOSE");
    kit_clear(&k);
}

/* What the token was revoked with dies with it: rights, what it left retained, and after a grace the connection. */
static void revoked(void)
{
    struct kit k;

    begin(&k, 60);
    enter(&k, 1, "opaque-1");
    kit_retain(&k, 1, "a/x", "left", 0);
    CHECK(broker_counts(k.broker).retained == 1);
    kit_pass(&k, 45);
    kit_say(&k, k.question, "{\"active\":false}");
    kit_pass(&k, 0);
    CHECK(broker_counts(k.broker).retained == 0);
    kit_publish(&k, 1, "public/x", "still", 1, 7);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    kit_pass(&k, 30);
    CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE");
    kit_clear(&k);
}

/* A later answer that names another key does not hand the connection to its holder, nor leave it to the old one. */
static void other_key(void)
{
    struct kit k;

    begin(&k, 60);
    enter(&k, 1, "opaque-1");
    kit_pass(&k, 45);
    kit_say_active(&k, k.question, 1, &(struct kit_connect){ .key = 9 });
    kit_publish(&k, 1, "a/x", "hello", 1, 7);
    CHECK_HEARD(&k, 1, "PUBACK 7 87");
    kit_clear(&k);
}

/* [R-SEC-01] Questions are counted by address; who is in already asks as often as it takes. */
static void rate(void)
{
    struct kit k;
    struct kit_connect how = by("opaque-2");

    begin(&k, 0);
    k.settings.asking.per_minute = 1;
    enter(&k, 1, "opaque-1");
    kit_connect(&k, 2, &how);
    CHECK_HEARD(&k, 2, "CONNACK 97; CLOSE");
    kit_publish(&k, 1, "a/x", "hello", 1, 7);
    kit_say_active(&k, k.question, 1, &plain);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    CHECK(k.asked == 2);
    kit_clear(&k);
}

/* More questions than may be open: the broker says that it cannot now, and can when one is answered. */
static void full(void)
{
    struct kit k;
    struct kit_connect first = by("opaque-1"), second = by("opaque-2");

    begin(&k, 60);
    k.settings.asking.questions = 1;
    broker_reconfigure(k.broker, &k.settings, k.now);
    kit_connect(&k, 1, &first);
    kit_connect(&k, 2, &second);
    CHECK_HEARD(&k, 2, "CONNACK 88; CLOSE");
    kit_say_active(&k, k.question, 1, &plain);
    CHECK_HEARD(&k, 1, "CONNACK 00");
    kit_clear(&k);
}

/* Binary rubbish, words that are too long and tokens with something to say are not asked about. */
static void not_asked(void)
{
    struct kit k;
    char word[1100];

    begin(&k, 60);
    memset(word, 'w', sizeof word);
    kit_enter(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
    kit_publish(&k, 1, "authz-info", "two words", 1, 7);
    CHECK_HEARD(&k, 1, "PUBACK 7 99");
    word[1025] = 0;
    kit_publish(&k, 1, "authz-info", word, 1, 8);
    CHECK_HEARD(&k, 1, "PUBACK 8 99");
    struct buf token = kit_token(&k, 2, &plain);
    kit_publish(&k, 1, "authz-info", buf_cstr(&token), 1, 9);
    CHECK_HEARD(&k, 1, "PUBACK 9 00");
    buf_clear(&token);
    CHECK(k.asked == 0);
    word[1024] = 0;
    kit_publish(&k, 1, "authz-info", word, 1, 10);
    CHECK(k.asked == 1);
    kit_say(&k, k.question, "{\"active\":false}");
    CHECK_HEARD(&k, 1, "PUBACK 10 87");
    kit_publish(&k, 1, "authz-info", word, 1, 11); /* the refusal is remembered for a moment */
    CHECK_HEARD(&k, 1, "PUBACK 11 87");
    CHECK(k.asked == 1);
    kit_clear(&k);
}

/* An AS that says anything but what the RFCs let it say gives nobody access. */
static void rubbish(void)
{
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "{\"active\":\"true\"}",
        "{\"active\":1}",
        "{\"active\":true,\"active\":true}",
        "{\"a\":1}",
        "42",
        "{\"active\":true,\"cnf\":{}}",
    };
    struct kit k;
    struct kit_connect how = by("opaque-1");

    begin(&k, 60);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        kit_connect(&k, 1, &how);
        kit_say(&k, k.question, bodies[i]);
        CHECK_ROW(!k.live[1], bodies[i]);
        const char *heard = kit_heard(&k, 1);
        CHECK_ROW(strstr(heard, "CONNACK 8") == heard, bodies[i]);
        kit_cut(&k, 1);
        kit_pass(&k, 6);
    }
    kit_clear(&k);
}

CU_TestInfo broker_ask_tests[] = {
    { "renewed", renewed },
    { "the AS is gone", as_gone },
    { "no answer ever", never },
    { "gone meanwhile", gone_meanwhile },
    { "together", together },
    { "in order", in_order },
    { "no cache", no_cache },
    { "the clock jumps", jump },
    { "revoked", revoked },
    { "another key", other_key },
    { "rate", rate },
    { "full", full },
    { "not asked", not_asked },
    { "rubbish", rubbish },
    { "an answer soon too old", soon_old },
    { "a slow AS", slow_as },
    { "waits in vain", waits_in_vain },
    { "other settings", reconfigured },
    { "shut down while asking", shut_down },
    CU_TEST_INFO_NULL,
};
