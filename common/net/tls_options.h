#ifndef NET_TLS_OPTIONS_H
#define NET_TLS_OPTIONS_H

#include "common/crypto/key.h"

/* What a TLS configuration is made from: plain data. */

enum { TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };
enum { TLS_MAX_CREDENTIALS = 4, TLS_MAX_EXPECTED = 8, TLS_MAX_IDENTITY = 60000, TLS_MAX_ALPN = 4 };

/* What we show of ourselves. Without `cert_pem` (leaf first, then its chain) the key is shown as raw public
 * key only. */
struct tls_credential {
    struct span cert_pem;
    struct key *key; /* private; Ed25519 or P-256 */
};

/* The questions a server asks during the handshake. Either function may be NULL. */
struct tls_owner {
    void *self;
    /* The PSK of this identity. ERR_NOT_AUTHORIZED: it is one of ours and leads to no key, so the handshake ends with
     * illegal_parameter; any other error: it is skipped. Called up to twice per handshake. */
    enum err (*psk_for_identity)(void *self, struct span identity, struct secret *psk);
    /* May the holder of this key (raw public key, or of a certificate that no CA vouches for) come in? Asked
     * before the peer has proved possession: remember nothing, decide only. */
    bool (*knows_key)(void *self, const struct key *key);
};

/* Receives lines of the NSS key log format, without line end. Both may be zero: no key log. */
struct tls_keylog {
    void *self;
    void (*line)(void *self, const char *line);
};

struct tls_protocol {
    int min_version, max_version;   /* TLS_1_2 or TLS_1_3; 0: no bound of ours */
    const char *alpn[TLS_MAX_ALPN]; /* "mqtt": ours, in order; a server refuses a client that shares none */
    struct tls_keylog keylog;
};

enum tls_ask {
    TLS_ASK_RPK,  /* a client key is asked for only if the client offers an RPK and knows_key is set */
    TLS_ASK_CERT, /* X.509 too, not required: vouched for by client_ca_pem, or else by knows_key */
};

struct tls_server_options {
    struct tls_protocol protocol;
    struct tls_credential own[TLS_MAX_CREDENTIALS]; /* one per key type [R-BAUTH-07]; ends at key == NULL */
    enum tls_ask ask;
    struct span client_ca_pem;
    struct tls_owner owner;
};

/* Which form of the server's key the client accepts. */
enum tls_show { TLS_SHOW_ANY, TLS_SHOW_RPK, TLS_SHOW_CERT };

/*
 * Trust: at least one of `ca_pem`, `expected`, `cert_sha256` or `psk`, else making the configuration fails.
 * Everything given must hold, except that a PSK handshake shows no certificate. `ca_pem` implies the name
 * check.
 */
struct tls_client_options {
    struct tls_protocol protocol;
    struct span ca_pem;
    const char *server_name; /* instead of the host connected to, for the check and SNI; or NULL */
    struct key *expected[TLS_MAX_EXPECTED]; /* rs_cnf: one of these, as RPK or in a certificate; to NULL */
    const uint8_t *cert_sha256;             /* rs_cnf x5t#S256: SHA256_SIZE bytes, or NULL */
    enum tls_show show;
    struct tls_credential own; /* key == NULL: anonymous */
    struct span psk_identity;  /* up to TLS_MAX_IDENTITY bytes; TLS 1.2: 1..255 without NUL */
    struct span psk;           /* not empty: a handshake that does not use it is refused */
};

#endif
