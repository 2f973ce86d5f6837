#ifndef SCENARIOS_REACH_H
#define SCENARIOS_REACH_H

#include "scenarios/sut.h"

/*
 * Before anything is played: is the system at this address there, does it speak TLS, does what it shows hold, and is an AS an AS (greet.h)?
 * One connection, closed at once. `patience`: percent of the usual deadline. Errors: ERR_IO (not there), ERR_PROTOCOL (no TLS, or not what is spoken in it), ERR_NOT_AUTHORIZED (its certificate),
 * ERR_TIMEOUT, with a complete sentence in `message`; ERR_NO_MEMORY.
 */
MUST_USE enum err sut_reach(struct sut *s, unsigned patience, struct buf *message);

#endif
