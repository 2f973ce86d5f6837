#include "common/crypto/aead.h"
#include "tests/bytes.h"
#include "tests/check.h"

#define GCM_PLAIN                                                                                      \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525" \
    "b16aedf5aa0de657ba637b39"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"

static const struct row {
    const char *why;
    enum aead method;
    const char *key, *iv, *aad, *plain, *sealed;
} rows[] = {
    { "GCM specification, test case 4", AEAD_A128GCM, "feffe9928665731c6d6a8f9467308308",
      "cafebabefacedbaddecaf888", GCM_AAD, GCM_PLAIN,
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
      "1ba30b396a0aac973d58e091 5bc94fbc3221a5db94fae95ae7121a47" },
    { "GCM specification, test case 16", AEAD_A256GCM,
      "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", GCM_AAD,
      GCM_PLAIN,
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
      "c5f61e6393ba7a0abcc9f662 76fc6ece0f4e1768cddf8853bb2d551b" },
    { "GCM specification, test case 1: nothing to encrypt", AEAD_A128GCM, "00000000000000000000000000000000",
      "000000000000000000000000", "", "", "58e2fccefa7e3061367f1d57a4e7455a" },
    { "RFC 3610 packet vector 1", AEAD_AES_CCM_16_64_128, "C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF",
      "00000003020100A0A1A2A3A4A5", "0001020304050607", "08090A0B0C0D0E0F101112131415161718191A1B1C1D1E",
      "588C979A61C663D2F066D0C2C0F989806D5F6B61DAC384 17E8D12CFDF926E0" },
    { "RFC 3610 packet vector 2", AEAD_AES_CCM_16_64_128, "C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF",
      "00000004030201A0A1A2A3A4A5", "0001020304050607", "08090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
      "72C91A36E135F8CF291CA894085C87E3CC15C439C9E43A3B A091D56E10400916" },
    { "RFC 3610 packet vector 13", AEAD_AES_CCM_16_64_128, "D7828D13B2B0BDC325A76236DF93CC6B",
      "00412B4EA9CDBE3C9696766CFA", "0BE1A88BACE018B1", "08E8CF97D820EA258460E96AD9CF5289054D895CEAC47C",
      "4CB97F86A2A4689A877947AB8091EF5386A6FFBDD080F8 E78CF7CB0CDDD7B3" },
    { "the CWT of wire.md", AEAD_AES_CCM_16_64_128, "a1a2a30405060708090a0b0c0d0e0f10",
      "000102030405060708090a0b0c", "8368456e63727970743043a1010a40",
      "a601624153036762726f6b657231041a713fb300061a6b49d20008a101a3010402483d027833fc6267ce205820"
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f095830838266746f7069633182"
      "63707562637375628268746f706963322f23816370756282682b2f746f706963338163737562",
      "d794e19dbbda47042568907d9c6188d1275d5667beb32293c47f1ba17c0839c5dbf284011b8bc3a72b1855ff5a4d822cf1fd"
      "450526143183d78e64b3d31e3079b5d29d2dce9e735b572a16f1d96b43fc0b1ad79051aace85878d9da182b8002862a94471"
      "b0231e558646f1d228d548f883317f561906dd969df6bb2256142f5e0a438448e526a545" },
    { "RFC 7518 B.1", AEAD_A128CBC_HS256, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "1af38c2dc2b96ffdd86694092341bc04",
      "546865207365636f6e64207072696e6369706c65206f662041756775737465204b6572636b686f666673",
      "41206369706865722073797374656d206d757374206e6f7420626520726571756972656420746f206265207365637265"
      "742c20616e64206974206d7573742062652061626c6520746f2066616c6c20696e746f207468652068616e6473206f66"
      "2074686520656e656d7920776974686f757420696e636f6e76656e69656e6365",
      "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2"
      "fc6f9b3f399a221489f16362c703233609d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b"
      "384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b9473c82e2db"
      "652c3fa36b0a7c5b3219fab3a30bc1c4" },
};

static void vectors(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct buf key = unhex(r->key), iv = unhex(r->iv), aad = unhex(r->aad), plain = unhex(r->plain);
        struct buf sealed = { 0 }, opened = { 0 };
        struct span k = buf_span(&key), n = buf_span(&iv), a = buf_span(&aad);

        CHECK_ROW(aead_seal(r->method, k, n, a, buf_span(&plain), &sealed) == OK, r->why);
        CHECK_ROW(is_hex(buf_span(&sealed), r->sealed), r->why);
        CHECK_ROW(aead_open(r->method, k, n, a, buf_span(&sealed), &opened) == OK, r->why);
        CHECK_ROW(span_eq(buf_span(&opened), buf_span(&plain)), r->why);
        buf_clear(&key);
        buf_clear(&iv);
        buf_clear(&aad);
        buf_clear(&plain);
        buf_clear(&sealed);
        buf_clear(&opened);
    }
}

static const uint8_t key[32] = { 1, 2, 3 }, iv[16] = { 4, 5, 6 };

static struct span key_of(enum aead a)
{
    return span(key, aead_sizes(a)->key);
}

static struct span iv_of(enum aead a)
{
    return span(iv, aead_sizes(a)->iv);
}

/* Opening must fail and leave what was in the buffer. */
static bool refused(enum aead a, struct span k, struct span n, struct span aad, struct span in)
{
    struct buf out = { 0 };

    buf_str(&out, "before");
    bool ok = aead_open(a, k, n, aad, in, &out) == ERR_NOT_AUTHORIZED && span_is(buf_span(&out), "before");
    buf_clear(&out);
    return ok;
}

static void damage(void)
{
    struct span aad = span_str("header");

    for (enum aead a = 0; a < AEAD_COUNT; a++) {
        struct buf sealed = { 0 };
        CHECK(aead_seal(a, key_of(a), iv_of(a), aad, span_str("hello, world"), &sealed) == OK);
        for (size_t n = 0; n < sealed.n; n++) CHECK(refused(a, key_of(a), iv_of(a), aad, span(sealed.p, n)));
        for (size_t i = 0; i < sealed.n * 8; i++) {
            struct buf bad = flipped(buf_span(&sealed), i);
            CHECK(refused(a, key_of(a), iv_of(a), aad, buf_span(&bad)));
            buf_clear(&bad);
        }
        CHECK(refused(a, key_of(a), iv_of(a), span_str("Header"), buf_span(&sealed)));
        CHECK(refused(a, key_of(a), iv_of(a), span_str("heade"), buf_span(&sealed)));
        buf_u8(&sealed, 0);
        CHECK(refused(a, key_of(a), iv_of(a), aad, buf_span(&sealed)));
        buf_clear(&sealed);
    }
}

static void sizes(void)
{
    struct buf out = { 0 };
    struct span aad = span_str("x");
    static const uint8_t large[MAX_AEAD + 1];

    for (enum aead a = 0; a < AEAD_COUNT; a++) {
        struct span k = key_of(a), n = iv_of(a), all = span(large, MAX_AEAD);
        CHECK(aead_seal(a, span(key, k.n - 1), n, aad, aad, &out) == ERR_PROTOCOL);
        CHECK(aead_seal(a, k, span(iv, n.n - 1), aad, aad, &out) == ERR_PROTOCOL);
        CHECK(aead_seal(a, k, n, aad, span(large, sizeof large), &out) == ERR_TOO_LARGE);
        CHECK(aead_seal(a, k, n, span(large, sizeof large), aad, &out) == ERR_TOO_LARGE && out.n == 0);
        CHECK(refused(a, span(key, k.n - 1), n, aad, span(large, 64)));
        CHECK(refused(a, k, span(iv, n.n - 1), aad, span(large, 64)));
        CHECK(aead_seal(a, k, n, all, all, &out) == OK);
        struct buf opened = { 0 };
        CHECK(aead_open(a, k, n, all, buf_span(&out), &opened) == OK && span_eq(buf_span(&opened), all));
        buf_clear(&opened);
        buf_clear(&out);
    }
}

/* Every length of plaintext around the block, with and without additional data. */
static void lengths(void)
{
    static const uint8_t text[50] = "The quick brown fox jumps over the lazy dog.";

    for (enum aead a = 0; a < AEAD_COUNT; a++) {
        for (size_t n = 0; n <= sizeof text; n++) {
            struct buf sealed = { 0 }, opened = { 0 };
            struct span aad = span(text, n % 2 ? 0 : n);
            CHECK(aead_seal(a, key_of(a), iv_of(a), aad, span(text, n), &sealed) == OK);
            CHECK(aead_open(a, key_of(a), iv_of(a), aad, buf_span(&sealed), &opened) == OK);
            CHECK(span_eq(buf_span(&opened), span(text, n)));
            buf_clear(&sealed);
            buf_clear(&opened);
        }
    }
}

CU_TestInfo aead_tests[] = {
    { "vectors", vectors }, { "damage", damage }, { "sizes", sizes },
    { "lengths", lengths }, CU_TEST_INFO_NULL,
};
