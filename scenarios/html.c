#include "scenarios/html.h"

#include "scenarios/ability.h"
#include "scenarios/command.h"
#include "scenarios/history.h"
#include "scenarios/json.h"
#include "scenarios/matrix.h"

/* The whole report as JSON for the page's script. */
struct writer {
    const struct report *report;
    const struct suite *suite;
    const struct transcripts *transcripts;
    struct figures figures;
    struct buf *json;
};

static size_t scenario_number(const struct suite *s, struct span id)
{
    size_t i = 0;

    while (i < s->flows.count && !span_is(id, s->flows.scenario[i]->id)) i++;
    return i;
}

/* The variant of a scenario that is printed as `text`. false: none. Clear `out` only where true. */
static bool find_variant(const struct scenario *s, struct span text, struct variant *out)
{
    struct buf printed = { 0 };

    for (size_t k = 0; k < flow_variants(s); k++) {
        *out = (struct variant){ 0 };
        if (flow_expand(s, k, out) != OK) break;
        buf_truncate(&printed, 0);
        variant_print(out, &printed);
        bool same = span_eq(buf_span(&printed), text);
        if (same) buf_clear(&printed);
        if (same) return true;
        variant_clear(out);
    }
    buf_clear(&printed);
    return false;
}

static void write_counts(struct writer *w)
{
    struct coverage c = report_coverage(w->report);

    json_open(w->json, "verdicts", '{');
    for (enum verdict v = 0; v < VERDICTS; v++)
        json_number(w->json, verdict_name(v), (int64_t)w->report->counts[v]);
    json_close(w->json, '}');
    json_open(w->json, "coverage", '{');
    json_number(w->json, "total", (int64_t)c.total);
    json_number(w->json, "proven", (int64_t)c.proven);
    json_number(w->json, "violated", (int64_t)c.violated);
    json_number(w->json, "unobservable", (int64_t)c.unobservable);
    json_number(w->json, "unit_tested", (int64_t)c.unit_tested);
    json_number(w->json, "deviating", (int64_t)c.deviating);
    json_number(w->json, "open", (int64_t)c.open);
    json_close(w->json, '}');
}

static void write_rule(struct writer *w, size_t i)
{
    const struct rule *rule = &w->report->rules->rule[i];

    json_line(w->json);
    json_open(w->json, NULL, '{');
    json_text(w->json, "id", span_str(rule->id));
    json_text(w->json, "level", span_str(rule_level(rule)));
    json_text(w->json, "source", span_str(rule->source));
    json_text(w->json, "group", span_str(rule->group));
    json_text(w->json, "text", span_str(rule->text));
    json_text(w->json, "verdict", span_str(report_rule_verdict(w->report, i)));
    if (rule->unobservable) json_text(w->json, "unobservable", span_str(rule->unobservable));
    if (rule->unit_test) json_text(w->json, "unit_test", span_str(rule->unit_test));
    if (report_deviation(w->report, rule)) json_text(w->json, "deviation", span_str(rule->deviates));
    if (report_deviation(w->report, rule)) json_text(w->json, "deviation_why", span_str(rule->deviates_why));
    json_close(w->json, '}');
}

static void write_scenario(struct writer *w, const struct scenario *s)
{
    json_line(w->json);
    json_open(w->json, NULL, '{');
    json_text(w->json, "id", span_str(s->id));
    json_text(w->json, "title", span_str(s->title));
    json_close(w->json, '}');
}

/* Places of the rules of which this run says so. */
static void write_said(struct writer *w, size_t run, const char *name, enum said said)
{
    json_open(w->json, name, '[');
    for (size_t i = 0; i < w->report->rules->count; i++) {
        if (report_said(w->report, run, i) == said) json_number(w->json, NULL, (int64_t)i);
    }
    json_close(w->json, ']');
}

static enum err write_run(struct writer *w, size_t number)
{
    const struct run_result *run = &w->report->run[number];
    size_t scenario = scenario_number(w->suite, buf_span(&run->scenario)), figure = 0;
    struct buf role = { 0 }, again = { 0 };
    struct variant v;
    bool drawn = scenario < w->suite->flows.count &&
                 find_variant(w->suite->flows.scenario[scenario], buf_span(&run->variant), &v);
    enum err e = drawn ? figures_add(&w->figures, &v, run, &figure) : OK;

    if (drawn) variant_clear(&v);
    report_under_test(run, &role);
    command_print(w->report, run, &again);
    json_line(w->json);
    json_open(w->json, NULL, '{');
    json_number(w->json, "scenario", (int64_t)scenario);
    json_text(w->json, "variant", buf_span(&run->variant));
    if (run->with.n) json_text(w->json, "with", buf_span(&run->with));
    json_text(w->json, "role", buf_span(&role));
    json_text(w->json, "verdict", span_str(verdict_name(run->verdict)));
    if (run->why.n) json_text(w->json, "why", buf_span(&run->why));
    json_text(w->json, "again", buf_span(&again));
    json_number(w->json, "ms", run->ms);
    json_text(w->json, "dir", buf_span(&run->dir));
    json_number(w->json, "combination", combination_of(w->suite, run));
    if (drawn) json_number(w->json, "figure", (int64_t)figure);
    write_said(w, number, "held", SAID_HELD);
    write_said(w, number, "broken", SAID_BROKEN);
    json_close(w->json, '}');
    buf_clear(&role);
    buf_clear(&again);
    return e;
}

static enum err write_all(struct writer *w)
{
    const struct report *r = w->report;

    json_open(w->json, NULL, '{');
    write_counts(w);
    about_write(&r->about, w->json);
    if (r->history) history_tell(r->history, w->json);
    report_write_switches(r, w->json);
    json_open(w->json, "rules", '[');
    for (size_t i = 0; i < r->rules->count; i++) write_rule(w, i);
    json_close(w->json, ']');
    json_open(w->json, "scenarios", '[');
    for (size_t i = 0; i < w->suite->flows.count; i++) write_scenario(w, w->suite->flows.scenario[i]);
    json_close(w->json, ']');
    json_open(w->json, "runs", '[');
    for (size_t i = 0; i < r->runs; i++) TRY(write_run(w, i));
    json_close(w->json, ']');
    proven_write(&r->proven, w->json);
    ability_write(r, w->json);
    json_open(w->json, "figures", '[');
    buf_add(w->json, buf_span(&w->figures.json));
    json_close(w->json, ']');
    json_number(w->json, "pack", TRANSCRIPT_PACK);
    json_open(w->json, "transcripts", '[');
    buf_add(w->json, buf_span(&w->transcripts->json));
    json_close(w->json, ']');
    json_close(w->json, '}');
    return buf_failed(w->json) ? ERR_NO_MEMORY : OK;
}

/* Inside <script> a "<" could end it. */
static void add_script(struct buf *html, struct span json)
{
    for (size_t i = 0; i < json.n; i++) {
        if (json.p[i] == '<') {
            buf_str(html, "\\u003c");
        } else {
            buf_u8(html, json.p[i]);
        }
    }
}

enum err html_write(const struct report *r, const struct suite *s, const struct transcripts *t,
                    struct span page, struct buf *html)
{
    const uint8_t *mark = memmem(page.p, page.n, HTML_MARK, strlen(HTML_MARK));
    struct buf json = { 0 };
    struct writer w = { .report = r, .suite = s, .transcripts = t, .json = &json };

    if (!mark) return ERR_MALFORMED;
    enum err e = figures_init(&w.figures);
    if (e == OK) e = write_all(&w);
    if (e == OK) {
        buf_add(html, span(page.p, (size_t)(mark - page.p)));
        add_script(html, buf_span(&json));
        buf_add(html, span_skip(page, (size_t)(mark - page.p) + strlen(HTML_MARK)));
    }
    figures_clear(&w.figures);
    buf_clear(&json);
    return e == OK && buf_failed(html) ? ERR_NO_MEMORY : e;
}
