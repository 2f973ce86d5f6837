#ifndef SCENARIOS_PLAN_H
#define SCENARIOS_PLAN_H

#include <sys/types.h>

#include "scenarios/play.h"
#include "scenarios/suite.h"

/* Which runs there are, and who plays whom in each: worked out before anything is started. */
enum { MAX_PATH = 700 };

struct job {
    const struct scenario *scenario;
    size_t place; /* of the scenario among all */
    size_t variant;
    enum player players[ROLE_COUNT];
    char why[240]; /* it is beyond a system under test, and this is why: skipped. Empty: it is played */
    pid_t pid;     /* 0: not started, or over */
    char dir[MAX_PATH];
};

struct plan {
    size_t count, room;
    struct job *job;
};

enum run_mode { RUN_PRODUCTS, RUN_ALL_REAL, RUN_MODEL };

struct plan_options {
    struct choice choice;
    const char *variant; /* "pop=hs256,tls=1.3": only this one; NULL: all */
    bool brief;          /* only the first variant of each scenario */
    const char *under;   /* client, broker, as, all: only runs in which this is under test; NULL: all */
    enum run_mode mode;
    const struct sut *sut[ROLE_COUNT]; /* of somebody else, in the place of our program; NULL: ours */
};

/* Is any role played by an implementation of somebody else? */
bool plan_is_foreign(const struct plan_options *o);

/* In the order in which people read: scenario, then roles, then variant. false: no memory. The caller clears in any case. */
bool plan_make(const struct suite *s, const struct plan_options *o, struct plan *out);
void plan_clear(struct plan *p);

#endif
