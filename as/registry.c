#include "as/registry.h"
#include "common/base/file.h"

#include <stdlib.h>

enum { MAX_ENTRIES = 65536 };

struct registry {
    size_t client_count, broker_count, policy_count;
    struct as_client *clients;
    struct as_broker *brokers;
    struct as_policy *policies;
};

/* clang-format off */
#define CLIENT(member) offsetof(struct as_client, member)
#define BROKER(member) offsetof(struct as_broker, member)
#define POLICY(member) offsetof(struct as_policy, member)

static const struct config_key client_keys[] = {
    { .name = "id",               .kind = CONFIG_TEXT, .offset = CLIENT(id), .required = true, .doc = "client_id" },
    { .name = "secret",           .kind = CONFIG_TEXT, .offset = CLIENT(secret), .secret = true, .doc = "password for HTTP Basic" },
    { .name = "secret_file",      .kind = CONFIG_TEXT, .offset = CLIENT(secret_file), .doc = "file whose first line is the password" },
    { .name = "broker",           .kind = CONFIG_TEXT, .offset = CLIENT(broker), .doc = "audience: this is that broker, and may introspect tokens for it" },
    { .name = "keys",             .kind = CONFIG_DOC,  .offset = CLIENT(key_files), .doc = "files with public keys (PEM, JWK, certificate): TLS client authentication and PoP keys" },
    { .name = "enabled",          .kind = CONFIG_BOOL, .offset = CLIENT(enabled), .fallback = "true", .doc = "false: every grant is refused" },
    { .name = "profiles",         .kind = CONFIG_DOC,  .offset = CLIENT(profiles), .doc = "ACE profiles it speaks; default [\"mqtt_tls\"]" },
    { .name = "default_audience", .kind = CONFIG_TEXT, .offset = CLIENT(default_audience), .doc = "audience of a request that names none" },
    { .name = "default_scope",    .kind = CONFIG_TEXT, .offset = CLIENT(default_scope_words), .doc = "scope of a request that names none: \"pub:a/b sub:c/#\"" },
};

static const struct config_key broker_keys[] = {
    { .name = "audience",    .kind = CONFIG_TEXT, .offset = BROKER(audience), .required = true, .doc = "its name in aud" },
    { .name = "shared_key",  .kind = CONFIG_TEXT, .offset = BROKER(shared_key_file), .doc = "JWK file, kty oct, 16 or 32 bytes: encrypts tokens" },
    { .name = "token_format", .kind = CONFIG_CHOICE, .offset = BROKER(token_format), .fallback = "\"jwt\"", .choices = "jwt|cwt|reference", .doc = "how its tokens are written; reference: a random name, whose claims it asks for at /introspect" },
    { .name = "symmetric_key_in", .kind = CONFIG_CHOICE, .offset = BROKER(symmetric_key_in), .fallback = "\"token\"", .choices = "token|cnf|derived", .doc = "how a symmetric PoP key gets there: in an encrypted token, encrypted in the cnf of a signed one, or derived from the token" },
    { .name = "derivation_key", .kind = CONFIG_TEXT, .offset = BROKER(derivation_key_file), .doc = "JWK file, kty oct, of this broker alone: keys are derived with it" },
    { .name = "derived_key_len", .kind = CONFIG_INT, .offset = BROKER(derived_key_len), .low = MIN_DERIVED_KEY, .high = MAX_DERIVED_KEY, .fallback = "32", .doc = "octets of a derived key" },
    { .name = "keys",        .kind = CONFIG_DOC,  .offset = BROKER(key_files), .doc = "files with the public keys it shows in TLS, one per type: rs_cnf" },
    { .name = "certificate", .kind = CONFIG_TEXT, .offset = BROKER(certificate_file), .doc = "PEM file: rs_cnf as x5t#S256 where no key is given" },
    { .name = "pop_keys",    .kind = CONFIG_DOC,  .offset = BROKER(pop_keys), .doc = "PoP keys it can use; default [\"symmetric\", \"ed25519\", \"p256\"]" },
    { .name = "profiles",    .kind = CONFIG_DOC,  .offset = BROKER(profiles), .doc = "ACE profiles it speaks; default [\"mqtt_tls\"]" },
    { .name = "members",     .kind = CONFIG_DOC,  .offset = BROKER(member_names), .doc = "audiences of brokers: this name stands for all of them, whose keys it has not" },
    { .name = "token_end",   .kind = CONFIG_CHOICE, .offset = BROKER(token_end), .fallback = "\"exp\"", .choices = "exp|exi", .doc = "how its tokens say their end; exi: seconds from when the broker first sees one, and a number in cti or jti" },
    { .name = "token_type",  .kind = CONFIG_CHOICE, .offset = BROKER(token_type), .fallback = "\"PoP\"", .choices = "PoP|Bearer", .doc = "Bearer: tokens bound to no key, of no use for MQTT" },
    { .name = "profile_in_token", .kind = CONFIG_BOOL, .offset = BROKER(profile_in_token), .fallback = "false", .doc = "its tokens say ace_profile" },
    { .name = "answer_public_cnf", .kind = CONFIG_BOOL, .offset = BROKER(answer_public_cnf), .fallback = "false", .doc = "the answer holds cnf for a client's public key too" },
};

static const struct config_key policy_keys[] = {
    { .name = "client",   .kind = CONFIG_TEXT, .offset = POLICY(client), .required = true, .doc = "client id, or * for all" },
    { .name = "audience", .kind = CONFIG_TEXT, .offset = POLICY(audience), .required = true, .doc = "broker" },
    { .name = "allow",    .kind = CONFIG_TEXT, .offset = POLICY(allow), .required = true, .doc = "\"pub:a/# sub:b/+ pubsub:c\"" },
    { .name = "lifetime", .kind = CONFIG_INT,  .offset = POLICY(lifetime), .low = 0, .high = 31536000, .fallback = "0", .doc = "seconds; 0: token.lifetime" },
};
/* clang-format on */

static const struct config_table client_table = { client_keys, sizeof client_keys / sizeof *client_keys };
static const struct config_table broker_table = { broker_keys, sizeof broker_keys / sizeof *broker_keys };
static const struct config_table policy_table = { policy_keys, sizeof policy_keys / sizeof *policy_keys };

/* Appends where and what, and returns ERR_MALFORMED. */
static enum err refuse(const struct registry_source *from, const struct doc *at, struct buf *message,
                       const char *what)
{
    config_where(from->file, at, message);
    buf_str(message, what);
    return ERR_MALFORMED;
}

static enum err load(const struct registry_source *from, const char *name, struct buf *out,
                     struct buf *message)
{
    struct buf path = { 0 }, why = { 0 };

    file_beside(from->path, name, &path);
    enum err e = buf_failed(&path) ? ERR_NO_MEMORY : file_read(buf_cstr(&path), out, &why);
    if (e != OK && why.n) buf_format(message, "%s: %s", from->path, buf_cstr(&why));
    buf_clear(&path);
    buf_clear(&why);
    return e;
}

static enum err load_key(const struct registry_source *from, const char *name, struct key_object *out,
                         struct buf *message)
{
    struct buf text = { 0 };
    struct fault why = { 0 };
    enum err e = load(from, name, &text, message);

    if (e == OK) {
        e = key_file_read(buf_span(&text), out, &why);
        if (e != OK) buf_format(message, "%s: %s: %s", from->path, name, why.why);
    }
    buf_clear(&text);
    return e;
}

/* The i-th text of an array of texts, into `name`. */
static enum err text_at(const struct registry_source *from, const struct doc *list, size_t i,
                        struct buf *name, struct buf *message)
{
    struct span text;

    if (doc_kind(list) != DOC_ARRAY || !doc_text(doc_at(list, i), &text)) {
        return refuse(from, list, message, "must be an array of strings");
    }
    buf_truncate(name, 0);
    buf_add(name, text);
    return buf_failed(name) ? ERR_NO_MEMORY : OK;
}

static enum err load_key_at(const struct registry_source *from, const struct doc *list, size_t i,
                            struct key_object *out, struct buf *message)
{
    struct buf name = { 0 };
    enum err e = text_at(from, list, i, &name, message);

    if (e == OK) e = load_key(from, buf_cstr(&name), out, message);
    buf_clear(&name);
    return e;
}

/* "profiles": absent means mqtt_tls. */
static enum err read_profiles(const struct registry_source *from, const struct doc *list, bool *mqtt_tls,
                              struct buf *message)
{
    struct buf word = { 0 };
    enum err e = OK;

    *mqtt_tls = list == NULL;
    if (list && doc_kind(list) != DOC_ARRAY)
        return refuse(from, list, message, "must be an array of strings");
    for (size_t i = 0; e == OK && i < doc_count(list); i++) {
        e = text_at(from, list, i, &word, message);
        if (e == OK && span_is(buf_span(&word), "mqtt_tls")) *mqtt_tls = true;
    }
    buf_clear(&word);
    return e;
}

static enum err read_words(const struct registry_source *from, const struct doc *at, const char *words,
                           struct scope **out, struct buf *message)
{
    struct fault why = { 0 };
    enum err e = scope_from_words(span_str(words), out, &why);

    if (e == OK) return OK;
    config_where(from->file, at, message);
    buf_format(message, "\"%s\": %s", words, why.why);
    return e == ERR_NO_MEMORY ? e : ERR_MALFORMED;
}

/* --- clients --- */

static enum err read_password(const struct registry_source *from, const struct doc *at, struct as_client *c,
                              struct buf *message)
{
    struct buf text = { 0 };

    if (c->secret && c->secret_file) return refuse(from, at, message, "give secret or secret_file, not both");
    if (c->secret && !*c->secret) return refuse(from, at, message, "secret: is empty");
    if (c->secret) return secret_set(&c->password, span_str(c->secret));
    if (!c->secret_file) return OK;
    enum err e = load(from, c->secret_file, &text, message);
    struct span rest = buf_span(&text);
    if (e == OK) e = secret_set(&c->password, span_cut(&rest, '\n'));
    if (e == OK && c->password.n == 0) {
        buf_format(message, "%s: %s: no password on its first line", from->path, c->secret_file);
        e = ERR_MALFORMED;
    }
    buf_clear(&text);
    return e;
}

static enum err read_client_keys(const struct registry_source *from, struct as_client *c, struct buf *message)
{
    if (!c->key_files) return OK;
    if (doc_kind(c->key_files) != DOC_ARRAY || doc_count(c->key_files) > MAX_CLIENT_KEYS) {
        return refuse(from, c->key_files, message, "keys: an array of at most 4 files");
    }
    for (; c->key_count < doc_count(c->key_files); c->key_count++) {
        struct key_object *k = &c->keys[c->key_count];
        TRY(load_key_at(from, c->key_files, c->key_count, k, message));
        if (!k->key || key_type(k->key) == KEY_OCT) {
            return refuse(from, c->key_files, message, "keys: public keys, not a secret");
        }
    }
    return OK;
}

static enum err read_client(const struct registry_source *from, const struct doc *at, struct as_client *c,
                            struct buf *message)
{
    TRY(config_object(from->file, at, &client_table, c, message));
    TRY(read_password(from, at, c, message));
    TRY(read_client_keys(from, c, message));
    TRY(read_profiles(from, c->profiles, &c->mqtt_tls, message));
    if (c->default_scope_words) TRY(read_words(from, at, c->default_scope_words, &c->default_scope, message));
    if (!c->password.n && !c->key_count)
        return refuse(from, at, message, "a client needs a secret, a secret_file or keys");
    return OK;
}

static void client_clear(struct as_client *c)
{
    secret_clear(&c->password);
    for (size_t i = 0; i < MAX_CLIENT_KEYS; i++) key_object_clear(&c->keys[i]);
    scope_free(c->default_scope);
    config_object_clear(&client_table, c);
}

/* --- brokers --- */

static enum err read_shared(const struct registry_source *from, const struct doc *at, struct as_broker *b,
                            struct buf *message)
{
    if (!b->shared_key_file) return OK;
    TRY(load_key(from, b->shared_key_file, &b->shared, message));
    size_t n = b->shared.key ? key_octets(b->shared.key).n : 0;
    if (n != 16 && n != 32)
        return refuse(from, at, message, "shared_key: a JWK of type oct with 16 or 32 bytes");
    b->has_shared = true;
    return OK;
}

static enum err read_derivation(const struct registry_source *from, const struct doc *at, struct as_broker *b,
                                struct buf *message)
{
    struct key_object k = { 0 };

    if (!b->derivation_key_file)
        return b->symmetric_key_in == KEY_DERIVED
                   ? refuse(from, at, message, "symmetric_key_in: \"derived\" needs a derivation_key")
                   : OK;
    TRY(load_key(from, b->derivation_key_file, &k, message));
    enum err e = OK;
    if (!k.key || key_type(k.key) != KEY_OCT || key_octets(k.key).n < MIN_DERIVED_KEY)
        e = refuse(from, at, message, "derivation_key: a JWK of type oct with 16 bytes or more");
    else if (b->has_shared && key_eq(k.key, b->shared.key))
        e = refuse(from, at, message, "derivation_key: must be another key than shared_key");
    else
        b->derivation = (struct derivation){ key_ref(k.key), (size_t)b->derived_key_len };
    key_object_clear(&k);
    return e;
}

static enum err add_broker_key(const struct registry_source *from, struct as_broker *b,
                               const struct key_object *k, struct buf *message)
{
    if (!k->key || key_type(k->key) == KEY_OCT)
        return refuse(from, b->key_files, message, "keys: public keys, not a secret");
    for (size_t i = 0; i < b->key_count; i++) {
        if (key_type(b->keys[i]) == key_type(k->key)) {
            return refuse(from, b->key_files, message, "keys: one per type [R-BAUTH-07]");
        }
    }
    b->keys[b->key_count++] = key_ref(k->key);
    return OK;
}

static enum err read_broker_keys(const struct registry_source *from, struct as_broker *b, struct buf *message)
{
    if (!b->key_files) return OK;
    if (doc_kind(b->key_files) != DOC_ARRAY || doc_count(b->key_files) > MAX_BROKER_KEYS) {
        return refuse(from, b->key_files, message, "keys: an array of at most 2 files");
    }
    for (size_t i = 0; i < doc_count(b->key_files); i++) {
        struct key_object k = { 0 };
        enum err e = load_key_at(from, b->key_files, i, &k, message);
        if (e == OK) e = add_broker_key(from, b, &k, message);
        key_object_clear(&k);
        if (e != OK) return e;
    }
    return OK;
}

static enum err read_certificate(const struct registry_source *from, struct as_broker *b, struct buf *message)
{
    struct buf pem = { 0 };

    if (!b->certificate_file) return OK;
    enum err e = load(from, b->certificate_file, &pem, message);
    if (e == OK) {
        e = cert_thumbprint(buf_span(&pem), b->thumbprint);
        if (e != OK) buf_format(message, "%s: %s: no certificate in PEM", from->path, b->certificate_file);
    }
    b->has_thumbprint = e == OK;
    buf_clear(&pem);
    return e;
}

static enum err read_pop_keys(const struct registry_source *from, struct as_broker *b, struct buf *message)
{
    static const char *const names[] = {
        [KEY_OCT] = "symmetric", [KEY_ED25519] = "ed25519", [KEY_P256] = "p256"
    };

    for (size_t t = 0; t <= KEY_P256; t++) b->takes[t] = b->pop_keys == NULL;
    if (b->pop_keys && doc_kind(b->pop_keys) != DOC_ARRAY)
        return refuse(from, b->pop_keys, message, "must be an array of strings");
    for (size_t i = 0; i < doc_count(b->pop_keys); i++) {
        struct span word = { 0 };
        bool known = false;
        for (size_t t = 0; doc_text(doc_at(b->pop_keys, i), &word) && t <= KEY_P256; t++) {
            if (span_is(word, names[t])) b->takes[t] = known = true;
        }
        if (!known)
            return refuse(from, b->pop_keys, message, "pop_keys: \"symmetric\", \"ed25519\" or \"p256\"");
    }
    return OK;
}

/* A number only tells what has ended to the one broker that counts it. */
static enum err check_end(const struct registry_source *from, const struct doc *at, const struct as_broker *b,
                          struct buf *message)
{
    if (b->token_end != END_EXI) return OK;
    if (b->member_names)
        return refuse(from, at, message, "token_end: \"exi\" is for one broker, not for a group");
    return b->token_format == FORMAT_REFERENCE
               ? refuse(from, at, message, "token_end: the end of a \"reference\" is known here: \"exp\"")
               : OK;
}

/* What would make a group's token one broker's: its keys, which members do not share [R-TOK-17] [R-VAL-22] [R-VAL-23]. */
static enum err check_group(const struct registry_source *from, const struct doc *at,
                            const struct as_broker *b, struct buf *message)
{
    if (!b->member_names) return OK;
    if (b->shared_key_file || b->derivation_key_file || b->key_files || b->certificate_file)
        return refuse(from, at, message, "members: a group has no keys and no certificate of its own");
    return b->pop_keys && b->takes[KEY_OCT]
               ? refuse(from, at, message,
                        "pop_keys: no \"symmetric\" in a group, as each member could pose as the client")
               : OK;
}

static bool can_hide(const struct as_broker *b)
{
    return !b->member_names && (b->has_shared || b->token_format == FORMAT_REFERENCE);
}

static enum err read_broker(const struct registry_source *from, const struct doc *at, struct as_broker *b,
                            struct buf *message)
{
    TRY(config_object(from->file, at, &broker_table, b, message));
    TRY(read_shared(from, at, b, message));
    TRY(read_derivation(from, at, b, message));
    TRY(read_broker_keys(from, b, message));
    TRY(read_certificate(from, b, message));
    TRY(read_pop_keys(from, b, message));
    TRY(read_profiles(from, b->profiles, &b->mqtt_tls, message));
    TRY(check_end(from, at, b, message));
    TRY(check_group(from, at, b, message));
    if (!can_hide(b) && b->pop_keys && b->takes[KEY_OCT]) {
        return refuse(from, at, message,
                      "pop_keys: \"symmetric\" needs a shared_key, as such tokens are encrypted");
    }
    b->takes[KEY_OCT] =
        b->takes[KEY_OCT] && can_hide(b); /* [R-PSK-13] no symmetric key where all can read it */
    return OK;
}

static void broker_clear(struct as_broker *b)
{
    key_object_clear(&b->shared);
    derivation_clear(&b->derivation);
    for (size_t i = 0; i < b->key_count; i++) key_free(b->keys[i]);
    config_object_clear(&broker_table, b);
}

/* --- policies --- */

static enum err read_policy(const struct registry_source *from, const struct doc *at, struct as_policy *p,
                            struct buf *message)
{
    TRY(config_object(from->file, at, &policy_table, p, message));
    return read_words(from, at, p->allow, &p->scope, message);
}

static void policy_clear(struct as_policy *p)
{
    scope_free(p->scope);
    config_object_clear(&policy_table, p);
}

/* --- all of it --- */

/* Room for the members of one array; ERR_MALFORMED if it is none. */
static enum err make_room(const struct registry_source *from, const struct doc *list, size_t size, void **out,
                          struct buf *message)
{
    if (list && doc_kind(list) != DOC_ARRAY)
        return refuse(from, list, message, "must be an array of objects");
    if (doc_count(list) > MAX_ENTRIES) return refuse(from, list, message, "too many entries");
    *out = calloc(doc_count(list) + 1, size);
    return *out ? OK : ERR_NO_MEMORY;
}

/* A key that two clients have would log in the first of them, whoever comes. */
static bool owns_its_keys(const struct registry *r, const struct as_client *c)
{
    for (size_t i = 0; i < c->key_count; i++) {
        if (registry_client_by_key(r, c->keys[i].key) != c) return false;
    }
    return true;
}

static enum err read_clients(const struct registry_source *from, struct registry *r, struct buf *message)
{
    TRY(make_room(from, from->clients, sizeof *r->clients, (void **)&r->clients, message));
    for (size_t i = 0; i < doc_count(from->clients); i++) {
        struct as_client *c = &r->clients[r->client_count++];
        TRY(read_client(from, doc_at(from->clients, i), c, message));
        if (registry_client(r, span_str(c->id)) != c)
            return refuse(from, doc_at(from->clients, i), message, "id: doubled");
        if (!owns_its_keys(r, c))
            return refuse(from, doc_at(from->clients, i), message, "keys: one is another client's too");
    }
    return OK;
}

/* [R-PSK-18] */
static bool derives_alone(const struct registry *r, const struct as_broker *b)
{
    for (const struct as_broker *other = r->brokers; other < b; other++) {
        if (b->derivation.key && other->derivation.key && key_eq(other->derivation.key, b->derivation.key))
            return false;
    }
    return true;
}

static enum err read_member(const struct registry_source *from, const struct registry *r, struct as_broker *b,
                            struct buf *message)
{
    struct buf name = { 0 };
    enum err e = text_at(from, b->member_names, b->member_count, &name, message);
    const struct as_broker *m = e == OK ? registry_broker(r, buf_span(&name)) : NULL;

    if (e == OK && (!m || m->member_names))
        e = refuse(from, b->member_names, message, "members: one is no broker of this file");
    if (e == OK && registry_covers(b, m)) e = refuse(from, b->member_names, message, "members: doubled");
    if (e == OK) b->member[b->member_count++] = m;
    buf_clear(&name);
    return e;
}

/* Groups are of brokers, wherever in the file these stand. */
static enum err read_members(const struct registry_source *from, const struct registry *r,
                             struct as_broker *b, struct buf *message)
{
    size_t n = doc_count(b->member_names);

    if (!b->member_names) return OK;
    if (doc_kind(b->member_names) != DOC_ARRAY || n == 0 || n > MAX_MEMBERS)
        return refuse(from, b->member_names, message, "members: an array of 1 to 15 audiences");
    while (b->member_count < n) TRY(read_member(from, r, b, message));
    return OK;
}

static enum err read_brokers(const struct registry_source *from, struct registry *r, struct buf *message)
{
    TRY(make_room(from, from->brokers, sizeof *r->brokers, (void **)&r->brokers, message));
    for (size_t i = 0; i < doc_count(from->brokers); i++) {
        struct as_broker *b = &r->brokers[r->broker_count++];
        TRY(read_broker(from, doc_at(from->brokers, i), b, message));
        if (registry_broker(r, span_str(b->audience)) != b) {
            return refuse(from, doc_at(from->brokers, i), message, "audience: doubled");
        }
        if (!derives_alone(r, b))
            return refuse(from, doc_at(from->brokers, i), message,
                          "derivation_key: another broker has it too");
    }
    for (size_t i = 0; i < r->broker_count; i++) TRY(read_members(from, r, &r->brokers[i], message));
    return OK;
}

/* A policy that names nobody is a typing error somebody will hunt for: told at the start. */
static enum err check_names(const struct registry_source *from, const struct registry *r,
                            const struct doc *at, const struct as_policy *p, struct buf *message)
{
    if (strcmp(p->client, "*") != 0 && !registry_client(r, span_str(p->client))) {
        config_where(from->file, at, message);
        buf_format(message, "client: no client \"%s\"", p->client);
        return ERR_MALFORMED;
    }
    if (!registry_broker(r, span_str(p->audience))) {
        config_where(from->file, at, message);
        buf_format(message, "audience: no broker \"%s\"", p->audience);
        return ERR_MALFORMED;
    }
    return OK;
}

/* A client that is a broker is one of ours. */
static enum err check_brokers(const struct registry_source *from, struct registry *r, struct buf *message)
{
    for (size_t i = 0; i < r->client_count; i++) {
        const char *name = r->clients[i].broker;
        if (name && !registry_broker(r, span_str(name)))
            return refuse(from, doc_at(from->clients, i), message, "broker: no broker of this audience");
    }
    return OK;
}

static enum err read_policies(const struct registry_source *from, struct registry *r, struct buf *message)
{
    TRY(make_room(from, from->policies, sizeof *r->policies, (void **)&r->policies, message));
    for (size_t i = 0; i < doc_count(from->policies); i++) {
        struct as_policy *p = &r->policies[r->policy_count++];
        TRY(read_policy(from, doc_at(from->policies, i), p, message));
        TRY(check_names(from, r, doc_at(from->policies, i), p, message));
    }
    return OK;
}

enum err registry_read(const struct registry_source *from, struct registry **out, struct buf *message)
{
    struct registry *r = calloc(1, sizeof *r);

    if (!r) return ERR_NO_MEMORY;
    enum err e = read_clients(from, r, message);
    if (e == OK) e = read_brokers(from, r, message);
    if (e == OK) e = check_brokers(from, r, message);
    if (e == OK) e = read_policies(from, r, message);
    if (e != OK) {
        registry_free(r);
        return e;
    }
    *out = r;
    return OK;
}

void registry_free(struct registry *r)
{
    if (!r) return;
    for (size_t i = 0; i < r->client_count; i++) client_clear(&r->clients[i]);
    for (size_t i = 0; i < r->broker_count; i++) broker_clear(&r->brokers[i]);
    for (size_t i = 0; i < r->policy_count; i++) policy_clear(&r->policies[i]);
    free(r->clients);
    free(r->brokers);
    free(r->policies);
    free(r);
}

const struct as_client *registry_client(const struct registry *r, struct span id)
{
    for (size_t i = 0; i < r->client_count; i++) {
        if (r->clients[i].id && span_is(id, r->clients[i].id)) return &r->clients[i];
    }
    return NULL;
}

const struct as_client *registry_client_by_key(const struct registry *r, const struct key *k)
{
    for (size_t i = 0; i < r->client_count; i++) {
        for (size_t j = 0; j < r->clients[i].key_count; j++) {
            if (key_eq(r->clients[i].keys[j].key, k)) return &r->clients[i];
        }
    }
    return NULL;
}

const struct as_broker *registry_broker(const struct registry *r, struct span audience)
{
    for (size_t i = 0; i < r->broker_count; i++) {
        if (r->brokers[i].audience && span_is(audience, r->brokers[i].audience)) return &r->brokers[i];
    }
    return NULL;
}

bool registry_covers(const struct as_broker *audience, const struct as_broker *b)
{
    if (audience == b) return true;
    for (size_t i = 0; i < audience->member_count; i++) {
        if (audience->member[i] == b) return true;
    }
    return false;
}

/* The audiences whose policies count together. */
struct reach {
    const struct as_client *client;
    size_t count;
    const struct as_broker *audience[1 + MAX_MEMBERS];
};

static bool applies(const struct as_policy *p, const struct reach *of)
{
    bool named = false;

    for (size_t i = 0; i < of->count; i++) named |= strcmp(p->audience, of->audience[i]->audience) == 0;
    return named && (strcmp(p->client, "*") == 0 || strcmp(p->client, of->client->id) == 0);
}

static enum err allowed(const struct registry *r, const struct reach *of, struct scope **scope,
                        int64_t *lifetime)
{
    struct buf words = { 0 };
    bool any = false;

    *scope = NULL;
    *lifetime = 0;
    for (size_t i = 0; i < r->policy_count; i++) {
        const struct as_policy *p = &r->policies[i];
        if (!applies(p, of)) continue;
        if (any) buf_u8(&words, ' ');
        buf_str(&words, p->allow);
        if (p->lifetime && (!*lifetime || p->lifetime < *lifetime)) *lifetime = p->lifetime;
        any = true;
    }
    enum err e = buf_failed(&words) ? ERR_NO_MEMORY
                 : any              ? scope_from_words(buf_span(&words), scope, NULL)
                                    : OK;
    buf_clear(&words);
    return e;
}

enum err registry_policy(const struct registry *r, const struct as_client *c, const struct as_broker *b,
                         struct scope **scope, int64_t *lifetime)
{
    struct reach of = { .client = c, .count = 1, .audience = { b } };

    /* a token that travels says the same to all, so what one member's policies allow is not in it */
    if (b->token_format == FORMAT_REFERENCE) {
        for (size_t i = 0; i < b->member_count; i++) of.audience[of.count++] = b->member[i];
    }
    return allowed(r, &of, scope, lifetime);
}

enum err registry_share(const struct registry *r, const struct as_client *c, const struct as_broker *group,
                        const struct as_broker *member, struct scope **scope)
{
    const struct reach of = { .client = c, .count = 2, .audience = { group, member } };
    int64_t lifetime;

    return allowed(r, &of, scope, &lifetime);
}
