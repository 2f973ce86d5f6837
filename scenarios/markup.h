#ifndef SCENARIOS_MARKUP_H
#define SCENARIOS_MARKUP_H

#include "common/base/buf.h"

/* Appends a text as XML and HTML take it, in elements and in quoted attributes. What XML 1.0 cannot hold, and bytes that are no text, become
 * U+FFFD. */
void markup_text(struct buf *out, struct span s);

#endif
