#ifndef SCENARIOS_TRANSCRIPT_H
#define SCENARIOS_TRANSCRIPT_H

#include "scenarios/leak.h"

/*
 * What was said in each run, for the page: the messages of its trace.jsonl, fields and octets, with the run's secrets blotted out. A page
 * may be published; so a run in which a secret is found after that, in whatever form, is not shown at all.
 *
 * Of one run: an array of {"step", "from", "to", "kind", "by", "fields", "octets", "more"}, or "secret" where it cannot be shown. `step` is
 * the number of the step in the figure, from 0. `by`, in runs without puppets: "sender" or "receiver", whose word it is, or "both" where
 * both say the same. `octets` in hex, "**" where a secret stood; `more`: how many octets follow that are left out.
 *
 * TRANSCRIPT_PACK runs at a time are packed (zlib, base64): the page unpacks those that somebody looks at.
 */
enum { TRANSCRIPT_PACK = 32, MAX_TRANSCRIPT_OCTETS = 2048, MAX_TRANSCRIPT_TEXT = 1024 };

struct transcripts {
    size_t runs;
    struct buf open; /* JSON of the runs that are not packed yet */
    struct buf json; /* packs, one string each, between commas */
    size_t secret;   /* runs that are not shown */
};

/* The next run's. `trace`: text of its trace.jsonl, of which a worker that died may have left half; empty: there is none. Errors:
 * ERR_NO_MEMORY. */
MUST_USE enum err transcripts_add(struct transcripts *t, struct span trace, const struct leaks *secrets);
/* After the last. Errors: ERR_NO_MEMORY. */
MUST_USE enum err transcripts_end(struct transcripts *t);
void transcripts_clear(struct transcripts *t);

#endif
