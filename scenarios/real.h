#ifndef SCENARIOS_REAL_H
#define SCENARIOS_REAL_H

#include "scenarios/show.h"

/* Can it be judged by what the clients are answered alone: is any verb followed by its outcome, and does none tell what a message brought? */
bool real_answers(const struct variant *v);

/* A run without puppets: the clients are told what the figure tells them, each message is judged by what both of its ends say of it
 * (not where somebody else's implementation is among them, which tells nothing of its links), and what the clients are answered is held against the last outcome that the figure shows for it. */
void real_play(struct show *w);

#endif
