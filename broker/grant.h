#ifndef BROKER_GRANT_H
#define BROKER_GRANT_H

#include "common/ace/pop.h"

/*
 * What one connection may do: the scope of a token whose PoP key the peer has proved to hold, until the token ends, and
 * the public topics at any time. Every decision about a topic is grant_allows().
 */
struct grant;

/* A valid token and the proof of its key. Takes over neither. `open`: the public topics. Errors: ERR_NOT_AUTHORIZED (the
 * proven key is not the token's, or the token has ended), ERR_NO_MEMORY. */
MUST_USE enum err grant_make(struct claims *claims, const struct proven *proven, struct scope *open,
                             int64_t now, struct grant **out);
/* TLS:Anon,MQTT:None: public topics only [R-TLS-04]. NULL: no memory. */
struct grant *grant_public(struct scope *open);
void grant_free(struct grant *g);

/* [R-PUB-01, R-SUB-01, R-FWD-01] `topic` is a Topic Name, or for PERM_SUB also a Topic Filter without $share/name/. */
bool grant_allows(const struct grant *g, enum perm want, struct span topic, int64_t now);

/* Public topics: whoever asks. */
bool grant_allows_anybody(const struct grant *g, enum perm want, struct span topic);

/* The AS vouches for it until `fresh` only, and has to be asked again by then; without this call, as long as the token lasts. */
void grant_hold(struct grant *g, int64_t fresh);
int64_t grant_fresh(const struct grant *g); /* INT64_MAX: the token speaks for itself */
/* The AS was asked again: from now on this counts. false: it names another key, which nobody has proved here; nothing has changed. */
MUST_USE bool grant_refresh(struct grant *g, struct claims *claims, int64_t fresh);
/* The AS says that the token has ended. */
void grant_revoke(struct grant *g, int64_t now);

bool grant_is_public(const struct grant *g); /* no token stands behind it */
bool grant_ended(const struct grant *g,
                 int64_t now); /* the token has, or nobody vouches for it; never true for a public grant */
/* The token has not ended as far as anybody knows, but the AS must be asked again before it counts. */
bool grant_is_stale(const struct grant *g, int64_t now);
int64_t grant_end(const struct grant *g);                 /* seconds since the epoch; INT64_MAX: never */
const struct claims *grant_claims(const struct grant *g); /* NULL for a public grant */

/* Other public topics from now on. */
void grant_reopen(struct grant *g, struct scope *open);

#endif
