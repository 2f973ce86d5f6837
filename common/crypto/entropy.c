#include "common/crypto/entropy.h"

#include "common/base/utf8.h"
#include "common/crypto/hash.h"
#include "common/crypto/ossl.h"

#include <limits.h>
#include <openssl/rand.h>

static enum err fill_system(struct entropy *self, uint8_t *out, size_t n)
{
    (void)self;
    if (n > INT_MAX) return ERR_INTERNAL;
    return RAND_priv_bytes(out, (int)n) == 1 ? OK : ossl_failed(ERR_INTERNAL);
}

struct entropy *entropy_system(void)
{
    static struct entropy system = { fill_system };

    return &system;
}

static void put_u64(uint8_t *to, uint64_t v)
{
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* Every call starts a new block, so what one call drew does not depend on the size of those before it. */
static enum err fill_seeded(struct entropy *self, uint8_t *out, size_t n)
{
    struct entropy_seeded *s = (struct entropy_seeded *)self;
    uint8_t in[16], block[SHA256_SIZE];

    for (size_t done = 0; done < n; done += sizeof block) {
        put_u64(in, s->seed);
        put_u64(in + 8, s->counter++);
        sha256(span(in, sizeof in), block);
        memcpy(out + done, block, n - done < sizeof block ? n - done : sizeof block);
    }
    return OK;
}

struct entropy_seeded entropy_seeded(uint64_t seed)
{
    return (struct entropy_seeded){ .base = { fill_seeded }, .seed = seed };
}

static bool is_utf8(struct span s)
{
    uint32_t rune;

    while (s.n) {
        size_t n = utf8_next(s, &rune);
        if (n == 0) return false;
        s = span_skip(s, n);
    }
    return true;
}

enum err entropy_name(struct entropy *e, uint8_t *out, size_t n)
{
    do {
        TRY(entropy_fill(e, out, n));
        for (size_t i = 0; i < n; i++) {
            while (out[i] == 0) TRY(entropy_fill(e, &out[i], 1));
        }
    } while (is_utf8(span(out, n)));
    return OK;
}
