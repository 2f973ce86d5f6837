#ifndef TESTS_DEMO_BED_H
#define TESTS_DEMO_BED_H

#include "tests/programs_bed.h"

/*
 * What `ace-scenarios demo` writes, in a folder of its own: AS and broker as real processes on ports of their own; sensor.json
 * and display.json lead to them.
 */
struct demo {
    char dir[64], as_url[64], broker_port[16];
    int as_port;
    struct child as, broker;
};

void demo_open(struct demo *d);  /* demo_make() and demo_start() */
void demo_make(struct demo *d);  /* the folder, for tests that edit it before the servers start */
void demo_start(struct demo *d); /* both servers, with as.json and broker.json */
/* The AS goes, and comes back where it was. */
void demo_stop_as(struct demo *d);
void demo_restart_as(struct demo *d);
/* Stops both, which must end with status 0, and drops the folder. */
void demo_close(struct demo *d);
void demo_drop(struct demo *d);
/* Runs our program NAME there to its end; returns its exit status. */
int demo_run(struct demo *d, struct child *c, const char *name, const char *const *args);
/* Starts a server with settings `file`; returns the port of its READY. */
int demo_serve(struct demo *d, struct child *c, const char *name, const char *file);

#endif
