#include "common/codec/doc.h"
#include "scenarios/derive.h"
#include "scenarios/lint.h"
#include "scenarios/parse.h"
#include "scenarios/vary.h"
#include "scenarios/with.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char tsv[] =
    "id\tsource\tlevel\trole\tgroup\trequirement\ttest\tseed\nR-1\tx\tMUST\tboth\tg\tt\tt\ty\n";

/* What is printed of a value must read as the same value. */
static void check_pattern(struct arena *a, const struct pattern *p)
{
    struct buf once = { 0 }, again = { 0 };
    struct pattern q;
    struct pattern_end end;

    pattern_print(p, &once);
    if (pattern_parse(a, buf_span(&once), (struct place){ "f", 1, 1 }, &q, &end) != OK || end.used != once.n)
        __builtin_trap();
    pattern_print(&q, &again);
    if (!span_eq(buf_span(&once), buf_span(&again))) __builtin_trap();
    buf_clear(&once);
    buf_clear(&again);
}

/* A value of a setting is JSON, and as such it is a word again. */
static void check_settings(struct variant *v)
{
    for (size_t i = 0; i < v->settings; i++) {
        struct doc *d = NULL;
        const char *value = v->setting[i].value;
        if (doc_read_json(span_str(value), &doc_limits_wire, &d, NULL) != OK) __builtin_trap();
        if (strcmp(with_value(&v->arena, span_str(value)), value) != 0) __builtin_trap();
        doc_free(d);
    }
}

static void check_variant(const struct scenario *s, size_t index)
{
    struct variant v;

    if (flow_expand(s, index, &v) != OK) __builtin_trap();
    for (size_t i = 0; i < v.steps; i++) {
        for (size_t k = 0; k < v.step[i].count; k++) check_pattern(&v.arena, &v.step[i].field[k].pattern);
    }
    check_settings(&v);
    variant_clear(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct flows f = { 0 };
    struct rules r = { 0 };
    struct fault why;

    if (rules_read(span_str(tsv), &r, &why) != OK) __builtin_trap();
    if (flows_parse(&f, "f", span(p, n)) == OK && flows_link(&f) == OK && flows_lint(&f, &r) == OK) {
        for (size_t i = 0; i < f.count; i++) check_variant(f.scenario[i], flow_variants(f.scenario[i]) - 1);
    }
    flows_clear(&f);
    rules_clear(&r);
    return 0;
}
