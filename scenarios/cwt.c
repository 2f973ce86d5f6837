#include "scenarios/cwt.h"

#include "common/ace/cose.h"
#include "common/codec/text.h"
#include "common/crypto/mac.h"
#include "common/crypto/sign.h"

#include <stdlib.h>

/* --- claim by claim --- */

static struct doc *bytes_of_text(const struct doc *d)
{
    struct buf octets = { 0 };
    struct span text;

    if (!doc_text(d, &text)) return doc_copy(d);
    bool coded = b64url_decode(text, &octets) == OK;
    struct doc *out = doc_new_bytes(coded ? buf_span(&octets) : text);
    buf_clear(&octets);
    return out;
}

static struct doc *text_of_bytes(const struct doc *d)
{
    struct span octets;

    return doc_bytes(d, &octets) ? doc_new_base64url(octets) : doc_copy(d);
}

static struct doc *other_scope(const struct doc *d, enum notation n)
{
    struct scope *s = NULL;

    if (doc_kind(d) != (n == NOTATION_CBOR ? DOC_TEXT : DOC_BYTES) ||
        scope_from_member(d, false, &s, NULL) != OK)
        return doc_copy(d);
    struct doc *out = scope_to_member(s, n);
    scope_free(s);
    return out;
}

static struct doc *scope_cbor(const struct doc *d)
{
    return other_scope(d, NOTATION_CBOR);
}

static struct doc *scope_json(const struct doc *d)
{
    return other_scope(d, NOTATION_JSON);
}

static struct doc *other_cnf(const struct doc *d, enum notation from)
{
    struct cnf c;

    if (cnf_read(d, from, &c, NULL) != OK) return doc_copy(d);
    struct doc *out = cnf_write(&c, from == NOTATION_CBOR ? NOTATION_JSON : NOTATION_CBOR);
    cnf_clear(&c);
    return out;
}

/* An Encrypted_COSE_Key stands where a JWE would. */
static struct doc *encrypted_cnf(const struct doc *sealed)
{
    struct doc *out = doc_new_map();

    label_put(out, LABELS_CNF, NOTATION_CBOR, "jwe", doc_copy(sealed));
    return out;
}

static struct doc *cnf_cbor(const struct doc *d)
{
    const struct doc *sealed = doc_get(d, "jwe");

    if (doc_kind(sealed) == DOC_ARRAY) return encrypted_cnf(sealed);
    return other_cnf(d, NOTATION_JSON);
}

static struct doc *cnf_json(const struct doc *d)
{
    return other_cnf(d, NOTATION_CBOR);
}

static struct doc *profile_cbor(const struct doc *d)
{
    struct span word;
    int number = doc_text(d, &word) ? label_value(VALUES_PROFILE, word) : -1;

    return number < 0 ? doc_copy(d) : doc_new_int(number);
}

static struct doc *profile_json(const struct doc *d)
{
    int64_t number;
    const char *word = doc_int(d, &number) ? label_word(VALUES_PROFILE, number) : NULL;

    return word ? doc_new_str(word) : doc_copy(d);
}

/* Claims that the two notations write differently. */
static const struct claim {
    const char *name;
    struct doc *(*to_cbor)(const struct doc *d);
    struct doc *(*to_json)(const struct doc *d);
} claims[] = {
    { "cti", bytes_of_text, text_of_bytes },       { "cnonce", bytes_of_text, text_of_bytes },
    { "scope", scope_cbor, scope_json },           { "cnf", cnf_cbor, cnf_json },
    { "ace_profile", profile_cbor, profile_json },
};

static const struct claim *claim_of(const char *name)
{
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        if (strcmp(claims[i].name, name) == 0) return &claims[i];
    }
    return NULL;
}

/* --- whole sets --- */

struct doc *cwt_claims(const struct doc *json)
{
    struct doc *out = doc_new_map();
    struct span key;

    for (size_t i = 0; out && i < doc_count(json); i++) {
        char name[40];
        if (!doc_key_text(json, i, &key) || key.n >= sizeof name) continue;
        memcpy(name, key.p, key.n);
        name[key.n] = '\0';
        const char *cbor = strcmp(name, "jti") == 0 ? "cti" : name; /* */
        const struct claim *c = claim_of(cbor);
        label_put(out, LABELS_CLAIMS, NOTATION_CBOR, cbor,
                  c ? c->to_cbor(doc_at(json, i)) : doc_copy(doc_at(json, i)));
    }
    return out;
}

struct doc *cwt_as_json(const struct doc *cbor)
{
    struct doc *out = doc_new_map();
    struct span key;
    int64_t label;

    for (size_t i = 0; out && i < doc_count(cbor); i++) {
        const struct doc *d = doc_at(cbor, i);
        if (!doc_key_label(cbor, i, &label)) {
            if (doc_key_text(cbor, i, &key)) doc_put_span(out, key, doc_copy(d));
            continue;
        }
        const char *name = label_name(LABELS_CLAIMS, label);
        const struct claim *c = name ? claim_of(name) : NULL;
        if (name) doc_put(out, name, c ? c->to_json(d) : doc_copy(d));
    }
    return out;
}

struct doc *cwt_header(struct span token)
{
    static const char *const forms[] = { [COSE_NEITHER] = "none",
                                         [COSE_SIGN1] = "COSE_Sign1",
                                         [COSE_MAC0] = "COSE_Mac0",
                                         [COSE_ENCRYPT0] = "COSE_Encrypt0" };
    struct cose_header h;
    struct doc *d = NULL;

    if (cose_header_read(token, &h, NULL) == OK) {
        d = doc_new_map();
        doc_put(d, "form", doc_new_str(forms[h.form]));
        doc_put(d, "alg", doc_new_int(h.alg));
        if (h.has_kid) doc_put(d, "kid", kid_to_doc(h.kid, NOTATION_JSON));
    }
    cose_header_clear(&h);
    return d;
}

struct doc *cwt_open(const struct world *w, struct span token)
{
    struct buf plain = { 0 }, inner = { 0 };
    struct doc *d = NULL, *json = NULL;
    bool read = cose_form(token) == COSE_ENCRYPT0 ? cose_decrypt(token, w->shared.key, &plain, NULL) == OK
                                                  : cose_peek(token, &plain, NULL) == OK;

    bool nested = read && cose_form(buf_span(&plain)) != COSE_NEITHER;
    if (nested) read = cose_peek(buf_span(&plain), &inner, NULL) == OK;
    if (read) read = doc_read_cbor(buf_span(nested ? &inner : &plain), &doc_limits_wire, &d, NULL) == OK;
    if (read && doc_kind(d) == DOC_MAP) json = cwt_as_json(d);
    doc_free(d);
    buf_clear(&plain);
    buf_clear(&inner);
    return json;
}

/* --- writing one, rightly or wrongly --- */

enum { ALG = 1, CRIT = 2, KID = 4, IV = 5, UNKNOWN = 99 }; /* header labels */
enum { TAG_ENCRYPT0 = 16, TAG_MAC0 = 17, TAG_SIGN1 = 18, TAG_OTHER = 98, TAG_CWT = 61 };
enum { HMAC_256 = 5, A256GCM = 3, ES256 = -7, EDDSA = -8 };

static enum err write_doc(struct doc *d, struct buf *out)
{
    enum err e = d ? doc_write_cbor(d, out) : ERR_NO_MEMORY;

    doc_free(d);
    return e;
}

static enum err write_protected(const struct cwt_form *f, int64_t alg, struct buf *out)
{
    struct doc *d = doc_new_map(), *names = f->crit ? doc_new_array() : NULL;

    doc_put_label(d, ALG, doc_new_int(f->alg ? strtol(f->alg, NULL, 0) : alg));
    if (f->crit) {
        doc_add(names, doc_new_int(UNKNOWN));
        doc_put_label(d, CRIT, names);
        doc_put_label(d, UNKNOWN, doc_new_bool(true));
    }
    return write_doc(d, out);
}

static enum err write_structure(const char *context, const struct buf *protected, const struct span *payload,
                                struct buf *out)
{
    struct doc *d = doc_new_array();

    doc_add(d, doc_new_str(context));
    doc_add(d, doc_new_bytes(buf_span(protected)));
    doc_add(d, doc_new_bytes(span(NULL, 0)));
    if (payload) doc_add(d, doc_new_bytes(*payload));
    return write_doc(d, out);
}

static struct doc *tagged(const char *how, uint64_t tag, struct doc *array)
{
    if (!how) return doc_new_tag(tag, array);
    if (strcmp(how, "none") == 0) return array;
    if (strcmp(how, "bare") == 0) return doc_new_tag(TAG_CWT, array);
    if (strcmp(how, "other") == 0) return doc_new_tag(TAG_OTHER, array);
    return doc_new_tag(TAG_CWT, doc_new_tag(tag, array));
}

/* The parts of a message; `iv` and `proof` may be empty. */
struct parts {
    uint64_t tag;
    const struct buf *protected;
    struct span iv, content, proof;
};

static enum err write_message(const struct cwt_form *f, const struct parts *p, struct buf *out)
{
    struct doc *array = doc_new_array(), *unprotected = doc_new_map();

    if (f->kid.n) doc_put_label(unprotected, KID, doc_new_bytes(f->kid));
    if (p->iv.n) doc_put_label(unprotected, IV, doc_new_bytes(p->iv));
    doc_add(array, doc_new_bytes(buf_span(p->protected)));
    doc_add(array, unprotected);
    doc_add(array, doc_new_bytes(p->content));
    if (p->proof.n) doc_add(array, doc_new_bytes(p->proof));
    return write_doc(tagged(f->tag, p->tag, array), out);
}

/* The confusion of RFC 8725 2.1: a public key taken for an HMAC secret. */
static enum err mac_with_public(const struct key *k, struct span in, uint8_t out[SIGNATURE_SIZE])
{
    uint8_t raw[64];

    return hmac_sha256(span(raw, key_public(k, raw)), in, out);
}

static enum err sign_it(const struct cwt_form *f, struct span payload, struct buf *out)
{
    int64_t alg = f->mac ? HMAC_256 : key_type(f->sign) == KEY_P256 ? ES256 : EDDSA;
    struct buf protected = { 0 }, structure = { 0 };
    uint8_t proof[SIGNATURE_SIZE];
    struct parts p = { .tag = f->mac ? TAG_MAC0 : TAG_SIGN1, .protected = &protected, .content = payload };

    enum err e = write_protected(f, alg, &protected);
    if (e == OK) e = write_structure(f->mac ? "MAC0" : "Signature1", &protected, &payload, &structure);
    if (e == OK)
        e = f->mac ? mac_with_public(f->sign, buf_span(&structure), proof)
                   : sign(f->sign, buf_span(&structure), proof);
    p.proof = span(proof, f->mac ? HMAC256_SIZE : SIGNATURE_SIZE);
    if (e == OK) e = write_message(f, &p, out);
    buf_clear(&protected);
    buf_clear(&structure);
    return e;
}

/* The world's shared keys are of 32 octets. */
static enum err encrypt_it(const struct cwt_form *f, struct span plain, struct buf *out)
{
    struct buf protected = { 0 }, structure = { 0 }, sealed = { 0 };
    uint8_t iv[16];
    struct parts p = { .tag = TAG_ENCRYPT0, .protected = &protected };

    p.iv = span(iv, aead_sizes(AEAD_A256GCM)->iv);
    enum err e = entropy_fill(entropy_system(), iv, p.iv.n);
    if (e == OK) e = write_protected(f, A256GCM, &protected);
    if (e == OK) e = write_structure("Encrypt0", &protected, NULL, &structure);
    if (e == OK)
        e = aead_seal(AEAD_A256GCM, key_octets(f->shared), p.iv, buf_span(&structure), plain, &sealed);
    p.content = buf_span(&sealed);
    if (e == OK) e = write_message(f, &p, out);
    buf_clear(&protected);
    buf_clear(&structure);
    buf_clear(&sealed);
    return e;
}

enum err cwt_write(const struct cwt_form *f, struct buf *out)
{
    struct buf written = { 0 }, inner = { 0 };
    struct cwt_form plain = *f;

    plain.kid = span(NULL, 0); /* of the inner message: its header is the usual one */
    plain.tag = NULL;
    enum err e = write_doc(cwt_claims(f->claims), &written);
    if (e == OK && f->nested) e = sign_it(&plain, buf_span(&written), &inner);
    if (e == OK)
        e = f->shared ? encrypt_it(f, f->nested ? buf_span(&inner) : buf_span(&written), out)
                      : sign_it(f, buf_span(&written), out);
    buf_clear(&written);
    buf_clear(&inner);
    return e;
}
