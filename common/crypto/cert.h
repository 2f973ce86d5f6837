#ifndef CRYPTO_CERT_H
#define CRYPTO_CERT_H

#include "common/crypto/key.h"

/* A certificate to be made, for test beds and demonstrations; plain data, borrowed. */
struct cert_request {
    const char *common_name; /* of the subject; UTF-8, 1..64 bytes */
    const char *const *dns;  /* subject alternative names: ASCII host names */
    size_t dns_count;
    const char *const *ip; /* and addresses, "127.0.0.1", "::1" */
    size_t ip_count;
    int64_t not_before, not_after; /* seconds since the epoch, inclusive */
    const struct key *subject;     /* its public part is certified */
    const struct key *issuer;      /* private, signs; NULL: self-signed with `subject` */
    struct span issuer_pem;        /* the issuer's certificate; unused when self-signed */
    enum cert_role { CERT_LEAF, CERT_CA } role;
};

/* Appends a PEM CERTIFICATE (X.509 v3). Errors: ERR_MALFORMED (a name, address, time or the issuer's certificate),
 * ERR_PROTOCOL (no private key to sign with, KEY_OCT, or not the issuer's), ERR_NO_MEMORY, ERR_INTERNAL. */
MUST_USE enum err cert_make(const struct cert_request *r, struct buf *pem);

#endif
