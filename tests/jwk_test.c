#include "common/ace/jwk.h"
#include "tests/bytes.h"
#include "tests/check.h"

#define A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define A3_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define A3_PUBLIC                                                      \
    "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445" \
    "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"
#define ED_X      "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_D      "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define ED_PUBLIC "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
#define HMAC_K    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define ED(more)  "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"" more "}"
#define EC(more)  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"" more "}"
#define OCT(more) "{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"" more "}"
#define KID64     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { NEITHER, SIGN, VERIFY, BOTH };

/* clang-format off */
static const struct row {
    const char *why, *json;
    enum err e;
    enum { NO_KEY, PUBLIC, PRIVATE } has;  /* the rest: when e is OK */
    enum key_alg alg;
    int may;
    const char *kid;
} rows[] = {
    { "RFC 7517 A.1 EC", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
      "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"use\":\"enc\",\"kid\":\"1\"}", OK, PUBLIC, KEY_ALG_ABSENT, NEITHER, "1" },
    { "RFC 7517 A.2 EC", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
      "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\","
      "\"use\":\"enc\",\"kid\":\"1\"}", OK, PRIVATE, KEY_ALG_ABSENT, NEITHER, "1" },
    { "RFC 7517 A.3 for AES key wrap", "{\"kty\":\"oct\",\"alg\":\"A128KW\",\"k\":\"GawgguFyGrWKav7AX4VKUg\"}", OK, PRIVATE, KEY_ALG_OTHER, BOTH, NULL },
    { "RFC 7517 A.3 for HMAC", "{\"kty\":\"oct\",\"k\":\"" HMAC_K "\",\"kid\":\"HMAC key used in JWS spec Appendix A.1 example\"}",
      OK, PRIVATE, KEY_ALG_ABSENT, BOTH, "HMAC key used in JWS spec Appendix A.1 example" },
    { "RFC 7517 A.1 RSA", "{\"kty\":\"RSA\",\"n\":\"0vx7\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}", ERR_UNSUPPORTED_POP_KEY, 0, 0, 0, NULL },
    { "RFC 8037 A.2", ED(""), OK, PUBLIC, KEY_ALG_ABSENT, BOTH, NULL },
    { "RFC 8037 A.1", ED(",\"d\":\"" ED_D "\""), OK, PRIVATE, KEY_ALG_ABSENT, BOTH, NULL },
    { "RFC 7515 A.3", EC(",\"d\":\"" A3_D "\""), OK, PRIVATE, KEY_ALG_ABSENT, BOTH, NULL },
    { "unknown members", ED(",\"x5t\":\"\",\"ext\":true,\"oth\":[1]"), OK, PUBLIC, KEY_ALG_ABSENT, BOTH, NULL },
    { "alg EdDSA", ED(",\"alg\":\"EdDSA\""), OK, PUBLIC, KEY_ALG_EDDSA, BOTH, NULL },
    { "alg Ed25519 (A-11)", ED(",\"alg\":\"Ed25519\""), OK, PUBLIC, KEY_ALG_EDDSA, BOTH, NULL },
    { "alg ES256", EC(",\"alg\":\"ES256\""), OK, PUBLIC, KEY_ALG_ES256, BOTH, NULL },
    { "alg HS256", OCT(",\"alg\":\"HS256\""), OK, PRIVATE, KEY_ALG_HS256, BOTH, NULL },
    { "alg HS512", OCT(",\"alg\":\"HS512\""), OK, PRIVATE, KEY_ALG_OTHER, BOTH, NULL },
    { "alg none", OCT(",\"alg\":\"none\""), OK, PRIVATE, KEY_ALG_NONE, BOTH, NULL },
    { "alg nOnE", OCT(",\"alg\":\"nOnE\""), OK, PRIVATE, KEY_ALG_NONE, BOTH, NULL },
    { "alg hs256", OCT(",\"alg\":\"hs256\""), OK, PRIVATE, KEY_ALG_OTHER, BOTH, NULL },
    { "alg a number", OCT(",\"alg\":5"), ERR_MALFORMED, 0, 0, 0, NULL },
    { "alg null", OCT(",\"alg\":null"), ERR_MALFORMED, 0, 0, 0, NULL },
    { "use sig", ED(",\"use\":\"sig\""), OK, PUBLIC, KEY_ALG_ABSENT, BOTH, NULL },
    { "use enc", ED(",\"use\":\"enc\""), OK, PUBLIC, KEY_ALG_ABSENT, NEITHER, NULL },
    { "use a list", ED(",\"use\":[\"sig\"]"), ERR_MALFORMED, 0, 0, 0, NULL },
    { "key_ops verify", ED(",\"key_ops\":[\"verify\"]"), OK, PUBLIC, KEY_ALG_ABSENT, VERIFY, NULL },
    { "key_ops sign, verify, more", ED(",\"key_ops\":[\"deriveKey\",\"sign\",\"verify\"]"), OK, PUBLIC, KEY_ALG_ABSENT, BOTH, NULL },
    { "key_ops encrypt", OCT(",\"key_ops\":[\"encrypt\"]"), OK, PRIVATE, KEY_ALG_ABSENT, NEITHER, NULL },
    { "key_ops empty", OCT(",\"key_ops\":[]"), OK, PRIVATE, KEY_ALG_ABSENT, NEITHER, NULL },
    { "key_ops of a MAC key", OCT(",\"key_ops\":[\"sign\"]"), OK, PRIVATE, KEY_ALG_ABSENT, SIGN, NULL },
    { "key_ops and use disagree", OCT(",\"key_ops\":[\"sign\"],\"use\":\"enc\""), OK, PRIVATE, KEY_ALG_ABSENT, NEITHER, NULL },
    { "key_ops no list", OCT(",\"key_ops\":\"sign\""), ERR_MALFORMED, 0, 0, 0, NULL },
    { "key_ops of numbers", OCT(",\"key_ops\":[9]"), ERR_MALFORMED, 0, 0, 0, NULL },
    { "reference", "{\"kty\":\"oct\",\"kid\":\"PQJ4M_xiZ84\"}", OK, NO_KEY, KEY_ALG_ABSENT, BOTH, "PQJ4M_xiZ84" },
    { "reference without kid", "{\"kty\":\"oct\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "reference to a public key", "{\"kty\":\"OKP\",\"kid\":\"a\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "kid of 64 bytes", OCT(",\"kid\":\"" KID64 "\""), OK, PRIVATE, KEY_ALG_ABSENT, BOTH, KID64 },
    { "kid of 65 bytes", OCT(",\"kid\":\"x" KID64 "\""), ERR_MALFORMED, 0, 0, 0, NULL },
    { "kid empty", OCT(",\"kid\":\"\""), ERR_MALFORMED, 0, 0, 0, NULL },
    { "kid a number", OCT(",\"kid\":1"), ERR_MALFORMED, 0, 0, 0, NULL },
    { "no kty", "{\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "kty in capitals", "{\"kty\":\"OCT\",\"k\":\"AAAA\"}", ERR_UNSUPPORTED_POP_KEY, 0, 0, 0, NULL },
    { "kty a number", "{\"kty\":4,\"k\":\"AAAA\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "KTY", "{\"KTY\":\"oct\",\"k\":\"AAAA\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "P-384", "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}", ERR_UNSUPPORTED_POP_KEY, 0, 0, 0, NULL },
    { "X25519", "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED_X "\"}", ERR_UNSUPPORTED_POP_KEY, 0, 0, 0, NULL },
    { "curve of the other type", "{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" ED_X "\"}", ERR_UNSUPPORTED_POP_KEY, 0, 0, 0, NULL },
    { "no crv", "{\"kty\":\"OKP\",\"x\":\"" ED_X "\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "no x", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "d without x", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"" ED_D "\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "y a boolean", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":true}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "x and y swapped", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_Y "\",\"y\":\"" A3_X "\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "x short", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKx\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "x padded", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "=\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "x with stray bits", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "x all zero", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "d of another x", ED(",\"d\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\""), ERR_MALFORMED, 0, 0, 0, NULL },
    { "d of another x and y", EC(",\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\""), ERR_MALFORMED, 0, 0, 0, NULL },
    { "d a number", ED(",\"d\":1"), ERR_MALFORMED, 0, 0, 0, NULL },
    { "k empty", "{\"kty\":\"oct\",\"k\":\"\",\"kid\":\"a\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "k in base64", "{\"kty\":\"oct\",\"k\":\"+/+/\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "k null beside kid", "{\"kty\":\"oct\",\"k\":null,\"kid\":\"a\"}", ERR_MALFORMED, 0, 0, 0, NULL },
    { "no object", "[]", ERR_MALFORMED, 0, 0, 0, NULL },
    { "a string", "\"oct\"", ERR_MALFORMED, 0, 0, 0, NULL },
};

/* The same in CBOR, where it differs. */
#define X_HEX "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
#define Y_HEX "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"
#define D_HEX "8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2"
#define CBOR_ED "01012006215820" ED_PUBLIC
#define CBOR_EC "01022001215820" X_HEX
static const struct row cbor_rows[] = {
    { "wire.md 10.1: public key", "a3" CBOR_ED, OK, PUBLIC, KEY_ALG_ABSENT, BOTH, NULL },
    { "wire.md 16", "a301012006215820" "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8", OK, PUBLIC, KEY_ALG_ABSENT, BOTH, NULL },
    { "EC", "a4" CBOR_EC "225820" Y_HEX, OK, PUBLIC, KEY_ALG_ABSENT, BOTH, NULL },
    { "EC compressed, odd", "a4" CBOR_EC "22f5", OK, PUBLIC, KEY_ALG_ABSENT, BOTH, NULL },
    { "EC compressed, even", "a4" CBOR_EC "22f4", OK, PUBLIC, KEY_ALG_ABSENT, BOTH, NULL },
    { "EC private with compressed point", "a5" CBOR_EC "22f5235820" D_HEX, OK, PRIVATE, KEY_ALG_ABSENT, BOTH, NULL },
    { "EC private with the mirrored point", "a5" CBOR_EC "22f4235820" D_HEX, ERR_MALFORMED, 0, 0, 0, NULL },
    { "EC private without point", "a3 0102 2001 235820" D_HEX, OK, PRIVATE, KEY_ALG_ABSENT, BOTH, NULL },
    { "EC without y", "a3" CBOR_EC, ERR_MALFORMED, 0, 0, 0, NULL },
    { "RFC 8747 3.3 inner key", "a3 01 04 20 5820 6684523ab17337f173500e5728c628547cb37dfe68449c65f885d1b73b49eae1 03 05", OK, PRIVATE, KEY_ALG_HS256, BOTH, NULL },
    { "symmetric with kid", "a3 0104 0248 3d027833fc6267ce 2050 000102030405060708090a0b0c0d0e0f", OK, PRIVATE, KEY_ALG_ABSENT, BOTH, "=\x02x3\xfc" "bg\xce" },
    { "reference of wire.md 12.1", "a2 0104 0248 3d027833fc6267ce", OK, NO_KEY, KEY_ALG_ABSENT, BOTH, "=\x02x3\xfc" "bg\xce" },
    { "alg EdDSA", "a4" CBOR_ED "0327", OK, PUBLIC, KEY_ALG_EDDSA, BOTH, NULL },
    { "alg ES512", "a4" CBOR_ED "033823", OK, PUBLIC, KEY_ALG_OTHER, BOTH, NULL },
    { "alg a name", "a4" CBOR_ED "03654564445341", OK, PUBLIC, KEY_ALG_OTHER, BOTH, NULL },
    { "key_ops verify", "a4" CBOR_ED "048102", OK, PUBLIC, KEY_ALG_ABSENT, VERIFY, NULL },
    { "key_ops MAC verify of a MAC key", "a3 0104 04810a 2041ff", OK, PRIVATE, KEY_ALG_ABSENT, VERIFY, NULL },
    { "key_ops MAC create, verify", "a3 0104 0482090a 2041ff", OK, PRIVATE, KEY_ALG_ABSENT, BOTH, NULL },
    { "key_ops sign of a MAC key", "a3 0104 048101 2041ff", OK, PRIVATE, KEY_ALG_ABSENT, NEITHER, NULL },
    { "kid a text", "a3 0104 026161 2041ff", ERR_MALFORMED, 0, 0, 0, NULL },
    { "k a text", "a2 0104 206161", ERR_MALFORMED, 0, 0, 0, NULL },
    { "kty a name", "a2 01636f6374 2041ff", ERR_UNSUPPORTED_POP_KEY, 0, 0, 0, NULL },
    { "kty RSA", "a1 0103", ERR_UNSUPPORTED_POP_KEY, 0, 0, 0, NULL },
    { "names for labels", "a2 636b7479 636f6374 616b 41ff", ERR_MALFORMED, 0, 0, 0, NULL },
};
/* clang-format on */

static void check_row(const struct row *r, const struct doc *d, enum notation n)
{
    struct key_object k;
    struct fault why = { 0 };

    CHECK_ROW(key_object_read(d, n, &k, &why) == r->e, r->why);
    if (r->e != OK) {
        CHECK_ROW(why.why[0] != 0 && !k.key && !k.kid.p && !k.has_kid, r->why);
        return;
    }
    CHECK_ROW((k.key != NULL) == (r->has != NO_KEY), r->why);
    if (k.key) CHECK_ROW(key_is_private(k.key) == (r->has == PRIVATE), r->why);
    CHECK_ROW(k.alg == r->alg, r->why);
    CHECK_ROW((k.may_sign ? SIGN : 0) + (k.may_verify ? VERIFY : 0) == r->may, r->why);
    CHECK_ROW(k.has_kid == (r->kid != NULL) && span_is(buf_span(&k.kid), r->kid ? r->kid : ""), r->why);
    key_object_clear(&k);
}

static void read_json(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct doc *d = NULL;
        CHECK_ROW(doc_read_json(span_str(r->json), &doc_limits_wire, &d, NULL) == OK, r->why);
        check_row(r, d, NOTATION_JSON);
        doc_free(d);
    }
}

static void read_cbor(void)
{
    const struct row *r;

    for (EACH_ROW(r, cbor_rows)) {
        struct buf in = unhex(r->json);
        struct doc *d = NULL;
        CHECK_ROW(doc_read_cbor(buf_span(&in), &doc_limits_wire, &d, NULL) == OK, r->why);
        check_row(r, d, NOTATION_CBOR);
        doc_free(d);
        buf_clear(&in);
    }
}

/* --- writing --- */

static struct key_object of_json(const char *json)
{
    struct doc *d = NULL;
    struct key_object k = { 0 };

    CHECK_ROW(doc_read_json(span_str(json), &doc_limits_wire, &d, NULL) == OK, json);
    CHECK_ROW(key_object_read(d, NOTATION_JSON, &k, NULL) == OK, json);
    doc_free(d);
    return k;
}

static const struct write_row {
    const char *why, *in, *json, *json_secret, *cbor; /* NULL: as `in` */
} write_rows[] = {
    { "public", "{\"kty\":\"OKP\",\"kid\":\"a\",\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}",
      NULL, NULL, "a5 0101 024161 0327 2006 215820" ED_PUBLIC },
    { "private", ED(",\"d\":\"" ED_D "\""), ED(""), NULL, "a3" CBOR_ED },
    { "EC private", EC(",\"d\":\"" A3_D "\""), EC(""), NULL, "a4" CBOR_EC "225820" Y_HEX },
    { "symmetric", "{\"kty\":\"oct\",\"kid\":\"a\",\"alg\":\"HS256\",\"k\":\"AAEC\"}", NULL, NULL,
      "a4 0104 024161 0305 2043000102" },
    { "reference", "{\"kty\":\"oct\",\"kid\":\"PQJ4M_xiZ84\"}", NULL, NULL,
      "a2 0104 0248 3d02 7833 fc62 67ce" },
    { "alg none is shown", "{\"kty\":\"oct\",\"alg\":\"none\",\"k\":\"AAEC\"}", NULL, NULL,
      "a3 0104 0300 2043000102" },
    { "key_ops and another alg are not written", OCT(",\"alg\":\"HS512\",\"key_ops\":[\"sign\"]"), OCT(""),
      OCT(""), "a2 0104 2050000102030405060708090a0b0c0d0e0f" },
};

static void write_json(const struct write_row *r, const struct key_object *k, bool secret, const char *want)
{
    struct doc *d = key_object_write(k, NOTATION_JSON, secret);
    struct buf out = { 0 };

    CHECK_ROW(doc_write_json(d, &out) == OK && span_is(buf_span(&out), want), r->why);
    doc_free(d);
    buf_clear(&out);
}

static void write(void)
{
    const struct write_row *r;

    for (EACH_ROW(r, write_rows)) {
        struct key_object k = of_json(r->in);
        struct doc *d = key_object_write(&k, NOTATION_CBOR, false);
        struct buf out = { 0 };

        write_json(r, &k, false, r->json ? r->json : r->in);
        write_json(r, &k, true, r->json_secret ? r->json_secret : r->in);
        CHECK_ROW(doc_write_cbor(d, &out) == OK && is_hex(buf_span(&out), r->cbor), r->why);
        doc_free(d);
        buf_clear(&out);
        key_object_clear(&k);
    }
}

/* A private COSE_Key survives the round trip. */
static void cbor_private(void)
{
    struct key_object k = of_json(EC(",\"d\":\"" A3_D "\"")), back;
    struct doc *d = key_object_write(&k, NOTATION_CBOR, true);

    CHECK(key_object_read(d, NOTATION_CBOR, &back, NULL) == OK);
    CHECK(back.key && key_is_private(back.key) && key_eq(back.key, k.key));
    doc_free(d);
    key_object_clear(&k);
    key_object_clear(&back);
}

/* --- sets and files --- */

static const struct set_row {
    const char *why, *json;
    size_t max;
    enum err e;
    size_t count;
} set_rows[] = {
    { "one of ours, one RSA", "{\"keys\":[" ED("") ",{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}]}", 8, OK,
      1 },
    { "two", "{\"keys\":[" ED(",\"kid\":\"1\"") "," EC(",\"kid\":\"2\"") "],\"x\":1}", 2, OK, 2 },
    { "empty", "{\"keys\":[]}", 2, OK, 0 },
    { "more than we take", "{\"keys\":[" ED("") "," EC("") "]}", 1, ERR_TOO_LARGE, 0 },
    { "a bare reference is no key", "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\"}," ED("") "]}", 1, OK, 1 },
    { "the second is broken", "{\"keys\":[" ED("") ",{\"kty\":\"EC\"}]}", 8, ERR_MALFORMED, 0 },
    { "no keys", "{\"Keys\":[]}", 8, ERR_MALFORMED, 0 },
    { "keys no list", "{\"keys\":{}}", 8, ERR_MALFORMED, 0 },
    { "a single key", ED(""), 8, ERR_MALFORMED, 0 },
};

static void sets(void)
{
    const struct set_row *r;

    for (EACH_ROW(r, set_rows)) {
        struct key_object keys[8] = { 0 };
        struct doc *d = NULL;
        size_t count = 99;

        CHECK_ROW(doc_read_json(span_str(r->json), &doc_limits_wire, &d, NULL) == OK, r->why);
        CHECK_ROW(jwks_read(d, keys, r->max, &count, NULL) == r->e && count == r->count, r->why);
        for (size_t i = 0; i < 8; i++) {
            CHECK_ROW((keys[i].key != NULL) == (i < r->count), r->why);
            key_object_clear(&keys[i]);
        }
        doc_free(d);
    }
}

static const struct file_row {
    const char *why, *text;
    enum err e;
    enum key_type type;
} file_rows[] = {
    { "JWK", " \n" ED(",\"d\":\"" ED_D "\"") "\n", OK, KEY_ED25519 },
    { "symmetric JWK", OCT(""), OK, KEY_OCT },
    { "PEM",
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END "
      "PUBLIC KEY-----\n",
      OK, KEY_ED25519 },
    { "PEM of something else", "-----BEGIN X-----\nAAAA\n-----END X-----\n", ERR_MALFORMED, 0 },
    { "reference only", "{\"kty\":\"oct\",\"kid\":\"a\"}", ERR_MALFORMED, 0 },
    { "doubled member", "{\"kty\":\"oct\",\"k\":\"AAEC\",\"k\":\"AAED\"}", ERR_MALFORMED, 0 },
    { "RSA", "{\"kty\":\"RSA\"}", ERR_UNSUPPORTED_POP_KEY, 0 },
    { "noise", "hello", ERR_MALFORMED, 0 },
    { "empty", "", ERR_MALFORMED, 0 },
};

static void files(void)
{
    const struct file_row *r;

    for (EACH_ROW(r, file_rows)) {
        struct key_object k;
        struct fault why = { 0 };

        CHECK_ROW(key_file_read(span_str(r->text), &k, &why) == r->e, r->why);
        CHECK_ROW((k.key != NULL) == (r->e == OK) && (why.why[0] == 0) == (r->e == OK), r->why);
        if (k.key) CHECK_ROW(key_type(k.key) == r->type && k.may_sign && k.may_verify, r->why);
        key_object_clear(&k);
    }
}

CU_TestInfo jwk_tests[] = {
    { "read JSON", read_json }, { "read CBOR", read_cbor },
    { "write", write },         { "private CBOR", cbor_private },
    { "sets", sets },           { "files", files },
    CU_TEST_INFO_NULL,
};
