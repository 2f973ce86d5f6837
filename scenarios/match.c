#include "scenarios/match.h"

#include "common/codec/text.h"
#include "common/crypto/mac.h"
#include "common/crypto/sign.h"
#include "scenarios/make.h"

#include <stdlib.h>

/* Judges: may dress the value (parse it) for whoever captures it. */
typedef bool judge(struct stage *s, const struct pattern *p, struct value *v);

static bool within(const struct pattern *p, int64_t n)
{
    int64_t low = argument_number(p, 0, INT64_MIN), high = argument_number(p, 1, INT64_MAX);

    return n >= low && n <= high;
}

static bool is_any(struct stage *s, const struct pattern *p, struct value *v)
{
    (void)s, (void)p;
    return v->kind != VALUE_ABSENT;
}

static bool is_bytes(struct stage *s, const struct pattern *p, struct value *v)
{
    int64_t least = argument_number(p, 0, 0), most = argument_number(p, 1, p->count ? least : INT64_MAX);

    (void)s;
    return v->kind == VALUE_BYTES && (int64_t)v->bytes.n >= least && (int64_t)v->bytes.n <= most;
}

static bool is_text(struct stage *s, const struct pattern *p, struct value *v)
{
    (void)s;
    return v->kind == VALUE_BYTES && v->bytes.n > 0 && utf8_mqtt(v->bytes) && within(p, (int64_t)v->bytes.n);
}

static bool is_int(struct stage *s, const struct pattern *p, struct value *v)
{
    (void)s;
    return v->kind == VALUE_NUMBER && within(p, v->number);
}

static bool is_ahead(struct stage *s, const struct pattern *p, struct value *v)
{
    return v->kind == VALUE_NUMBER && within(p, v->number - stage_now(s));
}

static bool is_uri(struct stage *s, const struct pattern *p, struct value *v)
{
    const uint8_t *colon = v->kind == VALUE_BYTES && v->bytes.n ? memchr(v->bytes.p, ':', v->bytes.n) : NULL;
    struct span rest = colon ? span_skip(v->bytes, (size_t)(colon - v->bytes.p)) : span(NULL, 0);

    (void)s, (void)p;
    return colon && colon > v->bytes.p && span_starts(rest, span_str("://")) && rest.n > 3;
}

static bool is_json(struct stage *s, const struct pattern *p, struct value *v)
{
    struct doc *d = NULL;

    (void)p;
    if (v->kind != VALUE_BYTES || doc_read_json(v->bytes, &doc_limits_wire, &d, NULL) != OK) return false;
    v->tree = vars_keep(&s->vars, d);
    return doc_kind(v->tree) == DOC_MAP;
}

static bool is_key(struct stage *s, const struct pattern *p, struct value *v)
{
    const struct pattern *type = argument_at(p, 0);
    enum key_type t;

    (void)s;
    if (v->kind != VALUE_KEY || !v->key->key) return false;
    return !type || (key_type_read(span_str(type->text), &t) && key_type(v->key->key) == t);
}

/* Bound to this key, or to one of this algorithm? */
static bool bound_to(struct stage *s, const struct pattern *wanted, const struct claims *c)
{
    const struct key *k = claims_key(c);
    enum key_type t;
    struct value key;

    if (!wanted) return k != NULL;
    if (!k) return false;
    if (wanted->kind == PATTERN_LITERAL) return key_type_read(span_str(wanted->text), &t) && key_type(k) == t;
    return make_value(s, wanted, "", &key) == OK && key.kind == VALUE_KEY && key_eq(key.key->key, k);
}

/* What a reference looks like is its AS's choice: a word of RFC 6749, too long to guess, and nothing that says something itself. */
static bool is_reference(struct span token)
{
    enum { GUESSABLE = 22, SPEAKS = 128 };

    if (token.n < GUESSABLE || token.n > SPEAKS || jose_form(token) != JOSE_NEITHER) return false;
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] <= ' ' || token.p[i] > '~') return false;
    return true;
}

/* A token of ours comes back as it was made; one of the product must be valid. */
static bool is_token(struct stage *s, const struct pattern *p, struct value *v)
{
    struct value made;
    struct claims *c = NULL;

    if (v->kind != VALUE_BYTES) return false;
    *v = stage_token(s, v->bytes);
    if (stage_recall(s, p, &made)) return span_eq(made.bytes, v->bytes);
    if (stage_refers(s)) return is_reference(v->bytes); /* whose it is shows in introspection */
    if (world_open(s->world, v->bytes, stage_now(s), &c, NULL) != OK) return false;
    bool fits = bound_to(s, argument_at(p, 0), c);
    claims_free(c);
    return fits;
}

static bool is_pop(struct stage *s, const struct pattern *p, struct value *v)
{
    struct value key, input;
    uint8_t mac[HMAC256_SIZE];

    if (v->kind != VALUE_BYTES || make_value(s, argument_at(p, 0), "", &key) != OK ||
        make_value(s, argument_at(p, 1), "", &input) != OK || key.kind != VALUE_KEY)
        return false;
    if (key_type(key.key->key) != KEY_OCT) return verify(key.key->key, input.bytes, v->bytes) == OK;
    return hmac_sha256(key_octets(key.key->key), input.bytes, mac) == OK &&
           span_eq(span(mac, sizeof mac), v->bytes);
}

static bool is_len16(struct stage *s, const struct pattern *p, struct value *v)
{
    if (v->kind != VALUE_BYTES || v->bytes.n < 2) return false;
    size_t n = (size_t)v->bytes.p[0] << 8 | v->bytes.p[1];
    struct value inner = value_bytes(span_skip(v->bytes, 2));
    return inner.bytes.n == n && match_value(s, argument_at(p, 0), &inner);
}

static bool is_as_made(struct stage *s, const struct pattern *p, struct value *v)
{
    struct value made;

    return stage_recall(s, p, &made) && value_eq(&made, v);
}

/* What can be made again and always is the same. */
static bool is_same(struct stage *s, const struct pattern *p, struct value *v)
{
    struct value made;

    return make_value(s, p, "", &made) == OK && value_eq(&made, v);
}

static bool is_not(struct stage *s, const struct pattern *p, struct value *v)
{
    return v->kind != VALUE_ABSENT && !match_value(s, argument_at(p, 0), v);
}

static bool does_start(struct stage *s, const struct pattern *p, struct value *v)
{
    struct value with;

    return v->kind == VALUE_BYTES && make_value(s, argument_at(p, 0), "", &with) == OK &&
           span_starts(v->bytes, with.bytes);
}

/* rpk($key), cert($key) */
static bool is_by_key(struct stage *s, const struct pattern *p, struct value *v)
{
    struct value key = { .kind = VALUE_KEY, .key = v->key };

    if (!v->bytes.p || !span_is(v->bytes, function_def(p->fn)->word) || !v->key) return false;
    return match_value(s, argument_at(p, 0), &key);
}

static bool is_psk(struct stage *s, const struct pattern *p, struct value *v)
{
    struct value identity = value_member(v, "identity");

    return v->bytes.p && span_is(v->bytes, "psk") && match_value(s, argument_at(p, 0), &identity);
}

static bool is_basic(struct stage *s, const struct pattern *p, struct value *v)
{
    struct value id = value_member(v, "id"), secret = value_member(v, "secret");

    return v->bytes.p && span_is(v->bytes, "basic") && match_value(s, argument_at(p, 0), &id) &&
           match_value(s, argument_at(p, 1), &secret);
}

static judge *const judges[FN_COUNT] = {
    [FN_ANY] = is_any,      [FN_BYTES] = is_bytes,    [FN_TEXT] = is_text,      [FN_INT] = is_int,
    [FN_AHEAD] = is_ahead,  [FN_URI] = is_uri,        [FN_JSON] = is_json,      [FN_KEY] = is_key,
    [FN_TOKEN] = is_token,  [FN_POP] = is_pop,        [FN_LEN16] = is_len16,    [FN_FLIP] = is_as_made,
    [FN_CUT] = is_as_made,  [FN_HEX] = is_same,       [FN_B64] = is_same,       [FN_REPEAT] = is_same,
    [FN_NOT] = is_not,      [FN_STARTS] = does_start, [FN_RPK] = is_by_key,     [FN_PSK] = is_psk,
    [FN_CERT] = is_by_key,  [FN_DER] = is_as_made,    [FN_BASIC] = is_basic,    [FN_IDENTITY] = is_same,
    [FN_DERIVED] = is_same, [FN_X5T] = is_same,       [FN_B64KEY] = is_as_made, [FN_LISTED] = is_same,
};

/* --- joined octets --- */

enum { NO_EXTENT = -1 };

static int64_t made_extent(struct stage *s, const struct pattern *p)
{
    struct value v;

    if (stage_recall(s, p, &v)) return (int64_t)v.bytes.n;
    return make_value(s, p, "", &v) == OK && v.bytes.p ? (int64_t)v.bytes.n : NO_EXTENT;
}

static int64_t pop_extent(struct stage *s, const struct pattern *p)
{
    struct value key;

    if (make_value(s, argument_at(p, 0), "", &key) != OK || key.kind != VALUE_KEY) return NO_EXTENT;
    return key_type(key.key->key) == KEY_OCT ? HMAC256_SIZE : SIGNATURE_SIZE;
}

/* How many of the octets at the front of `rest` are this part's. */
static int64_t extent(struct stage *s, const struct pattern *p, struct span rest)
{
    if (p->kind != PATTERN_CALL) return made_extent(s, p);
    if (p->fn == FN_BYTES) return argument_number(p, 0, NO_EXTENT);
    if (p->fn == FN_LEN16) return rest.n < 2 ? NO_EXTENT : 2 + ((int64_t)rest.p[0] << 8 | rest.p[1]);
    return p->fn == FN_POP ? pop_extent(s, p) : made_extent(s, p);
}

static bool match_joined(struct stage *s, const struct pattern *p, const struct value *v)
{
    struct span rest = v->bytes;

    if (v->kind != VALUE_BYTES) return false;
    for (size_t i = 0; i < p->count; i++) {
        bool last = i + 1 == p->count;
        int64_t n = last ? (int64_t)rest.n : extent(s, &p->parts[i], rest);
        if (n < 0 || n > (int64_t)rest.n) return false;
        struct value part = value_bytes(span(rest.p, (size_t)n));
        if (!match_value(s, &p->parts[i], &part)) return false;
        rest = span_skip(rest, (size_t)n);
    }
    return rest.n == 0;
}

/* --- patterns --- */

static bool match_literal(const struct pattern *p, const struct value *v)
{
    bool truth;

    if (v->kind == VALUE_NUMBER) return p->is_number && p->number == v->number;
    if (v->kind == VALUE_BYTES) return span_is(v->bytes, p->text);
    if (doc_bool(v->tree, &truth)) return strcmp(p->text, truth ? "true" : "false") == 0;
    return v->kind == VALUE_TREE && v->bytes.p && span_is(v->bytes, p->text);
}

static bool match_list(struct stage *s, const struct pattern *p, const struct value *v)
{
    struct value made;

    if (v->kind != VALUE_TREE) return false;
    bool fits = doc_kind(v->tree) == DOC_ARRAY && doc_count(v->tree) == p->count;
    for (size_t i = 0; fits && i < p->count; i++) {
        struct value entry = value_of(doc_at(v->tree, i));
        fits = match_value(s, &p->parts[i], &entry);
    }
    return fits || (make_value(s, p, "", &made) == OK && value_eq(&made, v));
}

static bool match_either(struct stage *s, const struct pattern *p, const struct value *v)
{
    for (size_t i = 0; i < p->count; i++) {
        if (match_value(s, &p->parts[i], v)) return true;
    }
    return false;
}

static bool match_variable(struct stage *s, const struct pattern *p, const struct value *v)
{
    struct value bound;

    if (!stage_find(s, p->text, &bound)) return false;
    if (p->path) bound = value_member(&bound, p->path);
    return value_eq(&bound, v);
}

static bool match_kind(struct stage *s, const struct pattern *p, struct value *v)
{
    switch (p->kind) {
    case PATTERN_ABSENT:
        return v->kind == VALUE_ABSENT;
    case PATTERN_LITERAL:
        return match_literal(p, v);
    case PATTERN_VARIABLE:
        return match_variable(s, p, v);
    case PATTERN_CALL:
        return v->kind != VALUE_ABSENT && judges[p->fn](s, p, v);
    case PATTERN_JOINED:
        return match_joined(s, p, v);
    case PATTERN_EITHER:
        return match_either(s, p, v);
    case PATTERN_LIST:
        return match_list(s, p, v);
    case PATTERN_PAIR:
        return match_value(s, &p->parts[0], v);
    }
    return false;
}

bool match_value(struct stage *s, const struct pattern *p, const struct value *v)
{
    struct value seen = *v;

    if (!match_kind(s, p, &seen)) return false;
    if (p->capture) vars_bind(&s->vars, p->capture, seen);
    return true;
}

void match_want(struct stage *s, const struct pattern *p, struct buf *out)
{
    struct value v;

    pattern_print(p, out);
    if (p->kind != PATTERN_VARIABLE || make_value(s, p, "", &v) != OK) return;
    buf_str(out, " = ");
    field_value_print(p->text, &v, out);
}
