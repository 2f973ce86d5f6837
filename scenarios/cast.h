#ifndef SCENARIOS_CAST_H
#define SCENARIOS_CAST_H

#include "scenarios/show.h"

/* Who plays: our programs as processes of their own with their settings, puppets as listeners in ours. */

/* Starts all that take part, the AS first; what fails ends the run. `bin`: the folder of our programs. */
void cast_start(struct show *w, const char *bin);

/* Asks the programs to stop and waits, and ends whom they have left. One that does not, crashes or leaks has failed, whatever it said before. */
void cast_stop(struct show *w);
void cast_free(struct show *w);

#endif
