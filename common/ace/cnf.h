#ifndef ACE_CNF_H
#define ACE_CNF_H

#include "common/ace/jwk.h"

/*
 * A confirmation (RFC 7800, RFC 8747; req_cnf and rs_cnf of RFC 9201): exactly one key, by value, encrypted, or by
 * reference; or (rs_cnf only) a certificate thumbprint (RFC 8705 x5t#S256; CBOR label 34, A-19).
 */
struct cnf {
    enum cnf_kind { CNF_NONE, CNF_KEY, CNF_KID, CNF_ENCRYPTED, CNF_THUMBPRINT } kind;
    struct key_object object;        /* CNF_KEY: key and maybe kid; CNF_KID: kid only */
    struct buf encrypted;            /* CNF_ENCRYPTED: compact JWE text, or COSE_Encrypt0 bytes */
    uint8_t thumbprint[SHA256_SIZE]; /* CNF_THUMBPRINT */
};

/* Overwrites *out; on error it is left empty (CNF_NONE). A key object that is a bare reference reads as CNF_KID; a key beside a
 * thumbprint or a kid wins, and a kid beside a key without one becomes the key's. Unknown members are ignored [R-VAL-25].
 * Errors: ERR_MALFORMED (no or several keys [R-VAL-24], private asymmetric members), those of key_object_read. */
MUST_USE enum err cnf_read(const struct doc *d, enum notation n, struct cnf *out, struct fault *why);
/* JSON as implementations of draft -02 wrote it: k may be padded base64. */
MUST_USE enum err cnf_read_draft02(const struct doc *json, struct cnf *out, struct fault *why);
struct doc *cnf_write(const struct cnf *c,
                      enum notation n); /* public parts, k for oct. NULL: no memory, or CNF_NONE */
void cnf_clear(struct cnf *c);

/* Same key or same thumbprint or same reference. */
bool cnf_eq(const struct cnf *a, const struct cnf *b);

#endif
