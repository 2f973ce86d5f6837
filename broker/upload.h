#ifndef BROKER_UPLOAD_H
#define BROKER_UPLOAD_H

#include "broker/authn.h"

/*
 * authz-info: tokens that arrive by PUBLISH, before their key is proved in TLS (RFC 9431 2.2.2, RFC 9200 5.10.1). Who uploads does not
 * matter, and gains nothing: a token gives rights to whoever proves its key.
 */

struct upload {
    struct span payload;
    struct span content_type; /* as PUBLISH says; empty: nothing */
    struct span client_id;
    struct buf unwrapped; /* the token, where a map wrapped it; the caller's to clear */
};
struct span upload_octets(const struct upload *u); /* the token, once upload_token() has looked */

/*
 * Judges a payload like any other token and keeps it by its key [R-AZI-06..09]. Until its key is proved it stays only
 * `unproven_seconds` [R-AZI-19]. Two switches: a JSON or CBOR map may wrap it, and its uploader's Client Identifier may find it. Errors: ERR_NOT_A_TOKEN, ERR_NOT_AUTHORIZED, ERR_QUOTA, ERR_NO_MEMORY, and of authn_open() ERR_WAITING and ERR_UNAVAILABLE; `why` is for the log.
 */
MUST_USE enum err upload_token(const struct authn *a, struct upload *u, int64_t now, struct fault *why);

#endif
