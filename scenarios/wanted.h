#ifndef SCENARIOS_WANTED_H
#define SCENARIOS_WANTED_H

#include "scenarios/suite.h"

/* Is there anything that this choice chooses? ERR_NOT_FOUND: `message` has one line, which says what there is none of, and what is nearest. */
MUST_USE enum err wanted_check(const struct suite *s, const struct choice *c, struct buf *message);

#endif
