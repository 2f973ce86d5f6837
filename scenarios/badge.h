#ifndef SCENARIOS_BADGE_H
#define SCENARIOS_BADGE_H

#include "scenarios/report.h"

/* badge.svg: for a page that links to the report. "RFC 9431 | 423 of 469 proven", or what is amiss. Errors: ERR_NO_MEMORY. */
MUST_USE enum err badge_write(const struct report *r, struct buf *svg);

#endif
