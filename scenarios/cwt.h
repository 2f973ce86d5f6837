#ifndef SCENARIOS_CWT_H
#define SCENARIOS_CWT_H

#include "scenarios/world.h"

/*
 * CWTs for puppets: claims are thought of as JSON, as in a JWT, and written down with CBOR's labels, byte strings and numbers. What does
 * not fit stays as it is, so that a deviating token can be made, and is seen for what it is.
 */

/* New trees; NULL: no memory. */
struct doc *cwt_claims(const struct doc *json);
struct doc *cwt_as_json(const struct doc *cbor);

/* What a token is written from; borrowed. */
struct cwt_form {
    const struct doc *claims; /* JSON */
    const struct key *sign;   /* private */
    const struct key *shared; /* encrypts; NULL: signed only */
    bool nested;              /* signed, then encrypted */
    bool mac;                 /* MACed with the public key's octets, as if they were a secret */
    bool crit;                /* names an extension nobody knows */
    struct span kid;          /* empty: none */
    const char *alg;          /* in the header instead, a number; NULL: the right one */
    const char *tag;          /* "61", "bare", "none", "other"; NULL: the COSE tag */
};
MUST_USE enum err cwt_write(const struct cwt_form *f, struct buf *out);

/* {"form":"COSE_Sign1","alg":-8,"kid":...}; NULL: no such message. */
struct doc *cwt_header(struct span token);

/* The claims inside, as JSON, opened as $broker would where they are encrypted; NULL: not readable. */
struct doc *cwt_open(const struct world *w, struct span token);

#endif
