#include "broker/authn.h"
#include "common/ace/psk_identity.h"
#include "tests/broker_kit.h"

/* TLS:Known with PSKs, at the broker's own door: whose token counts when names collide. */

struct known {
    struct kit kit;
    struct key_object shared;
    struct tokens *tokens;
    struct authn authn;
};

static struct key *octets(uint8_t fill)
{
    uint8_t bytes[32];
    struct key *k = NULL;

    memset(bytes, fill, sizeof bytes);
    CHECK(key_oct(span(bytes, sizeof bytes), &k) == OK);
    return k;
}

static void begin(struct known *x)
{
    static const struct tokens_limits roomy = { .count = 10, .bytes = 100000 };
    static const uint8_t hash_key[16] = { 3 };

    kit_init(&x->kit);
    x->shared = (struct key_object){ .key = octets(9), .may_sign = true, .may_verify = true };
    x->kit.issuer.decrypt_count = 1;
    x->kit.issuer.decrypt[0] = x->shared;
    x->tokens = tokens_new(&roomy, hash_key);
    x->authn = (struct authn){ .settings = &x->kit.settings,
                               .tokens = x->tokens,
                               .revoked = revoked_new(1, hash_key),
                               .entropy = &x->kit.entropy.base };
}

static void end(struct known *x)
{
    tokens_free(x->tokens);
    revoked_free(x->authn.revoked);
    key_object_clear(&x->shared);
    kit_clear(&x->kit);
}

/* Stores a token of this key under this kid; `k` is lent. */
static void store(struct known *x, struct key *k, const char *kid, const char *scope)
{
    struct claim_set set = { .has_iss = true, .has_exp = true, .has_scope = true, .audiences = 1 };
    struct token_protection p = { .sign_key = &x->kit.as, .shared = &x->shared };
    struct buf token = { 0 };
    struct claims *claims = NULL;
    struct fault why;

    buf_str(&set.iss, "https://as");
    buf_str(&set.audience[0], "broker");
    set.exp = x->kit.now + 1000;
    CHECK(scope_from_words(span_str(scope), &set.scope, &why) == OK);
    set.cnf.kind = CNF_KEY;
    set.cnf.object =
        (struct key_object){ .key = key_ref(k), .has_kid = true, .may_sign = true, .may_verify = true };
    buf_str(&set.cnf.object.kid, kid);
    CHECK(token_seal(&set, &p, &x->kit.entropy.base, &token) == OK);
    CHECK_ROW(token_open(buf_span(&token), &x->kit.settings.trust, x->kit.now, &claims, &why) == OK, why.why);
    CHECK(tokens_put(x->tokens, buf_span(&token), claims, INT64_MAX) == OK);
    claims_free(claims);
    claim_set_clear(&set);
    buf_clear(&token);
}

static bool psk_is(struct known *x, const char *kid, const struct key *want)
{
    struct buf identity = { 0 };
    struct secret psk = { 0 };

    CHECK(psk_identity_write(span_str(kid), NOTATION_JSON, &identity) == OK);
    enum err e = authn_psk(&x->authn, buf_span(&identity), x->kit.now, &psk);
    bool same = e == OK && want && secret_eq(secret_span(&psk), key_octets(want));
    CHECK(want || e == ERR_NOT_AUTHORIZED);
    secret_clear(&psk);
    buf_clear(&identity);
    return same;
}

/* The kid of a public key is its client's to choose: it takes nobody's PSK away. */
static void names(void)
{
    uint8_t seed[32] = { 5 };
    struct key *mine = octets(1), *public = NULL;
    struct known x;

    begin(&x);
    CHECK(key_ed25519_private(span(seed, sizeof seed), &public) == OK);
    CHECK(!psk_is(&x, "k1", NULL));
    store(&x, mine, "k1", "pub:a");
    CHECK(psk_is(&x, "k1", mine));
    store(&x, public, "k1", "pub:b");
    CHECK(psk_is(&x, "k1", mine));
    key_free(mine);
    key_free(public);
    end(&x);
}

static struct verdict come_in(struct known *x, struct key *proved, struct attempt *attempt)
{
    struct tls_facts tls = { .version = 0x0304, .peer = TLS_PEER_PSK, .peer_key = proved };

    CHECK(psk_identity_write(span_str("k1"), NOTATION_JSON, &tls.psk_identity) == OK);
    struct verdict v = authn_tls(&x->authn, &tls, attempt, x->kit.now);
    buf_clear(&tls.psk_identity);
    return v;
}

/* What is granted belongs to the key that the handshake used, whatever its identity has come to name since. */
static void proof_counts(void)
{
    struct key *first = octets(1), *second = octets(2);
    struct attempt attempt = { 0 };
    struct known x;

    begin(&x);
    store(&x, first, "k1", "pub:a");
    store(&x, second, "k1", "pub:b");
    CHECK(psk_is(&x, "k1", second));
    struct verdict v = come_in(&x, first, &attempt);
    CHECK(v.is == VERDICT_ADMIT && v.by_tls);
    CHECK(grant_allows(v.grant, PERM_PUB, span_str("a"), x.kit.now));
    CHECK(!grant_allows(v.grant, PERM_PUB, span_str("b"), x.kit.now));
    grant_free(v.grant);
    struct key *stranger = octets(3);
    v = come_in(&x, stranger, &attempt);
    CHECK(v.is == VERDICT_REFUSE && !v.grant);
    attempt_clear(&attempt);
    key_free(first);
    key_free(second);
    key_free(stranger);
    end(&x);
}

/* CONNECT of method ace with this proof, over TLS that proved `first`. */
static struct verdict come_with_token(struct known *x, struct key *first, const struct kit_connect *how,
                                      struct attempt *attempt)
{
    struct tls_facts tls = {
        .version = 0x0304, .peer = TLS_PEER_RPK, .peer_key = first, .has_exporter = true
    };
    struct buf token = { 0 }, data = { 0 };
    struct mqtt_packet p;

    if (how->token.n)
        buf_add(&token, how->token);
    else
        token = kit_token(&x->kit, 1, how);
    x->kit.version[1] = MQTT_V5;
    memset(tls.exporter, 7, sizeof tls.exporter);
    buf_u16(&data, (uint16_t)token.n);
    buf_add(&data, buf_span(&token));
    kit_prove(how->proof_key ? how->proof_key : 1, span(tls.exporter, sizeof tls.exporter), &data);
    kit_fill_connect(&x->kit, 1, how, buf_span(&data), &p);
    struct verdict v = authn_connect(&x->authn, &p, &tls, attempt, x->kit.now);
    buf_clear(&token);
    buf_clear(&data);
    return v;
}

/* The token of CONNECT replaces what TLS gave; one that is no good is a refusal, and TLS is no way back [R-TLS-09]. */
static void connect_counts(void)
{
    static const struct row {
        const char *why;
        struct kit_connect how;
        bool in;
    } rows[] = {
        { "another key and scope", { .scope = "pub:b" }, true },
        { "the proof of another key", { .scope = "pub:b", .proof_key = 9 }, false },
        { "ended", { .scope = "pub:b", .life = -1 }, false },
        { "not a token", { .token = SPAN("abc") }, false },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct key *first = octets(1);
        struct attempt attempt = { 0 };
        struct known x;

        begin(&x);
        store(&x, first, "k1", "pub:a");
        struct verdict v = come_with_token(&x, first, &r->how, &attempt);
        CHECK_ROW((v.is == VERDICT_ADMIT) == r->in && !v.by_tls, r->why);
        CHECK_ROW(!r->in == !v.grant, r->why);
        if (v.grant) {
            CHECK_ROW(grant_allows(v.grant, PERM_PUB, span_str("b"), x.kit.now), r->why);
            CHECK_ROW(!grant_allows(v.grant, PERM_PUB, span_str("a"), x.kit.now), r->why);
        }
        grant_free(v.grant);
        attempt_clear(&attempt);
        key_free(first);
        end(&x);
    }
}

CU_TestInfo broker_known_tests[] = {
    { "names", names },
    { "the proof counts, not the name", proof_counts },
    { "the token of CONNECT counts", connect_counts },
    CU_TEST_INFO_NULL,
};
