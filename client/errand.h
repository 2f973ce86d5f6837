#ifndef CLIENT_ERRAND_H
#define CLIENT_ERRAND_H

#include "client/device.h"
#include "client/lines.h"
#include "client/options.h"
#include "client/renewal.h"
#include "common/ace/hints.h"

/* One word at work: asks for a token, connects, does its part, leaves. Everything goes on from one event to the next. */
struct errand {
    const struct client_options *o;
    uv_loop_t loop;
    uv_signal_t stop[2];
    uv_timer_t limit;
    struct lines *input; /* of pub -l */
    struct device *device;
    struct scope *scope; /* what is asked for when the settings name none */
    struct hints hints;
    bool discovering, leaving;
    bool uploading; /* this connection only brings the token to authz-info */
    long received;
    int status;
    bool has_line; /* of pub -l: not yet acknowledged, so that it survives a lost connection */
    struct buf line;
    /* what lasts, sub and pub -l */
    uv_timer_t pulse;
    bool known;      /* the broker has let us in: what is lost is tried again */
    bool subscribed; /* at least once */
    bool gone;       /* the broker ended it in a way that may pass */
    uint8_t reason;  /* which it told; 0: none */
    bool ousted;     /* it did so for want of rights */
    uint64_t in_ms;  /* when it let us in last */
    struct buf id;   /* Client Identifier that the broker gave us */
    struct backoff lost;
    uint64_t lost_ms, back_ms; /* since when, and when to try next; 0: not lost, not waiting */
    struct renewal renewal;
    struct buf as_url;   /* where tokens come from */
    struct key *shown;   /* in the TLS handshake */
    bool renewing, late; /* the next token is being presented; it came while it could not be */
    bool anew; /* the move goes by way of the broker's hint: it takes fresh tokens only [R-DISC-07] */
    bool fresh_only, fresh_tried; /* its hints have a cnonce; one was asked for since it let us in last */
    bool moving;        /* to a new connection with the next token, as soon as nothing is in flight */
    uint16_t update_id; /* of the next token on its way to authz-info */
    int renew_status;
    char renew_why[200];
};

/* With -v, on standard error; not for sub, whose lines are messages. */
void errand_say(struct errand *e, const char *format, const char *what);
/* Ends the errand; the first status counts. */
void errand_leave(struct errand *e, int status);
/* Complains, and leaves. */
void errand_fail(struct errand *e, int status, const char *what, const char *why);
/* The exit status for a connection that failed so. */
int errand_status(enum err err);

/* Asks the AS at this URL; empty: the one of the settings. Errors: those of device_get_token(). */
MUST_USE enum err errand_request_token(struct errand *e, struct span url, struct fault *why);
/* The same, remembering the URL; an error ends the errand. */
void errand_ask_token(struct errand *e, struct span url);
/* Is the key proved in TLS, so that nothing more is said over MQTT [R-TLS-08]? */
bool errand_in_tls(const struct errand *e);
void errand_connect(struct errand *e, bool ace);
/* Is a token held that has ended, by the device's clock? */
bool errand_token_ended(const struct errand *e);
/* Asks the broker for its hint, and goes on from there. */
void errand_rediscover(struct errand *e);
/* Connects with the token held: for --pop rpk, first to bring it to authz-info [R-RPK-01]. */
void errand_come_in(struct errand *e);
/* The token held, to authz-info on this connection; `update_id` tells which answer is meant. */
void errand_upload(struct errand *e);

#endif
