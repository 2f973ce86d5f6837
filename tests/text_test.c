#include "common/codec/text.h"

#include "tests/check.h"

struct pair {
    struct span bytes;
    const char *text;
};

typedef void encoder(struct buf *out, struct span bytes);
typedef enum err decoder(struct span text, struct buf *out);

static void both_ways(const struct pair *p, encoder *encode, decoder *decode)
{
    struct buf text = { 0 }, bytes = { 0 };

    encode(&text, p->bytes);
    CHECK_ROW(span_is(buf_span(&text), p->text), p->text);
    CHECK_ROW(decode(span_str(p->text), &bytes) == OK, p->text);
    CHECK_ROW(span_eq(buf_span(&bytes), p->bytes), p->text);
    buf_clear(&text);
    buf_clear(&bytes);
}

static void refused(const char *text, decoder *decode)
{
    struct buf bytes = { 0 };

    CHECK_ROW(decode(span_str(text), &bytes) == ERR_MALFORMED, text);
    buf_clear(&bytes);
}

static void base64url(void)
{
    static const struct pair good[] = {
        { SPAN(""), "" },
        { SPAN("f"), "Zg" },
        { SPAN("fo"), "Zm8" },
        { SPAN("foo"), "Zm9v" },
        { SPAN("foob"), "Zm9vYg" },
        { SPAN("fooba"), "Zm9vYmE" },
        { SPAN("foobar"), "Zm9vYmFy" },
        { SPAN("\x03\xEC\xFF\xE0\xC1"), "A-z_4ME" }, /* RFC 7515 Appendix C */
        { SPAN("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}"), "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" },
        { SPAN("\0\0\0"), "AAAA" },
        { SPAN("\xFF\xFF\xFF\xFF"), "_____w" },
    };
    static const char *const bad[] = {
        "Z",    "Zm9vY", "Zg==",   "Zm8=",  "Zm9v=", "Zh",         "Zm9", "_____x",
        "Zm+v", "Zm/v",  "Zm9v\n", " Zm9v", "Zm 9v", "Zm\xC3\xA4", ".",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) both_ways(&good[i], b64url_encode, b64url_decode);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused(bad[i], b64url_decode);
}

static void base64(void)
{
    static const struct pair good[] = {
        { SPAN(""), "" },
        { SPAN("f"), "Zg==" },
        { SPAN("fo"), "Zm8=" },
        { SPAN("foo"), "Zm9v" },
        { SPAN("foob"), "Zm9vYg==" },
        { SPAN("fooba"), "Zm9vYmE=" },
        { SPAN("foobar"), "Zm9vYmFy" },
        { SPAN("Aladdin:open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==" }, /* RFC 7617 2 */
        { SPAN("\xFB\xFF"), "+/8=" },
    };
    static const char *const bad[] = {
        "Zg", "Zg=",  "Zg===",    "Zm8",      "Zh==", "Zm9=",     "====",
        "=",  "Z===", "Zm9v====", "Zg==Zg==", "-_8=", "Zm9v\r\n", "Z=g=",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) both_ways(&good[i], b64_encode, b64_decode);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused(bad[i], b64_decode);
}

static void hex(void)
{
    static const struct pair good[] = {
        { SPAN(""), "" },
        { SPAN("\x00\x9A\xBC\xDE\xFF"), "009abcdeff" },
    };
    static const char *const bad[] = { "0", "0g", "g0", "0x", " 00", "00\n", "/0", ":0", "@0", "`0" };
    struct buf bytes = { 0 };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) both_ways(&good[i], hex_encode, hex_decode);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused(bad[i], hex_decode);
    CHECK(hex_decode(span_str("AbCdEf"), &bytes) == OK && span_is(buf_span(&bytes), "\xAB\xCD\xEF"));
    buf_clear(&bytes);
}

/* No two texts decode to the same bytes: a token's hash then names the token (D-14 of the attack classes). */
static void injective(void)
{
    struct buf bytes = { 0 }, text = { 0 };
    unsigned decoded = 0;

    for (unsigned c = 0; c < 0x10000; c++) {
        const uint8_t in[] = { (uint8_t)(c >> 8), (uint8_t)c };
        buf_truncate(&bytes, 0);
        buf_truncate(&text, 0);
        if (b64url_decode(span(in, 2), &bytes) != OK) continue;
        b64url_encode(&text, buf_span(&bytes));
        CHECK(span_eq(buf_span(&text), span(in, 2)));
        decoded++;
    }
    CHECK(decoded == 256);
    buf_clear(&bytes);
    buf_clear(&text);
}

static void utf8(void)
{
    /* clang-format off */
    static const struct row {
        const char *why;
        struct span text;
        bool valid, mqtt;
    } rows[] = {
        { "empty", SPAN(""), true, true },
        { "nothing", { NULL, 0 }, true, true },
        { "mixed", SPAN("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z"), true, true },
        { "MQTT 5 1.5.4: A and U+2A6D4", SPAN("A\xF0\xAA\x9B\x94"), true, true },
        { "MQTT-1.5.4-3: U+FEFF stays", SPAN("\xEF\xBB\xBF"), true, true },
        { "MQTT-1.5.4-2: U+0000", SPAN("a\0b"), true, false },
        { "MQTT-1.5.4-1: surrogate", SPAN("\xED\xA0\x80"), false, false },
        { "overlong NUL", SPAN("\xC0\x80"), false, false },
        { "cut at the end", SPAN("abc\xE2\x82"), false, false },
        { "bad in the middle", SPAN("ab\xFFz"), false, false },
    }, *r;
    /* clang-format on */

    for (EACH_ROW(r, rows)) {
        CHECK_ROW(utf8_valid(r->text) == r->valid, r->why);
        CHECK_ROW(utf8_mqtt(r->text) == r->mqtt, r->why);
    }
}

CU_TestInfo text_tests[] = { { "base64url", base64url }, { "base64", base64 },       { "hex", hex },
                             { "utf8", utf8 },           { "injective", injective }, CU_TEST_INFO_NULL };
