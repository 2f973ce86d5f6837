#ifndef SCENARIOS_MATRIX_H
#define SCENARIOS_MATRIX_H

#include "scenarios/report.h"
#include "scenarios/suite.h"

/*
 * The matrix as text. Rows: the part of a scenario's id before the first slash. Columns: who was under test. A cell is
 * "passed/ran" over runs, warned and noted ones passed, skipped ones not ran; "-" where nothing ran.
 */
void matrix_print(const struct report *r, struct buf *out);

/* Which combination of TLS and MQTT authentication a run is about, as its last `client : connect` says. */
enum combination {
    COMBINATION_ANON_NONE,
    COMBINATION_ANON_ACE,
    COMBINATION_KNOWN_NONE,
    COMBINATION_KNOWN_ACE,
    COMBINATION_UNSAID
};
enum combination matrix_combination(const struct suite *s, const struct run_result *run);

/* The four combinations of TLS and MQTT authentication, as the last `client : connect` of a scenario says; runs that do not
 * say so are left out. Nothing if there are none. */
void matrix_print_combinations(const struct report *r, const struct suite *s, struct buf *out);

#endif
