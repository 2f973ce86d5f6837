#include "common/ace/cose.h"

#include "common/codec/text.h"
#include "common/crypto/mac.h"
#include "common/crypto/sign.h"

enum { TAG_ENCRYPT0 = 16, TAG_MAC0 = 17, TAG_SIGN1 = 18, TAG_CWT = 61 };
enum { ALG = 1, CRIT = 2, KID = 4, IV = 5, PARTIAL_IV = 6, TYP = 16 }; /* header labels, RFC 9052, RFC 9596 */
enum { CONTENT_CWT = 61, MAX_IV = 16 };
enum { PROTECTED, UNPROTECTED, CONTENT, PROOF }; /* elements of a message; COSE_Encrypt0 has no PROOF */
enum { MAJOR_BYTES = 2, MAJOR_ARRAY = 4, MAJOR_TAG = 6 };

static enum err refuse(struct fault *why, const struct doc *at, const char *what)
{
    fault_set(why, doc_offset(at), "token: %s", what);
    return ERR_MALFORMED;
}

static enum err distrust(struct fault *why, const char *what)
{
    fault_set(why, 0, "token: %s", what);
    return ERR_NOT_AUTHORIZED;
}

/* --- the shape --- */

struct head {
    unsigned major;
    uint64_t value;
};

/* One CBOR head (RFC 8949 3) of definite length; false: none, or cut short. */
static bool take_head(struct span *in, struct head *out)
{
    unsigned low = in->n ? in->p[0] & 31U : 31, more = low < 24 ? 0 : 1U << (low - 24);

    if (low > 27 || in->n < 1 + more) return false;
    *out = (struct head){ in->p[0] >> 5, more ? 0 : low };
    for (unsigned i = 1; i <= more; i++) out->value = out->value << 8 | in->p[i];
    *in = span_skip(*in, 1 + more);
    return true;
}

static enum cose_form form_of_tag(uint64_t tag)
{
    switch (tag) {
    case TAG_ENCRYPT0:
        return COSE_ENCRYPT0;
    case TAG_MAC0:
        return COSE_MAC0;
    case TAG_SIGN1:
        return COSE_SIGN1;
    default:
        return COSE_NEITHER;
    }
}

static enum cose_form form_of_count(uint64_t elements)
{
    if (elements == PROOF) return COSE_ENCRYPT0;
    return elements == PROOF + 1 ? COSE_SIGN1 : COSE_NEITHER;
}

enum cose_form cose_form(struct span message)
{
    struct span left = message;
    struct head h, next;
    enum cose_form tagged = COSE_NEITHER;

    if (message.n > MAX_COSE || !take_head(&left, &h)) return COSE_NEITHER;
    if (h.major == MAJOR_TAG && h.value == TAG_CWT && (!take_head(&left, &h) || h.major != MAJOR_TAG))
        return COSE_NEITHER;
    if (h.major == MAJOR_TAG) {
        tagged = form_of_tag(h.value);
        if (tagged == COSE_NEITHER || !take_head(&left, &h)) return COSE_NEITHER;
    }
    if (h.major != MAJOR_ARRAY || !take_head(&left, &next) || next.major != MAJOR_BYTES) return COSE_NEITHER;
    enum cose_form counted = form_of_count(h.value);
    if (tagged == COSE_NEITHER) return counted;
    return (tagged == COSE_ENCRYPT0) == (counted == COSE_ENCRYPT0) && counted != COSE_NEITHER ? tagged
                                                                                              : COSE_NEITHER;
}

bool cose_from_text(struct span text, struct buf *out)
{
    bool is = b64url_decode(text, out) == OK && cose_form(buf_span(out)) != COSE_NEITHER;

    if (!is) buf_clear(out);
    return is;
}

/* --- a message, taken apart --- */

struct message {
    struct cose_header header;
    struct doc *protected_map;
    struct span part[PROOF + 1]; /* PROTECTED, CONTENT, PROOF; borrowed from header.doc */
    struct span iv;
};

static void message_clear(struct message *m)
{
    cose_header_clear(&m->header);
    doc_free(m->protected_map);
    *m = (struct message){ 0 };
}

/* Tags off, form known. */
static const struct doc *unwrap(struct message *m)
{
    const struct doc *d = m->header.doc;

    if (doc_kind(d) == DOC_TAG && doc_tag(d) == TAG_CWT) {
        d = doc_at(d, 0);
        if (doc_kind(d) != DOC_TAG) return NULL; /* [R-CWT-03] */
    }
    if (doc_kind(d) == DOC_TAG) {
        m->header.form = form_of_tag(doc_tag(d));
        d = doc_at(d, 0);
    } else {
        m->header.form = form_of_count(doc_count(d));
    }
    size_t count = m->header.form == COSE_ENCRYPT0 ? PROOF : PROOF + 1;
    return m->header.form != COSE_NEITHER && doc_kind(d) == DOC_ARRAY && doc_count(d) == count ? d : NULL;
}

static enum err take_parts(struct message *m, const struct doc *array, struct fault *why)
{
    static const unsigned octets[] = { PROTECTED, CONTENT, PROOF };

    for (size_t i = 0; i < sizeof octets / sizeof *octets && octets[i] < doc_count(array); i++) {
        const struct doc *d = doc_at(array, octets[i]);
        if (!doc_bytes(d, &m->part[octets[i]])) return refuse(why, d, "COSE: a byte string is wanted here");
    }
    return doc_kind(doc_at(array, UNPROTECTED)) == DOC_MAP
               ? OK
               : refuse(why, array, "COSE: the unprotected header is not a map");
}

/* A label must not stand in both headers (RFC 9052 3). */
static enum err refuse_twice(const struct message *m, const struct doc *unprotected, struct fault *why)
{
    struct span text;
    int64_t label;

    for (size_t i = 0; i < doc_count(unprotected); i++) {
        bool twice = doc_key_label(unprotected, i, &label) ? doc_get_label(m->protected_map, label) != NULL
                                                           : doc_key_text(unprotected, i, &text) &&
                                                                 doc_get_span(m->protected_map, text) != NULL;
        if (twice) return refuse(why, doc_at(unprotected, i), "COSE: a header parameter stands in both maps");
    }
    return OK;
}

/* RFC 9596: what says that it is something else is something else (RFC 8725 3.11). */
static bool typ_fits(const struct doc *typ)
{
    struct span text;
    int64_t number;

    if (!typ) return true;
    if (doc_int(typ, &number)) return number == CONTENT_CWT;
    return doc_text(typ, &text) && span_is(text, "application/cwt");
}

/* [R-CWT-07] crit names extensions that must be understood, and we understand none. */
static enum err read_headers(struct message *m, const struct doc *unprotected, struct fault *why)
{
    const struct doc *both[] = { m->protected_map, unprotected }, *iv = NULL, *kid = NULL;

    for (size_t i = 0; i < 2; i++) {
        if (doc_get_label(both[i], CRIT)) return refuse(why, both[i], "COSE: crit names what we do not know");
        if (doc_get_label(both[i], PARTIAL_IV))
            return refuse(why, both[i], "COSE: Partial IV is not supported");
        if (!typ_fits(doc_get_label(both[i], TYP)))
            return refuse(why, both[i], "typ is that of another kind of token");
        if (!iv) iv = doc_get_label(both[i], IV);
        if (!kid) kid = doc_get_label(both[i], KID);
    }
    if (!doc_int(doc_get_label(m->protected_map, ALG), &m->header.alg))
        return refuse(why, m->protected_map, "COSE: no alg in the protected header");
    if (iv && !doc_bytes(iv, &m->iv)) return refuse(why, iv, "COSE: IV is not a byte string");
    if (!kid) return OK;
    m->header.has_kid = doc_bytes(kid, &m->header.kid) && m->header.kid.n && m->header.kid.n <= MAX_KID;
    return m->header.has_kid ? OK : refuse(why, kid, "kid is empty, too long or of another type");
}

enum { HMAC_256_256 = 5 };

static enum err read_message(struct message *m, struct span in, struct fault *why)
{
    if (in.n > MAX_COSE) return refuse(why, NULL, "COSE: too long");
    TRY(doc_read_cbor(in, &doc_limits_wire, &m->header.doc, why));
    const struct doc *array = unwrap(m);
    if (!array) return refuse(why, NULL, "neither COSE_Sign1 nor COSE_Mac0 nor COSE_Encrypt0");
    TRY(take_parts(m, array, why));
    TRY(doc_read_cbor(m->part[PROTECTED], &doc_limits_wire, &m->protected_map, why));
    if (doc_kind(m->protected_map) != DOC_MAP)
        return refuse(why, array, "COSE: the protected header is not a map");
    const struct doc *unprotected = doc_at(array, UNPROTECTED);
    TRY(refuse_twice(m, unprotected, why));
    TRY(read_headers(m, unprotected, why));
    bool tagged = doc_kind(m->header.doc) == DOC_TAG;
    if (!tagged && m->header.form == COSE_SIGN1 && m->header.alg == HMAC_256_256) m->header.form = COSE_MAC0;
    return OK;
}

/* On error *m is left empty. */
static enum err message_read(struct span in, struct message *m, struct fault *why)
{
    *m = (struct message){ 0 };
    enum err e = read_message(m, in, why);
    if (e != OK) message_clear(m);
    return e == ERR_TOO_LARGE ? ERR_MALFORMED : e;
}

enum err cose_header_read(struct span message, struct cose_header *out, struct fault *why)
{
    struct message m;
    enum err e = message_read(message, &m, why);

    *out = m.header; /* empty on error */
    m.header = (struct cose_header){ 0 };
    message_clear(&m);
    return e;
}

void cose_header_clear(struct cose_header *h)
{
    if (!h) return;
    doc_free(h->doc);
    *h = (struct cose_header){ 0 };
}

/* --- what is signed, MACed or bound to a ciphertext --- */

/* RFC 9052 4.4, 5.3, 6.3; external_aad is empty. */
static enum err write_structure(enum cose_form form, struct span protected, struct span payload,
                                struct buf *out)
{
    static const char *const contexts[] = {
        [COSE_SIGN1] = "Signature1", [COSE_MAC0] = "MAC0", [COSE_ENCRYPT0] = "Encrypt0"
    };
    struct doc *d = doc_new_array();

    doc_add(d, doc_new_str(contexts[form]));
    doc_add(d, doc_new_bytes(protected));
    doc_add(d, doc_new_bytes(span(NULL, 0)));
    if (form != COSE_ENCRYPT0) doc_add(d, doc_new_bytes(payload));
    enum err e = d ? doc_write_cbor(d, out) : ERR_NO_MEMORY;
    doc_free(d);
    return e;
}

/* {1: alg} */
static enum err write_protected(int64_t alg, struct buf *out)
{
    struct doc *d = doc_new_map();

    doc_put_label(d, ALG, doc_new_int(alg));
    enum err e = d ? doc_write_cbor(d, out) : ERR_NO_MEMORY;
    doc_free(d);
    return e;
}

/* A message about to be written; spans are borrowed, empty ones left out of the header. */
struct writing {
    uint64_t tag;
    struct span protected, kid, iv, content, proof;
};

static enum err write_message(const struct writing *w, struct buf *out)
{
    struct doc *array = doc_new_array(), *unprotected = doc_new_map();
    size_t start = out->n;

    if (w->kid.n) doc_put_label(unprotected, KID, doc_new_bytes(w->kid));
    if (w->iv.n) doc_put_label(unprotected, IV, doc_new_bytes(w->iv));
    doc_add(array, doc_new_bytes(w->protected));
    doc_add(array, unprotected);
    doc_add(array, doc_new_bytes(w->content));
    if (w->tag != TAG_ENCRYPT0) doc_add(array, doc_new_bytes(w->proof));
    struct doc *d = doc_new_tag(w->tag, array);
    enum err e = d ? doc_write_cbor(d, out) : ERR_NO_MEMORY;
    doc_free(d);
    if (e == OK && out->n - start > MAX_COSE) e = ERR_TOO_LARGE;
    if (e != OK) buf_truncate(out, start);
    return e;
}

/* --- COSE_Sign1 and COSE_Mac0 --- */

/* The one algorithm of each type of key; the key decides, the header has to agree. `also`: RFC 9864. */
static const struct algorithm {
    enum cose_form form;
    uint64_t tag;
    int64_t alg, also;
    size_t size;
    enum err (*sign)(const struct key *k, struct span in, uint8_t out[SIGNATURE_SIZE]);
    enum err (*verify)(const struct key *k, struct span in, struct span proof);
} algorithms[] = {
    [KEY_OCT] = { COSE_MAC0, TAG_MAC0, HMAC_256_256, HMAC_256_256, HMAC256_SIZE, mac, mac_check },
    [KEY_ED25519] = { COSE_SIGN1, TAG_SIGN1, -8, -19, SIGNATURE_SIZE, sign, verify },
    [KEY_P256] = { COSE_SIGN1, TAG_SIGN1, -7, -9, SIGNATURE_SIZE, sign, verify },
};

enum err cose_sign(const struct key *k, struct span kid, struct span payload, struct buf *out)
{
    const struct algorithm *a = &algorithms[key_type(k)];
    struct buf protected = { 0 }, structure = { 0 };
    uint8_t proof[SIGNATURE_SIZE];

    if (kid.n > MAX_KID) return ERR_PROTOCOL;
    if (payload.n > MAX_COSE) return ERR_TOO_LARGE;
    enum err e = write_protected(a->alg, &protected);
    if (e == OK) e = write_structure(a->form, buf_span(&protected), payload, &structure);
    if (e == OK) e = a->sign(k, buf_span(&structure), proof);
    if (e == OK) {
        e = write_message(&(struct writing){ .tag = a->tag,
                                             .protected = buf_span(&protected),
                                             .kid = kid,
                                             .content = payload,
                                             .proof = span(proof, a->size) },
                          out);
    }
    buf_clear(&protected);
    buf_clear(&structure);
    return e;
}

static enum err check(const struct message *m, const struct key *k, struct fault *why)
{
    const struct algorithm *a = &algorithms[key_type(k)];
    struct buf structure = { 0 };

    if (m->header.form == COSE_ENCRYPT0) return refuse(why, NULL, "neither COSE_Sign1 nor COSE_Mac0");
    if (m->header.form != a->form || (m->header.alg != a->alg && m->header.alg != a->also))
        return distrust(why, "alg is not the key's own");
    enum err e = write_structure(a->form, m->part[PROTECTED], m->part[CONTENT], &structure);
    if (e == OK) e = a->verify(k, buf_span(&structure), m->part[PROOF]);
    if (e == ERR_NOT_AUTHORIZED) distrust(why, "the signature is not this key's");
    buf_clear(&structure);
    return e;
}

static enum err keep(struct span bytes, struct buf *out)
{
    buf_add(out, bytes);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

enum err cose_verify(struct span message, const struct key *k, struct buf *payload, struct fault *why)
{
    struct message m;

    TRY(message_read(message, &m, why));
    enum err e = check(&m, k, why);
    if (e == OK) e = keep(m.part[CONTENT], payload);
    message_clear(&m);
    return e;
}

enum err cose_peek(struct span message, struct buf *payload, struct fault *why)
{
    struct message m;

    TRY(message_read(message, &m, why));
    enum err e = m.header.form == COSE_ENCRYPT0 ? refuse(why, NULL, "its content is encrypted")
                                                : keep(m.part[CONTENT], payload);
    message_clear(&m);
    return e;
}

/* --- COSE_Encrypt0: the key encrypts the content itself --- */

/* 0: unknown to COSE, or none we take. */
static const int64_t encodings[AEAD_COUNT] = {
    [AEAD_A128GCM] = 1,
    [AEAD_A256GCM] = 3,
    [AEAD_AES_CCM_16_64_128] = 10,
};

/* AEAD_COUNT: none. */
static enum aead aead_of(int64_t alg)
{
    for (enum aead a = 0; a < AEAD_COUNT; a++)
        if (encodings[a] && encodings[a] == alg) return a;
    return AEAD_COUNT;
}

static bool key_fits(enum aead a, const struct key *k)
{
    return a != AEAD_COUNT && encodings[a] && key_type(k) == KEY_OCT && key_octets(k).n == aead_sizes(a)->key;
}

enum err cose_seal(enum aead a, const struct key *k, struct span kid, struct entropy *entropy,
                   struct span plain, struct buf *out)
{
    struct buf protected = { 0 }, structure = { 0 }, sealed = { 0 };
    uint8_t iv[MAX_IV];

    if (!key_fits(a, k) || kid.n > MAX_KID) return ERR_PROTOCOL;
    struct span nonce = span(iv, aead_sizes(a)->iv);
    enum err e = entropy_fill(entropy, iv, nonce.n);
    if (e == OK) e = write_protected(encodings[a], &protected);
    if (e == OK) e = write_structure(COSE_ENCRYPT0, buf_span(&protected), span(NULL, 0), &structure);
    if (e == OK) e = aead_seal(a, key_octets(k), nonce, buf_span(&structure), plain, &sealed);
    if (e == OK) {
        e = write_message(&(struct writing){ .tag = TAG_ENCRYPT0,
                                             .protected = buf_span(&protected),
                                             .kid = kid,
                                             .iv = nonce,
                                             .content = buf_span(&sealed) },
                          out);
    }
    buf_clear(&protected);
    buf_clear(&structure);
    buf_clear(&sealed);
    return e;
}

static enum err decrypt(const struct message *m, const struct key *k, struct buf *plain, struct fault *why)
{
    enum aead a = aead_of(m->header.alg);
    struct buf structure = { 0 };

    if (m->header.form != COSE_ENCRYPT0) return refuse(why, NULL, "not a COSE_Encrypt0");
    if (!key_fits(a, k)) return distrust(why, "alg is not known or does not fit the key");
    if (m->iv.n != aead_sizes(a)->iv) return distrust(why, "initialisation vector of another size");
    enum err e = write_structure(COSE_ENCRYPT0, m->part[PROTECTED], span(NULL, 0), &structure);
    if (e == OK) e = aead_open(a, key_octets(k), m->iv, buf_span(&structure), m->part[CONTENT], plain);
    if (e == ERR_NOT_AUTHORIZED) distrust(why, "does not decrypt under this key");
    buf_clear(&structure);
    return e;
}

enum err cose_decrypt(struct span message, const struct key *k, struct buf *plain, struct fault *why)
{
    struct message m;

    TRY(message_read(message, &m, why));
    enum err e = decrypt(&m, k, plain, why);
    message_clear(&m);
    return e;
}
