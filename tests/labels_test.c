#include "common/ace/labels.h"
#include "tests/bytes.h"
#include "tests/check.h"

/* One row of every table, and those that differ from table to table. */
static const struct row {
    enum label_map map;
    const char *name;
    int64_t label;
} rows[] = {
    { LABELS_TOKEN, "access_token", 1 },
    { LABELS_TOKEN, "grant_type", 33 },
    { LABELS_TOKEN, "rs_cnf", 41 },
    { LABELS_TOKEN, "audience", 5 },
    { LABELS_INTROSPECTION, "token_type_hint", 33 },
    { LABELS_INTROSPECTION, "nbf", 5 },
    { LABELS_INTROSPECTION, "active", 10 },
    { LABELS_INTROSPECTION, "exi", 40 },
    { LABELS_CLAIMS, "cti", 7 },
    { LABELS_CLAIMS, "cnf", 8 },
    { LABELS_CLAIMS, "cnonce", 39 },
    { LABELS_HINTS, "AS", 1 },
    { LABELS_HINTS, "kid", 2 },
    { LABELS_CNF, "jwk", 1 },
    { LABELS_CNF, "jwe", 2 },
    { LABELS_CNF, "kid", 3 },
    { LABELS_CNF, "x5t#S256", 34 },
};

static void both_ways(void)
{
    const struct row *r;
    int64_t label = 0;

    for (EACH_ROW(r, rows)) {
        CHECK_ROW(label_of(r->map, r->name, &label) && label == r->label, r->name);
        const char *name = label_name(r->map, r->label);
        CHECK_ROW(name && strcmp(name, r->name) == 0, r->name);
    }
    CHECK(!label_of(LABELS_CLAIMS, "audience", &label) && !label_of(LABELS_TOKEN, "", &label));
    CHECK(!label_of(LABELS_CLAIMS, "EXP", &label));
    CHECK(!label_name(LABELS_CNF, 4) && !label_name(LABELS_TOKEN, -1) && !label_name(LABELS_TOKEN, 0));
}

/* Nothing stands twice in a table, under either key. */
static void unambiguous(void)
{
    static const unsigned sizes[LABELS_COUNT] = { 23, 21, 12, 5, 4 };
    int64_t back;

    for (enum label_map map = 0; map < LABELS_COUNT; map++) {
        unsigned named = 0;
        for (int64_t label = -64; label <= 64; label++) {
            const char *name = label_name(map, label);
            if (!name) continue;
            CHECK_ROW(label_of(map, name, &back) && back == label, name);
            named++;
        }
        CHECK(named == sizes[map]);
    }
}

static const struct value_row {
    enum label_values set;
    const char *word;
    int value;
} value_rows[] = {
    { VALUES_GRANT_TYPE, "password", 0 },      { VALUES_GRANT_TYPE, "client_credentials", 2 },
    { VALUES_GRANT_TYPE, "refresh_token", 3 }, { VALUES_TOKEN_TYPE, "Bearer", 1 },
    { VALUES_TOKEN_TYPE, "PoP", 2 },           { VALUES_PROFILE, "mqtt_tls", 3 },
    { VALUES_ERROR, "invalid_request", 1 },    { VALUES_ERROR, "incompatible_ace_profiles", 8 },
};

static void values(void)
{
    const struct value_row *r;

    for (EACH_ROW(r, value_rows)) {
        CHECK_ROW(label_value(r->set, span_str(r->word)) == r->value, r->word);
        CHECK_ROW(label_word(r->set, r->value) && strcmp(label_word(r->set, r->value), r->word) == 0,
                  r->word);
    }
    CHECK(label_value(VALUES_TOKEN_TYPE, span_str("pop")) == 2 &&
          label_value(VALUES_TOKEN_TYPE, span_str("POP")) == 2);
    CHECK(label_value(VALUES_PROFILE, span_str("MQTT_TLS")) == -1);
    CHECK(label_value(VALUES_GRANT_TYPE, span_str("pass")) == -1);
    CHECK(label_value(VALUES_TOKEN_TYPE, span(NULL, 0)) == -1);
    CHECK(!label_word(VALUES_PROFILE, 0) && !label_word(VALUES_PROFILE, 4) && !label_word(VALUES_ERROR, 9));
    CHECK(!label_word(VALUES_ERROR, -1) && !label_word(VALUES_ERROR, INT64_MAX));
}

static const struct get_row {
    const char *why, *cbor_hex, *json;
    int64_t exp; /* 0: absent */
} get_rows[] = {
    { "by name", NULL, "{\"exp\":7}", 7 },
    { "names are exact", NULL, "{\"EXP\":7}", 0 },
    { "a label as a name is none", NULL, "{\"4\":7}", 0 },
    { "by label", "a10407", NULL, 7 },
    { "the label wins over the name", "a2 63657870 01 04 07", NULL, 7 },
    { "beside labels a name means nothing", "a2 63657870 01 03 6161", NULL, 0 },
    { "names only, in CBOR", "a1 63657870 07", NULL, 7 },
    { "no map", "8104", NULL, 0 },
};

static void get(void)
{
    const struct get_row *r;

    for (EACH_ROW(r, get_rows)) {
        struct buf in = unhex(r->json ? "" : r->cbor_hex);
        struct doc *d = NULL;
        int64_t exp = 0;

        enum err e = ERR_MALFORMED;
        if (r->json) e = doc_read_json(span_str(r->json), &doc_limits_wire, &d, NULL);
        if (!r->json) e = doc_read_cbor(buf_span(&in), &doc_limits_wire, &d, NULL);
        CHECK_ROW(e == OK, r->why);
        CHECK_ROW(doc_int(label_get(d, LABELS_CLAIMS, "exp"), &exp) == (r->exp != 0) && exp == r->exp,
                  r->why);
        doc_free(d);
        buf_clear(&in);
    }
    CHECK(label_get(NULL, LABELS_CLAIMS, "exp") == NULL);
}

static void put(void)
{
    struct doc *d = doc_new_map(), *c = doc_new_map();
    struct buf json = { 0 }, cbor = { 0 };

    label_put(d, LABELS_TOKEN, NOTATION_JSON, "error", doc_new_str("invalid_request"));
    label_put(c, LABELS_TOKEN, NOTATION_CBOR, "error",
              doc_new_int(label_value(VALUES_ERROR, span_str("invalid_request"))));
    CHECK(doc_write_json(d, &json) == OK && span_is(buf_span(&json), "{\"error\":\"invalid_request\"}"));
    CHECK(doc_write_cbor(c, &cbor) == OK && is_hex(buf_span(&cbor), "a1181e01")); /* wire.md 16 */
    doc_free(d);
    doc_free(c);
    buf_clear(&json);
    buf_clear(&cbor);
}

CU_TestInfo labels_tests[] = {
    { "both ways", both_ways },
    { "unambiguous", unambiguous },
    { "values", values },
    { "get", get },
    { "put", put },
    CU_TEST_INFO_NULL,
};
