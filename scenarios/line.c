#include "scenarios/line.h"

#include <stdarg.h>
#include <stdio.h>

void line_blame(struct line *l, size_t at, const char *format, ...)
{
    char why[sizeof((struct flow_error *)0)->why];
    va_list args;

    if (l->failed) return;
    l->failed = true;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    flows_blame(l->flows, line_place(l, at), "%s", why);
}

struct place line_place(const struct line *l, size_t at)
{
    return (struct place){ l->file, l->number, (unsigned)at + 1 };
}

int line_peek(const struct line *l)
{
    return l->at < l->text.n ? l->text.p[l->at] : -1;
}

bool char_is_blank(int c)
{
    return c == ' ' || c == '\t';
}

void line_blanks(struct line *l)
{
    while (char_is_blank(line_peek(l))) l->at++;
}

bool line_ended(struct line *l)
{
    line_blanks(l);
    return l->failed || line_peek(l) < 0;
}

struct span line_word(struct line *l)
{
    line_blanks(l);
    size_t from = l->at;
    while (line_peek(l) >= 0 && !char_is_blank(line_peek(l))) l->at++;
    return span(l->text.p + from, l->at - from);
}

size_t line_start(const struct line *l, struct span word)
{
    return (size_t)(word.p - l->text.p);
}

static bool is_lower(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_upper(int c)
{
    return c >= 'A' && c <= 'Z';
}

bool word_is_label(struct span w)
{
    bool ok = w.n > 0 && w.n <= 32 && is_upper(w.p[0]);

    for (size_t i = 0; ok && i < w.n; i++)
        ok = is_lower(w.p[i]) || is_upper(w.p[i]) || w.p[i] == '-' || w.p[i] == '_';
    return ok;
}

bool word_is_plain(struct span w, const char *also)
{
    bool ok = w.n > 0 && w.n <= 64;

    for (size_t i = 0; ok && i < w.n; i++) ok = is_lower(w.p[i]) || (w.p[i] && strchr(also, w.p[i]));
    return ok;
}

const char *line_keep(struct line *l, struct span s)
{
    return arena_text(&l->flows->arena, s);
}

static void parse_mention(struct line *l, struct mentions *out)
{
    size_t from = l->at;

    while (line_peek(l) >= 0 && !char_is_blank(line_peek(l)) && line_peek(l) != ']' && line_peek(l) != ',')
        l->at++;
    struct mention *m = APPEND(&l->flows->arena, out->mention, out->count);
    if (m) *m = (struct mention){ line_keep(l, span(l->text.p + from, l->at - from)), line_place(l, from) };
    while (char_is_blank(line_peek(l)) || line_peek(l) == ',') l->at++;
}

/* [R-TOK-01] or [R-TOK-01, R-TOK-02] */
static void parse_mentions(struct line *l, struct mentions *out)
{
    size_t from = l->at++;

    line_blanks(l);
    if (line_peek(l) == ']') line_blame(l, from, "no rule between the brackets");
    while (line_peek(l) >= 0 && line_peek(l) != ']') parse_mention(l, out);
    if (line_peek(l) < 0) line_blame(l, from, "the bracket is not closed");
    l->at++;
    if (l->at > l->text.n) l->at = l->text.n;
}

void line_values(struct line *l, struct span list, const char ***values, size_t *count)
{
    size_t at = 0;

    do {
        struct span v = span(list.p + at, 0);
        while (at < list.n && list.p[at] != '|') at++;
        v.n = (size_t)(list.p + at - v.p);
        if (!span_is(v, "-") && !word_is_plain(v, ".-_/"))
            line_blame(l, line_start(l, v), "expected a value of lower-case letters, digits, . - _ /");
        if (*count >= MAX_AXIS_VALUES)
            line_blame(l, line_start(l, v), "more than %d values", MAX_AXIS_VALUES);
        if (l->failed) return;
        const char **value = APPEND(&l->flows->arena, *values, *count);
        if (value) *value = line_keep(l, v);
    } while (at++ < list.n);
}

/* k=v|w or k!=v */
static void parse_condition(struct line *l, struct conditions *out)
{
    struct span word = line_word(l), name = span(word.p, 0);

    while (name.n < word.n && word.p[name.n] != '=' && word.p[name.n] != '!') name.n++;
    bool negated = name.n < word.n && word.p[name.n] == '!';
    size_t value = name.n + (negated ? 2 : 1);
    if (!word_is_plain(name, "_") || value >= word.n || word.p[value - 1] != '=') {
        line_blame(l, line_start(l, word), "expected axis=value or axis!=value after when");
        return;
    }
    struct condition *c = APPEND(&l->flows->arena, out->condition, out->count);
    if (!c) return;
    *c = (struct condition){ .at = line_place(l, line_start(l, word)),
                             .axis = line_keep(l, name),
                             .negated = negated };
    line_values(l, span_skip(word, value), &c->value, &c->count);
}

static void parse_conditions(struct line *l, struct conditions *out)
{
    if (out->count) line_blame(l, l->at, "a line has one when; several conditions follow each other");
    do parse_condition(l, out);
    while (!line_ended(l) && line_peek(l) != '[');
}

static void parse_pattern(struct line *l, struct pattern *out)
{
    struct pattern_end end = { 0 };
    size_t from = l->at;

    enum err e = pattern_parse(&l->flows->arena, span_skip(l->text, from), line_place(l, from), out, &end);
    if (e == ERR_MALFORMED) line_blame(l, from + end.why.at, "%s", end.why.why);
    l->at = from + end.used;
    if (e == OK && line_peek(l) >= 0 && !char_is_blank(line_peek(l))) {
        line_blame(l, l->at, "unexpected character; quote values that hold | > + ( ) [ ] , : = $ or a blank");
    }
}

static bool is_field_name(int c)
{
    return is_lower(c) || is_upper(c) || c == '_' || c == '-' || c == '.' || c == '#';
}

/* `name=` or `name?=`; leaves the line untouched if there is none. */
static struct span parse_field_name(struct line *l, struct field *out)
{
    size_t from = l->at;

    while (is_field_name(line_peek(l))) l->at++;
    struct span name = span(l->text.p + from, l->at - from);
    out->optional = line_peek(l) == '?';
    if (out->optional) l->at++;
    if (name.n && line_peek(l) == '=') {
        l->at++;
        return name;
    }
    l->at = from;
    out->optional = false;
    return span(NULL, 0);
}

static void split_name(struct line *l, struct span name, struct field *out)
{
    const uint8_t *dot = memchr(name.p, '.', name.n);
    struct span first = dot ? span(name.p, (size_t)(dot - name.p)) : name;

    out->name = line_keep(l, first);
    if (!dot) return;
    struct span path = span_skip(name, first.n + 1);
    if (first.n == 0 || path.n == 0)
        line_blame(l, line_start(l, name), "expected a name on both sides of the dot");
    out->path = line_keep(l, path);
}

static void parse_field(struct line *l, enum line_kind kind, struct field *out)
{
    size_t from = l->at;
    struct span name = parse_field_name(l, out);

    out->at = line_place(l, from);
    if (name.n) split_name(l, name, out);
    if (!name.n && kind == LINE_OF_MESSAGE)
        line_blame(l, from, "expected field=value, field?=value, [rule] or when");
    if (out->optional && kind == LINE_OF_VERB)
        line_blame(l, from, "an argument is given or not; ?= is for fields");
    if (!l->failed) parse_pattern(l, &out->pattern);
}

static bool at_when(const struct line *l)
{
    struct span rest = span_skip(l->text, l->at);

    return span_starts(rest, span_str("when")) && (rest.n == 4 || char_is_blank(rest.p[4]));
}

bool line_conditions(struct line *l, struct conditions *out)
{
    if (!at_when(l)) return false;
    l->at += strlen("when");
    parse_conditions(l, out);
    return true;
}

static void parse_one(struct line *l, enum line_kind kind, struct tail *t)
{
    if (line_peek(l) == '[' && kind == LINE_OF_MESSAGE) {
        parse_mentions(l, &t->proves);
    } else if (line_conditions(l, &t->when)) {
        return;
    } else if (t->count >= MAX_FIELDS) {
        line_blame(l, l->at, "more than %d fields", MAX_FIELDS);
    } else {
        struct field *f = APPEND(&l->flows->arena, t->field, t->count);
        if (f) parse_field(l, kind, f);
    }
}

void line_tail(struct line *l, enum line_kind kind, struct tail *t)
{
    size_t first = t->count;

    while (!line_ended(l)) parse_one(l, kind, t);
    for (size_t i = first; i < t->count; i++) t->field[i].proves = t->proves;
}
