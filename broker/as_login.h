#ifndef BROKER_AS_LOGIN_H
#define BROKER_AS_LOGIN_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/secret.h"

/* An endpoint of an AS and who we are there, as the broker's configuration has it. Plain data; as_login_clear() releases what was loaded. */
struct as_login {
    const char *name;                                /* of its group in the configuration: "introspection" */
    char *url, *id, *secret, *secret_file, *ca_file; /* as written; url NULL: none */
    struct buf ca;                                   /* loaded */
    struct secret password;
};

/* Reads the files, and complains of what is missing, naming the setting. `config`: path of the configuration. Errors: ERR_MALFORMED, ERR_IO,
 * ERR_NO_MEMORY. */
MUST_USE enum err as_login_load(struct as_login *l, const char *config, struct buf *message);
void as_login_clear(struct as_login *l);

#endif
