#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include "common/crypto/hash.h"

/*
 * A key: symmetric octets, Ed25519 or P-256, private or public. Immutable and reference-counted; key_free() drops one
 * reference. Public keys are checked to lie on their curve before they become a struct key.
 */
struct key;

enum key_type { KEY_OCT, KEY_ED25519, KEY_P256 };

/* Makers. Errors: ERR_MALFORMED (wrong size, not on the curve, wrong type), ERR_NO_MEMORY, ERR_INTERNAL. */
MUST_USE enum err key_generate(enum key_type type, struct key **out);              /* KEY_OCT: 32 bytes */
MUST_USE enum err key_oct(struct span octets, struct key **out);                   /* 1..64 bytes */
MUST_USE enum err key_ed25519_private(struct span seed, struct key **out);         /* 32 bytes, RFC 8032 */
MUST_USE enum err key_ed25519_public(struct span x, struct key **out);             /* 32 bytes */
MUST_USE enum err key_p256_private(struct span d, struct key **out);               /* 32 bytes big-endian */
MUST_USE enum err key_p256_public(struct span x, struct span y, struct key **out); /* 32 bytes each */
/* COSE_Key with boolean y */
MUST_USE enum err key_p256_compressed(struct span x, bool y_odd, struct key **out);
MUST_USE enum err key_from_spki(struct span der, struct key **out); /* trailing bytes refused */
/* The first PRIVATE KEY, EC PRIVATE KEY, PUBLIC KEY or CERTIFICATE (its key) of `pem`, MAX_PEM bytes at most. An encrypted key is
 * ERR_MALFORMED: nobody is asked for a password. */
MUST_USE enum err key_from_pem(struct span pem, struct key **out);
enum { MAX_PEM = 65536 };

struct key *key_ref(struct key *k);
void key_free(struct key *k);

enum key_type key_type(const struct key *k);
bool key_is_private(const struct key *k); /* KEY_OCT: true */

/* Raw parts. KEY_OCT: none public. ED25519: 32 bytes; P256: x then y, 64 bytes. Returns the size. */
size_t key_public(const struct key *k, uint8_t out[64]);
/* Octets, seed or d. ERR_PROTOCOL if public only. */
MUST_USE enum err key_secret(const struct key *k, struct secret *out);
/* KEY_OCT only: borrowed octets; empty span for others. */
struct span key_octets(const struct key *k);

/* Errors: ERR_PROTOCOL (KEY_OCT, or a private part that is not there), ERR_NO_MEMORY, ERR_INTERNAL. */
MUST_USE enum err key_spki(const struct key *k, struct buf *out);        /* DER SubjectPublicKeyInfo */
MUST_USE enum err key_pem_private(const struct key *k, struct buf *out); /* PKCS#8 */
MUST_USE enum err key_pem_public(const struct key *k, struct buf *out);

/* Same type and same public part (KEY_OCT: same octets, compared in constant time). */
bool key_eq(const struct key *a, const struct key *b);

/* RFC 7638 thumbprint, SHA-256, of the public members (KEY_OCT: kty and k). */
void key_thumbprint(const struct key *k, uint8_t out[SHA256_SIZE]);

/* SHA-256 of the DER of the first certificate in `pem`: RFC 8705 x5t#S256 before base64url. Errors: ERR_MALFORMED, ERR_NO_MEMORY. */
MUST_USE enum err cert_thumbprint(struct span pem, uint8_t out[SHA256_SIZE]);

/* What OpenSSL holds, for common/net: an EVP_PKEY borrowed from the key; NULL for KEY_OCT. */
void *key_evp(const struct key *k);
/* The way back: copies what an EVP_PKEY holds (a peer's raw public key). Errors: ERR_MALFORMED (another type), ERR_NO_MEMORY. */
MUST_USE enum err key_from_evp(const void *evp_pkey, struct key **out);

#endif
