#include "bench/load.h"

#include <stdio.h>
#include <stdlib.h>

/* One load under way. */
struct run {
    const struct load *load;
    struct load_result *out;
    struct station *stations;
    unsigned places; /* how many stations there are */
    unsigned started, ready, sent, subscribers;
    unsigned *received; /* per subscriber */
    uint64_t begun;     /* ns */
    uv_timer_t deadline;
    uv_pipe_t input;
    char *payload;
    bool ending;
};

static void forget_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h)) uv_close(h, NULL);
}

/* Counts what was done and lets everything go. */
static void end(struct run *r, const char *failed)
{
    if (r->ending) return;
    r->ending = true;
    r->out->failed = failed;
    r->out->seconds = (double)(uv_hrtime() - r->begun) / 1e9;
    forget_handle((uv_handle_t *)&r->deadline);
    if (r->input.loop) forget_handle((uv_handle_t *)&r->input);
    for (unsigned i = 0; i < r->places; i++) station_close(&r->stations[i]);
}

static void on_deadline(uv_timer_t *t)
{
    end(t->data, "out of time");
}

static void open_station(struct run *r, struct station *s)
{
    struct station_owner owner = s->owner;

    *s = (struct station){ .owner = owner, .how = r->load->how };
    if (station_open(s, r->load->loop, &r->load->to, r->load->tls) != OK)
        end(r, "no connection could be opened");
}

static void on_over(void *self, struct station *s, const char *why)
{
    struct run *r = self;

    (void)s;
    if (why) end(r, why);
}

/* True: the event is an end that nobody wished. */
static bool refused(struct run *r, const struct dialog_event *e)
{
    if (e->what == DIALOG_REFUSED || e->what == DIALOG_DISCONNECTED || e->what == DIALOG_BROKEN ||
        ((e->what == DIALOG_SUBSCRIBED || e->what == DIALOG_PUBLISHED) && e->reason >= 0x80)) {
        end(r, "the broker refused");
        return true;
    }
    return false;
}

typedef void event_fn(void *self, struct station *s, const struct dialog_event *e);

static bool begin(struct run *r, unsigned stations, event_fn *on_event)
{
    r->places = stations;
    r->stations = calloc(stations, sizeof *r->stations);
    r->received = calloc(stations, sizeof *r->received);
    r->payload = calloc(1, r->load->size + 1);
    if (!r->stations || !r->received || !r->payload) {
        r->out->failed = "no memory";
        return false;
    }
    for (unsigned i = 0; i < stations; i++)
        r->stations[i].owner = (struct station_owner){ r, on_event, on_over };
    uv_timer_init(r->load->loop, &r->deadline);
    r->deadline.data = r;
    uv_timer_start(&r->deadline, on_deadline, LOAD_MS, 0);
    r->begun = uv_hrtime();
    return true;
}

static void finish(struct run *r)
{
    if (r->payload) uv_run(r->load->loop, UV_RUN_DEFAULT);
    free(r->stations);
    free(r->received);
    free(r->payload);
}

static void open_next(struct run *r)
{
    if (r->ending || r->started == r->places) return;
    r->started++;
    open_station(r, &r->stations[r->started - 1]);
}

static void open_first(struct run *r)
{
    for (unsigned i = 0; i < r->load->parallel; i++) open_next(r);
}

/* --- connect: who is let in leaves, and makes room for the next at once: goodbyes are not measured --- */

static void connect_event(void *self, struct station *s, const struct dialog_event *e)
{
    struct run *r = self;

    if (refused(r, e) || e->what != DIALOG_CONNECTED) return;
    station_close(s);
    if (++r->out->done == r->load->count) {
        end(r, NULL);
    } else {
        open_next(r);
    }
}

void load_connect(const struct load *l, struct load_result *out)
{
    struct run r = { .load = l, .out = out };

    if (begin(&r, l->count, connect_event)) open_first(&r);
    finish(&r);
}

/* --- publish: stations[0] publishes, the others subscribe --- */

static unsigned slowest(const struct run *r)
{
    unsigned least = r->received[1];

    for (unsigned i = 2; i <= r->subscribers; i++)
        if (r->received[i] < least) least = r->received[i];
    return least;
}

static void publish_more(struct run *r)
{
    const struct load *l = r->load;
    struct dialog_message m = { span_str(l->topic), span(r->payload, l->size), l->qos, false, NULL };
    uint16_t id;

    while (!r->ending && r->sent < l->count && r->sent - r->out->done < l->parallel &&
           dialog_publish(r->stations[0].dialog, &m, &id) == OK)
        r->sent++;
    station_flush(&r->stations[0]);
}

static void all_subscribed(struct run *r)
{
    r->begun = uv_hrtime();
    publish_more(r);
}

static void arrived(struct run *r, const struct station *s)
{
    r->received[s - r->stations]++;
    r->out->done = slowest(r);
    if (r->out->done == r->load->count) {
        end(r, NULL);
    } else if (r->sent - r->out->done <= r->load->parallel / 2) {
        publish_more(r);
    }
}

static void publish_event(void *self, struct station *s, const struct dialog_event *e)
{
    struct run *r = self;
    struct mqtt_filter filter = { .filter = span_str(r->load->topic), .qos = r->load->qos };
    uint16_t id;

    if (refused(r, e)) return;
    if (e->what == DIALOG_CONNECTED && s != r->stations) {
        if (dialog_subscribe(s->dialog, &filter, 1, &id) != OK) end(r, "SUBSCRIBE cannot be sent");
    } else if (e->what == DIALOG_CONNECTED || e->what == DIALOG_SUBSCRIBED) {
        if (++r->ready == r->subscribers + 1) all_subscribed(r);
    } else if (e->what == DIALOG_MESSAGE) {
        arrived(r, s);
    } else if (e->what == DIALOG_PUBLISHED && r->sent - r->out->done <= r->load->parallel / 2) {
        publish_more(r);
    }
}

void load_publish(const struct load *l, unsigned subscribers, struct load_result *out)
{
    struct run r = { .load = l, .out = out, .subscribers = subscribers };

    if (begin(&r, subscribers + 1, publish_event)) {
        while (!r.ending && r.started < r.places) open_next(&r);
    }
    finish(&r);
}

/* --- hold --- */

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    static char unread[64];

    (void)h, (void)suggested;
    *out = uv_buf_init(unread, sizeof unread);
}

static void on_stdin(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    (void)b;
    if (n < 0) end(s->data, NULL);
}

static void hold_event(void *self, struct station *s, const struct dialog_event *e)
{
    struct run *r = self;

    (void)s;
    if (refused(r, e) || e->what != DIALOG_CONNECTED) return;
    if (++r->out->done == r->load->count) {
        puts("HELD");
        fflush(stdout);
    } else {
        open_next(r);
    }
}

void load_hold(const struct load *l, struct load_result *out)
{
    struct run r = { .load = l, .out = out };

    if (begin(&r, l->count, hold_event)) {
        uv_pipe_init(l->loop, &r.input, 0);
        r.input.data = &r;
        uv_pipe_open(&r.input, 0);
        uv_read_start((uv_stream_t *)&r.input, on_room, on_stdin);
        open_first(&r);
    }
    finish(&r);
}
