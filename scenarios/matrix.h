#ifndef SCENARIOS_MATRIX_H
#define SCENARIOS_MATRIX_H

#include "scenarios/combination.h"
#include "scenarios/report.h"
#include "scenarios/suite.h"

/*
 * The matrix as text. Rows: the part of a scenario's id before the first slash. Columns: who was under test. A cell is
 * "passed/ran" over runs, warned and noted ones passed, skipped ones not ran; "-" where nothing ran.
 */
void matrix_print(const struct report *r, struct buf *out);

/* The four combinations of TLS and MQTT authentication, as the last `client : connect` of a scenario says; runs that do not
 * say so are left out. Nothing if there are none. */
void matrix_print_combinations(const struct report *r, const struct suite *s, struct buf *out);

#endif
