#include "common/net/link.h"

#include "common/net/address.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { READ_SIZE = 65536, CONNECT_MS = 10000, HANDSHAKE_MS = 10000, CLOSE_MS = 2000, QUEUE_MAX = 16 << 20 };

/* Named for what the link waits for; GONE: for libuv to let go of the handles. */
enum state { CONNECT, HANDSHAKE, OPEN, CLOSING, GONE };

struct link {
    uv_tcp_t tcp;
    uv_timer_t timer;  /* deadline of the current state */
    uv_prepare_t turn; /* runs once before the loop waits: writes of the turn leave together */
    uv_getaddrinfo_t look;
    uv_connect_t connect;
    uv_shutdown_t shut;
    unsigned handles; /* not yet closed */
    bool looking;     /* name look-up not yet returned */
    bool paused, peer_ended, shutting, shut_done, drain_due;
    enum state state;
    struct addrinfo *addresses, *next;
    struct link_options options;
    struct link_owner owner;
    struct link_watch watch;
    struct tls *tls;
    struct buf in;  /* plaintext not yet delivered */
    struct buf out; /* plaintext not yet encrypted */
    size_t sending; /* bytes handed to libuv */
    enum err verdict;
    struct fault why;
    uint16_t port;
    char host[HOST_MAX + 1], peer[ADDRESS_TEXT], local[ADDRESS_TEXT];
};

struct send {
    uv_write_t write;
    struct link *link;
    struct buf bytes;
};

static void on_turn(uv_prepare_t *turn);
static void try_next_address(struct link *l);

/* --- the end --- */

static struct link_watcher watcher; /* of all links */

void link_watch_all(const struct link_watcher *w)
{
    watcher = *w;
}

static void link_free(struct link *l)
{
    if (l->handles || l->looking) return;
    if (l->addresses) uv_freeaddrinfo(l->addresses);
    tls_release(l->tls);
    tls_config_free(l->options.tls);
    buf_clear(&l->in);
    buf_clear(&l->out);
    free(l);
}

static void on_handle_closed(uv_handle_t *h)
{
    struct link *l = h->data;

    if (--l->handles) return;
    if (watcher.closed) watcher.closed(watcher.self, l, l->why.why);
    if (l->watch.closed) l->watch.closed(l->watch.self, l);
    if (l->owner.closed) l->owner.closed(l->owner.self, l, l->verdict, l->why.why);
    link_free(l);
}

static void drop_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h)) uv_close(h, on_handle_closed);
}

/* Lets go of everything; `closed` follows in a later step of the loop. */
static void drop(struct link *l)
{
    if (l->state == GONE) return;
    l->state = GONE;
    if (l->looking) uv_cancel((uv_req_t *)&l->look);
    drop_handle((uv_handle_t *)&l->tcp);
    drop_handle((uv_handle_t *)&l->timer);
    drop_handle((uv_handle_t *)&l->turn);
}

/* The first verdict stays. */
static void judge(struct link *l, enum err e, const char *why)
{
    if (l->state >= CLOSING) return;
    l->verdict = e;
    fault_set(&l->why, 0, "%s", why);
}

static void judge_io(struct link *l, int status)
{
    if (l->state >= CLOSING) return;
    l->verdict = ERR_IO;
    fault_set(&l->why, 0, "%s: %s", l->peer, uv_strerror(status));
}

/* --- deadlines and turns --- */

static void set_deadline(struct link *l, unsigned ms, uv_timer_cb passed)
{
    if (uv_timer_start(&l->timer, passed, ms, 0) != 0) drop(l);
}

static void schedule(struct link *l)
{
    if (l->state != GONE) uv_prepare_start(&l->turn, on_turn);
}

static void on_close_late(uv_timer_t *timer)
{
    drop(timer->data);
}

/* Says goodbye: what is queued, close_notify, FIN; then waits for the peer's FIN, as closing a socket with unread
 * bytes resets it and would take our last words from the peer. */
static void begin_close(struct link *l, enum err e, const char *why)
{
    if (l->state >= CLOSING) return;
    judge(l, e, why);
    if (l->state == CONNECT) {
        drop(l);
        return;
    }
    l->state = CLOSING;
    set_deadline(l, l->options.close_ms, on_close_late);
    schedule(l);
}

static void on_connect_late(uv_timer_t *timer)
{
    struct link *l = timer->data;

    judge(l, ERR_TIMEOUT, "");
    fault_set(&l->why, 0, "%s:%u: no connection within %u ms", l->host, l->port, l->options.connect_ms);
    drop(l);
}

static void on_handshake_late(uv_timer_t *timer)
{
    struct link *l = timer->data;

    judge(l, ERR_TIMEOUT, "");
    fault_set(&l->why, 0, "%s: TLS handshake not finished within %u ms", l->peer, l->options.handshake_ms);
    drop(l);
}

/* --- out --- */

static void tap(struct link *l, enum link_tap which, struct span bytes)
{
    if (bytes.n == 0) return;
    if (l->options.tee.bytes) l->options.tee.bytes(l->options.tee.self, l, which, bytes);
    if (watcher.bytes) watcher.bytes(watcher.self, l, which, bytes);
}

static void on_sent(uv_write_t *write, int status)
{
    struct send *s = write->data;
    struct link *l = s->link;

    l->sending -= s->bytes.n;
    buf_clear(&s->bytes);
    free(s);
    if (l->state == GONE) return;
    if (status < 0) {
        judge_io(l, status);
        drop(l);
        return;
    }
    schedule(l);
}

/* What the kernel takes at once needs no memory of ours. */
static size_t send_now(struct link *l, struct span bytes)
{
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
    int n = l->sending ? 0 : uv_try_write((uv_stream_t *)&l->tcp, &b, 1);

    return n > 0 ? (size_t)n : 0;
}

static void send_later(struct link *l, struct span bytes)
{
    struct send *s = calloc(1, sizeof *s);

    if (s) buf_add(&s->bytes, bytes);
    if (!s || buf_failed(&s->bytes)) {
        free(s);
        judge(l, ERR_NO_MEMORY, "out of memory");
        drop(l);
        return;
    }
    s->link = l;
    s->write.data = s;
    l->sending += s->bytes.n;
    uv_buf_t b = uv_buf_init((char *)s->bytes.p, (unsigned)s->bytes.n);
    int status = uv_write(&s->write, (uv_stream_t *)&l->tcp, &b, 1, on_sent);
    if (status < 0) on_sent(&s->write, status);
}

static void send_wire(struct link *l, struct span bytes)
{
    if (bytes.n == 0) return;
    tap(l, LINK_WIRE_OUT, bytes);
    size_t n = send_now(l, bytes);
    if (n < bytes.n) send_later(l, span_skip(bytes, n));
}

static void send_tls(struct link *l)
{
    struct buf wire = { 0 };

    tls_output(l->tls, &wire);
    if (buf_failed(&wire)) {
        judge(l, ERR_NO_MEMORY, "out of memory");
        drop(l);
    } else {
        send_wire(l, buf_span(&wire));
    }
    buf_clear(&wire);
}

/* One batch at a time: while the kernel is full, further writes gather. A closing link hands everything over. */
static void flush(struct link *l)
{
    if (l->out.n && (l->sending == 0 || l->state == CLOSING)) {
        tap(l, LINK_PLAIN_OUT, buf_span(&l->out));
        if (!l->tls) send_wire(l, buf_span(&l->out));
        if (l->tls && tls_write(l->tls, buf_span(&l->out)) != OK) begin_close(l, ERR_IO, tls_reason(l->tls));
        buf_clear(&l->out);
        l->drain_due = true;
    }
    if (l->tls && l->state != GONE) send_tls(l);
}

/* --- in --- */

static void on_shut(uv_shutdown_t *shut, int status)
{
    struct link *l = shut->data;

    l->shut_done = true;
    if (status < 0 || l->peer_ended) drop(l);
}

static void shut(struct link *l)
{
    l->shutting = true;
    if (l->tls) tls_close(l->tls);
    flush(l);
    if (l->state == GONE) return;
    l->shut.data = l;
    if (uv_shutdown(&l->shut, (uv_stream_t *)&l->tcp, on_shut) != 0) drop(l);
}

static void deliver(struct link *l)
{
    struct buf in = l->in;

    if (l->state != OPEN || l->paused) return;
    l->in = (struct buf){ 0 };
    tap(l, LINK_PLAIN_IN, buf_span(&in));
    if (in.n) l->owner.input(l->owner.self, l, buf_span(&in));
    buf_clear(&in);
    if (l->peer_ended) begin_close(l, OK, "closed by the peer");
}

static void become_open(struct link *l)
{
    static const struct tls_facts none;

    l->state = OPEN;
    uv_timer_stop(&l->timer);
    if (l->watch.opened) l->watch.opened(l->watch.self, l);
    if (watcher.opened) watcher.opened(watcher.self, l, l->tls ? tls_facts(l->tls) : &none);
    l->owner.opened(l->owner.self, l, l->tls ? tls_facts(l->tls) : &none);
}

static void take_tls(struct link *l, struct span cipher)
{
    enum err e = tls_input(l->tls, cipher, &l->in);

    if (l->state == HANDSHAKE && tls_phase(l->tls) >= TLS_OPEN && tls_phase(l->tls) != TLS_FAILED)
        become_open(l);
    if (tls_phase(l->tls) == TLS_ENDED) l->peer_ended = true;
    deliver(l);
    if (e != OK) begin_close(l, e, tls_reason(l->tls));
    schedule(l);
}

static void take_plain(struct link *l, struct span bytes)
{
    buf_add(&l->in, bytes);
    if (buf_failed(&l->in)) begin_close(l, ERR_NO_MEMORY, "out of memory");
    deliver(l);
}

static void take_end(struct link *l, int status)
{
    bool orderly = status == UV_EOF;

    uv_read_stop((uv_stream_t *)&l->tcp);
    if (!orderly) {
        judge_io(l, status);
        drop(l);
        return;
    }
    l->peer_ended = true;
    if (l->shut_done) drop(l);
    if (l->state == HANDSHAKE) begin_close(l, ERR_IO, "connection ended during the TLS handshake");
    if (l->tls) begin_close(l, ERR_IO, "connection ended without close_notify");
    begin_close(l, OK, "closed by the peer");
}

static void give_room(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    (void)h;
    (void)suggested;
    char *p = malloc(READ_SIZE);
    *out = (uv_buf_t){ .base = p, .len = p ? READ_SIZE : 0 };
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
    struct link *l = stream->data;
    struct span bytes = span(room->base, n > 0 ? (size_t)n : 0);

    tap(l, LINK_WIRE_IN, bytes);
    if (n < 0) {
        take_end(l, (int)n);
    } else if (n > 0 && l->state < CLOSING) {
        l->tls ? take_tls(l, bytes) : take_plain(l, bytes);
    }
    free(room->base);
}

static void set_reading(struct link *l)
{
    bool want =
        l->state == CLOSING ? !l->peer_ended : l->state == HANDSHAKE || (l->state == OPEN && !l->paused);

    if (l->state == GONE || l->state == CONNECT) return;
    if (!want) uv_read_stop((uv_stream_t *)&l->tcp);
    if (want && !uv_is_active((uv_handle_t *)&l->tcp))
        uv_read_start((uv_stream_t *)&l->tcp, give_room, on_read);
}

static void on_turn(uv_prepare_t *turn)
{
    struct link *l = turn->data;

    uv_prepare_stop(turn);
    deliver(l);
    flush(l);
    if (l->state == CLOSING && !l->shutting) shut(l);
    set_reading(l);
    if (l->state != OPEN || !l->drain_due || link_queued(l)) return;
    l->drain_due = false;
    if (l->owner.drained) l->owner.drained(l->owner.self, l);
}

/* --- the beginning --- */

static void default_to(unsigned *ms, unsigned fallback)
{
    if (*ms == 0) *ms = fallback;
}

static enum err link_new(uv_loop_t *loop, const struct link_options *options, struct link **out)
{
    struct link *l = calloc(1, sizeof *l);

    *out = NULL;
    if (!l) return ERR_NO_MEMORY;
    signal(SIGPIPE, SIG_IGN);
    l->options = *options;
    if (options->tls) tls_config_ref(options->tls);
    default_to(&l->options.connect_ms, CONNECT_MS);
    default_to(&l->options.handshake_ms, HANDSHAKE_MS);
    default_to(&l->options.close_ms, CLOSE_MS);
    if (l->options.queue_max == 0) l->options.queue_max = QUEUE_MAX;
    uv_tcp_init(loop, &l->tcp);
    uv_timer_init(loop, &l->timer);
    uv_prepare_init(loop, &l->turn);
    l->tcp.data = l->timer.data = l->turn.data = l->look.data = l->connect.data = l;
    l->handles = 3;
    *out = l;
    return OK;
}

static void learn_addresses(struct link *l)
{
    struct sockaddr_storage a;
    int n = sizeof a;

    if (uv_tcp_getpeername(&l->tcp, (struct sockaddr *)&a, &n) == 0)
        address_write((struct sockaddr *)&a, l->peer);
    n = sizeof a;
    if (uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&a, &n) == 0)
        address_write((struct sockaddr *)&a, l->local);
}

/* TCP is up. `l->tls` is made, or absent. */
static void become_connected(struct link *l)
{
    uv_tcp_nodelay(&l->tcp, 1);
    learn_addresses(l);
    l->state = HANDSHAKE;
    set_deadline(l, l->options.handshake_ms, on_handshake_late);
    if (l->tls) {
        take_tls(l, span(NULL, 0));
    } else {
        become_open(l);
    }
    set_reading(l);
}

static void on_retry(uv_handle_t *h)
{
    struct link *l = h->data;

    if (l->state == GONE) {
        on_handle_closed(h);
        return;
    }
    uv_tcp_init(h->loop, &l->tcp);
    l->tcp.data = l;
    try_next_address(l);
}

static void on_connect(uv_connect_t *connect, int status)
{
    struct link *l = connect->data;

    if (l->state == GONE || status == UV_ECANCELED) return;
    if (status == 0) {
        become_connected(l);
        return;
    }
    judge(l, ERR_IO, "");
    fault_set(&l->why, 0, "%s:%u: %s", l->host, l->port, uv_strerror(status));
    if (l->next) {
        uv_close((uv_handle_t *)&l->tcp, on_retry);
    } else {
        drop(l);
    }
}

static void connect_to(struct link *l, struct sockaddr *address)
{
    address_set_port(address, l->port);
    if (!l->tls && !address_is_loopback(address)) {
        judge(l, ERR_PROTOCOL, "without TLS only loopback addresses are connected to");
        drop(l);
        return;
    }
    int status = uv_tcp_connect(&l->connect, &l->tcp, address, on_connect);
    if (status != 0) on_connect(&l->connect, status);
}

static void try_next_address(struct link *l)
{
    struct addrinfo *a = l->next;

    l->next = a->ai_next;
    connect_to(l, a->ai_addr);
}

static void on_looked_up(uv_getaddrinfo_t *look, int status, struct addrinfo *found)
{
    struct link *l = look->data;

    l->looking = false;
    l->addresses = l->next = found;
    if (l->state == GONE) {
        link_free(l);
        return;
    }
    if (status == 0 && found) {
        try_next_address(l);
        return;
    }
    struct sockaddr_storage local;
    if (address_localhost(l->host, l->port, &local)) {
        connect_to(l, (struct sockaddr *)&local);
        return;
    }
    judge(l, ERR_IO, "");
    fault_set(&l->why, 0, "%s: %s", l->host, status ? uv_strerror(status) : "no address");
    drop(l);
}

static enum err start(struct link *l)
{
    static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct sockaddr_storage address;

    set_deadline(l, l->options.connect_ms, on_connect_late);
    if (address_read(l->host, l->port, &address)) {
        connect_to(l, (struct sockaddr *)&address);
        return OK;
    }
    l->looking = uv_getaddrinfo(l->timer.loop, &l->look, on_looked_up, l->host, NULL, &hints) == 0;
    return l->looking ? OK : ERR_INTERNAL;
}

/* The link was never given out: nobody is told. */
static enum err give_up(struct link *l, enum err e, struct link **out)
{
    l->owner = (struct link_owner){ 0 };
    l->watch = (struct link_watch){ 0 };
    drop(l);
    *out = NULL;
    return e;
}

enum err link_connect(uv_loop_t *loop, const struct link_target *to, const struct link_options *options,
                      const struct link_owner *owner, struct link **out)
{
    struct link *l;
    size_t n = strlen(to->host);

    *out = NULL;
    if (!host_valid(to->host)) return ERR_MALFORMED;
    TRY(link_new(loop, options, &l));
    *out = l;
    l->owner = *owner;
    l->port = to->port;
    bool brackets = to->host[0] == '[';
    memcpy(l->host, to->host + brackets, n - (brackets ? 2 : 0));
    enum err e = options->tls ? tls_connect(options->tls, l->host, &l->tls) : OK;
    if (e == OK) e = start(l);
    return e == OK ? OK : give_up(l, e, out);
}

static void on_accepted_turn(uv_prepare_t *turn)
{
    uv_prepare_stop(turn);
    become_connected(turn->data);
}

enum err link_accept(uv_stream_t *server, const struct link_options *options, const struct link_watch *watch,
                     struct link **out)
{
    struct link *l;

    TRY(link_new(server->loop, options, &l));
    *out = l;
    if (uv_accept(server, (uv_stream_t *)&l->tcp) != 0) return give_up(l, ERR_IO, out);
    enum err e = options->tls ? tls_accept(options->tls, &l->tls) : OK;
    if (e != OK) return give_up(l, e, out);
    l->watch = *watch;
    learn_addresses(l);
    uv_prepare_start(&l->turn, on_accepted_turn); /* the owner comes first */
    return OK;
}

void link_adopt(struct link *l, const struct link_owner *owner)
{
    l->owner = *owner;
}

/* --- what owners say --- */

enum err link_write(struct link *l, struct span plaintext)
{
    if (l->state != OPEN) return ERR_PROTOCOL;
    if (plaintext.n > l->options.queue_max || link_queued(l) > l->options.queue_max - plaintext.n)
        return ERR_QUOTA;
    size_t before = l->out.n;
    buf_add(&l->out, plaintext);
    if (buf_failed(&l->out)) {
        l->out.failed = false; /* what was queued before is still whole */
        l->out.n = before;
        return ERR_NO_MEMORY;
    }
    schedule(l);
    return OK;
}

void link_flush(struct link *l)
{
    if (l->state == OPEN) flush(l);
}

size_t link_queued(const struct link *l)
{
    return l->out.n + l->sending;
}

void link_pause(struct link *l)
{
    l->paused = true;
    set_reading(l);
}

void link_resume(struct link *l)
{
    l->paused = false;
    schedule(l);
}

void link_close(struct link *l)
{
    begin_close(l, OK, "closed by us");
}

void link_abort(struct link *l)
{
    judge(l, ERR_SHUTTING_DOWN, "aborted by us");
    drop(l);
}

const char *link_peer(const struct link *l)
{
    return l->peer;
}

const char *link_local(const struct link *l)
{
    return l->local;
}

uv_loop_t *link_loop(const struct link *l)
{
    return l->timer.loop;
}

const struct tls *link_tls(const struct link *l)
{
    return l->tls;
}
