#include "broker/clock.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t clock_turn(struct clock *c, int64_t wall, int64_t monotonic)
{
    int64_t passed = monotonic + c->ahead, told = wall + c->offset;
    int64_t jump = told - passed;

    if (c->now == 0)
        jump = 0;
    else if (jump <= CLOCK_TOLERANCE)
        told = later(told, passed), jump = 0;
    c->now = later(c->now, told);
    c->ahead = later(c->ahead, c->now - monotonic);
    return jump;
}
