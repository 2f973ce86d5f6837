#include "common/base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/check.h"

enum { NEW_YEAR = 1767225600 }; /* 2026-01-01T00:00:00Z */

struct out {
    struct log *log;
    int fd[2];
    char text[2048];
};

static void out_open(struct out *o, enum log_level level, bool pretty)
{
    CHECK(pipe(o->fd) == 0 && fcntl(o->fd[0], F_SETFL, O_NONBLOCK) == 0);
    o->log = log_new(o->fd[1], level, pretty);
    log_time(o->log, (int64_t)NEW_YEAR * 1000 + 7);
}

static const char *out_read(struct out *o)
{
    ssize_t n = read(o->fd[0], o->text, sizeof o->text - 1);

    o->text[n > 0 ? n : 0] = 0;
    return o->text;
}

static void out_close(struct out *o)
{
    log_free(o->log);
    close(o->fd[0]);
    close(o->fd[1]);
}

static void json(void)
{
    struct out o;

    out_open(&o, LOG_INFO, false);
    log_event(o.log, LOG_WARN, "connack", LOG_INT("reason", 0x87), LOG_STR("client", "a"),
              LOG_BOOL("v5", true));
    CHECK(strcmp(out_read(&o), "{\"t\":\"2026-01-01T00:00:00.007Z\",\"level\":\"warn\",\"event\":\"connack\","
                               "\"reason\":135,\"client\":\"a\",\"v5\":true}\n") == 0);
    log_write(o.log, LOG_INFO, "up", (const struct log_field[]){ { .name = NULL } });
    CHECK(strstr(out_read(&o), "\"level\":\"info\",\"event\":\"up\"}\n") != NULL);
    log_event(o.log, LOG_ERROR, "min", LOG_INT("v", INT64_MIN), LOG_BOOL("b", false));
    CHECK(strstr(out_read(&o), "\"v\":-9223372036854775808,\"b\":false}\n") != NULL);
    out_close(&o);
}

static void pretty(void)
{
    struct out o;

    out_open(&o, LOG_DEBUG, true);
    log_event(o.log, LOG_INFO, "listening", LOG_INT("port", 8883), LOG_STR("on", "::1"));
    CHECK(strcmp(out_read(&o), "00:00:00.007 INFO  listening port=8883 on=\"::1\"\n") == 0);
    out_close(&o);
}

static void times(void)
{
    /* clang-format off */
    static const struct row {
        const char *want;
        int64_t ms;
    } rows[] = {
        { "1970-01-01T00:00:00.000Z", 0 },
        { "1969-12-31T23:59:59.999Z", -1 },
        { "2024-02-29T12:34:56.089Z", 1709210096089 },
    }, *r;
    /* clang-format on */
    struct out o;

    out_open(&o, LOG_INFO, false);
    for (EACH_ROW(r, rows)) {
        log_time(o.log, r->ms);
        log_event(o.log, LOG_INFO, "t", LOG_INT("n", 1));
        CHECK_ROW(strncmp(out_read(&o) + 6, r->want, strlen(r->want)) == 0, r->want);
    }
    out_close(&o);
}

static void levels(void)
{
    static const char *const words[] = { "debug", "info", "warn", "error" };
    struct out o;

    for (enum log_level at = LOG_DEBUG; at <= LOG_ERROR; at++) {
        enum log_level got = LOG_DEBUG;
        CHECK_ROW(log_level_read(span_str(words[at]), &got) && got == at, words[at]);
        out_open(&o, at, false);
        for (enum log_level l = LOG_DEBUG; l <= LOG_ERROR; l++) {
            log_event(o.log, l, "e", LOG_INT("n", 1));
            CHECK_ROW((out_read(&o)[0] != 0) == (l >= at), words[at]);
        }
        out_close(&o);
    }
    out_open(&o, LOG_ERROR, false);
    log_set_level(o.log, LOG_INFO);
    log_event(o.log, LOG_INFO, "e", LOG_INT("n", 1));
    CHECK(out_read(&o)[0] != 0);
    log_set_level(o.log, LOG_WARN);
    log_event(o.log, LOG_INFO, "e", LOG_INT("n", 1));
    CHECK(out_read(&o)[0] == 0);
    out_close(&o);
    CHECK(!log_level_read(span_str("loud"), &(enum log_level){ LOG_INFO }));
    log_time(NULL, 1);
    log_set_level(NULL, LOG_INFO);
    log_event(NULL, LOG_ERROR, "nowhere", LOG_INT("n", 1));
    log_free(NULL);
}

/* B-7 of the attack classes: whatever a peer sends, it stays inside its string on its line. */
static void forged(void)
{
    /* clang-format off */
    static const struct row {
        const char *why;
        struct span text;
    } rows[] = {
        { "new line", SPAN("x\n{\"event\":\"forged\"}") },
        { "carriage return", SPAN("x\r{\"event\":\"forged\"}") },
        { "closing quote", SPAN("x\",\"event\":\"forged") },
        { "backslash at the end", SPAN("x\\") },
        { "terminal escape", SPAN("\x1b[2Jx") },
        { "C1 escape", SPAN("\xC2\x9B" "2J") },
        { "NUL", SPAN("x\0y") },
        { "line separator", SPAN("x\xE2\x80\xA8y") },
        { "not UTF-8", SPAN("\xFF\xC0\x80\xED\xA0\x80") },
        { "cut UTF-8 before the closing quote", SPAN("x\xE2") },
    }, *r;
    /* clang-format on */
    struct out o;

    for (unsigned style = 0; style < 2; style++) {
        out_open(&o, LOG_INFO, style == 1);
        for (EACH_ROW(r, rows)) {
            log_event(o.log, LOG_INFO, "e", LOG_SPAN("client", r->text), LOG_INT("n", 1));
            const char *line = out_read(&o);
            CHECK_ROW(strchr(line, '\n') == line + strlen(line) - 1, r->why);
            CHECK_ROW(strstr(line, "\"event\":\"forged\"") == NULL, r->why);
            for (const char *c = line; *c && *c != '\n'; c++) CHECK_ROW(*c >= 0x20 && *c < 0x7F, r->why);
        }
        out_close(&o);
    }
}

CU_TestInfo log_tests[] = { { "json", json },     { "pretty", pretty }, { "times", times },
                            { "levels", levels }, { "forged", forged }, CU_TEST_INFO_NULL };
