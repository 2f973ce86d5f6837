#ifndef SCENARIOS_OVERHEARD_H
#define SCENARIOS_OVERHEARD_H

#include "scenarios/show.h"

/*
 * One step of a run without puppets, judged by what both of its ends say (struct testimony): the message left its sender as the figure has
 * it, came to its receiver, and both read the same in it. Where they differ, a check fails that names arrow and field.
 */
void overheard_arrow(struct show *w, const struct step *s);
void overheard_handshake(struct show *w, const struct step *s);
void overheard_quiet(struct show *w, const struct step *s);

#endif
