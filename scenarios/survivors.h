#ifndef SCENARIOS_SURVIVORS_H
#define SCENARIOS_SURVIVORS_H

#include "common/base/err.h"
#include "common/base/fault.h"
#include "scenarios/mutant.h"
#include "scenarios/status.h"

#include <stdio.h>

/* scenarios/survivors.tsv: mutants that may live, with a reason: a glob of mutant ids, the reason; `#` lines are comments. */
struct survivor {
    const char *glob, *reason;
    unsigned line;
    unsigned used; /* how many mutants it has excused */
};

enum { MAX_SURVIVORS = 1000 };

struct survivors {
    struct arena arena;
    size_t count;
    struct survivor *survivor;
};

/* Errors: ERR_MALFORMED, ERR_TOO_LARGE with a reason; ERR_NO_MEMORY. */
MUST_USE enum err survivors_read(struct span tsv, struct survivors *out, struct fault *why);
/* Why this mutant may live, counting the use; NULL: it may not. */
const char *survivors_excuse(struct survivors *s, const char *id);
void survivors_clear(struct survivors *s);

/*
 * The account of a mutate run. All but `to` and `excused` zero before the first mutation_run(), one call per mutant played,
 * mutation_spared() per set of mutants, mutation_end() once. News: mutants that survived or were blamed elsewhere, without
 * an excuse.
 */
struct mutation {
    FILE *to;
    struct survivors *excused;
    size_t fates[FATE_UNTOLD + 1];
    size_t excuses, spares;
};

void mutation_run(struct mutation *m, const struct mutant *mutant, const struct run_result *r);
void mutation_spared(struct mutation *m, const struct mutants *of);

/* How much of the suite was mutated: entries that excused nobody are told only after all of it. */
enum mutation_extent { MUTATION_PART, MUTATION_ALL };

/* The last lines. STATUS_FAILED: someone lives without an excuse; STATUS_ERROR: a run was untold, none was played, or (ALL)
 * an entry excused nobody. */
enum status mutation_end(struct mutation *m, enum mutation_extent extent);

#endif
