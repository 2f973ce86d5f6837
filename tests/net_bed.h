#ifndef TESTS_NET_BED_H
#define TESTS_NET_BED_H

#include "common/net/listener.h"

#include <uv.h>

/* A loop, and ends of links that remember what happened to them. */
enum { NET_PATIENCE_MS = 10000, NET_ENDS = 8 };

struct end {
    struct link *link; /* NULL once closed */
    unsigned opened, closed, drained;
    struct buf input;
    enum err err;
    char reason[160];
    enum tls_peer peer;
    void (*on_opened)(struct end *e);
    void (*on_input)(struct end *e);
};

/* Runs the loop until `*count` reaches `want`; false (and a failed check) when patience ends before. */
bool net_until(uv_loop_t *loop, const unsigned *count, unsigned want);
bool net_until_bytes(uv_loop_t *loop, const struct buf *b, size_t n);
/* Runs until nothing is left, then closes the loop: whoever forgot to close something fails here. */
void net_drain(uv_loop_t *loop);

struct link_owner end_owner(struct end *e);
void end_clear(struct end *e);

/* A listener that keeps the ends of the links it accepted, in order. */
struct server {
    struct listener *listener;
    struct listener_options limits; /* may be preset */
    unsigned accepted;
    struct end ends[NET_ENDS];
    struct end pattern; /* copied to each */
};

void server_open(uv_loop_t *loop, const struct link_options *options, struct server *s);
void server_clear(struct server *s);

#endif
