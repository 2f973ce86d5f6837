#ifndef AS_AS_H
#define AS_AS_H

#include "as/ledger.h"
#include "as/registry.h"
#include "common/base/log.h"
#include "common/codec/http.h"
#include "common/crypto/entropy.h"
#include "common/crypto/tls_facts.h"

/*
 * The authorization server's core: a function from request, peer and time to response. It owns no socket, clock or
 * randomness; what it issued is in the ledger before the response is returned.
 */
struct as;

struct as_setup {
    const char *issuer;            /* `iss`, and base of the metadata's URLs */
    int64_t lifetime;              /* seconds, where no policy says less */
    bool compat_draft02;           /* requests of draft -02 too */
    bool trust_req_cnf;            /* */
    bool accept_form, accept_json; /* bodies as RFC 6749 has them, and as application/json */
    struct as_trl {
        const char *path; /* NULL: no list of revoked tokens */
        int64_t max_n, max_diff_batch;
        unsigned max_wait; /* seconds; 0: nobody waits */
    } trl;
    unsigned failed_logins;            /* per client and minute; then 429 [R-SEC-08] */
    const struct key_object *sign_key; /* private, EdDSA or ES256 */
    struct registry *registry;         /* as takes these three, also when as_new() fails */
    struct ledger *ledger;
    struct log *log;
    struct entropy *entropy;
};

MUST_USE enum err as_new(const struct as_setup *setup, struct as **out);
void as_free(struct as *a);

/* Takes the place of the present registry; the old one is freed. */
void as_use_registry(struct as *a, struct registry *r);

/* Answers every request, also unknown ones. `now`: seconds since the epoch. `out` is empty before the call. */
void as_handle(struct as *a, const struct http_request *in, const struct tls_facts *peer, int64_t now,
               struct http_response *out);

/*
 * As as_handle(), but a broker that asks what changed in the list of revoked tokens, finds nothing and would wait (`Prefer: wait=N`, RFC
 * 7240) is not answered: for so many seconds, else 0. Ask again when as_news() is another, and as_handle() when the time is over.
 */
unsigned as_handle_or_wait(struct as *a, const struct http_request *in, const struct tls_facts *peer,
                           int64_t now, struct http_response *out);
uint64_t as_news(const struct as *a);

/* Housekeeping, every minute or so. */
void as_tick(struct as *a, int64_t now);

#endif
