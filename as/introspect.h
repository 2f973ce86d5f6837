#ifndef AS_INTROSPECT_H
#define AS_INTROSPECT_H

#include "as/ledger.h"
#include "as/registry.h"
#include "common/ace/introspection.h"

/* Who asks, and of which AS. Borrowed. */
struct introspect_from {
    const char *issuer;
    const struct key_object *sign_key;
    struct ledger *ledger;
    const struct as_broker *broker; /* the caller: sees tokens for its own audience [R-INT-05] */
    int64_t now;                    /* seconds since the epoch */
    const struct registry *registry;
};

/*
 * RFC 7662, RFC 9200 5.9: opens the token as this broker would, or finds what it refers to, and looks it up in the ledger. Of a token for
 * several brokers each sees its share [R-INT-26]. Whatever is wrong with it, unknown, ended,
 * revoked, of another AS or for another broker, it is inactive and nothing more is said [R-INT-10] [R-INT-11] [R-INT-20].
 * Clear `out` with introspection_response_clear(). Errors: ERR_UNAVAILABLE (ledger), ERR_NO_MEMORY.
 */
MUST_USE enum err introspect(const struct introspect_from *from, const struct introspection_request *in,
                             struct introspection_response *out);

#endif
