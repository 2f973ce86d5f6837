#include "common/ace/scope.h"

#include "common/ace/topic.h"

/* A granted filter in the making. `whole`: those of `perms` that were wanted just so; the others are meets, and give way to what
 * covers them. */
struct draft_entry {
    struct buf filter;
    unsigned perms, whole;
};

struct draft {
    struct draft_entry entries[MAX_SCOPE_ENTRIES];
    size_t count;
};

static void draft_clear(struct draft *d)
{
    for (size_t i = 0; i < d->count; i++) buf_clear(&d->entries[i].filter);
}

static bool draft_covers(const struct draft *d, unsigned perm, struct span filter)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->entries[i].perms & perm && topic_covers(buf_span(&d->entries[i].filter), filter)) return true;
    return false;
}

/* Takes `perm` from the meets that `filter` covers, and out what is left without any. */
static void draft_thin(struct draft *d, unsigned perm, struct span filter)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->count; i++) {
        struct draft_entry e = d->entries[i];
        if (!(e.whole & perm) && topic_covers(filter, buf_span(&e.filter))) e.perms &= ~perm;
        if (e.perms)
            d->entries[kept++] = e;
        else
            buf_clear(&e.filter);
    }
    d->count = kept;
}

static enum err draft_add(struct draft *d, struct span filter, unsigned perm, unsigned whole)
{
    for (size_t i = 0; i < d->count; i++) {
        struct draft_entry *e = &d->entries[i];
        if (!span_eq(buf_span(&e->filter), filter)) continue;
        e->perms |= perm;
        e->whole |= whole;
        return OK;
    }
    if (d->count == MAX_SCOPE_ENTRIES) return ERR_INVALID_SCOPE;
    struct draft_entry *e = &d->entries[d->count++];
    *e = (struct draft_entry){ .perms = perm, .whole = whole };
    buf_add(&e->filter, filter);
    return buf_failed(&e->filter) ? ERR_NO_MEMORY : OK;
}

static enum err draft_meet(struct draft *d, struct span filter, unsigned perm)
{
    if (draft_covers(d, perm, filter)) return OK;
    draft_thin(d, perm, filter);
    return draft_add(d, filter, perm, 0);
}

static enum err draft_whole(struct draft *d, struct span filter, unsigned perm)
{
    TRY(draft_add(d, filter, perm, perm));
    draft_thin(d, perm, filter);
    return OK;
}

static bool one_covers(const struct scope *policy, unsigned perm, struct span filter)
{
    for (size_t i = 0; i < scope_count(policy); i++)
        if (scope_perms(policy, i) & perm && topic_covers(scope_filter(policy, i), filter)) return true;
    return false;
}

static enum err narrow_one(struct draft *d, struct span filter, unsigned perm, const struct scope *policy)
{
    struct buf meet = { 0 };
    enum err e = OK;

    for (size_t i = 0; e == OK && i < scope_count(policy); i++) {
        buf_truncate(&meet, 0);
        if (!(scope_perms(policy, i) & perm) || !topic_meet(filter, scope_filter(policy, i), &meet)) continue;
        e = buf_failed(&meet) ? ERR_NO_MEMORY : draft_meet(d, buf_span(&meet), perm);
    }
    buf_clear(&meet);
    return e;
}

static enum err narrow_all(struct draft *d, const struct scope *wanted, const struct scope *policy,
                           bool *narrowed)
{
    static const unsigned perms[] = { PERM_PUB, PERM_SUB };

    for (size_t k = 0; k < 2 * scope_count(wanted); k++) {
        size_t i = k / 2;
        unsigned perm = scope_perms(wanted, i) & perms[k % 2];
        if (!perm) continue;
        bool whole = one_covers(policy, perm, scope_filter(wanted, i));
        *narrowed |= !whole;
        TRY(whole ? draft_whole(d, scope_filter(wanted, i), perm)
                  : narrow_one(d, scope_filter(wanted, i), perm, policy));
    }
    return OK;
}

static enum err draft_scope(const struct draft *d, struct scope **out)
{
    struct scope_entry entries[MAX_SCOPE_ENTRIES];

    for (size_t i = 0; i < d->count; i++)
        entries[i] = (struct scope_entry){ buf_span(&d->entries[i].filter), d->entries[i].perms };
    return scope_from_entries(entries, d->count, out, NULL);
}

enum err scope_narrow(const struct scope *wanted, const struct scope *policy, struct scope **out,
                      bool *narrowed)
{
    struct draft d = { .count = 0 };

    *out = NULL;
    *narrowed = false;
    enum err e = narrow_all(&d, wanted, policy, narrowed);
    if (e == OK && d.count == 0 && scope_count(wanted) > 0) e = ERR_INVALID_SCOPE; /* [R-TERR-08] */
    if (e == OK) e = draft_scope(&d, out);
    draft_clear(&d);
    return e;
}
