#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "common/base/span.h"

/* The name among `names` closest to `word`, the first of equals; NULL: none is within an edit distance of 3 and of half the
 * word's length. For messages about options, configuration keys and scenario words. */
const char *nearest_name(struct span word, const char *const *names, size_t count);

#endif
