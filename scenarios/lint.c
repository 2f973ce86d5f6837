#include "scenarios/lint.h"

#include "common/base/nearest.h"
#include "scenarios/derive.h"
#include "scenarios/line.h"
#include "scenarios/vary.h"
#include "scenarios/with.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_NAMES = 512 };

struct lint {
    struct flows *flows;
    const struct rules *rules;
    struct scenario *scenario;
    size_t names; /* variables bound so far in this variant */
    const char *name[MAX_NAMES];
};

static bool same_place(const struct place *a, const struct place *b)
{
    return a->line == b->line && a->column == b->column && strcmp(a->file, b->file) == 0;
}

/* Once per place: variants and derived scenarios meet the same text again. */
static void blame(struct lint *l, struct place at, const char *format, ...)
{
    char why[sizeof((struct flow_error *)0)->why];
    va_list args;

    for (size_t i = 0; i < l->flows->errors; i++) {
        if (same_place(&l->flows->error[i].at, &at)) return;
    }
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    flows_blame(l->flows, at, "%s", why);
}

/* ---- rules ---- */

/* The roles whose behaviour a step shows. */
static unsigned shown_by(const struct step *s)
{
    switch (s->kind) {
    case STEP_ARROW:
        return 1U << s->from.role;
    case STEP_TLS:
        return 1U << s->from.role | 1U << s->to.role;
    case STEP_QUIET:
        return ALL_ROLES & ~(1U << s->to.role);
    case STEP_VERB:
    case STEP_CLOCK:
        break;
    }
    return 0;
}

static const char *roles_print(unsigned roles, char out[40])
{
    size_t n = 0;

    out[0] = 0;
    for (unsigned r = 0; r < ROLE_COUNT; r++) {
        if (roles >> r & 1) n += (size_t)snprintf(out + n, 40 - n, "%s%s", n ? ", " : "", role_name(r));
    }
    return out;
}

static void lint_mention(struct lint *l, const struct step *s, const struct mention *m)
{
    const struct rule *rule = rules_find(l->rules, m->id);
    unsigned shown = shown_by(s);
    char binds[40], shows[40];

    if (!rule) {
        const char *best = rules_nearest(l->rules, m->id);
        blame(l, m->at, "unknown rule %s%s%s", m->id, NEAREST(best));
    } else if (shown == 0) {
        blame(l, m->at, "this line proves no rule: it tells a role what to do");
    } else if (!(rule->binds & shown)) {
        blame(l, m->at, "%s binds the %s; this line shows what the %s does", m->id,
              roles_print(rule->binds, binds), roles_print(shown, shows));
    } else {
        l->scenario->tested |= rule->binds & shown & ~l->scenario->wrong;
    }
}

static void lint_mentions(struct lint *l, const struct step *s)
{
    for (size_t i = 0; i < s->proves.count; i++) lint_mention(l, s, &s->proves.mention[i]);
    for (size_t k = 0; k < s->count; k++) {
        const struct mentions *m = &s->field[k].proves;
        for (size_t i = 0; i < m->count; i++) lint_mention(l, s, &m->mention[i]);
    }
}

/* A rule on the arrow of a role that only a puppet plays is never judged: it must not look proven. */
static void lint_unjudged(struct lint *l, const struct step *s)
{
    if (shown_by(s) == 0 || shown_by(s) & ~l->scenario->wrong) return;
    const struct mentions *m = &s->proves;
    for (size_t k = 0; m->count == 0 && k < s->count; k++) m = &s->field[k].proves;
    if (m->count == 0) return;
    blame(l, m->mention[0].at, "%s is never judged: %s breaks the protocol on purpose in this scenario",
          m->mention[0].id, role_name(s->from.role));
}

/* ---- values ---- */

static bool is_call(const struct pattern *p, enum function fn)
{
    return p->kind == PATTERN_CALL && p->fn == fn;
}

static const char *number_fault(const struct pattern *p, int64_t most)
{
    if (p->kind == PATTERN_JOINED || p->kind == PATTERN_LIST) return "expected a number";
    if (p->kind == PATTERN_CALL && !is_call(p, FN_ANY) && !is_call(p, FN_INT) && !is_call(p, FN_AHEAD) &&
        !is_call(p, FN_NOT))
        return "expected a number";
    if (p->kind != PATTERN_LITERAL) return NULL;
    if (!p->is_number) return "expected a number";
    return p->number < 0 || p->number > most ? "the number is out of range" : NULL;
}

static const char *list_fault(const struct pattern *p)
{
    bool fits = p->kind == PATTERN_LIST || p->kind == PATTERN_VARIABLE || p->kind == PATTERN_ABSENT ||
                is_call(p, FN_ANY) || is_call(p, FN_NOT);

    return fits ? NULL : "expected a list like [a,b]";
}

static const char *pair_fault(const struct pattern *p)
{
    bool fits = p->kind == PATTERN_PAIR || p->kind == PATTERN_ABSENT || is_call(p, FN_ANY);

    return fits ? NULL : "expected name:value";
}

static const char *word_fault(const struct pattern *p, const char *words)
{
    if (p->kind == PATTERN_LIST || p->kind == PATTERN_JOINED) return "expected a word";
    if (p->kind == PATTERN_CALL)
        return is_call(p, FN_ANY) || is_call(p, FN_NOT) || words_have(words, span_str(p->text))
                   ? NULL
                   : "not a word of this field";
    return p->kind == PATTERN_LITERAL && !words_have(words, span_str(p->text)) ? "not a word of this field"
                                                                               : NULL;
}

/* Why one alternative does not fit a field of this kind; NULL: it does. */
static const char *type_fault(const struct field_def *d, const struct pattern *p)
{
    if (p->kind == PATTERN_PAIR && d->type != FIELD_PAIR)
        return "name:value is for user properties; quote text that holds :";
    switch (d->type) {
    case FIELD_INT:
        return number_fault(p, UINT32_MAX);
    case FIELD_REASON:
        return number_fault(p, UINT8_MAX);
    case FIELD_FLAG:
        return number_fault(p, 1);
    case FIELD_PAIR:
        return pair_fault(p);
    case FIELD_LIST:
        return list_fault(p);
    case FIELD_WORD:
        return word_fault(p, d->words);
    case FIELD_TEXT:
    case FIELD_BYTES:
    case FIELD_RAW:
        return p->kind == PATTERN_LIST ? "a list does not fit here" : NULL;
    case FIELD_JSON:
    case FIELD_SCOPE:
    case FIELD_KEY:
    case FIELD_TOKEN:
        break;
    }
    return NULL;
}

static void lint_type(struct lint *l, const struct field_def *d, const struct pattern *p)
{
    for (size_t i = 0; p->kind == PATTERN_EITHER && i < p->count; i++) lint_type(l, d, &p->parts[i]);
    const char *fault = p->kind == PATTERN_EITHER ? NULL : type_fault(d, p);
    if (!fault) return;
    blame(l, p->at, "%s: %s%s%s%s", d->name, fault, d->words ? " (" : "", d->words ? d->words : "",
          d->words ? ")" : "");
}

static const char *hex_fault(const struct pattern *p)
{
    const struct pattern *digits = &p->parts[0];

    if (digits->kind != PATTERN_LITERAL) return "hex() takes digits";
    size_t n = strlen(digits->text);
    return n % 2 || strspn(digits->text, "0123456789abcdefABCDEF") != n
               ? "hex() takes an even number of digits 0-9 a-f"
               : NULL;
}

static const char *numbers_fault(const struct pattern *p, size_t first)
{
    for (size_t i = first; i < p->count; i++) {
        const struct pattern *n = &p->parts[i];
        if (n->kind == PATTERN_VARIABLE) continue;
        if (n->kind != PATTERN_LITERAL || !n->is_number || n->number < 0 || n->number > UINT32_MAX)
            return "expected a number";
    }
    return NULL;
}

static const char *algorithm_fault(const struct pattern *p)
{
    const struct pattern *arg = p->count && !p->parts[0].argument ? &p->parts[0] : NULL;

    if (!arg || arg->kind == PATTERN_VARIABLE || is_call(arg, FN_KEY)) return NULL;
    bool known =
        arg->kind == PATTERN_LITERAL && words_have(axis_find(span_str("pop"))->values, span_str(arg->text));
    return known ? NULL : "expected hs256, ed25519, es256 or a key";
}

static const char *call_fault(const struct pattern *p)
{
    switch (p->fn) {
    case FN_HEX:
        return hex_fault(p);
    case FN_BYTES:
    case FN_TEXT:
    case FN_INT:
    case FN_AHEAD:
        return numbers_fault(p, 0);
    case FN_FLIP:
    case FN_CUT:
    case FN_REPEAT:
        return numbers_fault(p, 1);
    case FN_KEY:
    case FN_TOKEN:
        return algorithm_fault(p);
    default:
        return NULL;
    }
}

/* ---- checks that cannot fail ---- */

static bool accepts_all(const struct pattern *p)
{
    bool all = is_call(p, FN_ANY);

    for (size_t i = 0; p->kind == PATTERN_EITHER && i < p->count; i++) all |= accepts_all(&p->parts[i]);
    return all;
}

static bool may_be_absent(const struct pattern *p)
{
    bool absent = p->kind == PATTERN_ABSENT;

    for (size_t i = 0; p->kind == PATTERN_EITHER && i < p->count; i++) absent |= may_be_absent(&p->parts[i]);
    return absent;
}

static bool captures(const struct pattern *p)
{
    bool any = p->capture != NULL;

    for (size_t i = 0; i < p->count; i++) any |= captures(&p->parts[i]);
    return any;
}

static void lint_failing(struct lint *l, const struct field *f)
{
    const struct pattern *p = &f->pattern;
    bool always = f->def && !f->path && f->def->notes & FIELD_ALWAYS;
    bool passes = accepts_all(p) && (f->optional || always || may_be_absent(p));

    if (f->optional && p->kind == PATTERN_ABSENT) {
        blame(l, f->at, "%s?=- says: if present, absent; write %s=-", f->name, f->name);
    } else if (passes && f->proves.count) {
        blame(l, f->at, "this check cannot fail, so it proves nothing: every %s passes", f->name);
    } else if (passes && !captures(p)) {
        blame(l, f->at, "this check cannot fail: every %s passes", f->name);
    } else if (always && p->kind == PATTERN_ABSENT) {
        blame(l, p->at, "%s cannot be absent", f->name);
    }
}

/* ---- variables ---- */

static bool bound(const struct lint *l, const char *name)
{
    for (size_t i = 0; i < l->names; i++) {
        if (strcmp(l->name[i], name) == 0) return true;
    }
    return false;
}

static void bind(struct lint *l, const char *name)
{
    if (l->names < MAX_NAMES && !bound(l, name)) l->name[l->names++] = name;
}

static const char *nearest_variable(const struct lint *l, const char *name)
{
    const char *best = nearest_name(span_str(name), l->name, l->names);

    return best ? best : vocab_nearest(WORDS_VARIABLES, span_str(name));
}

static void lint_variable(struct lint *l, const struct pattern *p)
{
    if (bound(l, p->text) || world_variable(span_str(p->text))) return;
    const char *best = nearest_variable(l, p->text);
    blame(l, p->at, "$%s is not bound here: nothing before captures or makes it%s%s", p->text, NEAREST(best));
}

/* Bottom up, so that a capture is bound after what it is made of. */
static void lint_pattern(struct lint *l, const struct pattern *p)
{
    for (size_t i = 0; i < p->count; i++) lint_pattern(l, &p->parts[i]);
    const char *fault = p->kind == PATTERN_CALL ? call_fault(p) : NULL;
    if (fault) blame(l, p->at, "%s", fault);
    if (p->kind == PATTERN_VARIABLE) lint_variable(l, p);
    if (p->capture) bind(l, p->capture);
}

static void lint_twice(struct lint *l, const struct step *s, size_t i)
{
    const struct field *f = &s->field[i];

    if (!f->name || (f->def && f->def->notes & FIELD_REPEATS)) return;
    for (size_t k = 0; k < i; k++) {
        const struct field *g = &s->field[k];
        if (!g->name || strcmp(g->name, f->name) != 0 ||
            strcmp(g->path ? g->path : "", f->path ? f->path : "") != 0)
            continue;
        blame(l, f->at, "%s is there twice", f->name);
    }
}

static void lint_field(struct lint *l, const struct step *s, const struct field *f)
{
    if (!f->def && !bound(l, f->name)) {
        const char *best = nearest_variable(l, f->name);
        if (!best) best = vocab_nearest_field(s->message, span_str(f->name));
        blame(l, f->at, "%s is neither a field of %s nor captured before%s%s", f->name, s->message->word,
              NEAREST(best));
    }
    lint_pattern(l, &f->pattern);
    if (f->def && !f->path) lint_type(l, f->def, &f->pattern);
    lint_failing(l, f);
}

/* ---- steps ---- */

static void lint_arrow(struct lint *l, const struct step *s)
{
    if (s->message->arrows & ARROW(s->from.role, s->to.role)) return;
    blame(l, s->at, "%s does not go from %s to %s", s->message->word, role_name(s->from.role),
          role_name(s->to.role));
}

static void lint_option(struct lint *l, const struct verb *v, const struct field *f)
{
    char near[MAX_WORD];

    if (f->path || !words_have(v->options, span_str(f->name))) {
        const char *best = vocab_nearest_word(v->options, span_str(f->name), near);
        blame(l, f->at, "%s has no option %s%s%s", v->word, f->name, NEAREST(best));
    }
}

static void lint_verb(struct lint *l, const struct step *s)
{
    const struct verb *v = s->verb;
    unsigned positional = 0;

    if (!(v->roles >> s->from.role & 1))
        blame(l, s->at, "%s cannot be told to %s", role_name(s->from.role), v->word);
    for (size_t i = 0; i < s->count; i++) {
        const struct field *f = &s->field[i];
        if (f->name) lint_option(l, v, f);
        if (!f->name && f->pattern.kind == PATTERN_LIST)
            blame(l, f->at, "this line proves no rule: it tells a role what to do");
        positional += !f->name;
        lint_pattern(l, &f->pattern);
    }
    if (positional < v->least) blame(l, s->at, "%s needs an argument: %s", v->word, v->doc);
    if (positional > v->most) blame(l, s->at, "too many arguments for %s", v->word);
}

static void lint_step(struct lint *l, const struct step *s)
{
    if (s->kind == STEP_VERB) lint_verb(l, s);
    if (!s->message) return;
    lint_arrow(l, s);
    for (size_t i = 0; i < s->count; i++) {
        lint_twice(l, s, i);
        lint_field(l, s, &s->field[i]);
    }
}

static enum err lint_variant(struct lint *l, size_t index)
{
    struct variant v;
    enum err e = flow_expand(l->scenario, index, &v);

    l->names = 0;
    for (size_t i = 0; e == OK && i < v.bindings; i++) bind(l, v.binding[i].axis);
    for (size_t i = 0; e == OK && i < v.steps; i++) lint_step(l, &v.step[i]);
    variant_clear(&v);
    return e;
}

/* ---- axes and conditions ---- */

static const struct axis *find_axis(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->axes; i++) {
        if (strcmp(s->axis[i].name, name) == 0) return &s->axis[i];
    }
    return NULL;
}

static const char *nearest_axis(const struct scenario *s, const char *name)
{
    const char *names[MAX_AXES];
    size_t n = 0;

    for (size_t i = 0; i < s->axes && n < MAX_AXES; i++) names[n++] = s->axis[i].name;
    return nearest_name(span_str(name), names, n);
}

static bool axis_has(const struct axis *a, const char *value)
{
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->value[i], value) == 0) return true;
    }
    return false;
}

static void lint_condition(struct lint *l, const struct condition *c)
{
    const struct axis *a = find_axis(l->scenario, c->axis);
    size_t among = 0;

    if (!a) {
        const char *best = nearest_axis(l->scenario, c->axis);
        blame(l, c->at, "%s is no axis of this scenario%s%s", c->axis, NEAREST(best));
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        const char *best = nearest_name(span_str(c->value[i]), a->value, a->count);
        if (!axis_has(a, c->value[i]))
            blame(l, c->at, "axis %s has no value %s%s%s", c->axis, c->value[i], NEAREST(best));
    }
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < c->count; k++) among += strcmp(a->value[i], c->value[k]) == 0;
    }
    if (among >= a->count) blame(l, c->at, "this condition %s holds", c->negated ? "never" : "always");
}

static void lint_conditions(struct lint *l, const struct conditions *c)
{
    for (size_t i = 0; i < c->count; i++) lint_condition(l, &c->condition[i]);
}

static void lint_axis(struct lint *l, const struct axis *a)
{
    const struct axis_def *d = axis_find(span_str(a->name));
    char near[MAX_WORD];

    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(a->value[i], a->value[k]) == 0)
                blame(l, a->at, "axis %s has %s twice", a->name, a->value[i]);
        }
        if (!d || words_have(d->values, span_str(a->value[i]))) continue;
        const char *best = vocab_nearest_word(d->values, span_str(a->value[i]), near);
        blame(l, a->at, "axis %s has no value %s%s%s", a->name, a->value[i], NEAREST(best));
    }
    if (d || axis_used(l->scenario, a->name)) return;
    const char *best = vocab_nearest(WORDS_AXES, span_str(a->name));
    blame(l, a->at, "no line uses axis %s%s%s", a->name, NEAREST(best));
}

static void lint_setting(struct lint *l, size_t at)
{
    const struct scenario *s = l->scenario;
    const struct setting *set = &s->setting[at];

    lint_conditions(l, &set->when);
    if (set->axis && !find_axis(s, set->axis) && !axis_find(span_str(set->axis))) {
        const char *best = nearest_axis(s, set->axis);
        blame(l, set->at, "%s is no axis of this scenario%s%s", set->axis, NEAREST(best));
    }
    for (size_t i = 0; i < at; i++) {
        bool twice = with_same(&s->setting[i], set) && s->setting[i].at.line == set->at.line;
        if (twice) blame(l, set->at, "%s is set twice", set->key);
    }
}

static void lint_head(struct lint *l)
{
    const struct scenario *s = l->scenario;

    if (!*s->title) blame(l, s->at, "%s has no title", s->id);
    for (size_t i = 0; i < s->needs.count; i++) {
        const struct word *w = &s->needs.word[i];
        const char *best = vocab_nearest(WORDS_FEATURES, span_str(w->text));
        if (!feature_find(span_str(w->text)))
            blame(l, w->at, "unknown feature %s%s%s", w->text, NEAREST(best));
    }
    for (size_t i = 0; i < s->tests.count; i++) {
        const struct word *w = &s->tests.word[i];
        bool known = false;
        for (unsigned r = 0; r < ROLE_COUNT; r++) known |= strcmp(w->text, role_name(r)) == 0;
        if (!known) blame(l, w->at, "expected client, broker or as, not %s", w->text);
    }
    for (size_t i = 0; i < s->axes; i++) lint_axis(l, &s->axis[i]);
    for (size_t i = 0; i < s->settings; i++) lint_setting(l, i);
}

/* What is judged once, on the text as it stands in this scenario. */
static void lint_own(struct lint *l)
{
    const struct scenario *s = l->scenario;

    for (size_t i = 0; i < s->own; i++) {
        const struct step *step = &s->own_step[i];
        lint_conditions(l, &step->when);
        for (size_t k = 0; k < step->count; k++) lint_conditions(l, &step->field[k].when);
        lint_unjudged(l, step);
    }
}

static enum err lint_scenario(struct lint *l)
{
    struct scenario *s = l->scenario;
    size_t variants = flow_variants(s);

    lint_head(l);
    s->tested = 0;
    for (size_t i = 0; i < s->steps; i++) lint_mentions(l, &s->step[i]);
    lint_own(l);
    if (!s->tested) blame(l, s->at, "%s proves no rule of a role that plays by the rules", s->id);
    if (variants > MAX_VARIANTS) blame(l, s->at, "%s has more than %d variants", s->id, MAX_VARIANTS);
    for (size_t i = 0; i < variants && variants <= MAX_VARIANTS; i++) TRY(lint_variant(l, i));
    return OK;
}

enum err flows_lint(struct flows *f, const struct rules *rules)
{
    size_t before = f->errors;

    for (size_t i = 0; i < f->count; i++) {
        struct lint l = { .flows = f, .rules = rules, .scenario = f->scenario[i] };
        TRY(lint_scenario(&l));
    }
    if (f->arena.failed) return ERR_NO_MEMORY;
    return f->errors > before ? ERR_MALFORMED : OK;
}
