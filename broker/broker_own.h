#ifndef BROKER_BROKER_OWN_H
#define BROKER_BROKER_OWN_H

#include "broker/crowd.h"
#include "broker/retained.h"
#include "broker/session.h"
#include "broker/states.h"
#include "broker/upload.h"
#include "common/base/map.h"

/* What broker.c, broker_attach.c and broker_route.c share; nobody else includes this. */

/* A connection; `state` once it is admitted, until it is over. */
struct conn {
    conn_id id;
    struct session *session;
    struct state *state;
    struct crowd_place *waiting; /* until it is admitted */
    bool dirty, over, hung_up;   /* in the list of that name; EFFECT_CLOSE has been given */
    bool held;                   /* EFFECT_HOLD has been given */
    struct watch packet, rights; /* the AS is being asked: for the packet in hand, for the rights it has */
    int64_t ask_after;           /* the AS has failed about its rights: not before */
    struct conn *next_dirty, *prev_dirty, *next_over;
};

/* A Will whose time has come. */
struct due {
    struct due *next;
    struct will will;
};

struct effect;

struct broker {
    struct authn authn;
    struct meter uploads, questions;
    struct map *conns;
    struct crowd *crowd;
    struct router *router;
    struct states *states;
    struct retained *retained;
    struct conn *dirty, *dirty_last; /* have something to send, or to be closed */
    struct conn *over;               /* are over and not yet retired */
    struct conn *sent;               /* whose bytes are lent to the caller */
    size_t sent_bytes;
    struct due *due, **due_end;
    struct matches matches;
    struct mqtt_packet packet; /* being handled */
    struct intent intent;
};

static inline const struct limits *limits_of(const struct broker *b)
{
    return &b->authn.settings->limits;
}

static inline struct log *log_of(const struct broker *b)
{
    return b->authn.settings->log;
}

/* After anything that may have given a session something to say, or ended it. */
void broker_touch(struct broker *b, struct conn *c);

/* What the intent asks for is done. Before: the packet is b->packet. */
void broker_act(struct broker *b, struct conn *c, int64_t now);
/* Handles what has come in whole. */
void broker_turn(struct broker *b, struct conn *c, int64_t now);
/* Retires who is over, and what follows from it. */
void broker_settle(struct broker *b, int64_t now);

/* --- broker_ask.c: tokens that the AS must explain --- */
/* INTENT_ASK. */
void ask_for_packet(struct broker *b, struct conn *c, int64_t now);
/* It is over: waits for nothing. */
void ask_no_more(struct conn *c);
/* Rights that need another look; questions that nobody answers. */
void ask_tick(struct broker *b, int64_t now);
/* The next question for the AS, as an effect. */
bool ask_effect(struct broker *b, struct effect *out);

/* --- broker_attach.c: connection and session state --- */
void attach_admit(struct broker *b, struct conn *c, int64_t now);
void attach_renew(struct broker *b, struct conn *c, int64_t now);
/* The rights of a connection end another time than before, or are others: what it left behind follows. */
void attach_follow(struct broker *b, struct conn *c, int64_t now);
/* The session is over: lets go of its state, decides about its Will. */
void attach_retire(struct broker *b, struct conn *c, int64_t now);
/* Wills that waited, session states that ended. */
void attach_tick(struct broker *b, int64_t now);
/* The next Will to publish; false: none is due. The message is the caller's. */
bool attach_next_will(struct broker *b, struct will *out);

/* --- broker_route.c: who gets what --- */
MUST_USE enum err route_publish(struct broker *b, struct conn *from, struct message *m, int64_t now);
void route_will(struct broker *b, const struct will *w, int64_t now);
void route_subscribe(struct broker *b, struct conn *c, const struct mqtt_packet *in, struct intent *intent,
                     int64_t now);
void route_unsubscribe(struct broker *b, struct conn *c, const struct mqtt_packet *in, struct intent *intent);

#endif
