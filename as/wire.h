#ifndef AS_WIRE_H
#define AS_WIRE_H

#include "as/config.h"

/* The shell: loop, HTTPS, clock, signals, control lines. Runs until it is stopped. Exit status for the process: 0 stopped on
 * request, 1 could not start (one line on standard error). `driven`: speak control lines on stdin and stdout. */
enum wire_mode { WIRE_ALONE, WIRE_DRIVEN };
/* Would it start? As far as that can be said without listening; one line, on standard output or error. The exit status. */
int as_wire_test(struct as_config *config);
int as_wire_run(struct as_config *config, enum wire_mode mode);

#endif
