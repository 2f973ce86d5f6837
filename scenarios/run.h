#ifndef SCENARIOS_RUN_H
#define SCENARIOS_RUN_H

#include "scenarios/run_options.h"
#include "scenarios/status.h"

/* Plays what is chosen: each run in a process of its own, some at a time, in a folder of its own. Writes report.json, junit.xml and report.html into `out`; also when it is interrupted, of what was played until then. */
enum status run_all(const struct suite *s, struct run_options *o);

#endif
