#include "scenarios/world.h"

#include "common/codec/text.h"
#include "common/crypto/cert.h"
#include "common/crypto/entropy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { KID_BYTES = 8, DAY = 86400 };

/* --- keys --- */

static const struct {
    const char *word;
    enum key_type type;
} key_types[] = { { "hs256", KEY_OCT }, { "ed25519", KEY_ED25519 }, { "es256", KEY_P256 } };

bool key_type_read(struct span word, enum key_type *out)
{
    for (size_t i = 0; i < sizeof key_types / sizeof *key_types; i++) {
        if (!span_is(word, key_types[i].word)) continue;
        *out = key_types[i].type;
        return true;
    }
    return false;
}

static const enum key_alg algs[] = {
    [KEY_OCT] = KEY_ALG_HS256,
    [KEY_ED25519] = KEY_ALG_EDDSA,
    [KEY_P256] = KEY_ALG_ES256,
};

static enum err name_key(struct key_object *k)
{
    uint8_t kid[KID_BYTES];

    TRY(entropy_name(entropy_system(), kid, sizeof kid));
    b64url_encode(&k->kid, span(kid, sizeof kid));
    k->has_kid = true;
    return buf_failed(&k->kid) ? ERR_NO_MEMORY : OK;
}

enum err key_make(enum key_type type, struct key_object *out)
{
    *out = (struct key_object){ .alg = algs[type], .may_sign = true, .may_verify = true };
    TRY(key_generate(type, &out->key));
    return name_key(out);
}

enum err key_copy(const struct key_object *from, struct key_object *out)
{
    *out = *from;
    out->kid = (struct buf){ 0 };
    buf_add(&out->kid, buf_span(&from->kid));
    if (out->key) key_ref(out->key);
    return buf_failed(&out->kid) ? ERR_NO_MEMORY : OK;
}

/* --- certificates --- */

static struct cert_request leaf(const char *name)
{
    static const char *const dns[] = { "localhost" }, *const ip[] = { WORLD_HOST, "::1" };
    int64_t now = time(NULL);

    return (struct cert_request){
        .common_name = name,
        .dns = dns,
        .dns_count = 1,
        .ip = ip,
        .ip_count = 2,
        .not_before = now - DAY,
        .not_after = now + INT64_C(365) * DAY,
        .role = CERT_LEAF,
    };
}

/* Signed by `ca`, or by itself. */
static enum err certify_key(const struct credential *ca, struct cert_request r, struct key *subject,
                            struct buf *pem)
{
    r.subject = subject;
    r.issuer = ca ? ca->key.key : NULL;
    r.issuer_pem = ca ? buf_span(&ca->pem) : span(NULL, 0);
    return cert_make(&r, pem);
}

static enum err certify(const struct credential *ca, struct cert_request r, struct credential *out)
{
    TRY(key_make(KEY_P256, &out->key));
    return certify_key(ca, r, out->key.key, &out->pem);
}

static enum err certify_wrongly(struct world *w)
{
    static const char *const dns[] = { "other.example" }, *const ip[] = { "127.0.0.2" };
    struct cert_request r[CERT_FAULTS];

    for (size_t i = 0; i < CERT_FAULTS; i++) r[i] = leaf("localhost");
    r[CERT_EXPIRED].not_after = r[CERT_EXPIRED].not_before + DAY / 2;
    r[CERT_EARLY].not_before += INT64_C(2) * DAY;
    r[CERT_OTHER_NAME].dns = dns;
    r[CERT_OTHER_NAME].ip = ip;
    r[CERT_OTHER_NAME].ip_count = 1;
    for (size_t i = 0; i < CERT_FAULTS; i++) TRY(certify(&w->ca, r[i], &w->faulty[i]));
    return OK;
}

static enum err make_certificates(struct world *w)
{
    struct cert_request ca = leaf("ace-mqtt test CA");

    ca.role = CERT_CA;
    ca.dns_count = ca.ip_count = 0;
    TRY(certify(NULL, ca, &w->ca));
    TRY(certify(&w->ca, leaf("as"), &w->as_tls));
    TRY(certify(&w->ca, leaf(WORLD_BROKER), &w->broker_tls));
    TRY(certify_key(&w->ca, leaf(WORLD_BROKER), w->broker_tls.key.key, &w->renewed));
    TRY(certify(NULL, leaf(WORLD_OTHER), &w->other_tls));
    return certify_wrongly(w);
}

/* --- parties --- */

static enum err make_client(struct world_client *c)
{
    uint8_t secret[12];
    struct buf text = { 0 };

    TRY(entropy_fill(entropy_system(), secret, sizeof secret));
    b64url_encode(&text, span(secret, sizeof secret));
    snprintf(c->secret, sizeof c->secret, "%s", buf_cstr(&text));
    buf_clear(&text);
    TRY(key_make(KEY_ED25519, &c->keys[KEY_ED25519]));
    return key_make(KEY_P256, &c->keys[KEY_P256]);
}

static enum err make_clients(struct world *w)
{
    static const char *const ids[WORLD_CLIENTS] = { "sensor", "display", "third", "fourth" };
    static const char *const mqtt_ids[WORLD_CLIENTS] = { "device-1", "device-2", "device-3", "device-4" };

    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        w->client[i].id = ids[i];
        w->client[i].mqtt_id = mqtt_ids[i];
        TRY(make_client(&w->client[i]));
    }
    return OK;
}

enum err world_rename(struct world *w)
{
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        struct world_client *c = &w->client[i];
        uint8_t rare[9];
        struct buf text = { 0 };
        TRY(entropy_name(entropy_system(), rare, sizeof rare));
        b64url_encode(&text, span(rare, sizeof rare));
        snprintf(c->rare_id, sizeof c->rare_id, "test-%s", buf_cstr(&text));
        buf_clear(&text);
        c->mqtt_id = c->rare_id;
    }
    return OK;
}

static enum key_type sign_type(const struct variant *v)
{
    const char *word = v ? variant_value(v, "sign") : NULL;

    return word && strcmp(word, "es256") == 0 ? KEY_P256 : KEY_ED25519;
}

static size_t derived_size(const struct variant *v)
{
    const char *word = v ? variant_value(v, "derived_len") : NULL;

    return word ? strtoul(word, NULL, 10) : DERIVED_KEY_SIZE;
}

static enum err make_issuer(const struct variant *v, struct world *w)
{
    buf_str(&w->issuer.iss, WORLD_ISSUER);
    w->issuer.verify_count = w->issuer.decrypt_count = 1;
    TRY(key_copy(&w->sign, &w->issuer.verify[0]));
    TRY(key_copy(&w->shared, &w->issuer.decrypt[0]));
    w->issuer.derivation = (struct derivation){ key_ref(w->derivation.key), derived_size(v) };
    return buf_failed(&w->issuer.iss) ? ERR_NO_MEMORY : OK;
}

enum err world_make(const struct variant *v, struct world *out)
{
    *out = (struct world){ .as_host = WORLD_HOST, .broker_host = WORLD_HOST, .token_path = WORLD_TOKEN_PATH };
    if (v && variant_turns_on(v, ROLE_AS, "compat_draft02")) out->scopes = SCOPE_DRAFT02;
    TRY(make_certificates(out));
    TRY(key_make(sign_type(v), &out->sign));
    TRY(key_make(sign_type(v), &out->stranger));
    TRY(key_make(KEY_OCT, &out->shared));
    TRY(key_make(KEY_OCT, &out->other_shared));
    TRY(key_make(KEY_OCT, &out->derivation));
    TRY(make_clients(out));
    return make_issuer(v, out);
}

static void credential_clear(struct credential *c)
{
    key_object_clear(&c->key);
    buf_clear(&c->pem);
}

void world_clear(struct world *w)
{
    struct credential *credentials[] = { &w->ca, &w->as_tls, &w->broker_tls, &w->other_tls };
    struct key_object *keys[] = {
        &w->sign,         &w->stranger,         &w->shared,           &w->derivation,
        &w->other_shared, &w->issuer.verify[0], &w->issuer.decrypt[0]
    };

    for (size_t i = 0; i < sizeof credentials / sizeof *credentials; i++) credential_clear(credentials[i]);
    for (size_t i = 0; i < CERT_FAULTS; i++) credential_clear(&w->faulty[i]);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) key_object_clear(keys[i]);
    for (size_t i = 0; i < WORLD_CLIENTS; i++) {
        for (enum key_type t = 0; t <= KEY_P256; t++) key_object_clear(&w->client[i].keys[t]);
    }
    derivation_clear(&w->issuer.derivation);
    buf_clear(&w->issuer.iss);
    buf_clear(&w->renewed);
    *w = (struct world){ 0 };
}

enum err world_open(const struct world *w, struct span token, int64_t now, struct claims **out,
                    struct fault *why)
{
    const struct span audiences[] = { SPAN(WORLD_BROKER), SPAN(WORLD_OTHER), SPAN(WORLD_COUNTED),
                                      SPAN(WORLD_TOLD) };
    struct token_trust trust = {
        .issuer_count = 1,
        .issuers = &w->issuer,
        .scope_also = w->scopes,
        .accept_exi = true,
        .audience_count = sizeof audiences / sizeof *audiences,
        .audiences = audiences,
        .leeway = 5,
    };

    return token_open(token, &trust, now, out, why);
}
