#ifndef ACE_MEDIA_H
#define ACE_MEDIA_H

#include "common/ace/labels.h"

/* Media types of the AS legs. Behind these functions nobody knows whether it was JSON, CBOR or a form. */
enum media { MEDIA_ACE_JSON, MEDIA_ACE_CBOR, MEDIA_JSON, MEDIA_FORM, MEDIA_COUNT };

/* Content-Type value, parameters ignored, case ignored; false if none of ours. */
bool media_read(struct span content_type, enum media *out);
const char *media_name(enum media m);
/* Type of the answer to a request of type `m`: the same family; form answers with application/json. */
enum media media_answer(enum media m);
/* NOTATION_JSON also for a form. */
enum notation media_notation(enum media m);

/*
 * A body as one map, under doc_limits_wire. A form (RFC 6749 appendix B) becomes a map of texts; its nested parameters
 * (req_cnf, cnf) are JSON text and read as such; parameters without a value are left out, but for ace_profile.
 * Errors: ERR_MALFORMED (also: not a map, a doubled parameter [R-TOK-40]), ERR_TOO_LARGE, ERR_NO_MEMORY. Caller frees *out.
 */
MUST_USE enum err body_read(struct span body, enum media m, struct doc **out, struct fault *why);
/* Appends. In a form, nested values leave as JSON text. Errors: those of doc_write. */
MUST_USE enum err body_write(const struct doc *map, enum media m, struct buf *out);

#endif
