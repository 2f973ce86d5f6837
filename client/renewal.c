#include "client/renewal.h"

enum { LAST_TRY = 2 };  /* seconds before the end: however rare tries have become, there is one then */
enum { BACK_STEP = 5 }; /* seconds: a clock that is only being set right goes back by less */

int64_t backoff_wait(struct backoff *b)
{
    int64_t wait = INT64_C(1) << b->tries;

    if (wait >= BACKOFF_MAX) return BACKOFF_MAX;
    b->tries++;
    return wait;
}

void renewal_hold(struct renewal *r, int64_t now, int64_t ends)
{
    int64_t half = (ends - now) / 2;
    int64_t soonest = now + (half > 0 ? half : 1);

    r->ends = ends;
    r->due = ends - r->before > soonest ? ends - r->before : soonest;
    r->seen = now;
    r->failures = (struct backoff){ 0 };
    r->asking = false;
}

void renewal_failed(struct renewal *r, int64_t now)
{
    r->due = now + backoff_wait(&r->failures);
    if (r->due > r->ends - LAST_TRY && now < r->ends - LAST_TRY) r->due = r->ends - LAST_TRY;
    r->seen = now;
    r->asking = false;
}

enum renewal_step renewal_next(struct renewal *r, int64_t now)
{
    if (r->before == 0 || r->ends == 0 || r->asking) return RENEWAL_REST;
    if (now < r->seen - BACK_STEP) r->due = now;
    r->seen = now;
    if (now >= r->ends && r->failures.tries) return RENEWAL_OVER;
    if (now < r->due && now < r->ends) return RENEWAL_REST;
    r->asking = true;
    return RENEWAL_ASK;
}
