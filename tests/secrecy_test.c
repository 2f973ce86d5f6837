#include "scenarios/scrub.h"
#include "tests/check.h"
#include "tests/demo_bed.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/*
 * [L5] What the real programs write, as verbose as they can be, holds no key, password, token or proof [R-SEC-06]: of what went well, and of
 * what was refused. `make scenarios` looks through the outputs of all its runs in the same way.
 */

/* Its output and errors become files of the folder, NAME.out and NAME.err. */
static void keep(struct demo *d, struct child *c, const char *name)
{
    static const char *const ends[] = { [CHILD_OUT] = "out", [CHILD_ERR] = "err" };
    char file[64];

    for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "%s.%s", name, ends[i]);
        file_put(d->dir, file, c->text[i].n ? buf_cstr(&c->text[i]) : "");
    }
}

static void client(struct demo *d, const char *name, int status, const char *const *args)
{
    struct child c;

    CHECK_ROW(demo_run(d, &c, "ace-client", args) == status, name);
    CHECK_ROW(child_lines(&c, CHILD_OUT) + child_lines(&c, CHILD_ERR) > 0, name);
    keep(d, &c, name);
    child_clear(&c);
}

/* Tokens are kept in files of their own, so that scrub knows them. */
static void each_way(struct demo *d)
{
    static const char *const ways[][2] = { { "exporter", "hs256" },  { "exporter", "ed25519" },
                                           { "challenge", "hs256" }, { "challenge", "es256" },
                                           { "rpk", "ed25519" },     { "psk", "hs256" } };
    char token[64], made[64], pub[64], refused[64];

    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
        snprintf(token, sizeof token, "token%u.json", i);
        snprintf(made, sizeof made, "made%u", i);
        snprintf(pub, sizeof pub, "pub%u", i);
        snprintf(refused, sizeof refused, "refused%u", i);
        client(d, made, 0,
               ARGS("token", "--config", "sensor.json", "-v", "--scope", "pub:room/#", "--pop-key",
                    ways[i][1], "--out", token));
        client(d, pub, 0,
               ARGS("pub", "--config", "sensor.json", "-v", "-q", "1", "-t", "room/x", "-m", "hello",
                    "--token", token, "--pop", ways[i][0], "--pop-key", ways[i][1]));
        client(d, refused, 3,
               ARGS("pub", "--config", "sensor.json", "-v", "-q", "1", "-t", "door/x", "-m", "hello",
                    "--token", token, "--pop", ways[i][0], "--pop-key", ways[i][1]));
    }
    client(d, "v311", 0,
           ARGS("pub", "--config", "sensor.json", "-v", "-q", "1", "-V", "311", "-t", "room/x", "-m", "hello",
                "--token", "token0.json"));
}

/* A token of one key with the proof of another; a token that is none any more; a wrong password. */
static void what_goes_wrong(struct demo *d)
{
    file_edit(d->dir, "token1.json", "eyJhbGciOiJ", "eyJhbGciOiK", "broken.json");
    client(d, "broken", 3,
           ARGS("pub", "--config", "sensor.json", "-v", "-q", "1", "-t", "room/x", "-m", "hello", "--token",
                "broken.json", "--pop-key", "ed25519"));
    file_put(d->dir, "password", "another long password\n");
    client(
        d, "login", 3,
        ARGS("token", "--config", "sensor.json", "-v", "--scope", "pub:room/#", "--secret-file", "password"));
    file_put(d->dir, "password.json", "{\"secret\": \"another long password\"}");
}

static void programs_keep_secrets(void)
{
    struct scrub s = { 0 };
    struct buf message = { 0 };
    struct demo d;

    demo_make(&d);
    file_edit(d.dir, "broker.json", "\"audiences\"",
              "\"log\": { \"level\": \"debug\" }, \"lab\": true, \"audiences\"", "broker.json");
    file_edit(d.dir, "as.json", "\"store\"", "\"log\": { \"level\": \"debug\" }, \"store\"", "as.json");
    demo_start(&d);
    each_way(&d);
    what_goes_wrong(&d);
    kill(d.broker.pid, SIGTERM);
    kill(d.as.pid, SIGTERM);
    CHECK(child_wait(&d.broker) == 0 && child_wait(&d.as) == 0);
    CHECK(child_lines(&d.broker, CHILD_ERR) > 20 && child_lines(&d.as, CHILD_ERR) > 6);
    keep(&d, &d.as, "as");
    keep(&d, &d.broker, "broker");
    CHECK(scrub_init(&s) == OK && scrub_run(&s, d.dir, NULL, &message) == OK);
    CHECK(s.files == 46 && leaks_count(s.all) > 20);
    CHECK(s.found == 0);
    fputs(buf_cstr(&s.lines), stderr);
    scrub_clear(&s);
    buf_clear(&message);
    child_clear(&d.as);
    child_clear(&d.broker);
    demo_drop(&d);
}

CU_TestInfo secrecy_tests[] = {
    { "programs say no secrets, however verbose", programs_keep_secrets },
    CU_TEST_INFO_NULL,
};
