#include "common/base/buf.h"
#include "common/crypto/entropy.h"
#include "common/crypto/hash.h"
#include "common/crypto/kdf.h"
#include "common/crypto/mac.h"
#include "common/crypto/tls_facts.h"
#include "tests/bytes.h"
#include "tests/check.h"

#define K32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const struct {
    const char *why, *in, *digest;
} hashes[] = {
    { "FIPS 180-2: empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "FIPS 180-2: abc", "616263", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
}, *h;

static void hashing(void)
{
    for (EACH_ROW(h, hashes)) {
        struct buf in = unhex(h->in);
        uint8_t out[SHA256_SIZE];

        sha256(buf_span(&in), out);
        CHECK_ROW(is_hex(span(out, sizeof out), h->digest), h->why);
        buf_clear(&in);
    }
    CHECK(strcmp(hash_hint(span_str("abc")).text, "ba7816bf") == 0);
}

static const struct {
    const char *why, *key, *in, *mac;
} macs[] = {
    { "RFC 4231 4.2", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "exporter proof", K32, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      "e58fa4984070adbcbdb7a5d943a2a978500cfcdfba90baee87e1d98262c293fe" },
    { "challenge proof", K32, "0102030405060708 1112131415161718",
      "07215b998b9a990c5cc6a160e9180b487dc80d13a7e464ed0d1298cfbf652467" },
    { "no key, no input", "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
}, *m;

static void authenticating(void)
{
    for (EACH_ROW(m, macs)) {
        struct buf key = unhex(m->key), in = unhex(m->in);
        uint8_t out[HMAC256_SIZE];

        CHECK_ROW(hmac_sha256(buf_span(&key), buf_span(&in), out) == OK, m->why);
        CHECK_ROW(is_hex(span(out, sizeof out), m->mac), m->why);
        buf_clear(&key);
        buf_clear(&in);
    }
}

#define TOKEN "65794a68624763694f694a49557a49314e694a392e6533302e41414141"
#define LABEL "1c4143452d436f41502d44544c532d6b65792d64657269766174696f6e"

static const struct {
    const char *why, *ikm, *salt, *info, *okm;
} derivations[] = {
    { "RFC 5869 A.1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
      "f0f1f2f3f4f5f6f7f8f9",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
    { "RFC 5869 A.2",
      K32 "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
      "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f"
      "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
      "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
      "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
      "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87" },
    { "RFC 5869 A.3", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
    { "PSK of 16 bytes from a token", K32, "", "8378" LABEL "10581d" TOKEN, "ca9deadcc4b182fd65b52d7c55c1c4ae" },
    { "PSK of 32 bytes from a token", K32, "", "8378" LABEL "1820581d" TOKEN,
      "3aef2b6b9e3fc1a4a346b221aa19de27e3fb9c366df81f938fb1ae69b68b2e89" },
}, *d;

static void deriving(void)
{
    for (EACH_ROW(d, derivations)) {
        struct buf ikm = unhex(d->ikm), salt = unhex(d->salt), info = unhex(d->info);
        struct secret out = { 0 };

        CHECK_ROW(hkdf_sha256(buf_span(&ikm), buf_span(&salt), buf_span(&info), strlen(d->okm) / 2, &out) ==
                      OK,
                  d->why);
        CHECK_ROW(is_hex(secret_span(&out), d->okm), d->why);
        secret_clear(&out);
        buf_clear(&ikm);
        buf_clear(&salt);
        buf_clear(&info);
    }
}

static void deriving_limits(void)
{
    struct secret out = { 0 };
    struct span k = span_str("key"), none = span(NULL, 0);
    static const uint8_t token[65535];

    CHECK(hkdf_sha256(k, none, none, 0, &out) == ERR_INTERNAL);
    CHECK(hkdf_sha256(k, none, none, 8161, &out) == ERR_INTERNAL);
    CHECK(hkdf_sha256(k, none, none, 8160, &out) == OK && out.n == 8160);
    CHECK(hkdf_sha256(k, none, span(token, sizeof token), 32, &out) == OK && out.n == 32);
    secret_clear(&out);
}

static void randomness(void)
{
    struct entropy_seeded a = entropy_seeded(7), b = entropy_seeded(7), c = entropy_seeded(8);
    uint8_t x[100] = { 0 }, y[100] = { 0 }, z[100] = { 0 }, zero[100] = { 0 };

    CHECK(entropy_fill(&a.base, x, sizeof x) == OK && entropy_fill(&b.base, y, sizeof y) == OK);
    CHECK(memcmp(x, y, sizeof x) == 0);
    CHECK(entropy_fill(&c.base, z, sizeof z) == OK && memcmp(x, z, sizeof x) != 0);
    CHECK(entropy_fill(&a.base, y, sizeof y) == OK && memcmp(x, y, sizeof x) != 0);
    CHECK(memcmp(x, x + 32, 32) != 0);
    CHECK(entropy_fill(entropy_system(), x, sizeof x) == OK && memcmp(x, zero, sizeof x) != 0);
    CHECK(entropy_fill(entropy_system(), y, sizeof y) == OK && memcmp(x, y, sizeof x) != 0);
}

static void facts(void)
{
    struct tls_facts from = { .version = 0x0304,
                              .has_exporter = true,
                              .exporter = { 9 },
                              .peer = TLS_PEER_PSK },
                     to;

    buf_str(&from.psk_identity, "id");
    CHECK(key_generate(KEY_ED25519, &from.peer_key) == OK);
    CHECK(tls_facts_copy(&from, &to) == OK);
    CHECK(to.version == 0x0304 && to.has_exporter && to.exporter[0] == 9 && to.peer == TLS_PEER_PSK);
    CHECK(span_is(buf_span(&to.psk_identity), "id") && to.psk_identity.p != from.psk_identity.p);
    tls_facts_clear(&from);
    CHECK(from.peer_key == NULL && from.exporter[0] == 0);
    CHECK(key_type(to.peer_key) == KEY_ED25519);
    tls_facts_clear(&to);
    tls_facts_clear(NULL);
}

static void names(void)
{
    struct entropy_seeded chance = entropy_seeded(7);
    uint8_t out[4096];

    CHECK(entropy_name(&chance.base, out, sizeof out) == OK);
    CHECK(memchr(out, 0, sizeof out) == NULL);
    for (size_t i = 0; i < 1000; i++) { /* a name of one octet is no UTF-8 only outside ASCII */
        CHECK(entropy_name(&chance.base, out, 1) == OK && out[0] >= 0x80);
    }
}

CU_TestInfo crypto_tests[] = {
    { "hash", hashing },       { "mac", authenticating },
    { "kdf", deriving },       { "kdf limits", deriving_limits },
    { "entropy", randomness }, { "tls facts", facts },
    { "names", names },        CU_TEST_INFO_NULL,
};
