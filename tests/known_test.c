#include "scenarios/known.h"

#include "scenarios/report.h"
#include "scenarios/verdict.h"
#include "tests/flow_text.h"
#include "tests/result_kit.h"

static const char list[] = "# what is known\n"
                           "T-RS-01\tuntil=2099-06\tit was always so\n"
                           "t/odd*\tuntil=2099-06\tnever looked at\n";

struct bed {
    struct suite suite;
    struct known known;
};

static void bed_open(struct bed *b)
{
    const struct known_source from = { "x.known", span_str(list) };
    struct fault why;

    *b = (struct bed){ 0 };
    CHECK(rules_read(span_str(TEST_RULES), &b->suite.rules, &why) == OK);
    CHECK(known_read(&from, &b->suite.rules, &b->known, &why) == OK && b->known.count == 2);
}

static void bed_close(struct bed *b)
{
    known_clear(&b->known);
    suite_clear(&b->suite);
}

/* A run of a foreign broker with one check; how it is judged. */
static enum verdict hear(struct bed *b, const char *scenario, const struct made_check *c)
{
    struct run_result r = make_run(&(struct made_run){ scenario, "", PUP, EXT, OFF });

    make_check(&r, c);
    result_judge(&r, &b->suite.rules);
    known_hear(&b->known, &r, &b->suite.rules);
    enum verdict v = r.verdict;
    if (v == VERDICT_KNOWN) CHECK(strstr(buf_cstr(&r.why), "known (x.known:") != NULL);
    result_clear(&r);
    return v;
}

#define FAILS(...) \
    (&(struct made_check){ 3, "broker -> client CONNACK", "reason", "a", "b", { __VA_ARGS__ } })
#define HOLDS(...) \
    (&(struct made_check){ 3, "broker -> client CONNACK", "reason", NULL, NULL, { __VA_ARGS__ } })

static void excuses(void)
{
    struct bed b;

    bed_open(&b);
    CHECK(hear(&b, "t/x", FAILS("T-RS-01")) == VERDICT_KNOWN);
    CHECK(hear(&b, "t/x", FAILS("T-RS-01", "T-ALL-01")) == VERDICT_FAIL); /* one of two is not known */
    CHECK(hear(&b, "t/x", FAILS("T-ALL-01")) == VERDICT_FAIL);
    CHECK(hear(&b, "t/x", FAILS(NULL)) == VERDICT_FAIL);
    CHECK(hear(&b, "t/odd-one", FAILS(NULL)) == VERDICT_KNOWN);
    CHECK(hear(&b, "t/odd-one", FAILS("T-ALL-01")) == VERDICT_KNOWN);
    CHECK(hear(&b, "t/x", HOLDS("T-RS-01")) == VERDICT_PASS);
    bed_close(&b);
}

static void no_crash(void)
{
    struct bed b;
    struct made_check c = { 1, "broker" RESULT_PROGRAM, NULL, "runs", "ended by signal 11", { NULL } };

    bed_open(&b);
    CHECK(hear(&b, "t/odd-one", &c) == VERDICT_FAIL);
    bed_close(&b);
}

static void stale(void)
{
    struct bed b;
    const struct known_entry *e;

    bed_open(&b);
    e = b.known.entry;
    CHECK(known_stale(&e[0], "2026-11") == NULL &&
          known_stale(&e[1], "2026-11") == NULL); /* nothing was shown */
    CHECK(known_stale(&e[0], "2099-06") == NULL);
    CHECK(strcmp(known_stale(&e[0], "2099-07"), "its time is over") == 0);
    hear(&b, "t/x", HOLDS("T-RS-01"));
    hear(&b, "t/odd", HOLDS("T-ALL-01"));
    CHECK(strcmp(known_stale(&e[0], "2026-11"), "it is kept now") == 0);
    CHECK(strcmp(known_stale(&e[1], "2026-11"), "it is kept now") == 0);
    hear(&b, "t/y", FAILS("T-RS-01"));
    CHECK(known_stale(&e[0], "2026-11") == NULL); /* kept here, broken there */
    bed_close(&b);
}

/* Some runs of what a glob names say that it is broken, but never that it is kept. */
static void in_a_part(void)
{
    struct bed b;

    bed_open(&b);
    b.known.part = true;
    CHECK(hear(&b, "t/odd", HOLDS("T-RS-01")) == VERDICT_PASS);
    CHECK(known_stale(&b.known.entry[1], "2026-11") == NULL);
    CHECK(strcmp(known_stale(&b.known.entry[0], "2026-11"), "it is kept now") == 0);
    CHECK(hear(&b, "t/odd-one", FAILS("T-ALL-01")) == VERDICT_KNOWN);
    bed_close(&b);
}

/* A rule that the check does not show, as its role is a puppet, is neither kept nor broken. */
static void not_shown(void)
{
    struct bed b;
    struct made_check c = { 3, "client -> broker CONNECT", NULL, NULL, NULL, { "T-RS-01" } };

    bed_open(&b);
    hear(&b, "t/x", &c);
    CHECK(b.known.entry[0].held == 0 && b.known.entry[0].broken == 0);
    bed_close(&b);
}

/* In a report: a known failure is no failure, an entry that is kept is an error. */
static void in_a_report(void)
{
    static const struct row {
        const char *got;
        enum status status;
    } rows[] = { { "b", STATUS_FINE }, { NULL, STATUS_ERROR } };
    const struct row *row;

    for (EACH_ROW(row, rows)) {
        struct bed b;
        struct report r;
        struct run_result run = make_run(&(struct made_run){ "t/x", "", PUP, EXT, OFF });
        struct made_check c = { 3, "broker -> client CONNACK", "reason", "a", row->got, { "T-RS-01" } };
        const char *why = NULL;
        bed_open(&b);
        make_check(&run, &c);
        CHECK(report_init(&r, &b.suite.rules) == OK);
        r.known = &b.known;
        r.foreign = true;
        CHECK(report_add(&r, &run) == OK);
        CHECK(report_status(&r) == row->status);
        CHECK((report_stale_known(&r, &why) == NULL) == (row->got != NULL));
        report_clear(&r);
        bed_close(&b);
    }
}

static const struct wrong {
    const char *text, *why;
} wrongs[] = {
    { "T-RS-01\tuntil=2099-06\t\n", "line 1: expected the reason behind the second tab" },
    { "# x\n\nT-RS-01\tsome day\tbecause\n",
      "line 3: expected until=YYYY-MM behind the first tab: nothing is known for ever" },
    { "T-RS-01\n", "line 1: expected until=YYYY-MM behind the first tab: nothing is known for ever" },
    { "T-RS-01\tuntil=2099-6x\twhy\n",
      "line 1: expected until=YYYY-MM behind the first tab: nothing is known for ever" },
    { "\tuntil=2099-06\twhy\n",
      "line 1: expected a rule or a glob of scenarios, a tab, until=YYYY-MM, a tab, the reason" },
    { "T-RS-01\tuntil=2099-13\twhy\n",
      "line 1: expected until=YYYY-MM behind the first tab: nothing is known for ever" },
    { "T-RS-01\tuntil=2099-00\twhy\n",
      "line 1: expected until=YYYY-MM behind the first tab: nothing is known for ever" },
    { "R-NONE-01\tuntil=2099-06\twhy\n", "line 1: there is no such rule" },
};

static void refusals(void)
{
    const struct wrong *w;
    struct suite s = { 0 };
    struct fault why;

    CHECK(rules_read(span_str(TEST_RULES), &s.rules, &why) == OK);
    for (EACH_ROW(w, wrongs)) {
        const struct known_source from = { "x.known", span_str(w->text) };
        struct known k = { 0 };
        CHECK_ROW(known_read(&from, &s.rules, &k, &why) == ERR_MALFORMED, w->text);
        CHECK_ROW(strcmp(why.why, w->why) == 0, why.why);
        known_clear(&k);
    }
    suite_clear(&s);
}

/* An entry about many scenarios knows how they are answered; that nothing comes is no answer. */
static void silence(void)
{
    static const char exact[] = "t/odd*\tuntil=2099-06\tnever looked at\nt/odd-two\tuntil=2099-06\tmute\n";
    const struct known_source from = { "x.known", span_str(exact) };
    static const char *const ids[] = { "t/odd-one", "t/odd-two" };
    struct suite s = { 0 };
    struct fault why;

    CHECK(rules_read(span_str(TEST_RULES), &s.rules, &why) == OK);
    for (size_t i = 0; i < 4; i++) {
        struct run_result r = make_run(&(struct made_run){ ids[i / 2], "", PUP, EXT, OFF });
        struct known k = { 0 };
        CHECK(known_read(&from, &s.rules, &k, &why) == OK);
        make_check(&r, FAILS("T-RS-01"));
        r.checks[0].silent = i % 2 == 0;
        result_judge(&r, &s.rules);
        known_hear(&k, &r, &s.rules);
        CHECK_ROW(r.verdict == (i == 0 ? VERDICT_FAIL : VERDICT_KNOWN), ids[i / 2]);
        result_clear(&r);
        known_clear(&k);
    }
    suite_clear(&s);
}

/* What no run could ever show goes out of date never: it is refused. */
static void pointless(void)
{
    static const char flows[] = "scenario t/here\ntitle T\n  client -> broker CONNECT method=ace [T-C-01]\n";
    static const struct wrong never[] = {
        { "t/hree\tuntil=2099-06\tx\n", "line 1: no scenario is called t/hree; nearest: t/here" },
        { "u/*\tuntil=2099-06\tx\n", "line 1: no scenario is called u/*" },
        { "# \nt/*\tuntil=2099-06\tx\n", "line 2: t/* does not judge the broker" },
        { "T-C-01\tuntil=2099-06\tx\n", "line 1: T-C-01 does not bind the broker" },
        { "T-RS-01\tuntil=2099-06\tx\n", NULL },
    };
    const struct wrong *w;
    struct suite s = { 0 };

    CHECK(flow_load(&s, flows) == OK);
    for (EACH_ROW(w, never)) {
        const struct known_source from = { "x.known", span_str(w->text) };
        struct known k = { 0 };
        struct fault why = { 0 };
        CHECK(known_read(&from, &s.rules, &k, &why) == OK);
        CHECK_ROW((known_check(&k, &s, ROLE_BROKER, &why) == OK) == !w->why, w->text);
        if (w->why) CHECK_ROW(strcmp(why.why, w->why) == 0, why.why);
        known_clear(&k);
    }
    suite_clear(&s);
}

CU_TestInfo known_tests[] = {
    { "a failure on the list is known, any other stays one", excuses },
    { "no list excuses a crash", no_crash },
    { "an entry that is kept, or over, is out of date", stale },
    { "a part of the suite does not make a glob out of date", in_a_part },
    { "what a run does not show says nothing", not_shown },
    { "what a known failure and a stale entry do to the exit status", in_a_report },
    { "undated, unexplained and unknown entries are refused", refusals },
    { "no glob covers silence", silence },
    { "entries that nothing can show are refused", pointless },
    CU_TEST_INFO_NULL,
};
