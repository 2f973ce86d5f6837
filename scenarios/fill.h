#ifndef SCENARIOS_FILL_H
#define SCENARIOS_FILL_H

#include "scenarios/show.h"

/* What a puppet says: the fields that the flow spells out, and for the rest what the message needs to be a good one. */

/* The fields that the flow makes. A value that cannot be made ends the run. */
struct fields make_fields(struct show *w, const struct step *s);

/* Adds what it leaves open. */
void fill_in(struct show *w, const struct step *s, struct fields *out);

/* Captures on values that were filled in. */
void bind_filled(struct show *w, const struct step *s, const struct fields *out);

#endif
