#ifndef ACE_POP_H
#define ACE_POP_H

#include "common/ace/token.h"
#include "common/crypto/sign.h"
#include "common/crypto/tls_facts.h"

enum { NONCE_SIZE = 8, MAX_PROOF = 64 };

/* The peer holds this key: shown over MQTT (pop_verify) or in the TLS handshake (tls_proven). Opaque. */
struct proven;

/* RFC 9431 2.2.4.2: MAC (HS256, 32 bytes) or signature (Ed25519, ES256, 64 bytes) over the bytes of `challenge` as they are:
 * the 32 exporter bytes, or RS nonce then client nonce. Appends. Errors: ERR_PROTOCOL (no private part), ERR_INTERNAL. */
MUST_USE enum err pop_prove(const struct key *k, struct span challenge, struct buf *proof);

/* Its alg, if it has one, is the one its type is for. */
bool pop_alg_fits(const struct key_object *k);

/* What a proof may be like. */
struct pop_rules {
    size_t min_hmac_key; /* bytes of an HS256 key */
    bool der_ecdsa;      /* ES256 also in DER */
};

/* Fails with ERR_NOT_AUTHORIZED when the key cannot be determined, its alg or key_ops forbid it, alg is none, an HS256 key is shorter
 * than the rules say, or `proof` is not exactly right (constant time) [R-VAL-10..13, R-POPX-10]. */
MUST_USE enum err pop_verify(const struct claims *c, struct span challenge, struct span proof,
                             const struct pop_rules *rules, struct proven **out);

/* Facts of a handshake with an RPK or PSK: the very key that it used. ERR_NOT_AUTHORIZED for an anonymous peer, or TLS 1.2 without extended master secret. */
MUST_USE enum err tls_proven(const struct tls_facts *facts, struct proven **out);

void proven_free(struct proven *p);
const struct key *proven_key(const struct proven *p);

#endif
