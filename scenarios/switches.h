#ifndef SCENARIOS_SWITCHES_H
#define SCENARIOS_SWITCHES_H

#include "scenarios/report.h"

/* Asks our programs of these roles (bits 1 << role) which readings they choose by default (`ace-broker --switches`), for the report. A
 * program that does not answer with a JSON object has none. Errors: ERR_NO_MEMORY. */
MUST_USE enum err switches_ask(const char *bin, unsigned roles, struct buf out[ROLE_COUNT]);

/* What scenarios have set otherwise, for people: a line of keys for each role. Nothing if no run did. */
void switches_print(const struct report *r, const struct flows *f, struct buf *out);

#endif
