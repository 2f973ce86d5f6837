#include "scenarios/browse.h"

#include "scenarios/line.h"
#include "scenarios/vary.h"
#include "scenarios/with.h"

#include <ctype.h>
#include <stdio.h>

enum { FIGURE_INDENT = 6, WRAP = 110 };

static void print_words(const char *name, const struct words *w, struct buf *out)
{
    if (w->count == 0) return;
    buf_format(out, "%-6s", name);
    for (size_t i = 0; i < w->count; i++) buf_format(out, " %s", w->word[i].text);
    buf_u8(out, '\n');
}

size_t browse_list(const struct suite *s, const struct choice *c, struct buf *out)
{
    size_t listed = 0;

    for (size_t i = 0; i < s->flows.count; i++) {
        const struct scenario *sc = s->flows.scenario[i];
        if (!suite_chooses(s, c, sc)) continue;
        size_t n = flow_variants(sc);
        buf_format(out, "%-48s %4zu variant%s  %s\n", sc->id, n, n == 1 ? " " : "s", sc->title);
        listed++;
    }
    return listed;
}

static void print_axes(const struct scenario *s, struct buf *out)
{
    if (s->axes == 0) return;
    buf_str(out, "vary  ");
    for (size_t i = 0; i < s->axes; i++) {
        buf_format(out, " %s=", s->axis[i].name);
        for (size_t k = 0; k < s->axis[i].count; k++)
            buf_format(out, "%s%s", k ? "|" : "", s->axis[i].value[k]);
    }
    buf_format(out, "  (%zu variants)\n", flow_variants(s));
}

static void print_roles(const char *name, unsigned roles, struct buf *out)
{
    if (!roles) return;
    buf_format(out, "%-6s", name);
    for (unsigned r = 0; r < ROLE_COUNT; r++) {
        if (roles >> r & 1) buf_format(out, " %s", role_name(r));
    }
    buf_u8(out, '\n');
}

static void print_when(const struct conditions *w, struct buf *out)
{
    if (w->count) buf_str(out, "  when");
    for (size_t i = 0; i < w->count; i++) {
        const struct condition *c = &w->condition[i];
        buf_format(out, " %s%s", c->axis, c->negated ? "!=" : "=");
        for (size_t k = 0; k < c->count; k++) buf_format(out, "%s%s", k ? "|" : "", c->value[k]);
    }
}

static void print_rule(const struct suite *s, const char *id, struct buf *out)
{
    const struct rule *r = rules_find(&s->rules, id);

    if (!r) return;
    buf_format(out, "%*s%s ", 2 * FIGURE_INDENT, "", id);
    rule_print_level(r, out);
    buf_format(out, ": %s\n", r->text);
}

/* Each rule once per line of text: a line's fields share its rules. */
static void print_rules(const struct suite *s, const struct mentions *m, struct buf *out)
{
    for (size_t i = 0; i < m->count; i++) print_rule(s, m->mention[i].id, out);
}

static bool shared(const struct step *s, size_t i)
{
    const struct mention *before = i ? s->field[i - 1].proves.mention : s->proves.mention;

    return s->field[i].proves.mention == before || s->field[i].proves.mention == s->proves.mention;
}

static void explain_fields(const struct suite *s, const struct step *step, struct buf *out)
{
    for (size_t i = 0; i < step->count; i++) {
        const struct field *f = &step->field[i];
        buf_format(out, "%*s", FIGURE_INDENT + 4, "");
        field_print(f, out);
        print_when(&f->when, out);
        buf_u8(out, '\n');
        if (!shared(step, i)) print_rules(s, &f->proves, out);
    }
}

static void explain_step(const struct suite *s, const struct step *step, struct buf *out)
{
    buf_format(out, "%-*s", FIGURE_INDENT, step->label ? step->label : "");
    step_print(step, out);
    print_when(&step->when, out);
    buf_u8(out, '\n');
    if (step->kind != STEP_VERB) explain_fields(s, step, out);
    print_rules(s, &step->proves, out);
}

static void print_settings(const struct scenario *s, struct buf *out)
{
    for (size_t i = 0; i < s->settings; i++) {
        buf_str(out, "with   ");
        with_print(&s->setting[i], 1, out);
        print_when(&s->setting[i].when, out);
        buf_u8(out, '\n');
    }
}

static const struct scenario *find_scenario(const struct suite *s, const char *id, struct buf *out)
{
    const struct scenario *found = flows_find(&s->flows, id);

    if (found) return found;
    const char *best = suite_nearest(s, id);
    buf_format(out, "no scenario %s%s%s\n", id, NEAREST(best));
    return NULL;
}

enum err browse_explain(const struct suite *s, const char *id, struct buf *out)
{
    const struct scenario *sc = find_scenario(s, id, out);

    if (!sc) return ERR_NOT_FOUND;
    buf_format(out, "%s\n%s\n", sc->id, sc->title);
    if (sc->like.text) buf_format(out, "like   %s\n", sc->like.text);
    print_axes(sc, out);
    print_words("needs", &sc->needs, out);
    print_words("tags", &sc->tags, out);
    print_settings(sc, out);
    print_roles("tests", sc->tested, out);
    print_roles("puppet", sc->wrong, out);
    buf_u8(out, '\n');
    for (size_t i = 0; i < sc->steps; i++) explain_step(s, &sc->step[i], out);
    return OK;
}

static bool mentions(const struct mentions *m, const char *id)
{
    for (size_t i = 0; i < m->count; i++) {
        if (strcmp(m->mention[i].id, id) == 0) return true;
    }
    return false;
}

static bool proves(const struct step *s, const char *id)
{
    bool found = mentions(&s->proves, id);

    for (size_t i = 0; i < s->count; i++) found |= mentions(&s->field[i].proves, id);
    return found;
}

static void show_proofs(const struct suite *s, const char *id, struct buf *out)
{
    size_t shown = 0;

    for (size_t i = 0; i < s->flows.count; i++) {
        const struct scenario *sc = s->flows.scenario[i];
        for (size_t k = 0; k < sc->steps; k++) {
            const struct step *step = &sc->step[k];
            if (!proves(step, id)) continue;
            if (!shown++) buf_str(out, "proven by\n");
            buf_format(out, "  %-44s %-4s ", sc->id, step->label ? step->label : "");
            step_print(step, out);
            buf_format(out, "  (%s:%u)\n", step->at.file, step->at.line);
        }
    }
    if (!shown) buf_str(out, "proven by no scenario yet\n");
}

/* Ids are in capitals. */
static void to_capitals(const char *id, char out[64])
{
    size_t n = 0;

    for (; n < 63 && id[n]; n++) out[n] = (char)toupper((unsigned char)id[n]);
    out[n] = 0;
}

enum err browse_show(const struct suite *s, const char *id, struct buf *out)
{
    char capitals[64];

    to_capitals(id, capitals);
    const struct rule *r = rules_find(&s->rules, capitals);
    if (!r) {
        const char *best = rules_nearest(&s->rules, capitals);
        buf_format(out, "no rule %s%s%s\n", id, NEAREST(best));
        return ERR_NOT_FOUND;
    }
    buf_format(out, "%s ", r->id);
    rule_print_level(r, out);
    buf_format(out, "  (%s, %s)\n%s\n", r->source, r->group, r->text);
    print_roles("binds", r->binds, out);
    buf_format(out, "test   %s\n", r->test);
    if (r->unobservable)
        buf_format(out, "not observable: %s%s%s\n", r->unobservable, r->unit_test ? "; unit test " : "",
                   r->unit_test ? r->unit_test : "");
    if (r->deviates) buf_format(out, "deviation: %s (%s)\n", r->deviates, r->deviates_why);
    show_proofs(s, r->id, out);
    return OK;
}

static void print_senders(const struct message *m, struct buf *out)
{
    const char *between = "  ";

    for (unsigned from = 0; from < ROLE_COUNT; from++) {
        for (unsigned to = 0; to < ROLE_COUNT; to++) {
            if (!(m->arrows & ARROW(from, to))) continue;
            buf_format(out, "%s%s -> %s", between, role_name(from), role_name(to));
            between = ", ";
        }
    }
}

static void print_name(const struct message *m, struct buf *out)
{
    buf_str(out, m->word);
    if (m->kind == MESSAGE_REQUEST) buf_format(out, " %s", m->path ? m->path : "/...");
}

static void print_message(const struct message *m, struct buf *out)
{
    print_name(m, out);
    print_senders(m, out);
    buf_u8(out, '\n');
}

static void print_fields(const struct message *m, struct buf *out)
{
    static const char *const types[] = {
        [FIELD_INT] = "number",  [FIELD_REASON] = "reason", [FIELD_FLAG] = "0 or 1",
        [FIELD_TEXT] = "text",   [FIELD_BYTES] = "octets",  [FIELD_PAIR] = "name:value",
        [FIELD_LIST] = "list",   [FIELD_WORD] = "word",     [FIELD_JSON] = "member",
        [FIELD_SCOPE] = "scope", [FIELD_KEY] = "key",       [FIELD_TOKEN] = "token",
        [FIELD_RAW] = "octets",
    };

    for (size_t t = 0; t < MAX_FIELD_TABLES; t++) {
        for (const struct field_def *f = m->fields[t]; f && f->name; f++) {
            buf_format(out, "  %-22s %-11s %s%s\n", f->name, types[f->type], f->doc,
                       f->notes & FIELD_ALWAYS ? " (always there)" : "");
        }
    }
}

/* Words behind each other, broken at WRAP columns; `start` is where the present line began. */
struct wrap {
    struct buf *out;
    size_t start;
};

static void wrap_word(struct wrap *w, const char *word)
{
    if (w->out->n - w->start + strlen(word) >= WRAP) {
        buf_str(w->out, "\n   ");
        w->start = w->out->n - 3;
    }
    buf_format(w->out, " %s", word);
}

static void print_members(const struct message *m, struct buf *out)
{
    struct wrap w = { out, out->n };
    bool body = false;

    if (!m->fields[0]) return;
    buf_str(out, "   ");
    for (size_t t = 0; t < MAX_FIELD_TABLES; t++) {
        for (const struct field_def *f = m->fields[t]; f && f->name; f++) {
            wrap_word(&w, f->name);
            body |= f->notes & FIELD_BODY;
        }
    }
    if (body) wrap_word(&w, "x-...");
    buf_u8(out, '\n');
}

/* Listed together: the same fields, sent by the same roles. */
static bool alike(const struct message *a, const struct message *b)
{
    return b && a->arrows == b->arrows && memcmp(a->fields, b->fields, sizeof a->fields) == 0;
}

static void print_all_messages(struct buf *out)
{
    const struct message *m;

    buf_str(out, "messages: who may send them, and their fields\n");
    for (size_t i = 0; (m = message_at(i)); i++) {
        if (alike(m, message_at(i + 1))) {
            print_name(m, out);
            buf_str(out, ", ");
            continue;
        }
        print_message(m, out);
        print_members(m, out);
    }
}

static void print_options(const char *title, const char *options, struct buf *out)
{
    struct wrap w = { out, out->n };
    char text[MAX_WORD];
    struct span word;

    buf_format(out, "    %s", title);
    while (words_next(&options, &word)) {
        snprintf(text, sizeof text, "%.*s", (int)word.n, (const char *)word.p);
        wrap_word(&w, text);
    }
    buf_u8(out, '\n');
}

static void print_all_verbs(struct buf *out)
{
    const struct verb *v;

    buf_str(out, "\nverbs: what a role can be told to do\n");
    for (size_t i = 0; (v = verb_at(i)); i++) {
        buf_format(out, "  %-14s %s\n", v->word, v->doc);
        if (v->options) print_options("options:", v->options, out);
    }
}

static void print_all_functions(struct buf *out)
{
    buf_str(out, "\nfunctions (tests: judges only; spoils: makes something wrong on purpose)\n");
    for (enum function f = 0; f < FN_COUNT; f++) {
        const struct function_def *d = function_def(f);
        const char *use = d->notes & FN_SPOILS ? "spoils" : !(d->notes & FN_MAKES) ? "tests" : "";
        buf_format(out, "  %-7s %-6s %s\n", d->word, use, d->doc);
        if (d->options) print_options("named:", d->options, out);
    }
}

static void print_all_names(struct buf *out)
{
    const struct axis_def *a;
    const struct world_variable *v;
    const struct feature_def *f;

    buf_str(out, "\nworld axes (the first value is the default)\n");
    for (size_t i = 0; (a = axis_at(i)); i++)
        buf_format(out, "  %-14s %-22s %s\n", a->name, a->values, a->doc);
    buf_str(out, "\nworld variables\n");
    for (size_t i = 0; (v = world_variable_at(i)); i++) buf_format(out, "  $%-13s %s\n", v->name, v->doc);
    buf_str(out, "\nfeatures\n");
    for (size_t i = 0; (f = feature_at(i)); i++) buf_format(out, "  %-14s %s\n", f->name, f->doc);
}

static enum err words_of_message(const char *word, struct buf *out)
{
    const struct message *m;
    bool found = false;

    for (size_t i = 0; (m = message_at(i)); i++) {
        if (strcmp(m->word, word) != 0) continue;
        print_message(m, out);
        print_fields(m, out);
        found = true;
    }
    if (found) return OK;
    const char *best = vocab_nearest(WORDS_MESSAGES, span_str(word));
    buf_format(out, "no message %s%s%s\n", word, NEAREST(best));
    return ERR_NOT_FOUND;
}

enum err browse_words(const char *message, struct buf *out)
{
    if (message) return words_of_message(message, out);
    print_all_messages(out);
    print_all_verbs(out);
    print_all_functions(out);
    print_all_names(out);
    return OK;
}
