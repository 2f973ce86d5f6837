#ifndef CODEC_DOC_TREE_H
#define CODEC_DOC_TREE_H

#include "common/base/secret.h"
#include "common/codec/doc.h"

/* The node behind doc.h, for its notations only. */
struct doc_key {
    bool is_text;
    int64_t label;
    struct span text; /* of a member: borrows from its name */
};

struct doc_member {
    struct doc_key key; /* of a map's member; else zero */
    struct secret name;
    struct doc *value;
};

struct doc {
    enum doc_kind kind;
    bool failed; /* memory was short while this node or one below it was built */
    size_t offset;
    union {
        bool truth;
        int64_t number;
        double real;
        uint64_t tag;
        struct secret bytes; /* text or bytes, wiped when freed: documents carry keys */
    };
    struct doc_member *members;
    size_t count, room;
};

/* As doc_put, for a map known not to hold this key yet: nothing is searched. Copies the key. */
void doc_append(struct doc *map, const struct doc_key *key, struct doc *value);

#endif
