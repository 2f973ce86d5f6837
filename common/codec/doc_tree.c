#include "common/codec/doc_tree.h"

#include <assert.h>
#include <stdlib.h>

#include "common/codec/text.h"

enum { FIRST_MEMBERS = 4 };

static struct doc *new_node(enum doc_kind kind)
{
    struct doc *d = calloc(1, sizeof *d);

    if (d) d->kind = kind;
    return d;
}

void doc_free(struct doc *root)
{
    if (!root) return;
    for (size_t i = 0; i < root->count; i++) {
        secret_clear(&root->members[i].name);
        doc_free(root->members[i].value);
    }
    free(root->members);
    if (root->kind == DOC_TEXT || root->kind == DOC_BYTES) secret_clear(&root->bytes);
    free(root);
}

/* --- reading --- */

enum doc_kind doc_kind(const struct doc *d)
{
    return d ? d->kind : DOC_NONE;
}

size_t doc_offset(const struct doc *d)
{
    return d ? d->offset : 0;
}

bool doc_bool(const struct doc *d, bool *out)
{
    if (doc_kind(d) != DOC_BOOL) return false;
    *out = d->truth;
    return true;
}

bool doc_int(const struct doc *d, int64_t *out)
{
    if (doc_kind(d) != DOC_INT) return false;
    *out = d->number;
    return true;
}

static bool bytes_of(const struct doc *d, enum doc_kind kind, struct span *out)
{
    if (doc_kind(d) != kind) return false;
    *out = secret_span(&d->bytes);
    return true;
}

bool doc_text(const struct doc *d, struct span *out)
{
    return bytes_of(d, DOC_TEXT, out);
}

bool doc_bytes(const struct doc *d, struct span *out)
{
    return bytes_of(d, DOC_BYTES, out);
}

bool doc_float(const struct doc *d, double *out)
{
    if (doc_kind(d) != DOC_FLOAT && doc_kind(d) != DOC_INT) return false;
    *out = d->kind == DOC_FLOAT ? d->real : (double)d->number;
    return true;
}

size_t doc_count(const struct doc *d)
{
    return d ? d->count : 0;
}

const struct doc *doc_at(const struct doc *d, size_t i)
{
    return d && i < d->count ? d->members[i].value : NULL;
}

static bool key_eq(const struct doc_key *a, const struct doc_key *b)
{
    if (a->is_text != b->is_text) return false;
    return a->is_text ? span_eq(a->text, b->text) : a->label == b->label;
}

static struct doc_member *find(const struct doc *map, const struct doc_key *key)
{
    if (doc_kind(map) != DOC_MAP) return NULL;
    for (size_t i = 0; i < map->count; i++) {
        if (key_eq(&map->members[i].key, key)) return &map->members[i];
    }
    return NULL;
}

static const struct doc *get(const struct doc *map, const struct doc_key *key)
{
    const struct doc_member *m = find(map, key);

    return m ? m->value : NULL;
}

const struct doc *doc_get(const struct doc *map, const char *name)
{
    return doc_get_span(map, span_str(name));
}

const struct doc *doc_get_span(const struct doc *map, struct span name)
{
    return get(map, &(struct doc_key){ .is_text = true, .text = name });
}

const struct doc *doc_get_label(const struct doc *map, int64_t label)
{
    return get(map, &(struct doc_key){ .label = label });
}

static const struct doc_key *key_at(const struct doc *map, size_t i)
{
    return doc_kind(map) == DOC_MAP && i < map->count ? &map->members[i].key : NULL;
}

bool doc_key_text(const struct doc *map, size_t i, struct span *out)
{
    const struct doc_key *key = key_at(map, i);

    if (!key || !key->is_text) return false;
    *out = key->text;
    return true;
}

bool doc_key_label(const struct doc *map, size_t i, int64_t *out)
{
    const struct doc_key *key = key_at(map, i);

    if (!key || key->is_text) return false;
    *out = key->label;
    return true;
}

uint64_t doc_tag(const struct doc *d)
{
    return doc_kind(d) == DOC_TAG ? d->tag : 0;
}

/* --- building --- */

struct doc *doc_new_null(void)
{
    return new_node(DOC_NULL);
}

struct doc *doc_new_bool(bool v)
{
    struct doc *d = new_node(DOC_BOOL);

    if (d) d->truth = v;
    return d;
}

struct doc *doc_new_int(int64_t v)
{
    struct doc *d = new_node(DOC_INT);

    if (d) d->number = v;
    return d;
}

struct doc *doc_new_float(double v)
{
    struct doc *d = new_node(DOC_FLOAT);

    if (d) d->real = v;
    return d;
}

static struct doc *new_bytes(enum doc_kind kind, struct span bytes)
{
    struct doc *d = new_node(kind);

    if (d && secret_set(&d->bytes, bytes) == OK) return d;
    free(d);
    return NULL;
}

struct doc *doc_new_text(struct span utf8)
{
    return new_bytes(DOC_TEXT, utf8);
}

struct doc *doc_new_str(const char *utf8)
{
    return new_bytes(DOC_TEXT, span_str(utf8));
}

struct doc *doc_new_bytes(struct span bytes)
{
    return new_bytes(DOC_BYTES, bytes);
}

struct doc *doc_new_base64url(struct span bytes)
{
    struct buf text = { 0 };

    b64url_encode(&text, bytes);
    struct doc *d = buf_failed(&text) ? NULL : doc_new_text(buf_span(&text));
    buf_clear(&text);
    return d;
}

struct doc *doc_new_array(void)
{
    return new_node(DOC_ARRAY);
}

struct doc *doc_new_map(void)
{
    return new_node(DOC_MAP);
}

static bool make_room(struct doc *d)
{
    size_t room = d->room ? d->room * 2 : FIRST_MEMBERS;

    if (d->count < d->room) return true;
    struct doc_member *members = reallocarray(d->members, room, sizeof *members);
    if (!members) return false;
    d->members = members;
    d->room = room;
    return true;
}

static void append(struct doc *d, const struct doc_key *key, struct doc *value)
{
    struct doc_member m = { .key = *key, .value = value };

    if (!value || !make_room(d) || secret_set(&m.name, key->text) != OK) {
        d->failed = true;
        doc_free(value);
        return;
    }
    m.key.text = secret_span(&m.name);
    d->failed |= value->failed;
    d->members[d->count++] = m;
}

void doc_append(struct doc *map, const struct doc_key *key, struct doc *value)
{
    if (map) {
        append(map, key, value);
    } else {
        doc_free(value);
    }
}

static void put(struct doc *map, const struct doc_key *key, struct doc *value)
{
    struct doc_member *m = find(map, key);

    assert(!map || map->kind == DOC_MAP);
    if (m && value) {
        map->failed |= value->failed;
        doc_free(m->value);
        m->value = value;
    } else {
        doc_append(map, key, value);
    }
}

struct doc *doc_new_tag(uint64_t tag, struct doc *child)
{
    struct doc *d = new_node(DOC_TAG);

    if (!d) {
        doc_free(child);
        return NULL;
    }
    d->tag = tag;
    append(d, &(struct doc_key){ 0 }, child);
    return d;
}

void doc_add(struct doc *array, struct doc *child)
{
    assert(!array || array->kind == DOC_ARRAY);
    if (array) {
        append(array, &(struct doc_key){ 0 }, child);
    } else {
        doc_free(child);
    }
}

struct doc *doc_edit_at(struct doc *d, size_t i)
{
    return d && i < d->count ? d->members[i].value : NULL;
}

struct doc *doc_edit(struct doc *map, struct span name)
{
    struct doc_member *m = find(map, &(struct doc_key){ .is_text = true, .text = name });

    return m ? m->value : NULL;
}

void doc_put(struct doc *map, const char *name, struct doc *child)
{
    doc_put_span(map, span_str(name), child);
}

void doc_put_span(struct doc *map, struct span name, struct doc *child)
{
    put(map, &(struct doc_key){ .is_text = true, .text = name }, child);
}

void doc_put_label(struct doc *map, int64_t label, struct doc *child)
{
    put(map, &(struct doc_key){ .label = label }, child);
}

struct doc *doc_copy(const struct doc *d)
{
    bool holds_bytes = doc_kind(d) == DOC_TEXT || doc_kind(d) == DOC_BYTES;
    struct doc *copy = d ? new_node(d->kind) : NULL;

    if (!copy) return NULL;
    *copy = *d;
    copy->members = NULL;
    copy->count = copy->room = 0;
    if (holds_bytes) copy->bytes = (struct secret){ 0 };
    if (holds_bytes && secret_set(&copy->bytes, secret_span(&d->bytes)) != OK) {
        free(copy);
        return NULL;
    }
    for (size_t i = 0; i < d->count; i++) append(copy, &d->members[i].key, doc_copy(d->members[i].value));
    return copy;
}
