#ifndef BROKER_STATES_H
#define BROKER_STATES_H

#include "broker/delivery.h"
#include "broker/router.h"

/*
 * Session State (MQTT 5 4.1) by Client Identifier: subscriptions, messages on their way, the Will. It may outlive the
 * connection; it holds no rights and grants none [R-SESS-11].
 */
struct states;
struct conn; /* the broker's record of a connection; only its identity matters here */

struct will {
    struct message *message; /* owned; NULL: none */
    uint32_t delay;          /* seconds */
    uint64_t owner;          /* as in struct retained_by */
    int64_t until;
};

struct state {
    struct subscriber who; /* first, so that a subscriber is a state */
    struct buf client_id;
    struct delivery *delivery;
    struct conn *conn;        /* who is connected; NULL: nobody */
    bool proven;              /* whoever was connected last had proved a key */
    uint8_t key[SHA256_SIZE]; /* its thumbprint */
    uint32_t expiry;          /* Session Expiry Interval, seconds */
    int64_t ends;             /* INT64_MAX while connected */
    struct will will;
    size_t dropped;  /* messages since its queue was full */
    int64_t will_at; /* when a waiting Will is due; INT64_MAX: none waits */
};

/* `router` outlives it. NULL: no memory. */
struct states *states_new(struct router *router, const uint8_t hash_key[16]);
void states_free(struct states *all);

size_t states_count(const struct states *all);
struct state *states_get(const struct states *all, struct span client_id); /* NULL: none */
/* A new one, with nothing in it. Errors: ERR_NO_MEMORY. */
MUST_USE enum err states_make(struct states *all, struct span client_id, struct state **out);
/* An empty one, counted with the others; NULL: no memory. */
struct delivery *states_delivery(struct states *all);
/* Subscriptions and messages are gone, the state stays. Takes over `fresh`. */
void states_reset(struct states *all, struct state *st, struct delivery *fresh);
void states_drop(struct states *all, struct state *st);
/* Walks: start with *cursor = 0; NULL at the end. Dropping any is allowed meanwhile. */
struct state *states_next(const struct states *all, size_t *cursor);

/* Takes the Will out, if there is one. */
struct will state_take_will(struct state *st);

#endif
