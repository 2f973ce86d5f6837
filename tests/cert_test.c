#include "common/crypto/cert.h"
#include "tests/check.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { DAY = 86400 };
#define NOW INT64_C(1800000000)

static X509 *read_cert(const struct buf *pem)
{
    BIO *in = BIO_new_mem_buf(pem->p, (int)pem->n);
    X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);

    BIO_free(in);
    return x;
}

/* X509_V_OK, or why OpenSSL does not believe `leaf` under the trust anchor `root` at time `at`. */
static int verdict(const struct buf *root, const struct buf *leaf, int64_t at)
{
    X509 *anchor = read_cert(root), *x = read_cert(leaf);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *c = X509_STORE_CTX_new();

    X509_STORE_add_cert(store, anchor);
    X509_STORE_CTX_init(c, store, x, NULL);
    X509_STORE_CTX_set_purpose(c, X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_time(c, 0, (time_t)at);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(c), X509_V_FLAG_X509_STRICT);
    X509_verify_cert(c);
    int e = X509_STORE_CTX_get_error(c);
    X509_STORE_CTX_free(c);
    X509_STORE_free(store);
    X509_free(anchor);
    X509_free(x);
    return e;
}

static const struct row {
    const char *why;
    enum key_type root, leaf;
} rows[] = {
    { "Ed25519 under Ed25519", KEY_ED25519, KEY_ED25519 },
    { "P-256 under P-256", KEY_P256, KEY_P256 },
    { "Ed25519 under P-256", KEY_P256, KEY_ED25519 },
    { "P-256 under Ed25519", KEY_ED25519, KEY_P256 },
};

static const char *const dns[] = { "broker.test", "*.broker.test" }, *const ip[] = { "127.0.0.1", "::1" };

static struct cert_request leaf_request(const struct key *subject, const struct key *issuer,
                                        const struct buf *root)
{
    return (struct cert_request){ .common_name = "broker",
                                  .dns = dns,
                                  .dns_count = 2,
                                  .ip = ip,
                                  .ip_count = 2,
                                  .not_before = NOW,
                                  .not_after = NOW + DAY,
                                  .subject = subject,
                                  .issuer = issuer,
                                  .issuer_pem = buf_span(root) };
}

static struct cert_request root_request(const struct key *k)
{
    return (struct cert_request){ .common_name = "test root",
                                  .not_before = NOW - DAY,
                                  .not_after = NOW + 10 * DAY,
                                  .subject = k,
                                  .role = CERT_CA };
}

static void chains(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct key *ca = NULL, *k = NULL, *certified = NULL;
        struct buf root = { 0 }, leaf = { 0 };

        CHECK_ROW(key_generate(r->root, &ca) == OK && key_generate(r->leaf, &k) == OK, r->why);
        struct cert_request top = root_request(ca);
        CHECK_ROW(cert_make(&top, &root) == OK, r->why);
        struct cert_request q = leaf_request(k, ca, &root);
        CHECK_ROW(cert_make(&q, &leaf) == OK, r->why);
        CHECK_ROW(verdict(&root, &leaf, NOW + 1) == X509_V_OK, r->why);
        CHECK_ROW(verdict(&root, &leaf, NOW - 1) == X509_V_ERR_CERT_NOT_YET_VALID, r->why);
        CHECK_ROW(verdict(&root, &leaf, NOW + DAY + 1) == X509_V_ERR_CERT_HAS_EXPIRED, r->why);
        CHECK_ROW(key_from_pem(buf_span(&leaf), &certified) == OK && key_eq(certified, k), r->why);
        key_free(ca);
        key_free(k);
        key_free(certified);
        buf_clear(&root);
        buf_clear(&leaf);
    }
}

static void contents(void)
{
    struct key *ca = NULL, *k = NULL;
    struct buf root = { 0 }, leaf = { 0 };

    CHECK(key_generate(KEY_P256, &ca) == OK && key_generate(KEY_ED25519, &k) == OK);
    struct cert_request r = root_request(ca);
    CHECK(cert_make(&r, &root) == OK);
    r = leaf_request(k, ca, &root);
    CHECK(cert_make(&r, &leaf) == OK);
    X509 *x = read_cert(&leaf), *y = read_cert(&root);
    CHECK(X509_check_host(x, "broker.test", 0, 0, NULL) == 1 &&
          X509_check_host(x, "a.broker.test", 0, 0, NULL) == 1);
    CHECK(X509_check_host(x, "broker", 0, 0, NULL) == 0 && X509_check_host(x, "evil.test", 0, 0, NULL) == 0);
    CHECK(X509_check_ip_asc(x, "127.0.0.1", 0) == 1 && X509_check_ip_asc(x, "::1", 0) == 1);
    CHECK(X509_check_ip_asc(x, "127.0.0.2", 0) == 0);
    CHECK(X509_check_ca(x) == 0 && X509_check_ca(y) == 1);
    CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(x), X509_get0_serialNumber(y)) != 0);
    CHECK(X509_get_version(x) == X509_VERSION_3);
    X509_free(x);
    X509_free(y);
    key_free(ca);
    key_free(k);
    buf_clear(&root);
    buf_clear(&leaf);
}

/* A leaf that signs certificates is not believed. */
static void leaf_as_issuer(void)
{
    struct key *ca = NULL, *k = NULL;
    struct buf root = { 0 }, leaf = { 0 }, below = { 0 };

    CHECK(key_generate(KEY_ED25519, &ca) == OK && key_generate(KEY_ED25519, &k) == OK);
    struct cert_request r = root_request(ca);
    CHECK(cert_make(&r, &root) == OK);
    r = leaf_request(k, ca, &root);
    CHECK(cert_make(&r, &leaf) == OK);
    r = leaf_request(k, k, &leaf);
    CHECK(cert_make(&r, &below) == OK);
    CHECK(verdict(&leaf, &below, NOW + 1) != X509_V_OK);
    key_free(ca);
    key_free(k);
    buf_clear(&root);
    buf_clear(&leaf);
    buf_clear(&below);
}

static void refuse(const char *why, struct cert_request r, enum err want)
{
    struct buf out = { 0 };

    CHECK_ROW(cert_make(&r, &out) == want && out.n == 0, why);
    buf_clear(&out);
}

static void refusals(void)
{
    static const char *const bad_dns[] = { "fine.test", "two words" },
                             *const bad_ip[] = { "::1", "300.1.1.1" }, *const no_name[] = { "", "fine.test" };
    struct key *k = NULL, *other = NULL, *oct = NULL, *public = NULL;
    struct buf root = { 0 }, pem = { 0 };
    struct cert_request good;

    CHECK(key_generate(KEY_ED25519, &k) == OK && key_generate(KEY_P256, &other) == OK);
    CHECK(key_generate(KEY_OCT, &oct) == OK && key_pem_public(k, &pem) == OK);
    CHECK(key_from_pem(buf_span(&pem), &public) == OK);
    good = root_request(k);
    CHECK(cert_make(&good, &root) == OK);
    struct cert_request r = leaf_request(k, k, &root);
#define WITH(member, value, why, error) good = r, good.member = value, refuse(why, good, error)
    WITH(subject, oct, "symmetric subject", ERR_PROTOCOL);
    WITH(issuer, public, "issuer without private part", ERR_PROTOCOL);
    WITH(issuer, other, "not the issuer's key", ERR_PROTOCOL);
    WITH(issuer_pem, buf_span(&pem), "issuer's certificate is none", ERR_MALFORMED);
    WITH(issuer_pem, span(NULL, 0), "no issuer's certificate", ERR_MALFORMED);
    WITH(not_after, NOW - 1, "ends before it begins", ERR_MALFORMED);
    WITH(common_name, "", "no name", ERR_MALFORMED);
    WITH(common_name, "0123456789012345678901234567890123456789012345678901234567890123x", "long name",
         ERR_MALFORMED);
    WITH(dns, bad_dns, "DNS name with a space", ERR_MALFORMED);
    WITH(dns, no_name, "empty DNS name", ERR_MALFORMED);
    WITH(ip, bad_ip, "no address", ERR_MALFORMED);
#undef WITH
    key_free(k);
    key_free(other);
    key_free(oct);
    key_free(public);
    buf_clear(&root);
    buf_clear(&pem);
}

CU_TestInfo cert_tests[] = {
    { "chains", chains },     { "contents", contents }, { "leaf as issuer", leaf_as_issuer },
    { "refusals", refusals }, CU_TEST_INFO_NULL,
};
