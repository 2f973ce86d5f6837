#include "common/ace/jose.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Fixed keys, and one token made with each: nothing else may ever open under them. */
enum { JWS_KEYS = 3, TOKENS = 6 };

typedef enum err opener(struct span token, const struct key *k, struct buf *out, struct fault *why);

static struct made {
    struct key *key;
    struct buf token;
    opener *open;
} made[TOKENS];

static void insist(int ok)
{
    if (!ok) __builtin_trap();
}

static void make_keys(void)
{
    static const uint8_t seed[32] = { 7, 7, 7 };

    for (size_t i = 0; i < TOKENS; i++) insist(key_oct(span(seed, i == 3 ? 16 : 32), &made[i].key) == OK);
    key_free(made[1].key);
    key_free(made[2].key);
    insist(key_ed25519_private(span(seed, 32), &made[1].key) == OK);
    insist(key_p256_private(span(seed, 32), &made[2].key) == OK);
}

static void make_tokens(void)
{
    static const enum aead methods[] = { AEAD_A128GCM, AEAD_A256GCM, AEAD_A128CBC_HS256 };
    struct entropy_seeded chance = entropy_seeded(1);
    struct span kid = span_str("kid"), text = span_str("{\"iss\":\"AS\",\"exp\":1900000000}");

    for (size_t i = 0; i < TOKENS; i++) {
        struct made *m = &made[i];
        m->open = i < JWS_KEYS ? jws_open : jwe_open;
        enum err e = i < JWS_KEYS ? jws_sign(m->key, kid, "JWT", text, &m->token)
                                  : jwe_seal(methods[i - JWS_KEYS], m->key, kid, "JWT", NULL, &chance.base,
                                             text, &m->token);
        insist(e == OK);
    }
}

static int is_ours(struct span token)
{
    for (size_t i = 0; i < TOKENS; i++)
        if (span_eq(token, buf_span(&made[i].token))) return 1;
    return 0;
}

static void try_all(struct span token)
{
    struct jose_header h;
    struct fault why;

    if (jose_header_read(token, &h, &why) == OK)
        insist(jose_form(token) != JOSE_NEITHER && h.alg.n && h.kid.n <= MAX_KID);
    jose_header_clear(&h);
    for (size_t i = 0; i < TOKENS; i++) {
        struct buf out = { 0 };
        if (made[i].open(token, made[i].key, &out, &why) == OK)
            insist(is_ours(token));
        else
            insist(out.n == 0);
        buf_clear(&out);
    }
}

/* First byte below TOKENS: the rest edits that token, two bytes of place and one to put there, or cuts it. Else: the rest
 * is a token. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct buf token = { 0 };
    size_t i = 1;

    if (n == 0) return 0;
    if (!made[0].key) {
        make_keys();
        make_tokens();
    }
    if (p[0] >= TOKENS) {
        try_all(span(p + 1, n - 1));
        return 0;
    }
    buf_add(&token, buf_span(&made[p[0]].token));
    for (; i + 2 < n; i += 3) token.p[((size_t)p[i] << 8 | p[i + 1]) % token.n] = p[i + 2];
    if (i + 1 < n) buf_truncate(&token, ((size_t)p[i] << 8 | p[i + 1]) % token.n);
    try_all(buf_span(&token));
    buf_clear(&token);
    return 0;
}
