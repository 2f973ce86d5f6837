#include "broker/broker.h"

#include "broker/broker_own.h"

#include <stdlib.h>

enum { HASH_KEY = 16, KEEP_BUFFER = 4096 };

/* --- making and ending the world --- */

static struct tokens_limits tokens_limits(const struct limits *l)
{
    return (struct tokens_limits){ (size_t)l->tokens, (size_t)l->token_bytes };
}

static struct retained_limits retained_limits(const struct limits *l)
{
    return (struct retained_limits){ (size_t)l->retained_messages, (size_t)l->retained_bytes };
}

static struct answers_limits answers_limits(const struct settings *s)
{
    return (struct answers_limits){ .questions = (size_t)s->asking.questions,
                                    .answers = (size_t)s->limits.tokens };
}

static bool fill_world(struct broker *b, const struct settings *settings)
{
    const struct limits *l = &settings->limits;
    uint8_t key[HASH_KEY];
    struct tokens_limits tokens = tokens_limits(l);
    struct retained_limits retained = retained_limits(l);

    if (entropy_fill(b->authn.entropy, key, sizeof key) != OK) return false;
    struct answers_limits answers = answers_limits(settings);

    memcpy(b->uploads.key, key, sizeof key);
    memcpy(b->questions.key, key, sizeof key);
    b->conns = map_new(key);
    b->crowd = crowd_new(key);
    b->router = router_new(key);
    b->states = b->router ? states_new(b->router, key) : NULL;
    b->retained = retained_new(&retained, key);
    b->authn.tokens = tokens_new(&tokens, key);
    b->authn.answers = answers_new(&answers, key);
    b->authn.cnonces = cnonces_new(b->authn.entropy, key);
    b->authn.exis = exis_new(key);
    b->authn.revoked = revoked_new((size_t)l->revoked, key);
    return b->conns && b->crowd && b->states && b->retained && b->authn.tokens && b->authn.answers &&
           b->authn.cnonces && b->authn.revoked && b->authn.exis;
}

struct broker *broker_new(const struct settings *settings, struct entropy *entropy)
{
    struct broker *b = calloc(1, sizeof *b);

    if (!b) return NULL;
    b->authn = (struct authn){
        .settings = settings, .entropy = entropy, .uploads = &b->uploads, .questions = &b->questions
    };
    b->due_end = &b->due;
    if (fill_world(b, settings)) return b;
    broker_free(b);
    return NULL;
}

static void conn_free(struct broker *b, struct conn *c)
{
    crowd_leave(b->crowd, c->waiting);
    ask_no_more(c);
    session_free(c->session);
    free(c);
}

static void free_conns(struct broker *b)
{
    size_t cursor = 0;
    struct span key;
    void *c;

    while (b->conns && map_next(b->conns, &cursor, &key, &c)) conn_free(b, c);
    map_free(b->conns);
}

void broker_free(struct broker *b)
{
    if (!b) return;
    free_conns(b);
    crowd_free(b->crowd);
    for (struct will w; attach_next_will(b, &w);) message_free(w.message);
    states_free(b->states);
    router_free(b->router);
    retained_free(b->retained);
    tokens_free(b->authn.tokens);
    cnonces_free(b->authn.cnonces);
    exis_free(b->authn.exis);
    revoked_free(b->authn.revoked);
    answers_free(b->authn.answers);
    matches_clear(&b->matches);
    free(b);
}

/* --- lists --- */

static void queue_dirty(struct broker *b, struct conn *c)
{
    if (c->dirty || c->hung_up) return;
    c->dirty = true;
    c->next_dirty = NULL;
    c->prev_dirty = b->dirty_last;
    if (b->dirty_last)
        b->dirty_last->next_dirty = c;
    else
        b->dirty = c;
    b->dirty_last = c;
}

static void unqueue_dirty(struct broker *b, struct conn *c)
{
    if (!c->dirty) return;
    c->dirty = false;
    if (c->prev_dirty)
        c->prev_dirty->next_dirty = c->next_dirty;
    else
        b->dirty = c->next_dirty;
    if (c->next_dirty)
        c->next_dirty->prev_dirty = c->prev_dirty;
    else
        b->dirty_last = c->prev_dirty;
}

void broker_touch(struct broker *b, struct conn *c)
{
    if (buf_failed(session_out(c->session))) session_gone(c->session); /* half a packet must never leave */
    bool over = session_over(c->session);
    if (over || session_out(c->session)->n || c->held != session_waiting(c->session)) queue_dirty(b, c);
    if (!over || c->over) return;
    c->over = true;
    c->next_over = b->over;
    b->over = c;
}

/* One ending may cause others: a Will reaches a subscriber without right, who leaves a Will ... Each session ends once. */
void broker_settle(struct broker *b, int64_t now)
{
    struct will w;

    for (;;) {
        struct conn *c = b->over;

        if (c) {
            b->over = c->next_over;
            ask_no_more(c);
            attach_retire(b, c, now);
        } else if (attach_next_will(b, &w)) {
            route_will(b, &w, now);
            message_free(w.message);
        } else {
            return;
        }
    }
}

/* --- events --- */

static struct conn *find(const struct broker *b, conn_id c)
{
    return map_get(b->conns, span(&c, sizeof c));
}

static enum err enter(struct broker *b, struct conn *c, const struct visitor *v, int64_t now)
{
    size_t limit = (size_t)limits_of(b)->pending_per_address;

    TRY(crowd_enter(b->crowd, v->address, limit, &c->waiting));
    c->session = session_new(c->id, &b->authn, v->tls, now);
    if (c->session) session_from(c->session, v->address);
    return c->session ? map_put(b->conns, span(&c->id, sizeof c->id), c) : ERR_NO_MEMORY;
}

enum err broker_opened(struct broker *b, conn_id id, const struct visitor *v, int64_t now)
{
    if (find(b, id)) return ERR_ID_IN_USE;
    if (map_count(b->conns) >= (size_t)limits_of(b)->connections) return ERR_QUOTA;
    struct conn *c = calloc(1, sizeof *c);
    if (!c) return ERR_NO_MEMORY;
    c->id = id;
    enum err e = enter(b, c, v, now);
    if (e != OK) conn_free(b, c);
    return e;
}

static void publish(struct broker *b, struct conn *c, int64_t now)
{
    enum err e = route_publish(b, c, b->intent.message, now);

    message_free(b->intent.message);
    session_published(c->session, &b->packet, e);
}

static void retoken(struct broker *b, int64_t now)
{
    size_t cursor = 0;

    for (void *c; map_next(b->conns, &cursor, NULL, &c);) {
        struct conn *each = c;
        if (each->state && session_retoken(each->session, now)) attach_renew(b, each, now);
    }
}

bool broker_knows(struct broker *b, const struct key *key, int64_t now)
{
    return authn_knows(&b->authn, key, now);
}

enum err broker_psk(struct broker *b, struct span identity, int64_t now, struct secret *psk)
{
    return authn_psk(&b->authn, identity, now, psk);
}

void broker_act(struct broker *b, struct conn *c, int64_t now)
{
    switch (b->intent.is) {
    case INTENT_NOTHING:
        return;
    case INTENT_ASK:
        ask_for_packet(b, c, now);
        return;
    case INTENT_ADMIT:
        attach_admit(b, c, now);
        return;
    case INTENT_RENEWED:
        attach_renew(b, c, now);
        return;
    case INTENT_TOKEN:
        retoken(b, now);
        return;
    case INTENT_PUBLISH:
        publish(b, c, now);
        return;
    case INTENT_SUBSCRIBE:
        route_subscribe(b, c, &b->packet, &b->intent, now);
        return;
    case INTENT_UNSUBSCRIBE:
        route_unsubscribe(b, c, &b->packet, &b->intent);
        return;
    }
}

void broker_turn(struct broker *b, struct conn *c, int64_t now)
{
    while (session_take(c->session, &b->packet, now)) {
        session_packet(c->session, &b->packet, now, &b->intent);
        broker_act(b, c, now);
    }
    broker_touch(b, c);
}

void broker_input(struct broker *b, conn_id id, struct span plaintext, int64_t now)
{
    struct conn *c = find(b, id);

    if (!c) return;
    session_feed(c->session, plaintext);
    broker_turn(b, c, now);
    broker_settle(b, now);
}

void broker_flow(struct broker *b, conn_id id, size_t unsent, int64_t now)
{
    struct conn *c = find(b, id);

    if (!c) return;
    session_flow(c->session, unsent, now);
    broker_touch(b, c);
    broker_settle(b, now);
}

void broker_closed(struct broker *b, conn_id id, int64_t now)
{
    struct conn *c = find(b, id);

    if (!c) return;
    session_gone(c->session);
    broker_touch(b, c);
    broker_settle(b, now);
    unqueue_dirty(b, c);
    if (b->sent == c) b->sent = NULL;
    map_remove(b->conns, span(&id, sizeof id));
    conn_free(b, c);
}

static struct conn *next_conn(const struct broker *b, size_t *cursor)
{
    struct span key;
    void *c;

    return map_next(b->conns, cursor, &key, &c) ? c : NULL;
}

void broker_tick(struct broker *b, int64_t now)
{
    size_t cursor = 0;

    ask_tick(b, now);
    for (struct conn *c; (c = next_conn(b, &cursor));) {
        session_tick(c->session, now);
        broker_touch(b, c);
    }
    broker_settle(b, now);
    attach_tick(b, now);
    broker_settle(b, now);
    retained_sweep(b->retained, now);
    tokens_sweep(b->authn.tokens, now);
}

/* Only where one of its own says so a connection ends: by the token that was proved last. */
static void end_revoked(struct broker *b, struct conn *c)
{
    struct span token = session_token(c->session);

    if (token.n == 0 || session_over(c->session)) return;
    enum err e = revoked_test(b->authn.revoked, token);
    if (e == OK) return;
    log_event(log_of(b), LOG_INFO, "revoked", LOG_INT("conn", (int64_t)c->id),
              LOG_STR("token", hash_hint(token).text));
    session_end_as(c->session, e, "the AS has revoked the token");
    broker_touch(b, c);
}

void broker_revoked(struct broker *b, const struct trl *list, int64_t now)
{
    size_t cursor = 0, before = revoked_count(b->authn.revoked);

    enum err e = revoked_take(b->authn.revoked, list);
    log_event(log_of(b), e == OK ? LOG_DEBUG : LOG_ERROR, "revocation",
              LOG_INT("known", (int64_t)revoked_count(b->authn.revoked)), LOG_INT("before", (int64_t)before),
              LOG_STR("error", e == OK ? "" : err_wire(e)->words));
    tokens_purge(b->authn.tokens, b->authn.revoked);
    for (struct conn *c; (c = next_conn(b, &cursor));) end_revoked(b, c);
    broker_settle(b, now);
}

void broker_shift(struct broker *b, int64_t by)
{
    size_t cursor = 0;

    for (struct conn *c; (c = next_conn(b, &cursor));) session_shift(c->session, by);
    answers_shift(b->authn.answers, by);
}

void broker_reconfigure(struct broker *b, const struct settings *settings, int64_t now)
{
    struct tokens_limits tokens = tokens_limits(&settings->limits);
    struct retained_limits retained = retained_limits(&settings->limits);
    struct answers_limits answers = answers_limits(settings);
    size_t cursor = 0;

    b->authn.settings = settings;
    tokens_relimit(b->authn.tokens, &tokens);
    answers_relimit(b->authn.answers, &answers);
    answers_forget(b->authn.answers); /* they were judged by other settings */
    retained_relimit(b->retained, &retained);
    revoked_relimit(b->authn.revoked, (size_t)settings->limits.revoked);
    for (struct conn *c; (c = next_conn(b, &cursor));) session_reconfigured(c->session, now);
    ask_tick(b, now);
    broker_settle(b, now);
}

void broker_shutdown(struct broker *b, int64_t now)
{
    size_t cursor = 0;

    for (struct conn *c; (c = next_conn(b, &cursor));) {
        session_end(c->session, ERR_SHUTTING_DOWN);
        broker_touch(b, c);
    }
    broker_settle(b, now);
}

/* --- effects --- */

static void forget_sent(struct broker *b)
{
    if (!b->sent) return;
    struct buf *out = session_out(b->sent->session);
    if (out->n > b->sent_bytes)
        buf_drop(out, b->sent_bytes); /* more was said meanwhile */
    else if (out->cap > KEEP_BUFFER)
        buf_clear(out);
    else
        buf_truncate(out, 0);
    b->sent = NULL;
}

bool broker_effect(struct broker *b, struct effect *out)
{
    forget_sent(b);
    while (b->dirty) {
        struct conn *c = b->dirty;
        const struct buf *bytes = session_out(c->session);

        *out = (struct effect){ .is = EFFECT_SEND, .conn = c->id };
        if (bytes->n && !buf_failed(bytes)) {
            out->bytes = buf_span(bytes);
            b->sent = c;
            b->sent_bytes = bytes->n;
            return true;
        }
        if (c->held != session_waiting(c->session) && !session_over(c->session)) {
            c->held = !c->held;
            out->is = c->held ? EFFECT_HOLD : EFFECT_GO_ON;
            return true;
        }
        unqueue_dirty(b, c);
        if (!session_over(c->session)) continue;
        c->hung_up = true;
        out->is = EFFECT_CLOSE;
        return true;
    }
    return ask_effect(b, out);
}

struct broker_counts broker_counts(const struct broker *b)
{
    return (struct broker_counts){ map_count(b->conns), states_count(b->states), retained_count(b->retained),
                                   tokens_count(b->authn.tokens) };
}
