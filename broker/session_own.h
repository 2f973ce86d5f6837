#ifndef BROKER_SESSION_OWN_H
#define BROKER_SESSION_OWN_H

#include "broker/answer.h"
#include "broker/authn.h"
#include "broker/delivery.h"
#include "broker/intent.h"
#include "broker/opening.h"

/* What session.c, session_auth.c and session_topics.c share; nobody else includes this. */

/* Named for what it waits for. */
enum phase { PHASE_OVER = 0, PHASE_CONNECT = 1, PHASE_PROOF = 2, PHASE_READY = 4 };

struct session {
    conn_id id;
    const struct authn *authn;
    struct limits limits; /* as they were when it began: those the client was told */
    struct tls_facts tls;
    enum phase phase;
    bool orderly;
    bool by_tls; /* its rights come from the key that TLS proved */
    struct voice voice;
    struct buf in, out;
    size_t taken;     /* bytes of `in` already decoded */
    size_t used;      /* of these, by the packet in hand */
    bool waiting;     /* for the AS: that packet is put back, and nothing is taken meanwhile */
    struct buf asked; /* the token it waits for, if that is nowhere else */
    uint8_t level;    /* of CONNECT, for its refusal */
    struct buf address;
    struct opening opening;
    struct attempt attempt; /* CONNECT's, or that of a running renewal */
    bool renewing;
    struct buf proved; /* the token behind the grant */
    struct grant *grant;
    int64_t ended_seen;        /* when we first noticed that the token had ended; INT64_MAX: not yet */
    struct delivery *delivery; /* while PHASE_READY; of the session state */
    struct buf *alias;         /* inbound topic aliases, limits.topic_aliases of them; index is alias - 1 */
    int64_t heard;             /* when the last packet came */
    int64_t deadline;          /* of this phase, or of the renewal; INT64_MAX: none */
    size_t unsent;
};

static inline const struct settings *settings_of(const struct session *s)
{
    return s->authn->settings;
}

/* The session ends with this refusal, told in CONNACK if CONNECT was heard, else in DISCONNECT. */
struct farewell {
    enum err err;
    bool hint;
    const char *why; /* for the log, and in lab mode for the peer */
};
void session_farewell(struct session *s, const struct farewell *f);

/* The packet in hand waits until the AS was asked about this token, and then comes once more. What `token` lends stays until then. It is an
 * error to have changed anything before. Errors: ERR_QUOTA (too many questions from this address). */
MUST_USE enum err session_ask(struct session *s, struct span token, int64_t now, struct intent *out);
/* Must the AS be asked before the packet in hand can be judged? [R-INT-22] The last answer is too old; [R-INT-23] or answers are not kept, and
 * each request has one of its own: it comes with the packet's second try, and is in the grant by then. */
bool session_must_ask(const struct session *s, int64_t now);
/* It comes once more, with the answer there. */
static inline bool session_was_asked(const struct session *s)
{
    return s->authn->said != NULL;
}

/* Handlers: OK, or what ends the session. */
typedef enum err handler(struct session *s, const struct mqtt_packet *in, int64_t now, struct intent *out);
handler session_on_connect, session_on_auth, session_on_publish, session_on_ack, session_on_pubrel,
    session_on_subscribe, session_on_unsubscribe, session_on_ping, session_on_disconnect;

#endif
