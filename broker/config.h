#ifndef BROKER_CONFIG_H
#define BROKER_CONFIG_H

#include "broker/as_login.h"
#include "broker/settings.h"
#include "common/codec/config.h"

/* The broker's configuration file, and every file it names. Plain data; broker_config_clear() releases. */
struct broker_config {
    const char *path;
    struct config_file *file;
    /* as written */
    char *host, *certificate_file, *key_file, *keylog_file, *as_uri, *hint_scope, *open;
    int64_t port;
    int min_version, max_version; /* index into "1.2|1.3" */
    int log_level;                /* enum log_level */
    int64_t uploads, unproven_seconds, cnonce_seconds;
    bool authz_info;
    bool log_pretty, hint_audience, hide_topics, lab, mqtt311, lenient_username, lenient_scope,
        base64url_text, require_aud, require_exp, accept_exi;
    int64_t leeway, min_hmac_key, expiry_grace, known_grace;
    struct limits limits;
    struct switches switches;
    const struct doc *audiences, *issuers;
    struct as_login asking_as, revoking_as; /* introspection.*, revocation.* */
    int64_t revoking_wait, revoking_interval;
    char *asking_issuer;
    int asking_media; /* index into "json|cbor|form" */
    struct asking asking;
    /* loaded */
    struct buf certificate, keylog_path;
    struct key_object key;
    size_t audience_count, issuer_count;
    struct span *audience;
    struct token_issuer *issuer;
    struct settings settings; /* lends from the above; `log` is the shell's to set */
};

/* Errors: ERR_MALFORMED, ERR_IO, ERR_NO_MEMORY, with one complete line in `message`. `path` must outlive `out`. */
MUST_USE enum err broker_config_read(const char *path, struct broker_config *out, struct buf *message);
/* The same file once more, for a broker that runs by `old`: what cannot change while it runs stays, and is named in `kept` if the file has it
 * otherwise ("tls.key, listen.port"). */
MUST_USE enum err broker_config_reread(const struct broker_config *old, struct broker_config *out,
                                       struct buf *kept, struct buf *message);
void broker_config_clear(struct broker_config *c);

void broker_config_help(struct buf *out);
/* --switches: as config_switches(). */
MUST_USE enum err broker_config_switches(struct buf *out);
void broker_config_print(const struct broker_config *c, struct buf *out);

#endif
