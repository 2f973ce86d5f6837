#ifndef SCENARIOS_COMMAND_H
#define SCENARIOS_COMMAND_H

#include "scenarios/report.h"

/*
 * The one command that plays this run again, alone and as it was, for a shell:
 *     ace-scenarios run connect/x --variant pop=hs256,tls=1.3 --under broker --patience 2
 * --under client|broker|as|all: who is real; a model run is `ace-scenarios model connect/x --variant ...`.
 */
void command_print(const struct report *of, const struct run_result *r, struct buf *out);

#endif
