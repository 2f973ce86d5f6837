#include "common/ace/jose.h"
#include "common/codec/text.h"
#include "common/crypto/sign.h"
#include "tests/bytes.h"
#include "tests/check.h"

#define HMAC_JWK                                                             \
    "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-" \
    "1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}"
#define EC_PUBLIC                                                                              \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define EC_JWK                                                                                              \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","              \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-" \
    "E9LI\"}"
#define ED_JWK                                                                                    \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"," \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
/* the AS of the vectors: a seed of 32 times 0x42 */
#define AS_JWK                                                                                    \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI\"," \
    "\"x\":\"IVL40Zt5HSRFMkLhXy6rbLfP-ntqXtMAl5YOBpiB2xI\"}"
/* the key that the AS shares with RS1 in the vectors: a1a2a304...10 */
#define RS1_JWK  "{\"kty\":\"oct\",\"k\":\"oaKjBAUGBwgJCgsMDQ4PEA\"}"
#define A256_JWK "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}"

#define A1_PAYLOAD "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
#define A1_PART \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define A1 "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." A1_PART ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define A3                          \
    "eyJhbGciOiJFUzI1NiJ9." A1_PART \
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define A4                                                                                  \
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-" \
    "09PGcvMg3AIbQR6dWbhijcNR4k"                                                            \
    "i4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
/* The JWS and the JWE of the profile's vectors, and what is in them. */
#define VECTOR_JWS                                                                                           \
    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9."                                                                  \
    "eyJpc3MiOiJBUyIsImF1ZCI6ImJyb2tlcjEiLCJleHAiOjE5MDAwMDAwMDAsInNjb3BlIjoiVzF"                            \
    "zaWRHOXdhV014SWl4YkluQjFZaUlzSW5OMVlpSmRYU3hiSW5SdmNHbGpNaThqSWl4YkluQjFZaUpkWFN4Yklpc3ZkRzl3YVdNeklpe" \
    "GJJbk4xWWlK"                                                                                            \
    "ZFhWMCIsImNuZiI6eyJqd2siOnsia3R5IjoiT0tQIiwiY3J2IjoiRWQyNTUxOSIsIngiOiJBNkVIdl9QT0VMNGRjTjBZNTB2QW1XZm" \
    "sxakNicFExZ"                                                                                            \
    "khkeUdaQkpWTWJnIn19fQ.O-Dl8hweS4iHy5uCRs3FSwSVgGHdnzLZ1-"                                               \
    "vTLtyYf6R5lbwpf1h71KYukeSVsfEA2bnadBSTiG0OkeyTCT1LBg"
#define VECTOR_JWE                                                                                         \
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIiwia2lkIjoiUlMxIn0..AAECAwQFBgcICQoL.uryJo_ZC6lTEUhisWwjOOQRX-"  \
    "nEl4yurFrYYHZU"                                                                                       \
    "q0Cxg1Lsram1h_"                                                                                       \
    "tERpst9GEHGEdtdYATvdlZt3Ylx6TW0obH9mOaliDe21dY1cN45tD45X4ESjomLo4bB9PnI3NTyLFRVDe1Uk0xGC_Di_3YxOfjJc" \
    "Xqx_VG8pDbwPjTv2kJpRgi-GOyck6GzwI7UV5AnWNX2uveEtTUAhokTIvLLkwIlIaayp2gjdG_Qi_"                        \
    "3K1dbvo2m7SPA7pL2Jei8ABgfZ6_EwTejzuEB3a"                                                              \
    "NryKGNPW-vNjeDKsJSA4pOhXXLdzQ8BKy862vk7lxl03Sv3lcNxrw3DRJASRoSsISMCML2ku0Cd5KKXzgIkq1IlTFDoRYBxnhou." \
    "M1h9eBQCMCNkltIcz"                                                                                    \
    "qXJgg"
#define SCOPE "W1sidG9waWMxIixbInB1YiIsInN1YiJdXSxbInRvcGljMi8jIixbInB1YiJdXSxbIisvdG9waWMzIixbInN1YiJdXV0"
#define JWS_CLAIMS                                                              \
    "{\"iss\":\"AS\",\"aud\":\"broker1\",\"exp\":1900000000,\"scope\":\"" SCOPE \
    "\",\"cnf\":{\"jwk\":{\"kty\":\"OKP\","                                     \
    "\"crv\":\"Ed25519\",\"x\":\"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg\"}}}"
#define JWE_CLAIMS                                                                                 \
    "{\"iss\":\"AS\",\"aud\":\"broker1\",\"exp\":1900000000,\"iat\":1800000000,\"scope\":\"" SCOPE \
    "\",\"cnf\":{\"jwk\":"                                                                         \
    "{\"kty\":\"oct\",\"kid\":\"PQJ4M_xiZ84\",\"alg\":\"HS256\",\"k\":"                            \
    "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}}}"

static struct key *of_jwk(const char *jwk)
{
    struct key_object k;

    CHECK_ROW(key_file_read(span_str(jwk), &k, NULL) == OK, jwk);
    return k.key;
}

typedef enum err opener(struct span token, const struct key *k, struct buf *out, struct fault *why);

static const struct row {
    const char *why, *token, *jwk;
    opener *open;
    const char *payload;
} rows[] = {
    { "RFC 7515 A.1", A1, HMAC_JWK, jws_open, A1_PAYLOAD },
    { "RFC 7515 A.3", A3, EC_PUBLIC, jws_open, A1_PAYLOAD },
    { "RFC 8037 A.4", A4, ED_JWK, jws_open, "Example of Ed25519 signing" },
    { "JWS of the vectors", VECTOR_JWS, AS_JWK, jws_open, JWS_CLAIMS },
    { "JWE of the vectors", VECTOR_JWE, RS1_JWK, jwe_open, JWE_CLAIMS },
};

/* Opening must fail, say why, and leave what was in the buffer. */
static bool refused(opener *open, struct span token, const struct key *k, enum err want)
{
    struct buf out = { 0 };
    struct fault why = { 0 };

    buf_str(&out, "before");
    enum err e = open(token, k, &out, &why);
    bool ok = (want ? e == want : e == ERR_MALFORMED || e == ERR_NOT_AUTHORIZED) && why.why[0] &&
              span_is(buf_span(&out), "before");
    buf_clear(&out);
    return ok;
}

static void vectors(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct key *k = of_jwk(r->jwk);
        struct buf out = { 0 };

        buf_str(&out, "before");
        CHECK_ROW(r->open(span_str(r->token), k, &out, NULL) == OK, r->why);
        CHECK_ROW(span_is(span_skip(buf_span(&out), 6), r->payload), r->why);
        key_free(k);
        buf_clear(&out);
    }
}

static void every_truncation(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct key *k = of_jwk(r->jwk);
        for (size_t n = 0; n < strlen(r->token); n++)
            CHECK_ROW(refused(r->open, span(r->token, n), k, OK), r->why);
        key_free(k);
    }
}

static void every_bit(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct key *k = of_jwk(r->jwk);
        for (size_t i = 0; i < strlen(r->token) * 8; i++) {
            struct buf bad = flipped(span_str(r->token), i);
            CHECK_ROW(refused(r->open, buf_span(&bad), k, OK), r->why);
            buf_clear(&bad);
        }
        key_free(k);
    }
}

static void other_keys(void)
{
    struct key *keys[] = { of_jwk(HMAC_JWK), of_jwk(EC_PUBLIC), of_jwk(ED_JWK),
                           of_jwk(AS_JWK),   of_jwk(RS1_JWK),   of_jwk(A256_JWK) };
    const struct row *r;
    struct key **k;

    for (EACH_ROW(r, rows)) {
        struct key *own = of_jwk(r->jwk);
        for (k = keys; k < keys + sizeof keys / sizeof *keys; k++)
            if (!key_eq(*k, own))
                CHECK_ROW(refused(r->open, span_str(r->token), *k, ERR_NOT_AUTHORIZED), r->why);
        /* a JWS is no JWE and the other way round */
        CHECK_ROW(refused(r->open == jws_open ? jwe_open : jws_open, span_str(r->token), own, ERR_MALFORMED),
                  r->why);
        key_free(own);
    }
    for (k = keys; k < keys + sizeof keys / sizeof *keys; k++) key_free(*k);
}

/* --- headers: each row is signed and encrypted for real, so that only the header can be the reason --- */

static const struct header_row {
    const char *why, *json;
    enum err jws, jwe; /* of jws_open with an Ed25519 key, of jwe_open with a 16-byte key */
} header_rows[] = {
    { "fine for both", "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\"}", OK, ERR_NOT_AUTHORIZED },
    { "fine for JWE", "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", ERR_NOT_AUTHORIZED, OK },
    { "RFC 9864 name", "{\"alg\":\"Ed25519\",\"enc\":\"A128GCM\"}", OK, ERR_NOT_AUTHORIZED },
    { "white space", " {\r\n \"alg\" : \"EdDSA\", \"enc\":\"A128GCM\" } ", OK, ERR_NOT_AUTHORIZED },
    { "unknown members, keys to be ignored",
      "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\",\"x\":[{}],\"jku\":\"https://evil.test\",\"x5u\":1,"
      "\"jwk\":" ED_JWK ",\"x5c\":[\"\"]}",
      OK, ERR_NOT_AUTHORIZED },
    { "none", "{\"alg\":\"none\",\"enc\":\"A128GCM\"}", ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED },
    { "nOnE", "{\"alg\":\"nOnE\",\"enc\":\"A128GCM\"}", ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED },
    { "another case", "{\"alg\":\"eddsa\",\"enc\":\"a128gcm\"}", ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED },
    { "leading space", "{\"alg\":\" EdDSA\",\"enc\":\"A128GCM\"}", ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED },
    { "HS256 with a public key", "{\"alg\":\"HS256\",\"enc\":\"A128GCM\"}", ERR_NOT_AUTHORIZED,
      ERR_NOT_AUTHORIZED },
    { "another enc", "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED },
    { "enc unknown", "{\"alg\":\"dir\",\"enc\":\"A128CBC\"}", ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED },
    { "alg A128KW", "{\"alg\":\"A128KW\",\"enc\":\"A128GCM\"}", ERR_NOT_AUTHORIZED, ERR_NOT_AUTHORIZED },
    { "no enc", "{\"alg\":\"EdDSA\"}", OK, ERR_MALFORMED },
    { "no alg", "{\"enc\":\"A128GCM\"}", ERR_MALFORMED, ERR_MALFORMED },
    { "alg empty", "{\"alg\":\"\",\"enc\":\"A128GCM\"}", ERR_MALFORMED, ERR_MALFORMED },
    { "alg a list", "{\"alg\":[\"EdDSA\"],\"enc\":\"A128GCM\"}", ERR_MALFORMED, ERR_MALFORMED },
    { "ALG", "{\"ALG\":\"EdDSA\",\"enc\":\"A128GCM\"}", ERR_MALFORMED, ERR_MALFORMED },
    { "alg twice", "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"}", ERR_MALFORMED, ERR_MALFORMED },
    { "crit unknown", "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\",\"crit\":[\"x\"],\"x\":1}", ERR_MALFORMED,
      ERR_MALFORMED },
    { "crit empty", "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\",\"crit\":[]}", ERR_MALFORMED, ERR_MALFORMED },
    { "crit of a known name", "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\",\"crit\":[\"alg\"]}", ERR_MALFORMED,
      ERR_MALFORMED },
    { "crit null", "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\",\"crit\":null}", ERR_MALFORMED, ERR_MALFORMED },
    { "zip", "{\"alg\":\"dir\",\"enc\":\"A128GCM\",\"zip\":\"DEF\"}", ERR_MALFORMED, ERR_MALFORMED },
    { "b64", "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\",\"b64\":false}", ERR_MALFORMED, ERR_MALFORMED },
    { "kid a number", "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\",\"kid\":1}", ERR_MALFORMED, ERR_MALFORMED },
    { "kid empty", "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\",\"kid\":\"\"}", ERR_MALFORMED, ERR_MALFORMED },
    { "kid of 65 bytes",
      "{\"alg\":\"EdDSA\",\"kid\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0\"}",
      ERR_MALFORMED, ERR_MALFORMED },
    { "typ a number", "{\"alg\":\"EdDSA\",\"enc\":\"A128GCM\",\"typ\":1}", ERR_MALFORMED, ERR_MALFORMED },
    { "no object", "[\"EdDSA\"]", ERR_MALFORMED, ERR_MALFORMED },
    { "no JSON", "alg=EdDSA", ERR_MALFORMED, ERR_MALFORMED },
    { "trailing bytes", "{\"alg\":\"EdDSA\"}x", ERR_MALFORMED, ERR_MALFORMED },
    { "NUL in alg", "{\"alg\":\"EdDSA\\u0000\"}", ERR_MALFORMED, ERR_MALFORMED },
    { "empty", "", ERR_MALFORMED, ERR_MALFORMED },
};

/* A JWS over any header. */
static void forge_jws(const char *header, const struct key *k, struct buf *out)
{
    uint8_t signature[SIGNATURE_SIZE];

    b64url_encode(out, span_str(header));
    buf_str(out, ".");
    b64url_encode(out, span_str("payload"));
    CHECK_ROW(sign(k, buf_span(out), signature) == OK, header);
    buf_str(out, ".");
    b64url_encode(out, span(signature, sizeof signature));
}

/* A JWE over any header, with an initialisation vector and a tag cut to these sizes. */
static void forge_jwe(const char *header, const struct key *k, const size_t sizes[2], struct buf *out)
{
    static const uint8_t iv[12] = { 1 };
    struct buf sealed = { 0 };

    b64url_encode(out, span_str(header));
    CHECK_ROW(aead_seal(AEAD_A128GCM, key_octets(k), span(iv, 12), buf_span(out), span_str("payload"),
                        &sealed) == OK,
              header);
    buf_str(out, "..");
    b64url_encode(out, span(iv, sizes[0]));
    buf_str(out, ".");
    b64url_encode(out, span(sealed.p, 7));
    buf_str(out, ".");
    b64url_encode(out, span(sealed.p + 7, sizes[1]));
    buf_clear(&sealed);
}

static void check_open(const char *why, opener *open, const struct buf *token, const struct key *k,
                       enum err want)
{
    struct buf out = { 0 };

    if (want != OK) {
        CHECK_ROW(refused(open, buf_span(token), k, want), why);
        return;
    }
    CHECK_ROW(open(buf_span(token), k, &out, NULL) == OK && span_is(buf_span(&out), "payload"), why);
    buf_clear(&out);
}

static void headers(void)
{
    static const size_t sizes[2] = { 12, 16 };
    struct key *ed = of_jwk(ED_JWK), *shared = of_jwk(RS1_JWK);
    const struct header_row *r;

    for (EACH_ROW(r, header_rows)) {
        struct buf jws = { 0 }, jwe = { 0 };

        forge_jws(r->json, ed, &jws);
        forge_jwe(r->json, shared, sizes, &jwe);
        check_open(r->why, jws_open, &jws, ed, r->jws);
        check_open(r->why, jwe_open, &jwe, shared, r->jwe);
        buf_clear(&jws);
        buf_clear(&jwe);
    }
    key_free(ed);
    key_free(shared);
}

/* The classic: HS256 with the public key's bytes as the secret. */
static void public_key_as_secret(void)
{
    struct key *ed = of_jwk(ED_JWK), *oct = NULL;
    uint8_t public[64];
    struct buf token = { 0 };

    CHECK(key_oct(span(public, key_public(ed, public)), &oct) == OK);
    CHECK(jws_sign(oct, span(NULL, 0), NULL, span_str("payload"), &token) == OK);
    CHECK(refused(jws_open, buf_span(&token), ed, ERR_NOT_AUTHORIZED));
    key_free(ed);
    key_free(oct);
    buf_clear(&token);
}

static void short_iv_and_tag(void)
{
    static const size_t sizes[][2] = { { 12, 15 }, { 12, 12 }, { 12, 4 }, { 12, 0 }, { 11, 16 }, { 0, 16 } };
    struct key *k = of_jwk(RS1_JWK);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf jwe = { 0 };
        forge_jwe("{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", k, sizes[i], &jwe);
        CHECK(refused(jwe_open, buf_span(&jwe), k, ERR_NOT_AUTHORIZED));
        buf_clear(&jwe);
    }
    key_free(k);
}

/* --- form --- */

#define H "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0"
static const struct form_row {
    const char *why, *token;
    enum jose_form form;
} form_rows[] = {
    { "JWS", A1, JOSE_JWS },
    { "JWE", VECTOR_JWE, JOSE_JWE },
    { "JWS without signature", H "." H ".", JOSE_JWS },
    { "empty", "", JOSE_NEITHER },
    { "one part", H, JOSE_NEITHER },
    { "two parts", H "." H, JOSE_NEITHER },
    { "four parts", H "...", JOSE_NEITHER },
    { "five parts", H "....", JOSE_JWE },
    { "six parts", H ".....", JOSE_NEITHER },
    { "a thousand dots", "................................................................................",
      JOSE_NEITHER },
    { "no header", ".a.b", JOSE_NEITHER },
    { "padding", H "=.a.b", JOSE_NEITHER },
    { "plain base64", "a+b/.a.b", JOSE_NEITHER },
    { "trailing newline", H ".a.b\n", JOSE_NEITHER },
    { "JSON serialisation", "{\"payload\":\"a\"}", JOSE_NEITHER },
};

static void form(void)
{
    const struct form_row *r;
    struct jose_header h;

    for (EACH_ROW(r, form_rows)) {
        CHECK_ROW(jose_form(span_str(r->token)) == r->form, r->why);
        if (r->form == JOSE_NEITHER)
            CHECK_ROW(jose_header_read(span_str(r->token), &h, NULL) == ERR_MALFORMED && !h.doc, r->why);
    }
    CHECK(jose_form(span("a\0.b.c", 6)) == JOSE_NEITHER);
}

static void form_of_jwe(void)
{
    static const char *const tokens[] = {
        H ".AA.AAECAwQFBgcICQoL.AA.AAECAwQFBgcICQoLDA0ODw", /* a key in the second part */
        H "..A.AA.AAECAwQFBgcICQoLDA0ODw",                  /* not base64url */
        H "..AAECAwQFBgcICQoL.A.AAECAwQFBgcICQoLDA0ODw",
        H "..AAECAwQFBgcICQoL.AA.A",
        H "..AAECAwQFBgcICQoL.AB.AAECAwQFBgcICQoLDA0ODw", /* stray bits */
    };
    struct key *k = of_jwk(RS1_JWK);

    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        CHECK_ROW(refused(jwe_open, span_str(tokens[i]), k, ERR_MALFORMED), tokens[i]);
    key_free(k);
}

static void header_contents(void)
{
    struct jose_header h;
    static const uint8_t json[] =
        "{\"alg\":\"dir\",\"enc\":\"A128GCM\",\"typ\":\"JWT\",\"cty\":\"JWT\",\"kid\":\"RS1\"}";
    struct buf token = { 0 };

    CHECK(jose_header_read(span_str(VECTOR_JWE), &h, NULL) == OK);
    CHECK(span_is(h.alg, "dir") && span_is(h.enc, "A128GCM") && h.has_kid && span_is(h.kid, "RS1"));
    CHECK(h.typ.n == 0 && h.cty.n == 0);
    jose_header_clear(&h);
    b64url_encode(&token, span(json, sizeof json - 1));
    buf_str(&token, "....");
    CHECK(jose_header_read(buf_span(&token), &h, NULL) == OK);
    CHECK(span_is(h.typ, "JWT") && span_is(h.cty, "JWT"));
    jose_header_clear(&h);
    CHECK(jose_header_read(span_str(A1), &h, NULL) == OK && !h.has_kid && span_is(h.typ, "JWT"));
    jose_header_clear(&h);
    buf_clear(&token);
}

/* --- writing --- */

static void sign_vectors(void)
{
    struct key *ed = of_jwk(ED_JWK), *as = of_jwk(AS_JWK), *public = of_jwk(EC_PUBLIC),
               *small = of_jwk(RS1_JWK);
    struct buf out = { 0 };
    struct span none = span(NULL, 0);

    CHECK(jws_sign(ed, none, NULL, span_str("Example of Ed25519 signing"), &out) == OK &&
          span_is(buf_span(&out), A4));
    buf_truncate(&out, 0);
    CHECK(jws_sign(as, none, "JWT", span_str(JWS_CLAIMS), &out) == OK && span_is(buf_span(&out), VECTOR_JWS));
    buf_truncate(&out, 4);
    CHECK(jws_sign(public, none, NULL, none, &out) == ERR_PROTOCOL);
    CHECK(jws_sign(small, none, NULL, none, &out) == ERR_PROTOCOL);
    CHECK(jws_sign(ed, span_str(A1), NULL, none, &out) == ERR_PROTOCOL);
    CHECK(span_is(buf_span(&out), "eyJh"));
    key_free(ed);
    key_free(as);
    key_free(public);
    key_free(small);
    buf_clear(&out);
}

/* An entropy that gives the initialisation vector of the vectors. */
static enum err count_up(struct entropy *self, uint8_t *out, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++) out[i] = (uint8_t)i;
    return OK;
}

static enum err fail(struct entropy *self, uint8_t *out, size_t n)
{
    (void)self;
    memset(out, 0, n);
    return ERR_INTERNAL;
}

static void seal_vector(void)
{
    struct key *k = of_jwk(RS1_JWK), *ed = of_jwk(ED_JWK);
    struct entropy counting = { count_up }, broken = { fail };
    struct buf out = { 0 };
    struct span plain = span_str(JWE_CLAIMS), rs1 = span_str("RS1");

    CHECK(jwe_seal(AEAD_A128GCM, k, rs1, NULL, NULL, &counting, plain, &out) == OK);
    CHECK(span_is(buf_span(&out), VECTOR_JWE));
    buf_truncate(&out, 4);
    CHECK(jwe_seal(AEAD_A128GCM, k, rs1, NULL, NULL, &broken, plain, &out) == ERR_INTERNAL);
    CHECK(jwe_seal(AEAD_A256GCM, k, rs1, NULL, NULL, &counting, plain, &out) == ERR_PROTOCOL);
    CHECK(jwe_seal(AEAD_AES_CCM_16_64_128, k, rs1, NULL, NULL, &counting, plain, &out) == ERR_PROTOCOL);
    CHECK(jwe_seal(AEAD_A128GCM, ed, rs1, NULL, NULL, &counting, plain, &out) == ERR_PROTOCOL);
    CHECK(jwe_seal(AEAD_A128GCM, k, span_str(A1), NULL, NULL, &counting, plain, &out) == ERR_PROTOCOL);
    CHECK(span_is(buf_span(&out), "eyJh"));
    key_free(k);
    key_free(ed);
    buf_clear(&out);
}

static const struct seal_row {
    enum aead enc;
    const char *name, *jwk;
} seal_rows[] = {
    { AEAD_A128GCM, "A128GCM", RS1_JWK },
    { AEAD_A256GCM, "A256GCM", A256_JWK },
    { AEAD_A128CBC_HS256, "A128CBC-HS256", A256_JWK },
};

static void seal_and_open(void)
{
    struct entropy_seeded chance = entropy_seeded(1);
    const struct seal_row *r;

    for (EACH_ROW(r, seal_rows)) {
        struct key *k = of_jwk(r->jwk);
        struct buf token = { 0 }, again = { 0 }, out = { 0 };
        struct jose_header h;

        CHECK_ROW(jwe_seal(r->enc, k, span_str("\"quoted\""), "JWT", "JWT", &chance.base, span_str("plain"),
                           &token) == OK,
                  r->name);
        CHECK_ROW(jwe_open(buf_span(&token), k, &out, NULL) == OK && span_is(buf_span(&out), "plain"),
                  r->name);
        CHECK_ROW(jose_header_read(buf_span(&token), &h, NULL) == OK && span_is(h.enc, r->name), r->name);
        CHECK_ROW(span_is(h.kid, "\"quoted\"") && span_is(h.typ, "JWT") && span_is(h.cty, "JWT"), r->name);
        CHECK_ROW(jwe_seal(r->enc, k, span_str("\"quoted\""), "JWT", "JWT", &chance.base, span_str("plain"),
                           &again) == OK,
                  r->name);
        CHECK_ROW(!span_eq(buf_span(&token), buf_span(&again)), "a fresh initialisation vector each time");
        jose_header_clear(&h);
        key_free(k);
        buf_clear(&token);
        buf_clear(&again);
        buf_clear(&out);
    }
}

static void sign_and_open(void)
{
    for (enum key_type type = KEY_OCT; type <= KEY_P256; type++) {
        struct key *k = NULL;
        struct buf token = { 0 }, out = { 0 };

        CHECK(key_generate(type, &k) == OK);
        CHECK(jws_sign(k, span_str("kid"), "JWT", span_str("payload"), &token) == OK);
        CHECK(jws_open(buf_span(&token), k, &out, NULL) == OK && span_is(buf_span(&out), "payload"));
        key_free(k);
        buf_clear(&token);
        buf_clear(&out);
    }
}

static void limits(void)
{
    static const char zeros[MAX_JOSE + 1] = { 0 };
    struct key *k = of_jwk(A256_JWK);
    struct entropy_seeded chance = entropy_seeded(1);
    struct span kid = span(NULL, 0), large = span(zeros, 48000);
    struct buf out = { 0 }, opened = { 0 };
    struct jose_header h;

    CHECK(jws_sign(k, kid, NULL, large, &out) == OK && jws_open(buf_span(&out), k, &opened, NULL) == OK);
    CHECK(span_eq(buf_span(&opened), large));
    buf_truncate(&out, 0);
    buf_truncate(&opened, 0);
    CHECK(jwe_seal(AEAD_A256GCM, k, kid, NULL, NULL, &chance.base, large, &out) == OK);
    CHECK(jwe_open(buf_span(&out), k, &opened, NULL) == OK && span_eq(buf_span(&opened), large));
    buf_truncate(&out, 0);
    large = span(zeros, 49200);
    CHECK(jws_sign(k, kid, NULL, large, &out) == ERR_TOO_LARGE);
    CHECK(jwe_seal(AEAD_A256GCM, k, kid, NULL, NULL, &chance.base, large, &out) == ERR_TOO_LARGE);
    large = span(zeros, sizeof zeros);
    CHECK(jws_sign(k, kid, NULL, large, &out) == ERR_TOO_LARGE);
    CHECK(jwe_seal(AEAD_A256GCM, k, kid, NULL, NULL, &chance.base, large, &out) == ERR_TOO_LARGE &&
          out.n == 0);
    while (out.n < MAX_JOSE_HEADER + 1) buf_str(&out, "A");
    buf_str(&out, ".AA.AA");
    CHECK(jose_form(buf_span(&out)) == JOSE_JWS &&
          jose_header_read(buf_span(&out), &h, NULL) == ERR_MALFORMED);
    while (out.n <= MAX_JOSE) buf_str(&out, "A");
    CHECK(jose_form(buf_span(&out)) == JOSE_NEITHER);
    key_free(k);
    buf_clear(&out);
    buf_clear(&opened);
}

CU_TestInfo jose_tests[] = {
    { "vectors", vectors },
    { "every truncation", every_truncation },
    { "every bit", every_bit },
    { "other keys", other_keys },
    { "headers", headers },
    { "public key as secret", public_key_as_secret },
    { "short iv and tag", short_iv_and_tag },
    { "form", form },
    { "form of JWE", form_of_jwe },
    { "header contents", header_contents },
    { "sign vectors", sign_vectors },
    { "seal vector", seal_vector },
    { "seal and open", seal_and_open },
    { "sign and open", sign_and_open },
    { "limits", limits },
    CU_TEST_INFO_NULL,
};
