#ifndef SCENARIOS_ARENA_H
#define SCENARIOS_ARENA_H

#include "common/base/span.h"

/*
 * Memory for plain-data trees that live and die together (a library of scenarios, the rules, one variant). All zero is
 * empty. A failed allocation latches `failed`; the callers ask once, at their end.
 */
struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t taken; /* bytes handed out so far */
    bool failed;
};

/* `n` zeroed bytes, aligned for anything; NULL once failed. */
void *arena_take(struct arena *a, size_t n);

/* A NUL-terminated copy; "" once failed. */
const char *arena_text(struct arena *a, struct span s);

/*
 * Room for one more element behind the `count` elements of `size` bytes at `array` (NULL when count is 0), which must
 * have grown by this function alone. Returns the array (moved when it doubled), element `count` zeroed; NULL once failed.
 */
void *arena_more(struct arena *a, void *array, size_t count, size_t size);

void arena_clear(struct arena *a);

#endif
