#ifndef SCENARIOS_STRANGER_H
#define SCENARIOS_STRANGER_H

#include "scenarios/vary.h"

/*
 * A broker (an AS) of which we know the address and nothing else: it has never heard of the AS that we play nor of its clients, and its own
 * AS and audience are unknown to us. It can be asked all that needs no token it would trust, no login: TLS, the hint, how it refuses.
 */

/* Does the run show it a token that a broker in its place should take, or have it speak to our AS (an AS: name one of our clients)? Then the
 * reason is in `why`. A token of an AS that nobody knows is nothing of the kind. */
bool stranger_lacks(enum role role, const struct variant *v, struct buf *why);

/* What it says of itself is not compared with our world any more: $as becomes any URI, $broker any text, $rs_cnf any key. `v`'s own. */
void stranger_adapt(enum role role, struct variant *v);

#endif
