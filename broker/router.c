#include "broker/router.h"

#include "common/ace/topic.h"
#include "common/base/map.h"

#include <stdlib.h>

/* All nodes live in one map under (number of the parent, level), so that a level costs one look-up however many
 * neighbours it has. */
enum { PREFIX = sizeof(uint64_t) };

struct route_node {
    uint64_t number;
    struct route_node *parent;
    struct route *routes;
    size_t children;
    bool has_plus, has_hash; /* children "+" and "#" exist: saves most look-ups */
    size_t n;
    uint8_t level[];
};

struct router {
    struct map *nodes;
    uint64_t last;
    struct route_node *root;
};

struct level_key {
    uint8_t bytes[PREFIX + MAX_TOPIC];
};

static struct span node_key(const struct route_node *parent, struct span level, struct level_key *k)
{
    memcpy(k->bytes, &parent->number, PREFIX);
    if (level.n) memcpy(k->bytes + PREFIX, level.p, level.n);
    return span(k->bytes, PREFIX + level.n);
}

static struct route_node *child(const struct router *r, const struct route_node *parent, struct span level)
{
    struct level_key k;

    return map_get(r->nodes, node_key(parent, level, &k));
}

static struct span next_level(struct span *left, bool *more)
{
    const uint8_t *slash = left->n ? memchr(left->p, '/', left->n) : NULL;
    struct span level = span(left->p, slash ? (size_t)(slash - left->p) : left->n);

    *more = slash != NULL;
    *left = span_skip(*left, slash ? level.n + 1 : level.n);
    return level;
}

struct router *router_new(const uint8_t hash_key[16])
{
    struct router *r = calloc(1, sizeof *r);

    if (!r) return NULL;
    r->nodes = map_new(hash_key);
    r->root = calloc(1, sizeof *r->root);
    if (r->nodes && r->root) return r;
    router_free(r);
    return NULL;
}

void router_free(struct router *r)
{
    if (!r) return;
    map_free(r->nodes);
    free(r->root);
    free(r);
}

static void mark(struct route_node *parent, struct span level, bool exists)
{
    if (span_is(level, "+")) parent->has_plus = exists;
    if (span_is(level, "#")) parent->has_hash = exists;
}

static struct route_node *grow(struct router *r, struct route_node *parent, struct span level)
{
    struct level_key k;
    struct route_node *n = calloc(1, sizeof *n + level.n);

    if (!n) return NULL;
    n->number = ++r->last;
    n->parent = parent;
    n->n = level.n;
    if (level.n) memcpy(n->level, level.p, level.n);
    if (map_put(r->nodes, node_key(parent, level, &k), n) != OK) {
        free(n);
        return NULL;
    }
    parent->children++;
    mark(parent, level, true);
    return n;
}

/* Takes away what nobody needs any more, upwards. */
static void prune(struct router *r, struct route_node *n)
{
    while (n != r->root && !n->routes && !n->children) {
        struct route_node *parent = n->parent;
        struct level_key k;

        map_remove(r->nodes, node_key(parent, span(n->level, n->n), &k));
        mark(parent, span(n->level, n->n), false);
        parent->children--;
        free(n);
        n = parent;
    }
}

static struct route_node *find(const struct router *r, struct span filter)
{
    const struct route_node *n = r->root;
    struct route_node *at = NULL;

    for (bool more = true; more; n = at) {
        struct span level = next_level(&filter, &more);

        at = child(r, n, level);
        if (!at) return NULL;
    }
    return at;
}

static struct route_node *find_or_grow(struct router *r, struct span filter)
{
    struct route_node *n = r->root;

    for (bool more = true; more;) {
        struct span level = next_level(&filter, &more);
        struct route_node *next = child(r, n, level);

        if (!next) next = grow(r, n, level);
        if (!next) {
            prune(r, n);
            return NULL;
        }
        n = next;
    }
    return n;
}

/* A subscriber's own list is bounded by its limit, a node's list is not: so search there. */
static struct route *route_of(const struct subscriber *who, const struct route_node *n)
{
    struct route *t = who->first;

    while (t && t->node != n) t = t->next_of_subscriber;
    return t;
}

static enum err join(struct subscriber *who, struct route_node *n, struct route **out)
{
    struct route *t = calloc(1, sizeof *t);

    if (!t) return ERR_NO_MEMORY;
    t->to = who;
    t->node = n;
    t->next_of_node = n->routes;
    if (n->routes) n->routes->prev_of_node = t;
    n->routes = t;
    t->next_of_subscriber = who->first;
    if (who->first) who->first->prev_of_subscriber = t;
    who->first = t;
    who->count++;
    *out = t;
    return OK;
}

static void leave(struct router *r, struct route *t)
{
    struct route_node *n = t->node;
    struct subscriber *who = t->to;

    if (t->next_of_node) t->next_of_node->prev_of_node = t->prev_of_node;
    if (t->prev_of_node)
        t->prev_of_node->next_of_node = t->next_of_node;
    else
        n->routes = t->next_of_node;
    if (t->next_of_subscriber) t->next_of_subscriber->prev_of_subscriber = t->prev_of_subscriber;
    if (t->prev_of_subscriber)
        t->prev_of_subscriber->next_of_subscriber = t->next_of_subscriber;
    else
        who->first = t->next_of_subscriber;
    who->count--;
    free(t);
    prune(r, n);
}

enum err router_add(struct router *r, struct subscriber *who, struct span filter,
                    const struct route_options *options, bool *existed)
{
    struct route_node *n = find_or_grow(r, filter);

    if (!n) return ERR_NO_MEMORY;
    struct route *t = route_of(who, n);
    *existed = t != NULL;
    enum err e = t ? OK : join(who, n, &t);
    if (e == OK)
        t->options = *options;
    else
        prune(r, n);
    return e;
}

bool router_has(const struct router *r, const struct subscriber *who, struct span filter)
{
    const struct route_node *n = find(r, filter);

    return n && route_of(who, n);
}

bool router_remove(struct router *r, struct subscriber *who, struct span filter)
{
    const struct route_node *n = find(r, filter);
    struct route *t = n ? route_of(who, n) : NULL;

    if (t) leave(r, t);
    return t != NULL;
}

void router_leave(struct router *r, struct subscriber *who)
{
    for (struct route *t = who->first, *next; t; t = next) {
        next = t->next_of_subscriber;
        leave(r, t);
    }
}

/* Latches failure. */
static void append(struct matches *m, struct pointers *to, void *p)
{
    if (!p) return;
    if (to->n == to->cap) {
        size_t cap = to->cap ? to->cap * 2 : 16;
        void **grown = realloc(to->p, cap * sizeof *grown);

        if (!grown) {
            m->failed = true;
            return;
        }
        to->p = grown;
        to->cap = cap;
    }
    to->p[to->n++] = p;
}

static void take(struct matches *m, const struct route_node *n)
{
    for (struct route *t = n ? n->routes : NULL; t; t = t->next_of_node) append(m, &m->found, t);
}

/* What was reached becomes what to go on from. */
static void turn(struct matches *m)
{
    struct pointers old = m->from;

    m->from = m->to;
    m->to = old;
    m->to.n = 0;
}

static void step(const struct router *r, const struct route_node *n, struct span level, struct matches *m)
{
    /* MQTT 5 4.7.2 */
    bool hidden = n == r->root && level.n && level.p[0] == '$';

    if (n->has_hash && !hidden) take(m, child(r, n, (struct span)SPAN("#")));
    if (n->has_plus && !hidden) append(m, &m->to, child(r, n, (struct span)SPAN("+")));
    append(m, &m->to, child(r, n, level));
}

static int by_subscriber(const void *a, const void *b)
{
    const struct route *x = *(void *const *)a, *y = *(void *const *)b;
    uint64_t i = x->to->id, j = y->to->id;

    return (i > j) - (i < j);
}

enum err router_match(const struct router *r, struct span topic, struct matches *out)
{
    bool more = true;

    out->found.n = out->to.n = 0;
    out->failed = false;
    append(out, &out->to, r->root);
    turn(out);
    while (more && !out->failed) {
        struct span level = next_level(&topic, &more);

        for (size_t i = 0; i < out->from.n; i++) step(r, out->from.p[i], level, out);
        turn(out);
    }
    for (size_t i = 0; i < out->from.n; i++) {
        const struct route_node *n = out->from.p[i];

        take(out, n);
        if (n->has_hash) take(out, child(r, n, (struct span)SPAN("#"))); /* a/# selects a, too [R-SCOPE-06] */
    }
    if (out->failed) return ERR_NO_MEMORY;
    if (out->found.n > 1) qsort(out->found.p, out->found.n, sizeof *out->found.p, by_subscriber);
    return OK;
}

void matches_clear(struct matches *m)
{
    free(m->found.p);
    free(m->from.p);
    free(m->to.p);
    *m = (struct matches){ 0 };
}
