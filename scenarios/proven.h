#ifndef SCENARIOS_PROVEN_H
#define SCENARIOS_PROVEN_H

#include "scenarios/combination.h"

/*
 * With what each combination of TLS and MQTT authentication was shown to work, for both MQTT versions: token formats, notations at the AS, TLS
 * versions, kinds of keys. Only runs that passed, and whose figure ends in a connection, count. What RFC 9431 allows and no run showed is a hole; what it does not allow says why.
 */
enum { PROVEN_VERSIONS = 2, PROVEN_AXES = 4, PROVEN_VALUES = 3 };

struct proven {
    size_t runs[COMBINATION_UNSAID][PROVEN_VERSIONS][PROVEN_AXES][PROVEN_VALUES];
};

void proven_add(struct proven *p, const struct suite *s, const struct run_result *run);

/* Cells that are holes. */
size_t proven_holes(const struct proven *p);

/* A line for each combination and version; values in brackets are holes. */
void proven_print(const struct proven *p, struct buf *out);

/* The array "combinations" of report.json (docs/report.schema.json). */
void proven_write(const struct proven *p, struct buf *json);

#endif
