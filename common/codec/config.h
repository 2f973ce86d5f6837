#ifndef CODEC_CONFIG_H
#define CODEC_CONFIG_H

#include "common/base/nearest.h"
#include "common/codec/doc.h"

/*
 * A program's configuration: one JSON file (comments allowed), read once through a table into a plain struct. The same
 * table prints --help-config. An unknown, doubled, missing or ill-typed key stops the start with "file:line:column:
 * key: what" and the nearest valid name.
 */
/* clang-format off */
enum config_kind {
    CONFIG_TEXT,            /* char *, owned by the struct                              */
    CONFIG_INT,             /* int64_t, within low..high; both 0: any                   */
    CONFIG_BOOL,            /* bool                                                     */
    CONFIG_CHOICE,          /* int: index into `choices` ("a|b|c")                      */
    CONFIG_DOC,             /* const struct doc *: any value, read further by the module */
};

struct config_key {
    const char *name;       /* "listen" or dotted, "limits.packet": nested objects      */
    size_t offset;          /* of the member in the program's struct                    */
    enum config_kind kind;
    bool required;
    bool reloadable;        /* SIGHUP may change it                                     */
    bool secret;            /* masked by config_print()                                 */
    int64_t low, high;      /* CONFIG_INT                                               */
    const char *fallback;   /* as JSON text; NULL: zero                                 */
    const char *choices;
    const char *reading;    /* of a switch: where the specification leaves a choice     */
    const char *doc;        /* one line: meaning and unit                               */
};
/* clang-format on */

struct config_table {
    const struct config_key *keys;
    size_t count;
};

struct config_file; /* the parsed file, kept for its text and for CONFIG_DOC members */

/*
 * `file` names the input in messages. Fills `into` (zeroed by the caller). On success the caller owns *out, which must
 * outlive `into`; else nothing is owned and `message` is the complete message.
 * Errors: ERR_MALFORMED, ERR_INTERNAL (a default in the table is not JSON), ERR_NO_MEMORY.
 */
MUST_USE enum err config_read(const char *file, struct span text, const struct config_key *keys, size_t count,
                              void *into, struct config_file **out, struct buf *message);
/* Appends "file:line:column: " for a node of this file, for messages about CONFIG_DOC members. */
void config_where(const struct config_file *f, const struct doc *node, struct buf *message);
/* Does the file itself have this member at its top, a key or a group of keys? */
bool config_names(const struct config_file *f, const char *name);
/* A file that was read anew for a program that runs: the values of keys that are not reloadable are copied from `old` into `fresh`, and those
 * that differed are named in `kept`, with ", " between. Keys of CONFIG_DOC are taken as reloadable. Errors: ERR_NO_MEMORY; `fresh` can be
 * freed as before. */
MUST_USE enum err config_keep(const struct config_key *keys, size_t count, const void *old, void *fresh,
                              struct buf *kept);
/* Wipes and frees the texts in `into`, and the file. `f` may be NULL. */
void config_free(struct config_file *f, const struct config_key *keys, size_t count, void *into);

/*
 * One object inside a CONFIG_DOC member ("clients": [{...}]), read through a table of its own into `into` (zeroed). A
 * CONFIG_DOC key of such a table has no fallback. On any return the caller clears with config_object_clear().
 */
MUST_USE enum err config_object(const struct config_file *f, const struct doc *object,
                                const struct config_table *table, void *into, struct buf *message);
void config_object_clear(const struct config_table *table, void *into);

/* --help-config */
void config_help(const struct config_key *keys, size_t count, struct buf *out);
/* --switches: a JSON object of the keys that have a reading: { "name": { "default", "reading", "doc" } } */
MUST_USE enum err config_switches(const struct config_key *keys, size_t count, struct buf *out);
/* --print-config: a configuration file of all values in force, secrets masked (in CONFIG_DOC members: those named secret, k, d) */
void config_print(const struct config_key *keys, size_t count, const void *from, struct buf *out);

#endif
