#ifndef BROKER_OPENING_H
#define BROKER_OPENING_H

#include "broker/message.h"
#include "broker/settings.h"
#include "common/crypto/entropy.h"

/* What a CONNECT asks for, kept until the client is admitted or refused: nothing of it has any effect before [R-CONN-10].
 * Owned. */
struct opening {
    struct buf client_id;
    bool assigned_id; /* we made it up (MQTT 5 3.1.3.1) */
    bool clean_start;
    uint32_t keep_alive;     /* seconds; 0: none */
    bool limited_keep_alive; /* shorter than asked for */
    uint32_t session_expiry; /* seconds */
    bool limited_expiry;     /* shorter than asked for [R-SESS-08] */
    uint16_t receive_maximum;
    uint32_t max_packet;  /* UINT32_MAX: no limit */
    struct message *will; /* NULL: none */
    uint32_t will_delay;  /* seconds */
};

/* Errors: ERR_CLIENT_ID, ERR_TOPIC (of the Will), ERR_NO_MEMORY, ERR_INTERNAL (entropy). */
MUST_USE enum err opening_read(const struct mqtt_packet *connect, const struct limits *limits,
                               struct entropy *entropy, struct opening *out);
void opening_clear(struct opening *o);

#endif
