#ifndef SCENARIOS_COMBINATION_H
#define SCENARIOS_COMBINATION_H

#include "scenarios/result.h"
#include "scenarios/suite.h"

/* Which combination of TLS and MQTT authentication a run is about, as its last `client : connect` says. */
enum combination {
    COMBINATION_ANON_NONE,
    COMBINATION_ANON_ACE,
    COMBINATION_KNOWN_NONE,
    COMBINATION_KNOWN_ACE,
    COMBINATION_UNSAID
};
enum combination combination_of(const struct suite *s, const struct run_result *run);

/* What the last telling of this verb says of this argument in this run; empty: nothing that can be told from here. */
struct span combination_told(const struct suite *s, const struct run_result *run, const char *verb,
                             const char *name);

/* Does the figure show that the broker lets in who connects so: a CONNACK of 0 behind the last `client : connect`? */
bool combination_lets_in(const struct suite *s, const struct run_result *run);

/* The value of an axis in "pop=hs256,tls=1.3"; empty: it is not there. */
struct span combination_axis(struct span variant, const char *axis);

#endif
