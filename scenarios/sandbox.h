#ifndef SCENARIOS_SANDBOX_H
#define SCENARIOS_SANDBOX_H

#include "scenarios/status.h"

/* `ace-scenarios sandbox DIR`: AS and broker with the demonstration's settings, alive until SIGINT or SIGTERM, and commands to copy.
 * `bin`: where our programs are. */
enum status sandbox_run(const char *bin, const char *dir);

#endif
