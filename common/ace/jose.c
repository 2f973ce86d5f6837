#include "common/ace/jose.h"

#include "common/codec/text.h"
#include "common/crypto/mac.h"
#include "common/crypto/sign.h"

enum { JWS_PARTS = 3, JWE_PARTS = 5, MAX_IV = 16 };
enum { HEADER, JWS_PAYLOAD, JWS_SIGNATURE };           /* parts of a JWS */
enum { JWE_KEY = 1, JWE_IV, JWE_CIPHERTEXT, JWE_TAG }; /* parts of a JWE after its header */

static enum err refuse(struct fault *why, size_t at, const char *what)
{
    fault_set(why, at, "token: %s", what);
    return ERR_MALFORMED;
}

static enum err distrust(struct fault *why, const char *what)
{
    fault_set(why, 0, "token: %s", what);
    return ERR_NOT_AUTHORIZED;
}

/* --- the shape: parts between dots --- */

struct parts {
    size_t count;
    struct span part[JWE_PARTS];
};

static bool is_b64url(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* False for more parts than any form has, for other characters, and for what is too long or empty. */
static bool split(struct span token, struct parts *out)
{
    struct span left = token;

    *out = (struct parts){ 0 };
    if (token.n == 0 || token.n > MAX_JOSE) return false;
    for (;;) {
        size_t n = 0;
        while (n < left.n && is_b64url(left.p[n])) n++;
        if (out->count == JWE_PARTS) return false;
        out->part[out->count++] = span(left.p, n);
        if (n == left.n) return true;
        if (left.p[n] != '.') return false;
        left = span_skip(left, n + 1);
    }
}

enum jose_form jose_form(struct span token)
{
    struct parts p;

    if (!split(token, &p) || p.part[HEADER].n == 0) return JOSE_NEITHER;
    if (p.count == JWS_PARTS) return JOSE_JWS;
    return p.count == JWE_PARTS ? JOSE_JWE : JOSE_NEITHER;
}

/* Decodes a part behind what `out` holds; nothing is left there on error. */
static enum err decode(struct span part, struct buf *out, struct fault *why)
{
    size_t before = out->n;
    enum err e = b64url_decode(part, out);

    if (e == OK) return OK;
    buf_truncate(out, before);
    return e == ERR_MALFORMED ? refuse(why, 0, "a part is not base64url in its one form") : e;
}

/* --- the header --- */

/* Takes the text member `name` if it is there. */
static enum err take_text(const struct doc *header, const char *name, struct span *out, struct fault *why)
{
    const struct doc *d = doc_get(header, name);

    if (d && !doc_text(d, out)) return refuse(why, doc_offset(d), "a header member is of another type");
    return OK;
}

/* What changes the meaning of a token and what we do not know: `crit` names extensions that must be understood, and we
 * understand none [R-JWT-08]; `zip` opens the way to bombs; `b64` is an extension (RFC 7797). */
static enum err refuse_extensions(const struct doc *header, struct fault *why)
{
    static const char *const names[] = { "crit", "zip", "b64" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct doc *d = doc_get(header, names[i]);
        if (!d) continue;
        fault_set(why, doc_offset(d), "token: header member %s is not supported", names[i]);
        return ERR_MALFORMED;
    }
    return OK;
}

/* jwk, jku, x5u and x5c are not even looked at [R-JWT-11]. */
static enum err read_members(struct jose_header *h, enum jose_form form, struct fault *why)
{
    if (doc_kind(h->doc) != DOC_MAP) return refuse(why, 0, "the header is not an object");
    TRY(refuse_extensions(h->doc, why));
    TRY(take_text(h->doc, "alg", &h->alg, why));
    TRY(take_text(h->doc, "enc", &h->enc, why));
    TRY(take_text(h->doc, "kid", &h->kid, why));
    TRY(take_text(h->doc, "typ", &h->typ, why));
    TRY(take_text(h->doc, "cty", &h->cty, why));
    h->has_kid = doc_get(h->doc, "kid") != NULL;
    if (h->alg.n == 0) return refuse(why, 0, "the header has no alg");
    if (form == JOSE_JWE && h->enc.n == 0) return refuse(why, 0, "the header has no enc");
    return h->has_kid && (h->kid.n == 0 || h->kid.n > MAX_KID) ? refuse(why, 0, "kid is empty or too long")
                                                               : OK;
}

enum err jose_header_read(struct span token, struct jose_header *out, struct fault *why)
{
    enum jose_form form = jose_form(token);
    struct buf json = { 0 };
    struct parts p;

    *out = (struct jose_header){ 0 };
    if (!split(token, &p) || form == JOSE_NEITHER)
        return refuse(why, 0, "neither a compact JWS nor a compact JWE");
    if (p.part[HEADER].n > MAX_JOSE_HEADER) return refuse(why, 0, "the header is too long");
    enum err e = decode(p.part[HEADER], &json, why);
    if (e == OK) e = doc_read_json(buf_span(&json), &doc_limits_wire, &out->doc, why);
    if (e == ERR_TOO_LARGE) e = ERR_MALFORMED;
    if (e == OK) e = read_members(out, form, why);
    if (e != OK) jose_header_clear(out);
    buf_clear(&json);
    return e;
}

void jose_header_clear(struct jose_header *h)
{
    if (!h) return;
    doc_free(h->doc);
    *h = (struct jose_header){ 0 };
}

/* The members of a header to be written; NULL and empty ones are left out. */
struct header {
    const char *alg, *enc, *typ, *cty;
    struct span kid;
};

static void put_str(struct doc *d, const char *name, const char *value)
{
    if (value) doc_put(d, name, doc_new_str(value));
}

/* Appends the header as first part. */
static enum err write_header(const struct header *h, struct buf *out)
{
    struct doc *d = doc_new_map();
    struct buf json = { 0 };

    if (h->kid.n > MAX_KID) {
        doc_free(d);
        return ERR_PROTOCOL;
    }
    put_str(d, "alg", h->alg);
    put_str(d, "enc", h->enc);
    put_str(d, "typ", h->typ);
    put_str(d, "cty", h->cty);
    if (h->kid.n) doc_put(d, "kid", doc_new_text(h->kid));
    enum err e = d ? doc_write_json(d, &json) : ERR_NO_MEMORY;
    if (e == OK) b64url_encode(out, buf_span(&json));
    doc_free(d);
    buf_clear(&json);
    return e;
}

static void add_part(struct buf *out, struct span bytes)
{
    buf_u8(out, '.');
    b64url_encode(out, bytes);
}

/* Ends the token that was begun at `start`: leaves it if all went well. */
static enum err finish(struct buf *out, size_t start, enum err e)
{
    if (e == OK && buf_failed(out)) e = ERR_NO_MEMORY;
    if (e == OK && out->n - start > MAX_JOSE) e = ERR_TOO_LARGE;
    if (e != OK) buf_truncate(out, start);
    return e;
}

/* --- JWS --- */

/* The one algorithm of each type of key; the key decides, the header has to agree [R-JWT-10]. `also`: RFC 9864. */
static const struct algorithm {
    const char *name, *also;
    size_t size;
    enum err (*sign)(const struct key *k, struct span in, uint8_t out[SIGNATURE_SIZE]);
    enum err (*verify)(const struct key *k, struct span in, struct span signature);
} algorithms[] = {
    [KEY_OCT] = { "HS256", "HS256", HMAC256_SIZE, mac, mac_check },
    [KEY_ED25519] = { "EdDSA", "Ed25519", SIGNATURE_SIZE, sign, verify },
    [KEY_P256] = { "ES256", "ES256", SIGNATURE_SIZE, sign, verify },
};

enum err jws_sign(const struct key *k, struct span kid, const char *typ, struct span payload, struct buf *out)
{
    const struct algorithm *a = &algorithms[key_type(k)];
    uint8_t signature[SIGNATURE_SIZE];
    size_t start = out->n;

    if (payload.n > MAX_JOSE) return ERR_TOO_LARGE;
    TRY(write_header(&(struct header){ .alg = a->name, .typ = typ, .kid = kid }, out));
    add_part(out, payload);
    enum err e =
        buf_failed(out) ? ERR_NO_MEMORY : a->sign(k, span(out->p + start, out->n - start), signature);
    if (e == OK) add_part(out, span(signature, a->size));
    return finish(out, start, e);
}

static enum err check_alg(const struct algorithm *a, struct span token, struct fault *why)
{
    struct jose_header h;

    TRY(jose_header_read(token, &h, why));
    bool fits = span_is(h.alg, a->name) || span_is(h.alg, a->also);
    jose_header_clear(&h);
    return fits ? OK : distrust(why, "alg is not the key's own");
}

enum err jws_open(struct span token, const struct key *k, struct buf *payload, struct fault *why)
{
    const struct algorithm *a = &algorithms[key_type(k)];
    struct buf signature = { 0 };
    struct parts p;

    if (!split(token, &p) || p.count != JWS_PARTS) return refuse(why, 0, "not a compact JWS");
    TRY(check_alg(a, token, why));
    struct span signed_part = span(token.p, token.n - p.part[JWS_SIGNATURE].n - 1);
    enum err e = decode(p.part[JWS_SIGNATURE], &signature, why);
    if (e == OK) e = a->verify(k, signed_part, buf_span(&signature));
    if (e == ERR_NOT_AUTHORIZED) distrust(why, "the signature is not this key's");
    if (e == OK) e = decode(p.part[JWS_PAYLOAD], payload, why);
    buf_clear(&signature);
    return e;
}

/* --- JWE, alg dir: the key encrypts the content itself --- */

static const char *const encodings[AEAD_COUNT] = {
    [AEAD_A128GCM] = "A128GCM",
    [AEAD_A256GCM] = "A256GCM",
    [AEAD_A128CBC_HS256] = "A128CBC-HS256",
};

/* AEAD_COUNT: none. */
static enum aead aead_of(struct span enc)
{
    for (enum aead a = 0; a < AEAD_COUNT; a++)
        if (encodings[a] && span_is(enc, encodings[a])) return a;
    return AEAD_COUNT;
}

static bool key_fits(enum aead a, const struct key *k)
{
    return a != AEAD_COUNT && encodings[a] && key_type(k) == KEY_OCT && key_octets(k).n == aead_sizes(a)->key;
}

enum err jwe_seal(enum aead enc, const struct key *k, struct span kid, const char *typ, const char *cty,
                  struct entropy *entropy, struct span plain, struct buf *out)
{
    const struct aead_sizes *s = aead_sizes(enc);
    uint8_t iv[MAX_IV];
    struct buf sealed = { 0 };
    size_t start = out->n;

    if (!key_fits(enc, k)) return ERR_PROTOCOL;
    TRY(entropy_fill(entropy, iv, s->iv));
    TRY(write_header(&(struct header){ "dir", encodings[enc], typ, cty, kid }, out));
    if (buf_failed(out)) return ERR_NO_MEMORY;
    struct span aad = span(out->p + start, out->n - start);
    enum err e = aead_seal(enc, key_octets(k), span(iv, s->iv), aad, plain, &sealed);
    if (e == OK) {
        buf_u8(out, '.');
        add_part(out, span(iv, s->iv));
        add_part(out, span(sealed.p, sealed.n - s->tag));
        add_part(out, span(sealed.p + sealed.n - s->tag, s->tag));
    }
    buf_clear(&sealed);
    return finish(out, start, e);
}

/* The content encryption of a token whose header says dir and whose key this can be. */
static enum err check_enc(struct span token, const struct key *k, enum aead *out, struct fault *why)
{
    struct jose_header h;

    TRY(jose_header_read(token, &h, why));
    bool dir = span_is(h.alg, "dir");
    *out = aead_of(h.enc);
    jose_header_clear(&h);
    if (!dir) return distrust(why, "alg is not dir");
    return key_fits(*out, k) ? OK : distrust(why, "enc is not known or does not fit the key");
}

enum err jwe_open(struct span token, const struct key *k, struct buf *plain, struct fault *why)
{
    struct buf iv = { 0 }, sealed = { 0 };
    struct parts p;
    enum aead a;

    if (!split(token, &p) || p.count != JWE_PARTS) return refuse(why, 0, "not a compact JWE");
    TRY(check_enc(token, k, &a, why));
    if (p.part[JWE_KEY].n) return refuse(why, 0, "dir leaves the second part empty");
    enum err e = decode(p.part[JWE_IV], &iv, why);
    if (e == OK) e = decode(p.part[JWE_CIPHERTEXT], &sealed, why);
    size_t before = sealed.n;
    if (e == OK) e = decode(p.part[JWE_TAG], &sealed, why);
    /* the sizes are those of enc, not what the token brings: a short tag is easy to guess */
    if (e == OK && (iv.n != aead_sizes(a)->iv || sealed.n - before != aead_sizes(a)->tag))
        e = distrust(why, "initialisation vector or tag of another size");
    if (e == OK) {
        e = aead_open(a, key_octets(k), buf_span(&iv), p.part[HEADER], buf_span(&sealed), plain);
        if (e == ERR_NOT_AUTHORIZED) distrust(why, "does not decrypt under this key");
    }
    buf_clear(&iv);
    buf_clear(&sealed);
    return e;
}
