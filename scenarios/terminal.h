#ifndef SCENARIOS_TERMINAL_H
#define SCENARIOS_TERMINAL_H

#include "scenarios/report.h"
#include "scenarios/suite.h"

#include <stdio.h>

/*
 * What people see of a run; the order of calls stands in report.h. One line per scenario and roles with the count of its
 * variants; broken checks in full, those alike in several variants once; at the end the matrix, the coverage and, as the
 * last line, `N passed, N failed, N skipped` over all runs: warned and noted runs count as passed, errors as failed, and the
 * lines before say how many of them there are, whether anything was tested at all, and where the page is.
 */
enum terminal_style {
    TERMINAL_PLAIN,
    TERMINAL_LIVE
}; /* LIVE: colours, and progress on one line that is overwritten */

struct terminal {
    FILE *to;
    enum terminal_style style;
    const struct suite *suite;
    const struct report *report;
    const char *page; /* where people can read it all, or NULL */
    bool whole;       /* all scenarios are played: what is not shown is a hole */
    size_t planned;   /* below: the terminal's own */
    size_t group;     /* index of the first run of the line that is not written yet */
};

/* LIVE where `fd` is a terminal and none of NO_COLOR, CI and TERM=dumb speaks against it. */
enum terminal_style terminal_style(int fd);

/* The caller has set the first six members and zeroed the rest. `planned`: how many runs there will be. */
void terminal_begin(struct terminal *t, size_t planned);
void terminal_run(struct terminal *t);
enum status terminal_end(struct terminal *t);

#endif
