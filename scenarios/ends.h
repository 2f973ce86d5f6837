#ifndef SCENARIOS_ENDS_H
#define SCENARIOS_ENDS_H

#include "scenarios/show.h"

/* The puppets' ends of connections: which one a step is about, and how there comes to be one. */

bool same_party(struct party a, struct party b);

/* Several clients share a role, so an end is a party's: the client's number tells our own ends apart. NULL: none yet. */
struct strand *own_end(const struct show *w, struct party owner, struct party peer);

/* A client puppet connects. `in`: what the step says of the handshake, or the request whose TLS key may be among its fields. NULL: it
 * cannot, which ends the run. */
struct strand *open_end(struct show *w, const struct step *s, const struct fields *in);

/* The next connection that this party makes to a server puppet; NULL: none in time. */
struct strand *claim_end(struct show *w, enum role owner, struct party from);

#endif
