#include "broker/clock.h"
#include "tests/check.h"

static void turns(void)
{
    static const struct row {
        const char *why;
        int64_t wall, monotonic, offset, now, jump;
    } rows[] = {
        { "first look", 1000, 10, 0, 1000, 0 },
        { "a second passes", 1001, 11, 0, 1001, 0 },
        { "the wall clock drifts ahead", 1003, 12, 0, 1003, 0 },
        { "the wall clock is set back: time goes on", 500, 13, 0, 1004, 0 },
        { "and on", 510, 23, 0, 1014, 0 },
        { "the wall clock is right again", 1024, 33, 0, 1024, 0 },
        { "set forward", 5025, 34, 0, 5025, 4000 },
        { "a second passes", 5026, 35, 0, 5026, 0 },
        { "a runner's jump", 5026, 35, 7200, 12226, 7200 },
        { "which stays", 5027, 36, 7200, 12227, 0 },
        { "and is not taken back", 5028, 37, 0, 12228, 0 },
    }, *r;
    struct clock c = { 0 };

    for (EACH_ROW(r, rows)) {
        c.offset = r->offset;
        CHECK_ROW(clock_turn(&c, r->wall, r->monotonic) == r->jump, r->why);
        CHECK_ROW(c.now == r->now, r->why);
    }
}

CU_TestInfo broker_clock_tests[] = { { "turns", turns }, CU_TEST_INFO_NULL };
