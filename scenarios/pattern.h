#ifndef SCENARIOS_PATTERN_H
#define SCENARIOS_PATTERN_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/fault.h"
#include "scenarios/arena.h"
#include "scenarios/vocab.h"

/*
 * The right side of `field=`: what a value must be, or how it is made. Plain data in an arena.
 *
 *   pattern = joined *( "|" joined )           any of
 *   joined  = single *( "+" single )           octets one after the other
 *   single  = ( "-" | "$" name [ "." path ] | word [ "(" arguments ")" ] | quoted | list | text ":" pattern ) [ ">" name ]
 */
enum pattern_kind {
    PATTERN_ABSENT,   /* -                                                         */
    PATTERN_LITERAL,  /* text, number                                              */
    PATTERN_VARIABLE, /* $text or $text.path                                       */
    PATTERN_CALL,     /* fn, parts: the arguments                                  */
    PATTERN_JOINED,   /* parts one after the other                                 */
    PATTERN_EITHER,   /* parts: the alternatives, in the order written             */
    PATTERN_LIST,     /* parts: the entries                                        */
    PATTERN_PAIR,     /* text: the name; parts[0]: the value                       */
};

/* Where something is written. `file` outlives the library; line and column count from 1, columns in bytes. */
struct place {
    const char *file;
    unsigned line, column;
};

struct pattern {
    enum pattern_kind kind;
    struct place at;
    const char *text;     /* LITERAL, VARIABLE, PAIR: see above; CALL: the function's word */
    const char *path;     /* VARIABLE: members after the first dot, "cnf.jwk"; or NULL */
    const char *capture;  /* the name after ">", or NULL */
    const char *argument; /* the name of a named argument (token(exp=-1h)), or NULL */
    enum function fn;     /* CALL */
    bool quoted;          /* LITERAL: was in quotes, so is no number */
    bool is_number;       /* LITERAL: decimal or 0x; then `number` */
    int64_t number;
    size_t count;
    struct pattern *parts;
};

enum { MAX_PATTERN_DEPTH = 16, MAX_PATTERN_PARTS = 256 };

/* Where a pattern ends in the text it was read from, and why it could not be read (a byte offset into that text). */
struct pattern_end {
    size_t used;
    struct fault why;
};

/* Reads one pattern from the start of `in`; `at` is the place of its first byte. Nodes and texts are of the arena.
 * Errors: ERR_MALFORMED, see end->why; ERR_NO_MEMORY. */
MUST_USE enum err pattern_parse(struct arena *a, struct span in, struct place at, struct pattern *out,
                                struct pattern_end *end);

/* Turns `p` into a literal, keeping its place, capture and argument name. `text` must live as long as `p`. */
void pattern_set_text(struct pattern *p, const char *text);

/* Walks the tree: a node before its parts, parts left to right. */
typedef void pattern_visit(const struct pattern *p, void *with);
void pattern_walk(const struct pattern *p, pattern_visit *visit, void *with);

/* The pattern as it would be written. */
void pattern_print(const struct pattern *p, struct buf *out);

#endif
