#ifndef ACE_JOSE_H
#define ACE_JOSE_H

#include "common/ace/jwk.h"
#include "common/crypto/aead.h"
#include "common/crypto/entropy.h"

enum { MAX_JOSE = 65535, MAX_JOSE_HEADER = 8192 }; /* characters: the whole, its first part */

/* A header as far as we read it; spans borrow from `doc`. Never a source of trust keys [R-JWT-11]. */
struct jose_header {
    struct doc *doc; /* owned */
    struct span alg, enc, kid, typ, cty;
    bool has_kid;
};

/* Is this compact JWS (3 parts), compact JWE (5 parts), or neither? By shape only. */
enum jose_form { JOSE_NEITHER, JOSE_JWS, JOSE_JWE };
enum jose_form jose_form(struct span token);

/* Parses the header of either form; alg is there, and enc in a JWE. Refuses `crit` (we know no extension), `zip` and `b64`
 * [R-JWT-08]. On error *out is left empty. Errors: ERR_MALFORMED, ERR_NO_MEMORY. */
MUST_USE enum err jose_header_read(struct span token, struct jose_header *out, struct fault *why);
void jose_header_clear(struct jose_header *h);

/*
 * RFC 7515 compact. The algorithm follows from the key (HS256, EdDSA, ES256). Header members: alg, typ (NULL: none), kid
 * (empty: none). Errors: ERR_PROTOCOL (no private part, HS256 key under 32 bytes, kid over MAX_KID), ERR_TOO_LARGE, ERR_NO_MEMORY,
 * ERR_INTERNAL.
 */
MUST_USE enum err jws_sign(const struct key *k, struct span kid, const char *typ, struct span payload,
                           struct buf *out);
/*
 * Verifies with exactly this key; the header's alg must be the one that belongs to the key's type. Appends the payload,
 * nothing on error. Errors: ERR_MALFORMED (form), ERR_NOT_AUTHORIZED (alg none or another, signature), ERR_NO_MEMORY.
 */
MUST_USE enum err jws_open(struct span token, const struct key *k, struct buf *payload, struct fault *why);

/* RFC 7516 compact, alg "dir": the content key is `k` itself (KEY_OCT of aead_sizes()->key bytes). typ, cty NULL: none.
 * Errors: ERR_PROTOCOL (key does not fit enc, enc unknown to JOSE, kid over MAX_KID), ERR_TOO_LARGE, ERR_NO_MEMORY, ERR_INTERNAL. */
MUST_USE enum err jwe_seal(enum aead enc, const struct key *k, struct span kid, const char *typ,
                           const char *cty, struct entropy *entropy, struct span plain, struct buf *out);
/* Appends the plaintext, nothing on error. Errors: ERR_MALFORMED (form), ERR_NOT_AUTHORIZED (alg, enc not fitting the key, iv, tag:
 * one error for all that is secret), ERR_NO_MEMORY. */
MUST_USE enum err jwe_open(struct span token, const struct key *k, struct buf *plain, struct fault *why);

#endif
