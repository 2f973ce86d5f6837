#include "scenarios/plan.h"

#include "scenarios/stranger.h"
#include "scenarios/sut.h"
#include "tests/flow_text.h"

/* Which runs there are when somebody else's program is under test, and what is beyond it. */

static const char flows[] =
    "scenario t/hint\n"
    "title A\n"
    "vary tls=1.3|1.2\n"
    "tests broker\n"
    "     client ~> broker TLS client_auth=none\n"
    "     client -> broker CONNECT method=ace data=-\n"
    "F    broker -> client CONNACK reason=0x87 user=ace_as_hint:json>hint [T-RS-01]\n"
    "     hint.AS=$as hint.audience=$broker [T-RS-01]\n"
    "\n"
    "scenario t/token\n"
    "title B\n"
    "     client : connect\n"
    "     client -> as POST /token audience=$broker [T-C-01]\n"
    "     as -> client 200 access_token=token(key(hs256)>key)>token [T-ALL-01]\n"
    "C    client -> broker CONNECT method=ace data=len16($token)+pop($key,$exporter)\n"
    "F    broker -> client CONNACK reason=0x00 [T-RS-01]\n"
    "\n"
    "scenario t/signer\n"
    "title C\n"
    "like t/token\n"
    "tests broker\n"
    "but C data=len16(token($key,sign=other))+pop($key,$exporter)\n"
    "then F broker -> client CONNACK reason=0x87 [T-RS-01]\n"
    "\n"
    "scenario t/with\n"
    "title D\n"
    "like t/hint\n"
    "vary tls=1.3\n"
    "with broker hide_topics=true\n"
    "\n"
    "scenario t/clock\n"
    "title E\n"
    "like t/hint\n"
    "vary tls=1.3\n"
    "     clock broker +1h\n"
    "     broker -> client CLOSE [T-RS-01]\n"
    "\n"
    "scenario t/needs\n"
    "title F\n"
    "like t/hint\n"
    "vary tls=1.3\n"
    "needs psk\n";

struct bed {
    struct suite suite;
    struct sut broker;
    struct plan plan;
    struct plan_options options;
};

static void bed_open(struct bed *b)
{
    *b = (struct bed){ .broker = { .role = ROLE_BROKER, .name = "it", .starts = 1 } };
    b->broker.features = ~(sut_feature("clock") | sut_feature("psk") | sut_feature("tls12"));
    b->options.sut[ROLE_BROKER] = &b->broker;
    CU_ASSERT_FATAL(flow_load(&b->suite, flows) == OK);
}

static void bed_close(struct bed *b)
{
    plan_clear(&b->plan);
    suite_clear(&b->suite);
}

/* Makes the plan; checks that each job has this scenario and variant, and this reason. */
struct row {
    const char *scenario;
    size_t variant;
    const char *why; /* NULL: it is played */
};

static void plans(struct bed *b, const struct row *rows, size_t count)
{
    CHECK(plan_make(&b->suite, &b->options, &b->plan));
    CHECK(b->plan.count == count);
    for (size_t i = 0; i < count && i < b->plan.count; i++) {
        const struct job *j = &b->plan.job[i];
        CHECK_ROW(strcmp(j->scenario->id, rows[i].scenario) == 0 && j->variant == rows[i].variant,
                  rows[i].scenario);
        CHECK_ROW(rows[i].why ? strstr(j->why, rows[i].why) != NULL : !*j->why,
                  *j->why ? j->why : rows[i].scenario);
    }
}

static void lacks(void)
{
    static const struct row rows[] = {
        { "t/hint", 0, NULL },
        { "t/hint", 1, "it does not declare tls12" },
        { "t/token", 0, NULL },
        { "t/signer", 0, NULL },
        { "t/with", 0, "it does not take the settings of our programs" },
        { "t/clock", 0, "it does not declare clock" },
        { "t/needs", 0, "it does not declare psk" },
    };
    struct bed b;

    bed_open(&b);
    plans(&b, rows, 7);
    CHECK(b.plan.job[2].players[ROLE_BROKER] == PLAYER_EXTERNAL &&
          b.plan.job[2].players[ROLE_AS] == PLAYER_PUPPET &&
          b.plan.job[2].players[ROLE_CLIENT] == PLAYER_PUPPET);
    bed_close(&b);
}

static void all_of_it(void)
{
    struct bed b;

    bed_open(&b);
    b.broker.features = UINT64_MAX;
    b.broker.settings = true;
    CHECK(plan_make(&b.suite, &b.options, &b.plan) && b.plan.count == 7);
    for (size_t i = 0; i < b.plan.count; i++) CHECK_ROW(!*b.plan.job[i].why, b.plan.job[i].why);
    bed_close(&b);
}

static void strangers(void)
{
    static const struct row rows[] = {
        { "t/hint", 0, NULL },
        { "t/hint", 1, NULL },
        { "t/token", 0,
          "needs a token that this broker would trust: give it the AS's key, see docs/adapters.md" },
        { "t/signer", 0, NULL }, /* a token that nobody has to trust */
        { "t/with", 0, "settings" },
        { "t/clock", 0, NULL },
        { "t/needs", 0, NULL },
    };
    struct bed b;

    bed_open(&b);
    b.broker.starts = 0;
    b.broker.features = UINT64_MAX;
    plans(&b, rows, 7);
    bed_close(&b);
}

/* Of what a stranger says of itself, only the kind is known. */
static void adapting(void)
{
    struct bed b;
    struct variant v;

    bed_open(&b);
    const struct scenario *x = flows_find(&b.suite.flows, "t/hint");
    CHECK(flow_expand(x, 0, &v) == OK);
    const struct step *f = &v.step[2];
    CHECK(f->field[2].pattern.kind == PATTERN_VARIABLE);
    stranger_adapt(ROLE_BROKER, &v);
    CHECK(f->field[2].pattern.kind == PATTERN_CALL && f->field[2].pattern.fn == FN_URI);
    CHECK(f->field[3].pattern.kind == PATTERN_CALL && f->field[3].pattern.fn == FN_TEXT);
    CHECK(f->field[0].pattern.kind == PATTERN_LITERAL);
    variant_clear(&v);
    bed_close(&b);
}

/* All three together: only what a client is answered is judged, so there has to be an answer. */
static void together(void)
{
    static const struct row rows[] = { { "t/token", 0, NULL } };
    struct bed b;

    bed_open(&b);
    b.options.mode = RUN_ALL_REAL;
    plans(&b, rows, 1);
    CHECK(b.plan.job[0].players[ROLE_BROKER] == PLAYER_EXTERNAL &&
          b.plan.job[0].players[ROLE_AS] == PLAYER_PRODUCT);
    bed_close(&b);
}

CU_TestInfo plan_tests[] = {
    { "a run that needs what the system lacks is skipped, with the reason", lacks },
    { "one that lacks nothing plays everything", all_of_it },
    { "a stranger is asked only what needs no token it would trust", strangers },
    { "a stranger's own names are not compared with ours", adapting },
    { "runs without puppets", together },
    CU_TEST_INFO_NULL,
};
