#ifndef ACE_TOPIC_H
#define ACE_TOPIC_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/span.h"

enum { MAX_TOPIC = 4096, MAX_TOPIC_LEVELS = 128 };

/* The topic that takes tokens and never gives any (RFC 9431 2.2.2). */
#define AUTHZ_INFO "authz-info"

/* MQTT 5 4.7: non-empty, valid UTF-8 without U+0000, within the limits above; names without wildcards, filters with + and # only as
 * whole levels, # only last. A shared subscription is not a filter here: topic_unshare() first. */
bool topic_name_valid(struct span topic);
bool topic_filter_valid(struct span filter);

bool topic_has_wildcard(struct span filter);

/* MQTT 5 4.7: does `filter` select topic name `topic`? `topic` holds no wildcard. */
bool topic_matches(struct span filter, struct span topic);

/* RFC 9431 2.3: is every topic selected by `inner` also selected by `outer`? Wildcards at the first level never cover
 * a level that starts with $ (MQTT 5 4.7.2). */
bool topic_covers(struct span outer, struct span inner);

/* Appends the filter that selects exactly the topics selected by both; false (nothing appended) if there are none.
 * Latches `out` without memory, and then says true. */
bool topic_meet(struct span a, struct span b, struct buf *out);

/* MQTT 5 4.8.2: "$share/name/filter" -> name, filter. false: not a shared subscription (`filter` = all of `in`).
 * A malformed one yields an empty filter. */
bool topic_unshare(struct span in, struct span *name, struct span *filter);

#endif
