#include "common/ace/cose.h"
#include "common/ace/token.h"
#include "common/codec/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { NOW = 1800000000 };

static const uint8_t octets[32] = { 1 };

static void give(struct key_object *o)
{
    *o = (struct key_object){ .may_sign = true, .may_verify = true };
    if (key_oct(span(octets, sizeof octets), &o->key) != OK) __builtin_trap();
}

/* Raw bytes: nobody forges a token. Then the same bytes as claims of a token that is protected rightly: those that are
 * accepted are for us, not expired, have a scope and name a key; and what claims_set() shows can be sealed again. */
static void raw(struct span in, const struct token_trust *trust)
{
    struct claims *c = NULL;
    struct buf shown = { 0 };
    enum err e = token_open(in, trust, NOW, &c, NULL);

    if (e == OK || c) __builtin_trap();
    if (e != ERR_NOT_A_TOKEN && e != ERR_NOT_AUTHORIZED) __builtin_trap();
    if (token_show(in, false, &shown, NULL) != OK && shown.n) __builtin_trap();
    buf_clear(&shown);
}

/* What was opened, sealed again in either form, says the same. */
static void reseal(const struct claim_set *s, const struct token_trust *trust, enum token_form form,
                   struct entropy *entropy)
{
    const struct token_protection p = { .shared = trust->issuers[0].decrypt, .form = form };
    struct claims *again = NULL;
    struct buf sealed = { 0 };

    if (token_seal(s, &p, entropy, &sealed) == OK) {
        if (token_open(buf_span(&sealed), trust, NOW, &again, NULL) != OK) __builtin_trap();
        if (!cnf_eq(&s->cnf, &claims_set(again)->cnf)) __builtin_trap();
    }
    claims_free(again);
    buf_clear(&sealed);
}

static void check(const struct claims *c, const struct token_trust *trust, struct entropy *entropy)
{
    const struct claim_set *s = claims_set(c);

    if (!claim_set_for(s, trust->audiences[0]) || !s->has_exp || claims_end(c) <= NOW || !s->scope)
        __builtin_trap();
    if (s->cnf.kind != CNF_KEY && s->cnf.kind != CNF_KID) __builtin_trap();
    reseal(s, trust, TOKEN_JWT, entropy);
    reseal(s, trust, TOKEN_CWT, entropy);
}

static void protected(struct span claims, const struct token_trust *trust, enum token_form form)
{
    const struct key *k = trust->issuers[0].decrypt[0].key;
    struct entropy_seeded entropy = entropy_seeded(1);
    struct buf token = { 0 };
    struct claims *c = NULL;

    enum err e = form == TOKEN_CWT
                     ? cose_seal(AEAD_A256GCM, k, span(NULL, 0), &entropy.base, claims, &token)
                     : jwe_seal(AEAD_A256GCM, k, span(NULL, 0), NULL, NULL, &entropy.base, claims, &token);
    if (e == OK && token_open(buf_span(&token), trust, NOW, &c, NULL) == OK) check(c, trust, &entropy.base);
    claims_free(c);
    buf_clear(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    const struct span us = span_str("b");
    struct token_issuer as = { .verify_count = 1, .decrypt_count = 1 };
    const struct token_trust trust = { .issuer_count = 1,
                                       .issuers = &as,
                                       .require_aud = true,
                                       .require_exp = true,
                                       .scope_also = SCOPE_LENIENT,
                                       .base64url_text = true,
                                       .audience_count = 1,
                                       .audiences = &us };

    buf_str(&as.iss, "AS");
    give(&as.verify[0]);
    give(&as.decrypt[0]);
    raw(span(p, n), &trust);
    protected(span(p, n), &trust, TOKEN_JWT);
    protected(span(p, n), &trust, TOKEN_CWT);
    key_object_clear(&as.verify[0]);
    key_object_clear(&as.decrypt[0]);
    buf_clear(&as.iss);
    return 0;
}
