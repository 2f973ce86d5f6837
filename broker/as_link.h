#ifndef BROKER_AS_LINK_H
#define BROKER_AS_LINK_H

#include "broker/broker.h"
#include "broker/config.h"
#include "common/base/fault.h"

#include <uv.h>

/* The broker's line to the AS: asks it about tokens over HTTPS, and never waits for it. A part of the shell. */
struct as_link;

struct as_link_owner {
    void *self;
    /* Exactly once for each question that was asked, never from inside as_link_ask(); none after as_link_close(). */
    void (*replied)(void *self, uint64_t question, const struct as_reply *reply);
};

/* Copies what it needs of `config`, which names an AS. Errors: those of tls_client_config() and http_url_read(), with one line in `why`. */
MUST_USE enum err as_link_open(uv_loop_t *loop, const struct broker_config *config,
                               const struct as_link_owner *owner, struct as_link **out, struct fault *why);

/* RFC 7662 2.1 [R-INT-07]. Copies. An AS that does not take our media type is asked in a form from then on. Errors, and then no reply
 * comes: ERR_QUOTA, ERR_NO_MEMORY, those of http_client_send(). */
MUST_USE enum err as_link_ask(struct as_link *l, uint64_t question, struct span token);

/* Nobody is told anything any more. NULL is fine. */
void as_link_close(struct as_link *l);

#endif
