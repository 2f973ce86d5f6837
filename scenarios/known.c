#include "scenarios/known.h"

#include "scenarios/line.h"
#include "scenarios/suite.h"
#include "scenarios/verdict.h"

/* --- reading --- */

static struct span take(struct span *text, char end)
{
    const uint8_t *at = text->n ? memchr(text->p, end, text->n) : NULL;
    struct span part = at ? span(text->p, (size_t)(at - text->p)) : *text;

    *text = span_skip(*text, at ? part.n + 1 : part.n);
    return part;
}

/* "until=2027-06": what is behind the sign; empty: it is no such thing. */
static struct span month_of(struct span word)
{
    static const char form[] = "until=dddd-dd";

    if (word.n != strlen(form) || word.p[11] > '1' ||
        (word.p[11] == '1' ? word.p[12] > '2' : word.p[12] < '1'))
        return span(NULL, 0); /* nor a month */
    for (size_t i = 0; form[i]; i++) {
        bool digit = word.p[i] >= '0' && word.p[i] <= '9';
        if (i > 5 && form[i] == 'd' ? !digit : word.p[i] != (uint8_t)form[i]) return span(NULL, 0);
    }
    return span_skip(word, strlen("until="));
}

static enum err read_row(struct known *k, struct span row, const struct rules *rules, const char **fault)
{
    struct span rest = row, subject = take(&rest, '\t'), until = month_of(take(&rest, '\t'));

    if (k->count >= MAX_KNOWN) {
        *fault = "too many entries";
        return ERR_TOO_LARGE;
    }
    struct known_entry *e = APPEND(&k->arena, k->entry, k->count);
    if (!e) return ERR_NO_MEMORY;
    *e = (struct known_entry){ .subject = arena_text(&k->arena, subject),
                               .until = arena_text(&k->arena, until),
                               .reason = arena_text(&k->arena, rest),
                               .is_rule = span_starts(subject, span_str("R-")) };
    e->is_rule |= rules_find(rules, e->subject) != NULL;
    if (subject.n == 0)
        *fault = "expected a rule or a glob of scenarios, a tab, until=YYYY-MM, a tab, the reason";
    if (subject.n && until.n == 0)
        *fault = "expected until=YYYY-MM behind the first tab: nothing is known for ever";
    if (subject.n && until.n && rest.n == 0) *fault = "expected the reason behind the second tab";
    if (e->is_rule && !*fault && !rules_find(rules, e->subject)) *fault = "there is no such rule";
    return *fault ? ERR_MALFORMED : OK;
}

enum err known_read(const struct known_source *from, const struct rules *rules, struct known *out,
                    struct fault *why)
{
    struct span text = from->text;

    out->path = arena_text(&out->arena, span_str(from->path));
    for (unsigned line = 1; text.n; line++) {
        struct span row = take(&text, '\n');
        const char *fault = NULL;
        if (row.n == 0 || row.p[0] == '#') continue;
        enum err e = read_row(out, row, rules, &fault);
        if (fault) fault_set(why, (size_t)(row.p - from->text.p), "line %u: %s", line, fault);
        if (e != OK) return e;
        out->entry[out->count - 1].line = line;
    }
    return out->arena.failed ? ERR_NO_MEMORY : OK;
}

/* An entry that no run could ever show. */
static enum err check_entry(const struct known_entry *e, const struct suite *s, enum role role,
                            struct fault *why)
{
    bool there = false, judged = false;

    if (e->is_rule) {
        const struct rule *rule = rules_find(&s->rules, e->subject);
        if (rule && rule->binds & 1u << role) return OK;
        fault_set(why, 0, "line %u: %s does not bind the %s", e->line, e->subject, role_name(role));
        return ERR_MALFORMED;
    }
    for (size_t i = 0; i < s->flows.count; i++) {
        if (!glob_matches(e->subject, s->flows.scenario[i]->id)) continue;
        there = true;
        judged |= (s->flows.scenario[i]->tested & 1u << role) != 0;
    }
    if (judged) return OK;
    const char *best = there ? NULL : suite_nearest(s, e->subject);
    if (there)
        fault_set(why, 0, "line %u: %s does not judge the %s", e->line, e->subject, role_name(role));
    else
        fault_set(why, 0, "line %u: no scenario is called %s%s%s", e->line, e->subject, NEAREST(best));
    return ERR_MALFORMED;
}

enum err known_check(const struct known *k, const struct suite *s, enum role role, struct fault *why)
{
    for (size_t i = 0; i < k->count; i++) TRY(check_entry(&k->entry[i], s, role, why));
    return OK;
}

void known_clear(struct known *k)
{
    arena_clear(&k->arena);
    *k = (struct known){ 0 };
}

/* --- what a run shows --- */

static bool is_about(const struct known_entry *e, const struct run_result *r)
{
    struct buf id = { 0 };

    buf_add(&id, buf_span(&r->scenario));
    bool matches = !e->is_rule && glob_matches(e->subject, buf_cstr(&id));
    buf_clear(&id);
    return matches;
}

/* What the run says of a rule: a check that breaks it outweighs those that keep it. */
static void hear_rule(struct known_entry *e, const struct run_result *r, const struct rules *rules)
{
    bool held = false, broken = false;

    for (size_t i = 0; i < r->check_count; i++) {
        const struct check_result *c = &r->checks[i];
        for (size_t k = 0; k < c->rule_count; k++) {
            const struct rule *rule = check_rule_at(c, k, rules);
            if (!rule || strcmp(rule->id, e->subject) != 0 || !check_speaks(r, c, rule)) continue;
            held |= c->held;
            broken |= !c->held;
        }
    }
    e->broken += broken;
    e->held += held && !broken;
}

static const struct known_entry *entry_of(const struct known *k, const char *rule)
{
    for (size_t i = 0; i < k->count; i++) {
        if (k->entry[i].is_rule && strcmp(k->entry[i].subject, rule) == 0) return &k->entry[i];
    }
    return NULL;
}

/* Each MUST that a check breaks has to be on the list; one that breaks none is excused by its scenario alone. NULL: it is not. */
static const struct known_entry *excuse(const struct known *k, const struct run_result *r,
                                        const struct check_result *c, const struct rules *rules)
{
    const struct known_entry *found = NULL;

    for (size_t i = 0; i < c->rule_count; i++) {
        const struct rule *rule = check_rule_at(c, i, rules);
        if (!rule || rule->level != LEVEL_MUST || !check_speaks(r, c, rule)) continue;
        found = entry_of(k, rule->id);
        if (!found) return NULL;
    }
    return found;
}

static bool is_wide(const struct known_entry *e)
{
    return !e->is_rule && strpbrk(e->subject, "*?");
}

/* An entry about many scenarios gives a reason why they are answered so. It does not cover that there is no answer at all. */
static bool covers(const struct known_entry *e, const struct check_result *c)
{
    return !c->silent || !is_wide(e);
}

/* The first entry that names the run's scenario and covers the check. */
static const struct known_entry *about(const struct known *k, const struct run_result *r,
                                       const struct check_result *c)
{
    for (size_t i = 0; i < k->count; i++) {
        if (is_about(&k->entry[i], r) && covers(&k->entry[i], c)) return &k->entry[i];
    }
    return NULL;
}

/* No list excuses that a program falls over. */
static bool is_crash(const struct check_result *c)
{
    return c->arrow.n && memmem(c->arrow.p, c->arrow.n, RESULT_PROGRAM, strlen(RESULT_PROGRAM));
}

static const struct known_entry *excuse_all(const struct known *k, const struct run_result *r,
                                            const struct rules *rules)
{
    const struct known_entry *found = NULL;

    for (size_t i = 0; i < r->check_count; i++) {
        const struct check_result *c = &r->checks[i];
        if (check_verdict(r, c, rules) != VERDICT_FAIL) continue;
        if (is_crash(c)) return NULL;
        const struct known_entry *named = about(k, r, c);
        found = named ? named : excuse(k, r, c, rules);
        if (!found) return NULL;
    }
    return found;
}

void known_hear(struct known *k, struct run_result *r, const struct rules *rules)
{
    if (r->verdict == VERDICT_SKIP || r->verdict == VERDICT_ERROR) return;
    for (size_t i = 0; i < k->count; i++) {
        struct known_entry *e = &k->entry[i];
        if (e->is_rule) hear_rule(e, r, rules);
        if (!is_about(e, r)) continue;
        e->broken += r->verdict == VERDICT_FAIL;
        e->held += r->verdict != VERDICT_FAIL && !(k->part && is_wide(e));
    }
    const struct known_entry *e = r->verdict == VERDICT_FAIL ? excuse_all(k, r, rules) : NULL;
    if (!e) return;
    r->verdict = VERDICT_KNOWN;
    buf_format(&r->why, "known (%s:%u, %s): %s", k->path, e->line, e->subject, e->reason);
}

const char *known_stale(const struct known_entry *e, const char *now)
{
    if (strcmp(now, e->until) > 0) return "its time is over";
    return e->held && !e->broken ? "it is kept now" : NULL;
}
