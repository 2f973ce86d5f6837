#include "common/base/utf8.h"
#include "tests/check.h"

static void next(void)
{
    /* clang-format off */
    static const struct row {
        const char *why, *in;
        size_t length;
        uint32_t rune;
    } rows[] = {
        { "ASCII", "A", 1, 'A' },
        { "empty", "", 0, 0 },
        { "two bytes, lowest", "\xC2\x80", 2, 0x80 },
        { "two bytes, highest", "\xDF\xBF", 2, 0x7FF },
        { "three bytes, lowest", "\xE0\xA0\x80", 3, 0x800 },
        { "last before the surrogates", "\xED\x9F\xBF", 3, 0xD7FF },
        { "first after the surrogates", "\xEE\x80\x80", 3, 0xE000 },
        { "three bytes, highest", "\xEF\xBF\xBF", 3, 0xFFFF },
        { "four bytes, lowest", "\xF0\x90\x80\x80", 4, 0x10000 },
        { "highest of all", "\xF4\x8F\xBF\xBF", 4, 0x10FFFF },
        { "only the first counts", "\xE2\x82\xACx", 3, 0x20AC },
        { "stray continuation", "\x80", 0, 0 },
        { "overlong slash", "\xC0\xAF", 0, 0 },
        { "overlong, C1", "\xC1\xBF", 0, 0 },
        { "overlong in three", "\xE0\x9F\xBF", 0, 0 },
        { "overlong in four", "\xF0\x8F\xBF\xBF", 0, 0 },
        { "surrogate", "\xED\xA0\x80", 0, 0 },
        { "above U+10FFFF", "\xF4\x90\x80\x80", 0, 0 },
        { "F5", "\xF5\x80\x80\x80", 0, 0 },
        { "FF", "\xFF", 0, 0 },
        { "cut in two", "\xC3", 0, 0 },
        { "cut in three", "\xE2\x82", 0, 0 },
        { "cut in four", "\xF0\x9F\x98", 0, 0 },
        { "third byte is no continuation", "\xE2\x82x", 0, 0 },
    }, *r;
    /* clang-format on */

    for (EACH_ROW(r, rows)) {
        uint32_t rune = 0;
        CHECK_ROW(utf8_next(span_str(r->in), &rune) == r->length, r->why);
        CHECK_ROW(rune == r->rune, r->why);
    }
}

static void quote(void)
{
    /* clang-format off */
    static const struct row {
        const char *why;
        struct span in;
        const char *out;
    } rows[] = {
        { "plain", SPAN("a b"), "\"a b\"" },
        { "empty", SPAN(""), "\"\"" },
        { "quote and backslash", SPAN("a\"b\\c"), "\"a\\\"b\\\\c\"" },
        { "controls with a short form", SPAN("\r\n\t"), "\"\\r\\n\\t\"" },
        { "NUL, escape, delete", SPAN("\0\x1b\x7f"), "\"\\u0000\\u001b\\u007f\"" },
        { "C1 control sequence introducer", SPAN("\xC2\x9B"), "\"\\u009b\"" },
        { "line separator", SPAN("\xE2\x80\xA8"), "\"\\u2028\"" },
        { "right-to-left override", SPAN("\xE2\x80\xAE"), "\"\\u202e\"" },
        { "isolate", SPAN("\xE2\x81\xA6"), "\"\\u2066\"" },
        { "letters stay", SPAN("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"" },
        { "not UTF-8", SPAN("a\xFF\x80z"), "\"a\\ufffd\\ufffdz\"" },
        { "cut character at the end", SPAN("a\xE2\x82"), "\"a\\ufffd\\ufffd\"" },
    }, *r;
    /* clang-format on */

    for (EACH_ROW(r, rows)) {
        struct buf out = { 0 };
        utf8_quote(&out, r->in);
        CHECK_ROW(span_is(buf_span(&out), r->out), r->why);
        buf_clear(&out);
    }
}

CU_TestInfo utf8_tests[] = { { "next", next }, { "quote", quote }, CU_TEST_INFO_NULL };
