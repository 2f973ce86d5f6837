#include "client/lasting.h"

#include <stdio.h>

#include "client/complaint.h"
#include "common/ace/topic.h"

enum { PULSE_MS = 250, STEADY_MS = 10000 };

bool lasting_wanted(const struct errand *e)
{
    return e->o->word == WORD_SUB || (e->o->word == WORD_PUB && e->o->payload == PAYLOAD_LINES);
}

bool lasting_comes_back(const struct errand *e)
{
    return e->known && lasting_wanted(e) && e->o->config.retry;
}

bool lasting_is_passing(enum err err)
{
    return err == OK || err == ERR_IO || err == ERR_TIMEOUT;
}

/* A broker that is too busy or goes down for a while, in a CONNACK or a DISCONNECT. */
bool lasting_is_passing_reason(const struct errand *e, uint8_t reason)
{
    static const uint8_t unavailable = 0x88, busy = 0x89, goes_down = 0x8b, unavailable_311 = 3;

    if (e->o->config.version == MQTT_CHOICE_311) return reason == unavailable_311;
    return reason == unavailable || reason == busy || reason == goes_down;
}

bool lasting_is_worth_a_try(struct errand *e, uint8_t reason)
{
    bool held = device_holding(e->device) && !errand_token_ended(e), untold = e->has_line && e->o->qos == 0;
    bool again = e->ousted && uv_now(&e->loop) - e->in_ms < STEADY_MS;

    if (reason != err_wire(ERR_NOT_AUTHORIZED)->mqtt5 || !held || untold || again) return false;
    e->ousted = true;
    return true;
}

bool lasting_try_later(struct errand *e, const char *why)
{
    uint64_t now = uv_now(&e->loop), longest = (uint64_t)e->o->config.retry * 1000;

    if (!lasting_comes_back(e)) return false;
    if (e->lost_ms == 0) {
        complain(e->o, "connection lost, trying again", why);
        e->lost_ms = now;
    }
    uint64_t wait = (uint64_t)backoff_wait(&e->lost) * 1000;
    if (now - e->lost_ms + wait > longest) return false;
    e->back_ms = now + wait;
    return true;
}

static bool knows_as(const struct errand *e)
{
    return e->as_url.n || e->o->config.as_url;
}

/* [R-SESS-05] [R-SESS-06] with a proof of its own, and with a token that holds. */
static void come_back(struct errand *e)
{
    bool ended = errand_token_ended(e);

    e->back_ms = 0;
    if (!device_holding(e->device)) {
        errand_connect(e, false);
    } else if (!ended || !knows_as(e)) {
        errand_come_in(e);
    } else if (e->fresh_only) {
        errand_rediscover(e);
    } else if (!e->renewal.asking) { /* else: its answer takes us on */
        errand_ask_token(e, buf_span(&e->as_url));
    }
}

bool lasting_start_over(struct errand *e)
{
    if (!lasting_comes_back(e) || !knows_as(e)) return false;
    e->renewal.ends = 0;
    e->gone = true;
    if (device_dialog(e->device)) device_disconnect(e->device, 0);
    return true;
}

void lasting_move_anew(struct errand *e)
{
    e->renewal.ends = 0;
    e->renewal.asking = false;
    e->moving = e->anew = true;
    lasting_move(e);
}

void lasting_move(struct errand *e)
{
    struct dialog *d = device_dialog(e->device);

    if (e->moving && !e->has_line && d && dialog_ready(d)) device_disconnect(e->device, 0);
}

void lasting_present(struct errand *e, const struct holding *h)
{
    struct dialog *d = device_dialog(e->device);
    enum err err = OK;

    bool upload = e->shown && key_eq(e->shown, h->key);
    e->late = !dialog_ready(d) || (upload && e->has_line); /* a broker may take one message at a time */
    if (e->late) return;
    e->renewing = true;
    if (upload) {
        errand_upload(e);
    } else if (!errand_in_tls(e) && e->o->config.version == MQTT_CHOICE_5) {
        err = dialog_reauthenticate(d, buf_span(&h->token), h->key);
        device_flush(e->device);
    } else {
        e->moving = true; /* [R-V311-10] */
        lasting_move(e);
    }
    if (err != OK) errand_fail(e, EXIT_FAILED, "the next token", err_wire(err)->words);
}

void lasting_presented(struct errand *e)
{
    if (e->renewing && e->o->verbose && !e->o->quiet) fputs("token renewed\n", stderr);
    e->renewing = false;
}

void lasting_updated(struct errand *e, uint8_t reason)
{
    e->update_id = 0;
    if (reason < 0x80) {
        lasting_presented(e);
        return;
    }
    complain_reason(e->o, "the next token was refused at " AUTHZ_INFO, reason);
    errand_leave(e, EXIT_REFUSED);
}

/* Told once; the end of the token tells the rest. */
void lasting_not_renewed(struct errand *e, int status, const char *why)
{
    snprintf(e->renew_why, sizeof e->renew_why, "%s", why);
    e->renew_status = status;
    if (e->renewal.failures.tries == 0) complain(e->o, "no new token yet, trying again", why);
    renewal_failed(&e->renewal, device_now(e->device));
}

void lasting_no_more_token(struct errand *e)
{
    errand_fail(e, e->renew_status, "the token has ended, and there is no new one", e->renew_why);
}

bool lasting_ended(const struct errand *e)
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
        if (e->fresh_only)
            lasting_move_anew(e);
        else if (errand_request_token(e, buf_span(&e->as_url), &why) != OK)
            lasting_not_renewed(e, EXIT_REFUSED, why.why);
        break;
    case RENEWAL_OVER:
        if (!lasting_start_over(e)) lasting_no_more_token(e);
        break;
    }
}

void lasting_came_in(struct errand *e, const struct dialog_event *d)
{
    if (lasting_wanted(e) && !e->known) uv_timer_start(&e->pulse, on_pulse, PULSE_MS, PULSE_MS);
    e->known = true;
    e->lost = (struct backoff){ 0 };
    e->lost_ms = 0;
    e->in_ms = uv_now(&e->loop);
    e->fresh_tried = false;
    if (d->assigned_id.n) {
        buf_truncate(&e->id, 0);
        buf_add(&e->id, buf_span(&d->assigned_id));
    }
    if (e->late) {
        lasting_present(e, device_holding(e->device));
    } else {
        lasting_presented(e);
    }
}
