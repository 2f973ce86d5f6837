#ifndef SCENARIOS_VARS_H
#define SCENARIOS_VARS_H

#include "common/ace/cnf.h"
#include "common/ace/scope.h"
#include "scenarios/arena.h"

/*
 * Values of a run: what fields hold, what patterns make, what $names are bound to. Everything a value points to lives
 * as long as the vars it was made with.
 */
enum value_kind {
    VALUE_ABSENT,
    VALUE_NUMBER, /* number; made from a literal: its text in bytes                        */
    VALUE_BYTES,  /* bytes; of a token or a JSON text also tree: what its members are      */
    VALUE_TREE,   /* tree: list, map, true, false, null                                    */
    VALUE_KEY,    /* key; tree: the confirmation that holds it, as JSON                    */
};

struct value {
    enum value_kind kind;
    int64_t number;
    struct span bytes;
    const struct doc *tree;
    const struct key_object *key;
};

struct vars {
    struct arena arena;
    size_t bound, docs, keys;
    struct bound {
        const char *name;
        struct value value;
    } * name;
    struct doc **doc;
    struct key_object **key;
};

void vars_clear(struct vars *v);

/* A later binding hides an earlier one. A public key is replaced by the private one of the same public part, if known. */
void vars_bind(struct vars *v, const char *name, struct value value);
bool vars_find(const struct vars *v, const char *name, struct value *out);

struct span vars_copy(struct vars *v, struct span bytes);
/* Takes ownership; NULL (no memory, or nothing) gives NULL. */
const struct doc *vars_keep(struct vars *v, struct doc *d);
/* Takes what is in `k`, which is empty afterwards; NULL without memory. */
const struct key_object *vars_keep_key(struct vars *v, struct key_object *k);

struct value value_number(int64_t n);
struct value value_bytes(struct span kept);
struct value value_text(const char *kept);
struct value value_tree(struct vars *v, struct doc *owned);
/* Numbers and texts as such, else the tree, borrowed. */
struct value value_of(const struct doc *kept);
/* A key, and {"jwk":{...}} for its members. */
struct value value_key(struct vars *v, const struct key_object *kept);
/* A confirmation as received: with a key in it VALUE_KEY, else the tree. Takes what is in `c`. */
struct value value_cnf(struct vars *v, struct cnf *c);

/* The member at "a.b.c"; absent if there is none. */
struct value value_member(const struct value *v, const char *path);

/* A new tree that says the same; NULL: absent, or no memory. */
struct doc *value_doc(const struct value *v);

/* A scope as the flow language or a message has it, in its one form [["filter",["pub"]]...]; NULL: not such. */
struct doc *scope_tree(const struct doc *d);

bool value_eq(const struct value *a, const struct value *b);

/* For people: text quoted, octets in hexadecimal. */
void value_print(const struct value *v, struct buf *out);

#endif
