#include "as/config.h"
#include "as/introspect.h"
#include "as/issue.h"
#include "common/ace/exi.h"
#include "common/base/file.h"
#include "common/codec/text.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the AS does for each audience as it is told: groups, exi, ace_profile and cnf, and tokens of another type. */
enum { NOW = 1800000000 };

struct bed {
    char dir[32], path[64];
    struct as_config config;
    struct ledger *ledger;
    struct entropy_seeded entropy;
    struct key *alice;
};

#define CONFIGURATION                                                                                     \
    "{ \"issuer\": \"https://as.example\", \"store\": \":memory:\", \"tls\": { \"key\": \"as.jwk\" },\n"  \
    "  \"token\": { \"signing_key\": \"as.jwk\", \"lifetime\": 600 },\n"                                  \
    "  \"clients\": [ { \"id\": \"alice\", \"secret\": \"a\", \"keys\": [\"alice.jwk\"] } ],\n"           \
    "  \"policies\": [ { \"client\": \"*\", \"audience\": \"b1\", \"allow\": \"pub:one/#\" },\n"          \
    "                  { \"client\": \"*\", \"audience\": \"b2\", \"allow\": \"pub:two/#\" } %s ],\n"     \
    "  \"brokers\": [ { \"audience\": \"b1\", \"shared_key\": \"shared.jwk\" }, { \"audience\": \"b2\" }" \
    "%s ] }\n"

static const char policies[] = ",\n { \"client\": \"*\", \"audience\": \"site\", \"allow\": \"pub:all/#\" },"
                               "\n { \"client\": \"*\", \"audience\": \"refs\", \"allow\": \"pub:all/#\" },"
                               "\n { \"client\": \"*\", \"audience\": \"jwts\", \"allow\": \"pub:all/#\" },"
                               "\n { \"client\": \"*\", \"audience\": \"cwts\", \"allow\": \"pub:all/#\" },"
                               "\n { \"client\": \"*\", \"audience\": \"told\", \"allow\": \"pub:all/#\" },"
                               "\n { \"client\": \"*\", \"audience\": \"none\", \"allow\": \"pub:all/#\" }";

static const char audiences[] =
    ",\n { \"audience\": \"site\", \"members\": [\"b1\", \"late\"] },"
    "\n { \"audience\": \"refs\", \"members\": [\"b1\", \"b2\", \"late\"], \"token_format\": \"reference\" },"
    "\n { \"audience\": \"jwts\", \"token_end\": \"exi\" },"
    "\n { \"audience\": \"cwts\", \"token_end\": \"exi\", \"token_format\": \"cwt\" },"
    "\n { \"audience\": \"told\", \"profile_in_token\": true, \"answer_public_cnf\": true, \"keys\": "
    "[\"alice.jwk\"] },"
    "\n { \"audience\": \"none\", \"token_type\": \"Bearer\" },"
    "\n { \"audience\": \"late\" }";

static void put(const struct bed *b, const char *name, struct span bytes)
{
    struct buf message = { 0 };
    char path[64];

    snprintf(path, sizeof path, "%s/%s", b->dir, name);
    if (file_write(path, bytes, 0600, &message) != OK) abort();
    buf_clear(&message);
}

static void put_key(const struct bed *b, const char *name, enum key_type type, struct key **kept)
{
    struct key_object object = { 0 };
    struct buf text = { 0 };

    if (key_generate(type, &object.key) != OK) abort();
    struct doc *d = key_object_write(&object, NOTATION_JSON, true);
    if (doc_write_json(d, &text) != OK) abort();
    put(b, name, buf_span(&text));
    if (kept) *kept = key_ref(object.key);
    key_object_clear(&object);
    buf_clear(&text);
    doc_free(d);
}

/* As the AS would start with this configuration; `message` says why not. */
static enum err bed_make(struct bed *b, const char *more_policies, const char *more_audiences,
                         struct buf *message)
{
    struct buf text = { 0 };

    *b = (struct bed){ .dir = "/tmp/ace-as-XXXXXX", .entropy = entropy_seeded(9) };
    if (!mkdtemp(b->dir)) abort();
    put_key(b, "as.jwk", KEY_ED25519, NULL);
    put_key(b, "alice.jwk", KEY_ED25519, &b->alice);
    put_key(b, "shared.jwk", KEY_OCT, NULL);
    buf_format(&text, CONFIGURATION, more_policies, more_audiences);
    put(b, "as.json", buf_span(&text));
    buf_clear(&text);
    snprintf(b->path, sizeof b->path, "%s/as.json", b->dir);
    if (ledger_open(":memory:", &b->ledger, NULL) != OK) abort();
    return as_config_read(b->path, &b->config, message);
}

static struct bed bed(void)
{
    struct buf message = { 0 };
    struct bed b;

    CHECK_ROW(bed_make(&b, policies, audiences, &message) == OK, buf_cstr(&message));
    if (!b.config.registry) abort();
    buf_clear(&message);
    return b;
}

static void bed_end(struct bed *b)
{
    static const char *const files[] = { "as.jwk", "alice.jwk", "shared.jwk", "as.json" };
    char path[64];

    as_config_clear(&b->config);
    ledger_close(b->ledger);
    key_free(b->alice);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", b->dir, files[i]);
        unlink(path);
    }
    rmdir(b->dir);
}

enum asks { ASKS_SYMMETRIC, ASKS_PUBLIC };

static enum err ask(struct bed *b, const char *audience, const char *scope, enum asks how,
                    struct token_response *out)
{
    const struct issue_from from = { .issuer = b->config.issuer,
                                     .lifetime = 600,
                                     .sign_key = &b->config.sign_key,
                                     .registry = b->config.registry,
                                     .ledger = b->ledger,
                                     .entropy = &b->entropy.base,
                                     .now = NOW,
                                     .client = registry_client(b->config.registry, span_str("alice")) };
    struct token_request in = { .grant_type = GRANT_CLIENT_CREDENTIALS,
                                .has_audience = true,
                                .has_scope = true,
                                .has_req_cnf = how == ASKS_PUBLIC };
    struct fault why = { 0 };

    *out = (struct token_response){ 0 };
    buf_str(&in.audience, audience);
    if (scope_from_words(span_str(scope), &in.scope, NULL) != OK) abort();
    if (how == ASKS_PUBLIC)
        in.req_cnf = (struct cnf){ .kind = CNF_KEY, .object = { .key = key_ref(b->alice) } };
    enum err e = issue_token(&from, &in, out, &why);
    token_request_clear(&in);
    return e;
}

static struct token_response granted(struct bed *b, const char *audience, enum asks how)
{
    struct token_response t;

    CHECK_ROW(ask(b, audience, "pub:all/x", how, &t) == OK, audience);
    return t;
}

static struct claim_set claims_of(const struct token_response *t)
{
    struct claim_set set = { 0 };
    struct fault why = { 0 };

    CHECK_ROW(token_peek(buf_span(&t->access_token), &set, &why) == OK, why.why);
    return set;
}

static struct introspection_response look_up(struct bed *b, const char *broker, const struct buf *token)
{
    const struct introspect_from from = { .issuer = b->config.issuer,
                                          .sign_key = &b->config.sign_key,
                                          .ledger = b->ledger,
                                          .broker = registry_broker(b->config.registry, span_str(broker)),
                                          .now = NOW,
                                          .registry = b->config.registry };
    struct introspection_request in = { 0 };
    struct introspection_response out;

    buf_add(&in.token, buf_span(token));
    CHECK(introspect(&from, &in, &out) == OK);
    introspection_request_clear(&in);
    return out;
}

/* [R-VAL-22] [R-TOK-17] Signed for all to verify, under the group's name and those of its members; whose key is whose, nobody could say. */
static void group(void)
{
    struct bed b = bed();
    struct token_response t = granted(&b, "site", ASKS_PUBLIC), refused;
    struct claim_set set = claims_of(&t);

    CHECK(jose_form(buf_span(&t.access_token)) == JOSE_JWS);
    CHECK(!t.has_rs_cnf && !t.has_cnf && t.is_pop);
    CHECK(set.audiences == 3 && claim_set_for(&set, span_str("site")) &&
          claim_set_for(&set, span_str("b1")) && claim_set_for(&set, span_str("late")));
    CHECK(ask(&b, "site", "pub:all/x", ASKS_SYMMETRIC, &refused) == ERR_UNSUPPORTED_POP_KEY); /* [R-VAL-23] */
    token_response_clear(&refused);
    CHECK(ask(&b, "site", "pub:one/x", ASKS_PUBLIC, &refused) ==
          ERR_INVALID_SCOPE); /* what one member allows alone */
    token_response_clear(&refused);
    CHECK(ask(&b, "refs", "pub:all/x", ASKS_SYMMETRIC, &refused) == ERR_UNSUPPORTED_POP_KEY);
    token_response_clear(&refused);
    claim_set_clear(&set);
    token_response_clear(&t);
    bed_end(&b);
}

static void check_share(struct bed *b, const char *broker, const struct buf *token, const char *topics)
{
    struct introspection_response r = look_up(b, broker, token);
    static const char *const all[] = { "all/x", "one/x", "two/x" };

    CHECK_ROW(r.active == (strchr(topics, '1') != NULL), broker);
    for (size_t i = 0; r.active && i < 3; i++)
        CHECK_ROW(scope_allows(r.claims.scope, PERM_PUB, span_str(all[i])) == (topics[i] == '1'), broker);
    introspection_response_clear(&r);
}

/* [R-INT-26] Each member is told what policies let the client do with it; whom nothing concerns hears of no token. */
static void shares(void)
{
    struct bed b = bed();
    struct token_response t, partial;

    CHECK(ask(&b, "refs", "pub:all/x pub:one/x pub:two/x", ASKS_PUBLIC, &t) == OK);
    check_share(&b, "b1", &t.access_token, "110");
    check_share(&b, "b2", &t.access_token, "101");
    check_share(&b, "late", &t.access_token, "100");
    check_share(&b, "told", &t.access_token, "000"); /* no member */
    CHECK(ask(&b, "refs", "pub:one/x", ASKS_PUBLIC, &partial) == OK);
    check_share(&b, "b1", &partial.access_token, "010");
    check_share(&b, "b2", &partial.access_token, "000");
    check_share(&b, "late", &partial.access_token, "000");
    token_response_clear(&t);
    token_response_clear(&partial);
    t = granted(&b, "site", ASKS_PUBLIC);
    check_share(&b, "b1", &t.access_token, "100");
    token_response_clear(&t);
    bed_end(&b);
}

static uint64_t number_of(struct bed *b, const char *audience)
{
    struct token_response t = granted(b, audience, ASKS_PUBLIC);
    struct claim_set set = claims_of(&t);
    uint64_t number = 0;

    CHECK(set.has_exi && set.exi == 600 && !set.has_exp && t.expires_in == 600);
    CHECK(exi_number_read(buf_span(&set.id), span_str(audience), &number) == OK);
    CHECK((set.id.n == strlen(audience) + EXI_NUMBER_SIZE) == (strcmp(audience, "cwts") == 0));
    struct introspection_response r = look_up(b, audience, &t.access_token);
    CHECK(r.active && r.claims.has_exi);
    introspection_response_clear(&r);
    claim_set_clear(&set);
    token_response_clear(&t);
    return number;
}

/* [R-VAL-17] Each audience has numbers of its own, and they grow. */
static void numbered(void)
{
    static const struct row {
        const char *audience;
        uint64_t number;
    } rows[] = { { "jwts", 1 }, { "jwts", 2 }, { "cwts", 1 }, { "jwts", 3 }, { "cwts", 2 } }, *r;
    struct bed b = bed();

    for (EACH_ROW(r, rows)) CHECK_ROW(number_of(&b, r->audience) == r->number, r->audience);
    bed_end(&b);
}

/* [R-TOK-15] [R-VAL-20] */
static void told(void)
{
    struct bed b = bed();
    struct token_response t = granted(&b, "told", ASKS_PUBLIC), plain = granted(&b, "site", ASKS_PUBLIC);
    struct claim_set set = claims_of(&t), other = claims_of(&plain);

    CHECK(t.has_cnf && t.cnf.kind == CNF_KEY && key_eq(t.cnf.object.key, b.alice) && t.has_rs_cnf);
    CHECK(set.has_profile && set.profile_is_mqtt_tls && !other.has_profile && !plain.has_cnf);
    claim_set_clear(&set);
    claim_set_clear(&other);
    token_response_clear(&t);
    token_response_clear(&plain);
    bed_end(&b);
}

/* [R-TOK-13] */
static void bearer(void)
{
    struct bed b = bed();
    struct token_response t = granted(&b, "none", ASKS_SYMMETRIC), refused;
    struct claim_set set = claims_of(&t);

    CHECK(t.has_token_type && !t.is_pop && !t.has_cnf && !t.has_rs_cnf);
    CHECK(set.cnf.kind == CNF_NONE);
    CHECK(ask(&b, "none", "pub:all/x", ASKS_PUBLIC, &refused) == ERR_UNSUPPORTED_POP_KEY);
    token_response_clear(&refused);
    claim_set_clear(&set);
    token_response_clear(&t);
    bed_end(&b);
}

static void wrong(void)
{
    static const struct row {
        const char *audience, *says;
    } rows[] = {
        { "\"members\": []", "members: an array of 1 to 15 audiences" },
        { "\"members\": \"b1\"", "members: an array of 1 to 15 audiences" },
        { "\"members\": [\"b1\", \"b1\"]", "members: doubled" },
        { "\"members\": [\"b3\"]", "members: one is no broker of this file" },
        { "\"members\": [\"x\"]", "members: one is no broker of this file" },
        { "\"members\": [1]", "must be an array of strings" },
        { "\"members\": [\"b1\"], \"shared_key\": \"shared.jwk\"", "members: a group has no keys" },
        { "\"members\": [\"b1\"], \"keys\": [\"as.jwk\"]", "members: a group has no keys" },
        { "\"members\": [\"b1\"], \"pop_keys\": [\"symmetric\"]", "pop_keys: no \"symmetric\" in a group" },
        { "\"members\": [\"b1\"], \"token_format\": \"reference\", \"pop_keys\": [\"symmetric\"]",
          "pop_keys: no \"symmetric\" in a group" },
        { "\"members\": [\"b1\"], \"token_end\": \"exi\"", "token_end: \"exi\" is for one broker" },
        { "\"token_format\": \"reference\", \"token_end\": \"exi\"", "token_end: the end of a \"reference\"" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct buf message = { 0 }, audience = { 0 };
        struct bed b;
        buf_format(&audience, ", { \"audience\": \"x\", %s }", r->audience);
        CHECK_ROW(bed_make(&b, "", buf_cstr(&audience), &message) == ERR_MALFORMED, r->audience);
        CHECK_ROW(strstr(buf_cstr(&message), r->says) != NULL, buf_cstr(&message));
        buf_clear(&message);
        buf_clear(&audience);
        bed_end(&b);
    }
}

CU_TestInfo as_audiences_tests[] = {
    { "a group of brokers", group },
    { "what each of them is shown", shares },
    { "numbers instead of exp", numbered },
    { "cnf of a public key, profile in the token", told },
    { "tokens bound to no key", bearer },
    { "configurations that cannot be", wrong },
    CU_TEST_INFO_NULL,
};
