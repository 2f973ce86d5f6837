#ifndef BROKER_CLOCK_H
#define BROKER_CLOCK_H

#include <stdint.h>

/*
 * The broker's time: seconds since the epoch that never go back and never stand still. It follows the machine's monotonic
 * clock, and the wall clock forward; a wall clock set back is ignored, as it would revive what has ended. All zero: not set.
 */
struct clock {
    int64_t now;    /* seconds since the epoch, as last told */
    int64_t ahead;  /* now less monotonic seconds */
    int64_t offset; /* a runner's jump, seconds */
};

enum { CLOCK_TOLERANCE = 2 }; /* seconds between two clocks that are no jump */

/* Both clocks in seconds. Returns how far the time jumped, beyond what has passed; 0: it did not. */
int64_t clock_turn(struct clock *c, int64_t wall, int64_t monotonic);

#endif
