#include "broker/trl_link.h"

#include "broker/as_access.h"
#include "common/net/http_client.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    DEADLINE_MS = 10000,
    PAUSE_MS = 1000,      /* after an answer that had nothing new and came at once */
    MAX_PAUSE_MS = 60000, /* of an AS that fails */
    FULL_MS = 600000,     /* RFC 9770 10: diff queries alone are not relied on */
};

struct trl_link {
    struct trl_link_owner owner;
    struct log *log;
    struct http_client *http;
    struct as_access as;
    uv_timer_t timer;
    uint64_t wait_ms, interval_ms;
    uint64_t asked, full; /* loop times: of this question, of the last whole list */
    unsigned failures;    /* in a row */
    bool has_list, has_cursor, cursor_is_null;
    int64_t cursor;
    bool asks_full, closed, out, timer_closed;
};

static void ask(struct trl_link *l);

/* --- life --- */

static void release(struct trl_link *l)
{
    if (!l->closed || l->out || !l->timer_closed) return;
    as_access_clear(&l->as);
    free(l);
}

static void on_timer_closed(uv_handle_t *h)
{
    struct trl_link *l = h->data;

    l->timer_closed = true;
    release(l);
}

static void on_time(uv_timer_t *t)
{
    ask(t->data);
}

static void ask_in(struct trl_link *l, uint64_t ms)
{
    if (!l->closed) uv_timer_start(&l->timer, on_time, ms, 0);
}

/* --- answers --- */

/* What is wrong with the list leaves everything as it is: no conclusion is drawn (RFC 9770 10). */
static void fail(struct trl_link *l, const char *what, const char *why)
{
    uint64_t pause = (uint64_t)PAUSE_MS << (l->failures < 6 ? l->failures : 6);

    l->failures++;
    log_event(l->log, LOG_WARN, "revocation.failed", LOG_STR("what", what), LOG_STR("why", why),
              LOG_INT("failures", l->failures));
    ask_in(l, pause < MAX_PAUSE_MS ? pause : MAX_PAUSE_MS);
}

static void note_success(struct trl_link *l)
{
    if (l->failures || !l->has_list)
        log_event(l->log, LOG_INFO, "revocation.subscribed", LOG_INT("failures", l->failures));
    l->failures = 0;
}

/* When to ask again: at once for what is left, at once where the AS holds its answers, else in a while. */
static uint64_t pause_after(const struct trl_link *l, const struct trl *t, uint64_t now)
{
    bool held = l->wait_ms && l->has_cursor;

    if (t->kind == TRL_DIFF && t->more) return 0;
    if (!held) return l->interval_ms;
    if (t->kind == TRL_FULL || t->count || now - l->asked >= PAUSE_MS) return 0;
    return PAUSE_MS;
}

static void take(struct trl_link *l, const struct trl *t)
{
    uint64_t now = uv_now(l->timer.loop);
    bool lost = t->kind == TRL_DIFF && t->more && t->cursor_is_null; /* RFC 9770 8.2.3, case A */

    note_success(l);
    if (t->kind == TRL_FULL) l->full = now;
    l->has_list = !lost;
    l->has_cursor = t->has_cursor;
    l->cursor_is_null = t->cursor_is_null;
    l->cursor = t->cursor;
    if (!lost) l->owner.listed(l->owner.self, t);
    ask_in(l, pause_after(l, t, now));
}

static void read_list(struct trl_link *l, const struct http_response *r)
{
    struct trl t;
    struct fault why = { 0 };

    if (!http_content_is(&r->headers, "application/ace-trl+cbor")) {
        fail(l, "not application/ace-trl+cbor", "");
    } else if (trl_read(buf_span(&r->body), &t, &why) != OK) {
        fail(l, "the list cannot be read", why.why);
    } else {
        if ((t.kind == TRL_FULL) == l->asks_full || !t.has_cursor)
            take(l, &t);
        else
            fail(l, "an answer to another question", "");
        trl_clear(&t);
    }
}

static void on_done(void *self, enum err err, const struct http_response *response, const char *reason)
{
    struct trl_link *l = self;
    char status[16];

    l->out = false;
    if (l->closed) {
        release(l);
    } else if (err != OK) {
        fail(l, "the AS does not answer", reason);
    } else if (response->status != 200) {
        l->has_list = false; /* a cursor that the AS does not take: from the beginning */
        snprintf(status, sizeof status, "HTTP %u", response->status);
        fail(l, "the AS refuses", status);
    } else {
        read_list(l, response);
    }
}

/* --- questions --- */

/* `to` is the list's URL: for a diff query, with that. Errors: ERR_TOO_LARGE. */
static enum err add_query(const struct trl_link *l, struct http_url *to)
{
    size_t n = strlen(to->target), room = sizeof to->target - n;
    const char *join = strchr(to->target, '?') ? "&" : "?";
    int took = l->asks_full ? 0
               : l->cursor_is_null
                   ? snprintf(to->target + n, room, "%sdiff=0", join)
                   : snprintf(to->target + n, room, "%sdiff=0&cursor=%lld", join, (long long)l->cursor);

    return took >= 0 && (size_t)took < room ? OK : ERR_TOO_LARGE;
}

static enum err send_query(struct trl_link *l, const struct http_url *to, struct http_headers *headers)
{
    struct http_answer answer = { l, on_done };
    struct http_call call = { .url = to, .method = "GET", .headers = headers, .tls = l->as.tls };
    uint64_t wait = l->asks_full ? 0 : l->wait_ms;
    struct buf text = { 0 };

    call.deadline_ms = (unsigned)(wait + DEADLINE_MS);
    http_header_add(headers, "Accept", span_str("application/ace-trl+cbor"));
    as_access_login(&l->as, headers);
    if (wait) {
        buf_format(&text, "wait=%llu", (unsigned long long)(wait / 1000));
        http_header_add(headers, "Prefer", buf_span(&text));
    }
    bool failed = buf_failed(&text) || buf_failed(&headers->text);
    buf_clear(&text);
    return failed ? ERR_NO_MEMORY : http_client_send(l->http, &call, &answer, NULL);
}

static void ask(struct trl_link *l)
{
    struct http_headers headers = { 0 };
    struct http_url to = l->as.url;

    l->asked = uv_now(l->timer.loop);
    l->asks_full = !l->has_list || !l->has_cursor || l->asked - l->full >= FULL_MS;
    enum err e = add_query(l, &to);
    if (e == OK) e = send_query(l, &to, &headers);
    buf_clear(&headers.text);
    l->out = e == OK;
    if (e != OK) fail(l, "the AS cannot be asked", err_wire(e)->words);
}

/* --- opening --- */

static enum err open_all(uv_loop_t *loop, const struct broker_config *c, struct trl_link *l,
                         struct fault *why)
{
    struct http_client_options http = { .max_in_flight = 1, .max_waiting = 1, .max_body = TRL_MAX_BYTES };

    TRY(as_access_open(&c->revoking_as, &l->as, why));
    return http_client_new(loop, &http, &l->http);
}

enum err trl_link_open(uv_loop_t *loop, const struct broker_config *config,
                       const struct trl_link_owner *owner, struct trl_link **out, struct fault *why)
{
    struct trl_link *l = calloc(1, sizeof *l);

    *out = NULL;
    if (!l) return ERR_NO_MEMORY;
    l->owner = *owner;
    l->log = config->settings.log;
    l->wait_ms = (uint64_t)config->revoking_wait * 1000;
    l->interval_ms = (uint64_t)config->revoking_interval * 1000;
    uv_timer_init(loop, &l->timer);
    l->timer.data = l;
    enum err e = open_all(loop, config, l, why);
    if (e == OK) {
        *out = l;
        ask_in(l, 0);
    } else {
        trl_link_close(l);
    }
    return e;
}

void trl_link_log(struct trl_link *l, struct log *log)
{
    if (l) l->log = log;
}

void trl_link_close(struct trl_link *l)
{
    if (!l) return;
    l->closed = true;
    uv_close((uv_handle_t *)&l->timer, on_timer_closed);
    if (l->http) http_client_close(l->http);
    l->http = NULL;
}
