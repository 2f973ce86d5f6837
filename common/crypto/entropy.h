#ifndef CRYPTO_ENTROPY_H
#define CRYPTO_ENTROPY_H

#include "common/base/err.h"
#include "common/base/span.h"

/* Randomness is a parameter: cores draw from one of these and own none. */
struct entropy {
    enum err (*fill)(struct entropy *self, uint8_t *out, size_t n);
};

MUST_USE static inline enum err entropy_fill(struct entropy *e, uint8_t *out, size_t n)
{
    return e->fill(e, out, n);
}

/* For names that TLS 1.2 has to carry as a PSK identity, which its implementations cut at a zero: no octet is one. Nor are they UTF-8 as a
 * whole, so that a kid is never taken for a text that somebody chose. `n` over 0. */
MUST_USE enum err entropy_name(struct entropy *e, uint8_t *out, size_t n);

/* The operating system's, through OpenSSL. Fails with ERR_INTERNAL, never returns weak bytes. */
struct entropy *entropy_system(void);

/* For tests and the simulator only: SHA-256 in counter mode over a seed. */
struct entropy_seeded {
    struct entropy base;
    uint64_t seed, counter;
};
struct entropy_seeded entropy_seeded(uint64_t seed);

#endif
