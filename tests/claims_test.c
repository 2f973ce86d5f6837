#include "common/ace/claims.h"
#include "common/codec/text.h"
#include "tests/check.h"
#include "tests/vectors.h"

static enum err read_json(const char *json, enum label_map map, struct claim_set *out)
{
    struct doc *d = NULL;

    CHECK_ROW(doc_read_json(span_str(json), &doc_limits_wire, &d, NULL) == OK, json);
    enum err e = claim_set_read(d, map, NOTATION_JSON, false, out, NULL);
    doc_free(d);
    return e;
}

static bool writes_cbor(const struct claim_set *c, enum label_map map, struct span want)
{
    struct doc *d = claim_set_write(c, map, NOTATION_CBOR);
    struct buf out = { 0 };
    bool same = doc_write_cbor(d, &out) == OK && span_eq(buf_span(&out), want);

    doc_free(d);
    buf_clear(&out);
    return same;
}

static bool writes_json(const struct claim_set *c, enum label_map map, const char *want)
{
    struct doc *d = claim_set_write(c, map, NOTATION_JSON);
    struct buf out = { 0 };
    bool same = doc_write_json(d, &out) == OK && span_is(buf_span(&out), want);

    doc_free(d);
    buf_clear(&out);
    return same;
}

/* The claims of the shared CWT vector, byte for byte both ways. */
static void cbor_vector(void)
{
    struct buf bytes = { 0 };
    struct doc *d = NULL;
    struct claim_set c;

    CHECK(hex_decode(span_str(CWT_CLAIMS_HEX), &bytes) == OK);
    CHECK(doc_read_cbor(buf_span(&bytes), &doc_limits_wire, &d, NULL) == OK);
    CHECK(claim_set_read(d, LABELS_CLAIMS, NOTATION_CBOR, false, &c, NULL) == OK);
    CHECK(c.has_iss && span_is(buf_span(&c.iss), "AS") && claim_set_for(&c, span_str("broker1")));
    CHECK(c.has_exp && c.exp == 1900000000 && c.has_iat && c.iat == 1800000000 && !c.has_nbf);
    CHECK(c.cnf.kind == CNF_KEY && c.has_scope && scope_count(c.scope) == 3);
    CHECK(writes_cbor(&c, LABELS_CLAIMS, buf_span(&bytes)));
    claim_set_clear(&c);
    doc_free(d);
    buf_clear(&bytes);
}

#define EVERYTHING                                                                                        \
    "{\"iss\":\"AS\",\"sub\":\"c\",\"aud\":[\"b1\",\"b2\"],\"exp\":5,\"nbf\":3,\"iat\":4,\"jti\":\"t1\"," \
    "\"cnf\":{\"kid\":\"k1\"},\"scope\":\"W10\",\"client_id\":\"c\",\"ace_profile\":\"mqtt_tls\","        \
    "\"cnonce\":\"4KFWuz8\",\"exi\":60}"

static void json_whole(void)
{
    struct claim_set c;

    CHECK(read_json(EVERYTHING, LABELS_INTROSPECTION, &c) == OK);
    CHECK(c.audiences == 2 && claim_set_for(&c, span_str("b2")) && !claim_set_for(&c, span_str("b")));
    CHECK(c.has_exi && c.exi == 60 && c.has_cnonce && c.cnonce.n == 5 && c.profile_is_mqtt_tls);
    CHECK(writes_json(&c, LABELS_INTROSPECTION, EVERYTHING));
    claim_set_clear(&c);
    CHECK(writes_json(&c, LABELS_CLAIMS, "{}"));
}

/* */
static void ids(void)
{
    struct claim_set c;
    const uint8_t binary[] = { 0xa1, 0x07, 0x42, 0xff, 0x00 };
    struct doc *d = NULL;

    CHECK(doc_read_cbor(span(binary, sizeof binary), &doc_limits_wire, &d, NULL) == OK);
    CHECK(claim_set_read(d, LABELS_INTROSPECTION, NOTATION_CBOR, false, &c, NULL) == OK);
    CHECK(c.has_id && c.id.n == 2 && writes_json(&c, LABELS_INTROSPECTION, "{\"cti\":\"_wA\"}"));
    CHECK(writes_cbor(&c, LABELS_INTROSPECTION, span(binary, sizeof binary)));
    claim_set_clear(&c);
    CHECK(read_json("{\"cti\":\"_wA\"}", LABELS_INTROSPECTION, &c) == OK);
    CHECK(writes_cbor(&c, LABELS_INTROSPECTION, span(binary, sizeof binary)));
    claim_set_clear(&c);
    doc_free(d);
}

/* clang-format off */
static const struct row {
    const char *why, *json;
    enum err want;
} rows[] = {
    { "nothing",                 "{}",                                   OK                },
    { "not a map",               "[]",                                   ERR_MALFORMED     },
    { "iss number",              "{\"iss\":1}",                          ERR_MALFORMED     },
    { "sub null",                "{\"sub\":null}",                       ERR_MALFORMED     },
    { "aud array of numbers",    "{\"aud\":[1]}",                        ERR_MALFORMED     },
    { "aud object",              "{\"aud\":{}}",                         ERR_MALFORMED     },
    { "jti number",              "{\"jti\":1}",                          ERR_MALFORMED     },
    { "cti no base64url",        "{\"cti\":\"=\"}",                      ERR_MALFORMED     },
    { "cnonce number",           "{\"cnonce\":1}",                       ERR_MALFORMED     },
    { "scope number",            "{\"scope\":1}",                        ERR_INVALID_SCOPE },
    { "scope array, strictly",   "{\"scope\":[]}",                       ERR_INVALID_SCOPE },
    { "cnf text",                "{\"cnf\":\"k\"}",                      ERR_MALFORMED     },
    /* [L9] seconds, and nothing that could be taken for them */
    { "exp in milliseconds",     "{\"exp\":1900000000000}",              ERR_MALFORMED     },
    { "exp text",                "{\"exp\":\"5\"}",                      ERR_MALFORMED     },
    { "exp true",                "{\"exp\":true}",                       ERR_MALFORMED     },
    { "exp negative",            "{\"exp\":-1}",                         ERR_MALFORMED     },
    { "exp slightly negative",   "{\"exp\":-0.5}",                       ERR_MALFORMED     },
    { "exp at the limit",        "{\"exp\":100000000000}",               ERR_MALFORMED     },
    { "exp below the limit",     "{\"exp\":99999999999}",                OK                },
    { "exi negative",            "{\"exi\":-1}",                         ERR_MALFORMED     },
};
/* clang-format on */

static void refuses(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct claim_set c;
        CHECK_ROW(read_json(r->json, LABELS_CLAIMS, &c) == r->want, r->why);
        claim_set_clear(&c);
    }
}

/* Against the bearer: exp down, nbf up. */
static void fractions(void)
{
    struct claim_set c;

    CHECK(read_json("{\"exp\":5.9,\"nbf\":5.1,\"iat\":5.5,\"exi\":1.9}", LABELS_CLAIMS, &c) == OK);
    CHECK(c.exp == 5 && c.nbf == 6 && c.iat == 5 && c.exi == 1);
    claim_set_clear(&c);
    CHECK(read_json("{\"nbf\":6.0}", LABELS_CLAIMS, &c) == OK && c.nbf == 6);
    claim_set_clear(&c);
}

static void cbor_times(void)
{
    static const struct time {
        const char *why, *hex;
        enum err want;
    } times[] = {
        { "whole", "a10405", OK },
        { "half float", "a104f94500", OK },
        { "NaN", "a104f97e00", ERR_MALFORMED },
        { "infinity", "a104f97c00", ERR_MALFORMED },
        { "negative", "a10420", ERR_MALFORMED },
        { "beyond int64", "a1041bffffffffffffffff", ERR_MALFORMED },
        { "tagged [R-CWT-05]", "a104c105", ERR_MALFORMED },
        { "text", "a1046135", ERR_MALFORMED },
    }, *r;

    for (EACH_ROW(r, times)) {
        struct buf b = { 0 };
        struct doc *d = NULL;
        struct claim_set c = { 0 };
        CHECK_ROW(hex_decode(span_str(r->hex), &b) == OK, r->why);
        enum err e = doc_read_cbor(buf_span(&b), &doc_limits_wire, &d, NULL);
        if (e == OK) e = claim_set_read(d, LABELS_CLAIMS, NOTATION_CBOR, false, &c, NULL);
        CHECK_ROW(e == r->want && (e != OK || c.exp == 5), r->why);
        claim_set_clear(&c);
        doc_free(d);
        buf_clear(&b);
    }
}

static void many_audiences(void)
{
    struct buf json = { 0 };
    struct claim_set c;

    buf_str(&json, "{\"aud\":[");
    for (int i = 0; i < MAX_AUDIENCES; i++) buf_format(&json, "%s\"b%d\"", i ? "," : "", i);
    size_t n = json.n;
    buf_str(&json, "]}");
    CHECK(read_json(buf_cstr(&json), LABELS_CLAIMS, &c) == OK && c.audiences == MAX_AUDIENCES);
    claim_set_clear(&c);
    buf_truncate(&json, n);
    buf_str(&json, ",\"x\"]}");
    CHECK(read_json(buf_cstr(&json), LABELS_CLAIMS, &c) == ERR_MALFORMED && c.audiences == 0);
    buf_clear(&json);
}

CU_TestInfo claims_tests[] = {
    { "CBOR vector", cbor_vector },
    { "JSON whole", json_whole },
    { "ids", ids },
    { "refuses", refuses },
    { "fractions", fractions },
    { "CBOR times", cbor_times },
    { "many audiences", many_audiences },
    CU_TEST_INFO_NULL,
};
