#include "common/ace/hints.h"
#include "tests/check.h"
#include "tests/vectors.h"

#define AS "\"AS\":\"https://as.example/token\""

/* clang-format off */
static const struct row {
    const char *why, *json;
    enum err want;
} rows[] = {
    { "AS alone",                 "{" AS "}",                                       OK },
    { "unknown members",          "{" AS ",\"x\":{\"y\":[1]}}",                     OK },
    { "a port and a path",        "{\"AS\":\"https://as.example:8443/a/b\"}",       OK },
    { "another scheme",           "{\"AS\":\"coaps://as.example/token\"}",          OK },
    { "no AS (A-25)",             "{\"audience\":\"broker1\"}",                     ERR_MALFORMED },
    { "AS empty",                 "{\"AS\":\"\"}",                                  ERR_MALFORMED },
    { "AS relative",              "{\"AS\":\"/token\"}",                            ERR_MALFORMED },
    { "AS without scheme",        "{\"AS\":\"as.example/token\"}",                  ERR_MALFORMED },
    { "AS only a scheme",         "{\"AS\":\"https://\"}",                          ERR_MALFORMED },
    { "scheme begins with digit", "{\"AS\":\"1https://x\"}",                        ERR_MALFORMED },
    { "AS with a blank",          "{\"AS\":\"https://as.example/ x\"}",             ERR_MALFORMED },
    { "AS with a line end",       "{\"AS\":\"https://as.example/\\r\\nX: y\"}",     ERR_MALFORMED },
    { "AS number",                "{\"AS\":1}",                                     ERR_MALFORMED },
    { "audience number",          "{" AS ",\"audience\":1}",                        ERR_MALFORMED },
    { "kid number",               "{" AS ",\"kid\":1}",                             ERR_MALFORMED },
    { "cnonce no base64url",      "{" AS ",\"cnonce\":\"4KFWuz8=\"}",               ERR_MALFORMED },
    { "scope not understood",     "{" AS ",\"scope\":\"read\"}",                    ERR_INVALID_SCOPE },
    { "two AS",                   "{" AS "," AS "}",                                ERR_MALFORMED },
    { "not an object",            "[]",                                             ERR_MALFORMED },
    { "trailing bytes",           "{" AS "}x",                                      ERR_MALFORMED },
    { "empty",                    "",                                               ERR_MALFORMED },
};
/* clang-format on */

static const char whole[] =
    "{" AS ",\"audience\":\"broker1\",\"scope\":\"" SCOPE_TEXT "\",\"kid\":\"k1\",\"cnonce\":\"4KFWuz8\"}";

static void reads(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct hints h;
        struct fault why = { 0 };
        CHECK_ROW(hints_read(span_str(r->json), &h, &why) == r->want, r->why);
        CHECK_ROW((h.as.n > 0) == (r->want == OK), r->why);
        CHECK_ROW(r->want == OK || why.why[0] != '\0', r->why);
        hints_clear(&h);
    }
}

static void round_trip(void)
{
    struct hints h;
    struct buf out = { 0 };
    const uint8_t cnonce[] = { 0xe0, 0xa1, 0x56, 0xbb, 0x3f }; /* RFC 9200 5.3 */

    CHECK(hints_read(span_str(whole), &h, NULL) == OK);
    CHECK(span_is(buf_span(&h.as), "https://as.example/token"));
    CHECK(h.has_audience && span_is(buf_span(&h.audience), "broker1"));
    CHECK(h.has_kid && span_is(buf_span(&h.kid), "k1"));
    CHECK(h.has_cnonce && span_eq(buf_span(&h.cnonce), span(cnonce, sizeof cnonce)));
    CHECK(h.has_scope && scope_count(h.scope) == 3);
    CHECK(hints_write(&h, &out) == OK && span_is(buf_span(&out), whole));
    hints_clear(&h);
    buf_clear(&out);
    CHECK(hints_write(&h, &out) == ERR_PROTOCOL && out.n == 0);
}

static void truncations(void)
{
    struct hints h;

    for (size_t n = 0; n < strlen(whole); n++) CHECK(hints_read(span(whole, n), &h, NULL) == ERR_MALFORMED);
}

CU_TestInfo hints_tests[] = {
    { "reads", reads }, { "round trip", round_trip }, { "truncations", truncations }, CU_TEST_INFO_NULL
};
