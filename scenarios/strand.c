#include "scenarios/strand.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_STRANDS = 64, PATIENCE_MS = 2000, MAX_STRAND_PACKET = 1 << 20, MAX_STRAND_BODY = 1 << 20 };

struct net {
    uv_loop_t loop;
    uv_timer_t deadline;
    bool late, timer_gone;
    unsigned patience_ms;
    struct listener *listener[ROLE_COUNT];
    struct listening {
        struct net *net;
        enum role role;
    } listening[ROLE_COUNT];
    size_t count;
    struct strand *strand[MAX_STRANDS];
};

/* --- time --- */

static void on_late(uv_timer_t *t)
{
    ((struct net *)t->data)->late = true;
}

bool net_wait(struct net *n, net_ready *ready, void *what)
{
    n->late = false;
    uv_update_time(&n->loop);
    uv_timer_start(&n->deadline, on_late, n->patience_ms, 0);
    bool is_ready = ready(what);
    while (!is_ready && !n->late) {
        uv_run(&n->loop, UV_RUN_ONCE);
        is_ready = ready(what);
    }
    uv_timer_stop(&n->deadline);
    return is_ready;
}

unsigned net_patience(const struct net *n)
{
    return n->patience_ms;
}

/* --- links --- */

static void on_opened(void *self, struct link *l, const struct tls_facts *facts)
{
    struct strand *w = self;
    const struct tls *t = link_tls(l);

    w->opened = tls_facts_copy(facts, &w->facts) == OK;
    if (!w->opened || !t) return;
    struct span alpn = tls_alpn(t);
    snprintf(w->cipher, sizeof w->cipher, "%s", tls_cipher(t));
    snprintf(w->group, sizeof w->group, "%s", tls_group(t));
    snprintf(w->alpn, sizeof w->alpn, "%.*s", (int)alpn.n, (const char *)alpn.p);
}

static void on_input(void *self, struct link *l, struct span plaintext)
{
    struct strand *w = self;

    (void)l;
    buf_add(&w->in, plaintext);
}

static void on_closed(void *self, struct link *l, enum err err, const char *reason)
{
    struct strand *w = self;

    (void)l;
    w->link = NULL;
    w->closed = true;
    w->err = err;
    snprintf(w->reason, sizeof w->reason, "%s", reason ? reason : "");
}

static struct link_owner owner_of(struct strand *w)
{
    return (struct link_owner){ w, on_opened, on_input, NULL, on_closed };
}

enum err strand_new(enum strand_speech speech, struct strand **out)
{
    struct strand *w = calloc(1, sizeof *w);
    enum http_side side = speech == SPEAK_REQUESTS ? HTTP_REQUESTS : HTTP_RESPONSES;

    if (!w) return ERR_NO_MEMORY;
    w->speech = speech;
    if (speech != SPEAK_MQTT && http_parser_new(side, MAX_STRAND_BODY, &w->parser) != OK) {
        free(w);
        return ERR_NO_MEMORY;
    }
    *out = w;
    return OK;
}

void strand_free(struct strand *w)
{
    if (!w) return;
    tls_facts_clear(&w->facts);
    buf_clear(&w->in);
    buf_clear(&w->heard);
    http_parser_free(w->parser);
    free(w);
}

static struct strand *add_strand(struct net *n, enum strand_speech speech)
{
    struct strand *w = NULL;

    if (n->count == MAX_STRANDS || strand_new(speech, &w) != OK) return NULL;
    w->net = n;
    n->strand[n->count++] = w;
    return w;
}

static bool on_accepted(void *self, struct link *l, struct link_owner *owner)
{
    const struct listening *at = self;
    struct strand *w = add_strand(at->net, at->role == ROLE_AS ? SPEAK_REQUESTS : SPEAK_MQTT);

    if (!w) return false;
    w->owner = at->role;
    w->accepted = true;
    w->link = l;
    *owner = owner_of(w);
    return true;
}

enum err net_listen(struct net *n, enum role role, struct tls_config *tls, uint16_t *port)
{
    struct listener_options o = { .host = "127.0.0.1", .link = { .tls = tls } };
    struct listener_owner owner = { &n->listening[role], on_accepted };

    n->listening[role] = (struct listening){ n, role };
    TRY(listener_open(&n->loop, &o, &owner, &n->listener[role], NULL));
    *port = listener_port(n->listener[role]);
    return OK;
}

enum err net_connect(struct net *n, const struct strand_call *call, struct strand **out)
{
    struct link_target to = { call->host ? call->host : "127.0.0.1", call->port };
    struct link_options o = { .tls = call->tls };
    struct strand *w = add_strand(n, call->speech);

    if (!w) return ERR_NO_MEMORY;
    w->owner = call->owner;
    w->peer = call->peer;
    struct link_owner owner = owner_of(w);
    *out = w;
    return link_connect(&n->loop, &to, &o, &owner, &w->link);
}

struct strand *net_at(const struct net *n, size_t i)
{
    return i < n->count ? n->strand[i] : NULL;
}

uv_loop_t *net_loop(struct net *n)
{
    return &n->loop;
}

/* --- life --- */

enum err net_new(unsigned patience_percent, struct net **out)
{
    struct net *n = calloc(1, sizeof *n);

    if (!n) return ERR_NO_MEMORY;
    if (uv_loop_init(&n->loop) != 0) {
        free(n);
        return ERR_NO_MEMORY;
    }
    uv_timer_init(&n->loop, &n->deadline);
    n->deadline.data = n;
    n->patience_ms = PATIENCE_MS * patience_percent / 100;
    *out = n;
    return OK;
}

static bool all_closed(void *what)
{
    const struct net *n = what;

    for (size_t i = 0; i < n->count; i++) {
        if (n->strand[i]->link) return false;
    }
    return true;
}

void net_free(struct net *n)
{
    if (!n) return;
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        if (n->listener[r]) listener_close(n->listener[r]);
    }
    for (size_t i = 0; i < n->count; i++) {
        if (n->strand[i]->link) link_abort(n->strand[i]->link);
    }
    net_wait(n, all_closed, n);
    uv_close((uv_handle_t *)&n->deadline, NULL);
    uv_run(&n->loop, UV_RUN_DEFAULT);
    uv_loop_close(&n->loop);
    for (size_t i = 0; i < n->count; i++) strand_free(n->strand[i]);
    free(n);
}

/* --- messages --- */

enum err strand_send(struct strand *w, struct span bytes)
{
    if (!w->link || !w->opened) return ERR_PROTOCOL;
    TRY(link_write(w->link, bytes));
    link_flush(w->link);
    return OK;
}

void strand_close(struct strand *w)
{
    if (w->link) link_close(w->link);
}

bool strand_has_input(const struct strand *w)
{
    return w->in.n > 0 || (w->parser && http_begun(w->parser));
}

bool strand_settled(void *strand)
{
    const struct strand *w = strand;

    return w->opened || w->closed;
}

static enum err next_frame(struct strand *w, struct mqtt_frame *frame, size_t *used)
{
    enum mqtt_more more;

    TRY(mqtt_frame_next(buf_span(&w->in), MAX_STRAND_PACKET, frame, used, &more));
    return more == MQTT_FRAME_WHOLE ? OK : ERR_NOT_FOUND;
}

/* The next message begins where the last was told. */
static void note_heard(struct strand *w, size_t used, bool whole)
{
    if (w->told) buf_truncate(&w->heard, 0);
    buf_add(&w->heard, span(w->in.p, used));
    w->told = whole;
}

/* Feeds the parser; bytes behind one message stay in `in`. */
static enum err next_message(struct strand *w)
{
    enum http_more more = HTTP_MESSAGE_MORE;
    size_t used = 0;

    if (w->in.n) {
        enum err e = http_parse(w->parser, buf_span(&w->in), &used, &more);
        note_heard(w, used, e != OK || more == HTTP_MESSAGE_WHOLE);
        buf_drop(&w->in, used);
        if (e != OK) return e;
    }
    if (more == HTTP_MESSAGE_MORE && w->closed && http_begun(w->parser)) {
        TRY(http_parse_end(w->parser, &more));
        w->told = true;
    }
    return more == HTTP_MESSAGE_WHOLE ? OK : ERR_NOT_FOUND;
}

enum err strand_take_packet(struct strand *w, struct buf *whole, struct mqtt_frame *frame)
{
    size_t used, start = whole->n;

    enum err e = next_frame(w, frame, &used);
    if (e != OK && e != ERR_NOT_FOUND) note_heard(w, w->in.n, true);
    TRY(e);
    buf_add(whole, span(w->in.p, used));
    if (buf_failed(whole)) return ERR_NO_MEMORY;
    frame->body = span(whole->p + start + (used - frame->body.n), frame->body.n);
    note_heard(w, used, true);
    buf_drop(&w->in, used);
    return OK;
}

enum err strand_take_request(struct strand *w, struct http_request *out)
{
    TRY(next_message(w));
    http_take_request(w->parser, out);
    w->asked++;
    return OK;
}

enum err strand_take_response(struct strand *w, struct http_response *out)
{
    TRY(next_message(w));
    http_take_response(w->parser, out);
    w->answered++;
    return OK;
}
