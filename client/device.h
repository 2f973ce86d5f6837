#ifndef CLIENT_DEVICE_H
#define CLIENT_DEVICE_H

#include <uv.h>

#include "client/config.h"
#include "client/dialog.h"
#include "client/holding.h"

/*
 * The device on a libuv loop: asks the AS for tokens over HTTPS, authenticates the broker against rs_cnf, connects, and
 * carries a dialog. One connection at a time. Everything that happens is told through one function; nothing blocks.
 */
struct device;

enum device_happening {
    DEVICE_TOKEN, /* holding: a token is held                                              */
    DEVICE_TOKEN_REFUSED, /* the AS answered an error: status, error, reason; or its answer is not used (err, reason) */
    DEVICE_REVOKED, /* the AS has taken the token back, or (err, reason, status) has not       */
    DEVICE_SECURED, /* TLS with the broker is up and the broker is who it must be; CONNECT leaves now */
    DEVICE_DIALOG,  /* something on MQTT: dialog                                             */
    DEVICE_CLOSED,  /* the connection ended, or never came: err, reason                      */
};

/* Borrowed for the time of the call. */
struct device_event {
    enum device_happening what;
    enum err err;
    const char *reason;
    unsigned status;   /* HTTP */
    const char *error; /* OAuth word, "" if none */
    const struct holding *holding;
    const struct dialog_event *dialog;
};

struct device_owner {
    void *self;
    void (*happened)(void *self, const struct device_event *e);
};

/* Borrows the configuration for its whole life. NULL: no memory. */
struct device *device_new(uv_loop_t *loop, const struct client_config *config,
                          const struct device_owner *owner);
/* Drops what is open at once; the loop then drains, and device_free() may follow. */
void device_close(struct device *d);
void device_free(struct device *d);

struct device_token_want {
    struct span url;      /* empty: as.url */
    struct span audience; /* empty: token.audience */
    struct scope *scope;  /* NULL: token.scope */
    int pop_key;          /* enum pop_key */
    struct span cnonce;
    enum media media; /* of the request */
    struct span
        kid; /* ask to keep this symmetric key; empty: only the one that opened the live TLS session [R-TOK-47] */
};
/* Answered by DEVICE_TOKEN or DEVICE_TOKEN_REFUSED. Errors at once: ERR_NOT_AUTHORIZED (the URL is not on our list), ERR_MALFORMED, ERR_PROTOCOL
 * (no key of this type; a request is under way), with a reason. */
MUST_USE enum err device_get_token(struct device *d, const struct device_token_want *want, struct fault *why);
const struct holding *device_holding(const struct device *d); /* NULL: none */
/* RFC 7009: tells the AS that the token held is to be of no use any more; it stays held. Answered by DEVICE_REVOKED. Errors at once: ERR_PROTOCOL
 * (no token, a request is under way), ERR_MALFORMED (no URL), with a reason. */
MUST_USE enum err device_revoke(struct device *d, struct fault *why);
/* Takes over a token response kept in a file (what `ace-client token --out` wrote). */
MUST_USE enum err device_load_token(struct device *d, struct span file, struct fault *why);
/* The token response as the file keeps it, secrets included: for a file of mode 0600. */
MUST_USE enum err device_save_token(const struct device *d, struct buf *file);
void device_forget(struct device *d);

/* What we show in TLS. RPK: the token is at authz-info already, and we prove its key [R-RPK-01]. */
enum device_tls { DEVICE_TLS_ANON, DEVICE_TLS_RPK, DEVICE_TLS_PSK };
/* What names the PSK: the token, or its key's kid in a structure [R-PSK-01] [R-PSK-02]. */
enum device_identity { DEVICE_PSK_TOKEN, DEVICE_PSK_CBOR, DEVICE_PSK_JSON };

struct device_connect_want {
    struct dialog_connect mqtt; /* token, key, facts are filled in */
    enum device_tls tls;
    enum device_identity identity; /* DEVICE_TLS_PSK */
    bool use_token;                /* false: DIALOG_POP_STORED or MQTT:None */
};
/* Answered by DEVICE_SECURED, then DEVICE_DIALOG events, at the end DEVICE_CLOSED. Errors at once: ERR_PROTOCOL (connected already, no token, it has ended), with a reason. */
MUST_USE enum err device_connect(struct device *d, const struct device_connect_want *want, struct fault *why);
/* The dialog, for dialog_publish() and so on; after such calls device_flush(). NULL: not connected. */
struct dialog *device_dialog(struct device *d);
void device_flush(struct device *d);
/* DISCONNECT, then close. */
void device_disconnect(struct device *d, uint8_t reason);
/* Closes without DISCONNECT. */
void device_drop(struct device *d);
int64_t device_now(const struct device *d); /* seconds since the epoch */
/* Moves the device's clock by so many seconds: token ends are judged by it. */
void device_clock(struct device *d, int64_t offset);

#endif
