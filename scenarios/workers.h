#ifndef SCENARIOS_WORKERS_H
#define SCENARIOS_WORKERS_H

#include "scenarios/run_options.h"

/* Each run in a process of its own, some at a time. */

/* Makes this folder, and those above it. */
bool workers_folder(const char *path);

/* Plays all of a plan, started in this order; `results` has a place for each, in the plan's order. What is not played, or was interrupted,
 * is skipped with a reason; a worker that leaves no result is an error. */
void workers_play(const struct run_options *o, struct plan *p, const size_t *order,
                  struct run_result *results);

/* A run that left no result is known by its variant all the same. */
void workers_name_variant(const struct job *j, struct run_result *out);

#endif
