#include "broker/upload.h"

#include "common/ace/media.h"

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
    struct opened o;
    enum err e = authn_open(a, token, now, &o, why);

    if (e == OK && !claims_key(o.claims)) {
        fault_set(why, 0, "the token names its key by kid only");
        e = ERR_NOT_AUTHORIZED;
    }
    if (e == OK) e = authn_keep(a, token, o.claims, now);
    if (e == OK && a->settings->switches.by_client_id)
        e = tokens_bind(a->tokens, u->client_id, claims_key(o.claims));
    claims_free(o.claims);
    return e;
}

struct span upload_octets(const struct upload *u)
{
    return u->unwrapped.n ? buf_span(&u->unwrapped) : u->payload;
}

enum err upload_token(const struct authn *a, struct upload *u, int64_t now, struct fault *why)
{
    enum media m;

    if (a->settings->switches.wrapped && is_wrapped(u, &m)) TRY(unwrap(u->payload, m, &u->unwrapped, why));
    return keep(a, u, upload_octets(u), now, why);
}
