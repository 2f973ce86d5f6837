#ifndef TESTS_BROKER_KIT_H
#define TESTS_BROKER_KIT_H

#include "broker/broker.h"
#include "tests/check.h"

/* A whole broker in a box: an AS key it trusts, clients with keys, seeded chance, a clock to set. Connections are small
 * numbers. What the broker sends is read back as words: "CONNACK 00; PUBLISH a/b x q1 (1); CLOSE". */

enum { KIT_CONNS = 16, KIT_START = 1800000000, KIT_LIFE = 3600 };

struct kit {
    struct settings settings;
    struct token_issuer issuer;
    struct span audience;
    struct key_object as; /* signs tokens */
    struct entropy_seeded entropy;
    struct broker *broker;
    int64_t now;
    struct buf wire[KIT_CONNS]; /* not yet read */
    enum mqtt_version version[KIT_CONNS];
    uint8_t nonce[NONCE_SIZE]; /* of the last AUTH 0x18 read */
    struct buf hint;           /* JSON of the last ace_as_hint read */
    bool live[KIT_CONNS], held[KIT_CONNS];
    uint64_t question; /* the last that the AS was asked */
    size_t asked;      /* how often it was */
    struct buf about;  /* the token of that question */
    struct buf words;
};

void kit_init(struct kit *k); /* settings may still be changed */
void kit_start(struct kit *k);
void kit_clear(struct kit *k);

/* How a client comes in. All zero: MQTT 5, method ace, exporter proof, Clean Start 1, key of client id "c". */
struct kit_connect {
    const char *id;            /* NULL: "c" followed by the connection's number */
    enum mqtt_version version; /* 0: 5 */
    enum { BY_EXPORTER, BY_CHALLENGE, BY_STORED, BY_NOTHING } by;
    const char *scope;  /* words; NULL: "pubsub:a/#" */
    int64_t life;       /* of the token; 0: KIT_LIFE */
    int64_t issued;     /* iat, before now */
    unsigned key;       /* which PoP key; 0: that of the connection's number */
    unsigned proof_key; /* with which key it proves; 0: the same */
    bool keep;          /* Clean Start 0 */
    uint32_t expiry, max_packet;
    uint16_t receive_max, keep_alive;
    const char *will, *will_payload; /* topic; NULL: none */
    uint32_t will_delay;
    bool will_retain;
    bool no_hmac;       /* Ed25519 instead of HS256: ignored where the kit has no AS-RS key */
    struct span cnonce; /* claim; empty: none */
    int64_t exi;        /* seconds; 0: it has exp */
    uint64_t number;    /* of a token with exi */
    struct span token;  /* instead of a fresh one */
    bool resumed_tls, wrong_proof;
};

/* A token for this; the caller's. */
struct buf kit_token(struct kit *k, int conn, const struct kit_connect *how);
void kit_open(struct kit *k, int conn, const struct kit_connect *how);
void kit_open_as(struct kit *k, int conn, const struct tls_facts *tls); /* MQTT 5, after this handshake */
/* The settings of a broker that asks the AS. */
void kit_ask(struct kit *k);
/* The AS says of question `number` what the token of this client would say. */
void kit_say_active(struct kit *k, uint64_t number, int conn, const struct kit_connect *how);
void kit_say(struct kit *k, uint64_t number, const char *json);
void kit_say_nothing(struct kit *k, uint64_t number, enum err err);
/* Opens, sends CONNECT, answers a challenge; reads nothing. */
void kit_connect(struct kit *k, int conn, const struct kit_connect *how);
/* As above, and eats CONNACK 00. */
void kit_enter(struct kit *k, int conn, const struct kit_connect *how);
void kit_fill_connect(struct kit *k, int conn, const struct kit_connect *how, struct span auth_data,
                      struct mqtt_packet *out);
/* The client's answer to the last challenge read. */
void kit_answer(struct kit *k, int conn, unsigned key);
/* The proof of PoP key `number` over these bytes. */
void kit_prove(unsigned number, struct span challenge, struct buf *out);
/* AUTH 0x19. */
void kit_renew(struct kit *k, int conn, struct span token);

void kit_send(struct kit *k, int conn, struct mqtt_packet *p);
void kit_bytes(struct kit *k, int conn, struct span bytes);
struct mqtt_packet kit_packet(const struct kit *k, int conn, enum mqtt_type type);
void kit_publish(struct kit *k, int conn, const char *topic, const char *payload, uint8_t qos, uint16_t id);
void kit_retain(struct kit *k, int conn, const char *topic, const char *payload, uint32_t expiry);
void kit_subscribe(struct kit *k, int conn, const char *filter, uint8_t qos);
void kit_ack(struct kit *k, int conn, enum mqtt_type type, uint16_t id);
void kit_simple(struct kit *k, int conn, enum mqtt_type type); /* PINGREQ, DISCONNECT 0x00 */
void kit_cut(struct kit *k, int conn);                         /* the line breaks */
void kit_pass(struct kit *k, int64_t seconds);                 /* the clock, and a tick */

/* Everything this connection got since the last call, in words; "" if nothing. Lent until the next call. */
const char *kit_heard(struct kit *k, int conn);
#define CHECK_HEARD(k, conn, want) CHECK_ROW(kit_is(kit_heard(k, conn), want), want)
bool kit_is(const char *got, const char *want); /* prints the difference */

#endif
