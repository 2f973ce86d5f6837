#ifndef BROKER_CROWD_H
#define BROKER_CROWD_H

#include "common/base/err.h"
#include "common/base/span.h"

/* How many connections of each address have not yet been admitted: a bound for whoever only ever begins. */
struct crowd;
struct crowd_place; /* what one connection holds while it counts */

struct crowd *crowd_new(const uint8_t hash_key[16]); /* NULL: no memory */
void crowd_free(struct crowd *c);                    /* all have left before */

/* Errors: ERR_QUOTA (`limit` of this address are there already), ERR_NO_MEMORY. */
MUST_USE enum err crowd_enter(struct crowd *c, struct span address, size_t limit, struct crowd_place **out);
void crowd_leave(struct crowd *c, struct crowd_place *p); /* NULL is fine */

#endif
