#ifndef SCENARIOS_CAST_H
#define SCENARIOS_CAST_H

#include "scenarios/play.h"
#include "scenarios/show.h"

/* Who plays: our programs as processes of their own with their settings, puppets as listeners in ours. */

/* Starts all that take part, the AS first; what fails ends the run. */
void cast_start(struct show *w, const struct play *from);

/* Asks the programs to stop and waits. One that does not, crashes or leaks has failed, whatever it said before. */
void cast_stop(struct show *w);
void cast_free(struct show *w);

#endif
