#ifndef CLIENT_TRUST_H
#define CLIENT_TRUST_H

#include "client/config.h"
#include "client/holding.h"
#include "common/net/tls.h"

/*
 * Whom the client believes in TLS, and what it shows of itself. Part of the shell, as it speaks of TLS configurations.
 * Errors: ERR_PROTOCOL (nothing to trust is configured), those of tls_client_config(), with a reason that names the setting.
 */

/* The AS: its certificate under as.ca and for the host of the URL [R-ASC-07]. `shown`: our key; NULL: none. */
MUST_USE enum err trust_as(const struct client_config *c, struct key *shown, struct tls_protocol protocol,
                           struct tls_config **out, struct fault *why);

/* All zero: nothing (TLS:Anon). A key is shown as raw public key; a PSK must then be what the handshake uses. */
struct trust_shown {
    struct key *key;
    struct span psk_identity, psk;
};

/* The broker: exactly what rs_cnf says where there is one, be it a key or a certificate's thumbprint [R-BAUTH-03] [R-BAUTH-05];
 * else its certificate under broker.ca [R-BAUTH-08]. `h` may be NULL. `shown`: what we show of ourselves. */
MUST_USE enum err trust_broker(const struct client_config *c, const struct holding *h,
                               const struct trust_shown *shown, struct tls_protocol protocol,
                               struct tls_config **out, struct fault *why);

#endif
