#include "broker/retained.h"

#include "common/ace/topic.h"
#include "common/base/map.h"

#include <stdlib.h>

struct entry {
    struct message *message;
    struct retained_by by;
};

struct retained {
    struct retained_limits limits;
    size_t bytes;
    int64_t soonest; /* nothing ends before this */
    struct map *topics;
};

static int64_t end_of(const struct entry *e)
{
    return e->by.until < e->message->expires ? e->by.until : e->message->expires;
}

struct retained *retained_new(const struct retained_limits *limits, const uint8_t hash_key[16])
{
    struct retained *r = calloc(1, sizeof *r);

    if (!r) return NULL;
    r->limits = *limits;
    r->soonest = INT64_MAX;
    r->topics = map_new(hash_key);
    if (r->topics) return r;
    free(r);
    return NULL;
}

static void drop(struct retained *r, struct entry *e)
{
    map_remove(r->topics, e->message->topic);
    r->bytes -= e->message->size;
    message_free(e->message);
    free(e);
}

void retained_free(struct retained *r)
{
    size_t cursor = 0;
    struct span topic;
    void *e;

    if (!r) return;
    while (map_next(r->topics, &cursor, &topic, &e)) drop(r, e);
    map_free(r->topics);
    free(r);
}

static bool fits(const struct retained *r, const struct entry *old, const struct message *m)
{
    size_t count = map_count(r->topics) + (old ? 0 : 1);
    size_t bytes = r->bytes + m->size - (old ? old->message->size : 0);

    return count <= r->limits.count && bytes <= r->limits.bytes;
}

static enum err entry_new(struct retained *r, struct span topic, struct entry **out)
{
    struct entry *e = calloc(1, sizeof *e);
    enum err err = e ? map_put(r->topics, topic, e) : ERR_NO_MEMORY;

    if (err != OK) {
        free(e);
        return err;
    }
    *out = e;
    return OK;
}

enum err retained_put(struct retained *r, struct message *m, const struct retained_by *by, int64_t now)
{
    struct entry *e = map_get(r->topics, m->topic);

    if (m->payload.n == 0) {
        if (e) drop(r, e);
        return OK;
    }
    if (!fits(r, e, m)) {
        retained_sweep(r, now);
        e = map_get(r->topics, m->topic);
        if (!fits(r, e, m)) return ERR_QUOTA;
    }
    if (!e) TRY(entry_new(r, m->topic, &e));
    r->bytes = r->bytes + m->size - (e->message ? e->message->size : 0);
    message_free(e->message);
    *e = (struct entry){ message_ref(m), *by };
    if (end_of(e) < r->soonest) r->soonest = end_of(e);
    return OK;
}

void retained_forget(struct retained *r, struct span topic)
{
    struct entry *e = map_get(r->topics, topic);

    if (e) drop(r, e);
}

struct message *retained_next(const struct retained *r, struct span filter, int64_t now, size_t *cursor)
{
    struct span topic;
    void *p;

    if (!topic_has_wildcard(filter)) {
        const struct entry *e = *cursor ? NULL : map_get(r->topics, filter);

        *cursor = 1;
        return e && now < end_of(e) ? e->message : NULL;
    }
    while (map_next(r->topics, cursor, &topic, &p)) {
        const struct entry *e = p;

        if (now < end_of(e) && topic_matches(filter, topic)) return e->message; /* [R-RET-03] */
    }
    return NULL;
}

void retained_renew(struct retained *r, uint64_t owner, const struct grant *grant, int64_t now)
{
    size_t cursor = 0;
    struct span topic;
    void *p;

    while (map_next(r->topics, &cursor, &topic, &p)) {
        struct entry *e = p;

        if (e->by.owner != owner || now >= end_of(e) || !grant_allows(grant, PERM_PUB, topic, now)) continue;
        e->by.until = grant_end(grant);
        if (end_of(e) < r->soonest) r->soonest = end_of(e);
    }
}

void retained_disown(struct retained *r, uint64_t owner, int64_t now)
{
    size_t cursor = 0;
    void *p;

    while (map_next(r->topics, &cursor, NULL, &p)) {
        struct entry *e = p;

        if (e->by.owner != owner || now >= end_of(e)) continue;
        e->by.until = now;
        r->soonest = now;
    }
}

void retained_sweep(struct retained *r, int64_t now)
{
    size_t cursor = 0;
    struct span topic;
    void *p;

    if (now < r->soonest) return;
    r->soonest = INT64_MAX;
    while (map_next(r->topics, &cursor, &topic, &p)) {
        struct entry *e = p;

        if (now >= end_of(e))
            drop(r, e);
        else if (end_of(e) < r->soonest)
            r->soonest = end_of(e);
    }
}

void retained_relimit(struct retained *r, const struct retained_limits *limits)
{
    r->limits = *limits;
}

size_t retained_count(const struct retained *r)
{
    return map_count(r->topics);
}
