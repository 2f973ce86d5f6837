#ifndef AS_REFERENCE_H
#define AS_REFERENCE_H

#include "common/ace/claims.h"
#include "common/base/secret.h"
#include "common/crypto/entropy.h"

/*
 * A token that says nothing itself: a name nobody can guess, for claims that stay in the ledger and are told in introspection
 * (RFC 9431 2.2.5). As text it is the same in JSON and in CBOR, and is never taken for a JWT or a CWT. Errors: ERR_NO_MEMORY, those of
 * entropy_fill().
 */
MUST_USE enum err reference_make(struct entropy *entropy, struct buf *token);

/* The claims as the ledger keeps them, and back. They may hold a symmetric PoP key in clear. `out` of reference_read() is cleared with
 * claim_set_clear(). Errors: ERR_NO_MEMORY, and of reference_read() ERR_UNAVAILABLE: what is kept cannot be read. */
MUST_USE enum err reference_write(const struct claim_set *set, struct secret *out);
MUST_USE enum err reference_read(struct span kept, struct claim_set *out);

#endif
