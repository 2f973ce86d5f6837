#include "client/trust.h"

enum err trust_as(const struct client_config *c, struct key *shown, struct tls_protocol protocol,
                  struct tls_config **out, struct fault *why)
{
    struct tls_client_options o = { .protocol = protocol,
                                    .ca_pem = buf_span(&c->as_ca),
                                    .own = { .key = shown } };

    o.protocol.min_version = o.protocol.max_version = 0; /* tls.version speaks of the broker */
    if (!c->as_ca.n) {
        fault_set(why, 0, "as.ca (--as-cafile) is missing: the AS's certificate could not be checked");
        return ERR_PROTOCOL;
    }
    return tls_client_config(&o, out, why);
}

static void expect(const struct cnf *rs_cnf, struct tls_client_options *o)
{
    if (rs_cnf->kind == CNF_THUMBPRINT) {
        o->cert_sha256 = rs_cnf->thumbprint;
        o->show = TLS_SHOW_CERT;
    } else {
        o->expected[0] = rs_cnf->object.key;
    }
}

enum err trust_broker(const struct client_config *c, const struct holding *h, const struct trust_shown *shown,
                      struct tls_protocol protocol, struct tls_config **out, struct fault *why)
{
    struct tls_client_options o = { .protocol = protocol,
                                    .own = { .key = shown->key },
                                    .psk_identity = shown->psk_identity,
                                    .psk = shown->psk };
    const struct cnf *rs_cnf = h && h->has_rs_cnf ? &h->rs_cnf : NULL;

    if (rs_cnf && (rs_cnf->kind == CNF_THUMBPRINT || (rs_cnf->kind == CNF_KEY && rs_cnf->object.key))) {
        expect(rs_cnf, &o);
    } else if (rs_cnf) {
        fault_set(why, 0, "rs_cnf names no key and no certificate");
        return ERR_NOT_AUTHORIZED;
    } else if (shown->psk.n) {
        return tls_client_config(&o, out, why); /* [R-BAUTH-02] who knows the PSK is the broker */
    } else if (c->broker_ca.n) {
        o.ca_pem = buf_span(&c->broker_ca);
    } else {
        fault_set(
            why, 0,
            "broker.ca (--cafile) is missing, and the AS gave no rs_cnf: the broker could not be checked");
        return ERR_PROTOCOL;
    }
    return tls_client_config(&o, out, why);
}
