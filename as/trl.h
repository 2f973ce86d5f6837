#ifndef AS_TRL_H
#define AS_TRL_H

#include "as/ledger.h"
#include "common/codec/http.h"

/*
 * The endpoint of the list of revoked tokens, RFC 9770, over HTTPS: GET, full query, or diff query with the "Cursor" extension. There is no
 * Observe in HTTP; the caller may keep who asks for what changed (`nothing_new`) waiting and ask again after ledger_news().
 */
enum { TRL_MAX_N = 4096 };
static const int64_t trl_max_index = ((int64_t)1 << 32) - 1; /* RFC 9770 5.2.1, MAX_INDEX */

struct trl_query {
    struct span text;              /* of the URL, behind '?' */
    struct updates_reader reader;  /* who asks, authenticated */
    int64_t max_n, max_diff_batch; /* MAX_N, MAX_DIFF_BATCH */
    int64_t now;                   /* seconds since the epoch */
};

/* How many seconds, at most `limit`, the caller would wait for an answer (RFC 7240 4.3); 0: not at all. */
unsigned trl_wait(const struct http_headers *h, unsigned limit);

/* Fills status, Content-Type and body, of problems too. Errors: ERR_UNAVAILABLE, ERR_NO_MEMORY. */
MUST_USE enum err trl_answer(struct ledger *l, const struct trl_query *q, struct http_response *out,
                             bool *nothing_new);

#endif
