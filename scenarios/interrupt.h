#ifndef SCENARIOS_INTERRUPT_H
#define SCENARIOS_INTERRUPT_H

#include <stdbool.h>

/* Control-C (SIGINT), SIGTERM and SIGHUP (of a terminal that goes) while runs are played. The first is noted here, so that a report can be left; a second ends the program. */
void interrupt_watch(void);
bool interrupt_came(void);

#endif
