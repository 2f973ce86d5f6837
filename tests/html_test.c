#include "scenarios/html.h"

#include "common/codec/doc.h"
#include "tests/flow_text.h"
#include "tests/result_kit.h"

static const char flow[] = "scenario connect/x\n"
                           "title    less < than\n"
                           "vary     qos=0|1\n"
                           "  client : connect tls=anon mqtt=ace\n"
                           "C client -> broker CONNECT will_qos=$qos [T-C-01]\n"
                           "  broker -> client CONNACK reason=0x00 [T-RS-01]\n"
                           "  clock broker +2h\n";

static const char page[] = "<script>" HTML_MARK "</script>";

static void load(struct suite *s)
{
    *s = (struct suite){ 0 };
    CHECK(rules_read(span_str(TEST_RULES), &s->rules, NULL) == OK);
    CHECK(flows_parse(&s->flows, "t.flow", span_str(flow)) == OK && flows_link(&s->flows) == OK);
}

/* CONNECT held; CONNACK held, or its reason broke where `got` says so. */
static struct run_result connect_run(const char *variant, const char *got)
{
    struct run_result run = make_run(&(struct made_run){ "connect/x", variant, PUP, PRO, OFF });

    make_check(&run, &(struct made_check){ 5, "client -> broker CONNECT", "", 0, 0, { "T-C-01" } });
    make_check(&run, &(struct made_check){ 6, "broker -> client CONNACK", "", 0, 0, { "T-RS-01" } });
    make_check(&run, &(struct made_check){
                         6, "broker -> client CONNACK", "reason=0x00", "0x00", got, { "T-RS-01" } });
    return run;
}

/* Everything between the tags, read back. */
static struct doc *data_of(const struct buf *html)
{
    static const char before[] = "<script>", after[] = "</script>";
    struct fault why;
    struct doc *d = NULL;
    struct span text = span(html->p + strlen(before), html->n - strlen(before) - strlen(after));

    CHECK(memchr(text.p, '<', text.n) == NULL);
    CHECK_ROW(doc_read_json(text, &doc_limits_file, &d, &why) == OK, why.why);
    return d;
}

static void check_text(const struct doc *d, const char *want)
{
    struct span s = { 0 };

    CHECK_ROW(doc_text(d, &s) && span_is(s, want), want);
}

static void check_number(const struct doc *d, int64_t want)
{
    int64_t n = -1;

    CHECK(doc_int(d, &n) && n == want);
}

/* qos=0 and qos=1 differ in what CONNECT says, so each has a figure; a second run of qos=0 shares the first. */
static void check_runs(const struct doc *d)
{
    const struct doc *runs = doc_get(d, "runs"), *figures = doc_get(d, "figures");

    CHECK(doc_count(runs) == 3 && doc_count(figures) == 2);
    check_text(doc_get(doc_at(runs, 0), "verdict"), "pass");
    check_text(doc_get(doc_at(runs, 1), "verdict"), "fail");
    check_text(doc_get(doc_at(runs, 1), "again"),
               "ace-scenarios run connect/x --variant qos=1 --under broker --patience 2");
    check_number(doc_get(doc_at(runs, 0), "figure"), 0);
    check_number(doc_get(doc_at(runs, 1), "figure"), 1);
    check_number(doc_get(doc_at(runs, 2), "figure"), 0);
    check_number(doc_get(doc_at(runs, 0), "combination"), 1);
    CHECK(doc_count(doc_get(doc_at(runs, 0), "held")) == 1 &&
          doc_count(doc_get(doc_at(runs, 0), "broken")) == 0);
    CHECK(doc_count(doc_get(doc_at(runs, 1), "held")) == 0 &&
          doc_count(doc_get(doc_at(runs, 1), "broken")) == 1);
}

static void check_figure(const struct doc *steps)
{
    const struct doc *connack = doc_at(steps, 2), *reason = doc_at(doc_get(connack, "checks"), 1);

    CHECK(doc_count(steps) == 4);
    check_text(doc_get(doc_at(steps, 0), "kind"), "verb");
    check_text(doc_get(doc_at(steps, 0), "text"), "connect tls=anon mqtt=ace");
    check_text(doc_get(doc_at(steps, 1), "label"), "C");
    check_text(doc_get(connack, "from"), "broker");
    check_text(doc_get(connack, "to"), "client");
    check_text(doc_get(reason, "field"), "reason=0x00");
    check_text(doc_get(reason, "got"), "0x87");
    check_text(doc_at(doc_get(reason, "rules"), 0), "T-RS-01");
    check_text(doc_get(doc_at(steps, 3), "text"), "+7200 s");
}

static void whole(void)
{
    struct suite s;
    struct report r;
    struct transcripts t = { 0 };
    struct buf html = { 0 };
    struct run_result runs[] = { connect_run("qos=0", NULL), connect_run("qos=1", "0x87"),
                                 connect_run("qos=0", NULL) };

    load(&s);
    runs[2].players[ROLE_CLIENT] = PRO;
    CHECK(report_init(&r, &s.rules) == OK);
    r.repeat = " --patience 2";
    for (size_t i = 0; i < 3; i++) CHECK(report_add(&r, &runs[i]) == OK);
    CHECK(html_write(&r, &s, &t, span_str(page), &html) == OK);
    struct doc *d = data_of(&html);
    CHECK(doc_count(doc_get(d, "rules")) == s.rules.count);
    check_text(doc_get(doc_at(doc_get(d, "scenarios"), 0), "title"), "less < than");
    check_runs(d);
    check_figure(doc_at(doc_get(d, "figures"), 1));
    doc_free(d);
    buf_clear(&html);
    report_clear(&r);
    suite_clear(&s);
}

static void no_mark(void)
{
    struct suite s;
    struct report r;
    struct transcripts t = { 0 };
    struct buf html = { 0 };

    load(&s);
    CHECK(report_init(&r, &s.rules) == OK);
    CHECK(html_write(&r, &s, &t, span_str("<script></script>"), &html) == ERR_MALFORMED && html.n == 0);
    report_clear(&r);
    suite_clear(&s);
}

CU_TestInfo html_tests[] = {
    { "whole", whole },
    { "no mark", no_mark },
    CU_TEST_INFO_NULL,
};
