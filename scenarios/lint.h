#ifndef SCENARIOS_LINT_H
#define SCENARIOS_LINT_H

#include "scenarios/flow.h"
#include "scenarios/rules.h"

/*
 * Judges linked scenarios: unbound variables, unknown rules, rules of another role than the sender's, checks that cannot
 * fail, values outside a field's type, conditions that never or always hold, axes nobody uses. Notes every error.
 * Errors: ERR_MALFORMED (at least one noted), ERR_NO_MEMORY.
 */
MUST_USE enum err flows_lint(struct flows *f, const struct rules *rules);

#endif
