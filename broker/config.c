#include "broker/config.h"

#include "broker/issuers.h"
#include "common/ace/setting_file.h"
#include "common/base/file.h"

#include <stdlib.h>

#define AT(member)    offsetof(struct broker_config, member)
#define LIMIT(member) offsetof(struct broker_config, limits.member)
#define SWITCH(member) \
    .kind = CONFIG_BOOL, .offset = offsetof(struct broker_config, switches.member), .reloadable = true

/* clang-format off */
static const struct config_key keys[] = {
    { .name = "listen.host",              .kind = CONFIG_TEXT,   .offset = AT(host), .fallback = "\"127.0.0.1\"", .doc = "address to bind" },
    { .name = "listen.port",              .kind = CONFIG_INT,    .offset = AT(port), .low = 0, .high = 65535, .fallback = "8883", .doc = "TCP port; 0: any, told by READY" },
    { .name = "tls.certificate",          .kind = CONFIG_TEXT,   .offset = AT(certificate_file), .doc = "PEM file, leaf first; without: the key is shown as raw public key only" },
    { .name = "tls.key",                  .kind = CONFIG_TEXT,   .offset = AT(key_file), .required = true, .doc = "file of the private key, PEM or JWK: Ed25519 or P-256" },
    { .name = "tls.min_version",          .kind = CONFIG_CHOICE, .offset = AT(min_version), .choices = "1.2|1.3", .fallback = "\"1.2\"", .doc = "lowest TLS version" },
    { .name = "tls.max_version",          .kind = CONFIG_CHOICE, .offset = AT(max_version), .choices = "1.2|1.3", .fallback = "\"1.3\"", .doc = "highest TLS version" },
    { .name = "tls.keylog",               .kind = CONFIG_TEXT,   .offset = AT(keylog_file), .doc = "file for Wireshark: gives all traffic away, never in production" },
    { .name = "audiences",                .kind = CONFIG_DOC,    .offset = AT(audiences), .required = true, .reloadable = true, .doc = "array: names of this broker in `aud`, compared exactly; the first goes into the hint" },
    { .name = "issuers",                  .kind = CONFIG_DOC,    .offset = AT(issuers), .required = true, .reloadable = true, .doc = "array of { iss, keys: [file | JWK | JWKS], shared_keys: [file | JWK] }: whose tokens count" },
    { .name = "introspection.url",        .kind = CONFIG_TEXT,   .offset = AT(asking_as.url), .doc = "introspection endpoint of the AS, asked about tokens by reference; without: there are none" },
    { .name = "introspection.id",         .kind = CONFIG_TEXT,   .offset = AT(asking_as.id), .doc = "name of this broker at the AS" },
    { .name = "introspection.secret",     .kind = CONFIG_TEXT,   .offset = AT(asking_as.secret), .secret = true, .doc = "its password" },
    { .name = "introspection.secret_file", .kind = CONFIG_TEXT,  .offset = AT(asking_as.secret_file), .doc = "file whose first line is the password" },
    { .name = "introspection.ca",         .kind = CONFIG_TEXT,   .offset = AT(asking_as.ca_file), .doc = "PEM file of the authority behind the AS's certificate" },
    { .name = "introspection.issuer",     .kind = CONFIG_TEXT,   .offset = AT(asking_issuer), .doc = "which of the issuers this AS is, by its iss; without: the first" },
    { .name = "introspection.media",      .kind = CONFIG_CHOICE, .offset = AT(asking_media), .choices = "json|cbor|form", .fallback = "\"json\"", .reading = "A-13", .doc = "how it is asked: application/ace+json, application/ace+cbor, or a form as in RFC 7662" },
    { .name = "introspection.all",        .kind = CONFIG_BOOL,   .offset = AT(asking.all), .reloadable = true, .fallback = "false", .reading = "R-INT-02", .doc = "ask about every token, also those that the broker can open itself" },
    { .name = "introspection.cache",      .kind = CONFIG_INT,    .offset = AT(asking.cache), .reloadable = true, .low = 0, .high = 3600, .fallback = "60", .reading = "R-INT-22", .doc = "seconds that an answer serves before the AS is asked again; 0: ask for each PUBLISH and SUBSCRIBE, and every two seconds for who receives" },
    { .name = "introspection.timeout",    .kind = CONFIG_INT,    .offset = AT(asking.timeout), .low = 1, .high = 60, .fallback = "3", .doc = "seconds that the AS has to answer" },
    { .name = "introspection.per_minute", .kind = CONFIG_INT,    .offset = AT(asking.per_minute), .reloadable = true, .low = 1, .high = 1000000, .fallback = "120", .doc = "questions that one address may cause in a minute" },
    { .name = "revocation.url",           .kind = CONFIG_TEXT,   .offset = AT(revoking_as.url), .doc = "list of revoked tokens at the AS (RFC 9770), https; without: they are good until they end, or introspection says otherwise" },
    { .name = "revocation.id",            .kind = CONFIG_TEXT,   .offset = AT(revoking_as.id), .doc = "name of this broker there" },
    { .name = "revocation.secret",        .kind = CONFIG_TEXT,   .offset = AT(revoking_as.secret), .secret = true, .doc = "its password" },
    { .name = "revocation.secret_file",   .kind = CONFIG_TEXT,   .offset = AT(revoking_as.secret_file), .doc = "file whose first line is the password" },
    { .name = "revocation.ca",            .kind = CONFIG_TEXT,   .offset = AT(revoking_as.ca_file), .doc = "PEM file of the authority behind the AS's certificate" },
    { .name = "revocation.wait",          .kind = CONFIG_INT,    .offset = AT(revoking_wait), .low = 0, .high = 300, .fallback = "60", .doc = "seconds that the AS may hold its answer until there is news; 0: it is asked every interval" },
    { .name = "revocation.interval",      .kind = CONFIG_INT,    .offset = AT(revoking_interval), .low = 1, .high = 3600, .fallback = "10", .doc = "seconds between questions to an AS that does not hold its answers" },
    { .name = "limits.questions",         .kind = CONFIG_INT,    .offset = AT(asking.questions), .low = 1, .high = 100000, .fallback = "1000", .doc = "tokens that the AS is being asked about at once" },
    { .name = "as_uri",                   .kind = CONFIG_TEXT,   .offset = AT(as_uri), .reloadable = true, .doc = "token endpoint named in the hint (ace_as_hint); without: no hint" },
    { .name = "hint.audience",            .kind = CONFIG_BOOL,   .offset = AT(hint_audience), .reloadable = true, .fallback = "true", .doc = "name the first audience in the hint" },
    { .name = "hint.scope",               .kind = CONFIG_TEXT,   .offset = AT(hint_scope), .reloadable = true, .doc = "scope named in the hint, as words: \"pub:a/b sub:c/#\"" },
    { .name = "hint.anonymous", SWITCH(hint_anonymous), .fallback = "false", .reading = "A-54", .doc = "hint also to who came without method ace and is refused" },
    { .name = "hint.cnonce", SWITCH(cnonce), .fallback = "false", .reading = "A-49", .doc = "hand out a cnonce in the hint, and take a token with such a one only, once" },
    { .name = "hint.cnonce_seconds",      .kind = CONFIG_INT,    .offset = AT(cnonce_seconds), .reloadable = true, .low = 1, .high = 3600, .fallback = "300", .doc = "how long a cnonce can be used" },
    { .name = "public",                   .kind = CONFIG_TEXT,   .offset = AT(open), .reloadable = true, .fallback = "\"\"", .doc = "topics that need no token, as words: \"pub:a sub:b/# pubsub:c\"; without: nobody comes in without a token" },
    { .name = "authz_info.enabled",       .kind = CONFIG_BOOL,   .offset = AT(authz_info), .reloadable = true, .fallback = "true", .doc = "take tokens by PUBLISH to authz-info, for clients that prove their key in TLS" },
    { .name = "authz_info.uploads",       .kind = CONFIG_INT,    .offset = AT(uploads), .reloadable = true, .low = 1, .high = 1000000, .fallback = "60", .doc = "tries of one address in a minute" },
    { .name = "authz_info.unproven",      .kind = CONFIG_INT,    .offset = AT(unproven_seconds), .reloadable = true, .low = 1, .high = 31536000, .fallback = "600", .doc = "seconds that an uploaded token waits for its key to be proved in TLS" },
    { .name = "authz_info.wrapped", SWITCH(wrapped), .fallback = "true", .reading = "A-06", .doc = "take a JSON or CBOR map with access_token for the token in it, as Content Type says" },
    { .name = "authz_info.by_client_id", SWITCH(by_client_id), .fallback = "false", .reading = "A-09", .doc = "challenge a client without a token over the one it uploaded" },
    { .name = "hide_topics",              .kind = CONFIG_BOOL,   .offset = AT(hide_topics), .reloadable = true, .fallback = "false", .reading = "A-43", .doc = "say 0x80 instead of 0x87 about topics" },
    { .name = "lab",                      .kind = CONFIG_BOOL,   .offset = AT(lab), .reloadable = true, .fallback = "false", .reading = "A-65", .doc = "tell peers why they are refused: never in production" },
    { .name = "mqtt311",                  .kind = CONFIG_BOOL,   .offset = AT(mqtt311), .reloadable = true, .fallback = "true", .reading = "R-V311-03", .doc = "offer MQTT 3.1.1 beside 5.0" },
    { .name = "wildcard_available", SWITCH(wildcards), .fallback = "true", .reading = "R-SCOPE-13", .doc = "offer subscriptions with wildcards" },
    { .name = "retain_qos0", SWITCH(retain_qos0), .fallback = "true", .reading = "R-RET-07", .doc = "keep retained messages of QoS 0 as those of QoS 1 and 2" },
    { .name = "bare_kid_psk_identity", SWITCH(bare_kid), .fallback = "true", .reading = "interop 2.7", .doc = "a PSK identity may be the kid alone" },
    { .name = "session.bind_to_key", SWITCH(bind_to_key), .fallback = "false", .reading = "A-57", .doc = "a session goes on for the key that began it alone; others are refused its Client Identifier" },
    { .name = "session.client_id_is_sub", SWITCH(client_id_is_sub), .fallback = "false", .reading = "draft -02", .doc = "refuse a Client Identifier that is not the token's sub" },
    { .name = "compat_draft02", SWITCH(compat_draft02), .fallback = "false", .reading = "draft -02", .doc = "take also what clients of draft-ietf-ace-mqtt-tls-profile-02 send" },
    { .name = "token.leeway",             .kind = CONFIG_INT,    .offset = AT(leeway), .reloadable = true, .low = 0, .high = 60, .fallback = "0", .reading = "R-VAL-09", .doc = "seconds that clocks may differ" },
    { .name = "token.require_aud",        .kind = CONFIG_BOOL,   .offset = AT(require_aud), .reloadable = true, .fallback = "true", .reading = "A-48", .doc = "refuse tokens without aud" },
    { .name = "token.require_exp",        .kind = CONFIG_BOOL,   .offset = AT(require_exp), .reloadable = true, .fallback = "true", .reading = "A-48", .doc = "refuse tokens without exp" },
    { .name = "token.accept_exi",         .kind = CONFIG_BOOL,   .offset = AT(accept_exi), .reloadable = true, .fallback = "false", .reading = "A-22", .doc = "take tokens that end exi seconds after they are first seen here, with a number in cti or jti" },
    { .name = "token.min_hmac_key",       .kind = CONFIG_INT,    .offset = AT(min_hmac_key), .reloadable = true, .low = 1, .high = 64, .fallback = "32", .reading = "A-11", .doc = "bytes of an HS256 proof key" },
    { .name = "token.accept_der_ecdsa", SWITCH(accept_der_ecdsa), .fallback = "false", .reading = "A-02", .doc = "take ES256 proofs in DER too" },
    { .name = "token.tls12_no_context", SWITCH(tls12_no_context), .fallback = "false", .reading = "A-03", .doc = "TLS 1.2: take proofs over the exporter value without a context too" },
    { .name = "token.no_stored_challenge", SWITCH(no_stored_challenge), .fallback = "false", .reading = "draft -02", .doc = "never challenge over a stored token: who sends none is told where to get one" },
    { .name = "token.any_subject", SWITCH(any_subject), .fallback = "false", .reading = "A-40", .doc = "a new token on a live connection may name another sub" },
    { .name = "token.expiry_grace",       .kind = CONFIG_INT,    .offset = AT(expiry_grace), .reloadable = true, .low = 0, .high = 3600, .fallback = "30", .reading = "A-42", .doc = "seconds an idle connection outlives its token, to renew it" },
    { .name = "token.known_grace",        .kind = CONFIG_INT,    .offset = AT(known_grace), .reloadable = true, .low = 0, .high = 3600, .fallback = "0", .reading = "A-58", .doc = "the same where TLS showed who the client is: it cannot renew on the connection" },
    { .name = "token.lenient_scope",      .kind = CONFIG_BOOL,   .offset = AT(lenient_scope), .reloadable = true, .fallback = "true", .reading = "A-14", .doc = "accept other spellings of the scope claim" },
    { .name = "token.base64url_text",     .kind = CONFIG_BOOL,   .offset = AT(base64url_text), .reloadable = true, .fallback = "true", .reading = "A-12", .doc = "accept a CWT that comes as base64url text" },
    { .name = "token.lenient_username",   .kind = CONFIG_BOOL,   .offset = AT(lenient_username), .reloadable = true, .fallback = "true", .reading = "A-04", .doc = "MQTT 3.1.1: accept a JWT that was not base64url-encoded once more" },
    { .name = "limits.connections",       .kind = CONFIG_INT,    .offset = LIMIT(connections), .reloadable = true, .low = 1, .high = 1000000, .fallback = "10000", .doc = "open at once" },
    { .name = "limits.pending_per_address", .kind = CONFIG_INT,  .offset = LIMIT(pending_per_address), .reloadable = true, .low = 1, .high = 1000000, .fallback = "100", .doc = "open at once from one address and not yet admitted" },
    { .name = "limits.preauth_packet",    .kind = CONFIG_INT,    .offset = LIMIT(preauth_packet), .reloadable = true, .low = 256, .high = 268435455, .fallback = "131072", .doc = "bytes of a packet before CONNACK" },
    { .name = "limits.packet",            .kind = CONFIG_INT,    .offset = LIMIT(packet), .reloadable = true, .low = 256, .high = 268435455, .fallback = "2000000", .doc = "bytes of a packet after it" },
    { .name = "limits.connect_seconds",   .kind = CONFIG_INT,    .offset = LIMIT(connect_seconds), .reloadable = true, .low = 1, .high = 600, .fallback = "10", .doc = "seconds until CONNECT" },
    { .name = "limits.challenge_seconds", .kind = CONFIG_INT,    .offset = LIMIT(challenge_seconds), .reloadable = true, .low = 1, .high = 600, .fallback = "10", .doc = "seconds to answer a challenge" },
    { .name = "limits.client_id",         .kind = CONFIG_INT,    .offset = LIMIT(client_id), .reloadable = true, .low = 23, .high = 65535, .fallback = "512", .doc = "bytes of a Client Identifier" },
    { .name = "limits.keep_alive",        .kind = CONFIG_INT,    .offset = LIMIT(keep_alive), .reloadable = true, .low = 0, .high = 65535, .fallback = "0", .doc = "longest Keep Alive in seconds; 0: the client decides" },
    { .name = "limits.sessions",          .kind = CONFIG_INT,    .offset = LIMIT(sessions), .reloadable = true, .low = 1, .high = 10000000, .fallback = "100000", .doc = "session states kept, connected or not" },
    { .name = "limits.session_expiry",    .kind = CONFIG_INT,    .offset = LIMIT(session_expiry), .reloadable = true, .low = 0, .high = 31536000, .fallback = "86400", .reading = "R-SESS-02", .doc = "longest Session Expiry Interval in seconds; 0: no session outlives its connection" },
    { .name = "limits.subscriptions",     .kind = CONFIG_INT,    .offset = LIMIT(subscriptions), .reloadable = true, .low = 1, .high = 1000000, .fallback = "1000", .doc = "per session" },
    { .name = "limits.topic_aliases",     .kind = CONFIG_INT,    .offset = LIMIT(topic_aliases), .reloadable = true, .low = 0, .high = 1000, .fallback = "16", .doc = "per connection, from the client" },
    { .name = "limits.receive_maximum",   .kind = CONFIG_INT,    .offset = LIMIT(receive_maximum), .reloadable = true, .low = 1, .high = 1000, .fallback = "20", .doc = "unfinished QoS 2 messages from a client" },
    { .name = "limits.inflight",          .kind = CONFIG_INT,    .offset = LIMIT(inflight), .reloadable = true, .low = 1, .high = 1000, .fallback = "20", .doc = "unacknowledged messages to a client" },
    { .name = "limits.queue_messages",    .kind = CONFIG_INT,    .offset = LIMIT(queue_messages), .reloadable = true, .low = 1, .high = 1000000, .fallback = "1000", .doc = "waiting for one session" },
    { .name = "limits.queue_bytes",       .kind = CONFIG_INT,    .offset = LIMIT(queue_bytes), .reloadable = true, .low = 1024, .high = 1073741824, .fallback = "10485760", .doc = "waiting for one session" },
    { .name = "limits.queue_total",       .kind = CONFIG_INT,    .offset = LIMIT(queue_total), .reloadable = true, .low = 1024, .high = 1099511627776, .fallback = "268435456", .doc = "bytes waiting for all sessions" },
    { .name = "limits.backlog",           .kind = CONFIG_INT,    .offset = LIMIT(backlog), .reloadable = true, .low = 4096, .high = 8388608, .fallback = "1048576", .doc = "bytes under way to one client before more messages wait" },
    { .name = "limits.retained_messages", .kind = CONFIG_INT,    .offset = LIMIT(retained_messages), .reloadable = true, .low = 0, .high = 10000000, .fallback = "10000", .doc = "retained topics" },
    { .name = "limits.retained_bytes",    .kind = CONFIG_INT,    .offset = LIMIT(retained_bytes), .reloadable = true, .low = 0, .high = 1099511627776, .fallback = "67108864", .doc = "in all" },
    { .name = "limits.tokens",            .kind = CONFIG_INT,    .offset = LIMIT(tokens), .reloadable = true, .low = 0, .high = 1000000, .fallback = "10000", .doc = "kept for later challenges, one per proof key" },
    { .name = "limits.token_bytes",       .kind = CONFIG_INT,    .offset = LIMIT(token_bytes), .reloadable = true, .low = 0, .high = 1099511627776, .fallback = "67108864", .doc = "in all" },
    { .name = "limits.exis",              .kind = CONFIG_INT,    .offset = LIMIT(exis), .reloadable = true, .low = 1, .high = 1000000, .fallback = "10000", .doc = "tokens with exi whose time is running; beyond, the one that ends next ends sooner" },
    { .name = "limits.revoked",           .kind = CONFIG_INT,    .offset = LIMIT(revoked), .reloadable = true, .low = 1, .high = 1000000, .fallback = "65536", .doc = "revoked tokens that are remembered; beyond, the earliest are forgotten" },
    { .name = "limits.cnonces",           .kind = CONFIG_INT,    .offset = LIMIT(cnonces), .reloadable = true, .low = 1, .high = 1000000, .fallback = "10000", .doc = "used ones that are remembered; beyond, older ones are refused sooner" },
    { .name = "log.level",                .kind = CONFIG_CHOICE, .offset = AT(log_level), .reloadable = true, .choices = "debug|info|warn|error", .fallback = "\"info\"", .doc = "lowest level written to standard error" },
    { .name = "log.pretty",               .kind = CONFIG_BOOL,   .offset = AT(log_pretty), .reloadable = true, .fallback = "false", .doc = "for people instead of JSON lines" },
};
/* clang-format on */

enum { KEYS = sizeof keys / sizeof *keys };

static enum err read_audiences(struct broker_config *c, struct buf *message)
{
    size_t n = doc_count(c->audiences);
    bool texts = doc_kind(c->audiences) == DOC_ARRAY && n > 0;

    c->audience = texts ? calloc(n, sizeof *c->audience) : NULL;
    if (texts && !c->audience) return ERR_NO_MEMORY;
    for (size_t i = 0; texts && i < n; i++)
        texts = doc_text(doc_at(c->audiences, i), &c->audience[i]) && c->audience[i].n;
    c->audience_count = n;
    if (texts) return OK;
    config_where(c->file, c->audiences, message);
    buf_str(message, "audiences: must be an array of names");
    return ERR_MALFORMED;
}

static enum err read_words(const struct broker_config *c, const char *name, const char *words,
                           struct scope **out, struct buf *message)
{
    struct fault why = { 0 };
    enum err e = scope_from_words(span_str(words), out, &why);

    if (e != OK) buf_format(message, "%s: %s: %s", c->path, name, why.why);
    return e == ERR_INVALID_SCOPE ? ERR_MALFORMED : e;
}

static enum err fill_hint(struct broker_config *c, struct buf *message)
{
    struct hints *h = &c->settings.hint;

    h->has_audience = c->hint_audience;
    h->has_scope = c->hint_scope != NULL;
    buf_str(&h->as, c->as_uri);
    buf_add(&h->audience, c->audience[0]);
    if (buf_failed(&h->as) || buf_failed(&h->audience)) return ERR_NO_MEMORY;
    return h->has_scope ? read_words(c, "hint.scope", c->hint_scope, &h->scope, message) : OK;
}

static enum err read_hint(struct broker_config *c, struct buf *message)
{
    if (!c->as_uri && c->switches.cnonce) {
        buf_format(message, "%s: hint.cnonce: needs as_uri, as it comes in the hint", c->path);
        return ERR_MALFORMED;
    }
    if (!c->as_uri) return OK;
    if (strncmp(c->as_uri, "https://", 8) != 0) {
        buf_format(message, "%s: as_uri: must be an https:// URL", c->path);
        return ERR_MALFORMED;
    }
    return fill_hint(c, message);
}

/* --- the AS that is asked --- */

static enum err refuse(const struct broker_config *c, const char *what, struct buf *message)
{
    buf_format(message, "%s: %s", c->path, what);
    return ERR_MALFORMED;
}

static enum err find_issuer(struct broker_config *c, struct buf *message)
{
    for (size_t i = 0; i < c->issuer_count; i++) {
        if (c->asking_issuer && !span_is(buf_span(&c->issuer[i].iss), c->asking_issuer)) continue;
        c->asking.issuer = i;
        return OK;
    }
    return refuse(c, "introspection.issuer: is none of the issuers", message);
}

/* The file speaks of it, or nothing is to be loaded. */
static enum err load_login(const struct broker_config *c, const char *name, struct as_login *l,
                           struct buf *message)
{
    l->name = name;
    return l->url || config_names(c->file, name) ? as_login_load(l, c->path, message) : OK;
}

static enum err load_asking(struct broker_config *c, struct buf *message)
{
    TRY(load_login(c, "introspection", &c->asking_as, message));
    TRY(load_login(c, "revocation", &c->revoking_as, message));
    c->asking.on = c->asking_as.url != NULL;
    return c->asking.on ? find_issuer(c, message) : OK;
}

static enum err check_versions(const struct broker_config *c, struct buf *message)
{
    if (c->min_version <= c->max_version) return OK;
    buf_format(message, "%s: tls.min_version: is above tls.max_version", c->path);
    return ERR_MALFORMED;
}

static void settle(struct broker_config *c)
{
    struct settings *s = &c->settings;

    s->limits = c->limits;
    s->switches = c->switches;
    s->asking = c->asking;
    s->trust = (struct token_trust){
        .issuer_count = c->issuer_count,
        .issuers = c->issuer,
        .require_aud = c->require_aud,
        .require_exp = c->require_exp,
        .accept_exi = c->accept_exi,
        .scope_also =
            (c->lenient_scope ? SCOPE_LENIENT : 0u) | (c->switches.compat_draft02 ? SCOPE_DRAFT02 : 0u),
        .base64url_text = c->base64url_text,
        .audience_count = c->audience_count,
        .audiences = c->audience,
        .leeway = c->leeway,
    };
    s->min_hmac_key = (size_t)c->min_hmac_key;
    s->expiry_grace = c->expiry_grace;
    s->known_grace = c->known_grace;
    s->hide_topics = c->hide_topics;
    s->authz_info = c->authz_info;
    s->uploads = c->uploads;
    s->unproven_seconds = c->unproven_seconds;
    s->cnonce_seconds = c->cnonce_seconds;
    s->lab = c->lab;
    s->mqtt311 = c->mqtt311;
    s->lenient_username = c->lenient_username;
}

static enum err load_all(struct broker_config *c, struct buf *message)
{
    struct issuers_source from = { c->path, c->file, c->issuers };

    TRY(check_versions(c, message));
    const struct setting_file certificate = { c->path, "tls.certificate", c->certificate_file };
    const struct setting_file key = { c->path, "tls.key", c->key_file };

    if (c->certificate_file) TRY(setting_file_read(&certificate, &c->certificate, message));
    TRY(setting_file_key(&key, &c->key, message));
    TRY(read_audiences(c, message));
    TRY(issuers_read(&from, &c->issuer, &c->issuer_count, message));
    TRY(read_words(c, "public", c->open, &c->settings.open, message));
    TRY(load_asking(c, message));
    TRY(read_hint(c, message));
    if (c->keylog_file) file_beside(c->path, c->keylog_file, &c->keylog_path);
    if (buf_failed(&c->keylog_path)) return ERR_NO_MEMORY;
    settle(c);
    return OK;
}

static enum err read(const char *path, const struct broker_config *old, struct broker_config *out,
                     struct buf *kept, struct buf *message)
{
    struct buf text = { 0 };

    *out = (struct broker_config){ .path = path };
    enum err e = file_read(path, &text, message);
    if (e == OK) e = config_read(path, buf_span(&text), keys, KEYS, out, &out->file, message);
    buf_clear(&text);
    if (e == OK && old) e = config_keep(keys, KEYS, old, out, kept);
    if (e == OK) e = load_all(out, message);
    if (e != OK && message->n == 0) buf_format(message, "%s: %s", path, err_wire(e)->words);
    if (e != OK) broker_config_clear(out);
    return e;
}

enum err broker_config_read(const char *path, struct broker_config *out, struct buf *message)
{
    return read(path, NULL, out, NULL, message);
}

enum err broker_config_reread(const struct broker_config *old, struct broker_config *out, struct buf *kept,
                              struct buf *message)
{
    return read(old->path, old, out, kept, message);
}

void broker_config_clear(struct broker_config *c)
{
    buf_clear(&c->certificate);
    as_login_clear(&c->asking_as);
    as_login_clear(&c->revoking_as);
    buf_clear(&c->keylog_path);
    key_object_clear(&c->key);
    free(c->audience);
    issuers_free(c->issuer, c->issuer_count);
    scope_free(c->settings.open);
    hints_clear(&c->settings.hint);
    config_free(c->file, keys, KEYS, c);
    *c = (struct broker_config){ 0 };
}

void broker_config_help(struct buf *out)
{
    config_help(keys, KEYS, out);
}

void broker_config_print(const struct broker_config *c, struct buf *out)
{
    config_print(keys, KEYS, c, out);
}

enum err broker_config_switches(struct buf *out)
{
    return config_switches(keys, KEYS, out);
}
