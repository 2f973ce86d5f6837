#include "as/reference.h"
#include "common/codec/text.h"

enum { REFERENCE_SIZE = 32, NO_COSE = 0x7f };

enum err reference_make(struct entropy *entropy, struct buf *token)
{
    uint8_t name[REFERENCE_SIZE];

    TRY(entropy_fill(entropy, name, sizeof name));
    name[0] &= NO_COSE; /* base64url of what begins like a tag or an array could be a CWT's */
    b64url_encode(token, span(name, sizeof name));
    explicit_bzero(name, sizeof name);
    return buf_failed(token) ? ERR_NO_MEMORY : OK;
}

enum err reference_write(const struct claim_set *set, struct secret *out)
{
    struct doc *d = claim_set_write(set, LABELS_INTROSPECTION, NOTATION_CBOR);
    struct buf bytes = { 0 };
    enum err e = d ? doc_write_cbor(d, &bytes) : ERR_NO_MEMORY;

    if (e == OK) e = secret_set(out, buf_span(&bytes));
    doc_free(d);
    buf_clear(&bytes);
    return e;
}

enum err reference_read(struct span kept, struct claim_set *out)
{
    struct fault why;
    struct doc *d = NULL;
    enum err e = doc_read_cbor(kept, &doc_limits_wire, &d, &why);

    *out = (struct claim_set){ 0 };
    if (e == OK) e = claim_set_read(d, LABELS_INTROSPECTION, NOTATION_CBOR, false, out, &why);
    doc_free(d);
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_UNAVAILABLE;
}
