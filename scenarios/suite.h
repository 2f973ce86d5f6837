#ifndef SCENARIOS_SUITE_H
#define SCENARIOS_SUITE_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "scenarios/flow.h"
#include "scenarios/rules.h"

/* The rules and the scenarios, read, linked and linted. */
struct suite {
    struct rules rules;
    struct flows flows;
};

/* Where they are: requirements.tsv, unobservable.tsv and deviations.tsv in `home`, the .flow files in `flows`. */
struct suite_folders {
    const char *home, *flows;
};

/* On any error `message` holds complete lines, "file:line:column: why". Errors: ERR_MALFORMED, ERR_TOO_LARGE, ERR_IO,
 * ERR_NO_MEMORY. Zero `out` before, clear it in any case. */
MUST_USE enum err suite_load(const struct suite_folders *from, struct suite *out, struct buf *message);
void suite_clear(struct suite *s);

/* Which scenarios: those that pass all that is not NULL. */
struct choice {
    const char *glob;  /* of ids: * and ? also match slashes */
    const char *level; /* "must", "should", "may": proves a rule of this level */
    const char *tag;
};

bool suite_chooses(const struct suite *s, const struct choice *c, const struct scenario *scenario);

/* The id most like this one; NULL: none is. */
const char *suite_nearest(const struct suite *s, const char *id);

bool glob_matches(const char *glob, const char *text);

#endif
