#include "client/holding.h"
#include "tests/bytes.h"
#include "tests/check.h"
#include "tests/vectors.h"

/* Which answers of an AS the client uses, and which it refuses. */

enum { NOW = 1800000000 };

#define OCT_KEY   "{\"kty\":\"oct\",\"kid\":\"k1\",\"k\":\"" POP_K "\""
#define OKP_KEY   "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" POP_X "\""
#define OTHER_KEY "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define REST      ",\"ace_profile\":\"mqtt_tls\",\"token_type\":\"PoP\",\"expires_in\":600"
#define CNF(key)  ",\"cnf\":{\"jwk\":" key "}}"
#define TOKEN     "{\"access_token\":\"AAAA\""

enum asked { WITHOUT_KEY, WITH_ED25519, KEEPING };

static const struct row {
    const char *why, *answer;
    enum asked asked;
    const char *audience;
    int64_t lifetime; /* token.lifetime of the settings */
    const char *says; /* in the refusal; NULL: used */
} rows[] = {
    { "symmetric", TOKEN REST CNF(OCT_KEY "}"), WITHOUT_KEY, "broker1", 0, NULL },
    { "type and profile left out", TOKEN ",\"expires_in\":1" CNF(OCT_KEY "}"), WITHOUT_KEY, "broker1", 0,
      NULL },
    { "unknown member [R-TOK-41]", TOKEN ",\"new\":[1]" REST CNF(OCT_KEY "}"), WITHOUT_KEY, "broker1", 0,
      NULL },
    { "our key, not repeated", TOKEN REST "}", WITH_ED25519, "broker1", 0, NULL },
    { "our key, repeated", TOKEN REST CNF(OKP_KEY "}"), WITH_ED25519, "broker1", 0, NULL },
    { "a key kept by its name [R-TOK-47]", TOKEN REST "}", KEEPING, "broker1", 0, NULL },
    { "an end by our settings", TOKEN CNF(OCT_KEY "}"), WITHOUT_KEY, "broker1", 60, NULL },
    { "a token that can be read, for us", "{\"access_token\":\"" JWS_TOKEN "\"" REST "}", WITH_ED25519,
      "broker1", 0, NULL },
    { "alg and key_ops fit", TOKEN REST CNF(OCT_KEY ",\"alg\":\"HS256\",\"key_ops\":[\"sign\",\"verify\"]}"),
      WITHOUT_KEY, "broker1", 0, NULL },

    { "no token", "{\"token_type\":\"PoP\",\"expires_in\":600" CNF(OCT_KEY "}"), WITHOUT_KEY, "broker1", 0,
      "" },
    { "Bearer", TOKEN ",\"token_type\":\"Bearer\",\"expires_in\":600" CNF(OCT_KEY "}"), WITHOUT_KEY,
      "broker1", 0, "PoP" },
    { "another profile", TOKEN ",\"ace_profile\":\"coap_dtls\",\"expires_in\":600" CNF(OCT_KEY "}"),
      WITHOUT_KEY, "broker1", 0, "mqtt_tls" },
    { "no end [R-TOK-34]", TOKEN CNF(OCT_KEY "}"), WITHOUT_KEY, "broker1", 0, "expires_in" },
    { "ended", TOKEN ",\"expires_in\":0" CNF(OCT_KEY "}"), WITHOUT_KEY, "broker1", 0, "" },
    { "no key", TOKEN REST "}", WITHOUT_KEY, "broker1", 0, "no symmetric key" },
    { "a public key that is not ours", TOKEN REST CNF(OKP_KEY "}"), WITHOUT_KEY, "broker1", 0,
      "no symmetric key" },
    { "another key than asked for", TOKEN REST CNF(OTHER_KEY "}"), WITH_ED25519, "broker1", 0,
      "not the key" },
    { "a symmetric key instead of ours", TOKEN REST CNF(OCT_KEY "}"), WITH_ED25519, "broker1", 0,
      "not the key" },
    { "alg none [R-TOK-48]", TOKEN REST CNF(OCT_KEY ",\"alg\":\"none\"}"), WITHOUT_KEY, "broker1", 0, "alg" },
    { "alg of another type [R-TOK-48]", TOKEN REST CNF(OCT_KEY ",\"alg\":\"ES256\"}"), WITHOUT_KEY, "broker1",
      0, "alg" },
    { "key_ops without signing [R-TOK-48]", TOKEN REST CNF(OCT_KEY ",\"key_ops\":[\"encrypt\"]}"),
      WITHOUT_KEY, "broker1", 0, "key_ops" },
    { "for another broker [R-TOK-45]", "{\"access_token\":\"" JWS_TOKEN "\"" REST "}", WITH_ED25519,
      "broker2", 0, "another audience" },
};

static void answers(void)
{
    struct buf seed = unhex(POP_SEED_HEX);
    struct key_object own = { 0 };
    struct key *kept = NULL;
    const struct row *r;

    CHECK(key_ed25519_private(buf_span(&seed), &own.key) == OK && key_oct(buf_span(&seed), &kept) == OK);
    for
        EACH(r, rows)
        {
            struct holding_want want = { .audience = span_str(r->audience), .default_lifetime = r->lifetime };
            struct token_response in = { 0 };
            struct holding h = { 0 };
            struct fault why = { 0 };
            if (r->asked == WITH_ED25519) want.own_key = &own;
            if (r->asked == KEEPING) want.reuse_key = kept, want.reuse_kid = span_str("k1");
            enum err e = token_response_read(span_str(r->answer), MEDIA_ACE_JSON, SCOPE_LENIENT, &in, &why);
            if (e == OK) e = holding_make(&want, &in, NOW, &h, &why);
            CHECK_ROW((e == OK) == (r->says == NULL), r->why);
            CHECK_ROW(!r->says || strstr(why.why, r->says), r->why);
            if (e == OK) {
                CHECK_ROW(h.ends > NOW && h.ends <= NOW + 600 && h.token.n, r->why);
                CHECK_ROW(key_eq(h.key, r->asked == WITH_ED25519 ? own.key : kept), r->why);
                CHECK_ROW(span_is(buf_span(&h.audience), r->audience), r->why);
            }
            holding_clear(&h);
            token_response_clear(&in);
        }
    key_object_clear(&own);
    key_free(kept);
    buf_clear(&seed);
}

/* Draft -02: exp is the end itself, where it is told so. */
static void draft02(void)
{
    static const char answer[] = TOKEN ",\"exp\":1800000100" CNF(OCT_KEY "}");

    for (int on = 0; on < 2; on++) {
        for (int64_t now = NOW; now <= NOW + 100; now += 100) {
            struct holding_want want = { .compat_draft02 = on };
            struct token_response in = { 0 };
            struct holding h = { 0 };
            bool good = on && now == NOW;
            CHECK(token_response_read(span_str(answer), MEDIA_ACE_JSON, SCOPE_LENIENT, &in, NULL) == OK);
            CHECK(holding_make(&want, &in, now, &h, NULL) == (good ? OK : ERR_NOT_AUTHORIZED));
            CHECK(!good || h.ends == NOW + 100);
            holding_clear(&h);
            token_response_clear(&in);
        }
    }
}

static void rs_cnf(void)
{
    static const char answer[] = TOKEN REST ",\"rs_cnf\":{\"jwk\":" OTHER_KEY "}}}";
    struct buf seed = unhex(POP_SEED_HEX);
    struct key_object own = { 0 };
    struct holding_want want = { .own_key = &own };
    struct token_response in = { 0 };
    struct holding h = { 0 };

    CHECK(key_ed25519_private(buf_span(&seed), &own.key) == OK);
    CHECK(token_response_read(span_str(answer), MEDIA_ACE_JSON, SCOPE_LENIENT, &in, NULL) == OK);
    CHECK(holding_make(&want, &in, NOW, &h, NULL) == OK);
    CHECK(h.has_rs_cnf && h.rs_cnf.kind == CNF_KEY && h.rs_cnf.object.key &&
          !key_eq(h.rs_cnf.object.key, own.key));
    holding_clear(&h);
    CHECK(h.key == NULL && !h.has_rs_cnf);
    token_response_clear(&in);
    key_object_clear(&own);
    buf_clear(&seed);
}

/* a kid alone in rs_cnf names the symmetric key that has no name; and never stands for the broker's key. */
static void kid_in_rs_cnf(void)
{
    static const struct named {
        const char *cnf, *kid;
    } named[] = {
        { ",\"cnf\":{\"jwk\":" OCT_KEY "}}", "k1" },
        { ",\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"k\":\"" POP_K "\"}}", "k2" },
    };

    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        struct holding_want want = { 0 };
        struct token_response in = { 0 };
        struct holding h = { 0 };
        struct buf answer = { 0 };
        buf_format(&answer, "%s%s%s,\"rs_cnf\":{\"kid\":\"k2\"}}", TOKEN, REST, named[i].cnf);
        CHECK(token_response_read(buf_span(&answer), MEDIA_ACE_JSON, SCOPE_LENIENT, &in, NULL) == OK);
        CHECK(holding_make(&want, &in, NOW, &h, NULL) == OK);
        CHECK(span_is(buf_span(&h.kid), named[i].kid) && !h.has_rs_cnf);
        holding_clear(&h);
        token_response_clear(&in);
        buf_clear(&answer);
    }
}

/* What the request says, read back as an AS does. */
static void request(void)
{
    struct buf seed = unhex(POP_SEED_HEX), body = { 0 };
    struct key_object own = { 0 };
    struct holding_want want = { .audience = SPAN("broker1"), .own_key = &own, .cnonce = SPAN("nonce") };
    struct token_request r = { 0 };

    CHECK(key_ed25519_private(buf_span(&seed), &own.key) == OK);
    for (int m = MEDIA_ACE_JSON; m <= MEDIA_ACE_CBOR; m++) {
        CHECK(holding_ask(&want, (enum media)m, &body) == OK);
        CHECK(token_request_read(buf_span(&body), (enum media)m, &r, NULL) == OK);
        CHECK(r.grant_type == GRANT_CLIENT_CREDENTIALS && span_is(buf_span(&r.audience), "broker1"));
        CHECK(r.has_cnonce && span_is(buf_span(&r.cnonce), "nonce")); /* [R-TOK-31] */
        CHECK(r.has_req_cnf && r.req_cnf.kind == CNF_KEY && key_eq(r.req_cnf.object.key, own.key));
        CHECK(!key_is_private(r.req_cnf.object.key)); /* [R-TOK-20] the public part only */
        token_request_clear(&r);
        buf_truncate(&body, 0);
    }
    want = (struct holding_want){ .reuse_kid = SPAN("k1") };
    CHECK(holding_ask(&want, MEDIA_ACE_JSON, &body) == OK);
    CHECK(token_request_read(buf_span(&body), MEDIA_ACE_JSON, &r, NULL) == OK);
    CHECK(r.req_cnf.kind == CNF_KID && span_is(buf_span(&r.req_cnf.object.kid), "k1") && !r.has_audience);
    token_request_clear(&r);
    buf_clear(&body);
    key_object_clear(&own);
    buf_clear(&seed);
}

CU_TestInfo holding_tests[] = {
    { "answers used and refused", answers }, { "draft -02", draft02 },   { "rs_cnf is kept", rs_cnf },
    { "a kid in rs_cnf", kid_in_rs_cnf },    { "the request", request }, CU_TEST_INFO_NULL,
};
