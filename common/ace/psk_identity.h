#ifndef ACE_PSK_IDENTITY_H
#define ACE_PSK_IDENTITY_H

#include "common/ace/cnf.h"

/*
 * What a client says in the TLS pre_shared_key extension (RFC 9202 3.3.2, RFC 9431 2.2.3): the name of a key whose token the broker
 * holds, as a confirmation with nothing but a symmetric key's kid, in CBOR or JSON; or the token itself, its octets as they are.
 */
struct psk_identity {
    enum psk_names { PSK_NAMES_KID, PSK_IS_TOKEN } kind;
    struct buf kid; /* NAMES_KID */
};

/* Structures are parsed, not compared [R-PSK-05] [R-PSK-08]; what is no structure is taken for a token. Errors: ERR_MALFORMED (a structure,
 * but not this one; or nothing), ERR_NO_MEMORY. */
MUST_USE enum err psk_identity_read(struct span in, struct psk_identity *out);
void psk_identity_clear(struct psk_identity *i);

/* {8:{1:{1:4,2:kid}}} [R-PSK-06], or {"cnf":{"jwk":{"kty":"oct","kid":kid}}}. `kid` as a JWK has it; in CBOR its octets stand where it is
 * base64url. Appends. Errors: ERR_NO_MEMORY. */
MUST_USE enum err psk_identity_write(struct span kid, enum notation n, struct buf *out);

#endif
