#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "common/codec/http.h"
#include "common/net/listener.h"

/* HTTP/1.1 over TLS (or loopback): keep-alive, pipelining answered in order, deadlines against slow peers. */
struct http_server;

/* One request that is with the handler. */
struct http_turn;

struct http_peer {
    const struct tls_facts *facts; /* never NULL; version 0 without TLS */
    const char *address;           /* "127.0.0.1:4711" */
    struct http_turn *turn;
};

/* A function: request and peer in, response out (zeroed, status 200, keep_alive as the peer wishes, before
 * the call). */
struct http_handler {
    void *self;
    void (*handle)(void *self, const struct http_request *in, const struct http_peer *peer,
                   struct http_response *out);
    /* A turn that was held will never be answered: the peer is gone. May be NULL where nothing is held. */
    void (*gone)(void *self, struct http_turn *turn);
};

/*
 * From inside handle(): no answer yet, what is in `out` is dropped; the connection is read no further than a few requests and has no deadline.
 * http_turn_again(), from outside of it, calls handle() once more with the same request and turn. Whoever holds sees to it that this
 * happens in bounded time.
 */
void http_turn_hold(struct http_turn *turn);
void http_turn_again(struct http_turn *turn);

struct http_server_options {
    struct listener_options listen;
    size_t max_body;     /* bytes; 0: HTTP_DEFAULT_BODY */
    unsigned idle_ms;    /* between requests; 0: 60,000 */
    unsigned request_ms; /* from the first byte of a request to its last, answered 408; 0: 10,000 */
};

/* Errors as listener_open(). */
MUST_USE enum err http_server_open(uv_loop_t *loop, const struct http_server_options *options,
                                   const struct http_handler *handler, struct http_server **out,
                                   struct fault *why);
uint16_t http_server_port(const struct http_server *s);

/* Stops accepting, finishes what is being sent, closes every connection; the loop then drains. Frees. */
void http_server_close(struct http_server *s);

#endif
