#include "scenarios/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK_SIZE = 16384, FIRST_ROOM = 4 };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    alignas(max_align_t) uint8_t bytes[];
};

static struct arena_block *block_new(struct arena *a, size_t n)
{
    size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
    struct arena_block *b = calloc(1, sizeof *b + size);

    if (!b) {
        a->failed = true;
        return NULL;
    }
    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

void *arena_take(struct arena *a, size_t n)
{
    size_t room = (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct arena_block *b = a->blocks;

    if (a->failed || room < n) return NULL;
    if (!b || b->size - b->used < room) b = block_new(a, room);
    if (!b) return NULL;
    uint8_t *p = b->bytes + b->used;
    b->used += room;
    a->taken += room;
    return p;
}

const char *arena_text(struct arena *a, struct span s)
{
    char *p = arena_take(a, s.n + 1);

    if (!p) return "";
    if (s.n) memcpy(p, s.p, s.n);
    return p;
}

/* An array is full when its count is 0, FIRST_ROOM, or FIRST_ROOM doubled some times. */
static bool is_full(size_t count)
{
    return count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
}

void *arena_more(struct arena *a, void *array, size_t count, size_t size)
{
    if (!is_full(count)) return a->failed ? NULL : array;
    size_t room = count ? 2 * count : FIRST_ROOM;
    if (room > SIZE_MAX / 2 / size) a->failed = true;
    void *p = arena_take(a, room * size);
    if (p && count) memcpy(p, array, count * size);
    return p;
}

void arena_clear(struct arena *a)
{
    for (struct arena_block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    *a = (struct arena){ 0 };
}
