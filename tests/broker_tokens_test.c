#include "broker/tokens.h"
#include "tests/broker_kit.h"

/* The store of tokens, with real ones. */

static const uint8_t hash_key[16] = { 2 };
static const struct tokens_limits roomy = { .count = 10, .bytes = 100000 };

struct sample {
    struct buf token;
    struct claims *claims;
};

static struct sample sample(struct kit *k, unsigned key, int64_t issued, int64_t life)
{
    struct sample s = { kit_token(k, 1, &(struct kit_connect){ .key = key, .issued = issued, .life = life }),
                        NULL };

    CHECK(token_open(buf_span(&s.token), &k->settings.trust, k->now, &s.claims, NULL) == OK);
    return s;
}

static void sample_clear(struct sample *s)
{
    buf_clear(&s->token);
    claims_free(s->claims);
}

static enum err put(struct tokens *t, const struct sample *s)
{
    return tokens_put(t, buf_span(&s->token), s->claims, INT64_MAX);
}

static bool has(struct tokens *t, const struct sample *s, int64_t now)
{
    return span_eq(tokens_of_key(t, claims_key(s->claims), now), buf_span(&s->token));
}

/* security.md T8: an older token for the same key does not roll the rights back. */
static void newer_stays(void)
{
    struct kit k;

    kit_init(&k);
    struct tokens *t = tokens_new(&roomy, hash_key);
    struct sample old = sample(&k, 1, 100, 50), new = sample(&k, 1, 0, 60), other = sample(&k, 2, 0, 60);
    CHECK(put(t, &old) == OK && has(t, &old, k.now));
    CHECK(put(t, &new) == OK && has(t, &new, k.now) && tokens_count(t) == 1); /* [R-AZI-07] */
    CHECK(put(t, &old) == OK && has(t, &new, k.now));                         /* */
    CHECK(put(t, &other) == OK && has(t, &other, k.now) && has(t, &new, k.now) &&
          tokens_count(t) == 2);                                        /* [R-TLS-16] */
    CHECK(tokens_of_key(t, claims_key(new.claims), k.now + 60).n == 0); /* [R-EXP-10] */
    tokens_sweep(t, k.now + 59);
    CHECK(tokens_count(t) == 2);
    tokens_sweep(t, k.now + 60);
    CHECK(tokens_count(t) == 0);
    sample_clear(&old);
    sample_clear(&new);
    sample_clear(&other);
    tokens_free(t);
    kit_clear(&k);
}

static void by_client(void)
{
    struct kit k;
    char id[] = "c0";

    kit_init(&k);
    struct tokens *t = tokens_new(&roomy, hash_key);
    struct sample one = sample(&k, 1, 0, 60), two = sample(&k, 2, 0, 60);
    CHECK(put(t, &one) == OK && put(t, &two) == OK);
    CHECK(tokens_bind(t, span_str("me"), claims_key(one.claims)) == OK);
    CHECK(span_eq(tokens_of_client(t, span_str("me"), k.now), buf_span(&one.token)));
    CHECK(tokens_bind(t, span_str("me"), claims_key(two.claims)) == OK);
    CHECK(span_eq(tokens_of_client(t, span_str("me"), k.now), buf_span(&two.token)));
    CHECK(tokens_of_client(t, span_str("you"), k.now).n == 0);
    CHECK(tokens_of_client(t, span_str("me"), k.now + 60).n == 0);
    for (id[1] = '0'; id[1] <= '9'; id[1]++)
        CHECK(tokens_bind(t, span_str(id), claims_key(one.claims)) == OK);
    CHECK(tokens_of_client(t, span_str("c1"), k.now).n == 0); /* the oldest names of a key make room */
    CHECK(tokens_of_client(t, span_str("c2"), k.now).n != 0 &&
          tokens_of_client(t, span_str("c9"), k.now).n != 0);
    tokens_sweep(t, k.now + 60);
    CHECK(tokens_of_client(t, span_str("c9"), k.now).n == 0);
    sample_clear(&one);
    sample_clear(&two);
    tokens_free(t);
    kit_clear(&k);
}

static void bounded(void)
{
    struct kit k;

    kit_init(&k);
    struct sample s[4];
    struct tokens *t = tokens_new(&(struct tokens_limits){ .count = 3, .bytes = 100000 }, hash_key);
    for (unsigned i = 0; i < 4; i++) s[i] = sample(&k, i + 1, 0, 60);
    for (unsigned i = 0; i < 3; i++) CHECK(put(t, &s[i]) == OK);
    CHECK(has(t, &s[0], k.now)); /* used just now */
    CHECK(put(t, &s[3]) == OK && tokens_count(t) == 3);
    CHECK(has(t, &s[0], k.now) && !has(t, &s[1], k.now) && has(t, &s[3], k.now));
    tokens_relimit(t, &(struct tokens_limits){ .count = 3, .bytes = s[3].token.n });
    CHECK(tokens_count(t) == 1 && has(t, &s[3], k.now));
    tokens_relimit(t, &(struct tokens_limits){ .count = 3, .bytes = 10 });
    CHECK(tokens_count(t) == 0 && put(t, &s[0]) == ERR_QUOTA);
    for (unsigned i = 0; i < 4; i++) sample_clear(&s[i]);
    tokens_free(t);
    kit_clear(&k);
}

CU_TestInfo broker_tokens_tests[] = { { "the newer token of a key stays", newer_stays },
                                      { "by Client Identifier", by_client },
                                      { "bounded", bounded },
                                      CU_TEST_INFO_NULL };
