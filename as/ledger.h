#ifndef AS_LEDGER_H
#define AS_LEDGER_H

#include "as/updates.h"
#include "common/base/fault.h"
#include "common/base/secret.h"
#include "common/crypto/hash.h"

/* What was issued, on disk before the answer leaves: tokens by hash and jti, and the symmetric PoP keys the AS made. */
struct ledger;

/* `path`: the SQLite file, or ":memory:". Errors as store_open(). */
MUST_USE enum err ledger_open(const char *path, struct ledger **out, struct fault *why);
void ledger_close(struct ledger *l);

struct ledger_entry {
    struct span client, audience;
    struct span jti;
    uint8_t token_hash[SHA256_SIZE]; /* of the access token's octets */
    uint8_t trl_hash[TRL_HASH_SIZE]; /* what a list of revoked tokens calls it */
    struct span kid;                 /* of the PoP key; empty: none */
    struct span pop_key;             /* octets of a symmetric key the AS made; empty: the client's own */
    struct span claims;              /* what a reference token stands for; empty: the token says it itself */
    int64_t issued, expires;         /* seconds since the epoch */
};

/* One transaction. Errors: ERR_UNAVAILABLE (cannot be written: then nothing may be answered). */
MUST_USE enum err ledger_add(struct ledger *l, const struct ledger_entry *e);

/* The next number for tokens of this audience: 1, 2, 3 ..., none of them twice, however often the server starts [R-VAL-17]. Errors:
 * ERR_UNAVAILABLE. */
MUST_USE enum err ledger_next(struct ledger *l, struct span audience, uint64_t *number);

/* The symmetric key behind `kid`, made earlier for this client and broker [R-TOK-26]. */
enum ledger_kid { LEDGER_KID_NEVER, LEDGER_KID_EXPIRED, LEDGER_KID_LIVE };
MUST_USE enum err ledger_pop_key(struct ledger *l, const struct ledger_entry *whose, int64_t now,
                                 struct secret *key, enum ledger_kid *state);

/* Was this token issued here, and not revoked? Then the id of its client is appended. Errors: ERR_UNAVAILABLE, ERR_NO_MEMORY. */
MUST_USE enum err ledger_live(struct ledger *l, const uint8_t token_hash[SHA256_SIZE], struct buf *client,
                              bool *live);

/* What a reference token stands for, as it was entered; untouched where this is none, or a revoked one. Errors: ERR_UNAVAILABLE,
 * ERR_NO_MEMORY. */
MUST_USE enum err ledger_claims(struct ledger *l, const uint8_t token_hash[SHA256_SIZE],
                                struct secret *claims);

/* RFC 7009: revokes a token of this client, whose claims are then forgotten, and puts it on the list until it ends. *done: now, not before;
 * false also for what nobody knows. Errors: ERR_INVALID_GRANT (another client's, which stays as it is), ERR_UNAVAILABLE. */
MUST_USE enum err ledger_revoke(struct ledger *l, const uint8_t token_hash[SHA256_SIZE], struct span client,
                                int64_t now, bool *done);

/* RFC 9770 5.2: how many updates of the list are remembered for each of its readers, from now on; 64 if never called. */
void ledger_remember(struct ledger *l, int64_t updates);

/* RFC 9770 4.1: what ended leaves the list; the functions below speak of the list as this left it. Errors: ERR_UNAVAILABLE, ERR_NO_MEMORY. */
MUST_USE enum err ledger_unlist(struct ledger *l, int64_t now);

/* Appends the hashes on the list, the latest issued first, at most TRL_MAX_HASHES. Errors: ERR_UNAVAILABLE, ERR_NO_MEMORY. */
MUST_USE enum err ledger_listed(struct ledger *l, const struct updates_reader *r, struct buf *hashes);

/* Where updates.h looks. */
struct store *ledger_store(struct ledger *l);

/* Changes of the list since the ledger was opened, whomever they pertain to. */
uint64_t ledger_news(const struct ledger *l);

/* Forgets what ended references stand for, and tokens that ended more than a day before `now`. */
MUST_USE enum err ledger_sweep(struct ledger *l, int64_t now);

/* Does the file answer? For /health/ready. */
bool ledger_ready(struct ledger *l);

#endif
