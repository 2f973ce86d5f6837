#include "common/base/reader.h"
#include "tests/check.h"

#define BYTES(...) span((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void reads(void)
{
    struct reader r = reader(BYTES(1, 2, 3, 4, 5, 6, 7, 0, 2, 'h', 'i', 'x', 'y', 'z'));

    CHECK(read_u8(&r) == 1);
    CHECK(read_u16(&r) == 0x0203);
    CHECK(read_u32(&r) == 0x04050607);
    CHECK(span_is(read_bin16(&r), "hi"));
    CHECK(span_is(read_bytes(&r, 1), "x"));
    CHECK(reader_end(&r) == ERR_MALFORMED); /* left over */
    CHECK(span_is(read_rest(&r), "yz"));
    CHECK(reader_end(&r) == OK);
}

/* One read too far: from then on all is zero, even where bytes are left. */
static void latches(void)
{
    struct reader r = reader(BYTES(1, 2, 3));

    CHECK(read_u32(&r) == 0);
    CHECK(r.bad);
    CHECK(read_u8(&r) == 0 && read_u16(&r) == 0 && read_bytes(&r, 0).n == 0 && read_rest(&r).n == 0);
    CHECK(reader_end(&r) == ERR_MALFORMED);
    r = reader(span(NULL, 0));
    CHECK(read_rest(&r).n == 0 && reader_end(&r) == OK);
}

CU_TestInfo reader_tests[] = { { "reads", reads }, { "latches", latches }, CU_TEST_INFO_NULL };
