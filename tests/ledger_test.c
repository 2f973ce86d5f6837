#include "as/ledger.h"
#include "tests/check.h"

#include <unistd.h>

static struct ledger_entry entry(const char *jti, const char *client, const char *kid)
{
    struct ledger_entry e = { .client = span_str(client),
                              .audience = span_str("broker1"),
                              .jti = span_str(jti),
                              .kid = span_str(kid),
                              .pop_key = span_str("0123456789abcdef0123456789abcdef"),
                              .issued = 1000,
                              .expires = 2000 };

    sha256(e.jti, e.token_hash);
    return e;
}

static void kids(void)
{
    static const struct row {
        const char *why, *client, *kid;
        int64_t now;
        enum ledger_kid want;
    } rows[] = {
        { "live", "alice", "k1", 1999, LEDGER_KID_LIVE },
        { "ends with its token", "alice", "k1", 2000, LEDGER_KID_EXPIRED },
        { "R-TOK-26: another client's", "bob", "k1", 1500, LEDGER_KID_NEVER },
        { "unknown", "alice", "k2", 1500, LEDGER_KID_NEVER },
    }, *r;
    struct ledger *l = NULL;
    struct fault why;
    struct ledger_entry e = entry("t1", "alice", "k1");

    CHECK(ledger_open(":memory:", &l, &why) == OK);
    CHECK(ledger_add(l, &e) == OK);
    CHECK(ledger_add(l, &e) == ERR_UNAVAILABLE); /* the same token twice */
    for (EACH_ROW(r, rows)) {
        struct ledger_entry whose = entry("", r->client, r->kid);
        struct secret key = { 0 };
        enum ledger_kid got;
        CHECK_ROW(ledger_pop_key(l, &whose, r->now, &key, &got) == OK && got == r->want, r->why);
        CHECK_ROW((r->want == LEDGER_KID_LIVE) == secret_eq(secret_span(&key), e.pop_key), r->why);
        secret_clear(&key);
    }
    CHECK(ledger_ready(l));
    CHECK(ledger_sweep(l, 2000 + 86400) == OK);
    struct secret key = { 0 };
    enum ledger_kid got;
    CHECK(ledger_pop_key(l, &e, 1500, &key, &got) == OK && got == LEDGER_KID_LIVE); /* not yet a day */
    secret_clear(&key);
    CHECK(ledger_sweep(l, 2001 + 86400) == OK);
    CHECK(ledger_pop_key(l, &e, 1500, &key, &got) == OK && got == LEDGER_KID_NEVER);
    ledger_close(l);
}

/* Does it answer so? */
static bool revokes(struct ledger *l, const struct ledger_entry *entry, const char *client, int64_t now,
                    enum err err, bool does)
{
    bool done;

    return ledger_revoke(l, entry->token_hash, span_str(client), now, &done) == err && done == does;
}

static bool is_live(struct ledger *l, const uint8_t hash[SHA256_SIZE])
{
    struct buf client = { 0 };
    bool live = false;

    CHECK(ledger_live(l, hash, &client, &live) == OK);
    CHECK(!live || client.n > 0);
    buf_clear(&client);
    return live;
}

/* [R-INT-28] Only its own client revokes a token, and for good, also over a restart. */
static void revocation(void)
{
    static const char path[] = "/tmp/ace-ledger-test.db";
    struct ledger *l = NULL;
    struct fault why;
    struct ledger_entry one = entry("t1", "alice", "k1"), two = entry("t2", "alice", "k2"),
                        none = entry("t3", "bob", "k3");

    unlink(path);
    CHECK(ledger_open(path, &l, &why) == OK);
    CHECK(ledger_add(l, &one) == OK && ledger_add(l, &two) == OK);
    CHECK(is_live(l, one.token_hash) && is_live(l, two.token_hash) && !is_live(l, none.token_hash));
    CHECK(revokes(l, &one, "bob", 1500, ERR_INVALID_GRANT, false) && is_live(l, one.token_hash));
    CHECK(revokes(l, &one, "alice", 1500, OK, true) && !is_live(l, one.token_hash));
    CHECK(revokes(l, &one, "alice", 1600, OK, false) && is_live(l, two.token_hash));
    CHECK(revokes(l, &one, "bob", 1600, ERR_INVALID_GRANT, false));
    CHECK(revokes(l, &(struct ledger_entry){ .token_hash = { 77 } }, "bob", 1600, OK, false)); /* nobody's */
    ledger_close(l);
    CHECK(ledger_open(path, &l, &why) == OK);
    CHECK(!is_live(l, one.token_hash) && is_live(l, two.token_hash));
    ledger_close(l);
    CHECK(unlink(path) == 0);
}

static bool keeps(struct ledger *l, const struct ledger_entry *e)
{
    struct secret claims = { 0 };

    CHECK(ledger_claims(l, e->token_hash, &claims) == OK);
    bool same = claims.n && secret_eq(secret_span(&claims), e->claims);
    CHECK(same || claims.n == 0);
    secret_clear(&claims);
    return same;
}

/* What references stand for is kept over a restart, and no longer than it counts. */
static void claims(void)
{
    static const char path[] = "/tmp/ace-ledger-claims-test.db";
    struct ledger *l = NULL;
    struct fault why;
    struct ledger_entry one = entry("t1", "alice", "k1"), two = entry("t2", "alice", "k2"),
                        plain = entry("t3", "alice", "k3"), unknown = entry("t4", "alice", "k4");

    one.claims = span_str("what one says");
    two.claims = span_str("what two says");
    two.expires = 3000;
    unlink(path);
    CHECK(ledger_open(path, &l, &why) == OK);
    CHECK(ledger_add(l, &one) == OK && ledger_add(l, &two) == OK && ledger_add(l, &plain) == OK);
    CHECK(keeps(l, &one) && keeps(l, &two) && !keeps(l, &plain) && !keeps(l, &unknown));
    CHECK(revokes(l, &one, "bob", 1500, ERR_INVALID_GRANT, false) && keeps(l, &one));
    ledger_close(l);
    CHECK(ledger_open(path, &l, &why) == OK);
    CHECK(ledger_sweep(l, 2000) == OK && keeps(l, &one) && keeps(l, &two));
    CHECK(ledger_sweep(l, 2001) == OK && !keeps(l, &one) && keeps(l, &two));
    CHECK(is_live(l, one.token_hash)); /* only what it says is forgotten */
    CHECK(revokes(l, &two, "alice", 2500, OK, true) && !keeps(l, &two));
    ledger_close(l);
    CHECK(unlink(path) == 0);
}

/* [R-VAL-17] Also over restarts, and after all tokens are forgotten. */
static void numbers(void)
{
    static const char path[] = "/tmp/ace-ledger-numbers-test.db";
    struct ledger *l = NULL;
    struct fault why;
    uint64_t n = 0;

    unlink(path);
    for (uint64_t want = 1; want <= 3; want++) {
        CHECK(ledger_open(path, &l, &why) == OK);
        CHECK(ledger_next(l, span_str("broker1"), &n) == OK && n == 2 * want - 1);
        CHECK(ledger_next(l, span_str("broker1"), &n) == OK && n == 2 * want);
        CHECK(ledger_next(l, span_str("broker"), &n) == OK && n == want);
        CHECK(ledger_sweep(l, INT64_MAX / 2) == OK);
        ledger_close(l);
    }
    CHECK(ledger_open(path, &l, &why) == OK);
    CHECK(unlink(path) == 0);
    CHECK(ledger_next(l, span_str("broker1"), &n) == ERR_UNAVAILABLE && n == 3);
    ledger_close(l);
}

CU_TestInfo ledger_tests[] = {
    { "kids", kids },  { "revocation", revocation }, { "claims", claims }, { "numbers", numbers },
    CU_TEST_INFO_NULL,
};
