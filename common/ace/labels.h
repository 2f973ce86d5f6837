#ifndef ACE_LABELS_H
#define ACE_LABELS_H

#include "common/codec/doc.h"

/* Name <-> CBOR label, one table per map (RFC 9200 Tables 1, 5 and 6, RFC 8392, RFC 8747, RFC 9201). */
enum label_map { LABELS_TOKEN, LABELS_INTROSPECTION, LABELS_CLAIMS, LABELS_HINTS, LABELS_CNF, LABELS_COUNT };

/* False if `name` has no label in this map. */
bool label_of(enum label_map map, const char *name, int64_t *label);
/* NULL if the label has no name in this map. */
const char *label_name(enum label_map map, int64_t label);

/* Value abbreviations: errors and grant types (RFC 9200 Tables 3 and 4), token types, profiles. -1 / NULL if unknown. */
enum label_values { VALUES_GRANT_TYPE, VALUES_TOKEN_TYPE, VALUES_PROFILE, VALUES_ERROR };
int label_value(enum label_values set, struct span word); /* token types compare without case */
const char *label_word(enum label_values set, int64_t value);

/* The member `name` of a map in either notation: by its label in `map` if `d` has integer keys at all, else by text key. */
const struct doc *label_get(const struct doc *d, enum label_map map, const char *name);

enum notation { NOTATION_JSON, NOTATION_CBOR };
/* Puts under the name (JSON) or the label (CBOR). */
void label_put(struct doc *d, enum label_map map, enum notation n, const char *name, struct doc *child);

#endif
