#ifndef SCENARIOS_GREET_H
#define SCENARIOS_GREET_H

#include "scenarios/strand.h"
#include "scenarios/sut.h"

/*
 * The first word with an AS of which we know the address: a token request without a login, on a connection that is open. Whatever a token endpoint
 * answers to that is fine. Errors: ERR_PROTOCOL (no HTTP, or no token endpoint is there), ERR_TIMEOUT, with a complete sentence in `message`;
 * ERR_NO_MEMORY.
 */
MUST_USE enum err greet_as(struct net *n, struct strand *end, const struct sut *s, struct buf *message);

#endif
