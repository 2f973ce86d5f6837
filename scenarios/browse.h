#ifndef SCENARIOS_BROWSE_H
#define SCENARIOS_BROWSE_H

#include "scenarios/suite.h"

/* The words list, explain and show: text for people, appended to `out`. */

/* One line per chosen scenario; returns how many. */
size_t browse_list(const struct suite *s, const struct choice *c, struct buf *out);

/* The figure as text, with the text of each rule. ERR_NOT_FOUND: no such scenario; `out` names the nearest. */
MUST_USE enum err browse_explain(const struct suite *s, const char *id, struct buf *out);

/* A rule (in any case) and the lines that prove it. ERR_NOT_FOUND: no such rule; `out` names the nearest. */
MUST_USE enum err browse_show(const struct suite *s, const char *id, struct buf *out);

/* Every word of the flow language by kind, or (`message` not NULL) one message and its fields. ERR_NOT_FOUND: no such
 * message; `out` names the nearest. docs/flow-language.md ends with the former. */
MUST_USE enum err browse_words(const char *message, struct buf *out);

#endif
