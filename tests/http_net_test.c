#include "common/net/http_client.h"
#include "common/net/http_server.h"
#include "tests/check.h"
#include "tests/net_bed.h"
#include "tests/tls_bed.h"

#include <stdio.h>

/* A server of ours, a client of ours, and what came of each request. */
enum { ANSWERS = 32 };

struct answer {
    struct world *world;
    unsigned done;
    enum err err;
    unsigned status;
    struct buf body;
    char reason[160];
    void (*then)(struct answer *a);
};

struct world {
    uv_loop_t loop;
    struct bed bed;
    struct tls_config *client_tls;
    struct http_server *server;
    struct http_client *client;
    struct http_url url;
    struct answer answers[ANSWERS];
    unsigned sent, done, handled, gone;
    struct http_turn *held; /* the last that the handler held */
    struct buf addresses;   /* distinct peers the handler has seen, a line each */
    unsigned connections;
    enum tls_peer peer;
};

static void note_address(struct world *w, const char *address)
{
    if (strstr(buf_cstr(&w->addresses), address)) return;
    buf_format(&w->addresses, "%s\n", address);
    w->connections++;
}

/* Echoes method, target and body; a few targets do something else. */
static void handle(void *self, const struct http_request *in, const struct http_peer *peer,
                   struct http_response *out)
{
    struct world *w = self;

    w->handled++;
    w->peer = peer->facts->peer;
    note_address(w, peer->address);
    if (span_is(http_path(in), "/hold") && !w->held) {
        w->held = peer->turn;
        http_turn_hold(peer->turn);
    }
    if (span_is(http_path(in), "/missing")) out->status = 404;
    if (span_is(http_path(in), "/broken")) http_header_add(&out->headers, "X", span_str("a\r\nb"));
    if (span_is(http_path(in), "/close")) out->keep_alive = false;
    http_header_add(&out->headers, "Content-Type", span_str("text/plain"));
    buf_add(&out->body, buf_span(&in->method));
    buf_add(&out->body, buf_span(&in->target));
    buf_str(&out->body, " ");
    buf_add(&out->body, buf_span(&in->body));
}

static void gone(void *self, struct http_turn *turn)
{
    struct world *w = self;

    if (w->held == turn) w->held = NULL;
    w->gone++;
}

static void serve(struct world *w, const struct http_server_options *options)
{
    struct http_server_options o = *options;
    const struct http_handler handler = { w, handle, gone };
    struct fault why = { 0 };

    o.listen.host = "127.0.0.1";
    CHECK_ROW(http_server_open(&w->loop, &o, &handler, &w->server, &why) == OK, why.why);
}

static void aim(struct world *w, bool tls, uint16_t port)
{
    struct buf text = { 0 };

    buf_format(&text, "%s://127.0.0.1:%u/", tls ? "https" : "http", port);
    CHECK(http_url_read(buf_span(&text), &w->url, NULL) == OK);
    buf_clear(&text);
}

static void world_make(struct world *w)
{
    *w = (struct world){ 0 };
    uv_loop_init(&w->loop);
    bed_make(&w->bed);
    w->client_tls = bed_client(&w->bed);
    CHECK(http_client_new(&w->loop, &(struct http_client_options){ .max_in_flight = 2 }, &w->client) == OK);
}

static void world_clear(struct world *w)
{
    http_client_close(w->client);
    http_server_close(w->server);
    net_drain(&w->loop);
    for (size_t i = 0; i < ANSWERS; i++) buf_clear(&w->answers[i].body);
    buf_clear(&w->addresses);
    tls_config_free(w->client_tls);
    bed_clear(&w->bed);
}

static void on_done(void *self, enum err err, const struct http_response *response, const char *reason)
{
    struct answer *a = self;

    a->done++;
    a->world->done++;
    a->err = err;
    CHECK((err == OK) == (response != NULL));
    if (response) {
        a->status = response->status;
        buf_add(&a->body, buf_span(&response->body));
    }
    snprintf(a->reason, sizeof a->reason, "%s", reason);
    if (a->then) a->then(a);
}

static struct answer *ask(struct world *w, const char *method, const char *target, struct http_call *call)
{
    struct answer *a = &w->answers[w->sent++];
    const struct http_answer answer = { a, on_done };
    struct http_call c = call ? *call : (struct http_call){ 0 };

    snprintf(w->url.target, sizeof w->url.target, "%s", target);
    a->world = w;
    c.url = &w->url;
    c.method = method;
    if (!c.tls) c.tls = w->client_tls;
    CHECK(http_client_send(w->client, &c, &answer, NULL) == OK);
    CHECK(a->done == 0);
    return a;
}

static const struct exchange_row {
    const char *why, *method, *target, *body;
    unsigned status;
    const char *answer;
} exchanges[] = {
    { "POST with body", "POST", "/token?x=1", "{}", 200, "POST/token?x=1 {}" },
    { "POST without body", "POST", "/token", "", 200, "POST/token " },
    { "GET", "GET", "/jwks.json", "", 200, "GET/jwks.json " },
    { "HEAD has no body", "HEAD", "/x", "", 200, "" },
    { "GET after HEAD", "GET", "/y", "", 200, "GET/y " },
    { "any status is an answer", "GET", "/missing", "", 404, "GET/missing " },
    { "a handler's header with line breaks", "GET", "/broken", "", 500, "" },
    { "the server closes", "GET", "/close", "", 200, "GET/close " },
    { "and is connected to anew", "PUT", "/z", "zz", 200, "PUT/z zz" },
};

static void exchange(struct world *w)
{
    const struct exchange_row *r;

    for (EACH_ROW(r, exchanges)) {
        struct http_call call = { .body = span_str(r->body) };
        struct answer *a = ask(w, r->method, r->target, &call);
        net_until(&w->loop, &a->done, 1);
        CHECK_ROW(a->err == OK && a->status == r->status, r->why);
        CHECK_ROW(span_is(buf_span(&a->body), r->answer), r->why);
    }
    CHECK(w->connections == 3); /* kept, but for the two the server closed */
}

static void over_tls(void)
{
    struct world w;

    world_make(&w);
    serve(&w, &(struct http_server_options){ .listen.link.tls = w.bed.server });
    aim(&w, true, http_server_port(w.server));
    exchange(&w);
    CHECK(w.peer == TLS_PEER_ANONYMOUS);
    world_clear(&w);
}

static void over_loopback(void)
{
    struct world w;

    world_make(&w);
    serve(&w, &(struct http_server_options){ 0 });
    aim(&w, false, http_server_port(w.server));
    exchange(&w);
    world_clear(&w);
}

static void client_key(void)
{
    struct world w;
    struct tls_config *tls;

    world_make(&w);
    serve(&w, &(struct http_server_options){ .listen.link.tls = w.bed.server });
    aim(&w, true, http_server_port(w.server));
    const struct tls_client_options o = { .ca_pem = buf_span(&w.bed.cert[BED_CA]),
                                          .own.key = w.bed.keys[BED_CLIENT_P256] };
    CHECK(tls_client_config(&o, &tls, NULL) == OK);
    struct http_call call = { .tls = tls };
    struct answer *known = ask(&w, "GET", "/", &call);
    net_until(&w.loop, &known->done, 1);
    CHECK(known->err == OK && w.peer == TLS_PEER_RPK);
    struct answer *anonymous = ask(&w, "GET", "/", NULL); /* not over the other's connection */
    net_until(&w.loop, &anonymous->done, 1);
    CHECK(anonymous->err == OK && w.peer == TLS_PEER_ANONYMOUS && w.connections == 2);
    tls_config_free(tls);
    world_clear(&w);
}

static void many_at_once(void)
{
    struct world w;

    world_make(&w);
    serve(&w, &(struct http_server_options){ .listen.link.tls = w.bed.server });
    aim(&w, true, http_server_port(w.server));
    for (int i = 0; i < 20; i++) ask(&w, "POST", "/", NULL);
    net_until(&w.loop, &w.done, 20);
    for (int i = 0; i < 20; i++) CHECK(w.answers[i].err == OK && w.answers[i].done == 1);
    CHECK(w.connections == 2); /* max_in_flight */
    world_clear(&w);
}

static void wrong_certificate(void)
{
    struct world w;
    struct tls_config *wrong;

    world_make(&w);
    const struct tls_client_options o = { .ca_pem = buf_span(&w.bed.cert[BED_OTHER_CA]) };
    CHECK(tls_client_config(&o, &wrong, NULL) == OK);
    serve(&w, &(struct http_server_options){ .listen.link.tls = w.bed.server });
    aim(&w, true, http_server_port(w.server));
    struct answer *a = ask(&w, "GET", "/", &(struct http_call){ .tls = wrong });
    net_until(&w.loop, &a->done, 1);
    CHECK_ROW(a->err == ERR_NOT_AUTHORIZED && strncmp(a->reason, "certificate verify failed", 25) == 0,
              a->reason);
    CHECK(w.handled == 0);
    tls_config_free(wrong);
    world_clear(&w);
}

static void dead_server(void)
{
    struct world w;

    world_make(&w);
    serve(&w, &(struct http_server_options){ .listen.link.tls = w.bed.server });
    aim(&w, true, http_server_port(w.server));
    http_server_close(w.server);
    w.server = NULL;
    uv_run(&w.loop, UV_RUN_DEFAULT);
    struct answer *a = ask(&w, "GET", "/", NULL);
    net_until(&w.loop, &a->done, 1);
    CHECK_ROW(a->err == ERR_IO && strstr(a->reason, "connection refused"), a->reason);
    world_clear(&w);
    CHECK(a->done == 1);
}

/* --- servers that misbehave: bytes by hand --- */

static void say(struct end *e, const char *text)
{
    buf_clear(&e->input);
    if (e->link) CHECK(link_write(e->link, span_str(text)) == OK);
}

static void cut_short(struct end *e)
{
    say(e, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    link_close(e->link);
}

static void until_end(struct end *e)
{
    say(e, "HTTP/1.1 200 OK\r\n\r\nwhole");
    link_close(e->link);
}

static void until_abort(struct end *e)
{
    say(e, "HTTP/1.1 200 OK\r\n\r\nwho");
    link_flush(e->link);
    link_abort(e->link);
}

static void nonsense(struct end *e)
{
    say(e, "220 smtp ready\r\n");
}

static void too_much(struct end *e)
{
    say(e, "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n");
}

static void silence(struct end *e)
{
    buf_clear(&e->input);
}

static const struct raw_row {
    const char *why;
    void (*answer)(struct end *e);
    enum err err;
    const char *body, *reason;
} raw_rows[] = {
    { "cut short", cut_short, ERR_IO, "", "connection closed before the answer was whole" },
    { "until the orderly end", until_end, OK, "whole", "" },
    { "until a disorderly end", until_abort, ERR_IO, "", "" },
    { "not HTTP", nonsense, ERR_MALFORMED, "", "" },
    { "too large", too_much, ERR_TOO_LARGE, "", "body too large" },
    { "no answer", silence, ERR_TIMEOUT, "", "127.0.0.1:" },
};

static void bad_servers(void)
{
    const struct raw_row *r;

    for (EACH_ROW(r, raw_rows)) {
        struct world w;
        struct server raw = { .pattern.on_input = r->answer };

        world_make(&w);
        server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &raw);
        aim(&w, true, listener_port(raw.listener));
        struct http_call call = { .deadline_ms = r->err == ERR_TIMEOUT ? 100 : 0 };
        struct answer *a = ask(&w, "POST", "/", &call);
        net_until(&w.loop, &a->done, 1);
        CHECK_ROW(a->err == r->err && span_is(buf_span(&a->body), r->body), r->why);
        CHECK_ROW(strncmp(a->reason, r->reason, strlen(r->reason)) == 0, r->why);
        listener_shut(raw.listener);
        world_clear(&w);
        server_clear(&raw);
        CHECK_ROW(a->done == 1, r->why);
    }
}

static void once_only(struct end *e)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    buf_clear(&e->input);
    if (e->drained++ > 1000) return;
    if (e->reason[0]) {
        link_abort(e->link);
        return;
    }
    e->reason[0] = 'x'; /* the next request on this connection dies */
    CHECK(link_write(e->link, span_str(ok)) == OK);
}

static void ask_again(struct answer *a)
{
    a->then = NULL;
    ask(a->world, "GET", "/again", NULL);
}

static void ask_post(struct answer *a)
{
    a->then = NULL;
    ask(a->world, "POST", "/again", NULL);
}

/* A kept connection that dies under the second request: GET is tried once more, POST is not. */
static void kept_connection_dies(void)
{
    static void (*const then[])(struct answer * a) = { ask_again, ask_post };

    for (size_t i = 0; i < 2; i++) {
        struct world w;
        struct server raw = { .pattern.on_input = once_only };

        world_make(&w);
        server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &raw);
        aim(&w, true, listener_port(raw.listener));
        ask(&w, "GET", "/first", NULL)->then = then[i];
        net_until(&w.loop, &w.done, 2);
        CHECK(w.answers[0].err == OK && w.answers[1].done == 1);
        CHECK_ROW(w.answers[1].err == (i == 0 ? OK : ERR_IO), w.answers[1].reason);
        CHECK(raw.accepted == (i == 0 ? 2 : 1));
        listener_shut(raw.listener);
        world_clear(&w);
        server_clear(&raw);
    }
}

static void cancel(void)
{
    struct world w;
    struct server raw = { .pattern.on_input = silence };
    uint64_t tickets[3];

    world_make(&w);
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &raw);
    aim(&w, true, listener_port(raw.listener));
    const struct http_answer answer = { &w.answers[0], on_done };
    w.answers[0].world = &w;
    const struct http_call call = { .url = &w.url, .method = "GET", .tls = w.client_tls };
    for (int i = 0; i < 3; i++) CHECK(http_client_send(w.client, &call, &answer, &tickets[i]) == OK);
    net_until(&w.loop, &raw.ends[1].opened, 1); /* two in flight, one waiting */
    for (int i = 2; i >= 0; i--) http_client_cancel(w.client, tickets[i]);
    http_client_cancel(w.client, 4711);
    net_until(&w.loop, &raw.ends[0].closed, 1);
    net_until(&w.loop, &raw.ends[1].closed, 1);
    listener_shut(raw.listener);
    world_clear(&w);
    server_clear(&raw);
    CHECK(w.done == 0);
}

/* A held request is asked again when the handler says so; whoever leaves meanwhile is told; and a server may end. */
static void held(void)
{
    struct world w;

    world_make(&w);
    serve(&w, &(struct http_server_options){ .listen.link.tls = w.bed.server });
    aim(&w, true, http_server_port(w.server));
    struct answer *first = ask(&w, "GET", "/hold", NULL);
    net_until(&w.loop, &w.handled, 1);
    struct answer *other = ask(&w, "GET", "/", NULL);
    net_until(&w.loop, &other->done, 1); /* nobody else waits */
    CHECK(first->done == 0 && w.held && w.gone == 0);
    http_turn_again(w.held); /* the handler answers what it holds already */
    net_until(&w.loop, &first->done, 1);
    CHECK(first->status == 200 && span_is(buf_span(&first->body), "GET/hold ") && w.handled == 3);

    w.held = NULL;
    ask(&w, "GET", "/hold", NULL);
    net_until(&w.loop, &w.handled, 4);
    http_server_close(w.server); /* ends what is held */
    w.server = NULL;
    net_until(&w.loop, &w.gone, 1);
    CHECK(w.held == NULL);
    world_clear(&w);
}

static void close_with_requests_out(void)
{
    struct world w;
    struct server raw = { .pattern.on_input = silence };

    world_make(&w);
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &raw);
    aim(&w, true, listener_port(raw.listener));
    for (int i = 0; i < 5; i++) ask(&w, "GET", "/", NULL);
    net_until(&w.loop, &raw.ends[0].opened, 1);
    http_client_close(w.client);
    w.client = NULL;
    CHECK(w.done == 5);
    for (int i = 0; i < 5; i++) CHECK(w.answers[i].done == 1 && w.answers[i].err == ERR_SHUTTING_DOWN);
    listener_shut(raw.listener);
    world_clear(&w);
    server_clear(&raw);
}

static void refused_at_once(void)
{
    struct world w;
    struct http_client *small;
    struct http_headers headers = { 0 };

    world_make(&w);
    const struct http_answer answer = { &w.answers[0], on_done };
    w.answers[0].world = &w;
    aim(&w, true, 1);
    CHECK(http_client_new(&w.loop, &(struct http_client_options){ .max_waiting = 1 }, &small) == OK);
    struct http_call call = { .url = &w.url, .method = "GET" };
    CHECK(http_client_send(small, &call, &answer, NULL) ==
          ERR_PROTOCOL); /* https without TLS configuration */
    call.tls = w.client_tls;
    call.method = "GE T";
    CHECK(http_client_send(small, &call, &answer, NULL) == ERR_MALFORMED);
    call.method = "GET";
    http_header_add(&headers, "X", span_str("a\nb"));
    call.headers = &headers;
    CHECK(http_client_send(small, &call, &answer, NULL) == ERR_MALFORMED);
    call.headers = NULL;
    CHECK(http_client_send(small, &call, &answer, NULL) == OK);
    CHECK(http_client_send(small, &call, &answer, NULL) == ERR_QUOTA);
    http_client_close(small);
    CHECK(w.done == 1 && w.answers[0].err == ERR_SHUTTING_DOWN);
    buf_clear(&headers.text);
    world_clear(&w);
}

/* --- clients that misbehave --- */

static const struct peer_row {
    const char *why, *wire;
    const char *starts; /* of what comes back, NULL: nothing */
    const char *ends;
} peers[] = {
    /* clang-format off */
    { "three at once, answered in order",
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: keep-alive\r\n\r\nGET/1 "
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nConnection: keep-alive\r\n\r\nPOST/2 hi", "GET/3 " },
    { "chunked",
      "POST /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "HTTP/1.1 200 ", "POST/c hi" },
    { "HTTP/1.0 closes",              "GET /o HTTP/1.0\r\n\r\n",                                            "HTTP/1.1 200 ", "GET/o " },
    { "garbage",                      "\001\002\003",                                                       "HTTP/1.1 400 ", "\n" },
    { "two lengths",                  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 400 ", "\n" },
    { "what follows a bad request is not read", "GET / HTTP/9.1\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 ", "\n" },
    { "body too large",               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",         "HTTP/1.1 413 ", "\n" },
    { "half a request: in time or 408", "GET / HTT",                                                        "HTTP/1.1 408 ", "\n" },
    { "half a body: in time or 408",  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",          "HTTP/1.1 408 ", "\n" },
    { "nothing: closed without a word", "",                                                                 NULL, NULL },
    { "idle after an answer",         "GET / HTTP/1.1\r\nHost: a\r\n\r\n",                                  "HTTP/1.1 200 ", "GET/ " },
    /* clang-format on */
};

static void bad_peers(void)
{
    const struct peer_row *r;

    for (EACH_ROW(r, peers)) {
        struct world w;
        struct end e = { 0 };

        world_make(&w);
        serve(&w, &(struct http_server_options){ .max_body = 1000, .idle_ms = 40, .request_ms = 40 });
        const struct link_target to = { "127.0.0.1", http_server_port(w.server) };
        const struct link_owner owner = end_owner(&e);
        CHECK(link_connect(&w.loop, &to, &(struct link_options){ 0 }, &owner, &e.link) == OK);
        net_until(&w.loop, &e.opened, 1);
        CHECK_ROW(link_write(e.link, span_str(r->wire)) == OK, r->why);
        net_until(&w.loop, &e.closed, 1); /* by the server */
        struct span got = buf_span(&e.input);
        CHECK_ROW(e.err == OK, r->why);
        CHECK_ROW(r->starts ? span_starts(got, span_str(r->starts)) : got.n == 0, r->why);
        if (r->ends && got.n >= strlen(r->ends))
            CHECK_ROW(span_is(span_skip(got, got.n - strlen(r->ends)), r->ends), r->why);
        end_clear(&e);
        world_clear(&w);
    }
}

static void drip(uv_timer_t *t)
{
    struct end *e = t->data;

    if (e->link && link_write(e->link, span_str("a")) != OK) uv_timer_stop(t);
}

/* One deadline for a whole request: a byte now and then does not move it. */
static void slow_drip(void)
{
    struct world w;
    struct end e = { 0 };
    uv_timer_t timer = { .data = &e };

    world_make(&w);
    serve(&w, &(struct http_server_options){ .request_ms = 100 });
    const struct link_target to = { "127.0.0.1", http_server_port(w.server) };
    const struct link_owner owner = end_owner(&e);
    CHECK(link_connect(&w.loop, &to, &(struct link_options){ 0 }, &owner, &e.link) == OK);
    net_until(&w.loop, &e.opened, 1);
    CHECK(link_write(e.link, span_str("GET / HTTP/1.1\r\nHost: ")) == OK);
    uv_timer_init(&w.loop, &timer);
    uv_timer_start(&timer, drip, 10, 10);
    net_until(&w.loop, &e.closed, 1);
    CHECK(span_starts(buf_span(&e.input), span_str("HTTP/1.1 408 ")));
    uv_close((uv_handle_t *)&timer, NULL);
    end_clear(&e);
    world_clear(&w);
}

static void continue_then_body(struct end *e)
{
    if (e->drained == UINT32_MAX || !span_starts(buf_span(&e->input), span_str("HTTP/1.1 100 "))) return;
    e->drained = UINT32_MAX;
    e->on_input = NULL;
    say(e, "hello");
}

static void expects_continue(void)
{
    struct world w;
    struct end e = { .on_input = continue_then_body };

    world_make(&w);
    serve(&w, &(struct http_server_options){ 0 });
    const struct link_target to = { "127.0.0.1", http_server_port(w.server) };
    const struct link_owner owner = end_owner(&e);
    CHECK(link_connect(&w.loop, &to, &(struct link_options){ 0 }, &owner, &e.link) == OK);
    net_until(&w.loop, &e.opened, 1);
    CHECK(link_write(e.link,
                     span_str("POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n"
                              "Content-Length: 5\r\n\r\n")) == OK);
    net_until(&w.loop, &e.closed, 1);
    CHECK(span_starts(buf_span(&e.input), span_str("HTTP/1.1 200 ")));
    end_clear(&e);
    world_clear(&w);
}

/* A peer that asks and asks and reads nothing: the server stops taking requests, and goes on when it reads. */
static void asks_without_reading(void)
{
    struct world w;
    struct end e = { 0 };
    struct buf request = { 0 };
    enum { REQUESTS = 300, SIZE = 60000 };

    world_make(&w);
    serve(&w, &(struct http_server_options){ 0 });
    const struct link_target to = { "127.0.0.1", http_server_port(w.server) };
    const struct link_owner owner = end_owner(&e);
    CHECK(link_connect(&w.loop, &to, &(struct link_options){ .queue_max = 64 << 20 }, &owner, &e.link) == OK);
    net_until(&w.loop, &e.opened, 1);
    link_pause(e.link);
    buf_format(&request, "POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", SIZE);
    memset(buf_room(&request, SIZE), 'x', SIZE);
    for (int i = 0; i < REQUESTS; i++) CHECK(link_write(e.link, buf_span(&request)) == OK);
    for (int i = 0; i < 2000; i++) uv_run(&w.loop, UV_RUN_NOWAIT);
    CHECK(w.handled > 0 && w.handled < REQUESTS);
    link_resume(e.link);
    net_until(&w.loop, &w.handled, REQUESTS);
    net_until_bytes(&w.loop, &e.input, (size_t)REQUESTS * SIZE);
    link_close(e.link);
    net_until(&w.loop, &e.closed, 1);
    buf_clear(&request);
    end_clear(&e);
    world_clear(&w);
}

/* --- URLs --- */

static const struct url_row {
    const char *why, *text;
    bool good, tls;
    const char *host;
    uint16_t port;
    const char *target, *authority;
} urls[] = {
    /* clang-format off */
    { "plain name",            "https://as.example/token",        true,  true,  "as.example", 443,  "/token", "as.example" },
    { "port and query",        "HTTPS://as.example:8443/t?a=b",   true,  true,  "as.example", 8443, "/t?a=b", "as.example:8443" },
    { "no path",               "https://as.example",              true,  true,  "as.example", 443,  "/",      "as.example" },
    { "query, no path",        "https://as.example?x",            true,  true,  "as.example", 443,  "/?x",    "as.example" },
    { "IPv6",                  "https://[::1]:1/",                true,  true,  "::1",        1,    "/",      "[::1]:1" },
    { "http on loopback",      "http://127.0.0.1:8080/",          true,  false, "127.0.0.1",  8080, "/",      "127.0.0.1:8080" },
    { "http on localhost",     "http://localhost/",               true,  false, "localhost",  80,   "/",      "localhost" },
    { "http elsewhere",        "http://as.example/",              false, false, NULL, 0, NULL, NULL },
    { "http, name like an IP", "http://127.0.0.1.example/",       false, false, NULL, 0, NULL, NULL },
    { "user in front",         "https://localhost@evil.example/", false, false, NULL, 0, NULL, NULL },
    { "fragment",              "https://as.example/#x",           false, false, NULL, 0, NULL, NULL },
    { "fragment, no path",     "https://as.example#x",            false, false, NULL, 0, NULL, NULL },
    { "space",                 "https://as.example/a b",          false, false, NULL, 0, NULL, NULL },
    { "line break",            "https://as.example/\r\nX: y",     false, false, NULL, 0, NULL, NULL },
    { "line break in host",    "https://as.example\r\n/",         false, false, NULL, 0, NULL, NULL },
    { "port 0",                "https://as.example:0/",           false, false, NULL, 0, NULL, NULL },
    { "port 65536",            "https://as.example:65536/",       false, false, NULL, 0, NULL, NULL },
    { "no port after colon",   "https://as.example:/",            false, false, NULL, 0, NULL, NULL },
    { "no host",               "https:///x",                      false, false, NULL, 0, NULL, NULL },
    { "open bracket",          "https://[::1/",                   false, false, NULL, 0, NULL, NULL },
    { "name in brackets",      "https://[as.example]/",           false, false, NULL, 0, NULL, NULL },
    { "other scheme",          "coaps://as.example/",             false, false, NULL, 0, NULL, NULL },
    { "empty",                 "",                                false, false, NULL, 0, NULL, NULL },
    /* clang-format on */
};

static void reads_urls(void)
{
    const struct url_row *r;

    for (EACH_ROW(r, urls)) {
        struct http_url u;
        struct buf authority = { 0 };
        CHECK_ROW((http_url_read(span_str(r->text), &u, NULL) == OK) == r->good, r->why);
        if (!r->good) continue;
        CHECK_ROW(u.tls == r->tls && u.port == r->port && strcmp(u.host, r->host) == 0, r->why);
        CHECK_ROW(strcmp(u.target, r->target) == 0, r->why);
        http_url_host(&u, &authority);
        CHECK_ROW(span_is(buf_span(&authority), r->authority), r->why);
        buf_clear(&authority);
    }
}

CU_TestInfo http_net_tests[] = {
    { "over TLS", over_tls },
    { "over loopback", over_loopback },
    { "client key", client_key },
    { "many at once", many_at_once },
    { "wrong certificate", wrong_certificate },
    { "dead server", dead_server },
    { "bad servers", bad_servers },
    { "kept connection dies", kept_connection_dies },
    { "cancel", cancel },
    { "held", held },
    { "close with requests out", close_with_requests_out },
    { "refused at once", refused_at_once },
    { "bad peers", bad_peers },
    { "slow drip", slow_drip },
    { "expects 100-continue", expects_continue },
    { "asks without reading", asks_without_reading },
    { "reads URLs", reads_urls },
    CU_TEST_INFO_NULL,
};
