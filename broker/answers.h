#ifndef BROKER_ANSWERS_H
#define BROKER_ANSWERS_H

#include "common/ace/token.h"
#include "common/base/fault.h"
#include "common/crypto/hash.h"

/*
 * What the AS was asked about tokens, and what it said (RFC 9431 2.2.5, RFC 7662). One question for each token, however many wait for its
 * answer; answers are kept for a while, under the hash of the whole token. Both are bounded. Nothing here talks to anybody.
 */
struct answers;

struct answers_limits {
    size_t questions; /* not yet answered */
    size_t answers;   /* kept; the least recently used leaves first */
};

enum answer_is { ANSWER_ACTIVE, ANSWER_INACTIVE, ANSWER_FAILED };

struct answer {
    uint8_t token[SHA256_SIZE]; /* its hash */
    enum answer_is is;
    enum err err;          /* FAILED: what came between */
    struct fault why;      /* INACTIVE, FAILED: in words */
    struct claims *claims; /* ACTIVE */
    int64_t fresh;         /* ACTIVE: rights end then, unless the AS is asked again */
    int64_t reuse;         /* until then it serves others too */
};

bool answer_is_about(const struct answer *a, struct span token);

/* One who waits; lives where he does. All zero: waits for nothing. */
struct watch {
    struct watch *prev, *next; /* of the same question */
    struct question *of;
    void *who;
};

/* NULL: no memory. */
struct answers *answers_new(const struct answers_limits *limits, const uint8_t hash_key[16]);
void answers_free(struct answers *a); /* nobody waits any more */
void answers_relimit(struct answers *a, const struct answers_limits *limits);
void answers_forget(struct answers *a); /* everything that was said; questions stay open */

/* The answer about this token that still serves; NULL: ask. Lent until the next change. */
const struct answer *answers_get(struct answers *a, struct span token, int64_t now);
/* The last ACTIVE answer, however old: good to find a key with, not to grant anything. NULL: none. */
const struct answer *answers_last(const struct answers *a, struct span token);

/* `w` waits for the answer from now on; asks, unless somebody did. Who still waits at `until` hears that it failed. Errors: ERR_QUOTA,
 * ERR_NO_MEMORY: it does not wait. */
MUST_USE enum err answers_ask(struct answers *a, struct span token, struct watch *w, int64_t until);
bool watch_waits(const struct watch *w);
void watch_drop(struct watch *w); /* waits for nothing any more */

/* The next question to put to the AS, and its number; false: none. The token is lent until it is answered. */
bool answers_next(struct answers *a, uint64_t *number, struct span *token);
/* The number of a question that was asked too long ago; false: none. */
bool answers_overdue(const struct answers *a, int64_t now, uint64_t *number);

/* The answer to a question: fills in its token and keeps a copy if it is worth it. Nobody has been told yet; who asks from now on asks
 * anew. Errors: ERR_NOT_FOUND (an unknown number, or one that was answered before). */
MUST_USE enum err answers_settle(struct answers *a, uint64_t number, struct answer *said, int64_t now);
/* Then, until NULL: who waited for it. In the end the question is gone. */
struct watch *answers_take(struct answers *a, uint64_t number);

/* The clock jumped: what is measured from the asking moves along. */
void answers_shift(struct answers *a, int64_t by);
/* Forgets what has ended. */
void answers_sweep(struct answers *a, int64_t now);

#endif
