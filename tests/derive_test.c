#include "common/ace/derive.h"
#include "common/codec/text.h"
#include "tests/check.h"

/* RFC 9202 3.3.1 with the values of the specification's vectors: the token is the 29 octets of eyJhbGciOiJIUzI1NiJ9.e30.AAAA. */
#define IKM   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TOKEN "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"

static struct key *key_from(const char *hex)
{
    struct buf raw = { 0 };
    struct key *k = NULL;

    CHECK(hex_decode(span_str(hex), &raw) == OK && key_oct(buf_span(&raw), &k) == OK);
    buf_clear(&raw);
    return k;
}

static void vectors(void)
{
    static const struct row {
        const char *why, *key;
        size_t size;
    } rows[] = {
        { "L=16", "ca9deadcc4b182fd65b52d7c55c1c4ae", 16 },
        { "L=32", "3aef2b6b9e3fc1a4a346b221aa19de27e3fb9c366df81f938fb1ae69b68b2e89", 32 },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct derivation d = { key_from(IKM), r->size };
        struct key *want = key_from(r->key), *got = NULL;
        CHECK_ROW(derive_key(&d, span_str(TOKEN), &got) == OK && key_eq(got, want), r->why);
        key_free(want);
        key_free(got);
        derivation_clear(&d);
        CHECK_ROW(d.key == NULL, r->why);
    }
}

/* [R-PSK-18] another broker's key, another token, another length: another key. */
static void differ(void)
{
    struct derivation one = { key_from(IKM), 32 }, two = { key_from(IKM "20"), 32 }, longer = { NULL, 33 };
    struct key *k[4] = { NULL };

    longer.key = key_ref(one.key);
    CHECK(derive_key(&one, span_str(TOKEN), &k[0]) == OK);
    CHECK(derive_key(&two, span_str(TOKEN), &k[1]) == OK);
    CHECK(derive_key(&one, span_str(TOKEN "A"), &k[2]) == OK);
    CHECK(derive_key(&longer, span_str(TOKEN), &k[3]) == OK);
    for (size_t i = 1; i < 4; i++) CHECK(!key_eq(k[0], k[i]));
    CHECK(!span_starts(key_octets(k[3]), key_octets(k[0])));
    for (size_t i = 0; i < 4; i++) key_free(k[i]);
    derivation_clear(&one);
    derivation_clear(&two);
    derivation_clear(&longer);
}

CU_TestInfo derive_tests[] = {
    { "vectors of wire.md 16", vectors },
    { "who, what and how long all count", differ },
    CU_TEST_INFO_NULL,
};
