#include "common/crypto/key.h"
#include "tests/bytes.h"
#include "tests/check.h"

#define K32        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define K32_PUBLIC "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"

/* The P-256 key of RFC 7515 A.3, and PEM files that OpenSSL's command line made of it. */
#define A3_D   "8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2"
#define A3_X   "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
#define A3_Y   "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"
#define P256_N "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define P256_P "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define ZERO   "0000000000000000000000000000000000000000000000000000000000000000"

/* clang-format off */
#define PEM_SEC1 \
    "-----BEGIN EC PARAMETERS-----\n" \
    "BggqhkjOPQMBBw==\n" \
    "-----END EC PARAMETERS-----\n" \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n" \
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n" \
    "-----END EC PRIVATE KEY-----\n"
#define PEM_PKCS8 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n" \
    "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n" \
    "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n" \
    "-----END PRIVATE KEY-----\n"
#define PEM_PUBLIC \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n" \
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n" \
    "-----END PUBLIC KEY-----\n"
#define PEM_COMPRESSED \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n" \
    "6e8Tus9uPHvRVEU=\n" \
    "-----END PUBLIC KEY-----\n"
#define PEM_EXPLICIT \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA\n" \
    "AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////\n" \
    "///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd\n" \
    "NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5\n" \
    "RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA\n" \
    "//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABH/Nzidw9sRdQYPL7m/bS3tY\n" \
    "BzM1e+nvE7rPbjx70VRFx/FEzRu9m36HLN/tue659LNpXW6pCyStikYjKIWI5a0=\n" \
    "-----END PUBLIC KEY-----\n"
#define PEM_CERT \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBcDCCARWgAwIBAgIUSSd6vJ9QFDjDJyhitdH0k9k7If0wCgYIKoZIzj0EAwIw\n" \
    "DDEKMAgGA1UEAwwBdDAgFw0yNjExMjQwNzE0NTRaGA8yMTI2MTAzMTA3MTQ1NFow\n" \
    "DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH/Nzidw9sRd\n" \
    "QYPL7m/bS3tYBzM1e+nvE7rPbjx70VRFx/FEzRu9m36HLN/tue659LNpXW6pCySt\n" \
    "ikYjKIWI5a2jUzBRMB0GA1UdDgQWBBTOjRaxyTOOt/45eZmuRb7uP7WGhjAfBgNV\n" \
    "HSMEGDAWgBTOjRaxyTOOt/45eZmuRb7uP7WGhjAPBgNVHRMBAf8EBTADAQH/MAoG\n" \
    "CCqGSM49BAMCA0kAMEYCIQD/FioK17Jk9ZGqbyULjx7hcQEDr4uBLfqyWNGc/fH1\n" \
    "5gIhAIGV1d5AN20fup/VJ8SywlgKWMxIZnr1zNv+rvLa4u6u\n" \
    "-----END CERTIFICATE-----\n"
#define PEM_ENCRYPTED \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjz3kO+DxgW2gICA+gw\n" \
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJ+zjz2jbGpku813Gm8tkIQEgZDD\n" \
    "k3CyyzjStrBmee9vVjKcl3VH3t9OERNN+F4z29bkM3OpCi9+mbFflk9vFcpaszYj\n" \
    "l1K/N4DTUaogOEJK+E2LEpD03yrTqLZyB/ptGMdSsJukKTZGI8uwFoeQjMrPj8u2\n" \
    "dGeNCA9hKu/wk2Y3RHmW/5iYIZJ/2u5blgcgq7T7dzqDalyQJfvwk6xN2bybwec=\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\n"
#define PEM_PROC_TYPE \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "Proc-Type: 4,ENCRYPTED\n" \
    "DEK-Info: AES-128-CBC,11584480DC1F33A8B4B5145FC24949C9\n" \
    "\n" \
    "wN0ugDwy4wy2JeRuxKUasQw4jFwZw5a7Muo9fj3B7ofBWeVHWJO74LwBleGAocYX\n" \
    "RfqRRxAbP9L6PNOwsSDKAUfMmv60tH9LUWFYr8Vwlq7vNMOOLRhPFZpt905Bykon\n" \
    "KVkGxQp8+y5KmK6kbE8mWir9wJpFnOghHRvklry7FCw=\n" \
    "-----END EC PRIVATE KEY-----\n"
#define PEM_P384 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEUqcVqN4gAGpUFgNw3Wg/BtMYa9yxi/BM\n" \
    "OoAQZUP/brZRC/zcIhSF72DAsSvGODgHjK84/F8vMDAVh2lDlS+HLUbwdidy7mnL\n" \
    "1RbrTxVPFw42g7vBnEgvRWQ20ioUKhgZ\n" \
    "-----END PUBLIC KEY-----\n"
#define PEM_X25519 \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VuAyEAZmJelNdhySt0fyfFi8vEXIYQ+6C3WhxqLvjaXyfKImw=\n" \
    "-----END PUBLIC KEY-----\n"
/* RFC 8410 10.1 and 10.3 */
#define PEM_ED25519 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n" \
    "-----END PRIVATE KEY-----\n"
#define PEM_ED25519_PUBLIC \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n" \
    "-----END PUBLIC KEY-----\n"
#define RFC8410_PUBLIC "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
/* clang-format on */

/* --- raw parts --- */

static enum err ed_private(struct span a, struct span b, struct key **out)
{
    (void)b;
    return key_ed25519_private(a, out);
}

static enum err ed_public(struct span a, struct span b, struct key **out)
{
    (void)b;
    return key_ed25519_public(a, out);
}

static enum err p256_private(struct span a, struct span b, struct key **out)
{
    (void)b;
    return key_p256_private(a, out);
}

static enum err p256_even(struct span a, struct span b, struct key **out)
{
    (void)b;
    return key_p256_compressed(a, false, out);
}

static enum err p256_odd(struct span a, struct span b, struct key **out)
{
    (void)b;
    return key_p256_compressed(a, true, out);
}

static enum err oct(struct span a, struct span b, struct key **out)
{
    (void)b;
    return key_oct(a, out);
}

/* `public` NULL: ERR_MALFORMED. */
/* clang-format off */
static const struct raw_row {
    const char *why;
    enum err (*make)(struct span a, struct span b, struct key **out);
    const char *a, *b, *public;
} raw_rows[] = {
    { "Ed25519 seed", ed_private, K32, "", K32_PUBLIC },
    { "RFC 8032 7.1 test 1", ed_private, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" },
    { "the AS of the vectors", ed_private, "4242424242424242424242424242424242424242424242424242424242424242", "",
      "2152f8d19b791d24453242e15f2eab6cb7cffa7b6a5ed30097960e069881db12" },
    { "Ed25519 seed of 2 bytes", ed_private, "0102", "", NULL },
    { "Ed25519 public", ed_public, K32_PUBLIC, "", K32_PUBLIC },
    { "Ed25519 public of 33 bytes", ed_public, K32_PUBLIC "00", "", NULL },
    { "Ed25519 y = 0, order 4", ed_public, ZERO, "", NULL },
    { "Ed25519 y = 0, sign set", ed_public, "0000000000000000000000000000000000000000000000000000000000000080", "", NULL },
    { "Ed25519 y = 1, neutral", ed_public, "0100000000000000000000000000000000000000000000000000000000000000", "", NULL },
    { "Ed25519 y = -1, order 2", ed_public, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "", NULL },
    { "Ed25519 order 8", ed_public, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "", NULL },
    { "Ed25519 order 8, sign set", ed_public, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "", NULL },
    { "Ed25519 order 8, another", ed_public, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "", NULL },
    { "Ed25519 y = p, that is 0", ed_public, "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "", NULL },
    { "Ed25519 y = p + 3, not reduced", ed_public, "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "", NULL },
    { "Ed25519 y = 2: no such point", ed_public, "0200000000000000000000000000000000000000000000000000000000000000", "", NULL },
    { "P-256 d", p256_private, A3_D, "", A3_X A3_Y },
    { "P-256 d = 1: the generator", p256_private, "0000000000000000000000000000000000000000000000000000000000000001", "",
      "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5" },
    { "P-256 d = 0", p256_private, ZERO, "", NULL },
    { "P-256 d = n", p256_private, P256_N, "", NULL },
    { "P-256 d of 33 bytes", p256_private, "00" A3_D, "", NULL },
    { "P-256 x and y", key_p256_public, A3_X, A3_Y, A3_X A3_Y },
    { "P-256 y and x", key_p256_public, A3_Y, A3_X, NULL },
    { "P-256 beside the curve", key_p256_public, A3_X, "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ac", NULL },
    { "P-256 infinity as zeros", key_p256_public, ZERO, ZERO, NULL },
    { "P-256 x not reduced", key_p256_public, P256_P, A3_Y, NULL },
    { "P-256 y of 31 bytes", key_p256_public, A3_X, "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5", NULL },
    { "P-256 compressed, y odd", p256_odd, A3_X, "", A3_X A3_Y },
    { "P-256 compressed, y even: the mirrored point", p256_even, A3_X, "", A3_X "380ebb31e442648278d320124611460b4c96a29256f4db5275b9dcd77a771a52" },
    { "P-256 compressed, no such x", p256_odd, "0000000000000000000000000000000000000000000000000000000000000001", "", NULL },
    { "oct of 1 byte", oct, "00", "", "" },
    { "oct of 64 bytes", oct, K32 K32, "", "" },
    { "oct of 65 bytes", oct, K32 K32 "00", "", NULL },
    { "oct of none", oct, "", "", NULL },
};
/* clang-format on */

static void raw(void)
{
    const struct raw_row *r;

    for (EACH_ROW(r, raw_rows)) {
        struct buf a = unhex(r->a), b = unhex(r->b);
        struct key *k = NULL;
        uint8_t public[64];

        enum err e = r->make(buf_span(&a), buf_span(&b), &k);
        CHECK_ROW(e == (r->public ? OK : ERR_MALFORMED), r->why);
        if (r->public && k) CHECK_ROW(is_hex(span(public, key_public(k, public)), r->public), r->why);
        key_free(k);
        buf_clear(&a);
        buf_clear(&b);
    }
}

/* --- files --- */

/* clang-format off */
static const struct pem_row {
    const char *why, *pem;
    enum { REFUSED, PUBLIC, PRIVATE } is;
    const char *public;
} pem_rows[] = {
    { "PKCS#8", PEM_PKCS8, PRIVATE, A3_X A3_Y },
    { "SEC 1 after EC PARAMETERS", PEM_SEC1, PRIVATE, A3_X A3_Y },
    { "public", PEM_PUBLIC, PUBLIC, A3_X A3_Y },
    { "public, point compressed", PEM_COMPRESSED, PUBLIC, A3_X A3_Y },
    { "certificate", PEM_CERT, PUBLIC, A3_X A3_Y },
    { "text before and after", "my key\n\n" PEM_PUBLIC "the end\n", PUBLIC, A3_X A3_Y },
    { "CRLF", "-----BEGIN PUBLIC KEY-----\r\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\r\n"
              "-----END PUBLIC KEY-----\r\n", PUBLIC, RFC8410_PUBLIC },
    { "the first of two", PEM_ED25519_PUBLIC PEM_PKCS8, PUBLIC, RFC8410_PUBLIC },
    { "RFC 8410 10.3", PEM_ED25519, PRIVATE, RFC8410_PUBLIC },
    { "RFC 8410 10.1", PEM_ED25519_PUBLIC, PUBLIC, RFC8410_PUBLIC },
    { "curve spelled out", PEM_EXPLICIT, REFUSED, "" },
    { "encrypted PKCS#8", PEM_ENCRYPTED, REFUSED, "" },
    { "encrypted the old way", PEM_PROC_TYPE, REFUSED, "" },
    { "encrypted before one that is not", PEM_ENCRYPTED PEM_PKCS8, REFUSED, "" },
    { "P-384", PEM_P384, REFUSED, "" },
    { "X25519", PEM_X25519, REFUSED, "" },
    { "beside the curve", "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
      "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrA==\n-----END PUBLIC KEY-----\n", REFUSED, "" },
    { "small order", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
      "-----END PUBLIC KEY-----\n", REFUSED, "" },
    { "bytes after the DER", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuEA\n"
      "-----END PUBLIC KEY-----\n", REFUSED, "" },
    { "another kind of block", "-----BEGIN X-----\nAAAA\n-----END X-----\n", REFUSED, "" },
    { "parameters only", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", REFUSED, "" },
    { "no END", "-----BEGIN PUBLIC KEY-----\nMCow\n", REFUSED, "" },
    { "a JWK", "{\"kty\":\"oct\"}", REFUSED, "" },
    { "empty", "", REFUSED, "" },
};
/* clang-format on */

static void pem(void)
{
    const struct pem_row *r;

    for (EACH_ROW(r, pem_rows)) {
        struct key *k = NULL;
        uint8_t public[64];

        CHECK_ROW(key_from_pem(span_str(r->pem), &k) == (r->is == REFUSED ? ERR_MALFORMED : OK), r->why);
        CHECK_ROW((k != NULL) == (r->is != REFUSED), r->why);
        if (!k) continue;
        CHECK_ROW(key_is_private(k) == (r->is == PRIVATE), r->why);
        CHECK_ROW(is_hex(span(public, key_public(k, public)), r->public), r->why);
        key_free(k);
    }
}

static void pem_too_large(void)
{
    struct buf text = { 0 };
    struct key *k = NULL;

    while (text.n <= MAX_PEM) buf_str(&text, "a line of no meaning\n");
    buf_str(&text, PEM_PUBLIC);
    CHECK(key_from_pem(buf_span(&text), &k) == ERR_MALFORMED);
    buf_clear(&text);
}

static void thumbprint_of_certificate(void)
{
    static const char empty[] = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    uint8_t out[SHA256_SIZE];

    CHECK(cert_thumbprint(span_str(PEM_PKCS8 PEM_CERT), out) == OK);
    CHECK(is_hex(span(out, sizeof out), "6f006197a0b9b48298c238ff888cc41b6c1821fd5cc57495d4575ef3874e774f"));
    CHECK(cert_thumbprint(span_str(PEM_PKCS8), out) == ERR_MALFORMED);
    CHECK(cert_thumbprint(span_str(empty), out) == ERR_MALFORMED);
}

static void spki(void)
{
    struct buf want = unhex("302a300506032b6570032100" K32_PUBLIC), made = { 0 }, seed = unhex(K32);
    struct key *k = NULL, *back = NULL, *none = NULL;

    CHECK(key_ed25519_private(buf_span(&seed), &k) == OK && key_spki(k, &made) == OK);
    CHECK(span_eq(buf_span(&made), buf_span(&want)));
    CHECK(key_from_spki(buf_span(&made), &back) == OK);
    CHECK(back && key_eq(k, back) && !key_is_private(back));
    for (size_t n = 0; n < made.n; n++) CHECK(key_from_spki(span(made.p, n), &none) == ERR_MALFORMED);
    buf_u8(&made, 0);
    CHECK(key_from_spki(buf_span(&made), &none) == ERR_MALFORMED);
    CHECK(none == NULL);
    key_free(k);
    key_free(back);
    buf_clear(&want);
    buf_clear(&made);
    buf_clear(&seed);
}

/* What is written reads back as the same key, in all forms. */
static void round_trips(void)
{
    for (enum key_type type = KEY_ED25519; type <= KEY_P256; type++) {
        struct buf private = { 0 }, public = { 0 }, der = { 0 };
        struct key *k = NULL, *a = NULL, *b = NULL, *c = NULL, *d = NULL;
        struct secret s = { 0 }, t = { 0 };

        CHECK(key_generate(type, &k) == OK && key_type(k) == type && key_is_private(k));
        CHECK(key_pem_private(k, &private) == OK && key_from_pem(buf_span(&private), &a) == OK);
        CHECK(key_pem_public(k, &public) == OK && key_from_pem(buf_span(&public), &b) == OK);
        CHECK(key_spki(k, &der) == OK && key_from_spki(buf_span(&der), &c) == OK);
        CHECK(key_from_evp(key_evp(k), &d) == OK && key_is_private(d));
        CHECK(key_eq(k, a) && key_eq(k, b) && key_eq(k, c) && key_eq(k, d));
        CHECK(key_secret(k, &s) == OK && key_secret(a, &t) == OK && s.n == 32);
        CHECK(span_eq(secret_span(&s), secret_span(&t)));
        CHECK(!key_is_private(b) && key_secret(b, &t) == ERR_PROTOCOL &&
              key_pem_private(b, &der) == ERR_PROTOCOL);
        CHECK(key_octets(k).n == 0);
        secret_clear(&s);
        secret_clear(&t);
        for (size_t i = 0; i < 5; i++) key_free((struct key *[]){ k, a, b, c, d }[i]);
        buf_clear(&private);
        buf_clear(&public);
        buf_clear(&der);
    }
}

static void octets(void)
{
    struct key *k = NULL, *same = NULL, *other = NULL, *ed = NULL;
    struct secret s = { 0 };
    struct buf out = { 0 };

    CHECK(key_generate(KEY_OCT, &k) == OK && key_octets(k).n == 32 && key_is_private(k));
    CHECK(key_oct(key_octets(k), &same) == OK && key_eq(k, same));
    CHECK(key_generate(KEY_OCT, &other) == OK && !key_eq(k, other));
    CHECK(key_generate(KEY_ED25519, &ed) == OK && !key_eq(k, ed));
    CHECK(key_secret(k, &s) == OK && span_eq(secret_span(&s), key_octets(k)));
    CHECK(key_evp(k) == NULL && key_spki(k, &out) == ERR_PROTOCOL &&
          key_pem_private(k, &out) == ERR_PROTOCOL);
    CHECK(key_pem_public(k, &out) == ERR_PROTOCOL && out.n == 0);
    secret_clear(&s);
    key_free(k);
    key_free(same);
    key_free(other);
    key_free(ed);
    key_free(NULL);
}

static void references(void)
{
    struct key *k = NULL;
    uint8_t public[64];

    CHECK(key_generate(KEY_P256, &k) == OK);
    struct key *again = key_ref(k);
    CHECK(again == k);
    key_free(k);
    CHECK(key_public(again, public) == 64);
    key_free(again);
}

static const struct thumbprint_row {
    const char *why;
    enum err (*make)(struct span a, struct span b, struct key **out);
    const char *a, *b, *sha256;
} thumbprint_rows[] = {
    { "RFC 8037 A.3", ed_public, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "90facafea9b1556698540f70c0117a22ea37bd5cf3ed3c47093c1707282b4b89" },
    { "the vectors' Ed25519 key", ed_private, K32, "",
      "d481b6b4c1fb276c1b2599ce7fc2c9cd08ad29fecb32fa00125b2e0cc54ce786" },
    { "RFC 7515 A.3 key", key_p256_public, A3_X, A3_Y,
      "a0a232c2f194a53553cb1310ddbc0821e414b9d7ebfc290b323084d7d1020fe5" },
    { "oct", oct, K32, "", "5aa8cf3d1bc03fca186c0a82c0c12b8734e0f90b9acfebcbc7f71e7f4ef284eb" },
};

static void thumbprints(void)
{
    const struct thumbprint_row *r;

    for (EACH_ROW(r, thumbprint_rows)) {
        struct buf a = unhex(r->a), b = unhex(r->b);
        struct key *k = NULL;
        uint8_t out[SHA256_SIZE];

        CHECK_ROW(r->make(buf_span(&a), buf_span(&b), &k) == OK, r->why);
        key_thumbprint(k, out);
        CHECK_ROW(is_hex(span(out, sizeof out), r->sha256), r->why);
        key_free(k);
        buf_clear(&a);
        buf_clear(&b);
    }
}

CU_TestInfo key_tests[] = {
    { "raw parts", raw },
    { "PEM", pem },
    { "PEM too large", pem_too_large },
    { "certificate thumbprint", thumbprint_of_certificate },
    { "SPKI", spki },
    { "round trips", round_trips },
    { "octets", octets },
    { "references", references },
    { "thumbprints", thumbprints },
    CU_TEST_INFO_NULL,
};
