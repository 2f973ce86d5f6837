#include "broker/revoked.h"
#include "common/codec/text.h"
#include "tests/broker_kit.h"

/* RFC 9770 10.1 at the broker: which hashes are remembered, and what a revoked token is still good for. */

static const uint8_t hash_key[16] = { 7 };

/* "1 2": tokens t1, t2, as hashes of texts. */
static struct buf hashes(const char *numbers)
{
    struct buf out = { 0 };

    for (const char *n = numbers; *n; n++) {
        uint8_t hash[TRL_HASH_SIZE];
        const char token[] = { 't', *n };
        if (*n == ' ') continue;
        CHECK(trl_hash(span(token, 2), TRL_OF_TEXT, hash) == OK);
        buf_add(&out, span(hash, sizeof hash));
    }
    return out;
}

static void take_full(struct revoked *r, const char *numbers)
{
    struct trl list = { .kind = TRL_FULL, .full = hashes(numbers) };

    CHECK(revoked_take(r, &list) == OK);
    trl_clear(&list);
}

static void take_diff(struct revoked *r, const char *removed, const char *added)
{
    struct trl list = { .kind = TRL_DIFF,
                        .count = 1,
                        .entry = { { .removed = hashes(removed), .added = hashes(added) } } };

    CHECK(revoked_take(r, &list) == OK);
    trl_clear(&list);
}

static bool is_revoked(struct revoked *r, char number)
{
    const char token[] = { 't', number };

    return revoked_test(r, span(token, 2)) == ERR_NOT_AUTHORIZED;
}

static void takes_lists(void)
{
    struct revoked *r = revoked_new(8, hash_key);

    CHECK(!is_revoked(r, '1'));
    take_full(r, "1 2");
    CHECK(is_revoked(r, '1') && is_revoked(r, '2') && !is_revoked(r, '3') && revoked_count(r) == 2);
    take_diff(r, "1", "3");
    CHECK(is_revoked(r, '1') &&
          is_revoked(r, '3')); /* 10.1: what left the list is kept while there is room */
    take_full(r, "");
    CHECK(is_revoked(r, '2') && revoked_count(r) == 3);
    take_full(r, "1 2 3");
    CHECK(revoked_count(r) == 3);
    revoked_free(r);
}

/* 3.3: as text and as octets that were text in JSON. */
static void has_two_names(void)
{
    struct revoked *r = revoked_new(8, hash_key);
    struct trl list = { .kind = TRL_FULL };
    struct buf text = { 0 };
    uint8_t hash[TRL_HASH_SIZE];

    CHECK(trl_hash(span_str("\xd2\x84"), TRL_OF_OCTETS, hash) == OK);
    buf_add(&list.full, span(hash, sizeof hash));
    CHECK(revoked_take(r, &list) == OK);
    b64url_encode(&text, span_str("\xd2\x84"));
    CHECK(revoked_test(r, span_str("\xd2\x84")) == ERR_NOT_AUTHORIZED);
    CHECK(revoked_test(r, buf_span(&text)) == ERR_NOT_AUTHORIZED); /* a CWT that comes as text */
    CHECK(revoked_test(r, span_str("\xd2\x85")) == OK);
    trl_clear(&list);
    buf_clear(&text);
    revoked_free(r);
}

/* What was presented and has left the list goes first, then the earliest. */
static void is_bounded(void)
{
    struct revoked *r = revoked_new(3, hash_key);

    take_diff(r, "", "1");
    take_diff(r, "", "2");
    take_diff(r, "", "3");
    CHECK(is_revoked(r, '2'));
    take_diff(r, "2", "");
    take_diff(r, "", "4");
    CHECK(!is_revoked(r, '2') && is_revoked(r, '1') && is_revoked(r, '3') && is_revoked(r, '4'));
    take_diff(r, "", "5");
    CHECK(!is_revoked(r, '1') && is_revoked(r, '3') && is_revoked(r, '5') && revoked_count(r) == 3);
    take_diff(r, "3", "");
    take_diff(r, "", "3"); /* listed again */
    take_diff(r, "", "6");
    CHECK(!is_revoked(r, '4') && is_revoked(r, '3'));
    CHECK(is_revoked(r, '5')); /* presented, and listed in full again: the order stays */
    take_full(r, "3 5 6");
    take_diff(r, "", "7");
    CHECK(!is_revoked(r, '5') && is_revoked(r, '7'));
    revoked_relimit(r, 1);
    CHECK(revoked_count(r) == 1);
    revoked_free(r);
}

/* --- in the broker --- */

static void say_revoked(struct kit *k, struct span token)
{
    struct trl list = { .kind = TRL_DIFF, .count = 1 };
    uint8_t hash[TRL_HASH_SIZE];

    CHECK(trl_hash(token, TRL_OF_TEXT, hash) == OK);
    buf_add(&list.entry[0].added, span(hash, sizeof hash));
    broker_revoked(k->broker, &list, k->now);
    kit_pass(k, 0); /* what it has to say comes out */
    trl_clear(&list);
}

/* MQTT 5 hears why, MQTT 3.1.1 cannot; others stay, and so do sessions of other tokens. */
static void ends_connections(void)
{
    struct kit k;
    kit_init(&k);
    kit_start(&k);
    struct kit_connect how[] = { { 0 }, { 0 }, { .version = MQTT_V311 } };
    struct buf token[3];

    for (int i = 0; i < 3; i++) {
        token[i] = kit_token(&k, i + 1, &how[i]);
        how[i].token = buf_span(&token[i]);
        kit_enter(&k, i + 1, &how[i]);
    }
    say_revoked(&k, buf_span(&token[0]));
    CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE");
    CHECK_HEARD(&k, 2, "");
    say_revoked(&k, buf_span(&token[2]));
    CHECK_HEARD(&k, 3, "CLOSE");
    kit_simple(&k, 2, MQTT_PINGREQ);
    CHECK_HEARD(&k, 2, "PINGRESP");
    for (int i = 0; i < 3; i++) buf_clear(&token[i]);
    kit_clear(&k);
}

/* By exporter, by challenge, over a stored token, and on a live connection. */
static void refuses_revoked(void)
{
    static const struct row {
        const char *why;
        int by;
        const char *heard;
    } rows[] = {
        { "exporter", BY_EXPORTER, "CONNACK 87 hint; CLOSE" },
        { "challenge", BY_CHALLENGE, "CONNACK 87 hint; CLOSE" },
    }, *r;
    struct kit k;
    kit_init(&k);
    kit_start(&k);
    struct kit_connect first = { .id = "c" };
    struct buf token = kit_token(&k, 1, &first);

    first.token = buf_span(&token);
    kit_enter(&k, 1, &first);
    CHECK(broker_counts(k.broker).tokens == 1);
    say_revoked(&k, buf_span(&token));
    CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE");
    CHECK(broker_counts(k.broker).tokens == 0); /* nobody is challenged over it any more */
    int conn = 2;
    for (EACH_ROW(r, rows)) {
        struct kit_connect again = { .by = r->by, .key = 1, .token = buf_span(&token) };
        kit_connect(&k, conn, &again);
        CHECK_ROW(kit_is(kit_heard(&k, conn), r->heard), r->why);
        conn++;
    }
    struct kit_connect other = { .key = 1, .issued = 1 };
    kit_enter(&k, conn, &other);
    kit_renew(&k, conn, buf_span(&token));
    CHECK_HEARD(&k, conn, "AUTH 18");
    kit_answer(&k, conn, 1);
    CHECK_HEARD(&k, conn, "DISCONNECT 87; CLOSE");
    buf_clear(&token);
    kit_clear(&k);
}

/* An upload of it is refused, and a stored one is gone. */
static void refuses_uploads(void)
{
    struct kit k;
    kit_init(&k);
    k.settings.authz_info = true;
    k.settings.uploads = 10;
    k.settings.unproven_seconds = 100;
    kit_start(&k);
    struct buf token = kit_token(&k, 1, &(struct kit_connect){ 0 });

    kit_enter(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
    kit_publish(&k, 1, "authz-info", buf_cstr(&token), 1, 7);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    CHECK(broker_counts(k.broker).tokens == 1);
    say_revoked(&k, buf_span(&token));
    CHECK(broker_counts(k.broker).tokens == 0);
    CHECK_HEARD(&k, 1, ""); /* who only brought it stays */
    kit_publish(&k, 1, "authz-info", buf_cstr(&token), 1, 8);
    CHECK_HEARD(&k, 1, "PUBACK 8 87");
    buf_clear(&token);
    kit_clear(&k);
}

CU_TestInfo broker_revoked_tests[] = {
    { "takes lists", takes_lists },
    { "has two names", has_two_names },
    { "is bounded", is_bounded },
    { "ends connections", ends_connections },
    { "refuses revoked", refuses_revoked },
    { "refuses uploads", refuses_uploads },
    CU_TEST_INFO_NULL,
};
