#include "common/base/file.h"
#include "scenarios/options.h"
#include "tests/check.h"
#include "tests/demo_bed.h"

#include <stdio.h>
#include <string.h>

/* The command line of ace-scenarios, as a program: what it says of a command that is at fault, and how it ends. */

/* Runs it in the folder of a demo, and looks for what it should say. */
static void ends(struct demo *d, int status, const char *says, const char *const *args)
{
    struct child c;
    int got = demo_run(d, &c, "ace-scenarios", args);
    bool said = child_says(&c, CHILD_OUT, says) || child_says(&c, CHILD_ERR, says);

    CHECK_ROW(got == status, says);
    CHECK_ROW(said, says);
    if (got != status || !said)
        printf("\nstatus %d\n%s%s\n", got, buf_cstr(&c.text[CHILD_OUT]), buf_cstr(&c.text[CHILD_ERR]));
    child_clear(&c);
}

#define ONE "connect/exporter", "--brief", "--under", "broker"

/* The page is named behind all else, and then come the counts, which a CI reads. */
static void page(void)
{
    struct demo d;

    demo_make(&d);
    ends(&d, 0, "\nreport: mine/report.html\n1 passed, 0 failed, 0 skipped\n",
         ARGS("run", ONE, "--out", "mine"));
    ends(&d, 0, "\nreport: mine/model/report.html\n",
         ARGS("model", "connect/exporter", "--brief", "--out", "mine"));
    demo_drop(&d);
}

/* A variable of a shell that is not set. */
static void emptiness(void)
{
    struct demo d;

    demo_make(&d);
    ends(&d, 2, "--out needs a value\n", ARGS("run", ONE, "--out", ""));
    ends(&d, 2, "--out needs a value\n", ARGS("run", ONE, "--out="));
    ends(&d, 2, "--level needs a value\n", ARGS("list", "--level", ""));
    ends(&d, 2, "argument 2 is empty\n", ARGS("run", ""));
    demo_drop(&d);
}

static void folders(void)
{
    struct demo d;

    demo_make(&d);
    ends(&d, 2, "ace-scenarios: the folder as.json/runs: Not a directory\n",
         ARGS("run", ONE, "--out", "as.json"));
    ends(&d, 2, "ace-scenarios: the folder /proc/none/runs: No such file or directory\n",
         ARGS("run", ONE, "--out", "/proc/none"));
    demo_drop(&d);
}

/* The command that a failure prints: what was given of the run comes again, in words of a shell; what chose it does not. */
static void repetition(void)
{
    struct options o;
    struct buf message = { 0 }, out = { 0 };
    char *args[] = { "ace-scenarios",
                     "run",
                     "x/*",
                     "--out=o p",
                     "--patience",
                     "2",
                     "--all-real",
                     "--trust",
                     "it's",
                     "--broker",
                     "host:1",
                     "--jobs",
                     "1",
                     "--tag",
                     "t",
                     "--repeat",
                     "3",
                     "--only-failed",
                     "--flows",
                     "f",
                     "--home",
                     "h",
                     "--evidence",
                     "--client",
                     "c.json",
                     "--as",
                     "[::1]:2" };

    CHECK(options_read(sizeof args / sizeof *args, args, &o, &message) == OK);
    options_repeat(&o, &out);
    CHECK_ROW(
        strcmp(buf_cstr(&out),
               " --client c.json --broker host:1 --as '[::1]:2' --trust 'it'\\''s' --all-real --patience 2 "
               "--evidence --flows f --home h --out 'o p'") == 0,
        buf_cstr(&out));
    buf_clear(&out);
    CHECK(options_read(2, args, &o, &message) == OK);
    options_repeat(&o, &out);
    CHECK(out.n == 0);
    buf_clear(&message);
}

/* A number is one to its last letter. */
static void numbers(void)
{
    static const char *const wrong[] = { "--jobs=2x",        "--jobs=1.5",       "--jobs=0",
                                         "--jobs=65",        "--jobs=-1",        "--patience=2x",
                                         "--patience=0.01",  "--patience=1e300", "--patience=nan",
                                         "--patience=1.2.3", "--patience=." };
    struct demo d;

    demo_make(&d);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ends(&d, 2, "--jobs 1 to 64, --patience 0.1 to 100\n", ARGS("run", ONE, wrong[i]));
    ends(&d, 2, "--tap is one stream of one round: without --repeat\n",
         ARGS("run", ONE, "--tap", "--repeat", "2"));
    ends(&d, 0, "\n1 passed, 0 failed, 0 skipped\n",
         ARGS("run", ONE, "--jobs=64", "--patience=0.7", "--out", "o"));
    demo_drop(&d);
}

/* What is misspelt is told, not taken for nothing; help is where one looks for it. */
static void misspelt(void)
{
    struct demo d;

    demo_make(&d);
    ends(&d, 2, "no scenario conect/exporter; nearest: connect/exporter\n", ARGS("run", "conect/exporter"));
    ends(&d, 2, "no scenario conect/*; nearest: connect/*\n", ARGS("list", "conect/*"));
    ends(&d, 2, "no scenario has the tag intrp; nearest: interop\n", ARGS("list", "--tag", "intrp"));
    ends(&d, 2, "no scenario is of this name, level and tag at once\n",
         ARGS("list", "metadata/*", "--tag", "interop"));
    ends(&d, 2, "--under brokr: one of client broker as all is wanted; nearest: broker\n",
         ARGS("list", "--under", "brokr"));
    ends(&d, 2,
         "nothing to run: no run of what is chosen has the variant pop=hs265 and has this under test: as\n",
         ARGS("run", "connect/exporter", "--variant", "pop=hs265", "--under", "as"));
    ends(&d, 0, "R-AZI-08 MUST", ARGS("show", "r-azi-08"));
    ends(&d, 0, "Exit status: 0 fine", ARGS("-h"));
    ends(&d, 0, "Exit status: 0 fine", ARGS("help"));
    demo_drop(&d);
}

CU_TestInfo command_tests[] = {
    { "what a run was played with", repetition },
    { "a run says where its page is", page },
    { "a value that is empty is none", emptiness },
    { "numbers", numbers },
    { "misspelt", misspelt },
    { "a folder that cannot be made: the reason", folders },
    CU_TEST_INFO_NULL,
};
