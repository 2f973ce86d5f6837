#ifndef SCENARIOS_WITH_H
#define SCENARIOS_WITH_H

#include "scenarios/line.h"

/* `with ROLE key=value ... [when axis=value]`: what the configuration of that role's program says in this scenario. */
enum { MAX_SETTINGS = 64 };

/* Reads the line behind `with` and adds its settings to `s`. */
void with_parse(struct line *l, struct scenario *s);

/* A value of a setting as JSON: a number, true, false, null or a quoted text as such, any other word as text. "" without memory. */
const char *with_value(struct arena *a, struct span word);

/* Is it the same key of the same role? Then the later one counts. */
bool with_same(const struct setting *a, const struct setting *b);

/* "broker token.leeway=5; as ...": settings of one role behind each other; nothing if there is none. */
void with_print(const struct setting *list, size_t count, struct buf *out);

#endif
