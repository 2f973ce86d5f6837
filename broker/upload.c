#include "broker/upload.h"

#include "common/base/map.h"

enum err upload_token(const struct authn *a, struct span payload, int64_t now, struct fault *why)
{
    struct claims *claims = NULL;
    enum err e = token_open(payload, &a->settings->trust, now, &claims, why);

    if (e == OK && !claims_key(claims)) {
        fault_set(why, 0, "the token names its key by kid only");
        e = ERR_NOT_AUTHORIZED;
    }
    if (e == OK) e = tokens_put(a->tokens, payload, claims, now + a->settings->unproven_seconds);
    claims_free(claims);
    return e;
}

bool upload_may(struct upload_meter *m, struct span address, uint32_t per_minute, int64_t now)
{
    if (m->minute != now / 60) memset(m->count, 0, sizeof m->count);
    m->minute = now / 60;
    uint32_t *count = &m->count[siphash(m->key, address) % UPLOAD_COUNTERS];
    if (*count >= per_minute) return false;
    ++*count;
    return true;
}
