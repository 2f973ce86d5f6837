#ifndef SCENARIOS_SKETCH_H
#define SCENARIOS_SKETCH_H

#include "scenarios/suite.h"

/*
 * `ace-scenarios draw ID`: a scenario's first variant as a sequence diagram in Mermaid, which web pages and editors draw: for docs.
 * Errors: ERR_NOT_FOUND, ERR_NO_MEMORY.
 */
MUST_USE enum err sketch_write(const struct suite *s, const char *id, struct buf *out);

#endif
