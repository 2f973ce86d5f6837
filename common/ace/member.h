#ifndef ACE_MEMBER_H
#define ACE_MEMBER_H

#include "common/ace/cnf.h"
#include "common/ace/scope.h"

#include <stddef.h>

/*
 * Records and the maps they travel in: requests, responses, hints and claim sets are structs of optional members, each listed once
 * in a table, which serves for reading and writing in both notations.
 */
enum member_kind {
    MEMBER_TEXT, /* struct buf: text                                                                         */
    MEMBER_OCTETS, /* struct buf: JSON: the string's bytes, base64url for a CWT and what else is no text; CBOR: bytes */
    MEMBER_BINARY, /* struct buf: JSON: base64url [R-JWT-16]; CBOR: bytes                                       */
    MEMBER_SECONDS, /* int64_t: 0..10^11-1; a fraction is cut off                                                */
    MEMBER_NOT_BEFORE, /* the same, rounded up                                                                      */
    MEMBER_SCOPE, /* struct scope *                                                                            */
    MEMBER_CNF, /* struct cnf                                                                                */
    MEMBER_PROFILE, /* bool: is it mqtt_tls?                                                                     */
    MEMBER_TOKEN_TYPE, /* bool: is it PoP?                                                                          */
};

struct member {
    const char *name;
    enum member_kind kind;
    size_t
        has; /* offset of the record's bool that says "present"; MEMBER_MUST: a struct buf that has to be, and not empty */
    size_t value; /* offset of the value */
};

struct members {
    enum label_map map;
    size_t count;
    const struct member *list;
};

struct dialect {
    enum notation notation;
    enum scope_spelling scope_also; /* A-14; SCOPE_DRAFT02 speaks of keys too */
};

/* A confirmation that does not stand in a table. Errors: those of cnf_read. */
MUST_USE enum err dialect_read_cnf(const struct doc *d, const struct dialect *how, struct cnf *out,
                                   struct fault *why);

#define MEMBER(record, name, kind, field)                                                \
    {                                                                                    \
        name, kind, offsetof(struct record, has_##field), offsetof(struct record, field) \
    }
#define MEMBER_MUST SIZE_MAX
#define MEMBERS(map, list)                       \
    {                                            \
        map, sizeof(list) / sizeof *(list), list \
    }

/* Fills what is there into a zeroed `record` and sets its flags. After an error the caller clears the record. Errors: ERR_MALFORMED
 * (a value of another type or range), ERR_INVALID_SCOPE, ERR_NO_MEMORY, those of cnf_read. */
MUST_USE enum err members_read(const struct members *m, const struct doc *d, const struct dialect *how,
                               void *record, struct fault *why);
/* Puts what is flagged, in the table's order, into `d`, where a lack of memory latches. CBOR leaves out what has
 * no label in the map. */
void members_write(const struct members *m, const void *record, enum notation n, struct doc *d);

#endif
