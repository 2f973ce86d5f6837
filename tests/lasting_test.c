#include "tests/check.h"
#include "tests/demo_bed.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/*
 * `ace-client sub` and `pub -l` for longer than one token lives, and longer than one connection: real processes, and tokens of a few
 * seconds. Nothing is slept for: what is waited for is said by the programs.
 */

enum { LIFETIME = 4, WAYS = 6 };

static const struct way {
    const char *pop, *key, *version;
} ways[WAYS] = {
    { "exporter", "hs256", "5" }, { "challenge", "es256", "5" },  { "psk", "hs256", "5" },
    { "rpk", "ed25519", "5" },    { "exporter", "hs256", "311" }, { "psk", "hs256", "311" },
};

/* `more` stands for "audiences" in the broker's settings. */
static void short_tokens_of(struct demo *b, const char *more)
{
    char lifetime[32];

    demo_make(b);
    file_edit(b->dir, "broker.json", "\"audiences\"", more, "broker.json");
    snprintf(lifetime, sizeof lifetime, "\"lifetime\": %d", LIFETIME);
    file_edit(b->dir, "as.json", "\"lifetime\": 3600", lifetime, "as.json");
    demo_start(b);
}

static void short_tokens(struct demo *b)
{
    short_tokens_of(b, "\"audiences\"");
}

static void start_sub_for(struct demo *b, struct child *c, const struct way *w, const char *id,
                          const char *retry)
{
    child_start(c, b->dir, "ace-client",
                ARGS("sub", "--config", "display.json", "-W", "60", "-v", "-q", "1", "-t", "room/#", "-i", id,
                     "--pop", w->pop, "--pop-key", w->key, "-V", w->version, "--renew-before", "60",
                     "--retry", retry));
    CHECK_ROW(child_says(c, CHILD_ERR, "subscribed\n"), w->pop);
}

static void start_sub(struct demo *b, struct child *c, const struct way *w, const char *id)
{
    start_sub_for(b, c, w, id, "60");
}

/* Each line reaches everybody before the next is written: one that is lost stops the test. */
static bool line_arrives(struct child *pub, struct child *subs, size_t count, int n)
{
    char line[32], wanted[48];
    bool all = true;
    int size = snprintf(line, sizeof line, "line %d\n", n);

    snprintf(wanted, sizeof wanted, "room/lines %s", line);
    CHECK(write(pub->in, line, (size_t)size) == size);
    for (size_t i = 0; i < count; i++) {
        bool came = child_says(&subs[i], CHILD_OUT, wanted);
        CHECK_ROW(came, count == WAYS ? ways[i].pop : "the one subscriber");
        all &= came;
    }
    return all;
}

static bool all_renewed(struct child *subs, size_t count, size_t times)
{
    for (size_t i = 0; i < count; i++) {
        if (child_lines(&subs[i], CHILD_ERR) < 1 + times) return false;
    }
    return true;
}

static void tokens_are_renewed(void)
{
    struct child subs[WAYS], pub;
    struct demo b;
    char id[16];
    int n = 0;

    short_tokens(&b);
    for (size_t i = 0; i < WAYS; i++) {
        snprintf(id, sizeof id, "lasting-%zu", i);
        start_sub(&b, &subs[i], &ways[i], id);
    }
    child_start(&pub, b.dir, "ace-client",
                ARGS("pub", "--config", "sensor.json", "-l", "-q", "1", "-t", "room/lines", "-V", "311",
                     "--renew-before", "60"));
    /* so long that the publisher, too, must have replaced its first token */
    while (!all_renewed(subs, WAYS, 3) && line_arrives(&pub, subs, WAYS, n)) n++;
    CHECK(line_arrives(&pub, subs, WAYS, n));
    CHECK(child_end(&pub) == 0 && child_lines(&pub, CHILD_ERR) == 0);
    child_clear(&pub);
    for (size_t i = 0; i < WAYS; i++) {
        kill(subs[i].pid, SIGTERM);
        CHECK_ROW(child_wait(&subs[i]) == 0, ways[i].pop);
        CHECK_ROW(child_lines(&subs[i], CHILD_OUT) == (size_t)n + 1, "nothing twice");
        child_clear(&subs[i]);
    }
    demo_close(&b);
}

static void no_more_tokens(void)
{
    struct child sub;
    struct demo b;

    short_tokens(&b);
    start_sub_for(&b, &sub, &ways[0], "lasting", "0");
    kill(b.as.pid, SIGTERM);
    CHECK(child_wait(&b.as) == 0);
    CHECK(child_wait(&sub) == 4);
    CHECK(child_says(&sub, CHILD_ERR, "no new token yet, trying again: "));
    CHECK(child_says(&sub, CHILD_ERR, "the token has ended, and there is no new one: "));
    CHECK(child_lines(&sub, CHILD_ERR) == 3);
    child_clear(&sub);
    demo_close(&b);
}

/* The AS is away for longer than the token lives: --retry holds for that too, and what is to be published waits. */
static void as_comes_back(void)
{
    static const char gone[] = "connection lost, trying again: ";
    struct child sub, pub, pub2;
    struct demo b;

    short_tokens(&b);
    start_sub(&b, &sub, &ways[0], "lasting");
    child_start(
        &pub, b.dir, "ace-client",
        ARGS("pub", "--config", "sensor.json", "-l", "-q", "1", "-t", "room/lines", "--renew-before", "60"));
    CHECK(line_arrives(&pub, &sub, 1, 1));
    demo_stop_as(&b);
    CHECK(child_says(&sub, CHILD_ERR, gone) && child_says(&pub, CHILD_ERR, gone));
    CHECK(write(pub.in, "late\n", 5) == 5);
    demo_restart_as(&b);
    CHECK(child_says(&sub, CHILD_ERR, "\nsubscribed\n"));
    CHECK(child_end(&pub) == 0);
    CHECK(demo_run(&b, &pub2, "ace-client",
                   ARGS("pub", "--config", "sensor.json", "-t", "room/lines", "-m", "end")) == 0);
    CHECK(child_says(&sub, CHILD_OUT, "room/lines end\n"));
    child_clear(&pub2);
    kill(sub.pid, SIGTERM);
    CHECK(child_wait(&sub) == 0);
    child_clear(&sub);
    child_clear(&pub);
    demo_close(&b);
}

/* A broker that takes fresh tokens only: the first, the next, and where the client knows its AS already. */
static void fresh_tokens_only(void)
{
    struct child sub, pub;
    struct demo b;

    short_tokens_of(&b, "\"hint\": { \"cnonce\": true }, \"audiences\"");
    start_sub(&b, &sub, &ways[0], "lasting");
    CHECK(child_says(&sub, CHILD_ERR, "subscribed\nsubscribed\nsubscribed\n"));
    CHECK(demo_run(&b, &pub, "ace-client",
                   ARGS("pub", "--config", "sensor.json", "-q", "1", "-t", "room/x", "-m", "y")) == 0);
    child_clear(&pub);
    kill(sub.pid, SIGTERM);
    CHECK(child_wait(&sub) == 0);
    child_clear(&sub);
    demo_close(&b);
}

static void restart_broker(struct demo *b)
{
    char port[64];

    kill(b->broker.pid, SIGTERM);
    CHECK(child_wait(&b->broker) == 0);
    child_clear(&b->broker);
    snprintf(port, sizeof port, "\"port\": %s", b->broker_port);
    file_edit(b->dir, "broker.json", "\"port\": 0", port, "broker2.json");
    CHECK(demo_serve(b, &b->broker, "ace-broker", "broker2.json") > 0);
}

/* Who lasts comes back by itself, proves its key anew and goes on; a line that was not acknowledged is sent again. */
static void broker_restarts(void)
{
    static const struct way rows[] = { { "exporter", "hs256", "5" }, { "exporter", "ed25519", "311" } };
    const struct way *w;
    struct child sub, pub;
    struct demo b;
    int n = 0;

    demo_open(&b);
    for (EACH_ROW(w, rows)) {
        start_sub(&b, &sub, w, "lasting");
        child_start(&pub, b.dir, "ace-client",
                    ARGS("pub", "--config", "sensor.json", "-l", "-q", "1", "-v", "-t", "room/lines"));
        CHECK(line_arrives(&pub, &sub, 1, n++));
        restart_broker(&b);
        CHECK(child_says(&sub, CHILD_ERR, "connection lost, trying again"));
        CHECK_ROW(child_says(&sub, CHILD_ERR, "again: the broker closed the connection\nsubscribed\n") ||
                      child_lines(&sub, CHILD_ERR) == 3,
                  w->version);
        CHECK(line_arrives(&pub, &sub, 1, n++));
        CHECK(child_end(&pub) == 0);
        kill(sub.pid, SIGTERM);
        CHECK(child_wait(&sub) == 0);
        child_clear(&pub);
        child_clear(&sub);
    }
    demo_close(&b);
}

static void retries_are_bounded(void)
{
    struct child sub;
    struct demo b;

    demo_open(&b);
    child_start(&sub, b.dir, "ace-client",
                ARGS("sub", "--config", "display.json", "-W", "60", "-v", "-t", "room/#", "--retry", "2"));
    CHECK(child_says(&sub, CHILD_ERR, "subscribed\n"));
    kill(b.broker.pid, SIGTERM);
    CHECK(child_wait(&b.broker) == 0);
    CHECK(child_wait(&sub) == 4);
    CHECK(child_says(&sub, CHILD_ERR, b.broker_port) && child_lines(&sub, CHILD_ERR) == 3);
    child_clear(&sub);
    demo_close(&b);
}

static void start_with_token(struct demo *b, struct child *sub)
{
    struct child c;

    CHECK(demo_run(b, &c, "ace-client",
                   ARGS("token", "--config", "display.json", "--scope", "sub:room/#", "--out",
                        "token.json")) == 0);
    child_clear(&c);
    child_start(
        sub, b->dir, "ace-client",
        ARGS("sub", "--config", "display.json", "--token", "token.json", "-W", "60", "-v", "-t", "room/#"));
    CHECK(child_says(sub, CHILD_ERR, "subscribed\n"));
}

/* A broker that cannot ask its AS takes the rights away as one whose AS has revoked the token: who lasts tries once more, with the same token. */
static void rights_come_back(void)
{
    struct child sub, revoke, pub;
    struct demo b;

    demo_make(&b);
    file_edit(b.dir, "as.json", "\"audience\": \"broker1\",\n      \"shared_key\"",
              "\"token_format\": \"reference\", \"audience\": \"broker1\",\n      \"shared_key\"", "as.json");
    file_edit(b.dir, "broker.json", "\"introspection\": {",
              "\"token\": { \"expiry_grace\": 0 }, \"introspection\": { \"cache\": 1, \"timeout\": 1, ",
              "broker.json");
    demo_start(&b);
    start_with_token(&b, &sub);
    demo_stop_as(&b);
    CHECK(child_says(&sub, CHILD_ERR, "connection lost, trying again: Not authorized (0x87)\n"));
    demo_restart_as(&b);
    CHECK(child_says(
        &sub, CHILD_ERR,
        "subscribed\nace-client: connection lost, trying again: Not authorized (0x87)\nsubscribed\n"));
    CHECK(demo_run(&b, &pub, "ace-client",
                   ARGS("pub", "--config", "sensor.json", "-t", "room/x", "-m", "again")) == 0);
    CHECK(child_says(&sub, CHILD_OUT, "room/x again\n"));
    child_clear(&pub);
    CHECK(demo_run(&b, &revoke, "ace-client",
                   ARGS("revoke", "--config", "display.json", "--token", "token.json")) == 0);
    child_clear(&revoke);
    CHECK(child_wait(&sub) == 3);
    CHECK(child_says(&sub, CHILD_ERR, " the connection: Not authorized (0x87)\n"));
    child_clear(&sub);
    demo_close(&b);
}

CU_TestInfo lasting_tests[] = {
    { "tokens are renewed", tokens_are_renewed }, { "no more tokens", no_more_tokens },
    { "the AS comes back", as_comes_back },       { "fresh tokens only", fresh_tokens_only },
    { "the broker restarts", broker_restarts },   { "retries are bounded", retries_are_bounded },
    { "rights come back", rights_come_back },     CU_TEST_INFO_NULL,
};
