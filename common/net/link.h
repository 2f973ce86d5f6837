#ifndef NET_LINK_H
#define NET_LINK_H

#include "common/net/tls.h"

#include <uv.h>

/*
 * One TCP connection on a libuv loop, in TLS or (loopback only) in the clear. A link is owned by the loop: it
 * lives until `closed` returns, which happens exactly once and never from inside a link_*() call. TCP_NODELAY
 * is set, SIGPIPE is ignored. Writes of one turn leave together in as few TLS records and system calls as
 * they fit in.
 */
struct link;

struct link_owner {
    void *self;
    /* TCP and TLS are up. Plain TCP: facts with version 0, anonymous. */
    void (*opened)(void *self, struct link *l, const struct tls_facts *facts);
    void (*input)(void *self, struct link *l, struct span plaintext);
    /* Everything written since the last time has gone to the kernel. May be NULL. */
    void (*drained)(void *self, struct link *l);
    /* OK: orderly (ours or the peer's). Else why, as a phrase; errors ERR_TIMEOUT, ERR_IO, ERR_NOT_AUTHORIZED
     * (TLS), ERR_PROTOCOL, ERR_SHUTTING_DOWN (aborted by us), ERR_NO_MEMORY. Also for links that never
     * opened. */
    void (*closed)(void *self, struct link *l, enum err err, const char *reason);
};

/* Sees all bytes, before TLS and as on the wire. May be zero. */
enum link_tap { LINK_PLAIN_IN, LINK_PLAIN_OUT, LINK_WIRE_IN, LINK_WIRE_OUT };
struct link_tee {
    void *self;
    void (*bytes)(void *self, struct link *l, enum link_tap tap, struct span bytes);
};

/* Sees all links of this process, those that are open already too. For whoever drives a program and wants to know what it says. */
struct link_watcher {
    void *self;
    void (*opened)(void *self, struct link *l, const struct tls_facts *facts);
    void (*bytes)(void *self, struct link *l, enum link_tap tap, struct span bytes);
    void (*closed)(void *self, struct link *l,
                   const char *reason); /* also of links that never opened; "": orderly */
};
void link_watch_all(const struct link_watcher *w);

/* Milliseconds and bytes; 0: the default in brackets. */
struct link_options {
    struct tls_config *tls; /* NULL: plain TCP, loopback only */
    unsigned connect_ms;    /* name look-up and TCP, [10,000] */
    unsigned handshake_ms;  /* TLS, [10,000] */
    unsigned close_ms;      /* flush, close_notify, until the peer's FIN, [2,000] */
    size_t queue_max;       /* bytes not yet taken by the kernel, [16 MiB] */
    struct link_tee tee;
};

struct link_target {
    const char *host; /* name, IPv4 or IPv6 literal (with or without brackets) */
    uint16_t port;
};

/* Errors at once: ERR_NO_MEMORY, ERR_MALFORMED (host), ERR_INTERNAL; all others come through `closed`. */
MUST_USE enum err link_connect(uv_loop_t *loop, const struct link_target *to,
                               const struct link_options *options, const struct link_owner *owner,
                               struct link **out);

/* For listeners: takes the next connection of `server`; `watch` hears of it beside the owner, whom
 * link_adopt() names before the turn ends. Errors: ERR_IO, ERR_NO_MEMORY. */
struct link_watch {
    void *self;
    void (*opened)(void *self, struct link *l);
    void (*closed)(void *self, struct link *l);
};
MUST_USE enum err link_accept(uv_stream_t *server, const struct link_options *options,
                              const struct link_watch *watch, struct link **out);

/* Queues. Errors: ERR_QUOTA (over queue_max: nothing was queued, the owner decides), ERR_PROTOCOL (not open,
 * or closing), ERR_NO_MEMORY. Leaves at the end of this turn, or with link_flush(). */
MUST_USE enum err link_write(struct link *l, struct span plaintext);
void link_flush(struct link *l);
size_t link_queued(const struct link *l);

/* A paused link delivers no input and lets TCP push back. */
void link_pause(struct link *l);
void link_resume(struct link *l);

void link_close(struct link *l); /* flush, close_notify, FIN, wait for the peer's; then closed(OK) */
void link_abort(struct link *l); /* at once, what is queued is lost; then closed(ERR_SHUTTING_DOWN) */

/* Gives the link to another owner, from the next event on. */
void link_adopt(struct link *l, const struct link_owner *owner);

const char *link_peer(const struct link *l); /* "127.0.0.1:4711", "[::1]:4711"; "" before TCP is up */
const char *link_local(const struct link *l);
uv_loop_t *link_loop(const struct link *l);
const struct tls *link_tls(const struct link *l); /* NULL: plain TCP */

#endif
