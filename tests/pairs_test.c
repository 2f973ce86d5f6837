#include "scenarios/pairs.h"

#include "tests/check.h"

static const struct pairs two = {
    .names = { 2, 1, 1 },
    .name = { { "ours", "a<b" }, { "broker" }, { "as" } },
    .count = 2,
    .pairing = { { .who = { 0, 0, 0 },
                   .counts = { [VERDICT_PASS] = 3, [VERDICT_WARN] = 1, [VERDICT_SKIP] = 2 } },
                 { .who = { 1, 0, 0 }, .counts = { [VERDICT_FAIL] = 4, [VERDICT_ERROR] = 1 } } },
};

static void printed(void)
{
    struct buf out = { 0 };

    pairs_print(&two, &out);
    CHECK(strcmp(buf_cstr(&out),
                 "passed/failed/skipped; ! runs without a verdict. Clients down, brokers across\n"
                 "  AS: as\n"
                 "                             broker\n"
                 "  ours                        4/0/2\n"
                 "  a<b                        0/4/0!\n") == 0);
    buf_truncate(&out, 0);
    pairing_print(&two, &two.pairing[1], &out);
    CHECK(strcmp(buf_cstr(&out), "a<b + broker + as: 0 passed, 4 failed, 0 skipped, 1 without a verdict") ==
          0);
    buf_clear(&out);
}

static void drawn(void)
{
    struct buf html = { 0 };

    pairs_draw(&two, &html);
    CHECK(strstr(buf_cstr(&html), "<th>a&lt;b</th><td class=error>0 passed<br>4 failed<br>1 error</td>") !=
          NULL);
    CHECK(strstr(buf_cstr(&html), "<th>ours</th><td class=pass>4 passed<br>2 skipped</td>") != NULL);
    CHECK(strstr(buf_cstr(&html), "http") == NULL);
    buf_clear(&html);
}

CU_TestInfo pairs_tests[] = {
    { "the table as text", printed },
    { "the table as a page, names escaped, nothing from elsewhere", drawn },
    CU_TEST_INFO_NULL,
};
