#ifndef SCENARIOS_WORLD_H
#define SCENARIOS_WORLD_H

#include "common/ace/token.h"
#include "scenarios/vary.h"

/*
 * What one run plays with: names, keys, certificates, who may do what. Made anew for every run; nothing of it is secret
 * from the puppets, who play every role.
 *
 * Policies: each client may, at $broker, publish and subscribe under a/# and b/#, publish under p/#, subscribe under
 * s/#; at $other_broker publish and subscribe under a/#. Public topics: public/#. The client "barred" (barred-secret) gets
 * no token, "coap" (coap-secret) speaks another profile. At the AS the brokers are "rs1" (rs1-secret) and "rs2" (rs2-secret).
 */
#define WORLD_POLICY       "pubsub:a/# pubsub:b/# pub:p/# sub:s/#"
#define WORLD_OTHER_POLICY "pubsub:a/#"
#define WORLD_PUBLIC       "pubsub:public/#"
#define WORLD_HOST         "127.0.0.1"
#define WORLD_TOKEN_PATH   "/token"

enum { WORLD_CLIENTS = MAX_PARTY, WORLD_LIFETIME = 3600 };

/* The names are fixed: flows and reports stay comparable. */
#define WORLD_BROKER    "broker1"
#define WORLD_OTHER     "broker2"
#define WORLD_SYMMETRIC "broker-symmetric" /* takes symmetric PoP keys only */
#define WORLD_COUNTED \
    "brokerexi" /* the broker again: its tokens have exi. Nine letters, whose base64url ends with them */
#define WORLD_TOLD         "broker-told" /* the broker again: tokens say the profile, answers public keys too */
#define WORLD_GROUP        "broker-group"  /* the broker and the other one */
#define WORLD_BEARER       "broker-bearer" /* tokens are bound to no key */
#define WORLD_GROUP_POLICY "pub:g/#"
#define WORLD_ISSUER       "https://as.example"
#define WORLD_BARRED       "barred"

struct credential {
    struct key_object key; /* private */
    struct buf pem;        /* certificate; empty: none */
};

/* What can be wrong with a certificate that the CA signed all the same. */
enum cert_fault { CERT_EXPIRED, CERT_EARLY, CERT_OTHER_NAME, CERT_FAULTS };

struct world {
    struct credential faulty[CERT_FAULTS];
    struct buf renewed;                                  /* another certificate for the broker's key */
    struct credential ca, as_tls, broker_tls, other_tls; /* other: a broker nobody trusts */
    struct key_object sign, stranger;                    /* the AS's signing key; a key nobody knows */
    struct key_object shared, other_shared;              /* between the AS and a broker; 32 octets */
    struct key_object derivation;                        /* from which AS and $broker derive keys */
    struct world_client {
        const char *id, *mqtt_id;
        char rare_id[24];
        char secret[24];
        struct key_object keys[KEY_P256 + 1]; /* registered at the AS; by enum key_type */
    } client[WORLD_CLIENTS];
    enum scope_spelling scopes;        /* what the AS may write besides the RFC's */
    struct token_issuer issuer;        /* for opening the AS's tokens as $broker would */
    const char *as_host, *broker_host; /* WORLD_HOST, but of strangers */
    uint16_t as_port, broker_port;
    const char *token_path; /* of the AS; WORLD_TOKEN_PATH, but of somebody else's */
    struct span broker_trust,
        as_trust; /* PEM of what vouches for a stranger; empty: the server's key is known */
};

/* `v` may be NULL: all axes at their default. Errors: ERR_NO_MEMORY, ERR_INTERNAL. */
MUST_USE enum err world_make(const struct variant *v, struct world *out);
void world_clear(struct world *w);

/* Gives the clients Client Identifiers that nobody else has: for a broker that other runs, and other people, use at the same time. */
MUST_USE enum err world_rename(struct world *w);

/* Opens a token as $broker has to, at `now`; but whether it has aud and exp is for lines of their own to say, which name the rule. */
MUST_USE enum err world_open(const struct world *w, struct span token, int64_t now, struct claims **out,
                             struct fault *why);

/* "hs256", "ed25519", "es256". false: none of them. */
bool key_type_read(struct span word, enum key_type *out);

/* A fresh key with a kid of its own. */
MUST_USE enum err key_make(enum key_type type, struct key_object *out);
MUST_USE enum err key_copy(const struct key_object *from, struct key_object *out);

#endif
