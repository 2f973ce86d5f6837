#ifndef SCENARIOS_COMPARE_H
#define SCENARIOS_COMPARE_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/codec/doc.h"

/* The word diff: what changed between two reports (report.json): verdicts, runs and checks that came or went, rules. */
struct comparison {
    size_t worse, better, gone,
        fresh;                    /* runs: verdict worse, better; only in the old, only in the new report */
    size_t checks_gone;           /* ran in the old report, no longer in the same run of the new one */
    size_t rules_lost, rules_won; /* proven only in the old, only in the new one */
};

enum { MAX_REPORT = 64 << 20 };

struct report_texts {
    struct span before, after; /* two report.json */
};

/* Appends one line per change to `text`, the worst kind first, and a last line with the counts.
 * Errors: ERR_MALFORMED, ERR_TOO_LARGE (`text` says which report is wrong, and where), ERR_NO_MEMORY. */
MUST_USE enum err compare_reports(const struct report_texts *in, struct comparison *out, struct buf *text);

/* Readers of report.json: a text member, empty where there is none; the members of a map as "name=value,name=value", as variant_print() writes
 * them. */
struct span compare_text(const struct doc *map, const char *name);
void compare_print_members(const struct doc *map, struct buf *out);

/* Did anything get worse: worse, gone, checks_gone or rules_lost? */
bool compare_worse(const struct comparison *c);

#endif
