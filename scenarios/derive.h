#ifndef SCENARIOS_DERIVE_H
#define SCENARIOS_DERIVE_H

#include "scenarios/flow.h"

/*
 * Works out like, but and then, once every file is parsed: fills `step` and `wrong` of each scenario, the axes and
 * needs it inherits, and `def` of every field. Unknown scenarios, labels and fields are noted as errors.
 * Errors: ERR_MALFORMED (at least one noted), ERR_NO_MEMORY.
 */
MUST_USE enum err flows_link(struct flows *f);

/* Does a step or a field depend on this axis: by a condition, or by $axis? */
bool axis_used(const struct scenario *s, const char *axis);

#endif
