#ifndef BROKER_SESSION_H
#define BROKER_SESSION_H

#include "broker/authn.h"
#include "broker/delivery.h"
#include "broker/intent.h"
#include "broker/opening.h"

/*
 * One connection, from the end of its TLS handshake to its end: which packet may come when, what is answered, who may do
 * what. It never sees another session: what concerns more than itself goes to the broker as an intent.
 */
struct session;

/* `authn` outlives the session; facts are copied. NULL: no memory. */
struct session *session_new(conn_id id, const struct authn *authn, const struct tls_facts *tls, int64_t now);
/* Whence it came: uploads are counted by it. Call once. */
void session_from(struct session *s, struct span address);
void session_free(struct session *s);

/* --- input --- */
/* Appends what came. Does nothing once ended. */
void session_feed(struct session *s, struct span plaintext);
/* Cuts and decodes the next packet, lent until the next call; false: none is whole, or the session ended over it. */
bool session_take(struct session *s, struct mqtt_packet *out, int64_t now);
/* The AS has answered, for better or worse: the packet that waited can be taken again. */
void session_resume(struct session *s);
/* Judges one packet in the session's phase and answers it. What breaks the rules ends the session. */
void session_packet(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out);

/* --- the broker's answers to intents --- */
/* Writes CONNACK 0x00. On an error nothing was written. */
MUST_USE enum err session_welcome(struct session *s, bool session_present);
/* From now on it processes packets and delivers what is in `d` (not owned). */
void session_admit(struct session *s, struct delivery *d);
void session_published(struct session *s, const struct mqtt_packet *in, enum err e);
void session_subscribed(struct session *s, const struct mqtt_packet *in, const enum err verdict[]);
void session_unsubscribed(struct session *s, const struct mqtt_packet *in, const enum err verdict[]);

/* --- the subscriber's door --- */
/* Judges and queues one message for this client, and sends what may be sent. One without right ends the session
 * [R-FWD-02, R-FWD-03]. ERR_QUOTA: its queue is full, nothing was queued. */
MUST_USE enum err session_deliver(struct session *s, const struct parcel *p, int64_t now);
/* Sends what may be sent. */
void session_pump(struct session *s, int64_t now);
/* So many bytes are on their way and not yet gone. */
void session_flow(struct session *s, size_t unsent, int64_t now);

/* --- time and end --- */
void session_tick(struct session *s, int64_t now);
/* The clock jumped: what is measured from the last packet moves along. */
void session_shift(struct session *s, int64_t by);
/* A token was uploaded: is it one for the key that TLS proved here? Then it is what counts [R-TLS-13, R-TLS-14]. */
bool session_retoken(struct session *s, int64_t now);
/* The token behind its rights, if it is time to ask the AS about it again [R-INT-24]; empty: it is not. */
struct span session_stale(const struct session *s, int64_t now);
/* The AS has answered about that token. True: its rights are others now. */
bool session_refresh(struct session *s, const struct answer *said, int64_t now);
/* New settings hold: public topics, how it speaks, whose tokens count. What rests on an answer of the AS rests on the next one; a token of an
 * issuer that is trusted no more has ended. */
void session_reconfigured(struct session *s, int64_t now);
/* Says why in CONNACK or DISCONNECT, as version and phase allow, and is over. Once. */
void session_end(struct session *s, enum err e);
void session_end_as(struct session *s, enum err e,
                    const char *why); /* with more words for the log; may be NULL */
/* Is over without a word: the line is gone. */
void session_gone(struct session *s);

/* --- what the broker may know --- */
bool session_over(const struct session *s);
bool session_waiting(const struct session *s);      /* for the AS; what comes in meanwhile only piles up */
bool session_left_orderly(const struct session *s); /* DISCONNECT 0x00: no Will [R-WILL-08] */
conn_id session_id(const struct session *s);
struct buf *session_out(struct session *s);                 /* what to send; the broker empties it */
struct opening *session_opening(struct session *s);         /* what CONNECT asked for */
uint32_t session_expiry(const struct session *s);           /* seconds, as CONNECT or DISCONNECT last said */
const struct grant *session_grant(const struct session *s); /* NULL before ADMIT */
struct span session_token(const struct session *s);         /* the token last proved; empty: none */

#endif
