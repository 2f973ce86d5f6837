#ifndef BROKER_RETAINED_H
#define BROKER_RETAINED_H

#include "broker/grant.h"
#include "broker/message.h"

/*
 * The last retained message of each topic. It outlives its publisher's session, but neither its Message Expiry Interval nor
 * its publisher's token [R-RET-01..04].
 */
struct retained;

struct retained_limits {
    size_t count, bytes;
};

struct retained *retained_new(const struct retained_limits *limits,
                              const uint8_t hash_key[16]); /* NULL: no memory */
void retained_free(struct retained *r);

/* Until when it is served, and which connection published it. */
struct retained_by {
    uint64_t owner;
    int64_t until; /* end of the token; INT64_MAX: never */
};

/* Keeps a reference in place of what the topic had; an empty payload only clears the topic (MQTT 5 3.3.1.3). Errors:
 * ERR_QUOTA (the old one stays), ERR_NO_MEMORY. */
MUST_USE enum err retained_put(struct retained *r, struct message *m, const struct retained_by *by,
                               int64_t now);

void retained_forget(struct retained *r, struct span topic); /* if there is one */

/* Walks what `filter` selects and may still be served: start with *cursor = 0; NULL at the end. Lent. */
struct message *retained_next(const struct retained *r, struct span filter, int64_t now, size_t *cursor);

/* The owner proved a new token: where its scope still covers the topic, that token's end is the limit now. */
void retained_renew(struct retained *r, uint64_t owner, const struct grant *grant, int64_t now);
/* The token of this owner was revoked: what came with it ends with it. */
void retained_disown(struct retained *r, uint64_t owner, int64_t now);

void retained_sweep(struct retained *r, int64_t now);
void retained_relimit(struct retained *r, const struct retained_limits *limits); /* drops nothing */
size_t retained_count(const struct retained *r);

#endif
