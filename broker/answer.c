#include "broker/answer.h"

#include "common/ace/hints.h"

enum { LEVEL_311 = 4, CODE_FAILURE = 0x80 };

static struct mqtt_packet *packet_init(struct mqtt_packet *p, const struct voice *v, enum mqtt_type type)
{
    p->type = type;
    p->version = v->version;
    props_clear(&p->props);
    return p;
}

enum err answer_packet(const struct voice *v, const struct mqtt_packet *p, struct buf *out)
{
    size_t before = out->n;

    TRY(mqtt_encode(p, out));
    if (out->n - before <= v->max_packet) return OK;
    buf_truncate(out, before);
    return ERR_TOO_LARGE;
}

static void add_method(const struct voice *v, struct mqtt_packet *p)
{
    if (v->has_method) props_set_bytes(&p->props, PROP_AUTH_METHOD, (struct span)SPAN("ace"));
}

/* level 4 is known and not offered here, others are unknown. */
static uint8_t return_code(const struct refusal *r)
{
    if (r->err == ERR_VERSION && r->level == LEVEL_311) return err_wire(ERR_VERSION)->mqtt5; /* [R-V311-03] */
    return err_wire(r->err)->connack311;
}

enum err answer_refusal(const struct voice *v, const struct refusal *r, struct buf *out)
{
    struct mqtt_packet p;

    packet_init(&p, v, MQTT_CONNACK);
    p.connack.session_present = false;
    p.connack.reason = v->version == MQTT_V5 ? err_wire(r->err)->mqtt5 : return_code(r);
    if (p.connack.reason == 0) return OK;
    if (v->version == MQTT_V311) return answer_packet(v, &p, out); /* [R-DISC-11] */
    if (r->words) props_set_bytes(&p.props, PROP_REASON_STRING, span_str(r->words));
    if (r->hint.n) props_add_user(&p.props, span_str(HINT_PROPERTY), r->hint); /* [R-DISC-03] */
    enum err e = answer_packet(v, &p, out);
    if (e != ERR_TOO_LARGE) return e;
    props_clear(&p.props);
    return answer_packet(v, &p, out);
}

enum err answer_welcome(const struct voice *v, struct welcome *w, struct buf *out)
{
    struct mqtt_packet p;

    packet_init(&p, v, MQTT_CONNACK);
    p.connack = (struct mqtt_connack){ .session_present = w->session_present };
    p.props = w->props;
    add_method(v, &p);
    return answer_packet(v, &p, out);
}

enum err answer_auth(const struct voice *v, uint8_t reason, struct span data, struct buf *out)
{
    struct mqtt_packet p;

    packet_init(&p, v, MQTT_AUTH);
    p.reason.reason = reason;
    add_method(v, &p); /* [R-POPC-03] */
    if (data.n) props_set_bytes(&p.props, PROP_AUTH_DATA, data);
    return answer_packet(v, &p, out);
}

uint8_t answer_code(const struct voice *v, enum err e)
{
    if (e == OK) return 0;
    if (v->version == MQTT_V311) return CODE_FAILURE; /* [R-V311-21] */
    if (v->hide_topics && e == ERR_NOT_AUTHORIZED) return CODE_FAILURE;
    return err_wire(e)->mqtt5;
}

enum err answer_ack(const struct voice *v, enum mqtt_type type, uint16_t id, enum err e, struct buf *out)
{
    struct mqtt_packet p;

    packet_init(&p, v, type);
    p.ack = (struct mqtt_ack){ .id = id, .reason = answer_code(v, e) };
    return answer_packet(v, &p, out);
}

enum err answer_codes(const struct voice *v, enum mqtt_type type, const struct mqtt_suback *codes,
                      struct buf *out)
{
    struct mqtt_packet p;

    packet_init(&p, v, type);
    p.suback = *codes;
    return answer_packet(v, &p, out);
}

enum err answer_ping(const struct voice *v, struct buf *out)
{
    struct mqtt_packet p;

    return answer_packet(v, packet_init(&p, v, MQTT_PINGRESP), out);
}

enum err answer_disconnect(const struct voice *v, enum err e, const char *words, struct buf *out)
{
    struct mqtt_packet p;

    if (v->version != MQTT_V5) return OK;
    packet_init(&p, v, MQTT_DISCONNECT);
    p.reason.reason = answer_code(v, e);
    if (words) props_set_bytes(&p.props, PROP_REASON_STRING, span_str(words));
    enum err sent = answer_packet(v, &p, out);
    if (sent != ERR_TOO_LARGE || !words) return sent;
    props_clear(&p.props);
    return answer_packet(v, &p, out);
}
