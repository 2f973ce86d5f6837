#include "client/words.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/device.h"
#include "client/lines.h"
#include "common/ace/hints.h"
#include "common/ace/token.h"
#include "common/ace/topic.h"
#include "common/base/file.h"
#include "common/base/utf8.h"

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
};

/* --- telling --- */

static void say(struct errand *e, const char *format, const char *what)
{
    if (!e->o->verbose || e->o->quiet || e->o->word == WORD_SUB) return;
    fprintf(stderr, format, what);
    fputc('\n', stderr);
}

static bool is_plain(const char *words)
{
    while (*words >= ' ' && *words <= '~') words++;
    return *words == '\0';
}

/* What a peer sent may neither act on the terminal nor forge a line (B-7). */
static void put_words(const char *words)
{
    struct buf quoted = { 0 };

    if (!is_plain(words)) {
        utf8_quote(&quoted, span_str(words));
        words = buf_cstr(&quoted);
    }
    fputs(words, stderr);
    buf_clear(&quoted);
}

static void complain(const struct errand *e, const char *what, const char *why)
{
    if (e->o->quiet) return;
    fputs("ace-client: ", stderr);
    put_words(what);
    if (*why) fputs(": ", stderr);
    put_words(why);
    fputc('\n', stderr);
}

static void complain_reason(const struct errand *e, const char *what, uint8_t reason)
{
    static const char *const v311[] = { "",
                                        "unacceptable protocol version",
                                        "identifier rejected",
                                        "server unavailable",
                                        "bad user name or password",
                                        "not authorized" };
    bool old = e->o->config.version == MQTT_CHOICE_311 && reason < 6;

    if (!e->o->quiet)
        fprintf(stderr, "ace-client: %s: %s (0x%02x)\n", what, old ? v311[reason] : reason_name(reason),
                reason);
}

/* Ends the errand; the first status counts. */
static void leave(struct errand *e, int status)
{
    if (e->leaving) return;
    e->leaving = true;
    e->status = status;
    for (int i = 0; i < 2; i++) uv_close((uv_handle_t *)&e->stop[i], NULL);
    uv_close((uv_handle_t *)&e->limit, NULL);
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
    complain(e, what, why);
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

static void ask_token(struct errand *e, struct span url)
{
    struct device_token_want want = {
        .url = url,
        .scope = e->o->config.scope ? NULL : e->scope,
        .pop_key = e->o->config.pop_key,
        .media = MEDIA_ACE_JSON,
    };
    struct fault why = { 0 };

    if (e->hints.has_audience && !e->o->config.audience) want.audience = buf_span(&e->hints.audience);
    if (e->hints.has_cnonce) want.cnonce = buf_span(&e->hints.cnonce); /* [R-TOK-31] */
    enum err err = device_get_token(e->device, &want, &why);
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
        .clean_start = !o->keep_session, /* [R-SESS-01] [R-V311-12] */
        .keep_alive = (uint16_t)o->config.keep_alive,
        .will = o->will_topic && !e->discovering && !e->uploading ? &will : NULL, /* [R-DISC-09] */
        .props = o->config.version == MQTT_CHOICE_5 ? &props : NULL,
        .pop = pop_form(e, ace),
    };
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
    uint16_t id;
    enum err err = dialog_publish(device_dialog(e->device), &m, &id);

    if (err != OK) fail(e, EXIT_FAILED, "publish to " AUTHZ_INFO, err_wire(err)->words);
    device_flush(e->device);
}

/* [R-AZI-16] leaves, to come back with the key. */
static void uploaded(struct errand *e, uint8_t reason)
{
    if (reason >= 0x80) {
        complain_reason(e, "the token was refused at " AUTHZ_INFO, reason);
        leave(e, EXIT_REFUSED);
        return;
    }
    say(e, "the token is at %s", AUTHZ_INFO);
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
    publish(self, line);
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
        complain_reason(e, what, reason);
        leave(e, EXIT_REFUSED);
        return;
    }
    say(e, "published to %s", e->o->topics[0]);
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
        complain_reason(e, what, d->codes[i]);
        refused++;
    }
    if (refused == e->o->topic_count) {
        leave(e, EXIT_REFUSED);
        return;
    }
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
        complain_reason(e, "the broker refused, and named no authorization server", d->reason);
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

static void connected(struct errand *e)
{
    say(e, "connected to %s", e->o->config.host);
    if (e->uploading) {
        upload(e);
        return;
    }
    switch (e->o->word) {
    case WORD_PUB:
        next_message(e);
        break;
    case WORD_SUB:
        subscribe(e);
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
        connected(e);
        break;
    case DIALOG_REFUSED:
        if (e->discovering) {
            have_hint(e, d);
            return;
        }
        complain_reason(e, "the broker refused the connection", d->reason);
        leave(e, EXIT_REFUSED);
        break;
    case DIALOG_PUBLISHED:
        if (e->uploading) {
            uploaded(e, d->reason);
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
        complain_reason(e, "the broker ended the connection", d->reason);
        leave(e, EXIT_REFUSED);
        break;
    case DIALOG_BROKEN:
        fail(e, EXIT_NETWORK, "the broker broke the protocol", d->why);
        break;
    case DIALOG_UNSUBSCRIBED:
    case DIALOG_REAUTHENTICATED:
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
    if (e->uploading && event->err == OK) {
        e->uploading = false;
        connect_broker(e, true);
        return;
    }
    if (e->hints.as.n) {
        ask_token(e, buf_span(&e->hints.as));
        return;
    } /* discovery is over: now for real */
    snprintf(where, sizeof where, "%.200s:%d", e->o->config.host, (int)e->o->config.port);
    fail(e, event->err == OK ? EXIT_NETWORK : status_of(event->err), where,
         event->err == OK ? "the broker closed the connection" : event->reason);
}

static void on_event(void *self, const struct device_event *event)
{
    struct errand *e = self;
    char what[400];

    switch (event->what) {
    case DEVICE_TOKEN:
        if (e->o->word == WORD_TOKEN) {
            show_token(e, event->holding);
            return;
        }
        buf_clear(&e->hints.as);
        come_in(e);
        break;
    case DEVICE_TOKEN_REFUSED:
        snprintf(what, sizeof what, "token%s%s", *event->error ? " refused: " : "", event->error);
        fail(e, event->status ? EXIT_REFUSED : status_of(event->err), what, event->reason);
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
    if (o->wait) uv_timer_start(&e.limit, on_limit, (uint64_t)o->wait * 1000, 0);
    begin(&e);
    uv_run(&e.loop, UV_RUN_DEFAULT);
    device_free(e.device);
    uv_loop_close(&e.loop);
    hints_clear(&e.hints);
    scope_free(e.scope);
    return e.status;
}
