#include "broker/revoked.h"

#include "common/base/map.h"

#include <stdlib.h>

struct entry {
    struct entry *prev, *next;
    uint8_t hash[TRL_HASH_SIZE];
    bool listed; /* still on the AS's list */
    bool seen;   /* its token was presented */
    bool spent;  /* in the list of that name */
};

/* Both in the order they came. */
struct revoked {
    size_t limit;
    struct map *by_hash;
    struct entry needed, spent; /* spent: seen, and no longer listed */
};

static void list_init(struct entry *list)
{
    list->prev = list->next = list;
}

static void detach(struct entry *e)
{
    e->prev->next = e->next;
    e->next->prev = e->prev;
}

static void append(struct entry *list, struct entry *e)
{
    e->prev = list->prev;
    e->next = list;
    e->prev->next = list->prev = e;
}

struct revoked *revoked_new(size_t limit, const uint8_t hash_key[16])
{
    struct revoked *r = calloc(1, sizeof *r);

    if (!r) return NULL;
    r->limit = limit;
    list_init(&r->needed);
    list_init(&r->spent);
    r->by_hash = map_new(hash_key);
    if (r->by_hash) return r;
    free(r);
    return NULL;
}

static void drop(struct revoked *r, struct entry *e)
{
    map_remove(r->by_hash, span(e->hash, sizeof e->hash));
    detach(e);
    free(e);
}

/* The earliest of this list, until so few are left in all. */
static void shed_list(struct revoked *r, struct entry *list, size_t limit)
{
    for (struct entry *e = list->next, *next; e != list && map_count(r->by_hash) > limit; e = next) {
        next = e->next;
        drop(r, e);
    }
}

static void shed(struct revoked *r, size_t limit)
{
    shed_list(r, &r->spent, limit);
    shed_list(r, &r->needed, limit);
}

void revoked_free(struct revoked *r)
{
    if (!r) return;
    shed(r, 0);
    map_free(r->by_hash);
    free(r);
}

void revoked_relimit(struct revoked *r, size_t limit)
{
    r->limit = limit;
    shed(r, limit);
}

static struct entry *find(const struct revoked *r, const uint8_t hash[TRL_HASH_SIZE])
{
    return map_get(r->by_hash, span(hash, TRL_HASH_SIZE));
}

/* To the list where it belongs, if it is in the other. */
static void sort(struct revoked *r, struct entry *e)
{
    bool spent = e->seen && !e->listed;

    if (spent == e->spent) return;
    e->spent = spent;
    detach(e);
    append(spent ? &r->spent : &r->needed, e);
}

static enum err add(struct revoked *r, const uint8_t hash[TRL_HASH_SIZE])
{
    struct entry *e = find(r, hash);

    if (e) {
        e->listed = true;
        sort(r, e);
        return OK;
    }
    e = calloc(1, sizeof *e);
    if (!e) return ERR_NO_MEMORY;
    memcpy(e->hash, hash, TRL_HASH_SIZE);
    e->listed = true;
    if (map_put(r->by_hash, span(hash, TRL_HASH_SIZE), e) != OK) {
        free(e);
        return ERR_NO_MEMORY;
    }
    append(&r->needed, e);
    shed(r, r->limit);
    return OK;
}

/* Backwards: our AS lists the latest first. */
static enum err add_all(struct revoked *r, const struct buf *hashes)
{
    enum err e = OK;

    for (size_t at = hashes->n; at >= TRL_HASH_SIZE; at -= TRL_HASH_SIZE) {
        enum err one = add(r, hashes->p + at - TRL_HASH_SIZE);
        if (one != OK) e = one;
    }
    return e;
}

static void unlist(struct revoked *r, struct entry *e)
{
    e->listed = false;
    sort(r, e);
}

static enum err take_full(struct revoked *r, const struct buf *hashes)
{
    size_t cursor = 0;

    for (void *e; map_next(r->by_hash, &cursor, NULL, &e);) ((struct entry *)e)->listed = false;
    enum err e = add_all(r, hashes);
    cursor = 0;
    for (void *i; map_next(r->by_hash, &cursor, NULL, &i);) {
        struct entry *each = i;
        if (!each->listed) unlist(r, each);
    }
    return e;
}

static enum err take_entry(struct revoked *r, const struct trl_entry *change)
{
    for (size_t at = 0; at + TRL_HASH_SIZE <= change->removed.n; at += TRL_HASH_SIZE) {
        struct entry *e = find(r, change->removed.p + at);
        if (e && e->listed) unlist(r, e);
    }
    return add_all(r, &change->added);
}

enum err revoked_take(struct revoked *r, const struct trl *list)
{
    enum err e = OK;

    if (list->kind == TRL_FULL) return take_full(r, &list->full);
    for (size_t i = list->count; i > 0; i--) { /* the eldest comes last */
        enum err one = take_entry(r, &list->entry[i - 1]);
        if (one != OK) e = one;
    }
    return e;
}

enum err revoked_test(struct revoked *r, struct span token)
{
    static const enum trl_input names[] = { TRL_OF_TEXT, TRL_OF_OCTETS };
    uint8_t hash[TRL_HASH_SIZE];
    enum err verdict = OK;

    if (map_count(r->by_hash) == 0) return OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        TRY(trl_hash(token, names[i], hash));
        struct entry *e = find(r, hash);
        if (!e) continue;
        e->seen = true;
        sort(r, e);
        verdict = ERR_NOT_AUTHORIZED;
    }
    return verdict;
}

size_t revoked_count(const struct revoked *r)
{
    return map_count(r->by_hash);
}
