#include "common/ace/pop.h"

#include "common/crypto/mac.h"

#include <stdlib.h>

struct proven {
    struct key *key;
};

static enum err add(struct span bytes, struct buf *out)
{
    buf_add(out, bytes);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

enum err pop_prove(const struct key *k, struct span challenge, struct buf *proof)
{
    uint8_t mac[HMAC256_SIZE], signature[SIGNATURE_SIZE];

    if (key_type(k) != KEY_OCT) {
        TRY(sign(k, challenge, signature));
        return add(span(signature, sizeof signature), proof);
    }
    TRY(hmac_sha256(key_octets(k), challenge, mac));
    return add(span(mac, sizeof mac), proof);
}

/* The one algorithm of a key's type. */
static enum key_alg natural_alg(enum key_type type)
{
    switch (type) {
    case KEY_OCT:
        return KEY_ALG_HS256;
    case KEY_ED25519:
        return KEY_ALG_EDDSA;
    case KEY_P256:
        return KEY_ALG_ES256;
    }
    return KEY_ALG_NONE;
}

bool pop_alg_fits(const struct key_object *k)
{
    return k->alg == KEY_ALG_ABSENT || k->alg == natural_alg(key_type(k->key));
}

/* The algorithm follows from the key, never from the peer. */
static bool key_fits(const struct key_object *o, size_t min_hmac_key)
{
    if (!o->key) return false;                                                  /* [R-VAL-11] */
    if (!pop_alg_fits(o)) return false;                                         /* [R-VAL-10, R-VAL-13] */
    if (!o->may_verify) return false;                                           /* [R-VAL-13] */
    return key_type(o->key) != KEY_OCT || key_octets(o->key).n >= min_hmac_key; /* */
}

/* A length of 64 is never taken for DER. */
static enum err check_signature(const struct key *k, struct span challenge, struct span proof,
                                const struct pop_rules *rules)
{
    uint8_t raw[SIGNATURE_SIZE];

    if (rules->der_ecdsa && key_type(k) == KEY_P256 && proof.n != SIGNATURE_SIZE &&
        signature_from_der(proof, raw))
        return verify(k, challenge, span(raw, sizeof raw));
    return verify(k, challenge, proof);
}

static enum err check_proof(const struct key *k, struct span challenge, struct span proof,
                            const struct pop_rules *rules)
{
    return key_type(k) == KEY_OCT
               ? hmac_sha256_check(key_octets(k), challenge, proof) /* [R-POPX-10] [R-POPX-11] */
               : check_signature(k, challenge, proof, rules);
}

static enum err proven_new(const struct key *k, struct proven **out)
{
    struct proven *p = malloc(sizeof *p);

    if (!p) return ERR_NO_MEMORY;
    p->key = key_ref((struct key *)k);
    *out = p;
    return OK;
}

enum err pop_verify(const struct claims *c, struct span challenge, struct span proof,
                    const struct pop_rules *rules, struct proven **out)
{
    const struct cnf *cnf = &claims_set(c)->cnf;

    *out = NULL;
    if (cnf->kind != CNF_KEY || !key_fits(&cnf->object, rules->min_hmac_key)) return ERR_NOT_AUTHORIZED;
    enum err e = check_proof(cnf->object.key, challenge, proof, rules);
    if (e == OK) return proven_new(cnf->object.key, out); /* [R-VAL-12] */
    return e == ERR_INTERNAL || e == ERR_NO_MEMORY ? e : ERR_NOT_AUTHORIZED;
}

enum err tls_proven(const struct tls_facts *facts, struct proven **out)
{
    const struct key *k = facts->peer_key;
    bool shown = facts->peer == TLS_PEER_RPK || (facts->peer == TLS_PEER_PSK && k && key_type(k) == KEY_OCT);

    *out = NULL;
    if (facts->version < 0x0304 && !facts->extended_master_secret) return ERR_NOT_AUTHORIZED;
    return shown && k ? proven_new(k, out) : ERR_NOT_AUTHORIZED;
}

void proven_free(struct proven *p)
{
    if (!p) return;
    key_free(p->key);
    free(p);
}

const struct key *proven_key(const struct proven *p)
{
    return p->key;
}
