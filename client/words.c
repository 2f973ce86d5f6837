#include "client/words.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/complaint.h"
#include "client/device.h"
#include "client/lines.h"
#include "client/renewal.h"
#include "common/ace/hints.h"
#include "common/ace/token.h"
#include "common/ace/topic.h"
#include "common/base/file.h"

/* One word at work: asks for a token, connects, does its part, leaves. Everything goes on from one event to the next. */
struct errand {
    const struct client_options *o;
    uv_loop_t loop;
    uv_signal_t stop[2];
    uv_timer_t limit;
    struct lines *input; /* of pub -l */
    struct device *device;
    struct scope *scope; /* what is asked for when the settings name none */
    struct hints hints;
    bool discovering, leaving;
    bool uploading; /* this connection only brings the token to authz-info */
    long received;
    int status;
    bool has_line; /* of pub -l: not yet acknowledged, so that it survives a lost connection */
    struct buf line;
    /* what lasts, sub and pub -l */
    uv_timer_t pulse;
    bool known;      /* the broker has let us in: what is lost is tried again */
    bool subscribed; /* at least once */
    bool gone;       /* the broker said that it goes, and may come back */
    struct buf id;   /* Client Identifier that the broker gave us */
    struct backoff lost;
    uint64_t lost_ms, back_ms; /* since when, and when to try next; 0: not lost, not waiting */
    struct renewal renewal;
    struct buf as_url;   /* where tokens come from */
    struct key *shown;   /* in the TLS handshake */
    bool renewing, late; /* the next token is being presented; it came while there was no connection for it */
    bool moving;         /* to a new connection with the next token, as soon as nothing is in flight */
    uint16_t update_id;  /* of the next token on its way to authz-info */
    int renew_status;
    char renew_why[200];
};

enum { PULSE_MS = 250 };

/* --- telling --- */

static void say(struct errand *e, const char *format, const char *what)
{
    if (!e->o->verbose || e->o->quiet || e->o->word == WORD_SUB) return;
    fprintf(stderr, format, what);
    fputc('\n', stderr);
}

/* Ends the errand; the first status counts. */
static void leave(struct errand *e, int status)
{
    if (e->leaving) return;
    e->leaving = true;
    e->status = status;
    for (int i = 0; i < 2; i++) uv_close((uv_handle_t *)&e->stop[i], NULL);
    uv_close((uv_handle_t *)&e->limit, NULL);
    uv_close((uv_handle_t *)&e->pulse, NULL);
    lines_close(e->input);
    e->input = NULL;
    if (device_dialog(e->device) && dialog_ready(device_dialog(e->device))) {
        device_disconnect(e->device, 0);
    } else {
        device_close(e->device);
    }
}

static void fail(struct errand *e, int status, const char *what, const char *why)
{
    complain(e->o, what, why);
    leave(e, status);
}

/* --- token and connection --- */

static int status_of(enum err err)
{
    switch (err) {
    case ERR_TIMEOUT:
        return EXIT_TIMEOUT;
    case ERR_IO:
        return EXIT_NETWORK;
    case ERR_NOT_AUTHORIZED:
        return EXIT_NETWORK; /* TLS: not the peer it must be */
    case ERR_PROTOCOL:
        return EXIT_USAGE;
    default:
        return EXIT_FAILED;
    }
}

/* An empty URL: the one of the settings. */
static enum err request_token(struct errand *e, struct span url, struct fault *why)
{
    struct device_token_want want = {
        .url = url,
        .scope = e->o->config.scope ? NULL : e->scope,
        .pop_key = e->o->config.pop_key,
        .media = MEDIA_ACE_JSON,
    };

    if (e->hints.has_audience && !e->o->config.audience) want.audience = buf_span(&e->hints.audience);
    if (e->hints.has_cnonce) want.cnonce = buf_span(&e->hints.cnonce); /* [R-TOK-31] */
    return device_get_token(e->device, &want, why);
}

static void ask_token(struct errand *e, struct span url)
{
    struct fault why = { 0 };
    enum err err = request_token(e, url, &why);

    if (url.n && url.p != e->as_url.p) {
        buf_truncate(&e->as_url, 0);
        buf_add(&e->as_url, url);
    }
    if (err != OK) fail(e, err == ERR_PROTOCOL ? EXIT_USAGE : EXIT_REFUSED, "token", why.why);
}

/* In TLS nothing more is said over MQTT [R-TLS-08]. */
static bool in_tls(const struct errand *e)
{
    return e->o->config.pop == POP_FORM_RPK || e->o->config.pop == POP_FORM_PSK;
}

static enum dialog_pop pop_form(const struct errand *e, bool ace)
{
    if (!ace || (in_tls(e) && !e->discovering)) return DIALOG_POP_NONE;
    if (e->discovering) return DIALOG_POP_STORED;
    return e->o->config.pop == POP_FORM_CHALLENGE ? DIALOG_POP_CHALLENGE : DIALOG_POP_EXPORTER;
}

/* [R-SESS-05] Who comes back wants its session; and 3.1.1 keeps one only if it was asked for from the start. */
static bool keeps_session(const struct errand *e)
{
    return e->o->keep_session || e->known ||
           (e->o->config.renew_before && e->o->config.version == MQTT_CHOICE_311);
}

static void connect_broker(struct errand *e, bool ace)
{
    const struct client_options *o = e->o;
    struct mqtt_props props = { 0 };
    struct mqtt_will will = { .present = true, .retain = o->will_retain, .qos = (uint8_t)o->will_qos };
    struct device_connect_want want = { .use_token = ace && !e->discovering && !in_tls(e) };
    struct fault why = { 0 };
    char made_up[32];

    snprintf(made_up, sizeof made_up, "ace-client-%d", (int)getpid());
    const char *id = o->config.client_id;
    if (o->config.version == MQTT_CHOICE_5 && (e->discovering || !id))
        id = ""; /* nothing is stored for a new one */
    if (!id) id = made_up;
    if (e->id.n) id = buf_cstr(&e->id);
    if (o->will_topic) {
        will.topic = span_str(o->will_topic);
        will.payload = span_str(o->will_payload ? o->will_payload : "");
    }
    if (o->session_expiry >= 0) props_set_number(&props, PROP_SESSION_EXPIRY, (uint32_t)o->session_expiry);
    if (ace && !e->discovering && !e->uploading) {
        if (o->config.pop == POP_FORM_RPK) want.tls = DEVICE_TLS_RPK;
        if (o->config.pop == POP_FORM_PSK) want.tls = DEVICE_TLS_PSK;
    }
    want.mqtt = (struct dialog_connect){
        .version = o->config.version == MQTT_CHOICE_5 ? MQTT_V5 : MQTT_V311,
        .client_id = span_str(id),
        .clean_start = !keeps_session(e), /* [R-SESS-01] [R-V311-12] */
        .keep_alive = (uint16_t)o->config.keep_alive,
        .will = o->will_topic && !e->discovering && !e->uploading ? &will : NULL, /* [R-DISC-09] */
        .props = o->config.version == MQTT_CHOICE_5 ? &props : NULL,
        .pop = pop_form(e, ace),
    };
    const struct holding *h = want.tls == DEVICE_TLS_ANON ? NULL : device_holding(e->device);
    key_free(e->shown);
    e->shown = h ? key_ref(h->key) : NULL;
    enum err err = device_connect(e->device, &want, &why);
    if (err != OK) fail(e, status_of(err), "connect", why.why);
}

/* [R-RPK-01] The token is at the broker before its key is proved in TLS. */
static void come_in(struct errand *e)
{
    e->uploading = e->o->config.pop == POP_FORM_RPK;
    connect_broker(e, true);
}

static void upload(struct errand *e)
{
    const struct holding *h = device_holding(e->device);
    struct dialog_message m = { .topic = SPAN(AUTHZ_INFO), .payload = buf_span(&h->token), .qos = 1 };
    enum err err = dialog_publish(device_dialog(e->device), &m, &e->update_id);

    if (err != OK) fail(e, EXIT_FAILED, "publish to " AUTHZ_INFO, err_wire(err)->words);
    device_flush(e->device);
}

/* [R-AZI-16] leaves, to come back with the key. */
static void uploaded(struct errand *e, uint8_t reason)
{
    if (reason >= 0x80) {
        complain_reason(e->o, "the token was refused at " AUTHZ_INFO, reason);
        leave(e, EXIT_REFUSED);
        return;
    }
    say(e, "the token is at %s", AUTHZ_INFO);
    device_disconnect(e->device, 0);
}

/* --- what lasts: the next token, the next connection --- */

static bool lasts(const struct errand *e)
{
    return e->o->word == WORD_SUB || (e->o->word == WORD_PUB && e->o->payload == PAYLOAD_LINES);
}

static bool may_come_back(const struct errand *e)
{
    return e->known && lasts(e) && e->o->config.retry;
}

static bool is_passing(enum err err)
{
    return err == OK || err == ERR_IO || err == ERR_TIMEOUT;
}

/* A broker that is too busy or goes down for a while, in a CONNACK or a DISCONNECT. */
static bool is_passing_reason(const struct errand *e, uint8_t reason)
{
    static const uint8_t unavailable = 0x88, busy = 0x89, goes_down = 0x8b, unavailable_311 = 3;

    if (e->o->config.version == MQTT_CHOICE_311) return reason == unavailable_311;
    return reason == unavailable || reason == busy || reason == goes_down;
}

/* Another try after a while, ever rarer; false: that is over, or was not asked for. */
static bool try_later(struct errand *e, const char *why)
{
    uint64_t now = uv_now(&e->loop), longest = (uint64_t)e->o->config.retry * 1000;

    if (!may_come_back(e)) return false;
    if (e->lost_ms == 0) {
        complain(e->o, "connection lost, trying again", why);
        e->lost_ms = now;
    }
    uint64_t wait = (uint64_t)backoff_wait(&e->lost) * 1000;
    if (now - e->lost_ms + wait > longest) return false;
    e->back_ms = now + wait;
    return true;
}

/* [R-SESS-05] [R-SESS-06] with a proof of its own, and with a token that holds. */
static void come_back(struct errand *e)
{
    const struct holding *h = device_holding(e->device);
    bool ended = h && h->ends <= device_now(e->device);

    e->back_ms = 0;
    if (!h) {
        connect_broker(e, false);
    } else if (!ended || !(e->as_url.n || e->o->config.as_url)) {
        come_in(e);
    } else if (!e->renewal.asking) { /* else: its answer takes us on */
        ask_token(e, buf_span(&e->as_url));
    }
}

static void move_when_settled(struct errand *e)
{
    struct dialog *d = device_dialog(e->device);

    if (e->moving && !e->has_line && d && dialog_ready(d)) device_disconnect(e->device, 0);
}

/* The next token, to the broker: on the living connection wherever there is a way [R-REA-01] [R-AZI-07]. */
static void present(struct errand *e, const struct holding *h)
{
    struct dialog *d = device_dialog(e->device);
    enum err err = OK;

    e->late = !dialog_ready(d);
    if (e->late) return;
    e->renewing = true;
    if (e->shown && key_eq(e->shown, h->key)) {
        upload(e);
    } else if (!in_tls(e) && e->o->config.version == MQTT_CHOICE_5) {
        err = dialog_reauthenticate(d, buf_span(&h->token), h->key);
        device_flush(e->device);
    } else {
        e->moving = true; /* [R-V311-10] */
        move_when_settled(e);
    }
    if (err != OK) fail(e, EXIT_FAILED, "the next token", err_wire(err)->words);
}

static void presented(struct errand *e)
{
    if (e->renewing && e->o->verbose && !e->o->quiet) fputs("token renewed\n", stderr);
    e->renewing = false;
}

static void updated(struct errand *e, uint8_t reason)
{
    e->update_id = 0;
    if (reason < 0x80) {
        presented(e);
        return;
    }
    complain_reason(e->o, "the next token was refused at " AUTHZ_INFO, reason);
    leave(e, EXIT_REFUSED);
}

/* Told once; the end of the token tells the rest. */
static void not_renewed(struct errand *e, int status, const char *why)
{
    snprintf(e->renew_why, sizeof e->renew_why, "%s", why);
    e->renew_status = status;
    if (e->renewal.failures.tries == 0) complain(e->o, "no new token yet, trying again", why);
    renewal_failed(&e->renewal, device_now(e->device));
}

static void no_more_token(struct errand *e)
{
    fail(e, e->renew_status, "the token has ended, and there is no new one", e->renew_why);
}

/* Its end is the broker's as well as ours: whoever sees it first, the reason is the same. */
static bool ended_unrenewed(const struct errand *e)
{
    return e->renewal.failures.tries && device_now(e->device) + 2 >= e->renewal.ends;
}

static void on_pulse(uv_timer_t *t)
{
    struct errand *e = t->data;
    struct fault why = { 0 };

    if (e->back_ms && uv_now(&e->loop) >= e->back_ms) come_back(e);
    if (e->leaving) return;
    switch (renewal_next(&e->renewal, device_now(e->device))) {
    case RENEWAL_REST:
        break;
    case RENEWAL_ASK:
        if (request_token(e, buf_span(&e->as_url), &why) != OK) not_renewed(e, EXIT_REFUSED, why.why);
        break;
    case RENEWAL_OVER:
        no_more_token(e);
        break;
    }
}

static void came_in(struct errand *e, const struct dialog_event *d)
{
    if (lasts(e) && !e->known) uv_timer_start(&e->pulse, on_pulse, PULSE_MS, PULSE_MS);
    e->known = true;
    e->lost = (struct backoff){ 0 };
    e->lost_ms = 0;
    if (d->assigned_id.n) {
        buf_truncate(&e->id, 0);
        buf_add(&e->id, buf_span(&d->assigned_id));
    }
    if (e->late) {
        present(e, device_holding(e->device));
    } else {
        presented(e);
    }
}

/* --- pub --- */

static void publish(struct errand *e, struct span payload)
{
    struct dialog_message m = {
        .topic = span_str(e->o->topics[0]),
        .payload = payload,
        .qos = (uint8_t)e->o->qos,
        .retain = e->o->retain,
    };
    struct dialog *d = device_dialog(e->device);
    uint16_t id;

    if (d && !dialog_ready(d)) return; /* over, and why is about to be told */
    if (!d && e->has_line) return;     /* its turn comes with the next connection */
    enum err err = d ? dialog_publish(d, &m, &id) : ERR_PROTOCOL;

    /* QoS 0 gets no answer but a DISCONNECT when refused: the answer to a ping tells that none came. */
    if (err == OK && e->o->qos == 0) err = dialog_ping(d);
    if (err != OK) {
        fail(e, EXIT_FAILED, "publish", err_wire(err)->words);
        return;
    }
    device_flush(e->device);
}

static void on_line(void *self, struct span line)
{
    struct errand *e = self;

    buf_truncate(&e->line, 0);
    buf_add(&e->line, line);
    e->has_line = true;
    publish(e, line);
}

static void on_no_line(void *self)
{
    leave(self, EXIT_DONE);
}

static void next_line(struct errand *e)
{
    struct lines_owner owner = { e, on_line, on_no_line };

    if (!e->input) e->input = lines_open(&e->loop, STDIN_FILENO, &owner);
    if (e->input)
        lines_next(e->input);
    else
        fail(e, EXIT_FAILED, "message", "standard input cannot be read");
}

static void publish_file(struct errand *e)
{
    struct buf content = { 0 }, message = { 0 };

    if (file_read(e->o->message, &content, &message) == OK) {
        publish(e, buf_span(&content));
    } else {
        fail(e, EXIT_USAGE, "message", buf_cstr(&message));
    }
    buf_clear(&content);
    buf_clear(&message);
}

static void next_message(struct errand *e)
{
    if (e->has_line) {
        publish(e, buf_span(&e->line));
        return;
    }
    switch (e->o->payload) {
    case PAYLOAD_NONE:
        break;
    case PAYLOAD_TEXT:
        publish(e, span_str(e->o->message));
        break;
    case PAYLOAD_EMPTY:
        publish(e, span(NULL, 0));
        break;
    case PAYLOAD_FILE:
        publish_file(e);
        break;
    case PAYLOAD_LINES:
        next_line(e);
        break;
    }
}

static void published(struct errand *e, uint8_t reason)
{
    char what[160];

    if (reason >= 0x80) {
        snprintf(what, sizeof what, "publish to %.100s refused", e->o->topics[0]);
        complain_reason(e->o, what, reason);
        leave(e, EXIT_REFUSED);
        return;
    }
    say(e, "published to %s", e->o->topics[0]);
    e->has_line = false;
    if (e->moving) {
        move_when_settled(e);
        return;
    }
    if (e->o->payload == PAYLOAD_LINES) {
        next_message(e);
        return;
    }
    leave(e, EXIT_DONE);
}

/* --- sub --- */

static void subscribe(struct errand *e)
{
    struct mqtt_filter filters[MAX_TOPICS] = { 0 };
    uint16_t id;

    if (!dialog_ready(device_dialog(e->device))) return; /* as in publish() */
    for (size_t i = 0; i < e->o->topic_count; i++) {
        filters[i] = (struct mqtt_filter){ .filter = span_str(e->o->topics[i]), .qos = (uint8_t)e->o->qos };
    }
    enum err err = dialog_subscribe(device_dialog(e->device), filters, e->o->topic_count, &id);
    if (err != OK) {
        fail(e, EXIT_FAILED, "subscribe", err_wire(err)->words);
        return;
    }
    device_flush(e->device);
}

static void subscribed(struct errand *e, const struct dialog_event *d)
{
    size_t refused = 0;
    char what[160];

    for (size_t i = 0; i < d->code_count && i < e->o->topic_count; i++) {
        if (d->codes[i] < 0x80) continue;
        snprintf(what, sizeof what, "subscribe to %.100s refused", e->o->topics[i]);
        complain_reason(e->o, what, d->codes[i]);
        refused++;
    }
    if (refused == e->o->topic_count) {
        leave(e, EXIT_REFUSED);
        return;
    }
    e->subscribed = true;
    if (e->o->verbose && !e->o->quiet) fprintf(stderr, "subscribed\n");
    if (e->o->only_subscribe) leave(e, EXIT_DONE);
}

static void message(struct errand *e, const struct dialog_event *d)
{
    if (e->leaving || (d->retain && e->o->no_stale)) return;
    if (e->o->verbose) {
        fwrite(d->topic.p, 1, d->topic.n, stdout);
        fputc(' ', stdout);
    }
    if (d->payload.n) fwrite(d->payload.p, 1, d->payload.n, stdout);
    if (!e->o->no_newline) fputc('\n', stdout);
    fflush(stdout);
    if (e->o->count && ++e->received == e->o->count) leave(e, EXIT_DONE);
}

/* --- token, discover --- */

static void keep_token(struct errand *e)
{
    struct buf text = { 0 }, why = { 0 };

    if (device_save_token(e->device, &text) != OK) {
        fail(e, EXIT_FAILED, e->o->out_file, "the answer cannot be kept");
    } else if (file_write(e->o->out_file, buf_span(&text), 0600, &why) != OK) {
        fail(e, EXIT_FAILED, "token", buf_cstr(&why));
    }
    buf_clear(&text);
    buf_clear(&why);
}

static void show_token(struct errand *e, const struct holding *h)
{
    struct buf words = { 0 }, shown = { 0 };
    struct fault why;

    if (h->scope && scope_to_words(h->scope, &words) == OK) printf("scope     %s\n", buf_cstr(&words));
    printf("audience  %.*s\n", (int)h->audience.n, (const char *)h->audience.p);
    printf("key       %s\n", key_type(h->key) == KEY_OCT ? "symmetric, made by the AS" : "ours");
    printf("broker    %s\n", h->has_rs_cnf ? "authenticated by rs_cnf" : "authenticated by its certificate");
    printf("token     %zu bytes, sha-256 %s\n", h->token.n, hash_hint(buf_span(&h->token)).text);
    if (e->o->verbose && token_show(buf_span(&h->token), e->o->secrets, &shown, &why) == OK)
        printf("%s\n", buf_cstr(&shown));
    buf_clear(&words);
    buf_clear(&shown);
    if (e->o->out_file) keep_token(e);
    leave(e, EXIT_DONE);
}

static void have_hint(struct errand *e, const struct dialog_event *d)
{
    struct fault why = { 0 };

    if (d->hint.n == 0) {
        complain_reason(e->o, "the broker refused, and named no authorization server", d->reason);
        leave(e, EXIT_REFUSED);
        return;
    }
    if (hints_read(buf_span(&d->hint), &e->hints, &why) != OK) {
        fail(e, EXIT_REFUSED, "the broker's hint", why.why);
        return;
    }
    if (e->o->word == WORD_DISCOVER) {
        printf("%.*s\n", (int)d->hint.n, (const char *)d->hint.p);
        leave(e, EXIT_DONE);
        return;
    }
    e->discovering = false;
    say(e, "the broker names %s", buf_cstr(&e->hints.as));
}

/* --- events --- */

static void connected(struct errand *e, const struct dialog_event *d)
{
    say(e, "connected to %s", e->o->config.host);
    if (e->uploading) {
        upload(e);
        return;
    }
    came_in(e, d);
    switch (e->o->word) {
    case WORD_PUB:
        next_message(e);
        break;
    case WORD_SUB:
        if (!e->subscribed || !d->session_present) subscribe(e);
        break;
    case WORD_DISCOVER:
        fail(e, EXIT_REFUSED, "the broker let us in without a token: nothing to discover", "");
        break;
    case WORD_TOKEN:
    case WORD_DRIVE:
        break;
    }
}

static void on_dialog(struct errand *e, const struct dialog_event *d)
{
    switch (d->what) {
    case DIALOG_CONNECTED:
        connected(e, d);
        break;
    case DIALOG_REFUSED:
        if (e->discovering) {
            have_hint(e, d);
            return;
        }
        if ((e->gone = may_come_back(e) && is_passing_reason(e, d->reason))) return;
        complain_reason(e->o, "the broker refused the connection", d->reason);
        leave(e, EXIT_REFUSED);
        break;
    case DIALOG_PUBLISHED:
        if (e->uploading) {
            uploaded(e, d->reason);
        } else if (e->update_id && d->id == e->update_id) {
            updated(e, d->reason);
        } else {
            published(e, d->reason);
        }
        break;
    case DIALOG_PONG:
        published(e, 0);
        break;
    case DIALOG_SUBSCRIBED:
        subscribed(e, d);
        break;
    case DIALOG_MESSAGE:
        message(e, d);
        break;
    case DIALOG_DISCONNECTED:
        if ((e->gone = may_come_back(e) && is_passing_reason(e, d->reason))) return;
        if (ended_unrenewed(e)) {
            no_more_token(e);
            return;
        }
        complain_reason(e->o, "the broker ended the connection", d->reason);
        leave(e, EXIT_REFUSED);
        break;
    case DIALOG_BROKEN:
        if ((e->gone = may_come_back(e) && d->err == ERR_TIMEOUT)) return;
        fail(e, EXIT_NETWORK, "the broker broke the protocol", d->why);
        break;
    case DIALOG_REAUTHENTICATED:
        presented(e);
        break;
    case DIALOG_UNSUBSCRIBED:
        break;
    }
}

static void on_closed(struct errand *e, const struct device_event *event)
{
    char where[300];

    if (e->leaving) {
        device_close(e->device);
        return;
    }
    const char *why = event->err == OK ? "the broker closed the connection" : event->reason;
    e->update_id = 0;
    if (e->moving) {
        e->moving = false;
        come_in(e);
        return;
    }
    if (e->uploading && event->err == OK) {
        e->uploading = false;
        connect_broker(e, true);
        return;
    }
    if (e->hints.as.n) {
        ask_token(e, buf_span(&e->hints.as));
        return;
    } /* discovery is over: now for real */
    if (ended_unrenewed(e)) {
        no_more_token(e);
        return;
    }
    if ((e->gone || is_passing(event->err)) && try_later(e, why)) {
        e->gone = false;
        return;
    }
    snprintf(where, sizeof where, "%.200s:%d", e->o->config.host, (int)e->o->config.port);
    fail(e, event->err == OK ? EXIT_NETWORK : status_of(event->err), where, why);
}

static void on_token(struct errand *e, const struct holding *h)
{
    if (e->o->word == WORD_TOKEN) {
        show_token(e, h);
        return;
    }
    if (e->hints.as.n) { /* what it said was for this token */
        buf_clear(&e->hints.as);
        e->hints.has_cnonce = false;
    }
    renewal_hold(&e->renewal, device_now(e->device), h->ends);
    if (device_dialog(e->device)) {
        present(e, h);
    } else if (!e->back_ms) {
        come_in(e);
    }
}

static void on_token_refused(struct errand *e, const struct device_event *event)
{
    int status = event->status ? EXIT_REFUSED : status_of(event->err);
    bool passing = event->status ? event->status >= 500 : is_passing(event->err);
    char what[400];

    if (e->renewal.asking) {
        not_renewed(e, status, *event->error ? event->error : event->reason);
        return;
    }
    if (passing && try_later(e, event->reason)) return;
    snprintf(what, sizeof what, "token%s%s", *event->error ? " refused: " : "", event->error);
    fail(e, status, what, event->reason);
}

static void on_event(void *self, const struct device_event *event)
{
    struct errand *e = self;

    switch (event->what) {
    case DEVICE_TOKEN:
        on_token(e, event->holding);
        break;
    case DEVICE_TOKEN_REFUSED:
        on_token_refused(e, event);
        break;
    case DEVICE_SECURED:
        break;
    case DEVICE_DIALOG:
        on_dialog(e, event->dialog);
        break;
    case DEVICE_CLOSED:
        on_closed(e, event);
        break;
    }
}

static void on_signal(uv_signal_t *h, int number)
{
    (void)number;
    leave(h->data, EXIT_DONE);
}

static void on_limit(uv_timer_t *h)
{
    fail(h->data, EXIT_TIMEOUT, "timed out", "");
}

/* --- start --- */

/* "what -t needs" */
static enum err needed_scope(struct errand *e, struct fault *why)
{
    struct buf words = { 0 };
    bool pub = e->o->word == WORD_PUB;

    if (e->o->config.scope || e->o->topic_count == 0) return OK;
    for (size_t i = 0; i < e->o->topic_count; i++) {
        struct span name, filter;
        topic_unshare(span_str(e->o->topics[i]), &name, &filter);
        buf_format(&words, "%s%s:%.*s", i ? " " : "", pub ? "pub" : "sub", (int)filter.n,
                   (const char *)filter.p);
    }
    enum err err = buf_failed(&words) ? ERR_NO_MEMORY : scope_from_words(buf_span(&words), &e->scope, why);
    buf_clear(&words);
    return err;
}

static void load_token(struct errand *e)
{
    struct buf text = { 0 }, message_ = { 0 };
    struct fault why = { 0 };

    if (file_read(e->o->config.token_file, &text, &message_) != OK) {
        fail(e, EXIT_USAGE, "token", buf_cstr(&message_));
    } else if (device_load_token(e->device, buf_span(&text), &why) != OK) {
        fail(e, EXIT_USAGE, e->o->config.token_file, why.why);
    } else if (e->o->word == WORD_TOKEN) {
        show_token(e, device_holding(e->device));
    } else {
        renewal_hold(&e->renewal, device_now(e->device), device_holding(e->device)->ends);
        come_in(e);
    }
    buf_clear(&text);
    buf_clear(&message_);
}

static void begin(struct errand *e)
{
    const struct client_config *c = &e->o->config;
    struct fault why = { 0 };

    if (needed_scope(e, &why) != OK) {
        fail(e, EXIT_USAGE, "scope", why.why);
        return;
    }
    if (c->renew_before && lasts(e) && !c->as_url && !c->allowed_count) {
        fail(e, EXIT_USAGE, "--renew-before", "no authorization server to ask: give --as URL");
        return;
    }
    if (c->token_file && e->o->word != WORD_DISCOVER) {
        load_token(e);
        return;
    }
    if (c->as_url && e->o->word != WORD_DISCOVER) {
        ask_token(e, span(NULL, 0));
        return;
    }
    if (e->o->word == WORD_TOKEN && !c->allowed_count) {
        fail(e, EXIT_USAGE, "no authorization server: give --as URL", "");
        return;
    }
    e->discovering =
        e->o->word == WORD_DISCOVER || c->allowed_count; /* else: public topics, without a token */
    connect_broker(e, e->discovering);
}

int word_run(const struct client_options *o)
{
    struct errand e = { .o = o };
    struct device_owner owner = { &e, on_event };

    uv_loop_init(&e.loop);
    e.device = device_new(&e.loop, &o->config, &owner);
    if (!e.device) return EXIT_FAILED;
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&e.loop, &e.stop[i]);
        e.stop[i].data = &e;
        uv_signal_start(&e.stop[i], on_signal, i ? SIGTERM : SIGINT);
        uv_unref((uv_handle_t *)&e.stop[i]);
    }
    uv_timer_init(&e.loop, &e.limit);
    e.limit.data = &e;
    uv_timer_init(&e.loop, &e.pulse);
    e.pulse.data = &e;
    if (lasts(&e)) e.renewal.before = o->config.renew_before;
    if (o->wait) uv_timer_start(&e.limit, on_limit, (uint64_t)o->wait * 1000, 0);
    begin(&e);
    uv_run(&e.loop, UV_RUN_DEFAULT);
    device_free(e.device);
    uv_loop_close(&e.loop);
    hints_clear(&e.hints);
    key_free(e.shown);
    buf_clear(&e.line);
    buf_clear(&e.id);
    buf_clear(&e.as_url);
    scope_free(e.scope);
    return e.status;
}
