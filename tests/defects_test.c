#include "common/ace/jwk.h"
#include "common/ace/topic.h"
#include "common/base/file.h"
#include "common/crypto/cert.h"
#include "tests/broker_kit.h"
#include "tests/demo_bed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * What earlier implementations of this profile's drafts got wrong, and which test would see it here: docs/defects.md. Those that
 * have no other place are here.
 */

/* --- [L1] a token with one entry of one permission left the other to chance: make valgrind runs this, too --- */

static void one_entry(void)
{
    struct kit k;

    kit_init(&k);
    kit_start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .scope = "pub:a/b" });
    kit_enter(&k, 2, &(struct kit_connect){ .scope = "sub:a/b" });
    kit_subscribe(&k, 1, "a/b", 1);
    CHECK_HEARD(&k, 1, "SUBACK 1 87");
    kit_subscribe(&k, 2, "a/b", 1);
    CHECK_HEARD(&k, 2, "SUBACK 1 01");
    kit_publish(&k, 2, "a/b", "x", 1, 7);
    CHECK_HEARD(&k, 2, "PUBACK 7 87");
    kit_publish(&k, 1, "a/b", "x", 1, 7);
    CHECK_HEARD(&k, 1, "PUBACK 7 00");
    CHECK_HEARD(&k, 2, "PUBLISH a/b x q1 (1)");
    kit_clear(&k);
}

/* --- [L2] topics were copied into one octet too little: ASan sees any such step --- */

enum { LONGEST = 65535 };

/* In memory of just this size. */
static uint8_t *topic_of(size_t n, char end)
{
    uint8_t *t = malloc(n);

    CHECK(t != NULL);
    memset(t, 'x', n);
    t[n - 1] = (uint8_t)end;
    return t;
}

static void every_length(void)
{
    for (size_t n = 1; n <= LONGEST; n = n < 300           ? n + 1
                                         : n < LONGEST / 2 ? n * 2
                                         : n < LONGEST - 1 ? LONGEST - 1
                                                           : n + 1) {
        uint8_t *name = topic_of(n, 'x'), *other = topic_of(n, 'y'),
                *filter = topic_of(n, n == 1 ? '#' : 'x');
        CHECK(topic_matches(span(name, n), span(name, n)) && topic_covers(span(name, n), span(name, n)));
        CHECK(!topic_matches(span(name, n), span(other, n)) && !topic_covers(span(other, n), span(name, n)));
        CHECK(topic_matches(span(filter, n), span(name, n)));
        free(name);
        free(other);
        free(filter);
    }
}

static void every_length_through_the_broker(void)
{
    static const size_t lengths[] = { 1,        2,   7,   8,   9,   15,  16,
                                      17,       31,  32,  33,  63,  64,  65,
                                      127,      128, 129, 255, 256, 257, MAX_TOPIC - 1,
                                      MAX_TOPIC };
    char *topic = malloc(MAX_TOPIC + 1);

    for (size_t i = 0; topic && i < sizeof lengths / sizeof *lengths; i++) {
        struct kit k;
        kit_init(&k);
        kit_start(&k);
        memset(topic, 'x', lengths[i]);
        topic[lengths[i]] = 0;
        kit_enter(&k, 1, &(struct kit_connect){ .scope = "pubsub:#" });
        kit_retain(&k, 1, topic, "m", 60);
        kit_subscribe(&k, 1, topic, 0);
        CHECK_ROW(strstr(kit_heard(&k, 1), topic) != NULL, "a retained message comes back");
        kit_clear(&k);
    }
    free(topic);
}

/* --- [L4] tokens were remembered by their first 31 characters, which all tokens of an AS have in common --- */

static void same_beginning(void)
{
    struct kit_connect a = { .id = "first", .scope = "pub:a/#", .key = 1 },
                       b = { .id = "second", .scope = "pub:b/#", .key = 2 };
    struct kit k;

    kit_init(&k);
    kit_start(&k);
    struct buf one = kit_token(&k, 1, &a), two = kit_token(&k, 2, &b);
    CHECK(one.n > 31 && two.n > 31 && memcmp(one.p, two.p, 31) == 0);
    CHECK(one.n != two.n || memcmp(one.p, two.p, one.n) != 0);
    a.token = buf_span(&one);
    b.token = buf_span(&two);
    for (unsigned round = 0; round < 2; round++) { /* then by the tokens that are stored */
        kit_enter(&k, 1, &a);
        kit_enter(&k, 2, &b);
        kit_publish(&k, 1, "b/x", "x", 1, 7);
        CHECK_HEARD(&k, 1, "PUBACK 7 87");
        kit_publish(&k, 1, "a/x", "x", 1, 8);
        CHECK_HEARD(&k, 1, "PUBACK 8 00");
        kit_publish(&k, 2, "a/x", "x", 1, 7);
        CHECK_HEARD(&k, 2, "PUBACK 7 87");
        kit_publish(&k, 2, "b/x", "x", 1, 8);
        CHECK_HEARD(&k, 2, "PUBACK 8 00");
        kit_cut(&k, 1);
        kit_cut(&k, 2);
        a.by = b.by = BY_STORED;
    }
    buf_clear(&one);
    buf_clear(&two);
    kit_clear(&k);
}

/* --- [L7] challenges were kept by Client Identifier: whoever came with another's took its challenge away --- */

static void challenge(struct kit *k, int conn, const struct kit_connect *how)
{
    struct buf token = kit_token(k, conn, how), data = { 0 };
    struct mqtt_packet p;

    buf_bin16(&data, buf_span(&token));
    kit_open(k, conn, how);
    kit_fill_connect(k, conn, how, buf_span(&data), &p);
    kit_send(k, conn, &p);
    CHECK_HEARD(k, conn, "AUTH 18");
    buf_clear(&token);
    buf_clear(&data);
}

static void same_client_id(void)
{
    struct kit_connect victim = { .id = "me", .by = BY_CHALLENGE, .key = 1 },
                       thief = { .id = "me", .by = BY_CHALLENGE, .key = 2 };
    uint8_t nonce[NONCE_SIZE];
    struct kit k;

    kit_init(&k);
    kit_start(&k);
    challenge(&k, 1, &victim);
    memcpy(nonce, k.nonce, sizeof nonce);
    challenge(&k, 2, &thief);
    CHECK(memcmp(nonce, k.nonce, sizeof nonce) != 0);
    kit_answer(&k, 2, 3); /* with a key that is not the token's */
    CHECK_HEARD(&k, 2, "CONNACK 87; CLOSE");
    CHECK_HEARD(&k, 1, "");
    memcpy(k.nonce, nonce, sizeof nonce);
    kit_answer(&k, 1, 1);
    CHECK_HEARD(&k, 1, "CONNACK 00");
    kit_clear(&k);
}

/* --- [L10] any certificate of an AS was good enough --- */

static void read_key(struct demo *d, const char *name, struct key_object *out)
{
    struct buf text = { 0 }, why = { 0 };
    char path[512];

    snprintf(path, sizeof path, "%s/%s", d->dir, name);
    CHECK(file_read(path, &text, &why) == OK && key_file_read(buf_span(&text), out, NULL) == OK);
    buf_clear(&text);
    buf_clear(&why);
}

/* A certificate for the AS's key, or, without `issuer`, a CA's own. */
static void certify(struct demo *d, const char *file, const struct key *key, const struct key *issuer,
                    struct span issuer_pem, const char *name, int64_t ends, struct buf *pem)
{
    const char *const dns[] = { name };
    const struct cert_request r = { .common_name = "test",
                                    .dns = dns,
                                    .dns_count = issuer ? 1 : 0,
                                    .not_before = ends - 7200,
                                    .not_after = ends,
                                    .subject = key,
                                    .issuer = issuer,
                                    .issuer_pem = issuer_pem,
                                    .role = issuer ? CERT_LEAF : CERT_CA };

    CHECK(cert_make(&r, pem) == OK);
    file_put(d->dir, file, buf_cstr(pem));
}

static void as_without_a_good_certificate(void)
{
    static const struct row {
        const char *why, *name, *says;
        int64_t ends;
        bool own_ca;
    } rows[] = {
        { "as it should be", "localhost", "", 3600, true },
        { "ended an hour ago", "localhost", "certificate has expired", -3600, true },
        { "not begun yet", "localhost", "certificate is not yet valid", 7200 + 3600, true },
        { "the name of another", "elsewhere.example", "hostname mismatch", 3600, true },
        { "of another CA", "localhost", "unable to get local issuer certificate", 3600, false },
    };
    struct key_object as = { 0 };
    struct key *ca = NULL, *other = NULL;
    struct buf ca_pem = { 0 }, other_pem = { 0 };
    const struct row *r;
    struct demo d;
    int64_t now = time(NULL);

    demo_make(&d);
    read_key(&d, "as-tls.jwk", &as);
    CHECK(key_generate(KEY_P256, &ca) == OK && key_generate(KEY_P256, &other) == OK);
    certify(&d, "my-ca.pem", ca, NULL, span(NULL, 0), NULL, now + 3600, &ca_pem);
    certify(&d, "other-ca.pem", other, NULL, span(NULL, 0), NULL, now + 3600, &other_pem);
    file_edit(d.dir, "as.json", "\"as.pem\"", "\"tried.pem\"", "as.json");
    for
        EACH(r, rows)
        {
            struct buf pem = { 0 };
            struct child server, c;
            char url[64];
            certify(&d, "tried.pem", as.key, r->own_ca ? ca : other,
                    buf_span(r->own_ca ? &ca_pem : &other_pem), r->name, now + r->ends, &pem);
            snprintf(url, sizeof url, "https://localhost:%d/token",
                     demo_serve(&d, &server, "ace-as", "as.json"));
            int status = demo_run(&d, &c, "ace-client",
                                  ARGS("token", "--config", "sensor.json", "--as", url, "--as-cafile",
                                       "my-ca.pem", "--scope", "pub:room/#"));
            CHECK_ROW(status == (*r->says ? 4 : 0), r->why);
            CHECK_ROW(!*r->says || child_says(&c, CHILD_ERR, r->says), r->why);
            child_clear(&c);
            kill(server.pid, SIGTERM);
            CHECK(child_wait(&server) == 0);
            child_clear(&server);
            buf_clear(&pem);
        }
    key_object_clear(&as);
    key_free(ca);
    key_free(other);
    buf_clear(&ca_pem);
    buf_clear(&other_pem);
    demo_drop(&d);
}

CU_TestInfo defects_tests[] = {
    { "[L1] a token with one entry gives that, and nothing else", one_entry },
    { "[L2] topics of every length", every_length },
    { "[L2] topics of every length through the broker", every_length_through_the_broker },
    { "[L4] tokens with the same beginning are different tokens", same_beginning },
    { "[L7] a challenge belongs to its connection, not to a Client Identifier", same_client_id },
    { "[L10] an AS whose certificate is not good gets no request", as_without_a_good_certificate },
    CU_TEST_INFO_NULL,
};
