#ifndef ACE_HINTS_H
#define ACE_HINTS_H

#include "common/ace/scope.h"

#define HINT_PROPERTY "ace_as_hint"

/* AS creation hints in a CONNACK User Property (RFC 9431 2.4.1, RFC 9200 5.3): a JSON object. Owned. */
struct hints {
    struct buf as; /* absolute URI of the token endpoint; mandatory */
    bool has_audience, has_kid, has_cnonce, has_scope;
    struct buf audience;
    struct buf kid;    /* the JSON string's bytes */
    struct buf cnonce; /* bytes; base64url on the wire [R-JWT-16] */
    struct scope *scope;
};

/* Errors: ERR_PROTOCOL (no AS), ERR_NO_MEMORY. */
MUST_USE enum err hints_write(const struct hints *h, struct buf *json);
/* A peer's claim, to be checked against an allow list. Errors: ERR_MALFORMED (also without an absolute AS URI), ERR_TOO_LARGE,
 * ERR_INVALID_SCOPE, ERR_NO_MEMORY. */
MUST_USE enum err hints_read(struct span json, struct hints *out, struct fault *why);
void hints_clear(struct hints *h);

#endif
