#include "broker/cnonces.h"
#include "tests/broker_kit.h"

/* cnonce mode (RFC 9200 5.3.1): what a broker hands out counts once, for a while, and without it nothing does. */

static void begin(struct kit *k)
{
    kit_init(k);
    k->settings.authz_info = k->settings.switches.cnonce = true;
    k->settings.cnonce_seconds = 300;
    k->settings.limits.pending_per_address = KIT_CONNS;
    kit_start(k);
}

/* What the hint that was heard last holds; the caller's. */
static struct buf heard_cnonce(const struct kit *k)
{
    struct hints h;
    struct buf out = { 0 };

    CHECK(hints_read(buf_span(&k->hint), &h, NULL) == OK && h.has_cnonce);
    buf_add(&out, buf_span(&h.cnonce));
    hints_clear(&h);
    return out;
}

/* A connection without a token gets one. */
static struct buf learn(struct kit *k, int conn)
{
    kit_connect(k, conn, &(struct kit_connect){ .by = BY_STORED, .id = "stranger" });
    CHECK_HEARD(k, conn, "CONNACK 87 hint; CLOSE");
    return heard_cnonce(k);
}

/* [R-DISC-07] [R-DISC-08] The hint that comes with each refusal holds another one. */
static void counts_once(void)
{
    struct kit k;

    begin(&k);
    struct buf first = learn(&k, 1), second = learn(&k, 2);
    CHECK(!span_eq(buf_span(&first), buf_span(&second)));
    kit_connect(&k, 3, &(struct kit_connect){ .cnonce = buf_span(&first) });
    CHECK_HEARD(&k, 3, "CONNACK 00");
    kit_connect(&k, 4, &(struct kit_connect){ .cnonce = buf_span(&first) });
    CHECK_HEARD(&k, 4, "CONNACK 87 hint; CLOSE");
    kit_connect(&k, 5, &(struct kit_connect){ .by = BY_CHALLENGE, .cnonce = buf_span(&first) });
    CHECK_HEARD(&k, 5, "CONNACK 87 hint; CLOSE");
    kit_connect(&k, 6, &(struct kit_connect){ .by = BY_CHALLENGE, .cnonce = buf_span(&second) });
    CHECK_HEARD(&k, 6, "CONNACK 00");
    kit_connect(&k, 7, &(struct kit_connect){ 0 });
    CHECK_HEARD(&k, 7, "CONNACK 87 hint; CLOSE");
    buf_clear(&first);
    buf_clear(&second);
    kit_clear(&k);
}

static void lasts(int64_t seconds, const char *words)
{
    struct kit k;

    begin(&k);
    struct buf cnonce = learn(&k, 1);
    kit_pass(&k, seconds);
    kit_connect(&k, 2, &(struct kit_connect){ .cnonce = buf_span(&cnonce) });
    CHECK_HEARD(&k, 2, words);
    buf_clear(&cnonce);
    kit_clear(&k);
}

static void lasts_a_while(void)
{
    lasts(299, "CONNACK 00");
    lasts(300, "CONNACK 87 hint; CLOSE");
    lasts(-1, "CONNACK 87 hint; CLOSE"); /* of a time to come: the clock was put back */
}

/* Any bit of it, a part of it, and one of another broker. */
static void is_ours(void)
{
    struct kit k;

    begin(&k);
    struct buf cnonce = learn(&k, 1);
    static const size_t places[] = { 0, 7, 8, 15, 16, 47 };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int conn = 2 + (int)i;
        CHECK(places[i] < cnonce.n);
        cnonce.p[places[i]] ^= 1;
        kit_connect(&k, conn, &(struct kit_connect){ .cnonce = buf_span(&cnonce) });
        CHECK_HEARD(&k, conn, "CONNACK 87 hint; CLOSE");
        cnonce.p[places[i]] ^= 1;
    }
    kit_connect(&k, 9, &(struct kit_connect){ .cnonce = span(cnonce.p, cnonce.n - 1) });
    CHECK_HEARD(&k, 9, "CONNACK 87 hint; CLOSE");
    kit_connect(&k, 10, &(struct kit_connect){ .cnonce = buf_span(&cnonce) });
    CHECK_HEARD(&k, 10, "CONNACK 00");
    buf_clear(&cnonce);
    kit_clear(&k);
}

/* Who cannot prove the token does not use up its cnonce; who proves it after all does. */
static void proof_first(void)
{
    struct kit k;

    begin(&k);
    struct buf cnonce = learn(&k, 1);
    kit_connect(&k, 2, &(struct kit_connect){ .cnonce = buf_span(&cnonce), .wrong_proof = true });
    CHECK_HEARD(&k, 2, "CONNACK 87; CLOSE");
    kit_connect(&k, 3, &(struct kit_connect){ .cnonce = buf_span(&cnonce) });
    CHECK_HEARD(&k, 3, "CONNACK 00");
    buf_clear(&cnonce);
    kit_clear(&k);
}

/* A token that was taken is ours: who comes back without one is challenged over it, and its cnonce is not asked for again. */
static void stored(void)
{
    struct kit k;

    begin(&k);
    struct buf cnonce = learn(&k, 1);
    kit_enter(&k, 2, &(struct kit_connect){ .id = "c", .key = 2, .cnonce = buf_span(&cnonce) });
    kit_pass(&k, 301);
    kit_connect(&k, 3, &(struct kit_connect){ .id = "c", .key = 2, .by = BY_STORED });
    CHECK_HEARD(&k, 3, "CONNACK 00");
    buf_clear(&cnonce);
    kit_clear(&k);
}

/* A new token on a live connection is a token that comes. */
static void renewed(void)
{
    struct kit k;

    begin(&k);
    struct buf cnonce = learn(&k, 1), next = learn(&k, 2);
    kit_enter(&k, 3, &(struct kit_connect){ .cnonce = buf_span(&cnonce) });
    struct buf token = kit_token(&k, 3, &(struct kit_connect){ .cnonce = buf_span(&next) });
    kit_renew(&k, 3, buf_span(&token));
    CHECK_HEARD(&k, 3, "AUTH 18");
    kit_answer(&k, 3, 3);
    CHECK_HEARD(&k, 3, "AUTH 00");
    kit_renew(&k, 3, buf_span(&token));
    CHECK_HEARD(&k, 3, "AUTH 18");
    kit_answer(&k, 3, 3);
    CHECK_HEARD(&k, 3, "DISCONNECT 87; CLOSE");
    buf_clear(&token);
    buf_clear(&cnonce);
    buf_clear(&next);
    kit_clear(&k);
}

static void upload(struct kit *k, int conn, struct span cnonce, const char *words)
{
    struct buf token = kit_token(k, conn, &(struct kit_connect){ .key = 9, .cnonce = cnonce });

    kit_publish(k, conn, "authz-info", buf_cstr(&token), 1, 7);
    CHECK_HEARD(k, conn, words);
    buf_clear(&token);
}

/* [R-DISC-08] PUBACK 0x87, and the token is not stored. */
static void uploaded(void)
{
    struct kit k;

    begin(&k);
    struct buf cnonce = learn(&k, 1);
    kit_enter(&k, 2, &(struct kit_connect){ .by = BY_NOTHING });
    upload(&k, 2, span(NULL, 0), "PUBACK 7 87");
    CHECK(broker_counts(k.broker).tokens == 0);
    upload(&k, 2, buf_span(&cnonce), "PUBACK 7 00");
    CHECK(broker_counts(k.broker).tokens == 1);
    upload(&k, 2, buf_span(&cnonce), "PUBACK 7 87");
    buf_clear(&cnonce);
    kit_clear(&k);
}

/* ---- by itself ---- */

static struct claims *claims_with(struct kit *k, struct span cnonce)
{
    struct buf token = kit_token(k, 1, &(struct kit_connect){ .cnonce = cnonce });
    struct claims *c = NULL;

    CHECK(token_open(buf_span(&token), &k->settings.trust, k->now, &c, NULL) == OK);
    buf_clear(&token);
    return c;
}

/* The claims of a token with a cnonce that was made now; the caller's. */
static struct claims *made(struct kit *k, struct cnonces *c)
{
    buf_clear(&k->hint);
    CHECK(cnonces_hint(c, &k->settings, k->now, &k->hint) == OK);
    struct buf cnonce = heard_cnonce(k);
    struct claims *claims = claims_with(k, buf_span(&cnonce));
    buf_clear(&cnonce);
    return claims;
}

/* Of the kit's four, the oldest give way, and are refused all the same, as is what was issued before them; whatever is set later. */
static void bounded(void)
{
    static const uint8_t hash_key[16] = { 5 };
    struct claims *each[6], *unused;
    struct kit k;

    begin(&k);
    struct cnonces *c = cnonces_new(&k.entropy.base, hash_key);
    unused = made(&k, c);
    for (size_t i = 0; i < 6; i++, k.now++) {
        each[i] = made(&k, c);
        CHECK(cnonces_test(c, &k.settings, each[i], k.now) == OK);
        CHECK(cnonces_spend(c, &k.settings, each[i], k.now) == OK);
        CHECK(cnonces_count(c) == (i < 4 ? i + 1 : 4));
        if (i < 4) CHECK(cnonces_test(c, &k.settings, unused, k.now) == OK);
    }
    CHECK(cnonces_test(c, &k.settings, unused, k.now) == ERR_NOT_AUTHORIZED);
    k.settings.cnonce_seconds = 3600;
    for (size_t i = 0; i < 6; i++) {
        CHECK(cnonces_test(c, &k.settings, each[i], k.now) == ERR_NOT_AUTHORIZED);
        claims_free(each[i]);
    }
    claims_free(unused);
    cnonces_free(c);
    kit_clear(&k);
}

/* What is over by itself makes room first. */
static void sheds_what_is_over(void)
{
    static const uint8_t hash_key[16] = { 5 };
    struct kit k;

    begin(&k);
    struct cnonces *c = cnonces_new(&k.entropy.base, hash_key);
    for (size_t i = 0; i < 4; i++) {
        struct claims *claims = made(&k, c);
        CHECK(cnonces_spend(c, &k.settings, claims, k.now) == OK);
        claims_free(claims);
    }
    k.now += 299;
    struct claims *young = made(&k, c);
    k.now += 1;
    struct claims *last = made(&k, c);
    CHECK(cnonces_spend(c, &k.settings, last, k.now) == OK && cnonces_count(c) == 1);
    CHECK(cnonces_test(c, &k.settings, young, k.now) == OK);
    claims_free(young);
    claims_free(last);
    cnonces_free(c);
    kit_clear(&k);
}

/* Off, a hint has none, and a claim of whatever value does no harm. */
static void off(void)
{
    struct kit k;

    begin(&k);
    k.settings.switches.cnonce = false;
    kit_connect(&k, 1, &(struct kit_connect){ .by = BY_STORED });
    CHECK_HEARD(&k, 1, "CONNACK 87 hint; CLOSE");
    CHECK(span_is(buf_span(&k.hint), "{\"AS\":\"https://as/token\"}"));
    kit_connect(&k, 2, &(struct kit_connect){ .cnonce = span_str("abc") });
    CHECK_HEARD(&k, 2, "CONNACK 00");
    kit_clear(&k);
}

CU_TestInfo cnonces_tests[] = {
    { "counts once", counts_once },
    { "lasts a while", lasts_a_while },
    { "is ours", is_ours },
    { "proof first", proof_first },
    { "a stored token", stored },
    { "renewal", renewed },
    { "upload", uploaded },
    { "bounded", bounded },
    { "sheds what is over", sheds_what_is_over },
    { "off", off },
    CU_TEST_INFO_NULL,
};
