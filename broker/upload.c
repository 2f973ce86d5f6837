#include "broker/upload.h"

#include "common/ace/media.h"
#include "common/base/map.h"

/* What a payload is, when its Content Type does not say: neither a JWT nor a CWT begins as a map does. */
static bool is_map(struct span payload, enum media *out)
{
    enum { MAJOR_TYPE = 0xE0, MAP = 0xA0 };
    bool cbor = payload.n && (payload.p[0] & MAJOR_TYPE) == MAP;

    *out = cbor ? MEDIA_ACE_CBOR : MEDIA_ACE_JSON;
    return cbor || (payload.n && payload.p[0] == '{');
}

static bool is_wrapped(const struct upload *u, enum media *out)
{
    if (u->content_type.n == 0) return is_map(u->payload, out);
    return media_read(u->content_type, out) && *out != MEDIA_FORM;
}

/* The octets of access_token in a map. Errors: ERR_NOT_A_TOKEN, ERR_NO_MEMORY. */
static enum err unwrap(struct span payload, enum media m, struct buf *token, struct fault *why)
{
    struct doc *map = NULL;
    struct span octets = { NULL, 0 };
    enum err e = body_read(payload, m, &map, why);
    const struct doc *member = label_get(map, LABELS_TOKEN, "access_token");

    if (e == OK && (doc_text(member, &octets) || doc_bytes(member, &octets))) buf_add(token, octets);
    doc_free(map);
    if (e == ERR_NO_MEMORY || buf_failed(token)) return ERR_NO_MEMORY;
    return token->n ? OK : ERR_NOT_A_TOKEN;
}

static enum err keep(const struct authn *a, const struct upload *u, struct span token, int64_t now,
                     struct fault *why)
{
    struct claims *claims = NULL;
    enum err e = token_open(token, &a->settings->trust, now, &claims, why);

    if (e == OK && !claims_key(claims)) {
        fault_set(why, 0, "the token names its key by kid only");
        e = ERR_NOT_AUTHORIZED;
    }
    if (e == OK) e = authn_keep(a, token, claims, now);
    if (e == OK && a->settings->switches.by_client_id)
        e = tokens_bind(a->tokens, u->client_id, claims_key(claims));
    claims_free(claims);
    return e;
}

enum err upload_token(const struct authn *a, const struct upload *u, int64_t now, struct fault *why)
{
    struct buf token = { 0 };
    enum media m;

    if (!a->settings->switches.wrapped || !is_wrapped(u, &m)) return keep(a, u, u->payload, now, why);
    enum err e = unwrap(u->payload, m, &token, why);
    if (e == OK) e = keep(a, u, buf_span(&token), now, why);
    buf_clear(&token);
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
