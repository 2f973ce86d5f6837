#include "broker/delivery.h"

#include <assert.h>
#include <stdlib.h>

enum { UNRELEASED_FACTOR = 4 }; /* over several connections, in receive maxima */

/* One message on its way to the client. */
struct waiting {
    struct waiting *next;
    struct message *message;
    uint16_t id;
    uint8_t qos;
    bool retain;
    bool again;    /* sent on an earlier connection, not yet on this one */
    bool released; /* PUBREC came: only PUBREL and PUBCOMP are left */
    size_t ids;
    uint32_t subscription_id[];
};

struct list {
    struct waiting *first, **end;
    size_t n;
};

struct unreleased {
    uint16_t id;
    bool fresh; /* arrived on this connection: counts against its receive maximum */
};

struct delivery {
    struct list quick, queue, flight; /* QoS 0 held back · QoS 1 and 2 not yet sent · sent */
    size_t bytes;                     /* in quick and queue */
    size_t *shared;
    size_t unsent_again; /* of flight: those with `again` */
    uint16_t last_id;
    struct waiting *peeked;
    struct list *peeked_in;
    struct unreleased *in;
    size_t in_n, in_cap, in_fresh;
};

static void list_init(struct list *l)
{
    *l = (struct list){ .end = &l->first };
}

static void list_add(struct list *l, struct waiting *w)
{
    w->next = NULL;
    *l->end = w;
    l->end = &w->next;
    l->n++;
}

/* `at` is the place that points to `w`. */
static void list_cut(struct list *l, struct waiting **at)
{
    struct waiting *w = *at;

    assert(w);
    *at = w->next;
    if (!w->next) l->end = at;
    l->n--;
}

static struct waiting **list_place(struct list *l, const struct waiting *w)
{
    struct waiting **at = &l->first;

    while (*at && *at != w) at = &(*at)->next;
    return at;
}

static void waiting_free(struct waiting *w)
{
    message_free(w->message);
    free(w);
}

static void uncount(struct delivery *d, const struct waiting *w)
{
    d->bytes -= w->message->size;
    *d->shared -= w->message->size;
}

static void forget(struct delivery *d, struct list *l, struct waiting **at)
{
    struct waiting *w = *at;

    assert(w);
    if (l != &d->flight) uncount(d, w);
    if (l == &d->flight && w->again) d->unsent_again--;
    if (d->peeked == w) d->peeked = NULL;
    list_cut(l, at);
    waiting_free(w);
}

struct delivery *delivery_new(size_t *shared)
{
    struct delivery *d = calloc(1, sizeof *d);

    if (!d) return NULL;
    list_init(&d->quick);
    list_init(&d->queue);
    list_init(&d->flight);
    d->shared = shared;
    return d;
}

static void empty(struct delivery *d, struct list *l)
{
    while (l->first) forget(d, l, &l->first);
}

void delivery_free(struct delivery *d)
{
    if (!d) return;
    empty(d, &d->quick);
    empty(d, &d->queue);
    empty(d, &d->flight);
    free(d->in);
    free(d);
}

static struct waiting *waiting_new(const struct parcel *p)
{
    struct waiting *w = calloc(1, sizeof *w + p->ids * sizeof *p->id);

    if (!w) return NULL;
    w->message = message_ref(p->message);
    w->qos = p->qos;
    w->retain = p->retain;
    w->ids = p->ids;
    memcpy(w->subscription_id, p->id, p->ids * sizeof *p->id);
    return w;
}

enum err delivery_put(struct delivery *d, const struct delivery_limits *limits, const struct parcel *p)
{
    size_t size = p->message->size;

    if (d->quick.n + d->queue.n >= limits->messages) return ERR_QUOTA;
    if (d->bytes + size > limits->bytes || *d->shared + size > limits->total) return ERR_QUOTA;
    struct waiting *w = waiting_new(p);
    if (!w) return ERR_NO_MEMORY;
    d->bytes += size;
    *d->shared += size;
    list_add(p->qos ? &d->queue : &d->quick, w);
    return OK;
}

static struct waiting **by_id(struct delivery *d, uint16_t id)
{
    struct waiting **at = &d->flight.first;

    while (*at && (*at)->id != id) at = &(*at)->next;
    return at;
}

/* Never 0. There is a free one: what is in flight is bounded by a 16-bit receive maximum, less one. */
static uint16_t free_id(struct delivery *d)
{
    do {
        d->last_id++;
    } while (d->last_id == 0 || *by_id(d, d->last_id));
    return d->last_id;
}

static void drop_expired(struct delivery *d, struct list *l, int64_t now)
{
    while (l->first && now >= l->first->message->expires) forget(d, l, &l->first);
}

/* What comes next, and from which list. */
static struct waiting *choose(struct delivery *d, size_t window, struct list **from)
{
    size_t awaited = d->flight.n - d->unsent_again;
    struct waiting *w = d->unsent_again ? d->flight.first : NULL;

    while (w && !w->again) w = w->next;
    *from = &d->flight;
    if (w && (w->released || awaited < window)) return w;
    *from = &d->quick;
    if (d->quick.first) return d->quick.first;
    *from = &d->queue;
    return !w && awaited < window && awaited < UINT16_MAX - 1 ? d->queue.first : NULL;
}

static void describe(const struct waiting *w, struct outgoing *out)
{
    out->is = w->released ? OUT_PUBREL : OUT_PUBLISH;
    out->id = w->id;
    out->dup = w->again;
    out->parcel.message = w->message;
    out->parcel.qos = w->qos;
    out->parcel.retain = w->retain;
    out->parcel.ids = w->ids;
    memcpy(out->parcel.id, w->subscription_id, w->ids * sizeof *w->subscription_id);
}

void delivery_peek(struct delivery *d, size_t window, int64_t now, struct outgoing *out)
{
    out->is = OUT_NOTHING;
    drop_expired(d, &d->quick, now);
    drop_expired(d, &d->queue, now);
    struct waiting *w = choose(d, window, &d->peeked_in);
    d->peeked = w;
    if (!w) return;
    if (d->peeked_in == &d->queue && w->id == 0) w->id = free_id(d);
    describe(w, out);
}

void delivery_sent(struct delivery *d)
{
    struct waiting *w = d->peeked;

    if (d->peeked_in == &d->quick) {
        forget(d, &d->quick, &d->quick.first);
    } else if (d->peeked_in == &d->flight) {
        w->again = false;
        d->unsent_again--;
    } else {
        uncount(d, w);
        list_cut(&d->queue, &d->queue.first);
        list_add(&d->flight, w);
    }
    d->peeked = NULL;
}

void delivery_skip(struct delivery *d)
{
    forget(d, d->peeked_in, list_place(d->peeked_in, d->peeked));
}

enum err delivery_acked(struct delivery *d, uint16_t id)
{
    struct waiting **at = by_id(d, id);

    if (!*at || (*at)->qos != 1) return ERR_ID_UNKNOWN;
    forget(d, &d->flight, at);
    return OK;
}

enum err delivery_received(struct delivery *d, uint16_t id, uint8_t reason)
{
    struct waiting **at = by_id(d, id);

    if (!*at || (*at)->qos != 2) return ERR_ID_UNKNOWN;
    if (reason >= 0x80) {
        forget(d, &d->flight, at);
        return OK;
    }
    if ((*at)->again) d->unsent_again--;
    (*at)->again = false;
    (*at)->released = true;
    return OK;
}

enum err delivery_completed(struct delivery *d, uint16_t id)
{
    struct waiting **at = by_id(d, id);

    if (!*at || !(*at)->released) return ERR_ID_UNKNOWN;
    forget(d, &d->flight, at);
    return OK;
}

void delivery_suspend(struct delivery *d)
{
    empty(d, &d->quick);
    for (struct waiting *w = d->flight.first; w; w = w->next) w->again = true;
    d->unsent_again = d->flight.n;
    for (size_t i = 0; i < d->in_n; i++) d->in[i].fresh = false;
    d->in_fresh = 0;
    d->peeked = NULL;
}

static size_t purge(struct delivery *d, struct list *l, const struct grant *grant, int64_t now)
{
    size_t before = l->n;

    for (struct waiting **at = &l->first; *at;) {
        if ((*at)->released || grant_allows(grant, PERM_SUB, (*at)->message->topic, now))
            at = &(*at)->next;
        else
            forget(d, l, at);
    }
    return before - l->n;
}

size_t delivery_purge(struct delivery *d, const struct grant *grant, int64_t now)
{
    return purge(d, &d->flight, grant, now) + purge(d, &d->queue, grant, now) +
           purge(d, &d->quick, grant, now);
}

size_t delivery_queued(const struct delivery *d)
{
    return d->quick.n + d->queue.n;
}

size_t delivery_inflight(const struct delivery *d)
{
    return d->flight.n;
}

static struct unreleased *expected(const struct delivery *d, uint16_t id)
{
    for (size_t i = 0; i < d->in_n; i++)
        if (d->in[i].id == id) return &d->in[i];
    return NULL;
}

static bool make_room(struct delivery *d)
{
    if (d->in_n < d->in_cap) return true;
    size_t cap = d->in_cap ? d->in_cap * 2 : 8;
    struct unreleased *in = realloc(d->in, cap * sizeof *in);

    if (!in) return false;
    d->in = in;
    d->in_cap = cap;
    return true;
}

enum err delivery_arrive(struct delivery *d, uint16_t id, size_t max, enum arrival *out)
{
    *out = ARRIVAL_REPEATED;
    if (expected(d, id)) return OK;
    if (d->in_fresh >= max) return ERR_RECEIVE_MAX;
    if (d->in_n >= UNRELEASED_FACTOR * max) return ERR_QUOTA;
    if (!make_room(d)) return ERR_NO_MEMORY;
    d->in[d->in_n++] = (struct unreleased){ id, true };
    d->in_fresh++;
    *out = ARRIVAL_NEW;
    return OK;
}

bool delivery_release(struct delivery *d, uint16_t id)
{
    struct unreleased *u = expected(d, id);

    if (!u) return false;
    if (u->fresh) d->in_fresh--;
    *u = d->in[--d->in_n];
    return true;
}
