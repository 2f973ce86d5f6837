#include "tests/check.h"
#include "tests/demo_bed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * The three programs as a user meets them: real processes, files and TLS on loopback. Whatever is stopped or
 * corrupted is told by the others in one clear line, with a status other than 0, and nothing hangs.
 */

/* Ends with this status and one line on standard error that says so. */
static void told(struct demo *b, const char *why, int status, const char *says, const char *name,
                 const char *const *args)
{
    struct child c;
    int is = demo_run(b, &c, name, args);
    const char *err = c.text[CHILD_ERR].n ? buf_cstr(&c.text[CHILD_ERR]) : "";
    bool right = is == status && strstr(err, says) && child_lines(&c, CHILD_ERR) == 1;

    CHECK_ROW(right, why);
    if (!right) fprintf(stderr, "%s: status %d, wanted %d and \"%s\": %s\n", why, is, status, says, err);
    child_clear(&c);
}

#define PUB(...) "ace-client", ARGS("pub", "--config", "sensor.json", "-m", "x", "-q", "1", __VA_ARGS__)
#define SUB(...) "ace-client", ARGS("sub", "--config", "display.json", "-W", "8", __VA_ARGS__)

/* --- all is well --- */

static void messages_flow(void)
{
    static const char *const ways[][2] = { { "exporter", "hs256" },    { "exporter", "ed25519" },
                                           { "exporter", "es256" },    { "challenge", "hs256" },
                                           { "challenge", "ed25519" }, { "challenge", "es256" },
                                           { "rpk", "ed25519" },       { "rpk", "es256" },
                                           { "psk", "hs256" } };
    struct child sub, pub;
    struct demo b;

    demo_open(&b);
    child_start(&sub, b.dir, SUB("-t", "room/#", "-v", "-C", "10"));
    CHECK(child_says(&sub, CHILD_ERR, "subscribed"));
    for (int i = 0; i < 9; i++) {
        child_start(&pub, b.dir, PUB("-t", "room/t", "--pop", ways[i][0], "--pop-key", ways[i][1]));
        CHECK_ROW(child_end(&pub) == 0, ways[i][0]);
        CHECK(pub.text[CHILD_ERR].n == 0 && pub.text[CHILD_OUT].n == 0);
        child_clear(&pub);
    }
    child_start(&pub, b.dir, "ace-client",
                ARGS("pub", "--config", "sensor.json", "-l", "-q", "2", "-V", "311", "-t", "room/lines"));
    CHECK(write(pub.in, "last", 4) == 4);
    CHECK(child_end(&pub) == 0);
    CHECK(child_end(&sub) == 0);
    CHECK(child_says(&sub, CHILD_OUT, "room/t x\nroom/t x\n") &&
          child_says(&sub, CHILD_OUT, "room/lines last\n"));
    CHECK(child_lines(&sub, CHILD_OUT) == 10);
    child_clear(&pub);
    child_clear(&sub);
    demo_close(&b);
}

static void retained_and_leaving(void)
{
    struct child sub, pub;
    struct demo b;

    demo_open(&b);
    CHECK(demo_run(&b, &pub, PUB("-t", "room/t", "-r")) == 0);
    child_clear(&pub);
    CHECK(demo_run(&b, &sub, SUB("-t", "room/#", "-C", "1")) == 0);
    CHECK(child_says(&sub, CHILD_OUT, "x\n"));
    child_clear(&sub);
    CHECK(demo_run(&b, &sub, SUB("-t", "room/#", "-E")) == 0);
    child_clear(&sub);
    child_start(&sub, b.dir, SUB("-t", "room/#", "-R", "-C", "1", "-v"));
    CHECK(child_says(&sub, CHILD_ERR, "subscribed"));
    CHECK(demo_run(&b, &pub, PUB("-t", "room/new")) == 0);
    child_clear(&pub);
    CHECK(child_end(&sub) == 0 && child_says(&sub, CHILD_OUT, "room/new x\n") &&
          child_lines(&sub, CHILD_OUT) == 1);
    child_clear(&sub);
    demo_close(&b);
}

/* --- refusals --- */

static void refusals(void)
{
    struct demo b;

    demo_open(&b);
    told(&b, "publish outside the scope", 3, "publish to z refused: Not authorized (0x87)",
         PUB("-t", "z", "--scope", "pub:room/#"));
    told(&b, "subscribe outside the scope", 3, "subscribe to z refused: Not authorized (0x87)",
         SUB("-t", "z", "--scope", "sub:room/#"));
    told(&b, "QoS 0 outside the scope", 3, "Not authorized", "ace-client",
         ARGS("pub", "--config", "sensor.json", "-m", "x", "-t", "z", "--scope", "pub:room/#"));
    told(&b, "a scope that policy does not grant", 3, "invalid_scope", PUB("-t", "z"));
    file_put(b.dir, "wrong", "not the password\n");
    told(&b, "wrong password", 3, "invalid_client", PUB("-t", "room/t", "--secret-file", "wrong"));
    told(&b, "an AS that nobody allowed", 2, "give --as", "ace-client",
         ARGS("token", "-h", "127.0.0.1", "-p", b.broker_port, "--cafile", "ca.pem"));
    told(&b, "a hint to an AS that nobody allowed", 3, "not an authorization server we trust", "ace-client",
         ARGS("token", "-h", "127.0.0.1", "-p", b.broker_port, "--cafile", "ca.pem", "--as-allow",
              "https://x/token"));
    demo_close(&b);
}

static void expired_token(void)
{
    struct child c;
    struct demo b;

    demo_open(&b);
    CHECK(demo_run(&b, &c, "ace-client",
                   ARGS("token", "--config", "sensor.json", "--scope", "pub:room/#", "--out", "t.json")) ==
          0);
    child_clear(&c);
    CHECK(demo_run(&b, &c, PUB("-t", "room/t", "--token", "t.json")) == 0);
    child_clear(&c);
    FILE *f = NULL;
    char path[128], line[65536], from[40] = "";
    snprintf(path, sizeof path, "%s/t.json", b.dir);
    f = fopen(path, "r");
    CHECK(f != NULL);
    while (f && fgets(line, sizeof line, f)) {
        char *at = strstr(line, "\"ends\":");
        if (at) {
            long ends = strtol(at + strlen("\"ends\":"), NULL, 10);
            snprintf(from, sizeof from, "%ld", ends);
        }
    }
    if (f) fclose(f);
    file_edit(b.dir, "t.json", from, "1000000000", "old.json");
    told(&b, "a token that has ended", 2, "the token has ended", PUB("-t", "room/t", "--token", "old.json"));
    told(&b, "a file that is no token", 2, "sensor.json", PUB("-t", "room/t", "--token", "sensor.json"));
    demo_close(&b);
}

/* --- peers that are not who they must be --- */

static void wrong_peers(void)
{
    struct child as;
    char url[64];
    struct demo b;

    demo_open(&b);
    told(&b, "the AS's certificate is of another CA", 4, "certificate",
         PUB("-t", "room/t", "--as-cafile", "broker.pem"));
    told(&b, "the broker's certificate is of another CA", 4, "certificate", "ace-client",
         ARGS("pub", "-h", "127.0.0.1", "-p", b.broker_port, "--cafile", "as.pem", "-t", "public/a", "-m",
              "x"));
    told(&b, "the same with a token that names no key", 4, "certificate",
         PUB("-t", "room/t", "--cafile", "as.pem"));
    file_edit(b.dir, "as.json", "\"broker-public.jwk\"", "\"client2-p256-public.jwk\"", "as2.json");
    file_edit(b.dir, "as2.json", "as.db", "as2.db", "as2.json");
    int port = demo_serve(&b, &as, "ace-as", "as2.json");
    snprintf(url, sizeof url, "https://127.0.0.1:%d/token", port);
    told(&b, "the broker is not the one of rs_cnf", 4, "rs_cnf",
         PUB("-t", "room/t", "--as", url, "--pop-key", "ed25519"));
    kill(as.pid, SIGTERM);
    CHECK(child_wait(&as) == 0);
    child_clear(&as);
    demo_close(&b);
}

/* --- a broker that wants fresh tokens --- */

/* [R-TOK-31] Who asks the broker where the AS is asks there with the cnonce that the broker named; who does not ask is refused. */
static void fresh_tokens(void)
{
    char from[96], to[96], port[16];
    struct child broker, pub;
    struct demo b;

    demo_open(&b);
    file_edit(b.dir, "broker.json", "\"audiences\"", "\"hint\": { \"cnonce\": true }, \"audiences\"",
              "fresh.json");
    snprintf(port, sizeof port, "%d", demo_serve(&b, &broker, "ace-broker", "fresh.json"));
    CHECK(demo_run(&b, &pub, "ace-client",
                   ARGS("token", "--config", "sensor.json", "--scope", "pub:room/#", "--out", "old.json")) ==
          0);
    child_clear(&pub);
    told(&b, "a token without a cnonce", 3, "Not authorized (0x87)",
         PUB("-t", "room/t", "-p", port, "--token", "old.json"));
    CHECK(demo_run(&b, &pub, PUB("-t", "room/t", "-p", port)) == 0); /* asks once more, with it */
    child_clear(&pub);
    snprintf(from, sizeof from, "\"url\": \"%s\"", b.as_url);
    snprintf(to, sizeof to, "\"allow\": [ \"%s\" ]", b.as_url);
    file_edit(b.dir, "sensor.json", from, to, "sensor.json");
    for (int i = 0; i < 2; i++) {
        child_start(&pub, b.dir, PUB("-t", "room/t", "-p", port));
        CHECK(child_end(&pub) == 0 && child_lines(&pub, CHILD_ERR) == 0);
        child_clear(&pub);
    }
    kill(broker.pid, SIGTERM);
    CHECK(child_wait(&broker) == 0);
    child_clear(&broker);
    demo_close(&b);
}

/* --- settings --- */

/* What an AS would not start with is found by --test-config too; and no client sends its secret to an AS in clear. */
static void settings_tested(void)
{
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        { "\"as.pem\"", "\"broker.pem\"",
          "tls.certificate, tls.key, tls.client_ca: private key does not fit" },
        { "\"as.pem\"", "\"empty.pem\"", "tls.certificate: empty.pem: is empty" },
        { "\"as.db\"", "\"nowhere/as.db\"", "nowhere/as.db: No such file or directory" },
        { "\"as.db\"", "\"ca.pem\"", "ca.pem: " },
    };
    struct child c;
    struct demo b;

    demo_make(&b);
    file_put(b.dir, "empty.pem", "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        file_edit(b.dir, "as.json", rows[i].from, rows[i].to, "wrong.json");
        CHECK_ROW(demo_run(&b, &c, "ace-as", ARGS("--config", "wrong.json", "--test-config")) == 1,
                  rows[i].says);
        CHECK_ROW(child_says(&c, CHILD_ERR, rows[i].says), rows[i].says);
        child_clear(&c);
        CHECK_ROW(demo_run(&b, &c, "ace-as", ARGS("--config", "wrong.json")) == 1, rows[i].says);
        child_clear(&c);
    }
    CHECK(demo_run(&b, &c, "ace-as", ARGS("--config", "as.json", "--test-config")) == 0);
    child_clear(&c);
    file_edit(b.dir, "sensor.json", "https://127.0.0.1:9443/token", "http://127.0.0.1:9443/token",
              "clear.json");
    told(&b, "an AS in clear", 2, "http://127.0.0.1:9443/token: must be an https:// URL", "ace-client",
         ARGS("token", "--config", "clear.json", "--scope", "pub:room/#"));
    CHECK(demo_run(&b, &c, PUB("-t", "room/#")) == 2);
    CHECK(child_says(&c, CHILD_ERR, "pub: room/# has a wildcard"));
    child_clear(&c);
    CHECK(demo_run(&b, &c, PUB("-t", "room/x", "-V", "311", "--pop", "challenge")) == 2);
    CHECK(child_says(&c, CHILD_ERR, "--pop challenge needs MQTT 5"));
    child_clear(&c);
    demo_drop(&b);
}

/* What a running broker cannot change is named, and stays; a file that is wrong is told with its setting, before and while it runs. */
static void settings_change(void)
{
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        { "/introspect\"", "/introspect\", \"cash\": 1", "introspection.cash: unknown key" },
        { "127.0.0.1:9443/introspect", "127.0.0.1:99999/introspect", "introspection.url: " },
        { "\"ca\": \"ca.pem\"", "\"ca\": \"as-sign.jwk\"", "introspection.ca: " },
    };
    struct child c;
    struct demo b;

    demo_make(&b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        file_edit(b.dir, "broker.json", rows[i].from, rows[i].to, "wrong.json");
        CHECK_ROW(demo_run(&b, &c, "ace-broker", ARGS("--config", "wrong.json", "--test-config")) == 1,
                  rows[i].says);
        CHECK_ROW(child_says(&c, CHILD_ERR, rows[i].says) && child_says(&c, CHILD_ERR, "wrong.json"),
                  rows[i].says);
        child_clear(&c);
    }
    demo_start(&b);
    file_edit(b.dir, "broker.json", "\"port\": 0", "\"port\": 1", "broker.json");
    kill(b.broker.pid, SIGHUP);
    CHECK(child_says(&b.broker, CHILD_ERR,
                     "\"event\":\"reloaded\",\"file\":\"broker.json\",\"needs_restart\":\"listen.port\""));
    file_edit(b.dir, "broker.json", "\"audiences\"", "\"audience\"", "broker.json");
    kill(b.broker.pid, SIGHUP);
    CHECK(child_says(&b.broker, CHILD_ERR, "\"event\":\"not_reloaded\""));
    CHECK(child_says(&b.broker, CHILD_ERR, "audience: unknown key"));
    demo_close(&b);
}

/* --- peers that are gone --- */

static void peers_gone(void)
{
    struct child sub, pub;
    struct demo b;

    demo_open(&b);
    child_start(&sub, b.dir, SUB("-t", "room/#", "-v", "--retry", "0"));
    CHECK(child_says(&sub, CHILD_ERR, "subscribed\n"));
    child_start(
        &pub, b.dir, "ace-client",
        ARGS("pub", "--config", "sensor.json", "-l", "-q", "1", "-v", "-t", "room/lines", "--retry", "0"));
    CHECK(write(pub.in, "one\n", 4) == 4);
    CHECK(child_says(&pub, CHILD_ERR, "published to room/lines"));
    kill(b.broker.pid, SIGTERM);
    CHECK(child_wait(&b.broker) == 0);
    CHECK(child_wait(&sub) == 3 &&
          child_says(&sub, CHILD_ERR, "ended the connection: Server shutting down (0x8b)"));
    CHECK(child_wait(&pub) == 3); /* although nobody closed its input */
    child_clear(&sub);
    child_clear(&pub);
    told(&b, "the broker is down", 4, b.broker_port, PUB("-t", "room/t"));
    kill(b.as.pid, SIGTERM);
    CHECK(child_wait(&b.as) == 0);
    told(&b, "the AS is down", 4, "refused", PUB("-t", "room/t"));
    told(&b, "discovery with the broker down", 4, b.broker_port, "ace-client",
         ARGS("discover", "--config", "sensor.json"));
    child_clear(&b.as);
    child_clear(&b.broker);
    demo_drop(&b);
}

/* --- settings --- */

static void settings(void)
{
    static const struct row {
        const char *program, *file, *key, *wrong;
    } rows[] = {
        { "ace-as", "as.json", "as-tls.jwk", "as-tlz.jwk" },
        { "ace-broker", "broker.json", "broker-tls.jwk", "broker-tlz.jwk" },
        { "ace-client", "sensor.json", "client1-ed25519.jwk", "nokey.jwk" },
    };
    const struct row *r;
    char port[48];
    struct demo b;

    demo_open(&b);
    for
        EACH(r, rows)
        {
            bool client = strcmp(r->program, "ace-client") == 0;
            const char *const bad[] = { client ? "token" : "--config", client ? "--config" : "bad.json",
                                        client ? "bad.json" : NULL, NULL };
            int status = client ? 2 : 1;
            file_edit(b.dir, r->file, "\"tls\": {", "\"tsl\": {", "bad.json");
            told(&b, "unknown key", status, "tsl", r->program, bad);
            file_edit(b.dir, r->file, r->key, r->wrong, "bad.json");
            told(&b, "no such key file", status, r->wrong, r->program, bad);
            file_edit(b.dir, r->file, r->key, ".", "bad.json");
            told(&b, "unreadable key file", status, "", r->program, bad);
            file_edit(b.dir, r->file, r->key, "ca.pem", "bad.json");
            told(&b, "not a private key", status, "ca.pem", r->program, bad);
            file_put(b.dir, "bad.json", "{\n \"tls\": \n");
            told(&b, "not JSON", status, "bad.json", r->program, bad);
            const char *const none[] = { client ? "token" : "--config", client ? "--config" : "none.json",
                                         client ? "none.json" : NULL, NULL };
            told(&b, "no such file", status, "none.json", r->program, none);
        }
    snprintf(port, sizeof port, "\"port\": %s", b.broker_port);
    file_edit(b.dir, "broker.json", "\"port\": 0", port, "bad.json");
    told(&b, "the broker's port is in use", 1, "in use", "ace-broker", ARGS("--config", "bad.json"));
    file_edit(b.dir, "as.json", "\"port\": 0", port, "bad.json");
    file_edit(b.dir, "bad.json", "as.db", "as2.db", "bad.json");
    told(&b, "the AS's port is in use", 1, "in use", "ace-as", ARGS("--config", "bad.json"));
    demo_close(&b);
}

/* Options: exit status 2, the mistake named, and where help is. */
static void usage(void)
{
    static const struct row {
        const char *why, *says, *args[8];
    } rows[] = {
        { "no such word", "the first word must be", { "pubb" } },
        { "no such option", "unrecognized option", { "pub", "--frobnicate" } },
        { "an option without its value", "requires an argument", { "pub", "-t" } },
        { "no topic", "no topic", { "sub" } },
        { "two topics to publish to", "one -t", { "pub", "-t", "a", "-t", "b", "-m", "x" } },
        { "no message", "no message", { "pub", "-t", "a" } },
        { "two messages", "given twice", { "pub", "-t", "a", "-m", "x", "-n" } },
        { "QoS 3", "3: not a value", { "pub", "-t", "a", "-m", "x", "-q", "3" } },
        { "a port that is none", "70000: not a value", { "sub", "-t", "a", "-p", "70000" } },
        { "a number with a tail", "1s: not a value", { "sub", "-t", "a", "-W", "1s" } },
        { "no such version", "31: not a value", { "sub", "-t", "a", "-V", "31" } },
        { "no such proof", "guess: not a value", { "sub", "-t", "a", "--pop", "guess" } },
        { "a word too many", "b: not expected", { "sub", "-t", "a", "b" } },
        { "a scope that is none", "scope", { "token", "--as", "https://x/token", "--scope", "fly:a" } },
    };
    const struct row *r;
    struct child c;

    for
        EACH(r, rows)
        {
            child_start(&c, "/", "ace-client", r->args);
            CHECK_ROW(child_end(&c) == 2, r->why);
            CHECK_ROW(child_says(&c, CHILD_ERR, r->says) && c.text[CHILD_OUT].n == 0, r->why);
            child_clear(&c);
        }
    child_start(&c, "/", "ace-client", ARGS("--help"));
    CHECK(child_end(&c) == 0 && child_says(&c, CHILD_OUT, "Exit status: 0 done") && c.text[CHILD_ERR].n == 0);
    child_clear(&c);
}

CU_TestInfo programs_tests[] = {
    { "messages flow, in every proof form, with every key", messages_flow },
    { "retained messages, and leaving once subscribed", retained_and_leaving },
    { "refusals by AS and broker", refusals },
    { "a token that has ended", expired_token },
    { "peers that are not who they must be", wrong_peers },
    { "fresh tokens", fresh_tokens },
    { "peers that are gone", peers_gone },
    { "settings that are wrong", settings },
    { "options that are wrong", usage },
    { "settings tested", settings_tested },
    { "settings change", settings_change },
    CU_TEST_INFO_NULL,
};
