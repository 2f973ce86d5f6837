#include "tests/check.h"
#include "tests/programs_bed.h"

#include "common/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* `ace-scenarios mutate` as a program: every arrow and field of a scenario is broken, and noticed. */

static int mutate(struct child *c, const char *const *args)
{
    child_start(c, "/tmp", "ace-scenarios", args);
    return child_end(c);
}

static void caught(void)
{
    struct child c;

    CHECK(mutate(&c, ARGS("mutate", "connect/exporter", "--variant", "pop=hs256,tls=1.3")) == 0);
    CHECK(child_says(&c, CHILD_OUT, " 0 survived, 0 blamed elsewhere, 0 untold"));
    child_clear(&c);
}

/* A home with the flows as they are, and nobody excused. */
static void strict_home(char home[64])
{
    static const char *const links[] = { "requirements.tsv", "unobservable.tsv", "deviations.tsv", "flows" };
    char from[4096], to[128];
    struct buf message = { 0 };

    snprintf(home, 64, "/tmp/ace-mutate-XXXXXX");
    CHECK(mkdtemp(home) != NULL);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        CHECK(getcwd(from, 4000) != NULL);
        snprintf(from + strlen(from), 90, "/scenarios/%s", links[i]);
        snprintf(to, sizeof to, "%s/%s", home, links[i]);
        CHECK(symlink(from, to) == 0);
    }
    snprintf(to, sizeof to, "%s/survivors.tsv", home);
    CHECK(file_write(to, span_str("# nobody\n"), 0600, &message) == OK);
    buf_clear(&message);
}

static void remove_home(const char *home)
{
    static const char *const names[] = { "requirements.tsv", "unobservable.tsv", "deviations.tsv", "flows",
                                         "survivors.tsv" };
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", home, names[i]);
        CHECK(unlink(path) == 0);
    }
    CHECK(rmdir(home) == 0);
}

/* One of which nothing can be said, and whom nobody excuses, is told by name and place, and fails the command. */
static void unexcused(void)
{
    struct child c;
    char home[64];

    strict_home(home);
    CHECK(mutate(&c, ARGS("mutate", "tls/untrusted", "--home", home)) == 2);
    CHECK(child_says(&c, CHILD_OUT, "untold: tls/untrusted#6.extra"));
    CHECK(child_says(&c, CHILD_OUT, "tls.flow:"));
    child_clear(&c);
    remove_home(home);
}

static void wrong_options(void)
{
    struct child c;

    CHECK(mutate(&c, ARGS("mutate", "--jobs", "0")) == 2);
    CHECK(child_says(&c, CHILD_ERR, "--jobs 1 to 64"));
    child_clear(&c);
    CHECK(mutate(&c, ARGS("mutate", "no/such")) == 2);
    CHECK(child_says(&c, CHILD_ERR, "no scenario no/such\n"));
    child_clear(&c);
    CHECK(mutate(&c, ARGS("mutate", "tls/untrusted", "--variant", "no=such")) == 2);
    CHECK(child_says(&c, CHILD_OUT, "no mutant was played"));
    child_clear(&c);
}

CU_TestInfo mutate_tests[] = {
    { "caught", caught },
    { "unexcused", unexcused },
    { "wrong options", wrong_options },
    CU_TEST_INFO_NULL,
};
