#ifndef SCENARIOS_MINT_H
#define SCENARIOS_MINT_H

#include "scenarios/stage.h"

/*
 * token(...): a token as the AS of this world would issue it, with what the named arguments change.
 *
 *   claims   iss sub aud exp nbf iat jti cti scope cnf ace_profile cnonce exi x: the value instead, `-`: left out; exp,
 *            nbf, iat are durations from now (-1h, 60) or absolute
 *   header   alg kid typ cty: the word instead, `-`: left out; crit=word; jwk=key: a key in the header
 *   cnf      as the axis carry says; enc=other: encrypted under a key that nobody shares
 *   sign     other: by a key nobody knows; public: HS256 with the AS's public key (PEM) as the secret
 *   form     signed: only signed, whatever the key; nested: signed, then encrypted; encrypted: also for public keys
 *   references (axis token) are random names; the claims are what a puppet AS says of them at /introspect
 *   alg=none also leaves the signature empty
 *   CWTs     (axis token) alg: a COSE number; crit=any; tag: 61 (in front of the COSE tag), bare (61 without one), none, other;
 *            typ, cty and jwk do not stand in them
 */
struct mint_from {
    struct stage *stage;
    const struct pattern *call;
    const struct key_object *pop;
    /* makes the value of a claim that is written as a pattern: make_value() */
    enum err (*make)(struct stage *s, const struct pattern *p, const char *field, struct value *out);
};
MUST_USE enum err mint_token(const struct mint_from *from, struct buf *out);

#endif
