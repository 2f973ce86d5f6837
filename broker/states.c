#include "broker/states.h"

#include "common/base/map.h"

#include <stdlib.h>

struct states {
    struct map *by_id;
    struct router *router;
    uint64_t last;
    size_t queued; /* bytes, over all */
};

struct states *states_new(struct router *router, const uint8_t hash_key[16])
{
    struct states *all = calloc(1, sizeof *all);

    if (!all) return NULL;
    all->router = router;
    all->by_id = map_new(hash_key);
    if (all->by_id) return all;
    free(all);
    return NULL;
}

static void release(struct states *all, struct state *st)
{
    router_leave(all->router, &st->who);
    delivery_free(st->delivery);
    message_free(st->will.message);
    buf_clear(&st->client_id);
    free(st);
}

void states_drop(struct states *all, struct state *st)
{
    map_remove(all->by_id, buf_span(&st->client_id));
    release(all, st);
}

void states_free(struct states *all)
{
    size_t cursor = 0;

    if (!all) return;
    for (struct state *st; (st = states_next(all, &cursor));) states_drop(all, st);
    map_free(all->by_id);
    free(all);
}

size_t states_count(const struct states *all)
{
    return map_count(all->by_id);
}

struct state *states_get(const struct states *all, struct span client_id)
{
    return map_get(all->by_id, client_id);
}

struct delivery *states_delivery(struct states *all)
{
    return delivery_new(&all->queued);
}

enum err states_make(struct states *all, struct span client_id, struct state **out)
{
    struct state *st = calloc(1, sizeof *st);

    if (!st) return ERR_NO_MEMORY;
    st->who.id = ++all->last;
    st->ends = st->will_at = INT64_MAX;
    st->delivery = states_delivery(all);
    buf_add(&st->client_id, client_id);
    if (!st->delivery || buf_failed(&st->client_id) || map_put(all->by_id, client_id, st) != OK) {
        release(all, st);
        return ERR_NO_MEMORY;
    }
    *out = st;
    return OK;
}

void states_reset(struct states *all, struct state *st, struct delivery *fresh)
{
    router_leave(all->router, &st->who);
    delivery_free(st->delivery);
    st->delivery = fresh;
}

struct state *states_next(const struct states *all, size_t *cursor)
{
    struct span id;
    void *st;

    return map_next(all->by_id, cursor, &id, &st) ? st : NULL;
}

struct will state_take_will(struct state *st)
{
    struct will w = st->will;

    st->will = (struct will){ 0 };
    st->will_at = INT64_MAX;
    return w;
}
