#ifndef SCENARIOS_FIGURE_H
#define SCENARIOS_FIGURE_H

#include "scenarios/flow.h"
#include "scenarios/result.h"

/*
 * The sequence diagrams of all runs as JSON: each step of the variant with the checks made on it. Most variants of a scenario
 * share one diagram, so each is written once and runs name it by its number.
 *
 * A diagram is an array of steps: {"kind":"arrow|tls|verb|clock|quiet", "label", "from", "to", "text", "checks":[{"field",
 * "rules":[...], "held", "want", "got"}]}; label, to and checks only where there are some. A step without checks was not
 * judged, or not reached.
 */
struct figures {
    struct map *known; /* text of a diagram: its number + 1 */
    size_t count;
    struct buf json; /* the diagrams so far, between commas */
};

/* Errors: ERR_NO_MEMORY. */
MUST_USE enum err figures_init(struct figures *f);
void figures_clear(struct figures *f);

/* The number of the run's diagram. `v`: the variant it played. Errors: ERR_NO_MEMORY. */
MUST_USE enum err figures_add(struct figures *f, const struct variant *v, const struct run_result *run,
                              size_t *number);

#endif
