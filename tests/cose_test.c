#include "common/ace/cose.h"
#include "common/codec/text.h"
#include "tests/bytes.h"
#include "tests/check.h"
#include "tests/vectors.h"

/* The two CWTs of the profile's vectors: COSE_Sign1 by the AS (a seed of 32 times 0x42), and COSE_Encrypt0, AES-CCM-16-64-128. */
#define AS_SEED_HEX "4242424242424242424242424242424242424242424242424242424242424242"
#define SIGN1_HEX                                                                                    \
    "d28443a10127a05872a501624153036762726f6b657231041a713fb30008a101a30101200621582003a107bff3ce10" \
    "be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8095830838266746f706963318263707562637375628"  \
    "268746f706963322f23816370756282682b2f746f706963338163737562" SIGN1_SIGNATURE_HEX
#define SIGN1_SIGNATURE_HEX                                                                          \
    "5840f1570c086c12951c522939d00c6f32d107d88276c53084fdc4d83f191bda50d2819b7b8451e0d1a20be9a921ff" \
    "2f6cb3479732ea10bd83853412a7cf2e377109"
#define SIGN1_CLAIMS_HEX                                                                             \
    "a501624153036762726f6b657231041a713fb30008a101a30101200621582003a107bff3ce10be1d70dd18e74bc099" \
    "67e4d6309ba50d5f1ddc8664125531b8095830838266746f706963318263707562637375628268746f706963322f23" \
    "816370756282682b2f746f706963338163737562"
#define CIPHERTEXT_HEX                                                                               \
    "5888d794e19dbbda47042568907d9c6188d1275d5667beb32293c47f1ba17c0839c5dbf284011b8bc3a72b1855ff5a" \
    "4d822cf1fd450526143183d78e64b3d31e3079b5d29d2dce9e735b572a16f1d96b43fc0b1ad79051aace85878d9da1" \
    "82b8002862a94471b0231e558646f1d228d548f883317f561906dd969df6bb2256142f5e0a438448e526a545"
#define ENCRYPT0_HEX "d08343a1010aa1054d000102030405060708090a0b0c" CIPHERTEXT_HEX

typedef enum err opener(struct span message, const struct key *k, struct buf *out, struct fault *why);

static struct key *key_of(enum err (*make)(struct span, struct key **), const char *hex)
{
    struct buf raw = unhex(hex);
    struct key *k = NULL;

    CHECK(make(buf_span(&raw), &k) == OK);
    buf_clear(&raw);
    return k;
}

static enum err open_with(opener *open, const char *hex, const struct key *k, struct buf *out)
{
    struct buf in = unhex(hex);
    struct fault why;
    enum err e = open(buf_span(&in), k, out, &why);

    buf_clear(&in);
    return e;
}

/* --- vectors --- */

static void opens_vectors(void)
{
    struct key *as = key_of(key_ed25519_public, AS_X_HEX), *shared = key_of(key_oct, SHARED_HEX);
    struct buf out = { 0 };

    CHECK(open_with(cose_verify, SIGN1_HEX, as, &out) == OK && is_hex(buf_span(&out), SIGN1_CLAIMS_HEX));
    buf_clear(&out);
    CHECK(open_with(cose_decrypt, ENCRYPT0_HEX, shared, &out) == OK &&
          is_hex(buf_span(&out), CWT_CLAIMS_HEX));
    buf_clear(&out);
    key_free(as);
    key_free(shared);
}

/* An entropy that gives the initialisation vector of the vectors. */
static enum err count_up(struct entropy *self, uint8_t *out, size_t n)
{
    (void)self;
    for (size_t i = 0; i < n; i++) out[i] = (uint8_t)i;
    return OK;
}

static void makes_vectors(void)
{
    struct entropy counting = { count_up };
    struct key *as = key_of(key_ed25519_private, AS_SEED_HEX), *shared = key_of(key_oct, SHARED_HEX);
    struct buf claims = unhex(SIGN1_CLAIMS_HEX), out = { 0 };

    CHECK(cose_sign(as, span(NULL, 0), buf_span(&claims), &out) == OK && is_hex(buf_span(&out), SIGN1_HEX));
    buf_clear(&claims);
    buf_clear(&out);
    claims = unhex(CWT_CLAIMS_HEX);
    CHECK(cose_seal(AEAD_AES_CCM_16_64_128, shared, span(NULL, 0), &counting, buf_span(&claims), &out) == OK);
    CHECK(is_hex(buf_span(&out), ENCRYPT0_HEX));
    buf_clear(&claims);
    buf_clear(&out);
    key_free(as);
    key_free(shared);
}

/* RFC 8392 A.4 */
static void opens_mac0_of_the_rfc(void)
{
    static const char mac64[] =
        "d83dd18443a10104a1044c53796d6d65747269633235365850a70175636f61703a2f2f61732e657861"
        "6d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e6578616d706c652e63"
        "6f6d041a5612aeb0051a5610d9f0061a5610d9f007420b7148093101ef6d789200";
    struct key *k = key_of(key_oct, "403697de87af64611c1d32a05dab0fe1fcb715a86ab435f1ec99192d79569388");
    struct buf out = { 0 };

    CHECK(open_with(cose_verify, mac64, k, &out) == ERR_NOT_AUTHORIZED && out.n == 0); /* HMAC 256/64 */
    CHECK(open_with(cose_verify, "d18443a10105a0", k, &out) == ERR_MALFORMED);
    key_free(k);
}

/* --- what is refused --- */

static void truncations_and_flips(void)
{
    static const struct {
        const char *hex;
        opener *open;
    } all[] = { { SIGN1_HEX, cose_verify }, { ENCRYPT0_HEX, cose_decrypt } };
    struct key *keys[] = { key_of(key_ed25519_public, AS_X_HEX), key_of(key_oct, SHARED_HEX) };
    struct buf out = { 0 };
    struct fault why;

    for (size_t i = 0; i < 2; i++) {
        struct buf whole = unhex(all[i].hex);
        for (size_t n = 0; n < whole.n; n++)
            CHECK(all[i].open(span(whole.p, n), keys[i], &out, &why) == ERR_MALFORMED && out.n == 0);
        for (size_t bit = 0; bit < whole.n * 8; bit++) {
            struct buf other = flipped(buf_span(&whole), bit);
            CHECK(all[i].open(buf_span(&other), keys[i], &out, &why) != OK && out.n == 0);
            buf_clear(&other);
        }
        buf_clear(&whole);
        key_free(keys[i]);
    }
    buf_clear(&out);
}

#define TAIL "4161" SIGN1_SIGNATURE_HEX

static const struct row {
    const char *why, *hex;
    enum err want;
    enum cose_form form;
} rows[] = {
    { "tag 61 before a COSE tag [R-CWT-03]", "d83d" SIGN1_HEX, OK, COSE_SIGN1 },
    { "tag 61 before none", "d83d8443a10127a0" TAIL, ERR_MALFORMED, COSE_NEITHER },
    { "tag 61 twice", "d83dd83d" SIGN1_HEX, ERR_MALFORMED, COSE_NEITHER },
    { "another tag", "d38443a10127a0" TAIL, ERR_MALFORMED, COSE_NEITHER },
    { "no tag: the count tells [R-CWT-04]", "8443a10127a0" TAIL, ERR_NOT_AUTHORIZED, COSE_SIGN1 },
    { "crit, protected [R-CWT-07]", "d28447a20127028118faa0" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "crit, unprotected", "d28443a10127a102811863" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "alg not protected", "d28441a0a10127" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "empty protected header", "d28440a10127" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "alg in both", "d28443a10127a10127" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "alg of another key", "d28443a10126a0" TAIL, ERR_NOT_AUTHORIZED, COSE_SIGN1 },
    { "alg as text", "d28444a1016161a0" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "kid as text", "d28443a10127a1046161" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "empty kid", "d28443a10127a10440" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "an unknown header", "d28443a10127a118631863" TAIL, ERR_NOT_AUTHORIZED, COSE_SIGN1 },
    { "typ of a CWT", "d28446a2012710183da0" TAIL, ERR_NOT_AUTHORIZED, COSE_SIGN1 },
    { "typ of something else", "d28446a2012710183ca0" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "Partial IV", "d28443a10127a1064100" TAIL, ERR_MALFORMED, COSE_SIGN1 },
    { "detached payload", "d28443a10127a0f6" SIGN1_SIGNATURE_HEX, ERR_MALFORMED, COSE_SIGN1 },
    { "three elements", "d28343a10127a04161", ERR_MALFORMED, COSE_NEITHER },
    { "a tag and nothing like a message", "d2ffb0", ERR_MALFORMED, COSE_NEITHER },
    { "a MAC where a signature is due", "d18443a10127a0" TAIL, ERR_NOT_AUTHORIZED, COSE_MAC0 },
    { "trailing octet", SIGN1_HEX "00", ERR_MALFORMED, COSE_SIGN1 },
    { "nothing", "", ERR_MALFORMED, COSE_NEITHER },
    { "a map", "a0", ERR_MALFORMED, COSE_NEITHER },
};

static void forms(void)
{
    struct key *as = key_of(key_ed25519_public, AS_X_HEX);
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct buf in = unhex(r->hex), out = { 0 };
        struct fault why;
        CHECK_ROW(cose_form(buf_span(&in)) == r->form, r->why);
        CHECK_ROW(cose_verify(buf_span(&in), as, &out, &why) == r->want, r->why);
        CHECK_ROW((out.n > 0) == (r->want == OK), r->why);
        buf_clear(&in);
        buf_clear(&out);
    }
    key_free(as);
}

/* A public key's octets are no MAC key: the form belongs to the type of our key. */
static void other_keys(void)
{
    struct key *confused = key_of(key_oct, AS_X_HEX), *other = key_of(key_ed25519_private, POP_SEED_HEX);
    struct buf out = { 0 };

    CHECK(open_with(cose_verify, SIGN1_HEX, confused, &out) == ERR_NOT_AUTHORIZED);
    CHECK(open_with(cose_verify, SIGN1_HEX, other, &out) == ERR_NOT_AUTHORIZED);
    CHECK(open_with(cose_verify, ENCRYPT0_HEX, other, &out) == ERR_MALFORMED);
    CHECK(open_with(cose_decrypt, SIGN1_HEX, confused, &out) == ERR_MALFORMED);
    CHECK(open_with(cose_decrypt, ENCRYPT0_HEX, confused, &out) == ERR_NOT_AUTHORIZED && out.n == 0);
    key_free(confused);
    key_free(other);
}

/* --- both ways --- */

static void there_and_back(void)
{
    struct key *keys[] = { key_of(key_oct, POP_SEED_HEX), key_of(key_ed25519_private, POP_SEED_HEX),
                           key_of(key_p256_private, POP_SEED_HEX) };
    static const enum cose_form made[] = { COSE_MAC0, COSE_SIGN1, COSE_SIGN1 };
    struct fault why;

    for (size_t i = 0; i < 3; i++) {
        struct buf message = { 0 }, out = { 0 };
        struct cose_header h;
        CHECK(cose_sign(keys[i], span_str("k1"), span_str("claims"), &message) == OK);
        CHECK(cose_form(buf_span(&message)) == made[i]);
        CHECK(cose_header_read(buf_span(&message), &h, &why) == OK && h.form == made[i]);
        CHECK(h.has_kid && span_is(h.kid, "k1"));
        CHECK(cose_verify(buf_span(&message), keys[i], &out, &why) == OK &&
              span_is(buf_span(&out), "claims"));
        CHECK(cose_verify(buf_span(&message), keys[(i + 1) % 3], &out, &why) == ERR_NOT_AUTHORIZED);
        buf_clear(&out);
        CHECK(cose_peek(buf_span(&message), &out, &why) == OK && span_is(buf_span(&out), "claims"));
        cose_header_clear(&h);
        buf_clear(&message);
        buf_clear(&out);
    }
    for (size_t i = 0; i < 3; i++) key_free(keys[i]);
}

static void sealed_and_opened(void)
{
    static const struct {
        enum aead a;
        const char *key;
    } all[] = { { AEAD_A128GCM, SHARED_HEX },
                { AEAD_A256GCM, POP_SEED_HEX },
                { AEAD_AES_CCM_16_64_128, SHARED_HEX } };
    struct fault why;

    for (size_t i = 0; i < 3; i++) {
        struct key *k = key_of(key_oct, all[i].key);
        struct buf message = { 0 }, out = { 0 };
        CHECK(cose_seal(all[i].a, k, span_str("RS1"), entropy_system(), span_str("x"), &message) == OK);
        CHECK(cose_decrypt(buf_span(&message), k, &out, &why) == OK && span_is(buf_span(&out), "x"));
        CHECK(cose_peek(buf_span(&message), &out, &why) == ERR_MALFORMED);
        CHECK(cose_seal(AEAD_A128CBC_HS256, k, span_str("RS1"), entropy_system(), span_str("x"), &message) ==
              ERR_PROTOCOL);
        buf_clear(&message);
        buf_clear(&out);
        key_free(k);
    }
}

static void limits(void)
{
    struct key *k = key_of(key_oct, POP_SEED_HEX), *weak = key_of(key_oct, SHARED_HEX);
    struct buf big = { 0 }, out = { 0 };
    char kid[MAX_KID + 1];

    memset(kid, 'k', sizeof kid);
    for (size_t i = 0; i <= MAX_COSE; i++) buf_u8(&big, 'x');
    CHECK(cose_sign(k, span(NULL, 0), buf_span(&big), &out) == ERR_TOO_LARGE && out.n == 0);
    CHECK(cose_sign(k, span(NULL, 0), span(big.p, MAX_COSE), &out) == ERR_TOO_LARGE && out.n == 0);
    CHECK(cose_sign(weak, span(NULL, 0), span_str("x"), &out) == ERR_PROTOCOL && out.n == 0);
    CHECK(cose_sign(k, span(kid, sizeof kid), span_str("x"), &out) == ERR_PROTOCOL && out.n == 0);
    CHECK(cose_sign(k, span(kid, MAX_KID), span_str("x"), &out) == OK);
    buf_clear(&out);
    buf_clear(&big);
    key_free(k);
    key_free(weak);
}

/* */
static void base64url_text(void)
{
    struct buf in = unhex(SIGN1_HEX), text = { 0 }, out = { 0 };

    b64url_encode(&text, buf_span(&in));
    CHECK(cose_from_text(buf_span(&text), &out) && span_eq(buf_span(&out), buf_span(&in)));
    buf_clear(&out);
    CHECK(!cose_from_text(span_str("opaque"), &out) && out.n == 0);
    CHECK(!cose_from_text(span_str(JWS_TOKEN), &out) && out.n == 0);
    buf_clear(&in);
    buf_clear(&text);
}

CU_TestInfo cose_tests[] = {
    { "opens the vectors", opens_vectors },
    { "makes the vectors", makes_vectors },
    { "HMAC 256/64 is none of ours", opens_mac0_of_the_rfc },
    { "every truncation, every bit", truncations_and_flips },
    { "forms", forms },
    { "other keys", other_keys },
    { "signed and verified", there_and_back },
    { "sealed and opened", sealed_and_opened },
    { "limits", limits },
    { "base64url text", base64url_text },
    CU_TEST_INFO_NULL,
};
