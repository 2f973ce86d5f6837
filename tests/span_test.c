#include "common/base/span.h"
#include "tests/check.h"

static void compares(void)
{
    /* clang-format off */
    static const struct row {
        const char *why;
        struct span a, b;
        bool equal, starts;
    } rows[] = {
        { "same", SPAN("ab"), SPAN("ab"), true, true },
        { "prefix", SPAN("abc"), SPAN("ab"), false, true },
        { "longer prefix", SPAN("ab"), SPAN("abc"), false, false },
        { "other", SPAN("ab"), SPAN("ac"), false, false },
        { "nothing in something", SPAN("ab"), { NULL, 0 }, false, true },
        { "nothing and nothing", { NULL, 0 }, SPAN(""), true, true },
        { "NUL counts", SPAN("a\0b"), SPAN("a\0c"), false, false },
    }, *r;
    /* clang-format on */

    for (EACH_ROW(r, rows)) {
        CHECK_ROW(span_eq(r->a, r->b) == r->equal, r->why);
        CHECK_ROW(span_starts(r->a, r->b) == r->starts, r->why);
    }
    CHECK(span_is(span_skip(span_str("abc"), 1), "bc"));
    CHECK(span_skip(span(NULL, 0), 0).n == 0);
}

CU_TestInfo span_tests[] = { { "compares", compares }, CU_TEST_INFO_NULL };
