#ifndef BROKER_EXIS_H
#define BROKER_EXIS_H

#include "broker/settings.h"

/*
 * Tokens with exi (RFC 9200 5.10.3): their time begins when they are first seen here, however often they come again [R-VAL-16]; once one has
 * ended, so have all of its AS and audience with a lower number, seen or not [R-VAL-18]. Bounded by `limits.exis`: beyond, the one
 * that ends next is taken for ended. An earlier process is not remembered.
 */
struct exis;

struct exis *exis_new(const uint8_t hash_key[16]); /* NULL: no memory */
void exis_free(struct exis *x);

/*
 * This token was opened: its time begins, or goes on, and `claims` end with it. Nothing happens to tokens without exi, or where
 * `trust.accept_exi` is off. Errors: ERR_NOT_AUTHORIZED (ended, or its name is not one of ours and a number), ERR_NO_MEMORY.
 */
MUST_USE enum err exis_count(struct exis *x, const struct settings *s, struct claims *claims, int64_t now,
                             struct fault *why);

#endif
