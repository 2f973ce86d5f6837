#include "scenarios/rules.h"

#include "common/base/nearest.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 8, NOTE_COLUMNS = 3 };

static const struct level_name {
    const char *word;
    enum level level;
    bool prohibition;
} levels[] = {
    { "MUST", LEVEL_MUST, false },        { "MUST NOT", LEVEL_MUST, true }, { "SHOULD", LEVEL_SHOULD, false },
    { "SHOULD NOT", LEVEL_SHOULD, true }, { "MAY", LEVEL_MAY, false },
};

static const struct bound_name {
    const char *word;
    unsigned binds;
} bound_names[] = {
    { "C", 1 << ROLE_CLIENT },
    { "RS", 1 << ROLE_BROKER },
    { "AS", 1 << ROLE_AS },
    { "both", ALL_ROLES },
};

/* Cuts one line off `text`, and its line end. */
static struct span next_line(struct span *text)
{
    struct span line = span_cut(text, '\n');

    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    return line;
}

/* Splits at tabs; how many columns there were (never more than `max` are stored). */
static size_t split(struct span line, struct span *column, size_t max)
{
    size_t n = 0;

    for (;;) {
        const uint8_t *tab = line.n ? memchr(line.p, '\t', line.n) : NULL;
        if (n < max) column[n] = tab ? span(line.p, (size_t)(tab - line.p)) : line;
        n++;
        if (!tab) return n;
        line = span_skip(line, (size_t)(tab - line.p) + 1);
    }
}

static bool contains(struct span s, const char *word)
{
    return memmem(s.p, s.n, word, strlen(word)) != NULL;
}

static enum literal literal_of(struct span source)
{
    if (contains(source, "[decl]")) return LITERAL_DECLARED;
    return contains(source, "[derived]") ? LITERAL_DERIVED : LITERAL_KEYWORD;
}

static const struct level_name *find_level(struct span word)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (span_is(word, levels[i].word)) return &levels[i];
    }
    return NULL;
}

static unsigned find_bound(struct span word)
{
    for (size_t i = 0; i < sizeof bound_names / sizeof *bound_names; i++) {
        if (span_is(word, bound_names[i].word)) return bound_names[i].binds;
    }
    return 0;
}

static const char *row_fault(const struct span *c, size_t columns)
{
    if (columns != COLUMNS) return "expected 8 columns";
    if (c[0].n == 0) return "no id";
    if (!find_level(c[2])) return "unknown level";
    return find_bound(c[3]) ? NULL : "unknown role";
}

static void read_row(struct rules *r, const struct span *c, unsigned line)
{
    const struct level_name *l = find_level(c[2]);
    struct arena *a = &r->arena;

    r->rule = arena_more(a, r->rule, r->count, sizeof *r->rule);
    if (!r->rule) {
        r->count = 0;
        return;
    }
    r->rule[r->count++] = (struct rule){
        .id = arena_text(a, c[0]),
        .source = arena_text(a, c[1]),
        .group = arena_text(a, c[4]),
        .text = arena_text(a, c[5]),
        .test = arena_text(a, c[6]),
        .level = l->level,
        .prohibition = l->prohibition,
        .literal = literal_of(c[1]),
        .binds = find_bound(c[3]),
        .line = line,
    };
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct rule *)a)->id, ((const struct rule *)b)->id);
}

static enum err sort(struct rules *r, struct fault *why)
{
    if (r->count) qsort(r->rule, r->count, sizeof *r->rule, by_id);
    for (size_t i = 1; i < r->count; i++) {
        if (by_id(&r->rule[i - 1], &r->rule[i]) != 0) continue;
        fault_set(why, 0, "line %u: %s is there twice", r->rule[i].line, r->rule[i].id);
        return ERR_MALFORMED;
    }
    return OK;
}

enum err rules_read(struct span tsv, struct rules *out, struct fault *why)
{
    struct span column[COLUMNS], text = tsv;
    unsigned line = 1;

    next_line(&text); /* the header */
    for (; text.n;) {
        struct span row = next_line(&text);
        line++;
        const char *fault = row_fault(column, split(row, column, COLUMNS));
        if (!fault && out->count >= MAX_RULES) return ERR_TOO_LARGE;
        if (fault) {
            fault_set(why, (size_t)(row.p - tsv.p), "line %u: %s", line, fault);
            return ERR_MALFORMED;
        }
        read_row(out, column, line);
    }
    return out->arena.failed ? ERR_NO_MEMORY : sort(out, why);
}

static const char *note_fault(const struct rule *rule, const struct span *c)
{
    if (!rule) return "unknown rule";
    if (rule->unobservable || rule->deviates) return "the rule is there twice";
    return c[1].n ? NULL : "no reason";
}

static struct rule *find(const struct rules *r, const char *id)
{
    const struct rule key = { .id = id };

    return r->count ? bsearch(&key, r->rule, r->count, sizeof key, by_id) : NULL;
}

static const char *unobservable_fault(const struct rule *rule, const struct span *c, size_t columns)
{
    if (columns != NOTE_COLUMNS) return "expected id, reason, unit test";
    return note_fault(rule, c);
}

static void take_unobservable(struct rules *r, struct rule *rule, const struct span *c)
{
    rule->unobservable = arena_text(&r->arena, c[1]);
    if (!span_is(c[2], "-")) rule->unit_test = arena_text(&r->arena, c[2]);
}

static const char *deviation_fault(const struct rule *rule, const struct span *c, size_t columns)
{
    if (columns != NOTE_COLUMNS || c[2].n == 0) return "expected id, what is done instead, why";
    return note_fault(rule, c);
}

static void take_deviation(struct rules *r, struct rule *rule, const struct span *c)
{
    rule->deviates = arena_text(&r->arena, c[1]);
    rule->deviates_why = arena_text(&r->arena, c[2]);
}

/* A file of notes on rules: what is wrong with a row, and what becomes of one that is right. */
struct notes {
    const char *(*fault)(const struct rule *rule, const struct span *c, size_t columns);
    void (*take)(struct rules *r, struct rule *rule, const struct span *c);
};

static enum err read_notes(const struct notes *notes, struct span tsv, struct rules *r, struct fault *why)
{
    struct span column[NOTE_COLUMNS] = { 0 }, text = tsv;

    for (unsigned line = 1; text.n; line++) {
        struct span row = next_line(&text);
        if (row.n == 0 || row.p[0] == '#') continue;
        size_t columns = split(row, column, NOTE_COLUMNS);
        struct rule *rule = find(r, arena_text(&r->arena, column[0]));
        const char *fault = notes->fault(rule, column, columns);
        if (fault) {
            fault_set(why, (size_t)(row.p - tsv.p), "line %u: %s", line, fault);
            return ERR_MALFORMED;
        }
        notes->take(r, rule, column);
    }
    return r->arena.failed ? ERR_NO_MEMORY : OK;
}

enum err rules_read_unobservable(struct span tsv, struct rules *r, struct fault *why)
{
    static const struct notes notes = { unobservable_fault, take_unobservable };

    return read_notes(&notes, tsv, r, why);
}

enum err rules_read_deviations(struct span tsv, struct rules *r, struct fault *why)
{
    static const struct notes notes = { deviation_fault, take_deviation };

    return read_notes(&notes, tsv, r, why);
}

void rules_clear(struct rules *r)
{
    arena_clear(&r->arena);
    *r = (struct rules){ 0 };
}

const struct rule *rules_find(const struct rules *r, const char *id)
{
    return find(r, id);
}

const char *rules_nearest(const struct rules *r, const char *id)
{
    const char **names = calloc(r->count + 1, sizeof *names);

    if (!names) return NULL;
    for (size_t i = 0; i < r->count; i++) names[i] = r->rule[i].id;
    const char *best = nearest_name(span_str(id), names, r->count);
    free(names);
    return best;
}

const char *rule_level(const struct rule *r)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (levels[i].level == r->level && levels[i].prohibition == r->prohibition) return levels[i].word;
    }
    return "MAY NOT";
}

void rule_print_level(const struct rule *r, struct buf *out)
{
    static const char *const marks[] = { "", " [decl]", " [derived]" };

    buf_format(out, "%s%s", rule_level(r), marks[r->literal]);
}

bool rule_names_code(const struct rule *r)
{
    const char *at = strstr(r->text, "0x");

    if (strcmp(r->id, "R-PUB-03") == 0) return true; /* its source names 0x87, its text does not */
    while (at && !(at[2] >= '8' && at[2] <= '9') && at[2] != 'A') at = strstr(at + 1, "0x");
    return at != NULL;
}

bool rule_names_status(const struct rule *r)
{
    static const char *const names[] = { "status 200", "HTTP 400", " 401", "4.01", "4.03" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strstr(r->text, names[i])) return true;
    return false;
}

bool rule_names_packet(const struct rule *r)
{
    return rule_names_code(r) || strstr(r->text, "CONNACK") || strstr(r->text, "DISCONNECT");
}
