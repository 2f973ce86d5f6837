#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>
#include <stdint.h>

/*
 * One error type for the whole project. A value says what went wrong; err_wire() says what a peer is told.
 * No handler writes a reason code, an HTTP status or an OAuth word by hand.
 */
enum err {
    OK = 0,
    ERR_MALFORMED,       /* the bytes break the grammar                              */
    ERR_PROTOCOL,        /* well-formed, but not now, or not in this combination     */
    ERR_INTERNAL,        /* our side broke: implementation specific error            */
    ERR_VERSION,         /* MQTT version not offered                                 */
    ERR_CLIENT_ID,       /* Client Identifier not acceptable                         */
    ERR_NOT_AUTHORIZED,  /* token, proof or scope says no                            */
    ERR_UNAVAILABLE,     /* the AS (or a store) cannot be asked now                  */
    ERR_SHUTTING_DOWN,   /* the server is being stopped                              */
    ERR_BAD_METHOD,      /* Authentication Method is not "ace"                       */
    ERR_KEEP_ALIVE,      /* nothing heard for one and a half keep-alive times        */
    ERR_TAKEN_OVER,      /* the Client Identifier connected again elsewhere          */
    ERR_FILTER,          /* Topic Filter breaks MQTT 4.7                             */
    ERR_TOPIC,           /* Topic Name breaks MQTT 4.7                               */
    ERR_ID_IN_USE,       /* packet identifier already in flight                      */
    ERR_ID_UNKNOWN,      /* packet identifier not in flight                          */
    ERR_RECEIVE_MAX,     /* more unacknowledged QoS > 0 than Receive Maximum         */
    ERR_TOPIC_ALIAS,     /* alias 0, above the maximum, or never set                 */
    ERR_TOO_LARGE,       /* packet, body or field over its named limit               */
    ERR_RATE,            /* too many requests per time                               */
    ERR_QUOTA,           /* a bound on stored things is reached                      */
    ERR_NOT_A_TOKEN,     /* authz-info payload does not parse as a token             */
    ERR_RETAIN,          /* retained messages are not offered                        */
    ERR_QOS,             /* QoS not offered                                          */
    ERR_SHARED,          /* shared subscriptions are not offered                     */
    ERR_WILDCARD,        /* wildcard subscriptions are not offered                   */
    ERR_INVALID_REQUEST, /* RFC 6749 5.2, RFC 9200 5.8.3: the eight OAuth errors     */
    ERR_INVALID_CLIENT,
    ERR_INVALID_GRANT,
    ERR_UNAUTHORIZED_CLIENT,
    ERR_UNSUPPORTED_GRANT,
    ERR_INVALID_SCOPE,
    ERR_UNSUPPORTED_POP_KEY,
    ERR_INCOMPATIBLE_PROFILES,
    ERR_FORBIDDEN,   /* the caller has no right to this endpoint (RFC 9200 5.9.3) */
    ERR_NOT_FOUND,   /* HTTP: no such resource                                   */
    ERR_HTTP_METHOD, /* HTTP: resource exists, not for this method               */
    ERR_MEDIA_TYPE,  /* HTTP: Content-Type not offered                           */
    ERR_TIMEOUT,     /* a deadline passed                                        */
    ERR_IO,          /* the operating system or the peer's transport failed      */
    ERR_WAITING,     /* not yet: somebody else must be asked first; told to nobody */
    ERR_NO_MEMORY,
    ERR_COUNT
};

/* What a peer is told. Zero: nothing of this kind is ever sent for this error. */
struct err_wire {
    uint8_t mqtt5;      /* MQTT 5 Reason Code, CONNACK to DISCONNECT                 */
    uint8_t connack311; /* MQTT 3.1.1 CONNACK return code; otherwise the line closes */
    uint16_t http;      /* HTTP status                                               */
    uint8_t oauth_cbor; /* RFC 9200 Figure 11 integer for `oauth`                    */
    const char *oauth;  /* RFC 6749 5.2 / RFC 9200 5.8.3 "error"; NULL: empty body   */
    const char *words;  /* for logs and people                                       */
};

#define MUST_USE __attribute__((warn_unused_result))
#define TRY(x)                   \
    do {                         \
        enum err e_ = (x);       \
        if (e_ != OK) return e_; \
    } while (0)

const struct err_wire *err_wire(enum err e);

/* MQTT 5 section 2.4: the name of a Reason Code ("Not authorized"), for messages; never NULL. */
const char *reason_name(uint8_t reason);

#endif
