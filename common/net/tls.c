#include "common/net/tls.h"

#include "common/net/tls_state.h"
#include "common/net/tls_verify.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { RECORD = 16384, ALERT_ILLEGAL_PARAMETER = 47, ALERT_UNKNOWN_PSK_IDENTITY = 115 };

/* --- making --- */

static enum err tls_new(struct tls_config *c, struct tls **out)
{
    struct tls *t = calloc(1, sizeof *t);

    *out = t;
    if (!t) return ERR_NO_MEMORY;
    t->config = tls_config_ref(c);
    t->ssl = SSL_new(c->ssl_ctx);
    BIO *wire = t->ssl ? BIO_new(c->wire) : NULL;
    if (!wire) return ERR_NO_MEMORY;
    BIO_set_data(wire, t);
    BIO_set_init(wire, 1);
    SSL_set_bio(t->ssl, wire, wire);
    SSL_set_app_data(t->ssl, t);
    return OK;
}

void tls_release(struct tls *t)
{
    if (!t) return;
    SSL_free(t->ssl);
    buf_clear(&t->out);
    buf_clear(&t->psk_identity);
    key_free(t->psk);
    tls_facts_clear(&t->facts);
    tls_config_free(t->config);
    free(t);
}

enum err tls_accept(struct tls_config *c, struct tls **out)
{
    enum err e = tls_new(c, out);

    if (e == OK) SSL_set_accept_state((*out)->ssl);
    if (e == OK) return OK;
    tls_release(*out);
    *out = NULL;
    return e;
}

static bool is_address(const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* [R-TLS-11] names go into SNI; addresses must not (RFC 6066 section 3). */
static enum err name_server(struct tls *t, const char *host)
{
    X509_VERIFY_PARAM *check = SSL_get0_param(t->ssl);
    bool address = is_address(host);

    if (!address && SSL_set_tlsext_host_name(t->ssl, host) != 1) return ERR_MALFORMED;
    if (!t->config->has_ca) return OK;
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    int set =
        address ? X509_VERIFY_PARAM_set1_ip_asc(check, host) : X509_VERIFY_PARAM_set1_host(check, host, 0);
    return set == 1 ? OK : ERR_MALFORMED;
}

enum err tls_connect(struct tls_config *c, const char *host, struct tls **out)
{
    const char *name = c->server_name ? c->server_name : host;
    enum err e = tls_new(c, out);

    if (e == OK) SSL_set_connect_state((*out)->ssl);
    if (e == OK) e = name && *name ? name_server(*out, name) : c->has_ca ? ERR_MALFORMED : OK;
    ERR_clear_error();
    if (e == OK) return OK;
    tls_release(*out);
    *out = NULL;
    return e;
}

/* --- why it failed --- */

static const struct {
    int reason;
    enum err err;
    const char *words;
} failures[] = {
    { SSL_R_BINDER_DOES_NOT_VERIFY, ERR_NOT_AUTHORIZED, "the PSK of this identity does not match" },
    { SSL_R_BAD_PSK, ERR_NOT_AUTHORIZED, "the PSK of this identity does not match" },
    { SSL_R_WRONG_VERSION_NUMBER, ERR_PROTOCOL, "the peer does not speak TLS here" },
    { SSL_R_HTTP_REQUEST, ERR_PROTOCOL, "the peer speaks HTTP without TLS" },
    { SSL_R_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL, "no TLS version in common" },
    { SSL_R_NO_SHARED_CIPHER, ERR_PROTOCOL, "no cipher suite in common" },
};

/* Alerts by which a peer says that it does not accept who we are (RFC 8446 6.2). */
static bool is_about_identity(int alert)
{
    static const uint8_t list[] = {
        SSL_AD_BAD_CERTIFICATE,        SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED,
        SSL_AD_CERTIFICATE_EXPIRED,    SSL_AD_CERTIFICATE_UNKNOWN,     SSL_AD_UNKNOWN_CA,
        SSL_AD_ACCESS_DENIED,          SSL_AD_DECRYPT_ERROR,           ALERT_UNKNOWN_PSK_IDENTITY,
        TLS13_AD_CERTIFICATE_REQUIRED,
    };
    return memchr(list, alert, sizeof list) != NULL;
}

static enum err explain(struct tls *t)
{
    unsigned long e = ERR_peek_error();
    int reason = ERR_GET_REASON(e), alert = reason - SSL_AD_REASON_OFFSET;
    const char *words = ERR_reason_error_string(e);

    if (ERR_GET_LIB(e) != ERR_LIB_SSL || alert < 0) {
        for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
            if (reason != failures[i].reason) continue;
            fault_set(&t->why, 0, "%s", failures[i].words);
            return failures[i].err;
        }
        fault_set(&t->why, 0, "TLS failed: %s", words ? words : "no reason given");
        return ERR_PROTOCOL;
    }
    fault_set(&t->why, 0, "peer's alert: %s", SSL_alert_desc_string_long(alert));
    return is_about_identity(alert) ? ERR_NOT_AUTHORIZED : ERR_PROTOCOL;
}

static enum err fail(struct tls *t, enum err e)
{
    t->state = STATE_FAILED;
    t->err = e;
    ERR_clear_error();
    return e;
}

/* After an OpenSSL call that did not succeed: is it only waiting for bytes? */
static enum err judge(struct tls *t, int returned)
{
    switch (SSL_get_error(t->ssl, returned)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return OK;
    case SSL_ERROR_ZERO_RETURN:
        t->state = STATE_ENDED;
        return OK;
    default:
        return fail(t, buf_failed(&t->out) ? ERR_NO_MEMORY : t->err != OK ? t->err : explain(t));
    }
}

/* --- what the handshake showed --- */

static bool used_psk(const struct tls *t)
{
    if (SSL_version(t->ssl) == TLS1_2_VERSION)
        return SSL_CIPHER_get_auth_nid(SSL_get_current_cipher(t->ssl)) == NID_auth_psk;
    /* tickets are off, so that only an external PSK resumes; the mark is ours */
    return SSL_session_reused(t->ssl) && (SSL_is_server(t->ssl) ? t->psk_identity.n : t->config->psk.n);
}

static enum err show_cert(struct tls *t, X509 *cert)
{
    unsigned n = SHA256_SIZE;

    t->facts.peer = TLS_PEER_CERTIFICATE;
    t->facts.peer_key = tls_verify_key(X509_get0_pubkey(cert));
    return X509_digest(cert, EVP_sha256(), t->facts.peer_cert_sha256, &n) == 1 ? OK : ERR_INTERNAL;
}

static enum err show_rpk(struct tls *t, EVP_PKEY *rpk)
{
    t->facts.peer = TLS_PEER_RPK;
    t->facts.peer_key = tls_verify_key(rpk);
    return t->facts.peer_key ? OK : ERR_NO_MEMORY;
}

static enum err show_psk(struct tls *t)
{
    struct buf *identity = SSL_is_server(t->ssl) ? &t->psk_identity : &t->config->psk_identity;

    t->facts.peer = TLS_PEER_PSK;
    t->facts.peer_key = t->psk ? key_ref(t->psk) : NULL;
    buf_add(&t->facts.psk_identity, buf_span(identity));
    return buf_failed(&t->facts.psk_identity) ? ERR_NO_MEMORY : OK;
}

/* The order matters: the negotiated certificate types say RPK even where a PSK was used. */
static enum err show_peer(struct tls *t)
{
    EVP_PKEY *rpk = SSL_get0_peer_rpk(t->ssl);
    X509 *cert = SSL_get0_peer_certificate(t->ssl);

    if (used_psk(t)) return show_psk(t);
    if (rpk) return show_rpk(t, rpk);
    if (cert) return show_cert(t, cert);
    return OK;
}

enum exporter_context { CONTEXT_NONE, CONTEXT_EMPTY };

/* [R-TLS12-07] A context of length zero, which is not the same as none in TLS 1.2. [R-TLS12-01] Without the
 * extended master secret the value is not bound to this connection. */
static bool export_value(struct tls *t, uint8_t out[EXPORTER_SIZE], enum exporter_context context)
{
    if (t->facts.resumed || !t->facts.extended_master_secret) return false;
    return SSL_export_keying_material(t->ssl, out, EXPORTER_SIZE, EXPORTER_LABEL, sizeof EXPORTER_LABEL - 1,
                                      (const unsigned char *)"", 0, context == CONTEXT_EMPTY) == 1;
}

static enum err open_up(struct tls *t)
{
    struct tls_facts *f = &t->facts;

    f->version = SSL_version(t->ssl);
    f->extended_master_secret = f->version == TLS1_3_VERSION || SSL_get_extms_support(t->ssl) == 1;
    f->resumed = SSL_session_reused(t->ssl) && !used_psk(t);
    f->has_exporter = export_value(t, f->exporter, CONTEXT_EMPTY);
    f->has_bare_exporter = f->version == TLS1_2_VERSION && export_value(t, f->bare_exporter, CONTEXT_NONE);
    enum err e = show_peer(t);
    ERR_clear_error();
    if (e == OK && t->config->psk.n && f->peer != TLS_PEER_PSK) {
        fault_set(&t->why, 0, "server did not take the PSK");
        e = ERR_NOT_AUTHORIZED;
    }
    if (e != OK) return fail(t, e);
    t->err = OK;
    t->state = STATE_OPEN;
    return OK;
}

/* --- bytes --- */

static enum err shake(struct tls *t)
{
    int done = SSL_do_handshake(t->ssl);

    return done == 1 ? open_up(t) : judge(t, done);
}

static enum err decrypt(struct tls *t, struct buf *plain)
{
    size_t got = 0;
    int ok;

    do {
        uint8_t *room = buf_room(plain, RECORD);
        if (!room) return fail(t, ERR_NO_MEMORY);
        ok = SSL_read_ex(t->ssl, room, RECORD, &got);
        buf_truncate(plain, plain->n - RECORD + (ok ? got : 0));
    } while (ok);
    return judge(t, ok);
}

enum err tls_input(struct tls *t, struct span cipher, struct buf *plain)
{
    enum err e = OK;

    if (t->state == STATE_FAILED) return t->err;
    ERR_clear_error();
    t->in = cipher;
    if (t->state == STATE_HANDSHAKE) e = shake(t);
    if (t->state == STATE_OPEN && t->in.n) e = decrypt(t, plain);
    t->in = span(NULL, 0);
    return e;
}

enum err tls_write(struct tls *t, struct span plain)
{
    size_t sent = 0;

    if (t->state != STATE_OPEN && t->state != STATE_ENDED) return ERR_PROTOCOL;
    if (plain.n == 0) return OK;
    ERR_clear_error();
    int ok = SSL_write_ex(t->ssl, plain.p, plain.n, &sent);
    if (ok && !buf_failed(&t->out)) return OK;
    return fail(t, buf_failed(&t->out) ? ERR_NO_MEMORY : explain(t));
}

void tls_close(struct tls *t)
{
    if (t->state == STATE_OPEN || t->state == STATE_ENDED) SSL_shutdown(t->ssl);
    ERR_clear_error();
}

/* [R-PSK-10] wants illegal_parameter where OpenSSL says unknown_psk_identity (TLS 1.2) or internal_error (1.3, A-18). At this point
 * the alert is in the clear: type 21, a version, length 2, fatal, description. */
static void correct_alert(struct tls *t)
{
    enum { SIZE = 7, ALERT = 21, FATAL = 2 };
    struct buf *b = &t->out;

    if (!t->psk_unknown || b->n < SIZE) return;
    uint8_t *p = b->p + b->n - SIZE;
    bool fatal = p[0] == ALERT && p[3] == 0 && p[4] == 2 && p[5] == FATAL;
    if (fatal && (p[6] == ALERT_UNKNOWN_PSK_IDENTITY || p[6] == SSL_AD_INTERNAL_ERROR))
        p[6] = ALERT_ILLEGAL_PARAMETER;
}

void tls_output(struct tls *t, struct buf *cipher)
{
    correct_alert(t);
    buf_add(cipher, buf_span(&t->out));
    buf_clear(&t->out);
}

/* --- questions --- */

enum tls_phase tls_phase(const struct tls *t)
{
    static const enum tls_phase phases[] = {
        [STATE_HANDSHAKE] = TLS_HANDSHAKE,
        [STATE_OPEN] = TLS_OPEN,
        [STATE_ENDED] = TLS_ENDED,
        [STATE_FAILED] = TLS_FAILED,
    };
    return phases[t->state];
}

const char *tls_reason(const struct tls *t)
{
    return t->why.why[0] ? t->why.why : err_wire(t->err)->words;
}

const struct tls_facts *tls_facts(const struct tls *t)
{
    return &t->facts;
}

const char *tls_cipher(const struct tls *t)
{
    const char *name = SSL_CIPHER_standard_name(SSL_get_current_cipher(t->ssl));

    return name ? name : "";
}

const char *tls_group(const struct tls *t)
{
    int group = (int)SSL_get_negotiated_group(t->ssl);
    const char *name = group ? SSL_group_to_name(t->ssl, group) : NULL;

    return name ? name : "";
}

struct span tls_alpn(const struct tls *t)
{
    const unsigned char *name;
    unsigned n;

    SSL_get0_alpn_selected(t->ssl, &name, &n);
    return span(name, n);
}
