#include "scenarios/derive.h"

#include "common/base/nearest.h"
#include "scenarios/line.h"

enum { MAX_LIKE_DEPTH = 16 };

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void find_variable(const struct pattern *p, const char *name, bool *found)
{
    if (p->kind == PATTERN_VARIABLE && same(p->text, name)) *found = true;
    for (size_t i = 0; i < p->count; i++) find_variable(&p->parts[i], name, found);
}

static bool condition_on(const struct conditions *c, const char *axis)
{
    for (size_t i = 0; i < c->count; i++) {
        if (same(c->condition[i].axis, axis)) return true;
    }
    return false;
}

bool axis_used(const struct scenario *s, const char *axis)
{
    bool used = false;

    for (size_t i = 0; i < s->settings; i++)
        used |= same(s->setting[i].axis, axis) || condition_on(&s->setting[i].when, axis);

    for (size_t i = 0; i < s->steps; i++) {
        const struct step *step = &s->step[i];
        used |= condition_on(&step->when, axis);
        for (size_t k = 0; k < step->count; k++) {
            used |= condition_on(&step->field[k].when, axis);
            find_variable(&step->field[k].pattern, axis, &used);
        }
    }
    return used;
}

/* ---- fields ---- */

static bool has_members(enum field_type t)
{
    return t == FIELD_JSON || t == FIELD_SCOPE || t == FIELD_KEY || t == FIELD_TOKEN;
}

static void resolve_field(struct flows *f, const struct message *m, struct field *field)
{
    field->def = message_field(m, span_str(field->name));
    if (field->def && field->path && !has_members(field->def->type)) {
        flows_blame(f, field->at, "%s has no members", field->name);
    }
    if (field->def || field->path) return; /* name.path may be a captured variable: lint knows */
    const char *best = vocab_nearest_field(m, span_str(field->name));
    flows_blame(f, field->at, "%s has no field %s%s%s", m->word, field->name, NEAREST(best));
}

static void resolve_own(struct flows *f, struct scenario *s)
{
    for (size_t i = 0; i < s->own; i++) {
        struct step *step = &s->own_step[i];
        for (size_t k = 0; step->message && k < step->count; k++)
            resolve_field(f, step->message, &step->field[k]);
    }
}

/* ---- on purpose wrong ---- */

static void find_spoiler(const struct pattern *p, bool *found)
{
    bool deviates = p->kind == PATTERN_CALL && function_def(p->fn)->notes & FN_SPOILS;

    for (size_t i = 0; i < p->count; i++) {
        deviates |= p->kind == PATTERN_CALL && p->fn == FN_TOKEN && p->parts[i].argument;
        find_spoiler(&p->parts[i], found);
    }
    *found |= deviates;
}

/* The roles that break the protocol in this field. */
static unsigned wrong_in_field(const struct step *s, const struct field *f)
{
    bool wrong = f->def && f->def->type == FIELD_RAW;

    find_spoiler(&f->pattern, &wrong);
    bool peer = f->def && f->def->notes & FIELD_PEER;
    return wrong ? 1U << (peer ? s->to.role : s->from.role) : 0;
}

static unsigned wrong_in_step(const struct step *s)
{
    unsigned wrong = 0;

    for (size_t i = 0; s->message && i < s->count; i++) wrong |= wrong_in_field(s, &s->field[i]);
    return wrong;
}

static void set_wrong(struct scenario *s)
{
    unsigned listed = 0;

    for (size_t i = 0; i < s->steps; i++) s->wrong |= wrong_in_step(&s->step[i]);
    for (size_t i = 0; i < s->tests.count; i++) {
        for (unsigned r = 0; r < ROLE_COUNT; r++) {
            if (same(s->tests.word[i].text, role_name(r))) listed |= 1U << r;
        }
    }
    if (s->tests.count) s->wrong = ((1U << ROLE_COUNT) - 1) & ~listed;
}

/* ---- but ---- */

static struct step *find_label(struct step *step, size_t count, const char *label)
{
    for (size_t i = 0; i < count; i++) {
        if (same(step[i].label, label)) return &step[i];
    }
    return NULL;
}

static void blame_label(struct flows *f, const struct scenario *s, struct place at, const char *label)
{
    const char *names[MAX_STEPS];
    size_t n = 0;

    for (size_t i = 0; i < s->steps; i++) {
        if (s->step[i].label) names[n++] = s->step[i].label;
    }
    const char *best = nearest_name(span_str(label), names, n);
    flows_blame(f, at, "%s has no step %s%s%s", s->like.text, label, NEAREST(best));
}

/* The rules of a line say what the whole line proves: they go when a field of it is replaced. */
static void drop_rules(struct step *s, unsigned line)
{
    if (s->at.line == line) s->proves = (struct mentions){ 0 };
    for (size_t i = 0; i < s->count; i++) {
        if (s->field[i].at.line == line) s->field[i].proves = (struct mentions){ 0 };
    }
}

static bool replaces(const struct field *new, const struct field *old)
{
    return same(new->name, old->name) && same(new->path, old->path);
}

static const struct field *replacement(const struct edit *e, const struct field *old)
{
    for (size_t i = 0; i < e->count; i++) {
        if (replaces(&e->field[i], old)) return &e->field[i];
    }
    return NULL;
}

static void add_field(struct flows *f, struct step *to, const struct field *field)
{
    struct field *slot = APPEND(&f->arena, to->field, to->count);

    if (slot) *slot = *field;
}

static bool has_place(const struct step *s, const struct place *at)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->field[i].at.line == at->line && s->field[i].at.column == at->column &&
            same(s->field[i].at.file, at->file))
            return true;
    }
    return false;
}

/* The old fields in their order, each named one replaced where it stood (once), the further ones behind. */
static void merge_fields(struct flows *f, struct step *s, const struct edit *e)
{
    struct step old = *s;

    for (size_t i = 0; i < old.count; i++) {
        if (replacement(e, &old.field[i])) drop_rules(s, old.field[i].at.line);
    }
    old.field = s->field;
    s->field = NULL;
    s->count = 0;
    for (size_t i = 0; i < old.count; i++) {
        const struct field *new = replacement(e, &old.field[i]);
        if (!new) add_field(f, s, &old.field[i]);
        if (new && !has_place(s, &new->at)) add_field(f, s, new);
    }
    for (size_t i = 0; i < e->count; i++) {
        if (!has_place(s, &e->field[i].at)) add_field(f, s, &e->field[i]);
    }
}

static void add_mentions(struct flows *f, struct mentions *to, const struct mentions *more)
{
    struct mentions all = { 0 };

    if (more->count == 0) return;
    for (size_t i = 0; i < to->count + more->count; i++) {
        struct mention *m = APPEND(&f->arena, all.mention, all.count);
        if (m) *m = i < to->count ? to->mention[i] : more->mention[i - to->count];
    }
    *to = all;
}

static bool proves_something(const struct edit *e)
{
    bool proves = e->proves.count > 0;

    for (size_t i = 0; i < e->count; i++) proves |= e->field[i].proves.count > 0;
    return proves;
}

/* drop_rules() writes to fields: a step of another scenario gets its own copy of them first. */
static void own_fields(struct flows *f, struct step *s)
{
    struct step shared = *s;

    s->field = NULL;
    s->count = 0;
    for (size_t i = 0; i < shared.count; i++) add_field(f, s, &shared.field[i]);
}

static void apply_edit(struct flows *f, struct scenario *s, struct edit *e)
{
    struct step *step = find_label(s->step, s->steps, e->label);

    if (!step) {
        blame_label(f, s, e->at, e->label);
        return;
    }
    if (!step->message) {
        flows_blame(f, e->at, "step %s has no fields", e->label);
        return;
    }
    for (size_t i = 0; i < e->count; i++) resolve_field(f, step->message, &e->field[i]);
    own_fields(f, step);
    merge_fields(f, step, e);
    add_mentions(f, &step->proves, &e->proves);
    if (!proves_something(e)) s->wrong |= 1U << step->from.role;
}

/* ---- like and then ---- */

static void add_step(struct flows *f, struct scenario *s, const struct step *step)
{
    if (s->steps >= MAX_STEPS) {
        flows_blame(f, s->at, "more than %d steps", MAX_STEPS);
        return;
    }
    if (step->label && find_label(s->step, s->steps, step->label))
        flows_blame(f, step->at, "label %s is taken", step->label);
    struct step *slot = APPEND(&f->arena, s->step, s->steps);
    if (slot) *slot = *step;
}

static void add_words(struct flows *f, struct words *to, const struct words *from)
{
    for (size_t i = 0; i < from->count; i++) {
        bool there = false;
        for (size_t k = 0; k < to->count; k++) there |= same(to->word[k].text, from->word[i].text);
        struct word *w = there ? NULL : APPEND(&f->arena, to->word, to->count);
        if (w) *w = from->word[i];
    }
}

static const struct axis *find_axis(const struct axis *axis, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (same(axis[i].name, name)) return &axis[i];
    }
    return NULL;
}

/* The base's axes in their order, those named again with their new values, then the new ones. */
static void inherit_axes(struct flows *f, struct scenario *s, const struct scenario *base)
{
    const struct axis *own = s->axis;
    size_t count = s->axes;

    s->axis = NULL;
    s->axes = 0;
    for (size_t i = 0; i < base->axes + count; i++) {
        const struct axis *a = i < base->axes ? &base->axis[i] : &own[i - base->axes];
        if (find_axis(s->axis, s->axes, a->name)) continue;
        const struct axis *again = find_axis(own, count, a->name);
        if (!again && !axis_find(span_str(a->name)) && !axis_used(s, a->name))
            continue; /* its steps were cut off */
        struct axis *slot = APPEND(&f->arena, s->axis, s->axes);
        if (slot) *slot = again ? *again : *a;
    }
}

/* The base's first: the last of the same key counts. */
static void inherit_settings(struct flows *f, struct scenario *s, const struct scenario *base)
{
    const struct setting *own = s->setting;
    size_t count = s->settings;

    s->setting = NULL;
    s->settings = 0;
    for (size_t i = 0; i < base->settings + count; i++) {
        struct setting *slot = APPEND(&f->arena, s->setting, s->settings);
        if (slot) *slot = i < base->settings ? base->setting[i] : own[i - base->settings];
    }
}

static size_t steps_kept(struct flows *f, const struct scenario *s, const struct scenario *base)
{
    if (!s->then.text) return base->steps;
    const struct step *at = find_label(base->step, base->steps, s->then.text);
    if (at) return (size_t)(at - base->step);
    struct scenario named = *base;
    named.like.text = base->id;
    blame_label(f, &named, s->then.at, s->then.text);
    return base->steps;
}

static void inherit(struct flows *f, struct scenario *s, const struct scenario *base)
{
    size_t kept = steps_kept(f, s, base);

    s->wrong = base->wrong;
    for (size_t i = 0; i < kept; i++) add_step(f, s, &base->step[i]);
    for (size_t i = 0; i < s->edits; i++) apply_edit(f, s, &s->edit[i]);
    add_words(f, &s->needs, &base->needs);
    add_words(f, &s->tags, &base->tags);
    inherit_settings(f, s, base);
    if (s->tests.count == 0) s->tests = base->tests;
}

static struct scenario *find_base(struct flows *f, const struct scenario *s)
{
    const char *names[MAX_SCENARIOS];

    for (size_t i = 0; i < f->count; i++) {
        if (same(f->scenario[i]->id, s->like.text)) return f->scenario[i];
        names[i] = f->scenario[i]->id;
    }
    const char *best = nearest_name(span_str(s->like.text), names, f->count);
    flows_blame(f, s->like.at, "unknown scenario %s%s%s", s->like.text, NEAREST(best));
    return NULL;
}

static void link_scenario(struct flows *f, struct scenario *s, unsigned depth)
{
    if (s->linked == LINK_DONE) return;
    s->linked = LINK_NOW;
    struct scenario *base = s->like.text ? find_base(f, s) : NULL;
    if (base && (base->linked == LINK_NOW || depth >= MAX_LIKE_DEPTH)) {
        flows_blame(f, s->like.at, base->linked == LINK_NOW ? "like goes in a circle" : "like goes too deep");
        base = NULL;
    }
    if (base) link_scenario(f, base, depth + 1);
    resolve_own(f, s);
    if (base) inherit(f, s, base);
    for (size_t i = 0; i < s->own; i++) add_step(f, s, &s->own_step[i]);
    if (base) inherit_axes(f, s, base);
    set_wrong(s);
    s->linked = LINK_DONE;
}

enum err flows_link(struct flows *f)
{
    size_t before = f->errors;

    for (size_t i = 0; i < f->count; i++) link_scenario(f, f->scenario[i], 0);
    if (f->arena.failed) return ERR_NO_MEMORY;
    return f->errors > before ? ERR_MALFORMED : OK;
}
