#include "broker/tokens.h"

#include "common/base/map.h"

#include <stdlib.h>

enum { CLIENTS_PER_KEY = 8 };

/* In `used` order the head is the one least recently used. */
struct entry {
    struct entry *prev, *next;
    uint8_t key[SHA256_SIZE];
    struct buf token, kid; /* kid: empty where the key has none */
    int64_t end, iat;
    int64_t until; /* unproved: forgotten then */
    bool has_iat;
    size_t clients; /* Client Identifiers that proved this key, oldest first */
    struct buf client[CLIENTS_PER_KEY];
};

struct tokens {
    struct tokens_limits limits;
    size_t bytes;
    int64_t soonest;                         /* no entry ends before this */
    struct map *by_key, *by_client, *by_kid; /* all to struct entry; by_key owns */
    struct entry used;
};

struct tokens *tokens_new(const struct tokens_limits *limits, const uint8_t hash_key[16])
{
    struct tokens *t = calloc(1, sizeof *t);

    if (!t) return NULL;
    t->limits = *limits;
    t->soonest = INT64_MAX;
    t->used.prev = t->used.next = &t->used;
    t->by_key = map_new(hash_key);
    t->by_client = map_new(hash_key);
    t->by_kid = map_new(hash_key);
    if (t->by_key && t->by_client && t->by_kid) return t;
    tokens_free(t);
    return NULL;
}

static void unlink_entry(struct entry *e)
{
    e->prev->next = e->next;
    e->next->prev = e->prev;
}

static void touch(struct tokens *t, struct entry *e)
{
    if (e->next) unlink_entry(e);
    e->prev = t->used.prev;
    e->next = &t->used;
    e->prev->next = e->next->prev = e;
}

static void forget_client(struct tokens *t, struct entry *e, size_t i)
{
    map_remove(t->by_client, buf_span(&e->client[i]));
    buf_clear(&e->client[i]);
    e->clients--;
    memmove(&e->client[i], &e->client[i + 1], (e->clients - i) * sizeof *e->client);
    e->client[e->clients] = (struct buf){ 0 };
}

/* A kid is no more than a name: of two keys with the same one the last has it. Only PSKs are found so: the kid of a public key is its
 * client's to choose, and would take another's name away. */
static void forget_kid(struct tokens *t, struct entry *e)
{
    if (e->kid.n && map_get(t->by_kid, buf_span(&e->kid)) == e) map_remove(t->by_kid, buf_span(&e->kid));
    buf_clear(&e->kid);
}

static enum err learn_kid(struct tokens *t, struct entry *e, const struct claims *claims)
{
    const struct key_object *k = &claims_set(claims)->cnf.object;

    forget_kid(t, e);
    if (!k->has_kid || key_type(claims_key(claims)) != KEY_OCT) return OK;
    buf_add(&e->kid, buf_span(&k->kid));
    return buf_failed(&e->kid) ? ERR_NO_MEMORY : map_put(t->by_kid, buf_span(&e->kid), e);
}

static void drop(struct tokens *t, struct entry *e)
{
    while (e->clients) forget_client(t, e, 0);
    forget_kid(t, e);
    map_remove(t->by_key, span(e->key, sizeof e->key));
    t->bytes -= e->token.n;
    unlink_entry(e);
    buf_clear(&e->token);
    free(e);
}

void tokens_free(struct tokens *t)
{
    if (!t) return;
    while (t->used.next != &t->used) drop(t, t->used.next);
    map_free(t->by_key);
    map_free(t->by_client);
    map_free(t->by_kid);
    free(t);
}

/* When it leaves the store at the latest. */
static int64_t leaves(const struct entry *e)
{
    return e->end < e->until ? e->end : e->until;
}

void tokens_sweep(struct tokens *t, int64_t now)
{
    if (now < t->soonest) return;
    t->soonest = INT64_MAX;
    for (struct entry *e = t->used.next, *next; e != &t->used; e = next) {
        next = e->next;
        if (now >= leaves(e))
            drop(t, e);
        else if (leaves(e) < t->soonest)
            t->soonest = leaves(e);
    }
}

void tokens_purge(struct tokens *t, struct revoked *r)
{
    for (struct entry *e = t->used.next, *next; e != &t->used; e = next) {
        next = e->next;
        if (revoked_test(r, buf_span(&e->token)) == ERR_NOT_AUTHORIZED) drop(t, e);
    }
}

static bool full(const struct tokens *t)
{
    return map_count(t->by_key) > t->limits.count || t->bytes > t->limits.bytes;
}

static void shed(struct tokens *t)
{
    for (struct entry *e = t->used.next, *next; full(t) && e != &t->used; e = next) {
        next = e->next;
        drop(t, e);
    }
}

void tokens_relimit(struct tokens *t, const struct tokens_limits *limits)
{
    t->limits = *limits;
    shed(t);
}

static enum err entry_new(struct tokens *t, const uint8_t thumbprint[SHA256_SIZE], struct entry **out)
{
    struct entry *e = calloc(1, sizeof *e);

    if (!e) return ERR_NO_MEMORY;
    memcpy(e->key, thumbprint, sizeof e->key);
    enum err err = map_put(t->by_key, span(e->key, sizeof e->key), e);
    if (err != OK) {
        free(e);
        return err;
    }
    touch(t, e);
    *out = e;
    return OK;
}

/* T8: whoever has an older token for the same key cannot roll the rights back. */
static bool is_older(const struct claim_set *c, const struct entry *than)
{
    return c->has_iat && than->has_iat && c->iat < than->iat;
}

static void fill(struct tokens *t, struct entry *e, struct buf *token, const struct claims *claims)
{
    const struct claim_set *c = claims_set(claims);

    t->bytes = t->bytes - e->token.n + token->n;
    buf_clear(&e->token);
    e->token = *token;
    e->end = claims_end(claims);
    e->has_iat = c->has_iat;
    e->iat = c->iat;
    if (leaves(e) < t->soonest) t->soonest = leaves(e);
    touch(t, e);
}

enum err tokens_put(struct tokens *t, struct span token, const struct claims *claims, int64_t until)
{
    uint8_t thumbprint[SHA256_SIZE];
    struct buf copy = { 0 };

    if (!claims_key(claims)) return ERR_PROTOCOL;
    if (token.n > t->limits.bytes || t->limits.count == 0) return ERR_QUOTA;
    key_thumbprint(claims_key(claims), thumbprint);
    struct entry *e = map_get(t->by_key, span(thumbprint, sizeof thumbprint));
    if (e && is_older(claims_set(claims), e)) return OK;
    buf_add(&copy, token);
    if (buf_failed(&copy)) return ERR_NO_MEMORY;
    enum err err = e ? OK : entry_new(t, thumbprint, &e);
    if (err != OK) {
        buf_clear(&copy);
        return err;
    }
    if (e->until < until || !e->token.n) e->until = until;
    fill(t, e, &copy, claims);
    shed(t); /* never the one just put: it is the last */
    return learn_kid(t, e, claims);
}

static enum err attach(struct tokens *t, struct entry *e, struct span client_id)
{
    struct buf id = { 0 };

    buf_add(&id, client_id);
    if (buf_failed(&id)) return ERR_NO_MEMORY;
    enum err err = map_put(t->by_client, client_id, e);
    if (err != OK) {
        buf_clear(&id);
        return err;
    }
    if (e->clients == CLIENTS_PER_KEY) forget_client(t, e, 0);
    e->client[e->clients++] = id;
    return OK;
}

static void detach(struct tokens *t, struct span client_id)
{
    struct entry *e = map_get(t->by_client, client_id);

    for (size_t i = 0; e && i < e->clients; i++) {
        if (!span_eq(buf_span(&e->client[i]), client_id)) continue;
        forget_client(t, e, i);
        return;
    }
}

static struct entry *by_key(const struct tokens *t, const struct key *key)
{
    uint8_t thumbprint[SHA256_SIZE];

    key_thumbprint(key, thumbprint);
    return map_get(t->by_key, span(thumbprint, sizeof thumbprint));
}

enum err tokens_bind(struct tokens *t, struct span client_id, const struct key *key)
{
    struct entry *e = by_key(t, key);

    detach(t, client_id);
    return e ? attach(t, e, client_id) : OK;
}

static struct span lend(struct tokens *t, struct entry *e, int64_t now)
{
    if (!e || now >= leaves(e)) return span(NULL, 0);
    touch(t, e);
    return buf_span(&e->token);
}

struct span tokens_of_client(struct tokens *t, struct span client_id, int64_t now)
{
    return lend(t, map_get(t->by_client, client_id), now);
}

struct span tokens_of_key(struct tokens *t, const struct key *key, int64_t now)
{
    return lend(t, by_key(t, key), now);
}

struct span tokens_of_kid(struct tokens *t, struct span kid, int64_t now)
{
    return lend(t, map_get(t->by_kid, kid), now);
}

size_t tokens_count(const struct tokens *t)
{
    return map_count(t->by_key);
}
