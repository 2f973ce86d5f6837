#include "scenarios/junit.h"

#include "scenarios/markup.h"

static void put_attribute(struct buf *out, const char *name, struct span value)
{
    buf_format(out, " %s=\"", name);
    markup_text(out, value);
    buf_u8(out, '"');
}

static void put_seconds(struct buf *out, int64_t ms)
{
    buf_format(out, " time=\"%lld.%03lld\"", (long long)(ms / 1000), (long long)(ms % 1000));
}

/* Runs [from, to) of the report. */
struct runs {
    const struct report *report;
    size_t from, to;
};

static void put_counts(const struct runs *g, struct buf *out)
{
    size_t counts[VERDICTS] = { 0 };
    int64_t ms = 0;

    for (size_t i = g->from; i < g->to; i++) {
        counts[g->report->run[i].verdict]++;
        ms += g->report->run[i].ms;
    }
    buf_format(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", g->to - g->from,
               counts[VERDICT_FAIL], counts[VERDICT_ERROR], counts[VERDICT_SKIP] + counts[VERDICT_KNOWN]);
    put_seconds(out, ms);
}

static void put_checks(const struct run_result *r, struct buf *out)
{
    struct buf line = { 0 };

    for (size_t i = 0; i < r->check_count; i++) {
        const struct check_result *c = &r->checks[i];
        if (c->held) continue;
        buf_truncate(&line, 0);
        buf_add(&line, buf_span(&c->file));
        buf_format(&line, ":%u  ", c->line);
        check_print(c, &line);
        buf_str(&line, ": expected ");
        buf_add(&line, buf_span(&c->want));
        buf_str(&line, ", got ");
        buf_add(&line, buf_span(&c->got));
        for (size_t k = 0; k < c->rule_count; k++) {
            buf_str(&line, k ? " " : "  ");
            buf_add(&line, buf_span(&c->rules[k]));
        }
        buf_u8(&line, '\n');
        markup_text(out, buf_span(&line));
    }
    out->failed |= buf_failed(&line);
    buf_clear(&line);
}

/* The element that tells what happened; NULL: nothing did. */
static const char *element(enum verdict v)
{
    static const char *const names[VERDICTS] = {
        [VERDICT_NOTE] = "system-out", [VERDICT_WARN] = "system-out", [VERDICT_KNOWN] = "skipped",
        [VERDICT_SKIP] = "skipped",    [VERDICT_FAIL] = "failure",    [VERDICT_ERROR] = "error",
    };

    return names[v];
}

static void put_case(const struct run_result *r, struct buf *out)
{
    const char *name = element(r->verdict);

    buf_str(out, "    <testcase");
    put_attribute(out, "classname", buf_span(&r->scenario));
    put_attribute(out, "name", r->variant.n ? buf_span(&r->variant) : span_str("-"));
    put_seconds(out, r->ms);
    if (!name) {
        buf_str(out, "/>\n");
        return;
    }
    buf_format(out, "><%s", name);
    if (r->verdict >= VERDICT_KNOWN)
        put_attribute(out, "message", r->why.n ? buf_span(&r->why) : span_str(verdict_name(r->verdict)));
    buf_u8(out, '>');
    put_checks(r, out);
    buf_format(out, "</%s></testcase>\n", name);
}

static void put_suite(const struct runs *g, struct buf *out)
{
    const struct run_result *first = &g->report->run[g->from];
    struct buf name = { 0 };

    buf_add(&name, buf_span(&first->scenario));
    buf_u8(&name, ' ');
    report_under_test(first, &name);
    buf_str(out, "  <testsuite");
    put_attribute(out, "name", buf_span(&name));
    put_counts(g, out);
    buf_str(out, ">\n");
    for (size_t i = g->from; i < g->to; i++) put_case(&g->report->run[i], out);
    buf_str(out, "  </testsuite>\n");
    out->failed |= buf_failed(&name);
    buf_clear(&name);
}

static bool alike(const struct run_result *a, const struct run_result *b)
{
    return span_eq(buf_span(&a->scenario), buf_span(&b->scenario)) &&
           memcmp(a->players, b->players, sizeof a->players) == 0;
}

enum err junit_write(const struct report *r, struct buf *xml)
{
    struct runs all = { r, 0, r->runs };

    buf_str(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ace-scenarios\"");
    put_counts(&all, xml);
    buf_str(xml, ">\n");
    for (struct runs g = { r, 0, 0 }; g.from < r->runs; g.from = g.to) {
        while (g.to < r->runs && alike(&r->run[g.from], &r->run[g.to])) g.to++;
        put_suite(&g, xml);
    }
    buf_str(xml, "</testsuites>\n");
    return buf_failed(xml) ? ERR_NO_MEMORY : OK;
}
