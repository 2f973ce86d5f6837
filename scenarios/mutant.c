#include "scenarios/mutant.h"

#include "scenarios/admit.h"
#include "scenarios/alter.h"
#include "scenarios/line.h"

#include <stdio.h>

struct making {
    struct mutants *out;
    const struct variant *v;
    size_t step;
};

static const struct step *step_of(const struct making *m)
{
    return &m->v->step[m->step];
}

static const char *keep(struct making *m, struct buf *text)
{
    const char *kept = arena_text(&m->out->arena, buf_span(text));

    if (buf_failed(text)) m->out->arena.failed = true;
    buf_clear(text);
    return kept;
}

/* What the scenario calls the step: its label, or its number in this variant. */
static void print_id(const struct making *m, const char *what, struct buf *out)
{
    buf_format(out, "%s#", m->v->scenario->id);
    if (step_of(m)->label) {
        buf_str(out, step_of(m)->label);
    } else {
        buf_format(out, "%zu", m->step + 1);
    }
    buf_format(out, ".%s", what);
}

/* `what` and `words` end the id and the sentence; `words` is taken. */
static struct mutant *add(struct making *m, enum mutant_kind kind, const char *what, struct buf *words)
{
    struct mutant *slot = APPEND(&m->out->arena, m->out->mutant, m->out->count);
    struct buf id = { 0 }, sentence = { 0 };

    print_id(m, what, &id);
    step_print(step_of(m), &sentence);
    buf_add(&sentence, buf_span(words));
    sentence.failed |= buf_failed(words);
    buf_clear(words);
    struct mutant made = {
        .kind = kind,
        .step = m->step,
        .broken = *step_of(m),
        .blame = step_of(m)->at,
        .id = keep(m, &id),
        .words = keep(m, &sentence),
    };
    if (slot) *slot = made;
    return slot;
}

/* ---- whole arrows ---- */

static void add_dropped(struct making *m)
{
    struct buf words = { 0 };

    buf_str(&words, " is not sent");
    add(m, MUTANT_DROPPED, "dropped", &words);
}

static const struct other {
    const char *message, *word, *path; /* NULL: whatever is left */
} others[] = {
    { "PINGREQ", "DISCONNECT", NULL },
    { "PINGRESP", "PUBLISH", NULL },
    { "500", "400", NULL },
    { "5xx", "400", NULL },
    { "POST", "POST", "/mutant" },
    { "GET", "GET", "/mutant" },
    { "PUT", "PUT", "/mutant" },
    { "DELETE", "DELETE", "/mutant" },
};

static struct other other_message(const struct step *s)
{
    const char *word = s->message->word;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(others[i].message, word) == 0) return others[i];
    }
    if (s->message->kind == MESSAGE_RESPONSE) return (struct other){ word, "500", NULL };
    return (struct other){ word, s->from.role == ROLE_BROKER ? "PINGRESP" : "PINGREQ", NULL };
}

static void add_replaced(struct making *m)
{
    struct other o = other_message(step_of(m));
    struct buf words = { 0 };

    buf_format(&words, " is sent as %s%s%s", o.word, o.path ? " " : "", o.path ? o.path : "");
    struct mutant *made = add(m, MUTANT_REPLACED, "replaced", &words);
    if (!made) return;
    made->broken.message = message_find(span_str(o.word), span_str(o.path ? o.path : ""));
    made->broken.path = o.path;
    made->broken.field = NULL;
    made->broken.count = 0;
}

/* A PUBLISH to the silent client or broker, a request to the silent AS. */
static void add_extra(struct making *m)
{
    struct party to = step_of(m)->to;
    bool as = to.role == ROLE_AS;
    struct party from = { to.role == ROLE_CLIENT ? ROLE_BROKER : ROLE_CLIENT, 1 };
    struct buf words = { 0 };

    buf_format(&words, ": all the same %s sends %s", role_name(from.role), as ? "GET /mutant" : "PUBLISH");
    struct mutant *made = add(m, MUTANT_EXTRA, "extra", &words);
    if (!made) return;
    made->broken = (struct step){
        .kind = STEP_ARROW,
        .at = made->blame,
        .from = from,
        .to = to,
        .path = as ? "/mutant" : NULL,
        .message = message_find(span_str(as ? "GET" : "PUBLISH"), span_str(as ? "/mutant" : "")),
    };
}

/* ---- fields ---- */

/* Their own array: what they are copied from is the variant's. */
static struct field *own_fields(struct making *m, struct mutant *of, size_t more)
{
    size_t n = of->broken.count;
    struct field *own = arena_take(&m->out->arena, (n + more) * sizeof *own);

    if (own && n) memcpy(own, of->broken.field, n * sizeof *own);
    of->broken.field = own;
    of->broken.count = own ? n + more : 0;
    return own;
}

/* "user.2.other": the second field of that name. */
static void print_what(const struct step *s, size_t i, const char *how, struct buf *out)
{
    const struct field *f = &s->field[i];
    size_t earlier = 0;

    for (size_t k = 0; k < i; k++) earlier += strcmp(s->field[k].name, f->name) == 0;
    buf_format(out, "%s%s%s", f->name, f->path ? "." : "", f->path ? f->path : "");
    if (earlier) buf_format(out, ".%zu", earlier + 1);
    buf_format(out, ".%s", how);
}

/* The pattern of field `i` becomes `p`. */
static void add_altered(struct making *m, size_t i, enum mutant_kind kind, const struct pattern *p)
{
    static const char *const hows[] = {
        [MUTANT_MISSING] = "missing", [MUTANT_ADDED] = "added", [MUTANT_OTHER] = "other"
    };
    const struct field *f = &step_of(m)->field[i];
    struct buf what = { 0 }, words = { 0 };

    print_what(step_of(m), i, hows[kind], &what);
    buf_format(&words, ": %s is ", f->name);
    if (kind == MUTANT_MISSING) {
        buf_str(&words, "missing");
    } else {
        pattern_print(p, &words);
        buf_str(&words, " instead of ");
        pattern_print(&f->pattern, &words);
    }
    struct mutant *made = add(m, kind, buf_cstr(&what), &words);
    buf_clear(&what);
    if (!made) return;
    made->blame = f->at;
    struct field *own = own_fields(m, made, 0);
    if (own) own[i].pattern = *p;
}

static void spare(struct making *m, const struct field *f, const char *why)
{
    struct spared *slot = APPEND(&m->out->arena, m->out->spared, m->out->spares);
    struct buf text = { 0 };

    field_print(f, &text);
    const char *kept = keep(m, &text);
    if (slot) *slot = (struct spared){ f->at, kept, why };
}

/* ---- members ---- */

static bool is_token_call(const struct pattern *p, const char *capture)
{
    return p->kind == PATTERN_CALL && p->fn == FN_TOKEN && p->capture && strcmp(p->capture, capture) == 0;
}

/* token.aud=...: the token that this step makes and keeps under that name gets another audience. */
static bool add_claim(struct making *m, size_t i)
{
    const struct step *s = step_of(m);
    const struct field *f = &s->field[i];
    struct buf what = { 0 }, words = { 0 };
    size_t k = 0;

    if (!f->path || !words_have("iss|sub|aud", span_str(f->path)) || admits_text(&f->pattern, "mutant"))
        return false;
    while (k < s->count && !is_token_call(&s->field[k].pattern, f->name)) k++;
    if (k == s->count) return false;
    print_what(s, i, "other", &what);
    buf_format(&words, ": %s.%s is mutant", f->name, f->path);
    struct mutant *made = add(m, MUTANT_OTHER, buf_cstr(&what), &words);
    buf_clear(&what);
    struct field *own = made ? own_fields(m, made, 0) : NULL;
    if (!own) return true;
    made->blame = f->at;
    struct pattern *token = &own[k].pattern;
    struct pattern *parts = arena_take(&m->out->arena, (token->count + 1) * sizeof *parts);
    if (!parts) return true;
    if (token->count) memcpy(parts, token->parts, token->count * sizeof *parts);
    pattern_set_text(&parts[token->count], "mutant");
    parts[token->count].argument = f->path;
    token->parts = parts;
    token->count++;
    token->at = (struct place){ 0 };
    return true;
}

/* hint.AS=...: a puppet makes the hint from the members that the step names. */
static bool add_hint(struct making *m, size_t i)
{
    const struct field *f = &step_of(m)->field[i];
    struct pattern p = { .kind = PATTERN_LITERAL };

    if (f->def || !f->path || strcmp(step_of(m)->message->word, "CONNACK") != 0) return false;
    if (admits_text(&f->pattern, "mutant")) return false;
    pattern_set_text(&p, "mutant");
    add_altered(m, i, MUTANT_OTHER, &p);
    return true;
}

static bool names_whole(const struct step *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->field[i].def && !s->field[i].path && strcmp(s->field[i].name, name) == 0) return true;
    }
    return false;
}

/* cnf.jwk.kty=...: without the whole the member is gone too. */
static bool add_without_whole(struct making *m, size_t i)
{
    const struct field *f = &step_of(m)->field[i];
    struct buf what = { 0 }, words = { 0 };

    if (!f->def || !f->path || f->optional || admits_absence(&f->pattern)) return false;
    if (names_whole(step_of(m), f->name)) return false;
    print_what(step_of(m), i, "missing", &what);
    buf_format(&words, ": %s is missing", f->name);
    struct mutant *made = add(m, MUTANT_MISSING, buf_cstr(&what), &words);
    buf_clear(&what);
    struct field *own = made ? own_fields(m, made, 1) : NULL;
    if (!own) return true;
    made->blame = f->at;
    own[made->broken.count - 1] =
        (struct field){ .at = f->at, .name = f->name, .def = f->def, .pattern = { .kind = PATTERN_ABSENT } };
    return true;
}

static bool add_member(struct making *m, size_t i)
{
    return add_claim(m, i) || add_hint(m, i) || add_without_whole(m, i);
}

/* ---- steps ---- */

static void mutate_field(struct making *m, size_t i)
{
    const struct field *f = &step_of(m)->field[i];
    struct altering a = { &m->out->arena, m->v, step_of(m), f, NULL };
    struct pattern p = { 0 };
    size_t before = m->out->count;

    if (!f->def || f->path) {
        if (!add_member(m, i)) spare(m, f, "a member: it is made with the whole");
        return;
    }
    if (alter_value(&a, &p))
        add_altered(m, i, f->pattern.kind == PATTERN_ABSENT ? MUTANT_ADDED : MUTANT_OTHER, &p);
    if (alter_can_omit(&a)) add_altered(m, i, MUTANT_MISSING, &(struct pattern){ .kind = PATTERN_ABSENT });
    if (m->out->count == before) spare(m, f, a.why ? a.why : "whatever stands here is right");
}

static void mutate_step(struct making *m)
{
    const struct step *s = step_of(m);

    if (s->kind == STEP_QUIET) add_extra(m);
    if (s->kind != STEP_ARROW && s->kind != STEP_TLS) return;
    add_dropped(m);
    if (s->kind == STEP_ARROW && s->message->kind != MESSAGE_CLOSE) add_replaced(m);
    for (size_t i = 0; i < s->count; i++) mutate_field(m, i);
}

enum err mutants_make(const struct variant *v, struct mutants *out)
{
    struct making m = { .out = out, .v = v };

    *out = (struct mutants){ 0 };
    for (m.step = 0; m.step < v->steps; m.step++) mutate_step(&m);
    return out->arena.failed ? ERR_NO_MEMORY : OK;
}

void mutants_clear(struct mutants *m)
{
    arena_clear(&m->arena);
    *m = (struct mutants){ 0 };
}

/* ---- what became of it ---- */

static bool is_blamed(const struct mutant *m, const struct check_result *c)
{
    return c->line == m->blame.line && span_is(buf_span(&c->file), m->blame.file);
}

/* The message as such: what is broken inside may make it another, or none at all. */
static bool is_message_of(const struct mutant *m, const struct check_result *c)
{
    return c->field.n == 0 && c->line == m->broken.at.line && span_is(buf_span(&c->file), m->broken.at.file);
}

/* One wrong field may well break others of the same message: those are on the first broken arrow too. */
enum fate mutant_fate(const struct mutant *m, const struct run_result *r)
{
    const struct check_result *first = NULL;

    for (size_t i = 0; i < r->check_count; i++) {
        const struct check_result *c = &r->checks[i];
        if (c->held) continue;
        if (!first) first = c;
        if (span_eq(buf_span(&c->arrow), buf_span(&first->arrow)) && (is_blamed(m, c) || is_message_of(m, c)))
            return FATE_CAUGHT;
    }
    if (first) return FATE_MISBLAMED;
    return r->verdict == VERDICT_ERROR || r->verdict == VERDICT_SKIP ? FATE_UNTOLD : FATE_SURVIVED;
}
