#include "as/reference.h"
#include "common/ace/cose.h"
#include "common/ace/jose.h"
#include "tests/check.h"

/* no reference reads as a token that says something itself, whatever chance brings. */
static void names(void)
{
    struct entropy_seeded entropy = entropy_seeded(11);
    struct buf last = { 0 };

    for (int i = 0; i < 1000; i++) {
        struct buf token = { 0 }, cwt = { 0 };
        CHECK(reference_make(&entropy.base, &token) == OK && token.n == 43);
        CHECK(!span_eq(buf_span(&token), buf_span(&last)));
        CHECK(!cose_from_text(buf_span(&token), &cwt) && cose_form(buf_span(&token)) == COSE_NEITHER);
        CHECK(jose_form(buf_span(&token)) == JOSE_NEITHER);
        buf_clear(&cwt);
        buf_clear(&last);
        last = token;
    }
    buf_clear(&last);
}

static void keeps(void)
{
    struct claim_set set = { .has_exp = true, .exp = 2000, .has_client_id = true, .has_id = true }, got;
    struct secret kept = { 0 };

    buf_str(&set.client_id, "alice");
    buf_str(&set.id, "t1");
    set.cnf.kind = CNF_KEY;
    CHECK(key_generate(KEY_OCT, &set.cnf.object.key) == OK);
    CHECK(reference_write(&set, &kept) == OK);
    CHECK(reference_read(secret_span(&kept), &got) == OK);
    CHECK(got.has_exp && got.exp == 2000 && span_is(buf_span(&got.client_id), "alice"));
    CHECK(span_is(buf_span(&got.id), "t1") && got.cnf.kind == CNF_KEY);
    CHECK(got.cnf.object.key && key_eq(got.cnf.object.key, set.cnf.object.key));
    claim_set_clear(&got);
    CHECK(reference_read(span(kept.p, kept.n - 1), &got) == ERR_UNAVAILABLE && !got.has_exp);
    secret_clear(&kept);
    claim_set_clear(&set);
}

CU_TestInfo reference_tests[] = { { "names", names }, { "keeps", keeps }, CU_TEST_INFO_NULL };
