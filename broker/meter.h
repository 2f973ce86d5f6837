#ifndef BROKER_METER_H
#define BROKER_METER_H

#include "common/base/span.h"

/* How often each address has done something in this minute [R-AZI-18] [R-SEC-01]. Addresses may share a counter: bounded memory, never too
 * lax. */
enum { METER_COUNTERS = 256 };

struct meter {
    uint8_t key[16]; /* of the hash: chance */
    int64_t minute;
    uint32_t count[METER_COUNTERS];
};

/* Counts one more. false: it is one too many. */
bool meter_may(struct meter *m, struct span address, int64_t per_minute, int64_t now);

#endif
