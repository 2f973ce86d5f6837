#include "scenarios/take.h"

#include "scenarios/body.h"
#include "scenarios/ends.h"
#include "scenarios/packet.h"

struct leg leg_of(struct show *w, const struct step *s, const struct strand *end)
{
    struct deal *deal = stage_deal(&w->stage);
    bool asks = s->message->kind == MESSAGE_REQUEST;
    bool token = s->path && strcmp(s->path, WORLD_TOKEN_PATH) == 0;

    return (struct leg){ .map = asks ? endpoint_labels(s->path) : deal->map,
                         .media = deal->media,
                         .target = token ? w->world.token_path : s->path,
                         .facts = end ? &end->facts : NULL };
}

static bool has_died(const struct show *w, struct party p)
{
    const struct product *x = p.role == ROLE_CLIENT ? w->client[p.number] : w->server[p.role];

    return x && product_exited(x);
}

/* Something can be read, or never will be. Requests may come on any connection that this party, or nobody yet, has. */
static bool has_arrived(void *what)
{
    struct arrival *a = what;

    for (size_t i = 0; net_at(a->w->net, i); i++) {
        struct strand *s = net_at(a->w->net, i);
        bool theirs =
            s->owner == a->owner && (same_party(s->peer, a->from) || (s->accepted && s->peer.number == 0));
        if (a->owner == ROLE_AS && theirs && strand_has_input(s)) {
            a->end = s;
            return true;
        }
    }
    if (a->end && a->owner != ROLE_AS && (strand_has_input(a->end) || a->end->closed)) return true;
    return has_died(a->w, a->from);
}

static bool response_fits(const struct message *m, unsigned status)
{
    return m->word[1] == 'x' ? status / 100 == (unsigned)(m->word[0] - '0') : status == m->code;
}

static enum take take_packet(struct show *w, const struct step *s, struct strand *end, struct fields *out,
                             struct buf *got)
{
    struct buf whole = { 0 };
    struct mqtt_frame frame;
    enum err e = strand_take_packet(end, &whole, &frame);

    if (e == ERR_NOT_FOUND) {
        buf_clear(&whole);
        return TAKE_NOTHING;
    }
    enum take t = TAKE_WRONG;
    if (e == OK) {
        e = packet_read(&frame, w->version[stage_client(&w->stage)], out);
        if (frame.first >> 4 == (int)s->message->code) t = e == OK ? TAKEN : TAKE_BROKEN;
        buf_format(got, "%s ",
                   mqtt_type_name(frame.first >> 4) ? mqtt_type_name(frame.first >> 4) : "no packet");
        fields_print(out, got);
        if (e != OK) buf_format(got, "(%s)", err_wire(e)->words);
    } else {
        buf_str(got, "bytes that are no MQTT packet");
    }
    w->stage.vars.arena.failed |= buf_failed(&whole);
    vars_copy(&w->stage.vars, buf_span(&whole));
    buf_clear(&whole);
    return t;
}

static enum take take_request(struct show *w, const struct step *s, struct strand *end, struct fields *out,
                              struct buf *got)
{
    struct http_request r = { 0 };
    struct leg leg = leg_of(w, s, end);
    enum err e = strand_take_request(end, &r);
    struct span type;

    if (e == ERR_NOT_FOUND) return TAKE_NOTHING;
    bool fits =
        e == OK && http_method_is(&r, s->message->word) && (!s->path || span_is(http_path(&r), s->path));
    if (e == OK) {
        if (http_header(&r.headers, "Content-Type", &type))
            (void)media_read(type, &stage_deal(&w->stage)->media);
        request_read(s->message, &r, &leg, out);
        buf_format(got, "%s %s ", buf_cstr(&r.method), buf_cstr(&r.target));
    }
    http_request_clear(&r);
    return fits ? TAKEN : TAKE_WRONG;
}

static enum take take_response(struct show *w, const struct step *s, struct strand *end, struct fields *out,
                               struct buf *got)
{
    struct http_response r = { 0 };
    struct leg leg = leg_of(w, s, end);
    enum err e = strand_take_response(end, &r);

    if (e == ERR_NOT_FOUND) return TAKE_NOTHING;
    bool fits = e == OK && response_fits(s->message, r.status);
    if (e == OK) {
        response_read(s->message, &r, &leg, out);
        buf_format(got, "%u ", r.status);
        fields_print(out, got);
    }
    http_response_clear(&r);
    return fits ? TAKEN : TAKE_WRONG;
}

static enum take take(struct show *w, const struct step *s, struct strand *end, struct fields *out,
                      struct buf *got)
{
    switch (s->message->kind) {
    case MESSAGE_REQUEST:
        return take_request(w, s, end, out, got);
    case MESSAGE_RESPONSE:
        return take_response(w, s, end, out, got);
    case MESSAGE_MQTT:
    case MESSAGE_CLOSE:
        return end->speech == SPEAK_MQTT ? take_packet(w, s, end, out, got) : TAKE_NOTHING;
    case MESSAGE_TLS:
        break;
    }
    return TAKE_WRONG;
}

bool message_came(void *what)
{
    struct awaited *a = what;

    if (show_declined(a->arrival.w, a->arrival.from)) return true;
    while (has_arrived(&a->arrival)) {
        if (has_died(a->arrival.w, a->arrival.from) && (!a->arrival.end || !strand_has_input(a->arrival.end)))
            return true;
        a->taken = take(a->arrival.w, a->s, a->arrival.end, a->out, a->got);
        if (a->taken != TAKE_NOTHING) return true;
        if (a->arrival.end->closed) return true;
        return false;
    }
    return false;
}
