#include "scenarios/again.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/file.h"
#include "tests/result_kit.h"

#define RUN(id, variant, verdict)                                                                          \
    "{\"id\":\"" id "\",\"variant\":" variant                                                              \
    ",\"players\":{\"client\":\"puppet\",\"broker\":\"product\",\"as\":\"absent\"},\"verdict\":\"" verdict \
    "\"}"

static const char report[] =
    "{\"version\":1,\"scenarios\":[" RUN("a/b", "{\"qos\":\"1\",\"tls\":\"1.3\"}", "fail") "," RUN(
        "a/b", "{\"qos\":\"2\",\"tls\":\"1.3\"}",
        "pass") "," RUN("a/c", "{}", "error") "," RUN("a/d", "{}",
                                                      "warn") "," RUN("a/e", "{}",
                                                                      "skip") "," RUN("a/f", "{}",
                                                                                      "note") "]}";

/* Reads `text` from a file of its own. */
static enum err read_text(const char *text, struct again **out, struct buf *message)
{
    char path[] = "/tmp/ace-again-XXXXXX";
    int fd = mkstemp(path);
    struct buf ignored = { 0 };

    CHECK(fd >= 0);
    if (fd >= 0) close(fd);
    CHECK(file_write(path, span_str(text), 0600, &ignored) == OK);
    enum err e = again_read(path, out, message);
    unlink(path);
    buf_clear(&ignored);
    return e;
}

static void wanted(void)
{
    static const struct row {
        const char *why;
        struct made_run run;
        bool wanted;
    } rows[] = {
        { "failed", { "a/b", "qos=1,tls=1.3", PUP, PRO, OFF }, true },
        { "ended as an error", { "a/c", "", PUP, PRO, OFF }, true },
        { "passed", { "a/b", "qos=2,tls=1.3", PUP, PRO, OFF }, false },
        { "another variant", { "a/b", "qos=1", PUP, PRO, OFF }, false },
        { "somebody else under test", { "a/b", "qos=1,tls=1.3", PRO, PUP, OFF }, false },
        { "one role more", { "a/c", "", PUP, PRO, PUP }, false },
        { "a warning is no failure", { "a/d", "", PUP, PRO, OFF }, false },
        { "nor is what was skipped", { "a/e", "", PUP, PRO, OFF }, false },
        { "nor a note", { "a/f", "", PUP, PRO, OFF }, false },
        { "never played", { "a/z", "", PUP, PRO, OFF }, false },
    }, *r;
    struct again *a = NULL;
    struct buf message = { 0 };

    CHECK(read_text(report, &a, &message) == OK && message.n == 0);
    CHECK(a && again_count(a) == 2);
    for (EACH_ROW(r, rows)) {
        struct run_result run = make_run(&r->run);
        CHECK_ROW(a && again_wants(a, &run) == r->wanted, r->why);
        result_clear(&run);
    }
    again_free(a);
    buf_clear(&message);
}

static void no_report(void)
{
    static const struct row {
        const char *text;
        enum err err;
    } rows[] = {
        { "", ERR_MALFORMED },
        { "{\"version\":1", ERR_MALFORMED },
        { "[]", ERR_MALFORMED },
        { "{\"scenarios\":{}}", ERR_MALFORMED },
    }, *r;
    struct again *a = NULL;
    struct buf message = { 0 };

    for (EACH_ROW(r, rows)) {
        buf_truncate(&message, 0);
        CHECK_ROW(read_text(r->text, &a, &message) == r->err && !a, r->text);
        CHECK_ROW(strstr(buf_cstr(&message), "/tmp/ace-again-") != NULL, buf_cstr(&message));
    }
    buf_truncate(&message, 0);
    CHECK(again_read("/tmp/ace-again/report.json", &a, &message) == ERR_IO && !a && message.n);
    buf_clear(&message);
}

CU_TestInfo again_tests[] = {
    { "wanted", wanted },
    { "no_report", no_report },
    CU_TEST_INFO_NULL,
};
