#include "broker/broker.h"
#include "broker/broker_own.h"

#include "common/ace/introspection.h"

#include <stddef.h>

/* Tokens that the AS must explain (RFC 9431 2.2.5): one question each, whoever waits for it; a packet that waits is judged again when the
 * answer is there, rights that last are looked at again before they are too old. */

static const struct asking *asking_of(const struct broker *b)
{
    return &b->authn.settings->asking;
}

enum { REFUSAL_SECONDS = 5 }; /* how long INACTIVE is remembered */

/* Later than the shell, which should have given up by then. */
static int64_t patience(const struct broker *b, int64_t now)
{
    return now + asking_of(b)->timeout + 2;
}

/* The packet that waited, with the answer there, and then what came behind it. */
static void wake(struct broker *b, struct conn *c, const struct answer *said, int64_t now)
{
    session_resume(c->session);
    b->authn.said = said;
    if (session_take(c->session, &b->packet, now)) {
        session_packet(c->session, &b->packet, now, &b->intent);
        broker_act(b, c, now);
    }
    b->authn.said = NULL;
    broker_turn(b, c, now);
}

static void refresh(struct broker *b, struct conn *c, const struct answer *said, int64_t now)
{
    if (said->is == ANSWER_FAILED) c->ask_after = now + 2;
    if (!session_refresh(c->session, said, now)) return;
    attach_follow(b, c, now);
    if (!grant_ended(session_grant(c->session), now)) {
        session_pump(c->session, now); /* what waited for the AS to say so */
        return;
    }
    retained_disown(b->retained, c->id, now);
    log_event(log_of(b), LOG_INFO, "revoked", LOG_INT("conn", c->id),
              LOG_SPAN("client", buf_span(&c->state->client_id)), LOG_STR("why", said->why.why));
}

void ask_for_packet(struct broker *b, struct conn *c, int64_t now)
{
    struct answer none = { .is = ANSWER_FAILED,
                           .err = ERR_UNAVAILABLE,
                           .why = { .why = "too many questions at once" } };
    struct span token = b->intent.token;
    enum err e = answers_ask(b->authn.answers, token, &c->packet, patience(b, now));

    c->packet.who = c;
    if (e == OK) return;
    log_event(log_of(b), LOG_WARN, "not_asked", LOG_INT("conn", c->id), LOG_STR("words", err_wire(e)->words));
    sha256(token, none.token);
    wake(b, c, &none, now);
}

void ask_no_more(struct conn *c)
{
    watch_drop(&c->packet);
    watch_drop(&c->rights);
}

/* --- what the AS says --- */

static enum err read_active(const struct broker *b, struct introspection_response *r, int64_t now,
                            struct answer *out)
{
    const struct settings *s = b->authn.settings;

    if (!r->active) {
        fault_set(&out->why, 0, "the AS calls it inactive");
        return ERR_NOT_AUTHORIZED;
    }
    if (!r->is_pop) { /* [R-TOK-13] a token that anybody can use is none for us */
        fault_set(&out->why, 0, "active, but token_type is not PoP");
        return ERR_NOT_AUTHORIZED;
    }
    return claims_introspected(&r->claims, &s->trust, s->asking.issuer, now, &out->claims, &out->why);
}

/* [R-INT-16] and all other claims are judged as in a token; what the AS calls active and we may not use is the same as inactive. */
static void read_reply(const struct broker *b, const struct as_reply *reply, int64_t now, struct answer *out)
{
    const struct settings *s = b->authn.settings;
    struct introspection_response r;
    int64_t refusal = s->asking.cache < REFUSAL_SECONDS ? s->asking.cache : REFUSAL_SECONDS;

    *out = (struct answer){ .is = ANSWER_FAILED, .err = ERR_UNAVAILABLE };
    if (reply->err != OK) {
        fault_set(&out->why, 0, "%s", reply->why ? reply->why : err_wire(reply->err)->words);
        return;
    }
    if (introspection_response_read(reply->body, reply->media, s->trust.scope_also, &r, &out->why) != OK)
        return;
    enum err e = read_active(b, &r, now, out);
    introspection_response_clear(&r);
    if (e == ERR_NO_MEMORY) return;
    out->is = e == OK ? ANSWER_ACTIVE : ANSWER_INACTIVE;
    out->fresh = now + asking_holds(&s->asking);
    out->reuse = now + (e == OK ? s->asking.cache : refusal);
}

static const char *name_of(enum answer_is is)
{
    static const char *const names[] = {
        [ANSWER_ACTIVE] = "active", [ANSWER_INACTIVE] = "inactive", [ANSWER_FAILED] = "failed"
    };

    return names[is];
}

static void log_answer(const struct broker *b, const struct answer *said)
{
    log_event(log_of(b), said->is == ANSWER_FAILED ? LOG_WARN : LOG_INFO, "introspected",
              LOG_STR("token", hash_hint_of(said->token).text), LOG_STR("is", name_of(said->is)),
              LOG_STR("why", said->why.why));
}

static void tell(struct broker *b, const struct watch *w, const struct answer *said, int64_t now)
{
    struct conn *c = w->who;

    if (session_over(c->session)) return;
    refresh(b, c, said, now);
    if (w == &c->packet)
        wake(b, c, said, now);
    else
        broker_touch(b, c);
}

void broker_answered(struct broker *b, uint64_t question, const struct as_reply *reply, int64_t now)
{
    struct answer said;

    read_reply(b, reply, now, &said);
    if (answers_settle(b->authn.answers, question, &said, now) == OK) {
        log_answer(b, &said);
        for (struct watch *w; (w = answers_take(b->authn.answers, question));) tell(b, w, &said, now);
    }
    claims_free(said.claims);
    broker_settle(b, now);
}

/* --- time --- */

static void look_again(struct broker *b, struct conn *c, int64_t now)
{
    struct span token = session_stale(c->session, now);

    if (token.n == 0 || now < c->ask_after || watch_waits(&c->rights) || watch_waits(&c->packet)) return;
    c->rights.who = c;
    if (answers_ask(b->authn.answers, token, &c->rights, patience(b, now)) != OK) c->ask_after = now + 2;
}

void ask_tick(struct broker *b, int64_t now)
{
    struct as_reply silence = { .err = ERR_TIMEOUT, .why = "no answer in time" };
    size_t cursor = 0;
    uint64_t question;
    void *c;

    while (answers_overdue(b->authn.answers, now, &question)) broker_answered(b, question, &silence, now);
    answers_sweep(b->authn.answers, now);
    if (!asking_of(b)->on) return;
    while (map_next(b->conns, &cursor, NULL, &c)) look_again(b, c, now);
}

bool ask_effect(struct broker *b, struct effect *out)
{
    if (!answers_next(b->authn.answers, &out->question, &out->bytes)) return false;
    out->is = EFFECT_ASK;
    out->conn = 0;
    return true;
}
