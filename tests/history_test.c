#include "scenarios/history.h"
#include "tests/check.h"

#include <string.h>

/* What is remembered of earlier runs: the latest, in their order, whatever is in the file. */

static void add(struct history *h, int64_t when, size_t passed, size_t failed)
{
    struct rules none = { 0 };
    struct report r;

    CHECK(report_init(&r, &none) == OK);
    r.about.when = when;
    r.counts[VERDICT_PASS] = passed;
    r.counts[VERDICT_WARN] = 1;
    r.counts[VERDICT_FAIL] = failed;
    history_add(h, &r);
    report_clear(&r);
}

static void round_trip(void)
{
    struct history h = { 0 }, again;
    struct buf text = { 0 }, json = { 0 };

    add(&h, 100, 7, 0);
    add(&h, 200, 5, 2);
    history_write(&h, &text);
    CHECK(span_is(
        buf_span(&text),
        "{\"when\":100,\"passed\":8,\"failed\":0,\"errors\":0,\"skipped\":0,\"proven\":0,\"violated\":0}\n"
        "{\"when\":200,\"passed\":6,\"failed\":2,\"errors\":0,\"skipped\":0,\"proven\":0,\"violated\":0}\n"));
    history_read(buf_span(&text), &again);
    CHECK(again.count == 2 && memcmp(again.entry, h.entry, 2 * sizeof *h.entry) == 0);
    json.n = 0;
    history_tell(&again, &json);
    CHECK(strncmp(buf_cstr(&json), "\"history\":[{\"when\":100,", 22) == 0);
    buf_clear(&text);
    buf_clear(&json);
}

static void rubbish(void)
{
    static const char *const lines[] = { "",      "\n\n",           "{",
                                         "[]\n",  "{\"when\":1}\n", "{\"when\":\"1\",\"passed\":1}\n",
                                         "\xff\n" };
    struct history h;

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        history_read(span_str(lines[i]), &h);
        CHECK_ROW(h.count == 0, lines[i]);
    }
}

static void bounded(void)
{
    struct history h = { 0 };

    for (int64_t i = 1; i <= HISTORY_MAX + 5; i++) add(&h, i, 1, 0);
    CHECK(h.count == HISTORY_MAX && h.entry[0].when == 6 && h.entry[HISTORY_MAX - 1].when == HISTORY_MAX + 5);
}

CU_TestInfo history_tests[] = {
    { "round trip", round_trip },
    { "rubbish", rubbish },
    { "bounded", bounded },
    CU_TEST_INFO_NULL,
};
