#include "client/holding.h"

#include "common/ace/token.h"

static struct cnf borrow_public(const struct key_object *k)
{
    struct cnf c = { .kind = CNF_KEY, .object = *k };

    return c; /* token_request_write() writes the public members only */
}

enum err holding_ask(const struct holding_want *want, enum media m, struct buf *body)
{
    struct token_request r = { .grant_type = GRANT_CLIENT_CREDENTIALS,
                               .has_scope = want->scope != NULL,
                               .scope = want->scope };
    struct buf audience = { 0 }, cnonce = { 0 }, kid = { 0 };

    buf_add(&audience, want->audience);
    buf_add(&cnonce, want->cnonce);
    buf_add(&kid, want->reuse_kid);
    r.has_audience = audience.n != 0;
    r.audience = audience;
    r.has_cnonce = cnonce.n != 0;
    r.cnonce = cnonce;
    r.wants_profile = true;
    r.has_req_cnf = want->own_key || kid.n;
    if (want->own_key) {
        r.req_cnf = borrow_public(want->own_key); /* [R-TOK-20] */
    } else if (kid.n) {
        r.req_cnf = (struct cnf){ .kind = CNF_KID, .object = { .kid = kid, .has_kid = true } };
    }
    enum err e = buf_failed(&audience) || buf_failed(&cnonce) || buf_failed(&kid)
                     ? ERR_NO_MEMORY
                     : token_request_write(&r, m, body);
    buf_clear(&audience);
    buf_clear(&cnonce);
    buf_clear(&kid);
    return e;
}

static enum err refuse(struct fault *why, const char *what)
{
    fault_set(why, 0, "the AS's answer is not used: %s", what);
    return ERR_NOT_AUTHORIZED;
}

/* Draft -02: the end itself, not the time until then. */
static bool tells_end(const struct token_response *in, const struct holding_want *want)
{
    return want->compat_draft02 && in->has_exp && !in->has_expires_in;
}

static enum err check_kind(const struct token_response *in, const struct holding_want *want,
                           struct fault *why)
{
    if (in->access_token.n == 0) return refuse(why, "no access_token");
    if (!in->is_pop) return refuse(why, "token_type is not PoP"); /* [R-TOK-13] */
    if (in->has_profile && !in->profile_is_mqtt_tls) return refuse(why, "ace_profile is not mqtt_tls");
    if (!in->has_expires_in && !tells_end(in, want) && !want->default_lifetime)
        return refuse(why, "no expires_in, and token.lifetime is not set"); /* [R-TOK-34] */
    if (in->has_expires_in && in->expires_in <= 0) return refuse(why, "the token has ended");
    return OK;
}

/* [R-TOK-48] */
static bool usable(const struct key_object *k)
{
    static const enum key_alg fits[] = {
        [KEY_OCT] = KEY_ALG_HS256, [KEY_ED25519] = KEY_ALG_EDDSA, [KEY_P256] = KEY_ALG_ES256
    };

    return k->may_sign && (k->alg == KEY_ALG_ABSENT || k->alg == fits[key_type(k->key)]);
}

static enum err choose_key(const struct token_response *in, const struct holding_want *want, struct key **out,
                           struct fault *why)
{
    const struct key_object *given =
        in->has_cnf && in->cnf.kind == CNF_KEY && in->cnf.object.key ? &in->cnf.object : NULL;

    if (given && !usable(given)) return refuse(why, "cnf: alg or key_ops do not allow proofs with this key");
    if (want->own_key) {
        if (given && !key_eq(given->key, want->own_key->key))
            return refuse(why, "cnf is not the key of our request");
        *out = key_ref(want->own_key->key);
        return OK;
    }
    if (given && key_type(given->key) == KEY_OCT) {
        *out = key_ref(given->key);
        return OK;
    }
    if (want->reuse_key && !given) {
        *out = key_ref((struct key *)(uintptr_t)want->reuse_key);
        return OK;
    }
    return refuse(why, "no symmetric key in cnf");
}

/* [R-TOK-45] a token that can be read must be for the broker we asked for. Encrypted ones tell nothing. */
static enum err check_audience(const struct token_response *in, const struct holding_want *want,
                               struct fault *why)
{
    struct claim_set claims;
    struct fault unread;
    enum err e = OK;

    if (want->audience.n == 0 || token_peek(buf_span(&in->access_token), &claims, &unread) != OK) return OK;
    if (claims.audiences && !claim_set_for(&claims, want->audience))
        e = refuse(why, "the token is for another audience");
    claim_set_clear(&claims);
    return e;
}

/* an rs_cnf that is a kid alone names the symmetric key, where cnf does not; of the broker it says nothing. */
static bool names_key(const struct cnf *rs_cnf, const struct key *key)
{
    return rs_cnf->kind == CNF_KID && key_type(key) == KEY_OCT;
}

static void take_names(const struct token_response *in, struct holding *out)
{
    bool names = in->has_rs_cnf && names_key(&in->rs_cnf, out->key);

    if (in->has_cnf && in->cnf.object.has_kid)
        buf_add(&out->kid, buf_span(&in->cnf.object.kid));
    else if (names)
        buf_add(&out->kid, buf_span(&in->rs_cnf.object.kid));
    out->has_rs_cnf = in->has_rs_cnf && !names;
    if (!out->has_rs_cnf) return;
    out->rs_cnf.kind = in->rs_cnf.kind;
    out->rs_cnf.object.key = in->rs_cnf.object.key ? key_ref(in->rs_cnf.object.key) : NULL;
    memcpy(out->rs_cnf.thumbprint, in->rs_cnf.thumbprint, SHA256_SIZE);
}

enum err holding_make(const struct holding_want *want, const struct token_response *in, int64_t now,
                      struct holding *out, struct fault *why)
{
    *out = (struct holding){ 0 };
    TRY(check_kind(in, want, why));
    if (tells_end(in, want) && in->exp <= now) return refuse(why, "the token has ended");
    TRY(check_audience(in, want, why));
    TRY(choose_key(in, want, &out->key, why));
    take_names(in, out);
    buf_add(&out->token, buf_span(&in->access_token));
    buf_add(&out->audience, want->audience);
    out->scope = in->scope ? scope_ref(in->scope) : want->scope ? scope_ref(want->scope) : NULL;
    out->ends =
        tells_end(in, want) ? in->exp : now + (in->has_expires_in ? in->expires_in : want->default_lifetime);
    return buf_failed(&out->token) || buf_failed(&out->kid) || buf_failed(&out->audience) ? ERR_NO_MEMORY
                                                                                          : OK;
}

void holding_clear(struct holding *h)
{
    buf_clear(&h->token);
    buf_clear(&h->kid);
    key_free(h->key);
    scope_free(h->scope);
    buf_clear(&h->audience);
    cnf_clear(&h->rs_cnf);
    *h = (struct holding){ 0 };
}
