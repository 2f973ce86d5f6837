#include "common/crypto/cert.h"

#include "common/crypto/ossl.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { MAX_NAME = 64, SERIAL = 16 };

/* 127 random bits: unique without a register, positive, never 0. */
static bool put_serial(X509 *x)
{
    uint8_t bytes[SERIAL];

    if (RAND_bytes(bytes, SERIAL) != 1) return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *n = BN_bin2bn(bytes, SERIAL, NULL);
    bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
    BN_free(n);
    return ok;
}

static bool put_subject(X509 *x, const struct cert_request *r)
{
    const unsigned char *name = (const unsigned char *)r->common_name;
    X509_NAME *subject = X509_NAME_new();
    bool ok = subject && strlen(r->common_name) <= MAX_NAME &&
              X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
              X509_set_subject_name(x, subject) == 1;

    X509_NAME_free(subject);
    return ok;
}

static bool put_times(X509 *x, const struct cert_request *r)
{
    return r->not_before <= r->not_after && ASN1_TIME_set(X509_getm_notBefore(x), (time_t)r->not_before) &&
           ASN1_TIME_set(X509_getm_notAfter(x), (time_t)r->not_after);
}

/* --- extensions --- */

static bool is_host_name(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 253 &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*") == n;
}

static ASN1_STRING *san_value(int type, const char *text)
{
    if (type == GEN_IPADD) return a2i_IPADDRESS(text);
    ASN1_STRING *s = is_host_name(text) ? ASN1_IA5STRING_new() : NULL;
    if (s && ASN1_STRING_set(s, text, -1)) return s;
    ASN1_STRING_free(s);
    return NULL;
}

static bool add_name(GENERAL_NAMES *names, int type, const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = name ? san_value(type, text) : NULL;

    if (value) GENERAL_NAME_set0_value(name, type, value);
    if (value && sk_GENERAL_NAME_push(names, name)) return true;
    GENERAL_NAME_free(name);
    return false;
}

static bool put_alternative_names(X509 *x, const struct cert_request *r)
{
    if (r->dns_count + r->ip_count == 0) return true;
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool ok = names != NULL;
    for (size_t i = 0; ok && i < r->dns_count; i++) ok = add_name(names, GEN_DNS, r->dns[i]);
    for (size_t i = 0; ok && i < r->ip_count; i++) ok = add_name(names, GEN_IPADD, r->ip[i]);
    ok = ok && X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    return ok;
}

/* The issuer's key identifier, if there is an issuer and it has one. By hand, as OpenSSL's writer of this extension crashes
 * when memory runs out. */
static bool put_authority(X509 *x, X509 *issuer)
{
    const ASN1_OCTET_STRING *id = issuer == x ? NULL : X509_get0_subject_key_id(issuer);

    if (!id) return true;
    AUTHORITY_KEYID *a = AUTHORITY_KEYID_new();
    if (a) a->keyid = ASN1_OCTET_STRING_dup(id);
    bool ok =
        a && a->keyid && X509_add1_ext_i2d(x, NID_authority_key_identifier, a, 0, X509V3_ADD_DEFAULT) == 1;
    AUTHORITY_KEYID_free(a);
    return ok;
}

static bool put_extension(X509 *x, int nid, const char *value)
{
    X509V3_CTX c;

    X509V3_set_ctx(&c, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
    bool ok = e && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

static bool put_extensions(X509 *x, X509 *issuer, const struct cert_request *r)
{
    static const struct {
        int nid;
        const char *value[2];
    } rows[] = {
        { NID_basic_constraints, { [CERT_LEAF] = "critical,CA:FALSE", [CERT_CA] = "critical,CA:TRUE" } },
        { NID_key_usage,
          { [CERT_LEAF] = "critical,digitalSignature", [CERT_CA] = "critical,keyCertSign,cRLSign" } },
        { NID_ext_key_usage, { [CERT_LEAF] = "serverAuth,clientAuth" } },
        { NID_subject_key_identifier, { [CERT_LEAF] = "hash", [CERT_CA] = "hash" } },
    };
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof rows / sizeof *rows; i++)
        if (rows[i].value[r->role]) ok = put_extension(x, rows[i].nid, rows[i].value[r->role]);
    return ok && put_authority(x, issuer) && put_alternative_names(x, r);
}

/* --- making --- */

static enum err fill(X509 *x, X509 *issuer, const struct cert_request *r)
{
    if (!put_subject(x, r) || !put_times(x, r)) return ERR_MALFORMED;
    if (X509_set_version(x, X509_VERSION_3) != 1 || !put_serial(x)) return ERR_INTERNAL;
    if (X509_set_issuer_name(x, X509_get_subject_name(issuer)) != 1) return ERR_INTERNAL;
    if (X509_set_pubkey(x, key_evp(r->subject)) != 1) return ERR_INTERNAL;
    return put_extensions(x, issuer, r) ? OK : ERR_MALFORMED;
}

static enum err finish(X509 *x, const struct key *with, struct buf *pem)
{
    if (X509_sign(x, key_evp(with), key_type(with) == KEY_P256 ? EVP_sha256() : NULL) <= 0)
        return ERR_INTERNAL;
    BIO *to = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool ok = to && PEM_write_bio_X509(to, x) == 1;
    long n = ok ? BIO_get_mem_data(to, &text) : 0;
    buf_add(pem, span(text, (size_t)n));
    BIO_free(to);
    return !ok ? ERR_INTERNAL : buf_failed(pem) ? ERR_NO_MEMORY : OK;
}

/* Nobody is asked on the terminal. */
static int no_password(char *to, int size, int writing, void *unused)
{
    (void)writing, (void)unused;
    if (size > 0) to[0] = 0;
    return -1;
}

static enum err read_issuer(const struct cert_request *r, const struct key *with, X509 **out)
{
    if (r->issuer_pem.n > MAX_PEM) return ERR_MALFORMED;
    BIO *in = BIO_new_mem_buf(r->issuer_pem.p, (int)r->issuer_pem.n);
    X509 *x = in ? PEM_read_bio_X509(in, NULL, no_password, NULL) : NULL;
    BIO_free(in);
    if (!x) return ERR_MALFORMED;
    *out = x;
    return X509_check_private_key(x, key_evp(with)) == 1 ? OK : ERR_PROTOCOL;
}

enum err cert_make(const struct cert_request *r, struct buf *pem)
{
    const struct key *with = r->issuer ? r->issuer : r->subject;
    X509 *issuer = NULL;

    if (!key_evp(r->subject) || !key_evp(with) || !key_is_private(with)) return ERR_PROTOCOL;
    X509 *x = X509_new();
    enum err e = x ? OK : ERR_NO_MEMORY;
    if (e == OK && r->issuer) e = read_issuer(r, with, &issuer);
    if (e == OK) e = fill(x, issuer ? issuer : x, r);
    if (e == OK) e = finish(x, with, pem);
    X509_free(issuer);
    X509_free(x);
    return e == OK ? OK : ossl_failed(e);
}
