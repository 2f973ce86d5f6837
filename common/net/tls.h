#ifndef NET_TLS_H
#define NET_TLS_H

#include "common/base/buf.h"
#include "common/crypto/tls_facts.h"
#include "common/net/tls_config.h"

/*
 * TLS 1.2 and 1.3 without sockets: ciphertext in, plaintext out, and back. One server configuration serves
 * every mode at once: anonymous clients over X.509 or raw public key (RFC 7250), clients with a raw public
 * key, external PSK. No tickets, no session cache, no renegotiation, no early data, no compression.
 */
struct tls; /* one connection */

/* Takes a reference to the configuration. `host`: what the client connects to, a name or an address literal;
 * a client that checks names needs one. Errors: ERR_NO_MEMORY, ERR_INTERNAL, ERR_MALFORMED (host). */
MUST_USE enum err tls_accept(struct tls_config *c, struct tls **out);
MUST_USE enum err tls_connect(struct tls_config *c, const char *host, struct tls **out);
void tls_release(struct tls *t); /* libssl has a tls_free() of its own */

enum tls_phase { TLS_HANDSHAKE, TLS_OPEN, TLS_ENDED /* the peer's close_notify came */, TLS_FAILED };
enum tls_phase tls_phase(const struct tls *t);

/* Feeds ciphertext (empty: starts a client's handshake) and appends what it decrypts. After every call, also
 * a failed one (alerts), drain tls_output(). Errors: ERR_NOT_AUTHORIZED (a key, certificate, name or PSK does
 * not match), ERR_PROTOCOL, ERR_NO_MEMORY; then the phase is TLS_FAILED and tls_reason() tells. */
MUST_USE enum err tls_input(struct tls *t, struct span cipher, struct buf *plain);
/* Encrypts; one record per 16 KiB. ERR_PROTOCOL unless TLS_OPEN (or TLS_ENDED, when only the peer is done).
 * */
MUST_USE enum err tls_write(struct tls *t, struct span plain);
/* Says close_notify, at most once. */
void tls_close(struct tls *t);
/* Moves pending ciphertext to the end of `cipher`. */
void tls_output(struct tls *t, struct buf *cipher);

/* Why it failed, a complete phrase for people: "broker's key is not the one in rs_cnf", "peer's alert: bad
 * certificate". */
const char *tls_reason(const struct tls *t);

/* What the handshake showed of the peer, on either side (a client sees its server); all zero before TLS_OPEN.
 * Owned by the connection. */
const struct tls_facts *tls_facts(const struct tls *t);
const char *tls_cipher(const struct tls *t); /* IANA: "TLS_AES_128_GCM_SHA256" */
const char *
tls_group(const struct tls *t); /* "x25519": where the secret was agreed on; "": no such exchange was made */
struct span tls_alpn(const struct tls *t); /* empty if none was agreed */

#endif
