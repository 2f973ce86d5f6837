#include "scenarios/show.h"

#include "common/crypto/entropy.h"
#include "scenarios/body.h"
#include "scenarios/handshake.h"
#include "scenarios/make.h"
#include "scenarios/match.h"
#include "scenarios/packet.h"

/* --- connections --- */

static bool same_party(struct party a, struct party b)
{
    return a.role == b.role && a.number == b.number;
}

struct strand *show_strand(const struct show *w, enum role owner, struct party peer)
{
    struct strand *found = NULL;

    for (size_t i = 0; net_at(w->net, i); i++) {
        struct strand *s = net_at(w->net, i);
        if (s->owner == owner && s->peer.number && same_party(s->peer, peer)) found = s;
    }
    return found;
}

/* Our end towards whom nobody was waited for yet: what a server puppet takes next. */
static struct strand *unclaimed(const struct show *w, enum role owner)
{
    for (size_t i = 0; net_at(w->net, i); i++) {
        struct strand *s = net_at(w->net, i);
        if (s->owner == owner && s->accepted && s->peer.number == 0) return s;
    }
    return NULL;
}

static enum strand_speech speech_to(enum role server)
{
    return server == ROLE_AS ? SPEAK_ANSWERS : SPEAK_MQTT;
}

/* Several clients share a role, so an end is a party's: the client's number tells our own ends apart. */
static struct strand *own_end(const struct show *w, struct party owner, struct party peer)
{
    struct party key = owner.role == ROLE_CLIENT ? (struct party){ peer.role, owner.number } : peer;

    return show_strand(w, owner.role, key);
}

static struct strand *open_end(struct show *w, const struct step *s, const struct fields *in)
{
    struct tls_keylog log = { 0 };
    struct tls_config *tls = NULL;
    struct strand *made = NULL;
    enum role server = s->to.role;
    struct strand_call call = {
        .owner = s->from.role,
        .peer = s->from.role == ROLE_CLIENT ? (struct party){ server, s->from.number } : s->to,
        .speech = speech_to(server),
        .port = server == ROLE_AS ? w->world.as_port : w->world.broker_port,
    };

    enum err e = handshake_client(&w->stage, server, in, &log, &tls);
    call.tls = tls;
    if (e == OK) e = net_connect(w->net, &call, &made);
    tls_config_free(tls);
    if (e != OK) show_error(w, "%s:%u: cannot connect: %s", s->at.file, s->at.line, err_wire(e)->words);
    return e == OK ? made : NULL;
}

static bool is_settled(void *what)
{
    const struct strand *s = what;

    return s->opened || s->closed;
}

struct claim {
    struct show *w;
    enum role owner;
    struct party from;
    struct strand *taken;
};

static bool can_claim(void *what)
{
    struct claim *c = what;

    if (!c->taken) c->taken = unclaimed(c->w, c->owner);
    return c->taken && is_settled(c->taken);
}

/* The next connection that this party makes to a server puppet. */
static struct strand *claim(struct show *w, enum role owner, struct party from)
{
    struct claim c = { w, owner, from, NULL };

    if (!net_wait(w->net, can_claim, &c)) return NULL;
    c.taken->peer = from;
    return c.taken;
}

/* --- judging --- */

static void copy_rules(struct check_result *c, const struct mentions *m)
{
    for (size_t i = 0; i < m->count; i++) {
        struct buf *id = check_rule(c);
        if (id) buf_str(id, m->mention[i].id);
    }
}

static struct check_result *new_check(struct show *w, const struct step *s, struct place at,
                                      const struct mentions *m)
{
    struct check_result *c = result_check(w->result);

    if (!c) {
        show_error(w, "out of memory");
        return NULL;
    }
    buf_str(&c->file, at.file);
    c->line = at.line;
    step_print(s, &c->arrow);
    copy_rules(c, m);
    return c;
}

/* The message as such: it came, and was this one. */
static bool judge_message(struct show *w, const struct step *s, bool held, const char *got)
{
    struct check_result *c = new_check(w, s, s->at, &s->proves);

    if (!c) return false;
    c->held = held;
    if (!held) {
        buf_str(&c->want, s->message ? s->message->word : "quiet");
        buf_str(&c->got, got);
        w->over = true;
    }
    return held;
}

static struct value member_of(struct value v, const char *path)
{
    return path ? value_member(&v, path) : v;
}

/* A User Property is named by its pattern: user=ace_as_hint:... */
static struct value received(struct show *w, const struct field *f, const struct fields *in)
{
    struct value v = { 0 };

    if (!f->def) {
        if (!stage_find(&w->stage, f->name, &v)) v = (struct value){ 0 };
    } else if (f->pattern.kind == PATTERN_PAIR) {
        v = fields_get(in, fields_user_name(&w->stage.vars, span_str(f->pattern.text)));
    } else {
        v = fields_get(in, f->name);
    }
    return member_of(v, f->path);
}

static void judge_field(struct show *w, const struct step *s, const struct field *f, const struct fields *in)
{
    const struct pattern *p = f->pattern.kind == PATTERN_PAIR ? &f->pattern.parts[0] : &f->pattern;
    struct value v = received(w, f, in);

    if (f->def && (f->def->type == FIELD_RAW)) return;
    if (f->optional && v.kind == VALUE_ABSENT) return;
    struct check_result *c = new_check(w, s, f->at, &f->proves);
    if (!c) return;
    c->held = match_value(&w->stage, p, &v);
    field_print(f, &c->field);
    if (c->held) return;
    match_want(&w->stage, p, &c->want);
    if (v.kind == VALUE_ABSENT)
        buf_str(&c->got, "absent");
    else
        value_print(&v, &c->got);
}

static void judge_fields(struct show *w, const struct step *s, const struct fields *in)
{
    for (size_t i = 0; i < s->count && !w->over; i++) {
        const struct field *f = &s->field[i];
        if (s->kind == STEP_TLS || !f->def || f->def->name[0]) judge_field(w, s, f, in);
    }
}

static void trace_message(struct show *w, const struct step *s, const char *word, const struct fields *in)
{
    struct doc *d = doc_new_map();
    struct buf line = { 0 }, who = { 0 };

    party_print(s->from, &who);
    doc_put(d, "from", doc_new_text(buf_span(&who)));
    buf_truncate(&who, 0);
    party_print(s->to, &who);
    doc_put(d, "to", doc_new_text(buf_span(&who)));
    doc_put(d, "kind", doc_new_str(word));
    struct doc *fields = fields_doc(in);
    if (fields) doc_put(d, "fields", fields);
    if (w->trace && doc_write_json(d, &line) == OK) fprintf(w->trace, "%s\n", buf_cstr(&line));
    doc_free(d);
    buf_clear(&line);
    buf_clear(&who);
}

/* --- making --- */

static bool named(const struct step *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->field[i].def && !s->field[i].path && strcmp(s->field[i].name, name) == 0) return true;
    }
    return false;
}

static void set(const struct step *s, struct fields *out, const char *name, struct value v)
{
    const struct field_def *def = message_field(s->message, span_str(name));

    if (def && v.kind != VALUE_ABSENT) fields_set(out, def, def->name, v);
}

static bool left_out(const struct step *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->field[i].def && strcmp(s->field[i].name, name) == 0 &&
            s->field[i].pattern.kind == PATTERN_ABSENT)
            return true;
    }
    return false;
}

/* What the flow does not make: not named, or only judged. */
static void fill(const struct step *s, struct fields *out, const char *name, struct value v)
{
    if (!fields_has(out, name) && !left_out(s, name)) set(s, out, name, v);
}

/* Captures on values that were filled in. */
static void bind_filled(struct show *w, const struct step *s, const struct fields *out)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct field *f = &s->field[i];
        struct value v = f->def ? fields_get(out, f->name) : (struct value){ 0 }, known;
        if (!f->pattern.capture || f->path || v.kind == VALUE_ABSENT) continue;
        if (!stage_find(&w->stage, f->pattern.capture, &known)) (void)match_value(&w->stage, &f->pattern, &v);
    }
}

static struct value found(struct show *w, const char *name)
{
    struct value v = { 0 };

    return stage_find(&w->stage, name, &v) ? v : (struct value){ 0 };
}

static unsigned client_number(const struct show *w)
{
    return stage_client(&w->stage);
}

static void fill_token_request(struct show *w, const struct step *s, struct fields *out)
{
    const struct world_client *c = &w->world.client[client_number(w) - 1];

    if (!named(s, "authorization"))
        fill(s, out, "auth", auth_basic(&w->stage.vars, span_str(c->id), span_str(c->secret)));
    if (strcmp(s->path ? s->path : "", "/token") != 0 || named(s, "body") || named(s, "raw")) return;
    fill(s, out, "audience", found(w, "broker"));
    fill(s, out, "scope", found(w, "scope"));
}

static void fill_token_response(struct show *w, const struct step *s, struct fields *out)
{
    struct deal *deal = stage_deal(&w->stage);
    const struct pattern token = { .kind = PATTERN_CALL, .at = s->at, .text = "token", .fn = FN_TOKEN };
    struct value v;

    if (!named(s, "access_token") && make_value(&w->stage, &token, "access_token", &v) == OK)
        set(s, out, "access_token", v);
    fill(s, out, "token_type", value_text("PoP"));
    fill(s, out, "expires_in", value_number(WORLD_LIFETIME));
    if (deal->wants_profile) fill(s, out, "ace_profile", value_text("mqtt_tls"));
    bool symmetric = deal->key.kind == VALUE_KEY && key_type(deal->key.key->key) == KEY_OCT;
    if (symmetric)
        fill(s, out, "cnf", deal->key);
    else
        fill(s, out, "rs_cnf", found(w, "rs_cnf"));
}

static void fill_connect(struct show *w, const struct step *s, struct fields *out)
{
    const char *version = variant_value(w->variant, "version");

    fill(s, out, "version", value_number(version && strcmp(version, "4") == 0 ? 4 : 5));
    fill(s, out, "client_id", found(w, "client_id"));
    fill(s, out, "clean_start", value_number(1));
    fill(s, out, "keep_alive", value_number(60));
}

static uint16_t fresh_id(struct show *w, unsigned n)
{
    w->last_id[n] = (uint16_t)(w->last_id[n] % 60000 + 1);
    return w->last_id[n];
}

static void fill_filters(struct show *w, const struct step *s, struct fields *out)
{
    struct value filters = fields_get(out, "filters");

    fill(s, out, "id", value_number(fresh_id(w, client_number(w))));
    w->last_filters[client_number(w)] = doc_count(filters.tree);
}

static void fill_suback(struct show *w, const struct step *s, struct fields *out)
{
    struct doc *codes = doc_new_array();

    for (size_t i = 0; i < w->last_filters[client_number(w)]; i++) doc_add(codes, doc_new_int(0));
    fill(s, out, "id", value_number(w->last_id[client_number(w)]));
    fill(s, out, "codes", value_tree(&w->stage.vars, codes));
}

/* A challenge that nobody spelled out is a fresh nonce. */
static void fill_auth(struct show *w, const struct step *s, struct fields *out)
{
    uint8_t nonce[8];
    struct value reason = fields_get(out, "reason");

    fill(s, out, "method", value_text("ace"));
    if (s->from.role != ROLE_BROKER || reason.number != 0x18 ||
        entropy_fill(entropy_system(), nonce, sizeof nonce) != OK)
        return;
    fill(s, out, "data", value_bytes(vars_copy(&w->stage.vars, span(nonce, sizeof nonce))));
}

static void fill_packet(struct show *w, const struct step *s, struct fields *out)
{
    unsigned n = client_number(w);
    struct value qos = fields_get(out, "qos");

    switch (s->message->code) {
    case MQTT_CONNECT:
        fill_connect(w, s, out);
        break;
    case MQTT_CONNACK:
        if (w->method[n]) fill(s, out, "method", value_text("ace"));
        break;
    case MQTT_AUTH:
        fill_auth(w, s, out);
        break;
    case MQTT_PUBLISH:
        fill(s, out, "payload", value_text("hello"));
        if (qos.number > 0) fill(s, out, "id", value_number(fresh_id(w, n)));
        break;
    case MQTT_SUBSCRIBE:
    case MQTT_UNSUBSCRIBE:
        fill_filters(w, s, out);
        break;
    case MQTT_SUBACK:
        fill_suback(w, s, out);
        break;
    case MQTT_PUBACK:
    case MQTT_PUBREC:
    case MQTT_PUBREL:
    case MQTT_PUBCOMP:
    case MQTT_UNSUBACK:
        fill(s, out, "id", value_number(w->last_id[n]));
        break;
    default:
        break;
    }
}

static void make_field(struct show *w, const struct field *f, struct fields *out)
{
    const struct pattern *p = f->pattern.kind == PATTERN_PAIR ? &f->pattern.parts[0] : &f->pattern;
    struct value v = { 0 };

    bool kid_alone = f->def && f->def->type == FIELD_KEY && f->path && strcmp(f->path, "kid") == 0;
    if (!f->def || (f->path && !kid_alone)) return; /* members are for judging */
    enum err e = make_value(&w->stage, p, f->name, &v);
    if (e == ERR_NOT_FOUND) return; /* judges only: filled in */
    if (e != OK) {
        struct buf text = { 0 };
        field_print(f, &text);
        show_error(w, "%s:%u: cannot make %s: %s", f->at.file, f->at.line, buf_cstr(&text),
                   err_wire(e)->words);
        buf_clear(&text);
    } else if (kid_alone) {
        struct doc *d = doc_new_map();
        doc_put(d, "kid", value_doc(&v));
        fields_set(out, f->def, f->def->name, value_tree(&w->stage.vars, d));
    } else if (f->pattern.kind == PATTERN_PAIR) {
        fields_add(out, f->def, fields_user_name(&w->stage.vars, span_str(f->pattern.text)), v);
    } else {
        stage_remember(&w->stage, p, v);
        fields_set(out, f->def, f->def->name, v);
    }
}

static struct fields make_fields(struct show *w, const struct step *s)
{
    struct fields out = { .vars = &w->stage.vars };

    for (size_t i = 0; i < s->count && !w->over; i++) make_field(w, &s->field[i], &out);
    return out;
}

/* --- what both ends learn from a message --- */

static void note_request(struct show *w, const struct step *s, const struct fields *in)
{
    struct deal *deal = stage_deal(&w->stage);
    struct value scope = fields_get(in, "scope"), key = fields_get(in, "req_cnf");

    deal->path = s->path ? s->path : "/token";
    deal->map = strcmp(deal->path, "/introspect") == 0 ? LABELS_INTROSPECTION : LABELS_TOKEN;
    if (scope.tree) deal->scope = scope;
    deal->key = key.kind == VALUE_KEY ? key : (struct value){ 0 };
    deal->wants_profile = fields_has(in, "ace_profile");
}

static void note_packet(struct show *w, const struct step *s, const struct fields *in)
{
    unsigned n = client_number(w);
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

static void note(struct show *w, const struct step *s, const struct fields *in)
{
    if (s->message->kind == MESSAGE_MQTT) note_packet(w, s, in);
    if (s->message->kind == MESSAGE_REQUEST) note_request(w, s, in);
}

/* --- sending --- */

static struct leg leg_of(struct show *w, const struct step *s, const struct strand *end)
{
    struct deal *deal = stage_deal(&w->stage);

    return (struct leg){
        .map = deal->map, .media = deal->media, .target = s->path, .facts = end ? &end->facts : NULL
    };
}

static enum err write_message(struct show *w, const struct step *s, struct strand *end, struct fields *in,
                              struct buf *out)
{
    struct leg leg = leg_of(w, s, end);
    struct value type = fields_get(in, "content_type");
    enum media m;

    switch (s->message->kind) {
    case MESSAGE_MQTT:
        return packet_write(s->message, in, w->version[client_number(w)], out);
    case MESSAGE_REQUEST:
        if (type.bytes.p && media_read(type.bytes, &m)) stage_deal(&w->stage)->media = m;
        return request_write(s->message, in, &leg, out);
    case MESSAGE_RESPONSE:
        leg.media = media_answer(leg.media); /* in the family of what was asked */
        return response_write(s->message->code >= 100 ? s->message->code : 400, in, &leg, out);
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
    if (end && net_wait(w->net, is_settled, end) && end->opened && !end->closed) return end;
    if (end && end->opened && s->message->kind == MESSAGE_CLOSE) return end;
    if (!w->over)
        show_error(w, "%s:%u: no open connection to send on%s%s", s->at.file, s->at.line, end ? ": " : "",
                   end ? end->reason : "");
    return NULL;
}

static void fill_in(struct show *w, const struct step *s, struct fields *out)
{
    if (s->message->kind == MESSAGE_MQTT) fill_packet(w, s, out);
    if (s->message->kind == MESSAGE_REQUEST && strcmp(s->message->word, "POST") == 0)
        fill_token_request(w, s, out);
    bool granted = s->message->kind == MESSAGE_RESPONSE && s->message->code / 100 == 2;
    if (granted && strcmp(stage_deal(&w->stage)->path, "/token") == 0) fill_token_response(w, s, out);
}

static void send_message(struct show *w, const struct step *s)
{
    bool request = s->message->kind == MESSAGE_REQUEST;
    struct fields out = { .vars = &w->stage.vars };
    struct buf bytes = { 0 };

    if (request) out = make_fields(w, s);
    struct strand *end = sending_end(w, s, &out);
    if (!end) return;
    w->stage.facts = &end->facts;
    if (s->message->kind == MESSAGE_CLOSE) {
        strand_close(end);
        return;
    }
    if (!request) out = make_fields(w, s);
    if (!w->over) {
        fill_in(w, s, &out);
        bind_filled(w, s, &out);
    }
    note(w, s, &out);
    enum err e = w->over ? OK : write_message(w, s, end, &out, &bytes);
    if (e == OK && !w->over) e = strand_send(end, buf_span(&bytes));
    if (e != OK && !end->closed)
        show_error(w, "%s:%u: cannot send: %s", s->at.file, s->at.line, err_wire(e)->words);
    trace_message(w, s, s->message->word, &out);
    buf_clear(&bytes);
}

/* --- receiving --- */

struct arrival {
    struct show *w;
    enum role owner;
    struct party from;
    struct strand *end;
};

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

enum take { TAKEN, TAKE_NOTHING, TAKE_WRONG };

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
        e = packet_read(&frame, w->version[client_number(w)], out);
        if (frame.first >> 4 == (int)s->message->code) t = TAKEN;
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

struct awaited {
    struct arrival arrival;
    const struct step *s;
    struct fields *out;
    struct buf *got;
    enum take taken;
};

static bool message_came(void *what)
{
    struct awaited *a = what;

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

static void receive_message(struct show *w, const struct step *s)
{
    struct fields in = { .vars = &w->stage.vars };
    struct buf got = { 0 };
    struct awaited a = { { w, s->to.role, s->from, own_end(w, s->to, s->from) }, s, &in, &got, TAKE_NOTHING };

    if (!a.arrival.end && s->to.role == ROLE_BROKER) a.arrival.end = claim(w, s->to.role, s->from);
    if (a.arrival.end || s->to.role == ROLE_AS) net_wait(w->net, message_came, &a);
    if (a.arrival.end && a.arrival.end->accepted && a.arrival.end->peer.number == 0)
        a.arrival.end->peer = s->from;
    bool closed = a.taken == TAKE_NOTHING && a.arrival.end && a.arrival.end->closed;
    if (closed)
        buf_format(&got, "CLOSE (%s)", a.arrival.end->reason);
    else if (a.taken == TAKE_NOTHING)
        buf_str(&got, "nothing in time");
    if (a.arrival.end) w->stage.facts = &a.arrival.end->facts;
    bool held = s->message->kind == MESSAGE_CLOSE ? closed : a.taken == TAKEN;
    if (judge_message(w, s, held, buf_cstr(&got)) && s->message->kind != MESSAGE_CLOSE) {
        note(w, s, &in);
        judge_fields(w, s, &in);
    }
    trace_message(w, s, s->message->word, &in);
    buf_clear(&got);
}

void show_arrow(struct show *w, const struct step *s)
{
    w->stage.step = s;
    if (show_puppet(w, s->from.role)) send_message(w, s);
    if (!w->over && show_puppet(w, s->to.role)) receive_message(w, s);
}

/* --- handshakes --- */

static bool alert_expected(const struct step *s)
{
    return named(s, "alert") || named(s, "client_alert");
}

static bool is_closed(void *what)
{
    return ((struct strand *)what)->closed;
}

/* What one end saw, against the fields that this end can see. */
static void judge_end(struct show *w, const struct step *s, struct strand *end)
{
    struct fields seen = { .vars = &w->stage.vars };

    if (alert_expected(s) && !end->closed) net_wait(w->net, is_closed, end);
    handshake_read(&w->stage, end, &seen);
    w->stage.facts = &end->facts;
    bool held = end->opened || alert_expected(s);
    if (!judge_message(w, s, held, end->reason[0] ? end->reason : "no handshake in time")) return;
    for (size_t i = 0; i < s->count && !w->over; i++) {
        const struct field *f = &s->field[i];
        bool ours =
            f->def && ((f->def->notes & FIELD_PEER) != 0) != end->accepted; /* what the other end showed */
        if (ours || fields_has(&seen, f->name)) judge_field(w, s, f, &seen);
    }
    trace_message(w, s, "TLS", &seen);
}

void show_handshake(struct show *w, const struct step *s)
{
    struct strand *client = NULL, *server = NULL;

    w->stage.step = s;
    if (show_puppet(w, s->from.role)) {
        struct fields in = make_fields(w, s);
        if (!w->over) client = open_end(w, s, &in);
        if (!client) return;
    }
    if (show_puppet(w, s->to.role)) {
        server = claim(w, s->to.role, s->from);
        if (!server) {
            judge_message(w, s, false, "no connection in time");
            return;
        }
    }
    if (client) net_wait(w->net, is_settled, client);
    if (server && !w->over) judge_end(w, s, server);
    if (client && !w->over) judge_end(w, s, client);
}

/* --- quiet --- */

static bool anything(void *what)
{
    struct strand *s = what;

    return strand_has_input(s);
}

/* A client's fence: what comes before PINGRESP came although it should not. */
static void fence_client(struct show *w, const struct step *s, struct strand *end)
{
    struct step fence = *s;
    struct fields in = { .vars = &w->stage.vars };
    struct buf got = { 0 }, ping = { 0 };

    buf_add(&ping, span("\xc0\0", 2));
    fence.message = message_find(span_str("PINGRESP"), span(NULL, 0));
    struct awaited a = { { w, end->owner, end->peer, end }, &fence, &in, &got, TAKE_NOTHING };
    if (strand_send(end, buf_span(&ping)) == OK) net_wait(w->net, message_came, &a);
    if (a.taken == TAKE_NOTHING) buf_str(&got, end->closed ? "CLOSE" : "no PINGRESP in time");
    judge_message(w, s, a.taken == TAKEN, buf_cstr(&got));
    buf_clear(&got);
    buf_clear(&ping);
}

void show_quiet(struct show *w, const struct step *s)
{
    struct strand *end = NULL;
    bool heard = false;

    w->stage.step = s;
    if (!show_puppet(w, s->to.role)) return;
    if (s->to.role == ROLE_CLIENT) {
        end = own_end(w, s->to, (struct party){ ROLE_BROKER, 1 });
        if (end && end->opened && !end->closed && !show_puppet(w, ROLE_BROKER)) {
            fence_client(w, s, end);
            return;
        }
        judge_message(w, s, !end || !anything(end), "something");
        return;
    }
    for (unsigned n = 1; n <= WORLD_CLIENTS; n++) (void)show_settled(w, n);
    for (size_t i = 0; net_at(w->net, i); i++) {
        struct strand *x = net_at(w->net, i);
        heard |= x->owner == s->to.role && x->opened && x->in.n > 0;
    }
    judge_message(w, s, !heard, "something");
}
