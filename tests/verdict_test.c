#include "scenarios/verdict.h"

#include "tests/flow_text.h"
#include "tests/result_kit.h"

/* One check of a run, and the verdict it leads to. */
/* clang-format off */
static const struct row {
    const char *why;
    enum player client, broker, as;
    struct made_check check;
    enum verdict verdict;
} rows[] = {
    { "held", PUP, PRO, PUP, { 1, "broker -> client CONNACK", "reason", 0, 0, { "T-RS-01" } }, VERDICT_PASS },
    { "a MUST NOT", PUP, PRO, PUP, { 1, "broker -> client CONNACK", "reason", "a", "b", { "T-RS-01" } }, VERDICT_FAIL },
    { "a MAY", PUP, PRO, PUP, { 1, "broker -> client CONNACK", "reason", "a", "b", { "T-RS-02" } }, VERDICT_NOTE },
    { "the highest counts", PUP, PRO, PUP, { 1, "broker -> client CONNACK", "reason", "a", "b", { "T-RS-02", "T-RS-01" } }, VERDICT_FAIL },
    { "a SHOULD", PRO, PUP, PUP, { 1, "client -> broker CONNECT", "method", "a", "b", { "T-C-02" } }, VERDICT_WARN },
    { "a second client is a client", EXT, PUP, PUP, { 1, "client2 -> broker CONNECT", "method", "a", "b", { "T-C-02" } }, VERDICT_WARN },
    { "a SHOULD NOT", PUP, PUP, EXT, { 1, "as -> client 200", "cnf", "a", "b", { "T-AS-01" } }, VERDICT_WARN },
    { "no rule, sender under test", PUP, PRO, PUP, { 1, "broker -> client PUBACK", "", "a", "b", { 0 } }, VERDICT_FAIL },
    { "no rule, sender a puppet", PUP, PRO, PUP, { 1, "client -> broker CONNECT", "", "a", "b", { 0 } }, VERDICT_ERROR },
    { "a rule of the other end", PUP, PRO, PUP, { 1, "client -> broker CONNECT", "", "a", "b", { "T-C-01" } }, VERDICT_ERROR },
    { "a rule that binds all speaks of the sender", PUP, PRO, PUP, { 1, "client -> broker CONNECT", "", "a", "b", { "T-ALL-01" } }, VERDICT_ERROR },
    { "a handshake shows both ends", PUP, PRO, PUP, { 1, "client ~> broker TLS", "rs_key", "a", "b", { "T-RS-02" } }, VERDICT_NOTE },
    { "quiet shows the others", PUP, PRO, PUP, { 1, "quiet client", "", "a", "b", { "T-RS-01" } }, VERDICT_FAIL },
    { "quiet does not show the silent end", PRO, PUP, PUP, { 1, "quiet client", "", "a", "b", { 0 } }, VERDICT_ERROR },
    { "an unknown rule is none", PUP, PRO, PUP, { 1, "broker -> client CONNACK", "", "a", "b", { "T-X" } }, VERDICT_FAIL },
    { "an answer that is lost, with a SHOULD", PUP, PUP, EXT, { 1, "as -> client 200", "", "200", "400", { "T-AS-01" } }, VERDICT_FAIL },
    { "three puppets", PUP, PUP, PUP, { 1, "broker -> client CONNACK", "", "a", "b", { "T-RS-02" } }, VERDICT_ERROR },
};

/* clang-format on */

static void levels(void)
{
    struct rules rules = { 0 };
    const struct row *r;

    CHECK(rules_read(span_str(TEST_RULES), &rules, NULL) == OK);
    for (EACH_ROW(r, rows)) {
        struct run_result run = make_run(&(struct made_run){ "t/x", "", r->client, r->broker, r->as });
        make_check(&run, &(struct made_check){ 1, "broker -> client CONNACK", NULL, NULL, NULL, { NULL } });
        make_check(&run, &r->check);
        result_judge(&run, &rules);
        CHECK_ROW(run.verdict == r->verdict, r->why);
        CHECK_ROW((run.why.n != 0) == (r->verdict == VERDICT_ERROR), r->why);
        result_clear(&run);
    }
    rules_clear(&rules);
}

static void judged_by_the_worker(void)
{
    struct rules rules = { 0 };
    struct run_result run = make_run(&(struct made_run){ "t/x", "", PUP, PRO, PUP });

    CHECK(rules_read(span_str(TEST_RULES), &rules, NULL) == OK);
    result_judge(&run, &rules);
    CHECK(run.verdict == VERDICT_ERROR && strcmp(buf_cstr(&run.why), "no check ran") == 0);
    buf_truncate(&run.why, 0);
    make_check(&run, &(struct made_check){ 1, "broker -> client CONNACK", "", "a", "b", { "T-RS-01" } });
    run.verdict = VERDICT_SKIP;
    result_judge(&run, &rules);
    CHECK(run.verdict == VERDICT_SKIP);
    run.verdict = VERDICT_ERROR;
    result_judge(&run, &rules);
    CHECK(run.verdict == VERDICT_ERROR && run.why.n == 0);
    result_clear(&run);
    rules_clear(&rules);
}

/* A refusal that came otherwise breaks the rules that say how, and no others. */
static void refusals(void)
{
    static const char text[] = "id\tsource\tlevel\trole\tgroup\trequirement\thow-to-test\tseed\n"
                               "T-A-1\tRFC1\tMUST\tRS\tg\tAn invalid token is refused.\tlook\tyes\n"
                               "T-A-2\tRFC1\tMUST\tRS\tg\tAn invalid token gives 0x87.\tlook\tyes\n"
                               "T-A-3\tRFC1\tMUST\tRS\tg\tThe outcome is told with CONNACK.\tlook\tyes\n"
                               "T-A-4\tRFC1\tMUST\tRS\tg\tSuccess is 0x00.\tlook\tyes\n"
                               "T-A-5\tRFC1\tMUST\tRS\tg\tA reply has status 200.\tlook\tyes\n"
                               "T-A-6\tRFC1\tMUST\tRS\tg\tIt gives invalid_scope.\tlook\tyes\n";
    static const struct refused {
        const char *rule;
        enum refusal refusal;
        enum verdict verdict;
    } refused[] = {
        { "T-A-1", REFUSAL_NONE, VERDICT_FAIL },   { "T-A-1", REFUSAL_CODE, VERDICT_WARN },
        { "T-A-1", REFUSAL_CLOSE, VERDICT_WARN },  { "T-A-1", REFUSAL_PACKET, VERDICT_WARN },
        { "T-A-3", REFUSAL_PACKET, VERDICT_FAIL }, { "T-A-2", REFUSAL_CODE, VERDICT_FAIL },
        { "T-A-2", REFUSAL_CLOSE, VERDICT_FAIL },  { "T-A-3", REFUSAL_CODE, VERDICT_WARN },
        { "T-A-3", REFUSAL_CLOSE, VERDICT_FAIL },  { "T-A-4", REFUSAL_CODE, VERDICT_WARN },
        { "T-A-1", REFUSAL_ERROR, VERDICT_WARN },  { "T-A-6", REFUSAL_ERROR, VERDICT_FAIL },
        { "T-A-1", REFUSAL_STATUS, VERDICT_WARN }, { "T-A-5", REFUSAL_STATUS, VERDICT_FAIL },
    };
    struct rules rules = { 0 };
    const struct refused *r;

    CHECK(rules_read(span_str(text), &rules, NULL) == OK);
    for (EACH_ROW(r, refused)) {
        struct run_result run = make_run(&(struct made_run){ "t/x", "", PUP, PRO, PUP });
        make_check(
            &run,
            &(struct made_check){
                1, "broker -> client CONNACK", "reason", "invalid_request|invalid_scope", "b", { r->rule } });
        run.checks[0].refusal = r->refusal;
        bool speaks = check_speaks(&run, &run.checks[0], check_rule_at(&run.checks[0], 0, &rules));
        result_judge(&run, &rules);
        CHECK_ROW(run.verdict == r->verdict && speaks == (r->verdict == VERDICT_FAIL), r->rule);
        result_clear(&run);
    }
    rules_clear(&rules);
}

CU_TestInfo verdict_tests[] = {
    { "levels", levels },
    { "judged by the worker", judged_by_the_worker },
    { "a refusal in another form", refusals },
    CU_TEST_INFO_NULL,
};
