#ifndef TESTS_FLOW_TEXT_H
#define TESTS_FLOW_TEXT_H

#include "scenarios/derive.h"
#include "scenarios/lint.h"
#include "scenarios/parse.h"
#include "scenarios/suite.h"
#include "tests/check.h"

/* Rules for tests: two of each role. */
#define TEST_RULES                                                     \
    "id\tsource\tlevel\trole\tgroup\trequirement\ttest\tseed\n"        \
    "T-C-01\tRFC1\tMUST\tC\tg\tthe client does\tlook\tyes\n"           \
    "T-C-02\tRFC1 [decl]\tSHOULD\tC\tg\tthe client should\tlook\tno\n" \
    "T-RS-01\tRFC1\tMUST NOT\tRS\tg\tthe broker does not\tlook\tyes\n" \
    "T-RS-02\tRFC1 [derived]\tMAY\tRS\tg\tthe broker may\tlook\tno\n"  \
    "T-AS-01\tRFC1\tSHOULD NOT\tAS\tg\tthe AS should not\tlook\tno\n"  \
    "T-ALL-01\tRFC1\tMUST\tboth\tg\tall do\tlook\tno\n"

/* Reads, links and lints `text` as t.flow, as far as it goes without errors. */
static inline enum err flow_load(struct suite *s, const char *text)
{
    struct fault why;

    *s = (struct suite){ 0 };
    TRY(rules_read(span_str(TEST_RULES), &s->rules, &why));
    TRY(flows_parse(&s->flows, "t.flow", span_str(text)));
    TRY(flows_link(&s->flows));
    return flows_lint(&s->flows, &s->rules);
}

/* All errors of `text`, one per line, "line:column: why"; "" if it is fine. */
static inline const char *flow_faults(const char *text, struct buf *out)
{
    struct suite s;

    enum err e = flow_load(&s, text);
    buf_truncate(out, 0);
    for (size_t i = 0; i < s.flows.errors; i++) {
        const struct flow_error *f = &s.flows.error[i];
        buf_format(out, "%s%u:%u: %s", i ? "\n" : "", f->at.line, f->at.column, f->why);
    }
    if (e != OK && s.flows.errors == 0) buf_format(out, "error %d", (int)e);
    suite_clear(&s);
    return buf_cstr(out);
}

#endif
