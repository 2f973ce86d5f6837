#include "scenarios/compare.h"

#include "tests/check.h"

#include <string.h>

#define PLAYERS "\"players\":{\"client\":\"puppet\",\"broker\":\"product\",\"as\":\"puppet\"}"
#define RUN(id, qos, verdict, held, broken)                                             \
    "{\"id\":\"" id "\",\"variant\":{\"qos\":\"" qos "\"},\"role\":\"broker\"," PLAYERS \
    ",\"verdict\":\"" verdict "\",\"held\":[" held "],\"broken\":[" broken "]}"
#define RULE(id, verdict)        "{\"id\":\"" id "\",\"verdict\":\"" verdict "\"}"
#define REPORT(scenarios, rules) "{\"version\":1,\"scenarios\":[" scenarios "],\"rules\":[" rules "]}"
#define BROKEN(check)            "{\"check\":\"" check "\"}"

/* clang-format off */
/* Two reports, and what is said of them. */
static const struct row {
    const char *why, *before, *after, *text;
    bool worse;
} rows[] = {
    { "nothing happened", REPORT(RUN("t/x", "1", "pass", "\"a\"", ""), RULE("R-1", "pass")),
      REPORT(RUN("t/x", "1", "pass", "\"a\"", ""), RULE("R-1", "pass")),
      "0 worse, 0 gone, 0 checks gone, 0 rules lost; 0 better, 0 new, 0 rules won\n", false },
    { "a broken check still ran",
      REPORT(RUN("t/x", "1", "pass", "\"a\",\"b\"", ""), RULE("R-1", "pass")),
      REPORT(RUN("t/x", "1", "fail", "\"b\"", BROKEN("a")), RULE("R-1", "fail")),
      "worse: t/x [qos=1] broker: pass -> fail\n"
      "rule lost: R-1: pass -> fail\n"
      "1 worse, 0 gone, 0 checks gone, 1 rules lost; 0 better, 0 new, 0 rules won\n", true },
    { "better", REPORT(RUN("t/x", "1", "error", "", ""), RULE("R-1", "open")),
      REPORT(RUN("t/x", "1", "warn", "\"a\"", ""), RULE("R-1", "pass")),
      "better: t/x [qos=1] broker: error -> warn\n"
      "rule won: R-1: open -> pass\n"
      "0 worse, 0 gone, 0 checks gone, 0 rules lost; 1 better, 0 new, 1 rules won\n", false },
    { "skipped is worse than passed, and unchecked",
      REPORT(RUN("t/x", "1", "pass", "\"a\",\"b\"", ""), ""), REPORT(RUN("t/x", "1", "skip", "", ""), ""),
      "worse: t/x [qos=1] broker: pass -> skip\n"
      "no longer checked: t/x [qos=1] broker: a and 1 more\n"
      "1 worse, 0 gone, 2 checks gone, 0 rules lost; 0 better, 0 new, 0 rules won\n", true },
    { "a check that stands twice", REPORT(RUN("t/x", "1", "pass", "\"a\",\"a\"", ""), ""),
      REPORT(RUN("t/x", "1", "pass", "\"a\"", ""), ""),
      "no longer checked: t/x [qos=1] broker: a\n"
      "0 worse, 0 gone, 1 checks gone, 0 rules lost; 0 better, 0 new, 0 rules won\n", true },
    { "a new check is no news", REPORT(RUN("t/x", "1", "pass", "\"a\"", ""), ""),
      REPORT(RUN("t/x", "1", "pass", "\"c\",\"a\"", ""), ""),
      "0 worse, 0 gone, 0 checks gone, 0 rules lost; 0 better, 0 new, 0 rules won\n", false },
    { "runs come and go, in any order",
      REPORT(RUN("t/z", "1", "pass", "", "") "," RUN("t/x", "1", "pass", "", "") "," RUN("t/x", "2", "pass", "", ""), ""),
      REPORT(RUN("t/y", "1", "fail", "", "") "," RUN("t/x", "2", "pass", "", ""), ""),
      "gone: t/x [qos=1] broker, pass\n"
      "gone: t/z [qos=1] broker, pass\n"
      "new: t/y [qos=1] broker, fail\n"
      "0 worse, 2 gone, 0 checks gone, 0 rules lost; 0 better, 1 new, 0 rules won\n", true },
    { "a rule that is no more", REPORT("", RULE("R-1", "pass")), REPORT("", ""),
      "rule lost: R-1: pass -> no such rule\n"
      "0 worse, 0 gone, 0 checks gone, 1 rules lost; 0 better, 0 new, 0 rules won\n", true },
};

/* clang-format on */

static void changes(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        const struct report_texts in = { span_str(r->before), span_str(r->after) };
        struct comparison c;
        struct buf text = { 0 };
        CHECK_ROW(compare_reports(&in, &c, &text) == OK, r->why);
        CHECK_ROW(strcmp(buf_cstr(&text), r->text) == 0, buf_cstr(&text));
        CHECK_ROW(compare_worse(&c) == r->worse, r->why);
        buf_clear(&text);
    }
}

static const struct wrong {
    const char *before, *after, *text;
} wrongs[] = {
    { "{}", REPORT("", ""), "the old report, byte 0: no report: it has no version\n" },
    { REPORT("", ""), "{\"version\":2}", "the new report, byte 0: a report of another version\n" },
    { REPORT("", ""), "{\"version\":1}", "the new report, byte 0: it has no scenarios\n" },
    { REPORT("", ""), "{\"version\":1,\"scenarios\":[]}", "the new report, byte 0: it has no rules\n" },
};

static void refusals(void)
{
    const struct wrong *w;

    for (EACH_ROW(w, wrongs)) {
        const struct report_texts in = { span_str(w->before), span_str(w->after) };
        struct comparison c;
        struct buf text = { 0 };
        CHECK_ROW(compare_reports(&in, &c, &text) == ERR_MALFORMED, w->text);
        CHECK_ROW(strcmp(buf_cstr(&text), w->text) == 0, buf_cstr(&text));
        buf_clear(&text);
    }
    struct comparison c;
    struct buf text = { 0 };
    const struct report_texts cut = { span_str("{\"version\":"), span_str("{}") };
    CHECK(compare_reports(&cut, &c, &text) == ERR_MALFORMED);
    CHECK_ROW(strncmp(buf_cstr(&text), "the old report, byte 11: ", 25) == 0, buf_cstr(&text));
    buf_clear(&text);
}

CU_TestInfo compare_tests[] = {
    { "changes", changes },
    { "refusals", refusals },
    CU_TEST_INFO_NULL,
};
