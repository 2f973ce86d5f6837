#include "broker/broker_own.h"

#include <assert.h>

/* From one publisher to many subscribers. Rights are judged at each subscriber's own door, in session_deliver(). */

static uint8_t lower(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static void name_subscription(struct parcel *p, uint32_t id)
{
    if (id && p->ids < MAX_SUBSCRIPTION_IDS) p->id[p->ids++] = id;
}

/* A full queue is told when it begins and when it ends, however many messages it costs. */
static void count_dropped(const struct broker *b, struct state *st, enum err e)
{
    bool begins = e != OK && st->dropped == 0, ends = e == OK && st->dropped;

    if (begins || ends)
        log_event(log_of(b), LOG_WARN, begins ? "queue_full" : "queue_free",
                  LOG_SPAN("client", buf_span(&st->client_id)), LOG_STR("words", err_wire(e)->words),
                  LOG_INT("dropped", st->dropped));
    st->dropped = e == OK ? 0 : st->dropped + 1;
}

/* False: its queue is full, which is its loss alone. */
static bool deliver(struct broker *b, struct state *st, const struct parcel *p, int64_t now)
{
    const struct limits *l = limits_of(b);
    struct delivery_limits bounds = { (size_t)l->queue_messages, (size_t)l->queue_bytes,
                                      (size_t)l->queue_total };
    enum err e = OK;

    assert(st);
    if (st->conn)
        e = session_deliver(st->conn->session, p, now);
    else if (p->qos)
        e = delivery_put(st->delivery, &bounds, p);
    if (st->conn) broker_touch(b, st->conn);
    count_dropped(b, st, e);
    return e == OK;
}

/* Merges the overlapping subscriptions of one subscriber, from the i-th match on, into one delivery with the highest QoS and
 * all their identifiers (MQTT 5 3.3.4). Returns the first match of the next subscriber. */
static size_t deliver_to_one(struct broker *b, size_t i, struct message *m, const struct subscriber *from,
                             int64_t now)
{
    struct subscriber *to = matches_at(&b->matches, i)->to;
    struct parcel p = { .message = m };
    bool wanted = false;

    for (; i < b->matches.found.n && matches_at(&b->matches, i)->to == to; i++) {
        const struct route_options *o = &matches_at(&b->matches, i)->options;

        if (o->no_local && to == from) continue;
        wanted = true;
        if (lower(o->qos, m->qos) > p.qos) p.qos = lower(o->qos, m->qos);
        p.retain = p.retain || (o->retain_as_published && m->retain);
        name_subscription(&p, o->subscription_id);
    }
    if (wanted) deliver(b, (struct state *)to, &p, now); /* a subscriber is the head of its state */
    return i;
}

/* Nobody's subscriptions change meanwhile: those who are shown out are retired when the turn settles. */
static enum err route(struct broker *b, struct message *m, const struct subscriber *from, int64_t now)
{
    TRY(router_match(b->router, m->topic, &b->matches));
    for (size_t i = 0; i < b->matches.found.n;) i = deliver_to_one(b, i, m, from, now); /* [R-PUB-02] */
    return OK;
}

/* [R-RET-07] a message of QoS 0 that is not kept leaves its topic without one (MQTT 5 3.3.1.3). */
static enum err keep(struct broker *b, struct message *m, const struct retained_by *by, int64_t now)
{
    if (m->qos || b->authn.settings->switches.retain_qos0) return retained_put(b->retained, m, by, now);
    retained_forget(b->retained, m->topic);
    return OK;
}

enum err route_publish(struct broker *b, struct conn *from, struct message *m, int64_t now)
{
    struct retained_by by = { from->id, grant_end(session_grant(from->session)) };

    if (m->retain) TRY(keep(b, m, &by, now)); /* [R-RET-01, R-RET-04] */
    return route(b, m, &from->state->who, now);
}

void route_will(struct broker *b, const struct will *w, int64_t now)
{
    struct retained_by by = { w->owner, w->until };
    enum err kept = OK;

    message_start(w->message, now);
    if (w->message->retain && now < w->until) kept = keep(b, w->message, &by, now);
    enum err routed = route(b, w->message, NULL, now); /* [R-WILL-05] whatever became of the token */
    log_event(log_of(b), kept == OK && routed == OK ? LOG_INFO : LOG_WARN, "will",
              LOG_SPAN("topic", w->message->topic),
              LOG_STR("words", err_wire(routed == OK ? kept : routed)->words));
}

/* --- SUBSCRIBE --- */

static enum err subscribe(struct broker *b, struct state *st, const struct mqtt_packet *in, size_t i,
                          bool *existed)
{
    const struct mqtt_filter *f = &in->subscribe.filter[i];
    struct route_options options = { .qos = f->qos,
                                     .no_local = f->no_local,
                                     .retain_as_published = f->retain_as_published };

    if (props_has(&in->props, PROP_SUBSCRIPTION_ID)) options.subscription_id = in->props.sub_id[0];
    if (st->who.count >= (size_t)limits_of(b)->subscriptions && !router_has(b->router, &st->who, f->filter))
        return ERR_QUOTA;
    return router_add(b->router, &st->who, f->filter, &options, existed);
}

/* [R-SUB-07] only for filters that were granted */
static void deliver_retained(struct broker *b, struct conn *c, const struct mqtt_packet *in, size_t i,
                             int64_t now)
{
    const struct mqtt_filter *f = &in->subscribe.filter[i];
    size_t cursor = 0;

    for (struct message *m; (m = retained_next(b->retained, f->filter, now, &cursor));) {
        struct parcel p = { .message = m, .qos = lower(f->qos, m->qos), .retain = true };

        if (props_has(&in->props, PROP_SUBSCRIPTION_ID)) name_subscription(&p, in->props.sub_id[0]);
        if (!deliver(b, c->state, &p, now)) return; /* the rest would not fit either */
    }
}

enum retain_handling { RETAIN_ALWAYS, RETAIN_IF_NEW, RETAIN_NEVER };

static bool wants_retained(const struct mqtt_filter *f, bool existed)
{
    return f->retain_handling == RETAIN_ALWAYS || (f->retain_handling == RETAIN_IF_NEW && !existed);
}

void route_subscribe(struct broker *b, struct conn *c, const struct mqtt_packet *in, struct intent *intent,
                     int64_t now)
{
    bool existed[MQTT_MAX_FILTERS] = { false };
    size_t n = in->subscribe.count;

    for (size_t i = 0; i < n; i++) /* [R-SUB-06] nothing is kept of a refused filter */
        if (intent->verdict[i] == OK) intent->verdict[i] = subscribe(b, c->state, in, i, &existed[i]);
    session_subscribed(c->session, in, intent->verdict);
    for (size_t i = 0; i < n; i++)
        if (intent->verdict[i] == OK && wants_retained(&in->subscribe.filter[i], existed[i]))
            deliver_retained(b, c, in, i, now);
}

void route_unsubscribe(struct broker *b, struct conn *c, const struct mqtt_packet *in, struct intent *intent)
{
    for (size_t i = 0; i < in->subscribe.count; i++)
        if (intent->verdict[i] == OK &&
            !router_remove(b->router, &c->state->who, in->subscribe.filter[i].filter))
            intent->verdict[i] = ERR_NOT_FOUND;
    session_unsubscribed(c->session, in, intent->verdict);
}
