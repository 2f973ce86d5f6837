#include "common/base/secret.h"
#include "tests/check.h"

static void equal(void)
{
    /* clang-format off */
    static const struct row {
        const char *why;
        struct span a, b;
        bool same;
    } rows[] = {
        { "same", SPAN("key"), SPAN("key"), true },
        { "both empty", SPAN(""), SPAN(""), true },
        { "empty and absent", SPAN(""), { NULL, 0 }, true },
        { "last byte", SPAN("key"), SPAN("kez"), false },
        { "first bit", SPAN("\x80y"), SPAN("\0y"), false },
        { "prefix", SPAN("key"), SPAN("keys"), false },
    }, *r;
    /* clang-format on */

    for (EACH_ROW(r, rows)) CHECK_ROW(secret_eq(r->a, r->b) == r->same, r->why);
}

static void life(void)
{
    struct secret s = { 0 };

    CHECK(secret_set(&s, span_str("first")) == OK);
    CHECK(span_is(secret_span(&s), "first"));
    CHECK(secret_set(&s, span(s.p + 1, 3)) == OK); /* from itself */
    CHECK(span_is(secret_span(&s), "irs"));
    CHECK(secret_set(&s, span(NULL, 0)) == OK && s.n == 0);
    secret_clear(&s);
    CHECK(s.p == NULL && s.n == 0);
    secret_clear(&s);
}

CU_TestInfo secret_tests[] = { { "equal", equal }, { "life", life }, CU_TEST_INFO_NULL };
