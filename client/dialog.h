#ifndef CLIENT_DIALOG_H
#define CLIENT_DIALOG_H

#include "common/codec/mqtt.h"
#include "common/crypto/entropy.h"
#include "common/crypto/key.h"
#include "common/crypto/tls_facts.h"

/*
 * The client's side of one MQTT connection, pure: calls and bytes go in, bytes and events come out. It proves possession
 * in both forms (RFC 9431 2.2.4.2), answers QoS 1 and 2, pings, re-authenticates. It never sends before CONNACK what
 * must wait for it [R-CONN-08] [R-CONN-09].
 */
struct dialog;

/* How the connection is authenticated on MQTT. */
enum dialog_pop {
    DIALOG_POP_NONE,      /* MQTT:None                                                     */
    DIALOG_POP_EXPORTER,  /* token and proof in CONNECT (3.1.1: user name and password)    */
    DIALOG_POP_CHALLENGE, /* token in CONNECT, proof on the broker's nonce                 */
    DIALOG_POP_STORED,    /* nothing in CONNECT: the broker holds a token, or gives a hint */
};

struct dialog_connect {
    enum mqtt_version version;
    struct span client_id;
    bool clean_start;
    uint16_t keep_alive;                 /* seconds */
    const struct mqtt_will *will;        /* NULL: none */
    const struct mqtt_props *will_props; /* NULL: none */
    const struct mqtt_props *props;      /* more properties for CONNECT; NULL: none */
    enum dialog_pop pop;
    struct span token;
    const struct key *key;         /* the PoP key; kept by reference */
    const struct tls_facts *facts; /* for the exporter */
    bool compat_draft02;           /* also the challenge and the hint of draft -02 are understood */
};

struct dialog_message {
    struct span topic, payload;
    uint8_t qos;
    bool retain;
    const struct mqtt_props *props;
};

enum dialog_happening {
    DIALOG_CONNECTED,    /* reason 0: CONNACK; session_present                         */
    DIALOG_REFUSED,      /* CONNACK with a reason, hint if there was one               */
    DIALOG_PUBLISHED,    /* id, reason: PUBACK, PUBCOMP, or a PUBREC that refuses      */
    DIALOG_SUBSCRIBED,   /* id, codes */
    DIALOG_UNSUBSCRIBED, /* id, codes (none in 3.1.1) */
    DIALOG_MESSAGE,      /* topic, payload, qos, retain */
    DIALOG_REAUTHENTICATED,
    DIALOG_PONG,         /* PINGRESP to a dialog_ping(): all that was sent before has been judged */
    DIALOG_DISCONNECTED, /* the broker's DISCONNECT, reason */
    DIALOG_BROKEN,       /* the broker broke the protocol, or did not answer a ping: err, why */
};

/* Plain data; dialog_event_clear() releases. */
struct dialog_event {
    enum dialog_happening what;
    uint16_t id;
    uint8_t reason, qos;
    bool session_present, retain;
    size_t code_count;
    uint8_t codes[MQTT_MAX_FILTERS];
    struct buf topic, payload, hint, reason_string, assigned_id;
    enum err err;
    char why[96];
};

struct dialog *dialog_new(struct entropy *entropy); /* NULL: no memory */
void dialog_free(struct dialog *d);

/* Calls. Errors: ERR_PROTOCOL (not now), ERR_RECEIVE_MAX (the broker's window is full), ERR_QOS, ERR_RETAIN, ERR_TOO_LARGE
 * (the broker takes no such), ERR_QUOTA (no packet identifier left), ERR_INTERNAL, ERR_NO_MEMORY. */
MUST_USE enum err dialog_connect(struct dialog *d, const struct dialog_connect *how);
MUST_USE enum err dialog_publish(struct dialog *d, const struct dialog_message *m,
                                 uint16_t *id); /* id 0: QoS 0 */
MUST_USE enum err dialog_subscribe(struct dialog *d, const struct mqtt_filter *filters, size_t count,
                                   uint16_t *id);
MUST_USE enum err dialog_unsubscribe(struct dialog *d, const struct mqtt_filter *filters, size_t count,
                                     uint16_t *id);
/* RFC 9431 section 4: AUTH 0x19 with a new token and its key; the proof is always on a challenge [R-REA-06]. */
MUST_USE enum err dialog_reauthenticate(struct dialog *d, struct span token, const struct key *key);
MUST_USE enum err dialog_ping(struct dialog *d);
MUST_USE enum err dialog_disconnect(struct dialog *d, uint8_t reason);

/* The session that `old` had goes on, if the broker still has it: what it was in the middle of receiving is not told twice. Before
 * dialog_connect(), without a clean start. */
void dialog_inherit(struct dialog *d, const struct dialog *old);

/* `now_ms`: any monotonic clock above 0, for the keep-alive and for answers that must come within 10 s. After DIALOG_BROKEN nothing more is taken. */
MUST_USE enum err dialog_input(struct dialog *d, struct span bytes, int64_t now_ms);
void dialog_tick(struct dialog *d, int64_t now_ms);

/* What is to be sent: take it with dialog_sent(). */
struct span dialog_output(const struct dialog *d);
void dialog_sent(struct dialog *d);
/* The next event; false: none. */
bool dialog_event(struct dialog *d, struct dialog_event *out);
void dialog_event_clear(struct dialog_event *e);

bool dialog_ready(const struct dialog *d); /* between CONNACK 0x00 and the end */
bool dialog_over(const struct dialog *d);  /* refused, disconnected, broken */
size_t dialog_in_flight(const struct dialog *d);

#endif
