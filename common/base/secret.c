#include "common/base/secret.h"

#include <stdlib.h>

enum err secret_set(struct secret *s, struct span bytes)
{
    uint8_t *p = malloc(bytes.n ? bytes.n : 1);

    if (p && bytes.n) memcpy(p, bytes.p, bytes.n);
    secret_clear(s);
    if (!p) return ERR_NO_MEMORY;
    *s = (struct secret){ p, bytes.n };
    return OK;
}

bool secret_eq(struct span a, struct span b)
{
    volatile uint8_t differ = 0;

    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++) differ = (uint8_t)(differ | (a.p[i] ^ b.p[i]));
    return differ == 0;
}

void secret_clear(struct secret *s)
{
    if (s->p) explicit_bzero(s->p, s->n);
    free(s->p);
    *s = (struct secret){ 0 };
}
