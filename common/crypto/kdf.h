#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "common/base/secret.h"

/* HKDF-SHA-256 (RFC 5869), Extract then Expand, to `size` bytes (1..8160). Errors: ERR_INTERNAL, ERR_NO_MEMORY. */
MUST_USE enum err hkdf_sha256(struct span ikm, struct span salt, struct span info, size_t size,
                              struct secret *out);

#endif
