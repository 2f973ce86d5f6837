#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "common/base/err.h"
#include "common/base/span.h"

/* Key bytes, owned. All zero is empty. Wiped when cleared; nothing in log.h takes one. */
struct secret {
    uint8_t *p;
    size_t n;
};

/* Replaces what `s` held by a copy of `bytes`. Errors: ERR_NO_MEMORY (then `s` is empty). */
MUST_USE enum err secret_set(struct secret *s, struct span bytes);

/* Compares in time that depends on the lengths only. */
bool secret_eq(struct span a, struct span b);

void secret_clear(struct secret *s);

static inline struct span secret_span(const struct secret *s)
{
    return span(s->p, s->n);
}

#endif
