#include "scenarios/mint.h"

#include "common/ace/cose.h"
#include "common/codec/text.h"
#include "common/crypto/entropy.h"
#include "common/crypto/mac.h"
#include "common/crypto/sign.h"
#include "scenarios/admit.h"
#include "scenarios/cwt.h"
#include <stdlib.h>

/* What is being put together. */
struct mint {
    struct stage *stage;
    const struct pattern *call; /* captured as the name whose members the step may ask for: token.scope=... */
    const struct key_object *pop;
    enum err (*make)(struct stage *s, const struct pattern *p, const char *field, struct value *out);
    int64_t now;
};

static const struct pattern *option(const struct mint *m, const char *name)
{
    for (size_t i = 0; i < m->call->count; i++) {
        const char *argument = m->call->parts[i].argument;
        if (argument && strcmp(argument, name) == 0) return &m->call->parts[i];
    }
    return NULL;
}

/* What the step that sends the token asks of this claim, where one value can be made that answers it. */
static const struct pattern *asked(const struct mint *m, const char *claim)
{
    const struct step *s = m->stage->step;

    for (size_t i = 0; m->call->capture && s && i < s->count; i++) {
        const struct field *f = &s->field[i];
        const struct pattern *made = pattern_made(&f->pattern);
        bool plain = made->kind == PATTERN_LITERAL || made->kind == PATTERN_LIST ||
                     made->kind == PATTERN_VARIABLE || made->kind == PATTERN_ABSENT;
        if (!f->def && plain && f->path && strcmp(f->name, m->call->capture) == 0 &&
            strcmp(f->path, claim) == 0)
            return made;
    }
    return NULL;
}

static bool option_is(const struct mint *m, const char *name, const char *word)
{
    const struct pattern *p = option(m, name);

    return p && p->kind == PATTERN_LITERAL && strcmp(p->text, word) == 0;
}

static bool is_cwt(const struct mint *m)
{
    const char *axis = variant_value(m->stage->variant, "token");

    return axis && strcmp(axis, "cwt") == 0;
}

/* --- claims --- */

/* "-1h", "60", "1800000000" (absolute) */
static int64_t when(const char *text, int64_t now)
{
    enum { ABSOLUTE = 1000000000 };
    char *end;
    int64_t n = strtoll(text, &end, 10);

    n *= *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
    return n >= ABSOLUTE ? n : now + n;
}

static struct doc *random_id(void)
{
    uint8_t id[12];

    return entropy_fill(entropy_system(), id, sizeof id) == OK ? doc_new_base64url(span(id, sizeof id))
                                                               : NULL;
}

static struct doc *scope_text(const struct value *v)
{
    struct buf json = { 0 };
    struct doc *tree = scope_tree(v->tree), *d = NULL;

    if (v->kind != VALUE_TREE) {
        d = value_doc(v);
    } else if (tree && doc_write_json(tree, &json) == OK) {
        d = doc_new_base64url(buf_span(&json));
    }
    doc_free(tree);
    buf_clear(&json);
    return d;
}

static struct doc *cnf_of(const struct key_object *k)
{
    struct cnf c = { .kind = CNF_KEY };

    c.object = *k; /* lent */
    return cnf_write(&c, NOTATION_JSON);
}

/* [R-JWT-06] {"jwe":...}; of a CWT {"jwe":<COSE_Encrypt0>}, which cwt_claims() takes over as it is. */
static struct doc *encrypted_cnf(const struct key_object *k, const struct key *under, struct span kid,
                                 bool cwt)
{
    enum notation n = cwt ? NOTATION_CBOR : NOTATION_JSON;
    struct doc *key = key_object_write(k, n, true), *out = doc_new_map(), *sealed_doc = NULL;
    struct buf plain = { 0 }, sealed = { 0 };

    enum err e = !key ? ERR_NO_MEMORY : cwt ? doc_write_cbor(key, &plain) : doc_write_json(key, &plain);
    if (e == OK)
        e = cwt ? cose_seal(AEAD_A256GCM, under, kid, entropy_system(), buf_span(&plain), &sealed)
                : jwe_seal(AEAD_A256GCM, under, kid, NULL, NULL, entropy_system(), buf_span(&plain), &sealed);
    if (e == OK && !cwt) sealed_doc = doc_new_text(buf_span(&sealed));
    if (e == OK && cwt &&
        doc_read_cbor(span_skip(buf_span(&sealed), 1), &doc_limits_wire, &sealed_doc, NULL) != OK)
        sealed_doc = NULL;
    doc_put(out, "jwe", sealed_doc);
    doc_free(key);
    buf_clear(&plain);
    buf_clear(&sealed);
    return out;
}

static struct doc *usual_iss(struct mint *m)
{
    (void)m;
    return doc_new_str(WORLD_ISSUER);
}

static struct doc *usual_aud(struct mint *m)
{
    (void)m;
    return doc_new_str(WORLD_BROKER);
}

static struct doc *usual_exp(struct mint *m)
{
    return doc_new_int(m->now + WORLD_LIFETIME);
}

static struct doc *usual_iat(struct mint *m)
{
    return doc_new_int(m->now);
}

static struct doc *usual_jti(struct mint *m)
{
    (void)m;
    return random_id();
}

static struct doc *usual_scope(struct mint *m)
{
    return scope_text(&stage_deal(m->stage)->scope);
}

static bool carries(const struct mint *m, const char *how)
{
    const char *axis = variant_value(m->stage->variant, "carry");

    return axis && strcmp(axis, how) == 0 && key_type(m->pop->key) == KEY_OCT;
}

/* As the AS of this world would: the axis `carry`. `enc=other`: the key is encrypted under one that nobody shares. */
static struct doc *usual_cnf(struct mint *m)
{
    const struct world *w = m->stage->world;

    if (carries(m, "derived")) {
        struct cnf named = { .kind = CNF_KID, .object = { .kid = m->pop->kid } }; /* lent */
        return cnf_write(&named, NOTATION_JSON);
    }
    if (!carries(m, "cnf")) return cnf_of(m->pop);
    return encrypted_cnf(m->pop, option_is(m, "enc", "other") ? w->other_shared.key : w->shared.key,
                         buf_span(&w->shared.kid), is_cwt(m));
}

/* In this order; a claim without `usual` is only there when named. */
static const struct claim {
    const char *name;
    enum { CLAIM_PLAIN, CLAIM_TIME, CLAIM_SCOPE, CLAIM_CNF } kind;
    struct doc *(*usual)(struct mint *m);
} claims[] = {
    { "iss", CLAIM_PLAIN, usual_iss },    { "sub", CLAIM_PLAIN, NULL },
    { "aud", CLAIM_PLAIN, usual_aud },    { "exp", CLAIM_TIME, usual_exp },
    { "nbf", CLAIM_TIME, NULL },          { "iat", CLAIM_TIME, usual_iat },
    { "jti", CLAIM_PLAIN, usual_jti },    { "cti", CLAIM_PLAIN, NULL },
    { "cnf", CLAIM_CNF, usual_cnf },      { "scope", CLAIM_SCOPE, usual_scope },
    { "ace_profile", CLAIM_PLAIN, NULL }, { "cnonce", CLAIM_PLAIN, NULL },
    { "exi", CLAIM_PLAIN, NULL },         { "x", CLAIM_PLAIN, NULL },
};

static struct doc *named_claim(struct mint *m, const struct claim *c, const struct pattern *p)
{
    struct value v;

    if (c->kind == CLAIM_TIME && p->kind == PATTERN_LITERAL && !p->quoted)
        return doc_new_int(when(p->text, m->now));
    if (m->make(m->stage, p, c->name, &v) != OK) return NULL;
    if (c->kind == CLAIM_SCOPE) return scope_text(&v);
    return c->kind == CLAIM_CNF && v.kind == VALUE_KEY ? cnf_of(v.key) : value_doc(&v);
}

/* A token has one name: jti, or cti where that is said. */
static bool is_usual(const struct mint *m, const struct claim *c)
{
    return c->usual && (c->usual != usual_jti || (!option(m, "cti") && !asked(m, "cti")));
}

static struct doc *make_claims(struct mint *m)
{
    struct doc *d = doc_new_map();

    for (size_t i = 0; d && i < sizeof claims / sizeof *claims; i++) {
        const struct pattern *p = option(m, claims[i].name);
        if (!p) p = asked(m, claims[i].name);
        if (p ? p->kind == PATTERN_ABSENT : !is_usual(m, &claims[i])) continue;
        doc_put(d, claims[i].name, p ? named_claim(m, &claims[i], p) : claims[i].usual(m));
    }
    return d;
}

/* --- JWS --- */

static const char *const alg_words[] = { [KEY_OCT] = "HS256", [KEY_ED25519] = "EdDSA", [KEY_P256] = "ES256" };

static void put_word(struct mint *m, struct doc *header, const char *name, struct span usual)
{
    const struct pattern *p = option(m, name);

    if (!p && usual.n) doc_put(header, name, doc_new_text(usual));
    if (p && p->kind == PATTERN_LITERAL) doc_put(header, name, doc_new_str(p->text));
}

static void put_crit(struct mint *m, struct doc *header)
{
    const struct pattern *p = option(m, "crit");
    struct doc *list = p && p->kind == PATTERN_LITERAL ? doc_new_array() : NULL;

    if (!list) return;
    doc_add(list, doc_new_str(p->text));
    doc_put(header, "crit", list);
    doc_put(header, p->text, doc_new_bool(true));
}

/* The key that signs, shown in the header as if that made it trustworthy. */
static void put_jwk(struct mint *m, struct doc *header, const struct key_object *signer)
{
    struct key *k = signer->key;
    struct key_object shown = { .key = k, .alg = signer->alg };

    if (option(m, "jwk")) doc_put(header, "jwk", key_object_write(&shown, NOTATION_JSON, false));
}

static enum err write_header(struct mint *m, const struct key_object *signer, struct buf *out)
{
    struct doc *d = doc_new_map();
    struct buf json = { 0 };
    const struct key_object *named = &m->stage->world->sign;

    if (d) put_word(m, d, "alg", span_str(alg_words[key_type(signer->key)]));
    if (d) put_word(m, d, "typ", span_str("JWT"));
    if (d) put_word(m, d, "cty", span(NULL, 0));
    if (d) put_word(m, d, "kid", buf_span(&named->kid));
    if (d) put_crit(m, d);
    if (d) put_jwk(m, d, signer);
    enum err e = d ? doc_write_json(d, &json) : ERR_NO_MEMORY;
    if (e == OK) b64url_encode(out, buf_span(&json));
    doc_free(d);
    buf_clear(&json);
    return e;
}

static enum err add_signature(const struct key_object *signer, struct buf *out)
{
    uint8_t bytes[64];
    bool mac = key_type(signer->key) == KEY_OCT;

    if (buf_failed(out)) return ERR_NO_MEMORY;
    TRY(mac ? hmac_sha256(key_octets(signer->key), buf_span(out), bytes)
            : sign(signer->key, buf_span(out), bytes));
    buf_u8(out, '.');
    b64url_encode(out, span(bytes, mac ? HMAC256_SIZE : sizeof bytes));
    return OK;
}

static enum err sign_claims(struct mint *m, const struct key_object *signer, struct span json,
                            struct buf *out)
{
    TRY(write_header(m, signer, out));
    buf_u8(out, '.');
    b64url_encode(out, json);
    if (!option_is(m, "alg", "none")) return add_signature(signer, out);
    buf_u8(out, '.');
    return OK;
}

/* The confusion of RFC 8725 2.1: a public key taken for an HMAC secret. At most 64 octets of it fit a key. */
static enum err public_as_secret(const struct world *w, struct key_object *out)
{
    uint8_t raw[64];

    *out = (struct key_object){ .alg = KEY_ALG_HS256 };
    return key_oct(span(raw, key_public(w->sign.key, raw)), &out->key);
}

static enum err write_jws(struct mint *m, struct span json, struct buf *out)
{
    const struct world *w = m->stage->world;
    struct key_object confused = { 0 };

    if (!option_is(m, "sign", "public"))
        return sign_claims(m, option_is(m, "sign", "other") ? &w->stranger : &w->sign, json, out);
    enum err e = public_as_secret(w, &confused);
    if (e == OK) e = sign_claims(m, &confused, json, out);
    key_object_clear(&confused);
    return e;
}

/* --- the whole --- */

static const struct key_object *shared_key(const struct mint *m)
{
    return option_is(m, "sign", "other") ? &m->stage->world->other_shared : &m->stage->world->shared;
}

static enum err seal(struct mint *m, struct span json, struct buf *out)
{
    const struct key_object *k = shared_key(m);
    bool nested = option_is(m, "form", "nested");
    struct buf inner = { 0 };

    enum err e = nested ? write_jws(m, json, &inner) : OK;
    if (e == OK)
        e = jwe_seal(AEAD_A256GCM, k->key, buf_span(&m->stage->world->shared.kid), "JWT",
                     nested ? "JWT" : NULL, entropy_system(), nested ? buf_span(&inner) : json, out);
    buf_clear(&inner);
    return e;
}

/* Is it to be encrypted: told so, or for the sake of a symmetric key? */
static bool is_sealed(const struct mint *m)
{
    bool open = option_is(m, "form", "signed") || option(m, "alg") || option_is(m, "sign", "public") ||
                option(m, "jwk") || option(m, "crit");

    return option_is(m, "form", "nested") || option_is(m, "form", "encrypted") ||
           (key_type(m->pop->key) == KEY_OCT && !open && !carries(m, "cnf"));
}

static enum err mint_jwt(struct mint *m, const struct doc *set, struct buf *out)
{
    struct buf json = { 0 };
    enum err e = doc_write_json(set, &json);

    if (e == OK) e = is_sealed(m) ? seal(m, buf_span(&json), out) : write_jws(m, buf_span(&json), out);
    buf_clear(&json);
    return e;
}

static enum err mint_cwt(struct mint *m, const struct doc *set, struct buf *out)
{
    const struct world *w = m->stage->world;
    const struct pattern *kid = option(m, "kid"), *crit = option(m, "crit"), *tag = option(m, "tag");
    const struct key_object *named = is_sealed(m) ? &w->shared : &w->sign;
    struct cwt_form form = {
        .claims = set,
        .sign = option_is(m, "sign", "other") ? w->stranger.key : w->sign.key,
        .shared = is_sealed(m) ? shared_key(m)->key : NULL,
        .nested = option_is(m, "form", "nested"),
        .mac = option_is(m, "sign", "public"),
        .kid = kid && kid->kind == PATTERN_ABSENT ? span(NULL, 0)
               : kid                              ? span_str(kid->text)
                                                  : buf_span(&named->kid),
        .alg = option(m, "alg") ? option(m, "alg")->text : NULL,
        .tag = tag ? tag->text : NULL,
        .crit = crit != NULL,
    };

    return cwt_write(&form, out);
}

/* A name that no container can be taken for, whatever follows its first octets. */
static enum err mint_reference(struct mint *m, struct doc *set, struct buf *out)
{
    uint8_t name[32] = "ref:";

    enum err e = entropy_fill(entropy_system(), name + 4, sizeof name - 4);
    if (e == OK) b64url_encode(out, span(name, sizeof name));
    if (e == OK && buf_failed(out)) e = ERR_NO_MEMORY;
    if (e == OK)
        stage_refer(m->stage, buf_span(out), set);
    else
        doc_free(set);
    return e;
}

enum err mint_token(const struct mint_from *from, struct buf *out)
{
    struct mint m = { from->stage, from->call, from->pop, from->make, stage_now(from->stage) };
    struct doc *set = make_claims(&m);

    if (set && stage_refers(m.stage)) return mint_reference(&m, set, out);
    enum err e = !set ? ERR_NO_MEMORY : is_cwt(&m) ? mint_cwt(&m, set, out) : mint_jwt(&m, set, out);
    doc_free(set);
    return e;
}
