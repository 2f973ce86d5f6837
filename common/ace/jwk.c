#include "common/ace/jwk.h"

#include "common/base/utf8.h"
#include "common/codec/text.h"

#include <strings.h>

/* --- tables: JWK names and COSE numbers side by side --- */

/* clang-format off */
enum member { KTY, KID, ALG, KEY_OPS, CRV, K, X, Y, D, MEMBERS };
static const struct {
    const char *name;
    int64_t label;
} members[MEMBERS] = {
    [KTY] = { "kty", 1 },  [KID] = { "kid", 2 }, [ALG] = { "alg", 3 }, [KEY_OPS] = { "key_ops", 4 },
    [CRV] = { "crv", -1 }, [K] = { "k", -1 },    [X] = { "x", -2 },    [Y] = { "y", -3 },             [D] = { "d", -4 },
};

/* A value that is a word in JSON and a number in CBOR. */
struct word {
    const char *name;
    int64_t number;
    int value;
};
static const struct word types[] = {
    { "oct", 4, KEY_OCT }, { "OKP", 1, KEY_ED25519 }, { "EC", 2, KEY_P256 },
};
static const struct word curves[] = {
    { "Ed25519", 6, KEY_ED25519 }, { "P-256", 1, KEY_P256 },
};
static const struct word algorithms[] = {  /* written: the first of a value */
    { "HS256", 5, KEY_ALG_HS256 },  { "EdDSA", -8, KEY_ALG_EDDSA },  { "ES256", -7, KEY_ALG_ES256 },
    { "none", 0, KEY_ALG_NONE },    { "Ed25519", -19, KEY_ALG_EDDSA },
};
enum { UNKNOWN = -1, MAY_SIGN = 1, MAY_VERIFY = 2 };
static const struct word signature_ops[] = { { "sign", 1, MAY_SIGN }, { "verify", 2, MAY_VERIFY } };
static const struct word mac_ops[] = { { "sign", 9, MAY_SIGN }, { "verify", 10, MAY_VERIFY } };
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof *(table))

static struct doc *word_write(int value, const struct word *table, enum notation n)
{
    while (table->value != value) table++;
    return n == NOTATION_CBOR ? doc_new_int(table->number) : doc_new_str(table->name);
}

/* --- reading --- */

struct source {
    const struct doc *d;
    enum notation notation;
    struct fault *why;
};

static const struct doc *get(const struct source *s, enum member m)
{
    return s->notation == NOTATION_CBOR ? doc_get_label(s->d, members[m].label)
                                        : doc_get(s->d, members[m].name);
}

static enum err refuse(const struct source *s, const struct doc *at, const char *what)
{
    fault_set(s->why, doc_offset(at ? at : s->d), "key: %s", what);
    return ERR_MALFORMED;
}

/* In CBOR a text is well-formed too, though none of ours. */
static bool is_word(const struct source *s, const struct doc *d)
{
    return doc_kind(d) == DOC_TEXT || (s->notation == NOTATION_CBOR && doc_kind(d) == DOC_INT);
}

/* The value of the word or number at `d`, or UNKNOWN. */
static int word_read(const struct source *s, const struct doc *d, const struct word *table, size_t count)
{
    struct span text;
    int64_t number;

    for (size_t i = 0; i < count; i++) {
        if (s->notation == NOTATION_CBOR ? doc_int(d, &number) && number == table[i].number
                                         : doc_text(d, &text) && span_is(text, table[i].name))
            return table[i].value;
    }
    return UNKNOWN;
}

/* Binary member: byte string, or base64url text. */
static enum err read_bytes_member(const struct source *s, enum member m, struct buf *out)
{
    const struct doc *d = get(s, m);
    struct span in;

    if (s->notation == NOTATION_CBOR) {
        if (!doc_bytes(d, &in)) return refuse(s, d, "a binary member is missing or not a byte string");
        buf_add(out, in);
        return buf_failed(out) ? ERR_NO_MEMORY : OK;
    }
    if (!doc_text(d, &in)) return refuse(s, d, "a binary member is missing or not text");
    enum err e = b64url_decode(in, out);
    return e == ERR_MALFORMED ? refuse(s, d, "a binary member is not base64url without padding") : e;
}

static enum err read_kid(const struct source *s, struct key_object *out)
{
    const struct doc *d = get(s, KID);
    struct span kid;

    if (!d) return OK;
    if (!(s->notation == NOTATION_CBOR ? doc_bytes(d, &kid) : doc_text(d, &kid)))
        return refuse(s, d, "kid is of another type");
    if (kid.n == 0 || kid.n > MAX_KID) return refuse(s, d, "kid is empty or too long");
    buf_add(&out->kid, kid);
    out->has_kid = true;
    return buf_failed(&out->kid) ? ERR_NO_MEMORY : OK;
}

static enum err read_alg(const struct source *s, struct key_object *out)
{
    const struct doc *d = get(s, ALG);
    struct span text;

    if (!d) return OK;
    if (!is_word(s, d)) return refuse(s, d, "alg is of another type");
    int alg = word_read(s, d, algorithms, COUNT(algorithms));
    out->alg = alg == UNKNOWN ? KEY_ALG_OTHER : (enum key_alg)alg;
    if (doc_text(d, &text) && text.n == 4 && strncasecmp((const char *)text.p, "none", 4) == 0)
        out->alg = KEY_ALG_NONE;
    return OK;
}

/* RFC 7517 4.2, 4.3; RFC 9052 7.1. Says which of MAY_SIGN and MAY_VERIFY are left in *may. */
static enum err read_ops(const struct source *s, enum key_type type, int *may)
{
    const struct doc *use = s->notation == NOTATION_JSON ? doc_get(s->d, "use") : NULL,
                     *ops = get(s, KEY_OPS);
    const struct word *words = type == KEY_OCT ? mac_ops : signature_ops;
    struct span text;
    int found = 0;

    *may = MAY_SIGN | MAY_VERIFY;
    if (use && !doc_text(use, &text)) return refuse(s, use, "use is not text");
    if (use && !span_is(text, "sig")) *may = 0;
    if (!ops) return OK;
    if (doc_kind(ops) != DOC_ARRAY) return refuse(s, ops, "key_ops is not an array");
    for (size_t i = 0; i < doc_count(ops); i++) {
        if (!is_word(s, doc_at(ops, i))) return refuse(s, ops, "key_ops holds another type");
        int op = word_read(s, doc_at(ops, i), words, 2);
        if (op != UNKNOWN) found |= op;
    }
    *may &= found;
    return OK;
}

/* Members of an asymmetric key as they came. */
struct parts {
    struct buf x, y, d;
    bool has_x, has_d, has_sign, y_odd; /* has_sign: y is a boolean, the sign of the point */
};

static enum err read_parts(const struct source *s, enum key_type type, struct parts *out)
{
    out->has_d = get(s, D) != NULL;
    /* RFC 8037 2 and RFC 7518 6.2.1 always want the public part, RFC 9053 7 not beside d */
    out->has_x = get(s, X) != NULL || s->notation == NOTATION_JSON || !out->has_d;
    out->has_sign = s->notation == NOTATION_CBOR && doc_bool(get(s, Y), &out->y_odd);
    if (out->has_x) TRY(read_bytes_member(s, X, &out->x));
    if (out->has_x && type == KEY_P256 && !out->has_sign) TRY(read_bytes_member(s, Y, &out->y));
    return out->has_d ? read_bytes_member(s, D, &out->d) : OK;
}

static enum err make_public(const struct parts *p, enum key_type type, struct key **out)
{
    if (type == KEY_ED25519) return key_ed25519_public(buf_span(&p->x), out);
    if (p->has_sign) return key_p256_compressed(buf_span(&p->x), p->y_odd, out);
    return key_p256_public(buf_span(&p->x), buf_span(&p->y), out);
}

static enum err make_private(const struct parts *p, enum key_type type, struct key **out)
{
    return type == KEY_ED25519 ? key_ed25519_private(buf_span(&p->d), out)
                               : key_p256_private(buf_span(&p->d), out);
}

/* The key of all parts; those that are there must belong together. */
static enum err make_key(const struct parts *p, enum key_type type, struct key **out)
{
    struct key *public = NULL, *private = NULL;
    enum err e = p->has_x ? make_public(p, type, &public) : OK;

    if (e == OK && p->has_d) e = make_private(p, type, &private);
    if (e == OK && public && private && !key_eq(public, private)) e = ERR_MALFORMED;
    if (e == OK) {
        *out = private ? private : public;
        if (private) key_free(public);
        return OK;
    }
    key_free(public);
    key_free(private);
    return e;
}

static enum err read_asymmetric(const struct source *s, enum key_type type, struct key_object *out)
{
    struct parts p = { 0 };
    const struct doc *crv = get(s, CRV);

    if (!is_word(s, crv)) return refuse(s, crv, "crv is missing or of another type");
    if (word_read(s, crv, curves, COUNT(curves)) != (int)type) {
        fault_set(s->why, doc_offset(crv), "key: crv is not one we know for this kty");
        return ERR_UNSUPPORTED_POP_KEY;
    }
    enum err e = read_parts(s, type, &p);
    if (e == OK) {
        e = make_key(&p, type, &out->key);
        if (e == ERR_MALFORMED)
            refuse(s, NULL, "not a point of its curve, or not the point of its private part");
    }
    buf_clear(&p.x);
    buf_clear(&p.y);
    buf_clear(&p.d);
    return e;
}

static enum err read_octets(const struct source *s, struct key_object *out)
{
    struct buf k = { 0 };

    if (!get(s, K)) return out->has_kid ? OK : refuse(s, NULL, "neither k nor kid");
    enum err e = read_bytes_member(s, K, &k);
    if (e == OK) {
        e = key_oct(buf_span(&k), &out->key);
        if (e == ERR_MALFORMED) refuse(s, get(s, K), "k is empty or too long");
    }
    buf_clear(&k);
    return e;
}

static enum err read_object(const struct source *s, struct key_object *out)
{
    const struct doc *kty = get(s, KTY);
    int may;

    if (doc_kind(s->d) != DOC_MAP) return refuse(s, NULL, "not an object");
    if (!is_word(s, kty)) return refuse(s, kty, "kty is missing or of another type");
    int type = word_read(s, kty, types, COUNT(types));
    if (type == UNKNOWN) {
        fault_set(s->why, doc_offset(kty), "key: kty is not one we know");
        return ERR_UNSUPPORTED_POP_KEY;
    }
    TRY(read_kid(s, out));
    TRY(read_alg(s, out));
    TRY(read_ops(s, (enum key_type)type, &may));
    out->may_sign = may & MAY_SIGN;
    out->may_verify = may & MAY_VERIFY;
    return type == KEY_OCT ? read_octets(s, out) : read_asymmetric(s, (enum key_type)type, out);
}

enum err key_object_read(const struct doc *d, enum notation n, struct key_object *out, struct fault *why)
{
    *out = (struct key_object){ 0 };
    enum err e = read_object(&(struct source){ d, n, why }, out);
    if (e != OK) key_object_clear(out);
    return e;
}

void key_object_clear(struct key_object *k)
{
    if (!k) return;
    key_free(k->key);
    buf_clear(&k->kid);
    *k = (struct key_object){ 0 };
}

/* --- writing --- */

static void put(struct doc *to, enum notation n, enum member m, struct doc *child)
{
    if (n == NOTATION_CBOR)
        doc_put_label(to, members[m].label, child);
    else
        doc_put(to, members[m].name, child);
}

static void put_bytes(struct doc *to, enum notation n, enum member m, struct span bytes)
{
    put(to, n, m, n == NOTATION_CBOR ? doc_new_bytes(bytes) : doc_new_base64url(bytes));
}

static void put_secret(struct doc *to, enum notation n, const struct key *k)
{
    struct secret d = { 0 };

    if (key_secret(k, &d) == OK)
        put_bytes(to, n, D, secret_span(&d));
    else
        put(to, n, D, NULL); /* latches */
    secret_clear(&d);
}

static void put_key(struct doc *to, enum notation n, const struct key *k, bool secret)
{
    uint8_t public[64];
    size_t size = key_public(k, public), half = size > 32 ? 32 : size;

    if (key_type(k) == KEY_OCT) {
        put_bytes(to, n, K, key_octets(k));
        return;
    }
    put(to, n, CRV, word_write((int)key_type(k), curves, n));
    put_bytes(to, n, X, span(public, half));
    if (size > half) put_bytes(to, n, Y, span(public + half, half));
    if (secret && key_is_private(k)) put_secret(to, n, k);
}

/* --- names --- */

static bool is_b64url_of(struct span text, struct span octets)
{
    struct buf made = { 0 };

    b64url_encode(&made, octets);
    bool same = span_eq(text, buf_span(&made));
    buf_clear(&made);
    return same;
}

bool kid_eq(struct span a, struct span b)
{
    return span_eq(a, b) || is_b64url_of(a, b) || is_b64url_of(b, a);
}

struct doc *kid_to_doc(struct span kid, enum notation n)
{
    struct buf octets = { 0 };

    if (n == NOTATION_JSON) return utf8_mqtt(kid) ? doc_new_text(kid) : doc_new_base64url(kid);
    bool coded = b64url_decode(kid, &octets) == OK && octets.n;
    struct doc *d = doc_new_bytes(coded ? buf_span(&octets) : kid);
    buf_clear(&octets);
    return d;
}

struct doc *key_object_write(const struct key_object *k, enum notation n, bool secret)
{
    struct doc *d = doc_new_map();
    enum key_type type = k->key ? key_type(k->key) : KEY_OCT;

    put(d, n, KTY, word_write((int)type, types, n));
    if (k->has_kid) put(d, n, KID, kid_to_doc(buf_span(&k->kid), n));
    if (k->alg != KEY_ALG_ABSENT && k->alg != KEY_ALG_OTHER)
        put(d, n, ALG, word_write((int)k->alg, algorithms, n));
    if (k->key) put_key(d, n, k->key, secret);
    return d;
}

/* --- sets and files --- */

enum err jwks_read(const struct doc *d, struct key_object *out, size_t max, size_t *count, struct fault *why)
{
    const struct doc *keys = doc_get(d, "keys");
    enum err e = doc_kind(keys) == DOC_ARRAY ? OK : ERR_MALFORMED;

    *count = 0;
    if (e != OK) fault_set(why, doc_offset(d), "key set: no array \"keys\"");
    for (size_t i = 0; e == OK && i < doc_count(keys); i++) {
        struct key_object k;
        e = key_object_read(doc_at(keys, i), NOTATION_JSON, &k, why);
        if (e == OK && k.key && *count == max) e = ERR_TOO_LARGE;
        if (e == OK && k.key)
            out[(*count)++] = k;
        else
            key_object_clear(&k);
        if (e == ERR_UNSUPPORTED_POP_KEY) e = OK;
    }
    while (e != OK && *count) key_object_clear(&out[--*count]);
    return e;
}

static enum err read_pem(struct span text, struct key_object *out, struct fault *why)
{
    *out = (struct key_object){ .may_sign = true, .may_verify = true };
    enum err e = key_from_pem(text, &out->key);
    if (e == ERR_MALFORMED) fault_set(why, 0, "key: no unencrypted Ed25519 or P-256 key in this PEM");
    if (e != OK) key_object_clear(out);
    return e;
}

static enum err read_jwk(struct span text, struct key_object *out, struct fault *why)
{
    struct doc *d = NULL;

    *out = (struct key_object){ 0 };
    TRY(doc_read_json(text, &doc_limits_wire, &d, why));
    enum err e = key_object_read(d, NOTATION_JSON, out, why);
    if (e == OK && !out->key) {
        e = refuse(&(struct source){ d, NOTATION_JSON, why }, NULL, "only a reference");
        key_object_clear(out);
    }
    doc_free(d);
    return e;
}

enum err key_file_read(struct span text, struct key_object *out, struct fault *why)
{
    static const char begin[] = "-----BEGIN ";

    return text.n && memmem(text.p, text.n, begin, sizeof begin - 1) ? read_pem(text, out, why)
                                                                     : read_jwk(text, out, why);
}
