#ifndef BASE_PLURAL_H
#define BASE_PLURAL_H

#include <stddef.h>

/* The ending of a regular English noun behind `n`: "1 run", "2 runs". */
static inline const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

#endif
