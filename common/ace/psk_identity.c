#include "common/ace/psk_identity.h"

#include "common/ace/labels.h"
#include "common/codec/text.h"

enum { COSE_KTY = 1, COSE_KID = 2, COSE_KTY_SYMMETRIC = 4, CNF_COSE_KEY = 1 };

/* A map with one member, whose value is `kid` in the end. NULL: something else stands there. */
static const struct doc *only_member(const struct doc *d, const struct doc *member)
{
    return doc_kind(d) == DOC_MAP && doc_count(d) == 1 ? member : NULL;
}

static enum err keep(struct span kid, struct psk_identity *out)
{
    buf_add(&out->kid, kid);
    if (buf_failed(&out->kid)) return ERR_NO_MEMORY;
    return kid.n ? OK : ERR_MALFORMED;
}

static enum err read_cose(const struct doc *root, struct psk_identity *out)
{
    const struct doc *cnf = only_member(root, label_get(root, LABELS_CLAIMS, "cnf"));
    const struct doc *key = only_member(cnf, doc_get_label(cnf, CNF_COSE_KEY));
    struct span kid;
    int64_t kty;

    if (doc_count(key) != 2 || !doc_int(doc_get_label(key, COSE_KTY), &kty) || kty != COSE_KTY_SYMMETRIC ||
        !doc_bytes(doc_get_label(key, COSE_KID), &kid))
        return ERR_MALFORMED;
    return keep(kid, out);
}

static enum err read_jwk(const struct doc *root, struct psk_identity *out)
{
    const struct doc *cnf = only_member(root, doc_get(root, "cnf"));
    const struct doc *key = only_member(cnf, doc_get(cnf, "jwk"));
    struct span kid, kty;

    if (doc_count(key) != 2 || !doc_text(doc_get(key, "kty"), &kty) || !span_is(kty, "oct") ||
        !doc_text(doc_get(key, "kid"), &kid))
        return ERR_MALFORMED;
    return keep(kid, out);
}

/* A JWT begins with a letter, COSE with a tag or an array: a map is neither. */
static bool is_cbor_map(struct span in)
{
    enum { MAJOR_TYPE = 0xE0, MAP = 0xA0 };

    return (in.p[0] & MAJOR_TYPE) == MAP;
}

enum err psk_identity_read(struct span in, struct psk_identity *out)
{
    struct doc *d = NULL;
    struct fault why;

    *out = (struct psk_identity){ .kind = PSK_NAMES_KID };
    if (in.n == 0) return ERR_MALFORMED;
    bool cbor = is_cbor_map(in), json = in.p[0] == '{';
    if (!cbor && !json) {
        out->kind = PSK_IS_TOKEN;
        return OK;
    }
    enum err e =
        cbor ? doc_read_cbor(in, &doc_limits_wire, &d, &why) : doc_read_json(in, &doc_limits_wire, &d, &why);
    if (e == OK) e = cbor ? read_cose(d, out) : read_jwk(d, out);
    doc_free(d);
    if (e != OK) psk_identity_clear(out);
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_MALFORMED;
}

void psk_identity_clear(struct psk_identity *i)
{
    buf_clear(&i->kid);
    *i = (struct psk_identity){ 0 };
}

static struct doc *key_doc(struct span kid, enum notation n)
{
    const struct key_object named = { .kid = { .p = (uint8_t *)(uintptr_t)kid.p, .n = kid.n },
                                      .has_kid = true };

    return key_object_write(&named, n, false);
}

enum err psk_identity_write(struct span kid, enum notation n, struct buf *out)
{
    struct doc *root = doc_new_map(), *cnf = doc_new_map();

    if (n == NOTATION_CBOR)
        doc_put_label(cnf, CNF_COSE_KEY, key_doc(kid, n));
    else
        doc_put(cnf, "jwk", key_doc(kid, n));
    label_put(root, LABELS_CLAIMS, n, "cnf", cnf);
    enum err e = n == NOTATION_CBOR ? doc_write_cbor(root, out) : doc_write_json(root, out);
    doc_free(root);
    return e;
}
