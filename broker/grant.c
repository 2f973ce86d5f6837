#include "broker/grant.h"

#include <stdlib.h>

struct grant {
    struct claims *claims; /* NULL: public topics only */
    struct scope *open;
};

struct grant *grant_public(struct scope *open)
{
    struct grant *g = calloc(1, sizeof *g);

    if (g) g->open = scope_ref(open);
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

bool grant_allows(const struct grant *g, enum perm want, struct span topic, int64_t now)
{
    if (scope_allows(g->open, want, topic)) return true;
    if (!g->claims || grant_ended(g, now)) return false; /* [R-EXP-09, R-SCOPE-10] */
    return scope_allows(claims_set(g->claims)->scope, want, topic);
}

bool grant_is_public(const struct grant *g)
{
    return !g->claims;
}

int64_t grant_end(const struct grant *g)
{
    return g->claims ? claims_end(g->claims) : INT64_MAX;
}

bool grant_ended(const struct grant *g, int64_t now)
{
    return now >= grant_end(g);
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
