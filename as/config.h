#ifndef AS_CONFIG_H
#define AS_CONFIG_H

#include "as/registry.h"
#include "common/base/log.h"

/* The AS's configuration file, read and every file it names loaded. Plain data; as_config_clear() releases. */
struct as_config {
    const char *path;
    struct config_file *file;
    /* as written */
    char *issuer, *host, *certificate_file, *key_file, *client_ca_file, *sign_key_file, *store, *keylog_file;
    char *trl_path;
    int64_t trl_max_n, trl_max_diff_batch, trl_max_wait, trl_max_waiting;
    int64_t port, lifetime, max_connections, max_body, request_ms, failed_logins;
    int min_version; /* index into "1.2|1.3" */
    int log_level;   /* enum log_level */
    bool log_pretty;
    const struct doc *clients, *brokers, *policies;
    /* loaded */
    struct buf certificate, client_ca;
    bool accept_form, accept_json, compat_draft02, trust_req_cnf;
    struct key_object key, sign_key;
    struct buf store_path, keylog_path;
    struct registry *registry; /* the caller may take it, and sets NULL */
};

/* Errors: ERR_MALFORMED, ERR_IO, ERR_NO_MEMORY, with one complete line in `message`. `path` must outlive `out`. */
MUST_USE enum err as_config_read(const char *path, struct as_config *out, struct buf *message);
/* Appends the names of the settings that `fresh` has otherwise than `old`, and that a running AS cannot change. */
void as_config_changed(const struct as_config *old, struct as_config *fresh, struct buf *kept);
void as_config_clear(struct as_config *c);

void as_config_help(struct buf *out);
/* --switches: as config_switches(). */
MUST_USE enum err as_config_switches(struct buf *out);
void as_config_print(const struct as_config *c, struct buf *out);

#endif
