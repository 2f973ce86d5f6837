#ifndef TESTS_TLS_BED_H
#define TESTS_TLS_BED_H

#include "common/crypto/cert.h"
#include "common/net/tls.h"

/* Keys, certificates and PSKs for tests of TLS and of what stands on it. */
enum bed_key {
    BED_CA,
    BED_OTHER_CA,
    BED_SERVER_ED,
    BED_SERVER_P256,
    BED_CLIENT_ED,
    BED_CLIENT_P256,
    BED_STRANGER,
    BED_KEYS
};
enum { BED_LONG_IDENTITY = 4000 };

struct bed {
    struct key *keys[BED_KEYS];
    struct buf cert[BED_KEYS]; /* of both servers for localhost and 127.0.0.1, of the client, of the CAs */
    uint8_t long_identity[BED_LONG_IDENTITY];
    struct tls_config *server; /* every mode at once; knows the two client keys and two PSKs */
};

void bed_make(struct bed *b);
void bed_clear(struct bed *b);
struct span bed_psk(void); /* of "short" and of the long identity */

/* As in bed.server: for tests that make another one. */
struct tls_server_options bed_server_options(struct bed *b);
/* A client that trusts the CA. */
struct tls_config *bed_client(struct bed *b);

#endif
