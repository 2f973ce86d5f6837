#include "broker/grant.h"

#include <stdlib.h>

struct grant {
    struct claims *claims; /* NULL: public topics only */
    struct scope *open;
    int64_t end, fresh;
};

struct grant *grant_public(struct scope *open)
{
    struct grant *g = calloc(1, sizeof *g);

    if (!g) return NULL;
    g->open = scope_ref(open);
    g->end = g->fresh = INT64_MAX;
    return g;
}

enum err grant_make(struct claims *claims, const struct proven *proven, struct scope *open, int64_t now,
                    struct grant **out)
{
    const struct key *bound = claims_key(claims);

    *out = NULL;
    /* [R-VAL-15] the token and the proof must speak of one key; [R-EXP-01] and the token must still hold */
    if (!bound || !key_eq(bound, proven_key(proven)) || now >= claims_end(claims)) return ERR_NOT_AUTHORIZED;
    struct grant *g = grant_public(open);
    if (!g) return ERR_NO_MEMORY;
    g->claims = claims_ref(claims);
    g->end = claims_end(claims);
    *out = g;
    return OK;
}

void grant_free(struct grant *g)
{
    if (!g) return;
    claims_free(g->claims);
    scope_free(g->open);
    free(g);
}

bool grant_allows_anybody(const struct grant *g, enum perm want, struct span topic)
{
    return scope_allows(g->open, want, topic);
}

bool grant_allows(const struct grant *g, enum perm want, struct span topic, int64_t now)
{
    if (grant_allows_anybody(g, want, topic)) return true;
    if (!g->claims || grant_ended(g, now)) return false; /* [R-EXP-09, R-SCOPE-10] */
    return scope_allows(claims_set(g->claims)->scope, want, topic);
}

bool grant_is_public(const struct grant *g)
{
    return !g->claims;
}

int64_t grant_end(const struct grant *g)
{
    return g->end;
}

bool grant_ended(const struct grant *g, int64_t now)
{
    return now >= g->end || now >= g->fresh;
}

bool grant_is_stale(const struct grant *g, int64_t now)
{
    return now < g->end && now >= g->fresh;
}

void grant_hold(struct grant *g, int64_t fresh)
{
    g->fresh = fresh;
}

int64_t grant_fresh(const struct grant *g)
{
    return g->fresh;
}

bool grant_refresh(struct grant *g, struct claims *claims, int64_t fresh)
{
    if (!g->claims || !claims_key(claims) || !key_eq(claims_key(g->claims), claims_key(claims))) return false;
    claims_ref(claims);
    claims_free(g->claims);
    g->claims = claims;
    g->end = claims_end(claims);
    g->fresh = fresh;
    return true;
}

void grant_revoke(struct grant *g, int64_t now)
{
    if (g->claims && now < g->end) g->end = now;
}

const struct claims *grant_claims(const struct grant *g)
{
    return g->claims;
}

void grant_reopen(struct grant *g, struct scope *open)
{
    scope_free(g->open);
    g->open = scope_ref(open);
}
