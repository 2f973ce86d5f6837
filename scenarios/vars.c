#include "scenarios/vars.h"

#include "common/base/utf8.h"
#include "common/codec/text.h"
#include "scenarios/line.h"

#include <stdlib.h>

void vars_clear(struct vars *v)
{
    for (size_t i = 0; i < v->docs; i++) doc_free(v->doc[i]);
    for (size_t i = 0; i < v->keys; i++) key_object_clear(v->key[i]);
    arena_clear(&v->arena);
    *v = (struct vars){ 0 };
}

struct span vars_copy(struct vars *v, struct span bytes)
{
    uint8_t *p = arena_take(&v->arena, bytes.n + 1);

    if (!p) return span(NULL, 0);
    if (bytes.n) memcpy(p, bytes.p, bytes.n);
    return span(p, bytes.n);
}

const struct doc *vars_keep(struct vars *v, struct doc *d)
{
    struct doc **place = d ? APPEND(&v->arena, v->doc, v->docs) : NULL;

    if (!place) {
        doc_free(d);
        return NULL;
    }
    *place = d;
    return d;
}

const struct key_object *vars_keep_key(struct vars *v, struct key_object *k)
{
    struct key_object *kept = arena_take(&v->arena, sizeof *kept);
    struct key_object **place = kept ? APPEND(&v->arena, v->key, v->keys) : NULL;

    if (!place) {
        key_object_clear(k);
        return NULL;
    }
    *kept = *k;
    *k = (struct key_object){ 0 };
    *place = kept;
    return kept;
}

/* What a peer showed of a key of ours is worth less than the key. */
static const struct key_object *private_of(const struct vars *v, const struct key_object *k)
{
    if (!k->key || key_is_private(k->key)) return k;
    for (size_t i = 0; i < v->keys; i++) {
        struct key *other = v->key[i]->key;
        if (other && key_is_private(other) && key_eq(other, k->key)) return v->key[i];
    }
    return k;
}

void vars_bind(struct vars *v, const char *name, struct value value)
{
    struct bound *b = APPEND(&v->arena, v->name, v->bound);

    if (value.kind == VALUE_KEY) value.key = private_of(v, value.key);
    if (b) *b = (struct bound){ name, value };
}

bool vars_find(const struct vars *v, const char *name, struct value *out)
{
    for (size_t i = v->bound; i-- > 0;) {
        if (strcmp(v->name[i].name, name) != 0) continue;
        *out = v->name[i].value;
        return true;
    }
    return false;
}

struct value value_number(int64_t n)
{
    return (struct value){ .kind = VALUE_NUMBER, .number = n };
}

struct value value_bytes(struct span kept)
{
    return (struct value){ .kind = VALUE_BYTES, .bytes = kept };
}

struct value value_text(const char *kept)
{
    return value_bytes(span_str(kept));
}

struct value value_tree(struct vars *v, struct doc *owned)
{
    return (struct value){ .kind = VALUE_TREE, .tree = vars_keep(v, owned) };
}

struct value value_of(const struct doc *kept)
{
    struct value v = { .kind = VALUE_TREE, .tree = kept };

    if (doc_kind(kept) == DOC_NONE) v.kind = VALUE_ABSENT;
    if (doc_int(kept, &v.number)) v.kind = VALUE_NUMBER;
    if (doc_text(kept, &v.bytes) || doc_bytes(kept, &v.bytes)) v.kind = VALUE_BYTES;
    return v;
}

struct value value_key(struct vars *v, const struct key_object *kept)
{
    struct doc *cnf = doc_new_map();

    if (cnf) doc_put(cnf, "jwk", key_object_write(kept, NOTATION_JSON, false));
    return (struct value){ .kind = VALUE_KEY, .key = kept, .tree = vars_keep(v, cnf) };
}

struct value value_cnf(struct vars *v, struct cnf *c)
{
    struct value out = value_tree(v, cnf_write(c, NOTATION_JSON));

    if (c->kind == CNF_KEY && (out.key = vars_keep_key(v, &c->object))) out.kind = VALUE_KEY;
    cnf_clear(c);
    return out;
}

struct value value_member(const struct value *v, const char *path)
{
    const struct doc *d = v->tree;

    for (size_t n; d && *path; path += n + (path[n] == '.')) {
        n = strcspn(path, ".");
        d = doc_get_span(d, span(path, n));
    }
    return value_of(d);
}

struct doc *value_doc(const struct value *v)
{
    switch (v->kind) {
    case VALUE_ABSENT:
        return NULL;
    case VALUE_NUMBER:
        return doc_new_int(v->number);
    case VALUE_BYTES:
        return utf8_mqtt(v->bytes) ? doc_new_text(v->bytes) : doc_new_bytes(v->bytes);
    case VALUE_TREE:
    case VALUE_KEY:
        return doc_copy(v->tree);
    }
    return NULL;
}

/* --- scopes --- */

/* ["a",["pub"],"b",["sub"]] is [["a",["pub"]],["b",["sub"]]] */
static struct doc *paired(const struct doc *flat)
{
    struct doc *all = doc_new_array();

    for (size_t i = 0; all && i + 1 < doc_count(flat); i += 2) {
        struct doc *entry = doc_new_array();
        if (entry) doc_add(entry, doc_copy(doc_at(flat, i)));
        if (entry) doc_add(entry, doc_copy(doc_at(flat, i + 1)));
        doc_add(all, entry);
    }
    return all;
}

struct doc *scope_tree(const struct doc *d)
{
    if (doc_kind(d) != DOC_ARRAY) return NULL;
    bool flat = doc_kind(doc_at(d, 0)) == DOC_TEXT && doc_count(d) % 2 == 0;
    return flat ? paired(d) : doc_copy(d);
}

static bool scopes_eq(const struct doc *a, const struct doc *b)
{
    struct doc *left = scope_tree(a), *right = scope_tree(b);
    struct scope *x = NULL, *y = NULL;
    bool equal = left && right && scope_from_doc(left, &x, NULL) == OK &&
                 scope_from_doc(right, &y, NULL) == OK && scope_eq(x, y);

    scope_free(x);
    scope_free(y);
    doc_free(left);
    doc_free(right);
    return equal;
}

static bool trees_eq(const struct doc *a, const struct doc *b)
{
    struct buf x = { 0 }, y = { 0 };
    bool equal =
        doc_write_cbor(a, &x) == OK && doc_write_cbor(b, &y) == OK && span_eq(buf_span(&x), buf_span(&y));

    buf_clear(&x);
    buf_clear(&y);
    return equal || scopes_eq(a, b);
}

bool value_eq(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_NUMBER && b->kind == VALUE_NUMBER) return a->number == b->number;
    if (a->kind == VALUE_KEY && b->kind == VALUE_KEY) return key_eq(a->key->key, b->key->key);
    if (a->kind == VALUE_ABSENT || b->kind == VALUE_ABSENT) return a->kind == b->kind;
    if (a->kind == VALUE_TREE && b->kind == VALUE_TREE) return trees_eq(a->tree, b->tree);
    bool octets = a->kind != VALUE_TREE && b->kind != VALUE_TREE && a->bytes.p && b->bytes.p;
    return octets && span_eq(a->bytes, b->bytes);
}

/* --- for people --- */

enum { MAX_SHOWN = 96 };

static void print_bytes(struct span s, struct buf *out)
{
    size_t n = s.n < MAX_SHOWN ? s.n : MAX_SHOWN;

    if (utf8_mqtt(s)) {
        utf8_quote(out, span(s.p, n));
    } else {
        buf_str(out, "0x");
        hex_encode(out, span(s.p, n));
    }
    if (n < s.n) buf_format(out, "... (%zu octets)", s.n);
}

void value_print(const struct value *v, struct buf *out)
{
    switch (v->kind) {
    case VALUE_ABSENT:
        buf_str(out, "absent");
        return;
    case VALUE_NUMBER:
        buf_format(out, v->number > 9 && v->number < 256 ? "%lld (0x%02llx)" : "%lld", (long long)v->number,
                   (unsigned long long)v->number);
        return;
    case VALUE_BYTES:
        print_bytes(v->bytes, out);
        return;
    case VALUE_TREE:
    case VALUE_KEY:
        if (doc_write_json(v->tree, out) != OK) buf_str(out, "(not JSON)");
        return;
    }
}
