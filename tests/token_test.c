#include "common/ace/cose.h"
#include "common/ace/token.h"
#include "common/codec/text.h"
#include "common/crypto/mac.h"
#include "common/crypto/sign.h"
#include "tests/check.h"
#include "tests/vectors.h"

#define NOW            1800000000
#define LEEWAY         5
#define AS_SEED_HEX    "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
#define OTHER_SEED_HEX "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"

#define ISS   "\"iss\":\"AS\","
#define AUD   "\"aud\":\"broker1\","
#define EXP   "\"exp\":1900000000,"
#define SCOPE "\"scope\":\"" SCOPE_TEXT "\","
#define OKP   "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" POP_X "\"}"
#define OCT   "{\"kty\":\"oct\",\"k\":\"" POP_K "\"}"
#define CNF   "\"cnf\":{\"jwk\":" OKP "}"
#define GOOD  "{" ISS AUD EXP SCOPE CNF "}"
#define EDDSA "{\"alg\":\"EdDSA\"}"

/* --- a broker that trusts one AS, and that AS --- */

enum { KEY_VECTOR, KEY_AS, KEY_EC, KEY_MAC, VERIFY_KEYS };

struct fix {
    struct key *as, *ec, *mac, *other, *shared, *shared256, *pop;
    struct token_issuer issuers[2];
    struct span audiences[2];
    struct token_trust trust;
    struct entropy_seeded entropy;
};

static struct buf from_hex(const char *hex)
{
    struct buf b = { 0 };

    CHECK(hex_decode(span_str(hex), &b) == OK);
    return b;
}

static struct key *key_of(enum err (*make)(struct span, struct key **), const char *hex)
{
    struct buf raw = from_hex(hex);
    struct key *k = NULL;

    CHECK(make(buf_span(&raw), &k) == OK);
    buf_clear(&raw);
    return k;
}

static void give(struct key_object *o, struct key *k, const char *kid)
{
    *o = (struct key_object){
        .key = key_ref(k), .has_kid = kid != NULL, .may_sign = true, .may_verify = true
    };
    if (kid) buf_str(&o->kid, kid);
}

static void fix_init(struct fix *f)
{
    struct key *vector = key_of(key_ed25519_public, AS_X_HEX);
    struct token_issuer *as = &f->issuers[0], *as2 = &f->issuers[1];

    *f = (struct fix){ .audiences = { span_str("broker1"), span_str("mqtts://b.example") } };
    f->as = key_of(key_ed25519_private, AS_SEED_HEX);
    f->ec = key_of(key_p256_private, AS_SEED_HEX);
    f->mac = key_of(key_oct, OTHER_SEED_HEX POP_SEED_HEX);
    f->other = key_of(key_ed25519_private, OTHER_SEED_HEX);
    f->shared = key_of(key_oct, SHARED_HEX);
    f->shared256 = key_of(key_oct, AS_SEED_HEX);
    f->pop = key_of(key_oct, POP_SEED_HEX);
    buf_str(&as->iss, "AS");
    give(&as->verify[KEY_VECTOR], vector, NULL);
    give(&as->verify[KEY_AS], f->as, "as1");
    give(&as->verify[KEY_EC], f->ec, "ec1");
    give(&as->verify[KEY_MAC], f->mac, "mac1");
    as->verify_count = VERIFY_KEYS;
    give(&as->decrypt[0], f->shared256, "RS256");
    give(&as->decrypt[1], f->shared, "RS1");
    as->decrypt_count = 2;
    buf_str(&as2->iss, "AS2");
    give(&as2->verify[0], f->other, NULL);
    as2->verify_count = 1;
    f->trust = (struct token_trust){ 2, f->issuers, true, true, false, true, true, 2, f->audiences, LEEWAY };
    f->entropy = entropy_seeded(1);
    key_free(vector);
}

static void fix_clear(struct fix *f)
{
    struct key *const keys[] = { f->as, f->ec, f->mac, f->other, f->shared, f->shared256, f->pop };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) key_free(keys[i]);
    for (size_t i = 0; i < 2; i++) {
        buf_clear(&f->issuers[i].iss);
        for (size_t k = 0; k < f->issuers[i].verify_count; k++) key_object_clear(&f->issuers[i].verify[k]);
        for (size_t k = 0; k < f->issuers[i].decrypt_count; k++) key_object_clear(&f->issuers[i].decrypt[k]);
    }
}

/* A compact JWS of any header over any payload; KEY_OCT MACs, NULL leaves the signature empty. */
static struct buf craft(const char *header, const char *payload, const struct key *k)
{
    struct buf b = { 0 };
    uint8_t out[64];
    size_t n = 0;

    b64url_encode(&b, span_str(header));
    buf_u8(&b, '.');
    b64url_encode(&b, span_str(payload));
    if (k && key_type(k) == KEY_OCT) {
        CHECK(hmac_sha256(key_octets(k), buf_span(&b), out) == OK);
        n = HMAC256_SIZE;
    } else if (k) {
        CHECK(sign(k, buf_span(&b), out) == OK);
        n = SIGNATURE_SIZE;
    }
    buf_u8(&b, '.');
    b64url_encode(&b, span(out, n));
    return b;
}

static struct buf encrypted(struct fix *f, const struct key *k, const char *kid, const char *cty,
                            const char *payload)
{
    struct buf b = { 0 };
    enum aead enc = key_octets(k).n == 16 ? AEAD_A128GCM : AEAD_A256GCM;

    CHECK(jwe_seal(enc, k, span_str(kid), NULL, cty, &f->entropy.base, span_str(payload), &b) == OK);
    return b;
}

static enum err opens(const struct fix *f, struct span token, struct claims **out)
{
    struct fault why = { 0 };
    enum err e = token_open(token, &f->trust, NOW, out, &why);

    CHECK((e == OK) == (*out != NULL));
    CHECK(e == OK || why.why[0] != '\0');
    return e;
}

static enum err verdict(const struct fix *f, struct span token)
{
    struct claims *c = NULL;
    enum err e = opens(f, token, &c);

    claims_free(c);
    return e;
}

static bool scope_says(const struct claims *c, const char *words)
{
    struct buf b = { 0 };
    bool same = scope_to_words(claims_set(c)->scope, &b) == OK && span_is(buf_span(&b), words);

    buf_clear(&b);
    return same;
}

/* --- the shared vectors --- */

static void vectors(void)
{
    struct fix f;
    struct claims *jws = NULL, *jwe = NULL;
    uint8_t x[64];

    fix_init(&f);
    CHECK(opens(&f, span_str(JWS_TOKEN), &jws) == OK);
    CHECK(opens(&f, span_str(JWE_TOKEN), &jwe) == OK);
    if (jws && jwe) {
        struct buf want = from_hex(POP_X_HEX);
        CHECK(key_public(claims_key(jws), x) == 32 && span_eq(span(x, 32), buf_span(&want)));
        CHECK(span_eq(key_octets(claims_key(jwe)), key_octets(f.pop)));
        CHECK(claims_end(jws) == 1900000000 + LEEWAY && claims_end(jwe) == 1900000000 + LEEWAY);
        CHECK(scope_says(jws, SCOPE_WORDS) && scope_says(jwe, SCOPE_WORDS));
        CHECK(claim_set_for(claims_set(jws), span_str("broker1")));
        CHECK(span_is(buf_span(&claims_set(jwe)->iss), "AS"));
        buf_clear(&want);
    }
    struct claims *more = claims_ref(jws);
    claims_free(jws);
    CHECK(claims_end(more) == 1900000000 + LEEWAY);
    claims_free(more);
    claims_free(jwe);
    fix_clear(&f);
}

static const char *const samples[] = { JWS_TOKEN, JWE_TOKEN };

static void truncations(void)
{
    struct fix f;

    fix_init(&f);
    for (size_t s = 0; s < 2; s++)
        for (size_t n = 0; n < strlen(samples[s]); n++) {
            enum err e = verdict(&f, span(samples[s], n));
            CHECK(e == ERR_NOT_AUTHORIZED || e == ERR_NOT_A_TOKEN);
        }
    fix_clear(&f);
}

/* Also the last character of a part, whose spare bits D-14 does not let vary. */
static void flips(void)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct fix f;
    struct buf t = { 0 };

    fix_init(&f);
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < strlen(samples[s]); i++) {
            buf_truncate(&t, 0);
            buf_str(&t, samples[s]);
            const char *at = strchr(letters, t.p[i]);
            t.p[i] = at ? (uint8_t)letters[(at - letters) ^ 1] : '-';
            enum err e = verdict(&f, buf_span(&t));
            CHECK(e == ERR_NOT_AUTHORIZED || e == ERR_NOT_A_TOKEN);
        }
    }
    buf_clear(&t);
    fix_clear(&f);
}

/* clang-format off */
static const struct shape {
    const char *why, *before, *after;
} shapes[] = {
    { "trailing dot",         "",   "."    },
    { "padding",              "",   "="    },
    { "line end",             "",   "\n"   },
    { "leading blank",        " ",  ""     },
    { "a further part",       "",   ".AA"  },
    { "quoted",               "\"", "\""   },
    { "JSON around",          "{\"access_token\":\"", "\"}" },
};

/* Signed by the AS key "as1" with EdDSA. */
static const struct row {
    const char *why, *claims;
    enum err want;
} rows[] = {
    { "the plain one",                     GOOD,                                                                           OK },
    { "unknown claim",                     "{\"foo\":{\"a\":[1]}," ISS AUD EXP SCOPE CNF "}",                              OK },
    { "iss implied by the key (A-48)",     "{" AUD EXP SCOPE CNF "}",                                                      OK },
    { "iss of the other AS",               "{\"iss\":\"AS2\"," AUD EXP SCOPE CNF "}",                        ERR_NOT_AUTHORIZED },
    { "iss longer",                        "{\"iss\":\"AS \"," AUD EXP SCOPE CNF "}",                        ERR_NOT_AUTHORIZED },
    { "iss empty",                         "{\"iss\":\"\"," AUD EXP SCOPE CNF "}",                           ERR_NOT_AUTHORIZED },
    { "iss as array",                      "{\"iss\":[\"AS\"]," AUD EXP SCOPE CNF "}",                       ERR_NOT_AUTHORIZED },
    { "aud array with us",                 "{" ISS "\"aud\":[\"x\",\"broker1\"]," EXP SCOPE CNF "}",                       OK },
    { "our other name",                    "{" ISS "\"aud\":\"mqtts://b.example\"," EXP SCOPE CNF "}",                     OK },
    { "aud array without us",              "{" ISS "\"aud\":[\"x\",\"y\"]," EXP SCOPE CNF "}",               ERR_NOT_AUTHORIZED },
    { "aud empty array",                   "{" ISS "\"aud\":[]," EXP SCOPE CNF "}",                          ERR_NOT_AUTHORIZED },
    { "no aud",                            "{" ISS EXP SCOPE CNF "}",                                        ERR_NOT_AUTHORIZED },
    { "aud a prefix",                      "{" ISS "\"aud\":\"broker\"," EXP SCOPE CNF "}",                  ERR_NOT_AUTHORIZED },
    { "aud longer",                        "{" ISS "\"aud\":\"broker11\"," EXP SCOPE CNF "}",                ERR_NOT_AUTHORIZED },
    { "aud in capitals",                   "{" ISS "\"aud\":\"BROKER1\"," EXP SCOPE CNF "}",                 ERR_NOT_AUTHORIZED },
    { "aud number",                        "{" ISS "\"aud\":1," EXP SCOPE CNF "}",                           ERR_NOT_AUTHORIZED },
    { "expired",                           "{" ISS AUD "\"exp\":1799999400," SCOPE CNF "}",                  ERR_NOT_AUTHORIZED },
    { "expired within the leeway",         "{" ISS AUD "\"exp\":1799999996," SCOPE CNF "}",                                OK },
    { "expired at the leeway's end",       "{" ISS AUD "\"exp\":1799999995," SCOPE CNF "}",                  ERR_NOT_AUTHORIZED },
    { "exp 0",                             "{" ISS AUD "\"exp\":0," SCOPE CNF "}",                           ERR_NOT_AUTHORIZED },
    { "no exp",                            "{" ISS AUD SCOPE CNF "}",                                        ERR_NOT_AUTHORIZED },
    { "exp text",                          "{" ISS AUD "\"exp\":\"1900000000\"," SCOPE CNF "}",              ERR_NOT_AUTHORIZED },
    { "exp in milliseconds",               "{" ISS AUD "\"exp\":1900000000000," SCOPE CNF "}",               ERR_NOT_AUTHORIZED },
    { "exp negative",                      "{" ISS AUD "\"exp\":-1," SCOPE CNF "}",                          ERR_NOT_AUTHORIZED },
    { "exp null",                          "{" ISS AUD "\"exp\":null," SCOPE CNF "}",                        ERR_NOT_AUTHORIZED },
    { "exp with a fraction",               "{" ISS AUD "\"exp\":1900000000.5," SCOPE CNF "}",                              OK },
    { "fraction within the last second",   "{" ISS AUD "\"exp\":1799999995.9," SCOPE CNF "}",                ERR_NOT_AUTHORIZED },
    { "EXP is not exp",                    "{" ISS AUD "\"EXP\":1900000000," SCOPE CNF "}",                  ERR_NOT_AUTHORIZED },
    { "two exp",                           "{" ISS AUD EXP "\"exp\":1," SCOPE CNF "}",                       ERR_NOT_AUTHORIZED },
    { "nbf past",                          "{\"nbf\":1799999999," ISS AUD EXP SCOPE CNF "}",                               OK },
    { "nbf within the leeway",             "{\"nbf\":1800000005," ISS AUD EXP SCOPE CNF "}",                               OK },
    { "nbf beyond the leeway",             "{\"nbf\":1800000006," ISS AUD EXP SCOPE CNF "}",                 ERR_NOT_AUTHORIZED },
    { "nbf fraction beyond the leeway",    "{\"nbf\":1800000005.1," ISS AUD EXP SCOPE CNF "}",               ERR_NOT_AUTHORIZED },
    { "exi alone needs the books",         "{\"exi\":60," ISS AUD SCOPE CNF "}",                             ERR_NOT_AUTHORIZED },
    { "no scope (A-68)",                   "{" ISS AUD EXP CNF "}",                                          ERR_NOT_AUTHORIZED },
    { "empty scope text (A-68)",           "{\"scope\":\"\"," ISS AUD EXP CNF "}",                           ERR_NOT_AUTHORIZED },
    { "empty scope array (A-68)",          "{\"scope\":\"W10\"," ISS AUD EXP CNF "}",                                      OK },
    { "scope is no base64url",             "{\"scope\":\"a b\"," ISS AUD EXP CNF "}",                        ERR_NOT_AUTHORIZED },
    { "scope is no JSON",                  "{\"scope\":\"AAAA\"," ISS AUD EXP CNF "}",                       ERR_NOT_AUTHORIZED },
    { "unknown permission",                "{\"scope\":\"W1siYSIsWyJ4Il1dXQ\"," ISS AUD EXP CNF "}",         ERR_NOT_AUTHORIZED },
    { "literal scope (A-14)",              "{\"scope\":[[\"a\",[\"pub\"]]]," ISS AUD EXP CNF "}",                          OK },
    { "authz-info in the scope",           "{\"scope\":[[\"authz-info\",[\"sub\"]]]," ISS AUD EXP CNF "}",   ERR_NOT_AUTHORIZED },
    { "our profile",                       "{\"ace_profile\":\"mqtt_tls\"," ISS AUD EXP SCOPE CNF "}",                     OK },
    { "another profile",                   "{\"ace_profile\":\"coap_dtls\"," ISS AUD EXP SCOPE CNF "}",      ERR_NOT_AUTHORIZED },
    { "profile number in JSON",            "{\"ace_profile\":3," ISS AUD EXP SCOPE CNF "}",                  ERR_NOT_AUTHORIZED },
    { "no cnf",                            "{" ISS AUD EXP SCOPE "\"sub\":\"c\"}",                           ERR_NOT_AUTHORIZED },
    { "empty cnf",                         "{" ISS AUD EXP SCOPE "\"cnf\":{}}",                              ERR_NOT_AUTHORIZED },
    { "cnf text",                          "{" ISS AUD EXP SCOPE "\"cnf\":\"x\"}",                           ERR_NOT_AUTHORIZED },
    { "cnf with a foreign member",         "{" ISS AUD EXP SCOPE "\"cnf\":{\"jwk\":" OKP ",\"foo\":1}}",                   OK },
    { "cnf by jku alone",                  "{" ISS AUD EXP SCOPE "\"cnf\":{\"jku\":\"http://x/\"}}",         ERR_NOT_AUTHORIZED },
    { "cnf thumbprint",                    "{" ISS AUD EXP SCOPE "\"cnf\":{\"x5t#S256\":\"" POP_K "\"}}",    ERR_NOT_AUTHORIZED },
    { "a symmetric key in the clear",      "{" ISS AUD EXP SCOPE "\"cnf\":{\"jwk\":" OCT "}}",               ERR_NOT_AUTHORIZED },
    { "two keys",                          "{" ISS AUD EXP SCOPE "\"cnf\":{\"jwk\":" OKP ",\"jwe\":\"a.b.c.d.e\"}}", ERR_NOT_AUTHORIZED },
    { "cnf.jwe of no shape",               "{" ISS AUD EXP SCOPE "\"cnf\":{\"jwe\":\"x\"}}",                 ERR_NOT_AUTHORIZED },
    { "claims are an array",               "[]",                                                             ERR_NOT_AUTHORIZED },
    { "claims are no JSON",                "x",                                                              ERR_NOT_AUTHORIZED },
    { "claims are empty",                  "",                                                               ERR_NOT_AUTHORIZED },
    { "trailing bytes",                    GOOD "x",                                                         ERR_NOT_AUTHORIZED },
};

enum signer { BY_AS, BY_EC, BY_MAC, BY_OTHER, BY_NOBODY, BY_AS_PUBLIC_AS_SECRET };

static const struct header {
    const char *why, *header;
    enum signer by;
    enum err want;
} headers[] = {
    { "EdDSA",                          "{\"alg\":\"EdDSA\"}",                               BY_AS,     OK },
    { "ES256",                          "{\"alg\":\"ES256\"}",                               BY_EC,     OK },
    { "HS256 with a key meant for it",  "{\"alg\":\"HS256\"}",                               BY_MAC,    OK },
    { "kid that fits",                  "{\"alg\":\"EdDSA\",\"kid\":\"as1\"}",               BY_AS,     OK },
    { "kid of another key",             "{\"alg\":\"EdDSA\",\"kid\":\"ec1\"}",               BY_AS,     ERR_NOT_AUTHORIZED },
    { "kid unknown",                    "{\"alg\":\"EdDSA\",\"kid\":\"as2\"}",               BY_AS,     ERR_NOT_AUTHORIZED },
    { "typ JWT",                        "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}",               BY_AS,     OK },
    { "typ at+jwt",                     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",            BY_AS,     OK },
    { "typ in full, lower case",        "{\"alg\":\"EdDSA\",\"typ\":\"application/jwt\"}",   BY_AS,     OK },
    { "typ of a DPoP proof",            "{\"alg\":\"EdDSA\",\"typ\":\"dpop+jwt\"}",          BY_AS,     ERR_NOT_AUTHORIZED },
    { "alg none, empty signature",      "{\"alg\":\"none\"}",                                BY_NOBODY, ERR_NOT_AUTHORIZED },
    { "alg None",                       "{\"alg\":\"None\"}",                                BY_NOBODY, ERR_NOT_AUTHORIZED },
    { "alg nOnE, right signature",      "{\"alg\":\"nOnE\"}",                                BY_AS,     ERR_NOT_AUTHORIZED },
    { "alg EdDSA, empty signature",     "{\"alg\":\"EdDSA\"}",                               BY_NOBODY, ERR_NOT_AUTHORIZED },
    { "no alg",                         "{}",                                                BY_AS,     ERR_NOT_AUTHORIZED },
    { "HS256 under the public key",     "{\"alg\":\"HS256\"}",                               BY_AS_PUBLIC_AS_SECRET, ERR_NOT_AUTHORIZED },
    { "HS256 naming the public key",    "{\"alg\":\"HS256\",\"kid\":\"as1\"}",               BY_AS_PUBLIC_AS_SECRET, ERR_NOT_AUTHORIZED },
    { "EdDSA said, ES256 made",         "{\"alg\":\"EdDSA\"}",                               BY_EC,     ERR_NOT_AUTHORIZED },
    { "ES256 said, EdDSA made",         "{\"alg\":\"ES256\"}",                               BY_AS,     ERR_NOT_AUTHORIZED },
    { "RS256",                          "{\"alg\":\"RS256\"}",                               BY_AS,     ERR_NOT_AUTHORIZED },
    { "leading blank in alg",           "{\"alg\":\" EdDSA\"}",                              BY_AS,     ERR_NOT_AUTHORIZED },
    { "unknown crit",                   "{\"alg\":\"EdDSA\",\"crit\":[\"x\"],\"x\":1}",      BY_AS,     ERR_NOT_AUTHORIZED },
    { "crit exp",                       "{\"alg\":\"EdDSA\",\"crit\":[\"exp\"],\"exp\":1}",  BY_AS,     ERR_NOT_AUTHORIZED },
    { "b64 false",                      "{\"alg\":\"EdDSA\",\"b64\":false}",                 BY_AS,     ERR_NOT_AUTHORIZED },
    { "doubled alg",                    "{\"alg\":\"none\",\"alg\":\"EdDSA\"}",              BY_AS,     ERR_NOT_AUTHORIZED },
    { "not JSON",                       "EdDSA",                                             BY_AS,     ERR_NOT_AUTHORIZED },
    { "its own key in the header",      "{\"alg\":\"EdDSA\",\"jwk\":" OKP "}",               BY_AS,     OK },
    { "signed by the other AS",         "{\"alg\":\"EdDSA\"}",                               BY_OTHER,  ERR_NOT_AUTHORIZED },
    { "the other AS, our kid",          "{\"alg\":\"EdDSA\",\"kid\":\"as1\"}",               BY_OTHER,  ERR_NOT_AUTHORIZED },
};
/* clang-format on */

static void forms(void)
{
    const struct shape *r;
    struct fix f;

    fix_init(&f);
    for (EACH_ROW(r, shapes)) {
        for (size_t s = 0; s < 2; s++) {
            struct buf t = { 0 };
            buf_format(&t, "%s%s%s", r->before, samples[s], r->after);
            CHECK_ROW(verdict(&f, buf_span(&t)) != OK, r->why);
            buf_clear(&t);
        }
    }
    CHECK(verdict(&f, span(NULL, 0)) == ERR_NOT_A_TOKEN);
    CHECK(verdict(&f, span_str("not a token")) == ERR_NOT_A_TOKEN);
    CHECK(verdict(&f, span("\xff\x00\xff", 3)) == ERR_NOT_A_TOKEN);
    CHECK(verdict(&f, span_str(GOOD)) == ERR_NOT_A_TOKEN);
    fix_clear(&f);
}

static void claims_rows(void)
{
    const struct row *r;
    struct fix f;

    fix_init(&f);
    for (EACH_ROW(r, rows)) {
        struct buf t = craft(EDDSA, r->claims, f.as);
        CHECK_ROW(verdict(&f, buf_span(&t)) == r->want, r->why);
        buf_clear(&t);
    }
    fix_clear(&f);
}

static const struct key *signer(const struct fix *f, enum signer by, const struct key *public_as_secret)
{
    switch (by) {
    case BY_AS:
        return f->as;
    case BY_EC:
        return f->ec;
    case BY_MAC:
        return f->mac;
    case BY_OTHER:
        return f->other;
    case BY_AS_PUBLIC_AS_SECRET:
        return public_as_secret;
    case BY_NOBODY:
        break;
    }
    return NULL;
}

static void header_rows(void)
{
    const struct header *r;
    struct key *confused = NULL;
    uint8_t x[64];
    struct fix f;

    fix_init(&f);
    CHECK(key_public(f.as, x) == 32 && key_oct(span(x, 32), &confused) == OK);
    for (EACH_ROW(r, headers)) {
        struct buf t = craft(r->header, GOOD, signer(&f, r->by, confused));
        CHECK_ROW(verdict(&f, buf_span(&t)) == r->want, r->why);
        buf_clear(&t);
    }
    key_free(confused);
    fix_clear(&f);
}

/* [R-VAL-04] both are trusted, each for its own name. */
static void issuers(void)
{
    struct fix f;

    fix_init(&f);
    struct buf own = craft(EDDSA, "{\"iss\":\"AS2\"," AUD EXP SCOPE CNF "}", f.other);
    struct buf foreign = craft(EDDSA, GOOD, f.other);
    struct buf implied = craft(EDDSA, "{" AUD EXP SCOPE CNF "}", f.other);
    struct claims *c = NULL;
    CHECK(verdict(&f, buf_span(&own)) == OK);
    CHECK(verdict(&f, buf_span(&foreign)) == ERR_NOT_AUTHORIZED);
    CHECK(opens(&f, buf_span(&implied), &c) == OK && span_is(buf_span(&claims_set(c)->iss), "AS2"));
    claims_free(c);
    f.trust.issuer_count = 1;
    CHECK(verdict(&f, buf_span(&own)) == ERR_NOT_AUTHORIZED);
    f.trust.issuer_count = 0;
    CHECK(verdict(&f, span_str(JWS_TOKEN)) == ERR_NOT_AUTHORIZED);
    buf_clear(&own);
    buf_clear(&foreign);
    buf_clear(&implied);
    fix_clear(&f);
}

/* What the options of relax, and nothing else. */
static void options(void)
{
    struct fix f;
    struct claims *c = NULL;

    fix_init(&f);
    struct buf no_aud = craft(EDDSA, "{" ISS EXP SCOPE CNF "}", f.as);
    struct buf wrong_aud = craft(EDDSA, "{" ISS "\"aud\":\"x\"," EXP SCOPE CNF "}", f.as);
    struct buf no_exp = craft(EDDSA, "{" ISS AUD SCOPE CNF "}", f.as);
    struct buf exi = craft(EDDSA, "{\"exi\":60," ISS AUD SCOPE CNF "}", f.as);
    struct buf literal = craft(EDDSA, "{\"scope\":[[\"a\",[\"pub\"]]]," ISS AUD EXP CNF "}", f.as);
    f.trust.require_aud = false;
    f.trust.scope_also = SCOPE_STRICT;
    CHECK(verdict(&f, buf_span(&no_aud)) == OK && verdict(&f, buf_span(&wrong_aud)) == ERR_NOT_AUTHORIZED);
    CHECK(verdict(&f, buf_span(&literal)) == ERR_NOT_AUTHORIZED);
    f.trust.accept_exi = true;
    CHECK(opens(&f, buf_span(&exi), &c) == OK && claims_end(c) == NOW + 60);
    claims_free(c);
    f.trust.require_exp = false;
    CHECK(opens(&f, buf_span(&no_exp), &c) == OK && claims_end(c) == INT64_MAX);
    claims_free(c);
    buf_clear(&no_aud);
    buf_clear(&wrong_aud);
    buf_clear(&no_exp);
    buf_clear(&exi);
    buf_clear(&literal);
    fix_clear(&f);
}

#define SECRET "{" ISS AUD EXP SCOPE "\"cnf\":{\"jwk\":" OCT "}}"

/* clang-format off */
static const struct wrapped {
    const char *why, *kid, *cty, *payload;
    enum err want;
} wraps[] = {
    { "a symmetric key inside",        "RS1",   NULL,  SECRET,                                             OK },
    { "a public key inside",           "RS1",   NULL,  GOOD,                                               OK },
    { "a kid alone",                   "RS1",   NULL,  "{" ISS AUD EXP SCOPE "\"cnf\":{\"kid\":\"k1\"}}",  OK },
    { "kid of the other shared key",   "RS256", NULL,  SECRET,                                             ERR_NOT_AUTHORIZED },
    { "kid unknown",                   "x",     NULL,  SECRET,                                             ERR_NOT_AUTHORIZED },
    { "cty JWT, but claims inside",    "RS1",   "JWT", SECRET,                                             ERR_NOT_AUTHORIZED },
    { "a JWS inside, but no cty",      "RS1",   NULL,  JWS_TOKEN,                                          ERR_NOT_AUTHORIZED },
    { "a JWS inside",                  "RS1",   "JWT", JWS_TOKEN,                                          OK },
    { "cty in lower case",             "RS1",   "jwt", JWS_TOKEN,                                          OK },
    { "a JWE inside a JWE",            "RS1",   "JWT", JWE_TOKEN,                                          ERR_NOT_AUTHORIZED },
    { "expired",                       "RS1",   NULL,  "{" ISS AUD "\"exp\":1," SCOPE CNF "}",             ERR_NOT_AUTHORIZED },
    { "iss of the other AS",           "RS1",   NULL,  "{\"iss\":\"AS2\"," AUD EXP SCOPE CNF "}",          ERR_NOT_AUTHORIZED },
    { "claims are no JSON",            "RS1",   NULL,  "x",                                                ERR_NOT_AUTHORIZED },
};
/* clang-format on */

static void encrypted_rows(void)
{
    const struct wrapped *r;
    struct fix f;

    fix_init(&f);
    for (EACH_ROW(r, wraps)) {
        struct buf t = encrypted(&f, f.shared, r->kid, r->cty, r->payload);
        CHECK_ROW(verdict(&f, buf_span(&t)) == r->want, r->why);
        buf_clear(&t);
    }
    struct buf foreign = encrypted(&f, f.pop, "", NULL, SECRET),
               a256 = encrypted(&f, f.shared256, "", NULL, SECRET);
    CHECK(verdict(&f, buf_span(&foreign)) == ERR_NOT_AUTHORIZED);
    CHECK(verdict(&f, buf_span(&a256)) == OK);
    buf_clear(&foreign);
    buf_clear(&a256);
    fix_clear(&f);
}

/* Signed by one AS, encrypted by another: both are trusted, but not with each other's tokens. */
static void nested_by_two(void)
{
    struct fix f;

    fix_init(&f);
    struct buf inner = craft(EDDSA, "{\"iss\":\"AS2\"," AUD EXP SCOPE CNF "}", f.other);
    CHECK(verdict(&f, buf_span(&inner)) == OK);
    struct buf outer = encrypted(&f, f.shared, "RS1", "JWT", buf_cstr(&inner));
    CHECK(verdict(&f, buf_span(&outer)) == ERR_NOT_AUTHORIZED);
    buf_clear(&inner);
    buf_clear(&outer);
    fix_clear(&f);
}

/* [R-JWT-06] */
static void cnf_jwe(void)
{
    static const struct inner {
        const char *why, *jwk;
        enum err want;
    } inners[] = {
        { "octets", OCT, OK },
        { "a public key", OKP, ERR_NOT_AUTHORIZED },
        { "a reference", "{\"kty\":\"oct\",\"kid\":\"k1\"}", ERR_NOT_AUTHORIZED },
        { "no JSON", "x", ERR_NOT_AUTHORIZED },
    }, *r;
    struct fix f;

    fix_init(&f);
    for (EACH_ROW(r, inners)) {
        struct buf jwe = encrypted(&f, f.shared, "RS1", NULL, r->jwk), json = { 0 };
        struct claims *c = NULL;
        buf_format(&json, "{" ISS AUD EXP SCOPE "\"cnf\":{\"jwe\":\"%s\"}}", buf_cstr(&jwe));
        struct buf t = craft(EDDSA, buf_cstr(&json), f.as);
        CHECK_ROW(opens(&f, buf_span(&t), &c) == r->want, r->why);
        CHECK_ROW(!c || (key_eq(claims_key(c), f.pop) && claims_set(c)->cnf.kind == CNF_KEY), r->why);
        claims_free(c);
        buf_clear(&jwe);
        buf_clear(&json);
        buf_clear(&t);
    }
    fix_clear(&f);
}

static void by_kid(void)
{
    struct fix f;
    struct claims *c = NULL;

    fix_init(&f);
    struct buf t = craft(EDDSA, "{" ISS AUD EXP SCOPE "\"cnf\":{\"kid\":\"k1\"}}", f.as);
    CHECK(opens(&f, buf_span(&t), &c) == OK);
    CHECK(c && !claims_key(c) && claims_set(c)->cnf.kind == CNF_KID);
    claims_free(c);
    buf_clear(&t);
    fix_clear(&f);
}

/* --- sealing --- */

static void set_init(struct claim_set *s, const char *cnf)
{
    struct buf json = { 0 };
    struct doc *d = NULL;

    buf_format(
        &json,
        "{" ISS "\"sub\":\"client1\"," AUD EXP "\"iat\":1800000000,\"jti\":\"t1\"," SCOPE "\"cnf\":%s}", cnf);
    CHECK(doc_read_json(buf_span(&json), &doc_limits_wire, &d, NULL) == OK);
    CHECK(claim_set_read(d, LABELS_CLAIMS, NOTATION_JSON, false, s, NULL) == OK);
    doc_free(d);
    buf_clear(&json);
}

/* clang-format off */
static const struct seal {
    const char *why, *cnf;
    enum { NO_KEY, ED, EC } sign;
    enum { NO_SHARED, A128, A256, ODD } shared;
    enum err want;
    enum jose_form form;
} seals[] = {
    { "public key: signed",                      "{\"jwk\":" OKP "}",    ED,     NO_SHARED, OK,           JOSE_JWS     },
    { "signed also when one could encrypt",      "{\"jwk\":" OKP "}",    ED,     A128,      OK,           JOSE_JWS     },
    { "ES256",                                   "{\"jwk\":" OKP "}",    EC,     NO_SHARED, OK,           JOSE_JWS     },
    { "secret: encrypted, A128GCM",              "{\"jwk\":" OCT "}",    ED,     A128,      OK,           JOSE_JWE     },
    { "secret: encrypted, A256GCM",              "{\"jwk\":" OCT "}",    NO_KEY, A256,      OK,           JOSE_JWE     },
    { "secret, but nothing shared [R-JWT-05]",   "{\"jwk\":" OCT "}",    ED,     NO_SHARED, ERR_PROTOCOL, JOSE_NEITHER },
    { "shared key of no AES size",               "{\"jwk\":" OCT "}",    ED,     ODD,       ERR_PROTOCOL, JOSE_NEITHER },
    { "kid alone: encrypted if one can (A-17)",  "{\"kid\":\"k1\"}",     ED,     A128,      OK,           JOSE_JWE     },
    { "kid alone: else signed",                  "{\"kid\":\"k1\"}",     ED,     NO_SHARED, OK,           JOSE_JWS     },
    { "nothing to sign with",                    "{\"jwk\":" OKP "}",    NO_KEY, NO_SHARED, ERR_PROTOCOL, JOSE_NEITHER },
};
/* clang-format on */

static enum cose_form as_cose(enum jose_form form)
{
    return form == JOSE_JWE ? COSE_ENCRYPT0 : COSE_SIGN1;
}

static void check_seal(struct fix *f, const struct seal *r, const struct token_protection *p)
{
    struct claim_set set;
    struct buf t = { 0 };
    struct claims *c = NULL;

    set_init(&set, r->cnf);
    CHECK_ROW(token_seal(&set, p, &f->entropy.base, &t) == r->want, r->why);
    CHECK_ROW(r->want == OK || t.n == 0, r->why);
    if (r->want == OK) {
        CHECK_ROW(p->form == TOKEN_CWT ? cose_form(buf_span(&t)) == as_cose(r->form)
                                       : jose_form(buf_span(&t)) == r->form,
                  r->why);
        CHECK_ROW(opens(f, buf_span(&t), &c) == OK, r->why);
        CHECK_ROW(c && cnf_eq(&claims_set(c)->cnf, &set.cnf) && scope_eq(claims_set(c)->scope, set.scope),
                  r->why);
        CHECK_ROW(c && span_is(buf_span(&claims_set(c)->id), "t1") && claims_set(c)->iat == NOW, r->why);
    }
    claims_free(c);
    claim_set_clear(&set);
    buf_clear(&t);
}

static void sealing(void)
{
    const struct seal *r;
    struct fix f;

    fix_init(&f);
    for (EACH_ROW(r, seals)) {
        struct key_object sign_key = { 0 }, shared = { 0 };
        struct key *const shareds[] = { NULL, f.shared, f.shared256, f.mac };
        struct token_protection p = { .sign_key = r->sign ? &sign_key : NULL,
                                      .shared = r->shared ? &shared : NULL };
        static const char *const kids[] = { "", "RS1", "RS256", "mac1" };
        if (r->sign) give(&sign_key, r->sign == ED ? f.as : f.ec, r->sign == ED ? "as1" : "ec1");
        if (r->shared) give(&shared, shareds[r->shared], kids[r->shared]);
        check_seal(&f, r, &p);
        p.form = TOKEN_CWT;
        check_seal(&f, r, &p);
        key_object_clear(&sign_key);
        key_object_clear(&shared);
    }
    fix_clear(&f);
}

/* --- how a symmetric key is carried --- */

#define NAMED "{\"jwk\":{\"kty\":\"oct\",\"kid\":\"PQJ4M_xiZ84\",\"k\":\"" POP_K "\"}}"

static struct buf sealed_as(struct fix *f, const char *cnf, enum token_form form, enum key_carriage carriage)
{
    struct key_object sign_key, shared;
    struct token_protection p = { &sign_key, &shared, form, carriage };
    struct claim_set set;
    struct buf t = { 0 };

    give(&sign_key, f->as, "as1");
    give(&shared, f->shared, "RS1");
    set_init(&set, cnf);
    CHECK(token_seal(&set, &p, &f->entropy.base, &t) == (strcmp(cnf, NAMED) == 0 ? OK : ERR_PROTOCOL));
    claim_set_clear(&set);
    key_object_clear(&sign_key);
    key_object_clear(&shared);
    return t;
}

static bool names_kid(const struct claims *c)
{
    return c && claims_set(c)->cnf.object.has_kid &&
           kid_eq(buf_span(&claims_set(c)->cnf.object.kid), span_str("PQJ4M_xiZ84"));
}

/* [R-JWT-06] [R-CWT-10] signed only, and only who shares a key with the AS can read the one inside. */
static void carried_in_cnf(void)
{
    struct fix f;

    fix_init(&f);
    for (enum token_form form = TOKEN_JWT; form <= TOKEN_CWT; form++) {
        struct buf t = sealed_as(&f, NAMED, form, KEY_IN_CNF), plain = { 0 };
        struct claims *c = NULL;
        struct claim_set peeked;
        CHECK(form == TOKEN_CWT ? cose_form(buf_span(&t)) == COSE_SIGN1
                                : jose_form(buf_span(&t)) == JOSE_JWS);
        CHECK(opens(&f, buf_span(&t), &c) == OK && key_eq(claims_key(c), f.pop) && names_kid(c));
        CHECK(token_peek(buf_span(&t), &peeked, NULL) == OK && peeked.cnf.kind == CNF_ENCRYPTED);
        CHECK(!memmem(peeked.cnf.encrypted.p, peeked.cnf.encrypted.n, key_octets(f.pop).p, 32));
        CHECK(token_show(buf_span(&t), true, &plain, NULL) == OK && plain.n);
        size_t all = f.issuers[0].decrypt_count;
        f.issuers[0].decrypt_count = 1;
        CHECK(verdict(&f, buf_span(&t)) == ERR_NOT_AUTHORIZED);
        f.issuers[0].decrypt_count = all;
        claim_set_clear(&peeked);
        claims_free(c);
        buf_clear(&plain);
        buf_clear(&t);
    }
    fix_clear(&f);
}

static void check_derived(struct fix *f, const struct buf *token, const struct key *want)
{
    struct buf text = { 0 };
    struct claims *c = NULL;

    CHECK(opens(f, buf_span(token), &c) == OK && key_eq(claims_key(c), want) && names_kid(c));
    claims_free(c);
    if (cose_form(buf_span(token)) == COSE_NEITHER) return;
    b64url_encode(&text, buf_span(token)); /* still the octets count */
    CHECK(opens(f, buf_span(&text), &c) == OK && key_eq(claims_key(c), want));
    claims_free(c);
    buf_clear(&text);
}

/* [R-PSK-15] [R-PSK-16] */
static void derived(void)
{
    struct fix f;

    fix_init(&f);
    for (enum token_form form = TOKEN_JWT; form <= TOKEN_CWT; form++) {
        struct buf t = sealed_as(&f, NAMED, form, KEY_DERIVED);
        struct claims *c = NULL;
        struct key *want = NULL;
        CHECK(opens(&f, buf_span(&t), &c) == OK && !claims_key(c) && claims_set(c)->has_iat);
        claims_free(c);
        f.issuers[0].derivation = (struct derivation){ key_ref(f.mac), 32 };
        CHECK(derive_key(&f.issuers[0].derivation, buf_span(&t), &want) == OK && !key_eq(want, f.pop));
        check_derived(&f, &t, want);
        derivation_clear(&f.issuers[0].derivation);
        key_free(want);
        buf_clear(&t);
        t = sealed_as(&f, "{\"jwk\":" OCT "}", form, KEY_DERIVED); /* no kid: ERR_PROTOCOL */
        CHECK(t.n == 0);
        buf_clear(&t);
    }
    fix_clear(&f);
}

/* --- introspection --- */

static void introspected(void)
{
    struct fix f;
    struct claim_set set;
    struct claims *c = NULL;

    fix_init(&f);
    set_init(&set, "{\"jwk\":" OCT "}");
    set.has_exp = false;
    CHECK(claims_introspected(&set, &f.trust, 0, NOW, &c, NULL) == OK && !set.has_iss);
    CHECK(c && key_eq(claims_key(c), f.pop) && claims_end(c) == INT64_MAX);
    claims_free(c);
    set_init(&set, "{\"jwk\":" OCT "}");
    CHECK(claims_introspected(&set, &f.trust, 1, NOW, &c, NULL) == ERR_NOT_AUTHORIZED && !c && !set.has_iss);
    set_init(&set, "{\"jwk\":" OCT "}");
    CHECK(claims_introspected(&set, &f.trust, 0, 1900000005, &c, NULL) == ERR_NOT_AUTHORIZED && !c);
    fix_clear(&f);
}

/* --- showing --- */

static bool holds(const struct buf *b, const char *word)
{
    return memmem(b->p, b->n, word, strlen(word)) != NULL;
}

static void showing(void)
{
    struct fix f;
    struct buf out = { 0 };

    fix_init(&f);
    CHECK(token_show(span_str(JWS_TOKEN), false, &out, NULL) == OK);
    CHECK(holds(&out, "\"EdDSA\"") && holds(&out, "\"broker1\"") && holds(&out, POP_X) &&
          holds(&out, "\"topic2/#\""));
    buf_clear(&out);
    CHECK(token_show(span_str(JWE_TOKEN), false, &out, NULL) == OK);
    CHECK(holds(&out, "\"A128GCM\"") && !holds(&out, "broker1"));
    buf_clear(&out);
    struct buf t = craft(EDDSA, SECRET, f.as);
    CHECK(token_show(buf_span(&t), false, &out, NULL) == OK && !holds(&out, POP_K) && holds(&out, "\"oct\""));
    buf_clear(&out);
    CHECK(token_show(buf_span(&t), true, &out, NULL) == OK && holds(&out, POP_K));
    buf_clear(&out);
    CHECK(token_show(span_str("x"), true, &out, NULL) == ERR_NOT_A_TOKEN && out.n == 0);
    CHECK(token_show(span_str("e30.x.x"), true, &out, NULL) == ERR_NOT_A_TOKEN && out.n == 0);
    buf_clear(&t);
    buf_clear(&out);
    fix_clear(&f);
}

CU_TestInfo token_tests[] = {
    { "vectors", vectors },
    { "every truncation is refused", truncations },
    { "every flipped character is refused", flips },
    { "forms", forms },
    { "claims", claims_rows },
    { "headers", header_rows },
    { "issuers", issuers },
    { "options", options },
    { "encrypted", encrypted_rows },
    { "nested by two issuers", nested_by_two },
    { "cnf.jwe", cnf_jwe },
    { "by kid", by_kid },
    { "sealing", sealing },
    { "a key encrypted in cnf", carried_in_cnf },
    { "a key derived from the token", derived },
    { "introspected", introspected },
    { "showing", showing },
    CU_TEST_INFO_NULL,
};
