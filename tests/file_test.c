#include "common/base/file.h"
#include "common/base/secret_file.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void beside(void)
{
    static const struct row {
        const char *base, *path, *want;
    } rows[] = {
        { "conf/as.json", "as.db", "conf/as.db" }, { "as.json", "as.db", "as.db" },
        { "/etc/as.json", "../k.pem", "/etc/../k.pem" }, { "/etc/as.json", "/k.pem", "/k.pem" },
        { "/etc/as.json", ":memory:", ":memory:" }, { "/etc/as.json", "-", "-" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct buf got = { 0 };
        file_beside(r->base, r->path, &got);
        CHECK_ROW(strcmp(buf_cstr(&got), r->want) == 0, r->want);
        buf_clear(&got);
    }
}

static void writes_and_reads(void)
{
    char dir[] = "/tmp/ace-file-XXXXXX", name[64];
    struct buf got = { 0 }, why = { 0 };
    struct stat st;

    CHECK(mkdtemp(dir) != NULL);
    snprintf(name, sizeof name, "%s/a", dir);
    CHECK(file_write(name, span("x\0y", 3), 0600, &why) == OK);
    CHECK(stat(name, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK(file_read(name, &got, &why) == OK && span_eq(buf_span(&got), span("x\0y", 3)));
    buf_truncate(&got, 0);
    CHECK(file_read_most(name, 3, &got, &why) == OK && got.n == 3);
    CHECK(file_read_most(name, 2, &got, &why) == ERR_TOO_LARGE);
    CHECK(truncate(name, MAX_FILE + 1) == 0);
    CHECK(file_read(name, &got, &why) == ERR_TOO_LARGE && strstr(buf_cstr(&why), "larger") != NULL);
    unlink(name);
    buf_truncate(&why, 0);
    CHECK(file_read(name, &got, &why) == ERR_IO && strstr(buf_cstr(&why), "No such file") != NULL);
    buf_truncate(&why, 0);
    CHECK(file_write("/nonexistent/a", span("x", 1), 0600, &why) == ERR_IO && why.n > 0);
    buf_clear(&got);
    buf_clear(&why);
    rmdir(dir);
}

/* Appended to, and nobody else's to read, whatever the umask says. */
static void secret(void)
{
    char dir[] = "/tmp/ace-file-XXXXXX", name[64];
    struct buf got = { 0 }, why = { 0 };
    struct stat st;

    CHECK(mkdtemp(dir) != NULL);
    snprintf(name, sizeof name, "%s/a", dir);
    mode_t before = umask(0);
    for (int i = 0; i < 2; i++) {
        FILE *f = secret_file_append(name);
        CU_ASSERT_FATAL(f != NULL);
        CHECK(fputc('a' + i, f) == 'a' + i && fclose(f) == 0);
    }
    umask(before);
    CHECK(stat(name, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK(file_read(name, &got, &why) == OK && span_is(buf_span(&got), "ab"));
    CHECK(!secret_file_append("/nonexistent/a"));
    unlink(name);
    rmdir(dir);
    buf_clear(&got);
    buf_clear(&why);
}

CU_TestInfo file_tests[] = {
    { "beside", beside }, { "writes and reads", writes_and_reads }, { "secret", secret }, CU_TEST_INFO_NULL
};
