#ifndef SCENARIOS_RUN_OPTIONS_H
#define SCENARIOS_RUN_OPTIONS_H

#include <stdio.h>

#include "scenarios/known.h"
#include "scenarios/plan.h"

/* Plays what is chosen: each run in a process of its own, some at a time, in a folder of its own under `out`. */
struct run_options {
    struct plan_options plan;
    const char *out;         /* build/scenarios */
    const char *bin;         /* our programs */
    const char *home;        /* the scenarios folder, with page/report.html */
    unsigned jobs, patience; /* at once; percent of the deadlines */
    bool evidence;           /* of each run, also where all is well */
    bool only_failed;        /* of these, only what failed in the report.json that is there */
    bool tap;                /* TAP on standard output */
    uint64_t rounds;         /* as often, or until one is not fine; 0: once */
    bool shuffled;           /* runs are started in an order that the seed gives, not as they are told of */
    uint64_t seed;           /* of round r: seed + r - 1 */
    struct known *known;     /* failures that are expected of whoever is under test; NULL: none */
    const char *repeat;      /* the options that a command needs to repeat a run: options_repeat() */
    FILE *to;                /* what people see */
    size_t counts[VERDICTS]; /* filled in: how many runs ended so */
};

#endif
