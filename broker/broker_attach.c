#include "broker/broker_own.h"

#include "common/crypto/hash.h"

#include <stdlib.h>

/* Connection meets session state: admission, take-over, resumption, the end, and the Will. */

/* --- Wills whose time has come --- */

static void will_due(struct broker *b, struct will w)
{
    struct due *d = w.message ? calloc(1, sizeof *d) : NULL;

    if (!d) {
        message_free(w.message);
        return;
    }
    d->will = w;
    *b->due_end = d;
    b->due_end = &d->next;
}

bool attach_next_will(struct broker *b, struct will *out)
{
    struct due *d = b->due;

    if (!d) return false;
    *out = d->will;
    b->due = d->next;
    if (!b->due) b->due_end = &b->due;
    free(d);
    return true;
}

/* --- the end of a connection --- */

static void keep_state(struct state *st, int64_t now)
{
    st->ends = now + st->expiry;
    if (!st->will.message) return;
    st->will_at = now + (st->will.delay < st->expiry ? st->will.delay : st->expiry); /* MQTT 5 3.1.3.2.2 */
}

static void let_go(struct broker *b, struct state *st, int64_t now)
{
    st->conn = NULL;
    delivery_suspend(st->delivery);
    if (!st->will.delay || !st->expiry) will_due(b, state_take_will(st)); /* [R-WILL-03..05] */
    if (st->expiry)
        keep_state(st, now);
    else
        states_drop(b->states, st); /* [R-SESS-09] */
}

void attach_retire(struct broker *b, struct conn *c, int64_t now)
{
    struct state *st = c->state;

    if (!st) return; /* never admitted: nothing to undo */
    c->state = NULL;
    if (session_left_orderly(c->session)) message_free(state_take_will(st).message);
    st->expiry = session_expiry(c->session);
    let_go(b, st, now);
}

/* --- admission --- */

static bool is_own_id(struct span client_id, const struct grant *g)
{
    const struct claim_set *claims = grant_is_public(g) ? NULL : claims_set(grant_claims(g));

    return !claims || (claims->has_sub && span_eq(buf_span(&claims->sub), client_id));
}

static bool is_other_key(const struct state *st, const struct grant *g)
{
    uint8_t print[SHA256_SIZE];

    key_thumbprint(claims_key(grant_claims(g)), print);
    return memcmp(print, st->key, sizeof print) != 0;
}

/* Whoever proved a key keeps the session from those who prove nothing (security.md T10); another key may have it. */
static enum err may_enter(const struct broker *b, const struct state *st, struct session *s)
{
    const struct switches *set = &b->authn.settings->switches;
    const struct grant *g = session_grant(s);

    if (set->client_id_is_sub && !is_own_id(buf_span(&session_opening(s)->client_id), g))
        return ERR_CLIENT_ID;
    if (!st) return states_count(b->states) < (size_t)limits_of(b)->sessions ? OK : ERR_QUOTA;
    if (!st->proven) return OK;
    if (grant_is_public(g)) return ERR_CLIENT_ID;
    return set->bind_to_key && is_other_key(st, g) ? ERR_CLIENT_ID : OK;
}

static bool goes_on(const struct state *st, const struct opening *o, int64_t now)
{
    return st && !o->clean_start && st->expiry && now < st->ends; /* [R-SESS-04, R-V311-13] */
}

/* [R-CONN-13] only now that the newcomer is welcome */
static void take_over(struct broker *b, struct state *st)
{
    struct conn *old = st->conn;

    if (!old) return;
    session_end(old->session, ERR_TAKEN_OVER);
    old->state = NULL;
    st->conn = NULL;
    delivery_suspend(st->delivery);
    broker_touch(b, old);
}

/* A session that goes on in time spares its delayed Will, one that ends does not (MQTT 5 3.1.3.2.2). A Will without delay is
 * still here only when its connection was taken over. */
static void settle_will(struct broker *b, struct state *st, bool resumed)
{
    struct will w = state_take_will(st);

    if (resumed && w.delay)
        message_free(w.message);
    else
        will_due(b, w);
}

static void take_seat(struct broker *b, struct conn *c, struct state *st)
{
    struct opening *o = session_opening(c->session);

    st->conn = c;
    c->state = st;
    crowd_leave(b->crowd, c->waiting);
    c->waiting = NULL;
    st->ends = INT64_MAX;
    st->expiry = o->session_expiry;
    st->proven = !grant_is_public(session_grant(c->session));
    if (st->proven) key_thumbprint(claims_key(grant_claims(session_grant(c->session))), st->key);
    st->will = (struct will){ .message = o->will,
                              .delay = o->will_delay,
                              .owner = c->id,
                              .until = grant_end(session_grant(c->session)) };
    o->will = NULL;
}

static void keep_token(struct broker *b, const struct session *s, struct span client_id)
{
    const struct grant *g = session_grant(s);
    struct span token = session_token(s);

    if (grant_is_public(g)) return;
    enum err e =
        tokens_put(b->authn.tokens, token, grant_claims(g), INT64_MAX); /* [R-CACK-10, R-VAL-14, R-V311-06] */
    if (e == OK) e = tokens_bind(b->authn.tokens, client_id, claims_key(grant_claims(g)));
    if (e != OK) log_event(log_of(b), LOG_WARN, "token_not_kept", LOG_STR("words", err_wire(e)->words));
}

static void log_admission(const struct broker *b, const struct conn *c, bool resumed)
{
    struct span token = session_token(c->session);
    struct hash_hint hint = { "" };

    if (token.n) hint = hash_hint(token);
    log_event(log_of(b), LOG_INFO, "connected", LOG_INT("conn", c->id),
              LOG_SPAN("client", buf_span(&c->state->client_id)), LOG_STR("token", hint.text),
              LOG_BOOL("resumed", resumed), LOG_BOOL("will", c->state->will.message != NULL));
}

/* Who enters where. */
struct entry {
    struct state *st;
    struct delivery *fresh; /* NULL: the session goes on */
};

/* Nothing can fail from here on. */
static void enter(struct broker *b, struct conn *c, const struct entry *e, int64_t now)
{
    struct state *st = e->st;

    take_over(b, st);
    settle_will(b, st, !e->fresh);
    if (e->fresh) states_reset(b->states, st, e->fresh);
    take_seat(b, c, st);
    keep_token(b, c->session, buf_span(&st->client_id));
    session_admit(c->session, st->delivery);
    if (!e->fresh) delivery_purge(st->delivery, session_grant(c->session), now); /* [R-SESS-07] */
    log_admission(b, c, !e->fresh);
    session_pump(c->session, now);
}

/* All that can fail, and can be undone. */
static enum err prepare(struct broker *b, struct conn *c, int64_t now, struct entry *out)
{
    const struct opening *o = session_opening(c->session);
    struct state *st = states_get(b->states, buf_span(&o->client_id));

    TRY(may_enter(b, st, c->session));
    bool resumed = goes_on(st, o, now);
    if (!resumed && !(out->fresh = states_delivery(b->states))) return ERR_NO_MEMORY;
    if (st)
        out->st = st;
    else
        TRY(states_make(b->states, buf_span(&o->client_id), &out->st));
    enum err e = session_welcome(c->session, resumed); /* [R-CACK-07, R-CACK-08] */
    if (e != OK && !st) states_drop(b->states, out->st);
    return e;
}

void attach_admit(struct broker *b, struct conn *c, int64_t now)
{
    struct entry entry = { 0 };
    enum err e = prepare(b, c, now, &entry);

    if (e == OK) {
        enter(b, c, &entry, now);
        return;
    }
    delivery_free(entry.fresh);
    session_end_as(c->session, e, e == ERR_QUOTA ? "limits.sessions is reached" : NULL);
}

void attach_follow(struct broker *b, struct conn *c, int64_t now)
{
    const struct grant *g = session_grant(c->session);
    struct will *w = &c->state->will;

    retained_renew(b->retained, c->id, g, now);
    if (w->message && grant_allows(g, PERM_PUB, w->message->topic, now))
        w->until = grant_end(g); /* */
}

void attach_renew(struct broker *b, struct conn *c, int64_t now)
{
    const struct grant *g = session_grant(c->session);
    struct hash_hint hint = hash_hint(session_token(c->session));

    keep_token(b, c->session, buf_span(&c->state->client_id));
    attach_follow(b, c, now);
    log_event(log_of(b), LOG_INFO, "renewed", LOG_INT("conn", c->id), LOG_STR("token", hint.text),
              LOG_INT("until", grant_end(g)));
}

void attach_tick(struct broker *b, int64_t now)
{
    size_t cursor = 0;

    for (struct state *st; (st = states_next(b->states, &cursor));) {
        bool ended = now >= st->ends;

        if (ended || now >= st->will_at) will_due(b, state_take_will(st));
        if (ended) states_drop(b->states, st);
    }
}
