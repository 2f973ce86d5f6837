#include "common/ace/params.h"
#include "common/codec/text.h"
#include "tests/check.h"
#include "tests/vectors.h"

#define JWK "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" POP_X "\"}"
#define OCT "{\"kty\":\"oct\",\"k\":\"" POP_K "\",\"kid\":\"k1\"}"

static struct buf from_hex(const char *hex)
{
    struct buf b = { 0 };

    CHECK(hex_decode(span_str(hex), &b) == OK);
    return b;
}

static bool is_hex(const struct buf *b, const char *hex)
{
    struct buf text = { 0 };
    hex_encode(&text, buf_span(b));
    bool same = span_is(buf_span(&text), hex);

    buf_clear(&text);
    return same;
}

/* --- requests --- */

#define JSON_REQUEST                                                                                 \
    "{\"audience\":\"broker1\",\"client_id\":\"c1\",\"refresh_token\":\"r\",\"cnonce\":\"4KFWuz8\"," \
    "\"client_secret\":\"s3\",\"scope\":\"W10\",\"req_cnf\":{\"jwk\":" JWK "},\"ace_profile\":\"\"}"
#define CBOR_REQUEST                             \
    "a8056762726f6b6572311818626331182541721827" \
    "45e0a156bb3f18194273330941800"              \
    "4a101a3010120062158"                        \
    "20" POP_X_HEX "1826f6"
#define FORM_REQUEST                                                                                      \
    "grant_type=client_credentials&audience=broker1&client_id=c1&refresh_token=r&cnonce=4KFWuz8&client_"  \
    "secret=s3&"                                                                                          \
    "scope=W10&req_cnf=%7B%22jwk%22%3A%7B%22kty%22%3A%22OKP%22%2C%22crv%22%3A%22Ed25519%22%2C%22x%22%3A%" \
    "22" POP_X "%22%7D%7D&ace_profile="

static void check_request(const struct token_request *r, const char *why)
{
    const uint8_t cnonce[] = { 0xe0, 0xa1, 0x56, 0xbb, 0x3f };

    CHECK_ROW(r->grant_type == GRANT_CLIENT_CREDENTIALS, why);
    CHECK_ROW(r->has_audience && span_is(buf_span(&r->audience), "broker1"), why);
    CHECK_ROW(r->has_client_id && span_is(buf_span(&r->client_id), "c1"), why);
    CHECK_ROW(r->has_refresh_token && span_is(buf_span(&r->refresh_token), "r"), why);
    CHECK_ROW(r->has_cnonce && span_eq(buf_span(&r->cnonce), span(cnonce, sizeof cnonce)), why);
    CHECK_ROW(r->has_client_secret && span_is(secret_span(&r->client_secret), "s3"), why);
    CHECK_ROW(r->has_scope && r->scope && scope_count(r->scope) == 0, why);
    CHECK_ROW(r->has_req_cnf && r->req_cnf_error == OK && r->req_cnf.kind == CNF_KEY, why);
    CHECK_ROW(!r->req_cnf_symmetric && r->wants_profile, why);
}

/* One request, three bodies: each is read to the same and written back as it was. */
static void request_media(void)
{
    struct buf cbor = from_hex(CBOR_REQUEST);
    const struct row {
        const char *why;
        enum media media;
        struct span body;
    } rows[] = {
        { "ace+json", MEDIA_ACE_JSON, SPAN(JSON_REQUEST) },
        { "ace+cbor", MEDIA_ACE_CBOR, buf_span(&cbor) },
        { "form", MEDIA_FORM, SPAN(FORM_REQUEST) },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct token_request req;
        struct buf out = { 0 };
        CHECK_ROW(token_request_read(r->body, r->media, &req, NULL) == OK, r->why);
        check_request(&req, r->why);
        CHECK_ROW(token_request_write(&req, r->media, &out) == OK && span_eq(buf_span(&out), r->body),
                  r->why);
        buf_clear(&out);
        token_request_clear(&req);
        for (size_t n = 0; n < r->body.n && r->media != MEDIA_FORM; n++)
            CHECK_ROW(token_request_read(span(r->body.p, n), r->media, &req, NULL) == ERR_INVALID_REQUEST,
                      r->why);
    }
    buf_clear(&cbor);
}

/* clang-format off */
static const struct request {
    const char *why;
    enum media media;
    const char *body; /* CBOR in hex */
    enum err want;
} requests[] = {
    { "nothing asked",                  MEDIA_ACE_JSON, "{}",                                   OK },
    { "unknown parameter",              MEDIA_JSON,     "{\"x-unknown\":[1,{\"a\":null}]}",     OK },
    { "profile null",                   MEDIA_ACE_JSON, "{\"ace_profile\":null}",               OK },
    { "profile spelled",                MEDIA_ACE_JSON, "{\"ace_profile\":\"mqtt_tls\"}",       OK },
    { "another profile",                MEDIA_ACE_JSON, "{\"ace_profile\":\"coap_dtls\"}",      ERR_INVALID_REQUEST },
    { "profile number in JSON",         MEDIA_ACE_JSON, "{\"ace_profile\":3}",                  ERR_INVALID_REQUEST },
    { "profile number in CBOR",         MEDIA_ACE_CBOR, "a1182603",                             OK },
    { "profile text in CBOR",           MEDIA_ACE_CBOR, "a11826686d7174745f746c73",             ERR_INVALID_REQUEST },
    { "audience number",                MEDIA_ACE_JSON, "{\"audience\":1}",                     ERR_INVALID_REQUEST },
    { "audience array",                 MEDIA_ACE_JSON, "{\"audience\":[\"b\"]}",               ERR_INVALID_REQUEST },
    { "grant_type number in JSON",      MEDIA_ACE_JSON, "{\"grant_type\":2}",                   ERR_INVALID_REQUEST },
    { "grant_type text in CBOR",        MEDIA_ACE_CBOR, "a118216161",                           ERR_INVALID_REQUEST },
    { "secret number",                  MEDIA_ACE_JSON, "{\"client_secret\":1}",                ERR_INVALID_REQUEST },
    { "secret text in CBOR",            MEDIA_ACE_CBOR, "a118196161",                           ERR_INVALID_REQUEST },
    { "cnonce not base64url",           MEDIA_ACE_JSON, "{\"cnonce\":\"+\"}",                   ERR_INVALID_REQUEST },
    { "cnonce text in CBOR",            MEDIA_ACE_CBOR, "a118276161",                           ERR_INVALID_REQUEST },
    { "doubled scope",                  MEDIA_ACE_JSON, "{\"scope\":\"W10\",\"scope\":\"W10\"}", ERR_INVALID_REQUEST },
    { "doubled label",                  MEDIA_ACE_CBOR, "a2094180094180",                       ERR_INVALID_REQUEST },
    { "doubled in a form",              MEDIA_FORM,     "scope=W10&scope=W10",                  ERR_INVALID_REQUEST },
    { "empty body",                     MEDIA_ACE_JSON, "",                                     ERR_INVALID_REQUEST },
    { "empty form",                     MEDIA_FORM,     "",                                     OK },
    { "not a map",                      MEDIA_ACE_JSON, "[]",                                   ERR_INVALID_REQUEST },
    { "CBOR array",                     MEDIA_ACE_CBOR, "80",                                   ERR_INVALID_REQUEST },
    { "trailing bytes in CBOR",         MEDIA_ACE_CBOR, "a000",                                 ERR_INVALID_REQUEST },
};
/* clang-format on */

static void request_rows(void)
{
    const struct request *r;

    for (EACH_ROW(r, requests)) {
        struct token_request req;
        struct fault why = { 0 };
        struct buf raw = { 0 };
        if (r->media == MEDIA_ACE_CBOR)
            CHECK_ROW(hex_decode(span_str(r->body), &raw) == OK, r->why);
        else
            buf_str(&raw, r->body);
        CHECK_ROW(token_request_read(buf_span(&raw), r->media, &req, &why) == r->want, r->why);
        CHECK_ROW(r->want == OK || why.why[0] != '\0', r->why);
        token_request_clear(&req);
        buf_clear(&raw);
    }
}

static void grant_types(void)
{
    static const struct row {
        const char *why, *body;
        enum grant_type want;
    } rows[] = {
        { "absent [R-TOK-04]", "{}", GRANT_CLIENT_CREDENTIALS },
        { "client_credentials", "{\"grant_type\":\"client_credentials\"}", GRANT_CLIENT_CREDENTIALS },
        { "password", "{\"grant_type\":\"password\"}", GRANT_PASSWORD },
        { "refresh_token", "{\"grant_type\":\"refresh_token\"}", GRANT_REFRESH_TOKEN },
        { "unknown", "{\"grant_type\":\"x\"}", GRANT_OTHER },
        { "case counts", "{\"grant_type\":\"Password\"}", GRANT_OTHER },
    }, *r;
    struct token_request req;

    for (EACH_ROW(r, rows)) {
        CHECK_ROW(token_request_read(span_str(r->body), MEDIA_ACE_JSON, &req, NULL) == OK, r->why);
        CHECK_ROW(req.grant_type == r->want, r->why);
        token_request_clear(&req);
    }
    for (uint8_t n = 0; n < 6; n++) {
        const uint8_t body[] = { 0xa1, 0x18, 0x21, n };
        CHECK(token_request_read(span(body, 4), MEDIA_ACE_CBOR, &req, NULL) == OK);
        CHECK(req.grant_type == (n < GRANT_OTHER ? (enum grant_type)n : GRANT_OTHER));
        token_request_clear(&req);
    }
}

/* What the AS, not the parser, answers: the request reads, and tells. */
static void told(void)
{
    struct token_request req;
    struct fault why = { .why = "?" };

    CHECK(token_request_read(span_str("{\"audience\":\"b\"}"), MEDIA_ACE_JSON, &req, &why) == OK);
    CHECK(why.why[0] == '\0'); /* nothing is wrong with it */
    token_request_clear(&req);
    CHECK(token_request_read(span_str("{\"scope\":\"read\"}"), MEDIA_ACE_JSON, &req, NULL) == OK);
    CHECK(req.has_scope && !req.scope && req.scope_fault.why[0]); /* [R-TERR-08] */
    token_request_clear(&req);
    CHECK(token_request_read(span_str("{\"req_cnf\":{\"jwk\":" OCT "}}"), MEDIA_ACE_JSON, &req, NULL) == OK);
    CHECK(req.has_req_cnf && req.req_cnf_symmetric); /* [R-TOK-24] */
    token_request_clear(&req);
    CHECK(token_request_read(span_str("{\"req_cnf\":{\"kid\":\"k1\"}}"), MEDIA_ACE_JSON, &req, NULL) == OK);
    CHECK(req.req_cnf.kind == CNF_KID && !req.req_cnf_symmetric);
    token_request_clear(&req);
    CHECK(token_request_read(span_str("{\"req_cnf\":{\"jwk\":{\"kty\":\"RSA\"}}}"), MEDIA_ACE_JSON, &req,
                             NULL) == OK);
    CHECK(req.has_req_cnf && req.req_cnf_error == ERR_UNSUPPORTED_POP_KEY);
    token_request_clear(&req);
    CHECK(token_request_read(span_str("{\"req_cnf\":1}"), MEDIA_ACE_JSON, &req, NULL) == OK);
    CHECK(req.has_req_cnf && req.req_cnf_error == ERR_MALFORMED && req.req_cnf.kind == CNF_NONE);
    token_request_clear(&req);
}

/* wire.md 7.1: what a client of ours says at least. */
static void request_small(void)
{
    struct token_request req = { .grant_type = GRANT_CLIENT_CREDENTIALS,
                                 .has_audience = true,
                                 .wants_profile = true };
    struct buf out = { 0 };

    buf_str(&req.audience, "broker1");
    CHECK(token_request_write(&req, MEDIA_ACE_JSON, &out) == OK);
    CHECK(span_is(buf_span(&out), "{\"audience\":\"broker1\",\"ace_profile\":\"\"}"));
    buf_clear(&out);
    CHECK(token_request_write(&req, MEDIA_ACE_CBOR, &out) == OK &&
          is_hex(&out, "a2056762726f6b6572311826f6"));
    buf_clear(&out);
    CHECK(token_request_write(&req, MEDIA_FORM, &out) == OK);
    CHECK(span_is(buf_span(&out), "grant_type=client_credentials&audience=broker1&ace_profile="));
    buf_clear(&out);
    req.grant_type = GRANT_REFRESH_TOKEN;
    CHECK(token_request_write(&req, MEDIA_ACE_CBOR, &out) == OK &&
          is_hex(&out, "a3182103056762726f6b6572311826f6"));
    buf_clear(&out);
    req.grant_type = GRANT_OTHER;
    CHECK(token_request_write(&req, MEDIA_ACE_CBOR, &out) == ERR_PROTOCOL && out.n == 0);
    token_request_clear(&req);
}

/* --- responses --- */

#define JSON_RESPONSE                                                                                    \
    "{\"access_token\":\"abc\",\"token_type\":\"PoP\",\"expires_in\":3600,\"ace_profile\":\"mqtt_tls\"," \
    "\"scope\":\"W10\",\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"kid\":\"k1\",\"k\":\"" POP_K "\"}},"          \
    "\"rs_cnf\":{\"x5t#S256\":\"" POP_X "\"}}"

static void check_response(const struct token_response *r)
{
    CHECK(span_is(buf_span(&r->access_token), "abc"));
    CHECK(r->has_token_type && r->is_pop && r->has_expires_in && r->expires_in == 3600);
    CHECK(r->has_profile && r->profile_is_mqtt_tls && r->has_scope && scope_count(r->scope) == 0);
    CHECK(r->has_cnf && r->cnf.kind == CNF_KEY && key_octets(r->cnf.object.key).n == 32);
    CHECK(r->has_rs_cnf && r->rs_cnf.kind == CNF_THUMBPRINT && r->rs_cnf.thumbprint[0] == 0x03);
}

/* JSON to CBOR and back. */
static void response_media(void)
{
    struct token_response r, again;
    struct buf json = { 0 }, cbor = { 0 }, form = { 0 };

    CHECK(token_response_read(span_str(JSON_RESPONSE), MEDIA_ACE_JSON, SCOPE_LENIENT, &r, NULL) == OK);
    check_response(&r);
    CHECK(token_response_write(&r, MEDIA_ACE_CBOR, &cbor) == OK);
    CHECK(span_starts(buf_span(&cbor), span("\xa7\x01\x43"
                                            "abc"
                                            "\x18\x22\x02\x02\x19\x0e\x10\x18\x26\x03\x09\x41\x80",
                                            18)));
    CHECK(token_response_read(buf_span(&cbor), MEDIA_ACE_CBOR, SCOPE_LENIENT, &again, NULL) == OK);
    check_response(&again);
    CHECK(cnf_eq(&r.cnf, &again.cnf) && cnf_eq(&r.rs_cnf, &again.rs_cnf));
    CHECK(token_response_write(&r, MEDIA_JSON, &json) == OK &&
          token_response_write(&r, MEDIA_FORM, &form) == OK);
    CHECK(span_eq(buf_span(&json), buf_span(&form)));
    token_response_clear(&again);
    CHECK(token_response_read(buf_span(&json), MEDIA_FORM, SCOPE_LENIENT, &again, NULL) == OK);
    check_response(&again);
    token_response_clear(&again);
    for (size_t n = 0; n < cbor.n; n++)
        CHECK(token_response_read(span(cbor.p, n), MEDIA_ACE_CBOR, SCOPE_LENIENT, &again, NULL) ==
              ERR_MALFORMED);
    token_response_clear(&r);
    buf_clear(&json);
    buf_clear(&cbor);
    buf_clear(&form);
}

/* clang-format off */
static const struct response {
    const char *why, *body;
    enum err want;
    bool has_type, is_pop, has_expires;
} responses[] = {
    { "a token alone",           "{\"access_token\":\"a\"}",                                OK,            false, true,  false },
    { "unknown member",          "{\"access_token\":\"a\",\"x\":1}",                        OK,            false, true,  false },
    { "PoP",                     "{\"access_token\":\"a\",\"token_type\":\"PoP\"}",         OK,            true,  true,  false },
    { "pop (A-29)",              "{\"access_token\":\"a\",\"token_type\":\"pop\"}",         OK,            true,  true,  false },
    { "Bearer",                  "{\"access_token\":\"a\",\"token_type\":\"Bearer\"}",      OK,            true,  false, false },
    { "a type unknown",          "{\"access_token\":\"a\",\"token_type\":\"DPoP\"}",        OK,            true,  false, false },
    { "expires_in",              "{\"access_token\":\"a\",\"expires_in\":0}",               OK,            false, true,  true  },
    { "expires_in text",         "{\"access_token\":\"a\",\"expires_in\":\"60\"}",          ERR_MALFORMED, false, false, false },
    { "expires_in negative",     "{\"access_token\":\"a\",\"expires_in\":-1}",              ERR_MALFORMED, false, false, false },
    { "no token",                "{\"expires_in\":60}",                                     ERR_MALFORMED, false, false, false },
    { "empty token",             "{\"access_token\":\"\"}",                                 ERR_MALFORMED, false, false, false },
    { "token number",            "{\"access_token\":1}",                                    ERR_MALFORMED, false, false, false },
    { "token_type number",       "{\"access_token\":\"a\",\"token_type\":2}",               ERR_MALFORMED, false, false, false },
    { "scope not understood",    "{\"access_token\":\"a\",\"scope\":\"read\"}",         ERR_INVALID_SCOPE, false, false, false },
    { "cnf empty",               "{\"access_token\":\"a\",\"cnf\":{}}",                     ERR_MALFORMED, false, false, false },
    { "doubled",                 "{\"access_token\":\"a\",\"access_token\":\"b\"}",         ERR_MALFORMED, false, false, false },
    { "an error",                "{\"error\":\"invalid_scope\"}",                           ERR_MALFORMED, false, false, false },
};
/* clang-format on */

static void response_rows(void)
{
    const struct response *r;

    for (EACH_ROW(r, responses)) {
        struct token_response t;
        struct fault why = { 0 };
        CHECK_ROW(token_response_read(span_str(r->body), MEDIA_ACE_JSON, SCOPE_LENIENT, &t, &why) == r->want,
                  r->why);
        CHECK_ROW(t.has_token_type == r->has_type && t.is_pop == r->is_pop, r->why);
        CHECK_ROW(t.has_expires_in == r->has_expires, r->why);
        CHECK_ROW(r->want == OK || why.why[0] != '\0', r->why);
        token_response_clear(&t);
    }
}

/* --- errors --- */

/* [R-TERR-01, R-TERR-02, R-TERR-11] */
static void errors(void)
{
    static const struct row {
        enum err e;
        const char *word, *cbor;
    } rows[] = {
        { ERR_INVALID_REQUEST, "invalid_request", "a1181e01" },
        { ERR_INVALID_CLIENT, "invalid_client", "a1181e02" },
        { ERR_INVALID_GRANT, "invalid_grant", "a1181e03" },
        { ERR_UNAUTHORIZED_CLIENT, "unauthorized_client", "a1181e04" },
        { ERR_UNSUPPORTED_GRANT, "unsupported_grant_type", "a1181e05" },
        { ERR_INVALID_SCOPE, "invalid_scope", "a1181e06" },
        { ERR_UNSUPPORTED_POP_KEY, "unsupported_pop_key", "a1181e07" },
        { ERR_INCOMPATIBLE_PROFILES, "incompatible_ace_profiles", "a1181e08" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct buf json = { 0 }, cbor = { 0 }, want = { 0 };
        struct error_response got;
        buf_format(&want, "{\"error\":\"%s\",\"error_description\":\"it's ' so'\"}", r->word);
        CHECK_ROW(error_write(r->e, "it's \" so\n", MEDIA_FORM, &json) == OK, r->word);
        CHECK_ROW(span_eq(buf_span(&json), buf_span(&want)), r->word);
        CHECK_ROW(error_write(r->e, NULL, MEDIA_ACE_CBOR, &cbor) == OK && is_hex(&cbor, r->cbor), r->word);
        CHECK_ROW(error_read(buf_span(&cbor), MEDIA_ACE_CBOR, &got) == OK, r->word);
        CHECK_ROW(span_is(buf_span(&got.error), r->word) && got.description.n == 0, r->word);
        error_response_clear(&got);
        CHECK_ROW(error_read(buf_span(&json), MEDIA_FORM, &got) == OK && got.description.n == 10, r->word);
        CHECK_ROW(span_is(buf_span(&got.error), r->word), r->word);
        error_response_clear(&got);
        buf_clear(&json);
        buf_clear(&cbor);
        buf_clear(&want);
    }
}

static void odd_errors(void)
{
    struct error_response got;
    struct buf out = { 0 };
    const uint8_t future[] = { 0xa1, 0x18, 0x1e, 0x18, 0x2a };

    CHECK(error_write(ERR_FORBIDDEN, "secret", MEDIA_ACE_JSON, &out) == OK && out.n == 0);
    CHECK(error_read(span(future, sizeof future), MEDIA_ACE_CBOR, &got) == OK);
    CHECK(span_is(buf_span(&got.error), "error 42"));
    error_response_clear(&got);
    CHECK(error_read(span_str("{\"error\":[]}"), MEDIA_JSON, &got) == ERR_MALFORMED);
    CHECK(error_read(span_str("{}"), MEDIA_JSON, &got) == ERR_MALFORMED);
    CHECK(error_read(span_str("<html>"), MEDIA_JSON, &got) == ERR_MALFORMED && got.error.n == 0);
}

/* aud and words, where they are asked for alone; audience wins. */
static void draft02_request(void)
{
    static const struct row {
        const char *body, *audience;
        bool scope;
    } rows[] = {
        { "{\"aud\":\"b\",\"scope\":\"publish_a\"}", "b", true },
        { "{\"aud\":\"b\",\"audience\":\"c\",\"scope\":\"W10\"}", "c", true },
        { "{\"audience\":\"c\",\"scope\":\"read\"}", "c", false },
    }, *r;
    struct token_request req;

    for (EACH_ROW(r, rows)) {
        CHECK_ROW(token_request_read_draft02(span_str(r->body), MEDIA_ACE_JSON, &req, NULL) == OK, r->body);
        CHECK_ROW(req.has_audience && span_is(buf_span(&req.audience), r->audience), r->body);
        CHECK_ROW((req.scope != NULL) == r->scope && req.has_scope, r->body);
        token_request_clear(&req);
    }
    CHECK(token_request_read(span_str(rows[0].body), MEDIA_ACE_JSON, &req, NULL) == OK);
    CHECK(!req.has_audience && !req.scope);
    token_request_clear(&req);
    CHECK(token_request_read_draft02(span_str("{\"aud\":[\"b\"]}"), MEDIA_ACE_JSON, &req, NULL) ==
          ERR_INVALID_REQUEST);
}

CU_TestInfo params_tests[] = {
    { "draft -02", draft02_request },
    { "request in three media", request_media },
    { "requests", request_rows },
    { "grant types", grant_types },
    { "told, not refused", told },
    { "smallest request", request_small },
    { "response in the media", response_media },
    { "responses", response_rows },
    { "errors", errors },
    { "odd errors", odd_errors },
    CU_TEST_INFO_NULL,
};
