#ifndef BROKER_INTENT_H
#define BROKER_INTENT_H

#include "broker/message.h"

/* What a session and the broker say to each other about one packet. */

typedef uint64_t conn_id;

/* What one packet asks of the rest of the broker. */
struct intent {
    enum intent_kind {
        INTENT_NOTHING,
        INTENT_ASK,         /* answer with session_resume(): then the packet comes once more */
        INTENT_ADMIT,       /* answer with session_welcome() and session_admit(), or session_end() */
        INTENT_RENEWED,     /* the session has another grant */
        INTENT_TOKEN,       /* a token was uploaded: sessions that TLS proved may have other rights now */
        INTENT_PUBLISH,     /* answer with session_published() */
        INTENT_SUBSCRIBE,   /* answer with session_subscribed() */
        INTENT_UNSUBSCRIBE, /* answer with session_unsubscribed() */
    } is;
    struct span token;                  /* ASK: about this, the session's */
    struct message *message;            /* PUBLISH: the receiver's */
    enum err verdict[MQTT_MAX_FILTERS]; /* SUBSCRIBE, UNSUBSCRIBE: per filter; OK: do it */
};

#endif
