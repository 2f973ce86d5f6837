#include "common/ace/labels.h"

#include <strings.h>

struct label {
    const char *name;
    int64_t label;
};

enum { MAX_LABELS = 28, MAX_VALUES = 9 };

/* clang-format off */
static const struct label maps[LABELS_COUNT][MAX_LABELS] = {
    /* RFC 9200 Table 5, RFC 9201 Table 1 [R-CBOR-02, R-CBOR-03] */
    [LABELS_TOKEN] = {
        { "access_token", 1 },   { "expires_in", 2 },      { "req_cnf", 4 },            { "audience", 5 },
        { "cnf", 8 },            { "scope", 9 },           { "client_id", 24 },         { "client_secret", 25 },
        { "response_type", 26 }, { "redirect_uri", 27 },   { "state", 28 },             { "code", 29 },
        { "error", 30 },         { "error_description", 31 }, { "error_uri", 32 },      { "grant_type", 33 },
        { "token_type", 34 },    { "username", 35 },       { "password", 36 },          { "refresh_token", 37 },
        { "ace_profile", 38 },   { "cnonce", 39 },         { "rs_cnf", 41 },
    },
    /* RFC 9200 Table 6, RFC 9201 Table 1 [R-CBOR-08]: 33 is grant_type above */
    [LABELS_INTROSPECTION] = {
        { "iss", 1 },            { "sub", 2 },             { "aud", 3 },                { "exp", 4 },
        { "nbf", 5 },            { "iat", 6 },             { "cti", 7 },                { "cnf", 8 },
        { "scope", 9 },          { "active", 10 },         { "token", 11 },             { "client_id", 24 },
        { "error", 30 },         { "error_description", 31 }, { "error_uri", 32 },      { "token_type_hint", 33 },
        { "token_type", 34 },    { "username", 35 },       { "ace_profile", 38 },       { "cnonce", 39 },
        { "exi", 40 },
    },
    /* RFC 8392 4, RFC 8747 7.1, RFC 9200 8.14 [R-CWT-13] */
    [LABELS_CLAIMS] = {
        { "iss", 1 },            { "sub", 2 },             { "aud", 3 },                { "exp", 4 },
        { "nbf", 5 },            { "iat", 6 },             { "cti", 7 },                { "cnf", 8 },
        { "scope", 9 },          { "ace_profile", 38 },    { "cnonce", 39 },            { "exi", 40 },
    },
    /* RFC 9200 Table 1 */
    [LABELS_HINTS] = {
        { "AS", 1 },             { "kid", 2 },             { "audience", 5 },           { "scope", 9 },
        { "cnonce", 39 },
    },
    /* RFC 8747 7.2 under the names of RFC 7800 and RFC 8705; 34 is ours */
    [LABELS_CNF] = {
        { "jwk", 1 },            { "jwe", 2 },             { "kid", 3 },                { "x5t#S256", 34 },
    },
};

/* A word's number is its place. */
static const char *const words[][MAX_VALUES] = {
    [VALUES_GRANT_TYPE] = { "password", "authorization_code", "client_credentials", "refresh_token" }, /* [R-CBOR-04] */
    [VALUES_TOKEN_TYPE] = { NULL, "Bearer", "PoP" },                                                   /* [R-CBOR-05] */
    [VALUES_PROFILE]    = { NULL, "coap_dtls", "coap_oscore", "mqtt_tls" },
    [VALUES_ERROR]      = { NULL, "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
                            "unsupported_grant_type", "invalid_scope", "unsupported_pop_key", "incompatible_ace_profiles" },
};
/* clang-format on */

bool label_of(enum label_map map, const char *name, int64_t *label)
{
    for (const struct label *l = maps[map]; l < maps[map] + MAX_LABELS && l->name; l++) {
        if (strcmp(l->name, name) != 0) continue;
        *label = l->label;
        return true;
    }
    return false;
}

const char *label_name(enum label_map map, int64_t label)
{
    for (const struct label *l = maps[map]; l < maps[map] + MAX_LABELS && l->name; l++)
        if (l->label == label) return l->name;
    return NULL;
}

int label_value(enum label_values set, struct span word)
{
    for (int i = 0; i < MAX_VALUES; i++) {
        const char *w = words[set][i];
        if (!w || strlen(w) != word.n || word.n == 0) continue;
        if (memcmp(w, word.p, word.n) == 0) return i;
        if (set == VALUES_TOKEN_TYPE && strncasecmp(w, (const char *)word.p, word.n) == 0) return i;
    }
    return -1;
}

const char *label_word(enum label_values set, int64_t value)
{
    return value >= 0 && value < MAX_VALUES ? words[set][value] : NULL;
}

/* A map with an integer key is CBOR, where names mean nothing: a second "exp" cannot hide behind the label 4. */
static bool has_labels(const struct doc *d)
{
    int64_t label;

    for (size_t i = 0; i < doc_count(d); i++)
        if (doc_key_label(d, i, &label)) return true;
    return false;
}

const struct doc *label_get(const struct doc *d, enum label_map map, const char *name)
{
    int64_t label;

    if (doc_kind(d) != DOC_MAP) return NULL;
    if (!has_labels(d)) return doc_get(d, name);
    return label_of(map, name, &label) ? doc_get_label(d, label) : NULL;
}

void label_put(struct doc *d, enum label_map map, enum notation n, const char *name, struct doc *child)
{
    int64_t label;

    if (n == NOTATION_CBOR && label_of(map, name, &label))
        doc_put_label(d, label, child);
    else
        doc_put(d, name, child);
}
