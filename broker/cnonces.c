#include "broker/cnonces.h"

#include <stdlib.h>

#include "common/base/map.h"
#include "common/crypto/mac.h"

enum { KEY_SIZE = 32, CHANCE = 8, TIME = 8, BODY = TIME + CHANCE, CNONCE_SIZE = BODY + HMAC256_SIZE };

struct cnonces {
    struct entropy *entropy;
    uint8_t key[KEY_SIZE];
    int64_t floor;     /* what was issued by then is refused */
    struct map *spent; /* by their octets, which begin with when they were issued */
};

struct cnonces *cnonces_new(struct entropy *entropy, const uint8_t hash_key[16])
{
    struct cnonces *c = calloc(1, sizeof *c);

    if (!c) return NULL;
    c->entropy = entropy;
    c->floor = INT64_MIN;
    c->spent = map_new(hash_key);
    if (c->spent && entropy_fill(entropy, c->key, sizeof c->key) == OK) return c;
    cnonces_free(c);
    return NULL;
}

void cnonces_free(struct cnonces *c)
{
    if (!c) return;
    map_free(c->spent);
    explicit_bzero(c->key, sizeof c->key);
    free(c);
}

static int64_t issued(struct span cnonce)
{
    uint64_t t = 0;

    for (size_t i = 0; i < TIME; i++) t = t << 8 | cnonce.p[i];
    return (int64_t)t;
}

static enum err make(struct cnonces *c, int64_t now, struct buf *out)
{
    uint8_t octets[CNONCE_SIZE];

    for (size_t i = 0; i < TIME; i++) octets[i] = (uint8_t)((uint64_t)now >> 8 * (TIME - 1 - i));
    TRY(entropy_fill(c->entropy, octets + TIME, CHANCE));
    TRY(hmac_sha256(span(c->key, sizeof c->key), span(octets, BODY), octets + BODY));
    buf_add(out, span(octets, sizeof octets));
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

enum err cnonces_hint(struct cnonces *c, const struct settings *s, int64_t now, struct buf *json)
{
    struct hints h = s->hint; /* lent, but for the cnonce */
    enum err e = OK;

    if (h.as.n == 0) return OK;
    h.has_cnonce = s->switches.cnonce;
    if (h.has_cnonce) e = make(c, now, &h.cnonce);
    if (e == OK) e = hints_write(&h, json);
    buf_clear(&h.cnonce);
    return e;
}

static enum err is_fresh(const struct cnonces *c, struct span cnonce, int64_t life, int64_t now)
{
    if (cnonce.n != CNONCE_SIZE) return ERR_NOT_AUTHORIZED;
    TRY(hmac_sha256_check(span(c->key, sizeof c->key), span(cnonce.p, BODY), span_skip(cnonce, BODY)));
    int64_t when = issued(cnonce);
    bool in_time = when > c->floor && when <= now && now - when < life;
    return in_time && !map_get(c->spent, cnonce) ? OK : ERR_NOT_AUTHORIZED;
}

enum err cnonces_test(const struct cnonces *c, const struct settings *s, const struct claims *claims,
                      int64_t now)
{
    const struct claim_set *set = claims_set(claims);

    if (!s->switches.cnonce) return OK;
    return set->has_cnonce ? is_fresh(c, buf_span(&set->cnonce), s->cnonce_seconds, now) : ERR_NOT_AUTHORIZED;
}

/* What is no longer remembered must not be fresh again, whatever else is changed. */
static void forget(struct cnonces *c, int64_t until)
{
    size_t cursor = 0;

    if (until > c->floor) c->floor = until;
    for (struct span key; map_next(c->spent, &cursor, &key, NULL);)
        if (issued(key) <= until) map_remove(c->spent, key);
}

static int64_t oldest(const struct cnonces *c)
{
    int64_t t = INT64_MAX;
    size_t cursor = 0;

    for (struct span key; map_next(c->spent, &cursor, &key, NULL);)
        if (issued(key) < t) t = issued(key);
    return t;
}

enum err cnonces_spend(struct cnonces *c, const struct settings *s, const struct claims *claims, int64_t now)
{
    if (!s->switches.cnonce) return OK;
    size_t most = (size_t)s->limits.cnonces;
    TRY(map_put(c->spent, buf_span(&claims_set(claims)->cnonce), c));
    if (map_count(c->spent) > most) forget(c, now - s->cnonce_seconds);
    while (map_count(c->spent) > most) forget(c, oldest(c));
    return OK;
}

size_t cnonces_count(const struct cnonces *c)
{
    return map_count(c->spent);
}
