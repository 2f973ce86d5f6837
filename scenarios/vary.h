#ifndef SCENARIOS_VARY_H
#define SCENARIOS_VARY_H

#include "scenarios/flow.h"

enum { MAX_VARIANTS = 512 };

struct binding {
    const char *axis, *value;
    bool varied; /* false: a world axis that the scenario leaves at its default */
};

/* One concrete run of a scenario. Conditions are gone; $axis is replaced by its value, unless a capture of that name
 * came before (a capture hides an axis from there on). */
struct variant {
    const struct scenario *scenario;
    size_t index;
    struct arena arena;
    size_t bindings;
    struct binding *binding; /* the scenario's axes in its order, then the other world axes */
    size_t settings;
    struct setting *setting; /* each key of a role once */
    size_t steps;
    struct step *step;
};

/* How many variants: the product of its axes; at least 1. Saturates at MAX_VARIANTS + 1, which lint refuses. */
size_t flow_variants(const struct scenario *s);

/* Variant `index` < flow_variants(s), the last axis running fastest. Errors: ERR_NO_MEMORY. */
MUST_USE enum err flow_expand(const struct scenario *s, size_t index, struct variant *out);
void variant_clear(struct variant *v);

/* The value of an axis in this variant, world axes at their default included; NULL: no such axis. */
const char *variant_value(const struct variant *v, const char *axis);

/* Does the scenario turn this switch of that role on? */
bool variant_turns_on(const struct variant *v, enum role role, const char *key);

/* "pop=hs256,token=jwt", varied axes only; nothing if there is none. */
void variant_print(const struct variant *v, struct buf *out);

#endif
