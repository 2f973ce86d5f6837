#include "common/base/file.h"
#include "scenarios/sketch.h"
#include "tests/check.h"
#include "tests/demo_bed.h"

#include <stdio.h>
#include <string.h>

/* docs/combinations: the diagrams are those that `ace-scenarios draw` makes, the commands those of our programs. */

static const char *const pages[] = { "tls-anon-mqtt-none", "tls-anon-mqtt-ace", "tls-known-mqtt-none",
                                     "tls-known-mqtt-ace" };

enum { PAGES = sizeof pages / sizeof *pages };

static void read_page(size_t i, struct buf *out)
{
    struct buf why = { 0 };
    char path[128];

    snprintf(path, sizeof path, "docs/combinations/%s.md", pages[i]);
    CHECK_ROW(file_read(path, out, &why) == OK, buf_cstr(&why));
    buf_clear(&why);
}

/* "<!-- ace-scenarios draw ID -->", then the diagram in a block of its own. */
static size_t compare(const struct suite *s, const char *page)
{
    static const char mark[] = "<!-- ace-scenarios draw ";
    size_t found = 0;

    for (const char *at = page; (at = strstr(at, mark)); found++) {
        struct buf drawn = { 0 };
        char id[64] = "";

        at += strlen(mark);
        CHECK(sscanf(at, "%63s", id) == 1);
        buf_format(&drawn, "%s -->\n```mermaid\n", id);
        CHECK_ROW(sketch_write(s, id, &drawn) == OK, id);
        buf_str(&drawn, "```\n");
        CHECK_ROW(strncmp(at, buf_cstr(&drawn), drawn.n) == 0, id);
        buf_clear(&drawn);
    }
    return found;
}

static void diagrams(void)
{
    const struct suite_folders from = { "scenarios", "scenarios/flows" };
    struct suite s = { 0 };
    struct buf message = { 0 };

    CHECK_ROW(suite_load(&from, &s, &message) == OK, buf_cstr(&message));
    for (size_t i = 0; i < PAGES; i++) {
        struct buf page = { 0 };
        read_page(i, &page);
        CHECK_ROW(compare(&s, buf_cstr(&page)) > 0, pages[i]);
        buf_clear(&page);
    }
    CHECK(sketch_write(&s, "no/such", &message) == ERR_NOT_FOUND);
    suite_clear(&s);
    buf_clear(&message);
}

/* What a page tells to type, but subscribers, who would stay. */
static size_t type_in(struct demo *d, const char *page)
{
    size_t typed = 0;
    char bin[4096], line[300];
    struct child c;

    path_beside(bin, "");
    for (const char *at = page; (at = strstr(at, "\n    ace-client pub ")); at++, typed++) {
        CHECK(sscanf(at, "\n    %299[^\n]", line) == 1);
        child_start_foreign(&c, d->dir, "sh", ARGS("-c", "PATH=\"$1:$PATH\"; eval \"$2\"", "sh", bin, line));
        CHECK_ROW(child_end(&c) == 0, line);
        child_clear(&c);
    }
    return typed;
}

static void commands(void)
{
    struct demo d;
    size_t typed = 0;

    demo_open(&d);
    for (size_t i = 0; i < PAGES; i++) {
        struct buf page = { 0 };
        read_page(i, &page);
        typed += type_in(&d, buf_cstr(&page));
        buf_clear(&page);
    }
    CHECK(typed == 6);
    demo_close(&d);
}

CU_TestInfo combinations_tests[] = {
    { "diagrams", diagrams },
    { "commands", commands },
    CU_TEST_INFO_NULL,
};
