#ifndef SCENARIOS_LEAK_H
#define SCENARIOS_LEAK_H

#include "common/base/buf.h"
#include "common/base/err.h"

#include <stdbool.h>

/*
 * Secrets, and the texts in which they must not stand: as they are, in hex, in base64 and base64url, also somewhere within longer hex
 * or base64. Of long ones (tokens) some pieces are looked for, so that half a token is found too.
 */
struct leaks;

enum { LEAK_SHORTEST = 16 }; /* octets: what is shorter may stand anywhere by chance, and is passed over */

struct leaks *leaks_new(void); /* NULL: no memory */
void leaks_free(struct leaks *l);

/* `what`, a literal, says what it is. A secret known already counts once. Errors: ERR_NO_MEMORY. */
MUST_USE enum err leaks_add(struct leaks *l, const char *what, struct span secret);
/* No secret by itself, although secrets added later may hold it, as a token does a public key. Errors: ERR_NO_MEMORY. */
MUST_USE enum err leaks_spare(struct leaks *l, struct span known_to_all);
size_t leaks_count(const struct leaks *l);

/* Appends a line for each line of `text` that holds one: "file:line: what it holds, in which form". Returns how many. */
size_t leaks_find(const struct leaks *l, const char *file, struct span text, struct buf *out);

/* Marks where secrets stand in `text`, in any of these forms, whole or in the pieces that leaks_find() knows: at[i] becomes what octet i is part of ("token"); of all else it
 * stays as it is. `at` has text.n places. Errors: ERR_NO_MEMORY. */
MUST_USE enum err leaks_locate(const struct leaks *l, struct span text, const char **at);

/* The first place from `from` on that looks like a JWT, with or without its signature: no list is needed to know these. */
bool leaks_shape(struct span text, size_t from, size_t *at, size_t *n);

#endif
