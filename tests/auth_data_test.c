#include "common/ace/auth_data.h"
#include "tests/check.h"

#define BYTES(...) span((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void parses(void)
{
    /* clang-format off */
    const struct row {
        const char *why;
        struct span in;
        enum err want;
        size_t token, proof;
    } rows[] = {
        { "token and proof",                    BYTES(0, 2, 't', 'k', 'p'), OK,            2, 1 },
        { "no proof asks for a challenge",      BYTES(0, 2, 't', 'k'),      OK,            2, 0 },
        { "no data asks for a stored token",    { NULL, 0 },                OK,            0, 0 },
        { "0000 asks for a stored token too",   BYTES(0, 0),                OK,            0, 0 },
        { "token cut short",                    BYTES(0, 9, 't', 'k'),      ERR_MALFORMED, 0, 0 },
        { "length at the maximum, data short",  BYTES(255, 255, 't', 'k'),  ERR_MALFORMED, 0, 0 },
        { "token cut off wholly",               BYTES(0, 1),                ERR_MALFORMED, 0, 0 },
        { "one byte",                           BYTES(0),                   ERR_MALFORMED, 0, 0 },
        { "0000 and a byte",                    BYTES(0, 0, 0xaa),          ERR_MALFORMED, 0, 0 },
        { "0000 and a proof's worth",           BYTES(0, 0, 1, 2, 3, 4, 5), ERR_MALFORMED, 0, 0 },
    }, *r;
    /* clang-format on */

    for (EACH_ROW(r, rows)) {
        struct auth_data got;
        CHECK_ROW(auth_data_parse(r->in, &got) == r->want, r->why);
        CHECK_ROW(got.token.n == r->token && got.proof.n == r->proof, r->why);
    }
}

static void largest(void)
{
    struct buf token = { 0 }, data = { 0 };
    struct auth_data got;

    memset(buf_room(&token, 65535), 'x', 65535);
    auth_data_write(&(struct auth_data){ buf_span(&token), span_str("proof") }, &data);
    CHECK(!buf_failed(&data) && data.n == 2 + 65535 + 5);
    CHECK(auth_data_parse(buf_span(&data), &got) == OK);
    CHECK(span_eq(got.token, buf_span(&token)) && span_is(got.proof, "proof"));
    CHECK(auth_data_parse(span(data.p, 65536), &got) == ERR_MALFORMED && got.token.n == 0);
    buf_u8(&token, 'x');
    auth_data_write(&(struct auth_data){ .token = buf_span(&token) }, &data);
    CHECK(buf_failed(&data));
    buf_clear(&token);
    buf_clear(&data);
}

CU_TestInfo auth_data_tests[] = { { "parses", parses }, { "largest", largest }, CU_TEST_INFO_NULL };
