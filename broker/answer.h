#ifndef BROKER_ANSWER_H
#define BROKER_ANSWER_H

#include "common/codec/mqtt.h"

/*
 * What the broker says, as bytes: the place where an error becomes a Reason Code, a return code, or silence. Everything
 * is appended to `out`, or nothing is: ERR_TOO_LARGE when it would exceed the client's Maximum Packet Size, ERR_NO_MEMORY.
 */

/* How this client is spoken to. */
struct voice {
    enum mqtt_version version; /* 0: it has not said */
    uint32_t max_packet;       /* its Maximum Packet Size; UINT32_MAX: none */
    bool hide_topics;          /* 0x80 instead of 0x87 [R-PUB-05, R-SUB-05] */
    bool has_method;           /* it named the method: so do we [R-CONN-14], and only then [R-CONN-15] */
};

struct refusal {
    enum err err;
    uint8_t level;     /* protocol level asked for */
    struct span hint;  /* JSON of ace_as_hint; empty: none */
    const char *words; /* Reason String; NULL: none */
};
/* CONNACK with Session Present 0 [R-CACK-09]. Hint and words are left out when they do not fit [R-CACK-11]. Nothing for an
 * error that MQTT 3.1.1 has no return code for. */
MUST_USE enum err answer_refusal(const struct voice *v, const struct refusal *r, struct buf *out);

struct welcome {
    bool session_present;
    struct mqtt_props props; /* what we have to say; the method is added here */
};
MUST_USE enum err answer_welcome(const struct voice *v, struct welcome *w, struct buf *out);

/* AUTH 0x18 with our nonce, or AUTH 0x00 with nothing. */
MUST_USE enum err answer_auth(const struct voice *v, uint8_t reason, struct span data, struct buf *out);

/* PUBACK, PUBREC, PUBREL, PUBCOMP. */
MUST_USE enum err answer_ack(const struct voice *v, enum mqtt_type type, uint16_t id, enum err e,
                             struct buf *out);

/* SUBACK and UNSUBACK: fill `count` codes with answer_code() or a granted QoS first. */
uint8_t answer_code(const struct voice *v, enum err e);
MUST_USE enum err answer_codes(const struct voice *v, enum mqtt_type type, const struct mqtt_suback *codes,
                               struct buf *out);

/* PINGRESP. */
MUST_USE enum err answer_ping(const struct voice *v, struct buf *out);

/* DISCONNECT; nothing in MQTT 3.1.1 [R-V311-20]. */
MUST_USE enum err answer_disconnect(const struct voice *v, enum err e, const char *words, struct buf *out);

/* Any packet. */
MUST_USE enum err answer_packet(const struct voice *v, const struct mqtt_packet *p, struct buf *out);

#endif
