#include "common/ace/introspection.h"
#include "common/codec/text.h"
#include "tests/check.h"
#include "tests/vectors.h"

static struct buf body_of(enum media m, const char *body)
{
    struct buf b = { 0 };

    if (m != MEDIA_ACE_CBOR)
        buf_str(&b, body);
    else
        CHECK_ROW(hex_decode(span_str(body), &b) == OK, body);
    return b;
}

/* clang-format off */
static const struct request {
    const char *why;
    enum media media;
    const char *body; /* CBOR in hex */
    const char *token, *hint; /* NULL: refused; no hint */
} requests[] = {
    { "form",                     MEDIA_FORM,     "token=abc&token_type_hint=access_token",                 "abc", "access_token" },
    { "ace+json",                 MEDIA_ACE_JSON, "{\"token\":\"abc\"}",                                    "abc", NULL },
    { "ace+cbor",                 MEDIA_ACE_CBOR, "a10b43616263",                                           "abc", NULL },
    { "hint in CBOR",             MEDIA_ACE_CBOR, "a20b4361626318216c6163636573735f746f6b656e",             "abc", "access_token" },
    { "unknown hint [R-INT-08]",  MEDIA_JSON,     "{\"token\":\"abc\",\"token_type_hint\":\"x\"}",          "abc", "x" },
};

static const struct bad {
    const char *why;
    enum media media;
    const char *body;
    enum err want;
} bads[] = {
    { "hint as a number (A-62)",  MEDIA_ACE_CBOR, "a20b43616263182102",                            OK },
    { "no token",                 MEDIA_ACE_JSON, "{\"x\":\"abc\"}",                               ERR_INVALID_REQUEST },
    { "empty token",              MEDIA_ACE_JSON, "{\"token\":\"\"}",                              ERR_INVALID_REQUEST },
    { "empty token in a form",    MEDIA_FORM,     "token=",                                        ERR_INVALID_REQUEST },
    { "token number",             MEDIA_ACE_JSON, "{\"token\":1}",                                 ERR_INVALID_REQUEST },
    { "token text in CBOR",       MEDIA_ACE_CBOR, "a10b63616263",                                  ERR_INVALID_REQUEST },
    { "doubled",                  MEDIA_FORM,     "token=a&token=b",                               ERR_INVALID_REQUEST },
    { "hint array",               MEDIA_ACE_JSON, "{\"token\":\"a\",\"token_type_hint\":[]}",      ERR_INVALID_REQUEST },
    { "empty",                    MEDIA_ACE_JSON, "",                                              ERR_INVALID_REQUEST },
};

#define ACTIVE "\"iss\":\"AS\",\"aud\":\"broker1\",\"exp\":1900000000,\"jti\":\"t1\",\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"k\":\"" POP_K \
    "\"}},\"scope\":\"" SCOPE_TEXT "\",\"ace_profile\":\"mqtt_tls\",\"active\":true"

static const struct response {
    const char *why, *body;
    enum err want;
    bool active, is_pop, has_iss;
} responses[] = {
    { "inactive",              "{\"active\":false}",                                 OK,            false, false, false },
    { "inactive says nothing", "{\"active\":false,\"iss\":\"AS\",\"exp\":\"x\"}",    OK,            false, false, false },
    { "active",                "{" ACTIVE "}",                                       OK,            true,  true,  true  },
    { "active PoP",            "{" ACTIVE ",\"token_type\":\"pop\"}",                OK,            true,  true,  true  },
    { "active Bearer",         "{" ACTIVE ",\"token_type\":\"Bearer\"}",             OK,            true,  false, true  },
    { "no active",             "{\"iss\":\"AS\"}",                                   ERR_MALFORMED, false, false, false },
    { "active text",           "{\"active\":\"true\"}",                              ERR_MALFORMED, false, false, false },
    { "active 1",              "{\"active\":1}",                                     ERR_MALFORMED, false, false, false },
    { "active twice",          "{\"active\":false,\"active\":true}",                 ERR_MALFORMED, false, false, false },
    { "a claim out of range",  "{\"active\":true,\"exp\":-1}",                       ERR_MALFORMED, false, false, false },
    { "not an object",         "true",                                               ERR_MALFORMED, false, false, false },
};
/* clang-format on */

static void asks(void)
{
    const struct request *r;

    for (EACH_ROW(r, requests)) {
        struct introspection_request q;
        struct buf body = body_of(r->media, r->body), out = { 0 };
        CHECK_ROW(introspection_request_read(buf_span(&body), r->media, &q, NULL) == OK, r->why);
        CHECK_ROW(span_is(buf_span(&q.token), r->token) && q.has_hint == (r->hint != NULL), r->why);
        CHECK_ROW(!r->hint || span_is(buf_span(&q.hint), r->hint), r->why);
        CHECK_ROW(introspection_request_write(&q, r->media, &out) == OK, r->why);
        CHECK_ROW(span_eq(buf_span(&out), buf_span(&body)), r->why);
        introspection_request_clear(&q);
        buf_clear(&body);
        buf_clear(&out);
    }
}

static void refuses(void)
{
    const struct bad *r;

    for (EACH_ROW(r, bads)) {
        struct introspection_request q;
        struct buf body = body_of(r->media, r->body);
        CHECK_ROW(introspection_request_read(buf_span(&body), r->media, &q, NULL) == r->want, r->why);
        CHECK_ROW(!q.has_hint && (q.token.n > 0) == (r->want == OK), r->why);
        introspection_request_clear(&q);
        buf_clear(&body);
    }
}

static void answers(void)
{
    const struct response *r;

    for (EACH_ROW(r, responses)) {
        struct introspection_response a;
        CHECK_ROW(introspection_response_read(span_str(r->body), MEDIA_ACE_JSON, false, &a, NULL) == r->want,
                  r->why);
        CHECK_ROW(a.active == r->active && a.is_pop == r->is_pop && a.claims.has_iss == r->has_iss, r->why);
        introspection_response_clear(&a);
    }
}

/* [R-INT-11] wire.md 7.4 */
static void says_nothing_more(void)
{
    struct introspection_response a = { .claims = { .has_exp = true, .exp = 5 }, .has_token_type = true };
    struct buf out = { 0 };

    CHECK(introspection_response_write(&a, MEDIA_FORM, &out) == OK &&
          span_is(buf_span(&out), "{\"active\":false}"));
    buf_clear(&out);
    CHECK(introspection_response_write(&a, MEDIA_ACE_CBOR, &out) == OK);
    CHECK(span_eq(buf_span(&out), span("\xa1\x0a\xf4", 3)));
    buf_clear(&out);
}

/* [R-INT-19, R-INT-27] JSON as it was, and the same claims by way of CBOR. */
static void round_trip(void)
{
    struct introspection_response a, b;
    struct buf json = { 0 }, cbor = { 0 };

    CHECK(introspection_response_read(span_str("{" ACTIVE "}"), MEDIA_JSON, false, &a, NULL) == OK);
    CHECK(introspection_response_write(&a, MEDIA_JSON, &json) == OK &&
          span_is(buf_span(&json), "{" ACTIVE "}"));
    CHECK(introspection_response_write(&a, MEDIA_ACE_CBOR, &cbor) == OK);
    CHECK(introspection_response_read(buf_span(&cbor), MEDIA_ACE_CBOR, false, &b, NULL) == OK);
    CHECK(b.active && cnf_eq(&a.claims.cnf, &b.claims.cnf) && scope_eq(a.claims.scope, b.claims.scope));
    CHECK(span_is(buf_span(&b.claims.id), "t1") && b.claims.profile_is_mqtt_tls);
    introspection_response_clear(&b);
    for (size_t n = 0; n < cbor.n; n++)
        CHECK(introspection_response_read(span(cbor.p, n), MEDIA_ACE_CBOR, false, &b, NULL) == ERR_MALFORMED);
    introspection_response_clear(&a);
    buf_clear(&json);
    buf_clear(&cbor);
}

CU_TestInfo introspection_tests[] = {
    { "asks", asks },
    { "refuses", refuses },
    { "answers", answers },
    { "says nothing more", says_nothing_more },
    { "round trip", round_trip },
    CU_TEST_INFO_NULL,
};
