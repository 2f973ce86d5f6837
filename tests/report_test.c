#include "common/base/version.h"
#include "common/crypto/ossl.h"
#include "scenarios/report.h"

#include "common/base/file.h"
#include "common/codec/doc.h"
#include "tests/flow_text.h"
#include "tests/result_kit.h"

#define UNOBSERVABLE "T-AS-01\tnobody can see it\tas/hidden\n"

static void add(struct report *r, struct run_result *run)
{
    CHECK(report_add(r, run) == OK);
    CHECK(run->check_count == 0 && run->scenario.n == 0);
}

static void add_passed(struct report *r)
{
    struct run_result run = make_run(&(struct made_run){ "t/x", "qos=1,list=[a,b]", PUP, PRO, OFF });

    make_check(&run,
               &(struct made_check){ 7, "broker -> client CONNACK", "", 0, 0, { "T-RS-01", "T-ALL-01" } });
    make_check(&run, &(struct made_check){ 6, "client -> broker CONNECT", "", 0, 0, { "T-C-01" } });
    add(r, &run);
}

static void add_broken(struct report *r)
{
    struct run_result run = make_run(&(struct made_run){ "t/x", "qos=2,list=-", PUP, PRO, OFF });

    buf_str(&run.with, "broker lab=true");
    make_check(&run, &(struct made_check){ 7, "broker -> client CONNACK", "", 0, 0, { "T-RS-01" } });
    make_check(
        &run, &(struct made_check){ 8, "broker -> client CONNACK", "reason", "0x00", "0x87", { "T-RS-02" } });
    add(r, &run);
}

/* An error says nothing about rules, whatever its checks say. */
static void add_error(struct report *r)
{
    struct run_result run = make_run(&(struct made_run){ "t/y", "", PRO, PRO, PRO });

    make_check(&run, &(struct made_check){ 9, "client -> broker CONNECT", "", 0, 0, { "T-C-01" } });
    run.verdict = VERDICT_ERROR;
    buf_str(&run.why, "the port is taken");
    add(r, &run);
}

static void begin(struct rules *rules, struct report *r)
{
    *rules = (struct rules){ 0 };
    CHECK(rules_read(span_str(TEST_RULES), rules, NULL) == OK);
    CHECK(rules_read_unobservable(span_str(UNOBSERVABLE), rules, NULL) == OK);
    CHECK(report_init(r, rules) == OK);
}

static void end(struct rules *rules, struct report *r)
{
    report_clear(r);
    rules_clear(rules);
}

static const char head[] =
    "\"summary\":{\"passed\":1,\"failed\":0,\"warned\":0,\"noted\":1,\"skipped\":0,\"errors\":1,\"known\":0},"
    "\n"
    "\"requirements\":{\"total\":6,\"in_scope\":5,\"covered\":2,\"violated\":1,\"deviating\":0},\n"
    "\"switches\":{\"broker\":{\"lab\":{\"default\":false,\"reading\":\"A-65\",\"doc\":\"d\"}}},\n";
static const char tail[] =
    "\"scenarios\":[\n"
    "{\"id\":\"t/x\",\"variant\":{\"qos\":\"1\",\"list\":\"[a,b]\"},\"role\":\"broker\","
    "\"players\":{\"client\":\"puppet\",\"broker\":\"product\",\"as\":\"absent\"},\"verdict\":\"pass\","
    "\"why\":\"\","
    "\"rules\":[{\"id\":\"T-ALL-01\",\"level\":\"MUST\",\"verdict\":\"pass\"},"
    "{\"id\":\"T-RS-01\",\"level\":\"MUST NOT\",\"verdict\":\"pass\"}],"
    "\"ms\":1250,\"dir\":\"build/scenarios/x\","
    "\"held\":[\"broker -> client CONNACK\",\"client -> broker CONNECT\"],\"broken\":[]},\n"
    "{\"id\":\"t/x\",\"variant\":{\"qos\":\"2\",\"list\":\"-\"},\"with\":\"broker "
    "lab=true\",\"role\":\"broker\","
    "\"players\":{\"client\":\"puppet\",\"broker\":\"product\",\"as\":\"absent\"},\"verdict\":\"note\","
    "\"why\":\"\","
    "\"rules\":[{\"id\":\"T-RS-01\",\"level\":\"MUST NOT\",\"verdict\":\"pass\"},"
    "{\"id\":\"T-RS-02\",\"level\":\"MAY\",\"verdict\":\"note\"}],"
    "\"ms\":1250,\"dir\":\"build/scenarios/x\",\"held\":[\"broker -> client CONNACK\"],"
    "\"broken\":[{\"check\":\"broker -> client CONNACK "
    "reason\",\"verdict\":\"note\",\"file\":\"t.flow\",\"line\":8,"
    "\"want\":\"0x00\",\"got\":\"0x87\",\"rules\":[\"T-RS-02\"]}]},\n"
    "{\"id\":\"t/y\",\"variant\":{},\"role\":\"all\","
    "\"players\":{\"client\":\"product\",\"broker\":\"product\",\"as\":\"product\"},\"verdict\":\"error\","
    "\"why\":\"the port is taken\",\"rules\":[],\"ms\":1250,\"dir\":\"build/scenarios/x\","
    "\"held\":[\"client -> broker CONNECT\"],\"broken\":[]}],\n"
    "\"rules\":[\n"
    "{\"id\":\"T-ALL-01\",\"level\":\"MUST\",\"verdict\":\"pass\",\"scenarios\":[\"t/x\"]},\n"
    "{\"id\":\"T-AS-01\",\"level\":\"SHOULD NOT\",\"verdict\":\"unobservable\",\"scenarios\":[],"
    "\"unobservable\":\"nobody can see it\",\"unit_test\":\"as/hidden\"},\n"
    "{\"id\":\"T-C-01\",\"level\":\"MUST\",\"verdict\":\"open\",\"scenarios\":[]},\n"
    "{\"id\":\"T-C-02\",\"level\":\"SHOULD\",\"verdict\":\"open\",\"scenarios\":[]},\n"
    "{\"id\":\"T-RS-01\",\"level\":\"MUST NOT\",\"verdict\":\"pass\",\"scenarios\":[\"t/x\"]},\n"
    "{\"id\":\"T-RS-02\",\"level\":\"MAY\",\"verdict\":\"note\",\"scenarios\":[\"t/x\"]}]}\n";

/* What was shown by which combination is told in proven_test.c. */
static const char *report_text(struct buf *out)
{
    static const struct proven none;

    buf_format(out,
               "{\"version\":1,\n\"about\":{\"when\":\"2027-01-15T08:00:00Z\",\"runner\":\"ace-"
               "scenarios " ACE_VERSION "\",\"tls\":\"%s\",\"broker\":\"ace-broker " ACE_VERSION "\"},\n%s",
               ossl_version(), head);
    proven_write(&none, out);
    buf_format(out, ",\n%s", tail);
    return buf_cstr(out);
}

static void writing(void)
{
    struct rules rules;
    struct report r;
    struct buf json = { 0 }, want = { 0 };

    begin(&rules, &r);
    add_passed(&r);
    add_broken(&r);
    add_error(&r);
    about_fill(&r.about, 1u << ROLE_BROKER, (const struct sut *const[ROLE_COUNT]){ NULL });
    CHECK(r.about.when > 1790000000);
    r.about.when = 1800000000;
    buf_str(&r.switches[ROLE_BROKER], "{\"lab\":{\"default\":false,\"reading\":\"A-65\",\"doc\":\"d\"}}");
    CHECK(report_write(&r, &json) == OK);
    CHECK_ROW(strcmp(buf_cstr(&json), report_text(&want)) == 0, buf_cstr(&json));
    buf_clear(&json);
    buf_clear(&want);
    end(&rules, &r);
}

static void coverage(void)
{
    struct rules rules;
    struct report r;

    begin(&rules, &r);
    struct coverage c = report_coverage(&r);
    CHECK(c.total == 6 && c.proven == 0 && c.violated == 0 && c.unobservable == 1 && c.open == 5);
    CHECK(report_last(&r) == NULL);
    add_passed(&r);
    c = report_coverage(&r);
    CHECK(c.proven == 2 && c.open == 3);
    add_broken(&r);
    c = report_coverage(&r);
    CHECK(c.proven == 2 && c.violated == 1 && c.unobservable == 1 && c.open == 2);
    end(&rules, &r);
}

/* Counted apart; one that a run shows to be kept is out of date, and an error. */
static void deviations(void)
{
    struct rules rules;
    struct report r;

    begin(&rules, &r);
    CHECK(rules_read_deviations(span_str("T-C-01\tx\ty\nT-RS-01\tx\ty\n"), &rules, NULL) == OK);
    struct coverage c = report_coverage(&r);
    CHECK(c.deviating == 2 && c.open == 3 && !report_stale_deviation(&r));
    for (size_t i = 0; i < rules.count; i++) {
        const struct rule *rule = &rules.rule[i];
        bool named = strcmp(rule->id, "T-C-01") == 0 || strcmp(rule->id, "T-RS-01") == 0;
        CHECK_ROW((strcmp(report_rule_verdict(&r, i), "deviation") == 0) == named, rule->id);
    }
    add_passed(&r);
    c = report_coverage(&r);
    CHECK(c.deviating == 1 && report_stale_deviation(&r) == rules_find(&rules, "T-RS-01"));
    CHECK(report_status(&r) == STATUS_ERROR);
    end(&rules, &r);
}

/* Three puppets prove nothing about anybody. */
static void model(void)
{
    struct rules rules;
    struct report r;
    struct run_result run = make_run(&(struct made_run){ "t/x", "", PUP, PUP, PUP });

    begin(&rules, &r);
    make_check(&run, &(struct made_check){ 7, "broker -> client CONNACK", "", 0, 0, { "T-RS-01" } });
    add(&r, &run);
    CHECK(report_last(&r)->verdict == VERDICT_PASS && report_coverage(&r).proven == 0);
    end(&rules, &r);
}

static void status(void)
{
    struct rules rules;
    struct report r;
    struct run_result skipped = make_run(&(struct made_run){ "t/y", "", PUP, PRO, PUP });
    struct run_result run = make_run(&(struct made_run){ "t/x", "", PUP, PRO, PUP });

    begin(&rules, &r);
    CHECK(report_status(&r) == STATUS_ERROR && report_played(&r) == 0);
    skipped.verdict = VERDICT_SKIP;
    add(&r, &skipped);
    CHECK(report_status(&r) == STATUS_ERROR && report_played(&r) == 0); /* nothing was tested */
    add_passed(&r);
    add_broken(&r);
    CHECK(report_played(&r) == 2);
    CHECK(report_status(&r) == STATUS_FINE);
    make_check(&run, &(struct made_check){ 7, "broker -> client CONNACK", "", "a", "b", { "T-RS-01" } });
    add(&r, &run);
    CHECK(report_status(&r) == STATUS_FAILED);
    add_error(&r);
    CHECK(report_status(&r) == STATUS_ERROR);
    end(&rules, &r);
}

static const struct under_row {
    const char *name;
    enum player client, broker, as;
} under_rows[] = {
    { "client", PRO, PUP, PUP },        { "broker", PUP, PLAYER_EXTERNAL, PUP }, { "as", PUP, OFF, PRO },
    { "all", PRO, PRO, PRO },           { "all", PRO, OFF, PLAYER_EXTERNAL },    { "model", PUP, PUP, PUP },
    { "client+broker", PRO, PRO, PUP },
};

static void under_test(void)
{
    const struct under_row *u;

    for (EACH_ROW(u, under_rows)) {
        struct run_result run = { .players = { u->client, u->broker, u->as } };
        struct buf out = { 0 };
        report_under_test(&run, &out);
        CHECK_ROW(strcmp(buf_cstr(&out), u->name) == 0, u->name);
        buf_clear(&out);
    }
}

/* ---- the schema: the part of JSON Schema that docs/report.schema.json uses ---- */

struct schema {
    const struct doc *root;
    struct buf path; /* of the value now judged */
    struct buf faults;
};

static void judge(struct schema *s, const struct doc *rule, const struct doc *value);

static void fault(struct schema *s, const char *what)
{
    buf_add(&s->faults, buf_span(&s->path));
    buf_format(&s->faults, ": %s\n", what);
}

static bool text_eq(const struct doc *a, const struct doc *b)
{
    struct span x, y;
    int64_t m, n;

    if (doc_text(a, &x) && doc_text(b, &y)) return span_eq(x, y);
    return doc_int(a, &m) && doc_int(b, &n) && m == n;
}

static bool is_type(struct span type, enum doc_kind kind)
{
    return (span_is(type, "object") && kind == DOC_MAP) || (span_is(type, "array") && kind == DOC_ARRAY) ||
           (span_is(type, "string") && kind == DOC_TEXT) || (span_is(type, "integer") && kind == DOC_INT);
}

static void judge_scalar(struct schema *s, const struct doc *rule, const struct doc *value)
{
    const struct doc *words = doc_get(rule, "enum"), *only = doc_get(rule, "const");
    struct span type, word;
    int64_t least, n;
    bool among = words == NULL;

    if (doc_text(doc_get(rule, "type"), &type) && !is_type(type, doc_kind(value))) fault(s, "type");
    if (only && !text_eq(only, value)) fault(s, "const");
    for (size_t i = 0; i < doc_count(words); i++) among |= text_eq(doc_at(words, i), value);
    if (!among) fault(s, "enum");
    if (doc_int(doc_get(rule, "minimum"), &least) && doc_int(value, &n) && n < least) fault(s, "minimum");
    if (doc_int(doc_get(rule, "minLength"), &least) && doc_text(value, &word) && (int64_t)word.n < least)
        fault(s, "minLength");
}

static void judge_below(struct schema *s, struct span name, const struct doc *rule, const struct doc *value)
{
    size_t n = s->path.n;

    buf_u8(&s->path, '/');
    buf_add(&s->path, name);
    judge(s, rule, value);
    buf_truncate(&s->path, n);
}

static void judge_members(struct schema *s, const struct doc *rule, const struct doc *value)
{
    const struct doc *required = doc_get(rule, "required"), *known = doc_get(rule, "properties");
    const struct doc *others = doc_get(rule, "additionalProperties");
    struct span name;

    for (size_t i = 0; i < doc_count(required); i++) {
        if (doc_text(doc_at(required, i), &name) && !doc_get_span(value, name))
            fault(s, "a member is missing");
    }
    for (size_t i = 0; i < doc_count(value) && doc_key_text(value, i, &name); i++) {
        const struct doc *member = doc_get_span(known, name);
        if (!member) member = others;
        if (doc_kind(member) == DOC_BOOL) fault(s, "an unknown member");
        judge_below(s, name, member, doc_at(value, i));
    }
}

static void judge(struct schema *s, const struct doc *rule, const struct doc *value)
{
    struct span ref;

    if (doc_text(doc_get(rule, "$ref"), &ref))
        judge(s, doc_get_span(doc_get(s->root, "$defs"), span_skip(ref, strlen("#/$defs/"))), value);
    judge_scalar(s, rule, value);
    if (doc_kind(value) == DOC_MAP) judge_members(s, rule, value);
    for (size_t i = 0; doc_kind(value) == DOC_ARRAY && i < doc_count(value); i++)
        judge_below(s, span_str("-"), doc_get(rule, "items"), doc_at(value, i));
}

static const struct schema_row {
    const char *from, *to, *faults;
} schema_rows[] = {
    { "\"version\":1", "\"version\":1", "" },
    { "\"version\":1", "\"version\":2", "/version: const\n" },
    { "\"skipped\":0,", "", "/summary: a member is missing\n" },
    { "\"errors\":1", "\"errors\":-1", "/summary/errors: minimum\n" },
    { "\"state\":\"hole\"", "\"state\":\"none\"", "/combinations/-/cells/-/state: enum\n" },
    { "\"tls\":\"known\",", "", "/combinations/-: a member is missing\n" },
    { "\"verdict\":\"note\"", "\"verdict\":\"nice\"", "/scenarios/-/verdict: enum\n" },
    { "\"qos\":\"1\"", "\"qos\":1", "/scenarios/-/variant/qos: type\n" },
    { "\"ms\":1250", "\"ms\":1250,\"us\":3", "/scenarios/-: an unknown member\n" },
    { "\"id\":\"t/y\"", "\"id\":\"\"", "/scenarios/-/id: minLength\n" },
    { "\"held\":[\"broker -> client CONNACK\"]", "\"held\":[5]", "/scenarios/-/held/-: type\n" },
    { "\"MUST NOT\",\"verdict\":\"pass\",\"scenarios\"", "\"MUST NOT\",\"verdict\":\"error\",\"scenarios\"",
      "/rules/-/verdict: enum\n" },
};

static void judge_row(const struct doc *schema, const struct schema_row *row)
{
    struct buf json = { 0 }, whole = { 0 };
    const char *text = report_text(&whole), *at = strstr(text, row->from);
    struct schema s = { .root = schema };
    struct doc *report = NULL;

    CHECK_ROW(at != NULL, row->from);
    buf_add(&json, span(text, (size_t)(at - text)));
    buf_str(&json, row->to);
    buf_str(&json, at + strlen(row->from));
    CHECK_ROW(doc_read_json(buf_span(&json), &doc_limits_file, &report, NULL) == OK, row->to);
    judge(&s, schema, report);
    CHECK_ROW(strcmp(buf_cstr(&s.faults), row->faults) == 0, buf_cstr(&s.faults));
    doc_free(report);
    buf_clear(&s.path);
    buf_clear(&s.faults);
    buf_clear(&json);
    buf_clear(&whole);
}

static void follows_schema(void)
{
    struct buf file = { 0 }, message = { 0 };
    struct doc *schema = NULL;
    struct fault why = { 0 };
    const struct schema_row *row;

    CHECK_ROW(file_read("docs/report.schema.json", &file, &message) == OK, buf_cstr(&message));
    CHECK_ROW(doc_read_json(buf_span(&file), &doc_limits_file, &schema, &why) == OK, why.why);
    for (EACH_ROW(row, schema_rows)) judge_row(schema, row);
    doc_free(schema);
    buf_clear(&file);
    buf_clear(&message);
}

CU_TestInfo report_tests[] = {
    { "writing", writing },
    { "coverage", coverage },
    { "deviations", deviations },
    { "model", model },
    { "status", status },
    { "under test", under_test },
    { "follows schema", follows_schema },
    CU_TEST_INFO_NULL,
};
