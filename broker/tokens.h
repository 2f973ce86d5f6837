#ifndef BROKER_TOKENS_H
#define BROKER_TOKENS_H

#include "broker/revoked.h"
#include "common/ace/token.h"

/*
 * Tokens kept for later connections: at most one per PoP key [R-TLS-16, R-AZI-07], found by that key or by a Client
 * Identifier that proved it. A Client Identifier is a hint where to look and grants nothing [R-CONN-11]; the store
 * knows no session [R-SESS-11]. Bounded: ended tokens leave first, then the least recently used.
 */
struct tokens;

struct tokens_limits {
    size_t count, bytes;
};

/* NULL: no memory. */
struct tokens *tokens_new(const struct tokens_limits *limits, const uint8_t hash_key[16]);
void tokens_free(struct tokens *t);

/*
 * Keeps `token`, from which `claims` were opened [R-VAL-14]. Of two tokens with one key the newer `iat` stays, without
 * `iat` on both the later arrival. Who has not proved its key keeps it `until` [R-AZI-19]; INT64_MAX, as long as it lasts:
 * proved, which an upload of the same key does not undo. Errors: ERR_PROTOCOL (its key is unknown to us), ERR_QUOTA, ERR_NO_MEMORY.
 */
MUST_USE enum err tokens_put(struct tokens *t, struct span token, const struct claims *claims, int64_t until);
/* From now on this Client Identifier finds the token of this key, if there is one. Errors: ERR_NO_MEMORY. */
MUST_USE enum err tokens_bind(struct tokens *t, struct span client_id, const struct key *key);

/* The token octets, lent until the next change; an empty span if there is none or it has ended [R-EXP-10]. */
struct span tokens_of_client(struct tokens *t, struct span client_id, int64_t now);
struct span tokens_of_key(struct tokens *t, const struct key *key, int64_t now);
struct span tokens_of_kid(struct tokens *t, struct span kid,
                          int64_t now); /* of the last symmetric key so named */

/* Forgets what is revoked. */
void tokens_purge(struct tokens *t, struct revoked *r);

/* Forgets what has ended [R-EXP-10, R-AZI-20]. */
void tokens_sweep(struct tokens *t, int64_t now);
void tokens_relimit(struct tokens *t, const struct tokens_limits *limits);
size_t tokens_count(const struct tokens *t);

#endif
