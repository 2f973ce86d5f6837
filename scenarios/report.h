#ifndef SCENARIOS_REPORT_H
#define SCENARIOS_REPORT_H

#include "scenarios/about.h"
#include "scenarios/known.h"
#include "scenarios/proven.h"
#include "scenarios/result.h"
#include "scenarios/rules.h"
#include "scenarios/status.h"

/*
 * All runs of one call of the runner, and what they add up to. The order of calls, with terminal.h:
 *
 *     report_init(&report, &suite.rules);
 *     terminal_begin(&terminal, planned);
 *     per finished run, in a fixed order (scenario, then roles, then variant; never as they happen to finish):
 *         report_add(&report, &result)      judges it, and takes what is in `result`
 *         terminal_run(&terminal)           tells of the run added last
 *     status = terminal_end(&terminal);     the rest of the text, and the exit status
 *     report_write(&report, &json)          build/scenarios/report.json
 *     report_clear(&report);
 *
 * A run is known by scenario, variant and who plays whom: no two runs of a report have all three alike.
 */
struct history;

struct report {
    const struct rules *rules;
    struct known *known; /* failures that are expected; NULL: none */
    bool
        foreign; /* somebody else's implementation is under test: what our programs are known to do otherwise says nothing */
    const char *repeat; /* options of a command that repeats a run, each after a blank; NULL: none */
    size_t runs, room;
    struct run_result *run; /* in the order added; judged */
    unsigned char *said;    /* enum said: of each run, what it says of each rule */
    size_t counts[VERDICTS];
    struct about about;
    const struct history *history;   /* of earlier runs, and this one; NULL: none */
    struct buf switches[ROLE_COUNT]; /* of our programs: JSON of their defaults; empty: not known */
    struct proven proven;            /* what the combinations were shown with: proven_add() of each run */
    struct rule_tally *tally;        /* of each rule, in the order of rules->rule */
};

/* What a run says of a rule. One that ended as ERROR or SKIP says nothing. */
enum said { SAID_NOTHING, SAID_HELD, SAID_BROKEN };

struct rule_tally {
    unsigned held, broken; /* runs that say so */
};

/* The honest account: proven, violated, unobservable, deviating and open add up to all rules. */
struct coverage {
    size_t total;
    size_t proven;       /* held at least once, broken never */
    size_t violated;     /* broken at least once */
    size_t unobservable; /* of the rest: no run shows it, for a reason that is given */
    size_t unit_tested;  /* of these: proven by a unit test instead */
    size_t deviating;    /* of the rest: our programs do otherwise, and say so by name */
    size_t open;         /* of the rest: no run has shown it */
};

/* `rules` must outlive the report. Errors: ERR_NO_MEMORY. */
MUST_USE enum err report_init(struct report *r, const struct rules *rules);

/* Judges `result` (result_judge) and takes what is in it; it is zeroed. Errors: ERR_NO_MEMORY, then it is left alone. */
MUST_USE enum err report_add(struct report *r, struct run_result *result);

/* The run added last; NULL: none. */
const struct run_result *report_last(const struct report *r);

struct coverage report_coverage(const struct report *r);

/* The first rule that deviations.tsv names although a run kept it and none broke it; NULL: none. */
const struct rule *report_stale_deviation(const struct report *r);

/* The first entry of the known list that is out of date this month, with why; NULL: none. */
const struct known_entry *report_stale_known(const struct report *r, const char **why);

/* What our programs do instead of what the rule says; NULL: nothing, or they are not under test. */
const char *report_deviation(const struct report *r, const struct rule *rule);

/* How many runs were played: all but the skipped ones. */
size_t report_played(const struct report *r);

/* 2 if any run is an ERROR, none was played, or a deviation or a known failure is stale, else 1 if any is a FAIL, else 0. */
enum status report_status(const struct report *r);

/* Who was under test: "client", "broker", "as", "all" (all roles real), "model" (none), "client+as" ... */
void report_under_test(const struct run_result *r, struct buf *out);

/* What this run says of this rule, both by their places. */
enum said report_said(const struct report *r, size_t run, size_t rule);

/* "pass", "fail", "open", "unobservable", "deviation" ...: of the rule at this place of rules->rule. */
const char *report_rule_verdict(const struct report *r, size_t i);

/* The member "switches": of each program under test the readings it chooses by default. */
void report_write_switches(const struct report *r, struct buf *json);

/* report.json, as docs/report.schema.json describes it. Errors: ERR_NO_MEMORY. */
MUST_USE enum err report_write(const struct report *r, struct buf *json);

void report_clear(struct report *r);

#endif
