#include "scenarios/adapter.h"
#include "scenarios/body.h"
#include "scenarios/ends.h"
#include "scenarios/fill.h"
#include "scenarios/judge.h"
#include "scenarios/packet.h"
#include "scenarios/take.h"

static void note_request(struct show *w, const struct step *s, const struct fields *in)
{
    struct deal *deal = stage_deal(&w->stage);
    struct value scope = fields_get(in, "scope"), key = fields_get(in, "req_cnf");

    deal->path = s->path ? s->path : "/token";
    deal->map = endpoint_labels(s->path);
    if (scope.tree) deal->scope = scope;
    deal->key = key.kind == VALUE_KEY ? key : (struct value){ 0 };
    deal->wants_profile = fields_has(in, "ace_profile");
    if (deal->map == LABELS_INTROSPECTION)
        deal->token = stage_token(&w->stage, fields_get(in, "token").bytes);
}

static void note_packet(struct show *w, const struct step *s, const struct fields *in)
{
    unsigned n = stage_client(&w->stage);
    struct value id = fields_get(in, "id"), version = fields_get(in, "version");

    if (id.kind == VALUE_NUMBER && id.number) w->last_id[n] = (uint16_t)id.number;
    if (s->message->code == MQTT_CONNECT) {
        w->version[n] = version.number == 4 ? MQTT_V311 : MQTT_V5;
        w->method[n] = fields_has(in, "method");
    }
    if (s->message->code == MQTT_SUBSCRIBE || s->message->code == MQTT_UNSUBSCRIBE) {
        struct value filters = fields_get(in, "filters");
        w->last_filters[n] = doc_count(filters.tree);
    }
}

static void note_response(struct show *w, const struct fields *in)
{
    struct value key = fields_get(in, "cnf");

    if (key.kind == VALUE_KEY) stage_deal(&w->stage)->key = key;
}

void show_note(struct show *w, const struct step *s, const struct fields *in)
{
    if (s->message->kind == MESSAGE_MQTT) note_packet(w, s, in);
    if (s->message->kind == MESSAGE_REQUEST) note_request(w, s, in);
    if (s->message->kind == MESSAGE_RESPONSE) note_response(w, in);
}

/* --- sending --- */

/* As the flow says; of a 4xx that says no more, 400. */
static unsigned status_of(const struct step *s, const struct fields *in)
{
    struct value told = fields_get(in, "status");

    if (told.kind == VALUE_NUMBER && told.number >= 100 && told.number < 1000) return (unsigned)told.number;
    return s->message->code >= 100 ? s->message->code : 400;
}

static enum err write_message(struct show *w, const struct step *s, struct strand *end, struct fields *in,
                              struct buf *out)
{
    struct leg leg = leg_of(w, s, end);
    struct value type = fields_get(in, "content_type");
    enum media m;

    switch (s->message->kind) {
    case MESSAGE_MQTT:
        return packet_write(s->message, in, w->version[stage_client(&w->stage)], out);
    case MESSAGE_REQUEST:
        if (type.bytes.p && media_read(type.bytes, &m)) stage_deal(&w->stage)->media = leg.media = m;
        return request_write(s->message, in, &leg, out);
    case MESSAGE_RESPONSE:
        leg.media = media_answer(leg.media); /* in the family of what was asked */
        return response_write(status_of(s, in), in, &leg, out);
    case MESSAGE_TLS:
    case MESSAGE_CLOSE:
        return OK;
    }
    return ERR_INTERNAL;
}

/* `in`: what a request is made of, as its TLS key may be among it. */
static struct strand *sending_end(struct show *w, const struct step *s, const struct fields *in)
{
    struct strand *end = own_end(w, s->from, s->to);
    bool opens = s->message->kind == MESSAGE_REQUEST || s->message->kind == MESSAGE_MQTT;

    if (opens && (!end || end->closed) && s->from.role != ROLE_AS && s->to.role != ROLE_CLIENT)
        end = open_end(w, s, in);
    if (end && net_wait(w->net, strand_settled, end) && end->opened && !end->closed) return end;
    if (end && end->opened && s->message->kind == MESSAGE_CLOSE) return end;
    if (!w->over)
        show_error(w, "%s:%u: no open connection to send on%s%s", s->at.file, s->at.line, end ? ": " : "",
                   end ? end->reason : "");
    return NULL;
}

/* A peer that is hanging up takes no more: what it should have said next is found missing. */
static bool has_ended(void *what)
{
    return ((struct strand *)what)->closed;
}

void show_send(struct show *w, const struct step *s)
{
    bool request = s->message->kind == MESSAGE_REQUEST;
    struct fields out = { .vars = &w->stage.vars };
    struct buf bytes = { 0 };

    if (request) out = make_fields(w, s);
    struct strand *end = sending_end(w, s, &out);
    if (!end) return;
    w->stage.facts = &end->facts;
    if (s->message->kind == MESSAGE_CLOSE) {
        end->left = true;
        strand_close(end);
        return;
    }
    if (!request) out = make_fields(w, s);
    if (!w->over) {
        fill_in(w, s, &out);
        bind_filled(w, s, &out);
    }
    if (!show_puppet(w, s->to.role)) show_note(w, s, &out); /* a puppet learns it from what it takes */
    enum err e = w->over ? OK : write_message(w, s, end, &out, &bytes);
    if (e == OK && !w->over) e = strand_send(end, buf_span(&bytes));
    end->left |= s->message->kind == MESSAGE_MQTT && s->message->code == MQTT_DISCONNECT;
    if (e != OK && !net_wait(w->net, has_ended, end))
        show_error(w, "%s:%u: cannot send: %s", s->at.file, s->at.line, err_wire(e)->words);
    trace_message(w, s, &out, buf_span(&bytes));
    buf_clear(&bytes);
}

/* --- receiving --- */

static void judge_arrival(struct show *w, const struct step *s, struct awaited *a)
{
    bool closed = a->taken == TAKE_NOTHING && a->arrival.end && a->arrival.end->closed;

    if (closed)
        buf_format(a->got, "CLOSE (%s)", a->arrival.end->reason);
    else if (a->taken == TAKE_NOTHING)
        buf_str(a->got, "nothing in time");
    if (a->taken == TAKE_NOTHING) adapter_tell(w, s->from, a->got);
    if (a->arrival.end) w->stage.facts = &a->arrival.end->facts;
    bool broken_on_purpose = a->taken == TAKE_BROKEN && show_puppet(w, s->from.role) && w->said == s;
    bool held = s->message->kind == MESSAGE_CLOSE ? closed : a->taken == TAKEN || broken_on_purpose;
    if (!held && (closed || a->taken == TAKE_NOTHING)) {
        if (adapter_fell(w, s->from, closed)) return;
        (closed ? judge_closed : judge_silence)(w, s, buf_cstr(a->got));
        return;
    }
    if (!judge_message(w, s, held, buf_cstr(a->got)) || s->message->kind == MESSAGE_CLOSE) return;
    if (!broken_on_purpose) judge_fields(w, s, a->out); /* against what was known before */
    show_note(w, s, a->out);
}

static void receive_message(struct show *w, const struct step *s)
{
    struct fields in = { .vars = &w->stage.vars };
    struct buf got = { 0 };
    struct awaited a = { .arrival = { w, s->to.role, s->from, own_end(w, s->to, s->from) },
                         .s = s,
                         .out = &in,
                         .got = &got,
                         .taken = TAKE_NOTHING };

    if (!a.arrival.end && s->to.role == ROLE_BROKER) a.arrival.end = claim_end(w, s->to.role, s->from);
    if (a.arrival.end || s->to.role == ROLE_AS) net_wait(w->net, message_came, &a);
    if (a.arrival.end && a.arrival.end->accepted && a.arrival.end->peer.number == 0)
        a.arrival.end->peer = s->from;
    if (!w->over) judge_arrival(w, s, &a);
    const struct strand *end = a.taken == TAKE_NOTHING ? NULL : a.arrival.end;
    trace_message(w, s, &in, end ? buf_span(&end->heard) : span(NULL, 0));
    buf_clear(&got);
}

void show_arrow(struct show *w, const struct step *s)
{
    w->stage.step = s;
    if (show_puppet(w, s->from.role) && w->said) show_send(w, w->said);
    if (!w->over && show_puppet(w, s->to.role)) receive_message(w, s);
}
