#ifndef SCENARIOS_FIELDS_H
#define SCENARIOS_FIELDS_H

#include "scenarios/vars.h"
#include "scenarios/vocab.h"

/* A message as the flow language sees it: named values. What is not there is not listed. */
struct fields {
    struct vars *vars;
    size_t count;
    struct held {
        const struct field_def *def;
        const char *name; /* def->name, but "x-...", and "user.NAME" for a User Property */
        struct value value;
    } * held;
};

void fields_add(struct fields *f, const struct field_def *def, const char *name, struct value v);
/* Replaces the first of that name, or adds; an absent value removes it. */
void fields_set(struct fields *f, const struct field_def *def, const char *name, struct value v);
/* The first of that name; absent if there is none. */
struct value fields_get(const struct fields *f, const char *name);
bool fields_has(const struct fields *f, const char *name);

#define FIELD_USER "user."
const char *fields_user_name(struct vars *v, struct span property);

/* The value of a field of that name as reports may tell it: of tokens, proofs, passwords and keys the beginning only. */
void field_value_print(const char *name, const struct value *v, struct buf *out);

/* "reason=135 (0x87) method=\"ace\"": for people, in the same way. */
void fields_print(const struct fields *f, struct buf *out);
/* For the trace. NULL: no memory. */
struct doc *fields_doc(const struct fields *f);

#endif
