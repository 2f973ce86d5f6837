#ifndef SCENARIOS_STRAND_H
#define SCENARIOS_STRAND_H

#include "common/codec/http_parser.h"
#include "common/codec/mqtt_frame.h"
#include "common/net/listener.h"
#include "scenarios/flow.h"

/*
 * A puppet's ends of connections: TLS links on one loop, read as MQTT packets or HTTP messages when the play asks for
 * them, never before. Whoever waits runs the loop until a condition holds or the deadline passes.
 */
struct net;

enum strand_speech {
    SPEAK_MQTT,
    SPEAK_REQUESTS,
    SPEAK_ANSWERS
}; /* what is read: packets, requests, responses */

struct strand {
    struct net *net;
    enum role owner;
    struct party peer; /* number 0: not known yet (accepted, and nobody was waited for) */
    enum strand_speech speech;
    struct link *link; /* NULL once closed */
    bool accepted, opened, closed;
    bool left;    /* we said DISCONNECT: the peer is about to close */
    enum err err; /* why it closed */
    char reason[160];
    struct tls_facts facts;
    char cipher[64], group[32];
    char alpn[32];
    struct buf in;    /* plaintext not taken yet */
    struct buf heard; /* octets of the message that was taken last */
    bool told;        /* all of them are in `heard` */
    struct http_parser *parser;
    unsigned asked, answered; /* HTTP requests and answers that passed */
};

MUST_USE enum err net_new(unsigned patience_percent, struct net **out);
/* Closes all links and listeners, drains the loop. */
void net_free(struct net *n);
uv_loop_t *net_loop(struct net *n);

/* Runs the loop until `ready(what)`; false: the deadline passed first. */
typedef bool net_ready(void *what);
bool net_wait(struct net *n, net_ready *ready, void *what);

/* How long that is, in milliseconds. */
unsigned net_patience(const struct net *n);

/* One listener a role. Takes a reference to `tls`. */
MUST_USE enum err net_listen(struct net *n, enum role role, struct tls_config *tls, uint16_t *port);

/* Begins a connection; the strand lives as long as the net. */
struct strand_call {
    enum role owner;
    struct party peer;
    enum strand_speech speech;
    const char *host; /* NULL: 127.0.0.1 */
    uint16_t port;
    struct tls_config *tls;
};
MUST_USE enum err net_connect(struct net *n, const struct strand_call *call, struct strand **out);

/* A strand without a link, for what a program tells of a connection of its own: bytes are added to `in`. The caller's, and on no net. */
MUST_USE enum err strand_new(enum strand_speech speech, struct strand **out);
void strand_free(struct strand *w);

/* The i-th strand ever made or accepted, oldest first; NULL past the end. */
struct strand *net_at(const struct net *n, size_t i);

MUST_USE enum err strand_send(struct strand *w, struct span bytes);
void strand_close(struct strand *w);
/* What has come in and was not taken: closed counts when all before it was taken. */
bool strand_has_input(const struct strand *w);
/* For net_wait: it is open, or never will be. */
bool strand_settled(void *strand);

/* A packet, if one is whole: ERR_NOT_FOUND none yet; ERR_MALFORMED, ERR_TOO_LARGE: no MQTT. The frame borrows from `whole`,
 * which is appended to. */
MUST_USE enum err strand_take_packet(struct strand *w, struct buf *whole, struct mqtt_frame *frame);
/* A request (a response), if one is whole; ERR_NOT_FOUND none yet; others: no HTTP. */
MUST_USE enum err strand_take_request(struct strand *w, struct http_request *out);
MUST_USE enum err strand_take_response(struct strand *w, struct http_response *out);

#endif
