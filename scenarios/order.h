#ifndef SCENARIOS_ORDER_H
#define SCENARIOS_ORDER_H

#include "common/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * In which order runs are started; they are told of in reading order in any case. NULL: as planned. With a seed: shuffled, the same
 * seed alike on every machine. `out`: `count` places, to be freed. Errors: ERR_NO_MEMORY.
 */
MUST_USE enum err order_make(size_t count, const uint64_t *seed, size_t **out);

#endif
