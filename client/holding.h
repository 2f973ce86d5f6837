#ifndef CLIENT_HOLDING_H
#define CLIENT_HOLDING_H

#include "common/ace/params.h"

/* A token, the key it is bound to, and what the AS said about both. Owned. */
struct holding {
    struct buf token;
    struct key *key;     /* private or symmetric */
    struct buf kid;      /* of a symmetric key, as cnf told it, or rs_cnf; empty: none */
    struct scope *scope; /* granted */
    struct buf audience;
    bool has_rs_cnf;
    struct cnf rs_cnf; /* how the broker must show itself in TLS */
    int64_t ends;      /* seconds since the epoch */
};

/* What is asked of the AS. Borrowed. */
struct holding_want {
    struct span audience;             /* empty: the AS's default */
    struct scope *scope;              /* NULL: the AS's default */
    const struct key_object *own_key; /* NULL: the AS makes a symmetric key */
    const struct key *reuse_key;      /* with reuse_kid: update rights on a symmetric key (R-TOK-47) */
    struct span reuse_kid;
    struct span cnonce;       /* from a hint [R-TOK-31]; empty: none */
    bool compat_draft02;      /* exp instead of expires_in counts too */
    int64_t default_lifetime; /* seconds; 0: a token without expires_in is refused */
};

/* The request's body. Errors: those of token_request_write(). */
MUST_USE enum err holding_ask(const struct holding_want *want, enum media m, struct buf *body);

/*
 * Judges the answer before anything is done with it: a PoP token, of this profile, with an end, with a key that is ours or
 * comes along, usable for proofs [R-TOK-13] [R-TOK-34] [R-TOK-45] [R-TOK-48].
 * Errors: ERR_NOT_AUTHORIZED with a reason, ERR_NO_MEMORY.
 */
MUST_USE enum err holding_make(const struct holding_want *want, const struct token_response *in, int64_t now,
                               struct holding *out, struct fault *why);
void holding_clear(struct holding *h);

#endif
