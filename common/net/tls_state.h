#ifndef NET_TLS_STATE_H
#define NET_TLS_STATE_H

#include "common/base/buf.h"
#include "common/base/fault.h"
#include "common/crypto/tls_facts.h"
#include "common/net/tls_options.h"

#include <openssl/ssl.h>

/* The insides of tls_config and tls, shared by tls_config.c, tls_verify.c and tls.c, and by nobody else. */
struct tls_config {
    SSL_CTX *ssl_ctx;
    BIO_METHOD *wire; /* reads tls.in, writes tls.out */
    unsigned refs;
    struct tls_keylog keylog;
    struct buf alpn;        /* as in the extension: length, name, length, name */
    struct tls_owner owner; /* servers from here */
    enum tls_ask ask;
    bool has_ca;
    char *server_name; /* clients from here; NULL: the host connected to */
    struct key *expected[TLS_MAX_EXPECTED];
    size_t expected_count;
    bool has_cert_sha256;
    uint8_t cert_sha256[SHA256_SIZE];
    struct buf psk_identity;
    struct secret psk;
};

struct tls {
    struct tls_config *config;
    SSL *ssl;
    struct span in; /* what tls_input() was given and OpenSSL has not read yet */
    struct buf out;
    enum { STATE_HANDSHAKE, STATE_OPEN, STATE_ENDED, STATE_FAILED } state;
    enum err err; /* a callback's verdict; OK: none, ask OpenSSL */
    struct fault why;
    struct tls_facts facts;
    struct buf psk_identity; /* the last one that led to a PSK */
    struct key *psk;         /* and that PSK; server only */
    bool psk_unknown;        /* the identity led to no PSK, and must not be passed over */
};

#endif
