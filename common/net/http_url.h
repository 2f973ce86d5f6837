#ifndef NET_HTTP_URL_H
#define NET_HTTP_URL_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/fault.h"

/* An absolute URL, taken apart (RFC 3986, RFC 9110 section 4.2). */
struct http_url {
    bool tls; /* https */
    uint16_t port;
    char host[256];    /* a name or a literal, without brackets */
    char target[2048]; /* path and query, at least "/" */
};

/* https://, and http:// for loopback hosts only. User info and fragments are refused. Errors: ERR_MALFORMED,
 * ERR_TOO_LARGE (a part over its array); `why` may be NULL. */
MUST_USE enum err http_url_read(struct span text, struct http_url *out, struct fault *why);

/* Appends "host", "host:port" or "[v6]:port": the Host header; the scheme's own port is left out. */
void http_url_host(const struct http_url *u, struct buf *out);

#endif
