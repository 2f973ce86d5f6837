#include "as/trl.h"
#include "tests/check.h"

#include <stdio.h>
#include <unistd.h>

/* RFC 9770 at the AS: the list in the ledger, and the answers to queries of it. */
enum { BORN = 1000, ENDS = 2000 };

struct world {
    struct ledger *ledger;
    int64_t max_n, max_diff_batch, now;
};

static struct world world_make(int64_t max_n, int64_t max_diff_batch)
{
    struct world w = { .max_n = max_n, .max_diff_batch = max_diff_batch, .now = BORN };
    struct fault why;

    CHECK(ledger_open(":memory:", &w.ledger, &why) == OK);
    ledger_remember(w.ledger, max_n);
    return w;
}

/* Token `i` of `client` for `audience`: its hash on the list begins 1, i. */
static void issue(struct ledger *l, uint8_t i, const char *client, const char *audience)
{
    char jti[8];
    struct ledger_entry e = { .client = span_str(client),
                              .audience = span_str(audience),
                              .issued = BORN,
                              .expires = ENDS + i,
                              .token_hash = { i },
                              .trl_hash = { 1, i } };

    snprintf(jti, sizeof jti, "t%u", i);
    e.jti = span_str(jti);
    CHECK(ledger_add(l, &e) == OK);
}

static void take_back(struct world *w, uint8_t i, const char *client)
{
    uint8_t hash[SHA256_SIZE] = { i };

    bool done;

    enum err e = ledger_revoke(w->ledger, hash, span_str(client), w->now, &done);
    CHECK(e == OK || e == ERR_INVALID_GRANT);
}

/* "1 2" for a set of hashes that begin 1,1 and 1,2. */
static void print_set(const struct buf *hashes, struct buf *out)
{
    for (size_t at = 0; at < hashes->n; at += TRL_HASH_SIZE)
        buf_format(out, at ? " %u" : "%u", hashes->p[at + 1]);
}

/* "full 2 1 c1", "diff -1+ -+2 c5 more"; of problems "error 0 c5". */
static void print(const struct http_response *r, struct buf *out)
{
    struct trl t;
    struct trl_problem p;

    if (r->status == 400 && trl_problem_read(buf_span(&r->body), &p, NULL) == OK) {
        buf_format(out, "error %d", (int)p.error);
        if (p.has_cursor) buf_format(out, p.cursor_is_null ? " null" : " c%d", (int)p.cursor);
        return;
    }
    CHECK(r->status == 200 && http_content_is(&r->headers, "application/ace-trl+cbor"));
    CHECK(trl_read(buf_span(&r->body), &t, NULL) == OK && t.has_cursor);
    buf_str(out, t.kind == TRL_FULL ? "full " : "diff");
    print_set(&t.full, out);
    for (size_t i = 0; i < t.count; i++) {
        buf_str(out, " -");
        print_set(&t.entry[i].removed, out);
        buf_str(out, "+");
        print_set(&t.entry[i].added, out);
    }
    buf_format(out, t.cursor_is_null ? " null" : " c%d", (int)t.cursor);
    if (t.more) buf_str(out, " more");
    trl_clear(&t);
}

static void answers_as(const struct world *w, const struct updates_reader *who, const char *query,
                       const char *want)
{
    struct trl_query q = { span_str(query), *who, w->max_n, w->max_diff_batch, w->now };
    struct http_response r = { .status = 200 };
    struct buf got = { 0 };
    bool nothing_new;

    CHECK_ROW(trl_answer(w->ledger, &q, &r, &nothing_new) == OK, query);
    print(&r, &got);
    CHECK_ROW(strcmp(buf_cstr(&got), want) == 0, query);
    if (strcmp(buf_cstr(&got), want) != 0) printf("  %s: %s, not %s\n", query, buf_cstr(&got), want);
    struct span wanted = span_str(want);
    bool empty = span_starts(wanted, span_str("diff null")) || span_starts(wanted, span_str("diff c"));
    CHECK_ROW(nothing_new == (empty && !strstr(want, "more")), query);
    buf_clear(&got);
    http_response_clear(&r);
}

static void answers(const struct world *w, const char *query, const char *want)
{
    answers_as(w, &(struct updates_reader){ UPDATES_BROKER, span_str("b1") }, query, want);
}

/* RFC 9770 6: a broker sees what is for it, a client what is its own, and nobody anything else. */
static void to_whom_it_pertains(void)
{
    static const struct row {
        const char *why;
        enum updates_role role;
        const char *name, *full, *diff;
    } rows[] = {
        { "broker b1", UPDATES_BROKER, "b1", "full 2 1 c1", "diff -+2 -+1 c1" },
        { "broker b2", UPDATES_BROKER, "b2", "full 3 c0", "diff -+3 c0" },
        { "broker b3", UPDATES_BROKER, "b3", "full  null", "diff null" },
        { "client alice", UPDATES_CLIENT, "alice", "full 3 1 c1", "diff -+3 -+1 c1" },
        { "client bob", UPDATES_CLIENT, "bob", "full 2 c0", "diff -+2 c0" },
        { "client b1 is not broker b1", UPDATES_CLIENT, "b1", "full  null", "diff null" },
    }, *r;
    struct world w = world_make(8, 8);

    issue(w.ledger, 1, "alice", "b1");
    issue(w.ledger, 2, "bob", "b1");
    issue(w.ledger, 3, "alice", "b2");
    issue(w.ledger, 4, "alice", "b1");
    take_back(&w, 1, "alice");
    take_back(&w, 2, "bob");
    take_back(&w, 3, "alice");
    take_back(&w, 4, "bob"); /* not his */
    CHECK(ledger_news(w.ledger) == 3);
    take_back(&w, 3, "alice"); /* already */
    CHECK(ledger_news(w.ledger) == 3);
    for (EACH_ROW(r, rows)) {
        struct updates_reader who = { r->role, span_str(r->name) };
        answers_as(&w, &who, "", r->full);
        answers_as(&w, &who, "diff=0", r->diff);
    }
    ledger_close(w.ledger);
}

/* RFC 9770 4.1: what ended leaves the list, once; what had ended before never joins. */
static void ends_leave(void)
{
    struct world w = world_make(8, 8);

    for (uint8_t i = 1; i <= 4; i++) issue(w.ledger, i, i == 3 ? "bob" : "alice", "b1");
    for (uint8_t i = 1; i <= 3; i++) take_back(&w, i, i == 3 ? "bob" : "alice");
    w.now = ENDS + 1;
    answers(&w, "", "full 3 2 c3");
    answers(&w, "diff=1", "diff -1+ c3");
    w.now = ENDS + 4;
    answers(&w, "", "full  c4"); /* two at once are one update */
    answers(&w, "diff=0&cursor=3", "diff -2 3+ c4");
    answers_as(&w, &(struct updates_reader){ UPDATES_CLIENT, span_str("bob") }, "diff=0", "diff -3+ -+3 c1");
    CHECK(ledger_news(w.ledger) == 5);
    take_back(&w, 4, "alice");
    answers(&w, "diff=0&cursor=4", "diff c4");
    w.now = BORN; /* the clock goes back: what left stays away */
    answers(&w, "", "full  c4");
    ledger_close(w.ledger);
}

/* RFC 9770 5.3, 8.2 with MAX_N 4, MAX_DIFF_BATCH 2, after six updates: 2 to 5 are remembered, and add tokens 3 to 6. */
static void cursors(void)
{
    static const struct row {
        const char *query, *want;
    } rows[] = {
        { "", "full 6 5 4 3 2 1 c5" },
        { "unknown=1&x", "full 6 5 4 3 2 1 c5" },
        { "diff=0", "diff -+4 -+3 c3 more" },
        { "diff=4", "diff -+4 -+3 c3 more" },
        { "diff=99999999999999999999999999", "diff -+4 -+3 c3 more" },
        { "diff=3", "diff -+5 -+4 c4 more" },
        { "diff=2", "diff -+6 -+5 c5" },
        { "diff=1", "diff -+6 c5" },
        { "diff=0&cursor=3", "diff -+6 -+5 c5" },
        { "cursor=3&diff=0", "diff -+6 -+5 c5" },
        { "diff=1&cursor=3", "diff -+6 c5" },
        { "diff=3&cursor=1", "diff -+5 -+4 c4 more" },
        { "diff=0&cursor=5", "diff c5" },
        { "diff=0&cursor=4", "diff -+6 c5" },
        { "diff=0&cursor=1", "diff -+4 -+3 c3 more" },  /* 1 is gone, but 2 is there */
        { "diff=0&cursor=0", "diff null more" },        /* case A */
        { "diff=0&cursor=6", "error 2" },
        { "diff=0&cursor=4294967295", "error 2" },
        { "diff=0&cursor=4294967296", "error 0 c5" },
        { "diff=0&cursor=99999999999999999999999999", "error 0 c5" },
        { "diff=0&cursor=-1", "error 0 c5" },
        { "diff=0&cursor=", "error 0 c5" },
        { "diff=0&cursor", "error 0 c5" },
        { "diff=0&cursor=1&cursor=1", "error 0 c5" },
        { "cursor=3", "error 1" },
        { "cursor=x", "error 1" },
        { "diff=", "error 0" },
        { "diff=x", "error 0" },
        { "diff=-1", "error 0" },
        { "diff=1&diff=1", "error 0" },
        { "diff=x&cursor=x", "error 0" },
    }, *r;
    struct world w = world_make(4, 2);

    answers(&w, "diff=0&cursor=77", "diff null");
    answers(&w, "diff=0&cursor=x", "error 0 null");
    for (uint8_t i = 1; i <= 6; i++) {
        issue(w.ledger, i, "alice", "b1");
        take_back(&w, i, "alice");
    }
    for (EACH_ROW(r, rows)) answers(&w, r->query, r->want);
    ledger_close(w.ledger);
}

/* RFC 9770 5.2.1: behind MAX_INDEX comes 0, and what is above the last index is of the round before. */
static void wraps_around(void)
{
    struct world w = world_make(4, 4);
    struct updates_reader b1 = { UPDATES_BROKER, span_str("b1") };
    struct store_value args[] = { STORE_INT(trl_max_index - 1) };

    issue(w.ledger, 1, "alice", "b1");
    take_back(&w, 1, "alice");
    CHECK(store_run(ledger_store(w.ledger),
                    &(struct store_query){ "UPDATE trl_update SET number = ?1", args, 1 }) == OK);
    for (uint8_t i = 2; i <= 3; i++) {
        issue(w.ledger, i, "alice", "b1");
        take_back(&w, i, "alice");
    }
    answers_as(&w, &b1, "", "full 3 2 1 c0");
    answers_as(&w, &b1, "diff=0&cursor=4294967294", "diff -+3 -+2 c0");
    answers_as(&w, &b1, "diff=0&cursor=4294967295", "diff -+3 c0");
    answers_as(&w, &b1, "diff=0&cursor=0", "diff c0");
    answers_as(&w, &b1, "diff=0&cursor=1", "diff null more");
    ledger_close(w.ledger);
}

/* The list and its history are in the file. */
static void lasts(void)
{
    static const char path[] = "/tmp/ace-as-trl-test.db";
    struct world w = { .max_n = 8, .max_diff_batch = 8, .now = BORN };
    struct fault why;

    unlink(path);
    CHECK(ledger_open(path, &w.ledger, &why) == OK);
    issue(w.ledger, 1, "alice", "b1");
    issue(w.ledger, 2, "alice", "b1");
    take_back(&w, 1, "alice");
    ledger_close(w.ledger);
    CHECK(ledger_open(path, &w.ledger, &why) == OK);
    answers(&w, "", "full 1 c0");
    take_back(&w, 2, "alice");
    answers(&w, "diff=0&cursor=0", "diff -+2 c1");
    w.now = ENDS + 86402; /* a day later the tokens are forgotten, but not that they left */
    CHECK(ledger_sweep(w.ledger, w.now) == OK);
    answers(&w, "diff=0&cursor=1", "diff -1 2+ c2");
    ledger_close(w.ledger);
    CHECK(unlink(path) == 0);
}

/* 65 that end at once are two updates of their broker, and 65 of their clients. */
static void many_end(void)
{
    struct world w = world_make(128, 64);
    int64_t first, last;

    for (uint8_t i = 1; i <= 65; i++) {
        issue(w.ledger, i, "alice", "b1");
        take_back(&w, i, "alice");
    }
    w.now = ENDS + 65;
    CHECK(ledger_unlist(w.ledger, w.now) == OK);
    CHECK(updates_range(ledger_store(w.ledger), &(struct updates_reader){ UPDATES_BROKER, span_str("b1") },
                        &first, &last) == OK);
    CHECK(first == 0 && last == 66);
    struct trl_entry latest = { 0 }, before = { 0 };
    struct updates_reader alice = { UPDATES_CLIENT, span_str("alice") };
    CHECK(updates_get(ledger_store(w.ledger), &alice, 65, &before) == OK);
    CHECK(updates_get(ledger_store(w.ledger), &alice, 66, &latest) == OK);
    CHECK(before.removed.n == (size_t)64 * TRL_HASH_SIZE && latest.removed.n == TRL_HASH_SIZE);
    buf_clear(&before.removed);
    buf_clear(&latest.removed);
    ledger_close(w.ledger);
}

static void how_long_to_wait(void)
{
    static const struct row {
        const char *prefer;
        unsigned want;
    } rows[] = {
        { "wait=10", 10 },    { "Wait = 10", 10 },  { "respond-async, wait=10", 10 }, { "wait=100", 60 },
        { "wait=99999999999999999999", 60 }, { "wait", 0 }, { "wait=-1", 0 }, { "wait=x", 0 }, { "waiting=5", 0 }, { "", 0 },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct http_headers h = { 0 };
        http_header_add(&h, "Prefer", span_str(r->prefer));
        CHECK_ROW(trl_wait(&h, 60) == r->want, r->prefer);
        buf_clear(&h.text);
    }
    struct http_headers none = { 0 };
    CHECK(trl_wait(&none, 60) == 0);
}

CU_TestInfo as_trl_tests[] = {
    { "to whom it pertains", to_whom_it_pertains },
    { "ends leave", ends_leave },
    { "cursors", cursors },
    { "wraps around", wraps_around },
    { "lasts", lasts },
    { "many end", many_end },
    { "how long to wait", how_long_to_wait },
    CU_TEST_INFO_NULL,
};
