#include "as/introspect.h"
#include "as/reference.h"

/* What a reference stands for is judged like what stands in a token. */
static enum err open_kept(struct span kept, const struct token_trust *trust, int64_t now, struct claims **out)
{
    struct claim_set set;
    struct fault why;

    TRY(reference_read(kept, &set));
    return claims_introspected(&set, trust, 0, now, out, &why);
}

/* The tokens of this AS for this broker, and no others; `kept`: what the token refers to, if anything. The keys are lent. */
static enum err open_as_broker(const struct introspect_from *from, struct span token, struct span kept,
                               struct claims **out)
{
    struct token_issuer issuer = { .verify_count = 1, .decrypt_count = from->broker->has_shared };
    struct span audience = span_str(from->broker->audience);
    struct token_trust trust = { .issuer_count = 1,
                                 .issuers = &issuer,
                                 .require_aud = true,
                                 .require_exp = true,
                                 .accept_exi = true,
                                 .audience_count = 1,
                                 .audiences = &audience };
    struct fault why;

    buf_str(&issuer.iss, from->issuer);
    issuer.verify[0] = *from->sign_key;
    if (from->broker->has_shared) issuer.decrypt[0] = from->broker->shared;
    issuer.derivation = from->broker->derivation;
    enum err e = buf_failed(&issuer.iss) ? ERR_NO_MEMORY
                 : kept.n                ? open_kept(kept, &trust, from->now, out)
                                         : token_open(token, &trust, from->now, out, &why);
    buf_clear(&issuer.iss);
    return e;
}

/* claims_set() lends; what is answered is owned: through the notation that both are read from and written in. */
static enum err copy_claims(const struct claims *claims, struct claim_set *out)
{
    struct doc *d = claim_set_write(claims_set(claims), LABELS_INTROSPECTION, NOTATION_CBOR);
    struct fault why;
    enum err e = d ? claim_set_read(d, LABELS_INTROSPECTION, NOTATION_CBOR, false, out, &why) : ERR_NO_MEMORY;

    doc_free(d);
    return e;
}

/* The group that this token is for and the broker belongs to; NULL: it is for this broker alone. */
static const struct as_broker *group_of(const struct introspect_from *from, const struct claim_set *set)
{
    for (size_t i = 0; i < set->audiences; i++) {
        const struct as_broker *b = registry_broker(from->registry, buf_span(&set->audience[i]));
        if (b && b != from->broker && registry_covers(b, from->broker)) return b;
    }
    return NULL;
}

/* Leaves what concerns this broker, or nothing: then *concerned is false. A token that travels says the same to all, and its claims no client. */
static enum err take_share(const struct introspect_from *from, struct claim_set *set, bool *concerned)
{
    const struct as_broker *group = group_of(from, set);
    const struct as_client *c =
        set->has_client_id ? registry_client(from->registry, buf_span(&set->client_id)) : NULL;
    struct scope *policy = NULL, *share = NULL;
    bool narrowed;

    if (!group || !set->has_client_id) return OK;
    enum err e = c ? registry_share(from->registry, c, group, from->broker, &policy) : OK;
    if (e == OK && policy) e = scope_narrow(set->scope, policy, &share, &narrowed);
    scope_free(policy);
    *concerned = share != NULL;
    if (share) {
        scope_free(set->scope);
        set->scope = share;
    }
    return e == ERR_INVALID_SCOPE ? OK : e;
}

/* Issued and not revoked, and its client is still one of ours: who was removed or barred has no rights left. */
static enum err is_live(const struct introspect_from *from, const uint8_t hash[SHA256_SIZE], bool *live)
{
    struct buf id = { 0 };
    enum err e = ledger_live(from->ledger, hash, &id, live);
    const struct as_client *c = e == OK && *live ? registry_client(from->registry, buf_span(&id)) : NULL;

    *live = c && c->enabled;
    buf_clear(&id);
    return e;
}

enum err introspect(const struct introspect_from *from, const struct introspection_request *in,
                    struct introspection_response *out)
{
    struct span token = buf_span(&in->token);
    uint8_t hash[SHA256_SIZE];
    struct claims *claims = NULL;
    struct secret kept = { 0 };
    bool live = false;

    *out = (struct introspection_response){ 0 };
    sha256(token, hash);
    TRY(ledger_claims(from->ledger, hash, &kept));
    enum err e = open_as_broker(from, token, secret_span(&kept), &claims);
    secret_clear(&kept);
    if (!claims) return e == ERR_NO_MEMORY || e == ERR_UNAVAILABLE ? e : OK;
    e = is_live(from, hash, &live);
    if (e == OK && live) e = copy_claims(claims, &out->claims);
    if (e == OK && live) e = take_share(from, &out->claims, &live);
    if (!live) claim_set_clear(&out->claims);
    out->active = e == OK && live;
    out->has_token_type = out->is_pop = out->active;
    claims_free(claims);
    return e;
}
