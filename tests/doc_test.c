#include "common/codec/doc.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "common/codec/text.h"
#include "tests/check.h"

typedef enum err reader_of(struct span in, const struct doc_limits *limits, struct doc **out,
                           struct fault *why);

/* [L3] Reads from memory of exactly that size, so that a reader that looks further is caught. */
static enum err read_exact(reader_of *read, struct span in, struct doc **out, struct fault *why)
{
    uint8_t *copy = malloc(in.n ? in.n : 1);

    if (in.n) memcpy(copy, in.p, in.n);
    enum err e = read(span(copy, in.n), &doc_limits_wire, out, why);
    free(copy);
    return e;
}

static struct buf unhex(const char *hex)
{
    struct buf b = { 0 };

    CHECK_ROW(hex_decode(span_str(hex), &b) == OK, hex);
    return b;
}

static struct doc *json_of(const char *text)
{
    struct doc *d = NULL;

    CHECK_ROW(read_exact(doc_read_json, span_str(text), &d, NULL) == OK, text);
    return d;
}

static void writes_json(const struct doc *d, const char *want)
{
    struct buf out = { 0 };

    CHECK_ROW(doc_write_json(d, &out) == OK, want);
    CHECK_ROW(span_is(buf_span(&out), want), want);
    buf_clear(&out);
}

/* --- JSON --- */

static void json_accepted(void)
{
    /* clang-format off */
    static const struct row {
        const char *in, *out;
    } rows[] = {
        { "null", "null" },
        { "true", "true" },
        { "false", "false" },
        { "0", "0" },
        { "-0", "0" },
        { " 1 ", "1" },
        { "9007199254740992", "9007199254740992" },
        { "-9007199254740992", "-9007199254740992" },
        { "1.0", "1.0" },
        { "-0.0", "-0.0" },
        { "1e3", "1000.0" },
        { "1E+2", "100.0" },
        { "12345678901234567890.5", "1.2345678901234567e+19" },
        { "0.1", "0.1" },
        { "1.7976931348623157e308", "1.7976931348623157e+308" },
        { "5e-324", "4.94065645841247e-324" },
        { "\"\"", "\"\"" },
        { "\"a\\u0062\\n\\/\\\"\\\\\\b\\f\\r\\t\"", "\"ab\\n/\\\"\\\\\\u0008\\u000c\\r\\t\"" },
        { "\"\\uD83D\\ude00\"", "\"\xF0\x9F\x98\x80\"" },
        { "\"\xF0\x9F\x98\x80\"", "\"\xF0\x9F\x98\x80\"" },
        { "\"\x7F\"", "\"\\u007f\"" },
        { "[]", "[]" },
        { "{}", "{}" },
        { "\t[ 1 ,\r\n[2,{}] ]", "[1,[2,{}]]" },
        { "{\"a\":{\"b\":[null,true]},\"A\":1,\"\":2}", "{\"a\":{\"b\":[null,true]},\"A\":1,\"\":2}" },
        { "{\"z\":1,\"a\":2}", "{\"z\":1,\"a\":2}" },
        { "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]" },
    }, *r;
    /* clang-format on */

    for (EACH_ROW(r, rows)) {
        struct doc *d = json_of(r->in);
        writes_json(d, r->out);
        doc_free(d);
    }
}

struct refusal {
    const char *why;
    struct span in;
    enum err want;
    size_t at;
};

static void refused(reader_of *read, const struct refusal *r)
{
    struct doc *d = (struct doc *)&d;
    struct fault f = { .at = SIZE_MAX };

    CHECK_ROW(read_exact(read, r->in, &d, &f) == r->want, r->why);
    CHECK_ROW(f.at == r->at, r->why);
    CHECK_ROW(f.why[0] != 0, r->why);
    CHECK_ROW(d == NULL, r->why);
    CHECK_ROW(read_exact(read, r->in, &d, NULL) == r->want, r->why);
}

/* clang-format off */
static const struct refusal json_bad[] = {
    { "empty", SPAN(""), ERR_MALFORMED, 0 },
    { "only space", SPAN("  "), ERR_MALFORMED, 2 },
    { "byte order mark", SPAN("\xEF\xBB\xBF{}"), ERR_MALFORMED, 0 },
    { "trailing bytes", SPAN("{} x"), ERR_MALFORMED, 3 },
    { "two documents", SPAN("1 2"), ERR_MALFORMED, 2 },
    { "trailing NUL", SPAN("1\0"), ERR_MALFORMED, 1 },
    { "NUL as space", SPAN("[\0]"), ERR_MALFORMED, 1 },
    { "form feed as space", SPAN("[\f1]"), ERR_MALFORMED, 1 },
    { "word in capitals", SPAN("True"), ERR_MALFORMED, 0 },
    { "word too long", SPAN("nulll"), ERR_MALFORMED, 4 },
    { "NaN", SPAN("NaN"), ERR_MALFORMED, 0 },
    { "Infinity", SPAN("-Infinity"), ERR_MALFORMED, 1 },
    { "single quotes", SPAN("'a'"), ERR_MALFORMED, 0 },
    { "comment", SPAN("1 //x"), ERR_MALFORMED, 2 },
    { "comma at the end of an array", SPAN("[1,]"), ERR_MALFORMED, 3 },
    { "comma at the end of an object", SPAN("{\"a\":1,}"), ERR_MALFORMED, 7 },
    { "no comma", SPAN("[1 2]"), ERR_MALFORMED, 3 },
    { "two commas", SPAN("[1,,2]"), ERR_MALFORMED, 3 },
    { "wrong bracket", SPAN("[1}"), ERR_MALFORMED, 2 },
    { "wrong brace", SPAN("{\"a\":1]"), ERR_MALFORMED, 6 },
    { "key without quotes", SPAN("{a:1}"), ERR_MALFORMED, 1 },
    { "number as key", SPAN("{1:1}"), ERR_MALFORMED, 1 },
    { "no colon", SPAN("{\"a\" 1}"), ERR_MALFORMED, 5 },
    { "no value", SPAN("{\"a\":}"), ERR_MALFORMED, 5 },
    { "leading zero", SPAN("01"), ERR_MALFORMED, 0 },
    { "leading zero after a minus", SPAN("[-012]"), ERR_MALFORMED, 2 },
    { "plus sign", SPAN("+1"), ERR_MALFORMED, 0 },
    { "minus alone", SPAN("[-]"), ERR_MALFORMED, 2 },
    { "point first", SPAN(".5"), ERR_MALFORMED, 0 },
    { "point last", SPAN("[1.]"), ERR_MALFORMED, 3 },
    { "exponent without digits", SPAN("[1e+]"), ERR_MALFORMED, 4 },
    { "hexadecimal", SPAN("0x10"), ERR_MALFORMED, 1 },
    { "2^53 + 1", SPAN("[9007199254740993]"), ERR_MALFORMED, 1 },
    { "-2^53 - 1", SPAN("[-9007199254740993]"), ERR_MALFORMED, 1 },
    { "2^64", SPAN("18446744073709551616"), ERR_MALFORMED, 0 },
    { "1e400", SPAN("[1,1e400]"), ERR_MALFORMED, 3 },
    { "-1e400", SPAN("-1e400"), ERR_MALFORMED, 0 },
    { "longer than cJSON reads",
      SPAN("0.1111111111111111111111111111111111111111111111111111111111111111"), ERR_TOO_LARGE, 0 },
    { "line feed in a string", SPAN("\"a\nb\""), ERR_MALFORMED, 2 },
    { "raw NUL in a string", SPAN("\"a\0b\""), ERR_MALFORMED, 2 },
    { "escaped U+0000", SPAN("\"broker\\u0000evil\""), ERR_MALFORMED, 7 },
    { "escaped U+0000 in a key", SPAN("{\"a\\u0000\":1}"), ERR_MALFORMED, 3 },
    { "unknown escape", SPAN("\"\\x41\""), ERR_MALFORMED, 1 },
    { "escape of NUL", SPAN("\"\\\0\""), ERR_MALFORMED, 1 },
    { "escape in capitals", SPAN("\"\\N\""), ERR_MALFORMED, 1 },
    { "three hex digits", SPAN("\"\\u12g4\""), ERR_MALFORMED, 1 },
    { "high surrogate alone", SPAN("\"a\\uD800\""), ERR_MALFORMED, 2 },
    { "high surrogate and letters", SPAN("\"\\uD800abcdef\""), ERR_MALFORMED, 1 },
    { "two high surrogates", SPAN("\"\\uD800\\uD800\""), ERR_MALFORMED, 1 },
    { "low surrogate first", SPAN("\"\\uDC00\\uD800\""), ERR_MALFORMED, 1 },
    { "not UTF-8", SPAN("[\"ab\xFF\"]"), ERR_MALFORMED, 4 },
    { "overlong UTF-8", SPAN("\"\xC0\xAF\""), ERR_MALFORMED, 1 },
    { "surrogate in UTF-8", SPAN("\"\xED\xA0\x80\""), ERR_MALFORMED, 1 },
    { "not UTF-8 in a key", SPAN("{\"\x80\":1}"), ERR_MALFORMED, 2 },
    { "same key", SPAN("{\"a\":1,\"b\":2,\"a\":3}"), ERR_MALFORMED, 13 },
    { "same key, escaped", SPAN("{\"exp\":1,\"\\u0065xp\":2}"), ERR_MALFORMED, 9 },
    { "same key, both escaped", SPAN("{\"\\/\":1,\"\\u002F\":2}"), ERR_MALFORMED, 8 },
    { "same key beyond the BMP", SPAN("{\"\xF0\x9F\x98\x80\":1,\"\\uD83D\\uDE00\":2}"), ERR_MALFORMED, 10 },
    { "same empty key", SPAN("{\"\":1,\"\":2}"), ERR_MALFORMED, 6 },
    { "same key further in", SPAN("[{\"a\":{\"b\":0,\"b\":0}}]"), ERR_MALFORMED, 13 },
    { "the first key that stands twice", SPAN("{\"b\":1,\"a\":1,\"a\":2,\"b\":2}"), ERR_MALFORMED, 13 },
    { "one level too deep", SPAN("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), ERR_TOO_LARGE, 16 },
};
/* clang-format on */

static void json_refused(void)
{
    const struct refusal *r;

    for (EACH_ROW(r, json_bad)) refused(doc_read_json, r);
}

/* Keys that differ only in case, or in what follows, are different keys. */
static void json_keys(void)
{
    struct doc *d = json_of("{\"EXP\":1,\"exp\":2,\"ex\":3,\"expi\":4,\"\\u00e4\":5}");
    int64_t v = 0;

    CHECK(doc_int(doc_get(d, "exp"), &v) && v == 2);
    CHECK(doc_int(doc_get(d, "EXP"), &v) && v == 1);
    CHECK(doc_int(doc_get(d, "\xC3\xA4"), &v) && v == 5);
    CHECK(doc_get(d, "Exp") == NULL && doc_get(d, "") == NULL);
    doc_free(d);
}

/* --- CBOR --- */

/* RFC 8949 Appendix A, and more. `again`: what we write for it, when that differs from what we read. */
/* clang-format off */
static const struct cbor_row {
    const char *in, *json, *again;
} cbor_good[] = {
    { "00", "0", NULL },
    { "01", "1", NULL },
    { "0a", "10", NULL },
    { "17", "23", NULL },
    { "1818", "24", NULL },
    { "1819", "25", NULL },
    { "1864", "100", NULL },
    { "1903e8", "1000", NULL },
    { "1a000f4240", "1000000", NULL },
    { "1b000000e8d4a51000", "1000000000000", NULL },
    { "1b7fffffffffffffff", NULL, NULL },
    { "3b7fffffffffffffff", NULL, NULL },
    { "20", "-1", NULL },
    { "29", "-10", NULL },
    { "3863", "-100", NULL },
    { "3903e7", "-1000", NULL },
    { "f90000", "0.0", NULL },
    { "f98000", "-0.0", NULL },
    { "f93c00", "1.0", NULL },
    { "fb3ff199999999999a", "1.1", NULL },
    { "f93e00", "1.5", NULL },
    { "f97bff", "65504.0", NULL },
    { "fa47c35000", "100000.0", NULL },
    { "fa7f7fffff", "3.4028234663852886e+38", NULL },
    { "fb7e37e43c8800759c", "1e+300", NULL },
    { "f90001", "5.9604644775390625e-08", NULL },
    { "f90400", "6.103515625e-05", NULL },
    { "f903ff", "6.097555160522461e-05", NULL },
    { "f9c400", "-4.0", NULL },
    { "fbc010666666666666", "-4.1", NULL },
    { "f97c00", NULL, NULL },
    { "f97e00", NULL, NULL },
    { "f9fc00", NULL, NULL },
    { "fa7f800000", NULL, "f97c00" },
    { "fa7fc00000", NULL, "f97e00" },
    { "faff800000", NULL, "f9fc00" },
    { "fb7ff0000000000000", NULL, "f97c00" },
    { "fb7ff8000000000000", NULL, "f97e00" },
    { "fbfff0000000000000", NULL, "f9fc00" },
    { "fa3fc00000", "1.5", "f93e00" },
    { "fa33800000", "5.9604644775390625e-08", "f90001" },
    { "fa33000000", "2.9802322387695312e-08", NULL },
    { "fa47800000", "65536.0", NULL },
    { "f4", "false", NULL },
    { "f5", "true", NULL },
    { "f6", "null", NULL },
    { "c074323031332d30332d32315432303a30343a30305a", NULL, NULL },
    { "c11a514b67b0", NULL, NULL },
    { "c1fb41d452d9ec200000", NULL, NULL },
    { "d74401020304", NULL, NULL },
    { "d28443a10126a04101420203", NULL, NULL }, /* COSE_Sign1, and the other tags libcbor 0.8 does not know */
    { "d18443a10105a04101420203", NULL, NULL },
    { "d08343a10101a04101", NULL, NULL },
    { "c6d4d283c7cf00cef6a101c8f5", NULL, NULL },
    { "d818456449455446", NULL, NULL },
    { "d82076687474703a2f2f7777772e6578616d706c652e636f6d", NULL, NULL },
    { "dbffffffffffffffff00", NULL, NULL },
    { "40", NULL, NULL },
    { "4401020304", NULL, NULL },
    { "60", "\"\"", NULL },
    { "6161", "\"a\"", NULL },
    { "6449455446", "\"IETF\"", NULL },
    { "62225c", "\"\\\"\\\\\"", NULL },
    { "62c3bc", "\"\xC3\xBC\"", NULL },
    { "63e6b0b4", "\"\xE6\xB0\xB4\"", NULL },
    { "64f0908591", "\"\xF0\x90\x85\x91\"", NULL },
    { "80", "[]", NULL },
    { "83010203", "[1,2,3]", NULL },
    { "8301820203820405", "[1,[2,3],[4,5]]", NULL },
    { "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
      "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]", NULL },
    { "a0", "{}", NULL },
    { "a201020304", NULL, NULL },
    { "a26161016162820203", "{\"a\":1,\"b\":[2,3]}", NULL },
    { "826161a161626163", "[\"a\",{\"b\":\"c\"}]", NULL },
    { "a56161614161626142616361436164614461656145",
      "{\"a\":\"A\",\"b\":\"B\",\"c\":\"C\",\"d\":\"D\",\"e\":\"E\"}", NULL },
    { "5f42010243030405ff", NULL, "450102030405" },
    { "5fff", NULL, "40" },
    { "7f657374726561646d696e67ff", "\"streaming\"", "6973747265616d696e67" },
    { "7fff", "\"\"", "60" },
    { "9fff", "[]", "80" },
    { "9f018202039f0405ffff", "[1,[2,3],[4,5]]", "8301820203820405" },
    { "9f01820203820405ff", "[1,[2,3],[4,5]]", "8301820203820405" },
    { "83018202039f0405ff", "[1,[2,3],[4,5]]", "8301820203820405" },
    { "83019f0203ff820405", "[1,[2,3],[4,5]]", "8301820203820405" },
    { "bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}", "a26161016162820203" },
    { "826161bf61626163ff", "[\"a\",{\"b\":\"c\"}]", "826161a161626163" },
    { "bf6346756ef563416d7421ff", "{\"Fun\":true,\"Amt\":-2}", "a26346756ef563416d7421" },
    { "bfff", "{}", "a0" },
    { "1800", "0", "00" },
    { "1b0000000000000017", "23", "17" },
    { "a3000120020a03", NULL, NULL },
};
/* clang-format on */

static void cbor_accepted(void)
{
    const struct cbor_row *r;

    for (EACH_ROW(r, cbor_good)) {
        struct buf in = unhex(r->in), want = unhex(r->again ? r->again : r->in), out = { 0 };
        struct doc *d = NULL;
        CHECK_ROW(read_exact(doc_read_cbor, buf_span(&in), &d, NULL) == OK, r->in);
        CHECK_ROW(doc_write_cbor(d, &out) == OK, r->in);
        CHECK_ROW(span_eq(buf_span(&out), buf_span(&want)), r->in);
        if (r->json) writes_json(d, r->json);
        doc_free(d);
        buf_clear(&in);
        buf_clear(&want);
        buf_clear(&out);
    }
}

/* clang-format off */
static const struct hex_refusal {
    const char *why, *hex;
    enum err want;
    size_t at;
} cbor_bad[] = {
    { "empty", "", ERR_MALFORMED, 0 },
    { "trailing byte", "0000", ERR_MALFORMED, 1 },
    { "two documents", "a0a0", ERR_MALFORMED, 1 },
    { "2^28 elements in 9 bytes", "9b0000000010000000", ERR_MALFORMED, 0 },
    { "2^64 - 1 elements", "9bffffffffffffffff", ERR_MALFORMED, 0 },
    { "2^63 members", "bb8000000000000000", ERR_MALFORMED, 0 },
    { "2^28 bytes", "82015a10000000", ERR_MALFORMED, 2 },
    { "bytes to the end of memory", "5bffffffffffffffff", ERR_MALFORMED, 0 },
    { "text to the end of memory", "817bffffffffffffffff", ERR_MALFORMED, 1 },
    { "one byte too many declared", "420a", ERR_MALFORMED, 0 },
    { "one member too many declared", "a2010203", ERR_MALFORMED, 0 },
    { "reserved 28", "1c", ERR_MALFORMED, 0 },
    { "reserved 29 in an array", "815d", ERR_MALFORMED, 1 },
    { "reserved 30", "fe", ERR_MALFORMED, 0 },
    { "integer of indefinite length", "1f", ERR_MALFORMED, 0 },
    { "negative integer of indefinite length", "3f", ERR_MALFORMED, 0 },
    { "tag of indefinite length", "df00", ERR_MALFORMED, 0 },
    { "break at the top", "ff", ERR_MALFORMED, 0 },
    { "break in a definite array", "81ff", ERR_MALFORMED, 1 },
    { "break between key and value", "bf01ff", ERR_MALFORMED, 2 },
    { "break in a definite map", "a1ff", ERR_MALFORMED, 0 },
    { "break for a key", "a1ff00", ERR_MALFORMED, 1 },
    { "break after a tag", "9fc1ffff", ERR_MALFORMED, 2 },
    { "text chunk in bytes", "5f6161ff", ERR_MALFORMED, 1 },
    { "byte chunk in text", "7f4161ff", ERR_MALFORMED, 1 },
    { "indefinite chunk", "5f5f4161ffff", ERR_MALFORMED, 1 },
    { "integer chunk", "5f00ff", ERR_MALFORMED, 1 },
    { "tagged chunk", "5fc14161ff", ERR_MALFORMED, 1 },
    { "2^64 - 1", "1bffffffffffffffff", ERR_MALFORMED, 0 },
    { "2^63", "811b8000000000000000", ERR_MALFORMED, 1 },
    { "-2^63 - 1", "3b8000000000000000", ERR_MALFORMED, 0 },
    { "undefined", "f7", ERR_MALFORMED, 0 },
    { "unassigned simple value", "f0", ERR_MALFORMED, 0 },
    { "simple value in two bytes", "f8ff", ERR_MALFORMED, 0 },
    { "false in two bytes", "f814", ERR_MALFORMED, 0 },
    { "text not UTF-8", "8262c3284101", ERR_MALFORMED, 2 },
    { "character across chunks", "7f61c361bcff", ERR_MALFORMED, 2 },
    { "surrogate", "63eda080", ERR_MALFORMED, 1 },
    { "U+0000 in a text", "63610062", ERR_MALFORMED, 2 },
    { "same label", "a3010002000100", ERR_MALFORMED, 5 },
    { "same label in a longer head", "a20100180100", ERR_MALFORMED, 3 },
    { "same negative label", "a22000380000", ERR_MALFORMED, 3 },
    { "same text key", "a2616100616100", ERR_MALFORMED, 4 },
    { "same text key in a longer head", "a261610078016100", ERR_MALFORMED, 4 },
    { "same key in an indefinite map", "bf01000100ff", ERR_MALFORMED, 3 },
    { "bytes as key", "a1416100", ERR_MALFORMED, 1 },
    { "array as key", "a18000", ERR_MALFORMED, 1 },
    { "tag as key", "a1c10000", ERR_MALFORMED, 1 },
    { "null as key", "a1f600", ERR_MALFORMED, 1 },
    { "indefinite text as key", "a17f6161ff00", ERR_MALFORMED, 1 },
    { "key of indefinite length", "a11f00", ERR_MALFORMED, 1 },
    { "tag without content", "c1", ERR_MALFORMED, 1 },
    { "array never broken off", "9f01", ERR_MALFORMED, 2 },
    { "map never broken off", "bf0101", ERR_MALFORMED, 3 },
    { "bytes never broken off", "5f4101", ERR_MALFORMED, 3 },
    { "one level too deep", "818181818181818181818181818181818100", ERR_TOO_LARGE, 16 },
    { "tags too deep", "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c100", ERR_TOO_LARGE, 16 },
};
/* clang-format on */

static void cbor_refused(void)
{
    const struct hex_refusal *r;

    for (EACH_ROW(r, cbor_bad)) {
        struct buf in = unhex(r->hex);
        refused(doc_read_cbor, &(struct refusal){ r->why, buf_span(&in), r->want, r->at });
        buf_clear(&in);
    }
}

/* --- both --- */

static void truncated(reader_of *read, struct span whole)
{
    struct doc *d;

    CHECK(read_exact(read, whole, &d, NULL) == OK);
    doc_free(d);
    for (size_t n = 0; n < whole.n; n++) {
        struct fault f = { .at = SIZE_MAX };
        CHECK(read_exact(read, span(whole.p, n), &d, &f) == ERR_MALFORMED);
        CHECK(f.at <= n);
        CHECK(d == NULL);
    }
}

static void truncations(void)
{
    struct buf cbor = unhex(
        "bf6346756e8301f5fb3ff199999999999a20c11a514b67b00a5f4201024103ff0b7f6161ff190100a1616162c3bcff");

    truncated(doc_read_cbor, buf_span(&cbor));
    truncated(
        doc_read_json,
        span_str("{\"a\":[1.5e3,true,false,null,\"x\\u00e4\\uD83D\\uDE00\xC3\xA4\\n\"],\"b\":{\"c\":-12}}"));
    buf_clear(&cbor);
}

static void offsets(void)
{
    struct doc *d = json_of(" {\"a\": [10, {\"b\" :true}],\n\"c\":\"x\"}");
    struct doc *tagged = NULL;
    struct buf in = unhex("a201820af518646178");

    CHECK(doc_offset(d) == 1 && doc_offset(NULL) == 0);
    CHECK(doc_offset(doc_get(d, "a")) == 7);
    CHECK(doc_offset(doc_at(doc_get(d, "a"), 0)) == 8);
    CHECK(doc_offset(doc_at(doc_get(d, "a"), 1)) == 12);
    CHECK(doc_offset(doc_get(doc_at(doc_get(d, "a"), 1), "b")) == 18);
    CHECK(doc_offset(doc_get(d, "c")) == 30);
    doc_free(d);
    CHECK(read_exact(doc_read_cbor, buf_span(&in), &d, NULL) == OK);
    CHECK(doc_offset(doc_get_label(d, 1)) == 2);
    CHECK(doc_offset(doc_at(doc_get_label(d, 1), 1)) == 4);
    CHECK(doc_offset(doc_get_label(d, 100)) == 7);
    CHECK(read_exact(doc_read_cbor, span("\xD2\x82\xD0\x01\x02", 5), &tagged, NULL) == OK);
    CHECK(doc_offset(doc_at(doc_at(doc_at(tagged, 0), 0), 0)) == 3);
    CHECK(doc_offset(doc_at(doc_at(tagged, 0), 1)) == 4);
    doc_free(tagged);
    doc_free(d);
    buf_clear(&in);
}

static void repeat(struct buf *b, const char *what, unsigned times)
{
    while (times--) buf_str(b, what);
}

/* `head`, then `what` n times, then `tail`. */
static enum err read_many(reader_of *read, const char *head, const char *what, unsigned n, const char *tail)
{
    struct buf b = { 0 };
    struct doc *d = NULL;

    buf_str(&b, head);
    repeat(&b, what, n);
    buf_str(&b, tail);
    enum err e = read_exact(read, buf_span(&b), &d, NULL);
    CHECK((e == OK) == (d != NULL));
    doc_free(d);
    buf_clear(&b);
    return e;
}

static void limits(void)
{
    char inner[67] = "\x98\x40";

    memset(inner + 2, 1, 64);
    CHECK(read_many(doc_read_json, "[", "1,", 63, "1]") == OK);
    CHECK(read_many(doc_read_json, "[", "1,", 64, "1]") == ERR_TOO_LARGE);
    CHECK(read_many(doc_read_json, "", " ", (64 << 10) - 1, "1") == OK);
    CHECK(read_many(doc_read_json, "", " ", 64 << 10, "1") == ERR_TOO_LARGE);
    CHECK(read_many(doc_read_json, "", "[", 60000, "") == ERR_TOO_LARGE);
    CHECK(read_many(doc_read_cbor, "", "\x81", 60000, "") == ERR_TOO_LARGE);
    CHECK(read_many(doc_read_cbor, "", "\x9f", 60000, "") == ERR_TOO_LARGE);
    CHECK(read_many(doc_read_cbor, "\x98\x40", "\x01", 64, "") == OK);
    CHECK(read_many(doc_read_cbor, "\x98\x41", "\x01", 65, "") == ERR_TOO_LARGE);
    CHECK(read_many(doc_read_cbor, "\x9f", "\x01", 64, "\xff") == OK);
    CHECK(read_many(doc_read_cbor, "\x9f", "\x01", 65, "\xff") == ERR_TOO_LARGE);
    CHECK(read_many(doc_read_cbor, "\x5f", "\x40", 4096, "\xff") == OK);
    CHECK(read_many(doc_read_cbor, "\x5f", "\x40", 4097, "\xff") == ERR_TOO_LARGE);
    /* an array of 63 arrays of 64 is 1 + 63 + 63 * 64 = 4096 values */
    CHECK(read_many(doc_read_cbor, "\x98\x3f", inner, 63, "") == OK);
    CHECK(read_many(doc_read_cbor, "\x98\x40", inner, 64, "") == ERR_TOO_LARGE);
}

/* Keys alike as hostile input makes them: still no slower than sorting. The bound is generous: squaring takes minutes. */
static void many_keys(void)
{
    struct buf b = { 0 };
    struct doc *d = NULL;
    clock_t start = clock();

    buf_str(&b, "{");
    for (unsigned i = 0; i < 20000; i++) buf_format(&b, "\"aaaaaaaaaaaaaaaaaaaaaaaa%u\":1,", i);
    size_t last = b.n;
    buf_str(&b, "\"a\":1}");
    CHECK(doc_read_json(buf_span(&b), &doc_limits_file, &d, NULL) == OK && doc_count(d) == 20001);
    doc_free(d);
    buf_truncate(&b, last);
    buf_str(&b, "\"\\u0061aaaaaaaaaaaaaaaaaaaaaaa0\":1}");
    struct fault f;
    CHECK(doc_read_json(buf_span(&b), &doc_limits_file, &d, &f) == ERR_MALFORMED && f.at == last);
    CHECK(clock() - start < 20 * CLOCKS_PER_SEC);
    buf_clear(&b);
}

static void commented(void)
{
    /* clang-format off */
    static const struct row {
        const char *in, *out;
        size_t at; /* where it is refused, when `out` is NULL */
    } rows[] = {
        { "// one\n{\"a\": /* two */ 1} // three", "{\"a\":1}", 0 },
        { "{\"a\": \"// no /* no */\"}", "{\"a\":\"// no /* no */\"}", 0 },
        { "\"\\\"//\" // yes", "\"\\\"//\"", 0 },
        { "\"\\\\\" // yes", "\"\\\\\"", 0 },
        { "/* \" */1", "1", 0 },
        { "/***/1/**/", "1", 0 },
        { "[1,//\n2]", "[1,2]", 0 },
        { "1 /* open", NULL, 2 },
        { "1 /*/", NULL, 2 },
        { "/ 1", NULL, 0 },
        { "[1,/*x*/]", NULL, 8 },
        { "// a\n\"b", NULL, 7 },
        { "\"b\\", NULL, 3 },
        { "// only", NULL, 7 },
    }, *r;
    /* clang-format on */

    for (EACH_ROW(r, rows)) {
        struct doc *d = NULL;
        struct fault f = { 0 };
        enum err e = read_exact(doc_read_json_commented, span_str(r->in), &d, &f);
        CHECK_ROW((e == OK) == (r->out != NULL), r->in);
        if (r->out) writes_json(d, r->out);
        CHECK_ROW(f.at == r->at, r->in);
        doc_free(d);
    }
}

/* --- the tree --- */

static void absent(void)
{
    struct doc *d = json_of("{\"n\":5,\"s\":\"x\",\"f\":0.5,\"b\":true,\"a\":[1]}");
    struct span text;
    int64_t n = 7;
    double f = 7;
    bool b = true;

    CHECK(doc_kind(NULL) == DOC_NONE && doc_kind(doc_get(d, "zz")) == DOC_NONE);
    CHECK(!doc_int(NULL, &n) && !doc_int(doc_get(d, "s"), &n) && !doc_int(doc_get(d, "f"), &n) && n == 7);
    CHECK(!doc_text(doc_get(d, "n"), &text) && !doc_bytes(doc_get(d, "s"), &text));
    CHECK(!doc_bool(doc_get(d, "n"), &b) && b);
    CHECK(!doc_float(doc_get(d, "s"), &f) && f == 7.0);
    CHECK(doc_float(doc_get(d, "n"), &f) && f == 5.0);
    CHECK(doc_float(doc_get(d, "f"), &f) && f == 0.5);
    CHECK(doc_text(doc_get(d, "s"), &text) && span_is(text, "x"));
    CHECK(doc_get(doc_get(doc_get(d, "x"), "y"), "z") == NULL);
    CHECK(doc_get(doc_get(d, "a"), "n") == NULL && doc_get_label(d, 0) == NULL);
    CHECK(doc_at(doc_get(d, "a"), 1) == NULL && doc_at(NULL, 0) == NULL && doc_count(NULL) == 0);
    CHECK(doc_count(d) == 5 && doc_count(doc_get(d, "n")) == 0 && doc_kind(doc_at(d, 4)) == DOC_ARRAY);
    CHECK(doc_key_text(d, 0, &text) && span_is(text, "n"));
    CHECK(!doc_key_text(d, 5, &text) && !doc_key_label(d, 0, &n) && !doc_key_text(doc_get(d, "a"), 0, &text));
    CHECK(doc_tag(d) == 0 && doc_tag(NULL) == 0);
    doc_free(d);
    doc_free(NULL);
}

static struct doc *sample(void)
{
    struct doc *d = doc_new_map(), *list = doc_new_array();

    doc_add(list, doc_new_null());
    doc_add(list, doc_new_bool(true));
    doc_add(list, doc_new_float(0.25));
    doc_put(d, "list", list);
    doc_put(d, "n", doc_new_int(1));
    doc_put(d, "empty", doc_new_map());
    doc_put_span(d, span_str("s"), doc_new_text(span_str("t\xC3\xA4")));
    doc_put(d, "n", doc_new_int(-2)); /* in place of the first */
    return d;
}

static void built(void)
{
    struct doc *d = sample(), *copy = doc_copy(d);
    struct buf out = { 0 };

    writes_json(d, "{\"list\":[null,true,0.25],\"n\":-2,\"empty\":{},\"s\":\"t\xC3\xA4\"}");
    doc_free(d);
    CHECK(doc_write_json_pretty(copy, &out) == OK);
    CHECK(span_is(buf_span(&out), "{\n  \"list\": [\n    null,\n    true,\n    0.25\n  ],\n  \"n\": -2,\n"
                                  "  \"empty\": {},\n  \"s\": \"t\xC3\xA4\"\n}"));
    doc_free(copy);
    CHECK(doc_copy(NULL) == NULL);
    buf_clear(&out);
}

static void built_cbor(void)
{
    struct doc *d = doc_new_map(), *copy;
    struct buf out = { 0 }, want = unhex("d83da3014201022162686938181a000186a0");
    struct span bytes;
    int64_t label = 0;

    doc_put_label(d, 1, doc_new_bytes(span("\1\2", 2)));
    doc_put_label(d, -2, doc_new_str("ho"));
    doc_put_label(d, -25, doc_new_int(100000));
    doc_put_label(d, -2, doc_new_str("hi"));
    d = doc_new_tag(61, d);
    copy = doc_copy(d);
    doc_free(d);
    CHECK(doc_tag(copy) == 61 && doc_count(copy) == 1);
    CHECK(doc_bytes(doc_get_label(doc_at(copy, 0), 1), &bytes) && bytes.n == 2);
    CHECK(doc_key_label(doc_at(copy, 0), 1, &label) && label == -2);
    CHECK(doc_write_cbor(copy, &out) == OK && span_eq(buf_span(&out), buf_span(&want)));
    doc_free(copy);
    buf_clear(&out);
    buf_clear(&want);
}

static struct doc *labelled(void)
{
    struct doc *d = doc_new_map();

    doc_put_label(d, 1, doc_new_null());
    return d;
}

static struct doc *with_hole(void)
{
    struct doc *outer = doc_new_array(), *inner = doc_new_map();

    doc_put(inner, "lost", NULL);
    doc_add(outer, inner);
    return outer;
}

static struct doc *bad_key(void)
{
    struct doc *d = doc_new_map();

    doc_put(d, "\xFF", doc_new_null());
    return d;
}

/* What cannot be written is told, and nothing of it is left in the buffer. */
static void unwritable(void)
{
    const struct row {
        const char *why;
        struct doc *d;
        enum err json, cbor;
    } rows[] = {
        { "bytes", doc_new_bytes(span_str("x")), ERR_MALFORMED, OK },
        { "label", labelled(), ERR_MALFORMED, OK },
        { "tag", doc_new_tag(1, doc_new_null()), ERR_MALFORMED, OK },
        { "not a number", doc_new_float(NAN), ERR_MALFORMED, OK },
        { "infinite", doc_new_float(-INFINITY), ERR_MALFORMED, OK },
        { "2^53 + 1", doc_new_int((INT64_C(1) << 53) + 1), ERR_MALFORMED, OK },
        { "text that is not UTF-8", doc_new_str("\xFF"), ERR_MALFORMED, ERR_MALFORMED },
        { "U+0000", doc_new_text(span("a\0", 2)), ERR_MALFORMED, ERR_MALFORMED },
        { "key that is not UTF-8", bad_key(), ERR_MALFORMED, ERR_MALFORMED },
        { "a child that could not be made", with_hole(), ERR_NO_MEMORY, ERR_NO_MEMORY },
        { "nothing", NULL, ERR_NO_MEMORY, ERR_NO_MEMORY },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct buf out = { 0 };
        buf_str(&out, "x");
        CHECK_ROW(doc_write_json(r->d, &out) == r->json && (r->json == OK || out.n == 1), r->why);
        CHECK_ROW(doc_write_json_pretty(r->d, &out) == r->json && (r->json == OK || out.n == 1), r->why);
        buf_truncate(&out, 1);
        CHECK_ROW(doc_write_cbor(r->d, &out) == r->cbor && (r->cbor == OK || out.n == 1), r->why);
        doc_free(r->d);
        buf_clear(&out);
    }
}

/* Adding to what could not be made releases the child. */
static void orphans(void)
{
    doc_add(NULL, doc_new_null());
    doc_put(NULL, "a", doc_new_str("b"));
    doc_put_label(NULL, 1, doc_new_map());
    doc_free(doc_new_tag(1, NULL));
}

CU_TestInfo doc_tests[] = { { "JSON accepted", json_accepted },
                            { "JSON refused", json_refused },
                            { "JSON keys", json_keys },
                            { "CBOR accepted", cbor_accepted },
                            { "CBOR refused", cbor_refused },
                            { "truncations", truncations },
                            { "offsets", offsets },
                            { "limits", limits },
                            { "many keys", many_keys },
                            { "comments", commented },
                            { "absent", absent },
                            { "built", built },
                            { "built for CBOR", built_cbor },
                            { "unwritable", unwritable },
                            { "orphans", orphans },
                            CU_TEST_INFO_NULL };
