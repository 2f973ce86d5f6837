#ifndef SCENARIOS_DEMAND_H
#define SCENARIOS_DEMAND_H

#include "scenarios/vary.h"

/*
 * What a run demands of who plays this role, beyond what its scenario `needs`: the features that its steps show by what is said in them, as a
 * proof over the exporter, an AUTH with a challenge, a shared filter, a token in the form that the axis `token` has.
 */
bool demand_has(const struct variant *v, enum role of, const struct feature_def *feature);

#endif
