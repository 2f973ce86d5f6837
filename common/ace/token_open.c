#include "common/ace/token_own.h"

#include <strings.h>

#include "common/ace/cose.h"
#include "common/ace/jose.h"

static bool word_is(struct span s, const char *word)
{
    return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

/* RFC 8725 3.11: another kind of JWT (an ID token, a client assertion, a DPoP proof) says so. */
static bool typ_fits(struct span typ)
{
    return typ.n == 0 || word_is(typ, "JWT") || word_is(typ, "at+jwt") ||
           word_is(typ, "application/at+jwt") || word_is(typ, "application/jwt");
}

/* --- keys --- */

typedef enum err open_with(struct span token, const struct key *k, struct buf *out, struct fault *why);

/* The keys of one issuer for one way of protecting. */
struct ring {
    open_with *open;
    const struct key_object *keys;
    size_t count;
};

typedef struct ring ring_fn(const struct token_issuer *i);

static struct ring jws_ring(const struct token_issuer *i)
{
    return (struct ring){ jws_open, i->verify, i->verify_count };
}

static struct ring jwe_ring(const struct token_issuer *i)
{
    return (struct ring){ jwe_open, i->decrypt, i->decrypt_count };
}

static struct ring cose_verify_ring(const struct token_issuer *i)
{
    return (struct ring){ cose_verify, i->verify, i->verify_count };
}

static struct ring cose_decrypt_ring(const struct token_issuer *i)
{
    return (struct ring){ cose_decrypt, i->decrypt, i->decrypt_count };
}

/* A token and the kid that its header names; kid.n is 0 where it names none. */
struct sealed {
    struct span octets, kid;
};

/* By kid when both sides name one, else every key is tried; the header chooses among our keys and never brings one [R-JWT-11]. */
static bool kid_fits(const struct key_object *k, struct span kid)
{
    return !kid.n || !k->has_kid || kid_eq(kid, buf_span(&k->kid));
}

static enum err ring_open(const struct ring *r, const struct sealed *s, struct buf *out, struct fault *why)
{
    enum err e = ERR_NOT_AUTHORIZED;

    fault_set(why, 0, "token: no trusted key fits");
    for (size_t i = 0; i < r->count && e != OK; i++) {
        if (!r->keys[i].key || !kid_fits(&r->keys[i], s->kid)) continue;
        buf_truncate(out, 0);
        e = r->open(s->octets, r->keys[i].key, out, why);
    }
    if (e == OK && buf_failed(out)) e = ERR_NO_MEMORY;
    return token_as_refusal(e);
}

/* [R-VAL-02, R-VAL-03] finds the issuer whose key opens the token; `o->issuer`, if known already, is the only candidate. */
static enum err issuer_open(struct opening *o, ring_fn *ring_of, const struct sealed *s, struct buf *out)
{
    enum err e = token_refuse(o->why, "no trusted issuer");

    for (size_t i = 0; i < o->trust->issuer_count && e != OK; i++) {
        const struct token_issuer *issuer = &o->trust->issuers[i];
        if (o->issuer && issuer != o->issuer) continue;
        const struct ring r = ring_of(issuer);
        e = ring_open(&r, s, out, o->why);
        if (e == OK) o->issuer = issuer;
    }
    return e;
}

/* --- JWT --- */

static enum err open_jws(struct opening *o, struct span token)
{
    struct jose_header h = { 0 };
    enum err e = jose_header_read(token, &h, o->why); /* [R-JWT-07, R-JWT-08] */

    if (e == OK && !typ_fits(h.typ)) e = token_refuse(o->why, "typ is that of another kind of token");
    if (e == OK) e = issuer_open(o, jws_ring, &(struct sealed){ token, h.kid }, &o->payload);
    o->notation = NOTATION_JSON;
    jose_header_clear(&h);
    return e;
}

/* [R-JWT-12] [R-CWT-02] what was encrypted is signed as well, by the same issuer; never a third wrapping. */
static enum err open_nested(struct opening *o, enum err (*open)(struct opening *o, struct span token))
{
    struct buf inner = o->payload;

    o->payload = (struct buf){ 0 };
    enum err e = open(o, buf_span(&inner));
    buf_clear(&inner);
    return e;
}

static enum err open_jwe(struct opening *o, struct span token)
{
    struct jose_header h = { 0 };
    enum err e = jose_header_read(token, &h, o->why);

    if (e == OK && !typ_fits(h.typ)) e = token_refuse(o->why, "typ is that of another kind of token");
    if (e == OK) e = issuer_open(o, jwe_ring, &(struct sealed){ token, h.kid }, &o->payload);
    o->secret = e == OK;
    o->notation = NOTATION_JSON;
    if (e == OK && (word_is(h.cty, "JWT") || word_is(h.cty, "application/jwt"))) {
        e = jose_form(buf_span(&o->payload)) == JOSE_JWS
                ? open_nested(o, open_jws)
                : token_refuse(o->why, "cty is JWT, the content is not");
    }
    jose_header_clear(&h);
    return e;
}

/* --- CWT --- */

static enum err open_cose(struct opening *o, struct span token, ring_fn *ring_of)
{
    struct cose_header h;

    TRY(cose_header_read(token, &h, o->why)); /* [R-CWT-02] [R-CWT-07] */
    enum err e = issuer_open(o, ring_of, &(struct sealed){ token, h.kid }, &o->payload);
    o->notation = NOTATION_CBOR;
    cose_header_clear(&h);
    return e;
}

static enum err open_signed_cwt(struct opening *o, struct span token)
{
    return open_cose(o, token, cose_verify_ring);
}

/* RFC 8392 7.2: where the content begins with a COSE tag it is a token again. */
static bool is_tagged_cose(struct span content)
{
    static const uint8_t mac0 = 0xd1, sign1 = 0xd2, cwt = 0xd8;

    return content.n && (content.p[0] == mac0 || content.p[0] == sign1 || content.p[0] == cwt);
}

static enum err open_encrypted_cwt(struct opening *o, struct span token)
{
    TRY(open_cose(o, token, cose_decrypt_ring));
    o->secret = true;
    return is_tagged_cose(buf_span(&o->payload)) ? open_nested(o, open_signed_cwt) : OK;
}

/* --- the containers we know, by shape; what has none of these shapes is not a token (A-37) --- */

static enum err open_container(struct opening *o, struct span token)
{
    switch (jose_form(token)) {
    case JOSE_JWS:
        return open_jws(o, token);
    case JOSE_JWE:
        return open_jwe(o, token);
    case JOSE_NEITHER:
        break;
    }
    switch (cose_form(token)) {
    case COSE_SIGN1:
    case COSE_MAC0:
        return open_signed_cwt(o, token);
    case COSE_ENCRYPT0:
        return open_encrypted_cwt(o, token);
    case COSE_NEITHER:
        break;
    }
    fault_set(o->why, 0, "token: no container we know");
    return ERR_NOT_A_TOKEN;
}

enum err token_unwrap(struct opening *o, struct span token)
{
    bool text = o->trust->base64url_text && cose_from_text(token, &o->decoded); /* */

    o->octets = text ? buf_span(&o->decoded) : token;
    return token_as_refusal(open_container(o, o->octets));
}

enum err token_unwrap_key(const struct opening *o, struct span encrypted, struct buf *plain,
                          enum notation *notation)
{
    struct jose_header j = { 0 };
    struct cose_header c = { 0 };
    bool jwe = jose_form(encrypted) == JOSE_JWE;
    const struct ring r = (jwe ? jwe_ring : cose_decrypt_ring)(o->issuer);

    *notation = jwe ? NOTATION_JSON : NOTATION_CBOR;
    enum err e = jwe ? jose_header_read(encrypted, &j, o->why) : cose_header_read(encrypted, &c, o->why);
    if (e == OK) e = ring_open(&r, &(struct sealed){ encrypted, jwe ? j.kid : c.kid }, plain, o->why);
    jose_header_clear(&j);
    cose_header_clear(&c);
    return token_as_refusal(e);
}
