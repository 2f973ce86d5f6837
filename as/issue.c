#include "as/issue.h"
#include "as/reference.h"
#include "common/ace/exi.h"
#include "common/ace/pop.h"
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/crypto/mac.h"

enum { JTI_SIZE = 16, KID_SIZE = 8, POP_KEY_SIZE = 32 };

/* What the steps below agree on, from the top of the table to its end. */
struct grant_plan {
    const struct as_broker *broker;
    struct scope *scope; /* granted */
    bool tell_scope;     /* it is not what was asked for [R-TOK-37] */
    int64_t lifetime;
    struct cnf cnf; /* goes into the token */
    bool symmetric;
    enum key_carriage carriage; /* of a symmetric key */
    struct buf jti, cti;        /* cti: the octets behind it, where the token says these */
    struct secret kept;         /* the claims, where the token is a reference to them */
};

static void plan_clear(struct grant_plan *p)
{
    scope_free(p->scope);
    cnf_clear(&p->cnf);
    buf_clear(&p->jti);
    buf_clear(&p->cti);
    secret_clear(&p->kept);
}

static enum err refuse(enum err e, struct fault *why, const char *what)
{
    fault_set(why, 0, "%s", what);
    return e;
}

/* --- grant type, audience, profile --- */

static enum err check_grant(const struct issue_from *from, const struct token_request *in, struct fault *why)
{
    if (in->grant_type != GRANT_CLIENT_CREDENTIALS) {
        return refuse(ERR_UNSUPPORTED_GRANT, why,
                      "only client_credentials is offered; there are no refresh tokens");
    }
    /* [R-TERR-14] */
    if (!from->client->enabled)
        return refuse(ERR_UNAUTHORIZED_CLIENT, why, "this client may not ask for tokens");
    return OK;
}

static enum err find_broker(const struct issue_from *from, const struct token_request *in,
                            struct grant_plan *p, struct fault *why)
{
    const char *fallback = from->client->default_audience;
    struct span audience = in->has_audience ? buf_span(&in->audience)
                           : fallback       ? span_str(fallback)
                                            : span(NULL, 0);

    /* [R-IOP-03] A-33 */
    if (audience.n == 0)
        return refuse(ERR_INVALID_REQUEST, why, "audience is missing and this client has no default");
    p->broker = registry_broker(from->registry, audience);
    if (!p->broker) return refuse(ERR_INVALID_REQUEST, why, "audience is not a broker of this server");
    if (!from->client->mqtt_tls || !p->broker->mqtt_tls) { /* [R-TERR-06] */
        return refuse(ERR_INCOMPATIBLE_PROFILES, why, "client and broker do not share the profile mqtt_tls");
    }
    return OK;
}

/* --- scope --- */

static enum err wanted_scope(const struct issue_from *from, const struct token_request *in,
                             struct scope **out, struct fault *why)
{
    if (in->has_scope && !in->scope) { /* [R-TERR-08] */
        fault_set(why, 0, "scope: %s", in->scope_fault.why);
        return ERR_INVALID_SCOPE;
    }
    struct scope *s = in->has_scope ? in->scope : from->client->default_scope;
    if (!s)
        return refuse(ERR_INVALID_SCOPE, why,
                      "scope is missing and this client has no default"); /* [R-TOK-38] */
    *out = scope_ref(s);
    return OK;
}

/* [R-TOK-49] the request, narrowed by what the policies allow. */
static enum err grant_scope(const struct issue_from *from, const struct token_request *in,
                            struct grant_plan *p, struct fault *why)
{
    struct scope *wanted = NULL, *policy = NULL;
    int64_t lifetime = 0;
    bool narrowed = false;

    TRY(wanted_scope(from, in, &wanted, why));
    enum err e = registry_policy(from->registry, from->client, p->broker, &policy, &lifetime);
    if (e == OK && !policy) e = refuse(ERR_INVALID_SCOPE, why, "no policy lets this client use this broker");
    if (e == OK) {
        e = scope_narrow(wanted, policy, &p->scope, &narrowed);
        if (e == ERR_INVALID_SCOPE) refuse(e, why, "nothing of this scope is allowed by policy");
    }
    p->tell_scope = narrowed || !in->has_scope;
    p->lifetime = lifetime && lifetime < from->lifetime ? lifetime : from->lifetime;
    if (e == OK) scope_spell_like(p->scope, wanted);
    scope_free(wanted);
    scope_free(policy);
    return e;
}

/* --- the PoP key --- */

static enum err name_key(const struct issue_from *from, struct key_object *k)
{
    uint8_t kid[KID_SIZE];
    struct buf text = { 0 };

    /* [R-TOK-29] 64 random bits; A-20: JSON shows them as base64url, and that text is what JSON compares */
    TRY(entropy_name(from->entropy, kid, sizeof kid));
    b64url_encode(&text, span(kid, sizeof kid));
    buf_clear(&k->kid);
    k->kid = text;
    k->has_kid = true;
    return buf_failed(&k->kid) ? ERR_NO_MEMORY : OK;
}

/* [R-TOK-11] without req_cnf the AS makes a symmetric key. */
static enum err make_symmetric(const struct issue_from *from, struct grant_plan *p, struct fault *why)
{
    struct key_object *k = &p->cnf.object;
    uint8_t octets[POP_KEY_SIZE];

    if (!p->broker->takes[KEY_OCT]) { /* [R-TERR-05] */
        return refuse(ERR_UNSUPPORTED_POP_KEY, why,
                      "this broker takes no symmetric keys: send req_cnf with a public key");
    }
    TRY(entropy_fill(from->entropy, octets, sizeof octets));
    enum err e = key_oct(span(octets, sizeof octets), &k->key);
    explicit_bzero(octets, sizeof octets);
    if (e != OK) return e;
    p->cnf.kind = CNF_KEY;
    k->alg = KEY_ALG_HS256;
    k->may_sign = k->may_verify = true;
    p->symmetric = true;
    if (p->broker->token_format != FORMAT_REFERENCE)
        p->carriage =
            (enum key_carriage)p->broker->symmetric_key_in; /* from a mere name nothing is derived */
    return name_key(from, k);
}

/* A key that was derived belongs to another token: it comes by value now, and stays the same for who has it already. */
static enum key_carriage carriage_again(const struct as_broker *b)
{
    enum key_carriage usual = (enum key_carriage)b->symmetric_key_in;

    return usual == KEY_DERIVED ? KEY_IN_TOKEN : usual;
}

static enum err reuse_symmetric(struct grant_plan *p, struct span kid, const struct secret *octets)
{
    struct key_object *k = &p->cnf.object;

    TRY(key_oct(secret_span(octets), &k->key));
    buf_add(&k->kid, kid); /* [R-TOK-46] */
    k->has_kid = true;
    k->alg = KEY_ALG_HS256;
    k->may_sign = k->may_verify = true;
    p->cnf.kind = CNF_KEY;
    p->symmetric = true;
    p->carriage = carriage_again(p->broker);
    return buf_failed(&k->kid) ? ERR_NO_MEMORY : OK;
}

/* shown in this TLS connection, or registered for this very client [R-TOK-21] [R-TOK-22]. */
static bool possesses(const struct issue_from *from, const struct key *k)
{
    if (from->trust_req_cnf || (from->tls_key && key_eq(from->tls_key, k))) return true;
    for (size_t i = 0; i < from->client->key_count; i++) {
        if (key_eq(from->client->keys[i].key, k)) return true;
    }
    return false;
}

static enum err use_public(const struct issue_from *from, const struct key_object *asked,
                           struct grant_plan *p, struct fault *why)
{
    struct key_object *k = &p->cnf.object;

    if (!p->broker->takes[key_type(asked->key)]) { /* [R-TERR-05] */
        return refuse(ERR_UNSUPPORTED_POP_KEY, why, "this broker cannot use a key of this type");
    }
    if (!pop_alg_fits(asked)) /* a token around it could only be refused [R-VAL-13] */
        return refuse(ERR_UNSUPPORTED_POP_KEY, why, "req_cnf: alg is not that of a key of this type");
    if (!possesses(from, asked->key)) {
        return refuse(ERR_UNSUPPORTED_POP_KEY, why,
                      "no proof that this client holds the key of req_cnf: register it, or use it in TLS");
    }
    p->cnf.kind = CNF_KEY;
    k->key = key_ref(asked->key);
    buf_add(&k->kid, buf_span(&asked->kid));
    k->has_kid = asked->has_kid;
    k->alg = asked->alg;
    k->may_sign = k->may_verify = true;
    return buf_failed(&k->kid) ? ERR_NO_MEMORY : OK;
}

/* Keys that we made are kept under the base64url of their kid; CBOR names them by its octets. `name`: how it is kept. */
static enum err find_made_key(const struct issue_from *from, struct ledger_entry *whose, struct buf *name,
                              struct secret *octets, enum ledger_kid *state)
{
    struct span asked = whose->kid;

    TRY(ledger_pop_key(from->ledger, whose, from->now, octets, state));
    if (*state == LEDGER_KID_NEVER)
        b64url_encode(name, asked);
    else
        buf_add(name, asked);
    if (buf_failed(name)) return ERR_NO_MEMORY;
    whose->kid = buf_span(name);
    return *state == LEDGER_KID_NEVER ? ledger_pop_key(from->ledger, whose, from->now, octets, state) : OK;
}

/* a key that ended gets a successor; a kid this client never had is told so [R-TOK-26] [R-TOK-27] [R-TERR-10]. */
static enum err use_made_key(const struct issue_from *from, struct span kid, struct grant_plan *p,
                             struct fault *why)
{
    struct ledger_entry whose = { .client = span_str(from->client->id),
                                  .audience = span_str(p->broker->audience),
                                  .kid = kid };
    enum ledger_kid state = LEDGER_KID_NEVER;
    struct secret octets = { 0 };
    struct buf name = { 0 };
    enum err e = find_made_key(from, &whose, &name, &octets, &state);

    if (e == OK) {
        switch (state) {
        case LEDGER_KID_LIVE:
            e = reuse_symmetric(p, buf_span(&name), &octets);
            break;
        case LEDGER_KID_EXPIRED:
            e = make_symmetric(from, p, why);
            break;
        case LEDGER_KID_NEVER:
            e = refuse(ERR_UNSUPPORTED_POP_KEY, why,
                       "req_cnf: no key of this kid was made for this client and broker");
            break;
        }
    }
    secret_clear(&octets);
    buf_clear(&name);
    return e;
}

/* req_cnf names a key: one registered for this client, or a symmetric one made earlier [R-TOK-25]. */
static enum err use_reference(const struct issue_from *from, struct span kid, struct grant_plan *p,
                              struct fault *why)
{
    for (size_t i = 0; i < from->client->key_count; i++) {
        const struct key_object *k = &from->client->keys[i];
        if (k->has_kid && kid_eq(buf_span(&k->kid), kid)) return use_public(from, k, p, why);
    }
    return use_made_key(from, kid, p, why);
}

static enum err choose_key(const struct issue_from *from, const struct token_request *in,
                           struct grant_plan *p, struct fault *why)
{
    const struct cnf *asked = &in->req_cnf;

    if (p->broker->token_type == BOUND_BEARER)
        return in->has_req_cnf ? refuse(ERR_UNSUPPORTED_POP_KEY, why,
                                        "tokens for this audience are bound to no key: leave out req_cnf")
                               : OK;
    if (!in->has_req_cnf) return make_symmetric(from, p, why);
    if (in->req_cnf_symmetric) { /* [R-TOK-24] A-32 */
        return refuse(ERR_INVALID_REQUEST, why,
                      "req_cnf: the server makes symmetric keys, a client may not bring one");
    }
    if (in->req_cnf_error == ERR_UNSUPPORTED_POP_KEY)
        return refuse(ERR_UNSUPPORTED_POP_KEY, why, "req_cnf: key type unknown here");
    if (in->req_cnf_error != OK) return refuse(ERR_INVALID_REQUEST, why, "req_cnf: not a key");
    if (asked->kind == CNF_KID) return use_reference(from, buf_span(&asked->object.kid), p, why);
    if (asked->kind == CNF_KEY && asked->object.key) return use_public(from, &asked->object, p, why);
    return refuse(ERR_INVALID_REQUEST, why, "req_cnf: a public key or the kid of a known one");
}

/* --- token and answer --- */

/* [R-VAL-17] A-22: the broker's name, and a number that no token for it had before. */
static enum err add_number(const struct issue_from *from, const struct grant_plan *p, struct buf *id)
{
    uint64_t n = 0;

    TRY(ledger_next(from->ledger, span_str(p->broker->audience), &n));
    buf_str(id, p->broker->audience);
    exi_number_put(id, n);
    return OK;
}

static enum err add_chance(const struct issue_from *from, struct buf *id)
{
    uint8_t octets[JTI_SIZE];

    TRY(entropy_fill(from->entropy, octets, sizeof octets));
    buf_add(id, span(octets, sizeof octets));
    return OK;
}

/* The octets of a cti, and jti as their base64url: in a CWT a chance one is that text, a numbered one what it stands for. */
static enum err make_jti(const struct issue_from *from, struct grant_plan *p)
{
    struct buf id = { 0 };
    bool numbered = p->broker->token_end == END_EXI;
    enum err e = numbered ? add_number(from, p, &id) : add_chance(from, &id);

    if (e == OK) b64url_encode(&p->jti, buf_span(&id));
    if (e == OK && numbered && p->broker->token_format == FORMAT_CWT) buf_add(&p->cti, buf_span(&id));
    if (e == OK && (buf_failed(&id) || buf_failed(&p->jti) || buf_failed(&p->cti))) e = ERR_NO_MEMORY;
    buf_clear(&id);
    return e;
}

/* Claims become a token: protected, or left behind under a name. */
static enum err put_in_form(const struct issue_from *from, const struct claim_set *set, struct grant_plan *p,
                            struct buf *token)
{
    struct token_protection protection = { .sign_key = from->sign_key,
                                           .shared = p->broker->has_shared ? &p->broker->shared : NULL,
                                           .form = (enum token_form)p->broker->token_format,
                                           .carriage = p->carriage };

    if (p->broker->token_format != FORMAT_REFERENCE)
        return token_seal(set, &protection, from->entropy, token);
    TRY(reference_write(set, &p->kept));
    return reference_make(from->entropy, token);
}

/* What was asked for, as the client compares it, and each broker behind it, as that knows itself. */
static bool name_audiences(const struct as_broker *b, struct claim_set *set)
{
    bool written = true;

    buf_str(&set->audience[set->audiences++], b->audience);
    for (size_t i = 0; i < b->member_count; i++)
        buf_str(&set->audience[set->audiences++], b->member[i]->audience);
    for (size_t i = 0; i < set->audiences; i++) written = written && !buf_failed(&set->audience[i]);
    return written;
}

/* [R-SEC-03] no more claims than the broker needs: no token that travels tells who the client is. Borrows from the plan. */
static enum err seal(const struct issue_from *from, const struct token_request *in, struct grant_plan *p,
                     struct buf *token)
{
    bool stays = p->broker->token_format == FORMAT_REFERENCE;
    bool counts = p->broker->token_end == END_EXI;
    struct claim_set set = {
        .has_iss = true,
        .has_exp = !counts,
        .has_exi = counts,
        .has_iat = true,
        .has_id = true,
        .has_scope = true,
        .has_client_id = stays,
        .has_profile = stays || p->broker->profile_in_token, /* [R-INT-14] [R-VAL-20] */
        .profile_is_mqtt_tls = true,
        .has_cnonce = in->has_cnonce,
        .exp = from->now + p->lifetime,
        .exi = p->lifetime,
        .iat = from->now,
        .id = p->cti.n ? p->cti : p->jti,
        .scope = p->scope,
        .cnf = p->cnf,
        .cnonce = in->cnonce, /* [R-TOK-32] */
    };

    buf_str(&set.iss, from->issuer);
    if (stays) buf_str(&set.client_id, from->client->id);
    bool named = name_audiences(p->broker, &set) && !buf_failed(&set.iss) && !buf_failed(&set.client_id);
    enum err e = named ? put_in_form(from, &set, p, token) : ERR_NO_MEMORY;
    buf_clear(&set.iss);
    buf_clear(&set.client_id);
    while (set.audiences) buf_clear(&set.audience[--set.audiences]);
    return e;
}

/* [R-PSK-15] the key that was made gives way to that of the token. HS256 takes no key shorter than its hash. */
static enum err derive(struct grant_plan *p, struct span token)
{
    struct key_object *k = &p->cnf.object;
    struct key *derived = NULL;

    if (!p->symmetric || p->carriage != KEY_DERIVED) return OK;
    TRY(derive_key(&p->broker->derivation, token, &derived));
    key_free(k->key);
    k->key = derived;
    if (key_octets(derived).n < HMAC256_SIZE) k->alg = KEY_ALG_ABSENT;
    return OK;
}

static enum err enter(const struct issue_from *from, const struct grant_plan *p, struct span token)
{
    const struct key_object *k = &p->cnf.object;
    struct ledger_entry entry = {
        .client = span_str(from->client->id),
        .audience = span_str(p->broker->audience),
        .jti = buf_span(&p->jti),
        .kid = k->has_kid ? buf_span(&k->kid) : span(NULL, 0),
        .pop_key = p->symmetric ? key_octets(k->key) : span(NULL, 0),
        .claims = secret_span(&p->kept),
        .issued = from->now,
        .expires = from->now + p->lifetime,
    };

    enum trl_input as = from->notation == NOTATION_CBOR || p->broker->token_format == FORMAT_CWT
                            ? TRL_OF_OCTETS
                            : TRL_OF_TEXT;

    sha256(token, entry.token_hash);
    TRY(trl_hash(token, as, entry.trl_hash));
    return ledger_add(from->ledger, &entry);
}

/* [R-TOK-18] the broker's key of the client's own type if it has one, else any, else its certificate's thumbprint. */
static void put_rs_cnf(const struct grant_plan *p, struct token_response *out)
{
    const struct as_broker *b = p->broker;
    struct key *best = b->key_count ? b->keys[0] : NULL;

    for (size_t i = 0; i < b->key_count; i++) {
        if (key_type(b->keys[i]) == key_type(p->cnf.object.key)) best = b->keys[i];
    }
    out->has_rs_cnf = best || b->has_thumbprint;
    if (best) {
        out->rs_cnf.kind = CNF_KEY;
        out->rs_cnf.object =
            (struct key_object){ .key = key_ref(best), .may_sign = true, .may_verify = true };
    } else if (b->has_thumbprint) { /* [R-BAUTH-04] */
        out->rs_cnf.kind = CNF_THUMBPRINT;
        memcpy(out->rs_cnf.thumbprint, b->thumbprint, SHA256_SIZE);
    }
}

/* Moves the plan into the answer. */
static void respond(const struct token_request *in, struct grant_plan *p, struct token_response *out)
{
    out->has_token_type = true;
    out->is_pop = p->broker->token_type == BOUND_POP; /* [R-TOK-13] */
    out->has_expires_in = true;                       /* [R-TOK-33] */
    out->expires_in = p->lifetime;
    out->has_scope = p->tell_scope;
    out->scope = p->tell_scope ? scope_ref(p->scope) : NULL;
    out->has_profile = out->profile_is_mqtt_tls = in->wants_profile; /* [R-TOK-07] [R-TOK-08] */
    if (!p->symmetric && out->is_pop) put_rs_cnf(p, out);            /* [R-TOK-16] not with symmetric keys */
    out->has_cnf = p->symmetric || (out->is_pop && p->broker->answer_public_cnf); /* [R-TOK-14] [R-TOK-15] */
    if (out->has_cnf) {
        out->cnf = p->cnf;
        p->cnf = (struct cnf){ 0 };
    }
}

static enum err plan(const struct issue_from *from, const struct token_request *in, struct grant_plan *p,
                     struct fault *why)
{
    TRY(check_grant(from, in, why));
    TRY(find_broker(from, in, p, why));
    TRY(grant_scope(from, in, p, why));
    TRY(choose_key(from, in, p, why));
    return make_jti(from, p);
}

enum err issue_token(const struct issue_from *from, const struct token_request *in,
                     struct token_response *out, struct fault *why)
{
    struct grant_plan p = { 0 };
    enum err e = plan(from, in, &p, why);

    if (e == OK) e = seal(from, in, &p, &out->access_token);
    if (e == OK) e = derive(&p, buf_span(&out->access_token));
    if (e == OK) e = enter(from, &p, buf_span(&out->access_token));
    if (e == OK) respond(in, &p, out);
    plan_clear(&p);
    return e;
}
