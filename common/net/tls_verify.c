#include "common/net/tls_verify.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

enum { RAW_PUBLIC_KEY = TLSEXT_cert_type_rpk, MAX_PSK_12 = 256 };

static struct tls *of_ssl(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

static struct tls *of_check(X509_STORE_CTX *x)
{
    return of_ssl(X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

struct key *tls_verify_key(EVP_PKEY *evp)
{
    uint8_t *der = NULL;
    struct key *k = NULL;
    int n = i2d_PUBKEY(evp, &der);

    if (n > 0 && key_from_spki(span(der, (size_t)n), &k) != OK) k = NULL;
    OPENSSL_free(der);
    ERR_clear_error();
    return k;
}

static int accept_peer(X509_STORE_CTX *x)
{
    X509_STORE_CTX_set_error(x, X509_V_OK);
    return 1;
}

static int refuse_peer(X509_STORE_CTX *x, int error, const char *why)
{
    struct tls *t = of_check(x);

    t->err = ERR_NOT_AUTHORIZED;
    fault_set(&t->why, 0, "%s", why);
    X509_STORE_CTX_set_error(x, error);
    return 0;
}

static int refuse_chain(X509_STORE_CTX *x)
{
    struct tls *t = of_check(x);
    int error = X509_STORE_CTX_get_error(x);

    t->err = ERR_NOT_AUTHORIZED;
    fault_set(&t->why, 0, "certificate verify failed: %s", X509_verify_cert_error_string(error));
    return 0;
}

/* --- a client looks at its server --- */

static bool is_expected(const struct tls_config *c, EVP_PKEY *shown)
{
    struct key *k = tls_verify_key(shown);
    bool found = false;

    for (size_t i = 0; k && i < c->expected_count; i++) found |= key_eq(k, c->expected[i]);
    key_free(k);
    return found;
}

static bool has_thumbprint(const struct tls_config *c, X509 *cert)
{
    uint8_t shown[SHA256_SIZE];
    unsigned n = sizeof shown;

    return X509_digest(cert, EVP_sha256(), shown, &n) == 1 &&
           memcmp(shown, c->cert_sha256, sizeof shown) == 0;
}

static int check_server_cert(X509_STORE_CTX *x, const struct tls_config *c)
{
    X509 *cert = X509_STORE_CTX_get0_cert(x);

    if (!c->has_ca && !c->has_cert_sha256 && c->expected_count == 0)
        return refuse_peer(x, X509_V_ERR_CERT_UNTRUSTED,
                           "nothing configured to check the server's key against");
    /* [R-BAUTH-08] path and name */
    if (c->has_ca && X509_verify_cert(x) <= 0) return refuse_chain(x);
    /* [R-BAUTH-05] */
    if (c->has_cert_sha256 && !has_thumbprint(c, cert))
        return refuse_peer(x, X509_V_ERR_CERT_REJECTED,
                           "server's certificate has not the thumbprint of rs_cnf");
    /* [R-BAUTH-03] */
    if (c->expected_count && !is_expected(c, X509_get0_pubkey(cert)))
        return refuse_peer(x, X509_V_ERR_CERT_REJECTED, "server's key is not the one expected (rs_cnf)");
    return accept_peer(x);
}

static int check_server(X509_STORE_CTX *x, void *config)
{
    const struct tls_config *c = config;
    EVP_PKEY *rpk = X509_STORE_CTX_get0_rpk(x);

    if (c->psk.n) return refuse_peer(x, X509_V_ERR_APPLICATION_VERIFICATION, "server did not take the PSK");
    if (!rpk) return check_server_cert(x, c);
    /* a bare key has no path and no thumbprint: what was configured must be able to hold */
    if (c->has_ca || c->has_cert_sha256)
        return refuse_peer(x, X509_V_ERR_RPK_UNTRUSTED,
                           "server showed a raw public key instead of a certificate");
    if (!is_expected(c, rpk))
        return refuse_peer(x, X509_V_ERR_RPK_UNTRUSTED, "server's key is not the one expected (rs_cnf)");
    return accept_peer(x);
}

static SSL_SESSION *psk_session(SSL *ssl, struct span psk)
{
    /* [R-TLS13-01] the suite only stands for its hash */
    const SSL_CIPHER *sha256 = SSL_CIPHER_find(ssl, (const unsigned char[]){ 0x13, 0x01 });
    SSL_SESSION *s = SSL_SESSION_new();

    if (s && sha256 && SSL_SESSION_set1_master_key(s, psk.p, psk.n) && SSL_SESSION_set_cipher(s, sha256) &&
        SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION))
        return s;
    SSL_SESSION_free(s);
    return NULL;
}

static int offer_psk(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *n, SSL_SESSION **out)
{
    const struct tls_config *c = of_ssl(ssl)->config;

    *out = NULL;
    *id = NULL;
    *n = 0;
    if (md && EVP_MD_get_type(md) != NID_sha256) return 1;
    *out = psk_session(ssl, secret_span(&c->psk));
    *id = c->psk_identity.p;
    *n = c->psk_identity.n;
    return *out != NULL;
}

static unsigned offer_psk_12(SSL *ssl, const char *hint, char *id, unsigned id_max, unsigned char *psk,
                             unsigned max)
{
    const struct tls_config *c = of_ssl(ssl)->config;

    (void)hint;
    if (c->psk.n > max || c->psk_identity.n >= id_max) return 0;
    memcpy(id, c->psk_identity.p, c->psk_identity.n);
    id[c->psk_identity.n] = '\0';
    memcpy(psk, c->psk.p, c->psk.n);
    return (unsigned)c->psk.n;
}

/* --- a server looks at its client --- */

static bool is_known(const struct tls_config *c, EVP_PKEY *shown)
{
    struct key *k = c->owner.knows_key ? tls_verify_key(shown) : NULL;
    bool known = k && c->owner.knows_key(c->owner.self, k);

    key_free(k);
    return known;
}

static int check_client(X509_STORE_CTX *x, void *config)
{
    const struct tls_config *c = config;
    EVP_PKEY *rpk = X509_STORE_CTX_get0_rpk(x);
    X509 *cert = X509_STORE_CTX_get0_cert(x);

    if (rpk && is_known(c, rpk)) return accept_peer(x);
    /* [R-RPK-11] */
    if (rpk) return refuse_peer(x, X509_V_ERR_RPK_UNTRUSTED, "client's raw public key is not known here");
    if (c->has_ca && X509_verify_cert(x) > 0) return accept_peer(x);
    if (is_known(c, X509_get0_pubkey(cert))) return accept_peer(x);
    return c->has_ca ? refuse_chain(x)
                     : refuse_peer(x, X509_V_ERR_CERT_UNTRUSTED, "client's certificate is not known here");
}

static bool offers_rpk(SSL *ssl)
{
    const unsigned char *types;
    size_t n;

    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_client_cert_type, &types, &n) || n < 1) return false;
    return memchr(types + 1, RAW_PUBLIC_KEY, n - 1) != NULL;
}

/* [R-RPK-04] Clients that show nothing are not bothered with a CertificateRequest. */
static int on_client_hello(SSL *ssl, int *alert, void *config)
{
    const struct tls_config *c = config;

    (void)alert;
    if (c->ask == TLS_ASK_CERT || (c->owner.knows_key && offers_rpk(ssl)))
        SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    return SSL_CLIENT_HELLO_SUCCESS;
}

static enum err ask_psk(struct tls *t, struct span identity, struct secret *psk)
{
    const struct tls_owner *o = &t->config->owner;

    if (identity.n > TLS_MAX_IDENTITY) return ERR_TOO_LARGE;
    TRY(o->psk_for_identity(o->self, identity, psk));
    if (psk->n == 0) return ERR_NOT_FOUND;
    key_free(t->psk);
    t->psk = NULL;
    TRY(key_oct(secret_span(psk), &t->psk));
    buf_clear(&t->psk_identity);
    buf_add(&t->psk_identity, identity);
    return buf_failed(&t->psk_identity) ? ERR_NO_MEMORY : OK;
}

/* Nothing else is tried: correct_alert() names the reason. */
static void refuse_psk(struct tls *t)
{
    t->psk_unknown = true;
    t->err = ERR_NOT_AUTHORIZED;
    fault_set(&t->why, 0, "client's PSK identity is not known here");
}

/* [R-TLS13-03] An unknown identity is skipped: no session, no error. One that names a token and leads to no key ends it. */
static int find_psk(SSL *ssl, const unsigned char *id, size_t n, SSL_SESSION **out)
{
    struct tls *t = of_ssl(ssl);
    struct secret psk = { 0 };
    enum err e = ask_psk(t, span(id, n), &psk);

    *out = e == OK ? psk_session(ssl, secret_span(&psk)) : NULL;
    secret_clear(&psk);
    if (e == ERR_NOT_AUTHORIZED) refuse_psk(t);
    return e != ERR_NOT_AUTHORIZED;
}

static unsigned find_psk_12(SSL *ssl, const char *id, unsigned char *out, unsigned max)
{
    struct tls *t = of_ssl(ssl);
    struct secret psk = { 0 };
    unsigned n = 0;

    if (SSL_version(ssl) != TLS1_2_VERSION) return 0; /* find_psk() was asked already */
    if (ask_psk(t, span_str(id), &psk) == OK && psk.n <= max) {
        memcpy(out, psk.p, psk.n);
        n = (unsigned)psk.n;
    } else {
        refuse_psk(t);
    }
    secret_clear(&psk);
    return n;
}

/* [R-TLS-11] Our order decides. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *theirs,
                           unsigned theirs_n, void *config)
{
    const struct tls_config *c = config;
    unsigned char *chosen = NULL;

    (void)ssl;
    if (SSL_select_next_proto(&chosen, n, c->alpn.p, (unsigned)c->alpn.n, theirs, theirs_n) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void log_key(const SSL *ssl, const char *line)
{
    const struct tls_keylog *k = &of_ssl(ssl)->config->keylog;

    k->line(k->self, line);
}

void tls_verify_server(struct tls_config *c)
{
    SSL_CTX_set_client_hello_cb(c->ssl_ctx, on_client_hello, c);
    SSL_CTX_set_cert_verify_callback(c->ssl_ctx, check_client, c);
    if (c->alpn.n) SSL_CTX_set_alpn_select_cb(c->ssl_ctx, choose_protocol, c);
    if (c->keylog.line) SSL_CTX_set_keylog_callback(c->ssl_ctx, log_key);
    if (!c->owner.psk_for_identity) return;
    SSL_CTX_set_psk_find_session_callback(c->ssl_ctx, find_psk);
    SSL_CTX_set_psk_server_callback(c->ssl_ctx, find_psk_12);
}

void tls_verify_client(struct tls_config *c)
{
    SSL_CTX_set_verify(c->ssl_ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(c->ssl_ctx, check_server, c);
    if (c->keylog.line) SSL_CTX_set_keylog_callback(c->ssl_ctx, log_key);
    if (c->psk.n == 0) return;
    SSL_CTX_set_psk_use_session_callback(c->ssl_ctx, offer_psk);
    SSL_CTX_set_psk_client_callback(c->ssl_ctx, offer_psk_12);
}
