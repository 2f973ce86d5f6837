#ifndef SCENARIOS_MAKE_H
#define SCENARIOS_MAKE_H

#include "scenarios/stage.h"

/* Patterns that make values: what a puppet writes into a field. A new function is one row in make.c and one in match.c. */

/*
 * `field` is the name of the field the value is for. Captures are bound. Errors: ERR_NOT_FOUND (this pattern only
 * judges), ERR_PROTOCOL (cannot be made: an unbound name, a wrong argument), ERR_NO_MEMORY, ERR_INTERNAL.
 */
MUST_USE enum err make_value(struct stage *s, const struct pattern *p, const char *field, struct value *out);

/* The i-th positional argument; NULL past the last. */
const struct pattern *argument_at(const struct pattern *call, size_t i);
/* Its number; `otherwise` if there is none. */
int64_t argument_number(const struct pattern *call, size_t i, int64_t otherwise);

#endif
