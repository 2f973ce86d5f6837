#ifndef ACE_TOKEN_TRUST_H
#define ACE_TOKEN_TRUST_H

#include "common/ace/derive.h"
#include "common/ace/jwk.h"
#include "common/ace/scope.h"

/* Whose tokens a broker believes: one AS (RFC 9200 5.10.1.1). Keys are tried by kid when both sides name one, else by type. */
struct token_issuer {
    struct buf iss; /* expected `iss` */
    size_t verify_count;
    struct key_object verify[8]; /* public keys (and HS256 secrets) of the AS */
    size_t decrypt_count;
    struct key_object decrypt[8]; /* KEY_OCT shared by AS and this broker */
    struct derivation derivation; /* makes the key of a token that only names one */
};

struct token_trust {
    size_t issuer_count;
    const struct token_issuer *issuers;
    bool require_aud, require_exp; /* A-48; default true */
    bool accept_exi; /* exi may stand for exp: only for a broker that keeps the books of [R-VAL-16..18] */
    enum scope_spelling scope_also; /* */
    bool base64url_text;            /* a CWT may come as base64url text */
    size_t audience_count;
    const struct span *audiences; /* this broker's names */
    int64_t leeway;               /* seconds, 0..60 */
};

#endif
