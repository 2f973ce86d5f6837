#ifndef SCENARIOS_ADMIT_H
#define SCENARIOS_ADMIT_H

#include "scenarios/pattern.h"

/*
 * Would a pattern admit a wrong value? Told from its text alone, for choosing mutants: where it cannot be told the answer is
 * yes, so that no mutant is made which may rightly live. A variable admits no value made here. Pure.
 */
bool admits_number(const struct pattern *p, int64_t n);
bool admits_text(const struct pattern *p, const char *text);
bool admits_absence(const struct pattern *p);

/* The octets that the pattern itself makes: last bit turned, without the last octet, with one octet more. */
enum spoil { SPOIL_FLIP, SPOIL_CUT, SPOIL_LONGER };
bool admits_spoiled(const struct pattern *p, enum spoil how);

/* What whoever sends makes of it: the first alternative. */
const struct pattern *pattern_made(const struct pattern *p);
/* Can it be made, or does it (or a part of it) only judge? */
bool pattern_makes(const struct pattern *p);

#endif
