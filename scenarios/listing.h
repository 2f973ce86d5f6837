#ifndef SCENARIOS_LISTING_H
#define SCENARIOS_LISTING_H

#include "scenarios/fields.h"

/*
 * Bodies of RFC 9770 as members, and back: full_set and diff_set with token hashes as base64url, cursor (null is that word), more; of a
 * problem trl_error and cursor.
 */

/* By Content-Type. A map as of JSON; NULL: neither of these, or it cannot be read. The caller's. */
struct doc *listing_read(struct span content_type, struct span body);

/* The Content-Type of what these fields make; NULL: another body. */
const char *listing_type(const struct fields *f);

/* Appends the body that these members, a map as of JSON, make; what is no hash stays what it is. Errors: those of doc_write_cbor(). */
MUST_USE enum err listing_write(const struct doc *members, struct buf *out);

/* What a list calls the token that a client of the AS got: `text` in an answer in JSON. base64url. Errors: ERR_NO_MEMORY. */
MUST_USE enum err listing_name(struct span token, bool text, struct buf *out);

#endif
