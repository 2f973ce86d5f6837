#ifndef SCENARIOS_PROTOCOL_H
#define SCENARIOS_PROTOCOL_H

#include "scenarios/report.h"

/* The report as a program that calls the runner reads it, line by line. */

/* The Test Anything Protocol, version 14: a line per run, and of what is broken a YAML block. What a run warns or notes of is `ok`, as the
 * exit status has it. Errors: ERR_NO_MEMORY. */
MUST_USE enum err protocol_tap(const struct report *r, struct buf *out);

/*
 * Workflow commands of GitHub Actions, which show a line of a .flow file in a pull request: `::error file=F,line=N,title=T::text` for each
 * check that breaks a MUST, ::warning for a SHOULD; alike in several runs: once. Runs that end as ERROR have no line. At most
 * MAX_ANNOTATIONS, the last of which says how many are left out. Files under `root` are named from there. Errors: ERR_NO_MEMORY.
 */
enum { MAX_ANNOTATIONS = 50 };
MUST_USE enum err protocol_annotate(const struct report *r, const char *root, struct buf *out);

#endif
