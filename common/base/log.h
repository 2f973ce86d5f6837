#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "common/base/span.h"

/*
 * One log: a line is one JSON object {"t":..., "level":..., "event":..., fields}. Text is escaped (no forged lines).
 * There is no field kind for a key, token or proof: LOG_HASH takes the SHA-256 prefix made by hash_hint().
 *
 *     log_event(log, LOG_INFO, "connack", LOG_INT("reason", 0x87), LOG_SPAN("client", id));
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name; /* NULL ends the list */
    enum { LOG_KIND_INT, LOG_KIND_SPAN, LOG_KIND_BOOL } kind;
    int64_t number;
    struct span text;
};

#define LOG_INT(n, v)                                             \
    {                                                             \
        .name = (n), .kind = LOG_KIND_INT, .number = (int64_t)(v) \
    }
#define LOG_BOOL(n, v)                                    \
    {                                                     \
        .name = (n), .kind = LOG_KIND_BOOL, .number = (v) \
    }
#define LOG_SPAN(n, v)                                  \
    {                                                   \
        .name = (n), .kind = LOG_KIND_SPAN, .text = (v) \
    }
#define LOG_STR(n, v)                                           \
    {                                                           \
        .name = (n), .kind = LOG_KIND_SPAN, .text = span_str(v) \
    }

struct log;

/* Writes to file descriptor `fd` (not owned), lines at `level` and above. `pretty`: for people, not JSON. NULL: no memory. */
struct log *log_new(int fd, enum log_level level, bool pretty);
void log_free(struct log *log);

/* The log owns no clock: the shell tells it the time (milliseconds since the epoch) before each turn. */
void log_time(struct log *log, int64_t now_ms);

/* Another lowest level from now on. */
void log_set_level(struct log *log, enum log_level level);

/* `log` may be NULL: nothing is written. */
void log_write(struct log *log, enum log_level level, const char *event, const struct log_field *fields);
#define log_event(log, level, ...) LOG_EVENT_(log, level, __VA_ARGS__, { .name = NULL })
#define LOG_EVENT_(log, level, event, ...) \
    log_write(log, level, event, (const struct log_field[]){ __VA_ARGS__ })

/* Reads "debug", "info", "warn", "error"; false if none of them. */
bool log_level_read(struct span word, enum log_level *out);

#endif
