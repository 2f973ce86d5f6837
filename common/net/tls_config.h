#ifndef NET_TLS_CONFIG_H
#define NET_TLS_CONFIG_H

#include "common/base/fault.h"
#include "common/net/tls_options.h"

/* What many connections share: one SSL_CTX, keys, trust, and whom to ask. Immutable, reference-counted. */
struct tls_config;

/* Makers copy what they need and take their own references. Errors: ERR_MALFORMED (PEM), ERR_PROTOCOL
 * (nothing to show or to trust, key does not fit its certificate), ERR_NO_MEMORY, ERR_INTERNAL; `why` (may be
 * NULL) says which. */
MUST_USE enum err tls_server_config(const struct tls_server_options *o, struct tls_config **out,
                                    struct fault *why);
MUST_USE enum err tls_client_config(const struct tls_client_options *o, struct tls_config **out,
                                    struct fault *why);
struct tls_config *tls_config_ref(struct tls_config *c);
void tls_config_free(struct tls_config *c); /* drops one reference */

#endif
