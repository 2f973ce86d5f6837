#ifndef SCENARIOS_COMPLETION_H
#define SCENARIOS_COMPLETION_H

#include "scenarios/suite.h"

/*
 * Completion in a shell. `ace-scenarios completion` prints what the shell is to evaluate: from then on it asks "ace-scenarios complete",
 * and gets one candidate a line, or nothing where any file may stand.
 */
extern const char completion_setup[];

/* What the shell tells: the line up to the cursor, the word that is being written (may be empty), and the one before it. */
struct half_line {
    const char *line, *word, *before;
};

/* What could stand there. `words` are the program's, with blanks between. Latches. */
void completion_find(const struct half_line *h, const char *words, const struct suite *s, struct buf *out);

#endif
