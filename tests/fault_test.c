#include "common/base/fault.h"
#include "tests/check.h"

static void position(void)
{
    /* clang-format off */
    static const struct row {
        const char *why, *text;
        size_t at;
        unsigned line, column;
    } rows[] = {
        { "start", "abc", 0, 1, 1 },
        { "within the first line", "abc", 2, 1, 3 },
        { "the newline itself", "ab\ncd", 2, 1, 3 },
        { "after it", "ab\ncd", 3, 2, 1 },
        { "empty lines", "\n\nx", 2, 3, 1 },
        { "past the end counts to the end", "a\nb", 99, 2, 2 },
        { "empty text", "", 0, 1, 1 },
    }, *r;
    /* clang-format on */

    for (EACH_ROW(r, rows)) {
        unsigned line = 0, column = 0;
        fault_position(span_str(r->text), r->at, &line, &column);
        CHECK_ROW(line == r->line && column == r->column, r->why);
    }
}

static void set(void)
{
    struct fault f = { 0 };

    fault_set(&f, 7, "no %s at %d", "comma", 3);
    CHECK(f.at == 7 && strcmp(f.why, "no comma at 3") == 0);
    fault_set(&f, 8, "%0500d", 1);
    CHECK(f.at == 8 && strlen(f.why) == sizeof f.why - 1);
    fault_set(NULL, 1, "nobody asks");
}

CU_TestInfo fault_tests[] = { { "position", position }, { "set", set }, CU_TEST_INFO_NULL };
