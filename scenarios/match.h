#ifndef SCENARIOS_MATCH_H
#define SCENARIOS_MATCH_H

#include "scenarios/stage.h"

/* Does this value fit the pattern? Captures are bound where it does. An absent value fits `-` alone. */
bool match_value(struct stage *s, const struct pattern *p, const struct value *v);

/* For people: the pattern, and behind it the value it stands for, where that is one. */
void match_want(struct stage *s, const struct pattern *p, struct buf *out);

#endif
