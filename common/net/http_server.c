#include "common/net/http_server.h"

#include "common/codec/http_parser.h"

#include <stdlib.h>

enum { IDLE_MS = 60000, REQUEST_MS = 10000, OUT_MAX = 1 << 20 };

struct http_server {
    struct listener *listener;
    struct http_handler handler;
    size_t max_body;
    unsigned idle_ms, request_ms;
    size_t conns;
    bool closed;
};

struct http_turn {
    struct conn *conn;
    struct http_request request;
    bool held;
};

/* One connection: lives from accept until its link is closed and its timer let go. */
struct conn {
    struct http_server *server;
    struct link *link;
    const struct tls_facts *facts;
    struct http_parser *parser;
    uv_timer_t timer;
    struct http_turn turn;
    struct buf waiting; /* bytes behind a request that is not yet answered: pipelining under back-pressure */
    bool ending;
};

/* --- the end --- */

static void server_release(struct http_server *s)
{
    if (s->closed && s->conns == 0) free(s);
}

static void on_timer_closed(uv_handle_t *h)
{
    struct conn *c = h->data;
    struct http_server *s = c->server;

    http_parser_free(c->parser);
    http_request_clear(&c->turn.request);
    buf_clear(&c->waiting);
    free(c);
    s->conns--;
    server_release(s);
}

static void on_closed(void *self, struct link *l, enum err err, const char *reason)
{
    struct conn *c = self;

    (void)l;
    (void)err;
    (void)reason;
    if (c->turn.held && c->server->handler.gone) c->server->handler.gone(c->server->handler.self, &c->turn);
    c->turn.held = false;
    c->ending = true;
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

static void end(struct conn *c)
{
    c->ending = true;
    uv_timer_stop(&c->timer);
    link_close(c->link);
}

/* --- answers --- */

static enum err write_response(const struct http_response *r, enum http_part part, struct buf *wire)
{
    static const struct http_response broken = { .status = 500 };
    enum err e = http_write_response(r, part, wire);

    return e == OK ? OK : http_write_response(&broken, HTTP_WHOLE, wire);
}

static void send_response(struct conn *c, const struct http_response *r, enum http_part part)
{
    struct buf wire = { 0 };

    if (write_response(r, part, &wire) != OK || link_write(c->link, buf_span(&wire)) != OK) {
        link_abort(c->link);
        c->ending = true;
    } else if (!r->keep_alive) {
        end(c);
    }
    buf_clear(&wire);
}

/* An answer of our own: the request never reached the handler. */
static void refuse(struct conn *c, unsigned status, const char *why)
{
    struct http_response r = { .status = status };

    http_header_add(&r.headers, "Content-Type", span_str("text/plain"));
    buf_format(&r.body, "%s\n", why);
    send_response(c, &r, HTTP_WHOLE);
    http_response_clear(&r);
}

/* Unless the handler holds it, the request is forgotten. */
static void answer(struct conn *c)
{
    const struct http_request *q = &c->turn.request;
    const struct http_peer peer = { c->facts, link_peer(c->link), &c->turn };
    struct http_response r = { .status = 200, .keep_alive = q->keep_alive };

    c->server->handler.handle(c->server->handler.self, q, &peer, &r);
    if (!c->turn.held) {
        if (c->server->closed) r.keep_alive = false;
        send_response(c, &r, http_method_is(q, "HEAD") ? HTTP_HEAD_ONLY : HTTP_WHOLE);
        http_request_clear(&c->turn.request);
    }
    http_response_clear(&r);
}

/* --- deadlines --- */

static void on_idle(uv_timer_t *t)
{
    end(t->data);
}

static void on_slow(uv_timer_t *t)
{
    refuse(t->data, 408, "request not complete in time");
}

static void set_deadline(struct conn *c, bool was_begun)
{
    bool begun = http_begun(c->parser);

    if (c->turn.held) uv_timer_stop(&c->timer); /* it is the handler's to end */
    if (c->turn.held || c->ending || (begun && was_begun))
        return; /* one deadline for a whole request, however it drips */
    uv_timer_start(&c->timer, begun ? on_slow : on_idle, begun ? c->server->request_ms : c->server->idle_ms,
                   0);
}

/* --- requests --- */

static void say_continue(struct conn *c)
{
    if (link_write(c->link, span_str("HTTP/1.1 100 Continue\r\n\r\n")) != OK) link_abort(c->link);
}

/* Parses and answers one message at most; how many bytes it took. */
static size_t take_one(struct conn *c, struct span in)
{
    enum http_more more;
    size_t used;

    if (http_parse(c->parser, in, &used, &more) != OK) {
        refuse(c, http_refusal(c->parser), http_refusal_why(c->parser));
        return in.n;
    }
    if (more == HTTP_MESSAGE_WHOLE) {
        http_take_request(c->parser, &c->turn.request);
        answer(c);
    } else if (http_wants_continue(c->parser)) {
        say_continue(c);
    }
    return used;
}

/* A peer that sends requests but reads no answers gets no further ones. */
static bool is_full(const struct conn *c)
{
    return link_queued(c->link) > OUT_MAX;
}

static void take(struct conn *c, struct span in)
{
    bool was_begun = http_begun(c->parser);

    while (in.n && !c->ending && !c->turn.held && !is_full(c)) {
        in = span_skip(in, take_one(c, in));
        if (!http_begun(c->parser)) was_begun = false;
    }
    set_deadline(c, was_begun);
    if (c->ending || in.n == 0) return;
    buf_add(&c->waiting, in);
    link_pause(c->link);
    if (buf_failed(&c->waiting)) link_abort(c->link);
}

static void on_input(void *self, struct link *l, struct span bytes)
{
    struct conn *c = self;

    (void)l;
    if (!c->ending) take(c, bytes);
}

static void take_waiting(struct conn *c)
{
    struct buf waiting = c->waiting;

    if (c->ending || c->turn.held || waiting.n == 0) return;
    c->waiting = (struct buf){ 0 };
    link_resume(c->link);
    take(c, buf_span(&waiting));
    buf_clear(&waiting);
}

static void on_drained(void *self, struct link *l)
{
    (void)l;
    take_waiting(self);
}

/* --- turns --- */

void http_turn_hold(struct http_turn *turn)
{
    turn->held = true;
}

void http_turn_again(struct http_turn *turn)
{
    struct conn *c = turn->conn;

    if (c->ending) return; /* gone() will be told */
    turn->held = false;
    answer(c);
    set_deadline(c, false);
    take_waiting(c);
}

static void on_opened(void *self, struct link *l, const struct tls_facts *facts)
{
    struct conn *c = self;

    (void)l;
    c->facts = facts;
    set_deadline(c, false);
}

static bool on_accepted(void *self, struct link *l, struct link_owner *owner)
{
    struct http_server *s = self;
    struct conn *c = calloc(1, sizeof *c);

    if (!c || http_parser_new(HTTP_REQUESTS, s->max_body, &c->parser) != OK) {
        free(c);
        return false;
    }
    c->server = s;
    c->link = l;
    c->turn.conn = c;
    uv_timer_init(link_loop(l), &c->timer);
    c->timer.data = c;
    s->conns++;
    *owner = (struct link_owner){ c, on_opened, on_input, on_drained, on_closed };
    return true;
}

/* --- the server --- */

enum err http_server_open(uv_loop_t *loop, const struct http_server_options *options,
                          const struct http_handler *handler, struct http_server **out, struct fault *why)
{
    struct http_server *s = calloc(1, sizeof *s);

    *out = NULL;
    if (!s) return ERR_NO_MEMORY;
    s->handler = *handler;
    s->max_body = options->max_body ? options->max_body : HTTP_DEFAULT_BODY;
    s->idle_ms = options->idle_ms ? options->idle_ms : IDLE_MS;
    s->request_ms = options->request_ms ? options->request_ms : REQUEST_MS;
    const struct listener_owner owner = { s, on_accepted };
    enum err e = listener_open(loop, &options->listen, &owner, &s->listener, why);
    if (e != OK) {
        free(s);
        return e;
    }
    *out = s;
    return OK;
}

uint16_t http_server_port(const struct http_server *s)
{
    return listener_port(s->listener);
}

void http_server_close(struct http_server *s)
{
    if (!s) return;
    s->closed = true;
    listener_shut(s->listener);
    server_release(s);
}
