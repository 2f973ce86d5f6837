#include "as/as.h"
#include "as/config.h"
#include "common/ace/introspection.h"
#include "common/ace/params.h"
#include "common/base/file.h"
#include "common/codec/text.h"
#include "tests/check.h"
#include "tests/programs_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A server with two clients and three brokers, its keys in a folder of its own; no socket, any clock. */
enum { NOW = 1800000000 };

struct world {
    char dir[32];
    struct as_config config;
    struct as *as;
    struct entropy_seeded entropy;
    struct key *shared, *alice_key, *other_key;
};

static const char configuration[] =
    "{ \"issuer\": \"https://as.example\", \"store\": \":memory:\", // comments are fine\n"
    "  \"tls\": { \"key\": \"as.jwk\" }, \"token\": { \"signing_key\": \"as.jwk\", \"lifetime\": 600 },\n"
    "  \"clients\": [ { \"id\": \"alice\", \"secret\": \"wonder land\", \"keys\": [\"alice.jwk\"] },\n"
    "                 { \"id\": \"bob\", \"secret\": \"builder\", \"default_audience\": \"broker1\", "
    "\"default_scope\": \"sub:b\" },\n"
    "                 { \"id\": \"rs\", \"secret\": \"r\", \"broker\": \"refers\" },\n"
    "                 { \"id\": \"rs1\", \"secret\": \"r1\", \"broker\": \"broker1\" },\n"
    "                 { \"id\": \"mallory\", \"secret\": \"m\", \"enabled\": false },\n"
    "                 { \"id\": \"coap\", \"secret\": \"c\", \"profiles\": [\"coap_dtls\"] } ],\n"
    "  \"brokers\": [ { \"audience\": \"broker1\", \"shared_key\": \"shared.jwk\", \"keys\": "
    "[\"broker.jwk\"] },\n"
    "                 { \"audience\": \"psk-only\", \"shared_key\": \"shared.jwk\", \"pop_keys\": "
    "[\"symmetric\"] },\n"
    "                 { \"audience\": \"refers\", \"token_format\": \"reference\", \"pop_keys\": "
    "[\"symmetric\"] },\n"
    "                 { \"audience\": \"rpk-only\", \"keys\": [\"broker.jwk\"] } ],\n"
    "  \"policies\": [ { \"client\": \"alice\", \"audience\": \"broker1\", \"allow\": \"pub:a/# sub:a/#\", "
    "\"lifetime\": 300 },\n"
    "                  { \"client\": \"alice\", \"audience\": \"psk-only\", \"allow\": \"pub:a\" },\n"
    "                  { \"client\": \"alice\", \"audience\": \"refers\", \"allow\": \"pub:a/#\" },\n"
    "                  { \"client\": \"alice\", \"audience\": \"rpk-only\", \"allow\": \"pub:a\" },\n"
    "                  { \"client\": \"bob\", \"audience\": \"broker1\", \"allow\": \"sub:b\" } ] }\n";

static void put(const struct world *w, const char *name, struct span bytes)
{
    struct buf message = { 0 };
    char path[64];

    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    if (file_write(path, bytes, 0600, &message) != OK) abort();
    buf_clear(&message);
}

static void put_jwk(const struct world *w, const char *name, struct key *k)
{
    struct key_object object = { .key = k };
    struct doc *d = key_object_write(&object, NOTATION_JSON, true);
    struct buf text = { 0 };

    if (doc_write_json(d, &text) != OK) abort();
    put(w, name, buf_span(&text));
    buf_clear(&text);
    doc_free(d);
}

static struct world world_make(void)
{
    struct world w = { .dir = "/tmp/ace-as-XXXXXX", .entropy = entropy_seeded(7) };
    struct key *server = NULL, *broker = NULL;
    struct buf message = { 0 };
    static char path[64];

    if (!mkdtemp(w.dir)) abort();
    if (key_generate(KEY_OCT, &w.shared) || key_generate(KEY_ED25519, &w.alice_key) ||
        key_generate(KEY_P256, &w.other_key) || key_generate(KEY_ED25519, &server) ||
        key_generate(KEY_P256, &broker)) {
        abort();
    }
    put_jwk(&w, "shared.jwk", w.shared);
    put_jwk(&w, "alice.jwk", w.alice_key);
    put_jwk(&w, "as.jwk", server);
    put_jwk(&w, "broker.jwk", broker);
    put(&w, "as.json", span_str(configuration));
    snprintf(path, sizeof path, "%s/as.json", w.dir);
    enum err e = as_config_read(path, &w.config, &message);
    CHECK_ROW(e == OK, buf_cstr(&message));
    if (e != OK) abort();
    buf_clear(&message);
    key_free(server);
    key_free(broker);
    return w;
}

/* The core comes second, as its entropy must stay where it is. */
static void world_start(struct world *w)
{
    struct ledger *ledger = NULL;
    struct fault why;

    if (ledger_open(":memory:", &ledger, &why) != OK) abort();
    struct as_setup setup = { .issuer = w->config.issuer,
                              .lifetime = w->config.lifetime,
                              .accept_form = w->config.accept_form,
                              .accept_json = w->config.accept_json,
                              .compat_draft02 = w->config.compat_draft02,
                              .trust_req_cnf = w->config.trust_req_cnf,
                              .failed_logins = 3,
                              .trl = { "/revoke/trl", 8, 8, 30 },
                              .sign_key = &w->config.sign_key,
                              .registry = w->config.registry,
                              .ledger = ledger,
                              .entropy = &w->entropy.base };
    w->config.registry = NULL;
    if (as_new(&setup, &w->as) != OK) abort();
}

static void world_end(struct world *w)
{
    static const char *const files[] = { "shared.jwk", "alice.jwk", "as.jwk", "broker.jwk", "as.json" };
    char path[64];

    as_free(w->as);
    as_config_clear(&w->config);
    key_free(w->shared);
    key_free(w->alice_key);
    key_free(w->other_key);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", w->dir, files[i]);
        unlink(path);
    }
    rmdir(w->dir);
}

struct ask {
    const char *method, *target, *type, *login, *body; /* login "id:password", NULL: none */
    struct key *tls_key;
};

static struct http_response ask(struct world *w, const struct ask *q, int64_t now)
{
    struct http_request in = { .keep_alive = true };
    struct http_response out = { .status = 200, .keep_alive = true };
    struct tls_facts peer = { .peer = q->tls_key ? TLS_PEER_RPK : TLS_PEER_ANONYMOUS,
                              .peer_key = q->tls_key };
    struct buf login = { 0 };

    buf_str(&in.method, q->method ? q->method : "POST");
    buf_str(&in.target, q->target ? q->target : "/token");
    buf_str(&in.body, q->body ? q->body : "");
    if (q->type) http_header_add(&in.headers, "Content-Type", span_str(q->type));
    if (q->login) {
        buf_str(&login, "Basic ");
        b64_encode(&login, span_str(q->login));
        http_header_add(&in.headers, "Authorization", buf_span(&login));
    }
    as_handle(w->as, &in, &peer, now, &out);
    http_request_clear(&in);
    buf_clear(&login);
    return out;
}

/* The word of an error body; "" if it is none. */
static const char *error_word(const struct http_response *r, struct error_response *e)
{
    *e = (struct error_response){ 0 };
    return error_read(buf_span(&r->body), MEDIA_ACE_JSON, e) == OK ? buf_cstr(&e->error) : "";
}

#define JSON "application/ace+json"
#define FORM "application/x-www-form-urlencoded"
/* base64url of [["a/b",["pub"]]], [["z",["pub"]]], [["a/b",["pub"]],["z",["pub"]]], [["a/b",["pub","fly"]]] */
#define SCOPE_AB  "W1siYS9iIixbInB1YiJdXV0"
#define SCOPE_Z   "W1sieiIsWyJwdWIiXV1d"
#define SCOPE_ABZ "W1siYS9iIixbInB1YiJdXSxbInoiLFsicHViIl1dXQ"
#define SCOPE_FLY "W1siYS9iIixbInB1YiIsImZseSJdXV0"
#define ALICE     "alice:wonder+land"
#define OCT       "{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}}"

static void refuses(void)
{
    static const struct row {
        const char *why;
        struct ask q;
        unsigned status;
        const char *error;
    } rows[] = {
        { "R-TOK-01: GET", { "GET", NULL, JSON, ALICE, "{}", NULL }, 405, "" },
        { "unknown place", { "POST", "/tokens", JSON, ALICE, "{}", NULL }, 404, "" },
        { "media type", { NULL, NULL, "text/plain", ALICE, "{}", NULL }, 415, "invalid_request" },
        { "[L6] media type, all else good", { NULL, NULL, "text/plain", ALICE, "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_AB "\"}", NULL }, 415, "invalid_request" },
        { "no media type", { NULL, NULL, NULL, ALICE, "{}", NULL }, 415, "invalid_request" },
        { "R-IOP-01: nobody", { NULL, NULL, JSON, NULL, "\xff\x01", NULL }, 401, "invalid_client" },
        { "nobody, good body", { NULL, NULL, JSON, NULL, "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_AB "\"}", NULL }, 401, "invalid_client" },
        { "R-TERR-04: wrong password", { NULL, NULL, JSON, "bob:x", "{}", NULL }, 401, "invalid_client" },
        { "unknown client", { NULL, NULL, JSON, "eve:x", "{}", NULL }, 401, "invalid_client" },
        { "password of another", { NULL, NULL, JSON, "bob:wonder+land", "{}", NULL }, 401, "invalid_client" },
        { "bad escape", { NULL, NULL, JSON, "alice:wonder%2", "{}", NULL }, 401, "invalid_client" },
        { "client_id of another", { NULL, NULL, JSON, ALICE, "{\"client_id\":\"bob\"}", NULL }, 401, "invalid_client" },
        { "R-TERR-09: empty", { NULL, NULL, JSON, ALICE, "", NULL }, 400, "invalid_request" },
        { "R-TERR-09: cut", { NULL, NULL, JSON, ALICE, "{\"audience\":", NULL }, 400, "invalid_request" },
        { "R-TOK-40: doubled", { NULL, NULL, JSON, ALICE, "{\"audience\":\"broker1\",\"audience\":\"broker1\"}", NULL }, 400, "invalid_request" },
        { "R-IOP-03: no audience", { NULL, NULL, JSON, ALICE, "{\"scope\":\"" SCOPE_AB "\"}", NULL }, 400, "invalid_request" },
        { "unknown audience", { NULL, NULL, JSON, ALICE, "{\"audience\":\"b\",\"scope\":\"" SCOPE_AB "\"}", NULL }, 400, "invalid_request" },
        { "R-IOP-08: no scope", { NULL, NULL, JSON, ALICE, "{\"audience\":\"broker1\"}", NULL }, 400, "invalid_scope" },
        { "R-TERR-08: permission", { NULL, NULL, JSON, ALICE, "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_FLY "\"}", NULL }, 400, "invalid_scope" },
        { "R-TERR-08: no AIF", { NULL, NULL, JSON, ALICE, "{\"audience\":\"broker1\",\"scope\":\"read write\"}", NULL }, 400, "invalid_scope" },
        { "R-IOP-11: not allowed", { NULL, NULL, JSON, ALICE, "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_Z "\"}", NULL }, 400, "invalid_scope" },
        { "R-TOK-49: no policy", { NULL, NULL, JSON, "bob:builder", "{\"audience\":\"psk-only\",\"scope\":\"" SCOPE_AB "\"}", NULL }, 400, "invalid_scope" },
        { "R-TERR-07: password", { NULL, NULL, JSON, ALICE, "{\"grant_type\":\"password\",\"audience\":\"broker1\"}", NULL }, 400, "unsupported_grant_type" },
        { "refresh", { NULL, NULL, JSON, ALICE, "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"x\"}", NULL }, 400, "unsupported_grant_type" },
        { "R-TERR-14: barred", { NULL, NULL, JSON, "mallory:m", "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_AB "\"}", NULL }, 400, "unauthorized_client" },
        { "R-TERR-06: profile", { NULL, NULL, JSON, "coap:c", "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_AB "\"}", NULL }, 400, "incompatible_ace_profiles" },
        { "R-TOK-24: own secret", { NULL, NULL, JSON, ALICE, "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_AB "\",\"req_cnf\":" OCT "}", NULL }, 400, "invalid_request" },
        { "R-TERR-10: unknown kid", { NULL, NULL, JSON, ALICE, "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_AB "\",\"req_cnf\":{\"kid\":\"nope\"}}", NULL }, 400, "unsupported_pop_key" },
        { "symmetric, broker has none", { NULL, NULL, JSON, ALICE, "{\"audience\":\"rpk-only\",\"scope\":\"" SCOPE_Z "\"}", NULL }, 400, "invalid_scope" },
    }, *r;
    struct world w = world_make();

    world_start(&w);
    for (EACH_ROW(r, rows)) {
        struct http_response got = ask(&w, &r->q, NOW + 60 * (r - rows));
        struct error_response e;
        struct span value;
        CHECK_ROW(got.status == r->status, r->why);
        CHECK_ROW(strcmp(error_word(&got, &e), r->error) == 0, r->why);
        CHECK_ROW((got.status == 401) == http_header(&got.headers, "WWW-Authenticate", &value), r->why);
        CHECK_ROW((got.status == 405) == http_header(&got.headers, "Allow", &value), r->why);
        if (*r->error)
            CHECK_ROW(http_header(&got.headers, "Cache-Control", &value) && span_is(value, "no-store"),
                      r->why);
        error_response_clear(&e);
        http_response_clear(&got);
    }
    world_end(&w);
}

/* Opens the token as broker1 does. */
static struct claims *open_token(const struct world *w, const struct token_response *t, int64_t now)
{
    struct span audience = span_str("broker1");
    struct token_issuer issuer = { .verify_count = 1,
                                   .verify = { w->config.sign_key },
                                   .decrypt_count = 1,
                                   .decrypt = { { .key = w->shared } } };
    struct token_trust trust = { .issuer_count = 1,
                                 .issuers = &issuer,
                                 .require_aud = true,
                                 .require_exp = true,
                                 .audience_count = 1,
                                 .audiences = &audience };
    struct claims *c = NULL;
    struct fault why = { 0 };

    buf_str(&issuer.iss, "https://as.example");
    CHECK_ROW(token_open(buf_span(&t->access_token), &trust, now, &c, &why) == OK, why.why);
    buf_clear(&issuer.iss);
    return c;
}

static struct token_response grant(struct world *w, const struct ask *q, int64_t now)
{
    struct http_response got = ask(w, q, now);
    struct token_response t = { 0 };
    struct fault why = { 0 };

    CHECK_ROW(got.status == 200, q->body);
    CHECK_ROW(token_response_read(buf_span(&got.body), MEDIA_ACE_JSON, SCOPE_LENIENT, &t, &why) == OK,
              q->body);
    http_response_clear(&got);
    return t;
}

static void grants_symmetric(void)
{
    struct world w = world_make();
    struct ask q = { .type = JSON,
                     .login = ALICE,
                     .body = "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_ABZ
                             "\",\"ace_profile\":\"\",\"cnonce\":\"4KFWuz8\",\"x-unknown\":[1]}" };

    world_start(&w);
    struct token_response t = grant(&w, &q, NOW);
    struct claims *c = open_token(&w, &t, NOW);
    CHECK(t.is_pop && t.expires_in == 300);
    CHECK(t.has_profile && t.profile_is_mqtt_tls);   /* [R-TOK-07] */
    CHECK(t.has_scope && scope_count(t.scope) == 1); /* [R-TOK-37] */
    CHECK(t.has_cnf && !t.has_rs_cnf);               /* [R-TOK-14] [R-TOK-16] */
    CHECK(c && key_eq(claims_key(c), t.cnf.object.key) && claims_end(c) == NOW + 300);
    CHECK(c && scope_eq(claims_set(c)->scope, t.scope) && claims_set(c)->has_cnonce);
    CHECK(jose_form(buf_span(&t.access_token)) == JOSE_JWE); /* [R-JWT-05] */

    struct buf again = { 0 }; /* [R-TOK-25] the same key by its kid */
    buf_format(&again, "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_AB "\",\"req_cnf\":{\"kid\":\"%s\"}}",
               buf_cstr(&t.cnf.object.kid));
    q.body = buf_cstr(&again);
    struct token_response second = grant(&w, &q, NOW + 299);
    CHECK(second.has_cnf && key_eq(second.cnf.object.key, t.cnf.object.key));
    struct token_response third = grant(&w, &q, NOW + 700); /* it ended: a new key */
    CHECK(third.has_cnf && !key_eq(third.cnf.object.key, t.cnf.object.key));

    token_response_clear(&t);
    token_response_clear(&second);
    token_response_clear(&third);
    claims_free(c);
    buf_clear(&again);
    world_end(&w);
}

static struct introspection_response look_up(struct world *w, const char *login, const struct buf *token,
                                             int64_t now)
{
    struct introspection_response out = { 0 };
    struct fault why = { 0 };
    struct buf body = { 0 };

    buf_format(&body, "{\"token\":\"%.*s\"}", (int)token->n, (const char *)token->p);
    struct ask q = { .target = "/introspect", .type = JSON, .login = login, .body = buf_cstr(&body) };
    struct http_response got = ask(w, &q, now);
    CHECK_ROW(got.status == 200, login);
    CHECK_ROW(introspection_response_read(buf_span(&got.body), MEDIA_ACE_JSON, false, &out, &why) == OK,
              why.why);
    http_response_clear(&got);
    buf_clear(&body);
    return out;
}

/* A token by reference. */
static const struct ask for_reference = { .type = JSON,
                                          .login = ALICE,
                                          .body = "{\"audience\":\"refers\",\"scope\":\"" SCOPE_AB "\"}" };

/* A broker without a shared key gets symmetric keys all the same: no token carries them, TLS does. */
static void grants_references(void)
{
    static const struct row {
        const char *why, *login;
        int64_t after;
        bool active;
    } rows[] = {
        { "at once", "rs:r", 0, true },
        { "in its last second", "rs:r", 599, true },
        { "R-INT-20: ended", "rs:r", 600, false },
        { "R-INT-05: another broker asks", "rs1:r1", 0, false },
    }, *r;
    struct world w = world_make();

    world_start(&w);
    struct token_response t = grant(&w, &for_reference, NOW), second = grant(&w, &for_reference, NOW);
    CHECK(t.has_cnf && t.access_token.n == 43);
    CHECK(!span_eq(buf_span(&t.access_token), buf_span(&second.access_token)));
    for (EACH_ROW(r, rows)) {
        struct introspection_response got = look_up(&w, r->login, &t.access_token, NOW + r->after);
        const struct claim_set *c = &got.claims;
        CHECK_ROW(got.active == r->active && c->has_scope == r->active, r->why);
        if (got.active) {
            CHECK_ROW(c->cnf.object.key && key_eq(c->cnf.object.key, t.cnf.object.key), r->why);
            CHECK_ROW(c->exp == NOW + 600 && claim_set_for(c, span_str("refers")), r->why);
            CHECK_ROW(span_is(buf_span(&c->client_id), "alice") && c->profile_is_mqtt_tls, r->why);
        }
        introspection_response_clear(&got);
    }
    as_tick(w.as, NOW + 601);
    struct introspection_response gone =
        look_up(&w, "rs:r", &t.access_token, NOW); /* its claims are forgotten */
    CHECK(!gone.active);
    introspection_response_clear(&gone);
    token_response_clear(&t);
    token_response_clear(&second);
    world_end(&w);
}

/* The registry is read anew, with this in the place of that. */
static void reregister(struct world *w, const char *from, const char *to)
{
    struct as_config fresh;
    struct buf message = { 0 };
    char path[64];

    put(w, "as.json", span_str(configuration));
    file_edit(w->dir, "as.json", from, to, "as.json");
    snprintf(path, sizeof path, "%s/as.json", w->dir);
    CHECK_ROW(as_config_read(path, &fresh, &message) == OK, buf_cstr(&message));
    as_use_registry(w->as, fresh.registry);
    fresh.registry = NULL;
    as_config_clear(&fresh);
    buf_clear(&message);
}

/* Who was barred, or removed, has no rights left; who is let in again has those of his token. */
static void forgets_clients(void)
{
    static const struct row {
        const char *from, *to;
        bool active;
    } rows[] = {
        { "\"secret\": \"wonder land\"", "\"secret\": \"wonder land\", \"enabled\": false", false },
        { "\"wonder land\"", "\"wonder land\"", true },
        { "\"alice\"", "\"alicia\"", false },
    }, *r;
    struct world w = world_make();

    world_start(&w);
    struct token_response t = grant(&w, &for_reference, NOW);
    for (EACH_ROW(r, rows)) {
        reregister(&w, r->from, r->to);
        struct introspection_response got = look_up(&w, "rs:r", &t.access_token, NOW);
        CHECK_ROW(got.active == r->active && got.claims.has_scope == r->active, r->to);
        introspection_response_clear(&got);
    }
    token_response_clear(&t);
    world_end(&w);
}

static void grants_asymmetric(void)
{
    struct world w = world_make();
    static const struct row {
        const char *why, *audience, *login;
        bool own, in_tls;
        unsigned status;
        enum key_alg alg;
    } rows[] = {
        { "registered key", "broker1", ALICE, true, false, 200, KEY_ALG_ABSENT },
        { "key shown in TLS", "broker1", ALICE, false, true, 200, KEY_ALG_ABSENT },
        { "TLS key alone logs in", "broker1", NULL, true, true, 200, KEY_ALG_ABSENT },
        { "alg of its type", "broker1", ALICE, true, false, 200, KEY_ALG_EDDSA },
        { "R-VAL-13: alg of another type", "broker1", ALICE, true, false, 400, KEY_ALG_HS256 },
        { "R-TOK-22: no evidence", "broker1", ALICE, false, false, 400, KEY_ALG_ABSENT },
        { "R-TOK-21: another client's key", "broker1", "bob:builder", true, false, 400, KEY_ALG_ABSENT },
        { "R-IOP-09: broker takes secrets only", "psk-only", ALICE, true, false, 400, KEY_ALG_ABSENT },
        { "an unregistered TLS key names nobody", "broker1", NULL, false, true, 401, KEY_ALG_ABSENT },
    }, *r;

    world_start(&w);
    for (EACH_ROW(r, rows)) {
        struct key *k = r->own ? w.alice_key : w.other_key;
        struct key_object object = { .key = k, .alg = r->alg };
        struct doc *body = doc_new_map(), *cnf = doc_new_map();
        struct buf text = { 0 };
        doc_put(cnf, "jwk", key_object_write(&object, NOTATION_JSON, false));
        doc_put(body, "audience", doc_new_str(r->audience));
        doc_put(body, "scope",
                doc_new_str(strcmp(r->audience, "broker1") == 0 && r->login && r->login[0] == 'b'
                                ? "W1siYiIsWyJzdWIiXV1d"
                                : "W1siYSIsWyJwdWIiXV1d"));
        doc_put(body, "req_cnf", cnf);
        CHECK(doc_write_json(body, &text) == OK);
        struct ask q = {
            .type = JSON, .login = r->login, .body = buf_cstr(&text), .tls_key = r->in_tls ? k : NULL
        };
        struct http_response got = ask(&w, &q, NOW);
        struct token_response t = { 0 };
        CHECK_ROW(got.status == r->status, r->why);
        if (got.status == 200) {
            CHECK_ROW(token_response_read(buf_span(&got.body), MEDIA_ACE_JSON, SCOPE_LENIENT, &t, NULL) == OK,
                      r->why);
            CHECK_ROW(t.has_rs_cnf && t.rs_cnf.kind == CNF_KEY, r->why); /* [R-TOK-18] */
            struct claims *c = open_token(&w, &t, NOW);
            CHECK_ROW(c && key_eq(claims_key(c), k), r->why);
            claims_free(c);
        }
        token_response_clear(&t);
        http_response_clear(&got);
        buf_clear(&text);
        doc_free(body);
    }
    world_end(&w);
}

static void defaults_and_forms(void)
{
    struct world w = world_make();
    struct ask q = { .type = JSON, .login = "bob:builder", .body = "{}" };
    struct ask form = { .type = FORM "; charset=utf-8",
                        .body = "grant_type=client_credentials&client_id=bob&client_secret=builder" };

    world_start(&w);
    struct token_response t = grant(&w, &q, NOW);
    CHECK(t.has_scope && t.expires_in == 600); /* [R-TOK-38] told, as it was not asked for */
    token_response_clear(&t);
    t = grant(&w, &form, NOW); /* [R-TOK-50] */
    CHECK(t.has_cnf);
    token_response_clear(&t);
    struct http_response got = ask(&w, &form, NOW);
    struct span type;
    CHECK(http_header(&got.headers, "Content-Type", &type) && span_is(type, "application/json"));
    http_response_clear(&got);
    world_end(&w);
}

/* [R-SEC-08] three wrong passwords a minute, then even the right one waits; others are not touched. */
static void throttles(void)
{
    struct world w = world_make();
    struct ask wrong = { .type = JSON, .login = "bob:x", .body = "{}" },
               right = { .type = JSON, .login = "bob:builder", .body = "{}" };
    static const unsigned want[] = { 401, 401, 401, 429 };
    struct http_response got;

    world_start(&w);
    for (size_t i = 0; i < 4; i++) {
        got = ask(&w, &wrong, NOW);
        CHECK(got.status == want[i]);
        http_response_clear(&got);
    }
    got = ask(&w, &right, NOW);
    CHECK(got.status == 429);
    http_response_clear(&got);
    got = ask(&w,
              &(struct ask){ .type = JSON,
                             .login = ALICE,
                             .body = "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_AB "\"}" },
              NOW);
    CHECK(got.status == 200);
    http_response_clear(&got);
    got = ask(&w, &right, NOW + 60);
    CHECK(got.status == 200);
    http_response_clear(&got);
    world_end(&w);
}

static void tells_about_itself(void)
{
    static const struct row {
        const char *target, *holds;
    } rows[] = {
        { "/.well-known/oauth-authorization-server", "\"token_endpoint\":\"https://as.example/token\"" },
        { "/jwks.json", "\"crv\":\"Ed25519\"" },
        { "/health/ready", "ready" },
    }, *r;
    struct world w = world_make();

    world_start(&w);
    for (EACH_ROW(r, rows)) {
        struct http_response got = ask(&w, &(struct ask){ .method = "GET", .target = r->target }, NOW);
        const char *body = buf_cstr(&got.body);
        CHECK_ROW(got.status == 200 && strstr(body, r->holds) != NULL, r->target);
        CHECK_ROW(strstr(body, "\"d\"") == NULL, r->target); /* the private part stays home */
        http_response_clear(&got);
    }
    world_end(&w);
}

#define DERIVES "\"derivation_key\": \"shared.jwk\", "

/* Also [R-PSK-18]: no two brokers derive with the same key. */
/* GET /revoke/trl by this login, which would wait; how long it shall. */
static unsigned ask_for_news(struct world *w, const char *login, const char *query, unsigned *status)
{
    struct http_request in = { 0 };
    struct http_response out = { .status = 200 };
    struct tls_facts peer = { .peer = TLS_PEER_ANONYMOUS };
    struct buf basic = { 0 };

    buf_str(&in.method, "GET");
    buf_format(&in.target, "/revoke/trl%s", query);
    buf_str(&basic, "Basic ");
    b64_encode(&basic, span_str(login));
    http_header_add(&in.headers, "Authorization", buf_span(&basic));
    http_header_add(&in.headers, "Prefer", span_str("wait=10"));
    unsigned seconds = as_handle_or_wait(w->as, &in, &peer, NOW, &out);
    *status = out.status;
    http_request_clear(&in);
    http_response_clear(&out);
    buf_clear(&basic);
    return seconds;
}

/* RFC 9770 over HTTPS: only a broker waits, only for updates, and only until there are some; a name and a password are asked for. */
static void lists_revoked(void)
{
    static const struct row {
        const char *why, *login, *query;
        unsigned status, before, after;
    } rows[] = {
        { "a broker and news", "rs1:r1", "?diff=0", 200, 10, 0 },
        { "a broker and the whole list", "rs1:r1", "", 200, 0, 0 },
        { "another broker", "rs:r", "?diff=0", 200, 10, 10 },
        { "a client", ALICE, "?diff=0", 200, 0, 0 },
        { "a broken query", "rs1:r1", "?diff=x", 400, 0, 0 },
        { "a wrong password", "rs1:x", "?diff=0", 401, 0, 0 },
        { "who is barred", "mallory:m", "?diff=0", 401, 0, 0 },
    }, *r;
    struct world w = world_make();
    struct ask grant_it = { .type = JSON,
                            .login = ALICE,
                            .body = "{\"audience\":\"broker1\",\"scope\":\"" SCOPE_AB "\"}" };
    unsigned status;

    world_start(&w);
    struct token_response t = grant(&w, &grant_it, NOW);
    for (EACH_ROW(r, rows)) {
        CHECK_ROW(ask_for_news(&w, r->login, r->query, &status) == r->before, r->why);
        CHECK_ROW(status == r->status, r->why);
    }
    struct buf body = { 0 };
    buf_format(&body, "{\"token\":\"%s\"}", buf_cstr(&t.access_token));
    uint64_t news = as_news(w.as);
    struct ask revoke_it = { .target = "/revoke", .type = JSON, .login = ALICE, .body = buf_cstr(&body) };
    struct http_response got = ask(&w, &revoke_it, NOW);
    CHECK(got.status == 200 && as_news(w.as) == news + 1);
    for (EACH_ROW(r, rows)) CHECK_ROW(ask_for_news(&w, r->login, r->query, &status) == r->after, r->why);
    http_response_clear(&got);
    got = ask(&w, &(struct ask){ .target = "/revoke/trl", .type = JSON, .login = ALICE, .body = "{}" }, NOW);
    CHECK(got.status == 405);
    http_response_clear(&got);
    token_response_clear(&t);
    buf_clear(&body);
    world_end(&w);
}

static void bad_configurations(void)
{
    static const struct row {
        const char *from, *to, *told;
    } rows[] = {
        { "\"issuer\"", "\"isuer\"", "issuer" },
        { "\"store\"", "\"trl\": { \"path\": \"trl\" }, \"store\"", "trl.path: must begin with a slash" },
        { "\"store\"", "\"trl\": { \"max_n\": 2 }, \"store\"", "trl.max_diff_batch: must not be more" },
        { "https://as.example", "http://as.example", "https" },
        { "shared.jwk", "missing.jwk", "missing.jwk: No such file" },
        { "\"client\": \"bob\"", "\"client\": \"rob\"", "no client \"rob\"" },
        { "\"id\": \"bob\"", "\"id\": \"alice\"", "doubled" },
        { "\"sub:b\" }", "\"sub:b/#/c\" }", "sub:b/#/c" },
        { "\"secret\": \"builder\", ", "", "needs a secret" },
        { "\"secret\": \"builder\"", "\"secrt\": \"builder\"", "secret" },
        { "\"secret\": \"builder\"", "\"secret\": \"\"", "secret: is empty" },
        { "\"token_format\": \"reference\"", "\"token_format\": \"jwt\"", "needs a shared_key" },
        { "\"token_format\": \"reference\"", "\"token_format\": \"opaque\"", "token_format" },
        { "\"secret\": \"m\"", "\"keys\": [\"alice.jwk\"]", "another client's" },
        { "\"tls\": { \"key\": \"as.jwk\" }", "\"tls\": { \"key\": \"shared.jwk\" }", "shared.jwk" },
        { "\"shared_key\": \"shared.jwk\",", "\"shared_key\": \"shared.jwk\", \"symmetric_key_in\": \"derived\",", "needs a derivation_key" },
        { "\"shared_key\": \"shared.jwk\",", "\"shared_key\": \"shared.jwk\", \"derivation_key\": \"shared.jwk\",", "another key than shared_key" },
        { "\"shared_key\": \"shared.jwk\",", "\"derivation_key\": \"alice.jwk\",", "derivation_key: a JWK" },
        { "\"shared_key\": \"shared.jwk\",", "\"shared_key\": \"shared.jwk\", \"derived_key_len\": 8,", "derived_key_len" },
        { "\"shared_key\": \"shared.jwk\", \"keys\": [\"broker.jwk\"] },", DERIVES "\"keys\": [\"broker.jwk\"] }, { \"audience\": \"b2\", " DERIVES "\"pop_keys\": [] },", "derivation_key: another broker has it too" },
    }, *r;
    struct world w = world_make();

    for (EACH_ROW(r, rows)) {
        struct buf text = { 0 }, message = { 0 };
        struct as_config c;
        char path[64];
        const char *at = strstr(configuration, r->from);
        CHECK_ROW(at != NULL, r->from);
        if (!at) continue;
        buf_add(&text, span(configuration, (size_t)(at - configuration)));
        buf_str(&text, r->to);
        buf_str(&text, at + strlen(r->from));
        put(&w, "bad.json", buf_span(&text));
        snprintf(path, sizeof path, "%s/bad.json", w.dir);
        CHECK_ROW(as_config_read(path, &c, &message) != OK, r->to);
        CHECK_ROW(strstr(buf_cstr(&message), r->told) != NULL, buf_cstr(&message));
        unlink(path);
        buf_clear(&text);
        buf_clear(&message);
    }
    world_end(&w);
}

CU_TestInfo as_tests[] = {
    { "refuses", refuses },
    { "grants symmetric keys", grants_symmetric },
    { "grants asymmetric keys", grants_asymmetric },
    { "grants references", grants_references },
    { "forgets clients", forgets_clients },
    { "defaults and forms", defaults_and_forms },
    { "throttles", throttles },
    { "tells about itself", tells_about_itself },
    { "lists revoked tokens", lists_revoked },
    { "bad configurations", bad_configurations },
    CU_TEST_INFO_NULL,
};
