#ifndef SCENARIOS_PARSE_H
#define SCENARIOS_PARSE_H

#include "scenarios/flow.h"

/* Reads one file. A line that is wrong is noted in `error` and skipped, so that one pass tells them all.
 * Errors: ERR_MALFORMED (at least one was noted), ERR_TOO_LARGE, ERR_NO_MEMORY. */
MUST_USE enum err flows_parse(struct flows *f, const char *file, struct span text);

#endif
