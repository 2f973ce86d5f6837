#include "tests/net_bed.h"
#include "tests/check.h"

#include <stdio.h>

static void on_late(uv_timer_t *t)
{
    *(bool *)t->data = true;
}

static void ignore_close(uv_handle_t *h)
{
    *(bool *)h->data = true;
}

/* One deadline around a loop of single steps; `goal` is asked after each. */
static bool run_until(uv_loop_t *loop, bool (*goal)(const void *what, size_t want), const void *what,
                      size_t want)
{
    uv_timer_t deadline;
    bool late = false, gone = false;

    uv_update_time(loop);
    uv_timer_init(loop, &deadline);
    deadline.data = &late;
    uv_timer_start(&deadline, on_late, NET_PATIENCE_MS, 0);
    while (!late && !goal(what, want)) uv_run(loop, UV_RUN_ONCE);
    deadline.data = &gone;
    uv_close((uv_handle_t *)&deadline, ignore_close);
    while (!gone) uv_run(loop, UV_RUN_NOWAIT);
    CHECK(goal(what, want));
    return goal(what, want);
}

static bool count_reached(const void *what, size_t want)
{
    return *(const unsigned *)what >= want;
}

static bool bytes_reached(const void *what, size_t want)
{
    return ((const struct buf *)what)->n >= want;
}

bool net_until(uv_loop_t *loop, const unsigned *count, unsigned want)
{
    return run_until(loop, count_reached, count, want);
}

bool net_until_bytes(uv_loop_t *loop, const struct buf *b, size_t n)
{
    return run_until(loop, bytes_reached, b, n);
}

static bool is_empty(const void *what, size_t want)
{
    uv_loop_t *loop = *(uv_loop_t *const *)what;

    (void)want;
    return loop->active_handles <= 1 && !loop->closing_handles &&
           loop->active_reqs.count == 0; /* 1: the deadline */
}

void net_drain(uv_loop_t *loop)
{
    run_until(loop, is_empty, &loop, 0);
    int status = uv_loop_close(loop);
    CHECK(status == 0);
    if (status != 0) uv_print_all_handles(loop, stdout);
}

/* --- ends --- */

static void on_opened(void *self, struct link *l, const struct tls_facts *facts)
{
    struct end *e = self;

    e->link = l;
    e->opened++;
    e->peer = facts->peer;
    if (e->on_opened) e->on_opened(e);
}

static void on_input(void *self, struct link *l, struct span plaintext)
{
    struct end *e = self;

    (void)l;
    buf_add(&e->input, plaintext);
    if (e->on_input) e->on_input(e);
}

static void on_drained(void *self, struct link *l)
{
    struct end *e = self;

    (void)l;
    e->drained++;
}

static void on_closed(void *self, struct link *l, enum err err, const char *reason)
{
    struct end *e = self;

    (void)l;
    e->link = NULL;
    e->closed++;
    e->err = err;
    snprintf(e->reason, sizeof e->reason, "%s", reason);
}

struct link_owner end_owner(struct end *e)
{
    return (struct link_owner){ e, on_opened, on_input, on_drained, on_closed };
}

void end_clear(struct end *e)
{
    buf_clear(&e->input);
}

/* --- server --- */

static bool on_accepted(void *self, struct link *l, struct link_owner *owner)
{
    struct server *s = self;

    if (s->accepted == NET_ENDS) return false;
    struct end *e = &s->ends[s->accepted++];
    *e = s->pattern;
    e->link = l;
    *owner = end_owner(e);
    return true;
}

void server_open(uv_loop_t *loop, const struct link_options *options, struct server *s)
{
    struct listener_options o = s->limits;
    const struct listener_owner owner = { s, on_accepted };
    struct fault why = { 0 };

    o.host = "127.0.0.1";
    o.link = *options;
    CHECK_ROW(listener_open(loop, &o, &owner, &s->listener, &why) == OK, why.why);
}

void server_clear(struct server *s)
{
    for (size_t i = 0; i < NET_ENDS; i++) end_clear(&s->ends[i]);
}
