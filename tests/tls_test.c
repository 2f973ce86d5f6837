#include "common/net/tls.h"

#include "common/net/tls_state.h"
#include "tests/check.h"
#include "tests/tls_pair.h"

#include <stdio.h>
#include <string.h>

enum { CA = 1, WRONG_CA = 2, KEY_ED = 4, KEY_P = 8, KEY_WRONG = 16, THUMB_WRONG = 32 };
enum { NO_PSK, PSK_SHORT, PSK_LONG, PSK_WRONG, PSK_UNKNOWN, PSK_VOID };
enum { NO_KEY = -1 };

static const int anonymous = NO_KEY, ed = BED_CLIENT_ED, p256 = BED_CLIENT_P256, stranger = BED_STRANGER;

/* One connection to the one listener for everything. */
static const struct row {
    const char *why;
    unsigned trust;
    enum tls_show show;
    const int *own; /* raw public key */
    int psk, version;
    const char *host;
    enum tls_peer peer, shown; /* what the server learns of the client, the client of the server */
    const char *client_says, *server_says; /* NULL: no failure on that side */
} rows[] = {
    /* clang-format off */
    { "anonymous, X.509, TLS 1.3",           CA,               TLS_SHOW_ANY,  &anonymous, NO_PSK, TLS_1_3, "localhost", TLS_PEER_ANONYMOUS, TLS_PEER_CERTIFICATE, NULL, NULL },
    { "anonymous, X.509, TLS 1.2",           CA,               TLS_SHOW_ANY,  &anonymous, NO_PSK, TLS_1_2, "localhost", TLS_PEER_ANONYMOUS, TLS_PEER_CERTIFICATE, NULL, NULL },
    { "anonymous, X.509 by address",         CA,               TLS_SHOW_ANY,  &anonymous, NO_PSK, TLS_1_3, "127.0.0.1", TLS_PEER_ANONYMOUS, TLS_PEER_CERTIFICATE, NULL, NULL },
    { "anonymous, rs_cnf, RPK 1.3",          KEY_ED | KEY_P,   TLS_SHOW_ANY,  &anonymous, NO_PSK, TLS_1_3, "localhost", TLS_PEER_ANONYMOUS, TLS_PEER_RPK,         NULL, NULL },
    { "anonymous, rs_cnf, RPK 1.2",          KEY_ED | KEY_P,   TLS_SHOW_RPK,  &anonymous, NO_PSK, TLS_1_2, "localhost", TLS_PEER_ANONYMOUS, TLS_PEER_RPK,         NULL, NULL },
    { "rs_cnf by a certificate's key, 1.3",  KEY_ED | KEY_P,   TLS_SHOW_CERT, &anonymous, NO_PSK, TLS_1_3, "elsewhere", TLS_PEER_ANONYMOUS, TLS_PEER_CERTIFICATE, NULL, NULL },
    { "rs_cnf by a certificate's key, 1.2",  KEY_ED | KEY_P,   TLS_SHOW_CERT, &anonymous, NO_PSK, TLS_1_2, "elsewhere", TLS_PEER_ANONYMOUS, TLS_PEER_CERTIFICATE, NULL, NULL },
    { "CA and rs_cnf",                       CA | KEY_ED | KEY_P, TLS_SHOW_ANY, &anonymous, NO_PSK, TLS_1_3, "localhost", TLS_PEER_ANONYMOUS, TLS_PEER_CERTIFICATE, NULL, NULL },
    { "client RPK Ed25519, 1.3",             KEY_ED | KEY_P,   TLS_SHOW_RPK,  &ed,        NO_PSK, TLS_1_3, "localhost", TLS_PEER_RPK,       TLS_PEER_RPK,         NULL, NULL },
    { "client RPK Ed25519, 1.2",             KEY_ED | KEY_P,   TLS_SHOW_RPK,  &ed,        NO_PSK, TLS_1_2, "localhost", TLS_PEER_RPK,       TLS_PEER_RPK,         NULL, NULL },
    { "client RPK P-256, 1.3",               KEY_ED | KEY_P,   TLS_SHOW_RPK,  &p256,      NO_PSK, TLS_1_3, "localhost", TLS_PEER_RPK,       TLS_PEER_RPK,         NULL, NULL },
    { "client RPK P-256, 1.2",               KEY_ED | KEY_P,   TLS_SHOW_RPK,  &p256,      NO_PSK, TLS_1_2, "localhost", TLS_PEER_RPK,       TLS_PEER_RPK,         NULL, NULL },
    { "client RPK, server X.509",            CA,               TLS_SHOW_ANY,  &ed,        NO_PSK, TLS_1_3, "localhost", TLS_PEER_RPK,       TLS_PEER_CERTIFICATE, NULL, NULL },
    { "PSK, short identity, 1.3",            0,                TLS_SHOW_ANY,  &anonymous, PSK_SHORT, TLS_1_3, "localhost", TLS_PEER_PSK,    TLS_PEER_PSK,         NULL, NULL },
    { "PSK, 4000 byte identity, 1.3",        0,                TLS_SHOW_ANY,  &anonymous, PSK_LONG, 0,       "localhost", TLS_PEER_PSK,    TLS_PEER_PSK,         NULL, NULL },
    { "PSK, 1.2",                            0,                TLS_SHOW_ANY,  &anonymous, PSK_SHORT, TLS_1_2, "localhost", TLS_PEER_PSK,    TLS_PEER_PSK,         NULL, NULL },
    { "PSK, version open",                   0,                TLS_SHOW_ANY,  &anonymous, PSK_SHORT, 0,       "localhost", TLS_PEER_PSK,    TLS_PEER_PSK,         NULL, NULL },
    { "PSK beats the client's RPK",          0,                TLS_SHOW_ANY,  &ed,        PSK_SHORT, TLS_1_3, "localhost", TLS_PEER_PSK,    TLS_PEER_PSK,         NULL, NULL },

    { "wrong CA",                            WRONG_CA,         TLS_SHOW_ANY,  &anonymous, NO_PSK, TLS_1_3, "localhost", 0, 0, "certificate verify failed: unable to get local issuer certificate", "peer's alert: unknown CA" },
    { "name of another",                     CA,               TLS_SHOW_ANY,  &anonymous, NO_PSK, TLS_1_3, "elsewhere", 0, 0, "certificate verify failed: hostname mismatch", "peer's alert: " },
    { "address of another",                  CA,               TLS_SHOW_ANY,  &anonymous, NO_PSK, TLS_1_2, "127.0.0.2", 0, 0, "certificate verify failed: IP address mismatch", "peer's alert: " },
    { "rs_cnf is another key, RPK 1.3",      KEY_WRONG,        TLS_SHOW_RPK,  &anonymous, NO_PSK, TLS_1_3, "localhost", 0, 0, "server's key is not the one expected (rs_cnf)", "peer's alert: " },
    { "rs_cnf is another key, RPK 1.2",      KEY_WRONG,        TLS_SHOW_RPK,  &anonymous, NO_PSK, TLS_1_2, "localhost", 0, 0, "server's key is not the one expected (rs_cnf)", "peer's alert: " },
    { "rs_cnf is another key, X.509",        KEY_WRONG,        TLS_SHOW_CERT, &anonymous, NO_PSK, TLS_1_3, "localhost", 0, 0, "server's key is not the one expected (rs_cnf)", "peer's alert: " },
    { "CA holds, rs_cnf does not",           CA | KEY_WRONG,   TLS_SHOW_ANY,  &anonymous, NO_PSK, TLS_1_3, "localhost", 0, 0, "server's key is not the one expected (rs_cnf)", "peer's alert: " },
    { "rs_cnf holds, CA does not",           WRONG_CA | KEY_ED | KEY_P, TLS_SHOW_ANY, &anonymous, NO_PSK, TLS_1_3, "localhost", 0, 0, "certificate verify failed: ", "peer's alert: unknown CA" },
    { "thumbprint of another certificate",   THUMB_WRONG,      TLS_SHOW_ANY,  &anonymous, NO_PSK, TLS_1_3, "localhost", 0, 0, "server's certificate has not the thumbprint of rs_cnf", "peer's alert: " },
    { "unknown client RPK, 1.3",             KEY_ED | KEY_P,   TLS_SHOW_RPK,  &stranger,  NO_PSK, TLS_1_3, "localhost", 0, 0, "peer's alert: certificate unknown", "client's raw public key is not known here" },
    { "unknown client RPK, 1.2",             KEY_ED | KEY_P,   TLS_SHOW_RPK,  &stranger,  NO_PSK, TLS_1_2, "localhost", 0, 0, "peer's alert: certificate unknown", "client's raw public key is not known here" },
    { "wrong PSK, 1.3",                      0,                TLS_SHOW_ANY,  &anonymous, PSK_WRONG, TLS_1_3, "localhost", 0, 0, "peer's alert: decrypt error", "the PSK of this identity does not match" },
    { "wrong PSK, 1.2",                      0,                TLS_SHOW_ANY,  &anonymous, PSK_WRONG, TLS_1_2, "localhost", 0, 0, "peer's alert: ", "" },
    { "unknown identity, 1.3",               0,                TLS_SHOW_ANY,  &anonymous, PSK_UNKNOWN, TLS_1_3, "localhost", 0, 0, "server did not take the PSK", "peer's alert: " },
    { "[R-PSK-10] unknown identity, 1.2",    0,                TLS_SHOW_ANY,  &anonymous, PSK_UNKNOWN, TLS_1_2, "localhost", 0, 0, "peer's alert: illegal parameter", "client's PSK identity is not known here" },
    { "A-18 identity of ours without key, 1.3", 0,             TLS_SHOW_ANY,  &anonymous, PSK_VOID, TLS_1_3, "localhost", 0, 0, "peer's alert: illegal parameter", "client's PSK identity is not known here" },
    { "PSK wanted, CA would do",             CA,               TLS_SHOW_ANY,  &anonymous, PSK_UNKNOWN, TLS_1_3, "localhost", 0, 0, "server did not take the PSK", "peer's alert: " },
    /* clang-format on */
};

static struct tls_client_options client_options(struct bed *b, const struct row *r,
                                                uint8_t thumb[SHA256_SIZE])
{
    struct tls_client_options o = {
        .protocol = { .min_version = r->version, .max_version = r->version, .alpn = { "x", "mqtt" } },
        .show = r->show,
        .psk = r->psk == NO_PSK      ? span(NULL, 0)
               : r->psk == PSK_WRONG ? span_str("wrong")
                                     : bed_psk(),
        .psk_identity = r->psk == PSK_LONG      ? span(b->long_identity, sizeof b->long_identity)
                        : r->psk == PSK_UNKNOWN ? span_str("nobody")
                        : r->psk == PSK_VOID    ? span_str("ours, but void")
                                                : span_str("short"),
    };
    size_t n = 0;

    if (r->trust & CA) o.ca_pem = buf_span(&b->cert[BED_CA]);
    if (r->trust & WRONG_CA) o.ca_pem = buf_span(&b->cert[BED_OTHER_CA]);
    if (r->trust & KEY_WRONG) o.expected[n++] = b->keys[BED_STRANGER];
    if (r->trust & KEY_ED) o.expected[n++] = b->keys[BED_SERVER_ED];
    if (r->trust & KEY_P) o.expected[n++] = b->keys[BED_SERVER_P256];
    if (r->trust & THUMB_WRONG) {
        CHECK(cert_thumbprint(buf_span(&b->cert[BED_STRANGER]), thumb) == OK);
        o.cert_sha256 = thumb;
    }
    if (*r->own != NO_KEY) o.own.key = b->keys[*r->own];
    return o;
}

static bool starts(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

static void check_open(const struct row *r, struct bed *b, struct pair *p)
{
    const struct tls_facts *c = tls_facts(p->client), *s = tls_facts(p->server);

    CHECK_ROW(tls_phase(p->client) == TLS_OPEN && tls_phase(p->server) == TLS_OPEN, r->why);
    if (tls_phase(p->client) != TLS_OPEN || tls_phase(p->server) != TLS_OPEN)
        printf("  %s: client: %s; server: %s\n", r->why, tls_reason(p->client), tls_reason(p->server));
    CHECK_ROW(s->peer == r->peer && c->peer == r->shown, r->why);
    CHECK_ROW(s->version == c->version && (r->version == 0 || s->version == r->version), r->why);
    CHECK_ROW(s->extended_master_secret && !s->resumed && s->has_exporter && c->has_exporter, r->why);
    CHECK_ROW(memcmp(s->exporter, c->exporter, EXPORTER_SIZE) == 0, r->why);
    CHECK_ROW(span_is(tls_alpn(p->client), "mqtt") && span_is(tls_alpn(p->server), "mqtt"), r->why);
    if (r->peer == TLS_PEER_RPK) CHECK_ROW(s->peer_key && key_eq(s->peer_key, b->keys[*r->own]), r->why);
    if (r->peer == TLS_PEER_PSK && r->psk == PSK_SHORT)
        CHECK_ROW(span_is(buf_span(&s->psk_identity), "short"), r->why);
    if (r->peer == TLS_PEER_PSK)
        CHECK_ROW(s->peer_key && !c->peer_key && span_eq(key_octets(s->peer_key), bed_psk()), r->why);
    if (r->psk == PSK_LONG)
        CHECK_ROW(span_eq(buf_span(&s->psk_identity), span(b->long_identity, sizeof b->long_identity)),
                  r->why);
    CHECK_ROW(tls_write(p->client, span_str("ping")) == OK && tls_write(p->server, span_str("pong")) == OK,
              r->why);
    pair_run(p);
    CHECK_ROW(span_is(buf_span(&p->at_server), "ping") && span_is(buf_span(&p->at_client), "pong"), r->why);
    tls_close(p->client);
    pair_run(p);
    CHECK_ROW(tls_phase(p->server) == TLS_ENDED && p->server_err == OK, r->why);
}

static void check_refused(const struct row *r, const struct pair *p)
{
    CHECK_ROW(p->client_err != OK && starts(tls_reason(p->client), r->client_says), r->why);
    CHECK_ROW(p->server_err != OK && starts(tls_reason(p->server), r->server_says), r->why);
    if (!starts(tls_reason(p->client), r->client_says) || !starts(tls_reason(p->server), r->server_says))
        printf("  %s: client: %s; server: %s\n", r->why, tls_reason(p->client), tls_reason(p->server));
}

static void one_listener_for_all(void)
{
    struct bed b;
    const struct row *r;

    bed_make(&b);
    for (EACH_ROW(r, rows)) {
        struct pair p;
        struct tls_config *client;
        struct fault why = { 0 };
        uint8_t thumb[SHA256_SIZE];
        struct tls_client_options o = client_options(&b, r, thumb);

        CHECK_ROW(tls_client_config(&o, &client, &why) == OK, r->why);
        pair_meet(&p, client, b.server, r->host);
        r->client_says ? check_refused(r, &p) : check_open(r, &b, &p);
        pair_part(&p);
        tls_config_free(client);
    }
    bed_clear(&b);
}

static void thumbprint(void)
{
    struct bed b;
    struct tls_config *client;
    struct pair p;
    uint8_t thumb[SHA256_SIZE];
    struct tls_client_options o = { .cert_sha256 = thumb };

    bed_make(&b);
    struct tls_server_options s = bed_server_options(&b);
    s.own[1] = (struct tls_credential){ 0 };
    tls_config_free(b.server);
    CHECK(tls_server_config(&s, &b.server, NULL) == OK);
    CHECK(cert_thumbprint(buf_span(&b.cert[BED_SERVER_ED]), thumb) == OK);
    CHECK(tls_client_config(&o, &client, NULL) == OK);
    pair_meet(&p, client, b.server, "anything");
    CHECK(tls_phase(p.client) == TLS_OPEN);
    CHECK(memcmp(tls_facts(p.client)->peer_cert_sha256, thumb, sizeof thumb) == 0);
    pair_part(&p);
    tls_config_free(client);
    bed_clear(&b);
}

/* An AS that asks for X.509 client certificates: by CA, by known key, or not at all. */
static const struct cert_row {
    const char *why;
    int own;
    bool ca;
    enum tls_peer peer;
    const char *server_says;
} cert_rows[] = {
    { "none shown, none required", NO_KEY, true, TLS_PEER_ANONYMOUS, NULL },
    { "vouched for by the CA", BED_CLIENT_P256, true, TLS_PEER_CERTIFICATE, NULL },
    { "self-signed, key known", BED_CLIENT_ED, true, TLS_PEER_CERTIFICATE, NULL },
    { "self-signed, key known, no CA", BED_CLIENT_ED, false, TLS_PEER_CERTIFICATE, NULL },
    { "of another CA", BED_STRANGER, true, 0, "certificate verify failed: " },
    { "not known, no CA", BED_STRANGER, false, 0, "client's certificate is not known here" },
};

static void client_certificates(void)
{
    struct bed b;
    const struct cert_row *r;

    bed_make(&b);
    for (EACH_ROW(r, cert_rows)) {
        struct tls_config *client, *server;
        struct pair p;
        struct tls_server_options s = bed_server_options(&b);
        struct tls_client_options o = { .ca_pem = buf_span(&b.cert[BED_CA]) };

        s.ask = TLS_ASK_CERT;
        if (r->ca) s.client_ca_pem = buf_span(&b.cert[BED_CA]);
        if (r->own != NO_KEY) o.own = (struct tls_credential){ buf_span(&b.cert[r->own]), b.keys[r->own] };
        CHECK_ROW(tls_server_config(&s, &server, NULL) == OK, r->why);
        CHECK_ROW(tls_client_config(&o, &client, NULL) == OK, r->why);
        pair_meet(&p, client, server, "localhost");
        CHECK_ROW((tls_phase(p.server) == TLS_OPEN) == !r->server_says, r->why);
        CHECK_ROW(!r->server_says || starts(tls_reason(p.server), r->server_says), r->why);
        CHECK_ROW(tls_facts(p.server)->peer == r->peer, r->why);
        if (r->peer == TLS_PEER_CERTIFICATE)
            CHECK_ROW(key_eq(tls_facts(p.server)->peer_key, b.keys[r->own]), r->why);
        pair_part(&p);
        tls_config_free(client);
        tls_config_free(server);
    }
    bed_clear(&b);
}

static void count_line(void *self, const char *line)
{
    unsigned *lines = self;

    CHECK(strstr(line, "TRAFFIC_SECRET") || strstr(line, "EXPORTER_SECRET") || starts(line, "CLIENT_RANDOM"));
    ++*lines;
}

static void key_log(void)
{
    struct bed b;
    unsigned lines = 0;
    struct tls_config *client;
    struct pair p;

    bed_make(&b);
    const struct tls_client_options o = { .ca_pem = buf_span(&b.cert[BED_CA]),
                                          .protocol.keylog = { &lines, count_line } };
    CHECK(tls_client_config(&o, &client, NULL) == OK);
    pair_meet(&p, client, b.server, "localhost");
    CHECK(lines >= 5);
    pair_part(&p);
    tls_config_free(client);
    bed_clear(&b);
}

static void fails_closed(void)
{
    struct bed b;
    struct tls_config *c = NULL;
    struct fault why;

    bed_make(&b);
    struct span pem = buf_span(&b.cert[BED_SERVER_ED]);
    const struct tls_client_options
        nothing = { 0 },
        rpk_by_ca = { .ca_pem = pem, .show = TLS_SHOW_RPK }, no_cert = { .ca_pem = span_str("hello") },
        broken = { .ca_pem = span_str("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") },
        misfit = { .ca_pem = pem, .own = { pem, b.keys[BED_STRANGER] } },
        public_only = { .ca_pem = pem, .protocol.min_version = 7 },
        long_12 = { .psk = bed_psk(),
                    .psk_identity = span(b.long_identity, 4000),
                    .protocol.max_version = TLS_1_2 };
    const struct {
        const char *why;
        const struct tls_client_options *o;
        enum err err;
    } clients[] = {
        { "nothing to trust", &nothing, ERR_PROTOCOL },
        { "a CA cannot vouch for an RPK", &rpk_by_ca, ERR_PROTOCOL },
        { "no certificate in the CA file", &no_cert, ERR_MALFORMED },
        { "broken certificate in the CA file", &broken, ERR_MALFORMED },
        { "key of another certificate", &misfit, ERR_PROTOCOL },
        { "no such version", &public_only, ERR_PROTOCOL },
        { "identity too long for TLS 1.2", &long_12, ERR_PROTOCOL },
    };
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        CHECK_ROW(tls_client_config(clients[i].o, &c, &why) == clients[i].err && !c && why.why[0],
                  clients[i].why);
        if (c) tls_config_free(c);
    }
    const struct tls_server_options no_key = { 0 }, two = { .own = { { .key = b.keys[BED_SERVER_ED] },
                                                                     { .key = b.keys[BED_CLIENT_ED] } } };
    CHECK(tls_server_config(&no_key, &c, &why) == ERR_PROTOCOL && !c);
    CHECK(tls_server_config(&two, &c, &why) == ERR_PROTOCOL && !c); /* [R-BAUTH-07] */
    bed_clear(&b);
}

static const struct garbage_row {
    const char *why;
    struct span bytes;
    const char *says;
} garbage[] = {
    { "HTTP", SPAN("GET / HTTP/1.1\r\n\r\n"), "the peer speaks HTTP without TLS" },
    { "MQTT", SPAN("\020\014\000\004MQTT\005\002\000\074\000\000\000"), "the peer does not speak TLS here" },
    { "zeros", SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "" },
};

static void not_tls(void)
{
    struct bed b;
    const struct garbage_row *r;

    bed_make(&b);
    for (EACH_ROW(r, garbage)) {
        struct tls *t;
        struct buf plain = { 0 };
        CHECK(tls_accept(b.server, &t) == OK);
        CHECK_ROW(tls_input(t, r->bytes, &plain) == ERR_PROTOCOL && tls_phase(t) == TLS_FAILED, r->why);
        CHECK_ROW(starts(tls_reason(t), r->says) && plain.n == 0, r->why);
        CHECK_ROW(tls_write(t, span_str("x")) == ERR_PROTOCOL, r->why);
        CHECK_ROW(tls_input(t, r->bytes, &plain) == ERR_PROTOCOL, r->why);
        tls_release(t);
        buf_clear(&plain);
    }
    bed_clear(&b);
}

static void much_data(void)
{
    struct bed b;
    struct pair p;
    struct buf big = { 0 };

    bed_make(&b);
    struct tls_config *client = bed_client(&b);
    pair_meet(&p, client, b.server, "localhost");
    uint8_t *to = buf_room(&big, 300000);
    for (size_t i = 0; i < big.n; i++) to[i] = (uint8_t)(i * 31);
    CHECK(tls_write(p.server, buf_span(&big)) == OK);
    pair_run(&p);
    CHECK(span_eq(buf_span(&p.at_client), buf_span(&big)));
    pair_part(&p);
    buf_clear(&big);
    tls_config_free(client);
    bed_clear(&b);
}

/* [R-TLS12-01] The exporter must not be used where the master secret is not bound to the handshake. */
static void no_extended_master_secret(void)
{
    struct bed b;
    struct pair p = { 0 };

    bed_make(&b);
    struct tls_config *client;
    const struct tls_client_options o = { .ca_pem = buf_span(&b.cert[BED_CA]),
                                          .protocol.max_version = TLS_1_2 };
    CHECK(tls_client_config(&o, &client, NULL) == OK);
    CHECK(tls_connect(client, "localhost", &p.client) == OK && tls_accept(b.server, &p.server) == OK);
    SSL_set_options(p.client->ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    CHECK(tls_input(p.client, span(NULL, 0), &p.at_client) == OK);
    pair_run(&p);
    CHECK(tls_phase(p.server) == TLS_OPEN);
    CHECK(!tls_facts(p.server)->extended_master_secret && !tls_facts(p.server)->has_exporter);
    CHECK(!tls_facts(p.client)->has_exporter);
    pair_part(&p);
    tls_config_free(client);
    bed_clear(&b);
}

CU_TestInfo tls_tests[] = {
    { "one listener for all modes", one_listener_for_all },
    { "thumbprint", thumbprint },
    { "client certificates", client_certificates },
    { "key log", key_log },
    { "fails closed", fails_closed },
    { "what is not TLS", not_tls },
    { "much data", much_data },
    { "no extended master secret, no exporter", no_extended_master_secret },
    CU_TEST_INFO_NULL,
};
