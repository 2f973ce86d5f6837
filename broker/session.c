#include "broker/session.h"

#include "broker/session_own.h"

#include <stdlib.h>

enum { V3 = 1, V5 = 2 };

/* clang-format off */
static const struct rule {
    unsigned phases, versions;
    handler *handle;
} rules[16] = {
    /* packet              may arrive while              in       handler                     RFC 9431, MQTT 5 */
    [MQTT_CONNECT]     = { PHASE_CONNECT,                V3 | V5, session_on_connect     }, /* 2.2.4           */
    [MQTT_AUTH]        = { PHASE_PROOF | PHASE_READY,         V5, session_on_auth        }, /* 2.2.4.2, 4      */
    [MQTT_PUBLISH]     = { PHASE_READY,                  V3 | V5, session_on_publish     }, /* 3.1             */
    [MQTT_PUBACK]      = { PHASE_READY,                  V3 | V5, session_on_ack         }, /* 4.3.2           */
    [MQTT_PUBREC]      = { PHASE_READY,                  V3 | V5, session_on_ack         }, /* 4.3.3           */
    [MQTT_PUBREL]      = { PHASE_READY,                  V3 | V5, session_on_pubrel      }, /* 4.3.3           */
    [MQTT_PUBCOMP]     = { PHASE_READY,                  V3 | V5, session_on_ack         }, /* 4.3.3           */
    [MQTT_SUBSCRIBE]   = { PHASE_READY,                  V3 | V5, session_on_subscribe   }, /* 3.3             */
    [MQTT_UNSUBSCRIBE] = { PHASE_READY,                  V3 | V5, session_on_unsubscribe }, /* 3.10            */
    [MQTT_PINGREQ]     = { PHASE_READY,                  V3 | V5, session_on_ping        }, /* 5               */
    [MQTT_DISCONNECT]  = { PHASE_PROOF | PHASE_READY,    V3 | V5, session_on_disconnect  }, /* 2.2.4, 3.14     */
};
/* clang-format on */

/* [R-CONN-10] what may not arrive now finds no row */
static enum err judge(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    const struct rule *r = &rules[in->type];
    unsigned version = in->version == MQTT_V5 ? V5 : V3;

    if (!(r->phases & s->phase) || !(r->versions & version)) return ERR_PROTOCOL;
    return r->handle(s, in, now, out);
}

void session_packet(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    out->is = INTENT_NOTHING;
    if (s->phase == PHASE_OVER) return;
    enum err e = judge(s, in, now, out);
    if (e != OK) session_end(s, e);
}

static void speak(struct session *s)
{
    s->voice.hide_topics = settings_of(s)->hide_topics;
}

struct session *session_new(conn_id id, const struct authn *authn, const struct tls_facts *tls, int64_t now)
{
    struct session *s = calloc(1, sizeof *s);

    if (!s) return NULL;
    *s = (struct session){
        .id = id,
        .authn = authn,
        .limits = authn->settings->limits,
        .phase = PHASE_CONNECT,
        .heard = now,
        .ended_seen = INT64_MAX,
        .deadline = now + authn->settings->limits.connect_seconds,
        .voice.max_packet = UINT32_MAX,
    };
    speak(s);
    if (tls_facts_copy(tls, &s->tls) == OK) return s;
    free(s);
    return NULL;
}

void session_from(struct session *s, struct span address)
{
    buf_add(&s->address, address);
}

void session_free(struct session *s)
{
    if (!s) return;
    tls_facts_clear(&s->tls);
    buf_clear(&s->in);
    buf_clear(&s->out);
    buf_clear(&s->address);
    opening_clear(&s->opening);
    attempt_clear(&s->attempt);
    buf_clear(&s->asked);
    buf_clear(&s->proved);
    grant_free(s->grant);
    for (int64_t i = 0; s->alias && i < s->limits.topic_aliases; i++) buf_clear(&s->alias[i]);
    free(s->alias);
    free(s);
}

/* Was it a token of its own, and is it one still? */
static bool still_trusted(const struct session *s, int64_t now)
{
    struct claims *claims = NULL;
    struct fault why;
    enum err e = token_open(buf_span(&s->proved), &settings_of(s)->trust, now, &claims, &why);

    claims_free(claims);
    return e == OK || e == ERR_NO_MEMORY;
}

void session_reconfigured(struct session *s, int64_t now)
{
    speak(s);
    if (!s->grant) return;
    grant_reopen(s->grant, settings_of(s)->open);
    if (s->phase != PHASE_READY || grant_is_public(s->grant) || grant_ended(s->grant, now)) return;
    if (grant_fresh(s->grant) != INT64_MAX)
        grant_hold(s->grant, now);
    else if (!still_trusted(s, now))
        grant_revoke(s->grant, now);
}

/* --- input --- */

void session_feed(struct session *s, struct span plaintext)
{
    if (s->phase == PHASE_OVER) return;
    buf_drop(&s->in, s->taken);
    s->taken = 0;
    buf_add(&s->in, plaintext);
}

static size_t largest(const struct session *s)
{
    return (size_t)(s->phase == PHASE_READY ? s->limits.packet : s->limits.preauth_packet);
}

static enum err decode(struct session *s, const struct mqtt_frame *frame, struct mqtt_packet *out)
{
    out->version = 0;
    out->connect.level = 0;
    enum err e = mqtt_decode(frame, s->voice.version, out);

    /* A CONNECT says in which version even its refusal is to be written. */
    if (out->type == MQTT_CONNECT && s->phase == PHASE_CONNECT) {
        s->voice.version = out->version;
        s->level = out->connect.level;
    }
    return e;
}

static enum err take(struct session *s, struct mqtt_packet *out, bool *whole)
{
    struct mqtt_frame frame;
    enum mqtt_more more;
    size_t used;

    *whole = false;
    if (buf_failed(&s->in)) return ERR_NO_MEMORY;
    TRY(mqtt_frame_next(span_skip(buf_span(&s->in), s->taken), largest(s), &frame, &used, &more));
    if (more == MQTT_FRAME_MORE) return OK;
    s->taken += used;
    s->used = used;
    if (s->phase == PHASE_CONNECT && frame.first >> 4 != MQTT_CONNECT)
        return ERR_PROTOCOL; /* before any other decoding */
    *whole = true;
    return decode(s, &frame, out);
}

bool session_take(struct session *s, struct mqtt_packet *out, int64_t now)
{
    bool whole = false;

    if (s->phase == PHASE_OVER || s->waiting) return false;
    if (s->taken == s->in.n &&
        !buf_failed(&s->in)) { /* an idle connection keeps no buffer, and no token in it */
        buf_clear(&s->in);
        s->taken = 0;
        return false;
    }
    enum err e = take(s, out, &whole);
    if (e != OK)
        session_end(s, e);
    else if (whole)
        s->heard = now;
    return e == OK && whole;
}

/* --- asking the AS --- */

/* Who has proved a token may ask about it as often as it takes. */
static bool may_ask(const struct session *s, struct span token, int64_t now)
{
    if (s->phase == PHASE_READY && span_eq(token, buf_span(&s->proved))) return true;
    return meter_may(s->authn->questions, buf_span(&s->address), settings_of(s)->asking.per_minute, now);
}

enum err session_ask(struct session *s, struct span token, int64_t now, struct intent *out)
{
    if (!may_ask(s, token, now)) return ERR_QUOTA; /* [R-SEC-01] */
    s->taken -= s->used;
    s->waiting = true;
    out->is = INTENT_ASK;
    out->token = token;
    return OK;
}

void session_resume(struct session *s)
{
    s->waiting = false;
    buf_clear(&s->asked);
}

bool session_must_ask(const struct session *s, int64_t now)
{
    const struct asking *asking = &settings_of(s)->asking;
    bool counts = grant_fresh(s->grant) != INT64_MAX && now < grant_end(s->grant);

    if (!asking->on || !counts || session_was_asked(s)) return false;
    return asking->cache == 0 || grant_is_stale(s->grant, now);
}

/* How long before the end of an answer's time the next one is sought, so that hardly anything has to wait for it: a quarter of that time, or
 * as long as the AS may take, but never more than half. */
static int64_t lead(const struct asking *asking)
{
    int64_t holds = asking_holds(asking), quarter = (holds + 3) / 4, half = (holds + 1) / 2;
    int64_t slow = asking->timeout < half ? asking->timeout : half;

    return quarter > slow ? quarter : slow;
}

struct span session_stale(const struct session *s, int64_t now)
{
    const struct asking *asking = &settings_of(s)->asking;
    int64_t fresh = s->phase == PHASE_READY ? grant_fresh(s->grant) : INT64_MAX;

    if (!asking->on || fresh == INT64_MAX || now >= grant_end(s->grant)) return span(NULL, 0);
    return now >= fresh - lead(asking) ? buf_span(&s->proved) : span(NULL, 0);
}

bool session_refresh(struct session *s, const struct answer *said, int64_t now)
{
    if (s->phase != PHASE_READY || grant_fresh(s->grant) == INT64_MAX ||
        !answer_is_about(said, buf_span(&s->proved)) || said->is == ANSWER_FAILED)
        return false;
    if (said->is == ANSWER_INACTIVE || !grant_refresh(s->grant, said->claims, said->fresh))
        grant_revoke(s->grant, now);
    return true;
}

/* --- the end --- */

/* MQTT 5 has 0x88 in CONNACK alone (3.2.2.2) and 0x8B in DISCONNECT alone (3.14.2.1). */
static enum err as_told(const struct session *s, enum err e)
{
    bool in = s->phase == PHASE_READY;

    if (!in && e == ERR_SHUTTING_DOWN) return ERR_UNAVAILABLE;
    return in && e == ERR_UNAVAILABLE ? ERR_NOT_AUTHORIZED : e;
}

static enum err say_goodbye(struct session *s, const struct farewell *f)
{
    const char *words = settings_of(s)->lab && f->why && *f->why ? f->why : NULL; /* [R-SEC-06, A-65] */
    struct refusal r = { .err = f->err, .level = s->level, .words = words };
    struct buf hint = { 0 };

    if (s->phase == PHASE_READY) return answer_disconnect(&s->voice, f->err, words, &s->out);
    if (!s->voice.version) return OK; /* no CONNECT was heard: nothing to answer */
    if (f->hint && cnonces_hint(s->authn->cnonces, settings_of(s), s->heard, &hint) == OK)
        r.hint = buf_span(&hint);
    enum err e = answer_refusal(&s->voice, &r, &s->out); /* [R-CACK-01] */
    buf_clear(&hint);
    return e;
}

void session_farewell(struct session *s, const struct farewell *f)
{
    if (s->phase == PHASE_OVER) return;
    struct farewell told = { as_told(s, f->err), f->hint, f->why };
    enum err e = say_goodbye(s, &told);
    log_event(settings_of(s)->log, LOG_INFO, s->phase == PHASE_READY ? "disconnected" : "refused",
              LOG_INT("conn", s->id), LOG_SPAN("client", buf_span(&s->opening.client_id)),
              LOG_INT("reason", err_wire(told.err)->mqtt5), LOG_STR("words", err_wire(f->err)->words),
              LOG_STR("why", f->why ? f->why : ""), LOG_BOOL("told", e == OK));
    s->phase = PHASE_OVER; /* [R-EXP-08] */
}

void session_end(struct session *s, enum err e)
{
    session_end_as(s, e, NULL);
}

void session_end_as(struct session *s, enum err e, const char *why)
{
    session_farewell(s, &(struct farewell){ .err = e, .why = why });
}

void session_gone(struct session *s)
{
    s->phase = PHASE_OVER;
}

/* --- time --- */

/* An answer of the AS that is too old may still be renewed by the next one. */
static int64_t grace_of(const struct session *s, int64_t now)
{
    const struct settings *set = settings_of(s);
    int64_t grace = s->by_tls ? set->known_grace : set->expiry_grace;

    return grant_is_stale(s->grant, now) && grace < set->asking.timeout ? set->asking.timeout : grace;
}

/* noticed first, closed a grace later, so that the client can renew; also when the clock jumped far ahead. */
static bool outlived(struct session *s, int64_t now)
{
    if (!grant_ended(s->grant, now)) {
        s->ended_seen = INT64_MAX;
        return false;
    }
    if (s->ended_seen == INT64_MAX) s->ended_seen = now;
    return now - s->ended_seen >= grace_of(s, now);
}

static const char *end_of(const struct session *s, int64_t now)
{
    return grant_is_stale(s->grant, now) ? "the AS did not answer about the token" : "token has ended";
}

static bool silent_too_long(const struct session *s, int64_t now)
{
    return s->opening.keep_alive && 2 * (now - s->heard) > 3 * (int64_t)s->opening.keep_alive;
}

void session_tick(struct session *s, int64_t now)
{
    if (s->phase == PHASE_OVER) return;
    if (s->phase != PHASE_READY) {
        if (now >= s->deadline && !s->waiting) session_gone(s); /* [R-POPC-17] */
        return;
    }
    if (silent_too_long(s, now) && !s->waiting)
        session_end(s, ERR_KEEP_ALIVE);
    else if (now >= s->deadline && !s->waiting)
        session_farewell(s, &(struct farewell){ ERR_NOT_AUTHORIZED, .why = "challenge not answered" });
    else if (outlived(s, now)) /* [R-EXP-06, R-FWD-06] */
        session_farewell(s, &(struct farewell){ ERR_NOT_AUTHORIZED, .why = end_of(s, now) });
    else
        session_pump(s, now);
}

void session_shift(struct session *s, int64_t by)
{
    s->heard += by;
    if (s->deadline != INT64_MAX) s->deadline += by;
}

enum err session_on_ping(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    (void)in;
    if (grant_is_stale(s->grant, now) && session_must_ask(s, now))
        return session_ask(s, buf_span(&s->proved), now, out);
    if (grant_ended(s->grant, now)) return ERR_NOT_AUTHORIZED; /* [R-EXP-05] */
    return answer_ping(&s->voice, &s->out);
}

/* MQTT 5 3.14.2.2.2: an expiry of zero at CONNECT stays zero. */
static enum err new_expiry(struct session *s, const struct mqtt_packet *in)
{
    uint32_t longest = (uint32_t)s->limits.session_expiry, asked;

    if (!props_has(&in->props, PROP_SESSION_EXPIRY)) return OK;
    asked = in->props.number[PROP_SESSION_EXPIRY];
    if (asked && !s->opening.session_expiry) return ERR_PROTOCOL;
    s->opening.session_expiry = asked < longest ? asked : longest;
    return OK;
}

enum err session_on_disconnect(struct session *s, const struct mqtt_packet *in, int64_t now,
                               struct intent *out)
{
    (void)now, (void)out;
    if (in->version == MQTT_V5) TRY(new_expiry(s, in));
    s->orderly = in->version == MQTT_V311 || in->reason.reason == 0; /* [R-WILL-08] */
    log_event(settings_of(s)->log, LOG_INFO, "left", LOG_INT("conn", s->id),
              LOG_SPAN("client", buf_span(&s->opening.client_id)), LOG_INT("reason", in->reason.reason));
    session_gone(s);
    return OK;
}

/* --- what the broker may know --- */

bool session_over(const struct session *s)
{
    return s->phase == PHASE_OVER;
}

bool session_waiting(const struct session *s)
{
    return s->waiting && s->phase != PHASE_OVER;
}

bool session_left_orderly(const struct session *s)
{
    return s->orderly;
}

conn_id session_id(const struct session *s)
{
    return s->id;
}

struct buf *session_out(struct session *s)
{
    return &s->out;
}

struct opening *session_opening(struct session *s)
{
    return &s->opening;
}

uint32_t session_expiry(const struct session *s)
{
    return s->opening.session_expiry;
}

const struct grant *session_grant(const struct session *s)
{
    return s->grant;
}

struct span session_token(const struct session *s)
{
    return buf_span(&s->proved);
}
