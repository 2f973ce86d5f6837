#include "common/crypto/sign.h"
#include "tests/bytes.h"
#include "tests/check.h"

#define K32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const struct row {
    const char *why, *seed, *in, *signature;
} rows[] = {
    { "RFC 8032 7.1 test 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
      "d25bf5f0595bbe24655141438e7a100b" },
    { "RFC 8032 7.1 test 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
      "387b2eaeb4302aeeb00d291612bb0c00" },
    { "RFC 8032 7.1 test 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
      "4a7c15e9716ed28dc027beceea1ec40a" },
    { "exporter proof", K32, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      "8e227b39aa61b810187b20cd96842aa8ede266f251a5d91c91928cad4d2605301f2728e6228e92d976682610c73523f6"
      "a7a8560ace7797a8a3656075c30cd403" },
    { "challenge proof", K32, "0102030405060708 1112131415161718",
      "9394315bb7cc09ebdd822d58fef76a917453265028d4a1ce48d0dd87df352afcfe30126bb1808f9cfbbc59bb2b1b0a66"
      "0eb0fc0830e9136c158ab6751093df0e" },
};

static void ed25519_vectors(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct buf seed = unhex(r->seed), in = unhex(r->in);
        struct key *k = NULL;
        uint8_t out[SIGNATURE_SIZE];

        CHECK_ROW(key_ed25519_private(buf_span(&seed), &k) == OK, r->why);
        CHECK_ROW(sign(k, buf_span(&in), out) == OK, r->why);
        CHECK_ROW(is_hex(span(out, sizeof out), r->signature), r->why);
        CHECK_ROW(verify(k, buf_span(&in), span(out, sizeof out)) == OK, r->why);
        key_free(k);
        buf_clear(&seed);
        buf_clear(&in);
    }
}

/* RFC 7515 A.3, whose signing input is ASCII. */
#define A3_INPUT                                                                           \
    "eyJhbGciOiJFUzI1NiJ9."                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290" \
    "Ijp0cnVlfQ"
#define A3_R   "0ed1215379636c483c2f7f155807d402a3b228033af97c7e17819ac3169ea665"
#define A3_S   "c50a07d38c3c70e5d8f12daf084a5480a66590c5f293509a8f3f7f8a83a354d5"
#define A3_X   "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
#define A3_Y   "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"
#define P256_N "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ZERO   "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE    "0000000000000000000000000000000000000000000000000000000000000001"

static const struct es256_row {
    const char *why, *signature;
    enum err e;
} es256_rows[] = {
    { "RFC 7515 A.3", A3_R A3_S, OK },
    { "the other s, n - s, is as good: ECDSA allows both",
      A3_R "3af5f82b73c38f1b270ed250f7b5ab7f168169e7b4844dea647a4b3878bfd07c", OK },
    { "s then r", A3_S A3_R, ERR_NOT_AUTHORIZED },
    { "zeros", ZERO ZERO, ERR_NOT_AUTHORIZED },
    { "r zero", ZERO A3_S, ERR_NOT_AUTHORIZED },
    { "s zero", A3_R ZERO, ERR_NOT_AUTHORIZED },
    { "r = s = 1", ONE ONE, ERR_NOT_AUTHORIZED },
    { "r = n", P256_N A3_S, ERR_NOT_AUTHORIZED },
    { "s = n", A3_R P256_N, ERR_NOT_AUTHORIZED },
    { "r = s = n", P256_N P256_N, ERR_NOT_AUTHORIZED },
    { "DER", "304502200ed1215379636c483c2f7f155807d402a3b228033af97c7e17819ac3169ea665022100" A3_S,
      ERR_NOT_AUTHORIZED },
    { "DER of zeros, padded to 64 bytes",
      "3006020100020100"
      "0000000000000000"
      "0000000000000000"
      "0000000000000000" ZERO,
      ERR_NOT_AUTHORIZED },
    { "DER of exactly 64 bytes",
      "303e021d"
      "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d"
      "021d0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d",
      ERR_NOT_AUTHORIZED },
    { "63 bytes", "0ed1215379636c483c2f7f155807d402a3b228033af97c7e17819ac3169ea6" A3_S, ERR_NOT_AUTHORIZED },
    { "65 bytes", A3_R A3_S "00", ERR_NOT_AUTHORIZED },
    { "empty", "", ERR_NOT_AUTHORIZED },
};

static struct key *a3_key(void)
{
    struct buf x = unhex(A3_X), y = unhex(A3_Y);
    struct key *k = NULL;

    CHECK(key_p256_public(buf_span(&x), buf_span(&y), &k) == OK);
    buf_clear(&x);
    buf_clear(&y);
    return k;
}

/* A3_R and A3_S in DER: r begins with a clear bit, s does not. */
#define A3_DER \
    "3045"     \
    "0220" A3_R "022100" A3_S

static const struct der_row {
    const char *why, *der;
    bool good;
} der_rows[] = {
    { "RFC 7515 A.3", A3_DER, true },
    { "small numbers", "3006020101020101", true },
    { "something behind it", A3_DER "00", false },
    { "shorter than it says",
      "3045"
      "0220" A3_R "022100",
      false },
    { "a long length",
      "308145"
      "0220" A3_R "022100" A3_S,
      false },
    { "a superfluous zero", "300702020001020101", false },
    { "negative s",
      "3044"
      "0220" A3_R "0220" A3_S,
      false },
    { "r of 33 octets",
      "3046"
      "022101" A3_R "022100" A3_S,
      false },
    { "one number",
      "3022"
      "0220" A3_R,
      false },
    { "r and s as they are", A3_R A3_S, false },
    { "empty", "", false },
};

/* */
static void der(void)
{
    const struct der_row *r;
    struct key *k = a3_key();

    for (EACH_ROW(r, der_rows)) {
        struct buf in = unhex(r->der), again = { 0 };
        uint8_t raw[SIGNATURE_SIZE];
        CHECK_ROW(signature_from_der(buf_span(&in), raw) == r->good, r->why);
        if (r->good) {
            CHECK_ROW(signature_to_der(span(raw, sizeof raw), &again) == OK, r->why);
            CHECK_ROW(span_eq(buf_span(&again), buf_span(&in)), r->why);
        }
        if (r == der_rows) CHECK(verify(k, span_str(A3_INPUT), span(raw, sizeof raw)) == OK);
        buf_clear(&in);
        buf_clear(&again);
    }
    struct buf none = { 0 };
    CHECK(signature_to_der(span_str("63 octets at most"), &none) == ERR_PROTOCOL && none.n == 0);
    key_free(k);
}

static void es256_forms(void)
{
    const struct es256_row *r;
    struct key *k = a3_key();

    for (EACH_ROW(r, es256_rows)) {
        struct buf signature = unhex(r->signature);
        CHECK_ROW(verify(k, span_str(A3_INPUT), buf_span(&signature)) == r->e, r->why);
        buf_clear(&signature);
    }
    key_free(k);
}

/* S plus the group order is the same number modulo L, and must be refused (RFC 8032 5.1.7). */
static void ed25519_malleable(void)
{
    static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                       0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
    struct key *k = NULL;
    uint8_t s[SIGNATURE_SIZE];
    unsigned carry = 0;

    CHECK(key_generate(KEY_ED25519, &k) == OK && sign(k, span_str("m"), s) == OK);
    CHECK(verify(k, span_str("m"), span(s, sizeof s)) == OK);
    for (int i = 0; i < 32; i++) {
        carry += (unsigned)s[32 + i] + order[i];
        s[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    CHECK(verify(k, span_str("m"), span(s, sizeof s)) == ERR_NOT_AUTHORIZED);
    key_free(k);
}

static void every_bit(void)
{
    for (enum key_type type = KEY_ED25519; type <= KEY_P256; type++) {
        struct key *k = NULL, *other = NULL;
        uint8_t s[SIGNATURE_SIZE];

        CHECK(key_generate(type, &k) == OK && key_generate(type, &other) == OK);
        CHECK(sign(k, span_str("message"), s) == OK);
        CHECK(verify(k, span_str("message"), span(s, sizeof s)) == OK);
        CHECK(verify(k, span_str("massage"), span(s, sizeof s)) == ERR_NOT_AUTHORIZED);
        CHECK(verify(other, span_str("message"), span(s, sizeof s)) == ERR_NOT_AUTHORIZED);
        for (size_t i = 0; i < sizeof s * 8; i++) {
            struct buf bad = flipped(span(s, sizeof s), i);
            CHECK(verify(k, span_str("message"), buf_span(&bad)) == ERR_NOT_AUTHORIZED);
            buf_clear(&bad);
        }
        key_free(k);
        key_free(other);
    }
}

static void wrong_keys(void)
{
    struct key *oct = NULL, *public = a3_key();
    uint8_t s[SIGNATURE_SIZE] = { 0 };

    CHECK(key_generate(KEY_OCT, &oct) == OK);
    CHECK(sign(oct, span_str("m"), s) == ERR_PROTOCOL);
    CHECK(sign(public, span_str("m"), s) == ERR_PROTOCOL);
    CHECK(verify(oct, span_str("m"), span(s, sizeof s)) == ERR_NOT_AUTHORIZED);
    key_free(oct);
    key_free(public);
}

CU_TestInfo sign_tests[] = {
    { "Ed25519 vectors", ed25519_vectors },
    { "ES256 forms", es256_forms },
    { "Ed25519 S plus L", ed25519_malleable },
    { "DER", der },
    { "every bit", every_bit },
    { "wrong keys", wrong_keys },
    CU_TEST_INFO_NULL,
};
