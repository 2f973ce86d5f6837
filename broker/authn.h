#ifndef BROKER_AUTHN_H
#define BROKER_AUTHN_H

#include "broker/answers.h"
#include "broker/cnonces.h"
#include "broker/exis.h"
#include "broker/grant.h"
#include "broker/meter.h"
#include "broker/revoked.h"
#include "broker/settings.h"
#include "broker/tokens.h"
#include "common/codec/mqtt.h"

/*
 * Who is this, and what may they do? CONNECT, AUTH and what TLS showed go in, a verdict comes out; nothing else happens.
 * RFC 9431 2.2.3 to 2.2.5 and section 4.
 */
struct authn {
    const struct settings *settings;
    struct tokens *tokens; /* for "challenge with the token stored for this client" */
    struct cnonces *cnonces;
    struct exis *exis;
    struct revoked *revoked; /* by the list of the AS (RFC 9770) */
    struct answers *answers;
    const struct answer
        *said; /* what the packet in hand has waited for; NULL: it is judged for the first time */
    struct entropy *entropy;
    struct meter *uploads, *questions; /* per address */
};

/* A token and what it says. All zero: nothing. */
struct opened {
    struct claims *claims; /* the holder's */
    int64_t fresh; /* by introspection: it holds until then, unless the AS is asked again; else INT64_MAX */
};

/*
 * What a token says, by itself or by the AS. Every token that comes to the broker goes through here. Errors: those of token_open();
 * ERR_WAITING (the AS must be asked first: nothing has happened); ERR_UNAVAILABLE (it was, in vain [R-INT-21]), ERR_QUOTA.
 */
MUST_USE enum err authn_open(const struct authn *a, struct span token, int64_t now, struct opened *out,
                             struct fault *why);

/* One try to prove a token, from the packet that named it to the verdict. All zero: none. */
struct attempt {
    struct buf token;
    bool stored;               /* the token was taken earlier, and is ours since */
    uint8_t nonce[NONCE_SIZE]; /* ours, for this attempt only [R-POPC-06, R-POPC-11] */
};

void attempt_clear(struct attempt *a);

struct verdict {
    enum {
        VERDICT_REFUSE,
        VERDICT_CHALLENGE,
        VERDICT_ADMIT,
        VERDICT_ASK
    } is;                /* ASK: the AS, about `attempt.token` */
    enum err err;        /* REFUSE */
    bool hint;           /* REFUSE: another token would help, so say where to get one [R-DISC-05] */
    struct grant *grant; /* ADMIT: the caller's */
    bool by_tls;         /* ADMIT: TLS showed who it is, so uploads change its rights */
    struct fault why;    /* for the log; holds no secrets */
};

/* CONNECT, of either version. On CHALLENGE, ADMIT and ASK `attempt` holds the token, if there is one. After ASK and its answer the same
 * packet is judged again. */
struct verdict authn_connect(const struct authn *a, const struct mqtt_packet *connect,
                             const struct tls_facts *tls, struct attempt *attempt, int64_t now);

/* TLS:Known,MQTT:none: the token stored for the key, raw public or PSK, that TLS proved [R-RPK-13]; also later, when another one was uploaded. */
struct verdict authn_tls(const struct authn *a, const struct tls_facts *tls, struct attempt *attempt,
                         int64_t now);

/* Asked during the handshake: is a valid token stored for this key [R-RPK-11]? */
bool authn_knows(const struct authn *a, const struct key *key, int64_t now);

/* Asked during the handshake: the PSK of this identity [R-PSK-08], which names a stored token by kid or is a token itself; then that is
 * kept [R-PSK-09]. Errors: ERR_NOT_AUTHORIZED (it is of ours and no good), others: it is none of ours. */
MUST_USE enum err authn_psk(const struct authn *a, struct span identity, int64_t now, struct secret *psk);

/* Keeps a token whose key is yet to be proved, if its cnonce does. Errors: as tokens_put() and cnonces_test(). */
MUST_USE enum err authn_keep(const struct authn *a, struct span token, const struct claims *claims,
                             int64_t now);

/* AUTH 0x19 on an admitted connection whose rights so far are `old`: CHALLENGE or REFUSE. */
struct verdict authn_renew(const struct authn *a, const struct mqtt_packet *auth, const struct grant *old,
                           struct attempt *attempt);

/* AUTH 0x18, the answer to our challenge: ADMIT, REFUSE or ASK. `old` is NULL before CONNACK. The nonce is spent, but for ASK. */
struct verdict authn_reply(const struct authn *a, const struct mqtt_packet *auth, const struct grant *old,
                           struct attempt *attempt, int64_t now);

#endif
