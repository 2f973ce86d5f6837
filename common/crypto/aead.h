#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "common/base/buf.h"
#include "common/base/err.h"

enum aead {
    AEAD_A128GCM,           /* key 16, iv 12, tag 16: JWE A128GCM, COSE 1 */
    AEAD_A256GCM,           /* key 32, iv 12, tag 16: JWE A256GCM, COSE 3 */
    AEAD_AES_CCM_16_64_128, /* key 16, iv 13, tag 8: COSE 10 */
    AEAD_A128CBC_HS256,     /* key 32 (MAC then AES), iv 16, tag 16: JWE, RFC 7518 5.2.3 */
    AEAD_COUNT
};

struct aead_sizes {
    uint8_t key, iv, tag;
};
const struct aead_sizes *aead_sizes(enum aead a);

enum {
    MAX_AEAD = 65535
}; /* bytes of plaintext and of aad, each; also what AES-CCM with a 13-byte nonce can count */

/* Appends ciphertext then tag. Errors: ERR_PROTOCOL (key or iv of another size), ERR_TOO_LARGE, ERR_INTERNAL, ERR_NO_MEMORY. */
MUST_USE enum err aead_seal(enum aead a, struct span key, struct span iv, struct span aad, struct span plain,
                            struct buf *out);

/* `in` is ciphertext then tag. ERR_NOT_AUTHORIZED for anything that does not verify (one error, nothing appended). */
MUST_USE enum err aead_open(enum aead a, struct span key, struct span iv, struct span aad, struct span in,
                            struct buf *out);

#endif
