#include "broker/message.h"

#include <assert.h>
#include <stdlib.h>

static const enum mqtt_prop forwarded[] = { PROP_PAYLOAD_FORMAT, PROP_CONTENT_TYPE, PROP_RESPONSE_TOPIC,
                                            PROP_CORRELATION };

/* User Properties keep their order and their doubles. */
static void write_forwarded(const struct mqtt_props *from, struct buf *out)
{
    struct mqtt_props to;

    props_clear(&to);
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++) {
        enum mqtt_prop id = forwarded[i];

        if (!props_has(from, id)) continue;
        if (id == PROP_PAYLOAD_FORMAT)
            props_set_number(&to, id, from->number[id]);
        else
            props_set_bytes(&to, id, from->bytes[id]);
    }
    for (size_t i = 0; i < from->users; i++) props_add_user(&to, from->user[i].name, from->user[i].value);
    props_write(out, &to);
}

static struct span place(uint8_t **at, struct span from)
{
    struct span to = span(*at, from.n);

    if (from.n) memcpy(*at, from.p, from.n);
    *at += from.n;
    return to;
}

static int64_t lifetime(const struct mqtt_props *p)
{
    return props_has(p, PROP_MESSAGE_EXPIRY) ? p->number[PROP_MESSAGE_EXPIRY] : INT64_MAX;
}

struct message *message_new(const struct message_parts *parts, int64_t now)
{
    struct buf props = { 0 };

    write_forwarded(parts->props, &props);
    size_t size = sizeof(struct message) + parts->topic.n + parts->payload.n + props.n;
    struct message *m = buf_failed(&props) ? NULL : malloc(size);
    if (m) {
        uint8_t *at = (uint8_t *)(m + 1);

        *m = (struct message){ .refs = 1, .size = size, .qos = parts->qos, .retain = parts->retain };
        m->lifetime = lifetime(parts->props);
        message_start(m, now);
        m->topic = place(&at, parts->topic);
        m->payload = place(&at, parts->payload);
        m->props = place(&at, buf_span(&props));
    }
    buf_clear(&props);
    return m;
}

void message_start(struct message *m, int64_t now)
{
    m->expires = m->lifetime == INT64_MAX ? INT64_MAX : now + m->lifetime;
}

struct message *message_ref(struct message *m)
{
    m->refs++;
    return m;
}

void message_free(struct message *m)
{
    if (m && --m->refs == 0) free(m);
}

void message_props(const struct message *m, int64_t now, struct mqtt_props *out)
{
    struct reader r = reader(m->props);
    enum err e = props_read(&r, MQTT_PUBLISH, out);

    assert(e == OK);
    (void)e;
    if (m->expires == INT64_MAX) return;
    props_set_number(out, PROP_MESSAGE_EXPIRY, now < m->expires ? (uint32_t)(m->expires - now) : 0);
}
