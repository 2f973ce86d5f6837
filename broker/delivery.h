#ifndef BROKER_DELIVERY_H
#define BROKER_DELIVERY_H

#include "broker/grant.h"
#include "broker/message.h"

/*
 * Messages of one session on their way: QoS 1 and 2 to the client (packet identifiers, receive maximum, bounded queues,
 * MQTT 5 4.3, 4.4, 4.9) and QoS 2 from the client (what was received and not yet released). Belongs to the session state,
 * so it outlives the connection; knows no wire.
 */
struct delivery;

struct delivery_limits {
    size_t messages, bytes; /* queued for this session */
    size_t total;           /* bytes queued in all sessions that share `shared` */
};

/* `shared` counts the bytes queued in all sessions; not owned. NULL: no memory. */
struct delivery *delivery_new(size_t *shared);
void delivery_free(struct delivery *d);

/* --- to the client --- */
enum { MAX_SUBSCRIPTION_IDS = MQTT_MAX_SUBSCRIPTION_IDS };

struct parcel {
    struct message *message;
    uint8_t qos;
    bool retain;
    size_t ids; /* subscription identifiers to name */
    uint32_t id[MAX_SUBSCRIPTION_IDS];
};

/* Queues; takes a reference to the message. Errors: ERR_QUOTA (a limit; nothing queued), ERR_NO_MEMORY. */
MUST_USE enum err delivery_put(struct delivery *d, const struct delivery_limits *limits,
                               const struct parcel *p);

/* One thing to send. Lent until the next call. */
struct outgoing {
    enum { OUT_NOTHING, OUT_PUBLISH, OUT_PUBREL } is;
    uint16_t id;
    bool dup;
    struct parcel parcel; /* OUT_PUBLISH */
};

/* Looks at what may be sent with at most `window` unacknowledged; OUT_NOTHING if it is nothing. Messages that expired by
 * `now` and were never sent are dropped on the way. */
void delivery_peek(struct delivery *d, size_t window, int64_t now, struct outgoing *out);
/* What was peeked at has been sent: it waits for its acknowledgement, or is done. */
void delivery_sent(struct delivery *d);
/* What was peeked at will never be sent: forget it. */
void delivery_skip(struct delivery *d);

/* What came back. ERR_ID_UNKNOWN: not waiting for this (and then nothing changes). */
MUST_USE enum err delivery_acked(struct delivery *d, uint16_t id); /* PUBACK */
MUST_USE enum err delivery_received(struct delivery *d, uint16_t id,
                                    uint8_t reason);                   /* PUBREC; >= 0x80 ends it */
MUST_USE enum err delivery_completed(struct delivery *d, uint16_t id); /* PUBCOMP */

/* The connection is gone: QoS 0 is forgotten, the rest waits; on the next connection what was sent is sent again. */
void delivery_suspend(struct delivery *d);

/* Forgets messages that the new token of the session does not cover [R-SESS-07]; returns how many. */
size_t delivery_purge(struct delivery *d, const struct grant *grant, int64_t now);

size_t delivery_queued(const struct delivery *d);   /* messages not yet sent */
size_t delivery_inflight(const struct delivery *d); /* sent and not yet acknowledged */

/* --- from the client: QoS 2 --- */
enum arrival { ARRIVAL_NEW, ARRIVAL_REPEATED };

/* A PUBLISH. Errors: ERR_RECEIVE_MAX (more than `max` unfinished on this connection), ERR_QUOTA, ERR_NO_MEMORY. */
MUST_USE enum err delivery_arrive(struct delivery *d, uint16_t id, size_t max, enum arrival *out);
/* PUBREL, or a refusal: the identifier is free again; false: it was before. */
bool delivery_release(struct delivery *d, uint16_t id);

#endif
