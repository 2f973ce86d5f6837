#ifndef SCENARIOS_ADAPTER_H
#define SCENARIOS_ADAPTER_H

#include "scenarios/show.h"

/*
 * A client that is somebody else's, against docs/drive.md: what is wrong with what it says is no verdict on what it does. Of our own client,
 * and of other parties, all of this is false and says nothing.
 */

/* This line answers neither what was asked nor in the form that answers have: the run is over, with an error that shows the line. */
bool adapter_errs(struct show *w, unsigned client, const struct doc *line);

/* Nothing came of this party in time (`closed`: its connection ended instead). Is that because its program has ended, which is told when it is
 * stopped, or has answered in a language of its own? Then the run is over. */
bool adapter_fell(struct show *w, struct party p, bool closed);

/* What the client has answered, behind what did not come: "nothing in time; ...". */
void adapter_tell(const struct show *w, struct party p, struct buf *got);

#endif
