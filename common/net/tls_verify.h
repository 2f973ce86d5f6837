#ifndef NET_TLS_VERIFY_H
#define NET_TLS_VERIFY_H

#include "common/net/tls_state.h"

/* What OpenSSL asks during a handshake: is this peer the right one, which PSK, which protocol? */

/* Installs the questions that `c` can answer into its SSL_CTX. */
void tls_verify_server(struct tls_config *c);
void tls_verify_client(struct tls_config *c);

/* Ours from OpenSSL's; NULL for a key of another type than Ed25519 and P-256 (or without memory). */
struct key *tls_verify_key(EVP_PKEY *evp);

#endif
