#ifndef SCENARIOS_PLAY_H
#define SCENARIOS_PLAY_H

#include "scenarios/mutant.h"
#include "scenarios/result.h"
#include "scenarios/sut.h"

/* One run: one variant of a scenario, with these players, in a folder of its own (which exists). */
struct play {
    const struct variant *variant;
    enum player players[ROLE_COUNT];
    const struct sut *sut[ROLE_COUNT]; /* of the roles that are PLAYER_EXTERNAL; else NULL */
    const char *dir;                   /* NULL, without products only: nothing is written */
    const char *bin;                   /* folder of our programs */
    unsigned patience;                 /* percent of the usual deadlines */
    bool
        evidence; /* keys.log and wire.pcap are kept of this run whatever comes; else only where something is amiss */
    const struct mutant
        *mutant; /* of the variant: play it so broken, and stop where that is noticed; NULL: as it is */
};

/* Plays it to its end and fills `out` (zeroed) but for verdict and ms. Leaves nothing running. */
void play_run(const struct play *p, struct run_result *out);

/* Does this role take part in the scenario at all? Is it told what to do? */
bool play_has_role(const struct variant *v, enum role r);
bool play_is_told(const struct variant *v, enum role r);

#endif
