#ifndef SCENARIOS_TAKE_H
#define SCENARIOS_TAKE_H

#include "scenarios/body.h"
#include "scenarios/show.h"

/* Taking one message off a puppet's connections, and reading it as fields. */

struct arrival {
    struct show *w;
    enum role owner;
    struct party from;
    struct strand *end; /* NULL, for an AS: any on which this party, or nobody yet, comes */
};

/* TAKE_BROKEN: the awaited message, but no reader takes it: not all of it is in the fields. */
enum take { TAKEN, TAKE_NOTHING, TAKE_WRONG, TAKE_BROKEN };

struct awaited {
    struct arrival arrival;
    const struct step *s;
    struct fields *out; /* what was read */
    struct buf *got;    /* the same for people, also where it was another message */
    enum take taken;
};

/* For net_wait: a message came, or none ever will. */
bool message_came(void *awaited);

/* How the body of a request or response of this step is written and read. */
struct leg leg_of(struct show *w, const struct step *s, const struct strand *end);

#endif
