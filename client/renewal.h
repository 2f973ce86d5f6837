#ifndef CLIENT_RENEWAL_H
#define CLIENT_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When the client asks for its next token, and when it tries again what failed: pure, told the time at each question. All times are
 * seconds of the wall clock, which may jump: ahead, then the next token is due at once; back, then too, for the end that was
 * reckoned may be wrong.
 */

/* Plain data, zero at the start: how often something failed since it last worked. */
struct backoff {
    unsigned tries;
};
enum { BACKOFF_MAX = 30 };
/* Seconds to wait after one more failure: 1, 2, 4 ... BACKOFF_MAX. */
int64_t backoff_wait(struct backoff *b);

/* Plain data; all zero with `before` set. */
struct renewal {
    int64_t before; /* so long before its end a token is replaced; 0: never */
    int64_t ends;   /* of the token held; 0: none */
    int64_t due, seen;
    struct backoff failures;
    bool asking; /* between RENEWAL_ASK and renewal_hold() or renewal_failed() */
};

enum renewal_step {
    RENEWAL_REST,
    RENEWAL_ASK,  /* ask for a token now */
    RENEWAL_OVER, /* the token has ended, and the last try to replace it failed */
};

/* A token is held, the first or the next one. One that lives shorter than `before` is replaced after half of its life. */
void renewal_hold(struct renewal *r, int64_t now, int64_t ends);
void renewal_failed(struct renewal *r, int64_t now);
enum renewal_step renewal_next(struct renewal *r, int64_t now);

#endif
