#ifndef SCENARIOS_RULES_H
#define SCENARIOS_RULES_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/fault.h"
#include "scenarios/arena.h"
#include "scenarios/vocab.h"

/* scenarios/requirements.tsv: what RFC 9431 and the texts it stands on demand. Plain data. */
enum level { LEVEL_MUST, LEVEL_SHOULD, LEVEL_MAY };

/* How literal the level is: from a keyword of the text, stated without one, or following from several texts. */
enum literal { LITERAL_KEYWORD, LITERAL_DECLARED, LITERAL_DERIVED };

struct rule {
    const char *id, *source, *group, *text, *test;
    enum level level;
    bool prohibition; /* MUST NOT, SHOULD NOT */
    enum literal literal;
    unsigned binds; /* bits 1 << role; "both" binds all three */
    unsigned line;
    const char *unobservable; /* why no peer can see it, or NULL */
    const char *unit_test;    /* that proves it instead: "suite/name", or NULL */
    const char *deviates;     /* what our programs do instead, or NULL */
    const char *deviates_why;
};

struct rules {
    struct arena arena;
    size_t count;
    struct rule *rule; /* sorted by id */
};

enum { MAX_RULES = 4000 };

/* requirements.tsv: a header line, then 8 columns. Errors: ERR_MALFORMED, ERR_TOO_LARGE with a reason; ERR_NO_MEMORY. */
MUST_USE enum err rules_read(struct span tsv, struct rules *out, struct fault *why);
/* unobservable.tsv: id, reason, unit test or "-"; `#` lines are comments. Same errors; unknown and doubled ids too. */
MUST_USE enum err rules_read_unobservable(struct span tsv, struct rules *r, struct fault *why);
/* deviations.tsv: id, what our programs do instead, why. Same errors; a rule that unobservable.tsv names, too. */
MUST_USE enum err rules_read_deviations(struct span tsv, struct rules *r, struct fault *why);
void rules_clear(struct rules *r);

const struct rule *rules_find(const struct rules *r, const char *id); /* NULL: unknown */
const char *rules_nearest(const struct rules *r, const char *id);     /* NULL: nothing similar */

/* Does the rule say how something is refused: with which Reason Code, or at least with which packet? */
bool rule_names_code(const struct rule *r);
bool rule_names_status(const struct rule *r); /* of HTTP */
bool rule_names_packet(const struct rule *r);

/* "MUST NOT", and with its mark "MUST NOT [derived]". */
const char *rule_level(const struct rule *r);
void rule_print_level(const struct rule *r, struct buf *out);

#endif
