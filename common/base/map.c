#include "common/base/map.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 16 };

/* A dead slot keeps probe chains whole, so that nothing moves when an entry is removed during a walk. */
enum state { FREE, DEAD, LIVE };

struct slot {
    enum state state;
    uint64_t hash;
    uint8_t *key;
    size_t n;
    void *value;
};

struct map {
    uint8_t hash_key[16];
    struct slot *slots;       /* `room` of them: a power of two */
    size_t room, live, taken; /* taken: live and dead */
};

static uint64_t load64(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++) v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static uint64_t rotate(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static void sip_rounds(uint64_t v[4], unsigned rounds)
{
    while (rounds--) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_rounds(v, 2);
    v[0] ^= word;
}

uint64_t siphash(const uint8_t key[16], struct span bytes)
{
    uint64_t k0 = load64(key, 8), k1 = load64(key + 8, 8), last = (uint64_t)bytes.n << 56;
    uint64_t v[4] = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                      k1 ^ 0x7465646279746573 };

    for (; bytes.n >= 8; bytes = span_skip(bytes, 8)) sip_word(v, load64(bytes.p, 8));
    sip_word(v, last | load64(bytes.p, bytes.n));
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *map_new(const uint8_t hash_key[16])
{
    struct map *m = calloc(1, sizeof *m);

    if (m) memcpy(m->hash_key, hash_key, sizeof m->hash_key);
    return m;
}

void map_free(struct map *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->room; i++) free(m->slots[i].key);
    free(m->slots);
    free(m);
}

size_t map_count(const struct map *m)
{
    return m->live;
}

static struct slot *find(const struct map *m, uint64_t hash, struct span key)
{
    if (m->room == 0) return NULL;
    for (size_t i = hash & (m->room - 1); m->slots[i].state != FREE; i = (i + 1) & (m->room - 1)) {
        struct slot *s = &m->slots[i];
        if (s->state == LIVE && s->hash == hash && span_eq(span(s->key, s->n), key)) return s;
    }
    return NULL;
}

static struct slot *first_free(const struct map *m, uint64_t hash)
{
    size_t i = hash & (m->room - 1);

    while (m->slots[i].state == LIVE) i = (i + 1) & (m->room - 1);
    return &m->slots[i];
}

/* Room for one more at a load of at most three quarters; drops dead slots, shrinks after many removals. */
static enum err make_room(struct map *m)
{
    struct map bigger = *m;

    if (m->room && (m->taken + 1) * 4 <= m->room * 3) return OK;
    bigger.room = FIRST_SLOTS;
    while (bigger.room < (m->live + 1) * 2) bigger.room *= 2;
    bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
    if (!bigger.slots) return ERR_NO_MEMORY;
    for (size_t i = 0; i < m->room; i++) {
        if (m->slots[i].state == LIVE) *first_free(&bigger, m->slots[i].hash) = m->slots[i];
    }
    free(m->slots);
    m->slots = bigger.slots;
    m->room = bigger.room;
    m->taken = m->live;
    return OK;
}

void *map_get(const struct map *m, struct span key)
{
    const struct slot *s = find(m, siphash(m->hash_key, key), key);

    return s ? s->value : NULL;
}

enum err map_put(struct map *m, struct span key, void *value)
{
    uint64_t hash = siphash(m->hash_key, key);
    struct slot *s = find(m, hash, key);

    if (s) {
        s->value = value;
        return OK;
    }
    TRY(make_room(m));
    uint8_t *copy = malloc(key.n ? key.n : 1);
    if (!copy) return ERR_NO_MEMORY;
    if (key.n) memcpy(copy, key.p, key.n);
    s = first_free(m, hash);
    if (s->state == FREE) m->taken++;
    m->live++;
    *s = (struct slot){ .state = LIVE, .hash = hash, .key = copy, .n = key.n, .value = value };
    return OK;
}

void *map_remove(struct map *m, struct span key)
{
    struct slot *s = find(m, siphash(m->hash_key, key), key);

    if (!s) return NULL;
    void *value = s->value;
    uint8_t *copy = s->key;
    *s = (struct slot){ .state = DEAD };
    m->live--;
    free(copy); /* last: `key` may be the copy that map_next() lent */
    return value;
}

bool map_next(const struct map *m, size_t *cursor, struct span *key, void **value)
{
    while (*cursor < m->room) {
        const struct slot *s = &m->slots[(*cursor)++];
        if (s->state != LIVE) continue;
        if (key) *key = span(s->key, s->n);
        if (value) *value = s->value;
        return true;
    }
    return false;
}
