#ifndef TESTS_TLS_PAIR_H
#define TESTS_TLS_PAIR_H

#include "tests/tls_bed.h"

/* A client and a server of TLS, wired to each other. */
struct pair {
    struct tls *client, *server;
    enum err client_err, server_err;
    struct buf at_client, at_server; /* plaintext that arrived */
};

/* Both ends, before the first byte. */
void pair_make(struct pair *p, struct tls_config *client, struct tls_config *server, const char *host);
/* Both ends, and the handshake as far as it goes. */
void pair_meet(struct pair *p, struct tls_config *client, struct tls_config *server, const char *host);
/* Carries bytes until both have nothing more to say. */
void pair_run(struct pair *p);
void pair_part(struct pair *p);

#endif
