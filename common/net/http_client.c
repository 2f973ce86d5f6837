#include "common/net/http_client.h"

#include "common/codec/http_parser.h"

#include <stdlib.h>
#include <strings.h>

enum { MAX_IN_FLIGHT = 8, MAX_WAITING = 1000, IDLE_MS = 30000, DEADLINE_MS = 10000 };

struct http_client {
    uv_loop_t *loop;
    struct http_client_options options;
    struct origin *origins;
    struct request *requests; /* every one not yet answered */
    size_t request_count;
    uint64_t last_ticket;
    bool closed;
};

/* Where requests go that may share connections. Lives as long as a request or a connection holds it. */
struct origin {
    struct http_client *client;
    struct origin *next;
    struct http_url url; /* target unused */
    struct tls_config *tls;
    struct request *queue; /* waiting, oldest first */
    struct conn *conns;
    size_t holders, conn_count;
};

struct request {
    struct origin *origin;
    struct request *after, **place; /* in client.requests */
    struct request *next;           /* in origin.queue */
    struct conn *conn;              /* NULL: waiting in the queue, or settled */
    struct buf wire;
    struct http_answer answer;
    uint64_t ticket;
    uv_timer_t deadline;
    unsigned deadline_ms;
    enum err refused; /* could not even start: answered in the next turn */
    bool is_get, is_head, retried;
};

struct conn {
    struct origin *origin;
    struct conn *next;
    struct link *link; /* NULL: closed */
    struct http_parser *parser;
    struct request *request; /* in flight */
    uv_timer_t idle;
    bool open, used, answering, dying;
};

static void dispatch(struct origin *o);

/* --- lives --- */

static void client_release(struct http_client *c)
{
    if (c->closed && !c->origins) free(c);
}

static void origin_release(struct origin *o)
{
    struct origin **place = &o->client->origins;
    struct http_client *c = o->client;

    if (--o->holders) return;
    while (*place != o) place = &(*place)->next;
    *place = o->next;
    if (o->tls) tls_config_free(o->tls);
    free(o);
    client_release(c);
}

static void on_deadline_closed(uv_handle_t *h)
{
    struct request *r = h->data;
    struct origin *o = r->origin;

    buf_clear(&r->wire);
    free(r);
    origin_release(o);
}

static void unqueue(struct request *r)
{
    struct request **place = &r->origin->queue;

    while (*place && *place != r) place = &(*place)->next;
    if (*place) *place = r->next;
    r->next = NULL;
}

static void kill_conn(struct conn *c)
{
    c->dying = true;
    c->request = NULL;
    if (c->link) link_abort(c->link);
}

/* Takes the request out of everything; its memory goes when libuv lets go of the timer. */
static void forget(struct request *r)
{
    if (r->conn) kill_conn(r->conn);
    r->conn = NULL;
    unqueue(r);
    *r->place = r->after;
    if (r->after) r->after->place = r->place;
    r->origin->client->request_count--;
    uv_close((uv_handle_t *)&r->deadline, on_deadline_closed);
}

/* The one place that answers. Last in its caller: the owner may send, cancel or close from inside. */
static void settle(struct request *r, enum err e, const struct http_response *response, const char *reason)
{
    forget(r);
    r->answer.done(r->answer.self, e, e == OK ? response : NULL, reason);
}

static void on_deadline(uv_timer_t *t)
{
    struct request *r = t->data;
    struct fault why;

    if (r->refused != OK) {
        settle(r, r->refused, NULL, err_wire(r->refused)->words);
        return;
    }
    fault_set(&why, 0, "%s:%u: no answer within %u ms", r->origin->url.host, r->origin->url.port,
              r->deadline_ms);
    settle(r, ERR_TIMEOUT, NULL, why.why);
}

/* --- connections --- */

static void on_idle_closed(uv_handle_t *h)
{
    struct conn *c = h->data;
    struct origin *o = c->origin;

    http_parser_free(c->parser);
    free(c);
    origin_release(o);
}

static void retire(struct conn *c)
{
    c->dying = true;
    link_close(c->link);
}

static void on_idle(uv_timer_t *t)
{
    retire(t->data);
}

/* false: the link is on its way out already, and nothing was sent. */
static bool transmit(struct conn *c, struct request *r)
{
    if (r->is_head) http_expect_no_body(c->parser);
    if (link_write(c->link, buf_span(&r->wire)) == OK) return true;
    kill_conn(c);
    return false;
}

static void on_opened(void *self, struct link *l, const struct tls_facts *facts)
{
    struct conn *c = self;

    (void)facts;
    if (c->dying) return;
    c->link = l;
    c->open = true;
    struct request *r = c->request;
    if (!r || transmit(c, r)) return;
    r->conn = NULL;
    settle(r, ERR_TOO_LARGE, NULL, "request larger than a connection may queue");
}

static void rest_or_end(struct conn *c, bool keep_alive)
{
    if (keep_alive && !c->origin->client->closed) {
        c->used = true;
        c->answering = false;
        uv_timer_start(&c->idle, on_idle, c->origin->client->options.idle_ms, 0);
    } else {
        retire(c);
    }
}

static void finish_request(struct conn *c, bool keep_alive)
{
    struct http_response response;
    struct request *r = c->request;

    http_take_response(c->parser, &response);
    c->request = NULL;
    r->conn = NULL;
    rest_or_end(c, keep_alive && response.keep_alive);
    dispatch(c->origin);
    settle(r, OK, &response, "");
    http_response_clear(&response);
}

static void fail_request(struct conn *c, enum err e, const char *reason)
{
    struct request *r = c->request;

    kill_conn(c);
    if (!r) return;
    r->conn = NULL;
    settle(r, e, NULL, reason);
}

static void on_input(void *self, struct link *l, struct span bytes)
{
    struct conn *c = self;
    enum http_more more;
    size_t used;

    (void)l;
    if (c->dying) return;
    if (!c->request) { /* nobody asked */
        kill_conn(c);
        return;
    }
    c->answering = true;
    enum err e = http_parse(c->parser, bytes, &used, &more);
    if (e != OK) {
        fail_request(c, e, http_refusal_why(c->parser));
    } else if (more == HTTP_MESSAGE_WHOLE) {
        finish_request(c, used == bytes.n);
    }
}

static void unlist(struct conn *c)
{
    struct conn **place = &c->origin->conns;

    while (*place != c) place = &(*place)->next;
    *place = c->next;
    c->origin->conn_count--;
}

/* A kept connection may have died while the request was on its way: asking once more is safe for GET only. */
static bool may_retry(const struct conn *c)
{
    const struct request *r = c->request;

    return r && c->used && !c->answering && r->is_get && !r->retried && !c->origin->client->closed;
}

static void retry(struct conn *c)
{
    struct request *r = c->request;

    c->request = NULL;
    r->conn = NULL;
    r->retried = true;
    r->next = c->origin->queue;
    c->origin->queue = r;
}

static void on_closed(void *self, struct link *l, enum err err, const char *reason)
{
    struct conn *c = self;
    enum http_more more = HTTP_MESSAGE_MORE;

    (void)l;
    c->link = NULL;
    c->dying = true;
    unlist(c);
    uv_close((uv_handle_t *)&c->idle, on_idle_closed);
    if (may_retry(c)) retry(c);
    dispatch(c->origin);
    if (!c->request) return;
    /* only an orderly end may end a body that has no length: else whoever cuts the line forges the answer */
    if (err == OK && http_parse_end(c->parser, &more) == OK && more == HTTP_MESSAGE_WHOLE) {
        struct request *r = c->request;
        struct http_response response;
        http_take_response(c->parser, &response);
        c->request = NULL;
        r->conn = NULL;
        settle(r, OK, &response, "");
        http_response_clear(&response);
        return;
    }
    fail_request(c, err == OK ? ERR_IO : err,
                 err == OK ? "connection closed before the answer was whole" : reason);
}

static enum err conn_new(struct origin *o, struct conn **out)
{
    const struct link_target to = { o->url.host, o->url.port };
    const struct link_options options = { .tls = o->tls, .tee = o->client->options.tee };
    struct conn *c = calloc(1, sizeof *c);
    const struct link_owner owner = { c, on_opened, on_input, NULL, on_closed };

    enum err e = c ? http_parser_new(HTTP_RESPONSES, o->client->options.max_body, &c->parser) : ERR_NO_MEMORY;
    if (e == OK) e = link_connect(o->client->loop, &to, &options, &owner, &c->link);
    if (e != OK) {
        if (c) http_parser_free(c->parser);
        free(c);
        return e;
    }
    c->origin = o;
    uv_timer_init(o->client->loop, &c->idle);
    c->idle.data = c;
    c->next = o->conns;
    o->conns = c;
    o->conn_count++;
    o->holders++;
    *out = c;
    return OK;
}

/* --- who goes where --- */

static struct conn *free_conn(struct origin *o)
{
    for (struct conn *c = o->conns; c; c = c->next)
        if (c->open && !c->dying && !c->request) return c;
    return NULL;
}

static void refuse_later(struct request *r, enum err e)
{
    unqueue(r);
    r->refused = e;
    uv_timer_start(&r->deadline, on_deadline, 0, 0);
}

static void assign(struct conn *c, struct request *r)
{
    unqueue(r);
    c->request = r;
    r->conn = c;
    uv_timer_stop(&c->idle);
}

/* Gives waiting requests to free connections, and opens new ones up to the limit. Answers nobody. */
static void dispatch(struct origin *o)
{
    while (o->queue && !o->client->closed) {
        struct request *r = o->queue;
        struct conn *c = free_conn(o);
        if (c && transmit(c, r)) assign(c, r);
        if (c) continue;
        if (o->conn_count >= o->client->options.max_in_flight) return;
        enum err e = conn_new(o, &c);
        if (e == OK) assign(c, r);
        if (e != OK) refuse_later(r, e);
    }
}

static struct origin *find_origin(struct http_client *c, const struct http_url *url, struct tls_config *tls)
{
    for (struct origin *o = c->origins; o; o = o->next)
        if (o->tls == tls && o->url.port == url->port && strcasecmp(o->url.host, url->host) == 0) return o;
    return NULL;
}

static struct origin *origin_for(struct http_client *c, const struct http_url *url, struct tls_config *tls)
{
    struct origin *o = find_origin(c, url, tls);

    if (!o) {
        o = calloc(1, sizeof *o);
        if (!o) return NULL;
        o->client = c;
        o->url = *url;
        o->tls = tls ? tls_config_ref(tls) : NULL;
        o->next = c->origins;
        c->origins = o;
    }
    o->holders++;
    return o;
}

/* --- requests --- */

static void copy_headers(const struct http_headers *from, struct http_headers *to)
{
    struct span name, value;

    for (size_t i = 0; from && http_header_at(from, i, &name, &value); i++) {
        struct buf z = { 0 };
        buf_add(&z, name);
        http_header_add(to, buf_cstr(&z), value);
        buf_clear(&z);
    }
}

static enum err write_request(const struct http_call *call, struct buf *wire)
{
    struct http_request q = { .keep_alive = true };
    struct buf host = { 0 };

    http_url_host(call->url, &host);
    http_header_add(&q.headers, "Host", buf_span(&host));
    copy_headers(call->headers, &q.headers);
    buf_str(&q.method, call->method);
    buf_str(&q.target, call->url->target);
    buf_add(&q.body, call->body);
    enum err e =
        call->headers && buf_failed(&call->headers->text) ? ERR_MALFORMED : http_write_request(&q, wire);
    http_request_clear(&q);
    buf_clear(&host);
    return e;
}

static struct request *request_new(struct http_client *c, const struct http_call *call,
                                   const struct http_answer *answer)
{
    struct request *r = calloc(1, sizeof *r);

    if (!r) return NULL;
    r->origin = origin_for(c, call->url, call->url->tls ? call->tls : NULL);
    if (!r->origin) {
        free(r);
        return NULL;
    }
    r->answer = *answer;
    r->is_get = strcmp(call->method, "GET") == 0;
    r->is_head = strcmp(call->method, "HEAD") == 0;
    r->deadline_ms = call->deadline_ms ? call->deadline_ms : DEADLINE_MS;
    r->ticket = ++c->last_ticket;
    uv_timer_init(c->loop, &r->deadline);
    r->deadline.data = r;
    uv_timer_start(&r->deadline, on_deadline, r->deadline_ms, 0);
    r->after = c->requests;
    r->place = &c->requests;
    if (r->after) r->after->place = &r->after;
    c->requests = r;
    c->request_count++;
    return r;
}

static void enqueue(struct request *r)
{
    struct request **place = &r->origin->queue;

    while (*place) place = &(*place)->next;
    *place = r;
}

enum err http_client_send(struct http_client *c, const struct http_call *call,
                          const struct http_answer *answer, uint64_t *ticket)
{
    struct buf wire = { 0 };

    if (c->closed) return ERR_SHUTTING_DOWN;
    if (call->url->tls && !call->tls) return ERR_PROTOCOL;
    if (c->request_count >= c->options.max_waiting) return ERR_QUOTA;
    enum err e = write_request(call, &wire);
    struct request *r = e == OK ? request_new(c, call, answer) : NULL;
    if (!r) {
        buf_clear(&wire);
        return e == OK ? ERR_NO_MEMORY : e;
    }
    r->wire = wire;
    if (ticket) *ticket = r->ticket;
    enqueue(r);
    dispatch(r->origin);
    return OK;
}

void http_client_cancel(struct http_client *c, uint64_t ticket)
{
    struct request *r = c->requests;

    while (r && r->ticket != ticket) r = r->after;
    if (r) forget(r);
}

/* --- the client --- */

enum err http_client_new(uv_loop_t *loop, const struct http_client_options *options, struct http_client **out)
{
    struct http_client *c = calloc(1, sizeof *c);

    *out = c;
    if (!c) return ERR_NO_MEMORY;
    c->loop = loop;
    c->options = *options;
    if (c->options.max_in_flight == 0) c->options.max_in_flight = MAX_IN_FLIGHT;
    if (c->options.max_waiting == 0) c->options.max_waiting = MAX_WAITING;
    if (c->options.max_body == 0) c->options.max_body = HTTP_DEFAULT_BODY;
    if (c->options.idle_ms == 0) c->options.idle_ms = IDLE_MS;
    return OK;
}

void http_client_close(struct http_client *c)
{
    if (!c || c->closed) return;
    c->closed = true;
    while (c->requests) settle(c->requests, ERR_SHUTTING_DOWN, NULL, "client shut down");
    for (struct origin *o = c->origins; o; o = o->next)
        for (struct conn *n = o->conns; n; n = n->next)
            if (n->link && !n->dying) retire(n);
    client_release(c);
}
