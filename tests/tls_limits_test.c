#include "common/net/tls.h"

#include "common/base/reader.h"
#include "common/net/tls_state.h"
#include "tests/bytes.h"
#include "tests/check.h"
#include "tests/tls_pair.h"

#include <openssl/err.h>

/*
 * What TLS could do and this profile does not: resumption, renegotiation, early data, certificate types of others. Our own client offers
 * none of it, so it is made to, through its insides.
 */

static struct tls_config *client_of(struct bed *b, int version)
{
    struct tls_config *c = NULL;
    const struct tls_client_options o = { .ca_pem = buf_span(&b->cert[BED_CA]),
                                          .protocol = { .min_version = version, .max_version = version } };

    CHECK(tls_client_config(&o, &c, NULL) == OK);
    return c;
}

/* An id of our own makes a session that the server never had: a TLS 1.2 client asks for it by that. */
static SSL_SESSION *forged(const struct pair *p)
{
    static const unsigned char id[32] = { 1, 2, 3 };
    SSL_SESSION *s = SSL_get1_session(p->client->ssl);

    CHECK(s && !SSL_SESSION_has_ticket(s));
    if (SSL_version(p->client->ssl) == TLS_1_2) CHECK(SSL_SESSION_set1_id(s, id, sizeof id) == 1);
    return s;
}

/* [R-POPX-06] [R-TLS-18] No ticket comes, and who asks for an earlier session gets a full handshake with an exporter of its own. */
static void no_resumption(void)
{
    static const int versions[] = { TLS_1_2, TLS_1_3 };
    struct bed b;
    struct pair first, second;

    bed_make(&b);
    for (size_t i = 0; i < 2; i++) {
        struct tls_config *client = client_of(&b, versions[i]);
        pair_meet(&first, client, b.server, "localhost");
        CHECK(tls_phase(first.client) == TLS_OPEN && tls_write(first.server, span_str("x")) == OK);
        pair_run(&first); /* where a ticket would come along */
        SSL_SESSION *session = forged(&first);
        pair_make(&second, client, b.server, "localhost");
        CHECK(SSL_set_session(second.client->ssl, session) == 1);
        second.client_err = tls_input(second.client, span(NULL, 0), &second.at_client);
        pair_run(&second);
        CHECK(tls_phase(second.client) == TLS_OPEN && tls_phase(second.server) == TLS_OPEN);
        CHECK(SSL_session_reused(second.client->ssl) == 0 && SSL_session_reused(second.server->ssl) == 0);
        CHECK(!tls_facts(second.server)->resumed && tls_facts(second.server)->has_exporter);
        CHECK(memcmp(tls_facts(first.server)->exporter, tls_facts(second.server)->exporter, EXPORTER_SIZE) !=
              0);
        SSL_SESSION_free(session);
        pair_part(&first);
        pair_part(&second);
        tls_config_free(client);
    }
    bed_clear(&b);
}

/* [R-TLS-17] A client's second ClientHello is refused with no_renegotiation, and no second handshake is made. */
static void no_renegotiation(void)
{
    struct bed b;
    struct pair p;

    bed_make(&b);
    struct tls_config *client = client_of(&b, TLS_1_2);
    pair_meet(&p, client, b.server, "localhost");
    SSL_clear_options(p.client->ssl, SSL_OP_NO_RENEGOTIATION);
    CHECK(tls_phase(p.server) == TLS_OPEN && SSL_renegotiate(p.client->ssl) == 1);
    CHECK(SSL_do_handshake(p.client->ssl) != 1);
    ERR_clear_error();
    pair_run(&p);
    CHECK(p.client_err != OK && strstr(tls_reason(p.client), "no renegotiation"));
    CHECK(SSL_total_renegotiations(p.server->ssl) == 0 && p.at_server.n == 0);
    pair_part(&p);
    tls_config_free(client);
    bed_clear(&b);
}

/* A session of the external PSK "short" that may carry early data, if it were for the client. */
static int use_early(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *n, SSL_SESSION **out)
{
    static const unsigned char suite[] = { 0x13, 0x01 };
    SSL_SESSION *s = SSL_SESSION_new();
    struct span psk = bed_psk();

    (void)md;
    *id = (const unsigned char *)"short";
    *n = strlen("short");
    *out = s;
    return s && SSL_SESSION_set1_master_key(s, psk.p, psk.n) &&
           SSL_SESSION_set_protocol_version(s, TLS_1_3) &&
           SSL_SESSION_set_cipher(s, SSL_CIPHER_find(ssl, suite)) && SSL_SESSION_set_max_early_data(s, 1000);
}

/* [R-TLS13-05] What comes before the end of the handshake is not taken; the handshake itself goes on. */
static void no_early_data(void)
{
    struct bed b;
    struct pair p;
    struct tls_config *client = NULL;
    size_t sent = 0;

    bed_make(&b);
    const struct tls_client_options o = { .psk = bed_psk(),
                                          .psk_identity = span_str("short"),
                                          .protocol = { .min_version = TLS_1_3 } };
    CHECK(tls_client_config(&o, &client, NULL) == OK);
    pair_make(&p, client, b.server, "localhost");
    SSL_set_psk_use_session_callback(p.client->ssl, use_early);
    CHECK(SSL_write_early_data(p.client->ssl, "CONNECT", strlen("CONNECT"), &sent) == 1 &&
          sent == strlen("CONNECT"));
    pair_run(&p);
    CHECK(tls_phase(p.client) == TLS_OPEN && tls_phase(p.server) == TLS_OPEN);
    CHECK(SSL_get_early_data_status(p.client->ssl) == SSL_EARLY_DATA_REJECTED);
    CHECK(p.at_server.n == 0 && tls_facts(p.server)->peer == TLS_PEER_PSK);
    CHECK(tls_write(p.client, span_str("CONNECT")) == OK);
    pair_run(&p);
    CHECK(span_is(buf_span(&p.at_server), "CONNECT"));
    pair_part(&p);
    tls_config_free(client);
    bed_clear(&b);
}

/* The ClientHello of a client: what tls_output() gives first. */
static void hello(struct tls_config *client, struct tls **t, struct buf *out)
{
    struct buf plain = { 0 };

    CHECK(tls_connect(client, "localhost", t) == OK && tls_input(*t, span(NULL, 0), &plain) == OK);
    tls_output(*t, out);
    buf_clear(&plain);
}

/* [R-RPK-06] Type 1 (OpenPGP) is all that the client takes, and not what we have: alert 43. */
static void no_common_type(void)
{
    static const uint8_t only_rpk[] = { 0, 20, 0, 2, 1, 2 }, fatal_43[] = { 2, 43 };
    struct bed b;
    struct pair p = { 0 };
    struct buf wire = { 0 }, answer = { 0 };
    struct tls_config *client = NULL;

    bed_make(&b);
    const struct tls_client_options o = { .expected = { b.keys[BED_SERVER_ED] }, .show = TLS_SHOW_RPK };
    CHECK(tls_client_config(&o, &client, NULL) == OK && tls_accept(b.server, &p.server) == OK);
    hello(client, &p.client, &wire);
    uint8_t *type = wire.n ? memmem(wire.p, wire.n, only_rpk, sizeof only_rpk) : NULL;
    CHECK(type != NULL);
    if (type) type[sizeof only_rpk - 1] = 1;
    CHECK(tls_input(p.server, buf_span(&wire), &p.at_server) != OK && tls_phase(p.server) == TLS_FAILED);
    tls_output(p.server, &answer);
    CHECK(answer.n == 7 && answer.p[0] == 21 && memcmp(answer.p + 5, fatal_43, 2) == 0);
    buf_clear(&wire);
    buf_clear(&answer);
    pair_part(&p);
    tls_config_free(client);
    bed_clear(&b);
}

/* Does the ClientHello offer this suite? Record 5, handshake 4, version 2, random 32, then the session id and the suites. */
static bool offers(const struct buf *wire, uint16_t suite)
{
    struct reader r = reader(span_skip(buf_span(wire), 5 + 4 + 2 + 32));

    read_bytes(&r, read_u8(&r));
    struct reader list = reader(read_bin16(&r));
    while (list.left.n) {
        if (read_u16(&list) == suite) return true;
    }
    return false;
}

/* [R-TLS12-03] [R-TLS12-04], and [R-TLS12-02] as the deviation that it is. */
static void suites_offered(void)
{
    static const struct row {
        const char *why;
        bool psk, offered;
        uint16_t suite;
    } rows[] = {
        { "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", false, true, 0xc02b },
        { "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", false, false, 0xc0ae },
        { "TLS_PSK_WITH_AES_128_CCM_8", true, false, 0xc0a8 },
        { "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256: OpenSSL has none", true, false, 0xd001 },
        { "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", true, true, 0xc037 },
    };
    const struct row *r;
    struct bed b;

    bed_make(&b);
    for (EACH_ROW(r, rows)) {
        struct tls_client_options o = { .protocol.max_version = TLS_1_2 };
        struct tls_config *client = NULL;
        struct tls *t = NULL;
        struct buf wire = { 0 };
        if (r->psk) o.psk = bed_psk();
        o.psk_identity = span_str("short");
        o.expected[0] = r->psk ? NULL : b.keys[BED_SERVER_ED];
        CHECK(tls_client_config(&o, &client, NULL) == OK);
        hello(client, &t, &wire);
        CHECK_ROW(offers(&wire, r->suite) == r->offered, r->why);
        buf_clear(&wire);
        tls_release(t);
        tls_config_free(client);
    }
    bed_clear(&b);
}

CU_TestInfo tls_limits_tests[] = {
    { "no resumption", no_resumption },   { "no renegotiation", no_renegotiation },
    { "no early data", no_early_data },   { "no certificate type in common", no_common_type },
    { "suites offered", suites_offered }, CU_TEST_INFO_NULL,
};
