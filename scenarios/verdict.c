#include "scenarios/verdict.h"

#include <stdio.h>
#include <string.h>

unsigned result_real(const struct run_result *r)
{
    unsigned real = 0;

    for (unsigned i = 0; i < ROLE_COUNT; i++) {
        if (r->players[i] == PLAYER_PRODUCT || r->players[i] == PLAYER_EXTERNAL) real |= 1U << i;
    }
    return real;
}

/* "client2" is a client. 0: no role. */
static unsigned role_bit(struct span word)
{
    for (unsigned r = 0; r < ROLE_COUNT; r++) {
        if (span_starts(word, span_str(role_name(r)))) return 1U << r;
    }
    return 0;
}

unsigned check_shows(const struct check_result *c)
{
    struct span text = buf_span(&c->arrow);
    struct span first = span_cut(&text, ' '), second = span_cut(&text, ' ');

    if (span_is(first, "quiet")) return ALL_ROLES & ~role_bit(second);
    return role_bit(first) | (span_is(second, "~>") ? role_bit(span_cut(&text, ' ')) : 0);
}

const struct rule *check_rule_at(const struct check_result *c, size_t i, const struct rules *rules)
{
    char id[64];

    snprintf(id, sizeof id, "%.*s", (int)c->rules[i].n, (const char *)c->rules[i].p);
    return rules_find(rules, id);
}

/* Does the rule name one of these error codes: "invalid_scope|invalid_request"? */
static bool names_error(const struct rule *rule, struct span codes)
{
    while (codes.n) {
        struct span code = span_cut(&codes, '|');
        if (code.n && memmem(rule->text, strlen(rule->text), code.p, code.n)) return true;
    }
    return false;
}

/* What was refused in another form breaks the rules that name the form. */
static bool is_about_form(const struct check_result *c, const struct rule *rule)
{
    switch (c->held ? REFUSAL_NONE : c->refusal) {
    case REFUSAL_CODE:
        return rule_names_code(rule);
    case REFUSAL_PACKET:
    case REFUSAL_CLOSE:
        return rule_names_packet(rule);
    case REFUSAL_STATUS:
        return rule_names_status(rule);
    case REFUSAL_ERROR:
        return names_error(rule, buf_span(&c->want));
    case REFUSAL_NONE:
        break;
    }
    return true;
}

bool check_speaks(const struct run_result *r, const struct check_result *c, const struct rule *rule)
{
    return is_about_form(c, rule) && (rule->binds & check_shows(c) & result_real(r)) != 0;
}

static enum verdict worse(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}

enum verdict level_verdict(enum level l)
{
    static const enum verdict of[] = {
        [LEVEL_MUST] = VERDICT_FAIL, [LEVEL_SHOULD] = VERDICT_WARN, [LEVEL_MAY] = VERDICT_NOTE
    };

    return of[l];
}

/* Something else came than the answer 2xx without which the dialogue cannot go on. */
static bool is_lost_answer(const struct check_result *c)
{
    return c->field.n == 0 && c->refusal == REFUSAL_NONE && c->want.n && c->want.p[0] == '2';
}

enum verdict check_verdict(const struct run_result *r, const struct check_result *c,
                           const struct rules *rules)
{
    enum verdict v = VERDICT_PASS;

    if (c->held) return v;
    for (size_t i = 0; i < c->rule_count; i++) {
        const struct rule *rule = check_rule_at(c, i, rules);
        if (rule && check_speaks(r, c, rule)) v = worse(v, level_verdict(rule->level));
    }
    if (v != VERDICT_PASS) return is_lost_answer(c) && check_shows(c) & result_real(r) ? VERDICT_FAIL : v;
    if (c->refusal != REFUSAL_NONE && check_shows(c) & result_real(r)) return VERDICT_WARN;
    return check_shows(c) & result_real(r) ? VERDICT_FAIL : VERDICT_ERROR;
}

/* A puppet that fell out of its part explains itself by its first broken check. */
static void explain(struct run_result *r, const struct check_result *c)
{
    buf_str(&r->why, "a puppet did not play its part: ");
    buf_add(&r->why, buf_span(&c->arrow));
}

void result_judge(struct run_result *r, const struct rules *rules)
{
    if (r->verdict == VERDICT_SKIP || r->verdict == VERDICT_ERROR) return;
    r->verdict = r->check_count ? VERDICT_PASS : VERDICT_ERROR;
    if (r->check_count == 0) buf_str(&r->why, "no check ran");
    for (size_t i = 0; i < r->check_count; i++) {
        enum verdict v = check_verdict(r, &r->checks[i], rules);
        if (v == VERDICT_ERROR && r->verdict != VERDICT_ERROR) explain(r, &r->checks[i]);
        r->verdict = worse(r->verdict, v);
    }
}
