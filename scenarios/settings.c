#include "scenarios/settings.h"

#include <stdio.h>

#include "common/base/file.h"

static enum err put(const struct settings *s, const char *name, struct span bytes, struct buf *message)
{
    char path[600];

    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    return file_write(path, bytes, 0600, message);
}

/* Takes `d`. */
static enum err put_doc(const struct settings *s, const char *name, struct doc *d, struct buf *message)
{
    struct buf text = { 0 };
    enum err e = d ? doc_write_json_pretty(d, &text) : ERR_NO_MEMORY;

    doc_free(d);
    buf_u8(&text, '\n');
    if (e == OK) e = put(s, name, buf_span(&text), message);
    buf_clear(&text);
    return e;
}

enum key_part { KEY_PART_PUBLIC, KEY_PART_PRIVATE };

static enum err put_key(const struct settings *s, const char *name, const struct key_object *k,
                        enum key_part part, struct buf *message)
{
    return put_doc(s, name, key_object_write(k, NOTATION_JSON, part == KEY_PART_PRIVATE), message);
}

static const char *client_name(unsigned number, const char *what, char out[64])
{
    snprintf(out, 64, "client%u-%s.jwk", number, what);
    return out;
}

static enum err put_client_keys(const struct settings *s, unsigned number, struct buf *message)
{
    const struct world_client *c = &s->world->client[number - 1];
    char name[64];

    TRY(put_key(s, client_name(number, "ed25519", name), &c->keys[KEY_ED25519], KEY_PART_PRIVATE, message));
    TRY(put_key(s, client_name(number, "p256", name), &c->keys[KEY_P256], KEY_PART_PRIVATE, message));
    TRY(put_key(s, client_name(number, "ed25519-public", name), &c->keys[KEY_ED25519], KEY_PART_PUBLIC,
                message));
    return put_key(s, client_name(number, "p256-public", name), &c->keys[KEY_P256], KEY_PART_PUBLIC, message);
}

static unsigned clients(const struct settings *s)
{
    return s->for_people ? 2 : WORLD_CLIENTS;
}

enum err settings_keys(const struct settings *s, struct buf *message)
{
    const struct world *w = s->world;

    TRY(put(s, "ca.pem", buf_span(&w->ca.pem), message));
    TRY(put(s, "as.pem", buf_span(&w->as_tls.pem), message));
    TRY(put(s, "broker.pem", buf_span(&w->broker_tls.pem), message));
    TRY(put_key(s, "as-tls.jwk", &w->as_tls.key, KEY_PART_PRIVATE, message));
    TRY(put_key(s, "as-sign.jwk", &w->sign, KEY_PART_PRIVATE, message));
    TRY(put_key(s, "as-sign-public.jwk", &w->sign, KEY_PART_PUBLIC, message));
    TRY(put_key(s, "broker-tls.jwk", &w->broker_tls.key, KEY_PART_PRIVATE, message));
    TRY(put_key(s, "broker-public.jwk", &w->broker_tls.key, KEY_PART_PUBLIC, message));
    TRY(put_key(s, "shared.jwk", &w->shared, KEY_PART_PRIVATE, message));
    for (unsigned n = 1; n <= clients(s); n++) TRY(put_client_keys(s, n, message));
    if (s->for_people) return OK;
    TRY(put_key(s, "derivation.jwk", &w->derivation, KEY_PART_PRIVATE, message));
    return put_key(s, "other-shared.jwk", &w->other_shared, KEY_PART_PRIVATE, message);
}

/* --- small trees --- */

static struct doc *texts(const char *one, const char *two)
{
    struct doc *d = doc_new_array();

    if (one) doc_add(d, doc_new_str(one));
    if (two) doc_add(d, doc_new_str(two));
    return d;
}

static void text(struct doc *map, const char *name, const char *value)
{
    if (value) doc_put(map, name, doc_new_str(value));
}

static const char *keylog(const struct settings *s)
{
    return s->keylog ? "keys.log" : NULL;
}

static struct doc *listen_at(uint16_t port)
{
    struct doc *d = doc_new_map();

    text(d, "host", WORLD_HOST);
    doc_put(d, "port", doc_new_int(port));
    return d;
}

/* The same for AS and broker. */
static void put_derivation(const struct settings *s, struct doc *map)
{
    text(map, "derivation_key", "derivation.jwk");
    doc_put(map, "derived_key_len", doc_new_int((int64_t)s->world->issuer.derivation.size));
}

/* --- what the scenario says --- */

/* The object in which the last part of a dotted key stands, made where there is none; `key` becomes that part. */
static struct doc *object_of(struct doc *config, struct span *key)
{
    struct doc *at = config;

    for (const uint8_t *dot; at && (dot = memchr(key->p, '.', key->n));) {
        struct span name = span(key->p, (size_t)(dot - key->p));
        if (doc_kind(doc_get_span(at, name)) != DOC_MAP) doc_put_span(at, name, doc_new_map());
        at = doc_edit(at, name);
        *key = span_skip(*key, name.n + 1);
    }
    return at;
}

/* Whether there is such a key is for the program to say, which does not start otherwise. */
static struct doc *merge(const struct settings *s, enum role role, struct doc *config)
{
    for (size_t i = 0; s->variant && i < s->variant->settings; i++) {
        const struct setting *set = &s->variant->setting[i];
        struct span key = span_str(set->key);
        struct doc *value = NULL;
        if (set->role != role) continue;
        if (doc_read_json(span_str(set->value), &doc_limits_wire, &value, NULL) != OK) value = NULL;
        doc_put_span(object_of(config, &key), key, value);
    }
    return config;
}

/* --- the AS --- */

static struct doc *as_client(const struct settings *s, unsigned number)
{
    struct doc *d = doc_new_map();
    char first[64], second[64];

    text(d, "id", s->world->client[number - 1].id);
    text(d, "secret", s->world->client[number - 1].secret);
    doc_put(d, "keys",
            texts(client_name(number, "ed25519-public", first), client_name(number, "p256-public", second)));
    return d;
}

/* A broker as the AS knows it when it introspects: "rs1" (rs1-secret). */
static struct doc *broker_login(const char *id, const char *audience)
{
    struct doc *d = doc_new_map();
    char secret[32];

    snprintf(secret, sizeof secret, "%s-secret", id);
    text(d, "id", id);
    text(d, "secret", secret);
    text(d, "broker", audience);
    return d;
}

/* Who is there for what scenarios do with them. */
static void add_others(struct doc *list)
{
    struct doc *barred = doc_new_map(), *coap = doc_new_map(), *plain = doc_new_map();

    text(barred, "id", WORLD_BARRED);
    text(barred, "secret", "barred-secret");
    doc_put(barred, "enabled", doc_new_bool(false));
    doc_add(list, barred);
    text(coap, "id", "coap");
    text(coap, "secret", "coap-secret");
    doc_put(coap, "profiles", texts("coap_dtls", NULL));
    doc_add(list, coap);
    doc_add(list, broker_login("rs2", WORLD_OTHER));
    text(plain, "id", "defaulted");
    text(plain, "secret", "defaulted-secret");
    text(plain, "default_audience", WORLD_BROKER);
    text(plain, "default_scope", "sub:s/#");
    doc_add(list, plain);
}

static struct doc *as_clients(const struct settings *s)
{
    struct doc *list = doc_new_array();

    for (unsigned n = 1; n <= clients(s); n++) doc_add(list, as_client(s, n));
    doc_add(list, broker_login("rs1", WORLD_BROKER));
    if (!s->for_people) add_others(list);
    return list;
}

/* The broker under another name, with a way of its own. References have no numbers: for them there is a JWT. */
static struct doc *told_apart(const struct settings *s, const char *audience, const char *key,
                              struct doc *value)
{
    struct doc *d = doc_new_map();
    bool carries = s->token_format && strcmp(s->token_format, "reference") != 0;

    text(d, "audience", audience);
    text(d, "shared_key", "shared.jwk");
    text(d, "token_format", carries ? s->token_format : "jwt");
    doc_put(d, "keys", texts("broker-public.jwk", NULL));
    doc_put(d, key, value);
    return d;
}

static struct doc *profiled(const struct settings *s)
{
    struct doc *d = told_apart(s, WORLD_TOLD, "profile_in_token", doc_new_bool(true));

    doc_put(d, "answer_public_cnf", doc_new_bool(true));
    return d;
}

static struct doc *group(const struct settings *s)
{
    struct doc *d = doc_new_map();

    text(d, "audience", WORLD_GROUP);
    text(d, "token_format", s->token_format);
    doc_put(d, "members", texts(WORLD_BROKER, WORLD_OTHER));
    return d;
}

static struct doc *own_broker(const struct settings *s)
{
    struct doc *own = doc_new_map();

    text(own, "token_format", s->token_format);
    text(own, "symmetric_key_in", s->carriage);
    if (!s->for_people) put_derivation(s, own);
    text(own, "audience", WORLD_BROKER);
    text(own, "shared_key", "shared.jwk");
    if (s->known_by_cert)
        text(own, "certificate", "broker.pem");
    else
        doc_put(own, "keys", texts("broker-public.jwk", NULL));
    return own;
}

/* Which scenarios need beside it. */
static void add_other_brokers(const struct settings *s, struct doc *list)
{
    struct doc *other = doc_new_map(), *plain = doc_new_map();

    text(other, "token_format", s->token_format);
    text(other, "audience", WORLD_OTHER);
    text(other, "shared_key", "other-shared.jwk");
    text(plain, "audience", WORLD_SYMMETRIC);
    text(plain, "shared_key", "other-shared.jwk");
    doc_put(plain, "pop_keys", texts("symmetric", NULL));
    doc_add(list, other);
    doc_add(list, plain);
    doc_add(list, told_apart(s, WORLD_COUNTED, "token_end", doc_new_str("exi")));
    doc_add(list, told_apart(s, WORLD_BEARER, "token_type", doc_new_str("Bearer")));
    doc_add(list, profiled(s));
    doc_add(list, group(s));
}

static struct doc *as_brokers(const struct settings *s)
{
    struct doc *list = doc_new_array();

    doc_add(list, own_broker(s));
    if (!s->for_people) add_other_brokers(s, list);
    return list;
}

static struct doc *policy(const char *client, const char *audience, const char *allow)
{
    struct doc *d = doc_new_map();

    text(d, "client", client);
    text(d, "audience", audience);
    text(d, "allow", allow);
    return d;
}

static struct doc *as_policies(const struct settings *s)
{
    const struct {
        const char *audience, *allow;
    } rows[] = {
        { WORLD_BROKER, s->policy },
        { WORLD_OTHER, WORLD_OTHER_POLICY },
        { WORLD_SYMMETRIC, WORLD_OTHER_POLICY },
        { WORLD_COUNTED, s->policy },
        { WORLD_TOLD, s->policy },
        { WORLD_BEARER, s->policy },
        { WORLD_GROUP, WORLD_GROUP_POLICY },
    };
    struct doc *list = doc_new_array();
    size_t n = s->for_people ? 1 : sizeof rows / sizeof *rows;

    if (!s->for_people) doc_add(list, policy("defaulted", WORLD_BROKER, s->policy));
    for (unsigned c = 0; c < clients(s); c++)
        for (size_t i = 0; i < n; i++)
            doc_add(list, policy(s->world->client[c].id, rows[i].audience, rows[i].allow));
    return list;
}

enum err settings_as(const struct settings *s, struct buf *message)
{
    struct doc *d = doc_new_map(), *tls = doc_new_map(), *token = doc_new_map();

    text(d, "issuer", s->issuer);
    doc_put(d, "listen", listen_at(s->as_listen));
    text(tls, "certificate", "as.pem");
    text(tls, "key", "as-tls.jwk");
    text(tls, "keylog", keylog(s));
    doc_put(d, "tls", tls);
    text(token, "signing_key", "as-sign.jwk");
    doc_put(token, "lifetime", doc_new_int(s->lifetime ? s->lifetime : WORLD_LIFETIME));
    doc_put(d, "token", token);
    text(d, "store", "as.db");
    doc_put(d, "clients", as_clients(s));
    doc_put(d, "brokers", as_brokers(s));
    doc_put(d, "policies", as_policies(s));
    return put_doc(s, "as.json", merge(s, ROLE_AS, d), message);
}

/* --- the broker --- */

static struct doc *issuers(const struct settings *s)
{
    struct doc *list = doc_new_array(), *d = doc_new_map();

    text(d, "iss", s->issuer);
    doc_put(d, "keys", texts("as-sign-public.jwk", NULL));
    doc_put(d, "shared_keys", texts("shared.jwk", NULL));
    if (s->carriage && strcmp(s->carriage, "derived") == 0) put_derivation(s, d);
    doc_add(list, d);
    return list;
}

static struct doc *broker_tls(const struct settings *s)
{
    struct doc *tls = doc_new_map();

    if (!s->server_rpk) text(tls, "certificate", "broker.pem");
    text(tls, "key", "broker-tls.jwk");
    text(tls, "keylog", keylog(s));
    return tls;
}

/* Does the scenario set something of the broker's that begins so? */
static bool sets(const struct settings *s, const char *prefix)
{
    for (size_t i = 0; s->variant && i < s->variant->settings; i++)
        if (s->variant->setting[i].role == ROLE_BROKER &&
            span_starts(span_str(s->variant->setting[i].key), span_str(prefix)))
            return true;
    return false;
}

/* Where tokens are references, or where the scenario sets something of it. */
static bool introspects(const struct settings *s)
{
    bool refers = s->token_format && strcmp(s->token_format, "reference") == 0;

    return refers || s->asks_as || sets(s, "introspection.");
}

enum { MAX_URI = 300 };

static void token_uri(const struct settings *s, char out[MAX_URI])
{
    snprintf(out, MAX_URI, "https://" WORLD_HOST ":%u%s", s->world->as_port, s->world->token_path);
}

/* How the broker comes to the AS: as "rs1", as the AS knows it. */
static struct doc *login(const struct settings *s, const char *path)
{
    struct doc *d = doc_new_map();
    char uri[80];

    snprintf(uri, sizeof uri, "https://" WORLD_HOST ":%u%s", s->world->as_port, path);
    text(d, "url", uri);
    text(d, "id", "rs1");
    text(d, "secret", "rs1-secret");
    text(d, "ca", "ca.pem");
    return d;
}

static struct doc *introspection(const struct settings *s)
{
    struct doc *d = login(s, "/introspect");

    text(d, "media", s->notation);
    return d;
}

static struct doc *broker_names(const struct settings *s)
{
    struct doc *list = texts(WORLD_BROKER, s->for_people ? NULL : WORLD_COUNTED);

    if (!s->for_people) doc_add(list, doc_new_str(WORLD_TOLD));
    return list;
}

enum err settings_broker(const struct settings *s, struct buf *message)
{
    struct doc *d = doc_new_map();
    char uri[MAX_URI];

    token_uri(s, uri);
    doc_put(d, "listen", listen_at(s->broker_listen));
    doc_put(d, "tls", broker_tls(s));
    doc_put(d, "audiences", broker_names(s));
    doc_put(d, "issuers", issuers(s));
    text(d, "as_uri", uri);
    if (introspects(s)) doc_put(d, "introspection", introspection(s));
    if (s->asks_as || sets(s, "revocation.")) doc_put(d, "revocation", login(s, "/revoke/trl"));
    text(d, "public", s->open_topics);
    return put_doc(s, "broker.json", merge(s, ROLE_BROKER, d), message);
}

/* --- a client --- */

static struct doc *client_self(const struct settings *s, unsigned number)
{
    struct doc *d = doc_new_map();
    char first[64], second[64];

    text(d, "id", s->world->client[number - 1].id);
    text(d, "secret", s->world->client[number - 1].secret);
    doc_put(d, "keys", texts(client_name(number, "ed25519", first), client_name(number, "p256", second)));
    return d;
}

enum err settings_client(const struct settings *s, unsigned number, const char *name, struct buf *message)
{
    struct doc *d = doc_new_map(), *broker = doc_new_map(), *as = doc_new_map(), *token = doc_new_map(),
               *mqtt = doc_new_map(), *tls = doc_new_map();
    char uri[MAX_URI], file[32];

    token_uri(s, uri);
    snprintf(file, sizeof file, number == 1 ? "client.json" : "client%u.json", number);
    text(broker, "host", WORLD_HOST);
    doc_put(broker, "port", doc_new_int(s->world->broker_port ? s->world->broker_port : 1));
    text(broker, "ca", "ca.pem");
    doc_put(d, "broker", broker);
    text(as, "url", uri);
    text(as, "ca", "ca.pem");
    doc_put(d, "as", as);
    doc_put(d, "client", client_self(s, number));
    text(token, "audience", WORLD_BROKER);
    doc_put(d, "token", token);
    text(mqtt, "client_id", s->world->client[number - 1].mqtt_id);
    text(mqtt, "version", s->mqtt_version);
    doc_put(d, "mqtt", mqtt);
    text(tls, "version", s->tls_version);
    text(tls, "keylog", keylog(s));
    doc_put(d, "tls", tls);
    return put_doc(s, name ? name : file, merge(s, ROLE_CLIENT, d), message);
}
