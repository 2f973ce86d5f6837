#ifndef ACE_TOKEN_H
#define ACE_TOKEN_H

#include "common/ace/claims.h"
#include "common/ace/jose.h"
#include "common/ace/token_trust.h"

/* What token_open() verified: protection by a trusted issuer's key, issuer, times and audience, scope parsed, cnf read. Opaque, one
 * maker per way to get there; reference-counted. */
struct claims;

/*
 * RFC 9431 2.2.5, RFC 9200 5.10.1.1, wire.md 10.4 steps 1 to 8: parse the container, decrypt and verify, issuer, exp and nbf at
 * `now`, audience, scope, profile, cnf. Handles JWS, encrypted JWT, COSE_Sign1, COSE_Mac0 and COSE_Encrypt0, nested ones, and cnf.jwe or
 * Encrypted_COSE_Key; a symmetric key in a token that is only signed is refused [R-JWT-05] [R-CWT-10].
 * Errors: ERR_NOT_A_TOKEN (no container recognised), ERR_NOT_AUTHORIZED (all else), ERR_NO_MEMORY. `why` is for the log.
 */
MUST_USE enum err token_open(struct span token, const struct token_trust *trust, int64_t now,
                             struct claims **out, struct fault *why);

struct claims *claims_ref(struct claims *c);
void claims_free(struct claims *c);
/* `iss` is always there: that of the issuer whose key protected the token, when the token leaves it out. A cnf that
 * came encrypted is shown decrypted, as CNF_KEY; so is one that was derived. */
const struct claim_set *claims_set(const struct claims *c);
const struct key *
claims_key(const struct claims *c); /* the PoP key; NULL when the token names it by kid only */
int64_t claims_end(
    const struct claims *c); /* exp and the leeway, or opening time plus exi if sooner; INT64_MAX if none */
/* It ends then, if not sooner: somebody counts its exi. */
void claims_end_by(struct claims *c, int64_t end);

/*
 * The other maker: an active introspection response from `trust->issuers[issuer]` over its authenticated channel (RFC 9431
 * 2.2.5, RFC 9200 5.9). The same checks from issuer to cnf, but exp is not required. Takes what is in `set`, which is
 * empty afterwards, also on error. Errors: ERR_NOT_AUTHORIZED, ERR_NO_MEMORY.
 */
MUST_USE enum err claims_introspected(struct claim_set *set, const struct token_trust *trust, size_t issuer,
                                      int64_t now, struct claims **out, struct fault *why);

/*
 * RFC 9431 2.1. Signs `set` with `sign_key` (a JWS, a COSE_Sign1 or COSE_Mac0); encrypts it under `shared` whenever it carries a symmetric
 * key, and then needs no signature (A-17: dir, A128GCM or A256GCM by key size; COSE_Encrypt0, AES-CCM-16-64-128 or A256GCM). Errors:
 * ERR_PROTOCOL (a symmetric key and no `shared`, nothing to sign with), ERR_TOO_LARGE, ERR_NO_MEMORY.
 */
enum token_form { TOKEN_JWT, TOKEN_CWT };

/* How a symmetric key gets to the broker: in an encrypted token; encrypted by itself in a signed one [R-JWT-06] [R-CWT-10]; or not at all,
 * as both sides derive it from the token, which names it [R-PSK-15]. */
enum key_carriage { KEY_IN_TOKEN, KEY_IN_CNF, KEY_DERIVED };

struct token_protection {
    const struct key_object *sign_key; /* EdDSA, ES256 (private) or HS256, with kid; NULL: none */
    const struct key_object *shared;   /* KEY_OCT, with kid; may be NULL */
    enum token_form form;
    enum key_carriage carriage; /* of a symmetric key; of no other */
};
MUST_USE enum err token_seal(const struct claim_set *set, const struct token_protection *p,
                             struct entropy *entropy, struct buf *out);

/*
 * The claims of a token that anybody can read, without any verification: for clients, who are not the audience, and for people. Errors:
 * ERR_NOT_A_TOKEN (encrypted, or none), ERR_NO_MEMORY, those of claim_set_read. Clear `out` with claim_set_clear().
 */
MUST_USE enum err token_peek(struct span token, struct claim_set *out, struct fault *why);

/* Header and claims without any verification, as pretty JSON, for people and for the runner. Keys are masked unless `secrets`. What is
 * encrypted shows its header only. */
MUST_USE enum err token_show(struct span token, bool secrets, struct buf *out, struct fault *why);

#endif
