#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "common/codec/http.h"
#include "common/net/http_url.h"
#include "common/net/link.h"

/* HTTP/1.1 requests over pooled keep-alive connections, one pool per origin and TLS configuration. */
struct http_client;

struct http_client_options {
    unsigned max_in_flight; /* per origin; further requests wait; 0: 8 */
    unsigned max_waiting;   /* requests not yet answered, in all; then ERR_QUOTA; 0: 1,000 */
    size_t max_body;        /* of a response; 0: HTTP_DEFAULT_BODY */
    unsigned idle_ms;       /* an unused connection is kept this long; 0: 30,000 */
    struct link_tee tee;
};

struct http_answer {
    void *self;
    /* Exactly once per sent request, never from inside http_client_send(). OK: `response` is whole (any
     * status; borrowed). Else NULL and why: ERR_TIMEOUT, ERR_IO, ERR_NOT_AUTHORIZED (TLS), ERR_MALFORMED,
     * ERR_TOO_LARGE, ERR_SHUTTING_DOWN. */
    void (*done)(void *self, enum err err, const struct http_response *response, const char *reason);
};

struct http_call {
    const struct http_url *url;
    const char *method;
    const struct http_headers *headers; /* besides Host, Content-Length, Connection; may be NULL */
    struct span body;
    struct tls_config *tls; /* for https */
    unsigned deadline_ms;   /* for all of it, waiting included; 0: 10,000 */
};

MUST_USE enum err http_client_new(uv_loop_t *loop, const struct http_client_options *options,
                                  struct http_client **out);

/* Copies what it needs. A request on a kept connection that died before the first byte of its answer is sent
 * once more, if its method is GET. *ticket (may be NULL) is for http_client_cancel(). Errors: ERR_QUOTA,
 * ERR_MALFORMED (method, headers), ERR_PROTOCOL (https without tls), ERR_SHUTTING_DOWN (closed), ERR_NO_MEMORY. */
MUST_USE enum err http_client_send(struct http_client *c, const struct http_call *call,
                                   const struct http_answer *answer, uint64_t *ticket);
/* The answer will not be called any more. Unknown tickets are ignored. */
void http_client_cancel(struct http_client *c, uint64_t ticket);

/* Every request still out is answered ERR_SHUTTING_DOWN, connections close, the loop then drains. Frees. */
void http_client_close(struct http_client *c);

#endif
