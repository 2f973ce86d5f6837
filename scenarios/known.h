#ifndef SCENARIOS_KNOWN_H
#define SCENARIOS_KNOWN_H

#include "common/base/fault.h"
#include "scenarios/result.h"
#include "scenarios/rules.h"

/*
 * The list of failures that are expected of a system under test. A line is a rule or a glob of scenarios, a tab, `until=YYYY-MM`, a tab, the
 * reason; `#` lines are comments. A failing run of which every broken check is on the list is KNOWN, neither passed nor failed. A glob with * or ? covers how something is
 * answered, not that nothing comes. An entry whose time is over, or whose subject is kept now, is out of date, and that is an error: a list that excuses too much is worse than none.
 */
struct known_entry {
    const char *subject, *until, *reason; /* "R-DISC-01" or "will*"; "2027-06" */
    unsigned line;
    bool is_rule;
    unsigned broken, held; /* runs that showed its subject so */
};

enum { MAX_KNOWN = 1000 };

struct known {
    struct arena arena;
    const char *path;
    size_t count;
    struct known_entry *entry;
    bool part; /* the runs are a part of the suite: that a glob is kept in them says nothing */
};

/* `path` is for messages, and copied. Errors: ERR_MALFORMED (an unknown rule, no time, no reason), ERR_TOO_LARGE with "line N: ..." in
 * `why`; ERR_NO_MEMORY. `out` is zeroed before, and cleared in any case. */
struct known_source {
    const char *path;
    struct span text;
};
MUST_USE enum err known_read(const struct known_source *from, const struct rules *rules, struct known *out,
                             struct fault *why);
void known_clear(struct known *k);

/* Can each entry be shown by a run in which this role is judged: does its rule bind it, is there such a scenario? ERR_MALFORMED with
 * "line N: ..." in `why`, which names the nearest. */
struct suite;
MUST_USE enum err known_check(const struct known *k, const struct suite *s, enum role role,
                              struct fault *why);

/* A judged run: counts what it shows, and turns a FAIL that is known into KNOWN. */
void known_hear(struct known *k, struct run_result *r, const struct rules *rules);

/* Why this entry is out of date in the month `now` ("2026-11"); NULL: it is not. A subject that no run showed is not judged. */
const char *known_stale(const struct known_entry *e, const char *now);

#endif
