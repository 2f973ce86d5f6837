#ifndef SCENARIOS_LAUNCH_H
#define SCENARIOS_LAUNCH_H

#include "scenarios/options.h"
#include "scenarios/run.h"

/* From the command line to runs: where things are, who is under test, what is known of them. All tell their mistakes to standard error. */

/* `run` and `model`. */
enum status launch_run(const struct suite *s, const struct options *o, enum run_mode mode);

/* --jobs and --patience as numbers; `of` holds the defaults. false: they are none. */
struct pace {
    unsigned jobs, patience; /* at once; percent */
};
bool launch_pace(const struct options *o, struct pace *of);

/* Our programs, the output and the suite, in that order; the caller clears. false: it has been told why. */
struct places {
    struct buf bin, out, home;
};
bool launch_places(const struct options *o, struct places *out);
void places_clear(struct places *p);

/* The entries that excuse failures of a system under test; none if it names no list. false: it has been told why. */
bool launch_known(const struct sut *s, const struct suite *suite, struct known *out);

#endif
