#ifndef ACE_JWK_H
#define ACE_JWK_H

#include "common/ace/labels.h"
#include "common/crypto/key.h"

enum { MAX_KID = 64 }; /* bytes; a kid has one at least */

/*
 * A key object: JWK (RFC 7517, 7518, 8037) in JSON, COSE_Key (RFC 9052, 9053) in CBOR. `key` is NULL for a bare reference
 * (a symmetric kty and kid only). `alg` and the may_* say what the object allows; unknown members are ignored.
 */
struct key_object {
    struct key *key; /* owned; NULL: reference */
    struct buf kid;  /* CBOR: the bytes. JSON: the string's bytes */
    bool has_kid;
    enum key_alg {
        KEY_ALG_ABSENT,
        KEY_ALG_HS256,
        KEY_ALG_EDDSA,
        KEY_ALG_ES256,
        KEY_ALG_NONE,
        KEY_ALG_OTHER
    } alg;
    bool may_sign,
        may_verify; /* from key_ops and use; both true if absent. MAC create/verify count for oct */
};

/* Overwrites *out; on error it is left empty. A private part must fit the public one.
 * Errors: ERR_MALFORMED, ERR_UNSUPPORTED_POP_KEY (a kty or crv we do not know), ERR_NO_MEMORY. */
MUST_USE enum err key_object_read(const struct doc *d, enum notation n, struct key_object *out,
                                  struct fault *why);
/* With `secret` the private members too (always k for oct). alg if known; key_ops and use are not written. NULL: no memory. */
struct doc *key_object_write(const struct key_object *k, enum notation n, bool secret);
void key_object_clear(struct key_object *k);

/* a kid is octets in COSE and text in JOSE; it is written in JSON as base64url of the octets, unless it was text from the start.
 * Are these two the same name, whichever of both forms either has? */
bool kid_eq(struct span a, struct span b);
/* NULL: no memory. */
struct doc *kid_to_doc(struct span kid, enum notation n);

/* RFC 7517 key set. Entries of unknown type and bare references are skipped. On error out[] is left empty. Errors:
 * ERR_TOO_LARGE (more than `max` keys), those of key_object_read. */
MUST_USE enum err jwks_read(const struct doc *d, struct key_object *out, size_t max, size_t *count,
                            struct fault *why);

/* A JWK file or PEM file's bytes (detected). A JWK may hold oct. Errors as key_object_read. */
MUST_USE enum err key_file_read(struct span text, struct key_object *out, struct fault *why);

#endif
