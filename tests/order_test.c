#include "scenarios/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check.h"

enum { COUNT = 200 };

static size_t *made(size_t count, const uint64_t *seed)
{
    size_t *order = NULL;

    CHECK(order_make(count, seed, &order) == OK);
    return order;
}

/* Each place once. */
static bool is_whole(const size_t *order)
{
    bool seen[COUNT] = { false };
    size_t n = 0;

    for (size_t i = 0; i < COUNT; i++) {
        if (order[i] >= COUNT || seen[order[i]]) return false;
        seen[order[i]] = true;
        n++;
    }
    return n == COUNT;
}

static void as_planned(void)
{
    size_t *order = made(COUNT, NULL);

    for (size_t i = 0; i < COUNT; i++) CHECK(order[i] == i);
    free(order);
    free(made(0, NULL));
}

static void shuffled(void)
{
    const uint64_t one = 1, two = 2;
    size_t *a = made(COUNT, &one), *again = made(COUNT, &one), *b = made(COUNT, &two), moved = 0;

    CHECK(is_whole(a) && is_whole(b));
    CHECK(memcmp(a, again, COUNT * sizeof *a) == 0);
    CHECK(memcmp(a, b, COUNT * sizeof *a) != 0);
    for (size_t i = 0; i < COUNT; i++) moved += a[i] != i;
    CHECK(moved > COUNT / 2);
    free(a);
    free(again);
    free(b);
}

CU_TestInfo order_tests[] = {
    { "as_planned", as_planned },
    { "shuffled", shuffled },
    CU_TEST_INFO_NULL,
};
