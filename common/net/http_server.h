#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "common/codec/http.h"
#include "common/net/listener.h"

/* HTTP/1.1 over TLS (or loopback): keep-alive, pipelining answered in order, deadlines against slow peers. */
struct http_server;

struct http_peer {
    const struct tls_facts *facts; /* never NULL; version 0 without TLS */
    const char *address;           /* "127.0.0.1:4711" */
};

/* A function: request and peer in, response out (zeroed, status 200, keep_alive as the peer wishes, before
 * the call). */
struct http_handler {
    void *self;
    void (*handle)(void *self, const struct http_request *in, const struct http_peer *peer,
                   struct http_response *out);
};

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
