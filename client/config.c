#include "client/config.h"

#include <stdlib.h>

#include "common/base/file.h"

#define AT(member) offsetof(struct client_config, member)

/* clang-format off */
static const struct config_key keys[] = {
    { .name = "broker.host",          .kind = CONFIG_TEXT,   .offset = AT(host), .fallback = "\"localhost\"", .doc = "name or address; checked against its certificate where rs_cnf does not say more" },
    { .name = "broker.port",          .kind = CONFIG_INT,    .offset = AT(port), .low = 1, .high = 65535, .fallback = "8883", .doc = "TCP port" },
    { .name = "broker.ca",            .kind = CONFIG_TEXT,   .offset = AT(broker_ca_file), .doc = "PEM: who vouches for the broker's certificate where the AS gives no rs_cnf" },
    { .name = "as.url",               .kind = CONFIG_TEXT,   .offset = AT(as_url), .doc = "token endpoint, https://host:port/token; without: asked from the broker" },
    { .name = "as.revocation",        .kind = CONFIG_TEXT,   .offset = AT(as_revoke_url), .doc = "revocation endpoint; without: \"revoke\" beside as.url" },
    { .name = "as.ca",                .kind = CONFIG_TEXT,   .offset = AT(as_ca_file), .doc = "PEM: who vouches for the AS's certificate" },
    { .name = "as.allow",             .kind = CONFIG_DOC,    .offset = AT(as_allow), .doc = "array of token endpoints that a broker's hint may name, besides as.url" },
    { .name = "client.id",            .kind = CONFIG_TEXT,   .offset = AT(id), .doc = "client_id at the AS" },
    { .name = "client.secret",        .kind = CONFIG_TEXT,   .offset = AT(secret), .secret = true, .doc = "password at the AS" },
    { .name = "client.secret_file",   .kind = CONFIG_TEXT,   .offset = AT(secret_file), .doc = "file whose first line is the password" },
    { .name = "client.keys",          .kind = CONFIG_DOC,    .offset = AT(key_files), .doc = "array of private key files (PEM or JWK), one per type: login at the AS without a password, PoP keys" },
    { .name = "token.audience",       .kind = CONFIG_TEXT,   .offset = AT(audience), .doc = "the broker's name at the AS" },
    { .name = "token.scope",          .kind = CONFIG_TEXT,   .offset = AT(scope_words), .doc = "\"pub:a/b sub:c/# pubsub:d\"; without: what the command needs" },
    { .name = "token.file",           .kind = CONFIG_TEXT,   .offset = AT(token_file), .doc = "a token response kept by `ace-client token --out`, instead of asking the AS" },
    { .name = "token.pop",            .kind = CONFIG_CHOICE, .offset = AT(pop), .choices = "exporter|challenge|rpk|psk", .fallback = "\"exporter\"", .doc = "how possession is proved: over MQTT, or in TLS with a raw public key (the token is published to authz-info first) or a PSK (the token is its identity)" },
    { .name = "token.pop_key",        .kind = CONFIG_CHOICE, .offset = AT(pop_key), .choices = "hs256|ed25519|es256", .fallback = "\"hs256\"", .doc = "hs256: the AS makes the key; else one of client.keys" },
    { .name = "token.lifetime",       .kind = CONFIG_INT,    .offset = AT(default_lifetime), .low = 0, .high = 31536000, .fallback = "0", .doc = "seconds, for an AS that tells none; 0: its tokens are refused" },
    { .name = "compat_draft02",       .kind = CONFIG_BOOL,   .offset = AT(compat_draft02), .fallback = "false", .reading = "draft -02", .doc = "understand brokers and ASes of draft-ietf-ace-mqtt-tls-profile-02 too" },
    { .name = "token.renew_before",   .kind = CONFIG_INT,    .offset = AT(renew_before), .low = 0, .high = 31536000, .fallback = "0", .doc = "seconds before its end at which `sub` and `pub -l` replace their token; 0: never" },
    { .name = "mqtt.client_id",       .kind = CONFIG_TEXT,   .offset = AT(client_id), .doc = "Client Identifier; without: the broker gives one (5.0) or it is made up (3.1.1)" },
    { .name = "mqtt.version",         .kind = CONFIG_CHOICE, .offset = AT(version), .choices = "5|311", .fallback = "\"5\"", .doc = "protocol version" },
    { .name = "mqtt.keep_alive",      .kind = CONFIG_INT,    .offset = AT(keep_alive), .low = 0, .high = 65535, .fallback = "60", .doc = "seconds; 0: none" },
    { .name = "mqtt.retry",           .kind = CONFIG_INT,    .offset = AT(retry), .low = 0, .high = 31536000, .fallback = "60", .doc = "seconds for which `sub` and `pub -l` try to get a lost connection back; 0: not at all" },
    { .name = "tls.version",          .kind = CONFIG_CHOICE, .offset = AT(tls), .choices = "any|1.2|1.3", .fallback = "\"any\"", .doc = "TLS towards the broker" },
    { .name = "tls.keylog",           .kind = CONFIG_TEXT,   .offset = AT(keylog_file), .doc = "file for Wireshark: gives all traffic away" },
    { .name = "log.level",            .kind = CONFIG_CHOICE, .offset = AT(log_level), .choices = "debug|info|warn|error", .fallback = "\"warn\"", .doc = "lowest level written to standard error" },
};
/* clang-format on */

enum { KEYS = sizeof keys / sizeof *keys };

enum err client_config_set(char **member, const char *value)
{
    char *copy = strdup(value);

    if (!copy) return ERR_NO_MEMORY;
    if (*member) explicit_bzero(*member, strlen(*member));
    free(*member);
    *member = copy;
    return OK;
}

/* Paths in the file are relative to it; those of the command line, set later, to the working folder. */
static enum err anchor(const struct client_config *c, char **member)
{
    struct buf path = { 0 };

    if (!*member) return OK;
    file_beside(c->path, *member, &path);
    enum err e = buf_failed(&path) ? ERR_NO_MEMORY : client_config_set(member, buf_cstr(&path));
    buf_clear(&path);
    return e;
}

static enum err anchor_all(struct client_config *c)
{
    TRY(anchor(c, &c->broker_ca_file));
    TRY(anchor(c, &c->as_ca_file));
    TRY(anchor(c, &c->secret_file));
    TRY(anchor(c, &c->token_file));
    return anchor(c, &c->keylog_file);
}

enum err client_config_read(const char *path, struct client_config *out, struct buf *message)
{
    struct buf text = { 0 };
    enum err e = OK;

    if (path) e = file_read(path, &text, message);
    if (e == OK) {
        e = config_read(path ? path : "defaults", path ? buf_span(&text) : span_str("{}"), keys, KEYS, out,
                        &out->file, message);
    }
    buf_clear(&text);
    if (e == OK && path) {
        out->path = strdup(path);
        e = out->path ? anchor_all(out) : ERR_NO_MEMORY;
    }
    return e;
}

static enum err load(const char *path, struct buf *out, struct buf *message)
{
    return path ? file_read(path, out, message) : OK;
}

static enum err load_password(struct client_config *c, struct buf *message)
{
    struct buf text = { 0 };

    if (c->secret) return secret_set(&c->password, span_str(c->secret));
    if (!c->secret_file) return OK;
    TRY(file_read(c->secret_file, &text, message));
    struct span rest = buf_span(&text);
    enum err e = secret_set(&c->password, span_cut(&rest, '\n'));
    buf_clear(&text);
    return e;
}

enum err client_config_add_key(struct client_config *c, const char *path, struct buf *message)
{
    struct buf text = { 0 };
    struct fault why = { 0 };

    if (c->key_count == CLIENT_MAX_KEYS) {
        buf_format(message, "%s: more than %d keys", path, CLIENT_MAX_KEYS);
        return ERR_TOO_LARGE;
    }
    TRY(file_read(path, &text, message));
    struct key_object *k = &c->keys[c->key_count++];
    enum err e = key_file_read(buf_span(&text), k, &why);
    buf_clear(&text);
    if (e == OK && (!k->key || !key_is_private(k->key) || key_type(k->key) == KEY_OCT)) {
        fault_set(&why, 0, "not a private key of type Ed25519 or P-256");
        e = ERR_MALFORMED;
    }
    if (e != OK) buf_format(message, "%s: %s", path, why.why);
    return e;
}

static enum err load_keys(struct client_config *c, struct buf *message)
{
    struct buf path = { 0 };
    enum err e = OK;

    for (size_t i = 0; e == OK && i < doc_count(c->key_files); i++) {
        struct span name;
        if (!doc_text(doc_at(c->key_files, i), &name)) {
            config_where(c->file, c->key_files, message);
            buf_str(message, "client.keys: must be an array of strings");
            return ERR_MALFORMED;
        }
        struct buf text = { 0 };
        buf_add(&text, name);
        buf_truncate(&path, 0);
        file_beside(c->path, buf_cstr(&text), &path);
        e = client_config_add_key(c, buf_cstr(&path), message);
        buf_clear(&text);
    }
    buf_clear(&path);
    return e;
}

static enum err load_allowed(struct client_config *c, struct buf *message)
{
    for (size_t i = 0; i < doc_count(c->as_allow); i++) {
        struct span url;
        if (!doc_text(doc_at(c->as_allow, i), &url) || c->allowed_count == CLIENT_MAX_ALLOWED) {
            config_where(c->file, c->as_allow, message);
            buf_format(message, "as.allow: must be an array of at most %d strings", CLIENT_MAX_ALLOWED);
            return ERR_MALFORMED;
        }
        buf_add(&c->allowed[c->allowed_count++], url);
    }
    return OK;
}

static enum err load_scope(struct client_config *c, struct buf *message)
{
    struct fault why = { 0 };

    if (!c->scope_words) return OK;
    enum err e = scope_from_words(span_str(c->scope_words), &c->scope, &why);
    if (e != OK) buf_format(message, "scope \"%s\": %s", c->scope_words, why.why);
    return e;
}

enum err client_config_load(struct client_config *c, struct buf *message)
{
    TRY(load(c->broker_ca_file, &c->broker_ca, message));
    TRY(load(c->as_ca_file, &c->as_ca, message));
    TRY(load_password(c, message));
    TRY(load_keys(c, message));
    TRY(load_allowed(c, message));
    return load_scope(c, message);
}

void client_config_clear(struct client_config *c)
{
    buf_clear(&c->broker_ca);
    buf_clear(&c->as_ca);
    for (size_t i = 0; i < CLIENT_MAX_ALLOWED; i++) buf_clear(&c->allowed[i]);
    for (size_t i = 0; i < CLIENT_MAX_KEYS; i++) key_object_clear(&c->keys[i]);
    secret_clear(&c->password);
    scope_free(c->scope);
    free(c->path);
    config_free(c->file, keys, KEYS, c);
    *c = (struct client_config){ 0 };
}

bool client_config_allows(const struct client_config *c, struct span url)
{
    if (c->as_url && span_is(url, c->as_url)) return true;
    for (size_t i = 0; i < c->allowed_count; i++) {
        if (span_eq(url, buf_span(&c->allowed[i]))) return true;
    }
    return false;
}

const struct key_object *client_config_key(const struct client_config *c, enum pop_key kind)
{
    static const enum key_type types[] = { [POP_KEY_ED25519] = KEY_ED25519, [POP_KEY_ES256] = KEY_P256 };

    for (size_t i = 0; kind != POP_KEY_HS256 && i < c->key_count; i++) {
        if (key_type(c->keys[i].key) == types[kind]) return &c->keys[i];
    }
    return NULL;
}

void client_config_help(struct buf *out)
{
    config_help(keys, KEYS, out);
}

enum err client_config_switches(struct buf *out)
{
    return config_switches(keys, KEYS, out);
}
