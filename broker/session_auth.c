#include "broker/session.h"
#include "broker/session_own.h"

/* CONNECT and AUTH: the way from PHASE_CONNECT to PHASE_READY, and renewal there (RFC 9431 2.2.4, 4). */

enum { AUTH_SUCCESS = 0x00, AUTH_CONTINUE = 0x18, AUTH_RENEW = 0x19 };

static enum err refused(struct session *s, const struct verdict *v)
{
    session_farewell(s, &(struct farewell){ v->err, v->hint, v->why.why });
    return OK;
}

static enum err challenge(struct session *s, int64_t now)
{
    if (s->phase == PHASE_READY)
        s->renewing = true;
    else
        s->phase = PHASE_PROOF;
    s->deadline = now + s->limits.challenge_seconds;
    return answer_auth(&s->voice, AUTH_CONTINUE, span(s->attempt.nonce, NONCE_SIZE),
                       &s->out); /* [R-POPC-05] */
}

/* The attempt has succeeded: its token is the one behind the grant. */
static void take_grant(struct session *s, struct grant *grant)
{
    grant_free(s->grant);
    s->grant = grant;
    s->ended_seen = INT64_MAX;
    buf_clear(&s->proved);
    s->proved = s->attempt.token;
    s->attempt = (struct attempt){ 0 };
}

static enum err admitted(struct session *s, const struct verdict *v, int64_t now, struct intent *out)
{
    const struct message *will = s->opening.will;

    take_grant(s, v->grant);
    s->by_tls = v->by_tls;
    if (will && !grant_allows(s->grant, PERM_PUB, will->topic, now)) { /* [R-WILL-01, R-WILL-07, R-WILL-09] */
        session_farewell(s,
                         &(struct farewell){ ERR_NOT_AUTHORIZED, !grant_is_public(s->grant), "Will Topic" });
        return OK;
    }
    out->is = INTENT_ADMIT;
    return OK;
}

static enum err ask(struct session *s, int64_t now, struct intent *out)
{
    enum err e = session_ask(s, buf_span(&s->attempt.token), now, out);

    if (e != ERR_QUOTA) return e;
    session_end_as(s, e, "too many questions for the AS from this address");
    return OK;
}

static enum err follow(struct session *s, const struct verdict *v, int64_t now, struct intent *out)
{
    switch (v->is) {
    case VERDICT_ASK:
        return ask(s, now, out);
    case VERDICT_REFUSE:
        return refused(s, v);
    case VERDICT_CHALLENGE:
        return challenge(s, now);
    case VERDICT_ADMIT:
        return admitted(s, v, now, out);
    }
    return ERR_INTERNAL;
}

enum err session_on_connect(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    if (in->version == MQTT_V311 && !settings_of(s)->mqtt311) return ERR_VERSION; /* [R-V311-03] */
    opening_clear(&s->opening); /* it may have been read before the AS was asked */
    TRY(opening_read(in, &s->limits, s->authn->entropy, &s->opening));
    s->voice.max_packet = s->opening.max_packet;
    s->voice.has_method = props_has(&in->props, PROP_AUTH_METHOD);
    struct verdict v = authn_connect(s->authn, in, &s->tls, &s->attempt, now);
    return follow(s, &v, now, out);
}

static enum err renewed(struct session *s, struct verdict *v, int64_t now, struct intent *out)
{
    if (v->is == VERDICT_ASK) return ask(s, now, out);
    if (v->is == VERDICT_REFUSE) return refused(s, v); /* [R-REA-10] */
    take_grant(s, v->grant);                           /* [R-REA-11] */
    s->renewing = false;
    s->deadline = INT64_MAX;
    out->is = INTENT_RENEWED;
    return answer_auth(&s->voice, AUTH_SUCCESS, span(NULL, 0), &s->out); /* [R-REA-12] */
}

bool session_retoken(struct session *s, int64_t now)
{
    if (s->phase != PHASE_READY || !s->by_tls) return false;
    struct verdict v = authn_tls(s->authn, &s->tls, &s->attempt, now);
    if (v.is != VERDICT_ADMIT || span_eq(buf_span(&s->attempt.token), buf_span(&s->proved))) {
        grant_free(v.grant);
        attempt_clear(&s->attempt);
        return false;
    }
    take_grant(s, v.grant);
    return true;
}

static enum err renew(struct session *s, const struct mqtt_packet *in, int64_t now)
{
    if (in->reason.reason != AUTH_RENEW || !s->voice.has_method) return ERR_PROTOCOL; /* MQTT 5 4.12 */
    struct verdict v = authn_renew(s->authn, in, s->grant, &s->attempt);
    return v.is == VERDICT_REFUSE ? refused(s, &v) : challenge(s, now);
}

enum err session_on_auth(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    if (s->phase == PHASE_READY && !s->renewing) return renew(s, in, now);
    struct verdict v = authn_reply(s->authn, in, s->grant, &s->attempt, now);
    return s->phase == PHASE_READY ? renewed(s, &v, now, out) : follow(s, &v, now, out);
}

static void say_limits(const struct session *s, struct mqtt_props *p)
{
    const struct limits *l = &s->limits;

    if (l->receive_maximum < UINT16_MAX)
        props_set_number(p, PROP_RECEIVE_MAXIMUM, (uint32_t)l->receive_maximum);
    if (l->topic_aliases) props_set_number(p, PROP_TOPIC_ALIAS_MAXIMUM, (uint32_t)l->topic_aliases);
    props_set_number(p, PROP_MAXIMUM_PACKET, (uint32_t)l->packet);
    if (!settings_of(s)->switches.wildcards) props_set_number(p, PROP_WILDCARD_AVAILABLE, 0);
    props_set_number(p, PROP_SHARED_AVAILABLE, 0);
}

/* What we decided otherwise than CONNECT asked. */
static void say_changes(const struct session *s, struct mqtt_props *p)
{
    const struct opening *o = &s->opening;

    if (o->assigned_id) props_set_bytes(p, PROP_ASSIGNED_CLIENT_ID, buf_span(&o->client_id));
    if (o->limited_keep_alive) props_set_number(p, PROP_SERVER_KEEP_ALIVE, o->keep_alive);
    if (o->limited_expiry) props_set_number(p, PROP_SESSION_EXPIRY, o->session_expiry); /* [R-SESS-08] */
}

enum err session_welcome(struct session *s, bool session_present)
{
    struct welcome w = { .session_present = session_present };

    props_clear(&w.props);
    if (s->voice.version == MQTT_V5) {
        say_limits(s, &w.props);
        say_changes(s, &w.props);
    }
    return answer_welcome(&s->voice, &w, &s->out);
}

void session_admit(struct session *s, struct delivery *d)
{
    s->phase = PHASE_READY;
    s->delivery = d;
    s->deadline = INT64_MAX;
}
