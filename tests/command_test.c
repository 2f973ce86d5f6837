#include "common/base/file.h"
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

CU_TestInfo command_tests[] = {
    { "a run says where its page is", page },
    { "a value that is empty is none", emptiness },
    { "a folder that cannot be made: the reason", folders },
    CU_TEST_INFO_NULL,
};
