#include "scenarios/make.h"

#include "common/ace/pop.h"
#include "common/ace/psk_identity.h"
#include "common/codec/text.h"
#include "common/crypto/entropy.h"
#include "scenarios/body.h"
#include "scenarios/listing.h"
#include "scenarios/mint.h"

enum { MAX_MADE = 1 << 20 };

const struct pattern *argument_at(const struct pattern *call, size_t i)
{
    for (size_t k = 0; k < call->count; k++) {
        if (!call->parts[k].argument && i-- == 0) return &call->parts[k];
    }
    return NULL;
}

int64_t argument_number(const struct pattern *call, size_t i, int64_t otherwise)
{
    const struct pattern *p = argument_at(call, i);

    return p && p->is_number ? p->number : otherwise;
}

/* --- functions --- */

/* What is being made: of which call, for which field. */
struct making {
    struct stage *stage;
    const struct pattern *call;
    const char *field;
};

static enum err give(struct making *m, struct buf *made, struct value *out)
{
    enum err e = buf_failed(made) ? ERR_NO_MEMORY : OK;

    if (e == OK) *out = value_bytes(vars_copy(&m->stage->vars, buf_span(made)));
    buf_clear(made);
    return e;
}

static enum err make_argument(struct making *m, size_t i, struct value *out)
{
    const struct pattern *p = argument_at(m->call, i);

    return p ? make_value(m->stage, p, "", out) : ERR_PROTOCOL;
}

static enum err octets_argument(struct making *m, size_t i, struct span *out)
{
    struct value v;

    TRY(make_argument(m, i, &v));
    *out = v.bytes;
    return v.bytes.p ? OK : ERR_PROTOCOL;
}

static enum err make_bytes(struct making *m, struct value *out)
{
    int64_t n = argument_number(m->call, 0, 0);
    struct buf made = { 0 };

    if (n < 0 || n > MAX_MADE) return ERR_PROTOCOL;
    uint8_t *room = buf_room(&made, (size_t)n);
    if (n && room) TRY(entropy_fill(entropy_system(), room, (size_t)n));
    return give(m, &made, out);
}

static enum err keep_key(struct making *m, struct key_object *k, struct value *out)
{
    const struct key_object *kept = vars_keep_key(&m->stage->vars, k);

    if (!kept) return ERR_NO_MEMORY;
    *out = value_key(&m->stage->vars, kept);
    return OK;
}

/* A key of the world that this field usually shows; NULL: a fresh one is to be made. */
static const struct key_object *usual_key(struct making *m, enum key_type t)
{
    const struct world *w = m->stage->world;

    if (strcmp(m->field, "rs_cnf") == 0 || strcmp(m->field, "rs_key") == 0)
        return argument_at(m->call, 0) ? NULL : &w->broker_tls.key;
    if (strcmp(m->field, "req_cnf") == 0 && t != KEY_OCT && !argument_at(m->call, 0))
        return &w->client[stage_client(m->stage) - 1].keys[t];
    return NULL;
}

static enum key_alg alg_named(const char *word)
{
    static const struct {
        const char *word;
        enum key_alg alg;
    } rows[] = { { "none", KEY_ALG_NONE },
                 { "HS256", KEY_ALG_HS256 },
                 { "EdDSA", KEY_ALG_EDDSA },
                 { "ES256", KEY_ALG_ES256 } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].word, word) == 0) return rows[i].alg;
    }
    return KEY_ALG_ABSENT;
}

static enum err name_key(struct making *m, struct key_object *k)
{
    for (size_t i = 0; i < m->call->count; i++) {
        const struct pattern *p = &m->call->parts[i];
        if (!p->argument) continue;
        if (p->kind != PATTERN_LITERAL && p->kind != PATTERN_ABSENT) return ERR_PROTOCOL;
        if (strcmp(p->argument, "kid") == 0) {
            buf_clear(&k->kid);
            k->has_kid = p->kind == PATTERN_LITERAL;
            if (k->has_kid) buf_str(&k->kid, p->text);
        } else if (strcmp(p->argument, "alg") == 0) {
            k->alg = alg_named(p->text);
        } else {
            return ERR_PROTOCOL;
        }
    }
    return buf_failed(&k->kid) ? ERR_NO_MEMORY : OK;
}

static enum err fresh_key(struct making *m, enum key_type t, struct value *out)
{
    const struct key_object *usual = usual_key(m, t);
    struct key_object k = { 0 };

    enum err e = usual ? key_copy(usual, &k) : key_make(t, &k);
    if (e == OK) e = name_key(m, &k);
    if (e == OK) return keep_key(m, &k, out);
    key_object_clear(&k);
    return e;
}

/* In `cnf` it is the key of the deal, which the first to name it makes. */
static enum err make_key(struct making *m, struct value *out)
{
    const struct pattern *p = argument_at(m->call, 0);
    struct deal *deal = stage_deal(m->stage);
    bool confirms = strcmp(m->field, "cnf") == 0;
    enum key_type t = stage_pop(m->stage);

    if (p && (p->kind != PATTERN_LITERAL || !key_type_read(span_str(p->text), &t))) return ERR_PROTOCOL;
    if (confirms && deal->key.kind == VALUE_KEY && (!p || key_type(deal->key.key->key) == t)) {
        *out = deal->key;
        return OK;
    }
    TRY(fresh_key(m, t, out));
    if (confirms) deal->key = *out;
    return OK;
}

/* token(alg): bound to the deal's key if that is such, else to a fresh one. */
static enum err token_key(struct making *m, struct value *out)
{
    const struct pattern *p = argument_at(m->call, 0);
    struct deal *deal = stage_deal(m->stage);
    enum key_type t = stage_pop(m->stage);
    struct making fresh = { m->stage, &(const struct pattern){ .kind = PATTERN_CALL, .fn = FN_KEY }, "" };

    if (p && (p->kind != PATTERN_LITERAL || !key_type_read(span_str(p->text), &t)))
        return make_argument(m, 0, out);
    *out = deal->key;
    if (deal->key.kind == VALUE_KEY && (!p || key_type(deal->key.key->key) == t)) return OK;
    TRY(fresh_key(&fresh, t, out));
    deal->key = *out;
    return OK;
}

static enum err make_token(struct making *m, struct value *out)
{
    struct value key;
    struct buf made = { 0 };

    TRY(token_key(m, &key));
    if (key.kind != VALUE_KEY || !key.key->key) return ERR_PROTOCOL;
    struct mint_from from = { m->stage, m->call, key.key, make_value };
    enum err e = mint_token(&from, &made);
    if (e == OK) *out = stage_token(m->stage, buf_span(&made));
    buf_clear(&made);
    return e;
}

static enum err make_pop(struct making *m, struct value *out)
{
    struct value key;
    struct span input;
    struct buf made = { 0 };

    TRY(make_argument(m, 0, &key));
    TRY(octets_argument(m, 1, &input));
    if (key.kind != VALUE_KEY || !key.key->key) return ERR_PROTOCOL;
    enum err e = pop_prove(key.key->key, input, &made);
    if (e == OK) return give(m, &made, out);
    buf_clear(&made);
    return e;
}

static enum err make_len16(struct making *m, struct value *out)
{
    struct span in;
    struct buf made = { 0 };

    TRY(octets_argument(m, 0, &in));
    buf_bin16(&made, in);
    return give(m, &made, out);
}

static enum err make_flip(struct making *m, struct value *out)
{
    struct span in;
    struct buf made = { 0 };

    TRY(octets_argument(m, 0, &in));
    int64_t bit = argument_number(m->call, 1, (int64_t)in.n * 8 - 1);
    if (bit < 0 || (uint64_t)bit >= in.n * 8) return ERR_PROTOCOL;
    buf_add(&made, in);
    if (!buf_failed(&made)) made.p[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    return give(m, &made, out);
}

static enum err make_cut(struct making *m, struct value *out)
{
    struct span in;
    struct buf made = { 0 };
    int64_t n = argument_number(m->call, 1, 1);

    TRY(octets_argument(m, 0, &in));
    if (n < 0 || (uint64_t)n > in.n) return ERR_PROTOCOL;
    buf_add(&made, span(in.p, in.n - (size_t)n));
    return give(m, &made, out);
}

static enum err make_der(struct making *m, struct value *out)
{
    struct span signature;
    struct buf made = { 0 };

    TRY(octets_argument(m, 0, &signature));
    TRY(signature_to_der(signature, &made));
    return give(m, &made, out);
}

static enum err make_hex(struct making *m, struct value *out)
{
    struct span digits;
    struct buf made = { 0 };

    TRY(octets_argument(m, 0, &digits));
    if (hex_decode(digits, &made) == OK) return give(m, &made, out);
    buf_clear(&made);
    return ERR_PROTOCOL;
}

static enum err make_b64(struct making *m, struct value *out)
{
    struct span in;
    struct buf made = { 0 };

    TRY(octets_argument(m, 0, &in));
    b64url_encode(&made, in);
    return give(m, &made, out);
}

static enum err make_repeat(struct making *m, struct value *out)
{
    struct span in;
    struct buf made = { 0 };
    int64_t n = argument_number(m->call, 1, 1);

    TRY(octets_argument(m, 0, &in));
    if (n < 0 || (in.n && (uint64_t)n > MAX_MADE / in.n)) return ERR_PROTOCOL;
    for (int64_t i = 0; i < n; i++) buf_add(&made, in);
    return give(m, &made, out);
}

static enum err make_by_key(struct making *m, struct value *out)
{
    struct value key;

    TRY(make_argument(m, 0, &key));
    if (key.kind != VALUE_KEY) return ERR_PROTOCOL;
    *out = auth_by_key(function_def(m->call->fn)->word, key.key);
    return OK;
}

static enum err make_psk(struct making *m, struct value *out)
{
    struct value key;
    struct span identity;

    TRY(octets_argument(m, 0, &identity));
    TRY(make_argument(m, 1, &key));
    if (key.kind != VALUE_KEY) return ERR_PROTOCOL;
    struct doc *d = doc_new_map();
    if (d) doc_put(d, "identity", doc_new_bytes(identity));
    *out = auth_by_key("psk", key.key);
    out->tree = vars_keep(&m->stage->vars, d);
    return OK;
}

static enum err make_identity(struct making *m, struct value *out)
{
    const struct pattern *form = argument_at(m->call, 1);
    bool cbor = form && form->kind == PATTERN_LITERAL && strcmp(form->text, "cbor") == 0;
    struct value key;
    struct buf made = { 0 };

    TRY(make_argument(m, 0, &key));
    if (key.kind != VALUE_KEY || !key.key->has_kid) return ERR_PROTOCOL;
    TRY(psk_identity_write(buf_span(&key.key->kid), cbor ? NOTATION_CBOR : NOTATION_JSON, &made));
    return give(m, &made, out);
}

/* The token names it; from here on it is the key of the deal. */
static enum err make_derived(struct making *m, struct value *out)
{
    struct value token, kid;
    struct key_object k = { .alg = KEY_ALG_HS256, .may_sign = true, .may_verify = true };

    TRY(make_argument(m, 0, &token));
    kid = value_member(&token, "cnf.kid");
    if (kid.kind != VALUE_BYTES) return ERR_PROTOCOL;
    enum err e = derive_key(&m->stage->world->issuer.derivation, token.bytes, &k.key);
    if (e == OK) {
        buf_add(&k.kid, kid.bytes);
        k.has_kid = true;
        e = keep_key(m, &k, out);
    }
    if (e == OK) stage_deal(m->stage)->key = *out;
    key_object_clear(&k);
    return e;
}

/* As cnf has it in JSON; body.c writes it in the notation of the leg. */
static enum err make_x5t(struct making *m, struct value *out)
{
    const struct pattern *whose = argument_at(m->call, 0);
    const struct world *w = m->stage->world;
    const struct buf *pem = !whose                                ? &w->broker_tls.pem
                            : strcmp(whose->text, "other") == 0   ? &w->other_tls.pem
                            : strcmp(whose->text, "renewed") == 0 ? &w->renewed
                                                                  : NULL;
    struct cnf c = { .kind = CNF_THUMBPRINT };

    if (!pem) return ERR_PROTOCOL;
    TRY(cert_thumbprint(buf_span(pem), c.thumbprint));
    *out = value_cnf(&m->stage->vars, &c);
    return OK;
}

static enum err make_b64key(struct making *m, struct value *out)
{
    struct value key;
    struct buf k = { 0 };

    TRY(make_argument(m, 0, &key));
    if (key.kind != VALUE_KEY || key_type(key.key->key) != KEY_OCT) return ERR_PROTOCOL;
    struct doc *cnf = doc_copy(key.tree);
    b64_encode(&k, key_octets(key.key->key));
    doc_put(doc_edit(cnf, (struct span)SPAN("jwk")), "k", doc_new_text(buf_span(&k)));
    enum err e = cnf && !buf_failed(&k) ? OK : ERR_NO_MEMORY;
    if (e == OK)
        *out = value_tree(&m->stage->vars, cnf);
    else
        doc_free(cnf);
    buf_clear(&k);
    return e;
}

static enum err make_listed(struct making *m, struct value *out)
{
    const char *enc = variant_value(m->stage->variant, "enc");
    struct span token;
    struct buf made = { 0 };

    TRY(octets_argument(m, 0, &token));
    enum err e = listing_name(token, !enc || strcmp(enc, "cbor") != 0, &made);
    if (e == OK) return give(m, &made, out);
    buf_clear(&made);
    return e;
}

static enum err make_basic(struct making *m, struct value *out)
{
    struct span id, secret;

    TRY(octets_argument(m, 0, &id));
    TRY(octets_argument(m, 1, &secret));
    *out = auth_basic(&m->stage->vars, id, secret);
    return OK;
}

/* NULL: judges only. */
static enum err (*const makers[FN_COUNT])(struct making *m, struct value *out) = {
    [FN_BYTES] = make_bytes,       [FN_KEY] = make_key,         [FN_TOKEN] = make_token,
    [FN_POP] = make_pop,           [FN_LEN16] = make_len16,     [FN_FLIP] = make_flip,
    [FN_CUT] = make_cut,           [FN_HEX] = make_hex,         [FN_B64] = make_b64,
    [FN_REPEAT] = make_repeat,     [FN_RPK] = make_by_key,      [FN_PSK] = make_psk,
    [FN_DER] = make_der,           [FN_CERT] = make_by_key,     [FN_BASIC] = make_basic,
    [FN_IDENTITY] = make_identity, [FN_DERIVED] = make_derived, [FN_X5T] = make_x5t,
    [FN_B64KEY] = make_b64key,     [FN_LISTED] = make_listed,
};

/* --- patterns --- */

static enum err make_call(struct stage *s, const struct pattern *p, const char *field, struct value *out)
{
    struct making m = { s, p, field };

    if (!makers[p->fn]) return ERR_NOT_FOUND;
    TRY(makers[p->fn](&m, out));
    stage_remember(s, p, *out);
    return OK;
}

static struct value literal(const struct pattern *p)
{
    struct value v = value_text(p->text);

    if (!p->is_number) return v;
    v.kind = VALUE_NUMBER;
    v.number = p->number;
    return v;
}

static enum err make_variable(struct stage *s, const struct pattern *p, struct value *out)
{
    if (!stage_find(s, p->text, out)) return ERR_PROTOCOL;
    if (p->path) *out = value_member(out, p->path);
    return OK;
}

static enum err make_joined(struct stage *s, const struct pattern *p, struct value *out)
{
    struct buf whole = { 0 };
    enum err e = OK;

    for (size_t i = 0; e == OK && i < p->count; i++) {
        struct value part = { 0 };
        e = make_value(s, &p->parts[i], "", &part);
        if (e == OK && !part.bytes.p) e = ERR_PROTOCOL;
        if (e == OK) buf_add(&whole, part.bytes);
    }
    if (e == OK && buf_failed(&whole)) e = ERR_NO_MEMORY;
    if (e == OK) *out = value_bytes(vars_copy(&s->vars, buf_span(&whole)));
    buf_clear(&whole);
    return e;
}

static enum err make_list(struct stage *s, const struct pattern *p, struct value *out)
{
    struct doc *list = doc_new_array();
    enum err e = list ? OK : ERR_NO_MEMORY;

    for (size_t i = 0; e == OK && i < p->count; i++) {
        struct value entry = { 0 };
        e = make_value(s, &p->parts[i], "", &entry);
        if (e == OK) doc_add(list, value_doc(&entry));
    }
    if (e == OK)
        *out = value_tree(&s->vars, list);
    else
        doc_free(list);
    return e;
}

static enum err make_any(struct stage *s, const struct pattern *p, const char *field, struct value *out)
{
    switch (p->kind) {
    case PATTERN_ABSENT:
        *out = (struct value){ 0 };
        return OK;
    case PATTERN_LITERAL:
        *out = literal(p);
        return OK;
    case PATTERN_VARIABLE:
        return make_variable(s, p, out);
    case PATTERN_CALL:
        return make_call(s, p, field, out);
    case PATTERN_JOINED:
        return make_joined(s, p, out);
    case PATTERN_EITHER:
        return make_value(s, &p->parts[0], field, out);
    case PATTERN_LIST:
        return make_list(s, p, out);
    case PATTERN_PAIR:
        return make_value(s, &p->parts[0], field, out);
    }
    return ERR_PROTOCOL;
}

enum err make_value(struct stage *s, const struct pattern *p, const char *field, struct value *out)
{
    TRY(make_any(s, p, field, out));
    if (p->capture) vars_bind(&s->vars, p->capture, *out);
    return OK;
}
