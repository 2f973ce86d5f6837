#include "broker/opening.h"

#include "common/ace/topic.h"
#include "common/codec/text.h"

enum { ASSIGNED_ID_BYTES = 12 };

static uint32_t number(const struct mqtt_props *p, enum mqtt_prop id, uint32_t absent)
{
    return props_has(p, id) ? p->number[id] : absent;
}

static enum err assign_id(struct entropy *entropy, struct buf *out)
{
    uint8_t chance[ASSIGNED_ID_BYTES];

    TRY(entropy_fill(entropy, chance, sizeof chance));
    buf_str(out, "ace-");
    hex_encode(out, span(chance, sizeof chance));
    return OK;
}

static enum err read_id(struct span id, const struct limits *limits, struct entropy *entropy,
                        struct opening *out)
{
    if (id.n > (size_t)limits->client_id) return ERR_CLIENT_ID;
    out->assigned_id = id.n == 0;
    if (out->assigned_id)
        TRY(assign_id(entropy, &out->client_id));
    else
        buf_add(&out->client_id, id);
    return buf_failed(&out->client_id) ? ERR_NO_MEMORY : OK;
}

static enum err read_will(const struct mqtt_connect *c, struct opening *out)
{
    const struct mqtt_will *w = &c->will;
    struct message_parts parts = {
        .topic = w->topic, .payload = w->payload, .qos = w->qos, .retain = w->retain, .props = &c->will_props
    };

    if (!w->present) return OK;
    if (!topic_name_valid(w->topic)) return ERR_TOPIC;
    out->will = message_new(&parts, 0);
    out->will_delay = number(&c->will_props, PROP_WILL_DELAY, 0);
    return out->will ? OK : ERR_NO_MEMORY;
}

/* 3.1.1 knows two cases only: Clean Session 1 ends with the connection, 0 lasts as long as we keep any. */
static uint32_t asked_expiry(const struct mqtt_packet *p)
{
    if (p->version == MQTT_V311) return p->connect.clean_start ? 0 : UINT32_MAX;
    return number(&p->props, PROP_SESSION_EXPIRY, 0);
}

static void read_times(const struct mqtt_packet *p, const struct limits *limits, struct opening *out)
{
    uint32_t longest = (uint32_t)limits->keep_alive, asked = p->connect.keep_alive;

    out->limited_keep_alive = p->version == MQTT_V5 && longest && (asked == 0 || asked > longest);
    out->keep_alive = out->limited_keep_alive ? longest : asked;
    asked = asked_expiry(p);
    longest = (uint32_t)limits->session_expiry;
    out->limited_expiry = asked > longest;
    out->session_expiry = out->limited_expiry ? longest : asked;
}

enum err opening_read(const struct mqtt_packet *connect, const struct limits *limits, struct entropy *entropy,
                      struct opening *out)
{
    const struct mqtt_props *p = &connect->props;

    *out = (struct opening){ .clean_start = connect->connect.clean_start };
    read_times(connect, limits, out);
    out->receive_maximum = (uint16_t)number(p, PROP_RECEIVE_MAXIMUM, UINT16_MAX);
    out->max_packet = number(p, PROP_MAXIMUM_PACKET, UINT32_MAX);
    enum err e = read_id(connect->connect.client_id, limits, entropy, out);
    if (e == OK) e = read_will(&connect->connect, out);
    return e;
}

void opening_clear(struct opening *o)
{
    buf_clear(&o->client_id);
    message_free(o->will);
    *o = (struct opening){ 0 };
}
