#ifndef SCENARIOS_HISTORY_H
#define SCENARIOS_HISTORY_H

#include "scenarios/report.h"

/*
 * How earlier runs of everything ended, in history.jsonl beside the report: a JSON object a line, the earliest first. A file that cannot be
 * read begins anew; nothing of a report depends on it.
 */
enum { HISTORY_MAX = 100 };

struct history_entry {
    int64_t when; /* seconds since the epoch */
    int64_t passed, failed, errors, skipped;
    int64_t proven, violated;
};

struct history {
    size_t count;
    struct history_entry entry[HISTORY_MAX];
};

void history_read(struct span text, struct history *out);
/* What this report adds up to; the earliest entry leaves if there is no room. */
void history_add(struct history *h, const struct report *r);
/* The file. Latches. */
void history_write(const struct history *h, struct buf *out);
/* The member "history" of an object: an array. */
void history_tell(const struct history *h, struct buf *json);

#endif
