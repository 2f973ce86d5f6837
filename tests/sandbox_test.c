#include "tests/check.h"
#include "tests/demo_bed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* What `ace-scenarios sandbox` prints is typed in, line by line, as it stands. */

static void type_in(const char *dir, const char *line, int wanted)
{
    struct child c;

    child_start_foreign(&c, dir, "sh", ARGS("-c", line));
    CHECK_ROW(child_end(&c) == wanted, line);
    child_clear(&c);
}

/* A subscriber stays: until its token is revoked, which is the next thing that is printed, or until it is ended. */
static void start_sub(struct child *sub, const char *dir, const char *line)
{
    char command[4200];

    snprintf(command, sizeof command, "exec %s", line);
    child_start_foreign(sub, dir, "sh", ARGS("-c", command));
    CHECK_ROW(child_says(sub, CHILD_ERR, "subscribed\n"), line);
}

static void end_sub(struct child *sub)
{
    kill(sub->pid, SIGTERM);
    CHECK(child_wait(sub) == 0);
    child_clear(sub);
}

static size_t type_all(const char *dir, const char *text)
{
    struct child sub = { 0 };
    size_t typed = 0;
    char line[4096];

    for (const char *at = text, *end; (end = strchr(at, '\n')); at = end + 1) {
        snprintf(line, sizeof line, "%.*s", (int)(end - at), at);
        if (!strstr(line, "/ace-client ")) continue;
        typed++;
        if (strstr(line, "/ace-client sub ")) {
            if (sub.pid) end_sub(&sub);
            start_sub(&sub, dir, line);
        } else {
            type_in(dir, line, strstr(line, "door/lock") ? 3 : 0);
        }
        if (!strstr(line, "/ace-client revoke ")) continue;
        CHECK(child_wait(&sub) == 3);
        CHECK(strstr(buf_cstr(&sub.text[CHILD_ERR]), "Not authorized (0x87)") != NULL);
        child_clear(&sub);
        sub.pid = 0;
    }
    return typed;
}

static void as_printed(void)
{
    char dir[] = "/tmp/ace-sandbox-XXXXXX";
    struct demo d = { 0 };
    struct child c;

    CHECK(mkdtemp(dir) != NULL);
    child_start(&c, dir, "ace-scenarios", ARGS("sandbox", "here"));
    CHECK(child_says(&c, CHILD_OUT, "Control-C ends it.\n"));
    CHECK(type_all(dir, buf_cstr(&c.text[CHILD_OUT])) == 11);
    kill(c.pid, SIGINT);
    CHECK(child_wait(&c) == 0);
    child_clear(&c);
    snprintf(d.dir, sizeof d.dir, "%s", dir);
    demo_drop(&d);
}

/* A server that cannot live: its end is told, with where to look. */
static void one_dies(void)
{
    char dir[] = "/tmp/ace-sandbox-XXXXXX";
    struct demo d = { 0 };
    struct child c;

    CHECK(mkdtemp(dir) != NULL);
    snprintf(d.dir, sizeof d.dir, "%s", dir);
    file_put(dir, "file", "");
    CHECK(demo_run(&d, &c, "ace-scenarios", ARGS("sandbox", "file")) == 2);
    CHECK(child_says(&c, CHILD_ERR, "ace-scenarios: file/"));
    child_clear(&c);
    child_start(&c, dir, "ace-scenarios", ARGS("sandbox", "gone/far"));
    CHECK(child_end(&c) == 2);
    CHECK(child_says(&c, CHILD_ERR, "gone/far: No such file or directory"));
    child_clear(&c);
    demo_drop(&d);
}

CU_TestInfo sandbox_tests[] = {
    { "as printed", as_printed },
    { "one dies", one_dies },
    CU_TEST_INFO_NULL,
};
