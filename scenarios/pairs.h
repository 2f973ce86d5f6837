#ifndef SCENARIOS_PAIRS_H
#define SCENARIOS_PAIRS_H

#include "scenarios/result.h"

/*
 * Who gets on with whom: what came of every client with every broker and every AS. Plain data, and two drawings of it.
 */
enum { MAX_PAIRED = 8, MAX_PAIRINGS = MAX_PAIRED * MAX_PAIRED * MAX_PAIRED };

struct pairing {
    size_t who[ROLE_COUNT]; /* index into the names of each role */
    size_t counts[VERDICTS];
};

struct pairs {
    size_t names[ROLE_COUNT];
    const char *name[ROLE_COUNT][MAX_PAIRED];
    size_t count;
    struct pairing pairing[MAX_PAIRINGS];
};

/* "12 passed, 0 failed, 3 skipped" of one; errors are told apart. */
void pairing_print(const struct pairs *p, const struct pairing *one, struct buf *out);

/* As text: a table for each AS, clients down, brokers across, cells "passed/failed/skipped". */
void pairs_print(const struct pairs *p, struct buf *out);
/* The same as one HTML file that needs no network. */
void pairs_draw(const struct pairs *p, struct buf *html);

#endif
