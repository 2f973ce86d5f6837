#include "common/ace/psk_identity.h"

#include "common/codec/text.h"
#include "tests/check.h"

static struct buf octets(const char *digits)
{
    struct buf b = { 0 };

    CHECK(hex_decode(span_str(digits), &b) == OK);
    return b;
}

/* [R-PSK-06] the identity that RFC 9202 gives for kid 3d027833fc6267ce, and its JSON form */
static void writing(void)
{
    struct buf cbor = { 0 }, json = { 0 }, want = octets("a108a101a2010402483d027833fc6267ce");

    CHECK(psk_identity_write(span_str("PQJ4M_xiZ84"), NOTATION_CBOR, &cbor) == OK);
    CHECK(span_eq(buf_span(&cbor), buf_span(&want)));
    CHECK(psk_identity_write(span_str("PQJ4M_xiZ84"), NOTATION_JSON, &json) == OK);
    CHECK(span_is(buf_span(&json), "{\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"kid\":\"PQJ4M_xiZ84\"}}}"));
    buf_clear(&cbor);
    buf_clear(&json);
    buf_clear(&want);
}

static void check(struct span in, enum err e, const char *kid_hex, const char *what)
{
    struct psk_identity i;
    struct buf kid = { 0 };

    CHECK_ROW(psk_identity_read(in, &i) == e, what);
    if (e == OK && kid_hex) CHECK_ROW(i.kind == PSK_NAMES_KID, what);
    if (e == OK && !kid_hex) CHECK_ROW(i.kind == PSK_IS_TOKEN, what);
    if (kid_hex) kid = octets(kid_hex);
    CHECK_ROW(span_eq(buf_span(&i.kid), buf_span(&kid)), what);
    buf_clear(&kid);
    psk_identity_clear(&i);
}

static void reading(void)
{
    static const struct {
        const char *hex;
        enum err e;
        const char *kid;
    } rows[] = {
        { "a108a101a2010402483d027833fc6267ce", OK, "3d027833fc6267ce" },
        { "a108a101a202483d027833fc6267ce0104", OK, "3d027833fc6267ce" }, /* any order */
        { "a108a101a101"
          "04",
          ERR_MALFORMED, NULL },                               /* no kid */
        { "a108a101a20102024101", ERR_MALFORMED, NULL },       /* an EC key */
        { "a108a101a3010402410120410a", ERR_MALFORMED, NULL }, /* and a key */
        { "a208a101a20104024101"
          "0101",
          ERR_MALFORMED, NULL }, /* two claims */
        { "a108a101a2010402"
          "40",
          ERR_MALFORMED, NULL },                                         /* empty kid */
        { "a108a101a2010402483d027833fc6267ce00", ERR_MALFORMED, NULL }, /* trailing */
        { "a108a101a2010402483d0278", ERR_MALFORMED, NULL },             /* cut */
        { "bfff", ERR_MALFORMED, NULL },                                 /* an empty map */
        { "", ERR_MALFORMED, NULL },
        { "d28443a10126a0", OK, NULL }, /* COSE: a token */
        { "65794a68", OK, NULL },       /* eyJh */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf in = octets(rows[i].hex);
        check(buf_span(&in), rows[i].e, rows[i].kid, rows[i].hex);
        buf_clear(&in);
    }
}

static void reading_json(void)
{
    static const struct {
        const char *text;
        enum err e;
        const char *kid;
    } rows[] = {
        { "{\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a1\"}}}", OK, "6131" },
        { " {}", OK, NULL }, /* no structure begins so */
        { "{\"cnf\":{\"jwk\":{\"kty\":\"EC\",\"kid\":\"a1\"}}}", ERR_MALFORMED, NULL },
        { "{\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a1\",\"k\":\"AA\"}}}", ERR_MALFORMED, NULL },
        { "{\"cnf\":{\"kid\":\"a1\"}}", ERR_MALFORMED, NULL },
        { "{\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a1\"}}", ERR_MALFORMED, NULL },
        { "{\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"kid\":\"a1\"}},\"x\":1}", ERR_MALFORMED, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(span_str(rows[i].text), rows[i].e, rows[i].kid, rows[i].text);
}

CU_TestInfo psk_identity_tests[] = {
    { "writing", writing },
    { "reading", reading },
    { "reading JSON", reading_json },
    CU_TEST_INFO_NULL,
};
