#ifndef BROKER_SETTINGS_H
#define BROKER_SETTINGS_H

#include "common/ace/hints.h"
#include "common/ace/token.h"
#include "common/base/log.h"

/*
 * What the configuration decides, as the cores read it: plain data, made by broker/config.c (or a test), constant while
 * in use. Sizes in bytes, times in seconds.
 */
struct limits {
    int64_t connections;         /* open at once */
    int64_t pending_per_address; /* of these, not yet admitted and from one address */
    int64_t preauth_packet;      /* largest packet before CONNACK */
    int64_t packet;              /* largest packet after it, announced as Maximum Packet Size */
    int64_t connect_seconds;     /* from the TLS handshake to CONNECT */
    int64_t challenge_seconds;   /* from AUTH 0x18 to its answer [R-POPC-17] */
    int64_t client_id;           /* length of a Client Identifier */
    int64_t keep_alive;          /* longest Keep Alive; 0: the client decides */
    int64_t sessions;            /* session states, attached or not [R-SESS-08] */
    int64_t session_expiry;      /* longest Session Expiry Interval */
    int64_t subscriptions;       /* per session */
    int64_t topic_aliases;       /* inbound, per connection */
    int64_t receive_maximum;     /* unfinished QoS 2 from a client */
    int64_t inflight;            /* unacknowledged QoS 1 and 2 to a client */
    int64_t queue_messages;      /* per session */
    int64_t queue_bytes;         /* per session */
    int64_t queue_total;         /* bytes queued in all sessions */
    int64_t backlog;             /* bytes on their way to one client before we hold back */
    int64_t retained_messages;
    int64_t retained_bytes;
    int64_t tokens; /* kept for later challenges, one per PoP key */
    int64_t token_bytes;
    int64_t exis;    /* tokens with exi whose time is running */
    int64_t cnonces; /* spent ones that are remembered */
    int64_t revoked; /* tokens of whom the AS said so */
};

/* Where the RFC leaves a choice: what is off by default is not strict, what is on is a tolerance that harms nobody (docs/switches.md). */
struct switches {
    bool accept_der_ecdsa;    /* */
    bool tls12_no_context;    /* */
    bool wrapped;             /* uploads may be a map with access_token */
    bool by_client_id;        /* an uploaded token is also found by who uploaded it */
    bool bare_kid;            /* a PSK identity may be a kid as such */
    bool bind_to_key;         /* */
    bool client_id_is_sub;    /* the Client Identifier must be the token's subject */
    bool wildcards;           /* subscriptions may have wildcards [R-SCOPE-13] */
    bool retain_qos0;         /* keep retained messages of QoS 0 too [R-RET-07] */
    bool any_subject;         /* */
    bool no_stored_challenge; /* who sends no token is told where to get one, never challenged */
    bool hint_anonymous;      /* hint also to who did not ask by method ace */
    bool cnonce;              /* hints hold a cnonce, and tokens must */
    bool compat_draft02;      /* the forms of draft -02 beside those of the RFC */
};

/* Asking the AS about tokens (RFC 9431 2.2.5). */
struct asking {
    bool on;         /* there is somebody to ask */
    bool all;        /* about every token, not only those that say nothing themselves [R-INT-02] */
    size_t issuer;   /* whose answers these are: index into trust.issuers */
    int64_t timeout; /* of a question */
    int64_t
        cache; /* how long an answer serves; 0: each PUBLISH and SUBSCRIBE asks anew [R-INT-22, R-INT-23] */
    int64_t per_minute; /* questions that one address may cause [R-SEC-01] */
    int64_t questions;  /* open at once */
};

enum { ANSWER_SECONDS = 2 }; /* rights of deliveries from an answer that is not to be used again */

/* How long rights rest on one answer. */
static inline int64_t asking_holds(const struct asking *a)
{
    return a->cache ? a->cache : ANSWER_SECONDS;
}

struct settings {
    struct limits limits;
    struct token_trust trust;
    struct scope *open; /* public topics; empty: nobody comes in without a token */
    struct hints hint;  /* without AS: none is given; without a cnonce, which is new each time */
    struct switches switches;
    struct asking asking;
    size_t min_hmac_key;      /* */
    int64_t expiry_grace;     /* an idle connection outlives its token by this much */
    int64_t known_grace;      /* the same where TLS showed who it is */
    bool authz_info;          /* tokens are taken by PUBLISH [R-AZI-05] */
    int64_t uploads;          /* of one address in a minute [R-AZI-18] */
    int64_t cnonce_seconds;   /* how long one can be used */
    int64_t unproven_seconds; /* how long an uploaded token waits for its key to be proved [R-AZI-19] */
    bool hide_topics;         /* 0x80 instead of 0x87 [R-PUB-05] */
    bool lab;                 /* refusals say why in the Reason String */
    bool mqtt311;             /* offer MQTT 3.1.1 [R-V311-01] */
    bool lenient_username;    /* */
    struct log *log;          /* may be NULL */
};

#endif
