#include "common/crypto/kdf.h"

#include "common/base/buf.h"
#include "common/crypto/mac.h"

enum { MAX_BLOCKS = 255 };

/* RFC 5869 2.3: T(i) = HMAC(PRK, T(i-1) | info | i), as many as give `size` bytes. */
static enum err expand(struct span prk, struct span info, size_t size, struct buf *out)
{
    struct buf in = { 0 };
    uint8_t t[HMAC256_SIZE];
    enum err e = OK;

    for (uint8_t i = 1; e == OK && out->n < size; i++) {
        buf_truncate(&in, 0);
        if (i > 1) buf_add(&in, span(t, sizeof t));
        buf_add(&in, info);
        buf_u8(&in, i);
        e = buf_failed(&in) ? ERR_NO_MEMORY : hmac_sha256(prk, buf_span(&in), t);
        buf_add(out, span(t, size - out->n < sizeof t ? size - out->n : sizeof t));
        if (buf_failed(out)) e = ERR_NO_MEMORY;
    }
    explicit_bzero(t, sizeof t);
    buf_clear(&in);
    return e;
}

/* On HMAC rather than OpenSSL's own HKDF, which refuses an info over 32 KiB: ours ends in a token of up to 64 KiB. */
enum err hkdf_sha256(struct span ikm, struct span salt, struct span info, size_t size, struct secret *out)
{
    uint8_t prk[HMAC256_SIZE];
    struct buf okm = { 0 };

    if (size == 0 || size > (size_t)MAX_BLOCKS * HMAC256_SIZE) return ERR_INTERNAL;
    TRY(hmac_sha256(salt, ikm, prk)); /* an empty salt and one of 32 zero bytes are the same HMAC key */
    enum err e = expand(span(prk, sizeof prk), info, size, &okm);
    if (e == OK) e = secret_set(out, buf_span(&okm));
    explicit_bzero(prk, sizeof prk);
    buf_clear(&okm);
    return e;
}
