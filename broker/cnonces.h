#ifndef BROKER_CNONCES_H
#define BROKER_CNONCES_H

#include "broker/settings.h"
#include "common/crypto/entropy.h"

/*
 * Client nonces (RFC 9200 5.3.1, A-49): the hint hands one out, the AS puts it into the token, and here it counts once and not for long. What
 * is handed out is not kept, as strangers could have any number: a MAC over its time and chance tells that it is ours. Kept are
 * those that came back in a good token, `limits.cnonces` of them. Where they are more, the oldest and all issued before it are forgotten, and
 * refused from then on. So are all of an earlier process.
 */
struct cnonces;

struct cnonces *cnonces_new(struct entropy *entropy,
                            const uint8_t hash_key[16]); /* NULL: no memory, no chance */
void cnonces_free(struct cnonces *c);

/* The JSON of ace_as_hint, with a fresh cnonce in that mode; nothing where no AS is configured. Errors: ERR_NO_MEMORY, ERR_INTERNAL. */
MUST_USE enum err cnonces_hint(struct cnonces *c, const struct settings *s, int64_t now, struct buf *json);

/* May this token be taken? In that mode only with a cnonce that is ours, fresh and not spent [R-DISC-07, R-DISC-08]. A token that was taken is
 * not asked again. Errors: ERR_NOT_AUTHORIZED, ERR_INTERNAL. */
MUST_USE enum err cnonces_test(const struct cnonces *c, const struct settings *s, const struct claims *claims,
                               int64_t now);
/* It has been taken: its cnonce, which was tested, is spent. Errors: ERR_NO_MEMORY. */
MUST_USE enum err cnonces_spend(struct cnonces *c, const struct settings *s, const struct claims *claims,
                                int64_t now);

size_t cnonces_count(const struct cnonces *c); /* spent and still remembered */

#endif
