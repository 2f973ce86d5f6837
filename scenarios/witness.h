#ifndef SCENARIOS_WITNESS_H
#define SCENARIOS_WITNESS_H

#include "scenarios/fields.h"
#include "scenarios/stage.h"

/*
 * What a puppet says where the flow only judges: a value that the pattern admits, as `any`, int(1,9), starts(x), json. So a model run
 * can play what only products are asked for otherwise. What members of a captured value must be (hint.AS=uri) is among what it is made of.
 */

/* Adds a witness for every field of the step that is not in `out` yet and whose pattern judges only. */
void witness_fields(struct stage *s, const struct step *step, struct fields *out);

#endif
