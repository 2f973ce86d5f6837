#ifndef SCENARIOS_ABOUT_H
#define SCENARIOS_ABOUT_H

#include "common/base/buf.h"
#include "scenarios/flow.h"

struct sut;

/* What a report is about: when, with which runner, who was there, and what was seen of it before. Plain data; about_clear() releases. */
struct about {
    int64_t when;            /* seconds since the epoch; 0: nobody has said */
    struct buf probed,       /* a sentence on a system at an address; empty: none was */
        subject[ROLE_COUNT]; /* "ace-broker 0.1.0", "Mosquitto (suts/mosquitto.json)"; empty: only puppets */
};

/* `products`: our programs that took part, bits 1 << role; `sut`: others, NULL where none. Latches. */
void about_fill(struct about *a, unsigned products, const struct sut *const sut[ROLE_COUNT]);
void about_clear(struct about *a);
/* The member "about" of an object. */
void about_write(const struct about *a, struct buf *json);

#endif
