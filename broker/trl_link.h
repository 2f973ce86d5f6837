#ifndef BROKER_TRL_LINK_H
#define BROKER_TRL_LINK_H

#include "broker/config.h"
#include "common/ace/trl.h"
#include "common/base/fault.h"

#include <uv.h>

/*
 * The broker's subscription to the list of revoked tokens of its AS (RFC 9770, over HTTPS): the whole list first and now and then, in between
 * what changed, as soon as it does. An AS that is down, slow or says nonsense is asked again, later and later. A part of the shell.
 */
struct trl_link;

struct trl_link_owner {
    void *self;
    void (*listed)(void *self, const struct trl *list); /* lent; never from inside trl_link_open() */
};

/* Copies what it needs of `config`, which has a revocation.url. Errors: those of tls_client_config() and
 * http_url_read(), with one line in `why`. */
MUST_USE enum err trl_link_open(uv_loop_t *loop, const struct broker_config *config,
                                const struct trl_link_owner *owner, struct trl_link **out, struct fault *why);

/* Another log from now on. NULL is fine. */
void trl_link_log(struct trl_link *l, struct log *log);

/* Nobody is told anything any more. NULL is fine. */
void trl_link_close(struct trl_link *l);

#endif
