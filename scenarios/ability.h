#ifndef SCENARIOS_ABILITY_H
#define SCENARIOS_ABILITY_H

#include "scenarios/report.h"

/*
 * What a program can do and what it lacks, in a few lines for people: each is a thing that RFC 9431 asks of a role, and the scenario that shows
 * it. Of runs in which this role alone was under test.
 */

/* A line each: "yes", "partly", "no" with what came instead, or "not asked". Nothing where no role was under test by itself. */
void ability_print(const struct report *r, struct buf *out);

/* The array "abilities" for the page: {"role", "words", "scenario", "passed", "ran", "instead"}; `instead` where a run failed. */
void ability_write(const struct report *r, struct buf *json);

#endif
