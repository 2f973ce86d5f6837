#include "broker/session.h"
#include "broker/session_own.h"
#include "broker/upload.h"

#include "common/ace/topic.h"

#include <stdlib.h>

/* PUBLISH and SUBSCRIBE, their acknowledgements, and the subscriber's door (RFC 9431 3.1 to 3.3). */

enum { FAILED = 0x80, NO_SUBSCRIPTION = 0x11 };

/* --- rights --- */

static bool may(const struct session *s, enum perm want, struct span topic, int64_t now)
{
    bool in_vain = session_was_asked(s) && s->authn->said->is == ANSWER_FAILED;

    return in_vain ? grant_allows_anybody(s->grant, want, topic) /* [R-INT-21] */
                   : grant_allows(s->grant, want, topic, now);
}

/* --- PUBLISH from the client --- */

static uint32_t alias_of(const struct mqtt_packet *in)
{
    return props_has(&in->props, PROP_TOPIC_ALIAS) ? in->props.number[PROP_TOPIC_ALIAS] : 0;
}

/* [R-PUB-07] the name that counts, whoever spelled it when */
static enum err resolve(const struct session *s, const struct mqtt_packet *in, struct span *topic)
{
    uint32_t alias = alias_of(in);

    *topic = in->publish.topic;
    if (!props_has(&in->props, PROP_TOPIC_ALIAS)) return OK;
    if (alias == 0 || alias > s->limits.topic_aliases) return ERR_TOPIC_ALIAS;
    if (topic->n) return OK;
    if (!s->alias || s->alias[alias - 1].n == 0) return ERR_PROTOCOL;
    *topic = buf_span(&s->alias[alias - 1]);
    return OK;
}

/* Only once the topic was allowed. */
static enum err learn_alias(struct session *s, const struct mqtt_packet *in)
{
    uint32_t alias = alias_of(in);

    if (alias == 0 || in->publish.topic.n == 0) return OK;
    if (!s->alias) s->alias = calloc((size_t)s->limits.topic_aliases, sizeof *s->alias);
    if (!s->alias) return ERR_NO_MEMORY;
    struct buf *name = &s->alias[alias - 1];
    buf_clear(name);
    buf_add(name, in->publish.topic);
    return buf_failed(name) ? ERR_NO_MEMORY : OK;
}

/* Tells QoS 1 and 2 in their acknowledgement; QoS 0 and MQTT 3.1.1 have none that could say it, so the session ends. */
static enum err refuse_publish(struct session *s, const struct mqtt_packet *in, enum err e)
{
    const struct mqtt_publish *p = &in->publish;

    log_event(settings_of(s)->log, LOG_INFO, "publish_refused", LOG_INT("conn", s->id),
              LOG_SPAN("client", buf_span(&s->opening.client_id)), LOG_SPAN("topic", p->topic),
              LOG_INT("qos", p->qos), LOG_STR("words", err_wire(e)->words));
    if (p->qos == 0 || in->version == MQTT_V311) return e; /* [R-PUB-04, R-V311-19] */
    if (p->qos == 2 &&
        delivery_release(s->delivery, p->id) != OK) { /* it was never taken: nothing to release */
    }
    return answer_ack(&s->voice, p->qos == 1 ? MQTT_PUBACK : MQTT_PUBREC, p->id, e,
                      &s->out); /* [R-PUB-03, R-PUB-08] */
}

static enum err accept(const struct mqtt_packet *in, struct span topic, int64_t now, struct intent *out)
{
    const struct mqtt_publish *p = &in->publish;
    struct message_parts parts = {
        .topic = topic, .payload = p->payload, .qos = p->qos, .retain = p->retain, .props = &in->props
    };

    out->message = message_new(&parts, now);
    if (!out->message) return ERR_NO_MEMORY;
    out->is = INTENT_PUBLISH;
    return OK;
}

static enum err accept_once(struct session *s, const struct mqtt_packet *in, struct span topic, int64_t now,
                            struct intent *out)
{
    enum arrival arrival;
    enum err e = delivery_arrive(s->delivery, in->publish.id, (size_t)s->limits.receive_maximum, &arrival);

    if (e == ERR_QUOTA) return refuse_publish(s, in, e);
    TRY(e);
    if (arrival == ARRIVAL_REPEATED) return answer_ack(&s->voice, MQTT_PUBREC, in->publish.id, OK, &s->out);
    return accept(in, topic, now, out);
}

/* --- tokens --- */

/* [R-AZI-10..15] What is wrong with a token is told as for a message; MQTT 3.1.1 has no words for it [R-AZI-22]. */
static enum err upload_answer(struct session *s, const struct mqtt_packet *in, enum err e)
{
    const struct mqtt_publish *p = &in->publish;

    if (in->version == MQTT_V311 && e != ERR_NO_MEMORY) e = OK;
    if (e != OK) return refuse_publish(s, in, e);
    if (p->qos == 0) return OK;
    return answer_ack(&s->voice, p->qos == 1 ? MQTT_PUBACK : MQTT_PUBREC, p->id, OK, &s->out);
}

/* An answer comes with the second try of the same upload, which counts as one. */
static bool may_upload(const struct session *s, int64_t now)
{
    return session_was_asked(s) ||
           meter_may(s->authn->uploads, buf_span(&s->address), settings_of(s)->uploads, now);
}

/* ERR_WAITING: that it does. */
static enum err ask_first(struct session *s, struct upload *u, int64_t now, struct intent *out)
{
    buf_clear(&s->asked);
    buf_add(&s->asked, upload_octets(u));
    buf_clear(&u->unwrapped);
    if (buf_failed(&s->asked)) return ERR_NO_MEMORY;
    TRY(session_ask(s, buf_span(&s->asked), now, out));
    return ERR_WAITING;
}

static enum err take_token(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    const struct mqtt_props *p = &in->props;
    struct upload u = { .payload = in->publish.payload, .client_id = buf_span(&s->opening.client_id) };
    const struct settings *set = settings_of(s);
    struct fault why = { 0 };

    if (!set->authz_info) return ERR_NOT_AUTHORIZED;
    if (!may_upload(s, now)) return ERR_QUOTA;
    if (props_has(p, PROP_CONTENT_TYPE)) u.content_type = p->bytes[PROP_CONTENT_TYPE];
    enum err e = upload_token(s->authn, &u, now, &why);
    if (e == ERR_WAITING) return ask_first(s, &u, now, out);
    buf_clear(&u.unwrapped);
    struct hash_hint hint = hash_hint(u.payload);
    log_event(set->log, LOG_INFO, e == OK ? "token_stored" : "token_refused", LOG_INT("conn", s->id),
              LOG_STR("token", hint.text), LOG_STR("why", why.why));
    return e;
}

/* Whatever else PUBLISH says of it: no retained message, no delivery [R-AZI-02, R-AZI-03]. */
static enum err on_upload(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    enum arrival arrival = ARRIVAL_NEW;

    TRY(learn_alias(s, in));
    enum err e = in->publish.qos == 2 ? delivery_arrive(s->delivery, in->publish.id,
                                                        (size_t)s->limits.receive_maximum, &arrival)
                                      : OK;

    if (e == OK && arrival == ARRIVAL_NEW) e = take_token(s, in, now, out);
    if (e == ERR_WAITING) {
        bool taken_back = in->publish.qos < 2 || delivery_release(s->delivery, in->publish.id);
        return taken_back ? OK : ERR_INTERNAL;
    }
    if (e == OK && arrival == ARRIVAL_NEW) out->is = INTENT_TOKEN;
    return upload_answer(s, in, e == ERR_UNAVAILABLE ? ERR_NOT_AUTHORIZED : e); /* [R-AZI-11, R-AZI-14] */
}

enum err session_on_publish(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    struct span topic;

    if (props_has(&in->props, PROP_SUBSCRIPTION_ID)) return ERR_PROTOCOL; /* MQTT 5 3.3.4 */
    TRY(resolve(s, in, &topic));
    if (!topic_name_valid(topic)) return ERR_TOPIC;                    /* [R-PUB-09] */
    if (span_is(topic, AUTHZ_INFO)) return on_upload(s, in, now, out); /* [R-AZI-04] needs no right */
    if (session_must_ask(s, now) && !grant_allows_anybody(s->grant, PERM_PUB, topic))
        return session_ask(s, buf_span(&s->proved), now, out);
    if (!may(s, PERM_PUB, topic, now))
        return refuse_publish(s, in, ERR_NOT_AUTHORIZED); /* [R-PUB-01, R-EXP-02] */
    TRY(learn_alias(s, in));
    if (in->publish.qos == 2) return accept_once(s, in, topic, now, out);
    return accept(in, topic, now, out);
}

static enum err acknowledge(struct session *s, const struct mqtt_packet *in, enum err e)
{
    const struct mqtt_publish *p = &in->publish;

    if (p->qos == 0) return OK;
    if (e != OK) return refuse_publish(s, in, e);
    return answer_ack(&s->voice, p->qos == 1 ? MQTT_PUBACK : MQTT_PUBREC, p->id, OK, &s->out);
}

void session_published(struct session *s, const struct mqtt_packet *in, enum err e)
{
    if (s->phase == PHASE_OVER) return;
    e = acknowledge(s, in, e);
    if (e != OK) session_end(s, e);
}

enum err session_on_pubrel(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    (void)now, (void)out;
    bool known = delivery_release(s->delivery, in->ack.id) || in->version == MQTT_V311;
    return answer_ack(&s->voice, MQTT_PUBCOMP, in->ack.id, known ? OK : ERR_ID_UNKNOWN, &s->out);
}

/* --- acknowledgements from the client --- */

static enum err on_pubrec(struct session *s, const struct mqtt_ack *ack)
{
    enum err e = delivery_received(s->delivery, ack->id, ack->reason);

    if (e == OK && ack->reason >= FAILED) return OK;
    if (s->voice.version == MQTT_V311) e = OK;
    return answer_ack(&s->voice, MQTT_PUBREL, ack->id, e, &s->out);
}

static enum err on_last_ack(struct session *s, const struct mqtt_packet *in)
{
    return in->type == MQTT_PUBACK ? delivery_acked(s->delivery, in->ack.id)
                                   : delivery_completed(s->delivery, in->ack.id);
}

/* An identifier that is not in flight changes nothing: in particular it frees no place. */
enum err session_on_ack(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out)
{
    (void)out;
    if (in->type == MQTT_PUBREC)
        TRY(on_pubrec(s, &in->ack));
    else if (on_last_ack(s, in) != OK)
        return OK;
    session_pump(s, now);
    return OK;
}

/* --- SUBSCRIBE, UNSUBSCRIBE --- */

static enum err judge_filter(const struct session *s, struct span asked, int64_t now)
{
    struct span name, filter;
    bool shared = topic_unshare(asked, &name, &filter); /* [R-SCOPE-15] */

    if (!topic_filter_valid(filter)) return ERR_FILTER;
    if (!may(s, PERM_SUB, filter, now)) return ERR_NOT_AUTHORIZED; /* [R-SUB-01, R-EXP-03, R-AZI-01] */
    if (!settings_of(s)->switches.wildcards && topic_has_wildcard(filter))
        return ERR_WILDCARD; /* [R-SCOPE-13] */
    return shared ? ERR_SHARED : OK;
}

enum err session_on_subscribe(struct session *s, const struct mqtt_packet *in, int64_t now,
                              struct intent *out)
{
    if (session_must_ask(s, now)) return session_ask(s, buf_span(&s->proved), now, out);
    for (size_t i = 0; i < in->subscribe.count; i++)
        out->verdict[i] = judge_filter(s, in->subscribe.filter[i].filter, now);
    out->is = INTENT_SUBSCRIBE;
    return OK;
}

enum err session_on_unsubscribe(struct session *s, const struct mqtt_packet *in, int64_t now,
                                struct intent *out)
{
    (void)s, (void)now;
    for (size_t i = 0; i < in->subscribe.count; i++)
        out->verdict[i] = topic_filter_valid(in->subscribe.filter[i].filter) ? OK : ERR_FILTER;
    out->is = INTENT_UNSUBSCRIBE;
    return OK;
}

static void write_codes(struct session *s, enum mqtt_type type, const struct mqtt_suback *codes)
{
    enum err e = answer_codes(&s->voice, type, codes, &s->out);

    if (e != OK) session_end(s, e);
}

void session_subscribed(struct session *s, const struct mqtt_packet *in, const enum err verdict[])
{
    struct mqtt_suback codes = { .id = in->subscribe.id, .count = in->subscribe.count };

    for (size_t i = 0; i < codes.count; i++) /* [R-SUB-03, R-SUB-04] */
        codes.reason[i] = verdict[i] == OK ? in->subscribe.filter[i].qos : answer_code(&s->voice, verdict[i]);
    write_codes(s, MQTT_SUBACK, &codes);
}

void session_unsubscribed(struct session *s, const struct mqtt_packet *in, const enum err verdict[])
{
    struct mqtt_suback codes = { .id = in->subscribe.id, .count = in->subscribe.count };

    if (s->voice.version == MQTT_V311) codes.count = 0;
    for (size_t i = 0; i < codes.count; i++)
        codes.reason[i] = verdict[i] == ERR_NOT_FOUND ? NO_SUBSCRIPTION : answer_code(&s->voice, verdict[i]);
    write_codes(s, MQTT_UNSUBACK, &codes);
}

/* --- the subscriber's door --- */

/* [R-FWD-01] */
static bool may_have(const struct session *s, const struct message *m, int64_t now)
{
    return grant_allows(s->grant, PERM_SUB, m->topic, now);
}

/* Not now, but perhaps when the AS has said again that the token holds: it waits that long. */
static bool may_later(const struct session *s, int64_t now)
{
    return grant_is_stale(s->grant, now);
}

static void show_out(struct session *s)
{
    session_farewell(s, &(struct farewell){ ERR_NOT_AUTHORIZED,
                                            .why = "no right to a subscribed topic" }); /* [R-FWD-04] */
}

enum err session_deliver(struct session *s, const struct parcel *p, int64_t now)
{
    const struct limits *l = &s->limits;
    struct delivery_limits bounds = { (size_t)l->queue_messages, (size_t)l->queue_bytes,
                                      (size_t)l->queue_total };

    if (s->phase != PHASE_READY) return OK;
    if (!may_have(s, p->message, now) && !may_later(s, now)) {
        show_out(s); /* [R-FWD-02, R-FWD-03] never drop silently: tell the subscriber, then hang up */
        return OK;
    }
    TRY(delivery_put(s->delivery, &bounds, p));
    session_pump(s, now);
    return OK;
}

static enum err write_publish(struct session *s, const struct outgoing *o, int64_t now)
{
    const struct parcel *parcel = &o->parcel;
    const struct message *m = parcel->message;
    struct mqtt_packet p;

    p.type = MQTT_PUBLISH;
    p.version = s->voice.version;
    p.publish = (struct mqtt_publish){ .dup = o->dup,
                                       .retain = parcel->retain,
                                       .qos = parcel->qos,
                                       .id = o->id,
                                       .topic = m->topic,
                                       .payload = m->payload };
    props_clear(&p.props);
    if (p.version == MQTT_V5) {
        message_props(m, now, &p.props);
        for (size_t i = 0; i < parcel->ids; i++)
            props_set_number(&p.props, PROP_SUBSCRIPTION_ID, parcel->id[i]);
    }
    return answer_packet(&s->voice, &p, &s->out);
}

/* What exceeds the client's Maximum Packet Size counts as sent (MQTT 5 3.1.2.11.4). */
static enum err send(struct session *s, const struct outgoing *o, int64_t now)
{
    enum err e = o->is == OUT_PUBREL ? answer_ack(&s->voice, MQTT_PUBREL, o->id, OK, &s->out)
                                     : write_publish(s, o, now);

    if (e == OK) delivery_sent(s->delivery);
    if (e == ERR_TOO_LARGE) delivery_skip(s->delivery);
    return e == ERR_TOO_LARGE ? OK : e;
}

static size_t window(const struct session *s)
{
    size_t ours = (size_t)s->limits.inflight, theirs = s->opening.receive_maximum;

    return ours < theirs ? ours : theirs;
}

static bool has_room(const struct session *s)
{
    return s->phase == PHASE_READY && s->unsent + s->out.n < (size_t)s->limits.backlog;
}

void session_pump(struct session *s, int64_t now)
{
    struct outgoing o;

    while (has_room(s)) {
        delivery_peek(s->delivery, window(s), now, &o);
        if (o.is == OUT_NOTHING) return;
        if (o.is == OUT_PUBLISH &&
            !may_have(s, o.parcel.message, now)) { /* [R-EXP-04] what waited is judged again */
            if (!may_later(s, now)) show_out(s);
            return;
        }
        enum err e = send(s, &o, now);
        if (e != OK) session_end(s, e);
    }
}

void session_flow(struct session *s, size_t unsent, int64_t now)
{
    s->unsent = unsent;
    session_pump(s, now);
}
