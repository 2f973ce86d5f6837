#include "as/as.h"
#include "as/introspect.h"
#include "as/issue.h"
#include "as/login.h"
#include "as/trl.h"
#include "common/crypto/hash.h"

#include <stdlib.h>

struct as {
    struct as_setup setup;
    struct login_throttle throttle;
    int64_t swept; /* when the ledger was */
};

enum { SWEEP_SECONDS = 600 };

/* One request on its way through an endpoint. */
struct visit {
    struct as *as;
    const struct http_request *in;
    const struct tls_facts *peer;
    int64_t now;
    struct http_response *out;
    unsigned may_wait; /* seconds; as_handle_or_wait() */
    unsigned waits;
};

typedef void endpoint(struct visit *v);
static endpoint token_endpoint, introspection_endpoint, revocation_endpoint, trl_endpoint, metadata, jwks,
    ready;

static const struct route {
    const char *path, *method;
    endpoint *serve;
} routes[] = {
    /* path                                      method  serve             source                     */
    { "/token", "POST", token_endpoint },                           /* RFC 9200 5.8 [R-TOK-02]    */
    { "/introspect", "POST", introspection_endpoint },              /* RFC 9200 5.9 [R-INT-06]    */
    { "/revoke", "POST", revocation_endpoint },                     /* RFC 7009 2 [R-INT-28]      */
    { NULL, "GET", trl_endpoint },                                  /* RFC 9770 5; setup.trl.path */
    { "/.well-known/oauth-authorization-server", "GET", metadata }, /* RFC 8414                   */
    { "/jwks.json", "GET", jwks },                                  /* RFC 7517 5                 */
    { "/health/ready", "GET", ready },
};

static void header(struct visit *v, const char *name, const char *value)
{
    http_header_add(&v->out->headers, name, span_str(value));
}

/* [R-TOK-35] [R-TERR-13] nothing the token endpoint says may be kept by a cache. */
static void no_store(struct visit *v)
{
    header(v, "Cache-Control", "no-store");
    header(v, "Pragma", "no-cache");
}

/* --- errors --- */

static void fail(struct visit *v, enum err e, enum media m, const char *why)
{
    v->out->status = err_wire(e)->http;
    buf_truncate(&v->out->body, 0);
    if (error_write(e, why, m, &v->out->body) != OK) {
        v->out->status = 500;
        buf_truncate(&v->out->body, 0);
    }
    if (v->out->body.n) header(v, "Content-Type", media_name(media_answer(m)));
    if (v->out->status == 401)
        header(v, "WWW-Authenticate", "Basic realm=\"ace-as\", charset=\"UTF-8\""); /* [R-TERR-04] */
    if (e == ERR_RATE) header(v, "Retry-After", "60");
    if (e == ERR_UNAVAILABLE) header(v, "Retry-After", "5");
}

/* */
static bool takes(const struct as_setup *s, enum media m)
{
    return m == MEDIA_FORM ? s->accept_form : m != MEDIA_JSON || s->accept_json;
}

/* In which notation the body is, and so the answer. */
static enum err read_media(const struct visit *v, enum media *out, struct fault *why)
{
    struct span type;

    if (http_header(&v->in->headers, "Content-Type", &type) && media_read(type, out) &&
        takes(&v->as->setup, *out))
        return OK;
    fault_set(why, 0, "Content-Type: application/ace+json, application/ace+cbor, application/json or form");
    return ERR_MEDIA_TYPE;
}

/* --- POST /token --- */

struct token_visit {
    enum media media;
    const struct as_client *client;
    struct token_request request;
    struct token_response response;
    struct fault why;
};

/* [R-IOP-01] who did not say who he is learns nothing about his body. */
static enum err read_request(struct visit *v, struct token_visit *t)
{
    struct login_from login = { v->as->setup.registry, &v->as->throttle, v->in, v->peer, v->now };

    TRY(login_by_transport(&login, &t->client));
    enum err e = v->as->setup.compat_draft02
                     ? token_request_read_draft02(buf_span(&v->in->body), t->media, &t->request, &t->why)
                     : token_request_read(buf_span(&v->in->body), t->media, &t->request, &t->why);
    if (e != OK && !t->client) return ERR_INVALID_CLIENT;
    TRY(e);
    return login_by_body(&login, &t->request, &t->client);
}

static enum err serve_request(struct visit *v, struct token_visit *t)
{
    const struct as_setup *s = &v->as->setup;

    TRY(read_media(v, &t->media, &t->why));
    TRY(read_request(v, t));
    struct issue_from from = {
        .issuer = s->issuer,
        .lifetime = s->lifetime,
        .trust_req_cnf = s->trust_req_cnf,
        .sign_key = s->sign_key,
        .registry = s->registry,
        .ledger = s->ledger,
        .entropy = s->entropy,
        .now = v->now,
        .client = t->client,
        .tls_key = v->peer->peer_key,
        .notation = media_notation(t->media),
    };
    TRY(issue_token(&from, &t->request, &t->response, &t->why));
    return token_response_write(&t->response, t->media, &v->out->body);
}

static void log_token(struct visit *v, const struct token_visit *t, enum err e)
{
    struct hash_hint hint = hash_hint(buf_span(&t->response.access_token));
    struct log *log = v->as->setup.log;
    struct span client = span_str(t->client ? t->client->id : "");

    if (e == OK) {
        log_event(log, LOG_INFO, "token.issued", LOG_SPAN("client", client),
                  LOG_SPAN("audience", buf_span(&t->request.audience)), LOG_STR("token", hint.text),
                  LOG_INT("expires_in", t->response.expires_in));
    } else {
        log_event(log, LOG_WARN, "token.refused", LOG_SPAN("client", client),
                  LOG_STR("error", err_wire(e)->words), LOG_STR("why", t->why.why));
    }
}

static void token_endpoint(struct visit *v)
{
    struct token_visit t = { .media = MEDIA_ACE_JSON };

    no_store(v);
    enum err e = serve_request(v, &t);
    log_token(v, &t, e);
    if (e == OK) {
        header(v, "Content-Type", media_name(media_answer(t.media)));
    } else {
        fail(v, e, t.media, t.why.why[0] ? t.why.why : NULL);
    }
    token_request_clear(&t.request);
    token_response_clear(&t.response);
}

/* --- POST /introspect, POST /revoke: a token is presented by who may --- */

struct presented {
    enum media media;
    const struct as_client *caller;
    struct introspection_request request;
    struct fault why;
};

/* Both take what RFC 7662 2.1 and RFC 7009 2.1 have in common: a token, and a hint that decides nothing [R-INT-08]. */
static enum err read_presented(struct visit *v, struct presented *p)
{
    struct login_from login = { v->as->setup.registry, &v->as->throttle, v->in, v->peer, v->now };

    TRY(read_media(v, &p->media, &p->why));
    enum err e = login_by_transport(&login, &p->caller);
    if (e != OK) p->caller = NULL; /* also where TLS named somebody */
    TRY(e);
    if (!p->caller) return ERR_INVALID_CLIENT; /* [R-INT-03] [R-INT-17] */
    return introspection_request_read(buf_span(&v->in->body), p->media, &p->request, &p->why);
}

static const struct as_broker *broker_of(const struct visit *v, const struct as_client *caller)
{
    return caller && caller->enabled && caller->broker
               ? registry_broker(v->as->setup.registry, span_str(caller->broker))
               : NULL;
}

static enum err answer_introspection(struct visit *v, const struct presented *p,
                                     const struct as_broker *broker)
{
    const struct as_setup *s = &v->as->setup;
    struct introspect_from from = { s->issuer, s->sign_key, s->ledger, broker, v->now, s->registry };
    struct introspection_response answer;

    TRY(introspect(&from, &p->request, &answer));
    enum err e = introspection_response_write(&answer, p->media, &v->out->body);
    log_event(s->log, LOG_INFO, "introspected", LOG_SPAN("caller", span_str(p->caller->id)),
              LOG_STR("token", hash_hint(buf_span(&p->request.token)).text),
              LOG_BOOL("active", answer.active));
    introspection_response_clear(&answer);
    return e;
}

static void introspection_endpoint(struct visit *v)
{
    struct presented p = { .media = MEDIA_ACE_JSON };

    no_store(v);
    enum err e = read_presented(v, &p);
    const struct as_broker *broker = broker_of(v, p.caller);
    if (p.caller && !broker) {
        v->out->status = 403; /* [R-INT-18] nothing is said */
    } else {
        if (e == OK) e = answer_introspection(v, &p, broker);
        if (e == OK) header(v, "Content-Type", media_name(media_answer(p.media)));
        if (e != OK) fail(v, e, p.media, p.why.why[0] ? p.why.why : NULL);
    }
    introspection_request_clear(&p.request);
}

/* [R-INT-28] What nobody knows, or was revoked before, is 200 too (RFC 7009 2.2); what is another client's is left alone, and said so (2.1). */
static void revocation_endpoint(struct visit *v)
{
    struct presented p = { .media = MEDIA_ACE_JSON };
    uint8_t hash[SHA256_SIZE];
    bool done;

    no_store(v);
    enum err e = read_presented(v, &p);
    if (e == OK) {
        sha256(buf_span(&p.request.token), hash);
        e = ledger_revoke(v->as->setup.ledger, hash, span_str(p.caller->id), v->now, &done);
        if (e == ERR_INVALID_GRANT) fault_set(&p.why, 0, "the token was issued to another client");
        log_event(v->as->setup.log, LOG_INFO, "revocation", LOG_SPAN("client", span_str(p.caller->id)),
                  LOG_STR("token", hash_hint(buf_span(&p.request.token)).text), LOG_BOOL("done", done),
                  LOG_STR("why", e == OK ? "" : err_wire(e)->words));
    }
    if (e != OK) fail(v, e, p.media, p.why.why[0] ? p.why.why : NULL);
    introspection_request_clear(&p.request);
}

/* --- GET, the list of revoked tokens --- */

/* A broker asks for its audience, everybody else for himself [RFC 9770 5, 6]. */
static enum err serve_trl(struct visit *v)
{
    const struct as_setup *s = &v->as->setup;
    struct login_from login = { s->registry, &v->as->throttle, v->in, v->peer, v->now };
    const struct as_client *caller = NULL;
    bool nothing_new = false;

    TRY(login_by_transport(&login, &caller));
    if (!caller || !caller->enabled) return ERR_INVALID_CLIENT;
    const struct as_broker *broker = broker_of(v, caller);
    struct trl_query q = { .text = http_query(v->in),
                           .reader = { broker ? UPDATES_BROKER : UPDATES_CLIENT,
                                       span_str(broker ? broker->audience : caller->id) },
                           .max_n = s->trl.max_n,
                           .max_diff_batch = s->trl.max_diff_batch,
                           .now = v->now };
    TRY(trl_answer(s->ledger, &q, v->out, &nothing_new));
    v->waits = broker && nothing_new ? trl_wait(&v->in->headers, v->may_wait) : 0;
    if (v->waits == 0)
        log_event(s->log, LOG_INFO, "trl", LOG_SPAN("caller", span_str(caller->id)),
                  LOG_INT("status", v->out->status), LOG_BOOL("news", !nothing_new));
    return OK;
}

static void trl_endpoint(struct visit *v)
{
    no_store(v);
    enum err e = serve_trl(v);
    if (e != OK) fail(v, e, MEDIA_ACE_CBOR, NULL);
}

/* --- what everybody may read --- */

static struct doc *words(const char *const *list, size_t n)
{
    struct doc *array = doc_new_array();

    for (size_t i = 0; i < n; i++) doc_add(array, doc_new_str(list[i]));
    return array;
}

static struct doc *url(const struct as *a, const char *path)
{
    struct buf text = { 0 };

    buf_format(&text, "%s%s", a->setup.issuer, path);
    struct doc *d = buf_failed(&text) ? NULL : doc_new_text(buf_span(&text));
    buf_clear(&text);
    return d;
}

/* Takes `d`. */
static void answer_json(struct visit *v, struct doc *d)
{
    if (!d || doc_write_json(d, &v->out->body) != OK) {
        doc_free(d);
        fail(v, ERR_NO_MEMORY, MEDIA_JSON, NULL);
        return;
    }
    doc_free(d);
    header(v, "Content-Type", "application/json");
}

static void metadata(struct visit *v)
{
    static const char *const login[] = { "client_secret_basic", "client_secret_post", "tls_client_auth",
                                         "self_signed_tls_client_auth" };
    static const char *const grants[] = { "client_credentials" }, *const profiles[] = { "mqtt_tls" };
    struct doc *d = doc_new_map();

    doc_put(d, "issuer", url(v->as, ""));
    doc_put(d, "token_endpoint", url(v->as, "/token"));
    doc_put(d, "introspection_endpoint", url(v->as, "/introspect"));
    doc_put(d, "revocation_endpoint", url(v->as, "/revoke"));
    doc_put(d, "jwks_uri", url(v->as, "/jwks.json"));
    doc_put(d, "grant_types_supported", words(grants, 1));
    doc_put(d, "response_types_supported", doc_new_array());
    doc_put(d, "token_endpoint_auth_methods_supported", words(login, 4));
    doc_put(d, "ace_profiles_supported", words(profiles, 1));
    answer_json(v, d);
}

static void jwks(struct visit *v)
{
    struct doc *set = doc_new_map(), *keys = doc_new_array();
    struct doc *key = key_object_write(v->as->setup.sign_key, NOTATION_JSON, false);

    if (key) doc_put(key, "use", doc_new_str("sig"));
    doc_add(keys, key);
    doc_put(set, "keys", keys);
    answer_json(v, set);
}

static void ready(struct visit *v)
{
    struct doc *d = doc_new_map();
    bool up = ledger_ready(v->as->setup.ledger);

    doc_put(d, "status", doc_new_str(up ? "ready" : "store not answering"));
    answer_json(v, d);
    if (!up) v->out->status = err_wire(ERR_UNAVAILABLE)->http;
}

/* --- dispatch --- */

static bool method_fits(const struct visit *v, const struct route *r)
{
    return http_method_is(v->in, r->method) ||
           (strcmp(r->method, "GET") == 0 && http_method_is(v->in, "HEAD"));
}

static bool leads_to(const struct visit *v, const struct route *r)
{
    const char *path = r->path ? r->path : v->as->setup.trl.path;

    return path && span_is(http_path(v->in), path);
}

static void dispatch(struct visit *v)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const struct route *r = &routes[i];
        if (!leads_to(v, r)) continue;
        if (method_fits(v, r)) {
            r->serve(v);
        } else { /* [R-TOK-01] */
            fail(v, ERR_HTTP_METHOD, MEDIA_JSON, NULL);
            header(v, "Allow", r->method);
        }
        return;
    }
    fail(v, ERR_NOT_FOUND, MEDIA_JSON, NULL);
}

void as_handle(struct as *a, const struct http_request *in, const struct tls_facts *peer, int64_t now,
               struct http_response *out)
{
    struct visit v = { a, in, peer, now, out, 0, 0 };

    dispatch(&v);
}

unsigned as_handle_or_wait(struct as *a, const struct http_request *in, const struct tls_facts *peer,
                           int64_t now, struct http_response *out)
{
    struct visit v = { a, in, peer, now, out, a->setup.trl.max_wait, 0 };

    dispatch(&v);
    return v.waits;
}

uint64_t as_news(const struct as *a)
{
    return ledger_news(a->setup.ledger);
}

void as_tick(struct as *a, int64_t now)
{
    bool due = now < a->swept || now - a->swept >= SWEEP_SECONDS; /* also when the clock was put back */

    if (ledger_unlist(a->setup.ledger, now) != OK)
        log_event(a->setup.log, LOG_WARN, "ledger.unlist", LOG_STR("error", "store not answering"));
    if (!due) return;
    a->swept = now;
    if (ledger_sweep(a->setup.ledger, now) != OK)
        log_event(a->setup.log, LOG_WARN, "ledger.sweep", LOG_STR("error", "store not answering"));
}

enum err as_new(const struct as_setup *setup, struct as **out)
{
    struct as *a = calloc(1, sizeof *a);
    enum err e = a ? login_throttle_init(&a->throttle, setup->failed_logins, setup->entropy) : ERR_NO_MEMORY;

    if (e != OK) {
        free(a);
        registry_free(setup->registry);
        ledger_close(setup->ledger);
        return e;
    }
    a->setup = *setup;
    if (setup->trl.max_n) ledger_remember(setup->ledger, setup->trl.max_n);
    *out = a;
    return OK;
}

void as_use_registry(struct as *a, struct registry *r)
{
    registry_free(a->setup.registry);
    a->setup.registry = r;
}

void as_free(struct as *a)
{
    if (!a) return;
    registry_free(a->setup.registry);
    ledger_close(a->setup.ledger);
    free(a);
}
