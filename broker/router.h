#ifndef BROKER_ROUTER_H
#define BROKER_ROUTER_H

#include "common/base/err.h"
#include "common/base/span.h"

/*
 * Who subscribed to what: a trie over the levels of Topic Filters. Knows nothing of rights: each delivery is judged at
 * the subscriber's door. Work for one topic grows with its levels and matches, not with the number of subscriptions.
 */
struct router;
struct route_node;

/* What a SUBSCRIBE asks for one filter (MQTT 5 3.8.3.1). */
struct route_options {
    uint8_t qos;
    bool no_local, retain_as_published;
    uint32_t subscription_id; /* 0: none */
};

/* One subscription, in the list of its subscriber. */
struct route {
    struct route_options options;
    struct subscriber *to;
    struct route_node *node;
    struct route *next_of_node, *prev_of_node, *next_of_subscriber, *prev_of_subscriber;
};

/* Embedded by whoever subscribes. `id` is unique and decides the order of delivery. */
struct subscriber {
    uint64_t id;
    size_t count;
    struct route *first;
};

struct router *router_new(const uint8_t hash_key[16]); /* NULL: no memory */
void router_free(struct router *r);                    /* all subscribers have left before */

/* `filter` is valid and without $share/name/. Replaces the options of an equal subscription; *existed tells. Errors:
 * ERR_NO_MEMORY. */
MUST_USE enum err router_add(struct router *r, struct subscriber *who, struct span filter,
                             const struct route_options *options, bool *existed);
bool router_has(const struct router *r, const struct subscriber *who, struct span filter);
/* False: there was no such subscription. */
bool router_remove(struct router *r, struct subscriber *who, struct span filter);
void router_leave(struct router *r, struct subscriber *who);

struct pointers {
    void **p;
    size_t n, cap;
};

/* Reused from match to match. */
struct matches {
    struct pointers found;    /* struct route, see matches_at() */
    struct pointers from, to; /* the frontier of the walk */
    bool failed;
};

/* All subscriptions that select `topic`, those of one subscriber side by side, in order of subscriber ids. Lent until the
 * router changes. [R-SCOPE-07] wildcards at the first level select no $-topic. Errors: ERR_NO_MEMORY. */
MUST_USE enum err router_match(const struct router *r, struct span topic, struct matches *out);
void matches_clear(struct matches *m);

static inline const struct route *matches_at(const struct matches *m, size_t i)
{
    return m->found.p[i];
}

#endif
