#ifndef ACE_COSE_H
#define ACE_COSE_H

#include "common/ace/jwk.h"
#include "common/crypto/aead.h"
#include "common/crypto/entropy.h"

enum { MAX_COSE = 65535 }; /* bytes of a message */

/* COSE_Sign1, COSE_Mac0 or COSE_Encrypt0 (RFC 9052), or none of them. */
enum cose_form { COSE_NEITHER, COSE_SIGN1, COSE_MAC0, COSE_ENCRYPT0 };

/*
 * By the first octets only, so that other octets are not taken for a token: a COSE tag, or tag 61 (CWT) in front of one [R-CWT-03],
 * then an array of its size whose first element is a byte string; or the array without tag, where the place it stands at says that it is a
 * token [R-CWT-04]: of three elements it is a COSE_Encrypt0, of four a COSE_Sign1 or, by its alg, a COSE_Mac0 (told here as COSE_SIGN1).
 */
enum cose_form cose_form(struct span message);

/* `text` is the base64url text of such a message; then its octets are in `out` (empty before). */
bool cose_from_text(struct span text, struct buf *out);

/* What the headers say, as far as we read them; spans borrow from `doc`. Never a source of trust keys. */
struct cose_header {
    struct doc *doc; /* owned: the message */
    enum cose_form form;
    int64_t alg;
    struct span kid;
    bool has_kid;
};

/*
 * Parses message and headers. alg is there, and protected. Refuses `crit` (we know no extension [R-CWT-07]), a label in both headers, a
 * `typ` other than that of a CWT (RFC 9596), and Partial IV. On error *out is left empty. Errors: ERR_MALFORMED, ERR_NO_MEMORY.
 */
MUST_USE enum err cose_header_read(struct span message, struct cose_header *out, struct fault *why);
void cose_header_clear(struct cose_header *h);

/* The content of a COSE_Sign1 or COSE_Mac0, unverified: for showing it. Appends. Errors as above; ERR_MALFORMED for others. */
MUST_USE enum err cose_peek(struct span message, struct buf *payload, struct fault *why);

/*
 * Signs (COSE_Sign1: EdDSA, ES256) or MACs (COSE_Mac0: HMAC 256/256), as the key is; kid empty: none. Appends the tagged message.
 * Errors: ERR_PROTOCOL (no private part, HMAC key under 32 bytes, kid over MAX_KID), ERR_TOO_LARGE, ERR_NO_MEMORY, ERR_INTERNAL.
 */
MUST_USE enum err cose_sign(const struct key *k, struct span kid, struct span payload, struct buf *out);

/*
 * Verifies a COSE_Sign1 or COSE_Mac0 with exactly this key; alg must be the one that belongs to the key's type. Appends the payload,
 * nothing on error. Errors: ERR_MALFORMED (form), ERR_NOT_AUTHORIZED (alg, signature or MAC), ERR_NO_MEMORY.
 */
MUST_USE enum err cose_verify(struct span message, const struct key *k, struct buf *payload,
                              struct fault *why);

/* COSE_Encrypt0 under `k` itself (KEY_OCT of aead_sizes()->key bytes), with a fresh IV. Errors: ERR_PROTOCOL (key does not fit, an
 * algorithm unknown to COSE, kid over MAX_KID), ERR_TOO_LARGE, ERR_NO_MEMORY, ERR_INTERNAL. */
MUST_USE enum err cose_seal(enum aead a, const struct key *k, struct span kid, struct entropy *entropy,
                            struct span plain, struct buf *out);

/* Appends the plaintext, nothing on error. Errors: ERR_MALFORMED (form), ERR_NOT_AUTHORIZED (alg not fitting the key, IV, ciphertext: one
 * error for all that is secret), ERR_NO_MEMORY. */
MUST_USE enum err cose_decrypt(struct span message, const struct key *k, struct buf *plain,
                               struct fault *why);

#endif
