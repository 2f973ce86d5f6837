#include "scenarios/judge.h"

#include "common/codec/text.h"
#include "scenarios/admit.h"
#include "scenarios/match.h"

#include <stdlib.h>

/* Reason Codes of MQTT 5 from here on refuse. Those of 3.1.1 are too few to tell one refusal from another. */
enum { REFUSES = 0x80 };

static bool names_rule(const struct check_result *c, const char *id)
{
    for (size_t i = 0; i < c->rule_count; i++) {
        if (span_is(buf_span(&c->rules[i]), id)) return true;
    }
    return false;
}

static void copy_rules(struct check_result *c, const struct mentions *m)
{
    for (size_t i = 0; i < m->count; i++) {
        if (names_rule(c, m->mention[i].id)) continue;
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

/* A message that has no rule as such, and does not come, breaks those of its fields. */
static void copy_field_rules(struct check_result *c, const struct step *s)
{
    for (size_t i = 0; i < s->count && s->proves.count == 0; i++)
        if (!s->field[i].optional) copy_rules(c, &s->field[i].proves);
}

/* --- refusals --- */

/* Every Reason Code that will do refuses. */
static bool wants_refusal(const struct pattern *p)
{
    if (p->kind == PATTERN_LITERAL) return p->is_number && p->number >= REFUSES;
    bool all = p->kind == PATTERN_EITHER;
    for (size_t i = 0; i < p->count && all; i++) all = wants_refusal(&p->parts[i]);
    return all;
}

static bool is_reason(const struct field *f)
{
    return f->def && f->def->type == FIELD_REASON;
}

/* The error code of a response that refuses. */
static bool is_error(const struct step *s, const struct field *f)
{
    return s->message && s->message->kind == MESSAGE_RESPONSE && f->def && strcmp(f->def->name, "error") == 0;
}

/* After a refusal the connection is closed, so a peer that only closes has refused, too. Not so in answer to a PUBLISH. */
static bool tells_end(const struct step *s)
{
    return s->message && s->message->kind == MESSAGE_MQTT &&
           (s->message->code == MQTT_CONNACK || s->message->code == MQTT_DISCONNECT);
}

static bool ends_by_refusal(const struct step *s)
{
    for (size_t i = 0; i < s->count && tells_end(s); i++) {
        if (is_reason(&s->field[i]) && wants_refusal(&s->field[i].pattern)) return true;
    }
    return false;
}

/* CONNACK was to refuse, and DISCONNECT does, or the other way round. */
static bool refuses_by_another(const struct step *s, const char *got)
{
    const char *reason = strstr(got, " reason=");
    bool told = strncmp(got, "DISCONNECT ", 11) == 0 || strncmp(got, "CONNACK ", 8) == 0;

    return told && reason && strtol(reason + 8, NULL, 10) >= REFUSES && ends_by_refusal(s);
}

/* An HTTP status of the same class. */
static bool answers_otherwise(const struct step *s, const char *got)
{
    const char *drawn = s->message ? s->message->word : "";

    return *drawn >= '2' && *drawn <= '5' && *got == *drawn;
}

bool judge_message(struct show *w, const struct step *s, bool held, const char *got)
{
    struct check_result *c = new_check(w, s, s->at, &s->proves);

    if (!c) return false;
    c->held = held;
    if (!held) {
        copy_field_rules(c, s);
        buf_str(&c->want, s->message ? s->message->word : "quiet");
        buf_str(&c->got, got);
        if (refuses_by_another(s, got)) c->refusal = REFUSAL_PACKET;
        if (answers_otherwise(s, got)) c->refusal = REFUSAL_STATUS;
        w->over = true;
    }
    return held;
}

void judge_silence(struct show *w, const struct step *s, const char *got)
{
    size_t before = w->result->check_count;

    (void)judge_message(w, s, false, got);
    if (w->result->check_count > before) w->result->checks[before].silent = true;
}

void judge_closed(struct show *w, const struct step *s, const char *got)
{
    size_t before = w->result->check_count;

    (void)judge_message(w, s, false, got);
    if (w->result->check_count > before && ends_by_refusal(s))
        w->result->checks[before].refusal = REFUSAL_CLOSE;
}

static struct value member_of(struct value v, const char *path)
{
    return path ? value_member(&v, path) : v;
}

/* The first of this kind, whatever its name: what user=- forbids. */
static struct value any_of(const struct fields *in, const struct field_def *def)
{
    for (size_t i = 0; i < in->count; i++) {
        if (in->held[i].def == def) return in->held[i].value;
    }
    return (struct value){ 0 };
}

/* A User Property is named by its pattern: user=ace_as_hint:... */
static struct value received(struct show *w, const struct field *f, const struct fields *in)
{
    struct value v = { 0 };

    if (!f->def) {
        if (!stage_find(&w->stage, f->name, &v)) v = (struct value){ 0 };
    } else if (f->pattern.kind == PATTERN_PAIR) {
        v = fields_get(in, fields_user_name(&w->stage.vars, span_str(f->pattern.text)));
    } else if (f->def->type == FIELD_PAIR) {
        v = any_of(in, f->def);
    } else {
        v = fields_get(in, f->name);
    }
    return member_of(v, f->path);
}

/* Between puppets: it came as the other end made it. What is made anew each time, as a fresh key's proof, cannot be told otherwise. */
static bool came_as_made(const struct show *w, const struct step *s, const struct pattern *p,
                         const struct value *v)
{
    struct value made;

    if (!show_puppet(w, s->from.role) || !show_puppet(w, s->to.role) || !stage_recall(&w->stage, p, &made))
        return false;
    return value_eq(&made, v) || (v->kind == VALUE_ABSENT && made.kind == VALUE_BYTES && made.bytes.n == 0);
}

static bool binds(const struct pattern *p, const char *name)
{
    if (p->capture && strcmp(p->capture, name) == 0) return true;
    for (size_t i = 0; i < p->count; i++)
        if (binds(&p->parts[i], name)) return true;
    return false;
}

/* A name that a broken field of this message should have bound: nothing can be said of what is made of it. `whole` may bind it itself. */
static bool hangs_in_the_air(struct stage *s, const struct pattern *whole, const struct pattern *p)
{
    struct value unused;

    if (p->kind == PATTERN_VARIABLE) return !binds(whole, p->text) && !stage_find(s, p->text, &unused);
    for (size_t i = 0; i < p->count; i++)
        if (hangs_in_the_air(s, whole, &p->parts[i])) return true;
    return false;
}

/* A member of what no field of this message has bound: the one that should have is blamed already. */
static bool is_unbound(struct stage *s, const struct field *f)
{
    struct value unused;

    return !f->def && !stage_find(s, f->name, &unused);
}

bool judge_field(struct show *w, const struct step *s, const struct field *f, const struct fields *in)
{
    const struct pattern *p = f->pattern.kind == PATTERN_PAIR ? &f->pattern.parts[0] : &f->pattern;
    struct value v = received(w, f, in);

    if (f->def && (f->def->type == FIELD_RAW)) return true;
    if (f->optional && v.kind == VALUE_ABSENT) return true;
    if (is_unbound(&w->stage, f) || hangs_in_the_air(&w->stage, p, p)) return true;
    struct check_result *c = new_check(w, s, f->at, &f->proves);
    if (!c) return true;
    c->held = came_as_made(w, s, p, &v) || match_value(&w->stage, p, &v);
    field_print(f, &c->field);
    if (c->held) return true;
    match_want(&w->stage, p, &c->want);
    if (v.kind == VALUE_ABSENT)
        buf_str(&c->got, "absent");
    else
        field_value_print(f->name ? f->name : "", &v, &c->got);
    if (is_reason(f) && v.kind == VALUE_NUMBER && v.number >= REFUSES && wants_refusal(p)) {
        c->refusal = REFUSAL_CODE;
        buf_str(&c->got, ", a refusal all the same");
    }
    if (is_error(s, f) && v.kind != VALUE_ABSENT) c->refusal = REFUSAL_ERROR;
    return false;
}

/* With another Reason Code the dialogue goes another way than the flow, and without a name that it needs no way at all: what follows would
 * blame rules that have nothing to do with it. */
static bool goes_astray(const struct field *f, bool held)
{
    return !held && (is_reason(f) || f->pattern.capture);
}

void judge_fields(struct show *w, const struct step *s, const struct fields *in)
{
    bool astray = false;

    for (size_t i = 0; i < s->count && !w->over; i++) {
        const struct field *f = &s->field[i];
        if (s->kind == STEP_TLS || !f->def || f->def->name[0])
            astray |= goes_astray(f, judge_field(w, s, f, in));
    }
    w->over |= astray;
}

static void put_hex(struct doc *d, const char *name, struct span octets)
{
    struct buf hex = { 0 };

    hex_encode(&hex, octets);
    doc_put(d, name, doc_new_text(buf_span(&hex)));
    buf_clear(&hex);
}

void trace_message(struct show *w, const struct step *s, const struct fields *in, struct span octets)
{
    struct doc *d = doc_new_map();
    struct buf line = { 0 }, who = { 0 };

    doc_put(d, "step", doc_new_int(w->stage.step - w->variant->step)); /* also of a mutant's */
    party_print(s->from, &who);
    doc_put(d, "from", doc_new_text(buf_span(&who)));
    buf_truncate(&who, 0);
    party_print(s->to, &who);
    doc_put(d, "to", doc_new_text(buf_span(&who)));
    doc_put(d, "kind", doc_new_str(s->kind == STEP_TLS ? "TLS" : s->message->word));
    if (w->witness) doc_put(d, "witness", doc_new_str(w->witness));
    struct doc *fields = fields_doc(in);
    if (fields) doc_put(d, "fields", fields);
    if (octets.n) put_hex(d, "octets", octets);
    if (w->trace && doc_write_json(d, &line) == OK) fprintf(w->trace, "%s\n", buf_cstr(&line));
    doc_free(d);
    buf_clear(&line);
    buf_clear(&who);
}
