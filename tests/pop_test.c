#include "common/ace/pop.h"
#include "common/codec/text.h"
#include "tests/check.h"
#include "tests/vectors.h"

#define OCT_OPEN "{\"kty\":\"oct\",\"k\":\"" POP_K "\""
#define OKP_OPEN "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" POP_X "\""
#define EC_OPEN                                                                                \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"," \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define EC_D "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE" /* RFC 7517 A.2 */

static struct buf from_hex(const char *hex)
{
    struct buf b = { 0 };

    CHECK(hex_decode(span_str(hex), &b) == OK);
    return b;
}

/* Claims with this cnf, as an AS would tell them. */
static struct claims *claims_with(const char *cnf)
{
    struct token_issuer as = { 0 };
    const struct token_trust trust = { .issuer_count = 1, .issuers = &as };
    struct buf json = { 0 };
    struct doc *d = NULL;
    struct claim_set set;
    struct claims *c = NULL;

    buf_format(&json, "{\"scope\":\"W10\",\"cnf\":%s}", cnf);
    CHECK_ROW(doc_read_json(buf_span(&json), &doc_limits_wire, &d, NULL) == OK, cnf);
    CHECK_ROW(claim_set_read(d, LABELS_CLAIMS, NOTATION_JSON, false, &set, NULL) == OK, cnf);
    CHECK_ROW(claims_introspected(&set, &trust, 0, 0, &c, NULL) == OK, cnf);
    doc_free(d);
    buf_clear(&json);
    return c;
}

static enum err verdict(const struct claims *c, struct span challenge, struct span proof)
{
    struct proven *p = NULL;
    enum err e = pop_verify(c, challenge, proof, &(struct pop_rules){ .min_hmac_key = 32 }, &p);

    CHECK((e == OK) == (p != NULL));
    CHECK(!p || key_eq(proven_key(p), claims_key(c)));
    proven_free(p);
    return e;
}

/* clang-format off */
static const struct vector {
    const char *why, *cnf, *challenge, *proof;
} vectors[] = {
    { "HS256 over the exporter",   "{\"jwk\":" OCT_OPEN "}}", EXPORTER_HEX, HS256_EXPORTER_HEX   },
    { "HS256 over the nonces",     "{\"jwk\":" OCT_OPEN "}}", NONCES_HEX,   HS256_NONCES_HEX     },
    { "Ed25519 over the exporter", "{\"jwk\":" OKP_OPEN "}}", EXPORTER_HEX, ED25519_EXPORTER_HEX },
    { "Ed25519 over the nonces",   "{\"jwk\":" OKP_OPEN "}}", NONCES_HEX,   ED25519_NONCES_HEX   },
};

static const struct use {
    const char *why, *cnf;
    enum err want;
} uses[] = {
    { "no alg",                          "{\"jwk\":" OCT_OPEN "}}",                                OK },
    { "alg HS256",                       "{\"jwk\":" OCT_OPEN ",\"alg\":\"HS256\"}}",              OK },
    { "alg none",                        "{\"jwk\":" OCT_OPEN ",\"alg\":\"none\"}}",               ERR_NOT_AUTHORIZED },
    { "alg HS512",                       "{\"jwk\":" OCT_OPEN ",\"alg\":\"HS512\"}}",              ERR_NOT_AUTHORIZED },
    { "alg of another family",           "{\"jwk\":" OCT_OPEN ",\"alg\":\"EdDSA\"}}",              ERR_NOT_AUTHORIZED },
    { "key_ops verify",                  "{\"jwk\":" OCT_OPEN ",\"key_ops\":[\"verify\"]}}",       OK },
    { "key_ops encrypt",                 "{\"jwk\":" OCT_OPEN ",\"key_ops\":[\"encrypt\"]}}",      ERR_NOT_AUTHORIZED },
    { "use enc",                         "{\"jwk\":" OCT_OPEN ",\"use\":\"enc\"}}",                ERR_NOT_AUTHORIZED },
    { "use sig",                         "{\"jwk\":" OCT_OPEN ",\"use\":\"sig\"}}",                OK },
    { "a kid beside the key",            "{\"jwk\":" OCT_OPEN ",\"kid\":\"k1\"}}",                 OK },
    { "a kid alone",                     "{\"kid\":\"k1\"}",                                       ERR_NOT_AUTHORIZED },
    { "a reference in a jwk",            "{\"jwk\":{\"kty\":\"oct\",\"kid\":\"k1\"}}",             ERR_NOT_AUTHORIZED },
    { "other octets",                    "{\"jwk\":{\"kty\":\"oct\",\"k\":\"" POP_X "\"}}",        ERR_NOT_AUTHORIZED },
    { "octets shorter than 32 (A-11)",   "{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}}", ERR_NOT_AUTHORIZED },
    { "another type of key",             "{\"jwk\":" OKP_OPEN "}}",                                ERR_NOT_AUTHORIZED },
};
/* clang-format on */

static void against_vectors(void)
{
    const struct vector *r;

    for (EACH_ROW(r, vectors)) {
        struct claims *c = claims_with(r->cnf);
        struct buf challenge = from_hex(r->challenge), proof = from_hex(r->proof);
        CHECK_ROW(verdict(c, buf_span(&challenge), buf_span(&proof)) == OK, r->why);
        for (size_t n = 0; n < proof.n; n++) /* [R-POPX-10] */
            CHECK_ROW(verdict(c, buf_span(&challenge), span(proof.p, n)) == ERR_NOT_AUTHORIZED, r->why);
        for (size_t i = 0; i < 8 * proof.n; i++) {
            proof.p[i / 8] ^= (uint8_t)(1 << i % 8);
            CHECK_ROW(verdict(c, buf_span(&challenge), buf_span(&proof)) == ERR_NOT_AUTHORIZED, r->why);
            proof.p[i / 8] ^= (uint8_t)(1 << i % 8);
        }
        challenge.p[0] ^= 1;
        CHECK_ROW(verdict(c, buf_span(&challenge), buf_span(&proof)) == ERR_NOT_AUTHORIZED, r->why);
        challenge.p[0] ^= 1;
        buf_u8(&proof, 0);
        CHECK_ROW(verdict(c, buf_span(&challenge), buf_span(&proof)) == ERR_NOT_AUTHORIZED, r->why);
        buf_clear(&challenge);
        buf_clear(&proof);
        claims_free(c);
    }
}

static void made_as_the_vectors(void)
{
    const struct vector *r;
    struct buf seed = from_hex(POP_SEED_HEX);
    struct key *oct = NULL, *ed = NULL;

    CHECK(key_oct(buf_span(&seed), &oct) == OK && key_ed25519_private(buf_span(&seed), &ed) == OK);
    for (EACH_ROW(r, vectors)) {
        struct buf challenge = from_hex(r->challenge), want = from_hex(r->proof), got = { 0 };
        CHECK_ROW(pop_prove(strstr(r->cnf, "oct") ? oct : ed, buf_span(&challenge), &got) == OK, r->why);
        CHECK_ROW(span_eq(buf_span(&got), buf_span(&want)), r->why);
        buf_clear(&challenge);
        buf_clear(&want);
        buf_clear(&got);
    }
    key_free(oct);
    key_free(ed);
    buf_clear(&seed);
}

static void key_uses(void)
{
    const struct use *r;
    struct buf challenge = from_hex(EXPORTER_HEX), proof = from_hex(HS256_EXPORTER_HEX);

    for (EACH_ROW(r, uses)) {
        struct claims *c = claims_with(r->cnf);
        CHECK_ROW(verdict(c, buf_span(&challenge), buf_span(&proof)) == r->want, r->why);
        claims_free(c);
    }
    buf_clear(&challenge);
    buf_clear(&proof);
}

/* [R-POPX-12] r then s, made with the private key and checked with the public one. */
static void es256(void)
{
    struct claims *c = claims_with("{\"jwk\":" EC_OPEN ",\"alg\":\"ES256\"}}");
    struct buf challenge = from_hex(EXPORTER_HEX), proof = { 0 }, d = { 0 };
    struct key *k = NULL;

    CHECK(b64url_decode(span_str(EC_D), &d) == OK && key_p256_private(buf_span(&d), &k) == OK);
    CHECK(pop_prove(k, buf_span(&challenge), &proof) == OK && proof.n == 64);
    CHECK(verdict(c, buf_span(&challenge), buf_span(&proof)) == OK);
    proof.p[63] ^= 1;
    CHECK(verdict(c, buf_span(&challenge), buf_span(&proof)) == ERR_NOT_AUTHORIZED);
    memset(proof.p, 0, 64);
    CHECK(verdict(c, buf_span(&challenge), buf_span(&proof)) == ERR_NOT_AUTHORIZED);
    buf_truncate(&proof, 0);
    CHECK(pop_prove(claims_key(c), buf_span(&challenge), &proof) == ERR_PROTOCOL && proof.n == 0);
    buf_clear(&challenge);
    buf_clear(&proof);
    buf_clear(&d);
    key_free(k);
    claims_free(c);
}

/* */
static void es256_in_der(void)
{
    struct claims *c = claims_with("{\"jwk\":" EC_OPEN ",\"alg\":\"ES256\"}}");
    struct buf challenge = from_hex(EXPORTER_HEX), raw = { 0 }, proof = { 0 }, d = { 0 };
    const struct pop_rules strict = { .min_hmac_key = 32 }, lax = { .min_hmac_key = 32, .der_ecdsa = true };
    struct proven *p = NULL;
    struct key *k = NULL;

    CHECK(b64url_decode(span_str(EC_D), &d) == OK && key_p256_private(buf_span(&d), &k) == OK);
    CHECK(pop_prove(k, buf_span(&challenge), &raw) == OK && signature_to_der(buf_span(&raw), &proof) == OK);
    CHECK(pop_verify(c, buf_span(&challenge), buf_span(&proof), &strict, &p) == ERR_NOT_AUTHORIZED);
    CHECK(pop_verify(c, buf_span(&challenge), buf_span(&proof), &lax, &p) == OK && p);
    proven_free(p);
    CHECK(pop_verify(c, buf_span(&challenge), buf_span(&raw), &lax, &p) == OK && p);
    proven_free(p);
    proof.p[proof.n - 1] ^= 1;
    CHECK(pop_verify(c, buf_span(&challenge), buf_span(&proof), &lax, &p) == ERR_NOT_AUTHORIZED);
    proof.p[proof.n - 1] ^= 1;
    challenge.p[0] ^= 1;
    CHECK(pop_verify(c, buf_span(&challenge), buf_span(&proof), &lax, &p) == ERR_NOT_AUTHORIZED);
    buf_clear(&challenge);
    buf_clear(&raw);
    buf_clear(&proof);
    buf_clear(&d);
    key_free(k);
    claims_free(c);
}

static void shorter_keys(void)
{
    struct claims *c = claims_with("{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}}");
    struct buf challenge = from_hex(EXPORTER_HEX), proof = { 0 };
    struct proven *p = NULL;

    CHECK(pop_prove(claims_key(c), buf_span(&challenge), &proof) == OK && proof.n == 32);
    CHECK(pop_verify(c, buf_span(&challenge), buf_span(&proof), &(struct pop_rules){ .min_hmac_key = 17 },
                     &p) == ERR_NOT_AUTHORIZED &&
          !p);
    CHECK(pop_verify(c, buf_span(&challenge), buf_span(&proof), &(struct pop_rules){ .min_hmac_key = 16 },
                     &p) == OK &&
          p);
    proven_free(p);
    buf_clear(&challenge);
    buf_clear(&proof);
    claims_free(c);
}

static void in_tls(void)
{
    struct buf seed = from_hex(POP_SEED_HEX);
    struct key *oct = NULL, *ed = NULL;

    CHECK(key_oct(buf_span(&seed), &oct) == OK && key_ed25519_private(buf_span(&seed), &ed) == OK);
    const struct row {
        const char *why;
        struct tls_facts facts;
        const struct key *proven;
    } rows[] = {
        { "raw public key", { .version = 0x0304, .peer = TLS_PEER_RPK, .peer_key = ed }, ed },
        { "PSK", { .version = 0x0304, .peer = TLS_PEER_PSK, .peer_key = oct }, oct },
        { "PSK we do not hold", { .version = 0x0304, .peer = TLS_PEER_PSK }, NULL },
        { "PSK that is no octets", { .version = 0x0304, .peer = TLS_PEER_PSK, .peer_key = ed }, NULL },
        { "anonymous", { .version = 0x0304, .peer = TLS_PEER_ANONYMOUS, .peer_key = ed }, NULL },
        { "certificate", { .version = 0x0304, .peer = TLS_PEER_CERTIFICATE, .peer_key = ed }, NULL },
        { "TLS 1.2", { .version = 0x0303, .extended_master_secret = true, .peer = TLS_PEER_PSK, .peer_key = oct }, oct },
        { "TLS 1.2, no EMS", { .version = 0x0303, .peer = TLS_PEER_RPK, .peer_key = ed }, NULL },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct proven *p = NULL;
        CHECK_ROW(tls_proven(&r->facts, &p) == (r->proven ? OK : ERR_NOT_AUTHORIZED), r->why);
        CHECK_ROW(r->proven ? p && key_eq(proven_key(p), r->proven) : !p, r->why);
        proven_free(p);
    }
    key_free(oct);
    key_free(ed);
    buf_clear(&seed);
}

CU_TestInfo pop_tests[] = {
    { "vectors", against_vectors },
    { "made as the vectors", made_as_the_vectors },
    { "key uses", key_uses },
    { "ES256", es256 },
    { "ES256 in DER", es256_in_der },
    { "shorter keys", shorter_keys },
    { "in TLS", in_tls },
    CU_TEST_INFO_NULL,
};
