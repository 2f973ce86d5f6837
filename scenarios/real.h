#ifndef SCENARIOS_REAL_H
#define SCENARIOS_REAL_H

#include "scenarios/show.h"

/* Is any verb of a client followed by what it is answered? */
bool real_answers(const struct variant *v);

/* A run without puppets: the clients are told what the figure tells them, each message is judged by what both of its ends say of it
 * (not where somebody else's implementation is among them, which tells nothing of its links), and what the clients are answered is held against the last outcome that the figure shows for it. */
void real_play(struct show *w);

#endif
