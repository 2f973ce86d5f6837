#include "scenarios/pattern.h"

#include <stdlib.h>

struct parse {
    struct arena *arena;
    struct span in;
    size_t at;
    struct place origin; /* of in.p[0] */
    unsigned depth;
    struct fault *why;
};

static enum err parse_either(struct parse *p, struct pattern *out);

static int peek(const struct parse *p)
{
    return p->at < p->in.n ? p->in.p[p->at] : -1;
}

static bool accept(struct parse *p, int c)
{
    if (peek(p) != c) return false;
    p->at++;
    return true;
}

static void skip_blanks(struct parse *p)
{
    while (peek(p) == ' ' || peek(p) == '\t') p->at++;
}

static struct place here(const struct parse *p)
{
    struct place at = p->origin;

    at.column += (unsigned)p->at;
    return at;
}

static bool is_word(int c)
{
    return c > ' ' && c != 127 && !strchr("|>+()[],\"$:=", c);
}

static bool is_name(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Members may have dashes and hashes, as in cnf.x5t#S256. */
static bool is_member(int c)
{
    return is_name(c) || c == '-' || c == '#' || c == '.';
}

static struct span take_while(struct parse *p, bool (*want)(int))
{
    size_t from = p->at;

    while (p->at < p->in.n && want(p->in.p[p->at])) p->at++;
    return span(p->in.p + from, p->at - from);
}

void pattern_set_text(struct pattern *p, const char *text)
{
    char *end;
    size_t n = strlen(text);
    bool hex = n > 2 && n < 18 && text[0] == '0' && text[1] == 'x';

    *p = (struct pattern){
        .kind = PATTERN_LITERAL, .at = p->at, .text = text, .capture = p->capture, .argument = p->argument
    };
    if (n == 0 || (!hex && strspn(text + (text[0] == '-'), "0123456789") != n - (text[0] == '-')) || n > 18)
        return;
    p->number = strtoll(text, &end, hex ? 16 : 10);
    p->is_number = *end == 0;
}

/* After the opening quote. Escapes: \" \\ \n \r \t. */
static enum err parse_quoted(struct parse *p, struct pattern *out)
{
    static const char escapes[] = "\"\\nrt", meant[] = "\"\\\n\r\t";
    struct buf text = { 0 };
    int c;

    while ((c = peek(p)) != '"') {
        const char *e = escapes;
        if (c == '\\' && p->at + 1 < p->in.n) e = strchr(escapes, p->in.p[++p->at]);
        if (c < 0 || !e || !*e) break;
        buf_u8(&text, c == '\\' ? (uint8_t)meant[e - escapes] : (uint8_t)c);
        p->at++;
    }
    enum err e = OK;
    if (!accept(p, '"')) {
        fault_set(p->why, p->at,
                  c < 0 ? "the quote is not closed" : "unknown escape; known are \\\" \\\\ \\n \\r \\t");
        e = ERR_MALFORMED;
    }
    out->kind = PATTERN_LITERAL;
    out->quoted = true;
    out->text = arena_text(p->arena, buf_span(&text));
    if (e == OK && buf_failed(&text)) e = ERR_NO_MEMORY;
    buf_clear(&text);
    return e;
}

/* After the dollar sign. */
static enum err parse_variable(struct parse *p, struct pattern *out)
{
    struct span name = take_while(p, is_name);

    out->kind = PATTERN_VARIABLE;
    out->text = arena_text(p->arena, name);
    if (name.n && accept(p, '.')) {
        struct span path = take_while(p, is_member);
        out->path = arena_text(p->arena, path);
        if (path.n == 0) name.n = 0;
    }
    if (name.n) return OK;
    fault_set(p->why, p->at, "expected a name here");
    return ERR_MALFORMED;
}

/* `name=` in front of an argument. */
static const char *parse_argument_name(struct parse *p)
{
    size_t from = p->at;
    struct span name = take_while(p, is_name);

    if (name.n && accept(p, '=')) return arena_text(p->arena, name);
    p->at = from;
    return NULL;
}

static enum err add_part(struct parse *p, struct pattern *out, const struct pattern *part)
{
    if (out->count >= MAX_PATTERN_PARTS) {
        fault_set(p->why, p->at, "more than %d parts", MAX_PATTERN_PARTS);
        return ERR_MALFORMED;
    }
    out->parts = arena_more(p->arena, out->parts, out->count, sizeof *part);
    if (!out->parts) return ERR_NO_MEMORY;
    out->parts[out->count++] = *part;
    return OK;
}

/* Comma-separated, up to `close`, of a CALL or a LIST. */
static enum err parse_parts(struct parse *p, struct pattern *out, int close)
{
    skip_blanks(p);
    if (accept(p, close)) return OK;
    do {
        struct pattern part = { 0 };
        skip_blanks(p);
        const char *name = close == ')' ? parse_argument_name(p) : NULL;
        TRY(parse_either(p, &part));
        part.argument = name;
        TRY(add_part(p, out, &part));
        skip_blanks(p);
    } while (accept(p, ','));
    if (accept(p, close)) return OK;
    fault_set(p->why, p->at, "expected , or %c here", close);
    return ERR_MALFORMED;
}

static enum err refuse_argument(const struct parse *p, const struct pattern *call, const struct pattern *part)
{
    const char *options = function_def(call->fn)->options, *best = NULL;
    char near[MAX_WORD];

    if (part->argument) best = vocab_nearest_word(options, span_str(part->argument), near);
    if (!part->argument) {
        fault_set(p->why, part->at.column - p->origin.column, "too many arguments for %s()", call->text);
    } else {
        fault_set(p->why, part->at.column - p->origin.column, "%s() has no argument %s%s%s", call->text,
                  part->argument, best ? "; nearest: " : "", best ? best : "");
    }
    return ERR_MALFORMED;
}

static enum err check_arguments(const struct parse *p, const struct pattern *call, size_t at)
{
    const struct function_def *d = function_def(call->fn);
    size_t positional = 0;

    for (size_t i = 0; i < call->count; i++) {
        const char *name = call->parts[i].argument;
        bool known = name ? words_have(d->options, span_str(name)) : positional++ < d->most;
        if (!known) return refuse_argument(p, call, &call->parts[i]);
    }
    if (positional >= d->least) return OK;
    fault_set(p->why, at, "%s() needs %u argument%s", d->word, d->least, d->least == 1 ? "" : "s");
    return ERR_MALFORMED;
}

static enum err parse_call(struct parse *p, struct pattern *out, struct span word)
{
    size_t at = p->at - word.n;
    enum function f = function_find(word);

    if (f == FN_COUNT) {
        const char *best = vocab_nearest(WORDS_FUNCTIONS, word);
        fault_set(p->why, at, "unknown function %.*s%s%s", (int)word.n, (const char *)word.p,
                  best ? "; nearest: " : "", best ? best : "");
        return ERR_MALFORMED;
    }
    out->kind = PATTERN_CALL;
    out->fn = f;
    out->text = function_def(f)->word;
    if (accept(p, '(')) TRY(parse_parts(p, out, ')'));
    return check_arguments(p, out, at);
}

static enum err parse_pair(struct parse *p, struct pattern *out, const char *name)
{
    struct pattern value = { 0 };

    out->kind = PATTERN_PAIR;
    out->text = name;
    TRY(parse_either(p, &value));
    return add_part(p, out, &value);
}

static enum err parse_word(struct parse *p, struct pattern *out)
{
    struct span word = take_while(p, is_word);

    if (word.n == 0) {
        fault_set(p->why, p->at,
                  peek(p) < 0 ? "a value is missing" : "a value cannot start with %c; quote it", peek(p));
        return ERR_MALFORMED;
    }
    enum function f = function_find(word);
    if (peek(p) == '(' || (f < FN_COUNT && function_def(f)->least == 0 && peek(p) != ':'))
        return parse_call(p, out, word);
    if (span_is(word, "-")) {
        out->kind = PATTERN_ABSENT;
        return OK;
    }
    const char *text = arena_text(p->arena, word);
    if (accept(p, ':')) return parse_pair(p, out, text);
    pattern_set_text(out, text);
    return OK;
}

static enum err parse_bare(struct parse *p, struct pattern *out)
{
    out->at = here(p);
    if (accept(p, '$')) return parse_variable(p, out);
    if (!accept(p, '"') && !accept(p, '[')) return parse_word(p, out);
    if (p->in.p[p->at - 1] == '[') {
        out->kind = PATTERN_LIST;
        return parse_parts(p, out, ']');
    }
    TRY(parse_quoted(p, out));
    return accept(p, ':') ? parse_pair(p, out, out->text) : OK;
}

static enum err parse_single(struct parse *p, struct pattern *out)
{
    TRY(parse_bare(p, out));
    if (!accept(p, '>')) return OK;
    struct span name = take_while(p, is_name);
    if (name.n == 0 || (name.p[0] >= '0' && name.p[0] <= '9')) {
        fault_set(p->why, p->at - name.n, "expected a name after >");
        return ERR_MALFORMED;
    }
    out->capture = arena_text(p->arena, name);
    return OK;
}

/* `first` becomes the first part of a node of this kind. */
static enum err wrap(struct parse *p, struct pattern *first, enum pattern_kind kind)
{
    struct pattern outer = { .kind = kind, .at = first->at };

    TRY(add_part(p, &outer, first));
    *first = outer;
    return OK;
}

static enum err parse_joined(struct parse *p, struct pattern *out)
{
    TRY(parse_single(p, out));
    if (peek(p) == '+') TRY(wrap(p, out, PATTERN_JOINED));
    while (accept(p, '+')) {
        struct pattern part = { 0 };
        TRY(parse_single(p, &part));
        TRY(add_part(p, out, &part));
    }
    return OK;
}

static enum err parse_alternatives(struct parse *p, struct pattern *out)
{
    TRY(parse_joined(p, out));
    if (peek(p) == '|') TRY(wrap(p, out, PATTERN_EITHER));
    while (accept(p, '|')) {
        struct pattern part = { 0 };
        TRY(parse_joined(p, &part));
        TRY(add_part(p, out, &part));
    }
    return OK;
}

static enum err parse_either(struct parse *p, struct pattern *out)
{
    if (++p->depth > MAX_PATTERN_DEPTH) {
        fault_set(p->why, p->at, "nested deeper than %d", MAX_PATTERN_DEPTH);
        return ERR_MALFORMED;
    }
    TRY(parse_alternatives(p, out));
    p->depth--;
    return OK;
}

enum err pattern_parse(struct arena *a, struct span in, struct place at, struct pattern *out,
                       struct pattern_end *end)
{
    struct parse p = { .arena = a, .in = in, .origin = at, .why = &end->why };

    *out = (struct pattern){ 0 };
    enum err e = parse_either(&p, out);
    end->used = p.at;
    return e == OK && a->failed ? ERR_NO_MEMORY : e;
}

void pattern_walk(const struct pattern *p, pattern_visit *visit, void *with)
{
    visit(p, with);
    for (size_t i = 0; i < p->count; i++) pattern_walk(&p->parts[i], visit, with);
}

static bool needs_quotes(const char *text)
{
    enum function f = function_find(span_str(text));

    if (!*text || strcmp(text, "-") == 0 || (f < FN_COUNT && function_def(f)->least == 0)) return true;
    for (const char *c = text; *c; c++) {
        if (!is_word((unsigned char)*c)) return true;
    }
    return false;
}

static void print_text(const struct pattern *p, struct buf *out)
{
    if (!needs_quotes(p->text)) {
        buf_str(out, p->text);
        return;
    }
    buf_u8(out, '"');
    for (const char *c = p->text; *c; c++) {
        const char *e = strchr("\"\\\n\r\t", *c);
        if (e) buf_u8(out, '\\');
        buf_u8(out, (uint8_t)(*c == '\n' ? 'n' : *c == '\r' ? 'r' : *c == '\t' ? 't' : *c));
    }
    buf_u8(out, '"');
}

static void print_parts(const struct pattern *p, const char *between, struct buf *out)
{
    for (size_t i = 0; i < p->count; i++) {
        if (i) buf_str(out, between);
        if (p->parts[i].argument) buf_format(out, "%s=", p->parts[i].argument);
        pattern_print(&p->parts[i], out);
    }
}

static void print_call(const struct pattern *p, struct buf *out)
{
    buf_str(out, p->text);
    if (p->count == 0) return;
    buf_u8(out, '(');
    print_parts(p, ",", out);
    buf_u8(out, ')');
}

static void print_node(const struct pattern *p, struct buf *out)
{
    switch (p->kind) {
    case PATTERN_ABSENT:
        buf_u8(out, '-');
        break;
    case PATTERN_LITERAL:
        print_text(p, out);
        break;
    case PATTERN_VARIABLE:
        buf_format(out, "$%s%s%s", p->text, p->path ? "." : "", p->path ? p->path : "");
        break;
    case PATTERN_CALL:
        print_call(p, out);
        break;
    case PATTERN_JOINED:
        print_parts(p, "+", out);
        break;
    case PATTERN_EITHER:
        print_parts(p, "|", out);
        break;
    case PATTERN_LIST:
        buf_u8(out, '[');
        print_parts(p, ",", out);
        buf_u8(out, ']');
        break;
    case PATTERN_PAIR:
        print_text(p, out);
        buf_u8(out, ':');
        print_parts(p, "", out);
        break;
    }
}

void pattern_print(const struct pattern *p, struct buf *out)
{
    print_node(p, out);
    if (p->capture) buf_format(out, ">%s", p->capture);
}
