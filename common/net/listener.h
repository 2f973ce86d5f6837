#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "common/net/link.h"

/* A bound TCP port that turns connections into links. */
struct listener;

struct listener_owner {
    void *self;
    /* TCP is up, TLS not yet: says who owns the link. false: it is dropped at once. */
    bool (*accepted)(void *self, struct link *l, struct link_owner *owner);
};

struct listener_options {
    const char *host;       /* address literal, or a name whose first address is bound */
    uint16_t port;          /* 0: any; listener_port() tells */
    unsigned max_links;     /* further ones are dropped at once; 0: 10,000 */
    unsigned max_half_open; /* links still in their handshake; 0: 1,000 */
    struct link_options link;
};

/* Errors: ERR_IO ("127.0.0.1:8883: address already in use"), ERR_PROTOCOL (plain TCP on another address than
 * loopback), ERR_MALFORMED (host), ERR_NO_MEMORY; the message in `why` (may be NULL). */
MUST_USE enum err listener_open(uv_loop_t *loop, const struct listener_options *options,
                                const struct listener_owner *owner, struct listener **out, struct fault *why);

uint16_t listener_port(const struct listener *l);
size_t listener_links(const struct listener *l);

/* Stops accepting and lets go of the listener; its links live on. */
void listener_close(struct listener *l);
/* As listener_close(), and link_close() for every link it accepted. */
void listener_shut(struct listener *l);

#endif
