#include "common/base/file.h"
#include "scenarios/suite.h"
#include "tests/check.h"

/* docs/conformance.md names what we do not keep and what no run can show, each with its reason. */

static void check_row(const char *doc, const char *id, const char *reason)
{
    struct buf row = { 0 };

    buf_format(&row, "\n| `%s` | %s | ", id, reason);
    CHECK_ROW(strstr(doc, buf_cstr(&row)) != NULL, buf_cstr(&row));
    buf_clear(&row);
}

static void tables(void)
{
    struct suite s = { 0 };
    struct buf text = { 0 }, message = { 0 };
    const struct suite_folders files = { "scenarios", "scenarios/flows" };
    size_t rows = 0;

    CHECK(file_read("docs/conformance.md", &text, &message) == OK);
    CHECK_ROW(suite_load(&files, &s, &message) == OK, buf_cstr(&message));
    for (size_t i = 0; i < s.rules.count; i++) {
        const struct rule *r = &s.rules.rule[i];
        if (r->deviates) check_row(buf_cstr(&text), r->id, r->deviates);
        if (r->unobservable) check_row(buf_cstr(&text), r->id, r->unobservable);
        rows += r->deviates || r->unobservable;
    }
    CHECK(rows > 0);
    suite_clear(&s);
    buf_clear(&text);
    buf_clear(&message);
}

CU_TestInfo conformance_doc_tests[] = {
    { "docs/conformance.md", tables },
    CU_TEST_INFO_NULL,
};
