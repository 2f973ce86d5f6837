#include "tests/broker_kit.h"

#include <stdio.h>
#include <stdlib.h>

/* What the broker sent, read back as words. */

static void sound(bool ok, const char *what)
{
    if (ok) return;
    printf("kit: %s\n", what);
    abort();
}

static void say_publish(struct buf *out, const struct mqtt_packet *p)
{
    const struct mqtt_publish *m = &p->publish;

    buf_format(out, "PUBLISH %.*s %.*s q%u", (int)m->topic.n, (const char *)m->topic.p, (int)m->payload.n,
               (const char *)m->payload.p, m->qos);
    if (m->qos) buf_format(out, " (%u)", m->id);
    if (m->retain) buf_str(out, " retain");
    if (m->dup) buf_str(out, " dup");
    if (props_has(&p->props, PROP_MESSAGE_EXPIRY))
        buf_format(out, " expiry=%u", p->props.number[PROP_MESSAGE_EXPIRY]);
    if (!props_has(&p->props, PROP_SUBSCRIPTION_ID)) return;
    for (size_t i = 0; i < p->props.sub_ids; i++) buf_format(out, " sub=%u", p->props.sub_id[i]);
}

static void say_connack(struct kit *k, struct buf *out, const struct mqtt_packet *p)
{
    struct span value;

    buf_format(out, "CONNACK %02x", p->connack.reason);
    if (p->connack.session_present) buf_str(out, " present");
    if (p->version == MQTT_V5 && props_user(&p->props, "ace_as_hint", &value)) {
        buf_str(out, " hint");
        buf_clear(&k->hint);
        buf_add(&k->hint, value);
    }
    if (props_has(&p->props, PROP_REASON_STRING)) buf_str(out, " why");
}

static void say_auth(struct kit *k, struct buf *out, const struct mqtt_packet *p)
{
    buf_format(out, "AUTH %02x", p->reason.reason);
    sound(span_is(p->props.bytes[PROP_AUTH_METHOD], "ace"), "AUTH names the method");
    if (p->reason.reason != 0x18) return;
    sound(p->props.bytes[PROP_AUTH_DATA].n == NONCE_SIZE, "a challenge is 8 bytes");
    memcpy(k->nonce, p->props.bytes[PROP_AUTH_DATA].p, NONCE_SIZE);
}

static void say_codes(struct buf *out, const struct mqtt_packet *p)
{
    buf_format(out, "%s %u", mqtt_type_name(p->type), p->suback.id);
    for (size_t i = 0; i < p->suback.count; i++) buf_format(out, " %02x", p->suback.reason[i]);
}

static void say(struct kit *k, struct buf *out, const struct mqtt_packet *p)
{
    if (out->n) buf_str(out, "; ");
    if (p->type == MQTT_CONNACK)
        say_connack(k, out, p);
    else if (p->type == MQTT_AUTH)
        say_auth(k, out, p);
    else if (p->type == MQTT_PUBLISH)
        say_publish(out, p);
    else if (p->type == MQTT_SUBACK || p->type == MQTT_UNSUBACK)
        say_codes(out, p);
    else if (p->type == MQTT_DISCONNECT)
        buf_format(out, "DISCONNECT %02x", p->reason.reason);
    else if (p->type == MQTT_PINGRESP)
        buf_str(out, "PINGRESP");
    else
        buf_format(out, "%s %u %02x", mqtt_type_name(p->type), p->ack.id, p->ack.reason);
}

const char *kit_heard(struct kit *k, int conn)
{
    struct mqtt_frame frame;
    enum mqtt_more more = MQTT_FRAME_WHOLE;
    struct buf *in = &k->wire[conn];
    static struct mqtt_packet p;
    size_t used;

    buf_clear(&k->words);
    while (in->n && more == MQTT_FRAME_WHOLE) {
        sound(mqtt_frame_next(buf_span(in), SIZE_MAX, &frame, &used, &more) == OK, "a broken frame was sent");
        sound(more == MQTT_FRAME_WHOLE, "half a packet was sent");
        sound(mqtt_decode(&frame, k->version[conn], &p) == OK, "a broken packet was sent");
        say(k, &k->words, &p);
        buf_drop(in, used);
    }
    if (!k->live[conn]) buf_str(&k->words, k->words.n ? "; CLOSE" : "CLOSE");
    return buf_cstr(&k->words);
}

bool kit_is(const char *got, const char *want)
{
    bool same = strcmp(got, want) == 0;

    if (!same) printf("\n    want: %s\n    got:  %s\n", want, got);
    return same;
}
