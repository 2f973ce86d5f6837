#include "client/errand.h"

#include <stdio.h>
#include <unistd.h>

#include "client/complaint.h"
#include "common/ace/topic.h"

/* --- telling --- */

void errand_say(struct errand *e, const char *format, const char *what)
{
    if (!e->o->verbose || e->o->quiet || e->o->word == WORD_SUB) return;
    fprintf(stderr, format, what);
    fputc('\n', stderr);
}

void errand_leave(struct errand *e, int status)
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

void errand_fail(struct errand *e, int status, const char *what, const char *why)
{
    complain(e->o, what, why);
    errand_leave(e, status);
}

/* --- token and connection --- */

int errand_status(enum err err)
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

enum err errand_request_token(struct errand *e, struct span url, struct fault *why)
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

void errand_ask_token(struct errand *e, struct span url)
{
    struct fault why = { 0 };
    enum err err = errand_request_token(e, url, &why);

    if (url.n && url.p != e->as_url.p) {
        buf_truncate(&e->as_url, 0);
        buf_add(&e->as_url, url);
    }
    if (err != OK)
        errand_fail(e, err == ERR_PROTOCOL || err == ERR_MALFORMED ? EXIT_USAGE : EXIT_REFUSED, "token",
                    why.why);
}

bool errand_in_tls(const struct errand *e)
{
    return e->o->config.pop == POP_FORM_RPK || e->o->config.pop == POP_FORM_PSK;
}

static enum dialog_pop pop_form(const struct errand *e, bool ace)
{
    if (!ace || (errand_in_tls(e) && !e->discovering)) return DIALOG_POP_NONE;
    if (e->discovering) return DIALOG_POP_STORED;
    return e->o->config.pop == POP_FORM_CHALLENGE ? DIALOG_POP_CHALLENGE : DIALOG_POP_EXPORTER;
}

/* [R-SESS-05] Who comes back wants its session; and 3.1.1 keeps one only if it was asked for from the start. */
static bool keeps_session(const struct errand *e)
{
    return e->o->keep_session || e->known ||
           (e->o->config.renew_before && e->o->config.version == MQTT_CHOICE_311);
}

void errand_connect(struct errand *e, bool ace)
{
    const struct client_options *o = e->o;
    struct mqtt_props props = { 0 };
    struct mqtt_will will = { .present = true, .retain = o->will_retain, .qos = (uint8_t)o->will_qos };
    struct device_connect_want want = { .use_token = ace && !e->discovering && !errand_in_tls(e) };
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
    if (err != OK) errand_fail(e, errand_status(err), "connect", why.why);
}

bool errand_token_ended(const struct errand *e)
{
    const struct holding *h = device_holding(e->device);

    return h && h->ends <= device_now(e->device);
}

void errand_rediscover(struct errand *e)
{
    e->discovering = true;
    errand_connect(e, true);
}

void errand_come_in(struct errand *e)
{
    e->uploading = e->o->config.pop == POP_FORM_RPK;
    errand_connect(e, true);
}

void errand_upload(struct errand *e)
{
    const struct holding *h = device_holding(e->device);
    struct dialog_message m = { .topic = SPAN(AUTHZ_INFO), .payload = buf_span(&h->token), .qos = 1 };
    enum err err = dialog_publish(device_dialog(e->device), &m, &e->update_id);

    if (err != OK) errand_fail(e, EXIT_FAILED, "publish to " AUTHZ_INFO, err_wire(err)->words);
    device_flush(e->device);
}
