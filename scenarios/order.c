#include "scenarios/order.h"

#include <stdlib.h>

/* SplitMix64 (Steele, Lea, Flood 2014): for order, not for secrets. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

enum err order_make(size_t count, const uint64_t *seed, size_t **out)
{
    size_t *order = calloc(count + 1, sizeof *order);
    uint64_t state = seed ? *seed : 0;

    *out = order;
    if (!order) return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) order[i] = i;
    for (size_t i = count; seed && i > 1; i--) {
        size_t other = (size_t)(next(&state) % i), kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
    return OK;
}
