#include "common/ace/jwk.h"
#include "common/base/file.h"
#include "tests/check.h"
#include "tests/oracle_bed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Raw public keys and external PSKs against GnuTLS, which shares no code with our OpenSSL: gnutls-cli as client of ace-broker,
 * gnutls-serv as server of ace-client. MQTT goes through as octets; none is a line end, which gnutls-cli would take as such.
 */

static const struct span connect_ = SPAN("\x10\x0f\0\4MQTT\5\2\0\0\0\0\2ab"), connack = SPAN("\x20\x10\0\0"),
                         publish = SPAN("\x32\x0d\0\6room/x\0\1\0hi"), puback = SPAN("\x40\2\0\1"),
                         elsewhere = SPAN("\x32\x0d\0\6door/x\0\2\0hi"), refused = SPAN("\x40\4\0\2\x87\0");

#define VERSION(v)    "NORMAL:-VERS-ALL:+VERS-TLS" v
#define SERVER_RPK(v) VERSION(v) ":+CTYPE-SRV-RAWPK:-CTYPE-SRV-X509"
#define BOTH_RPK(v)   VERSION(v) ":-CTYPE-ALL:+CTYPE-RAWPK"
#define CLI(d, ...)   "gnutls-cli", ARGS("--port", (d)->broker_port, __VA_ARGS__, "127.0.0.1")

/* NAME.key and NAME.pub in PEM, of a JWK; `pub`, when not NULL, gets the latter's text. */
static void write_pem(struct demo *d, const char *jwk, const char *name, struct buf *pub)
{
    struct buf text = { 0 }, pem = { 0 }, public = { 0 }, why = { 0 };
    struct key_object o = { 0 };
    char path[512], file[64];

    snprintf(path, sizeof path, "%s/%s", d->dir, jwk);
    CHECK_ROW(file_read(path, &text, &why) == OK && key_file_read(buf_span(&text), &o, NULL) == OK, jwk);
    CHECK(key_pem_private(o.key, &pem) == OK && key_pem_public(o.key, &public) == OK);
    snprintf(file, sizeof file, "%s.key", name);
    file_put(d->dir, file, buf_cstr(&pem));
    snprintf(file, sizeof file, "%s.pub", name);
    file_put(d->dir, file, buf_cstr(&public));
    if (pub) buf_add(pub, buf_span(&public));
    key_object_clear(&o);
    buf_clear(&text);
    buf_clear(&pem);
    buf_clear(&public);
    buf_clear(&why);
}

static void send_octets(struct child *c, struct span octets)
{
    CHECK(write(c->in, octets.p, octets.n) == (ssize_t)octets.n);
}

/* gnutls-cli is in: MQTT flows. */
static void talks(struct child *c, const char *why)
{
    send_octets(c, connect_);
    oracle_told(c, why, child_says_bytes(c, CHILD_OUT, connack));
}

/* ... with the rights of the token. */
static void talks_with_token(struct child *c, const char *why)
{
    talks(c, why);
    send_octets(c, publish);
    oracle_told(c, why, child_says_bytes(c, CHILD_OUT, puback));
    send_octets(c, elsewhere);
    oracle_told(c, why, child_says_bytes(c, CHILD_OUT, refused));
    child_end(c);
    child_clear(c);
}

static void server_rpk(void)
{
    static const char *const priorities[] = { SERVER_RPK("1.3"), SERVER_RPK("1.2") };
    struct buf pub = { 0 };
    struct child c;
    struct demo d;

    demo_open(&d);
    write_pem(&d, "broker-tls.jwk", "broker", &pub);
    for (size_t i = 0; i < 2; i++) {
        oracle_start(&d, &c, CLI(&d, "--priority", priorities[i], "--insecure", "--print-cert"));
        talks(&c, priorities[i]);
        oracle_told(&c, "the key shown is the broker's", child_says(&c, CHILD_OUT, buf_cstr(&pub)));
        child_end(&c);
        child_clear(&c);
    }
    buf_clear(&pub);
    demo_close(&d);
}

static const struct row {
    const char *pop_key, *jwk, *stranger, *priority;
} rows[] = {
    { "ed25519", "client1-ed25519.jwk", "client2-ed25519.jwk", BOTH_RPK("1.3") },
    { "ed25519", "client1-ed25519.jwk", "client2-ed25519.jwk", BOTH_RPK("1.2") },
    { "es256", "client1-p256.jwk", "client2-p256.jwk", BOTH_RPK("1.3") },
    { "es256", "client1-p256.jwk", "client2-p256.jwk", BOTH_RPK("1.2") },
};

static void both_rpk(void)
{
    const struct row *r;
    struct child c;
    struct demo d;

    demo_open(&d);
    for
        EACH(r, rows)
        {
            oracle_get_token(&d, r->pop_key, "pub:room/#");
            oracle_upload(&d, "mqttv5", "token.jwt", 0, "PUBACK");
            write_pem(&d, r->jwk, "own", NULL);
            oracle_start(&d, &c,
                         CLI(&d, "--priority", r->priority, "--insecure", "--rawpkkeyfile", "own.key",
                             "--rawpkfile", "own.pub"));
            talks_with_token(&c, r->priority);
            write_pem(&d, r->stranger, "stranger", NULL);
            oracle_runs(&d, "no token is for this key", 1, "alert [46]",
                        CLI(&d, "--priority", r->priority, "--insecure", "--rawpkkeyfile", "stranger.key",
                            "--rawpkfile", "stranger.pub"));
        }
    demo_close(&d);
}

static void external_psk(void)
{
    const char *external = VERSION("1.3") ":-KX-ALL:+ECDHE-PSK";
    struct oracle_psk psk;
    struct buf token = { 0 };
    struct child c;
    struct demo d;

    demo_open(&d);
    oracle_get_token(&d, "hs256", "pub:room/#");
    oracle_psk(&d, "kept.json", &psk);
    oracle_token(&d, "kept.json", "token.jwt", &token);
    oracle_start(&d, &c,
                 CLI(&d, "--priority", external, "--pskusername", buf_cstr(&token), "--pskkey", psk.key));
    talks_with_token(&c, "the token itself as identity");
    oracle_upload(&d, "mqttv5", "token.jwt", 0, "PUBACK");
    oracle_start(&d, &c, CLI(&d, "--priority", external, "--pskusername", psk.identity, "--pskkey", psk.key));
    talks_with_token(&c, "the kid of an uploaded token as identity");
    oracle_runs(&d, "another key", 1, "alert [51]",
                CLI(&d, "--priority", external, "--pskusername", psk.identity, "--pskkey", psk.wrong_key));
    buf_clear(&token);
    demo_close(&d);
}

/* gnutls-serv with the key of NAME.key; the client is told to find the broker there, in client.json. */
static void serve(struct demo *d, struct child *c, const char *name, const char *priority)
{
    char key[64], pub[64], preload[4160], to[48], from[48];

    snprintf(key, sizeof key, "%s.key", name);
    snprintf(pub, sizeof pub, "%s.pub", name);
    snprintf(preload, sizeof preload, "LD_PRELOAD=");
    path_beside(preload + strlen(preload), "../../oracles/loopback.so");
    oracle_start(d, c, "env",
                 ARGS(preload, "gnutls-serv", "--echo", "--require-client-cert", "--priority", priority,
                      "--rawpkkeyfile", key, "--rawpkfile", pub));
    oracle_told(c, "gnutls-serv",
                child_says(c, CHILD_ERR, "loopback port ") && child_says(c, CHILD_ERR, "\n"));
    const char *at = c->text[CHILD_ERR].n ? strstr(buf_cstr(&c->text[CHILD_ERR]), "loopback port ") : NULL;
    snprintf(to, sizeof to, "\"port\": %ld", at ? strtol(at + strlen("loopback port "), NULL, 10) : 0L);
    snprintf(from, sizeof from, "\"port\": %s", d->broker_port);
    file_edit(d->dir, "sensor.json", from, to, "client.json");
}

static void client_connects(struct demo *d, struct child *c, const char *get_token)
{
    oracle_start(d, c, "ace-client", ARGS("drive", "--config", "client.json"));
    oracle_told(c, "READY", child_says(c, CHILD_OUT, "READY"));
    send_octets(c, span_str(get_token));
    oracle_told(c, "a token", child_says(c, CHILD_OUT, "\"id\":1,\"ok\":true"));
    send_octets(c, span_str("{\"id\":2,\"do\":\"connect\",\"tls\":\"rpk\",\"mqtt\":\"none\",\"args\":[]}\n"));
}

static void client_rpk(void)
{
    struct child server, client;
    const struct row *r;
    struct demo d;

    demo_open(&d);
    write_pem(&d, "broker-tls.jwk", "broker", NULL);
    write_pem(&d, "client2-p256.jwk", "impostor", NULL);
    for
        EACH(r, rows)
        {
            struct buf own = { 0 };
            char get_token[160];
            snprintf(get_token, sizeof get_token,
                     "{\"id\":1,\"do\":\"get-token\",\"scope\":\"pub:room/#\",\"pop\":\"%s\",\"args\":[]}\n",
                     r->pop_key);
            write_pem(&d, r->jwk, "own", &own);
            serve(&d, &server, "broker", r->priority);
            client_connects(&d, &client, get_token);
            oracle_told(&server, r->priority, child_says(&server, CHILD_OUT, buf_cstr(&own)));
            child_clear(&client);
            child_clear(&server);
            serve(&d, &server, "impostor", r->priority);
            client_connects(&d, &client, get_token);
            oracle_told(&client, r->priority,
                        child_says(&client, CHILD_OUT, "server's key is not the one expected (rs_cnf)"));
            CHECK(child_end(&client) == 0);
            child_clear(&client);
            child_clear(&server);
            buf_clear(&own);
        }
    demo_close(&d);
}

CU_TestInfo oracle_gnutls_tests[] = {
    { "gnutls-cli knows the broker by its raw public key", server_rpk },
    { "gnutls-cli proves the raw public key of an uploaded token, and no other", both_rpk },
    { "gnutls-cli has a token's key as external PSK, and no other", external_psk },
    { "ace-client proves its raw public key to gnutls-serv, and wants the one of rs_cnf", client_rpk },
    CU_TEST_INFO_NULL,
};
