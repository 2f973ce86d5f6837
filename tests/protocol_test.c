#include "scenarios/protocol.h"

#include "tests/flow_text.h"
#include "tests/result_kit.h"

static const char arrow[] = "broker -> client CONNACK";

struct bed {
    struct rules rules;
    struct report report;
};

static void open_bed(struct bed *b)
{
    *b = (struct bed){ 0 };
    CHECK(rules_read(span_str(TEST_RULES), &b->rules, NULL) == OK);
    CHECK(report_init(&b->report, &b->rules) == OK);
}

static void close_bed(struct bed *b)
{
    report_clear(&b->report);
    rules_clear(&b->rules);
}

static void add(struct bed *b, const char *variant, const struct made_check *c)
{
    struct run_result run = make_run(&(struct made_run){ "t/x", variant, PUP, PRO, PUP });

    make_check(&run, &(struct made_check){ 7, arrow, "", 0, 0, { "T-RS-01" } });
    if (c) make_check(&run, c);
    CHECK(report_add(&b->report, &run) == OK);
}

static void add_told(struct bed *b, enum verdict v, const char *why)
{
    struct run_result run = make_run(&(struct made_run){ "t/x", "", PRO, PRO, PRO });

    run.verdict = v;
    buf_str(&run.why, why);
    CHECK(report_add(&b->report, &run) == OK);
}

/* One of each verdict. What comes from a peer cannot end a line, nor begin a directive. */
static void fill(struct bed *b)
{
    add(b, "qos=0", NULL);
    add(b, "qos=1",
        &(struct made_check){ 8, arrow, "reason", "0x00", "a,\n::b # 9%", { "T-RS-01", "T-C-01" } });
    add(b, "qos=2", &(struct made_check){ 8, arrow, "reason", "0x00", "0x87", { "T-RS-01" } });
    add(b, "qos=3", &(struct made_check){ 9, arrow, "user", "a", "\xFF\"\\", { "T-RS-02" } });
    add_told(b, VERDICT_SKIP, "no # rpk");
    add_told(b, VERDICT_ERROR, "no\nport");
}

static void test_anything(void)
{
    static const char want[] = "TAP version 14\n"
                               "1..6\n"
                               "ok 1 - t/x broker qos=0\n"
                               "not ok 2 - t/x broker qos=1\n"
                               "  ---\n"
                               "  severity: \"fail\"\n"
                               "  dir: \"build/scenarios/x\"\n"
                               "  broken:\n"
                               "    - check: \"broker -> client CONNACK reason\"\n"
                               "      at: \"t.flow:8\"\n"
                               "      want: \"0x00\"\n"
                               "      got: \"a,\\n::b # 9%\"\n"
                               "      rules: [\"T-RS-01\", \"T-C-01\"]\n"
                               "  ...\n"
                               "not ok 3 - t/x broker qos=2\n"
                               "  ---\n"
                               "  severity: \"fail\"\n"
                               "  dir: \"build/scenarios/x\"\n"
                               "  broken:\n"
                               "    - check: \"broker -> client CONNACK reason\"\n"
                               "      at: \"t.flow:8\"\n"
                               "      want: \"0x00\"\n"
                               "      got: \"0x87\"\n"
                               "      rules: [\"T-RS-01\"]\n"
                               "  ...\n"
                               "ok 4 - t/x broker qos=3\n"
                               "  ---\n"
                               "  severity: \"note\"\n"
                               "  dir: \"build/scenarios/x\"\n"
                               "  broken:\n"
                               "    - check: \"broker -> client CONNACK user\"\n"
                               "      at: \"t.flow:9\"\n"
                               "      want: \"a\"\n"
                               "      got: \"\\ufffd\\\"\\\\\"\n"
                               "      rules: [\"T-RS-02\"]\n"
                               "  ...\n"
                               "ok 5 - t/x all # SKIP no \\# rpk\n"
                               "not ok 6 - t/x all\n"
                               "  ---\n"
                               "  severity: \"error\"\n"
                               "  message: \"no\\nport\"\n"
                               "  dir: \"build/scenarios/x\"\n"
                               "  ...\n";
    struct bed b;
    struct buf text = { 0 };

    open_bed(&b);
    fill(&b);
    CHECK(protocol_tap(&b.report, &text) == OK);
    CHECK_ROW(strcmp(buf_cstr(&text), want) == 0, buf_cstr(&text));
    buf_clear(&text);
    close_bed(&b);
}

/* Once for alike checks; a note is not worth a line in a pull request. */
static void annotations(void)
{
    static const char want[] = "::error file=t.flow,line=8,title=t/x broker qos=1::broker -> client CONNACK "
                               "reason: expected 0x00, got a,"
                               "\\n::b # 9%25 T-RS-01 T-C-01\n"
                               "::error title=t/x all::no\\nport\n";
    struct bed b;
    struct buf text = { 0 };

    open_bed(&b);
    fill(&b);
    CHECK(protocol_annotate(&b.report, "/root", &text) == OK);
    CHECK_ROW(strcmp(buf_cstr(&text), want) == 0, buf_cstr(&text));
    buf_clear(&text);
    close_bed(&b);
}

static void files_of_annotations(void)
{
    static const struct row {
        const char *file, *root, *want;
    } rows[] = {
        { "/src/ace/flows/a.flow", "/src/ace", "::error file=flows/a.flow,line=8," },
        { "/src/ace2/a.flow", "/src/ace", "::error file=/src/ace2/a.flow,line=8," },
        { "/src/ace", "/src/ace", "::error file=/src/ace,line=8," },
        { "a,b:c%d.flow", "/src", "::error file=a%2Cb%3Ac%25d.flow,line=8," },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct bed b;
        struct buf text = { 0 };
        open_bed(&b);
        add(&b, "qos=0", &(struct made_check){ 8, arrow, "reason", "0", "1", { "T-RS-01" } });
        buf_truncate(&b.report.run[0].checks[1].file, 0);
        buf_str(&b.report.run[0].checks[1].file, r->file);
        CHECK(protocol_annotate(&b.report, r->root, &text) == OK);
        CHECK_ROW(span_starts(buf_span(&text), span_str(r->want)), buf_cstr(&text));
        buf_clear(&text);
        close_bed(&b);
    }
}

static size_t lines(const struct buf *text)
{
    size_t n = 0;

    for (size_t i = 0; i < text->n; i++) n += text->p[i] == '\n';
    return n;
}

static void flood(void)
{
    struct bed b;
    struct buf text = { 0 };

    open_bed(&b);
    for (unsigned i = 0; i < MAX_ANNOTATIONS + 7; i++) {
        char variant[16];
        snprintf(variant, sizeof variant, "n=%u", i);
        add(&b, variant, &(struct made_check){ 100 + i, arrow, "reason", "0", "1", { "T-RS-01" } });
    }
    CHECK(protocol_annotate(&b.report, "/", &text) == OK);
    CHECK(lines(&text) == MAX_ANNOTATIONS);
    CHECK(strstr(buf_cstr(&text), "::error::8 more broken checks, see report.json\n") != NULL);
    buf_clear(&text);
    close_bed(&b);
}

CU_TestInfo protocol_tests[] = {
    { "test_anything", test_anything },
    { "annotations", annotations },
    { "files_of_annotations", files_of_annotations },
    { "flood", flood },
    CU_TEST_INFO_NULL,
};
