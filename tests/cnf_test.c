#include "common/ace/cnf.h"
#include "tests/bytes.h"
#include "tests/check.h"

#define ED "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg\"}"
#define ED_HEX         \
    "a301012006215820" \
    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
#define HASH     "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define HASH_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KID_HEX  "483d027833fc6267ce"

/* clang-format off */
static const struct row {
    const char *why, *in;
    enum err e;
    enum cnf_kind kind;
    const char *kid;   /* in hex; NULL: none */
    const char *again; /* what is written back; NULL: as it came */
} rows[] = {
    { "public key", "{\"jwk\":" ED "}", OK, CNF_KEY, NULL, NULL },
    { "symmetric key", "{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"" HASH "\"}}", OK, CNF_KEY, "61", NULL },
    { "encrypted key", "{\"jwe\":\"eyJhbGciOiJkaXIifQ..AA.AA.AA\"}", OK, CNF_ENCRYPTED, NULL, NULL },
    { "reference", "{\"kid\":\"PQJ4M_xiZ84\"}", OK, CNF_KID, "50514a344d5f78695a3834", NULL },
    { "reference in a key object", "{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a\"}}", OK, CNF_KID, "61", "{\"kid\":\"a\"}" },
    { "certificate", "{\"x5t#S256\":\"" HASH "\"}", OK, CNF_THUMBPRINT, NULL, NULL },
    { "unknown members [R-VAL-25]", "{\"foo\":1,\"jwk\":" ED ",\"osc\":{}}", OK, CNF_KEY, NULL, "{\"jwk\":" ED "}" },
    { "a kid beside the key names it", "{\"jwk\":" ED ",\"kid\":\"a\"}", OK, CNF_KEY, "61",
      "{\"jwk\":{\"kty\":\"OKP\",\"kid\":\"a\",\"crv\":\"Ed25519\",\"x\":\"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg\"}}" },
    { "the same kid twice", "{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAEC\"},\"kid\":\"a\"}", OK, CNF_KEY, "61",
      "{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAEC\"}}" },
    { "two kids", "{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAEC\"},\"kid\":\"b\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "a key beside the thumbprint wins", "{\"jwk\":" ED ",\"x5t#S256\":\"" HASH "\"}", OK, CNF_KEY, NULL, "{\"jwk\":" ED "}" },
    { "two keys [R-VAL-24]", "{\"jwk\":" ED ",\"jwe\":\"a.b.c.d.e\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "a key and a URL", "{\"jwk\":" ED ",\"jku\":\"https://as.test/keys\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "a URL [R-JWT-15]", "{\"jku\":\"https://as.test/keys\",\"kid\":\"a\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "private key", "{\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg\",\"d\":\"" HASH "\"}}",
      ERR_MALFORMED, 0, NULL, NULL },
    { "nothing", "{}", ERR_MALFORMED, 0, NULL, NULL },
    { "nothing known", "{\"osc\":{}}", ERR_MALFORMED, 0, NULL, NULL },
    { "another case", "{\"JWK\":" ED "}", ERR_MALFORMED, 0, NULL, NULL },
    { "no object", "\"jwk\"", ERR_MALFORMED, 0, NULL, NULL },
    { "null", "null", ERR_MALFORMED, 0, NULL, NULL },
    { "jwk a string", "{\"jwk\":\"a\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "jwk null", "{\"jwk\":null,\"kid\":\"a\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "RSA", "{\"jwk\":{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}}", ERR_UNSUPPORTED_POP_KEY, 0, NULL, NULL },
    { "jwe an object", "{\"jwe\":{}}", ERR_MALFORMED, 0, NULL, NULL },
    { "kid empty", "{\"kid\":\"\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "kid a number", "{\"kid\":1}", ERR_MALFORMED, 0, NULL, NULL },
    { "kid too long", "{\"kid\":\"" HASH HASH "\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "thumbprint of 31 bytes", "{\"x5t#S256\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "thumbprint padded", "{\"x5t#S256\":\"" HASH "=\"}", ERR_MALFORMED, 0, NULL, NULL },
    { "SHA-1 thumbprint (A-19)", "{\"x5t\":\"AAECAwQFBgcICQoLDA0ODxAREhM\"}", ERR_MALFORMED, 0, NULL, NULL },
};

static const struct row cbor_rows[] = {
    { "public key", "a1 01" ED_HEX, OK, CNF_KEY, NULL, NULL },
    { "symmetric key with kid", "a1 01 a3 0104 02" KID_HEX "205820" HASH_HEX, OK, CNF_KEY, "3d027833fc6267ce", NULL },
    { "reference in a key object", "a1 01 a2 0104 02" KID_HEX, OK, CNF_KID, "3d027833fc6267ce", "a1 03" KID_HEX },
    { "reference", "a1 03" KID_HEX, OK, CNF_KID, "3d027833fc6267ce", NULL },
    { "encrypted", "a1 02 d0 83 43a1010a a1 05 41ff 42aabb", OK, CNF_ENCRYPTED, NULL, NULL },
    { "certificate", "a1 1822 82 2f 5820" HASH_HEX, OK, CNF_THUMBPRINT, NULL, NULL },
    { "certificate by SHA-1", "a1 1822 82 2d 54 0001020304050607080910111213141516171819", ERR_MALFORMED, 0, NULL, NULL },
    { "certificate as a map", "a1 1822 a2 00 2f 01 5820" HASH_HEX, ERR_MALFORMED, 0, NULL, NULL },
    { "certificate, one too many", "a1 1822 83 2f 5820" HASH_HEX "00", ERR_MALFORMED, 0, NULL, NULL },
    { "unknown labels", "a2 04 a0 01" ED_HEX, OK, CNF_KEY, NULL, "a1 01" ED_HEX },
    { "two keys", "a2 01" ED_HEX "02 80", ERR_MALFORMED, 0, NULL, NULL },
    { "only an unknown label", "a1 04 a0", ERR_MALFORMED, 0, NULL, NULL },
    { "a name", "a1 636a776b" ED_HEX, ERR_MALFORMED, 0, NULL, NULL },
    { "private key", "a1 01 a3 0101 2006 235820" HASH_HEX, ERR_MALFORMED, 0, NULL, NULL },
    { "kid a text", "a1 03 6161", ERR_MALFORMED, 0, NULL, NULL },
};
/* clang-format on */

static void check_row(const struct row *r, const struct doc *d, enum notation n, struct buf *again)
{
    struct cnf c;
    struct fault why = { 0 };

    CHECK_ROW(cnf_read(d, n, &c, &why) == r->e && c.kind == r->kind, r->why);
    CHECK_ROW((why.why[0] == 0) == (r->e == OK), r->why);
    if (r->e != OK) {
        CHECK_ROW(!c.object.key && !c.object.kid.p && !c.encrypted.p, r->why);
        return;
    }
    CHECK_ROW(c.object.has_kid == (r->kid != NULL) && is_hex(buf_span(&c.object.kid), r->kid ? r->kid : ""),
              r->why);
    CHECK_ROW((c.object.key != NULL) == (c.kind == CNF_KEY), r->why);
    struct doc *back = cnf_write(&c, n);
    CHECK_ROW((n == NOTATION_CBOR ? doc_write_cbor(back, again) : doc_write_json(back, again)) == OK, r->why);
    doc_free(back);
    cnf_clear(&c);
}

static void json(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct doc *d = NULL;
        struct buf again = { 0 };

        CHECK_ROW(doc_read_json(span_str(r->in), &doc_limits_wire, &d, NULL) == OK, r->why);
        check_row(r, d, NOTATION_JSON, &again);
        if (r->e == OK) CHECK_ROW(span_is(buf_span(&again), r->again ? r->again : r->in), r->why);
        doc_free(d);
        buf_clear(&again);
    }
}

static void cbor(void)
{
    const struct row *r;

    for (EACH_ROW(r, cbor_rows)) {
        struct buf in = unhex(r->in), again = { 0 };
        struct doc *d = NULL;

        CHECK_ROW(doc_read_cbor(buf_span(&in), &doc_limits_wire, &d, NULL) == OK, r->why);
        check_row(r, d, NOTATION_CBOR, &again);
        if (r->e == OK) CHECK_ROW(is_hex(buf_span(&again), r->again ? r->again : r->in), r->why);
        doc_free(d);
        buf_clear(&in);
        buf_clear(&again);
    }
}

/* k in padded base64, where draft -02 is spoken; nothing else changes. */
static void draft02(void)
{
    static const struct spelling {
        const char *why, *in;
        enum err strict, e;
    } spelled[] = {
        { "base64url", "{\"jwk\":{\"kty\":\"oct\",\"k\":\"-_8\"}}", OK, OK },
        { "base64", "{\"jwk\":{\"kty\":\"oct\",\"k\":\"+/8=\"}}", ERR_MALFORMED, OK },
        { "base64 without its padding", "{\"jwk\":{\"kty\":\"oct\",\"k\":\"+/8\"}}", ERR_MALFORMED,
          ERR_MALFORMED },
        { "a mixture", "{\"jwk\":{\"kty\":\"oct\",\"k\":\"+_8=\"}}", ERR_MALFORMED, ERR_MALFORMED },
        { "no text", "{\"jwk\":{\"kty\":\"oct\",\"k\":1}}", ERR_MALFORMED, ERR_MALFORMED },
        { "no key at all", "{\"jwk\":1}", ERR_MALFORMED, ERR_MALFORMED },
        { "no object", "[]", ERR_MALFORMED, ERR_MALFORMED },
        { "private", "{\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"AA==\",\"k\":\"+/8=\"}}",
          ERR_MALFORMED, ERR_MALFORMED },
    };
    static const uint8_t octets[] = { 0xfb, 0xff };

    for (size_t i = 0; i < sizeof spelled / sizeof *spelled; i++) {
        struct doc *d = NULL;
        struct cnf c, strict;
        CHECK(doc_read_json(span_str(spelled[i].in), &doc_limits_wire, &d, NULL) == OK);
        CHECK_ROW(cnf_read(d, NOTATION_JSON, &strict, NULL) == spelled[i].strict, spelled[i].why);
        CHECK_ROW(cnf_read_draft02(d, &c, NULL) == spelled[i].e, spelled[i].why);
        if (spelled[i].e == OK)
            CHECK_ROW(span_eq(key_octets(c.object.key), span(octets, sizeof octets)), spelled[i].why);
        cnf_clear(&c);
        cnf_clear(&strict);
        doc_free(d);
    }
}

static struct cnf of_json(const char *text)
{
    struct doc *d = NULL;
    struct cnf c;

    CHECK_ROW(doc_read_json(span_str(text), &doc_limits_wire, &d, NULL) == OK, text);
    CHECK_ROW(cnf_read(d, NOTATION_JSON, &c, NULL) == OK, text);
    doc_free(d);
    return c;
}

static const struct eq_row {
    const char *why, *a, *b;
    bool eq;
} eq_rows[] = {
    { "same key, one with a kid", "{\"jwk\":" ED "}", "{\"jwk\":" ED ",\"kid\":\"a\"}", true },
    { "another key", "{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAEC\"}}",
      "{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAED\"}}", false },
    { "another type", "{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAEC\"}}", "{\"jwk\":" ED "}", false },
    { "same kid", "{\"kid\":\"a\"}", "{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a\"}}", true },
    { "another kid", "{\"kid\":\"a\"}", "{\"kid\":\"A\"}", false },
    { "kid against key", "{\"kid\":\"a\"}", "{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAEC\",\"kid\":\"a\"}}",
      false },
    { "same certificate", "{\"x5t#S256\":\"" HASH "\"}", "{\"x5t#S256\":\"" HASH "\"}", true },
    { "another certificate", "{\"x5t#S256\":\"" HASH "\"}",
      "{\"x5t#S256\":\"BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}", false },
    { "same ciphertext", "{\"jwe\":\"a\"}", "{\"jwe\":\"a\"}", true },
    { "another ciphertext", "{\"jwe\":\"a\"}", "{\"jwe\":\"b\"}", false },
};

static void equal(void)
{
    const struct eq_row *r;

    for (EACH_ROW(r, eq_rows)) {
        struct cnf a = of_json(r->a), b = of_json(r->b);
        CHECK_ROW(cnf_eq(&a, &b) == r->eq && cnf_eq(&b, &a) == r->eq && cnf_eq(&a, &a), r->why);
        cnf_clear(&a);
        cnf_clear(&b);
    }
    CHECK(cnf_write(&(struct cnf){ 0 }, NOTATION_JSON) == NULL);
}

CU_TestInfo cnf_tests[] = {
    { "JSON", json }, { "CBOR", cbor }, { "draft -02", draft02 }, { "equal", equal }, CU_TEST_INFO_NULL,
};
