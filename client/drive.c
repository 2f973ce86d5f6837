#include "client/drive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/device.h"
#include "common/ace/hints.h"
#include "common/ace/topic.h"
#include "common/codec/text.h"
#include "common/net/control.h"
#include "common/net/tap.h"

/* A verb is answered when its outcome is known; one is under way at a time. */
struct drive {
    const struct client_config *config;
    uv_loop_t loop;
    struct device *device;
    struct control *control;
    int64_t id; /* of the verb under way; 0: none */
    enum {
        WAIT_NONE,
        WAIT_TOKEN,
        WAIT_CONNACK,
        WAIT_PUBLISHED,
        WAIT_SUBSCRIBED,
        WAIT_UNSUBSCRIBED,
        WAIT_REAUTH,
        WAIT_PONG,
        WAIT_CLOSED,
        WAIT_REVOKED
    } wait;
    const struct doc *step; /* while a verb begins */
    bool over;
};

/* --- answering --- */

static void answer_ok(struct drive *v, struct doc *fields)
{
    int64_t id = v->id;

    v->wait = WAIT_NONE;
    v->id = 0;
    if (v->control && control_ok(v->control, id, fields) == OK) return;
    if (!v->control) doc_free(fields);
}

static void answer_error(struct drive *v, const char *error)
{
    int64_t id = v->id;

    v->wait = WAIT_NONE;
    v->id = 0;
    if (v->control && control_error(v->control, id, error) != OK) v->over = true;
}

/* A verb whose outcome the AS decides goes on when the connection does not. */
static bool needs_broker(const struct drive *v)
{
    return v->id && v->wait != WAIT_TOKEN && v->wait != WAIT_REVOKED;
}

/* Refusals carry their reason code: {"ok":false,"error":"refused: Not authorized (0x87)"}. */
static void answer_reason(struct drive *v, const char *what, uint8_t reason)
{
    char text[120];

    snprintf(text, sizeof text, "%s: %s (0x%02x)", what, reason_name(reason), reason);
    answer_error(v, text);
}

static struct doc *event(const char *name)
{
    struct doc *d = doc_new_map();

    doc_put(d, "event", doc_new_str(name));
    return d;
}

static void say(struct drive *v, struct doc *what)
{
    if (!v->control) {
        doc_free(what);
    } else if (control_say(v->control, what) != OK) {
        v->over = true;
    }
}

/* --- arguments: text or number, as runners like it --- */

static bool arg_text(const struct drive *v, const char *name, struct span *out)
{
    return doc_text(doc_get(v->step, name), out);
}

static bool arg_is(const struct drive *v, const char *name, const char *word)
{
    struct span text;

    return arg_text(v, name, &text) && span_is(text, word);
}

/* false and *wrong when it is there and no number. */
static bool arg_number(const struct drive *v, const char *name, int64_t *out)
{
    const struct doc *d = doc_get(v->step, name);
    struct span text;
    char digits[24], *end;
    bool truth;

    if (doc_int(d, out)) return true;
    if (doc_bool(d, &truth)) return *out = truth, true;
    if (!doc_text(d, &text) || text.n == 0 || text.n >= sizeof digits) return false;
    memcpy(digits, text.p, text.n);
    digits[text.n] = 0;
    errno = 0;
    *out = strtoll(digits, &end, 0);
    return *end == 0 && errno == 0;
}

static int64_t arg_or(const struct drive *v, const char *name, int64_t fallback)
{
    int64_t n = fallback;

    return arg_number(v, name, &n) ? n : fallback;
}

/* A scope as words, AIF, or one entry ["a/#",["pub"]] or a flat run of them. */
static enum err arg_scope(const struct drive *v, struct scope **out, struct fault *why)
{
    const struct doc *d = doc_get(v->step, "scope");
    struct span text;
    struct doc *parsed = NULL, *aif = doc_new_array();
    enum err e = OK;

    if (!d) return doc_free(aif), OK;
    if (doc_text(d, &text)) {
        if (text.n && text.p[0] != '[') return doc_free(aif), scope_from_words(text, out, why);
        e = doc_read_json(text, &doc_limits_wire, &parsed, why);
        d = parsed;
    }
    for (size_t i = 0; e == OK && i < doc_count(d);) {
        const struct doc *entry = doc_at(d, i);
        if (doc_kind(entry) == DOC_TEXT) { /* flat: filter, permissions, filter, permissions */
            struct doc *pair = doc_new_array();
            doc_add(pair, doc_copy(entry));
            if (doc_at(d, i + 1)) doc_add(pair, doc_copy(doc_at(d, i + 1)));
            doc_add(aif, pair);
            i += 2;
        } else {
            doc_add(aif, doc_copy(entry));
            i++;
        }
    }
    if (e == OK) e = scope_from_doc(aif, out, why);
    doc_free(aif);
    doc_free(parsed);
    return e;
}

/* --- verbs --- */

typedef enum err verb_begin(struct drive *v, struct fault *why);

static bool choose(const struct drive *v, const char *name, const char *const *words, int *out)
{
    struct span text;

    if (!arg_text(v, name, &text)) return true;
    for (int i = 0; words[i]; i++) {
        if (span_is(text, words[i])) return *out = i, true;
    }
    return false;
}

static enum err unsupported(struct fault *why, const char *name)
{
    fault_set(why, 0, "unsupported: value of %s", name);
    return ERR_PROTOCOL;
}

static enum err get_token(struct drive *v, struct fault *why)
{
    static const char *const pops[] = { "hs256", "ed25519", "es256", NULL }, *const media[] = {
        "ace+json", "cbor", "json", "form", NULL
    };
    struct device_token_want want = { .pop_key = v->config->pop_key };
    struct buf cnonce = { 0 };
    int m = MEDIA_ACE_JSON;

    if (!choose(v, "pop", pops, &want.pop_key)) return unsupported(why, "pop");
    if (!choose(v, "enc", media, &m)) return unsupported(why, "enc");
    if (arg_is(v, "enc", "json")) m = MEDIA_ACE_JSON; /* the axis enc=json means application/ace+json */
    want.media = (enum media)m;
    arg_text(v, "as", &want.url);
    arg_text(v, "audience", &want.audience);
    if (arg_text(v, "cnonce", &want.cnonce)) { /* [R-JWT-16] base64url, as hints have it */
        if (b64url_decode(want.cnonce, &cnonce) != OK) return unsupported(why, "cnonce");
        want.cnonce = buf_span(&cnonce);
    }
    arg_text(v, "kid", &want.kid);
    enum err e = arg_scope(v, &want.scope, why);
    if (e == OK) e = device_get_token(v->device, &want, why);
    scope_free(want.scope);
    buf_clear(&cnonce);
    v->wait = WAIT_TOKEN;
    return e;
}

static enum err choose_pop(const struct drive *v, enum dialog_pop *pop, struct fault *why)
{
    static const char *const forms[] = { "exporter", "challenge", NULL }, *const mqtt[] = { "ace", "none",
                                                                                            NULL };
    int form = v->config->pop, method = 0;

    if (!choose(v, "pop", forms, &form)) return unsupported(why, "pop");
    if (!choose(v, "mqtt", mqtt, &method)) return unsupported(why, "mqtt");
    *pop = form == POP_FORM_CHALLENGE ? DIALOG_POP_CHALLENGE : DIALOG_POP_EXPORTER;
    if (arg_is(v, "token", "none") || arg_is(v, "token", "stored")) *pop = DIALOG_POP_STORED;
    if (method == 1) *pop = DIALOG_POP_NONE;
    return OK;
}

static void fill_props(const struct drive *v, struct mqtt_props *props, struct mqtt_props *will_props)
{
    static const struct {
        const char *name;
        enum mqtt_prop id;
    } rows[] = { { "session_expiry", PROP_SESSION_EXPIRY },
                 { "receive_max", PROP_RECEIVE_MAXIMUM },
                 { "max_packet", PROP_MAXIMUM_PACKET } };

    int64_t n;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (arg_number(v, rows[i].name, &n)) props_set_number(props, rows[i].id, (uint32_t)n);
    }
    if (arg_number(v, "will_delay", &n)) props_set_number(will_props, PROP_WILL_DELAY, (uint32_t)n);
}

static enum err connect_broker(struct drive *v, struct fault *why)
{
    struct mqtt_props props = { 0 }, will_props = { 0 };
    struct mqtt_will will = { .present = true };
    struct device_connect_want want = { 0 };
    static const char *const ways[] = { "anon", "rpk", "psk", NULL }, *const identities[] = { "token", "cbor",
                                                                                              "json", NULL };
    struct span id = span_str(v->config->client_id ? v->config->client_id : "");
    int64_t version = arg_or(v, "version", v->config->version == MQTT_CHOICE_5 ? 5 : 4);
    enum dialog_pop pop;
    int tls = 0, identity = 0;

    TRY(choose_pop(v, &pop, why));
    arg_text(v, "client_id", &id);
    if (!choose(v, "tls", ways, &tls)) return unsupported(why, "tls");
    if (!choose(v, "identity", identities, &identity)) return unsupported(why, "identity");
    want.tls = (enum device_tls)tls; /* the words stand in the order of their enums */
    want.identity = (enum device_identity)identity;
    if (want.tls != DEVICE_TLS_ANON && !arg_is(v, "mqtt", "ace")) pop = DIALOG_POP_NONE; /* [R-TLS-08] */
    if (version != 4 && version != 5) return unsupported(why, "version");
    fill_props(v, &props, &will_props);
    want.use_token = pop == DIALOG_POP_EXPORTER || pop == DIALOG_POP_CHALLENGE;
    want.mqtt = (struct dialog_connect){
        .version = (enum mqtt_version)version,
        .client_id = id,
        .clean_start = arg_or(v, "clean_start", 1) != 0,
        .keep_alive = (uint16_t)arg_or(v, "keep_alive", v->config->keep_alive),
        .props = &props,
        .will_props = &will_props,
        .pop = pop,
    };
    if (arg_text(v, "will_topic", &will.topic)) {
        arg_text(v, "will_payload", &will.payload);
        will.qos = (uint8_t)arg_or(v, "will_qos", 0);
        will.retain = arg_or(v, "will_retain", 0) != 0;
        want.mqtt.will = &will;
    }
    TRY(device_connect(v->device, &want, why));
    v->wait = WAIT_CONNACK;
    return OK;
}

static enum err need_dialog(const struct drive *v, struct dialog **out, struct fault *why)
{
    *out = device_dialog(v->device);
    if (*out && dialog_ready(*out)) return OK;
    fault_set(why, 0, "not connected");
    return ERR_PROTOCOL;
}

static void first_text(const struct drive *v, const char *name, struct span *out)
{
    const struct doc *args = doc_get(v->step, "args");

    if (!arg_text(v, name, out)) doc_text(doc_at(args, 0), out);
}

static enum err send_message(struct drive *v, struct dialog *d, struct dialog_message *m)
{
    uint16_t id;

    m->retain = arg_or(v, "retain", 0) != 0;
    v->wait = m->qos ? WAIT_PUBLISHED : WAIT_NONE;
    enum err e = dialog_publish(d, m, &id);
    device_flush(v->device);
    if (e == OK && m->qos == 0) answer_ok(v, NULL);
    return e;
}

static enum err publish(struct drive *v, struct fault *why)
{
    struct dialog_message m = { .topic = SPAN(""), .payload = SPAN("") };
    struct dialog *d;

    TRY(need_dialog(v, &d, why));
    first_text(v, "topic", &m.topic);
    if (!arg_text(v, "payload", &m.payload)) doc_text(doc_at(doc_get(v->step, "args"), 1), &m.payload);
    m.qos = (uint8_t)arg_or(v, "qos", 0);
    return send_message(v, d, &m);
}

/* [R-RPK-01] The token held, to authz-info. */
static enum err publish_token(struct drive *v, struct fault *why)
{
    const struct holding *h = device_holding(v->device);
    struct dialog_message m = { .topic = SPAN(AUTHZ_INFO) };
    struct dialog *d;

    TRY(need_dialog(v, &d, why));
    if (!h) {
        fault_set(why, 0, "no token: get one first");
        return ERR_PROTOCOL;
    }
    m.payload = buf_span(&h->token);
    m.qos = (uint8_t)arg_or(v, "qos", 1);
    return send_message(v, d, &m);
}

/* "filters" or "args": an array of texts; or "filter". */
static size_t read_filters(const struct drive *v, struct mqtt_filter *out)
{
    const struct doc *list = doc_get(v->step, "filters");
    size_t n = 0;

    if (!list) list = doc_get(v->step, "args");
    for (; n < doc_count(list) && n < MQTT_MAX_FILTERS && doc_text(doc_at(list, n), &out[n].filter); n++) {
        out[n].qos = (uint8_t)arg_or(v, "qos", 0);
        out[n].no_local = arg_or(v, "no_local", 0) != 0;
        out[n].retain_handling = (uint8_t)arg_or(v, "retain_handling", 0);
    }
    if (n == 0 && arg_text(v, "filter", &out[0].filter)) n = 1;
    return n;
}

static enum err subscribe(struct drive *v, struct fault *why)
{
    struct mqtt_filter *filters = calloc(MQTT_MAX_FILTERS, sizeof *filters);
    struct dialog *d;
    uint16_t id;
    bool adds = arg_is(v, "do", "subscribe");

    enum err e = filters ? need_dialog(v, &d, why) : ERR_NO_MEMORY;
    if (e == OK) {
        size_t n = read_filters(v, filters);
        e = adds ? dialog_subscribe(d, filters, n, &id) : dialog_unsubscribe(d, filters, n, &id);
        device_flush(v->device);
    }
    free(filters);
    v->wait = adds ? WAIT_SUBSCRIBED : WAIT_UNSUBSCRIBED;
    return e;
}

static enum err reauth(struct drive *v, struct fault *why)
{
    const struct holding *h = device_holding(v->device);
    struct dialog *d;

    TRY(need_dialog(v, &d, why));
    if (!h) {
        fault_set(why, 0, "no token");
        return ERR_PROTOCOL;
    }
    v->wait = WAIT_REAUTH;
    enum err e = dialog_reauthenticate(d, buf_span(&h->token), h->key);
    device_flush(v->device);
    return e;
}

static enum err ping(struct drive *v, struct fault *why)
{
    struct dialog *d;

    TRY(need_dialog(v, &d, why));
    v->wait = WAIT_PONG;
    enum err e = dialog_ping(d);
    device_flush(v->device);
    return e;
}

static enum err disconnect(struct drive *v, struct fault *why)
{
    (void)why;
    if (!device_dialog(v->device)) return answer_ok(v, NULL), OK;
    v->wait = WAIT_CLOSED;
    device_disconnect(v->device, (uint8_t)arg_or(v, "reason", 0));
    return OK;
}

static enum err drop(struct drive *v, struct fault *why)
{
    (void)why;
    if (!device_dialog(v->device)) return answer_ok(v, NULL), OK;
    v->wait = WAIT_CLOSED;
    device_drop(v->device);
    return OK;
}

static enum err forget(struct drive *v, struct fault *why)
{
    (void)why;
    device_forget(v->device);
    answer_ok(v, NULL);
    return OK;
}

static enum err revoke_token(struct drive *v, struct fault *why)
{
    v->wait = WAIT_REVOKED;
    return device_revoke(v->device, why);
}

static enum err clock_step(struct drive *v, struct fault *why)
{
    (void)why;
    device_clock(v->device, arg_or(v, "offset", 0));
    answer_ok(v, NULL);
    return OK;
}

static enum err tap(struct drive *v, struct fault *why)
{
    (void)why;
    tap_start(STDOUT_FILENO);
    answer_ok(v, NULL);
    return OK;
}

static void shut(struct drive *v)
{
    v->over = true;
    if (v->control) control_close(v->control);
    v->control = NULL;
    device_close(v->device);
}

static const struct {
    const char *name;
    verb_begin *begin;
} verbs[] = {
    { "get-token", get_token },   { "connect", connect_broker },
    { "publish", publish },       { "publish-token", publish_token },
    { "subscribe", subscribe },   { "unsubscribe", subscribe },
    { "reauth", reauth },         { "ping", ping },
    { "disconnect", disconnect }, { "drop", drop },
    { "forget", forget },         { "revoke", revoke_token },
    { "clock", clock_step },      { "tap", tap },
};

/* Also while a verb waits for its outcome: whoever drives us may be done with it. */
static bool arg_is_stop(const struct doc *step)
{
    struct span verb;

    return doc_text(doc_get(step, "do"), &verb) && span_is(verb, "stop");
}

static void shut_after(struct drive *v)
{
    answer_ok(v, NULL);
    shut(v);
}

static void on_step(void *self, int64_t id, const struct doc *step)
{
    struct drive *v = self;
    struct fault why = { 0 };
    struct span verb = { 0 };
    enum err e = ERR_NOT_FOUND;

    if (arg_is_stop(step)) {
        v->id = id;
        shut_after(v);
        return;
    }
    if (v->id) {
        if (control_error(v->control, id, "another step is under way") != OK) v->over = true;
        return;
    }
    v->id = id ? id : -1;
    v->step = step;
    v->wait = WAIT_NONE;
    doc_text(doc_get(step, "do"), &verb);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (span_is(verb, verbs[i].name)) e = verbs[i].begin(v, &why);
    }
    if (e == ERR_NOT_FOUND)
        fault_set(&why, 0, "unsupported: do \"%.*s\"", (int)(verb.n > 40 ? 40 : verb.n),
                  (const char *)verb.p);
    if (e != OK) answer_error(v, why.why[0] ? why.why : err_wire(e)->words);
    v->step = NULL;
}

/* --- what happens --- */

static void on_token(struct drive *v, const struct holding *h)
{
    struct doc *d = doc_new_map();
    struct buf words = { 0 };

    if (h->scope && scope_to_words(h->scope, &words) == OK)
        doc_put(d, "scope", doc_new_text(buf_span(&words)));
    doc_put(d, "ends", doc_new_int(h->ends));
    buf_clear(&words);
    answer_ok(v, d);
}

static void on_refused(struct drive *v, const struct dialog_event *e)
{
    struct hints h = { 0 };
    struct doc *d = event("refused");

    doc_put(d, "reason", doc_new_int(e->reason));
    if (e->hint.n && hints_read(buf_span(&e->hint), &h, NULL) == OK)
        doc_put(d, "as", doc_new_text(buf_span(&h.as)));
    hints_clear(&h);
    say(v, d);
    if (v->wait == WAIT_CONNACK) answer_reason(v, "refused", e->reason);
}

static void on_message(struct drive *v, const struct dialog_event *e)
{
    struct doc *d = event("message");

    doc_put(d, "topic", doc_new_text(buf_span(&e->topic)));
    doc_put(d, "payload", doc_new_text(buf_span(&e->payload)));
    doc_put(d, "qos", doc_new_int(e->qos));
    doc_put(d, "retain", doc_new_bool(e->retain));
    say(v, d);
}

static void on_codes(struct drive *v, const struct dialog_event *e)
{
    struct doc *d = doc_new_map(), *codes = doc_new_array();

    for (size_t i = 0; i < e->code_count; i++) doc_add(codes, doc_new_int(e->codes[i]));
    doc_put(d, "codes", codes);
    answer_ok(v, d);
}

static struct doc *with_reason(struct doc *d, uint8_t reason)
{
    doc_put(d, "reason", doc_new_int(reason));
    return d;
}

static void on_dialog(struct drive *v, const struct dialog_event *e)
{
    switch (e->what) {
    case DIALOG_CONNECTED:
        answer_ok(v, NULL);
        break;
    case DIALOG_REFUSED:
        on_refused(v, e);
        break;
    case DIALOG_PUBLISHED:
        if (e->reason >= 0x80)
            answer_reason(v, "refused", e->reason);
        else
            answer_ok(v, with_reason(doc_new_map(), e->reason));
        break;
    case DIALOG_SUBSCRIBED:
    case DIALOG_UNSUBSCRIBED:
        on_codes(v, e);
        break;
    case DIALOG_MESSAGE:
        on_message(v, e);
        break;
    case DIALOG_REAUTHENTICATED:
        if (v->wait == WAIT_REAUTH) answer_ok(v, NULL);
        break;
    case DIALOG_PONG:
        if (v->wait == WAIT_PONG) answer_ok(v, NULL);
        break;
    case DIALOG_DISCONNECTED:
        say(v, with_reason(event("disconnected"), e->reason));
        if (needs_broker(v)) answer_reason(v, "disconnected", e->reason);
        break;
    case DIALOG_BROKEN:
        if (needs_broker(v)) answer_error(v, e->why);
        break;
    }
}

static void on_closed(struct drive *v, const struct device_event *e)
{
    struct doc *d = event("closed");

    if (v->over) {
        doc_free(d);
        return;
    }
    doc_put(d, "reason", doc_new_str(e->reason ? e->reason : ""));
    say(v, d);
    if (v->wait == WAIT_CLOSED)
        answer_ok(v, NULL);
    else if (needs_broker(v) && v->wait != WAIT_NONE)
        answer_error(v, e->reason && *e->reason ? e->reason : "the broker closed the connection");
}

static void on_token_refused(struct drive *v, const struct device_event *e)
{
    char text[320];

    snprintf(text, sizeof text, "refused: %s%s%s", e->error, *e->error ? ": " : "", e->reason);
    answer_error(v, text);
}

static void on_revoked(struct drive *v, const struct device_event *e)
{
    if (e->err == OK)
        answer_ok(v, NULL);
    else
        answer_error(v, e->reason);
}

static void on_event(void *self, const struct device_event *e)
{
    struct drive *v = self;

    switch (e->what) {
    case DEVICE_TOKEN:
        on_token(v, e->holding);
        break;
    case DEVICE_TOKEN_REFUSED:
        on_token_refused(v, e);
        break;
    case DEVICE_REVOKED:
        on_revoked(v, e);
        break;
    case DEVICE_SECURED:
        break;
    case DEVICE_DIALOG:
        on_dialog(v, e->dialog);
        break;
    case DEVICE_CLOSED:
        on_closed(v, e);
        break;
    }
}

static void on_ended(void *self)
{
    shut(self);
}

static enum err say_ready(void)
{
    static const char *const features[] = { "exporter", "challenge", "psk",     "rpk",   "authz-info",
                                            "hs256",    "ed25519",   "es256",   "jwt",   "cbor",
                                            "form",     "discovery", "mqtt311", "tls12", "reauth",
                                            "session",  "will",      "retain",  "clock" };
    struct doc *d = doc_new_map(), *list = doc_new_array();

    for (size_t i = 0; i < sizeof features / sizeof *features; i++) doc_add(list, doc_new_str(features[i]));
    doc_put(d, "role", doc_new_str("client"));
    doc_put(d, "version", doc_new_int(1));
    doc_put(d, "features", list);
    return control_ready(STDOUT_FILENO, d);
}

int drive_run(const struct client_config *config)
{
    struct drive v = { .config = config };
    struct device_owner owner = { &v, on_event };
    struct control_owner ears = { &v, on_step, on_ended };
    struct control_ends ends = { STDIN_FILENO, STDOUT_FILENO };
    int status = 1;

    uv_loop_init(&v.loop);
    v.device = device_new(&v.loop, config, &owner);
    if (v.device && control_open(&v.loop, &ends, &ears, &v.control) == OK && say_ready() == OK) {
        uv_run(&v.loop, UV_RUN_DEFAULT);
        status = 0;
    } else {
        fputs("ace-client: standard input cannot be read, or no memory\n", stderr);
        if (v.device) shut(&v);
        uv_run(&v.loop, UV_RUN_DEFAULT);
    }
    device_free(v.device);
    uv_loop_close(&v.loop);
    return status;
}
