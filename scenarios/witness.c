#include "scenarios/witness.h"

#include "common/crypto/entropy.h"
#include "scenarios/make.h"

/* What is witnessed: of which field of which step. */
struct witnessing {
    struct stage *stage;
    const struct step *step;
    const struct field *field;
};

static bool witness(struct witnessing *w, const struct pattern *p, struct value *out);

static bool is_numeric(const struct field *f)
{
    enum field_type t = f->def ? f->def->type : FIELD_JSON;

    return t == FIELD_INT || t == FIELD_REASON || t == FIELD_FLAG;
}

static bool text(struct witnessing *w, const char *s, struct value *out)
{
    *out = value_bytes(vars_copy(&w->stage->vars, span_str(s)));
    return true;
}

/* Whatever it is; as text, this word. */
static bool something(struct witnessing *w, const char *word, struct value *out)
{
    uint8_t octets[8];

    *out = value_number(7);
    if (is_numeric(w->field)) return true;
    if (w->field->def && w->field->def->type == FIELD_LIST) {
        *out = value_tree(&w->stage->vars, doc_new_array());
        return true;
    }
    if (!w->field->def || w->field->def->type != FIELD_BYTES) return text(w, word, out);
    if (entropy_fill(entropy_system(), octets, sizeof octets) != OK) return false;
    *out = value_bytes(vars_copy(&w->stage->vars, span(octets, sizeof octets)));
    return true;
}

/* A JSON object with the members that this step asks of the name it is captured as. */
static bool object(struct witnessing *w, const struct pattern *p, struct value *out)
{
    struct doc *d = doc_new_map();
    struct buf json = { 0 };

    for (size_t i = 0; p->capture && i < w->step->count; i++) {
        const struct field *f = &w->step->field[i];
        struct witnessing member = { w->stage, w->step, f };
        struct value v = { 0 };
        if (f->def || !f->path || strcmp(f->name, p->capture) != 0) continue;
        if (witness(&member, &f->pattern, &v) && v.kind != VALUE_ABSENT) doc_put(d, f->path, value_doc(&v));
    }
    bool written = doc_write_json(d, &json) == OK;
    if (written) *out = value_bytes(vars_copy(&w->stage->vars, buf_span(&json)));
    buf_clear(&json);
    doc_free(d);
    return written;
}

static bool call(struct witnessing *w, const struct pattern *p, struct value *out)
{
    switch (p->fn) {
    case FN_ANY:
        return something(w, "witness", out);
    case FN_NOT: /* any other than what witnesses were before */
        return something(w, "distinct", out);
    case FN_INT:
        *out = value_number(argument_number(p, 0, 1));
        return true;
    case FN_AHEAD:
        *out = value_number(stage_now(w->stage) + argument_number(p, 0, 1));
        return true;
    case FN_TEXT:
        return text(w, "witness", out);
    case FN_URI:
        return text(w, "https://witness.example/token", out);
    case FN_JSON:
        return object(w, p, out);
    case FN_STARTS:
        return argument_at(p, 0) && witness(w, argument_at(p, 0), out);
    default:
        return false;
    }
}

static bool witness(struct witnessing *w, const struct pattern *p, struct value *out)
{
    if (make_value(w->stage, p, w->field->name, out) == OK) return true;
    if (p->kind == PATTERN_PAIR || p->kind == PATTERN_EITHER) return witness(w, &p->parts[0], out);
    return p->kind == PATTERN_CALL && call(w, p, out);
}

void witness_fields(struct stage *s, const struct step *step, struct fields *out)
{
    for (size_t i = 0; i < step->count; i++) {
        const struct field *f = &step->field[i];
        struct witnessing w = { s, step, f };
        bool pair = f->pattern.kind == PATTERN_PAIR;
        const struct pattern *p = pair ? &f->pattern.parts[0] : &f->pattern;
        const char *name = pair ? fields_user_name(&s->vars, span_str(f->pattern.text)) : f->name;
        struct value v = { 0 };
        if (!f->def || f->path || f->optional || f->pattern.kind == PATTERN_ABSENT || fields_has(out, name))
            continue;
        if (witness(&w, p, &v) && v.kind != VALUE_ABSENT) fields_add(out, f->def, name, v);
    }
}
