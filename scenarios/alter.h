#ifndef SCENARIOS_ALTER_H
#define SCENARIOS_ALTER_H

#include "scenarios/vary.h"

/* Another value for one field of one step: one that can be sent there, and that the field's pattern surely does not admit. */
struct altering {
    struct arena *arena; /* of what is made */
    const struct variant *variant;
    const struct step *step;
    const struct field *field;
    const char *why; /* where there is none: the reason */
};

/* A value in place of the one that the field's pattern makes. false: see a->why. */
bool alter_value(struct altering *a, struct pattern *out);

/* Can the field be left out, and would that be noticed? */
bool alter_can_omit(const struct altering *a);

#endif
