#include "broker/wire.h"

#include "broker/as_access.h"
#include "broker/as_link.h"
#include "broker/broker.h"
#include "broker/clock.h"
#include "broker/trl_link.h"
#include "common/crypto/entropy.h"
#include "common/net/listener.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 1000, CLOSE_MS = 2000 };

/* One link and the connection it is to the core. */
struct peer {
    struct wire *wire;
    struct link *link;
    conn_id id;
    struct peer *next, *prev; /* in its slot of the table */
    bool told_unsent, paused; /* it reads too slowly */
    bool held;                /* the core wants no more from it */
};

enum { SLOTS = 4096 };

struct wire {
    uv_loop_t *loop;
    uv_timer_t timer;
    const struct broker_config *config;
    struct tls_config *tls;
    struct listener *listener;
    struct as_link *as;   /* NULL: nobody is asked about tokens */
    struct trl_link *trl; /* NULL: nobody tells which are revoked */
    struct broker *broker;
    struct clock clock;
    char *host;
    int keylog; /* file descriptor; -1: none */
    conn_id last;
    struct peer *slot[SLOTS]; /* by id: ids count upwards, so they spread evenly */
    bool shutting;
};

static const struct settings *settings_of(const struct wire *w)
{
    return &w->config->settings;
}

/* --- time --- */

static int64_t now(struct wire *w)
{
    struct timespec wall;

    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t jump = clock_turn(&w->clock, wall.tv_sec, (int64_t)(uv_now(w->loop) / 1000));
    log_time(settings_of(w)->log, (wall.tv_sec + w->clock.offset) * 1000 + wall.tv_nsec / 1000000);
    if (jump > 0) broker_shift(w->broker, jump);
    return w->clock.now;
}

/* --- peers --- */

static struct peer *find(const struct wire *w, conn_id id)
{
    struct peer *p = w->slot[id % SLOTS];

    while (p && p->id != id) p = p->next;
    return p;
}

static struct peer *peer_new(struct wire *w, struct link *l)
{
    struct peer *p = calloc(1, sizeof *p);

    if (!p) return NULL;
    *p = (struct peer){ .wire = w, .link = l, .id = ++w->last };
    struct peer **slot = &w->slot[p->id % SLOTS];
    p->next = *slot;
    if (*slot) (*slot)->prev = p;
    *slot = p;
    return p;
}

static void peer_free(struct peer *p)
{
    if (p->next) p->next->prev = p->prev;
    if (p->prev)
        p->prev->next = p->next;
    else
        p->wire->slot[p->id % SLOTS] = p->next;
    free(p);
}

/* --- effects --- */

/* A reader so slow that even what it asked for piles up is not read from any further, until it catches up. */
static void hold_back(struct wire *w, struct peer *p)
{
    size_t queued = link_queued(p->link), bound = (size_t)settings_of(w)->limits.backlog;

    if (queued < bound / 2) return;
    p->told_unsent = true;
    broker_flow(w->broker, p->id, queued, w->clock.now);
    if (queued < bound || p->paused) return;
    p->paused = true;
    link_pause(p->link);
}

static void read_on(struct peer *p)
{
    if (!p->paused && !p->held) link_resume(p->link);
}

static void hold(struct peer *p, bool held)
{
    p->held = held;
    if (held)
        link_pause(p->link);
    else
        read_on(p);
}

static void ask_as(struct wire *w, const struct effect *e)
{
    struct as_reply none = { .err = w->as ? as_link_ask(w->as, e->question, e->bytes) : ERR_UNAVAILABLE };

    if (none.err != OK) broker_answered(w->broker, e->question, &none, w->clock.now);
}

static void transmit(struct wire *w, struct peer *p, struct span bytes)
{
    if (link_write(p->link, bytes) == OK)
        hold_back(w, p);
    else
        link_abort(p->link); /* closing already, or over its queue: it hears no more */
}

static void perform(struct wire *w, const struct effect *e)
{
    struct peer *p = e->is == EFFECT_ASK ? NULL : find(w, e->conn);

    if (e->is == EFFECT_ASK) ask_as(w, e);
    if (!p) return;
    switch (e->is) {
    case EFFECT_SEND:
        transmit(w, p, e->bytes);
        return;
    case EFFECT_CLOSE:
        link_close(p->link);
        return;
    case EFFECT_HOLD:
    case EFFECT_GO_ON:
        hold(p, e->is == EFFECT_HOLD);
        return;
    case EFFECT_ASK:
        return;
    }
}

static void drain(struct wire *w)
{
    struct effect e;

    while (broker_effect(w->broker, &e)) perform(w, &e);
}

/* --- events --- */

static void log_peer(const struct peer *p, const char *event, const char *why)
{
    log_event(settings_of(p->wire)->log, LOG_DEBUG, event, LOG_INT("conn", p->id),
              LOG_STR("peer", link_peer(p->link)), LOG_STR("why", why ? why : ""));
}

/* "127.0.0.1:4711", "[::1]:4711" without the port. */
static struct span address_of(const struct link *l)
{
    const char *peer = link_peer(l), *port = strrchr(peer, ':');

    return span(peer, port ? (size_t)(port - peer) : strlen(peer));
}

static void on_opened(void *self, struct link *l, const struct tls_facts *facts)
{
    struct peer *p = self;
    struct wire *w = p->wire;
    struct visitor v = { facts, address_of(l) };
    int64_t time = now(w);

    log_event(settings_of(w)->log, LOG_DEBUG, "opened", LOG_INT("conn", p->id), LOG_STR("peer", link_peer(l)),
              LOG_INT("tls", facts->version));
    if (broker_opened(w->broker, p->id, &v, time) != OK) link_abort(l);
    drain(w);
}

static void on_input(void *self, struct link *l, struct span plaintext)
{
    struct peer *p = self;

    (void)l;
    broker_input(p->wire->broker, p->id, plaintext, now(p->wire));
    drain(p->wire);
}

static void on_drained(void *self, struct link *l)
{
    struct peer *p = self;
    struct wire *w = p->wire;

    (void)l;
    if (p->paused) {
        p->paused = false;
        read_on(p);
    }
    if (!p->told_unsent) return;
    p->told_unsent = false;
    broker_flow(w->broker, p->id, 0, now(w));
    drain(w);
}

static void on_closed(void *self, struct link *l, enum err err, const char *reason)
{
    struct peer *p = self;
    struct wire *w = p->wire;

    int64_t time = now(w);

    (void)l;
    log_peer(p, "closed", err == OK ? NULL : reason);
    broker_closed(w->broker, p->id, time);
    peer_free(p);
    drain(w);
}

static bool on_accepted(void *self, struct link *l, struct link_owner *owner)
{
    struct peer *p = peer_new(self, l);

    *owner = (struct link_owner){ p, on_opened, on_input, on_drained, on_closed };
    return p != NULL;
}

static void on_replied(void *self, uint64_t question, const struct as_reply *reply)
{
    struct wire *w = self;

    broker_answered(w->broker, question, reply, now(w));
    drain(w);
}

static void on_tick(uv_timer_t *timer)
{
    struct wire *w = timer->data;

    broker_tick(w->broker, now(w));
    drain(w);
}

/* --- opening --- */

static void on_keylog(void *self, const char *line)
{
    const struct wire *w = self;
    struct buf text = { 0 };

    buf_format(&text, "%s\n", line);
    if (!buf_failed(&text) && write(w->keylog, text.p, text.n) < 0)
        log_event(settings_of(w)->log, LOG_WARN, "keylog", LOG_STR("why", "cannot be written"));
    buf_clear(&text);
}

static enum err open_keylog(struct wire *w, struct fault *why)
{
    struct buf path = { 0 };

    if (w->config->keylog_path.n == 0) return OK;
    buf_add(&path, buf_span(&w->config->keylog_path));
    w->keylog = open(buf_cstr(&path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (w->keylog < 0) fault_set(why, 0, "%s: cannot be opened", buf_cstr(&path));
    buf_clear(&path);
    return w->keylog < 0 ? ERR_IO : OK;
}

static bool knows_key(void *self, const struct key *key)
{
    struct wire *w = self;

    return broker_knows(w->broker, key, now(w));
}

static enum err psk_for_identity(void *self, struct span identity, struct secret *psk)
{
    struct wire *w = self;

    return broker_psk(w->broker, identity, now(w), psk);
}

static enum err open_tls(struct wire *w, struct fault *why)
{
    static const int versions[] = { TLS_1_2, TLS_1_3 };
    const struct broker_config *c = w->config;
    struct tls_server_options o = {
        .protocol = { .min_version = versions[c->min_version],
                      .max_version = versions[c->max_version],
                      .alpn = { "mqtt" } },
        .own = { { buf_span(&c->certificate), c->key.key } },
        .ask = TLS_ASK_RPK,
        .owner = { .self = w, .psk_for_identity = psk_for_identity, .knows_key = knows_key },
    };

    TRY(open_keylog(w, why));
    struct fault what = { 0 };
    if (w->keylog >= 0) o.protocol.keylog = (struct tls_keylog){ w, on_keylog };
    enum err e = tls_server_config(&o, &w->tls, &what);
    if (e != OK) fault_set(why, 0, "tls.certificate, tls.key: %s", *what.why ? what.why : err_wire(e)->words);
    return e;
}

static enum err open_listener(struct wire *w, struct fault *why)
{
    const struct broker_config *c = w->config;
    struct listener_options o = {
        .host = c->host,
        .port = (uint16_t)c->port,
        .max_links = (unsigned)c->limits.connections,
        .link = { .tls = w->tls,
                  .close_ms = CLOSE_MS,
                  .queue_max = (size_t)(4 * c->limits.backlog + 2 * c->limits.packet) },
    };
    struct listener_owner owner = { w, on_accepted };

    return listener_open(w->loop, &o, &owner, &w->listener, why);
}

static enum err open_as(struct wire *w, struct fault *why)
{
    const struct as_link_owner owner = { w, on_replied };

    return w->config->asking.on ? as_link_open(w->loop, w->config, &owner, &w->as, why) : OK;
}

static void on_listed(void *self, const struct trl *list)
{
    struct wire *w = self;

    broker_revoked(w->broker, list, now(w));
    drain(w);
}

static enum err open_trl(struct wire *w, struct fault *why)
{
    const struct trl_link_owner owner = { w, on_listed };

    return w->config->revoking_as.url ? trl_link_open(w->loop, w->config, &owner, &w->trl, why) : OK;
}

static void start_timer(struct wire *w)
{
    uv_timer_init(w->loop, &w->timer);
    w->timer.data = w;
    uv_timer_start(&w->timer, on_tick, TICK_MS, TICK_MS);
}

static enum err open_all(struct wire *w, struct fault *why)
{
    w->broker = broker_new(settings_of(w), entropy_system());
    if (!w->broker) return ERR_NO_MEMORY;
    w->host = strdup(w->config->host);
    if (!w->host) return ERR_NO_MEMORY;
    TRY(open_tls(w, why));
    TRY(open_as(w, why));
    TRY(open_trl(w, why));
    TRY(open_listener(w, why));
    start_timer(w);
    now(w);
    return OK;
}

enum err wire_open(uv_loop_t *loop, const struct broker_config *config, struct wire **out, struct fault *why)
{
    struct wire *w = calloc(1, sizeof *w);

    *out = NULL;
    if (!w) return ERR_NO_MEMORY;
    w->loop = loop;
    w->config = config;
    w->keylog = -1;
    enum err e = open_all(w, why);
    if (e == OK)
        *out = w;
    else
        wire_free(w);
    return e;
}

static enum err test_login(const struct as_login *l, struct fault *why)
{
    struct as_access access = { 0 };
    enum err e = l->url ? as_access_open(l, &access, why) : OK;

    as_access_clear(&access);
    return e;
}

enum err wire_test(const struct broker_config *config, struct fault *why)
{
    struct wire w = { .config = config, .keylog = -1 };
    enum err e = open_tls(&w, why);

    tls_config_free(w.tls);
    if (w.keylog >= 0) close(w.keylog);
    TRY(e);
    TRY(test_login(&config->asking_as, why));
    return test_login(&config->revoking_as, why);
}

const char *wire_host(const struct wire *w)
{
    return w->host;
}

uint16_t wire_port(const struct wire *w)
{
    return listener_port(w->listener);
}

void wire_reconfigure(struct wire *w, const struct broker_config *config)
{
    w->config = config;
    trl_link_log(w->trl, config->settings.log);
    broker_reconfigure(w->broker, &config->settings, now(w));
    drain(w);
}

void wire_jump(struct wire *w, int64_t seconds)
{
    w->clock.offset += seconds;
    on_tick(&w->timer);
}

static void abort_all(struct wire *w)
{
    for (size_t i = 0; i < SLOTS; i++)
        for (struct peer *p = w->slot[i]; p; p = p->next) link_abort(p->link);
}

void wire_shut(struct wire *w)
{
    if (w->shutting) {
        abort_all(w);
        return;
    }
    w->shutting = true;
    uv_close((uv_handle_t *)&w->timer, NULL);
    broker_shutdown(w->broker, now(w));
    drain(w);
    listener_shut(w->listener);
    w->listener = NULL;
    as_link_close(w->as);
    trl_link_close(w->trl);
    w->as = NULL;
    w->trl = NULL;
}

void wire_free(struct wire *w)
{
    if (!w) return;
    as_link_close(w->as);
    trl_link_close(w->trl);
    broker_free(w->broker);
    tls_config_free(w->tls);
    if (w->keylog >= 0) close(w->keylog);
    free(w->host);
    free(w);
}
