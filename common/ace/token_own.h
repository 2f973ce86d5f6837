#ifndef ACE_TOKEN_OWN_H
#define ACE_TOKEN_OWN_H

#include "common/ace/token_trust.h"

/* What token.c, token_open.c and token_seal.c share; nobody else includes this. */

/* A token on its way to becoming claims. */
struct opening {
    const struct token_trust *trust;
    struct span octets;                /* the token as the AS sent it; empty: there is none */
    struct buf decoded;                /* holds them where they came as text */
    const struct token_issuer *issuer; /* whose key protected it */
    bool secret;                       /* decrypted on the way: a symmetric key may stand in it */
    enum notation notation;            /* of the claims */
    struct buf payload;
    struct fault *why;
};

/* Sets the reason, and is ERR_NOT_AUTHORIZED. */
enum err token_refuse(struct fault *why, const char *what);

/* One answer for all that is not a matter of form or memory: what exactly was wrong is for the log. */
enum err token_as_refusal(enum err e);

/*
 * Steps 1 and 2 of wire.md 10.4: finds the container, the issuer and the key, and leaves the claims' octets in o->payload. Errors:
 * ERR_NOT_A_TOKEN (no container we know), ERR_NOT_AUTHORIZED, ERR_NO_MEMORY.
 */
MUST_USE enum err token_unwrap(struct opening *o, struct span token);

/* [R-JWT-06] the octets of a cnf.jwe or Encrypted_COSE_Key, opened with one of the issuer's shared keys, and their notation. */
MUST_USE enum err token_unwrap_key(const struct opening *o, struct span encrypted, struct buf *plain,
                                   enum notation *notation);

#endif
