#ifndef AS_LOGIN_H
#define AS_LOGIN_H

#include "as/registry.h"
#include "common/ace/params.h"
#include "common/codec/http.h"
#include "common/crypto/entropy.h"
#include "common/crypto/tls_facts.h"

/* Who is calling: HTTP Basic, a TLS client key or certificate, or (discouraged) the body's client_id and client_secret. */
enum { LOGIN_BUCKETS = 4096 };

/* Wrong passwords per client id and minute, counted in keyed buckets: bounded, and nobody can aim at another's [R-SEC-08]. */
struct login_throttle {
    unsigned limit;
    int64_t minute;
    uint8_t key[16];
    uint16_t failed[LOGIN_BUCKETS];
};
MUST_USE enum err login_throttle_init(struct login_throttle *t, unsigned limit, struct entropy *entropy);

struct login_from {
    const struct registry *registry;
    struct login_throttle *throttle;
    const struct http_request *http;
    const struct tls_facts *peer;
    int64_t now;
};

/*
 * Basic and TLS: *out is NULL with OK when the caller showed neither. A method that was used and fails, or two that name
 * different clients, fail the login. Errors: ERR_INVALID_CLIENT, ERR_RATE, ERR_NO_MEMORY.
 */
MUST_USE enum err login_by_transport(const struct login_from *from, const struct as_client **out);

/* Completes it with the request's body: checks client_id against `*out`, or logs in by client_secret. ERR_INVALID_CLIENT, ERR_RATE. */
MUST_USE enum err login_by_body(const struct login_from *from, const struct token_request *in,
                                const struct as_client **out);

#endif
