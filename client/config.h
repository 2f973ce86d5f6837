#ifndef CLIENT_CONFIG_H
#define CLIENT_CONFIG_H

#include "common/ace/jwk.h"
#include "common/ace/scope.h"
#include "common/codec/config.h"

/* What the client knows before it starts: a configuration file, or command line options, or both (options win). */
enum { CLIENT_MAX_KEYS = 4, CLIENT_MAX_ALLOWED = 16 };

/* The first two over MQTT; the others in the TLS handshake: the token goes to authz-info first, or is the PSK identity. */
enum pop_form { POP_FORM_EXPORTER, POP_FORM_CHALLENGE, POP_FORM_RPK, POP_FORM_PSK };
enum pop_key { POP_KEY_HS256, POP_KEY_ED25519, POP_KEY_ES256 };
enum mqtt_choice { MQTT_CHOICE_5, MQTT_CHOICE_311 };
enum tls_choice { TLS_CHOICE_ANY, TLS_CHOICE_12, TLS_CHOICE_13 };

struct client_config {
    char *path; /* NULL: no file */
    struct config_file *file;
    /* broker */
    char *host, *broker_ca_file;
    int64_t port;
    /* authorization server */
    char *as_url, *as_revoke_url, *as_ca_file;
    const struct doc *as_allow; /* URLs a hint may name, besides as_url */
    char *id, *secret, *secret_file;
    const struct doc *key_files;
    /* token */
    char *audience, *scope_words, *token_file;
    int pop;                  /* enum pop_form */
    int pop_key;              /* enum pop_key */
    bool compat_draft02;      /* brokers and ASes of draft -02 are understood too */
    int64_t renew_before;     /* seconds; 0: never */
    int64_t default_lifetime; /* seconds, for an AS that tells none; 0: such tokens are refused */
    /* MQTT */
    char *client_id;
    int version;               /* enum mqtt_choice */
    int64_t keep_alive, retry; /* seconds */
    /* TLS, log */
    int tls; /* enum tls_choice */
    char *keylog_file;
    int log_level;
    /* loaded by client_config_load() */
    struct buf broker_ca, as_ca, allowed[CLIENT_MAX_ALLOWED];
    size_t allowed_count;
    struct secret password;
    size_t key_count;
    struct key_object keys[CLIENT_MAX_KEYS]; /* private */
    struct scope *scope;                     /* NULL: none asked for */
};

/* Reads the file into `out` (zeroed); with path NULL only sets the defaults. Errors with one line in `message`. */
MUST_USE enum err client_config_read(const char *path, struct client_config *out, struct buf *message);
/* Sets a text member from the command line: relative paths there are relative to the working folder. */
MUST_USE enum err client_config_set(char **member, const char *value);
/* One more private key file. */
MUST_USE enum err client_config_add_key(struct client_config *c, const char *path, struct buf *message);
/* After all options: reads the files that are named. */
MUST_USE enum err client_config_load(struct client_config *c, struct buf *message);
void client_config_clear(struct client_config *c);

/* May this URL be asked for tokens? Exact match with as_url or the allow list [R-ASC-08]. */
bool client_config_allows(const struct client_config *c, struct span url);
/* The client's private key of this kind; NULL: none. */
const struct key_object *client_config_key(const struct client_config *c, enum pop_key kind);

void client_config_help(struct buf *out);
/* --switches: as config_switches(). */
MUST_USE enum err client_config_switches(struct buf *out);

#endif
