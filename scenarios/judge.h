#ifndef SCENARIOS_JUDGE_H
#define SCENARIOS_JUDGE_H

#include "scenarios/show.h"

/* What was received, against what the flow says: one check per line of it, in the run's result and in its trace. */

/* The message as such: it came, and was this one. Returns `held`; if not, the run is over. */
bool judge_message(struct show *w, const struct step *s, bool held, const char *got);

/* Returns whether it held. */
bool judge_field(struct show *w, const struct step *s, const struct field *f, const struct fields *in);
/* All fields of a message. With another Reason Code than the flow's the run is over, too. */
void judge_fields(struct show *w, const struct step *s, const struct fields *in);

/* The same where the connection was closed instead; where nothing came at all. */
void judge_closed(struct show *w, const struct step *s, const char *got);
void judge_silence(struct show *w, const struct step *s, const char *got);

/* One line of trace.jsonl. `octets`: the message as it was on the wire, inside TLS. */
void trace_message(struct show *w, const struct step *s, const struct fields *in, struct span octets);

#endif
