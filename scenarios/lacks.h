#ifndef SCENARIOS_LACKS_H
#define SCENARIOS_LACKS_H

#include "scenarios/sut.h"

/*
 * Is this run beyond the system under test? What a scenario needs is not only what it says: an axis, a setting, a clock step need a
 * feature too. Then the reason stands in `why`: the run is skipped, never guessed at.
 */
bool sut_lacks(const struct sut *s, const struct variant *v, struct buf *why);

#endif
