#include "scenarios/fill.h"

#include "common/crypto/entropy.h"
#include "scenarios/body.h"
#include "scenarios/make.h"
#include "scenarios/match.h"
#include "scenarios/witness.h"

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

static struct value found(struct show *w, const char *name)
{
    struct value v = { 0 };

    return stage_find(&w->stage, name, &v) ? v : (struct value){ 0 };
}

static void fill_token_request(struct show *w, const struct step *s, struct fields *out)
{
    const struct world_client *c = &w->world.client[stage_client(&w->stage) - 1];

    if (!step_names(s, "authorization"))
        fill(s, out, "auth", auth_basic(&w->stage.vars, span_str(c->id), span_str(c->secret)));
    if (strcmp(s->path ? s->path : "", "/token") != 0 || step_names(s, "body") || step_names(s, "raw"))
        return;
    fill(s, out, "audience", found(w, "broker"));
    fill(s, out, "scope", found(w, "scope"));
}

static void fill_token_response(struct show *w, const struct step *s, struct fields *out)
{
    struct deal *deal = stage_deal(&w->stage);
    const struct pattern token = { .kind = PATTERN_CALL, .at = s->at, .text = "token", .fn = FN_TOKEN };
    struct value v;

    if (!step_names(s, "access_token") && make_value(&w->stage, &token, "access_token", &v) == OK)
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

static struct value confirmed(struct show *w, const struct doc *cnf)
{
    struct cnf c;
    struct fault why;

    if (!cnf || cnf_read(cnf, NOTATION_JSON, &c, &why) != OK) return (struct value){ 0 };
    return value_cnf(&w->stage.vars, &c);
}

/* What a token says, or what a reference stands for. */
static void fill_introspection(struct show *w, const struct step *s, struct fields *out)
{
    static const char *const said[] = { "iss", "sub", "aud", "exp", "nbf", "iat", "scope", "exi", "cnonce" };
    const struct doc *claims = stage_deal(&w->stage)->token.tree;
    struct value active = fields_get(out, "active");
    bool truth = active.kind == VALUE_ABSENT || span_is(active.bytes, "true");

    if (step_names(s, "body") || step_names(s, "raw") || left_out(s, "active")) return;
    if (truth || span_is(active.bytes, "false"))
        set(s, out, "active", value_tree(&w->stage.vars, doc_new_bool(truth)));
    if (!truth) return;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const struct doc *claim = doc_get(claims, said[i]);
        if (claim) fill(s, out, said[i], value_of(claim));
    }
    fill(s, out, "cnf", confirmed(w, doc_get(claims, "cnf")));
    fill(s, out, "token_type", value_text("PoP"));
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

    fill(s, out, "id", value_number(fresh_id(w, stage_client(&w->stage))));
    w->last_filters[stage_client(&w->stage)] = doc_count(filters.tree);
}

static void fill_suback(struct show *w, const struct step *s, struct fields *out)
{
    struct doc *codes = doc_new_array();

    for (size_t i = 0; i < w->last_filters[stage_client(&w->stage)]; i++) doc_add(codes, doc_new_int(0));
    fill(s, out, "id", value_number(w->last_id[stage_client(&w->stage)]));
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
    unsigned n = stage_client(&w->stage);
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
        fields_set(out, f->def, f->name, value_tree(&w->stage.vars, d));
    } else if (f->pattern.kind == PATTERN_PAIR) {
        fields_add(out, f->def, fields_user_name(&w->stage.vars, span_str(f->pattern.text)), v);
    } else {
        stage_remember(&w->stage, p, v);
        fields_set(out, f->def, f->name, v);
    }
}

/* In a mutant: what is left out or replaced is known by its name all the same, for what is made of it later. */
static void bind_original(struct show *w, const struct step *s, size_t i)
{
    const struct step *original = w->stage.step;
    const struct pattern *p = i < original->count ? &original->field[i].pattern : NULL;
    struct value unused;

    if (s == original || !p || !p->capture || s->field[i].pattern.capture) return;
    (void)!make_value(&w->stage, p, original->field[i].name, &unused);
}

struct fields make_fields(struct show *w, const struct step *s)
{
    struct fields out = { .vars = &w->stage.vars };

    for (size_t i = 0; i < s->count && !w->over; i++) {
        bind_original(w, s, i);
        make_field(w, &s->field[i], &out);
    }
    return out;
}

void fill_in(struct show *w, const struct step *s, struct fields *out)
{
    if (s->message->kind == MESSAGE_MQTT) fill_packet(w, s, out);
    if (s->message->kind == MESSAGE_REQUEST && strcmp(s->message->word, "POST") == 0)
        fill_token_request(w, s, out);
    bool granted = s->message->kind == MESSAGE_RESPONSE && s->message->code / 100 == 2;
    const char *path = stage_deal(&w->stage)->path;
    if (granted && strcmp(path, "/token") == 0) fill_token_response(w, s, out);
    if (granted && strcmp(path, "/introspect") == 0) fill_introspection(w, s, out);
    witness_fields(&w->stage, s, out);
}

void bind_filled(struct show *w, const struct step *s, const struct fields *out)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct field *f = &s->field[i];
        bool pair = f->pattern.kind == PATTERN_PAIR;
        const struct pattern *p = pair ? &f->pattern.parts[0] : &f->pattern;
        const char *name = pair ? fields_user_name(&w->stage.vars, span_str(f->pattern.text)) : f->name;
        struct value v = f->def ? fields_get(out, name) : (struct value){ 0 }, known;
        if (!p->capture || f->path || v.kind == VALUE_ABSENT) continue;
        if (!stage_find(&w->stage, p->capture, &known)) (void)match_value(&w->stage, p, &v);
    }
}
