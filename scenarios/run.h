#ifndef SCENARIOS_RUN_H
#define SCENARIOS_RUN_H

#include "scenarios/status.h"
#include "scenarios/suite.h"

/* Plays what is chosen: each run in a process of its own, some at a time, in a folder of its own under `out`. */
struct run_options {
    struct choice choice;
    const char *out;         /* build/scenarios */
    const char *bin;         /* our programs */
    const char *home;        /* the scenarios folder, with page/report.html */
    unsigned jobs, patience; /* at once; percent of the deadlines */
    const char *variant;     /* "pop=hs256,tls=1.3": only this one; NULL: all */
    bool brief;              /* only the first variant of each scenario */
    const char *under;       /* client, broker, as, all: only runs in which this is under test; NULL: all */
    enum run_mode { RUN_PRODUCTS, RUN_ALL_REAL, RUN_MODEL } mode;
};

/* Prints to standard output; writes report.json, junit.xml and report.html into `out`. */
enum status run_all(const struct suite *s, const struct run_options *o);

#endif
