#ifndef SCENARIOS_SCRUB_H
#define SCENARIOS_SCRUB_H

#include "scenarios/leak.h"

/*
 * Does what was written during a run hold a secret of it? The secrets are read from where they belong: the keys and settings that the
 * runner wrote for the programs, and trace.jsonl, its record of what went over the wires. All else must hold none: what the programs
 * wrote (NAME.out, NAME.err), result.json, and the reports. Tokens of ours are known by their form, too.
 */
struct scrub {
    struct leaks *all; /* of all folders so far */
    size_t files, found;
    struct buf lines; /* where: file:line: what */
};

/* Errors: ERR_NO_MEMORY. */
MUST_USE enum err scrub_init(struct scrub *s);
void scrub_clear(struct scrub *s);

/* The folder of one run. Its secrets are added to `own`, which held none; NULL: nobody wants them. Errors: ERR_IO with a reason in `message`, ERR_NO_MEMORY. */
MUST_USE enum err scrub_run(struct scrub *s, const char *dir, struct leaks *own, struct buf *message);
/* A file about all of them. */
MUST_USE enum err scrub_report(struct scrub *s, const char *path, struct buf *message);

#endif
