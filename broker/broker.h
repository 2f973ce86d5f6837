#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "broker/session.h"
#include "common/ace/media.h"

/*
 * The broker's world: all sessions, subscriptions, retained messages and tokens; the only place that sees two sessions at
 * once. Events go in, effects come out: after every call drain broker_effect(). `now` is seconds since the epoch and never
 * goes back; the core owns no clock, no socket and no randomness.
 */
struct broker;

struct effect {
    enum {
        EFFECT_SEND,
        EFFECT_CLOSE, /* send what is queued, then hang up; once per connection */
        EFFECT_HOLD,  /* read no more from it: the AS is being asked about what it sent */
        EFFECT_GO_ON, /* read on */
        EFFECT_ASK,   /* POST `bytes`, a token, to the introspection endpoint; then broker_answered() */
    } is;
    conn_id conn;      /* ASK: none */
    uint64_t question; /* ASK */
    struct span bytes; /* SEND, ASK: lent until the next call */
};

/* Neither is owned; both outlive the broker. NULL: no memory or no entropy. */
struct broker *broker_new(const struct settings *settings, struct entropy *entropy);
void broker_free(struct broker *b);

struct visitor {
    const struct tls_facts *tls;
    struct span address; /* whence, without the port: those not yet admitted are counted by it */
};

/* Asked during the TLS handshake: may the holder of this key come in? Changes nothing a peer can see. */
bool broker_knows(struct broker *b, const struct key *key, int64_t now);

/* Asked during the TLS handshake: the PSK of this identity. Errors as of authn_psk(). */
MUST_USE enum err broker_psk(struct broker *b, struct span identity, int64_t now, struct secret *psk);

/* The TLS handshake is done. Ids are the caller's. Errors: ERR_QUOTA, ERR_NO_MEMORY, ERR_ID_IN_USE: hang up. */
MUST_USE enum err broker_opened(struct broker *b, conn_id id, const struct visitor *v, int64_t now);
void broker_input(struct broker *b, conn_id id, struct span plaintext, int64_t now);
/* What came of a question; late or unknown ones are ignored. err OK: the body of a 200 response. */
struct as_reply {
    enum err err;
    const char *why; /* for the log, where err is not OK; NULL: nothing to add */
    struct span body;
    enum media media; /* of the body, as it says */
};
void broker_answered(struct broker *b, uint64_t question, const struct as_reply *reply, int64_t now);
/* The list of revoked tokens, or what changed in it: whoever came in by one of them is told, and hung up on. */
void broker_revoked(struct broker *b, const struct trl *list, int64_t now);
/* So many bytes of earlier SENDs are still on their way: too many hold further messages back. */
void broker_flow(struct broker *b, conn_id id, size_t unsent, int64_t now);
/* The line is gone, for whatever reason, also after EFFECT_CLOSE. */
void broker_closed(struct broker *b, conn_id id, int64_t now);
/* About once a second, and after a jump of the clock. */
void broker_tick(struct broker *b, int64_t now);
/* The clock jumped forward by this much: `now` already counts it, keep-alive and deadlines do not. */
void broker_shift(struct broker *b, int64_t by);
/* Other settings hold from now on; the old ones are not used any more. */
void broker_reconfigure(struct broker *b, const struct settings *settings, int64_t now);
/* DISCONNECT 0x8B to everybody. */
void broker_shutdown(struct broker *b, int64_t now);

bool broker_effect(struct broker *b, struct effect *out);

/* For tests and statistics. */
struct broker_counts {
    size_t connections, sessions, retained, tokens;
};
struct broker_counts broker_counts(const struct broker *b);

#endif
