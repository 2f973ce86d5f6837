#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "common/base/err.h"
#include "common/base/span.h"

/*
 * Bytes to pointer, hashed with SipHash-2-4 under a key of its own, as keys come from peers. The map owns copies of
 * its keys, never its values.
 */
struct map;

struct map *map_new(const uint8_t hash_key[16]); /* NULL: no memory */
void map_free(struct map *m);

size_t map_count(const struct map *m);
void *map_get(const struct map *m, struct span key); /* NULL: absent */
/* Replaces. The value is not NULL. ERR_NO_MEMORY. */
MUST_USE enum err map_put(struct map *m, struct span key, void *value);
void *map_remove(struct map *m, struct span key); /* what it was, or NULL */

/* Walks: start with *cursor = 0; false at the end. Removing any entry meanwhile is allowed, adding is not. Both `key`
 * (lent until its entry is removed) and `value` may be NULL. */
bool map_next(const struct map *m, size_t *cursor, struct span *key, void **value);

/* SipHash-2-4 of `bytes`. */
uint64_t siphash(const uint8_t key[16], struct span bytes);

#endif
