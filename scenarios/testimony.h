#ifndef SCENARIOS_TESTIMONY_H
#define SCENARIOS_TESTIMONY_H

#include "scenarios/evidence.h"
#include "scenarios/strand.h"
#include "scenarios/world.h"

/*
 * In a run without puppets nobody of ours is at the end of a connection. The programs tell what they send and receive (tap lines, docs/drive.md),
 * so each message has two witnesses: its sender and its receiver. Here their words are kept, a connection at a time.
 */
struct wire {
    struct party peer; /* who connected; number 0: not told yet */
    enum role server;
    char name[64]; /* address and port of the connecting end: both ends know it */
    struct strand *sent[2],
        *received[2]; /* [0] as told by the end that connected, [1] by the one that accepted */
    bool claimed;     /* the figure has come to it */
    bool asked;       /* and to its CONNECT */
};

enum { MAX_WIRES = 64 };

struct testimony {
    const struct world *world; /* tells servers by their ports */
    struct evidence *evidence; /* gets the lines too; NULL: nobody does */
    size_t count;
    struct wire *wire[MAX_WIRES];
    struct witness_place {
        struct testimony *all;
        struct party who;
    } place[ROLE_COUNT + WORLD_CLIENTS + 1];
    struct wire *current[WORLD_CLIENTS + 1]
                        [ROLE_COUNT]; /* where the figure is: by who connected (0: the broker) and to whom */
    bool failed;                      /* no memory, or more connections than fit */
};

MUST_USE enum err testimony_new(const struct world *w, struct testimony **out);
void testimony_free(struct testimony *t);

/* For product_tap.self; its line is testimony_line(). */
struct witness_place *testimony_place(struct testimony *t, struct party who);
void testimony_line(void *place, const struct doc *line);

#endif
