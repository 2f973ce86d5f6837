#include "broker/crowd.h"

#include "common/base/buf.h"
#include "common/base/map.h"

#include <stdlib.h>

struct crowd_place {
    size_t n;
    struct buf address;
};

struct crowd {
    struct map *by_address;
};

struct crowd *crowd_new(const uint8_t hash_key[16])
{
    struct crowd *c = calloc(1, sizeof *c);

    if (!c) return NULL;
    c->by_address = map_new(hash_key);
    if (c->by_address) return c;
    free(c);
    return NULL;
}

void crowd_free(struct crowd *c)
{
    if (!c) return;
    map_free(c->by_address);
    free(c);
}

static void place_free(struct crowd_place *p)
{
    buf_clear(&p->address);
    free(p);
}

static enum err place_new(struct crowd *c, struct span address, struct crowd_place **out)
{
    struct crowd_place *p = calloc(1, sizeof *p);

    if (!p) return ERR_NO_MEMORY;
    buf_add(&p->address, address);
    enum err e = buf_failed(&p->address) ? ERR_NO_MEMORY : map_put(c->by_address, address, p);
    if (e == OK)
        *out = p;
    else
        place_free(p);
    return e;
}

enum err crowd_enter(struct crowd *c, struct span address, size_t limit, struct crowd_place **out)
{
    struct crowd_place *p = map_get(c->by_address, address);

    if (p && p->n >= limit) return ERR_QUOTA;
    if (!p) TRY(place_new(c, address, &p));
    p->n++;
    *out = p;
    return OK;
}

void crowd_leave(struct crowd *c, struct crowd_place *p)
{
    if (!p || --p->n) return;
    map_remove(c->by_address, buf_span(&p->address));
    place_free(p);
}
