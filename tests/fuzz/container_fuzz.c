#include "common/ace/cose.h"
#include "common/ace/jose.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Fixed keys, and of JOSE and COSE one token made with each: nothing else may ever open under them. */
enum { SIGNERS = 3, AEADS = 3, TOKENS = 2 * (SIGNERS + AEADS) };

typedef enum err opener(struct span token, const struct key *k, struct buf *out, struct fault *why);

static struct made {
    struct key *key;
    struct buf token;
    opener *open;
} made[TOKENS];

static size_t tokens;

static const struct span kid = SPAN("kid"), claims = SPAN("{\"iss\":\"AS\",\"exp\":1900000000}");

static void insist(int ok)
{
    if (!ok) __builtin_trap();
}

static void make_signed(enum err (*make_key)(struct span, struct key **))
{
    static const uint8_t seed[32] = { 7, 7, 7 };
    struct made *jws = &made[tokens++], *cose = &made[tokens++];

    jws->open = jws_open;
    cose->open = cose_verify;
    insist(make_key(span(seed, 32), &jws->key) == OK);
    insist(jws_sign(jws->key, kid, "JWT", claims, &jws->token) == OK);
    cose->key = key_ref(jws->key);
    insist(cose_sign(cose->key, kid, claims, &cose->token) == OK);
}

static struct made *sealer(enum aead a, opener *open)
{
    static const uint8_t seed[32] = { 7, 7, 7 };
    struct made *m = &made[tokens++];

    m->open = open;
    insist(key_oct(span(seed, aead_sizes(a)->key), &m->key) == OK);
    return m;
}

static void make_all(void)
{
    static const enum aead jwe[] = { AEAD_A128GCM, AEAD_A256GCM, AEAD_A128CBC_HS256 },
                           cose[] = { AEAD_A128GCM, AEAD_A256GCM, AEAD_AES_CCM_16_64_128 };
    struct entropy_seeded chance = entropy_seeded(1);

    make_signed(key_oct);
    make_signed(key_ed25519_private);
    make_signed(key_p256_private);
    for (size_t i = 0; i < AEADS; i++) {
        struct made *j = sealer(jwe[i], jwe_open), *c = sealer(cose[i], cose_decrypt);
        insist(jwe_seal(jwe[i], j->key, kid, "JWT", NULL, &chance.base, claims, &j->token) == OK);
        insist(cose_seal(cose[i], c->key, kid, &chance.base, claims, &c->token) == OK);
    }
    insist(tokens == TOKENS);
}

static bool is_ours(struct span token)
{
    for (size_t i = 0; i < TOKENS; i++)
        if (span_eq(token, buf_span(&made[i].token))) return true;
    return false;
}

static void try_headers(struct span token)
{
    struct jose_header j;
    struct cose_header c;
    struct buf octets = { 0 };
    struct fault why;

    if (jose_header_read(token, &j, &why) == OK)
        insist(jose_form(token) != JOSE_NEITHER && j.alg.n && j.kid.n <= MAX_KID);
    jose_header_clear(&j);
    if (cose_header_read(token, &c, &why) == OK)
        insist(c.form != COSE_NEITHER && c.kid.n <= MAX_KID && c.has_kid == (c.kid.n > 0));
    cose_header_clear(&c);
    if (cose_from_text(token, &octets)) insist(cose_form(buf_span(&octets)) != COSE_NEITHER);
    buf_clear(&octets);
}

/* A token of JOSE has one spelling; COSE leaves its unprotected header open, but never what it protects. */
static void try_all(struct span token)
{
    struct fault why;

    try_headers(token);
    for (size_t i = 0; i < TOKENS; i++) {
        bool jose = made[i].open == jws_open || made[i].open == jwe_open;
        struct buf out = { 0 };
        if (made[i].open(token, made[i].key, &out, &why) != OK)
            insist(out.n == 0);
        else
            insist(span_eq(buf_span(&out), claims) && (!jose || is_ours(token)));
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
    if (!tokens) make_all();
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
