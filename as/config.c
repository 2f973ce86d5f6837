#include "as/config.h"
#include "as/trl.h"
#include "common/ace/setting_file.h"
#include "common/base/file.h"
#include "common/codec/text.h"

#define AT(member) offsetof(struct as_config, member)

/* clang-format off */
static const struct config_key keys[] = {
    { .name = "issuer",               .kind = CONFIG_TEXT,   .offset = AT(issuer), .required = true, .doc = "URL of this server, without a final slash: iss of every token" },
    { .name = "listen.host",          .kind = CONFIG_TEXT,   .offset = AT(host), .fallback = "\"127.0.0.1\"", .doc = "address to bind" },
    { .name = "listen.port",          .kind = CONFIG_INT,    .offset = AT(port), .low = 0, .high = 65535, .fallback = "9443", .doc = "TCP port; 0: any, told by READY" },
    { .name = "tls.certificate",      .kind = CONFIG_TEXT,   .offset = AT(certificate_file), .doc = "PEM, leaf first; without: a raw public key is shown" },
    { .name = "tls.key",              .kind = CONFIG_TEXT,   .offset = AT(key_file), .required = true, .doc = "private key, PEM or JWK: Ed25519 or P-256" },
    { .name = "tls.client_ca",        .kind = CONFIG_TEXT,   .offset = AT(client_ca_file), .doc = "PEM: who vouches for client certificates; without: the client's registered keys alone count" },
    { .name = "tls.min_version",      .kind = CONFIG_CHOICE, .offset = AT(min_version), .choices = "1.2|1.3", .fallback = "\"1.2\"", .doc = "lowest TLS version" },
    { .name = "tls.keylog",           .kind = CONFIG_TEXT,   .offset = AT(keylog_file), .doc = "file for Wireshark: gives all traffic away, never in production" },
    { .name = "token.signing_key",    .kind = CONFIG_TEXT,   .offset = AT(sign_key_file), .required = true, .doc = "private key, JWK (with kid) or PEM: EdDSA or ES256" },
    { .name = "token.lifetime",       .kind = CONFIG_INT,    .offset = AT(lifetime), .low = 1, .high = 31536000, .fallback = "3600", .doc = "seconds, where no policy says less" },
    { .name = "store",                .kind = CONFIG_TEXT,   .offset = AT(store), .required = true, .doc = "SQLite file; \":memory:\" forgets everything at the end" },
    { .name = "accept_form",          .kind = CONFIG_BOOL,   .offset = AT(accept_form), .fallback = "true", .reading = "A-13", .doc = "take form-encoded requests" },
    { .name = "accept_json",          .kind = CONFIG_BOOL,   .offset = AT(accept_json), .fallback = "true", .reading = "A-13", .doc = "take requests of type application/json" },
    { .name = "trust_req_cnf",        .kind = CONFIG_BOOL,   .offset = AT(trust_req_cnf), .fallback = "false", .reading = "A-30", .doc = "take any public key of a client, shown or not: in a laboratory only" },
    { .name = "compat_draft02",       .kind = CONFIG_BOOL,   .offset = AT(compat_draft02), .fallback = "false", .reading = "draft -02", .doc = "take also what clients of draft-ietf-ace-mqtt-tls-profile-02 ask for" },
    { .name = "trl.path",             .kind = CONFIG_TEXT,   .offset = AT(trl_path), .fallback = "\"/revoke/trl\"", .doc = "where the list of revoked tokens is (RFC 9770)" },
    { .name = "trl.max_n",            .kind = CONFIG_INT,    .offset = AT(trl_max_n), .low = 1, .high = TRL_MAX_N, .fallback = "64", .doc = "MAX_N: updates of the list remembered for each who may read it" },
    { .name = "trl.max_diff_batch",   .kind = CONFIG_INT,    .offset = AT(trl_max_diff_batch), .low = 1, .high = TRL_MAX_ENTRIES, .fallback = "16", .doc = "MAX_DIFF_BATCH: updates in one answer; at most MAX_N" },
    { .name = "trl.max_wait",         .kind = CONFIG_INT,    .offset = AT(trl_max_wait), .low = 0, .high = 300, .fallback = "60", .doc = "seconds a broker may wait for news of the list; 0: it is answered at once" },
    { .name = "trl.max_waiting",      .kind = CONFIG_INT,    .offset = AT(trl_max_waiting), .low = 0, .high = 1024, .fallback = "64", .doc = "requests that wait at once; further ones are answered at once" },
    { .name = "clients",              .kind = CONFIG_DOC,    .offset = AT(clients), .reloadable = true, .doc = "array: id, secret | secret_file | keys, enabled, profiles, default_audience, default_scope" },
    { .name = "brokers",              .kind = CONFIG_DOC,    .offset = AT(brokers), .reloadable = true, .doc = "array: audience, token_format (jwt, cwt, reference), shared_key, symmetric_key_in, derivation_key, derived_key_len, keys, certificate, pop_keys, profiles" },
    { .name = "policies",             .kind = CONFIG_DOC,    .offset = AT(policies), .reloadable = true, .doc = "array: client, audience, allow, lifetime" },
    { .name = "limits.connections",   .kind = CONFIG_INT,    .offset = AT(max_connections), .low = 1, .high = 1000000, .fallback = "1000", .doc = "open at once" },
    { .name = "limits.body",          .kind = CONFIG_INT,    .offset = AT(max_body), .low = 256, .high = 1048576, .fallback = "16384", .doc = "bytes of a request" },
    { .name = "limits.request_ms",    .kind = CONFIG_INT,    .offset = AT(request_ms), .low = 100, .high = 600000, .fallback = "10000", .doc = "milliseconds for a whole request to arrive" },
    { .name = "limits.failed_logins", .kind = CONFIG_INT,    .offset = AT(failed_logins), .low = 1, .high = 65535, .fallback = "10", .doc = "wrong passwords per client and minute, then 429" },
    { .name = "log.level",            .kind = CONFIG_CHOICE, .offset = AT(log_level), .reloadable = true, .choices = "debug|info|warn|error", .fallback = "\"info\"", .doc = "lowest level written to standard error" },
    { .name = "log.pretty",           .kind = CONFIG_BOOL,   .offset = AT(log_pretty), .doc = "for people instead of JSON lines" },
};
/* clang-format on */

enum { KEYS = sizeof keys / sizeof *keys };

/* A signing key needs a name for the brokers to find it by: its thumbprint where the file gives none. */
static enum err name_sign_key(struct as_config *c)
{
    uint8_t thumbprint[SHA256_SIZE];

    if (c->sign_key.has_kid) return OK;
    key_thumbprint(c->sign_key.key, thumbprint);
    b64url_encode(&c->sign_key.kid, span(thumbprint, sizeof thumbprint));
    c->sign_key.has_kid = true;
    return buf_failed(&c->sign_key.kid) ? ERR_NO_MEMORY : OK;
}

static enum err check_issuer(struct as_config *c, struct buf *message)
{
    size_t n = strlen(c->issuer);

    if (strncmp(c->issuer, "https://", 8) == 0 && n > 8 && c->issuer[n - 1] != '/') return OK;
    buf_format(message, "%s: issuer: must be an https:// URL without a final slash", c->path);
    return ERR_MALFORMED;
}

/* RFC 9770 5.2.1 */
static enum err check_trl(struct as_config *c, struct buf *message)
{
    const char *wrong = c->trl_path[0] != '/' ? "trl.path: must begin with a slash"
                        : c->trl_max_diff_batch > c->trl_max_n
                            ? "trl.max_diff_batch: must not be more than trl.max_n"
                            : NULL;

    if (!wrong) return OK;
    buf_format(message, "%s: %s", c->path, wrong);
    return ERR_MALFORMED;
}

static enum err load_files(struct as_config *c, struct buf *message)
{
    const struct setting_file certificate = { c->path, "tls.certificate", c->certificate_file };
    const struct setting_file client_ca = { c->path, "tls.client_ca", c->client_ca_file };
    const struct setting_file key = { c->path, "tls.key", c->key_file };
    const struct setting_file sign_key = { c->path, "token.signing_key", c->sign_key_file };

    if (certificate.name) TRY(setting_file_read(&certificate, &c->certificate, message));
    if (client_ca.name) TRY(setting_file_read(&client_ca, &c->client_ca, message));
    TRY(setting_file_key(&key, &c->key, message));
    return setting_file_key(&sign_key, &c->sign_key, message);
}

static enum err load_all(struct as_config *c, struct buf *message)
{
    struct registry_source from = { c->path, c->file, c->clients, c->brokers, c->policies };

    TRY(check_issuer(c, message));
    TRY(check_trl(c, message));
    TRY(load_files(c, message));
    TRY(name_sign_key(c));
    file_beside(c->path, c->store, &c->store_path);
    if (c->keylog_file) file_beside(c->path, c->keylog_file, &c->keylog_path);
    if (buf_failed(&c->store_path) || buf_failed(&c->keylog_path)) return ERR_NO_MEMORY;
    return registry_read(&from, &c->registry, message);
}

void as_config_changed(const struct as_config *old, struct as_config *fresh, struct buf *kept)
{
    if (config_keep(keys, KEYS, old, fresh, kept) != OK) kept->failed = true;
}

enum err as_config_read(const char *path, struct as_config *out, struct buf *message)
{
    struct buf text = { 0 };

    *out = (struct as_config){ .path = path };
    enum err e = file_read(path, &text, message);
    if (e == OK) e = config_read(path, buf_span(&text), keys, KEYS, out, &out->file, message);
    buf_clear(&text);
    if (e == OK) e = load_all(out, message);
    if (e == ERR_NO_MEMORY && message->n == 0) buf_str(message, "out of memory");
    if (e != OK) as_config_clear(out);
    return e;
}

void as_config_clear(struct as_config *c)
{
    buf_clear(&c->certificate);
    buf_clear(&c->client_ca);
    key_object_clear(&c->key);
    key_object_clear(&c->sign_key);
    buf_clear(&c->store_path);
    buf_clear(&c->keylog_path);
    registry_free(c->registry);
    config_free(c->file, keys, KEYS, c);
    *c = (struct as_config){ 0 };
}

void as_config_help(struct buf *out)
{
    config_help(keys, KEYS, out);
}

void as_config_print(const struct as_config *c, struct buf *out)
{
    config_print(keys, KEYS, c, out);
}

enum err as_config_switches(struct buf *out)
{
    return config_switches(keys, KEYS, out);
}
