#include "tests/flow_text.h"

#define HEADER "id\tsource\tlevel\trole\tgroup\trequirement\ttest\tseed\n"

static void rules(void)
{
    struct rules r = { 0 };
    struct fault why;
    struct buf level = { 0 };

    CHECK(rules_read(span_str(TEST_RULES), &r, &why) == OK);
    CHECK(r.count == 6);
    const struct rule *one = rules_find(&r, "T-RS-02");
    CHECK(one && one->level == LEVEL_MAY && !one->prohibition && one->literal == LITERAL_DERIVED &&
          one->binds == 1 << ROLE_BROKER);
    CHECK(one && one->line == 5 && strcmp(one->text, "the broker may") == 0 &&
          strcmp(one->test, "look") == 0);
    rule_print_level(one, &level);
    CHECK(strcmp(buf_cstr(&level), "MAY [derived]") == 0);
    CHECK(strcmp(rule_level(rules_find(&r, "T-AS-01")), "SHOULD NOT") == 0);
    CHECK(rules_find(&r, "T-C-02")->literal == LITERAL_DECLARED);
    CHECK(rules_find(&r, "T-ALL-01")->binds == (1 << ROLE_CLIENT | 1 << ROLE_BROKER | 1 << ROLE_AS));
    CHECK(rules_find(&r, "T-C-03") == NULL);
    CHECK(strcmp(rules_nearest(&r, "T-C-03"), "T-C-02") == 0 ||
          strcmp(rules_nearest(&r, "T-C-03"), "T-C-01") == 0);
    rules_clear(&r);
    buf_clear(&level);
}

static const struct bad {
    const char *tsv, *why;
    size_t at;
} bads[] = {
    { HEADER "R-1\tx\tMUST\tC\tg\tt\tt\n", "line 2: expected 8 columns", sizeof HEADER - 1 },
    { HEADER "R-1\tx\tMUST\tC\tg\tt\tt\ty\tz\n", "line 2: expected 8 columns", sizeof HEADER - 1 },
    { HEADER "\tx\tMUST\tC\tg\tt\tt\ty\n", "line 2: no id", sizeof HEADER - 1 },
    { HEADER "R-1\tx\tMIGHT\tC\tg\tt\tt\ty\n", "line 2: unknown level", sizeof HEADER - 1 },
    { HEADER "R-1\tx\tMUST\tX\tg\tt\tt\ty\n", "line 2: unknown role", sizeof HEADER - 1 },
    { HEADER "R-1\tx\tMUST\tC\tg\tt\tt\ty\nR-1\tx\tMUST\tC\tg\tt\tt\ty\n", "R-1 is there twice", 0 },
};

static void bad_rules(void)
{
    const struct bad *b;

    for (EACH_ROW(b, bads)) {
        struct rules r = { 0 };
        struct fault why = { 0 };
        CHECK_ROW(rules_read(span_str(b->tsv), &r, &why) == ERR_MALFORMED, b->why);
        CHECK_ROW(strstr(why.why, b->why) != NULL && why.at == b->at, why.why);
        rules_clear(&r);
    }
}

static const struct note {
    const char *tsv, *why; /* NULL: good */
} notes[] = {
    { "# comment\n\nT-C-01\tnobody sees it\tkey/wipes\nT-C-02\tit neither\t-\n", NULL },
    { "T-C-01\tx\n", "line 1: expected id, reason, unit test" },
    { "#\nT-C-09\tx\t-\n", "line 2: unknown rule" },
    { "T-C-01\t\t-\n", "line 1: no reason" },
    { "T-C-01\tx\t-\nT-C-01\tx\t-\n", "line 2: the rule is there twice" },
};

static void unobservable(void)
{
    const struct note *n;

    for (EACH_ROW(n, notes)) {
        struct rules r = { 0 };
        struct fault why = { 0 };
        CHECK(rules_read(span_str(TEST_RULES), &r, &why) == OK);
        enum err e = rules_read_unobservable(span_str(n->tsv), &r, &why);
        CHECK_ROW(e == (n->why ? ERR_MALFORMED : OK), n->tsv);
        CHECK_ROW(strcmp(why.why, n->why ? n->why : "") == 0, why.why);
        if (e == OK) {
            CHECK(strcmp(rules_find(&r, "T-C-01")->unit_test, "key/wipes") == 0);
            CHECK(rules_find(&r, "T-C-02")->unobservable && !rules_find(&r, "T-C-02")->unit_test);
            CHECK(!rules_find(&r, "T-RS-01")->unobservable);
        }
        rules_clear(&r);
    }
}

static const struct note deviation_rows[] = {
    { "# comment\nT-C-01\tanother suite\tthe library has none\n", NULL },
    { "T-C-01\tx\n", "line 1: expected id, what is done instead, why" },
    { "T-C-01\tx\t\n", "line 1: expected id, what is done instead, why" },
    { "T-C-01\t\tx\n", "line 1: no reason" },
    { "T-C-09\tx\ty\n", "line 1: unknown rule" },
    { "T-C-01\tx\ty\nT-C-01\tx\ty\n", "line 2: the rule is there twice" },
    { "T-C-02\tx\ty\n", "line 1: the rule is there twice" },
};

static void deviations(void)
{
    const struct note *n;

    for (EACH_ROW(n, deviation_rows)) {
        struct rules r = { 0 };
        struct fault why = { 0 };
        CHECK(rules_read(span_str(TEST_RULES), &r, &why) == OK);
        CHECK(rules_read_unobservable(span_str("T-C-02\tnobody sees it\t-\n"), &r, &why) == OK);
        enum err e = rules_read_deviations(span_str(n->tsv), &r, &why);
        CHECK_ROW(e == (n->why ? ERR_MALFORMED : OK), n->tsv);
        CHECK_ROW(strcmp(why.why, n->why ? n->why : "") == 0, why.why);
        if (e == OK) {
            CHECK(strcmp(rules_find(&r, "T-C-01")->deviates, "another suite") == 0);
            CHECK(strcmp(rules_find(&r, "T-C-01")->deviates_why, "the library has none") == 0);
            CHECK(!rules_find(&r, "T-C-02")->deviates);
        }
        rules_clear(&r);
    }
}

CU_TestInfo flow_rules_tests[] = {
    { "rules", rules },           { "bad rules", bad_rules }, { "unobservable", unobservable },
    { "deviations", deviations }, CU_TEST_INFO_NULL,
};
