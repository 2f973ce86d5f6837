#ifndef ACE_INTROSPECTION_H
#define ACE_INTROSPECTION_H

#include "common/ace/claims.h"
#include "common/ace/media.h"

/* RFC 7662, RFC 9200 5.9, RFC 9431 2.2.5; wire.md 7.4. Plain data, owned. Errors are answered with error_write(). */
struct introspection_request {
    struct buf token; /* octets as presented to the broker */
    bool has_hint;
    struct buf hint; /* token_type_hint; never decisive [R-INT-08] */
};

/* Errors: ERR_INVALID_REQUEST with a reason, ERR_NO_MEMORY. */
MUST_USE enum err introspection_request_read(struct span body, enum media m,
                                             struct introspection_request *out, struct fault *why);
MUST_USE enum err introspection_request_write(const struct introspection_request *in, enum media m,
                                              struct buf *out);
void introspection_request_clear(struct introspection_request *r);

struct introspection_response {
    bool active;
    bool has_token_type, is_pop; /* is_pop: also when the type is absent */
    struct claim_set claims;     /* empty unless active [R-INT-11] */
};

/* The body of a 200 answer. `also`: A-14. Errors: ERR_MALFORMED (also without a boolean `active` [R-INT-09]), those of
 * claim_set_read. MEDIA_FORM stands for its answer, JSON. */
MUST_USE enum err introspection_response_read(struct span body, enum media m, enum scope_spelling also,
                                              struct introspection_response *out, struct fault *why);
MUST_USE enum err introspection_response_write(const struct introspection_response *in, enum media m,
                                               struct buf *out);
void introspection_response_clear(struct introspection_response *r);

#endif
