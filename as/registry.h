#ifndef AS_REGISTRY_H
#define AS_REGISTRY_H

#include "common/ace/scope.h"
#include "common/ace/token.h"
#include "common/codec/config.h"

/* Who may ask for what: clients, brokers and policies of the configuration file. Immutable once read. */
enum { MAX_CLIENT_KEYS = 4, MAX_BROKER_KEYS = 2, MAX_MEMBERS = MAX_AUDIENCES - 1 };

struct as_client {
    char *id;
    bool enabled; /* false: every grant is refused */
    char *secret,
        *secret_file; /* HTTP Basic; at most one of them, the file's content ends up in `password` */
    struct secret password;
    const struct doc *key_files, *profiles; /* as written */
    size_t key_count;
    struct key_object keys[MAX_CLIENT_KEYS]; /* public; certificates count by their key */
    bool mqtt_tls;                           /* speaks this profile */
    char *broker; /* it is this broker, and may introspect its tokens; NULL: none */
    char *default_audience, *default_scope_words;
    struct scope *default_scope; /* NULL: a request must name one */
};

/* An audience: a broker, or with members several of them under one name. */
struct as_broker {
    char *audience;
    const struct doc *member_names;
    size_t member_count;
    const struct as_broker *member[MAX_MEMBERS];
    char *shared_key_file, *certificate_file;
    const struct doc *key_files, *pop_keys, *profiles;
    bool has_shared;
    struct key_object shared; /* KEY_OCT: JWTs and CWTs with a symmetric PoP key are encrypted under it */
    size_t key_count;
    struct key *keys[MAX_BROKER_KEYS]; /* what it shows in TLS; one per key type [R-BAUTH-07] */
    bool has_thumbprint;
    uint8_t thumbprint[SHA256_SIZE];
    bool takes[KEY_P256 + 1]; /* PoP key types, by enum key_type */
    bool mqtt_tls;
    int token_format;     /* enum token_format */
    int symmetric_key_in; /* enum key_carriage */
    int token_end;        /* enum token_end */
    int token_type;       /* enum token_binding */
    bool profile_in_token, answer_public_cnf;
    char *derivation_key_file;
    int64_t derived_key_len;
    struct derivation derivation;
};

/* The forms that carry their claims, and the one that does not. */
enum token_format { FORMAT_JWT = TOKEN_JWT, FORMAT_CWT = TOKEN_CWT, FORMAT_REFERENCE };
/* A point in time, or so long after the broker first saw it (RFC 9200 5.10.3). */
enum token_end { END_EXP, END_EXI };
/* Bound to a key, or to none. */
enum token_binding { BOUND_POP, BOUND_BEARER };

struct as_policy {
    char *client, *audience; /* client "*": all */
    char *allow;             /* "pub:a/# sub:b/+" */
    int64_t lifetime;        /* seconds; 0: the server's */
    struct scope *scope;
};

struct registry;

/* What registry_read() reads: the configuration file's "clients", "brokers" and "policies". */
struct registry_source {
    const char *path; /* of the file; key files are relative to its folder */
    const struct config_file *file;
    const struct doc *clients, *brokers, *policies;
};

/* Errors: ERR_MALFORMED, ERR_IO, ERR_NO_MEMORY, with "file:line:column: what" in `message`. */
MUST_USE enum err registry_read(const struct registry_source *from, struct registry **out,
                                struct buf *message);
void registry_free(struct registry *r);

const struct as_client *registry_client(const struct registry *r, struct span id); /* NULL: unknown */
const struct as_client *registry_client_by_key(const struct registry *r, const struct key *k);
const struct as_broker *registry_broker(const struct registry *r, struct span audience);

/* Does this audience, group or broker, stand for `b`? */
bool registry_covers(const struct as_broker *audience, const struct as_broker *b);

/* All that the policies allow this client at this broker, and the shortest lifetime among them (0: none given). *scope is NULL
 * when no policy applies. Of a group: those for its name, and where its tokens are references, which each member sees by its own policies,
 * those for its members. Errors: ERR_NO_MEMORY, ERR_INVALID_SCOPE (more entries than a scope holds). */
MUST_USE enum err registry_policy(const struct registry *r, const struct as_client *c,
                                  const struct as_broker *b, struct scope **scope, int64_t *lifetime);

/* What of a group's reference token this member is shown [R-INT-26]: what policies for the group or for the member allow its client. Errors:
 * as registry_policy(). */
MUST_USE enum err registry_share(const struct registry *r, const struct as_client *c,
                                 const struct as_broker *group, const struct as_broker *member,
                                 struct scope **scope);

#endif
