#include "client/dialog.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/ace/auth_data.h"
#include "common/ace/hints.h"
#include "common/ace/pop.h"
#include "common/codec/text.h"

#define METHOD "ace"

enum {
    MAX_INPUT = 16 << 20,
    MAX_IDS = 65536,
    MAX_WINDOW = 1024,
    QUEUE_ROOM = 16,
    ANSWER_MS = 10000,
    MAX_DRAFT02_CHALLENGE = 64
};

/* Named for what is waited for. */
enum phase { PHASE_NEW = 1, PHASE_CONNACK = 2, PHASE_READY = 4, PHASE_OVER = 8 };

/* What is in flight under a packet identifier. */
enum flight { FLIGHT_FREE, FLIGHT_PUBACK, FLIGHT_PUBREC, FLIGHT_PUBCOMP, FLIGHT_SUBACK, FLIGHT_UNSUBACK };

struct dialog {
    enum phase phase;
    enum mqtt_version version;
    bool ace, renewing; /* a re-authentication is under way */
    bool draft02;       /* as dialog_connect.compat_draft02 */
    bool clean;         /* start, as asked for in CONNECT */
    bool challenged;    /* in the authentication that is under way */
    struct key *key;    /* proves challenges; the new one while renewing */
    struct entropy *entropy;
    struct buf in, out;
    struct dialog_event *events; /* queue: first..count */
    size_t first, count, room;
    uint8_t flights[MAX_IDS];      /* enum flight by packet identifier */
    uint8_t received[MAX_IDS / 8]; /* QoS 2 inbound: PUBREC sent, PUBREL not seen */
    uint16_t last_id;
    size_t window, window_max; /* publishes in flight, and how many the broker takes */
    size_t in_max, out_max;    /* bytes of a packet */
    uint8_t qos_max;
    bool no_retain;
    int64_t keep_alive_ms, now_ms, last_sent_ms, ping_ms;
    int64_t since_ms;           /* waiting for CONNACK since; 0: the next tick tells */
    bool pinging, asked_ping;   /* PINGREQ out; by dialog_ping() */
    struct mqtt_packet packet;  /* being decoded */
    struct mqtt_packet scratch; /* being encoded */
};

/* --- events --- */

static struct dialog_event *new_event(struct dialog *d, enum dialog_happening what)
{
    if (d->first == d->count) d->first = d->count = 0;
    if (d->count == d->room) {
        size_t room = d->room ? d->room * 2 : QUEUE_ROOM;
        struct dialog_event *grown = realloc(d->events, room * sizeof *grown);
        if (!grown) return NULL;
        d->events = grown;
        d->room = room;
    }
    struct dialog_event *e = &d->events[d->count++];
    *e = (struct dialog_event){ .what = what };
    return e;
}

static enum err send_packet(struct dialog *d);
static struct mqtt_packet *fresh(struct dialog *d, enum mqtt_type type);

/* The end of the dialog from our side: nothing of this broker is taken any more. It is told why (MQTT 5 4.13). */
static enum err broken(struct dialog *d, enum err err, const char *why)
{
    struct dialog_event *e = d->phase == PHASE_OVER ? NULL : new_event(d, DIALOG_BROKEN);

    if (e) {
        e->err = err;
        snprintf(e->why, sizeof e->why, "%s", why);
    }
    if (d->phase == PHASE_READY && d->version == MQTT_V5) {
        uint8_t reason = err_wire(err)->mqtt5;
        fresh(d, MQTT_DISCONNECT)->reason.reason = reason >= 0x80 && err != ERR_TIMEOUT ? reason : 0x80;
        (void)!send_packet(d); /* it is over in any case */
    }
    d->phase = PHASE_OVER;
    return err;
}

void dialog_event_clear(struct dialog_event *e)
{
    buf_clear(&e->topic);
    buf_clear(&e->payload);
    buf_clear(&e->hint);
    buf_clear(&e->reason_string);
    buf_clear(&e->assigned_id);
}

bool dialog_event(struct dialog *d, struct dialog_event *out)
{
    if (d->first == d->count) return false;
    *out = d->events[d->first++];
    return true;
}

/* --- sending --- */

static struct mqtt_packet *fresh(struct dialog *d, enum mqtt_type type)
{
    d->scratch.type = type;
    d->scratch.version = d->version;
    props_clear(&d->scratch.props);
    return &d->scratch;
}

static enum err send_packet(struct dialog *d)
{
    size_t before = d->out.n;

    TRY(mqtt_encode(&d->scratch, &d->out));
    if (d->out.n - before > d->out_max) {
        buf_truncate(&d->out, before);
        return ERR_TOO_LARGE;
    }
    d->last_sent_ms = d->now_ms;
    return OK;
}

static enum err send_ack(struct dialog *d, enum mqtt_type type, uint16_t id, enum err e)
{
    fresh(d, type)->ack = (struct mqtt_ack){ .id = id, .reason = err_wire(e)->mqtt5 };
    return send_packet(d);
}

/* --- proofs --- */

static enum err prove(struct dialog *d, struct span challenge, struct buf *out)
{
    if (!d->key) return ERR_PROTOCOL;
    return pop_prove(d->key, challenge, out);
}

static enum err put_auth_data(struct dialog *d, const struct dialog_connect *how, struct buf *data)
{
    struct auth_data parts = { .token = how->token };
    struct buf proof = { 0 };
    enum err e = OK;

    if (how->pop == DIALOG_POP_EXPORTER) {
        if (!how->facts || !how->facts->has_exporter) return ERR_PROTOCOL;
        e = prove(d, span(how->facts->exporter, EXPORTER_SIZE), &proof);
        parts.proof = buf_span(&proof);
    }
    if (e == OK) auth_data_write(&parts, data);
    buf_clear(&proof);
    if (e == OK && data->n > UINT16_MAX) e = ERR_TOO_LARGE; /* */
    return buf_failed(data) ? ERR_TOO_LARGE : e;
}

/* RFC 9431 section 6: user name "ace" and the token, password the exporter's proof [R-V311-08] [R-V311-09]. */
static enum err put_v311(struct dialog *d, const struct dialog_connect *how, struct buf *name,
                         struct buf *proof)
{
    if (how->pop != DIALOG_POP_EXPORTER) return ERR_PROTOCOL; /* [R-V311-10] no challenge in 3.1.1 */
    if (!how->facts || !how->facts->has_exporter) return ERR_PROTOCOL;
    buf_str(name, METHOD);
    b64url_encode(name, how->token);
    TRY(prove(d, span(how->facts->exporter, EXPORTER_SIZE), proof));
    return buf_failed(name) ? ERR_NO_MEMORY : name->n > UINT16_MAX ? ERR_TOO_LARGE : OK;
}

static void fill_connect(struct dialog *d, const struct dialog_connect *how)
{
    struct mqtt_packet *p = fresh(d, MQTT_CONNECT);

    p->connect = (struct mqtt_connect){
        .level = (uint8_t)how->version,
        .clean_start = how->clean_start,
        .keep_alive = how->keep_alive,
        .client_id = how->client_id,
    };
    if (how->will) p->connect.will = *how->will;
    if (how->will_props) p->connect.will_props = *how->will_props;
    if (how->props) p->props = *how->props;
}

enum err dialog_connect(struct dialog *d, const struct dialog_connect *how)
{
    struct buf data = { 0 }, proof = { 0 };
    enum err e = OK;

    if (d->phase != PHASE_NEW) return ERR_PROTOCOL;
    d->version = how->version;
    d->ace = how->pop != DIALOG_POP_NONE;
    d->clean = how->clean_start;
    d->draft02 = how->compat_draft02;
    key_free(d->key);
    d->key = how->key ? key_ref((struct key *)(uintptr_t)how->key) : NULL;
    d->keep_alive_ms = how->keep_alive * INT64_C(1000);
    fill_connect(d, how);
    if (props_has(&d->scratch.props, PROP_MAXIMUM_PACKET) &&
        d->scratch.props.number[PROP_MAXIMUM_PACKET] < MAX_INPUT)
        d->in_max = d->scratch.props.number[PROP_MAXIMUM_PACKET];
    if (d->ace && how->version == MQTT_V5) {
        props_set_bytes(&d->scratch.props, PROP_AUTH_METHOD, span_str(METHOD)); /* [R-CONN-01] [R-CONN-02] */
        if (how->pop != DIALOG_POP_STORED) {
            e = put_auth_data(d, how, &data);
            props_set_bytes(&d->scratch.props, PROP_AUTH_DATA, buf_span(&data));
        }
    } else if (d->ace) {
        e = put_v311(d, how, &data, &proof);
        d->scratch.connect.has_username = d->scratch.connect.has_password = true; /* [R-V311-07] */
        d->scratch.connect.username = buf_span(&data);
        d->scratch.connect.password = buf_span(&proof);
    }
    if (e == OK) e = send_packet(d);
    if (e == OK) d->phase = PHASE_CONNACK;
    buf_clear(&data);
    buf_clear(&proof);
    return e;
}

/* --- packets from the broker --- */

typedef enum err handler(struct dialog *d, const struct mqtt_packet *in);
static handler on_connack, on_publish, on_puback, on_pubrec, on_pubrel, on_pubcomp, on_suback, on_unsuback,
    on_pingresp, on_disconnect, on_auth;

static const struct rule {
    unsigned phases;
    handler *handle;
} rules[16] = {
    /* packet              may arrive while                  handler                    */
    [MQTT_CONNACK] = { PHASE_CONNACK, on_connack },
    [MQTT_AUTH] = { PHASE_CONNACK | PHASE_READY, on_auth },
    [MQTT_PUBLISH] = { PHASE_READY, on_publish },
    [MQTT_PUBACK] = { PHASE_READY, on_puback },
    [MQTT_PUBREC] = { PHASE_READY, on_pubrec },
    [MQTT_PUBREL] = { PHASE_READY, on_pubrel },
    [MQTT_PUBCOMP] = { PHASE_READY, on_pubcomp },
    [MQTT_SUBACK] = { PHASE_READY, on_suback },
    [MQTT_UNSUBACK] = { PHASE_READY, on_unsuback },
    [MQTT_PINGRESP] = { PHASE_READY, on_pingresp },
    [MQTT_DISCONNECT] = { PHASE_READY, on_disconnect },
};

static void take_limits(struct dialog *d, const struct mqtt_props *p)
{
    if (props_has(p, PROP_RECEIVE_MAXIMUM) && p->number[PROP_RECEIVE_MAXIMUM] < d->window_max) {
        d->window_max = p->number[PROP_RECEIVE_MAXIMUM];
    }
    if (props_has(p, PROP_MAXIMUM_PACKET)) d->out_max = p->number[PROP_MAXIMUM_PACKET];
    if (props_has(p, PROP_MAXIMUM_QOS)) d->qos_max = (uint8_t)p->number[PROP_MAXIMUM_QOS];
    d->no_retain = props_has(p, PROP_RETAIN_AVAILABLE) && p->number[PROP_RETAIN_AVAILABLE] == 0;
    if (props_has(p, PROP_SERVER_KEEP_ALIVE))
        d->keep_alive_ms = p->number[PROP_SERVER_KEEP_ALIVE] * INT64_C(1000);
}

/* The hint as the RFC has it, or as draft -02: the address of the AS alone. */
static void take_hint(const struct dialog *d, const struct mqtt_props *p, struct buf *out)
{
    struct hints h = { 0 };
    struct span text;

    if (props_user(p, HINT_PROPERTY, &text)) {
        buf_add(out, text);
    } else if (d->draft02 && props_user(p, "AS", &text)) {
        buf_add(&h.as, text);
        if (hints_write(&h, out) != OK) buf_truncate(out, 0);
        hints_clear(&h);
    }
}

static enum err on_connack(struct dialog *d, const struct mqtt_packet *in)
{
    bool admitted = in->connack.reason == 0;

    if (in->connack.session_present && d->clean) /* MQTT 5 3.2.2.1.1 */
        return broken(d, ERR_PROTOCOL, "a session goes on, though a clean start was asked for");
    if (!in->connack.session_present) memset(d->received, 0, sizeof d->received);
    struct dialog_event *e = new_event(d, admitted ? DIALOG_CONNECTED : DIALOG_REFUSED);

    if (!e) return ERR_NO_MEMORY;
    e->reason = in->connack.reason;
    e->session_present = in->connack.session_present;
    take_hint(d, &in->props, &e->hint);
    buf_add(&e->reason_string, in->props.bytes[PROP_REASON_STRING]);
    buf_add(&e->assigned_id, in->props.bytes[PROP_ASSIGNED_CLIENT_ID]);
    take_limits(d, &in->props);
    d->last_sent_ms = d->now_ms;
    d->challenged = false;
    d->phase = admitted ? PHASE_READY : PHASE_OVER;
    return OK;
}

/* The broker's nonce, our nonce, the proof over both [R-POPC-07] [R-POPC-08] [R-POPC-09]. */
static enum err put_answer(struct dialog *d, struct span rs_nonce, struct buf *data)
{
    uint8_t both[2 * NONCE_SIZE];

    if (rs_nonce.n != NONCE_SIZE) return prove(d, rs_nonce, data); /* draft -02: no nonce of ours */
    memcpy(both, rs_nonce.p, NONCE_SIZE);
    TRY(entropy_fill(d->entropy, both + NONCE_SIZE, NONCE_SIZE));
    buf_add(data, span(both + NONCE_SIZE, NONCE_SIZE));
    return prove(d, span(both, sizeof both), data);
}

static enum err answer_challenge(struct dialog *d, struct span rs_nonce)
{
    struct buf data = { 0 };
    enum err e = put_answer(d, rs_nonce, &data);

    if (e == OK) {
        struct mqtt_packet *p = fresh(d, MQTT_AUTH);
        p->reason.reason = 0x18;
        props_set_bytes(&p->props, PROP_AUTH_METHOD, span_str(METHOD));
        props_set_bytes(&p->props, PROP_AUTH_DATA, buf_span(&data));
        e = buf_failed(&data) ? ERR_NO_MEMORY : send_packet(d);
    }
    buf_clear(&data);
    return e;
}

/* Draft -02 leaves the length open. What is signed without a nonce of ours is at least as long, and not endless. */
static bool is_challenge(const struct dialog *d, struct span data)
{
    return data.n == NONCE_SIZE || (d->draft02 && data.n > NONCE_SIZE && data.n <= MAX_DRAFT02_CHALLENGE);
}

static enum err on_auth(struct dialog *d, const struct mqtt_packet *in)
{
    struct span data = in->props.bytes[PROP_AUTH_DATA];

    if (!d->ace || !span_is(in->props.bytes[PROP_AUTH_METHOD], METHOD)) {
        return broken(d, ERR_PROTOCOL, "AUTH of another method than ours");
    }
    if (in->reason.reason == 0x00 && d->renewing) {
        d->renewing = d->challenged = false;
        return new_event(d, DIALOG_REAUTHENTICATED) ? OK : ERR_NO_MEMORY;
    }
    if (in->reason.reason != 0x18 || (d->phase == PHASE_READY && !d->renewing)) {
        return broken(d, ERR_PROTOCOL, "AUTH that nobody asked for");
    }
    if (!is_challenge(d, data)) return broken(d, ERR_PROTOCOL, "the broker's challenge is not 8 bytes");
    if (d->challenged) return broken(d, ERR_PROTOCOL, "a second challenge in one authentication");
    d->challenged = true;
    d->since_ms = 0;
    enum err e = answer_challenge(d, data);
    return e == ERR_PROTOCOL ? broken(d, e, "a challenge, and no key to prove it with") : e;
}

static bool is_received(const struct dialog *d, uint16_t id)
{
    return d->received[id >> 3] >> (id & 7) & 1;
}

static void turn_received(struct dialog *d, uint16_t id)
{
    d->received[id >> 3] ^= (uint8_t)(1u << (id & 7));
}

static enum err deliver(struct dialog *d, const struct mqtt_publish *m)
{
    struct dialog_event *e = new_event(d, DIALOG_MESSAGE);

    if (!e) return ERR_NO_MEMORY;
    buf_add(&e->topic, m->topic);
    buf_add(&e->payload, m->payload);
    e->qos = m->qos;
    e->retain = m->retain;
    e->id = m->id;
    return buf_failed(&e->topic) || buf_failed(&e->payload) ? ERR_NO_MEMORY : OK;
}

static bool has_wildcard(struct span topic)
{
    return memchr(topic.p, '+', topic.n) || memchr(topic.p, '#', topic.n);
}

static enum err on_publish(struct dialog *d, const struct mqtt_packet *in)
{
    const struct mqtt_publish *m = &in->publish;

    if (m->topic.n == 0) return broken(d, ERR_TOPIC_ALIAS, "a topic alias we did not offer");
    if (has_wildcard(m->topic)) return broken(d, ERR_TOPIC, "a message whose topic has wildcards");
    if (m->qos == 2 && is_received(d, m->id)) return send_ack(d, MQTT_PUBREC, m->id, OK); /* seen before */
    TRY(deliver(d, m));
    if (m->qos == 2) turn_received(d, m->id);
    if (m->qos == 1) return send_ack(d, MQTT_PUBACK, m->id, OK);
    return m->qos == 2 ? send_ack(d, MQTT_PUBREC, m->id, OK) : OK;
}

static enum err on_pubrel(struct dialog *d, const struct mqtt_packet *in)
{
    bool known = is_received(d, in->ack.id);

    if (known) turn_received(d, in->ack.id);
    return send_ack(d, MQTT_PUBCOMP, in->ack.id, known ? OK : ERR_ID_UNKNOWN);
}

static enum err finish_publish(struct dialog *d, const struct mqtt_ack *ack)
{
    struct dialog_event *e = new_event(d, DIALOG_PUBLISHED);

    d->flights[ack->id] = FLIGHT_FREE;
    d->window--;
    if (!e) return ERR_NO_MEMORY;
    e->id = ack->id;
    e->reason = ack->reason;
    return OK;
}

/* An acknowledgement of something else than what is in flight under its identifier. */
static enum err stray(struct dialog *d)
{
    return broken(d, ERR_PROTOCOL, "an acknowledgement of nothing we sent");
}

static enum err on_puback(struct dialog *d, const struct mqtt_packet *in)
{
    return d->flights[in->ack.id] == FLIGHT_PUBACK ? finish_publish(d, &in->ack) : stray(d);
}

static enum err on_pubrec(struct dialog *d, const struct mqtt_packet *in)
{
    if (d->flights[in->ack.id] != FLIGHT_PUBREC) return stray(d);
    if (in->ack.reason >= 0x80) return finish_publish(d, &in->ack); /* [R-PUB-08] */
    d->flights[in->ack.id] = FLIGHT_PUBCOMP;
    return send_ack(d, MQTT_PUBREL, in->ack.id, OK);
}

static enum err on_pubcomp(struct dialog *d, const struct mqtt_packet *in)
{
    return d->flights[in->ack.id] == FLIGHT_PUBCOMP ? finish_publish(d, &in->ack) : stray(d);
}

static enum err finish_filters(struct dialog *d, const struct mqtt_suback *s, enum flight expected,
                               enum dialog_happening what)
{
    if (d->flights[s->id] != expected) return stray(d);
    d->flights[s->id] = FLIGHT_FREE;
    struct dialog_event *e = new_event(d, what);
    if (!e) return ERR_NO_MEMORY;
    e->id = s->id;
    e->code_count = s->count;
    memcpy(e->codes, s->reason, s->count);
    return OK;
}

static enum err on_suback(struct dialog *d, const struct mqtt_packet *in)
{
    return finish_filters(d, &in->suback, FLIGHT_SUBACK, DIALOG_SUBSCRIBED);
}

static enum err on_unsuback(struct dialog *d, const struct mqtt_packet *in)
{
    return finish_filters(d, &in->suback, FLIGHT_UNSUBACK, DIALOG_UNSUBSCRIBED);
}

static enum err on_pingresp(struct dialog *d, const struct mqtt_packet *in)
{
    (void)in;
    d->pinging = false;
    if (!d->asked_ping) return OK;
    d->asked_ping = false;
    return new_event(d, DIALOG_PONG) ? OK : ERR_NO_MEMORY;
}

static enum err on_disconnect(struct dialog *d, const struct mqtt_packet *in)
{
    struct dialog_event *e = new_event(d, DIALOG_DISCONNECTED);

    d->phase = PHASE_OVER;
    if (!e) return ERR_NO_MEMORY;
    e->reason = in->reason.reason;
    buf_add(&e->reason_string, in->props.bytes[PROP_REASON_STRING]);
    return OK;
}

/* A broker that knows only 3.1.1 answers a version 5 CONNECT in its own form: read it, so that the message is clear. */
static enum err decode(struct dialog *d, const struct mqtt_frame *f)
{
    enum err e = mqtt_decode(f, d->version, &d->packet);

    if (e == ERR_MALFORMED && d->phase == PHASE_CONNACK && f->first == MQTT_CONNACK << 4 && f->body.n == 2) {
        e = mqtt_decode(f, MQTT_V311, &d->packet);
        props_clear(&d->packet.props);
    }
    return e;
}

static enum err take_frame(struct dialog *d, const struct mqtt_frame *f)
{
    enum err e = decode(d, f);

    if (e == ERR_NO_MEMORY) return e;
    if (e != OK) return broken(d, e, "a packet that does not parse");
    const struct rule *r = &rules[d->packet.type];
    if (!r->handle || !(r->phases & d->phase))
        return broken(d, ERR_PROTOCOL, "a packet that may not come now");
    return r->handle(d, &d->packet);
}

enum err dialog_input(struct dialog *d, struct span bytes, int64_t now_ms)
{
    struct mqtt_frame f;
    enum mqtt_more more = MQTT_FRAME_WHOLE;
    size_t done = 0, used;

    d->now_ms = now_ms;
    if (d->phase == PHASE_OVER) return OK;
    buf_add(&d->in, bytes);
    if (buf_failed(&d->in)) return broken(d, ERR_NO_MEMORY, "out of memory");
    while (d->phase != PHASE_OVER) {
        enum err e = mqtt_frame_next(span_skip(buf_span(&d->in), done), d->in_max, &f, &used, &more);
        if (e != OK)
            return broken(d, e,
                          e == ERR_TOO_LARGE ? "a packet larger than we take"
                                             : "a packet without a proper length");
        if (more == MQTT_FRAME_MORE) break;
        e = take_frame(d, &f);
        if (e != OK) return broken(d, e, err_wire(e)->words);
        done += used;
    }
    buf_drop(&d->in, done);
    return OK;
}

/* --- calls --- */

/* An unused packet identifier; 0: none left. */
static uint16_t take_id(struct dialog *d, enum flight f)
{
    for (unsigned i = 0; i < UINT16_MAX; i++) {
        d->last_id = d->last_id == UINT16_MAX ? 1 : (uint16_t)(d->last_id + 1);
        if (d->flights[d->last_id] == FLIGHT_FREE) {
            d->flights[d->last_id] = (uint8_t)f;
            return d->last_id;
        }
    }
    return 0;
}

enum err dialog_publish(struct dialog *d, const struct dialog_message *m, uint16_t *id)
{
    *id = 0;
    if (d->phase != PHASE_READY) return ERR_PROTOCOL;
    if (m->qos > d->qos_max) return ERR_QOS;
    if (m->retain && d->no_retain) return ERR_RETAIN;
    if (m->qos && d->window >= d->window_max) return ERR_RECEIVE_MAX;
    if (m->qos) *id = take_id(d, m->qos == 1 ? FLIGHT_PUBACK : FLIGHT_PUBREC);
    if (m->qos && !*id) return ERR_QUOTA;
    struct mqtt_packet *p = fresh(d, MQTT_PUBLISH);
    p->publish = (struct mqtt_publish){
        .retain = m->retain, .qos = m->qos, .id = *id, .topic = m->topic, .payload = m->payload
    };
    if (m->props) p->props = *m->props;
    enum err e = send_packet(d);
    if (*id && e != OK) d->flights[*id] = FLIGHT_FREE;
    if (*id && e == OK) d->window++;
    return e;
}

static enum err ask_filters(struct dialog *d, enum mqtt_type type, const struct mqtt_filter *filters,
                            size_t count, uint16_t *id)
{
    if (d->phase != PHASE_READY) return ERR_PROTOCOL;
    if (count == 0 || count > MQTT_MAX_FILTERS) return ERR_TOO_LARGE;
    *id = take_id(d, type == MQTT_SUBSCRIBE ? FLIGHT_SUBACK : FLIGHT_UNSUBACK);
    if (!*id) return ERR_QUOTA;
    struct mqtt_packet *p = fresh(d, type);
    p->subscribe.id = *id;
    p->subscribe.count = count;
    memcpy(p->subscribe.filter, filters, count * sizeof *filters);
    enum err e = send_packet(d);
    if (e != OK) d->flights[*id] = FLIGHT_FREE;
    return e;
}

enum err dialog_subscribe(struct dialog *d, const struct mqtt_filter *filters, size_t count, uint16_t *id)
{
    return ask_filters(d, MQTT_SUBSCRIBE, filters, count, id);
}

enum err dialog_unsubscribe(struct dialog *d, const struct mqtt_filter *filters, size_t count, uint16_t *id)
{
    return ask_filters(d, MQTT_UNSUBSCRIBE, filters, count, id);
}

enum err dialog_reauthenticate(struct dialog *d, struct span token, const struct key *key)
{
    struct auth_data parts = { .token = token };
    struct buf data = { 0 };

    if (d->phase != PHASE_READY || !d->ace || d->version != MQTT_V5 || d->renewing) return ERR_PROTOCOL;
    auth_data_write(&parts, &data);
    struct mqtt_packet *p = fresh(d, MQTT_AUTH);
    p->reason.reason = 0x19;                                        /* [R-REA-03] */
    props_set_bytes(&p->props, PROP_AUTH_METHOD, span_str(METHOD)); /* [R-REA-13] */
    props_set_bytes(&p->props, PROP_AUTH_DATA, buf_span(&data));    /* [R-REA-04] [R-REA-06] */
    enum err e = buf_failed(&data) || data.n > UINT16_MAX ? ERR_TOO_LARGE : send_packet(d);
    buf_clear(&data);
    if (e != OK) return e;
    d->renewing = true;
    d->challenged = false;
    key_free(d->key);
    d->key = key_ref((struct key *)(uintptr_t)key);
    return OK;
}

enum err dialog_ping(struct dialog *d)
{
    if (d->phase != PHASE_READY) return ERR_PROTOCOL;
    fresh(d, MQTT_PINGREQ);
    TRY(send_packet(d));
    d->pinging = d->asked_ping = true;
    d->ping_ms = d->now_ms;
    return OK;
}

/* Also allowed while CONNACK is awaited [R-CONN-09]. */
enum err dialog_disconnect(struct dialog *d, uint8_t reason)
{
    if (d->phase != PHASE_READY && d->phase != PHASE_CONNACK) return ERR_PROTOCOL;
    fresh(d, MQTT_DISCONNECT)->reason.reason = d->version == MQTT_V5 ? reason : 0;
    d->phase = PHASE_OVER;
    return send_packet(d);
}

void dialog_tick(struct dialog *d, int64_t now_ms)
{
    d->now_ms = now_ms;
    if (d->phase == PHASE_CONNACK && d->since_ms == 0) d->since_ms = now_ms;
    if (d->phase == PHASE_CONNACK && now_ms - d->since_ms >= ANSWER_MS)
        (void)broken(d, ERR_TIMEOUT, "the broker did not answer CONNECT");
    if (d->phase != PHASE_READY) return;
    if (d->pinging && now_ms - d->ping_ms >= ANSWER_MS) {
        (void)broken(d, ERR_TIMEOUT, "the broker did not answer a ping");
        return;
    }
    if (d->keep_alive_ms == 0 || d->pinging || now_ms - d->last_sent_ms < d->keep_alive_ms * 3 / 4) return;
    fresh(d, MQTT_PINGREQ);
    if (send_packet(d) != OK) return;
    d->pinging = true;
    d->ping_ms = now_ms;
}

struct span dialog_output(const struct dialog *d)
{
    return buf_span(&d->out);
}

void dialog_sent(struct dialog *d)
{
    buf_truncate(&d->out, 0);
}

bool dialog_ready(const struct dialog *d)
{
    return d->phase == PHASE_READY;
}

bool dialog_over(const struct dialog *d)
{
    return d->phase == PHASE_OVER;
}

size_t dialog_in_flight(const struct dialog *d)
{
    return d->window;
}

void dialog_inherit(struct dialog *d, const struct dialog *old)
{
    memcpy(d->received, old->received, sizeof d->received);
}

struct dialog *dialog_new(struct entropy *entropy)
{
    struct dialog *d = calloc(1, sizeof *d);

    if (!d) return NULL;
    d->phase = PHASE_NEW;
    d->entropy = entropy;
    d->window_max = MAX_WINDOW;
    d->in_max = MAX_INPUT;
    d->out_max = SIZE_MAX;
    d->qos_max = 2;
    return d;
}

void dialog_free(struct dialog *d)
{
    struct dialog_event e;

    if (!d) return;
    while (dialog_event(d, &e)) dialog_event_clear(&e);
    free(d->events);
    key_free(d->key);
    buf_clear(&d->in);
    buf_clear(&d->out);
    free(d);
}
