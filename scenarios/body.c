#include "scenarios/body.h"

#include "common/ace/cose.h"
#include "common/base/utf8.h"
#include "common/codec/text.h"
#include "scenarios/listing.h"

/* --- what stands in the head --- */

static const struct header_row {
    const char *field, *header;
} headers[] = {
    { "content_type", "Content-Type" },
    { "accept", "Accept" },
    { "authorization", "Authorization" },
    { "host", "Host" },
    { "cache_control", "Cache-Control" },
    { "pragma", "Pragma" },
    { "allow", "Allow" },
    { "www_authenticate", "WWW-Authenticate" },
    { "location", "Location" },
    { "retry_after", "Retry-After" },
    { "prefer", "Prefer" },
};

static void read_headers(const struct message *m, const struct http_headers *in, struct fields *out)
{
    struct span value;

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const struct field_def *def = message_field(m, span_str(headers[i].field));
        if (def && http_header(in, headers[i].header, &value))
            fields_add(out, def, def->name, value_bytes(vars_copy(out->vars, value)));
    }
}

static void write_headers(const struct fields *in, struct http_headers *out)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct value v = fields_get(in, headers[i].field);
        if (v.kind == VALUE_BYTES) http_header_add(out, headers[i].header, v.bytes);
    }
}

struct value auth_basic(struct vars *v, struct span id, struct span secret)
{
    struct value out = value_text("basic");
    struct doc *d = doc_new_map();

    if (d) doc_put(d, "id", doc_new_text(id));
    if (d) doc_put(d, "secret", doc_new_text(secret));
    out.tree = vars_keep(v, d);
    return out;
}

struct value auth_by_key(const char *word, const struct key_object *kept)
{
    struct value out = value_text(word);

    out.key = kept;
    return out;
}

static bool read_basic(struct span header, struct vars *vars, struct value *out)
{
    struct buf plain = { 0 };
    bool good = span_starts(header, span_str("Basic ")) &&
                b64_decode(span_skip(header, strlen("Basic ")), &plain) == OK;
    const uint8_t *colon = good && plain.n ? memchr(plain.p, ':', plain.n) : NULL;

    if (colon) {
        size_t n = (size_t)(colon - plain.p);
        *out = auth_basic(vars, span(plain.p, n), span(colon + 1, plain.n - n - 1));
    }
    buf_clear(&plain);
    return colon != NULL;
}

static struct value read_auth(const struct http_headers *in, const struct tls_facts *facts, struct vars *vars)
{
    struct span header;
    struct value v;
    struct key_object k = { .may_sign = true, .may_verify = true };

    if (http_header(in, "Authorization", &header) && read_basic(header, vars, &v)) return v;
    if (!facts || !facts->peer_key) return value_text("none");
    k.key = key_ref(facts->peer_key);
    return auth_by_key(facts->peer == TLS_PEER_RPK ? "rpk" : "cert", vars_keep_key(vars, &k));
}

static void write_basic(const struct fields *in, struct http_headers *out)
{
    struct value auth = fields_get(in, "auth");
    struct buf plain = { 0 }, text = { 0 };

    if (!auth.bytes.p || !span_is(auth.bytes, "basic") || fields_has(in, "authorization")) return;
    buf_add(&plain, value_member(&auth, "id").bytes);
    buf_u8(&plain, ':');
    buf_add(&plain, value_member(&auth, "secret").bytes);
    buf_str(&text, "Basic ");
    b64_encode(&text, buf_span(&plain));
    http_header_add(out, "Authorization", buf_span(&text));
    buf_clear(&plain);
    buf_clear(&text);
}

/* --- members --- */

/* Members that CBOR writes as numbers. */
static const struct abbreviated {
    const char *name;
    enum label_values values;
} abbreviated[] = {
    { "grant_type", VALUES_GRANT_TYPE },
    { "token_type", VALUES_TOKEN_TYPE },
    { "ace_profile", VALUES_PROFILE },
    { "error", VALUES_ERROR },
};

static const struct abbreviated *abbreviation(const char *name)
{
    for (size_t i = 0; i < sizeof abbreviated / sizeof *abbreviated; i++) {
        if (strcmp(abbreviated[i].name, name) == 0) return &abbreviated[i];
    }
    return NULL;
}

/* Octets, which JSON shows as base64url [R-JWT-16] [R-CBOR-06]. */
static bool is_binary(const char *name)
{
    return strcmp(name, "cnonce") == 0 || strcmp(name, "cti") == 0;
}

static struct value read_binary(const struct doc *d, struct vars *vars)
{
    struct span octets;
    struct buf text = { 0 };

    if (!doc_bytes(d, &octets)) return value_of(d);
    b64url_encode(&text, octets);
    struct value v = value_bytes(vars_copy(vars, buf_span(&text)));
    buf_clear(&text);
    return v;
}

static struct doc *binary_member(const struct value *v)
{
    struct buf octets = { 0 };
    bool good = v->kind == VALUE_BYTES && b64url_decode(v->bytes, &octets) == OK;
    struct doc *d = good ? doc_new_bytes(buf_span(&octets)) : value_doc(v);

    buf_clear(&octets);
    return d;
}

/* What has a number is not written as a word in CBOR [R-TERR-11] [R-TOK-09]: such a word is none of the flow's. */
static struct value spelled_out(struct span word, struct vars *vars)
{
    struct buf text = { 0 };

    buf_str(&text, "text: ");
    buf_add(&text, word);
    struct value v = value_bytes(vars_copy(vars, buf_span(&text)));
    buf_clear(&text);
    return v;
}

static struct value read_word(const struct doc *d, const char *name, enum notation n, struct vars *vars)
{
    const struct abbreviated *a = abbreviation(name);
    struct value v = value_of(d);
    struct span text;

    if (a && n == NOTATION_CBOR && doc_text(d, &text) && label_value(a->values, text) >= 0)
        return spelled_out(text, vars);
    const char *word =
        a && n == NOTATION_CBOR && v.kind == VALUE_NUMBER ? label_word(a->values, v.number) : NULL;

    if (a && doc_kind(d) == DOC_NULL) return value_text("");
    return word ? value_text(word) : v;
}

static struct value read_scope(const struct doc *d, struct vars *vars)
{
    struct scope *s = NULL;

    if (scope_from_member(d, false, &s, NULL) != OK) return value_of(d);
    struct value v = value_tree(vars, scope_to_doc(s));
    scope_free(s);
    return v;
}

static struct value read_key(const struct doc *d, enum notation n, struct vars *vars)
{
    struct cnf c;

    return cnf_read(d, n, &c, NULL) == OK ? value_cnf(vars, &c) : value_of(d);
}

/* JSON has a CWT as base64url text. */
static struct value read_token(const struct doc *d, struct vars *vars)
{
    struct buf cwt = { 0 };
    struct span text;

    if (!doc_text(d, &text) || !cose_from_text(text, &cwt)) return value_of(d);
    struct value v = value_bytes(vars_copy(vars, buf_span(&cwt)));
    buf_clear(&cwt);
    return v;
}

static struct doc *token_member(const struct value *v, enum notation n)
{
    if (n == NOTATION_CBOR) return doc_new_bytes(v->bytes);
    return v->kind != VALUE_BYTES || utf8_mqtt(v->bytes) ? value_doc(v) : doc_new_base64url(v->bytes);
}

static void read_member(const struct doc *body, const struct leg *leg, const struct field_def *def,
                        struct fields *out)
{
    enum notation n = media_notation(leg->media);
    const struct doc *d = label_get(body, leg->map, def->name);
    struct value v;

    if (!d) return;
    switch (def->type) {
    case FIELD_SCOPE:
        v = read_scope(d, out->vars);
        break;
    case FIELD_KEY:
        v = read_key(d, n, out->vars);
        break;
    case FIELD_TOKEN:
        v = read_token(d, out->vars);
        break;
    default:
        v = n == NOTATION_CBOR && is_binary(def->name) ? read_binary(d, out->vars)
                                                       : read_word(d, def->name, n, out->vars);
        break;
    }
    fields_add(out, def, def->name, v);
}

static void read_extras(const struct message *m, const struct doc *body, struct fields *out)
{
    struct span key;

    for (size_t i = 0; i < doc_count(body); i++) {
        if (!doc_key_text(body, i, &key) || !span_starts(key, span_str("x-"))) continue;
        const struct field_def *def = message_field(m, key);
        if (def) fields_add(out, def, arena_text(&out->vars->arena, key), value_of(doc_at(body, i)));
    }
}

/* Takes `d`. */
static void read_map(const struct message *m, struct doc *d, const struct leg *leg, struct fields *out)
{
    const struct doc *kept = vars_keep(out->vars, d);

    for (size_t t = 0; t < MAX_FIELD_TABLES; t++) {
        for (const struct field_def *def = m->fields[t]; def && def->name; def++) {
            if (def->notes & FIELD_BODY) read_member(kept, leg, def, out);
        }
    }
    read_extras(m, kept, out);
}

static void read_members(const struct message *m, struct span body, const struct leg *leg, struct fields *out)
{
    struct doc *d = NULL;

    if (body.n && body_read(body, leg->media, &d, NULL) == OK) read_map(m, d, leg, out);
}

static void add_named(const struct message *m, const char *name, struct value v, struct fields *out)
{
    const struct field_def *def = message_field(m, span_str(name));

    if (def) fields_add(out, def, def->name, v);
}

static struct leg as_told(const struct http_headers *h, const struct leg *leg)
{
    struct leg told = *leg;
    struct span type;

    if (http_header(h, "Content-Type", &type) && !media_read(type, &told.media)) told.media = MEDIA_COUNT;
    return told;
}

void request_read(const struct message *m, const struct http_request *in, const struct leg *leg,
                  struct fields *out)
{
    struct leg told = as_told(&in->headers, leg);
    struct span query = http_query(in);

    read_headers(m, &in->headers, out);
    add_named(m, "auth", read_auth(&in->headers, leg->facts, out->vars), out);
    if (query.n) add_named(m, "query", value_bytes(vars_copy(out->vars, query)), out);
    if (in->body.n) add_named(m, "body", value_bytes(vars_copy(out->vars, buf_span(&in->body))), out);
    if (told.media != MEDIA_COUNT) read_members(m, buf_span(&in->body), &told, out);
    told.media = MEDIA_FORM;
    read_members(m, query, &told, out);
}

void response_read(const struct message *m, const struct http_response *in, const struct leg *leg,
                   struct fields *out)
{
    struct leg told = as_told(&in->headers, leg);
    struct span type;

    add_named(m, "status", value_number(in->status), out);
    read_headers(m, &in->headers, out);
    if (in->body.n) add_named(m, "body", value_bytes(vars_copy(out->vars, buf_span(&in->body))), out);
    if (told.media != MEDIA_COUNT) read_members(m, buf_span(&in->body), &told, out);
    told.media = MEDIA_ACE_JSON;
    if (http_header(&in->headers, "Content-Type", &type))
        read_map(m, listing_read(type, buf_span(&in->body)), &told, out);
}

/* --- writing members --- */

static struct doc *scope_member(const struct value *v, enum notation n)
{
    struct doc *tree = scope_tree(v->tree), *out = NULL;
    struct buf bytes = { 0 };

    if (tree && n == NOTATION_CBOR && doc_write_cbor(tree, &bytes) == OK)
        out = doc_new_bytes(buf_span(&bytes));
    else if (tree && doc_write_json(tree, &bytes) == OK)
        out = doc_new_base64url(buf_span(&bytes));
    doc_free(tree);
    buf_clear(&bytes);
    return out;
}

static struct doc *key_member(const struct value *v, enum notation n)
{
    struct cnf c = { .kind = CNF_KEY };

    if (v->kind == VALUE_KEY) {
        c.object = *v->key; /* lent, so not cleared */
        return cnf_write(&c, n);
    }
    if (v->kind != VALUE_TREE || cnf_read(v->tree, NOTATION_JSON, &c, NULL) != OK) return value_doc(v);
    struct doc *d = cnf_write(&c, n);
    cnf_clear(&c);
    return d;
}

static struct doc *word_member(const struct held *h, enum notation n)
{
    const struct abbreviated *a = n == NOTATION_CBOR ? abbreviation(h->name) : NULL;

    if (n == NOTATION_CBOR && is_binary(h->name)) return binary_member(&h->value);
    int number = a && h->value.kind == VALUE_BYTES ? label_value(a->values, h->value.bytes) : -1;

    if (a && h->value.kind == VALUE_BYTES && h->value.bytes.n == 0) return doc_new_null();
    return number < 0 ? value_doc(&h->value) : doc_new_int(number);
}

static struct doc *member(const struct held *h, enum notation n)
{
    switch (h->def->type) {
    case FIELD_SCOPE:
        return h->value.kind == VALUE_TREE ? scope_member(&h->value, n) : value_doc(&h->value);
    case FIELD_KEY:
        return key_member(&h->value, n);
    case FIELD_TOKEN:
        return token_member(&h->value, n);
    default:
        return word_member(h, n);
    }
}

static enum err write_body(const struct fields *in, const struct leg *leg, struct buf *out)
{
    struct value raw = fields_get(in, "raw"), body = fields_get(in, "body");
    bool listing = listing_type(in) != NULL, any = false;
    enum notation n = listing ? NOTATION_JSON : media_notation(leg->media);
    struct doc *d = doc_new_map();

    for (size_t i = 0; d && i < in->count; i++) {
        const struct held *h = &in->held[i];
        if (!(h->def->notes & FIELD_BODY)) continue;
        label_put(d, leg->map, n, h->name, member(h, n));
        any = true;
    }
    enum err e = OK;
    if (raw.kind == VALUE_BYTES || body.kind == VALUE_BYTES)
        buf_add(out, raw.kind == VALUE_BYTES ? raw.bytes : body.bytes);
    else if (any)
        e = !d ? ERR_NO_MEMORY : listing ? listing_write(d, out) : body_write(d, leg->media, out);
    doc_free(d);
    return e;
}

static void add_type(const struct fields *in, const struct leg *leg, struct span body,
                     struct http_headers *out)
{
    const char *listing = listing_type(in);

    if (body.n && !fields_has(in, "content_type"))
        http_header_add(out, "Content-Type", span_str(listing ? listing : media_name(leg->media)));
}

static void write_target(const struct fields *in, const struct leg *leg, struct buf *out)
{
    struct value query = fields_get(in, "query");

    buf_str(out, leg->target);
    if (query.kind != VALUE_BYTES) return;
    buf_u8(out, strchr(leg->target, '?') ? '&' : '?');
    buf_add(out, query.bytes);
}

/* Members of a GET stand in the query. */
static enum err body_to_query(struct http_request *r)
{
    buf_u8(&r->target, '?');
    buf_add(&r->target, buf_span(&r->body));
    buf_clear(&r->body);
    return OK;
}

enum err request_write(const struct message *m, const struct fields *in, const struct leg *leg,
                       struct buf *out)
{
    struct http_request r = { .keep_alive = true };
    struct leg form = *leg;
    struct value append = fields_get(in, "append");
    bool get = strcmp(m->word, "GET") == 0;

    form.media = get ? MEDIA_FORM : leg->media;
    buf_str(&r.method, m->word);
    write_target(in, leg, &r.target);
    enum err e = write_body(in, &form, &r.body);
    if (e == OK && get && r.body.n) e = body_to_query(&r);
    write_headers(in, &r.headers);
    write_basic(in, &r.headers);
    if (!fields_has(in, "host")) http_header_add(&r.headers, "Host", span_str("localhost"));
    add_type(in, leg, buf_span(&r.body), &r.headers);
    if (e == OK) e = http_write_request(&r, out);
    if (append.kind == VALUE_BYTES) buf_add(out, append.bytes);
    http_request_clear(&r);
    return e;
}

enum err response_write(unsigned status, const struct fields *in, const struct leg *leg, struct buf *out)
{
    struct http_response r = { .status = status, .keep_alive = true };
    struct value append = fields_get(in, "append");

    enum err e = write_body(in, leg, &r.body);
    write_headers(in, &r.headers);
    add_type(in, leg, buf_span(&r.body), &r.headers);
    if (e == OK) e = http_write_response(&r, HTTP_WHOLE, out);
    if (append.kind == VALUE_BYTES) buf_add(out, append.bytes);
    http_response_clear(&r);
    return e;
}
