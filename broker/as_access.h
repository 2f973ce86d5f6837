#ifndef BROKER_AS_ACCESS_H
#define BROKER_AS_ACCESS_H

#include "broker/config.h"
#include "common/codec/http.h"
#include "common/net/http_url.h"
#include "common/net/tls_config.h"

/* How the broker comes to an endpoint of its AS: where it is, how it is known, who we are there. Plain data, owned; a part of the shell. */
struct as_access {
    struct http_url url;
    struct tls_config *tls;
    struct buf id;
    struct secret password;
};

/* Copies from the configuration. Errors: those of http_url_read() and tls_client_config(), `why` naming the setting; ERR_NO_MEMORY; what is
 * there is cleared by as_access_clear(), also then. */
MUST_USE enum err as_access_open(const struct as_login *from, struct as_access *out, struct fault *why);
void as_access_clear(struct as_access *a);

/* Says who we are. Latches as http_header_add(). */
void as_access_login(const struct as_access *a, struct http_headers *h);

#endif
