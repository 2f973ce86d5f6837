#include "broker/authn.h"

#include "common/ace/auth_data.h"
#include "common/ace/psk_identity.h"
#include "common/codec/text.h"
#include "common/crypto/mac.h"

static const struct span method_ace = SPAN("ace"), username_prefix = SPAN("ace");

enum { AUTH_CONTINUE = 0x18 };

void attempt_clear(struct attempt *a)
{
    buf_clear(&a->token);
    *a = (struct attempt){ 0 };
}

static struct verdict refuse(enum err err, const char *why)
{
    struct verdict v = { .is = VERDICT_REFUSE, .err = err };

    fault_set(&v.why, 0, "%s", why);
    return v;
}

/* Refusals after which the client should fetch a new token. */
static struct verdict refuse_token(const char *why)
{
    struct verdict v = refuse(ERR_NOT_AUTHORIZED, why);

    v.hint = true;
    return v;
}

/* What is wrong with a token or proof is for our log; the peer hears "not authorized" [R-SEC-06], or that it is not its fault. */
static enum err told(enum err e)
{
    bool ours = e == ERR_NO_MEMORY || e == ERR_INTERNAL || e == ERR_UNAVAILABLE || e == ERR_QUOTA;

    return ours ? e : ERR_NOT_AUTHORIZED;
}

/* --- what a token says --- */

enum { LONGEST_REFERENCE = 1024 };

/* Any word that is no JWT may be a name that the AS gave to what it knows; binary rubbish is not. */
static bool may_be_reference(struct span token)
{
    if (token.n > LONGEST_REFERENCE) return false;
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] <= ' ' || token.p[i] > '~') return false; /* RFC 6749 appendix A.12 */
    return token.n > 0;
}

static enum err by_answer(const struct answer *said, int64_t now, struct opened *out, struct fault *why)
{
    switch (said->is) {
    case ANSWER_FAILED:
        fault_set(why, 0, "the AS could not be asked: %s", said->why.why);
        return said->err;
    case ANSWER_INACTIVE:
        *why = said->why;
        return ERR_NOT_AUTHORIZED;
    case ANSWER_ACTIVE:
        break;
    }
    if (now >= claims_end(said->claims)) {
        fault_set(why, 0, "the token has ended");
        return ERR_NOT_AUTHORIZED;
    }
    *out = (struct opened){ claims_ref(said->claims), said->fresh };
    return OK;
}

static enum err ask_as(const struct authn *a, struct span token, int64_t now, struct opened *out,
                       struct fault *why)
{
    const struct answer *said =
        a->said && answer_is_about(a->said, token) ? a->said : answers_get(a->answers, token, now);

    return said ? by_answer(said, now, out, why) : ERR_WAITING;
}

static enum err open_token(const struct authn *a, struct span token, int64_t now, struct opened *out,
                           struct fault *why)
{
    const struct asking *asking = &a->settings->asking;
    enum err e = revoked_test(a->revoked, token);

    *out = (struct opened){ .fresh = INT64_MAX };
    if (e != OK) fault_set(why, 0, "the AS has revoked it");
    TRY(e);
    e = token_open(token, &a->settings->trust, now, &out->claims, why);
    bool unknown = e == ERR_NOT_A_TOKEN && may_be_reference(token);
    bool known = asking->all && e != ERR_NOT_A_TOKEN && e != ERR_NO_MEMORY;
    if (!asking->on || (!unknown && !known)) return e;
    claims_free(out->claims);
    *out = (struct opened){ .fresh = INT64_MAX };
    return ask_as(a, token, now, out, why);
}

enum err authn_open(const struct authn *a, struct span token, int64_t now, struct opened *out,
                    struct fault *why)
{
    TRY(open_token(a, token, now, out, why));
    enum err e = exis_count(a->exis, a->settings, out->claims, now, why);
    if (e == OK) return OK;
    claims_free(out->claims);
    out->claims = NULL;
    return e;
}

static enum err keep(struct attempt *attempt, struct span token)
{
    attempt->stored = false;
    buf_clear(&attempt->token);
    buf_add(&attempt->token, token);
    return buf_failed(&attempt->token) ? ERR_NO_MEMORY : OK;
}

static struct verdict challenge(const struct authn *a, struct span token, struct attempt *attempt)
{
    enum err e = keep(attempt, token);

    if (e == OK) e = entropy_fill(a->entropy, attempt->nonce, sizeof attempt->nonce);
    if (e != OK) return refuse(e, "no challenge can be made");
    return (struct verdict){ .is = VERDICT_CHALLENGE };
}

/* the key may change with a new token, the subject may not. */
static bool same_subject(const struct grant *old, const struct claims *new)
{
    const struct claim_set *n = claims_set(new), *o;

    if (!old || grant_is_public(old)) return true;
    o = claims_set(grant_claims(old));
    if (o->has_client_id && n->has_client_id && !span_eq(buf_span(&o->client_id), buf_span(&n->client_id)))
        return false;
    return !o->has_sub || !n->has_sub || span_eq(buf_span(&o->sub), buf_span(&n->sub));
}

static struct verdict give(const struct authn *a, const struct opened *o, const struct proven *proven,
                           int64_t now)
{
    struct verdict v = { .is = VERDICT_ADMIT };
    enum err e = grant_make(o->claims, proven, a->settings->open, now, &v.grant);

    if (e != OK) return refuse(told(e), "token has ended or is bound to another key");
    grant_hold(v.grant, o->fresh);
    return v;
}

static struct verdict judge_proof(const struct authn *a, const struct opened *o, const struct span proof[2],
                                  int64_t now)
{
    struct proven *proven = NULL;
    struct pop_rules rules = { a->settings->min_hmac_key, a->settings->switches.accept_der_ecdsa };
    enum err e = pop_verify(o->claims, proof[0], proof[1], &rules, &proven);

    if (e != OK) return refuse(told(e), "proof of possession fails");
    struct verdict v = give(a, o, proven, now);
    proven_free(proven);
    return v;
}

/* Another token would help, unless the trouble is ours. */
static struct verdict not_opened(enum err e, const struct fault *why)
{
    struct verdict v = refuse(told(e), why->why);

    if (e == ERR_WAITING) v.is = VERDICT_ASK;
    v.hint = v.err == ERR_NOT_AUTHORIZED;
    return v;
}

/* A cnonce counts once, and it is a token that is proved which uses it up. */
static struct verdict judge_opened(const struct authn *a, const struct attempt *attempt,
                                   const struct opened *o, const struct span proof[2], int64_t now)
{
    enum err e = attempt->stored ? OK : cnonces_test(a->cnonces, a->settings, o->claims, now);

    if (e == ERR_NOT_AUTHORIZED) return refuse_token("token holds no fresh cnonce"); /* [R-DISC-08] */
    struct verdict v = e == OK ? judge_proof(a, o, proof, now) : refuse(e, "the cnonce cannot be tested");
    if (v.is == VERDICT_REFUSE || attempt->stored) return v;
    e = cnonces_spend(a->cnonces, a->settings, o->claims, now);
    if (e == OK) return v;
    grant_free(v.grant);
    return refuse(e, "no memory for the cnonce");
}

/* The token is opened first, so that a bad one earns a hint and a bad proof does not. */
static struct verdict judge(const struct authn *a, const struct attempt *attempt, const struct grant *old,
                            const struct span proof[2], int64_t now)
{
    struct verdict v;
    struct opened o;
    struct fault why = { 0 };
    enum err e = authn_open(a, buf_span(&attempt->token), now, &o, &why);

    if (e != OK) return not_opened(e, &why);
    if (a->settings->switches.any_subject || same_subject(old, o.claims))
        v = judge_opened(a, attempt, &o, proof, now);
    else
        v = refuse(ERR_NOT_AUTHORIZED, "the new token names another subject");
    claims_free(o.claims);
    return v;
}

/* Draft -02 puts a length before the proof too. Such a proof is as long as none of the RFC. */
static struct span bare_proof(const struct authn *a, struct span proof)
{
    struct reader r = reader(proof);
    struct span inner = read_bin16(&r);
    bool fits = inner.n == HMAC256_SIZE || inner.n == SIGNATURE_SIZE;

    return a->settings->switches.compat_draft02 && reader_end(&r) == OK && fits ? inner : proof;
}

static struct verdict by_exporter(const struct authn *a, const struct tls_facts *tls, struct attempt *attempt,
                                  struct span proof, int64_t now)
{
    /* [R-POPX-05, R-POPX-06] nothing to compare with on a resumed session, nor in TLS 1.2 without extended master secret */
    if (!tls->has_exporter)
        return refuse(ERR_NOT_AUTHORIZED, "this TLS session has no exporter value of its own");
    proof = bare_proof(a, proof);
    struct verdict v =
        judge(a, attempt, NULL, (struct span[]){ span(tls->exporter, EXPORTER_SIZE), proof }, now);
    bool again = v.is == VERDICT_REFUSE && a->settings->switches.tls12_no_context && tls->has_bare_exporter;
    return again ? judge(a, attempt, NULL, (struct span[]){ span(tls->bare_exporter, EXPORTER_SIZE), proof },
                         now)
                 : v;
}

static struct verdict by_stored_token(const struct authn *a, struct span client_id, struct attempt *attempt,
                                      int64_t now)
{
    struct span token = tokens_of_client(a->tokens, client_id, now);

    if (token.n == 0 || a->settings->switches.no_stored_challenge)
        return refuse_token("no token given and none stored for this client"); /* [R-DISC-01] */
    struct verdict v = challenge(a, token, attempt);                           /* [R-POPC-02] */
    attempt->stored = true;
    return v;
}

/* absent, empty and "0000" all mean that no token is there. */
static bool has_no_token(struct span data)
{
    return data.n == 0 || (data.n == 2 && data.p[0] == 0 && data.p[1] == 0);
}

static struct span data_of(const struct mqtt_packet *p)
{
    return props_has(&p->props, PROP_AUTH_DATA) ? p->props.bytes[PROP_AUTH_DATA] : span(NULL, 0);
}

static struct verdict by_method(const struct authn *a, const struct mqtt_packet *connect,
                                const struct tls_facts *tls, struct attempt *attempt, int64_t now)
{
    struct span data = data_of(connect);
    struct auth_data parts;

    if (!span_eq(connect->props.bytes[PROP_AUTH_METHOD], method_ace)) /* [R-CONN-03], exactly */
        return refuse(ERR_BAD_METHOD, "authentication method is not ace");
    if (connect->connect.has_username || connect->connect.has_password) /* [R-CONN-06] */
        return refuse(ERR_NOT_AUTHORIZED, "method ace together with user name or password");
    if (has_no_token(data)) return by_stored_token(a, connect->connect.client_id, attempt, now);
    if (auth_data_parse(data, &parts) != OK || parts.token.n == 0) /* [R-CONN-16, R-CONN-17] */
        return refuse_token("authentication data is malformed");
    if (parts.proof.n == 0) return challenge(a, parts.token, attempt); /* [R-CONN-04, R-POPC-01] */
    if (keep(attempt, parts.token) != OK) return refuse(ERR_NO_MEMORY, "no memory for the token");
    return by_exporter(a, tls, attempt, parts.proof, now);
}

/* User Name "ace" and the token in base64url [R-V311-08]. A-04: a dot shows a JWT that was not encoded once more. */
static enum err token_of_username(const struct settings *s, struct span username, struct buf *out)
{
    bool prefixed = span_starts(username, username_prefix);
    struct span rest = prefixed ? span_skip(username, username_prefix.n) : username;

    if ((s->lenient_username || !prefixed) && rest.p && memchr(rest.p, '.', rest.n)) {
        buf_add(out, rest);
        return buf_failed(out) ? ERR_NO_MEMORY : OK;
    }
    return b64url_decode(rest, out);
}

static struct verdict by_username(const struct authn *a, const struct mqtt_connect *c,
                                  const struct tls_facts *tls, struct attempt *attempt, int64_t now)
{
    if (!c->has_username ||
        (!a->settings->switches.compat_draft02 && !span_starts(c->username, username_prefix)))
        return refuse(ERR_NOT_AUTHORIZED, "user name is not ace and a token");
    buf_clear(&attempt->token);
    enum err e = token_of_username(a->settings, c->username, &attempt->token);
    if (e != OK || attempt->token.n == 0) /* [R-V311-18] */
        return refuse(told(e == OK ? ERR_MALFORMED : e), "user name holds no token");
    if (c->password.n == 0) /* [R-V311-23] nothing is challenged in MQTT 3.1.1 */
        return refuse(ERR_NOT_AUTHORIZED, "password holds no proof");
    return by_exporter(a, tls, attempt, c->password, now); /* [R-V311-11] */
}

static struct verdict without_token(const struct authn *a)
{
    struct verdict v = { .is = VERDICT_ADMIT };

    if (scope_count(a->settings->open) == 0 && !a->settings->authz_info) { /* */
        v = refuse(ERR_NOT_AUTHORIZED, "there are no public topics");
        v.hint = a->settings->switches.hint_anonymous;
        return v;
    }
    v.grant = grant_public(a->settings->open); /* [R-TLS-04] */
    return v.grant ? v : refuse(ERR_NO_MEMORY, "no memory for a grant");
}

bool authn_knows(const struct authn *a, const struct key *key, int64_t now)
{
    return tokens_of_key(a->tokens, key, now).n > 0;
}

/* The stored token of a key that is named by kid: as it stands, or in the other notation's form. */
static struct span token_of_kid(const struct authn *a, struct span kid, int64_t now)
{
    struct span found = tokens_of_kid(a->tokens, kid, now);
    struct buf other = { 0 };

    if (found.n) return found;
    b64url_encode(&other, kid);
    found = tokens_of_kid(a->tokens, buf_span(&other), now);
    buf_truncate(&other, 0);
    if (found.n == 0 && b64url_decode(kid, &other) == OK)
        found = tokens_of_kid(a->tokens, buf_span(&other), now);
    buf_clear(&other);
    return found;
}

/* During a handshake nobody can wait: of a token by reference what the AS last said tells the key, and CONNECT will ask again [R-PSK-19]. */
static enum err open_now(const struct authn *a, struct span token, int64_t now, struct opened *out)
{
    struct fault why;
    enum err e = authn_open(a, token, now, out, &why);
    const struct answer *last = e == ERR_WAITING ? answers_last(a->answers, token) : NULL;

    if (last) return by_answer(last, now, out, &why);
    return e == ERR_WAITING ? ERR_NOT_AUTHORIZED : e;
}

/* The token that an identity leads to; instead of itself, the one stored for its key, if there is one by now. Errors: ERR_NOT_AUTHORIZED (a
 * kid or token that is no good), ERR_NOT_A_TOKEN, ERR_MALFORMED (something else), ERR_NO_MEMORY. */
static enum err token_of_identity(const struct authn *a, struct span identity, int64_t now,
                                  struct span *token)
{
    struct psk_identity i;
    struct opened o = { 0 };
    struct span stored = { NULL, 0 };
    enum err e = psk_identity_read(identity, &i);

    *token = stored;
    if (e == OK && i.kind == PSK_NAMES_KID) {
        *token = token_of_kid(a, buf_span(&i.kid), now);
        e = token->n ? OK : ERR_NOT_AUTHORIZED;
    } else if (e == OK && a->settings->switches.bare_kid && (*token = token_of_kid(a, identity, now)).n) {
        e = OK;
    } else if (e == OK) {
        e = open_now(a, identity, now, &o);
        if (e == OK && claims_key(o.claims)) stored = tokens_of_key(a->tokens, claims_key(o.claims), now);
        *token = e != OK ? stored : stored.n ? stored : identity;
    }
    claims_free(o.claims);
    psk_identity_clear(&i);
    return e;
}

enum err authn_keep(const struct authn *a, struct span token, const struct claims *claims, int64_t now)
{
    TRY(cnonces_test(a->cnonces, a->settings, claims, now));
    TRY(tokens_put(a->tokens, token, claims, now + a->settings->unproven_seconds));
    return cnonces_spend(a->cnonces, a->settings, claims, now);
}

enum err authn_psk(const struct authn *a, struct span identity, int64_t now, struct secret *psk)
{
    struct opened o = { 0 };
    struct span token;
    enum err e = token_of_identity(a, identity, now, &token);

    if (e == OK) e = open_now(a, token, now, &o);
    const struct key *key = o.claims ? claims_key(o.claims) : NULL;

    if (e == OK && (!key || key_type(key) != KEY_OCT)) e = ERR_NOT_AUTHORIZED;
    if (e == OK && token.p == identity.p) e = authn_keep(a, token, o.claims, now);
    if (e == OK) e = secret_set(psk, key_octets(key));
    claims_free(o.claims);
    return e;
}

static struct verdict judge_tls(const struct authn *a, const struct opened *o, const struct tls_facts *tls,
                                int64_t now)
{
    struct proven *proven = NULL;
    enum err e = tls_proven(tls, &proven);

    if (e != OK) return refuse(told(e), "TLS proves no key"); /* [R-TLS12-01] */
    struct verdict v = give(a, o, proven, now);
    v.by_tls = v.is == VERDICT_ADMIT;
    proven_free(proven);
    return v;
}

struct verdict authn_tls(const struct authn *a, const struct tls_facts *tls, struct attempt *attempt,
                         int64_t now)
{
    struct opened o;
    struct fault why = { 0 };
    struct span token = tls->peer_key ? tokens_of_key(a->tokens, tls->peer_key, now) : span(NULL, 0);

    if (token.n == 0) return refuse(ERR_NOT_AUTHORIZED, "no token is stored for the key that TLS proved");
    if (keep(attempt, token) != OK) return refuse(ERR_NO_MEMORY, "no memory for the token");
    enum err e = authn_open(a, buf_span(&attempt->token), now, &o, &why);
    struct verdict v = e == OK ? judge_tls(a, &o, tls, now) : not_opened(e, &why);
    if (e != OK) v.hint = false;
    claims_free(o.claims);
    return v;
}

struct verdict authn_connect(const struct authn *a, const struct mqtt_packet *connect,
                             const struct tls_facts *tls, struct attempt *attempt, int64_t now)
{
    const struct mqtt_connect *c = &connect->connect;

    if (props_has(&connect->props, PROP_AUTH_METHOD)) return by_method(a, connect, tls, attempt, now);
    if (props_has(&connect->props, PROP_AUTH_DATA)) /* [R-CONN-18] */
        return refuse(ERR_PROTOCOL, "authentication data without a method");
    bool known = tls->peer == TLS_PEER_RPK || tls->peer == TLS_PEER_PSK;
    if (!c->has_username && !c->has_password)
        return known ? authn_tls(a, tls, attempt, now) : without_token(a);
    if (connect->version == MQTT_V311) return by_username(a, c, tls, attempt, now);
    return refuse(ERR_NOT_AUTHORIZED, "user name or password without method ace");
}

/* [R-POPC-14, R-REA-13] */
static bool names_ace(const struct mqtt_packet *auth)
{
    return props_has(&auth->props, PROP_AUTH_METHOD) &&
           span_eq(auth->props.bytes[PROP_AUTH_METHOD], method_ace);
}

struct verdict authn_renew(const struct authn *a, const struct mqtt_packet *auth, const struct grant *old,
                           struct attempt *attempt)
{
    struct auth_data parts;

    if (grant_is_public(old))
        return refuse(ERR_PROTOCOL, "nothing was proved on this connection"); /* [R-REA-09] */
    if (!names_ace(auth)) return refuse(ERR_PROTOCOL, "authentication method is not that of CONNECT");
    if (auth_data_parse(data_of(auth), &parts) != OK || parts.token.n == 0)
        return refuse(ERR_NOT_AUTHORIZED, "no token to renew with");
    if (parts.proof.n) return refuse(ERR_NOT_AUTHORIZED, "renewal by exporter"); /* [R-REA-07] */
    return challenge(a, parts.token, attempt);
}

/* Draft -02: the proof alone, over our nonce. The RFC's answer has a nonce more, and so another length. */
static bool is_draft02_answer(const struct authn *a, struct span data)
{
    size_t n = bare_proof(a, data).n;

    return a->settings->switches.compat_draft02 && (n == HMAC256_SIZE || n == SIGNATURE_SIZE);
}

/* Whatever comes of it, a nonce serves once [R-POPC-11]. */
static struct verdict judge_reply(const struct authn *a, const struct grant *old, struct attempt *attempt,
                                  const struct span proof[2], int64_t now)
{
    struct verdict v = judge(a, attempt, old, proof, now);

    if (v.is != VERDICT_ASK) explicit_bzero(attempt->nonce, NONCE_SIZE);
    return v;
}

struct verdict authn_reply(const struct authn *a, const struct mqtt_packet *auth, const struct grant *old,
                           struct attempt *attempt, int64_t now)
{
    struct span data = data_of(auth);
    uint8_t both[2 * NONCE_SIZE];

    if (auth->reason.reason != AUTH_CONTINUE) return refuse(ERR_PROTOCOL, "not the answer to a challenge");
    if (!names_ace(auth)) return refuse(ERR_PROTOCOL, "authentication method is not that of CONNECT");
    if (is_draft02_answer(a, data))
        return judge_reply(a, old, attempt,
                           (struct span[]){ span(attempt->nonce, NONCE_SIZE), bare_proof(a, data) }, now);
    if (data.n <= NONCE_SIZE) return refuse(ERR_NOT_AUTHORIZED, "answer is too short"); /* [R-POPC-12] */
    memcpy(both, attempt->nonce, NONCE_SIZE); /* [R-POPC-09] ours, then theirs */
    memcpy(both + NONCE_SIZE, data.p, NONCE_SIZE);
    return judge_reply(a, old, attempt,
                       (struct span[]){ span(both, sizeof both), span_skip(data, NONCE_SIZE) }, now);
}
