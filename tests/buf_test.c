#include "common/base/buf.h"

#include <stdlib.h>

#include "tests/check.h"

static void appends(void)
{
    static const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 7, 'h', 'i', '-', '4', '2', 0, 2, 'o', 'k' };
    struct buf b = { 0 };

    buf_u8(&b, 1);
    buf_u16(&b, 0x0203);
    buf_u32(&b, 0x04050607);
    buf_str(&b, "hi");
    buf_format(&b, "%c%d", '-', 42);
    buf_bin16(&b, span_str("ok"));
    buf_add(&b, span(NULL, 0));
    CHECK(!buf_failed(&b));
    CHECK(span_eq(buf_span(&b), span(want, sizeof want)));
    buf_clear(&b);
    CHECK(b.p == NULL && b.n == 0 && b.cap == 0 && !b.failed);
}

static void grows(void)
{
    struct buf b = { 0 };

    for (unsigned i = 0; i < 100000; i++) buf_u8(&b, (uint8_t)i);
    CHECK(b.n == 100000 && b.p[99999] == (uint8_t)99999 && b.p[257] == 1);
    buf_drop(&b, 257);
    CHECK(b.n == 100000 - 257 && b.p[0] == 1);
    buf_truncate(&b, 3);
    CHECK(b.n == 3);
    buf_truncate(&b, 9);
    CHECK(b.n == 3);
    CHECK(strlen(buf_cstr(&b)) == 3 && b.n == 3);
    buf_drop(&b, 3);
    CHECK(b.n == 0 && strcmp(buf_cstr(&b), "") == 0);
    buf_clear(&b);
}

static void prefixes(void)
{
    struct buf b = { 0 };
    size_t outer = buf_open16(&b), inner = buf_open16(&b);

    buf_str(&b, "abc");
    buf_close16(&b, inner);
    buf_close16(&b, outer);
    CHECK(span_eq(buf_span(&b), span((const uint8_t[]){ 0, 5, 0, 3, 'a', 'b', 'c' }, 7)));
    buf_clear(&b);
}

/* A latched buffer takes no more and gives nothing out, but can be cleared. */
static void latched(struct buf *b)
{
    size_t n = b->n;

    CHECK(buf_failed(b));
    buf_u32(b, 1);
    buf_format(b, "x");
    CHECK(buf_room(b, 1) == NULL && b->n == n);
    CHECK(strcmp(buf_cstr(b), "") == 0);
    buf_clear(b);
    CHECK(!buf_failed(b));
}

static void latches(void)
{
    uint8_t *big = calloc(1, 65536);
    struct buf b = { 0 };
    size_t mark;

    buf_bin16(&b, span(big, 65535));
    CHECK(!buf_failed(&b) && b.n == 65537);
    buf_bin16(&b, span(big, 65536));
    latched(&b);
    mark = buf_open16(&b);
    buf_add(&b, span(big, 65536));
    buf_close16(&b, mark);
    latched(&b);
    CHECK(buf_room(&b, 0) != NULL && b.n == 0);
    buf_u8(&b, 1);
    CHECK(buf_room(&b, SIZE_MAX) == NULL);
    latched(&b);
    free(big);
}

CU_TestInfo buf_tests[] = { { "appends", appends },
                            { "grows", grows },
                            { "prefixes", prefixes },
                            { "latches", latches },
                            CU_TEST_INFO_NULL };
