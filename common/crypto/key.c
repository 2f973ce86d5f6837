#include "common/crypto/key.h"

#include "common/crypto/ed25519_point.h"
#include "common/crypto/ossl.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <stdlib.h>

enum { MAX_OCTETS = 64, PART = 32, POINT = 1 + 2 * PART };

struct key {
    unsigned references;
    enum key_type type;
    bool is_private;
    struct secret octets; /* KEY_OCT */
    EVP_PKEY *pkey;       /* the others */
    uint8_t public[2 * PART];
};

/* --- makers --- */

static size_t public_size(enum key_type type)
{
    static const uint8_t sizes[] = { [KEY_OCT] = 0, [KEY_ED25519] = PART, [KEY_P256] = 2 * PART };

    return sizes[type];
}

/* Takes `pkey`, whose public part is `public` and already checked. */
static enum err make(enum key_type type, EVP_PKEY *pkey, const uint8_t *public, struct key **out)
{
    struct key *k = calloc(1, sizeof *k);

    if (!k) {
        EVP_PKEY_free(pkey);
        return ERR_NO_MEMORY;
    }
    *k = (struct key){ .references = 1, .type = type, .pkey = pkey };
    memcpy(k->public, public, public_size(type));
    *out = k;
    return OK;
}

static enum err make_private(enum key_type type, EVP_PKEY *pkey, const uint8_t *public, struct key **out)
{
    TRY(make(type, pkey, public, out));
    (*out)->is_private = true;
    return OK;
}

enum err key_oct(struct span octets, struct key **out)
{
    static const uint8_t none[1];
    struct key *k;

    if (octets.n == 0 || octets.n > MAX_OCTETS) return ERR_MALFORMED;
    TRY(make_private(KEY_OCT, NULL, none, &k));
    enum err e = secret_set(&k->octets, octets);
    if (e == OK)
        *out = k;
    else
        key_free(k);
    return e;
}

static bool public_ok(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool ok = c && EVP_PKEY_public_check(c) == 1;

    EVP_PKEY_CTX_free(c);
    return ok;
}

enum err key_ed25519_public(struct span x, struct key **out)
{
    if (x.n != PART) return ERR_MALFORMED;
    TRY(ed25519_point_check(x.p));
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x.p, x.n);
    if (pkey && public_ok(pkey)) return make(KEY_ED25519, pkey, x.p, out);
    EVP_PKEY_free(pkey);
    return ossl_failed(ERR_MALFORMED);
}

enum err key_ed25519_private(struct span seed, struct key **out)
{
    uint8_t public[PART];
    size_t n = sizeof public;

    if (seed.n != PART) return ERR_MALFORMED;
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed.p, seed.n);
    if (pkey && EVP_PKEY_get_raw_public_key(pkey, public, &n) == 1)
        return make_private(KEY_ED25519, pkey, public, out);
    EVP_PKEY_free(pkey);
    return ossl_failed(ERR_INTERNAL);
}

/* `d` may be NULL. NULL if the point is not on the curve, or out of memory. */
static EVP_PKEY *p256_pkey(const uint8_t point[POINT], const BIGNUM *d)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    bool ok = c && b && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
              OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, POINT) &&
              (!d || OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, d));
    OSSL_PARAM *params = ok ? OSSL_PARAM_BLD_to_param(b) : NULL;

    if (!params || EVP_PKEY_fromdata_init(c) != 1 ||
        EVP_PKEY_fromdata(c, &pkey, d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(c);
    return pkey;
}

enum err key_p256_public(struct span x, struct span y, struct key **out)
{
    uint8_t point[POINT] = { POINT_CONVERSION_UNCOMPRESSED };

    if (x.n != PART || y.n != PART) return ERR_MALFORMED;
    memcpy(point + 1, x.p, PART);
    memcpy(point + 1 + PART, y.p, PART);
    EVP_PKEY *pkey = p256_pkey(point, NULL);
    if (pkey && public_ok(pkey)) return make(KEY_P256, pkey, point + 1, out);
    EVP_PKEY_free(pkey);
    return ossl_failed(ERR_MALFORMED);
}

enum err key_p256_compressed(struct span x, bool y_odd, struct key **out)
{
    uint8_t in[1 + PART] = { POINT_CONVERSION_COMPRESSED + y_odd }, point[POINT];

    if (x.n != PART) return ERR_MALFORMED;
    memcpy(in + 1, x.p, PART);
    EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *q = g ? EC_POINT_new(g) : NULL;
    bool ok = q && EC_POINT_oct2point(g, q, in, sizeof in, NULL) == 1 &&
              EC_POINT_point2oct(g, q, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point, NULL) == POINT;
    EC_POINT_free(q);
    EC_GROUP_free(g);
    if (!ok) return ossl_failed(ERR_MALFORMED);
    return key_p256_public(span(point + 1, PART), span(point + 1 + PART, PART), out);
}

/* The public point d * G. ERR_MALFORMED unless 0 < d < n. */
static enum err p256_multiply(const EC_GROUP *g, const BIGNUM *d, uint8_t point[POINT])
{
    if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(g)) >= 0) return ERR_MALFORMED;
    EC_POINT *q = EC_POINT_new(g);
    bool ok = q && EC_POINT_mul(g, q, d, NULL, NULL, NULL) == 1 &&
              EC_POINT_point2oct(g, q, POINT_CONVERSION_UNCOMPRESSED, point, POINT, NULL) == POINT;
    EC_POINT_free(q);
    return ok ? OK : ossl_failed(ERR_INTERNAL);
}

enum err key_p256_private(struct span d, struct key **out)
{
    uint8_t point[POINT];

    if (d.n != PART) return ERR_MALFORMED;
    EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *n = BN_secure_new();
    enum err e = ERR_NO_MEMORY;
    if (g && n && BN_bin2bn(d.p, PART, n)) {
        BN_set_flags(n, BN_FLG_CONSTTIME);
        e = p256_multiply(g, n, point);
    }
    EVP_PKEY *pkey = e == OK ? p256_pkey(point, n) : NULL;
    BN_clear_free(n);
    EC_GROUP_free(g);
    if (pkey) return make_private(KEY_P256, pkey, point + 1, out);
    return ossl_failed(e == OK ? ERR_INTERNAL : e);
}

/* A curve spelled out by its parameters is refused even if it is P-256 (RFC 5480 2.1.1). */
static bool names_p256(const EVP_PKEY *pkey)
{
    char group[32];
    int spelled = 0;

    return EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
           strcmp(group, "prime256v1") == 0 &&
           EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelled) == 1 &&
           !spelled;
}

static enum err p256_from_evp(const EVP_PKEY *pkey, struct key **out)
{
    BIGNUM *x = NULL, *y = NULL, *d = NULL;
    uint8_t part[3][PART];
    enum err e = ERR_MALFORMED;

    if (names_p256(pkey) && EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
        BN_bn2binpad(x, part[0], PART) == PART && BN_bn2binpad(y, part[1], PART) == PART) {
        if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
            BN_bn2binpad(d, part[2], PART) == PART)
            e = key_p256_private(span(part[2], PART), out);
        else
            e = key_p256_public(span(part[0], PART), span(part[1], PART), out);
    }
    BN_free(x);
    BN_free(y);
    BN_clear_free(d);
    explicit_bzero(part, sizeof part);
    return e;
}

static enum err ed25519_from_evp(const EVP_PKEY *pkey, struct key **out)
{
    uint8_t part[PART];
    size_t n = sizeof part;
    enum err e = ERR_MALFORMED;

    if (EVP_PKEY_get_raw_private_key(pkey, part, &n) == 1)
        e = key_ed25519_private(span(part, n), out);
    else if (n = sizeof part, EVP_PKEY_get_raw_public_key(pkey, part, &n) == 1)
        e = key_ed25519_public(span(part, n), out);
    explicit_bzero(part, sizeof part);
    return e;
}

/* Through the raw parts, so that every key went through the same checks and carries no foreign attributes. */
enum err key_from_evp(const void *evp_pkey, struct key **out)
{
    int id = EVP_PKEY_get_id(evp_pkey);
    struct key *k = NULL;
    enum err e = ERR_MALFORMED;

    if (id == EVP_PKEY_ED25519) e = ed25519_from_evp(evp_pkey, &k);
    if (id == EVP_PKEY_EC) e = p256_from_evp(evp_pkey, &k);
    e = ossl_failed(e); /* also when a private part could not be had for want of memory */
    if (e == OK)
        *out = k;
    else
        key_free(k);
    return e;
}

static enum err generate_octets(struct key **out, enum err (*maker)(struct span, struct key **))
{
    uint8_t octets[PART];
    enum err e =
        RAND_priv_bytes(octets, PART) == 1 ? maker(span(octets, PART), out) : ossl_failed(ERR_INTERNAL);

    explicit_bzero(octets, sizeof octets);
    return e;
}

static enum err generate_p256(struct key **out)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    enum err e = pkey ? key_from_evp(pkey, out) : ossl_failed(ERR_INTERNAL);

    EVP_PKEY_free(pkey);
    return e;
}

enum err key_generate(enum key_type type, struct key **out)
{
    switch (type) {
    case KEY_OCT:
        return generate_octets(out, key_oct);
    case KEY_ED25519:
        return generate_octets(out, key_ed25519_private);
    case KEY_P256:
        return generate_p256(out);
    }
    return ERR_MALFORMED;
}

/* --- life --- */

struct key *key_ref(struct key *k)
{
    k->references++;
    return k;
}

void key_free(struct key *k)
{
    if (!k || --k->references) return;
    secret_clear(&k->octets);
    EVP_PKEY_free(k->pkey);
    free(k);
}

/* --- what it is --- */

enum key_type key_type(const struct key *k)
{
    return k->type;
}

bool key_is_private(const struct key *k)
{
    return k->is_private;
}

size_t key_public(const struct key *k, uint8_t out[64])
{
    memcpy(out, k->public, public_size(k->type));
    return public_size(k->type);
}

struct span key_octets(const struct key *k)
{
    return secret_span(&k->octets);
}

void *key_evp(const struct key *k)
{
    return k->pkey;
}

static bool p256_secret(const struct key *k, uint8_t out[PART])
{
    BIGNUM *d = NULL;
    bool ok = EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
              BN_bn2binpad(d, out, PART) == PART;

    BN_clear_free(d);
    return ok;
}

enum err key_secret(const struct key *k, struct secret *out)
{
    uint8_t part[PART];
    size_t n = sizeof part;

    if (!k->is_private) return ERR_PROTOCOL;
    if (k->type == KEY_OCT) return secret_set(out, key_octets(k));
    bool ok =
        k->type == KEY_P256 ? p256_secret(k, part) : EVP_PKEY_get_raw_private_key(k->pkey, part, &n) == 1;
    enum err e = ok ? secret_set(out, span(part, PART)) : ossl_failed(ERR_INTERNAL);
    explicit_bzero(part, sizeof part);
    return e;
}

bool key_eq(const struct key *a, const struct key *b)
{
    if (a->type != b->type) return false;
    if (a->type == KEY_OCT) return secret_eq(key_octets(a), key_octets(b));
    return memcmp(a->public, b->public, public_size(a->type)) == 0;
}

enum { B64_MAX = (MAX_OCTETS + 2) / 3 * 4 + 1 };

/* base64url without padding; common/codec is out of reach from here. */
static void b64url(const uint8_t *p, size_t n, char out[B64_MAX])
{
    int left = EVP_EncodeBlock((unsigned char *)out, p, (int)n);

    while (left > 0 && out[left - 1] == '=') out[--left] = 0;
    for (char *c = out; *c; c++) *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
}

/* RFC 7638 3.2, RFC 8037 2: the required members, sorted, without white space. */
void key_thumbprint(const struct key *k, uint8_t out[SHA256_SIZE])
{
    static const char *const before[][3] = {
        [KEY_OCT] = { "{\"k\":\"", NULL, "\",\"kty\":\"oct\"}" },
        [KEY_ED25519] = { "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"", NULL, "\"}" },
        [KEY_P256] = { "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"", "\",\"y\":\"", "\"}" },
    };
    const char *const *around = before[k->type];
    char text[256] = "", first[B64_MAX], second[B64_MAX] = "";
    const uint8_t *part = k->type == KEY_OCT ? k->octets.p : k->public;

    b64url(part, k->type == KEY_OCT ? k->octets.n : PART, first);
    if (k->type == KEY_P256) b64url(part + PART, PART, second);
    int n = snprintf(text, sizeof text, "%s%s%s%s%s", around[0], first, around[1] ? around[1] : "", second,
                     around[2]);
    sha256(span(text, (size_t)n), out);
    explicit_bzero(text, sizeof text);
    explicit_bzero(first, sizeof first);
}
