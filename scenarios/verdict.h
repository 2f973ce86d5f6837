#ifndef SCENARIOS_VERDICT_H
#define SCENARIOS_VERDICT_H

#include "scenarios/result.h"
#include "scenarios/rules.h"

/*
 * What a run's checks say about the systems under test. Pure. A role is real where a product or an external implementation
 * plays it; a check speaks about the roles that its arrow shows: the sender, both ends of a handshake, all but the silent
 * end of `quiet`.
 */

/* Roles played by a product or an external implementation: bits 1 << role. */
unsigned result_real(const struct run_result *r);

/* Roles whose behaviour this check shows: bits 1 << role. */
unsigned check_shows(const struct check_result *c);

/* The i-th rule that a check names; NULL: there is no such rule. */
const struct rule *check_rule_at(const struct check_result *c, size_t i, const struct rules *rules);

/* Does this check, in this run, say anything about this rule: is a role real that the rule binds and the check shows? A refusal in another
 * form than expected says nothing about a rule that only wants a refusal. */
bool check_speaks(const struct run_result *r, const struct check_result *c, const struct rule *rule);

/* MUST: FAIL, SHOULD: WARN, MAY: NOTE. */
enum verdict level_verdict(enum level l);

/*
 * Of one check: PASS where it held. Else the level of the highest rule it speaks about (MUST: FAIL, SHOULD: WARN, MAY:
 * NOTE); where it speaks about none: FAIL if it shows a real role (WARN if it is a refusal in another form; an answer 2xx that is lost is a FAIL in any case), else ERROR (a puppet did not play its
 * part).
 */
enum verdict check_verdict(const struct run_result *r, const struct check_result *c,
                           const struct rules *rules);

/* Of the run: the worst of its checks. A verdict of SKIP or ERROR that the worker gave stays. A run without any check is an
 * ERROR (and says why): it would prove nothing. Sets r->verdict. */
void result_judge(struct run_result *r, const struct rules *rules);

#endif
