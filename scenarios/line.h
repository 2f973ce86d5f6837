#ifndef SCENARIOS_LINE_H
#define SCENARIOS_LINE_H

#include "scenarios/flow.h"

/* A cursor over one line of a .flow file, and the parts that lines share. The first thing wrong with a line is noted in
 * `flows` with its place and latches `failed`: the rest of that line says no more. */
struct line {
    struct flows *flows;
    const char *file;
    unsigned number;
    struct span text;
    size_t at;
    bool failed;
};

void line_blame(struct line *l, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The two last arguments of a message that ends in "%s%s". */
#define NEAREST(best) (best) ? "; nearest: " : "", (best) ? (best) : ""

struct place line_place(const struct line *l, size_t at);
int line_peek(const struct line *l);                       /* the next byte, -1 at the end */
void line_blanks(struct line *l);                          /* passes blanks */
bool line_ended(struct line *l);                           /* passes blanks; nothing left, or failed */
struct span line_word(struct line *l);                     /* passes blanks, then takes up to the next */
size_t line_start(const struct line *l, struct span word); /* where a word of this line begins */
const char *line_keep(struct line *l, struct span s);      /* a copy in the arena */

bool char_is_blank(int c);
bool word_is_label(struct span w);                   /* a capital, then letters, digits, - and _ */
bool word_is_plain(struct span w, const char *also); /* lower-case letters, digits and `also` */

/* "a|b|c" */
void line_values(struct line *l, struct span list, const char ***values, size_t *count);

/* What stands behind a message or a verb: fields (arguments), rules, a condition. */
enum line_kind { LINE_OF_MESSAGE, LINE_OF_VERB };

struct tail {
    struct field *field; /* those there already, then those of this line */
    size_t count;
    struct mentions proves;
    struct conditions when;
};

/* At the word `when`: takes it and its conditions. false: something else stands here. */
bool line_conditions(struct line *l, struct conditions *out);

/* Appends this line's fields, and gives each of them the line's rules. */
void line_tail(struct line *l, enum line_kind kind, struct tail *t);

/* One more element of an array in an arena: its address; NULL (and an empty array) without memory. */
#define APPEND(arena, array, count)                                                     \
    (((array) = arena_more(arena, array, count, sizeof *(array))) ? &(array)[(count)++] \
                                                                  : ((count) = 0, (void *)0))

#endif
