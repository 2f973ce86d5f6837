#include "tests/result_kit.h"

static const char text[] = "{\"scenario\":\"t/"
                           "x\",\"variant\":\"qos=1\",\"with\":\"broker "
                           "lab=true\",\"players\":[\"puppet\",\"product\",\"absent\"],\"verdict\":\"warn\","
                           "\"why\":\"\",\"ms\":1250,\"dir\":\"build/scenarios/x\",\"checks\":[\n"
                           "{\"file\":\"t.flow\",\"line\":7,\"arrow\":\"broker -> client "
                           "CONNACK\",\"field\":\"\",\"want\":\"\",\"got\":\"\","
                           "\"held\":true,\"silent\":false,\"refusal\":\"\",\"rules\":[]},\n"
                           "{\"file\":\"t.flow\",\"line\":8,\"arrow\":\"broker -> client "
                           "CONNACK\",\"field\":\"reason\",\"want\":\"0x00\","
                           "\"got\":\"say "
                           "\\\"0x87\\\"\",\"held\":false,\"silent\":false,\"refusal\":\"code\",\"rules\":["
                           "\"T-RS-01\",\"T-RS-02\"]}]}\n";

static struct run_result sample(void)
{
    struct run_result r = make_run(&(struct made_run){ "t/x", "qos=1", PUP, PRO, OFF });

    buf_str(&r.with, "broker lab=true");
    r.verdict = VERDICT_WARN;
    make_check(&r, &(struct made_check){ 7, "broker -> client CONNACK", NULL, NULL, NULL, { NULL } });
    make_check(
        &r, &(struct made_check){
                8, "broker -> client CONNACK", "reason", "0x00", "say \"0x87\"", { "T-RS-01", "T-RS-02" } });
    r.checks[1].refusal = REFUSAL_CODE;
    return r;
}

static void writing(void)
{
    struct run_result r = sample();
    struct buf json = { 0 };

    CHECK(result_write(&r, &json) == OK);
    CHECK_ROW(strcmp(buf_cstr(&json), text) == 0, buf_cstr(&json));
    buf_clear(&json);
    result_clear(&r);
}

static void reading(void)
{
    struct run_result r;
    struct fault why = { 0 };
    struct buf again = { 0 };

    CHECK_ROW(result_read(span_str(text), &r, &why) == OK, why.why);
    CHECK(r.check_count == 2 && r.checks[0].held && !r.checks[1].held && r.checks[1].line == 8);
    CHECK(r.players[ROLE_BROKER] == PLAYER_PRODUCT && r.verdict == VERDICT_WARN && r.ms == 1250);
    CHECK(result_write(&r, &again) == OK && strcmp(buf_cstr(&again), text) == 0);
    buf_clear(&again);
    result_clear(&r);
}

/* Bytes that are no text, and NUL, come back as U+FFFD: never as a file that cannot be read. */
static void odd_bytes(void)
{
    struct run_result r = make_run(
                          &(struct made_run){ "t/x", "", PLAYER_PUPPET, PLAYER_PUPPET, PLAYER_PUPPET }),
                      back;
    struct buf json = { 0 };
    struct fault why = { 0 };

    buf_add(&r.why, span("a\0b\xFF\n", 5));
    CHECK(result_write(&r, &json) == OK);
    CHECK_ROW(result_read(buf_span(&json), &back, &why) == OK, why.why);
    CHECK(strcmp(buf_cstr(&back.why), "a\xEF\xBF\xBD"
                                      "b\xEF\xBF\xBD\n") == 0);
    result_clear(&r);
    result_clear(&back);
    buf_clear(&json);
}

static const struct wrong {
    const char *why, *from, *to;
} wrongs[] = {
    { "a member is missing", "\"ms\":1250,", "" },
    { "a negative time", "1250", "-1" },
    { "an unknown verdict", "\"warn\"", "\"fine\"" },
    { "an unknown player", "\"absent\"", "\"nobody\"" },
    { "two players", ",\"absent\"", "" },
    { "held is no boolean", "\"held\":true", "\"held\":1" },
    { "a rule is no text", "\"T-RS-02\"", "5" },
    { "checks are no list", "\"checks\"", "\"tests\"" },
    { "the end is missing", "]}\n", "" },
};

static void refusals(void)
{
    const struct wrong *w;

    for (EACH_ROW(w, wrongs)) {
        struct buf json = { 0 };
        struct run_result r;
        struct fault why = { 0 };
        const char *at = strstr(text, w->from);
        buf_add(&json, span(text, (size_t)(at - text)));
        buf_str(&json, w->to);
        buf_str(&json, at + strlen(w->from));
        CHECK_ROW(result_read(buf_span(&json), &r, &why) == ERR_MALFORMED && why.why[0], w->why);
        CHECK_ROW(r.check_count == 0 && r.scenario.n == 0, w->why);
        buf_clear(&json);
    }
}

CU_TestInfo result_tests[] = {
    { "writing", writing },   { "reading", reading }, { "odd bytes", odd_bytes },
    { "refusals", refusals }, CU_TEST_INFO_NULL,
};
