#include "scenarios/terminal.h"

#include "common/base/plural.h"
#include "common/base/utf8.h"
#include "scenarios/ability.h"
#include "scenarios/command.h"
#include "scenarios/matrix.h"
#include "scenarios/switches.h"
#include "scenarios/verdict.h"

#include <stdlib.h>
#include <unistd.h>

enum { MAX_NEWS = 20 }; /* broken checks told in full per line; the rest is counted */

static const struct look {
    const char *word, *colour;
} looks[VERDICTS] = {
    [VERDICT_PASS] = { "PASS", "\033[32m" },   [VERDICT_NOTE] = { "NOTE", "\033[36m" },
    [VERDICT_WARN] = { "WARN", "\033[33m" },   [VERDICT_KNOWN] = { "KNOWN", "\033[33m" },
    [VERDICT_SKIP] = { "SKIP", "\033[2m" },    [VERDICT_FAIL] = { "FAIL", "\033[31m" },
    [VERDICT_ERROR] = { "ERROR", "\033[35m" },
};

enum terminal_style terminal_style(int fd)
{
    const char *term = getenv("TERM");

    if (getenv("NO_COLOR") || getenv("CI") || !term || strcmp(term, "dumb") == 0) return TERMINAL_PLAIN;
    return isatty(fd) ? TERMINAL_LIVE : TERMINAL_PLAIN;
}

/* What comes from a peer must not act on the terminal. */
static void put_safe(FILE *to, struct span s)
{
    while (s.n) {
        uint32_t rune = 0;
        struct buf quoted = { 0 };
        size_t n = utf8_next(s, &rune);
        if (rune == '"' || rune == '\\') {
            fputc((int)rune, to);
        } else {
            utf8_quote(&quoted, span(s.p, n ? n : 1));
            if (quoted.n > 2) fwrite(quoted.p + 1, 1, quoted.n - 2, to);
        }
        buf_clear(&quoted);
        s = span_skip(s, n ? n : 1);
    }
}

static void put_line(const struct terminal *t, const char *indent, struct span text)
{
    fputs(indent, t->to);
    put_safe(t->to, text);
    fputc('\n', t->to);
}

/* ---- one line: runs of the same scenario and roles ---- */

/* Runs [from, to) of the report. */
struct group {
    const struct terminal *t;
    size_t from, to;
};

static const struct run_result *at(const struct group *g, size_t i)
{
    return &g->t->report->run[i];
}

static void print_word(const struct terminal *t, enum verdict v)
{
    bool live = t->style == TERMINAL_LIVE;

    fprintf(t->to, "%s%-5s%s", live ? looks[v].colour : "", looks[v].word, live ? "\033[0m" : "");
}

/* Somebody else's program skips more than it plays: told at the end, a reason at a time. */
static bool untold_skips(const struct terminal *t)
{
    return t->report->foreign;
}

static void print_head(const struct group *g)
{
    enum verdict worst = VERDICT_PASS;
    size_t passed = 0, skipped = 0;
    int64_t ms = 0;
    struct buf role = { 0 };

    for (size_t i = g->from; i < g->to; i++) {
        enum verdict v = at(g, i)->verdict;
        if (v > worst && !(v == VERDICT_SKIP && untold_skips(g->t))) worst = v;
        passed += v <= VERDICT_WARN;
        skipped += v == VERDICT_SKIP;
        ms += at(g, i)->ms;
    }
    report_under_test(at(g, g->from), &role);
    print_word(g->t, worst);
    fprintf(g->t->to, " %-48.*s %-7s %3zu/%-3zu %5lld.%lld s", (int)at(g, g->from)->scenario.n,
            (const char *)at(g, g->from)->scenario.p, buf_cstr(&role), passed, g->to - g->from - skipped,
            (long long)(ms / 1000), (long long)(ms % 1000 / 100));
    if (skipped) fprintf(g->t->to, "  %zu skipped", skipped);
    fputc('\n', g->t->to);
    buf_clear(&role);
}

/* ---- news ---- */

static bool same_check(const struct check_result *a, const struct check_result *b)
{
    return a->line == b->line && span_eq(buf_span(&a->file), buf_span(&b->file)) &&
           span_eq(buf_span(&a->field), buf_span(&b->field)) &&
           span_eq(buf_span(&a->arrow), buf_span(&b->arrow));
}

static bool breaks(const struct run_result *r, const struct check_result *c)
{
    for (size_t i = 0; i < r->check_count; i++) {
        if (!r->checks[i].held && same_check(&r->checks[i], c)) return true;
    }
    return false;
}

/* How many runs of [from, to) break this check. */
static size_t broken_in(const struct group *g, size_t from, size_t to, const struct check_result *c)
{
    size_t n = 0;

    for (size_t i = from; i < to; i++) n += breaks(at(g, i), c);
    return n;
}

static void print_rules(const struct group *g, const struct run_result *r, const struct check_result *c)
{
    struct buf level = { 0 };

    for (size_t i = 0; i < c->rule_count; i++) {
        const struct rule *rule = check_rule_at(c, i, g->t->report->rules);
        if (!rule || !check_speaks(r, c, rule)) continue;
        buf_truncate(&level, 0);
        rule_print_level(rule, &level);
        fprintf(g->t->to, "        %s %s: %s\n", rule->id, buf_cstr(&level), rule->text);
    }
    buf_clear(&level);
}

/* Of how many variants, and the command that plays the first again. */
static void print_again(const struct group *g, const struct run_result *first, size_t n)
{
    struct buf command = { 0 };
    size_t all = g->to - g->from;

    if (all > 1) fprintf(g->t->to, "        in %zu of %zu variants; the first again:\n", n, all);
    command_print(g->t->report, first, &command);
    put_line(g->t, "        ", buf_span(&command));
    buf_clear(&command);
}

static void print_check(const struct group *g, size_t run, const struct check_result *c)
{
    const struct run_result *r = at(g, run);
    struct buf line = { 0 };

    buf_add(&line, buf_span(&c->file));
    buf_format(&line, ":%u  ", c->line);
    check_print(c, &line);
    put_line(g->t, "      ", buf_span(&line));
    if (c->want.n) put_line(g->t, "        expected ", buf_span(&c->want));
    if (c->got.n) put_line(g->t, "        got      ", buf_span(&c->got));
    print_rules(g, r, c);
    print_again(g, r, broken_in(g, run, g->to, c));
    buf_clear(&line);
}

/* Errors and skips: each reason once. */
static void print_why(const struct group *g, size_t run)
{
    const struct run_result *r = at(g, run);
    size_t n = 0;

    for (size_t i = g->from; i < g->to; i++) {
        if (!span_eq(buf_span(&at(g, i)->why), buf_span(&r->why)) || at(g, i)->verdict != r->verdict)
            continue;
        if (i < run) return;
        n++;
    }
    put_line(g->t, "      ", buf_span(&r->why));
    if (r->verdict == VERDICT_ERROR) print_again(g, r, n);
}

static void print_news(const struct group *g)
{
    size_t told = 0, untold = 0;

    for (size_t i = g->from; i < g->to; i++) {
        const struct run_result *r = at(g, i);
        if (r->why.n && !(r->verdict == VERDICT_SKIP && untold_skips(g->t))) print_why(g, i);
        for (size_t k = 0; k < r->check_count; k++) {
            const struct check_result *c = &r->checks[k];
            if (c->held || broken_in(g, g->from, i, c)) continue;
            if (told < MAX_NEWS) print_check(g, i, c);
            told < MAX_NEWS ? told++ : untold++;
        }
    }
    if (untold) fprintf(g->t->to, "      and %zu more broken checks, see report.json\n", untold);
}

/* ---- the calls ---- */

static void wipe_progress(const struct terminal *t)
{
    if (t->style == TERMINAL_LIVE) fputs("\r\033[K", t->to);
}

static void print_progress(const struct terminal *t)
{
    const struct run_result *last = report_last(t->report);
    size_t bad = t->report->counts[VERDICT_FAIL] + t->report->counts[VERDICT_ERROR];

    if (t->style != TERMINAL_LIVE) return;
    fprintf(t->to, "\r\033[K%zu of %zu, %zu failed", t->report->runs, t->planned, bad);
    if (last)
        fprintf(t->to, "  %.*s", (int)(last->scenario.n < 40 ? last->scenario.n : 40),
                (const char *)last->scenario.p);
    fflush(t->to);
}

static bool is_skipped(const struct group *g)
{
    for (size_t i = g->from; i < g->to; i++) {
        if (at(g, i)->verdict != VERDICT_SKIP) return false;
    }
    return true;
}

static bool same_reason(const struct run_result *a, const struct run_result *b)
{
    return a->verdict == VERDICT_SKIP && b->verdict == VERDICT_SKIP &&
           span_eq(buf_span(&a->why), buf_span(&b->why));
}

static void print_skipped(const struct terminal *t, size_t first)
{
    const struct report *r = t->report;
    struct span last = { 0 };
    size_t runs = 0, scenarios = 0;

    for (size_t i = 0; i < r->runs; i++) {
        if (!same_reason(&r->run[i], &r->run[first])) continue;
        if (i < first) return;
        runs++;
        scenarios += !span_eq(buf_span(&r->run[i].scenario), last);
        last = buf_span(&r->run[i].scenario);
    }
    fprintf(t->to, "  %4zu run%s of %3zu scenario%s: ", runs, plural(runs), scenarios, plural(scenarios));
    put_line(t, "", buf_span(&r->run[first].why));
}

static void print_all_skipped(const struct terminal *t)
{
    const struct report *r = t->report;

    if (!untold_skips(t) || r->counts[VERDICT_SKIP] == 0) return;
    fputs("\nskipped (each by name in report.html):\n", t->to);
    for (size_t i = 0; i < r->runs; i++) {
        if (r->run[i].verdict == VERDICT_SKIP) print_skipped(t, i);
    }
}

static void print_group(struct terminal *t, size_t to)
{
    struct group g = { t, t->group, to };

    t->group = to;
    if (g.from == to || (untold_skips(t) && is_skipped(&g))) return;
    wipe_progress(t);
    print_head(&g);
    print_news(&g);
}

static bool same_line(const struct run_result *a, const struct run_result *b)
{
    return span_eq(buf_span(&a->scenario), buf_span(&b->scenario)) &&
           memcmp(a->players, b->players, sizeof a->players) == 0;
}

void terminal_begin(struct terminal *t, size_t planned)
{
    t->planned = planned;
    t->group = t->report->runs;
    print_progress(t);
}

void terminal_run(struct terminal *t)
{
    const struct report *r = t->report;

    if (r->runs && !same_line(&r->run[t->group], &r->run[r->runs - 1])) print_group(t, r->runs - 1);
    print_progress(t);
}

/* Named, never hidden. */
static void print_deviations(const struct terminal *t)
{
    const struct report *r = t->report;
    const struct rule *stale = report_stale_deviation(r);
    const char *why = NULL;
    const struct known_entry *known = report_stale_known(r, &why);

    for (size_t i = 0; i < r->rules->count; i++) {
        const struct rule *rule = &r->rules->rule[i];
        if (report_deviation(r, rule))
            fprintf(t->to, "deviation: %s %s: %s (%s)\n", rule->id, rule_level(rule), rule->deviates,
                    rule->deviates_why);
    }
    if (stale) fprintf(t->to, "deviations.tsv is out of date: %s is kept\n", stale->id);
    if (known)
        fprintf(t->to, "%s is out of date: line %u, %s: %s\n", r->known->path, known->line, known->subject,
                why);
}

static void print_coverage(const struct terminal *t)
{
    struct coverage c = report_coverage(t->report);

    fprintf(t->to, "%zu of %zu requirements proven, ", c.proven, c.total);
    if (c.violated) fprintf(t->to, "%zu violated, ", c.violated);
    if (c.unit_tested) fprintf(t->to, "%zu by unit tests, ", c.unit_tested);
    if (c.deviating) fprintf(t->to, "%zu not kept, ", c.deviating);
    fprintf(t->to, "%zu not observable, %zu open\n", c.unobservable - c.unit_tested, c.open);
    print_deviations(t);
}

static void print_counts(const struct terminal *t)
{
    const size_t *n = t->report->counts;
    size_t remarks = n[VERDICT_WARN] + n[VERDICT_NOTE];

    if (remarks)
        fprintf(t->to, "passed with remarks: %zu warned, %zu noted\n", n[VERDICT_WARN], n[VERDICT_NOTE]);
    if (n[VERDICT_KNOWN])
        fprintf(t->to, "failed as %s says: %zu\n", t->report->known->path, n[VERDICT_KNOWN]);
    if (n[VERDICT_ERROR])
        fprintf(t->to,
                "no verdict: %zu run%s, where the runner, a setting or a program's start is at fault\n",
                n[VERDICT_ERROR], plural(n[VERDICT_ERROR]));
    if (t->report->runs == 0) fputs("nothing was tested: nothing ran\n", t->to);
    if (t->report->runs && report_played(t->report) == 0)
        fprintf(t->to, "nothing was tested: %s skipped\n",
                n[VERDICT_SKIP] == 1 ? "the only run was" : "all runs were");
    if (t->page) fprintf(t->to, "report: %s\n", t->page);
    fprintf(t->to, "%zu passed, %zu failed, %zu skipped\n", n[VERDICT_PASS] + remarks,
            n[VERDICT_FAIL] + n[VERDICT_ERROR], n[VERDICT_SKIP]);
}

static void print_matrix(const struct terminal *t)
{
    struct buf text = { 0 }, combinations = { 0 }, proven = { 0 };

    if (t->report->runs == 0) return;
    matrix_print(t->report, &text);
    matrix_print_combinations(t->report, t->suite, &combinations);
    fprintf(t->to, "\n%s\n", buf_cstr(&text));
    if (combinations.n) fprintf(t->to, "%s\n", buf_cstr(&combinations));
    if (t->whole) proven_print(&t->report->proven, &proven);
    if (proven.n) fprintf(t->to, "%s\n", buf_cstr(&proven));
    buf_clear(&text);
    buf_clear(&combinations);
    buf_clear(&proven);
}

/* Of somebody else's program, the gist. */
static void print_abilities(const struct terminal *t)
{
    struct buf text = { 0 };

    if (!t->report->foreign) return;
    ability_print(t->report, &text);
    if (text.n) fputc('\n', t->to);
    for (struct span rest = buf_span(&text); rest.n;) put_line(t, "", span_cut(&rest, '\n'));
    buf_clear(&text);
}

/* Which readings were chosen. The values are in the report. */
static void print_switches(const struct terminal *t)
{
    struct buf text = { 0 };
    size_t runs = 0, known = 0;

    for (size_t i = 0; i < ROLE_COUNT; i++) known += t->report->switches[i].n != 0;
    if (!known) return;
    for (size_t i = 0; i < t->report->runs; i++) runs += t->report->run[i].with.n != 0;
    if (runs) switches_print(t->report, &t->suite->flows, &text);
    if (runs)
        fprintf(t->to, "switches: as by default, but in %zu run%s, where scenarios turn%s\n", runs,
                plural(runs), buf_cstr(&text));
    if (!runs) fputs("switches: as by default\n", t->to);
    buf_clear(&text);
}

enum status terminal_end(struct terminal *t)
{
    print_group(t, t->report->runs);
    wipe_progress(t);
    print_matrix(t);
    print_abilities(t);
    print_all_skipped(t);
    print_switches(t);
    print_coverage(t);
    print_counts(t);
    fflush(t->to);
    return report_status(t->report);
}
