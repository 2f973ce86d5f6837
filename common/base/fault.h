#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "common/base/span.h"

/* Where and why an input was refused. Plain data; `why` is a complete phrase without the input's secrets. */
struct fault {
    size_t at; /* byte offset into the input */
    char why[160];
};

/* Fills `f` (may be NULL), printf style. */
void fault_set(struct fault *f, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* 1-based line and column of byte `at` of `text`. */
void fault_position(struct span text, size_t at, unsigned *line, unsigned *column);

#endif
