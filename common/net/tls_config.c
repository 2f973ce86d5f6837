#include "common/net/tls_config.h"

#include "common/net/tls_verify.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

/* A SHA-256 suite must win, else an external PSK is passed over in silence [R-TLS13-01]. */
#define SUITES_PSK "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256"
#define SUITES     SUITES_PSK ":TLS_AES_256_GCM_SHA384"
/* TLS 1.2: OpenSSL has no TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256; these are the closest it has [R-TLS12-02]. */
#define CIPHERS_PSK "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256:PSK-AES128-GCM-SHA256"
#define CIPHERS                                                                              \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-CCM:"    \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:" \
    "ECDHE-RSA-AES256-GCM-SHA384"
#define GROUPS "X25519:P-256:P-384" /* [R-TLS12-05] */

enum { MAX_PSK = 512, MAX_IDENTITY_12 = 255 };

static const uint8_t rpk_then_cert[] = { TLSEXT_cert_type_rpk, TLSEXT_cert_type_x509 };
static const uint8_t only_rpk[] = { TLSEXT_cert_type_rpk };

/* --- the wire: OpenSSL reads what tls_input() was given and writes what tls_output() will hand over --- */

static int wire_read(BIO *b, char *to, size_t n, size_t *done)
{
    struct tls *t = BIO_get_data(b);

    BIO_clear_retry_flags(b);
    *done = n < t->in.n ? n : t->in.n;
    if (*done == 0) {
        BIO_set_retry_read(b);
        return 0;
    }
    memcpy(to, t->in.p, *done);
    t->in = span_skip(t->in, *done);
    return 1;
}

static int wire_write(BIO *b, const char *from, size_t n, size_t *done)
{
    struct tls *t = BIO_get_data(b);

    BIO_clear_retry_flags(b);
    buf_add(&t->out, span(from, n));
    *done = n;
    return !buf_failed(&t->out);
}

static long wire_ctrl(BIO *b, int what, long n, void *p)
{
    (void)b;
    (void)n;
    (void)p;
    return what == BIO_CTRL_FLUSH;
}

static bool make_wire(struct tls_config *c)
{
    c->wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "tls wire");
    return c->wire && BIO_meth_set_read_ex(c->wire, wire_read) &&
           BIO_meth_set_write_ex(c->wire, wire_write) && BIO_meth_set_ctrl(c->wire, wire_ctrl);
}

/* --- certificates and keys --- */

static enum err refuse(struct fault *why, enum err e, const char *text)
{
    fault_set(why, 0, "%s", text);
    ERR_clear_error();
    return e;
}

static enum err pem_end(BIO *in, size_t found, struct fault *why)
{
    unsigned long e = ERR_peek_last_error();

    BIO_free(in);
    if (found == 0) return refuse(why, ERR_MALFORMED, "no certificate in the PEM text");
    if (ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
        return refuse(why, ERR_MALFORMED, "certificate in PEM is broken");
    ERR_clear_error();
    return OK;
}

/* `n`-th certificate of a chain: 0 is our own, which the key must fit. */
static enum err use_chain(SSL_CTX *ctx, size_t n, X509 *cert, const struct key *key)
{
    if (n) return SSL_CTX_add1_chain_cert(ctx, cert) == 1 ? OK : ERR_INTERNAL;
    if (X509_check_private_key(cert, key_evp(key)) != 1) return ERR_PROTOCOL;
    return SSL_CTX_use_certificate(ctx, cert) == 1 ? OK : ERR_INTERNAL;
}

static enum err use_cert(SSL_CTX *ctx, const struct tls_credential *own, struct fault *why)
{
    BIO *in = BIO_new_mem_buf(own->cert_pem.p, (int)own->cert_pem.n);
    size_t found = 0;

    if (!in) return ERR_NO_MEMORY;
    for (X509 *cert; (cert = PEM_read_bio_X509(in, NULL, NULL, NULL)); found++) {
        enum err e = use_chain(ctx, found, cert, own->key);
        X509_free(cert);
        if (e == OK) continue;
        BIO_free(in);
        return refuse(why, e,
                      e == ERR_PROTOCOL ? "private key does not fit the certificate"
                                        : "certificate not usable");
    }
    return pem_end(in, found, why);
}

static enum err use_credential(SSL_CTX *ctx, const struct tls_credential *own, struct fault *why)
{
    if (!key_is_private(own->key) || !key_evp(own->key))
        return refuse(why, ERR_PROTOCOL, "TLS needs a private key, Ed25519 or P-256");
    if (own->cert_pem.n) TRY(use_cert(ctx, own, why));
    if (SSL_CTX_use_PrivateKey(ctx, key_evp(own->key)) != 1)
        return refuse(why, ERR_INTERNAL, "key not usable in TLS");
    return OK;
}

static enum err trust_ca(SSL_CTX *ctx, struct span pem, struct fault *why)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    size_t found = 0;

    if (!in) return ERR_NO_MEMORY;
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN); /* what is named here is trusted, root or not */
    for (X509 *cert; (cert = PEM_read_bio_X509(in, NULL, NULL, NULL)); found++) {
        X509_STORE_add_cert(store, cert);
        X509_free(cert);
    }
    return pem_end(in, found, why);
}

/* --- both ends --- */

static enum err set_alpn(struct tls_config *c, const struct tls_protocol *p)
{
    for (size_t i = 0; i < TLS_MAX_ALPN && p->alpn[i]; i++) {
        struct span name = span_str(p->alpn[i]);
        if (name.n == 0 || name.n > UINT8_MAX) return ERR_MALFORMED;
        buf_u8(&c->alpn, (uint8_t)name.n);
        buf_add(&c->alpn, name);
    }
    return buf_failed(&c->alpn) ? ERR_NO_MEMORY : OK;
}

static bool is_version(int v)
{
    return v == 0 || v == TLS_1_2 || v == TLS_1_3;
}

static bool set_limits(SSL_CTX *ctx, const struct tls_protocol *p)
{
    int low = p->min_version > TLS_1_2 ? p->min_version : TLS_1_2;
    int high = p->max_version ? p->max_version : TLS_1_3;

    if (!is_version(p->min_version) || !is_version(p->max_version) || low > high) return false;
    /* [R-TLS-17] [R-TLS-18] [R-TLS13-05] */
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    return SSL_CTX_set_min_proto_version(ctx, low) && SSL_CTX_set_max_proto_version(ctx, high) &&
           SSL_CTX_set_num_tickets(ctx, 0) && SSL_CTX_set_max_early_data(ctx, 0) &&
           SSL_CTX_set1_groups_list(ctx, GROUPS);
}

static enum err config_new(const SSL_METHOD *method, const struct tls_protocol *p, struct tls_config **out,
                           struct fault *why)
{
    struct tls_config *c = calloc(1, sizeof *c);

    *out = c;
    if (!c) return ERR_NO_MEMORY;
    c->refs = 1;
    c->keylog = p->keylog;
    c->ssl_ctx = SSL_CTX_new(method);
    if (!c->ssl_ctx || !make_wire(c)) return ERR_NO_MEMORY;
    if (!set_limits(c->ssl_ctx, p)) return refuse(why, ERR_PROTOCOL, "no such range of TLS versions");
    return set_alpn(c, p);
}

struct tls_config *tls_config_ref(struct tls_config *c)
{
    c->refs++;
    return c;
}

void tls_config_free(struct tls_config *c)
{
    if (!c || --c->refs) return;
    SSL_CTX_free(c->ssl_ctx);
    BIO_meth_free(c->wire);
    buf_clear(&c->alpn);
    buf_clear(&c->psk_identity);
    secret_clear(&c->psk);
    for (size_t i = 0; i < c->expected_count; i++) key_free(c->expected[i]);
    free(c->server_name);
    free(c);
}

static enum err finish(enum err e, struct tls_config **out)
{
    if (e == OK) return OK;
    tls_config_free(*out);
    *out = NULL;
    return e;
}

/* --- servers --- */

static enum err show_credentials(struct tls_config *c, const struct tls_server_options *o, struct fault *why)
{
    unsigned seen = 0;

    for (size_t i = 0; i < TLS_MAX_CREDENTIALS && o->own[i].key; i++) {
        unsigned type = 1U << key_type(o->own[i].key);
        if (seen & type) return refuse(why, ERR_PROTOCOL, "two keys of one type"); /* [R-BAUTH-07] */
        seen |= type;
        TRY(use_credential(c->ssl_ctx, &o->own[i], why));
    }
    if (!seen && !o->owner.psk_for_identity) return refuse(why, ERR_PROTOCOL, "a TLS server needs a key");
    return OK;
}

/* [R-RPK-05] [R-RPK-06] The server's order decides server_certificate_type, the client's client_certificate_type. */
static bool offer_types(struct tls_config *c)
{
    bool keys = c->owner.knows_key != NULL;

    if (!SSL_CTX_set1_server_cert_type(c->ssl_ctx, rpk_then_cert, sizeof rpk_then_cert)) return false;
    if (!keys) return true;
    return SSL_CTX_set1_client_cert_type(c->ssl_ctx, rpk_then_cert, c->ask == TLS_ASK_CERT ? 2 : 1);
}

static enum err fill_server(struct tls_config *c, const struct tls_server_options *o, struct fault *why)
{
    static const unsigned char session_id_context[] = "ace";

    c->owner = o->owner;
    c->ask = o->ask;
    TRY(show_credentials(c, o, why));
    c->has_ca = o->client_ca_pem.n > 0;
    if (c->has_ca) TRY(trust_ca(c->ssl_ctx, o->client_ca_pem, why));
    if (!offer_types(c) || !SSL_CTX_set_ciphersuites(c->ssl_ctx, SUITES) ||
        !SSL_CTX_set_cipher_list(c->ssl_ctx, o->owner.psk_for_identity ? CIPHERS_PSK ":" CIPHERS : CIPHERS) ||
        !SSL_CTX_set_session_id_context(c->ssl_ctx, session_id_context, sizeof session_id_context - 1))
        return refuse(why, ERR_INTERNAL, "TLS library refuses our settings");
    tls_verify_server(c);
    return OK;
}

enum err tls_server_config(const struct tls_server_options *o, struct tls_config **out, struct fault *why)
{
    enum err e = config_new(TLS_server_method(), &o->protocol, out, why);

    return finish(e == OK ? fill_server(*out, o, why) : e, out);
}

/* --- clients --- */

static enum err trust(struct tls_config *c, const struct tls_client_options *o, struct fault *why)
{
    for (size_t i = 0; i < TLS_MAX_EXPECTED && o->expected[i]; i++)
        c->expected[c->expected_count++] = key_ref(o->expected[i]);
    c->has_ca = o->ca_pem.n > 0;
    c->has_cert_sha256 = o->cert_sha256 != NULL;
    if (c->has_cert_sha256) memcpy(c->cert_sha256, o->cert_sha256, SHA256_SIZE);
    if (!c->has_ca && !c->has_cert_sha256 && c->expected_count == 0 && o->psk.n == 0)
        return refuse(why, ERR_PROTOCOL,
                      "nothing to check the server against: no CA, key, thumbprint or PSK");
    if ((c->has_ca || c->has_cert_sha256) && o->show == TLS_SHOW_RPK)
        return refuse(why, ERR_PROTOCOL, "a CA or a thumbprint cannot vouch for a raw public key");
    return c->has_ca ? trust_ca(c->ssl_ctx, o->ca_pem, why) : OK;
}

static bool ask_types(struct tls_config *c, const struct tls_client_options *o)
{
    bool cert_only = c->has_ca || c->has_cert_sha256 || c->expected_count == 0 || o->show == TLS_SHOW_CERT;

    if (o->own.key && o->own.cert_pem.n == 0 &&
        !SSL_CTX_set1_client_cert_type(c->ssl_ctx, only_rpk, sizeof only_rpk))
        return false;
    if (cert_only) return true;
    return SSL_CTX_set1_server_cert_type(c->ssl_ctx, rpk_then_cert, o->show == TLS_SHOW_RPK ? 1 : 2);
}

/* TLS 1.2 carries the identity as a C string: others go over 1.3 only. */
static enum err use_psk(struct tls_config *c, const struct tls_client_options *o, struct fault *why)
{
    bool fits_12 = o->psk_identity.n <= MAX_IDENTITY_12 && !memchr(o->psk_identity.p, 0, o->psk_identity.n);

    if (o->psk_identity.n == 0 || o->psk_identity.n > TLS_MAX_IDENTITY || o->psk.n > MAX_PSK)
        return refuse(why, ERR_PROTOCOL, "PSK or PSK identity has an impossible length");
    if (!fits_12 && o->protocol.max_version == TLS_1_2)
        return refuse(why, ERR_PROTOCOL, "TLS 1.2 cannot carry this PSK identity");
    if (!fits_12) SSL_CTX_set_min_proto_version(c->ssl_ctx, TLS_1_3);
    TRY(secret_set(&c->psk, o->psk));
    buf_add(&c->psk_identity, o->psk_identity);
    return buf_failed(&c->psk_identity) ? ERR_NO_MEMORY : OK;
}

static enum err fill_client(struct tls_config *c, const struct tls_client_options *o, struct fault *why)
{
    bool psk = o->psk.n > 0;

    TRY(trust(c, o, why));
    if (o->own.key) TRY(use_credential(c->ssl_ctx, &o->own, why));
    if (psk) TRY(use_psk(c, o, why));
    if (!ask_types(c, o) || !SSL_CTX_set_ciphersuites(c->ssl_ctx, psk ? SUITES_PSK : SUITES) ||
        !SSL_CTX_set_cipher_list(c->ssl_ctx, psk ? CIPHERS_PSK : CIPHERS) ||
        SSL_CTX_set_alpn_protos(c->ssl_ctx, c->alpn.p, (unsigned)c->alpn.n) != 0)
        return refuse(why, ERR_INTERNAL, "TLS library refuses our settings");
    tls_verify_client(c);
    if (!o->server_name) return OK;
    c->server_name = strdup(o->server_name);
    return c->server_name ? OK : ERR_NO_MEMORY;
}

enum err tls_client_config(const struct tls_client_options *o, struct tls_config **out, struct fault *why)
{
    enum err e = config_new(TLS_client_method(), &o->protocol, out, why);

    return finish(e == OK ? fill_client(*out, o, why) : e, out);
}
