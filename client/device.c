#include "client/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client/trust.h"
#include "common/ace/introspection.h"
#include "common/ace/psk_identity.h"
#include "common/base/secret_file.h"
#include "common/codec/text.h"
#include "common/net/http_client.h"

enum { TICK_MS = 500 };

struct device {
    const struct client_config *config;
    struct device_owner owner;
    uv_loop_t *loop;
    uv_timer_t tick;
    struct http_client *http;
    FILE *keylog;
    int64_t clock_offset;
    /* token */
    bool asking;
    struct device_token_want want; /* audience and cnonce point into the two buffers below */
    struct buf want_audience, want_kid;
    struct key *want_reuse;
    enum media media;
    bool has_holding;
    struct holding holding;
    struct buf response; /* the AS's answer, for device_save_token() */
    /* connection */
    struct link *link;
    struct dialog *dialog;
    struct dialog *last;                /* of the connection before: its session may go on; NULL: none */
    struct device_connect_want connect; /* spans point into the buffers below */
    struct buf client_id, will_topic, will_payload;
    struct mqtt_will will;
    struct mqtt_props props, will_props;
};

int64_t device_now(const struct device *d)
{
    return (int64_t)time(NULL) + d->clock_offset;
}

static int64_t monotonic_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

static void tell(struct device *d, const struct device_event *e)
{
    d->owner.happened(d->owner.self, e);
}

static void on_keylog(void *self, const char *line)
{
    struct device *d = self;

    fprintf(d->keylog, "%s\n", line);
    fflush(d->keylog);
}

static struct tls_protocol protocol(struct device *d, const char *alpn)
{
    static const int versions[] = {
        [TLS_CHOICE_ANY] = 0, [TLS_CHOICE_12] = TLS_1_2, [TLS_CHOICE_13] = TLS_1_3
    };
    int version = versions[d->config->tls];
    struct tls_protocol p = { .min_version = version ? version : TLS_1_2,
                              .max_version = version,
                              .alpn = { alpn } };

    if (d->keylog) p.keylog = (struct tls_keylog){ d, on_keylog };
    return p;
}

/* --- tokens --- */

static void token_failed(struct device *d, enum err err, const char *reason)
{
    tell(d,
         &(struct device_event){ .what = DEVICE_TOKEN_REFUSED, .err = err, .reason = reason, .error = "" });
}

static struct holding_want asked(const struct device *d)
{
    return (struct holding_want){
        .audience = buf_span(&d->want_audience),
        .scope = d->want.scope,
        .own_key = client_config_key(d->config, (enum pop_key)d->want.pop_key),
        .reuse_key = d->want_reuse,
        .reuse_kid = buf_span(&d->want_kid),
        .compat_draft02 = d->config->compat_draft02,
        .default_lifetime = d->config->default_lifetime,
    };
}

/* Draft -02 has words for a scope. */
static enum scope_spelling spelling_of(const struct device *d)
{
    return d->config->compat_draft02 ? SCOPE_LENIENT | SCOPE_DRAFT02 : SCOPE_LENIENT;
}

static enum err take_response(struct device *d, struct span body, enum media m, struct fault *why)
{
    struct token_response r = { 0 };
    struct holding fresh = { 0 };
    struct holding_want want = asked(d);
    enum err e = token_response_read(body, m, spelling_of(d), &r, why);

    if (e == OK) e = holding_make(&want, &r, device_now(d), &fresh, why);
    token_response_clear(&r);
    if (e != OK) {
        holding_clear(&fresh);
        return e;
    }
    if (d->has_holding) holding_clear(&d->holding);
    d->holding = fresh;
    d->has_holding = true;
    return OK;
}

static void refused_by_as(struct device *d, const struct http_response *r, enum device_happening what)
{
    struct error_response e = { 0 };
    bool readable = error_read(buf_span(&r->body), d->media, &e) == OK;
    struct device_event event = { .what = what, .err = ERR_NOT_AUTHORIZED, .status = r->status };

    event.error = readable ? buf_cstr(&e.error) : "";
    event.reason = readable && e.description.n ? buf_cstr(&e.description) : http_status_words(r->status);
    tell(d, &event);
    error_response_clear(&e);
}

static void on_answer(void *self, enum err err, const struct http_response *r, const char *reason)
{
    struct device *d = self;
    struct fault why = { 0 };

    d->asking = false;
    if (err != OK) {
        token_failed(d, err, reason);
    } else if (r->status / 100 != 2) { /* */
        refused_by_as(d, r, DEVICE_TOKEN_REFUSED);
    } else if ((err = take_response(d, buf_span(&r->body), d->media, &why)) != OK) {
        token_failed(d, err, why.why);
    } else {
        buf_truncate(&d->response, 0);
        if (media_notation(d->media) == NOTATION_JSON) buf_add(&d->response, buf_span(&r->body));
        tell(d, &(struct device_event){ .what = DEVICE_TOKEN, .status = r->status, .holding = &d->holding });
    }
}

/* RFC 7009 2.2 */
static void on_revoked(void *self, enum err err, const struct http_response *r, const char *reason)
{
    enum { DONE = 200 };
    struct device *d = self;
    struct device_event e = { .what = DEVICE_REVOKED, .err = err, .reason = reason, .error = "" };

    d->asking = false;
    if (r) e.status = r->status;
    if (r && r->status != DONE)
        refused_by_as(d, r, DEVICE_REVOKED);
    else
        tell(d, &e);
}

typedef void answered(void *self, enum err err, const struct http_response *r, const char *reason);

static enum err post(struct device *d, const struct http_call *what, answered *done)
{
    struct http_headers headers = { 0 };
    struct http_call call = *what;
    struct http_answer answer = { d, done };

    call.method = "POST";
    call.headers = &headers;

    http_header_add(&headers, "Content-Type", span_str(media_name(d->media))); /* [R-TOK-03] */
    http_header_add(&headers, "Accept", span_str(media_name(media_answer(d->media))));
    if (d->config->password.n)
        http_header_login(&headers, span_str(d->config->id ? d->config->id : ""),
                          secret_span(&d->config->password));
    enum err e = buf_failed(&headers.text) ? ERR_NO_MEMORY : http_client_send(d->http, &call, &answer, NULL);
    buf_clear(&headers.text);
    return e;
}

/* The key that logs us in, or that the request names: shown in TLS it proves that we hold it [R-TOK-23]. */
static const struct key_object *shown_key(const struct device *d)
{
    const struct key_object *own = client_config_key(d->config, (enum pop_key)d->want.pop_key);

    if (own) return own;
    return d->config->password.n == 0 && d->config->key_count ? &d->config->keys[0] : NULL;
}

static enum err ask(struct device *d, const struct http_url *url, struct fault *why)
{
    struct holding_want want = asked(d);
    struct buf body = { 0 };
    struct tls_config *tls = NULL;
    const struct key_object *shown = shown_key(d);

    want.cnonce = d->want.cnonce;
    enum err e = trust_as(d->config, shown ? shown->key : NULL, protocol(d, NULL), &tls, why);
    if (e == OK) {
        e = holding_ask(&want, d->media, &body);
        if (e == OK)
            e = post(d, &(struct http_call){ .url = url, .body = buf_span(&body), .tls = tls }, on_answer);
        if (e != OK) fault_set(why, 0, "%s", err_wire(e)->words);
    }
    tls_config_free(tls);
    buf_clear(&body);
    return e;
}

/* [R-TOK-47] With a session that the key opened, its kid is named, lest the AS make another key. */
static struct span kid_wanted(const struct device *d, const struct device_token_want *want)
{
    bool live = d->dialog && d->link && d->connect.tls != DEVICE_TLS_ANON;
    bool same =
        live && d->has_holding && want->pop_key == POP_KEY_HS256 && key_type(d->holding.key) == KEY_OCT;

    return want->kid.n || !same ? want->kid : buf_span(&d->holding.kid);
}

/* What is asked stays as it is until the answer: copies. */
static enum err remember_want(struct device *d, const struct device_token_want *want)
{
    const struct client_config *c = d->config;

    buf_truncate(&d->want_audience, 0);
    buf_truncate(&d->want_kid, 0);
    scope_free(d->want.scope);
    key_free(d->want_reuse);
    buf_add(&d->want_kid, kid_wanted(d, want));
    d->want_reuse = d->want_kid.n && d->has_holding ? key_ref(d->holding.key) : NULL;
    d->want = *want;
    d->media = want->media;
    struct scope *scope = want->scope ? want->scope : c->scope;
    d->want.scope = scope ? scope_ref(scope) : NULL;
    buf_add(&d->want_audience, want->audience.n ? want->audience : span_str(c->audience ? c->audience : ""));
    return buf_failed(&d->want_audience) || buf_failed(&d->want_kid) ? ERR_NO_MEMORY : OK;
}

/* [R-ASC-01] a secret goes there, so never in clear */
static enum err read_url(struct span text, struct http_url *out, struct fault *why)
{
    TRY(http_url_read(text, out, why));
    if (out->tls) return OK;
    fault_set(why, 0, "%.*s: must be an https:// URL", (int)(text.n > 100 ? 100 : text.n),
              (const char *)text.p);
    return ERR_MALFORMED;
}

enum err device_get_token(struct device *d, const struct device_token_want *want, struct fault *why)
{
    struct span text = want->url.n ? want->url : span_str(d->config->as_url ? d->config->as_url : "");
    struct http_url url;

    if (d->asking) {
        fault_set(why, 0, "a token request is under way");
        return ERR_PROTOCOL;
    }
    if (!client_config_allows(d->config, text)) { /* [R-ASC-08] T14 */
        fault_set(why, 0, "%.*s is not an authorization server we trust: see as.url and as.allow",
                  (int)(text.n > 90 ? 90 : text.n), (const char *)text.p);
        return ERR_NOT_AUTHORIZED;
    }
    TRY(read_url(text, &url, why));
    TRY(remember_want(d, want));
    if (want->pop_key != POP_KEY_HS256 && !client_config_key(d->config, (enum pop_key)want->pop_key)) {
        fault_set(why, 0, "no private key of this type: give one with client.keys or --key");
        return ERR_PROTOCOL;
    }
    TRY(ask(d, &url, why));
    d->asking = true;
    return OK;
}

/* What the settings say, or "revoke" beside the token endpoint. */
static enum err revocation_url(const struct device *d, struct http_url *out, struct fault *why)
{
    const struct client_config *c = d->config;
    const char *end = c->as_url ? strrchr(c->as_url, '/') : NULL;
    struct buf text = { 0 };

    if (c->as_revoke_url) {
        buf_str(&text, c->as_revoke_url);
    } else if (end) {
        buf_add(&text, span(c->as_url, (size_t)(end - c->as_url)));
        buf_str(&text, "/revoke");
    }
    enum err e = buf_failed(&text) ? ERR_NO_MEMORY : read_url(buf_span(&text), out, why);
    buf_clear(&text);
    return e;
}

enum err device_revoke(struct device *d, struct fault *why)
{
    const struct introspection_request request = { .token = d->holding.token };
    const struct key_object *shown = shown_key(d);
    struct tls_config *tls = NULL;
    struct http_url url;
    struct buf body = { 0 };

    if (d->asking || !d->has_holding) {
        fault_set(why, 0, d->asking ? "a request is under way" : "no token is held");
        return ERR_PROTOCOL;
    }
    TRY(revocation_url(d, &url, why));
    d->media = d->want.media;
    TRY(trust_as(d->config, shown ? shown->key : NULL, protocol(d, NULL), &tls, why));
    enum err e = introspection_request_write(&request, d->media, &body);
    if (e == OK)
        e = post(d, &(struct http_call){ .url = &url, .body = buf_span(&body), .tls = tls }, on_revoked);
    d->asking = e == OK;
    tls_config_free(tls);
    buf_clear(&body);
    return e;
}

const struct holding *device_holding(const struct device *d)
{
    return d->has_holding ? &d->holding : NULL;
}

void device_forget(struct device *d)
{
    if (d->has_holding) holding_clear(&d->holding);
    d->has_holding = false;
}

/* The file is {"as":"response","audience":..., "received":seconds, "response":{...}}. */
enum err device_save_token(const struct device *d, struct buf *file)
{
    struct doc *root = doc_new_map(), *response = NULL;
    struct fault why;
    enum err e = doc_read_json(buf_span(&d->response), &doc_limits_wire, &response, &why);

    doc_put(root, "audience", doc_new_text(buf_span(&d->holding.audience)));
    doc_put(root, "ends", doc_new_int(d->holding.ends));
    doc_put(root, "response", response);
    if (e == OK) e = doc_write_json_pretty(root, file);
    buf_u8(file, '\n');
    doc_free(root);
    return e;
}

enum err device_load_token(struct device *d, struct span file, struct fault *why)
{
    struct doc *root = NULL;
    struct buf body = { 0 };
    struct span audience = { NULL, 0 };
    int64_t ends = 0;
    enum err e = doc_read_json(file, &doc_limits_wire, &root, why);

    if (e != OK) return e;
    doc_text(doc_get(root, "audience"), &audience);
    buf_truncate(&d->want_audience, 0);
    buf_add(&d->want_audience, audience);
    d->want.pop_key = d->config->pop_key;
    if (!doc_int(doc_get(root, "ends"), &ends) || doc_write_json(doc_get(root, "response"), &body) != OK) {
        fault_set(why, 0, "not a file written by ace-client token --out");
        e = ERR_MALFORMED;
    }
    if (e == OK) e = take_response(d, buf_span(&body), MEDIA_ACE_JSON, why);
    if (e == OK) d->holding.ends = ends;
    buf_clear(&body);
    doc_free(root);
    return e;
}

/* --- the connection --- */

void device_flush(struct device *d)
{
    if (!d->dialog || !d->link) return;
    struct span out = dialog_output(d->dialog);
    if (out.n && link_write(d->link, out) != OK) link_abort(d->link);
    dialog_sent(d->dialog);
}

static bool is_end(enum dialog_happening what)
{
    return what == DIALOG_REFUSED || what == DIALOG_DISCONNECTED || what == DIALOG_BROKEN;
}

static void drain(struct device *d)
{
    struct dialog_event e;

    device_flush(d);
    while (d->dialog && dialog_event(d->dialog, &e)) {
        tell(d, &(struct device_event){ .what = DEVICE_DIALOG, .dialog = &e });
        if (is_end(e.what) && d->link) link_close(d->link);
        dialog_event_clear(&e);
    }
    device_flush(d);
}

static void ignore_opened(void *self, struct link *l, const struct tls_facts *facts)
{
    (void)self, (void)l, (void)facts;
}

static void ignore_input(void *self, struct link *l, struct span plaintext)
{
    (void)self, (void)l, (void)plaintext;
}

static void keep_last(struct device *d)
{
    dialog_free(d->last);
    d->last = d->dialog;
    d->dialog = NULL;
}

/* The link goes on to its end without us. */
static void leave_link(struct device *d)
{
    if (d->link) link_adopt(d->link, &(struct link_owner){ .opened = ignore_opened, .input = ignore_input });
    d->link = NULL;
    keep_last(d);
}

static void on_opened(void *self, struct link *l, const struct tls_facts *facts)
{
    struct device *d = self;
    struct dialog_connect *how = &d->connect.mqtt;

    tell(d, &(struct device_event){ .what = DEVICE_SECURED });
    if (d->connect.use_token) {
        how->token = buf_span(&d->holding.token);
        how->key = d->holding.key;
    } else if (d->has_holding) {
        how->key = d->holding.key; /* DIALOG_POP_STORED: the broker holds the token, we the key */
    }
    how->facts = facts;
    how->compat_draft02 = d->config->compat_draft02;
    enum err e = dialog_connect(d->dialog, how);
    if (e == OK) {
        drain(d);
        return;
    }
    leave_link(d);
    link_abort(l);
    tell(d, &(struct device_event){
                .what = DEVICE_CLOSED,
                .err = e,
                .reason = "CONNECT cannot be made: no exporter proof in this TLS connection, or too large" });
}

static void on_input(void *self, struct link *l, struct span plaintext)
{
    struct device *d = self;

    (void)l;
    if (!d->dialog) return;
    enum err e = dialog_input(d->dialog, plaintext, monotonic_ms());
    drain(d);
    if (e != OK && d->link) link_close(d->link);
}

static void on_closed(void *self, struct link *l, enum err err, const char *reason)
{
    struct device *d = self;

    (void)l;
    d->link = NULL;
    keep_last(d);
    tell(d, &(struct device_event){ .what = DEVICE_CLOSED, .err = err, .reason = reason });
}

static void on_tick(uv_timer_t *t)
{
    struct device *d = t->data;

    if (!d->dialog) return;
    dialog_tick(d->dialog, monotonic_ms());
    drain(d);
}

static enum err remember_connect(struct device *d, const struct device_connect_want *want)
{
    const struct dialog_connect *m = &want->mqtt;

    d->connect = *want;
    buf_truncate(&d->client_id, 0);
    buf_add(&d->client_id, m->client_id);
    d->connect.mqtt.client_id = buf_span(&d->client_id);
    buf_truncate(&d->will_topic, 0);
    buf_truncate(&d->will_payload, 0);
    if (m->will) {
        buf_add(&d->will_topic, m->will->topic);
        buf_add(&d->will_payload, m->will->payload);
        d->will = *m->will;
        d->will.topic = buf_span(&d->will_topic);
        d->will.payload = buf_span(&d->will_payload);
        d->connect.mqtt.will = &d->will;
    }
    if (m->props) d->props = *m->props;
    if (m->props) d->connect.mqtt.props = &d->props;
    if (m->will_props) d->will_props = *m->will_props;
    if (m->will_props) d->connect.mqtt.will_props = &d->will_props;
    return buf_failed(&d->client_id) || buf_failed(&d->will_topic) || buf_failed(&d->will_payload)
               ? ERR_NO_MEMORY
               : OK;
}

/* [R-EXP-11] [R-WILL-06] no connection with a token that ended, no Will that it does not cover. */
static enum err check_token(const struct device *d, const struct device_connect_want *want, struct fault *why)
{
    const struct holding *h = device_holding(d);
    const struct mqtt_will *will = want->mqtt.will;

    if (!want->use_token && want->tls == DEVICE_TLS_ANON) return OK;
    if (h && want->tls == DEVICE_TLS_RPK && key_type(h->key) == KEY_OCT) {
        fault_set(
            why, 0,
            "the token's key is symmetric: to be shown in TLS it must be ours (--pop-key ed25519 or es256)");
        return ERR_PROTOCOL;
    }
    if (h && want->tls == DEVICE_TLS_PSK && key_type(h->key) != KEY_OCT) {
        fault_set(why, 0, "the token's key is not symmetric: it cannot be a PSK (--pop-key hs256)");
        return ERR_PROTOCOL;
    }
    if (h && want->tls == DEVICE_TLS_PSK && want->identity != DEVICE_PSK_TOKEN && h->kid.n == 0) {
        fault_set(why, 0, "the AS gave the key no kid: only the token can be the PSK identity");
        return ERR_PROTOCOL;
    }
    if (!h) {
        fault_set(why, 0, "no token: get one first");
        return ERR_PROTOCOL;
    }
    if (h->ends <= device_now(d)) {
        fault_set(why, 0, "the token has ended");
        return ERR_PROTOCOL;
    }
    if (will && h->scope && !scope_allows(h->scope, PERM_PUB, will->topic)) {
        fault_set(why, 0, "the token does not allow the Will topic");
        return ERR_PROTOCOL;
    }
    return OK;
}

static enum err write_identity(const struct device *d, struct buf *out)
{
    const struct holding *h = &d->holding;
    bool cbor = d->connect.identity == DEVICE_PSK_CBOR;

    if (d->connect.identity != DEVICE_PSK_TOKEN)
        return psk_identity_write(buf_span(&h->kid), cbor ? NOTATION_CBOR : NOTATION_JSON, out);
    buf_add(out, buf_span(&h->token)); /* [R-PSK-07] */
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

static enum err show_ourselves(const struct device *d, struct buf *identity, struct trust_shown *out)
{
    if (d->connect.tls == DEVICE_TLS_RPK) out->key = d->holding.key; /* [R-RPK-02] */
    if (d->connect.tls != DEVICE_TLS_PSK) return OK;
    TRY(write_identity(d, identity));
    out->psk_identity = buf_span(identity);
    out->psk = key_octets(d->holding.key); /* [R-PSK-03] */
    return OK;
}

static enum err open_link(struct device *d, struct fault *why)
{
    struct link_target to = { d->config->host, (uint16_t)d->config->port };
    struct link_owner owner = { d, on_opened, on_input, NULL, on_closed };
    struct link_options o = { 0 };
    struct trust_shown shown = { 0 };
    struct buf identity = { 0 };
    enum err e = show_ourselves(d, &identity, &shown);

    if (e == OK) e = trust_broker(d->config, device_holding(d), &shown, protocol(d, "mqtt"), &o.tls, why);
    buf_clear(&identity);

    if (e != OK) return e;
    e = link_connect(d->loop, &to, &o, &owner, &d->link);
    if (e != OK) fault_set(why, 0, "%s:%d: %s", to.host, to.port, err_wire(e)->words);
    tls_config_free(o.tls);
    return e;
}

enum err device_connect(struct device *d, const struct device_connect_want *want, struct fault *why)
{
    if (d->link && !(d->dialog && dialog_over(d->dialog))) {
        fault_set(why, 0, "connected already");
        return ERR_PROTOCOL;
    }
    if (d->link) { /* the last connection is over, only its goodbye is not */
        leave_link(d);
        tell(d, &(struct device_event){ .what = DEVICE_CLOSED, .reason = "" });
    }
    TRY(check_token(d, want, why));
    TRY(remember_connect(d, want));
    d->dialog = dialog_new(entropy_system());
    if (!d->dialog) return ERR_NO_MEMORY;
    if (d->last && !want->mqtt.clean_start) dialog_inherit(d->dialog, d->last);
    enum err e = open_link(d, why);
    if (e != OK) {
        dialog_free(d->dialog);
        d->dialog = NULL;
    }
    return e;
}

struct dialog *device_dialog(struct device *d)
{
    return d->dialog && d->link ? d->dialog : NULL;
}

void device_disconnect(struct device *d, uint8_t reason)
{
    if (!d->link) return;
    if (d->dialog && dialog_disconnect(d->dialog, reason) == OK) device_flush(d);
    link_close(d->link);
}

void device_drop(struct device *d)
{
    if (d->link) link_abort(d->link);
}

void device_clock(struct device *d, int64_t offset)
{
    d->clock_offset += offset;
}

/* --- life --- */

static FILE *open_keylog(const struct client_config *c)
{
    return c->keylog_file ? secret_file_append(c->keylog_file) : NULL;
}

struct device *device_new(uv_loop_t *loop, const struct client_config *config,
                          const struct device_owner *owner)
{
    struct device *d = calloc(1, sizeof *d);

    if (!d) return NULL;
    d->config = config;
    d->owner = *owner;
    d->loop = loop;
    d->keylog = open_keylog(config);
    if (http_client_new(loop, &(struct http_client_options){ 0 }, &d->http) != OK) {
        free(d);
        return NULL;
    }
    uv_timer_init(loop, &d->tick);
    d->tick.data = d;
    uv_timer_start(&d->tick, on_tick, TICK_MS, TICK_MS);
    uv_unref((uv_handle_t *)&d->tick);
    return d;
}

void device_close(struct device *d)
{
    if (!uv_is_closing((uv_handle_t *)&d->tick)) uv_close((uv_handle_t *)&d->tick, NULL);
    if (d->http) http_client_close(d->http);
    d->http = NULL;
    if (d->link) link_abort(d->link);
}

void device_free(struct device *d)
{
    if (!d) return;
    device_forget(d);
    dialog_free(d->dialog);
    dialog_free(d->last);
    scope_free(d->want.scope);
    key_free(d->want_reuse);
    buf_clear(&d->want_audience);
    buf_clear(&d->want_kid);
    buf_clear(&d->response);
    buf_clear(&d->client_id);
    buf_clear(&d->will_topic);
    buf_clear(&d->will_payload);
    if (d->keylog) fclose(d->keylog);
    free(d);
}
