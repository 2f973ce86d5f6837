#include "common/base/map.h"

#include <stdio.h>

#include "tests/check.h"

static const uint8_t hash_key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

/* J.-P. Aumasson, D. J. Bernstein: SipHash, Appendix A (the 15 bytes), and the reference implementation's vectors. */
static void sip(void)
{
    /* clang-format off */
    static const struct row {
        const char *why;
        size_t n;
        uint64_t hash;
    } rows[] = {
        { "no byte", 0, 0x726fdb47dd0e0e31 },    { "one byte", 1, 0x74f839c593dc67fd },
        { "7 bytes", 7, 0xab0200f58b01d137 },    { "8 bytes", 8, 0x93f5f5799a932462 },
        { "the paper", 15, 0xa129ca6149be45e5 },
    }, *r;
    /* clang-format on */
    uint8_t in[16];

    for (unsigned i = 0; i < sizeof in; i++) in[i] = (uint8_t)i;
    for (EACH_ROW(r, rows)) CHECK_ROW(siphash(hash_key, span(in, r->n)) == r->hash, r->why);
}

static void one(void)
{
    struct map *m = map_new(hash_key);
    int a = 1, b = 2;

    CHECK(map_get(m, span_str("k")) == NULL && map_remove(m, span_str("k")) == NULL);
    CHECK(map_put(m, span_str("k"), &a) == OK && map_put(m, span(NULL, 0), &b) == OK);
    CHECK(map_get(m, span_str("k")) == &a && map_get(m, span_str("")) == &b && map_count(m) == 2);
    CHECK(map_put(m, span_str("k"), &b) == OK && map_get(m, span_str("k")) == &b && map_count(m) == 2);
    CHECK(map_get(m, span("k", 2)) == NULL); /* the NUL counts */
    CHECK(map_remove(m, span_str("k")) == &b && map_get(m, span_str("k")) == NULL && map_count(m) == 1);
    map_free(m);
    map_free(NULL);
}

enum { MANY = 5000 };
static int values[MANY];

static struct span name(unsigned i, char text[16])
{
    return span(text, (size_t)snprintf(text, 16, "key-%u", i));
}

static void fill(struct map *m)
{
    char text[16];

    for (unsigned i = 0; i < MANY; i++) CHECK(map_put(m, name(i, text), &values[i]) == OK);
}

static void many(void)
{
    struct map *m = map_new(hash_key);
    char text[16];

    fill(m);
    for (unsigned i = 0; i < MANY; i += 2) CHECK(map_remove(m, name(i, text)) == &values[i]);
    CHECK(map_count(m) == MANY / 2);
    for (unsigned i = 0; i < MANY; i++) CHECK(map_get(m, name(i, text)) == (i % 2 ? &values[i] : NULL));
    for (unsigned round = 0; round < 20; round++) { /* churn must not fill the table with dead entries */
        for (unsigned i = 0; i < MANY; i += 2) CHECK(map_put(m, name(i, text), &values[i]) == OK);
        for (unsigned i = 0; i < MANY; i += 2) CHECK(map_remove(m, name(i, text)) == &values[i]);
    }
    for (unsigned i = 1; i < MANY; i += 2) CHECK(map_get(m, name(i, text)) == &values[i]);
    map_free(m);
}

/* Every entry is met exactly once, though every second one is removed while it is lent. */
static void walk(void)
{
    struct map *m = map_new(hash_key);
    size_t cursor = 0, met = 0;
    unsigned seen[MANY] = { 0 };
    struct span key;
    void *value;

    fill(m);
    while (map_next(m, &cursor, &key, &value)) {
        size_t i = (size_t)((int *)value - values);
        seen[i]++;
        if (met++ % 2) CHECK(map_remove(m, key) == value);
    }
    CHECK(met == MANY && map_count(m) == MANY / 2);
    for (unsigned i = 0; i < MANY; i++) CHECK(seen[i] == 1);
    cursor = 0;
    while (map_next(m, &cursor, &key, NULL)) met--;
    CHECK(met == MANY / 2);
    map_free(m);
}

CU_TestInfo map_tests[] = {
    { "siphash", sip }, { "one", one }, { "many", many }, { "walk", walk }, CU_TEST_INFO_NULL
};
