#ifndef BROKER_MESSAGE_H
#define BROKER_MESSAGE_H

#include "common/codec/mqtt.h"

/*
 * An application message inside the broker: immutable, reference-counted, one allocation. However many subscribers wait
 * for it, it exists once.
 */
struct message {
    size_t refs, size; /* size: bytes it keeps from the heap */
    struct span topic, payload;
    struct span props; /* what is forwarded unaltered (MQTT 5 3.3.2.3), as on the wire with its length */
    uint8_t qos;
    bool retain;
    int64_t lifetime; /* Message Expiry Interval, seconds; INT64_MAX: none */
    int64_t expires;  /* seconds since the epoch; INT64_MAX: never */
};

/* What a PUBLISH or a Will says. */
struct message_parts {
    struct span topic, payload;
    uint8_t qos;
    bool retain;
    const struct mqtt_props *props;
};

/* NULL: no memory. `now` starts the Message Expiry Interval. */
struct message *message_new(const struct message_parts *parts, int64_t now);
struct message *message_ref(struct message *m);
void message_free(struct message *m); /* drops one reference; NULL is fine */

/* The Message Expiry Interval starts now: for a Will, which waited. Only while nobody else holds it. */
void message_start(struct message *m, int64_t now);

/* The properties to send now: those forwarded, and what is left of the Message Expiry Interval. */
void message_props(const struct message *m, int64_t now, struct mqtt_props *out);

#endif
