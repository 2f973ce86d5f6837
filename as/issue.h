#ifndef AS_ISSUE_H
#define AS_ISSUE_H

#include "as/ledger.h"
#include "as/registry.h"
#include "common/ace/params.h"
#include "common/crypto/entropy.h"

/* What a grant is made from: who asks, proven how, of which AS. Borrowed. */
struct issue_from {
    const char *issuer;
    int64_t lifetime;   /* seconds */
    bool trust_req_cnf; /* any public key will do */
    const struct key_object *sign_key;
    const struct registry *registry;
    struct ledger *ledger;
    struct entropy *entropy;
    int64_t now;                    /* seconds since the epoch */
    const struct as_client *client; /* authenticated */
    const struct key *tls_key;      /* what it proved in TLS; NULL: nothing */
    enum notation notation;         /* of the answer: what the token is called when revoked (RFC 9770 3.2) */
};

/*
 * RFC 9200 5.8.1 to 5.8.3, RFC 9201: policy and request -> claims -> sealed token, entered in the ledger -> response.
 * Errors: the OAuth ones, with a `why` that may be told to the client; ERR_UNAVAILABLE (ledger), ERR_NO_MEMORY.
 */
MUST_USE enum err issue_token(const struct issue_from *from, const struct token_request *in,
                              struct token_response *out, struct fault *why);

#endif
