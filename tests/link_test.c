#include "common/net/link.h"

#include "tests/check.h"
#include "tests/net_bed.h"
#include "tests/tls_bed.h"

#include <stdio.h>
#include <stdlib.h>

enum { FLOOD = 8 << 20 };

/* What every test has: a loop, keys, one listener, one client end. */
struct world {
    uv_loop_t loop;
    struct bed bed;
    struct tls_config *client_tls;
    struct server server;
    struct end client;
};

static void world_make(struct world *w)
{
    *w = (struct world){ 0 };
    uv_loop_init(&w->loop);
    bed_make(&w->bed);
    w->client_tls = bed_client(&w->bed);
}

static void world_clear(struct world *w)
{
    if (w->server.listener) listener_shut(w->server.listener);
    net_drain(&w->loop);
    server_clear(&w->server);
    end_clear(&w->client);
    tls_config_free(w->client_tls);
    bed_clear(&w->bed);
}

static void join(struct world *w, const char *host, const struct link_options *o, struct end *e)
{
    const struct link_target to = { host, listener_port(w->server.listener) };
    const struct link_owner owner = end_owner(e);

    CHECK(link_connect(&w->loop, &to, o, &owner, &e->link) == OK);
}

static void echo(struct end *e)
{
    CHECK(link_write(e->link, buf_span(&e->input)) == OK);
    buf_clear(&e->input);
}

static void hello(struct end *e)
{
    CHECK(link_write(e->link, span_str("hello")) == OK);
}

static const struct way_row {
    const char *why, *host;
    bool tls;
    enum tls_peer shown;
} ways[] = {
    { "TLS by name", "localhost", true, TLS_PEER_CERTIFICATE },
    { "TLS by address", "127.0.0.1", true, TLS_PEER_CERTIFICATE },
    { "plain", "127.0.0.1", false, TLS_PEER_ANONYMOUS },
    { "plain by name", "localhost", false, TLS_PEER_ANONYMOUS },
};

static void there_and_back(void)
{
    const struct way_row *r;

    for (EACH_ROW(r, ways)) {
        struct world w;

        world_make(&w);
        w.server.pattern.on_input = echo;
        w.client.on_opened = hello;
        server_open(&w.loop, &(struct link_options){ .tls = r->tls ? w.bed.server : NULL }, &w.server);
        join(&w, r->host, &(struct link_options){ .tls = r->tls ? w.client_tls : NULL }, &w.client);
        if (net_until_bytes(&w.loop, &w.client.input, 5)) {
            CHECK_ROW(span_is(buf_span(&w.client.input), "hello"), r->why);
            CHECK_ROW(w.client.peer == r->shown, r->why);
            CHECK_ROW(strcmp(link_peer(w.client.link), link_local(w.server.ends[0].link)) == 0, r->why);
            CHECK_ROW(strncmp(link_peer(w.server.ends[0].link), "127.0.0.1:", 10) == 0, r->why);
            CHECK_ROW((link_tls(w.client.link) != NULL) == r->tls, r->why);
            CHECK_ROW(listener_links(w.server.listener) == 1, r->why);
            link_close(w.client.link);
            CHECK_ROW(link_write(w.client.link, span_str("x")) == ERR_PROTOCOL, r->why);
        }
        net_until(&w.loop, &w.client.closed, 1);
        net_until(&w.loop, &w.server.ends[0].closed, 1);
        CHECK_ROW(w.client.err == OK && w.server.ends[0].err == OK, r->why);
        CHECK_ROW(strcmp(w.client.reason, "closed by us") == 0, r->why);
        CHECK_ROW(strcmp(w.server.ends[0].reason, "closed by the peer") == 0, r->why);
        world_clear(&w);
        CHECK_ROW(w.client.closed == 1 && w.server.ends[0].closed == 1, r->why);
    }
}

static void server_ends_first(void)
{
    struct world w;

    world_make(&w);
    w.server.pattern.on_input = echo;
    w.client.on_opened = hello;
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
    join(&w, "localhost", &(struct link_options){ .tls = w.client_tls }, &w.client);
    net_until_bytes(&w.loop, &w.client.input, 5);
    listener_shut(w.server.listener);
    w.server.listener = NULL;
    net_until(&w.loop, &w.client.closed, 1);
    CHECK(w.client.err == OK && strcmp(w.client.reason, "closed by the peer") == 0);
    world_clear(&w);
}

static void dead_port(void)
{
    struct world w;
    char want[64];

    world_make(&w);
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
    const struct link_target to = { "127.0.0.1", listener_port(w.server.listener) };
    listener_close(w.server.listener);
    w.server.listener = NULL;
    uv_run(&w.loop, UV_RUN_DEFAULT);
    const struct link_owner owner = end_owner(&w.client);
    CHECK(link_connect(&w.loop, &to, &(struct link_options){ .tls = w.client_tls }, &owner, &w.client.link) ==
          OK);
    CHECK(w.client.closed == 0); /* never from inside the call */
    net_until(&w.loop, &w.client.closed, 1);
    snprintf(want, sizeof want, "127.0.0.1:%u: connection refused", to.port);
    CHECK(w.client.err == ERR_IO && strcmp(w.client.reason, want) == 0);
    world_clear(&w);
}

static bool refuse_all(void *self, struct link *l, struct link_owner *owner)
{
    (void)self;
    (void)l;
    (void)owner;
    return false;
}

static void port_in_use(void)
{
    struct world w;
    struct fault why = { 0 };
    struct listener *second;
    char want[64];

    world_make(&w);
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
    const struct listener_owner owner = { NULL, refuse_all };
    struct listener_options o = { .host = "127.0.0.1",
                                  .port = listener_port(w.server.listener),
                                  .link.tls = w.bed.server };
    CHECK(listener_open(&w.loop, &o, &owner, &second, &why) == ERR_IO && !second);
    snprintf(want, sizeof want, "127.0.0.1:%u: address already in use", o.port);
    CHECK_ROW(strcmp(why.why, want) == 0, why.why);
    world_clear(&w);
}

static void plain_stays_on_loopback(void)
{
    struct world w;
    struct fault why = { 0 };
    struct listener *l;

    world_make(&w);
    const struct listener_owner owner = { NULL, refuse_all };
    struct listener_options o = { .host = "0.0.0.0" };
    CHECK(listener_open(&w.loop, &o, &owner, &l, &why) == ERR_PROTOCOL && why.why[0]);
    const struct link_target to = { "192.0.2.1", 1883 };
    const struct link_owner end = end_owner(&w.client);
    CHECK(link_connect(&w.loop, &to, &(struct link_options){ 0 }, &end, &w.client.link) == OK);
    net_until(&w.loop, &w.client.closed, 1);
    CHECK(w.client.err == ERR_PROTOCOL && w.client.opened == 0);
    const struct link_target bad = { "no host", 1 };
    CHECK(link_connect(&w.loop, &bad, &(struct link_options){ 0 }, &end, &w.client.link) == ERR_MALFORMED);
    world_clear(&w);
}

/* A peer that connects and says nothing, or something else, is dropped in time. */
static void half_open(void)
{
    struct world w;

    world_make(&w);
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server, .handshake_ms = 30 }, &w.server);
    join(&w, "127.0.0.1", &(struct link_options){ 0 }, &w.client);
    net_until(&w.loop, &w.server.ends[0].closed, 1);
    CHECK(w.server.ends[0].err == ERR_TIMEOUT && w.server.ends[0].opened == 0);
    net_until(&w.loop, &w.client.closed, 1);
    world_clear(&w);
}

static void speaks_something_else(void)
{
    struct world w;

    world_make(&w);
    w.client.on_opened = hello;
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
    join(&w, "127.0.0.1", &(struct link_options){ 0 }, &w.client);
    net_until(&w.loop, &w.server.ends[0].closed, 1);
    CHECK(w.server.ends[0].err == ERR_PROTOCOL && w.server.ends[0].opened == 0);
    net_until(&w.loop, &w.client.closed, 1);
    world_clear(&w);
}

static void wrong_server(void)
{
    struct world w;
    struct tls_config *wrong;

    world_make(&w);
    const struct tls_client_options o = { .expected = { w.bed.keys[BED_STRANGER] } };
    CHECK(tls_client_config(&o, &wrong, NULL) == OK);
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
    join(&w, "localhost", &(struct link_options){ .tls = wrong }, &w.client);
    net_until(&w.loop, &w.client.closed, 1);
    net_until(&w.loop, &w.server.ends[0].closed, 1);
    CHECK(w.client.err == ERR_NOT_AUTHORIZED && w.client.opened == 0);
    CHECK_ROW(strcmp(w.client.reason, "server's key is not the one expected (rs_cnf)") == 0, w.client.reason);
    CHECK_ROW(strncmp(w.server.ends[0].reason, "peer's alert: ", 14) == 0, w.server.ends[0].reason);
    tls_config_free(wrong);
    world_clear(&w);
}

static void refused_at_the_door(void)
{
    struct world w;
    const struct listener_owner owner = { NULL, refuse_all };
    const struct listener_options o = { .host = "127.0.0.1" };

    world_make(&w);
    CHECK(listener_open(&w.loop, &o, &owner, &w.server.listener, NULL) == OK);
    join(&w, "127.0.0.1", &(struct link_options){ 0 }, &w.client);
    net_until(&w.loop, &w.client.closed, 1);
    CHECK(listener_links(w.server.listener) == 0);
    world_clear(&w);
}

/* The second of two clients is dropped before it costs a handshake; when the first goes there is room again. */
static void too_many(void)
{
    static const struct listener_options limits[] = { { .max_links = 1 }, { .max_half_open = 1 } };

    for (size_t i = 0; i < 2; i++) {
        struct world w;
        struct end second = { 0 }, third = { 0 };

        world_make(&w);
        w.server.limits = limits[i];
        server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
        join(&w, "127.0.0.1", &(struct link_options){ 0 }, &w.client); /* never begins its handshake */
        net_until(&w.loop, &w.server.accepted, 1);
        join(&w, "127.0.0.1", &(struct link_options){ .tls = w.client_tls }, &second);
        net_until(&w.loop, &second.closed, 1);
        CHECK(second.opened == 0 && w.server.accepted == 1);
        link_close(w.client.link);
        net_until(&w.loop, &w.server.ends[0].closed, 1);
        join(&w, "127.0.0.1", &(struct link_options){ .tls = w.client_tls }, &third);
        net_until(&w.loop, &third.opened, 1);
        world_clear(&w);
        end_clear(&second);
        end_clear(&third);
    }
}

static void stop_listening(struct end *e)
{
    link_pause(e->link);
}

/* A reader that stops reading: the writer learns of it, keeps what it queued, and is told when it has gone. */
static void back_pressure(void)
{
    struct world w;
    uint8_t block[10000];
    size_t sent = 0;
    enum err e = OK;

    world_make(&w);
    for (size_t i = 0; i < sizeof block; i++) block[i] = (uint8_t)i;
    w.server.pattern.on_opened = stop_listening;
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
    join(&w, "localhost", &(struct link_options){ .tls = w.client_tls, .queue_max = 1 << 20 }, &w.client);
    net_until(&w.loop, &w.client.opened, 1);
    net_until(&w.loop, &w.server.ends[0].opened, 1);
    for (unsigned turn = 0; e == OK && turn < 100000; turn++) {
        e = link_write(w.client.link, span(block, sizeof block));
        if (e == OK) sent += sizeof block;
        uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    CHECK(e == ERR_QUOTA && sent > 1 << 20);
    CHECK(link_queued(w.client.link) <= (1 << 20) + 65536 && w.server.ends[0].input.n == 0);
    unsigned drained = w.client.drained;
    link_resume(w.server.ends[0].link);
    net_until_bytes(&w.loop, &w.server.ends[0].input, sent);
    net_until(&w.loop, &w.client.drained, drained + 1);
    CHECK(link_queued(w.client.link) == 0 && w.server.ends[0].input.n == sent);
    bool same = true;
    for (size_t i = 0; i < w.server.ends[0].input.n; i++)
        same &= w.server.ends[0].input.p[i] == block[i % sizeof block];
    CHECK(same);
    link_close(w.client.link);
    world_clear(&w);
}

struct tally {
    unsigned calls[4];
    size_t bytes[4];
};

static void count(void *self, struct link *l, enum link_tap tap, struct span bytes)
{
    struct tally *t = self;

    (void)l;
    t->calls[tap]++;
    t->bytes[tap] += bytes.n;
}

static void one_turn_one_write(void)
{
    struct world w;
    struct tally t = { 0 };

    world_make(&w);
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
    join(&w, "localhost", &(struct link_options){ .tls = w.client_tls, .tee = { &t, count } }, &w.client);
    net_until(&w.loop, &w.client.opened, 1);
    net_until(&w.loop, &w.server.ends[0].opened, 1);
    t = (struct tally){ 0 };
    for (int i = 0; i < 1000; i++) CHECK(link_write(w.client.link, span_str("0123456789")) == OK);
    CHECK(t.calls[LINK_WIRE_OUT] == 0);
    net_until_bytes(&w.loop, &w.server.ends[0].input, 10000);
    CHECK(t.calls[LINK_PLAIN_OUT] == 1 && t.bytes[LINK_PLAIN_OUT] == 10000);
    CHECK(t.calls[LINK_WIRE_OUT] == 1 && t.bytes[LINK_WIRE_OUT] < 10100); /* one record */
    CHECK(link_write(w.client.link, span_str("now")) == OK);
    link_flush(w.client.link);
    CHECK(t.calls[LINK_WIRE_OUT] == 2);
    link_close(w.client.link);
    world_clear(&w);
}

static void last_words(struct end *e)
{
    if (e->closed || !e->link) return;
    CHECK(link_write(e->link, span_str("refused")) != ERR_NO_MEMORY);
    link_close(e->link);
}

/* More than the sockets hold: the server cannot have read it all when it closes. */
static void flood(struct end *e)
{
    struct buf much = { 0 };

    CHECK(buf_room(&much, FLOOD) != NULL);
    memset(much.p, 'x', much.n);
    CHECK(link_write(e->link, buf_span(&much)) == OK);
    buf_clear(&much);
}

/* A refusal must reach a peer that is still talking. A socket closed with bytes unread is reset, and a reset may
 * overtake our words: hence we read on until the peer ends. */
static void last_words_arrive(void)
{
    static const bool with_tls[] = { true, false };

    for (size_t i = 0; i < 2; i++) {
        struct world w;
        struct tally t = { 0 };

        world_make(&w);
        w.server.pattern.on_input = last_words;
        w.client.on_opened = flood;
        server_open(&w.loop,
                    &(struct link_options){ .tls = with_tls[i] ? w.bed.server : NULL, .tee = { &t, count } },
                    &w.server);
        join(&w, "127.0.0.1", &(struct link_options){ .tls = with_tls[i] ? w.client_tls : NULL }, &w.client);
        net_until(&w.loop, &w.client.closed, 1);
        net_until(&w.loop, &w.server.ends[0].closed, 1);
        CHECK(span_is(buf_span(&w.client.input), "refused"));
        CHECK_ROW(w.client.err == OK, w.client.reason);
        CHECK(t.bytes[LINK_PLAIN_IN] < FLOOD && t.bytes[LINK_WIRE_IN] >= FLOOD);
        world_clear(&w);
    }
}

static void hello_and_goodbye(struct end *e)
{
    hello(e);
    link_close(e->link);
}

/* What arrived together with the end of the handshake waits for a paused owner, and so does the peer's end. */
static void paused_from_the_start(void)
{
    struct world w;

    world_make(&w);
    w.server.pattern.on_opened = stop_listening;
    w.client.on_opened = hello_and_goodbye;
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
    join(&w, "localhost", &(struct link_options){ .tls = w.client_tls, .close_ms = 50 }, &w.client);
    net_until(&w.loop, &w.client.closed, 1); /* by its deadline, as the server does not see it go */
    struct end *e = &w.server.ends[0];
    CHECK(e->opened == 1 && e->input.n == 0 && e->closed == 0);
    link_resume(e->link);
    net_until(&w.loop, &e->closed, 1);
    CHECK(span_is(buf_span(&e->input), "hello"));
    CHECK_ROW(e->err == OK, e->reason);
    world_clear(&w);
}

static void abort_it(struct end *e)
{
    link_abort(e->link);
}

static void aborted(void)
{
    struct world w;

    world_make(&w);
    w.server.pattern.on_input = echo;
    w.client.on_opened = hello;
    w.client.on_input = abort_it;
    server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
    join(&w, "localhost", &(struct link_options){ .tls = w.client_tls }, &w.client);
    net_until(&w.loop, &w.client.closed, 1);
    net_until(&w.loop, &w.server.ends[0].closed, 1);
    CHECK(w.client.err == ERR_SHUTTING_DOWN);
    CHECK_ROW(w.server.ends[0].err == ERR_IO, w.server.ends[0].reason);
    world_clear(&w);
}

static void aborted_before_open(void)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost" };

    for (size_t i = 0; i < 2; i++) {
        struct world w;

        world_make(&w);
        server_open(&w.loop, &(struct link_options){ .tls = w.bed.server }, &w.server);
        join(&w, hosts[i], &(struct link_options){ .tls = w.client_tls }, &w.client);
        link_abort(w.client.link);
        CHECK(w.client.closed == 0);
        net_until(&w.loop, &w.client.closed, 1);
        CHECK(w.client.err == ERR_SHUTTING_DOWN && w.client.opened == 0);
        world_clear(&w);
        CHECK(w.client.closed == 1);
    }
}

/* A peer that never answers our FIN does not hold us for longer than close_ms. */
static void peer_never_ends(void)
{
    struct world w;

    world_make(&w);
    server_open(&w.loop, &(struct link_options){ .close_ms = 30 }, &w.server);
    w.client.on_opened = stop_listening; /* does not even see the FIN */
    join(&w, "127.0.0.1", &(struct link_options){ 0 }, &w.client);
    net_until(&w.loop, &w.client.opened, 1);
    net_until(&w.loop, &w.server.ends[0].opened, 1);
    link_close(w.server.ends[0].link);
    net_until(&w.loop, &w.server.ends[0].closed, 1);
    CHECK(w.server.ends[0].err == OK);
    link_resume(w.client.link);
    net_until(&w.loop, &w.client.closed, 1);
    world_clear(&w);
}

CU_TestInfo link_tests[] = {
    { "there and back", there_and_back },
    { "server ends first", server_ends_first },
    { "dead port", dead_port },
    { "port in use", port_in_use },
    { "plain stays on loopback", plain_stays_on_loopback },
    { "half-open", half_open },
    { "speaks something else", speaks_something_else },
    { "wrong server", wrong_server },
    { "refused at the door", refused_at_the_door },
    { "too many", too_many },
    { "back-pressure", back_pressure },
    { "one turn, one write", one_turn_one_write },
    { "last words arrive", last_words_arrive },
    { "paused from the start", paused_from_the_start },
    { "aborted", aborted },
    { "aborted before open", aborted_before_open },
    { "peer never ends", peer_never_ends },
    CU_TEST_INFO_NULL,
};
