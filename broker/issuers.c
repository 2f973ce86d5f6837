#include "broker/issuers.h"

#include "common/base/file.h"

#include <stdlib.h>

enum { MAX_ISSUERS = 16, MAX_KEYS = sizeof((struct token_issuer *)0)->verify / sizeof(struct key_object) };

struct entry {
    char *iss;
    const struct doc *keys, *shared_keys, *derivation_key;
    int64_t derived_key_len;
};

#define AT(member) offsetof(struct entry, member)

/* clang-format off */
static const struct config_key entry_keys[] = {
    { .name = "iss",         .kind = CONFIG_TEXT, .offset = AT(iss), .required = true, .doc = "iss of its tokens, compared exactly" },
    { .name = "keys",        .kind = CONFIG_DOC,  .offset = AT(keys), .doc = "array: files (PEM, JWK, JWKS), JWKs or JWKSs that verify its signatures" },
    { .name = "shared_keys", .kind = CONFIG_DOC,  .offset = AT(shared_keys), .doc = "array: files (JWK) or JWKs of type oct that decrypt its tokens" },
    { .name = "derivation_key",  .kind = CONFIG_DOC, .offset = AT(derivation_key), .doc = "file (JWK) or JWK of type oct: makes the keys of tokens that only name one" },
    { .name = "derived_key_len", .kind = CONFIG_INT, .offset = AT(derived_key_len), .low = MIN_DERIVED_KEY, .high = MAX_DERIVED_KEY, .fallback = "32", .doc = "octets of a derived key, as at the authorization server" },
};
/* clang-format on */

static const struct config_table entry_table = { entry_keys, sizeof entry_keys / sizeof *entry_keys };

/* Some keys, and which kind they must be. */
struct keys {
    struct key_object *key;
    size_t *count;
    enum { KEYS_VERIFY, KEYS_SHARED } use;
};

static enum err judge(const struct key_object *k, const struct keys *all, struct fault *why)
{
    bool oct = k->key && key_type(k->key) == KEY_OCT;

    if (!k->key)
        fault_set(why, 0, "names a key without holding it");
    else if (all->use == KEYS_SHARED && !oct)
        fault_set(why, 0, "a shared key must be of type oct");
    else if (all->use == KEYS_VERIFY && !oct && key_is_private(k->key))
        fault_set(why, 0, "is the private key of the authorization server: only its public key belongs here");
    else
        return OK;
    return ERR_MALFORMED;
}

static enum err add_doc(const struct doc *d, struct keys *all, struct fault *why)
{
    size_t n = 1, room = MAX_KEYS - *all->count;

    if (room == 0) {
        fault_set(why, 0, "more than %d keys", MAX_KEYS);
        return ERR_MALFORMED;
    }
    struct key_object *first = &all->key[*all->count];
    if (doc_get(d, "keys"))
        TRY(jwks_read(d, first, room, &n, why));
    else
        TRY(key_object_read(d, NOTATION_JSON, first, why));
    *all->count += n;
    for (size_t i = 0; i < n; i++) TRY(judge(&first[i], all, why));
    return OK;
}

static enum err add_json(struct span text, struct keys *all, struct fault *why)
{
    struct doc *d = NULL;

    TRY(doc_read_json(text, &doc_limits_file, &d, why));
    enum err e = add_doc(d, all, why);
    doc_free(d);
    return e;
}

static enum err add_pem(struct span text, struct keys *all, struct fault *why)
{
    struct key_object *k = &all->key[*all->count];

    if (*all->count == MAX_KEYS) {
        fault_set(why, 0, "more than %d keys", MAX_KEYS);
        return ERR_MALFORMED;
    }
    TRY(key_file_read(text, k, why));
    ++*all->count;
    return judge(k, all, why);
}

static bool looks_like_json(struct span text)
{
    while (text.n && strchr(" \t\r\n", text.p[0])) text = span_skip(text, 1);
    return text.n && text.p[0] == '{';
}

static enum err add_file(const struct issuers_source *from, struct span name, struct keys *all,
                         struct buf *message)
{
    struct buf path = { 0 }, given = { 0 }, text = { 0 };
    struct fault why = { .why = "not a key" };

    buf_add(&given, name);
    file_beside(from->path, buf_cstr(&given), &path);
    enum err e = buf_failed(&path) ? ERR_NO_MEMORY : file_read(buf_cstr(&path), &text, message);
    if (e == OK) {
        e = looks_like_json(buf_span(&text)) ? add_json(buf_span(&text), all, &why)
                                             : add_pem(buf_span(&text), all, &why);
        if (e != OK) buf_format(message, "%s: %s", buf_cstr(&path), why.why);
    }
    buf_clear(&path);
    buf_clear(&given);
    buf_clear(&text);
    return e;
}

static enum err add_one(const struct issuers_source *from, const struct doc *d, struct keys *all,
                        struct buf *message)
{
    struct fault why = { .why = "must be a file or a JWK" };
    struct buf words = { 0 };
    struct span name;
    enum err e = ERR_MALFORMED;

    if (doc_text(d, &name))
        e = add_file(from, name, all, &words);
    else if (doc_kind(d) == DOC_MAP)
        e = add_doc(d, all, &why);
    if (e != OK) {
        config_where(from->file, d, message);
        buf_format(message, "issuers: key: %s", words.n ? buf_cstr(&words) : why.why);
    }
    buf_clear(&words);
    return e;
}

static enum err add_all(const struct issuers_source *from, const struct doc *array, struct keys *all,
                        struct buf *message)
{
    if (!array) return OK;
    if (doc_kind(array) != DOC_ARRAY) {
        config_where(from->file, array, message);
        buf_str(message, "keys: must be an array");
        return ERR_MALFORMED;
    }
    for (size_t i = 0; i < doc_count(array); i++) TRY(add_one(from, doc_at(array, i), all, message));
    return OK;
}

static enum err fill_derivation(const struct issuers_source *from, const struct entry *e,
                                struct derivation *out, struct buf *message)
{
    struct key_object k[MAX_KEYS] = { 0 };
    size_t n = 0;
    struct keys one = { k, &n, KEYS_SHARED };

    enum err err = e->derivation_key ? add_one(from, e->derivation_key, &one, message) : OK;
    if (err == OK && n && (n > 1 || key_octets(k[0].key).n < MIN_DERIVED_KEY)) {
        config_where(from->file, e->derivation_key, message);
        buf_str(message, "derivation_key: one key of 16 bytes or more");
        err = ERR_MALFORMED;
    }
    if (err == OK && n) *out = (struct derivation){ key_ref(k[0].key), (size_t)e->derived_key_len };
    for (size_t i = 0; i < n; i++) key_object_clear(&k[i]);
    return err;
}

static enum err fill(const struct issuers_source *from, const struct doc *at, const struct entry *e,
                     struct token_issuer *out, struct buf *message)
{
    struct keys verify = { out->verify, &out->verify_count, KEYS_VERIFY };
    struct keys shared = { out->decrypt, &out->decrypt_count, KEYS_SHARED };

    buf_str(&out->iss, e->iss);
    TRY(add_all(from, e->keys, &verify, message));
    TRY(add_all(from, e->shared_keys, &shared, message));
    TRY(fill_derivation(from, e, &out->derivation, message));
    if (out->verify_count + out->decrypt_count) return OK;
    config_where(from->file, at, message);
    buf_str(message, "issuers: an issuer needs keys or shared_keys");
    return ERR_MALFORMED;
}

static enum err read_one(const struct issuers_source *from, const struct doc *at, struct token_issuer *out,
                         struct buf *message)
{
    struct entry e = { 0 };
    enum err err = config_object(from->file, at, &entry_table, &e, message);

    if (err == OK) err = fill(from, at, &e, out, message);
    config_object_clear(&entry_table, &e);
    return err;
}

enum err issuers_read(const struct issuers_source *from, struct token_issuer **out, size_t *count,
                      struct buf *message)
{
    size_t n = doc_count(from->issuers);

    *count = 0;
    *out = NULL;
    if (doc_kind(from->issuers) != DOC_ARRAY || n == 0 || n > MAX_ISSUERS) {
        config_where(from->file, from->issuers, message);
        buf_format(message, "issuers: must be an array of 1 to %d issuers", MAX_ISSUERS);
        return ERR_MALFORMED;
    }
    *out = calloc(n, sizeof **out);
    if (!*out) return ERR_NO_MEMORY;
    *count = n;
    for (size_t i = 0; i < n; i++) TRY(read_one(from, doc_at(from->issuers, i), &(*out)[i], message));
    return OK;
}

void issuers_free(struct token_issuer *issuers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_clear(&issuers[i].iss);
        for (size_t k = 0; k < issuers[i].verify_count; k++) key_object_clear(&issuers[i].verify[k]);
        for (size_t k = 0; k < issuers[i].decrypt_count; k++) key_object_clear(&issuers[i].decrypt[k]);
        derivation_clear(&issuers[i].derivation);
    }
    free(issuers);
}
