#ifndef BROKER_REVOKED_H
#define BROKER_REVOKED_H

#include "common/ace/trl.h"

/*
 * Hashes of tokens that their AS has revoked, as it listed them (RFC 9770 10.1). One stays until its token was presented and has left the
 * AS's list, and as long as there is room behind that. Bounded: then those go that are not needed any more, and next the earliest.
 */
struct revoked;

struct revoked *revoked_new(size_t limit, const uint8_t hash_key[16]); /* NULL: no memory */
void revoked_free(struct revoked *r);
void revoked_relimit(struct revoked *r, size_t limit);

/* What the AS said: everything that is on its list, or what changed. Errors: ERR_NO_MEMORY; what could be taken has been. */
MUST_USE enum err revoked_take(struct revoked *r, const struct trl *list);

/* Is this token, octets or text, revoked? Notes that it was presented. RFC 9770 3.3: nobody can tell in which notation its client got it, so it
 * is looked for under both names. Errors: ERR_NOT_AUTHORIZED (it is), ERR_NO_MEMORY. */
MUST_USE enum err revoked_test(struct revoked *r, struct span token);

size_t revoked_count(const struct revoked *r);

#endif
