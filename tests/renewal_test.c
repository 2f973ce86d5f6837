#include "client/renewal.h"

#include "tests/check.h"

/* One token of 3600 s, held at 1000 and to be replaced 600 s before its end; what the clock does, and what is done. */
enum { START = 1000, LIFE = 3600, BEFORE = 600, ENDS = START + LIFE };

static struct renewal holding(int64_t before, int64_t life)
{
    struct renewal r = { .before = before };

    renewal_hold(&r, START, START + life);
    return r;
}

static const struct first_row {
    const char *why;
    int64_t before, life, now;
    enum renewal_step step;
} first_rows[] = {
    { "not asked for: never", 0, LIFE, ENDS + 1, RENEWAL_REST },
    { "early", BEFORE, LIFE, START + 1, RENEWAL_REST },
    { "one second early", BEFORE, LIFE, ENDS - BEFORE - 1, RENEWAL_REST },
    { "in time", BEFORE, LIFE, ENDS - BEFORE, RENEWAL_ASK },
    { "the clock jumps ahead, into the last minutes", BEFORE, LIFE, ENDS - 1, RENEWAL_ASK },
    { "the clock jumps over the end: one try at least", BEFORE, LIFE, ENDS + 86400, RENEWAL_ASK },
    { "the clock goes back a little", BEFORE, LIFE, START - 5, RENEWAL_REST },
    { "the clock jumps back: nobody knows the end", BEFORE, LIFE, START - 6, RENEWAL_ASK },
    { "the clock jumps back by a year", BEFORE, LIFE, START - 31536000, RENEWAL_ASK },
    { "a life shorter than `before`: half of it", BEFORE, 100, START + 49, RENEWAL_REST },
    { "a life shorter than `before`, after its half", BEFORE, 100, START + 50, RENEWAL_ASK },
    { "a life as long as `before`", BEFORE, BEFORE, START + 299, RENEWAL_REST },
    { "one second of life is not spent asking", BEFORE, 1, START, RENEWAL_REST },
    { "one second of life", BEFORE, 1, START + 1, RENEWAL_ASK },
    { "ended on arrival", BEFORE, 0, START, RENEWAL_ASK },
};

static void first_try(void)
{
    const struct first_row *row;

    for (EACH_ROW(row, first_rows)) {
        struct renewal r = holding(row->before, row->life);
        CHECK_ROW(renewal_next(&r, row->now) == row->step, row->why);
        CHECK_ROW(r.asking == (row->step == RENEWAL_ASK), row->why);
        CHECK_ROW(renewal_next(&r, row->now) == RENEWAL_REST, "once only, until it is answered");
    }
    struct renewal none = { .before = BEFORE };
    CHECK(renewal_next(&none, START) == RENEWAL_REST);
}

/* The AS is down: tries become rarer, and end with the token. */
static void until_the_end(void)
{
    struct renewal r = holding(BEFORE, LIFE);
    int64_t last = 0, widest = 0;
    unsigned tries = 0;
    enum renewal_step step = RENEWAL_REST;

    for (int64_t now = START; now <= ENDS + 60 && step != RENEWAL_OVER; now++) {
        step = renewal_next(&r, now);
        if (step == RENEWAL_OVER) CHECK(now == ENDS);
        if (step != RENEWAL_ASK) continue;
        if (last && now - last > widest) widest = now - last;
        last = now;
        tries++;
        renewal_failed(&r, now);
    }
    CHECK(step == RENEWAL_OVER && widest == BACKOFF_MAX);
    CHECK(tries == 6 + 570 / BACKOFF_MAX); /* 1 + 2 + 4 + 8 + 16 s, then evenly, and a last one */
    CHECK(last == ENDS - 2);
}

static void after_failures(void)
{
    struct renewal r = holding(BEFORE, LIFE);

    CHECK(renewal_next(&r, ENDS - BEFORE) == RENEWAL_ASK);
    renewal_failed(&r, ENDS - BEFORE);
    CHECK(renewal_next(&r, ENDS - BEFORE) == RENEWAL_REST);
    CHECK(renewal_next(&r, START - 86400) == RENEWAL_ASK); /* the clock went back: not a day's wait */
    renewal_failed(&r, START - 86400);
    CHECK(renewal_next(&r, START - 86400 + 1) == RENEWAL_REST);
    CHECK(renewal_next(&r, START - 86400 + 2) == RENEWAL_ASK);
    CHECK(renewal_next(&r, ENDS + 1) == RENEWAL_REST); /* the answer may still come */
    renewal_failed(&r, ENDS + 1);
    CHECK(renewal_next(&r, ENDS + 1) == RENEWAL_OVER);

    renewal_hold(&r, ENDS, ENDS + LIFE); /* forgives all */
    CHECK(r.failures.tries == 0 && renewal_next(&r, ENDS + 1) == RENEWAL_REST);
    CHECK(renewal_next(&r, ENDS + LIFE - BEFORE) == RENEWAL_ASK);
}

static void back_off(void)
{
    static const int64_t waits[] = { 1, 2, 4, 8, 16, BACKOFF_MAX, BACKOFF_MAX };
    struct backoff b = { 0 };

    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) CHECK(backoff_wait(&b) == waits[i]);
    for (int i = 0; i < 1000; i++) CHECK(backoff_wait(&b) == BACKOFF_MAX);
}

CU_TestInfo renewal_tests[] = {
    { "first try", first_try },
    { "until the end", until_the_end },
    { "after failures", after_failures },
    { "back-off", back_off },
    CU_TEST_INFO_NULL,
};
