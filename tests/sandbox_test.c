#include "tests/check.h"
#include "tests/demo_bed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What `ace-scenarios sandbox` prints is typed in, line by line, as it stands. */

/* Types a line into the shell; false: its status is another. */
static bool type_in(struct child *sh, size_t number, const char *line, int wanted)
{
    char typed[4200], told[40];

    int n = snprintf(typed, sizeof typed, "%s\necho \"<%zu: $?>\"\n", line, number);
    snprintf(told, sizeof told, "<%zu: %d>\n", number, wanted);
    return write(sh->in, typed, (size_t)n) == n && child_says(sh, CHILD_OUT, told);
}

/* Waits for it, and will wait for the next one. */
static bool says_anew(struct child *sh, int which, const char *text)
{
    bool said = child_says(sh, which, text);

    buf_truncate(&sh->text[which], 0);
    return said;
}

/* What a line brings about, but for its status. */
static bool has_effect(struct child *sh, size_t number, const char *line)
{
    bool kept = true;

    if (strstr(line, "/ace-client sub ")) kept = says_anew(sh, CHILD_ERR, "subscribed\n");
    if (strstr(line, " -m 21.5 ")) kept = says_anew(sh, CHILD_OUT, "room/temperature 21.5\n");
    if (strstr(line, " -m 22 ")) kept = says_anew(sh, CHILD_OUT, "room/temperature 22\n");
    if (strstr(line, "/ace-client revoke "))
        kept = says_anew(sh, CHILD_ERR, "Not authorized (0x87)") && type_in(sh, number + 100, "wait %2", 3);
    if (strcmp(line, "kill %1") == 0) kept = type_in(sh, number + 100, "wait %1", 0);
    return kept;
}

/* All of it into one shell, in its order. How many commands there were. */
static size_t type_all(const char *dir, const char *text)
{
    struct child sh;
    size_t typed = 0;
    char line[4096];

    child_start_foreign(&sh, dir, "bash", ARGS("-s"));
    for (const char *at = strstr(text, "In another terminal:"), *end; at && (end = strchr(at, '\n'));
         at = end + 1) {
        snprintf(line, sizeof line, "%.*s", (int)(end - at), at);
        if (!strstr(line, "/ace-client ") && !strstr(line, "kill ")) continue;
        typed++;
        CHECK_ROW(type_in(&sh, typed, line, strstr(line, "door/lock") ? 3 : 0), line);
        CHECK_ROW(has_effect(&sh, typed, line), line);
    }
    CHECK_ROW(!strstr(buf_cstr(&sh.text[CHILD_ERR]), "taken over"), buf_cstr(&sh.text[CHILD_ERR]));
    CHECK(child_end(&sh) == 0);
    child_clear(&sh);
    return typed;
}

/* The folder's name wants quotes. */
static void as_printed(void)
{
    char dir[] = "/tmp/ace-sandbox-XXXXXX";
    struct demo d = { 0 };
    struct child c;

    CHECK(mkdtemp(dir) != NULL);
    child_start(&c, dir, "ace-scenarios", ARGS("sandbox", "it's here"));
    CHECK(child_says(&c, CHILD_OUT, "Control-C ends it.\n"));
    CHECK(type_all(dir, buf_cstr(&c.text[CHILD_OUT])) == 12);
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
