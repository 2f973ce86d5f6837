#include "scenarios/badge.h"

#include "tests/flow_text.h"
#include "tests/result_kit.h"

static void add(struct report *r, const char *variant, enum verdict v, const char *got)
{
    struct run_result run = make_run(&(struct made_run){ "t/x", variant, PUP, PRO, PUP });

    make_check(&run, &(struct made_check){ 7, "broker -> client CONNACK", "", "a", got, { "T-RS-01" } });
    run.verdict = v;
    CHECK(report_add(r, &run) == OK);
}

static void says(struct report *r, const char *text, const char *colour)
{
    struct buf svg = { 0 };

    CHECK(badge_write(r, &svg) == OK);
    CHECK_ROW(strstr(buf_cstr(&svg), text) != NULL, buf_cstr(&svg));
    CHECK_ROW(strstr(buf_cstr(&svg), colour) != NULL, colour);
    CHECK(span_starts(buf_span(&svg), span_str("<svg xmlns=\"http://www.w3.org/2000/svg\"")));
    buf_clear(&svg);
}

/* The worst there is to say, of what was played. */
static void words(void)
{
    struct rules rules = { 0 };
    struct report r;

    CHECK(rules_read(span_str(TEST_RULES), &rules, NULL) == OK && report_init(&r, &rules) == OK);
    says(&r, "<title>RFC 9431: nothing was tested</title>", "#6b7280");
    add(&r, "n=0", VERDICT_SKIP, NULL);
    says(&r, "<title>RFC 9431: nothing was tested</title>", "#6b7280");
    add(&r, "n=1", VERDICT_PASS, NULL);
    says(&r, "<title>RFC 9431: 1 of 6 proven</title>", "#1b7a43");
    add(&r, "n=2", VERDICT_PASS, "b");
    says(&r, "<title>RFC 9431: 1 of 2 runs fail</title>", "#b3261e");
    add(&r, "n=3", VERDICT_ERROR, NULL);
    says(&r, "<title>RFC 9431: 1 error</title>", "#6b7280");
    report_clear(&r);
    rules_clear(&rules);
}

CU_TestInfo badge_tests[] = {
    { "words", words },
    CU_TEST_INFO_NULL,
};
