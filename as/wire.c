#include "as/wire.h"
#include "as/as.h"
#include "common/base/secret_file.h"
#include "common/net/control.h"
#include "common/net/http_server.h"
#include "common/net/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 60000 };

/* A broker that waits for news of the list of revoked tokens. */
struct waiting {
    struct http_turn *turn; /* NULL: free */
    uv_timer_t timer;
    bool over; /* its time, or ours */
};

struct shell {
    uv_loop_t loop;
    uv_signal_t stop[2], reload;
    uv_timer_t tick;
    uv_check_t check;
    struct waiting *waiting; /* trl.max_waiting of them */
    uint64_t news;           /* as_news() when they began, or asked again */
    struct as_config *config;
    struct as *as;
    struct log *log;
    struct tls_config *tls;
    struct http_server *server;
    struct control *control;
    FILE *keylog;
    int64_t clock_offset; /* seconds; only control lines move it */
};

static int64_t now_ms(const struct shell *s)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (t.tv_sec + s->clock_offset) * 1000 + t.tv_nsec / 1000000;
}

/* --- stopping --- */

static void close_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h)) uv_close(h, NULL);
}

static void shut(struct shell *s)
{
    if (s->server) http_server_close(s->server);
    if (s->control) control_close(s->control);
    s->server = NULL;
    s->control = NULL;
    close_handle((uv_handle_t *)&s->stop[0]);
    close_handle((uv_handle_t *)&s->stop[1]);
    close_handle((uv_handle_t *)&s->reload);
    close_handle((uv_handle_t *)&s->tick);
    close_handle((uv_handle_t *)&s->check);
    for (int64_t i = 0; s->waiting && i < s->config->trl_max_waiting; i++)
        close_handle((uv_handle_t *)&s->waiting[i].timer);
}

static void on_stop(uv_signal_t *h, int number)
{
    struct shell *s = h->data;

    log_time(s->log, now_ms(s));
    log_event(s->log, LOG_INFO, "stop", LOG_INT("signal", number));
    shut(s);
}

/* --- reloading: clients, brokers, policies; whatever fails keeps what runs --- */

static void on_reload(uv_signal_t *h, int number)
{
    struct shell *s = h->data;
    struct as_config fresh;
    struct buf message = { 0 }, kept = { 0 };

    (void)number;
    log_time(s->log, now_ms(s));
    if (as_config_read(s->config->path, &fresh, &message) == OK) {
        as_use_registry(s->as, fresh.registry);
        fresh.registry = NULL;
        log_set_level(s->log, (enum log_level)fresh.log_level);
        as_config_changed(s->config, &fresh, &kept);
        as_config_clear(&fresh);
        log_event(s->log, kept.n ? LOG_WARN : LOG_INFO, "reload", LOG_SPAN("needs_restart", buf_span(&kept)));
    } else {
        log_event(s->log, LOG_ERROR, "reload.failed", LOG_STR("why", buf_cstr(&message)));
    }
    buf_clear(&kept);
    buf_clear(&message);
}

/* --- control lines --- */

static void on_step(void *self, int64_t id, const struct doc *step)
{
    struct shell *s = self;
    struct span verb = { 0 };
    int64_t offset = 0;
    enum err e = OK;

    doc_text(doc_get(step, "do"), &verb);
    if (span_is(verb, "clock") && doc_int(doc_get(step, "offset"), &offset)) {
        s->clock_offset += offset; /* a step, as in a flow: `clock as +2h` */
        e = control_ok(s->control, id, NULL);
    } else if (span_is(verb, "tap")) {
        tap_start(STDOUT_FILENO);
        e = control_ok(s->control, id, NULL);
    } else if (span_is(verb, "stop")) {
        e = control_ok(s->control, id, NULL);
        shut(s);
    } else {
        e = control_error(s->control, id, "unsupported: do is clock (with offset, seconds), tap or stop");
    }
    if (e != OK) log_event(s->log, LOG_WARN, "control", LOG_STR("error", err_wire(e)->words));
}

static void on_control_end(void *self)
{
    shut(self);
}

/* --- waiting for news --- */

/* The one of this turn; of NULL, one that is free. */
static struct waiting *waiting_of(struct shell *s, const struct http_turn *turn)
{
    for (int64_t i = 0; i < s->config->trl_max_waiting; i++) {
        if (s->waiting[i].turn == turn) return &s->waiting[i];
    }
    return NULL;
}

static void on_gone(void *self, struct http_turn *turn)
{
    struct waiting *w = waiting_of(self, turn);

    if (!w) return;
    w->turn = NULL;
    uv_timer_stop(&w->timer);
}

static void on_waited(uv_timer_t *t)
{
    struct waiting *w = t->data;

    w->over = true;
    http_turn_again(w->turn);
}

/* Everybody asks again: whom the news pertain to is for the core to say. */
static void spread_news(struct shell *s)
{
    while (s->news != as_news(s->as)) { /* asking may find that something has ended */
        s->news = as_news(s->as);
        for (int64_t i = 0; i < s->config->trl_max_waiting; i++) {
            if (s->waiting[i].turn) http_turn_again(s->waiting[i].turn);
        }
    }
}

static void wait_for_news(struct waiting *w, struct http_turn *turn, unsigned seconds)
{
    if (!w->turn) {
        w->over = false;
        uv_timer_start(&w->timer, on_waited, (uint64_t)seconds * 1000, 0);
    }
    w->turn = turn;
    http_turn_hold(turn);
}

/* --- serving --- */

static void on_request(void *self, const struct http_request *in, const struct http_peer *peer,
                       struct http_response *out)
{
    struct shell *s = self;
    int64_t now = now_ms(s);
    struct waiting *w = waiting_of(s, peer->turn);
    bool over = w && w->over;
    unsigned seconds = 0;

    if (!w) w = waiting_of(s, NULL);
    log_time(s->log, now);
    if (w && !over) {
        seconds = as_handle_or_wait(s->as, in, peer->facts, now / 1000, out);
    } else {
        as_handle(s->as, in, peer->facts, now / 1000, out);
    }
    if (seconds) {
        wait_for_news(w, peer->turn, seconds);
    } else if (w && w->turn == peer->turn) {
        on_gone(s, peer->turn);
    }
}

/* After the turn of the request that made them: its own answer comes first. */
static void on_news(uv_check_t *h)
{
    spread_news(h->data);
}

static void on_tick(uv_timer_t *h)
{
    struct shell *s = h->data;
    int64_t now = now_ms(s);

    log_time(s->log, now);
    as_tick(s->as, now / 1000);
    spread_news(s);
}

/* any key may come in, since holding it is what the handshake proves; whose it is the registry tells. */
static bool knows_key(void *self, const struct key *key)
{
    (void)self, (void)key;
    return true;
}

static void on_keylog(void *self, const char *line)
{
    struct shell *s = self;

    fprintf(s->keylog, "%s\n", line);
    fflush(s->keylog);
}

/* --- starting --- */

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "ace-as: %s%s%s\n", what, *what ? ": " : "", why);
    return 1;
}

static int open_keylog(struct shell *s)
{
    const char *path = buf_cstr(&s->config->keylog_path);

    if (!*path) return 0;
    s->keylog = secret_file_append(path);
    if (!s->keylog) return complain(path, "cannot be written");
    return 0;
}

static int open_tls(struct shell *s)
{
    const struct as_config *c = s->config;
    struct fault why = { 0 };
    struct tls_server_options o = {
        .protocol = { .min_version = c->min_version ? TLS_1_3 : TLS_1_2 },
        .own = { { .cert_pem = buf_span(&c->certificate), .key = c->key.key } },
        .ask = TLS_ASK_CERT,
        .client_ca_pem = buf_span(&c->client_ca),
        .owner = { s, NULL, knows_key },
    };

    if (s->keylog) o.protocol.keylog = (struct tls_keylog){ s, on_keylog };
    return tls_server_config(&o, &s->tls, &why) == OK
               ? 0
               : complain("tls.certificate, tls.key, tls.client_ca", why.why);
}

static int open_core(struct shell *s)
{
    struct as_config *c = s->config;
    struct fault why = { 0 };
    struct ledger *ledger = NULL;
    const char *path = buf_cstr(&c->store_path);

    if (ledger_open(path, &ledger, &why) != OK) return complain(path, why.why);
    struct as_setup setup = {
        .issuer = c->issuer,
        .lifetime = c->lifetime,
        .accept_form = c->accept_form,
        .accept_json = c->accept_json,
        .compat_draft02 = c->compat_draft02,
        .trust_req_cnf = c->trust_req_cnf,
        .trl = { c->trl_path, c->trl_max_n, c->trl_max_diff_batch, (unsigned)c->trl_max_wait },
        .failed_logins = (unsigned)c->failed_logins,
        .sign_key = &c->sign_key,
        .registry = c->registry,
        .ledger = ledger,
        .log = s->log,
        .entropy = entropy_system(),
    };
    c->registry = NULL;
    return as_new(&setup, &s->as) == OK ? 0 : complain("", "cannot start: no memory or no entropy");
}

static int open_server(struct shell *s)
{
    const struct as_config *c = s->config;
    struct fault why = { 0 };
    struct http_server_options o = {
        .listen = { .host = c->host,
                    .port = (uint16_t)c->port,
                    .max_links = (unsigned)c->max_connections,
                    .link = { .tls = s->tls } },
        .max_body = (size_t)c->max_body,
        .request_ms = (unsigned)c->request_ms,
    };
    struct http_handler handler = { s, on_request, on_gone };

    return http_server_open(&s->loop, &o, &handler, &s->server, &why) == OK ? 0 : complain("", why.why);
}

static enum err say_ready(struct shell *s)
{
    struct doc *d = doc_new_map();

    doc_put(d, "role", doc_new_str("as"));
    doc_put(d, "host", doc_new_str(s->config->host));
    doc_put(d, "port", doc_new_int(http_server_port(s->server)));
    return control_ready(STDOUT_FILENO, d);
}

static int open_control(struct shell *s, enum wire_mode mode)
{
    struct control_owner owner = { s, on_step, on_control_end };
    struct control_ends ends = { STDIN_FILENO, STDOUT_FILENO };

    if (mode == WIRE_ALONE) return 0;
    return control_open(&s->loop, &ends, &owner, &s->control) == OK
               ? 0
               : complain("--control", "standard input cannot be read");
}

static int open_waiting(struct shell *s)
{
    size_t n = (size_t)s->config->trl_max_waiting;

    s->waiting = calloc(n + 1, sizeof *s->waiting);
    if (!s->waiting) return complain("", "out of memory");
    for (size_t i = 0; i < n; i++) {
        uv_timer_init(&s->loop, &s->waiting[i].timer);
        s->waiting[i].timer.data = &s->waiting[i];
    }
    return 0;
}

static int start(struct shell *s, enum wire_mode mode)
{
    if (open_waiting(s) || open_keylog(s) || open_tls(s) || open_core(s) || open_server(s) ||
        open_control(s, mode))
        return 1;
    uv_signal_start(&s->stop[0], on_stop, SIGINT);
    uv_signal_start(&s->stop[1], on_stop, SIGTERM);
    uv_signal_start(&s->reload, on_reload, SIGHUP);
    uv_timer_start(&s->tick, on_tick, TICK_MS, TICK_MS);
    uv_check_start(&s->check, on_news);
    return say_ready(s) == OK ? 0 : complain("standard output", "cannot be written");
}

static void init_handles(struct shell *s)
{
    uv_loop_init(&s->loop);
    uv_signal_init(&s->loop, &s->stop[0]);
    uv_signal_init(&s->loop, &s->stop[1]);
    uv_signal_init(&s->loop, &s->reload);
    uv_timer_init(&s->loop, &s->tick);
    uv_check_init(&s->loop, &s->check);
    s->stop[0].data = s->stop[1].data = s->reload.data = s->tick.data = s->check.data = s;
}

int as_wire_run(struct as_config *config, enum wire_mode mode)
{
    struct shell *s = calloc(1, sizeof *s);

    if (!s) return complain("", "out of memory");
    s->config = config;
    s->log = log_new(STDERR_FILENO, (enum log_level)config->log_level, config->log_pretty);
    init_handles(s);
    int status = start(s, mode);
    if (status) shut(s);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    as_free(s->as);
    free(s->waiting);
    tls_config_free(s->tls);
    log_free(s->log);
    if (s->keylog) fclose(s->keylog);
    free(s);
    return status;
}

/* The store is opened if it is there; else its folder must be. */
static int try_store(struct as_config *c)
{
    struct buf folder = { 0 };
    struct fault why = { 0 };
    struct ledger *ledger = NULL;
    const char *path = buf_cstr(&c->store_path), *slash = strrchr(path, '/');
    int status = 0;

    if (strcmp(path, ":memory:") == 0) return 0;
    buf_add(&folder, slash ? span(path, (size_t)(slash - path) + 1) : span_str("."));
    if (access(path, F_OK) == 0) {
        if (ledger_open(path, &ledger, &why) != OK) status = complain(path, why.why);
        if (ledger) ledger_close(ledger);
    } else if (access(buf_cstr(&folder), W_OK) != 0) {
        status = complain(path, strerror(errno));
    }
    buf_clear(&folder);
    return status;
}

int as_wire_test(struct as_config *config)
{
    struct shell s = { .config = config };
    int status = open_keylog(&s) || open_tls(&s) || try_store(config);

    tls_config_free(s.tls);
    if (s.keylog) fclose(s.keylog);
    if (!status) printf("%s: good\n", config->path);
    return status;
}
