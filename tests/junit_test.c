#include "scenarios/junit.h"

#include "tests/flow_text.h"
#include "tests/result_kit.h"

static const char expected[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<testsuites name=\"ace-scenarios\" tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"1\" "
    "time=\"6.250\">\n"
    "  <testsuite name=\"t/x broker\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"3.750\">\n"
    "    <testcase classname=\"t/x\" name=\"qos=0\" time=\"1.250\"/>\n"
    "    <testcase classname=\"t/x\" name=\"qos=1\" time=\"1.250\"><failure message=\"fail\">"
    "t.flow:8  broker -&gt; client CONNACK reason: expected &lt;&quot;&amp;&quot;&gt;, got "
    "\xEF\xBF\xBD\xEF\xBF\xBD[2J"
    "  T-RS-01 T-C-01\n</failure></testcase>\n"
    "    <testcase classname=\"t/x\" name=\"qos=2\" time=\"1.250\"><system-out>"
    "t.flow:8  broker -&gt; client CONNACK reason: expected a, got b  T-RS-02\n</system-out></testcase>\n"
    "  </testsuite>\n"
    "  <testsuite name=\"t/x all\" tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"1\" time=\"2.500\">\n"
    "    <testcase classname=\"t/x\" name=\"-\" time=\"1.250\"><skipped message=\"no "
    "rpk\"></skipped></testcase>\n"
    "    <testcase classname=\"t/x\" name=\"-\" time=\"1.250\"><error message=\"no "
    "&quot;port&quot;\"></error></testcase>\n"
    "  </testsuite>\n"
    "</testsuites>\n";

static void add_broken(struct report *r, const char *variant, const struct made_check *c)
{
    struct run_result run = make_run(&(struct made_run){ "t/x", variant, PUP, PRO, PUP });

    make_check(&run, &(struct made_check){ 7, "broker -> client CONNACK", "", 0, 0, { "T-RS-01" } });
    if (c) make_check(&run, c);
    CHECK(report_add(r, &run) == OK);
}

static void add_told(struct report *r, enum verdict v, const char *why)
{
    struct run_result run = make_run(&(struct made_run){ "t/x", "", PRO, PRO, PRO });

    run.verdict = v;
    buf_str(&run.why, why);
    CHECK(report_add(r, &run) == OK);
}

static void writing(void)
{
    static const char arrow[] = "broker -> client CONNACK";
    struct rules rules = { 0 };
    struct report r;
    struct buf xml = { 0 };

    CHECK(rules_read(span_str(TEST_RULES), &rules, NULL) == OK && report_init(&r, &rules) == OK);
    add_broken(&r, "qos=0", NULL);
    add_broken(&r, "qos=1",
               &(struct made_check){ 8, arrow, "reason", "<\"&\">", "\xFF\033[2J", { "T-RS-01", "T-C-01" } });
    add_broken(&r, "qos=2", &(struct made_check){ 8, arrow, "reason", "a", "b", { "T-RS-02" } });
    add_told(&r, VERDICT_SKIP, "no rpk");
    add_told(&r, VERDICT_ERROR, "no \"port\"");
    CHECK(junit_write(&r, &xml) == OK);
    CHECK_ROW(strcmp(buf_cstr(&xml), expected) == 0, buf_cstr(&xml));
    buf_clear(&xml);
    report_clear(&r);
    rules_clear(&rules);
}

CU_TestInfo junit_tests[] = {
    { "writing", writing },
    CU_TEST_INFO_NULL,
};
