#include "common/base/nearest.h"

#include "tests/check.h"

static const char *const names[] = { "CONNECT", "CONNACK", "PUBLISH", "as" };

static const struct row {
    const char *why, *word, *best;
} rows[] = {
    { "itself", "CONNECT", "CONNECT" },
    { "two letters swapped", "PUBLSIH", "PUBLISH" },
    { "a swap counts one", "sa", "as" },
    { "a letter missing", "CONACK", "CONNACK" },
    { "a letter too many", "CONNNECT", "CONNECT" },
    { "three wrong letters", "PUBXXXH", "PUBLISH" },
    { "four wrong letters", "PUXXXXH", NULL },
    { "nothing of a short word is left", "xy", NULL },
    { "one letter of two", "az", "as" },
    { "nothing", "", NULL },
};

static void nearest(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows))
        CHECK_ROW(nearest_name(span_str(r->word), names, 4) == NULL
                      ? r->best == NULL
                      : r->best && strcmp(nearest_name(span_str(r->word), names, 4), r->best) == 0,
                  r->why);
}

static void over_long(void)
{
    uint8_t word[65];

    memset(word, 'a', sizeof word);
    CHECK(nearest_name(span(word, sizeof word), names, 4) == NULL);
}

CU_TestInfo nearest_tests[] = { { "nearest", nearest }, { "over long", over_long }, CU_TEST_INFO_NULL };
