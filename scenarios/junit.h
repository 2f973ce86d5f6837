#ifndef SCENARIOS_JUNIT_H
#define SCENARIOS_JUNIT_H

#include "scenarios/report.h"

/*
 * The report as JUnit XML, for what CI systems show: a suite per scenario and roles, a case per variant. FAIL is a failure,
 * ERROR an error, SKIP skipped; what a WARN or a NOTE has to say stands in system-out. Errors: ERR_NO_MEMORY.
 */
MUST_USE enum err junit_write(const struct report *r, struct buf *xml);

#endif
