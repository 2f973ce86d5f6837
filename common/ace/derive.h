#ifndef ACE_DERIVE_H
#define ACE_DERIVE_H

#include "common/crypto/key.h"

enum { DERIVED_KEY_SIZE = 32, MIN_DERIVED_KEY = 16, MAX_DERIVED_KEY = 64 }; /* octets; A-21 */

/* What AS and broker share for this: `derivation` is theirs alone [R-PSK-18]. */
struct derivation {
    struct key *key; /* owned, KEY_OCT; NULL: no keys are derived */
    size_t size;     /* octets of a derived key */
};
void derivation_clear(struct derivation *d);

/*
 * RFC 9202 3.3.1 [R-PSK-15]: the symmetric PoP key that belongs to `token`, the octets of access_token as the AS sent them:
 * HKDF-SHA-256 over CBOR ["ACE-CoAP-DTLS-key-derivation", size, token]. Errors: ERR_NO_MEMORY, ERR_INTERNAL.
 */
MUST_USE enum err derive_key(const struct derivation *d, struct span token, struct key **out);

#endif
