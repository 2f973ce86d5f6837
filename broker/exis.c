#include "broker/exis.h"

#include <stdlib.h>

#include "common/ace/exi.h"
#include "common/base/map.h"

/* An AS and one of our names, which it numbers tokens for. There are no more of them than are configured. */
struct series {
    struct series *next;
    struct buf name;
    uint64_t least; /* lower numbers have ended */
};

struct count {
    struct series *of;
    uint64_t number;
    int64_t end;
};

struct exis {
    struct series *series;
    struct map *counts; /* by series and number */
    int64_t soonest;    /* none ends before this */
};

/* Which token is it? */
struct token_name {
    struct buf series, whole;
    uint64_t number;
};

struct exis *exis_new(const uint8_t hash_key[16])
{
    struct exis *x = calloc(1, sizeof *x);

    if (!x) return NULL;
    x->soonest = INT64_MAX;
    x->counts = map_new(hash_key);
    if (x->counts) return x;
    free(x);
    return NULL;
}

void exis_free(struct exis *x)
{
    size_t cursor = 0;
    void *count;

    if (!x) return;
    while (map_next(x->counts, &cursor, NULL, &count)) free(count);
    map_free(x->counts);
    for (struct series *s = x->series, *next; s; s = next) {
        next = s->next;
        buf_clear(&s->name);
        free(s);
    }
    free(x);
}

static void name_clear(struct token_name *n)
{
    buf_clear(&n->series);
    buf_clear(&n->whole);
}

/* [R-VAL-17] */
static enum err read_name(const struct settings *s, const struct claim_set *set, struct token_name *out)
{
    enum err e = ERR_NOT_AUTHORIZED;
    size_t i = 0;

    while (set->has_id && e == ERR_NOT_AUTHORIZED && i < s->trust.audience_count)
        e = exi_number_read(buf_span(&set->id), s->trust.audiences[i++], &out->number);
    if (e != OK) return e;
    buf_add(&out->series, buf_span(&set->iss));
    buf_u8(&out->series, 0);
    buf_add(&out->series, s->trust.audiences[i - 1]);
    buf_add(&out->whole, buf_span(&out->series));
    exi_number_put(&out->whole, out->number);
    return buf_failed(&out->series) || buf_failed(&out->whole) ? ERR_NO_MEMORY : OK;
}

static void end(struct exis *x, struct span key, struct count *c)
{
    if (c->of->least <= c->number) c->of->least = c->number + 1;
    map_remove(x->counts, key);
    free(c);
}

/* What has ended by then; *x->soonest is right afterwards. */
static void end_until(struct exis *x, int64_t until)
{
    size_t cursor = 0;
    struct span key;
    void *value;

    if (until < x->soonest) return;
    x->soonest = INT64_MAX;
    while (map_next(x->counts, &cursor, &key, &value)) {
        struct count *c = value;
        if (c->end <= until)
            end(x, key, c);
        else if (c->end < x->soonest)
            x->soonest = c->end;
    }
}

static struct series *find_series(struct exis *x, struct span name)
{
    struct series *s = x->series;

    while (s && !span_eq(buf_span(&s->name), name)) s = s->next;
    if (s) return s;
    s = calloc(1, sizeof *s);
    if (!s) return NULL;
    buf_add(&s->name, name);
    if (buf_failed(&s->name)) {
        free(s);
        return NULL;
    }
    s->next = x->series;
    x->series = s;
    return s;
}

static struct count *begin(struct exis *x, struct series *of, const struct token_name *n, int64_t ends)
{
    struct count *c = malloc(sizeof *c);

    if (!c) return NULL;
    *c = (struct count){ of, n->number, ends };
    if (map_put(x->counts, buf_span(&n->whole), c) != OK) {
        free(c);
        return NULL;
    }
    if (ends < x->soonest) x->soonest = ends;
    return c;
}

/* The numbers go up to 2^64 - 1, whose end nothing could follow. */
static bool has_ended(const struct series *s, uint64_t number)
{
    return number < s->least || number == UINT64_MAX;
}

static enum err count(struct exis *x, const struct settings *s, const struct token_name *n,
                      struct claims *claims, int64_t now)
{
    struct series *of = find_series(x, buf_span(&n->series));

    if (!of) return ERR_NO_MEMORY;
    end_until(x, now);
    if (has_ended(of, n->number)) return ERR_NOT_AUTHORIZED; /* [R-VAL-18] */
    struct count *c = map_get(x->counts, buf_span(&n->whole));
    if (!c) c = begin(x, of, n, now + claims_set(claims)->exi);
    if (!c) return ERR_NO_MEMORY;
    claims_end_by(claims, c->end); /* [R-VAL-16] */
    while (map_count(x->counts) > (size_t)s->limits.exis) end_until(x, x->soonest);
    return has_ended(of, n->number) ? ERR_NOT_AUTHORIZED : OK;
}

enum err exis_count(struct exis *x, const struct settings *s, struct claims *claims, int64_t now,
                    struct fault *why)
{
    const struct claim_set *set = claims_set(claims);
    struct token_name n = { 0 };

    if (!s->trust.accept_exi || !set->has_exi) return OK;
    enum err e = read_name(s, set, &n);
    if (e == ERR_NOT_AUTHORIZED) {
        fault_set(why, 0, "token: exi, but cti or jti is no number for this broker");
    } else if (e == OK) {
        e = count(x, s, &n, claims, now);
        if (e == ERR_NOT_AUTHORIZED) fault_set(why, 0, "token: expired, by its number");
    }
    name_clear(&n);
    return e;
}
