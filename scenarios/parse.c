#include "scenarios/parse.h"

#include "common/base/nearest.h"
#include "common/codec/text.h"
#include "scenarios/with.h"

/* What an indented line of fields belongs to. */
struct open {
    struct step *step;
    struct edit *edit;
};

struct parse {
    struct line line;
    struct scenario *now;
    struct open open;
};

static bool party_read(struct span word, struct party *out)
{
    struct span name = word;

    out->number = 1;
    if (name.n && name.p[name.n - 1] >= '2' && name.p[name.n - 1] <= '0' + MAX_PARTY)
        out->number = (unsigned)(name.p[--name.n] - '0');
    for (out->role = 0; out->role < ROLE_COUNT; out->role++) {
        if (span_is(name, role_name(out->role))) return true;
    }
    return false;
}

static struct party parse_party(struct parse *p)
{
    struct party out = { 0 };
    struct span word = line_word(&p->line);

    if (party_read(word, &out)) {
        if (out.number > 1 && out.role != ROLE_CLIENT)
            line_blame(&p->line, line_start(&p->line, word), "only clients are numbered");
        return out;
    }
    const char *best = vocab_nearest(WORDS_ROLES, word);
    line_blame(&p->line, line_start(&p->line, word),
               "expected client, broker or as (or client2..client%d), not %.*s%s%s", MAX_PARTY, (int)word.n,
               (const char *)word.p, NEAREST(best));
    return (struct party){ 0 };
}

static void parse_path(struct parse *p, struct step *s)
{
    struct span path = line_word(&p->line);

    if (path.n == 0 || path.p[0] != '/')
        line_blame(&p->line, line_start(&p->line, path), "expected a path like /token after %s",
                   s->message->word);
    s->path = line_keep(&p->line, path);
    s->message = message_find(span_str(s->message->word), path);
}

static void parse_message(struct parse *p, struct step *s)
{
    struct span word = line_word(&p->line);

    if (p->line.failed) return;
    s->message = message_find(word, span(NULL, 0));
    if (!s->message) {
        const char *best = vocab_nearest(WORDS_MESSAGES, word);
        line_blame(&p->line, line_start(&p->line, word), "unknown message %.*s%s%s", (int)word.n,
                   (const char *)word.p, NEAREST(best));
        return;
    }
    if ((s->message->kind == MESSAGE_TLS) != (s->kind == STEP_TLS))
        line_blame(&p->line, line_start(&p->line, word), "TLS goes with ~>, everything else with ->");
    if (s->message->kind == MESSAGE_REQUEST) parse_path(p, s);
}

static void parse_arrow(struct parse *p, struct step *s)
{
    s->from = parse_party(p);
    s->kind = span_is(line_word(&p->line), "~>") ? STEP_TLS : STEP_ARROW;
    s->to = parse_party(p);
    parse_message(p, s);
}

static void parse_verb(struct parse *p, struct step *s)
{
    s->kind = STEP_VERB;
    s->from = parse_party(p);
    line_word(&p->line); /* the colon */
    struct span word = line_word(&p->line);
    if (p->line.failed) return;
    s->verb = verb_find(word);
    if (s->verb) return;
    const char *best = vocab_nearest(WORDS_VERBS, word);
    line_blame(&p->line, line_start(&p->line, word), "unknown verb %.*s%s%s", (int)word.n,
               (const char *)word.p, NEAREST(best));
}

/* +2h, -30s; units s, m, h, d. */
static void parse_duration(struct parse *p, struct step *s)
{
    static const char units[] = "smhd";
    static const int64_t seconds[] = { 1, 60, 3600, 86400 };
    struct span w = line_word(&p->line);
    const char *unit = w.n > 2 && w.n <= 9 && w.p[w.n - 1] ? strchr(units, w.p[w.n - 1]) : NULL;
    int64_t n = 0;

    for (size_t i = 1; unit && i + 1 < w.n; i++) {
        if (w.p[i] < '0' || w.p[i] > '9') unit = NULL;
        n = 10 * n + (w.p[i] - '0');
    }
    if (!unit || (w.p[0] != '+' && w.p[0] != '-')) {
        line_blame(&p->line, line_start(&p->line, w), "expected a time like +2h, -30s; units are s m h d");
        return;
    }
    s->seconds = (w.p[0] == '-' ? -n : n) * seconds[unit - units];
}

static void parse_clock(struct parse *p, struct step *s)
{
    s->kind = STEP_CLOCK;
    line_word(&p->line);
    s->from = parse_party(p);
    if (!p->line.failed) parse_duration(p, s);
}

static void parse_quiet(struct parse *p, struct step *s)
{
    s->kind = STEP_QUIET;
    line_word(&p->line);
    s->to = parse_party(p);
}

/* What kind of step begins here (a label skipped); NULL: none. Leaves the position alone. */
typedef void step_parser(struct parse *p, struct step *s);

static step_parser *step_kind_of(const struct parse *p)
{
    struct parse look = *p;
    struct span first = line_word(&look.line), second = line_word(&look.line);

    if (span_is(first, "clock")) return parse_clock;
    if (span_is(first, "quiet")) return parse_quiet;
    if (span_is(second, "->") || span_is(second, "~>")) return parse_arrow;
    return span_is(second, ":") ? parse_verb : NULL;
}

/* The parser of the step on this line, its label (if any) passed; NULL: this line is no step. */
static step_parser *find_step(struct parse *p, struct span *label)
{
    struct parse look = *p;

    *label = span(NULL, 0);
    step_parser *kind = step_kind_of(&look);
    if (kind) return kind;
    struct span word = line_word(&look.line);
    kind = word_is_label(word) ? step_kind_of(&look) : NULL;
    if (!kind) return NULL;
    *label = word;
    p->line.at = look.line.at;
    return kind;
}

static bool label_taken(const struct scenario *s, const char *label)
{
    for (size_t i = 0; i + 1 < s->own; i++) {
        if (s->own_step[i].label && strcmp(s->own_step[i].label, label) == 0) return true;
    }
    return false;
}

static void set_label(struct parse *p, struct step *s, struct span label)
{
    if (label.n == 0) return;
    s->label = line_keep(&p->line, label);
    if (label_taken(p->now, s->label))
        line_blame(&p->line, line_start(&p->line, label), "label %s is taken", s->label);
}

static void parse_step(struct parse *p, step_parser *kind, struct span label)
{
    if (p->now->own >= MAX_STEPS) {
        line_blame(&p->line, p->line.at, "more than %d steps", MAX_STEPS);
        return;
    }
    struct step *s = APPEND(&p->line.flows->arena, p->now->own_step, p->now->own);
    if (!s) return;
    line_blanks(&p->line);
    s->at = line_place(&p->line, p->line.at);
    p->open = (struct open){ .step = s };
    set_label(p, s, label);
    kind(p, s);
    struct tail t = { 0 };
    line_tail(&p->line, s->kind == STEP_VERB ? LINE_OF_VERB : LINE_OF_MESSAGE, &t);
    s->field = t.field;
    s->count = t.count;
    if (s->count && (s->kind == STEP_CLOCK || s->kind == STEP_QUIET))
        line_blame(&p->line, s->field->at.column - 1, "no fields here");
    s->proves = t.proves;
    s->when = t.when;
}

static bool takes_fields(const struct open *o)
{
    return o->edit || (o->step && (o->step->kind == STEP_ARROW || o->step->kind == STEP_TLS));
}

static void refuse_when(struct parse *p, const struct tail *t)
{
    if (t->when.count == 0) return;
    line_blame(&p->line, t->when.condition->at.column - 1,
               "no when in a but; change the scenario's axes instead");
}

static void parse_continuation(struct parse *p)
{
    struct step *s = p->open.step;
    struct edit *e = p->open.edit;

    if (!takes_fields(&p->open)) {
        line_blame(&p->line, p->line.at,
                   "expected an arrow, `role : verb`, clock or quiet; fields go below their arrow");
        return;
    }
    struct field **field = e ? &e->field : &s->field;
    size_t *count = e ? &e->count : &s->count, first = *count, at = p->line.at;
    struct tail t = { .field = *field, .count = first };
    line_tail(&p->line, LINE_OF_MESSAGE, &t);
    if (t.count == first) line_blame(&p->line, at, "rules and conditions stand on the line of their fields");
    if (e) refuse_when(p, &t);
    for (size_t i = first; i < t.count; i++) t.field[i].when = t.when;
    *field = t.field;
    *count = t.count;
}

static bool has_body(const struct scenario *s)
{
    return s->own || s->edits || s->then.text;
}

static struct word *parse_plain(struct parse *p, struct words *out, const char *also)
{
    struct span w = line_word(&p->line);

    if (!word_is_plain(w, also))
        line_blame(&p->line, line_start(&p->line, w), "expected a word of lower-case letters, digits and -");
    if (out->count >= MAX_FIELDS)
        line_blame(&p->line, line_start(&p->line, w), "more than %d words", MAX_FIELDS);
    if (p->line.failed) return NULL;
    struct word *word = APPEND(&p->line.flows->arena, out->word, out->count);
    if (word) *word = (struct word){ line_keep(&p->line, w), line_place(&p->line, line_start(&p->line, w)) };
    return word;
}

static void parse_words(struct parse *p, struct words *out)
{
    do parse_plain(p, out, "-");
    while (!line_ended(&p->line));
}

static void add_scenario(struct flows *f, struct scenario *s)
{
    f->scenario = arena_more(&f->arena, f->scenario, f->count, sizeof(void *));
    if (f->scenario) {
        f->scenario[f->count++] = s;
    } else {
        f->count = 0;
    }
}

static void on_scenario(struct parse *p)
{
    struct words id = { 0 };
    struct place at = line_place(&p->line, 0);

    p->now = NULL;
    p->open = (struct open){ 0 };
    struct word *w = parse_plain(p, &id, "-/.");
    if (!w) return;
    const struct scenario *other = flows_find(p->line.flows, w->text);
    if (other) {
        line_blame(&p->line, w->at.column - 1, "scenario %s is already in %s:%u", w->text, other->at.file,
                   other->at.line);
    } else if (p->line.flows->count >= MAX_SCENARIOS) {
        line_blame(&p->line, 0, "more than %d scenarios", MAX_SCENARIOS);
    }
    struct scenario *s = arena_take(&p->line.flows->arena, sizeof *s);
    p->now = s; /* also when refused, so that its lines are read for errors */
    if (!s) return;
    *s = (struct scenario){ .id = w->text, .title = "", .at = at };
    if (p->line.failed) return;
    add_scenario(p->line.flows, s);
}

static void on_title(struct parse *p)
{
    line_blanks(&p->line);
    const struct span *text = &p->line.text;
    size_t from = p->line.at, end = text->n;
    while (end > from && char_is_blank(text->p[end - 1])) end--;
    if (end == from) line_blame(&p->line, from, "expected a title");
    p->now->title = line_keep(&p->line, span(text->p + from, end - from));
    p->line.at = p->line.text.n;
}

static void parse_axis(struct parse *p)
{
    struct span word = line_word(&p->line), name = span(word.p, 0);

    while (name.n < word.n && word.p[name.n] != '=') name.n++;
    if (!word_is_plain(name, "_") || name.n + 1 >= word.n)
        line_blame(&p->line, line_start(&p->line, word), "expected axis=value|value");
    if (p->now->axes >= MAX_AXES)
        line_blame(&p->line, line_start(&p->line, word), "more than %d axes", MAX_AXES);
    const char *text = line_keep(&p->line, name);
    for (size_t i = 0; i < p->now->axes; i++) {
        if (strcmp(p->now->axis[i].name, text) == 0)
            line_blame(&p->line, line_start(&p->line, word), "axis %s is already there", text);
    }
    if (p->line.failed) return;
    struct axis *a = APPEND(&p->line.flows->arena, p->now->axis, p->now->axes);
    if (!a) return;
    *a = (struct axis){ .at = line_place(&p->line, line_start(&p->line, word)), .name = text };
    line_values(&p->line, span_skip(word, name.n + 1), &a->value, &a->count);
}

static void on_vary(struct parse *p)
{
    do parse_axis(p);
    while (!line_ended(&p->line));
}

static void on_needs(struct parse *p)
{
    parse_words(p, &p->now->needs);
}

static void on_tag(struct parse *p)
{
    parse_words(p, &p->now->tags);
}

static void on_tests(struct parse *p)
{
    parse_words(p, &p->now->tests);
}

static void on_with(struct parse *p)
{
    with_parse(&p->line, p->now);
}

static void on_like(struct parse *p)
{
    struct words id = { 0 };
    struct word *w = parse_plain(p, &id, "-/.");

    if (w && p->now->like.text) line_blame(&p->line, w->at.column - 1, "only one like");
    if (w) p->now->like = *w;
}

static struct word parse_label(struct parse *p)
{
    struct span w = line_word(&p->line);

    if (!word_is_label(w)) line_blame(&p->line, line_start(&p->line, w), "expected a label like C2");
    return (struct word){ line_keep(&p->line, w), line_place(&p->line, line_start(&p->line, w)) };
}

static void on_but(struct parse *p)
{
    if (!p->now->like.text) line_blame(&p->line, 0, "but needs a like");
    if (p->now->own || p->now->then.text) line_blame(&p->line, 0, "but stands above the steps");
    struct word label = parse_label(p);
    if (p->line.failed) return;
    if (p->now->edits >= MAX_STEPS) line_blame(&p->line, 0, "more than %d buts", MAX_STEPS);
    struct edit *e = APPEND(&p->line.flows->arena, p->now->edit, p->now->edits);
    if (!e) return;
    *e = (struct edit){ .at = label.at, .label = label.text };
    p->open = (struct open){ .edit = e };
    struct tail t = { 0 };
    line_tail(&p->line, LINE_OF_MESSAGE, &t);
    refuse_when(p, &t);
    e->field = t.field;
    e->count = t.count;
    e->proves = t.proves;
}

static void on_then(struct parse *p)
{
    if (!p->now->like.text) line_blame(&p->line, 0, "then needs a like");
    if (p->now->then.text) line_blame(&p->line, 0, "only one then");
    if (p->now->own) line_blame(&p->line, 0, "then stands above the steps");
    struct word label = parse_label(p);
    if (p->line.failed) return;
    p->now->then = label;
    p->open = (struct open){ 0 };
    if (line_ended(&p->line)) return;
    struct span none;
    size_t at = p->line.at;
    step_parser *kind = find_step(p, &none);
    if (!kind) line_blame(&p->line, at, "expected a step after the label");
    if (!p->line.failed) parse_step(p, kind, span((const uint8_t *)label.text, strlen(label.text)));
}

enum where { ANYWHERE, IN_SCENARIO, IN_HEAD };

static const struct directive {
    const char *word;
    void (*parse)(struct parse *p);
    enum where where;
} directives[] = {
    /* clang-format off */
    { "scenario", on_scenario, ANYWHERE    },
    { "title",    on_title,    IN_HEAD     },
    { "vary",     on_vary,     IN_HEAD     },
    { "needs",    on_needs,    IN_HEAD     },
    { "tag",      on_tag,      IN_HEAD     },
    { "tests",    on_tests,    IN_HEAD     },
    { "with",     on_with,     IN_HEAD     },
    { "like",     on_like,     IN_HEAD     },
    { "but",      on_but,      IN_SCENARIO },
    { "then",     on_then,     IN_SCENARIO },
    /* clang-format on */
};

enum { DIRECTIVES = sizeof directives / sizeof *directives };

static const struct directive *find_directive(struct span word)
{
    for (size_t i = 0; i < DIRECTIVES; i++) {
        if (span_is(word, directives[i].word)) return &directives[i];
    }
    return NULL;
}

static void parse_directive(struct parse *p, const struct directive *d)
{
    p->line.at = strlen(d->word);
    if (d->where != ANYWHERE && !p->now)
        line_blame(&p->line, 0, "%s stands before the first scenario", d->word);
    if (d->where == IN_HEAD && p->now && has_body(p->now))
        line_blame(&p->line, 0, "%s stands above the steps", d->word);
    if (!p->line.failed) d->parse(p);
    if (!line_ended(&p->line)) line_blame(&p->line, p->line.at, "unexpected text after %s", d->word);
}

static void blame_unknown(struct parse *p, struct span word)
{
    const char *names[DIRECTIVES];

    for (size_t i = 0; i < DIRECTIVES; i++) names[i] = directives[i].word;
    const char *best = nearest_name(word, names, DIRECTIVES);
    line_blame(&p->line, 0,
               "expected scenario, title, vary, needs, tag, tests, with, like, but, then or a step%s%s",
               NEAREST(best));
}

static void parse_body(struct parse *p)
{
    struct span label;
    bool indented = char_is_blank(line_peek(&p->line));
    step_parser *kind = find_step(p, &label);

    if (!kind && !indented) {
        blame_unknown(p, line_word(&p->line));
    } else if (!p->now) {
        line_blame(&p->line, 0, "a step stands before the first scenario");
    } else if (kind) {
        parse_step(p, kind, label);
    } else {
        line_blanks(&p->line);
        parse_continuation(p);
    }
}

static void parse_line(struct parse *p)
{
    struct parse look = *p;
    struct span first = line_word(&look.line);
    const struct directive *d = char_is_blank(line_peek(&p->line)) ? NULL : find_directive(first);

    if (first.n == 0 || first.p[0] == '#') return;
    if (d) {
        parse_directive(p, d);
    } else {
        parse_body(p);
    }
}

static bool has_control(struct span line, size_t *at)
{
    for (*at = 0; *at < line.n; ++*at) {
        uint8_t c = line.p[*at];
        if ((c < ' ' && c != '\t') || c == 127) return true;
    }
    return false;
}

static void next_line(struct parse *p, struct span text)
{
    struct line *l = &p->line;
    size_t at;

    if (text.n && text.p[text.n - 1] == '\r') text.n--;
    *l = (struct line){ .flows = l->flows, .file = l->file, .number = l->number + 1, .text = text };
    if (has_control(text, &at)) {
        line_blame(l, at, "control character");
    } else if (!utf8_valid(text)) {
        line_blame(l, 0, "not UTF-8");
    } else {
        parse_line(p);
    }
}

enum err flows_parse(struct flows *f, const char *file, struct span text)
{
    struct parse p = { .line = { .flows = f, .file = arena_text(&f->arena, span_str(file)) } };
    size_t before = f->errors;

    if (text.n > MAX_FLOW_FILE) return ERR_TOO_LARGE;
    while (text.n) {
        const uint8_t *nl = memchr(text.p, '\n', text.n);
        size_t n = nl ? (size_t)(nl - text.p) : text.n;
        next_line(&p, span(text.p, n));
        text = span_skip(text, nl ? n + 1 : n);
    }
    if (f->arena.failed) return ERR_NO_MEMORY;
    return f->errors > before ? ERR_MALFORMED : OK;
}
