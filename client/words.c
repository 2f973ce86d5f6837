#include "client/words.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/complaint.h"
#include "client/lasting.h"
#include "common/ace/hints.h"
#include "common/ace/token.h"
#include "common/ace/topic.h"
#include "common/base/file.h"

/* [R-AZI-16] leaves, to come back with the key. */
static void uploaded(struct errand *e, uint8_t reason)
{
    if (reason >= 0x80) {
        complain_reason(e->o, "the token was refused at " AUTHZ_INFO, reason);
        errand_leave(e, EXIT_REFUSED);
        return;
    }
    errand_say(e, "the token is at %s", AUTHZ_INFO);
    device_disconnect(e->device, 0);
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
    if (e->has_line && errand_token_ended(e) && lasting_start_over(e)) return;
    enum err err = d ? dialog_publish(d, &m, &id) : ERR_PROTOCOL;

    /* QoS 0 gets no answer but a DISCONNECT when refused: the answer to a ping tells that none came. */
    if (err == OK && e->o->qos == 0) err = dialog_ping(d);
    if (err != OK) {
        errand_fail(e, EXIT_FAILED, "publish", err_wire(err)->words);
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
    errand_leave(self, EXIT_DONE);
}

static void next_line(struct errand *e)
{
    struct lines_owner owner = { e, on_line, on_no_line };

    if (!e->input) e->input = lines_open(&e->loop, STDIN_FILENO, &owner);
    if (e->input)
        lines_next(e->input);
    else
        errand_fail(e, EXIT_FAILED, "message", "standard input cannot be read");
}

static void publish_file(struct errand *e)
{
    struct buf content = { 0 }, message = { 0 };

    if (file_read(e->o->message, &content, &message) == OK) {
        publish(e, buf_span(&content));
    } else {
        errand_fail(e, EXIT_USAGE, "message", buf_cstr(&message));
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
        errand_leave(e, EXIT_REFUSED);
        return;
    }
    errand_say(e, "published to %s", e->o->topics[0]);
    e->has_line = false;
    if (e->late) lasting_present(e, device_holding(e->device));
    if (e->leaving) return;
    if (e->moving) {
        lasting_move(e);
        return;
    }
    if (e->o->payload == PAYLOAD_LINES) {
        next_message(e);
        return;
    }
    errand_leave(e, EXIT_DONE);
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
        errand_fail(e, EXIT_FAILED, "subscribe", err_wire(err)->words);
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
        errand_leave(e, EXIT_REFUSED);
        return;
    }
    e->subscribed = true;
    if (e->o->verbose && !e->o->quiet) fprintf(stderr, "subscribed\n");
    if (e->o->only_subscribe) errand_leave(e, EXIT_DONE);
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
    if (e->o->count && ++e->received == e->o->count) errand_leave(e, EXIT_DONE);
}

/* --- token, discover --- */

static void keep_token(struct errand *e)
{
    struct buf text = { 0 }, why = { 0 };

    if (device_save_token(e->device, &text) != OK) {
        errand_fail(e, EXIT_FAILED, e->o->out_file, "the answer cannot be kept");
    } else if (file_write(e->o->out_file, buf_span(&text), 0600, &why) != OK) {
        errand_fail(e, EXIT_FAILED, "token", buf_cstr(&why));
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
    errand_leave(e, EXIT_DONE);
}

static void have_hint(struct errand *e, const struct dialog_event *d)
{
    struct fault why = { 0 };

    if (d->hint.n == 0) {
        complain_reason(e->o, "the broker refused, and named no authorization server", d->reason);
        errand_leave(e, EXIT_REFUSED);
        return;
    }
    hints_clear(&e->hints);
    if (hints_read(buf_span(&d->hint), &e->hints, &why) != OK) {
        errand_fail(e, EXIT_REFUSED, "the broker's hint", why.why);
        return;
    }
    if (e->o->word == WORD_DISCOVER) {
        printf("%.*s\n", (int)d->hint.n, (const char *)d->hint.p);
        errand_leave(e, EXIT_DONE);
        return;
    }
    e->discovering = false;
    e->fresh_only = e->hints.has_cnonce;
    errand_say(e, "the broker names %s", buf_cstr(&e->hints.as));
}

/* [R-DISC-07] The token has no fresh cnonce, as it was asked for without the broker's hint: once more, with that, where we ask always. */
static bool wants_fresh(struct errand *e, const struct dialog_event *d)
{
    const char *url = e->o->config.as_url;
    struct hints h = { 0 };

    if (d->reason != err_wire(ERR_NOT_AUTHORIZED)->mqtt5 || d->hint.n == 0 || !url ||
        e->o->config.token_file || e->fresh_tried)
        return false;
    bool fresh = hints_read(buf_span(&d->hint), &h, NULL) == OK && h.has_cnonce;
    if (!fresh) {
        hints_clear(&h);
        return false;
    }
    hints_clear(&e->hints);
    e->hints = h;
    buf_clear(&e->hints.as);
    buf_str(&e->hints.as, url);
    e->fresh_only = e->fresh_tried = true;
    errand_say(e, "%s", "the broker takes tokens only that name its cnonce: asking for one");
    return true;
}

/* --- events --- */

static void connected(struct errand *e, const struct dialog_event *d)
{
    errand_say(e, "connected to %s", e->o->config.host);
    if (e->uploading) {
        errand_upload(e);
        return;
    }
    lasting_came_in(e, d);
    switch (e->o->word) {
    case WORD_PUB:
        next_message(e);
        break;
    case WORD_SUB:
        if (!e->subscribed || !d->session_present) subscribe(e);
        break;
    case WORD_DISCOVER:
        errand_fail(e, EXIT_REFUSED, "the broker let us in without a token: nothing to discover", "");
        break;
    case WORD_TOKEN:
    case WORD_REVOKE:
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
        e->reason = d->reason;
        if ((e->gone = lasting_comes_back(e) && lasting_is_passing_reason(e, d->reason))) return;
        if (wants_fresh(e, d)) return;
        complain_reason(e->o, "the broker refused the connection", d->reason);
        errand_leave(e, EXIT_REFUSED);
        break;
    case DIALOG_PUBLISHED:
        if (e->uploading) {
            uploaded(e, d->reason);
        } else if (e->update_id && d->id == e->update_id) {
            lasting_updated(e, d->reason);
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
        e->reason = d->reason;
        if ((e->gone = lasting_comes_back(e) &&
                       (lasting_is_passing_reason(e, d->reason) || lasting_is_worth_a_try(e, d->reason))))
            return;
        if (lasting_ended(e)) {
            if (!lasting_start_over(e)) lasting_no_more_token(e);
            return;
        }
        complain_reason(e->o, "the broker ended the connection", d->reason);
        errand_leave(e, EXIT_REFUSED);
        break;
    case DIALOG_BROKEN:
        if ((e->gone = lasting_comes_back(e) && d->err == ERR_TIMEOUT)) return;
        errand_fail(e, EXIT_NETWORK, "the broker broke the protocol", d->why);
        break;
    case DIALOG_REAUTHENTICATED:
        lasting_presented(e);
        break;
    case DIALOG_UNSUBSCRIBED:
        break;
    }
}

static void on_closed(struct errand *e, const struct device_event *event)
{
    char where[300], words[REASON_WORDS];

    if (e->leaving) {
        device_close(e->device);
        return;
    }
    const char *why = event->err == OK ? "the broker closed the connection" : event->reason;
    e->update_id = 0;
    if (e->moving) {
        bool anew = e->anew;
        e->moving = e->anew = false;
        if (anew)
            errand_rediscover(e);
        else
            errand_come_in(e);
        return;
    }
    if (e->uploading && event->err == OK) {
        e->uploading = false;
        errand_connect(e, true);
        return;
    }
    if (e->hints.as.n) {
        errand_ask_token(e, buf_span(&e->hints.as));
        return;
    } /* discovery is over: now for real */
    bool ended = lasting_ended(e);
    if (ended && !e->gone && !lasting_start_over(e)) {
        lasting_no_more_token(e);
        return;
    }
    if (e->reason) why = reason_words(e->o, e->reason, words);
    if (e->gone && errand_token_ended(e)) why = "the token has ended";
    e->reason = 0;
    if ((e->gone || lasting_is_passing(event->err)) && lasting_try_later(e, why)) {
        e->gone = false;
        return;
    }
    if (ended) {
        lasting_no_more_token(e);
        return;
    }
    snprintf(where, sizeof where, "%.200s:%d", e->o->config.host, (int)e->o->config.port);
    errand_fail(e, event->err == ERR_TIMEOUT ? EXIT_TIMEOUT : EXIT_NETWORK, where, why);
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
        lasting_present(e, h);
    } else if (!e->back_ms) {
        errand_come_in(e);
    }
}

/* The AS has answered an error, or its answer cannot be used; `of` what. */
static void fail_at_as(struct errand *e, int status, const char *of, const struct device_event *event)
{
    char what[400];

    snprintf(what, sizeof what, "%s%s%s", of, *event->error ? " refused: " : "", event->error);
    errand_fail(e, status, what, event->reason);
}

static void on_token_refused(struct errand *e, const struct device_event *event)
{
    int status = event->status ? EXIT_REFUSED : errand_status(event->err);
    bool passing = event->status ? event->status >= 500 : lasting_is_passing(event->err);

    if (e->renewal.asking) {
        lasting_not_renewed(e, status, *event->error ? event->error : event->reason);
        return;
    }
    if (passing && lasting_try_later(e, event->reason)) return;
    fail_at_as(e, status, "token", event);
}

/* --- revoke --- */

static void begin_revoke(struct errand *e)
{
    struct fault why = { 0 };

    if (device_revoke(e->device, &why) != OK) errand_fail(e, EXIT_USAGE, "revoke", why.why);
}

static void revoked(struct errand *e, const struct device_event *event)
{
    if (event->err != OK) {
        fail_at_as(e, event->status ? EXIT_REFUSED : errand_status(event->err), "revoke", event);
        return;
    }
    errand_say(e, "%s", "the token is revoked");
    errand_leave(e, EXIT_DONE);
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
    case DEVICE_REVOKED:
        revoked(e, event);
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
    errand_leave(h->data, EXIT_DONE);
}

static void on_limit(uv_timer_t *h)
{
    errand_fail(h->data, EXIT_TIMEOUT, "timed out", "");
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
        errand_fail(e, EXIT_USAGE, "token", buf_cstr(&message_));
    } else if (device_load_token(e->device, buf_span(&text), &why) != OK) {
        errand_fail(e, EXIT_USAGE, e->o->config.token_file, why.why);
    } else if (e->o->word == WORD_TOKEN) {
        show_token(e, device_holding(e->device));
    } else if (e->o->word == WORD_REVOKE) {
        begin_revoke(e);
    } else {
        renewal_hold(&e->renewal, device_now(e->device), device_holding(e->device)->ends);
        errand_come_in(e);
    }
    buf_clear(&text);
    buf_clear(&message_);
}

static void begin(struct errand *e)
{
    const struct client_config *c = &e->o->config;
    struct fault why = { 0 };

    if (needed_scope(e, &why) != OK) {
        errand_fail(e, EXIT_USAGE, e->o->word == WORD_PUB || e->o->word == WORD_SUB ? "-t" : "scope",
                    why.why);
        return;
    }
    if (c->renew_before && lasting_wanted(e) && !c->as_url && !c->allowed_count) {
        errand_fail(e, EXIT_USAGE, "--renew-before", "no authorization server to ask: give --as URL");
        return;
    }
    if (c->token_file && e->o->word != WORD_DISCOVER) {
        load_token(e);
        return;
    }
    if (e->o->word == WORD_REVOKE) {
        errand_fail(e, EXIT_USAGE, "no token to revoke: give --token FILE", "");
        return;
    }
    if (c->as_url && e->o->word != WORD_DISCOVER) {
        errand_ask_token(e, span(NULL, 0));
        return;
    }
    if (e->o->word == WORD_TOKEN && !c->allowed_count) {
        errand_fail(e, EXIT_USAGE, "no authorization server: give --as URL", "");
        return;
    }
    e->discovering =
        e->o->word == WORD_DISCOVER || c->allowed_count; /* else: public topics, without a token */
    errand_connect(e, e->discovering);
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
    if (lasting_wanted(&e)) e.renewal.before = o->config.renew_before;
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
