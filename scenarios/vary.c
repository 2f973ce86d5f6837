#include "scenarios/vary.h"

#include "scenarios/with.h"

#include <stdlib.h>

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

size_t flow_variants(const struct scenario *s)
{
    size_t n = 1;

    for (size_t i = 0; i < s->axes; i++) {
        n *= s->axis[i].count;
        if (n > MAX_VARIANTS) return MAX_VARIANTS + 1;
    }
    return n;
}

const char *variant_value(const struct variant *v, const char *axis)
{
    for (size_t i = 0; i < v->bindings; i++) {
        if (same(v->binding[i].axis, axis)) return v->binding[i].value;
    }
    return NULL;
}

static void bind(struct variant *v, struct binding b)
{
    struct binding *slot = APPEND(&v->arena, v->binding, v->bindings);

    if (slot) *slot = b;
}

static void bind_axes(struct variant *v)
{
    const struct scenario *s = v->scenario;
    size_t rest = flow_variants(s), index = v->index;

    for (size_t i = 0; i < s->axes; i++) {
        rest /= s->axis[i].count;
        bind(v, (struct binding){ s->axis[i].name, s->axis[i].value[index / rest], true });
        index %= rest;
    }
    const struct axis_def *d;
    for (size_t i = 0; (d = axis_at(i)); i++) {
        const char *words = d->values;
        struct span first = { 0 };
        if (variant_value(v, d->name) || !words_next(&words, &first)) continue;
        bind(v, (struct binding){ d->name, arena_text(&v->arena, first), false });
    }
}

static bool holds(const struct variant *v, const struct condition *c)
{
    const char *now = variant_value(v, c->axis);
    bool among = false;

    for (size_t i = 0; now && i < c->count; i++) among |= same(now, c->value[i]);
    return among != c->negated;
}

static bool all_hold(const struct variant *v, const struct conditions *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (!holds(v, &c->condition[i])) return false;
    }
    return true;
}

/* Names captured so far: they hide axes. */
struct names {
    size_t count;
    const char **name;
};

static bool names_have(const struct names *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++) {
        if (same(n->name[i], name)) return true;
    }
    return false;
}

static void names_add(struct names *n, struct arena *a, const char *name)
{
    if (names_have(n, name)) return;
    const char **slot = APPEND(a, n->name, n->count);
    if (slot) *slot = name;
}

struct expand {
    struct variant *v;
    struct names captured;
};

static void set_value(struct pattern *p, const char *value)
{
    if (same(value, "-")) {
        p->kind = PATTERN_ABSENT;
    } else {
        pattern_set_text(p, value);
    }
}

/* `p` is already the variant's own; its parts become so here. */
static void expand_pattern(struct expand *x, struct pattern *p)
{
    const char *value = p->kind == PATTERN_VARIABLE && !p->path && !names_have(&x->captured, p->text)
                            ? variant_value(x->v, p->text)
                            : NULL;

    if (value) set_value(p, value);
    struct pattern *parts = p->count ? arena_take(&x->v->arena, p->count * sizeof *parts) : NULL;
    if (!parts) p->count = 0;
    for (size_t i = 0; i < p->count; i++) {
        parts[i] = p->parts[i];
        expand_pattern(x, &parts[i]);
    }
    p->parts = parts;
    if (p->capture) names_add(&x->captured, &x->v->arena, p->capture);
}

static void expand_step(struct expand *x, const struct step *from)
{
    struct step *to = APPEND(&x->v->arena, x->v->step, x->v->steps);

    if (!to) return;
    *to = *from;
    to->when = (struct conditions){ 0 };
    to->field = NULL;
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        if (!all_hold(x->v, &from->field[i].when)) continue;
        struct field *f = APPEND(&x->v->arena, to->field, to->count);
        if (!f) return;
        *f = from->field[i];
        f->when = (struct conditions){ 0 };
        expand_pattern(x, &f->pattern);
    }
}

static void expand_setting(struct variant *v, const struct setting *from)
{
    struct setting *to = NULL;
    const char *value = from->axis ? variant_value(v, from->axis) : NULL;

    for (size_t i = 0; i < v->settings; i++) {
        if (with_same(&v->setting[i], from)) to = &v->setting[i];
    }
    if (!to) to = APPEND(&v->arena, v->setting, v->settings);
    if (!to) return;
    *to = (struct setting){ .at = from->at, .role = from->role, .key = from->key };
    to->value = from->axis ? with_value(&v->arena, span_str(value ? value : "")) : from->value;
}

enum err flow_expand(const struct scenario *s, size_t index, struct variant *out)
{
    struct expand x = { .v = out };

    *out = (struct variant){ .scenario = s, .index = index };
    bind_axes(out);
    for (size_t i = 0; i < s->settings; i++) {
        if (all_hold(out, &s->setting[i].when)) expand_setting(out, &s->setting[i]);
    }
    for (size_t i = 0; i < s->steps; i++) {
        if (all_hold(out, &s->step[i].when)) expand_step(&x, &s->step[i]);
    }
    return out->arena.failed ? ERR_NO_MEMORY : OK;
}

void variant_clear(struct variant *v)
{
    arena_clear(&v->arena);
    *v = (struct variant){ 0 };
}

void variant_print(const struct variant *v, struct buf *out)
{
    const char *between = "";

    for (size_t i = 0; i < v->bindings && v->binding[i].varied; i++) {
        buf_format(out, "%s%s=%s", between, v->binding[i].axis, v->binding[i].value);
        between = ",";
    }
}

bool variant_turns_on(const struct variant *v, enum role role, const char *key)
{
    for (size_t i = 0; i < v->settings; i++) {
        const struct setting *s = &v->setting[i];
        if (s->role == role && same(s->key, key)) return same(s->value, "true");
    }
    return false;
}
