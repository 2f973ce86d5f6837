#include "scenarios/completion.h"
#include "scenarios/options.h"
#include "tests/check.h"
#include "tests/programs_bed.h"

#include <string.h>

/* What a shell is offered, from the line, the word under the cursor and the one before it. */

static const char *const ids[] = { "connect/one", "connect/two", "will/one" };

static void offers(void)
{
    static const struct {
        const char *line, *word, *before, *offered;
    } rows[] = {
        { "ace-scenarios ", "", "ace-scenarios", "run\nlist\nshow\n" },
        { "ace-scenarios l", "l", "ace-scenarios", "list\n" },
        { "ace-scenarios run connect/t", "connect/t", "run", "connect/two\n" },
        { "ace-scenarios  list --level must w", "w", "must", "will/one\n" },
        { "ace-scenarios show ", "", "show", "R-A-01\nR-A-02\n" },
        { "ace-scenarios run --under ", "", "--under", "client\nbroker\nas\nall\n" },
        { "ace-scenarios run --level m", "m", "--level", "must\nmay\n" },
        { "ace-scenarios run --bro", "--bro", "run", "--broker\n" },
        { "ace-scenarios run --tag ", "", "--tag", "slow\ninterop\n" },
        { "ace-scenarios run --tag i", "i", "--tag", "interop\n" },
        { "ace-scenarios words CONN", "CONN", "words", "CONNECT\nCONNACK\n" },
        { "ace-scenarios words PO", "PO", "words", "POST\n" },
        { "ace-scenarios run --jobs ", "", "--jobs", "" },
        { "ace-scenarios matrix su", "su", "matrix", "" },
        { "", "", "", "run\nlist\nshow\n" },
    };
    struct scenario scenario[3] = { 0 }, *list[3];
    struct word tags[2] = { { .text = "slow" }, { .text = "interop" } };
    struct rule rule[2] = { { .id = "R-A-01" }, { .id = "R-A-02" } };
    struct suite s = { .rules = { .count = 2, .rule = rule }, .flows = { .count = 3, .scenario = list } };

    for (size_t i = 0; i < 3; i++) {
        scenario[i].id = ids[i];
        scenario[i].tags = (struct words){ .count = i, .word = tags };
        list[i] = &scenario[i];
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct half_line h = { rows[i].line, rows[i].word, rows[i].before };
        struct buf out = { 0 };

        completion_find(&h, "run list show ", &s, &out);
        CHECK_ROW(span_is(buf_span(&out), rows[i].offered), rows[i].line);
        buf_clear(&out);
    }
}

/* To its end, with our programs' folder as $1. */
static void in_bash(struct child *c, const char *script)
{
    char bin[4096];

    path_beside(bin, "");
    child_start_foreign(c, "/", "bash", ARGS("-c", script, "bash", bin));
    CHECK(child_end(c) == 0);
}

/* A real shell: what it was told to evaluate makes it ask, and it takes the answer. */
static void in_a_shell(void)
{
    static const char script[] =
        "PATH=\"$1:$PATH\"; eval \"$(ace-scenarios completion)\" && complete -p ace-scenarios && "
        "COMP_LINE='ace-scenarios explain connect/chall' COMP_POINT=99 "
        "ace-scenarios complete ace-scenarios connect/chall explain";
    struct child c;

    in_bash(&c, script);
    CHECK(child_says(&c, CHILD_OUT, "ace-scenarios complete") &&
          child_says(&c, CHILD_OUT, "\nconnect/challenge\n"));
    child_clear(&c);
}

/* Zsh counts from 1 and has words of its own for what bash does, which stand here for it. */
static void in_the_other_shell(void)
{
    static const char script[] =
        "PATH=\"$1:$PATH\"; ZSH_VERSION=5; whence() { [ \"$1\" = compdef ]; }; autoload() { echo loads; }\n"
        "compdef() { echo \"for $2: $1\"; }; _files() { echo files; }\n"
        "compadd() { [ \"$1 $2\" = '-a offered' ] && printf '<%s>\\n' \"${offered[@]}\"; }\n"
        "eval \"$(ace-scenarios completion)\" || exit 1\n"
        "words=([1]=ace-scenarios [2]=explain [3]=connect/chall [4]=behind) CURRENT=3 PREFIX=connect/chall\n"
        "_ace_scenarios\n"
        "words=([1]=ace-scenarios [2]=run [3]=--level [4]=) CURRENT=4 PREFIX=; _ace_scenarios\n"
        "words=([1]=ace-scenarios [2]=matrix [3]=su) CURRENT=3 PREFIX=su; _ace_scenarios\n";
    struct child c;

    in_bash(&c, script);
    CHECK_ROW(strcmp(buf_cstr(&c.text[CHILD_OUT]), "for ace-scenarios: _ace_scenarios\n<connect/challenge>\n"
                                                   "<must>\n<should>\n<may>\nfiles\n") == 0,
              buf_cstr(&c.text[CHILD_OUT]));
    child_clear(&c);
}

/* What --help shows as examples can be typed in; all but the one that wants somebody's broker. */
static void examples(void)
{
    static const char script[] =
        "PATH=\"$1:$PATH\"; ace-scenarios --help | sed -n 's/^  \\(ace-scenarios .*\\)/\\1/p' | grep -v "
        "broker.example | "
        "while read -r line; do eval \"$line\" >/dev/null && echo fine || echo \"fails: $line\"; done";
    struct child c;

    in_bash(&c, script);
    CHECK_ROW(strcmp(buf_cstr(&c.text[CHILD_OUT]), "fine\nfine\nfine\n") == 0, buf_cstr(&c.text[CHILD_OUT]));
    child_clear(&c);
}

CU_TestInfo completion_tests[] = {
    { "offers", offers },
    { "in a shell", in_a_shell },
    { "in the other shell", in_the_other_shell },
    { "examples", examples },
    CU_TEST_INFO_NULL,
};
