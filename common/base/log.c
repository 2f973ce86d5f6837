#include "common/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/utf8.h"

struct log {
    int fd;
    enum log_level level;
    bool pretty;
    int64_t now_ms;
    struct buf line; /* kept between lines for its room */
};

static const struct {
    const char *word, *label; /* the label is as wide for every level */
} levels[] = {
    [LOG_DEBUG] = { "debug", "DEBUG" },
    [LOG_INFO] = { "info", "INFO " },
    [LOG_WARN] = { "warn", "WARN " },
    [LOG_ERROR] = { "error", "ERROR" },
};

struct log *log_new(int fd, enum log_level level, bool pretty)
{
    struct log *log = calloc(1, sizeof *log);

    if (log) *log = (struct log){ .fd = fd, .level = level, .pretty = pretty };
    return log;
}

void log_free(struct log *log)
{
    if (!log) return;
    buf_clear(&log->line);
    free(log);
}

void log_time(struct log *log, int64_t now_ms)
{
    if (log) log->now_ms = now_ms;
}

void log_set_level(struct log *log, enum log_level level)
{
    if (log) log->level = level;
}

static void put_time(struct buf *out, int64_t ms, const char *format)
{
    int64_t part = (ms % 1000 + 1000) % 1000;
    time_t seconds = (time_t)((ms - part) / 1000);
    struct tm tm;
    char text[64] = "";

    if (gmtime_r(&seconds, &tm)) strftime(text, sizeof text, format, &tm);
    buf_format(out, "%s.%03d", text, (int)part);
}

static void put_value(struct buf *out, const struct log_field *f)
{
    switch (f->kind) {
    case LOG_KIND_INT:
        buf_format(out, "%lld", (long long)f->number);
        return;
    case LOG_KIND_SPAN:
        utf8_quote(out, f->text);
        return;
    case LOG_KIND_BOOL:
        buf_str(out, f->number ? "true" : "false");
        return;
    }
}

static void put_json(struct log *log, enum log_level level, const char *event, const struct log_field *fields)
{
    struct buf *out = &log->line;

    buf_str(out, "{\"t\":\"");
    put_time(out, log->now_ms, "%Y-%m-%dT%H:%M:%S");
    buf_format(out, "Z\",\"level\":\"%s\",\"event\":", levels[level].word);
    utf8_quote(out, span_str(event));
    for (; fields->name; fields++) {
        buf_u8(out, ',');
        utf8_quote(out, span_str(fields->name));
        buf_u8(out, ':');
        put_value(out, fields);
    }
    buf_str(out, "}\n");
}

static void put_pretty(struct log *log, enum log_level level, const char *event,
                       const struct log_field *fields)
{
    struct buf *out = &log->line;

    put_time(out, log->now_ms, "%H:%M:%S");
    buf_format(out, " %s %s", levels[level].label, event);
    for (; fields->name; fields++) {
        buf_format(out, " %s=", fields->name);
        put_value(out, fields);
    }
    buf_u8(out, '\n');
}

/* One write(2) a line; what a full pipe cut off follows. A log that cannot be written must not stop the program. */
static void flush(int fd, struct span line)
{
    while (line.n) {
        ssize_t n = write(fd, line.p, line.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        line = span_skip(line, (size_t)n);
    }
}

void log_write(struct log *log, enum log_level level, const char *event, const struct log_field *fields)
{
    if (!log || level < log->level) return;
    buf_truncate(&log->line, 0);
    (log->pretty ? put_pretty : put_json)(log, level, event, fields);
    if (buf_failed(&log->line)) {
        buf_clear(&log->line);
        return;
    }
    flush(log->fd, buf_span(&log->line));
}

bool log_level_read(struct span word, enum log_level *out)
{
    for (enum log_level l = LOG_DEBUG; l <= LOG_ERROR; l++) {
        if (!span_is(word, levels[l].word)) continue;
        *out = l;
        return true;
    }
    return false;
}
