#include "scenarios/terminal.h"

#include "scenarios/command.h"

#include "tests/flow_text.h"
#include "tests/result_kit.h"

#include <stdlib.h>

static const char flow[] = "scenario connect/x\n"
                           "title    T\n"
                           "vary     qos=0|1\n"
                           "  client : connect tls=anon mqtt=ace\n"
                           "  client -> broker CONNECT will_qos=$qos [T-C-01]\n"
                           "  broker -> client CONNACK reason=0x00 [T-RS-01]\n"
                           "scenario tls/y\n"
                           "title    T\n"
                           "vary     tls=rpk|anon\n"
                           "  client : connect tls=$tls mqtt=none\n"
                           "  broker -> client CONNACK reason=0x00 [T-RS-01]\n";

/* A stage: suite, report and terminal that writes to memory. */
struct stage {
    struct suite suite;
    struct report report;
    struct terminal terminal;
    char *text;
    size_t n;
};

static void begin(struct stage *s, enum terminal_style style, size_t planned)
{
    *s = (struct stage){ 0 };
    CHECK(rules_read(span_str(TEST_RULES), &s->suite.rules, NULL) == OK);
    CHECK(flows_parse(&s->suite.flows, "t.flow", span_str(flow)) == OK && flows_link(&s->suite.flows) == OK);
    CHECK(report_init(&s->report, &s->suite.rules) == OK);
    s->terminal = (struct terminal){ .style = style, .suite = &s->suite, .report = &s->report };
    s->terminal.to = open_memstream(&s->text, &s->n);
    terminal_begin(&s->terminal, planned);
}

static void tell(struct stage *s, struct run_result *run)
{
    CHECK(report_add(&s->report, run) == OK);
    terminal_run(&s->terminal);
}

static void end(struct stage *s, enum status status, const char *text)
{
    CHECK(terminal_end(&s->terminal) == status);
    fclose(s->terminal.to);
    CHECK_ROW(strcmp(s->text, text) == 0, s->text);
    free(s->text);
    report_clear(&s->report);
    suite_clear(&s->suite);
}

static struct run_result connect_run(const char *variant, const char *got)
{
    struct run_result run = make_run(&(struct made_run){ "connect/x", variant, PUP, PRO, PUP });

    make_check(&run, &(struct made_check){ 6, "broker -> client CONNACK", "", 0, 0, { "T-ALL-01" } });
    make_check(&run, &(struct made_check){
                         6, "broker -> client CONNACK", "reason", "0x00", got, { "T-RS-01", "T-C-01" } });
    return run;
}

static void all_is_well(void)
{
    struct stage s;
    struct run_result a = connect_run("qos=0", NULL), b = connect_run("qos=1", NULL);

    begin(&s, TERMINAL_PLAIN, 2);
    tell(&s, &a);
    tell(&s, &b);
    end(&s, STATUS_FINE,
        "PASS  connect/x                                        broker    2/2       2.5 s\n"
        "\n"
        "  passed/ran           broker\n"
        "  connect                 2/2\n"
        "\n"
        "                     TLS:Anon  TLS:Known\n"
        "  MQTT:none                 -          -\n"
        "  MQTT:ace                2/2          -\n"
        "\n"
        "2 of 6 requirements proven, 0 not observable, 4 open\n"
        "2 passed, 0 failed, 0 skipped\n");
}

/* Checks alike are told once, for the first variant; rules of puppets are not told; what a peer sent cannot act. */
static void news(void)
{
    struct stage s;
    struct run_result a = connect_run("qos=0", NULL), b = connect_run("qos=1", "0x87 \"\\\033[2J\xFF");
    struct run_result c = connect_run("qos=2", "0x80");

    begin(&s, TERMINAL_PLAIN, 3);
    tell(&s, &a);
    tell(&s, &b);
    tell(&s, &c);
    end(&s, STATUS_FAILED,
        "FAIL  connect/x                                        broker    1/3       3.7 s\n"
        "      t.flow:6  broker -> client CONNACK reason\n"
        "        expected 0x00\n"
        "        got      0x87 \"\\\\u001b[2J\\ufffd\n"
        "        T-RS-01 MUST NOT: the broker does not\n"
        "        in 2 of 3 variants; the first again:\n"
        "        ace-scenarios run connect/x --variant qos=1 --under broker\n"
        "\n"
        "  passed/ran           broker\n"
        "  connect                 1/3\n"
        "\n"
        "                     TLS:Anon  TLS:Known\n"
        "  MQTT:none                 -          -\n"
        "  MQTT:ace                1/3          -\n"
        "\n"
        "1 of 6 requirements proven, 1 violated, 0 not observable, 4 open\n"
        "1 passed, 2 failed, 0 skipped\n");
}

static struct run_result other_run(const char *variant, enum player client, enum verdict v)
{
    struct run_result run = make_run(&(struct made_run){ "tls/y", variant, client, PRO, PRO });

    run.verdict = v;
    if (v == VERDICT_SKIP) buf_str(&run.why, "the broker does not declare rpk");
    if (v == VERDICT_ERROR) buf_str(&run.why, "no port is free");
    if (v == VERDICT_NOTE)
        make_check(&run,
                   &(struct made_check){ 9, "broker -> client CONNACK", "user", "a", "b", { "T-RS-02" } });
    return run;
}

/* Skips, errors and notes; several lines and columns; the combination from an axis. */
static void mixture(void)
{
    struct stage s;
    struct run_result runs[] = {
        connect_run("qos=0", NULL),
        other_run("tls=rpk", PUP, VERDICT_SKIP),
        other_run("tls=anon", PUP, VERDICT_NOTE),
        other_run("tls=rpk", PRO, VERDICT_ERROR),
        other_run("tls=anon", PRO, VERDICT_ERROR),
    };

    begin(&s, TERMINAL_PLAIN, 5);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) tell(&s, &runs[i]);
    end(&s, STATUS_ERROR,
        "PASS  connect/x                                        broker    1/1       1.2 s\n"
        "SKIP  tls/y                                            broker+as   1/1       2.5 s  1 skipped\n"
        "      the broker does not declare rpk\n"
        "      t.flow:9  broker -> client CONNACK user\n"
        "        expected a\n"
        "        got      b\n"
        "        T-RS-02 MAY [derived]: the broker may\n"
        "        in 1 of 2 variants; the first again:\n"
        "        ace-scenarios run tls/y --variant tls=anon --under broker+as\n"
        "ERROR tls/y                                            all       0/2       2.5 s\n"
        "      no port is free\n"
        "        in 2 of 2 variants; the first again:\n"
        "        ace-scenarios run tls/y --variant tls=rpk --under all\n"
        "\n"
        "  passed/ran           broker   all real  broker+as\n"
        "  connect                 1/1          -          -\n"
        "  tls                       -        0/2        1/1\n"
        "  all of them             1/1        0/2        1/1\n"
        "\n"
        "                     TLS:Anon  TLS:Known\n"
        "  MQTT:none               1/2        0/1\n"
        "  MQTT:ace                1/1          -\n"
        "\n"
        "2 of 6 requirements proven, 1 violated, 0 not observable, 3 open\n"
        "passed with remarks: 0 warned, 1 noted\n"
        "no verdict: 2 runs, where the runner, a setting or a program's start is at fault\n"
        "2 passed, 2 failed, 1 skipped\n");
}

static void nothing(void)
{
    struct stage s;

    begin(&s, TERMINAL_PLAIN, 0);
    end(&s, STATUS_ERROR,
        "0 of 6 requirements proven, 0 not observable, 6 open\n"
        "nothing was tested: nothing ran\n"
        "0 passed, 0 failed, 0 skipped\n");
}

/* All of one's runs skipped is no success; the page, and at last the counts. */
static void untested(void)
{
    struct stage s;
    struct run_result a = other_run("tls=rpk", PUP, VERDICT_SKIP),
                      b = other_run("tls=anon", PUP, VERDICT_SKIP);

    begin(&s, TERMINAL_PLAIN, 2);
    s.report.foreign = true;
    s.terminal.page = "x/report.html";
    tell(&s, &a);
    tell(&s, &b);
    end(&s, STATUS_ERROR,
        "\n"
        "  passed/ran        broker+as\n"
        "  tls                       -\n"
        "\n"
        "\n"
        "skipped (each by name in report.html):\n"
        "     2 runs of   1 scenario: the broker does not declare rpk\n"
        "0 of 6 requirements proven, 0 not observable, 6 open\n"
        "nothing was tested: all runs were skipped\n"
        "report: x/report.html\n"
        "0 passed, 0 failed, 2 skipped\n");
}

static void live(void)
{
    struct stage s;
    struct run_result a = connect_run("qos=0", NULL);

    begin(&s, TERMINAL_LIVE, 1);
    tell(&s, &a);
    end(&s, STATUS_FINE,
        "\r\033[K0 of 1, 0 failed"
        "\r\033[K1 of 1, 0 failed  connect/x"
        "\r\033[K\033[32mPASS \033[0m connect/x                                        broker    1/1       "
        "1.2 s\n"
        "\r\033[K\n"
        "  passed/ran           broker\n"
        "  connect                 1/1\n"
        "\n"
        "                     TLS:Anon  TLS:Known\n"
        "  MQTT:none                 -          -\n"
        "  MQTT:ace                1/1          -\n"
        "\n"
        "2 of 6 requirements proven, 0 not observable, 4 open\n"
        "1 passed, 0 failed, 0 skipped\n");
}

/* At most 20 broken checks in full on one line of the overview. */
static void flood(void)
{
    struct stage s;
    struct run_result run = make_run(&(struct made_run){ "connect/x", "", PUP, PRO, PUP });

    for (unsigned i = 0; i < 25; i++)
        make_check(&run, &(struct made_check){ i, "broker -> client CONNACK", "", "a", "b", { 0 } });
    begin(&s, TERMINAL_PLAIN, 1);
    tell(&s, &run);
    CHECK(terminal_end(&s.terminal) == STATUS_FAILED);
    fclose(s.terminal.to);
    CHECK(strstr(s.text, "t.flow:19  ") && !strstr(s.text, "t.flow:20  "));
    CHECK(strstr(s.text, "      and 5 more broken checks, see report.json\n") != NULL);
    free(s.text);
    report_clear(&s.report);
    suite_clear(&s.suite);
}

static const struct command_row {
    enum player client, broker;
    const char *variant, *repeat, *command;
} command_rows[] = {
    { PUP, PRO, "qos=1", NULL, "ace-scenarios run t/x --variant qos=1 --under broker" },
    { PUP, PRO, "topic=a b", NULL, "ace-scenarios run t/x --variant 'topic=a b' --under broker" },
    { PUP, PUP, "", " --patience 2", "ace-scenarios model t/x --patience 2" },
    { PRO, PRO, "", "", "ace-scenarios run t/x --under client+broker" },
    { PUP, EXT, "", " --broker 'a b.json'", "ace-scenarios run t/x --under broker --broker 'a b.json'" },
};

static void commands(void)
{
    const struct command_row *c;

    for (EACH_ROW(c, command_rows)) {
        struct run_result run = make_run(&(struct made_run){ "t/x", c->variant, c->client, c->broker, PUP });
        struct report of = { .repeat = c->repeat };
        struct buf out = { 0 };
        command_print(&of, &run, &out);
        CHECK_ROW(strcmp(buf_cstr(&out), c->command) == 0, buf_cstr(&out));
        buf_clear(&out);
        result_clear(&run);
    }
}

CU_TestInfo terminal_tests[] = {
    { "nothing was tested", untested },
    { "all is well", all_is_well },
    { "news", news },
    { "mixture", mixture },
    { "nothing", nothing },
    { "live", live },
    { "flood", flood },
    { "commands", commands },
    CU_TEST_INFO_NULL,
};
