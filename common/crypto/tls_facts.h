#ifndef CRYPTO_TLS_FACTS_H
#define CRYPTO_TLS_FACTS_H

#include "common/base/secret.h"
#include "common/crypto/key.h"

enum { EXPORTER_SIZE = 32 };
#define EXPORTER_LABEL "EXPORTER-ACE-MQTT-Sign-Challenge"

/* What a completed TLS handshake showed; plain data that a core can be given in a test. */
struct tls_facts {
    int version;                 /* 0x0304, 0x0303 */
    bool extended_master_secret; /* true for TLS 1.3 */
    bool resumed;                /* a session of an earlier handshake (not an external PSK) */
    bool has_exporter;           /* RFC 9431 2.2.4.2.1; false where it must not be used */
    uint8_t exporter[EXPORTER_SIZE];
    bool has_bare_exporter; /* TLS 1.2: the value without a context, which is another one */
    uint8_t bare_exporter[EXPORTER_SIZE];
    enum tls_peer { TLS_PEER_ANONYMOUS, TLS_PEER_RPK, TLS_PEER_PSK, TLS_PEER_CERTIFICATE } peer;
    struct key *peer_key; /* RPK, the certificate's key, or at a server the PSK; owned; NULL otherwise */
    uint8_t peer_cert_sha256[SHA256_SIZE]; /* TLS_PEER_CERTIFICATE */
    struct buf psk_identity;               /* TLS_PEER_PSK; owned */
};

/* Deep copy and release. */
MUST_USE enum err tls_facts_copy(const struct tls_facts *from, struct tls_facts *to);
void tls_facts_clear(struct tls_facts *f);

#endif
