#include "common/ace/derive.h"

#include "common/codec/doc.h"
#include "common/crypto/kdf.h"

static enum err write_info(size_t size, struct span token, struct buf *out)
{
    struct doc *d = doc_new_array();

    doc_add(d, doc_new_str("ACE-CoAP-DTLS-key-derivation"));
    doc_add(d, doc_new_int((int64_t)size));
    doc_add(d, doc_new_bytes(token));
    enum err e = d ? doc_write_cbor(d, out) : ERR_NO_MEMORY;
    doc_free(d);
    return e;
}

enum err derive_key(const struct derivation *d, struct span token, struct key **out)
{
    struct buf info = { 0 };
    struct secret octets = { 0 };

    enum err e = write_info(d->size, token, &info);
    if (e == OK) e = hkdf_sha256(key_octets(d->key), span(NULL, 0), buf_span(&info), d->size, &octets);
    if (e == OK) e = key_oct(secret_span(&octets), out);
    secret_clear(&octets);
    buf_clear(&info);
    return e;
}

void derivation_clear(struct derivation *d)
{
    key_free(d->key);
    *d = (struct derivation){ 0 };
}
