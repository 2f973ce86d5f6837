#ifndef SCENARIOS_INTEROP_H
#define SCENARIOS_INTEROP_H

#include "scenarios/launch.h"

/*
 * `matrix`: every client of the SUT files with every broker and every AS, no puppets. A role of which no file is given is played by our
 * program. Each pairing has a report of its own beside matrix.html. That two do not get on is what is asked for, so it is no failure:
 * STATUS_ERROR where a pairing could not be played, else STATUS_FINE.
 */
enum status interop_run(const struct suite *s, const struct options *o);

#endif
