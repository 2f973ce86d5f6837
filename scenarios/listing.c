#include "scenarios/listing.h"

#include "common/ace/trl.h"
#include "common/codec/text.h"

#define LIST    "application/ace-trl+cbor"
#define PROBLEM "application/concise-problem-details+cbor"

/* The numbers of RFC 9770 11 and 5.1: a puppet may say what trl_write() would not. */
static const struct member {
    const char *name;
    int64_t label;
} list_members[] = { { "full_set", 0 }, { "diff_set", 1 }, { "cursor", 2 }, { "more", 3 } },
  problem_members[] = { { "trl_error", 0 }, { "cursor", 1 } };

enum { PROBLEM_TRL = 1 };

/* --- reading --- */

static struct doc *hashes(const struct buf *of)
{
    struct doc *array = doc_new_array();

    for (size_t at = 0; at + TRL_HASH_SIZE <= of->n; at += TRL_HASH_SIZE)
        doc_add(array, doc_new_base64url(span(of->p + at, TRL_HASH_SIZE)));
    return array;
}

static void put_cursor(struct doc *map, bool is_null, int64_t cursor)
{
    doc_put(map, "cursor", is_null ? doc_new_str("null") : doc_new_int(cursor));
}

static void put_sets(struct doc *map, const struct trl *t)
{
    struct doc *entries = t->kind == TRL_DIFF ? doc_new_array() : NULL;

    for (size_t i = 0; i < t->count; i++) {
        struct doc *pair = doc_new_array();
        doc_add(pair, hashes(&t->entry[i].removed));
        doc_add(pair, hashes(&t->entry[i].added));
        doc_add(entries, pair);
    }
    if (t->kind == TRL_DIFF) {
        doc_put(map, "diff_set", entries);
        doc_put(map, "more", doc_new_bool(t->more));
    } else {
        doc_put(map, "full_set", hashes(&t->full));
    }
}

static struct doc *read_list(struct span body)
{
    struct trl t;

    if (trl_read(body, &t, NULL) != OK) return NULL;
    struct doc *map = doc_new_map();
    put_sets(map, &t);
    if (t.has_cursor) put_cursor(map, t.cursor_is_null, t.cursor);
    trl_clear(&t);
    return map;
}

static struct doc *read_problem(struct span body)
{
    struct trl_problem p;

    if (trl_problem_read(body, &p, NULL) != OK) return NULL;
    struct doc *map = doc_new_map();
    doc_put(map, "trl_error", doc_new_int(p.error));
    if (p.has_cursor) put_cursor(map, p.cursor_is_null, p.cursor);
    return map;
}

struct doc *listing_read(struct span content_type, struct span body)
{
    if (span_is(content_type, LIST)) return read_list(body);
    return span_is(content_type, PROBLEM) ? read_problem(body) : NULL;
}

/* --- writing --- */

const char *listing_type(const struct fields *f)
{
    if (fields_has(f, "full_set") || fields_has(f, "diff_set")) return LIST;
    return fields_has(f, "trl_error") ? PROBLEM : NULL;
}

static struct doc *octets(const struct doc *d);

static struct doc *octets_of_each(const struct doc *d)
{
    struct doc *array = doc_new_array();

    for (size_t i = 0; i < doc_count(d); i++) doc_add(array, octets(doc_at(d, i)));
    return array;
}

/* Texts in base64url are octets. */
static struct doc *octets(const struct doc *d)
{
    struct span text;
    struct buf bytes = { 0 };

    if (doc_kind(d) == DOC_ARRAY) return octets_of_each(d);
    bool hash = doc_text(d, &text) && b64url_decode(text, &bytes) == OK;
    struct doc *out = hash ? doc_new_bytes(buf_span(&bytes)) : doc_copy(d);
    buf_clear(&bytes);
    return out;
}

/* A word of the flow language in one of these places is what it names. */
static struct doc *scalar(const struct doc *d)
{
    struct span word;

    if (!doc_text(d, &word)) return doc_copy(d);
    if (span_is(word, "null")) return doc_new_null();
    bool yes = span_is(word, "true");
    return yes || span_is(word, "false") ? doc_new_bool(yes) : doc_copy(d);
}

static struct doc *numbered(const struct doc *members, const struct member *m, size_t n)
{
    struct doc *map = doc_new_map();

    for (size_t i = 0; i < n; i++) {
        const struct doc *d = doc_get(members, m[i].name);
        if (d) doc_put_label(map, m[i].label, doc_kind(d) == DOC_ARRAY ? octets(d) : scalar(d));
    }
    return map;
}

enum err listing_write(const struct doc *members, struct buf *out)
{
    struct doc *map;

    if (doc_get(members, "trl_error")) {
        map = doc_new_map();
        doc_put_label(map, PROBLEM_TRL, numbered(members, problem_members, 2));
    } else {
        map = numbered(members, list_members, 4);
    }
    enum err e = map ? doc_write_cbor(map, out) : ERR_NO_MEMORY;
    doc_free(map);
    return e;
}

/* --- naming --- */

enum err listing_name(struct span token, bool text, struct buf *out)
{
    uint8_t hash[TRL_HASH_SIZE];
    bool word = utf8_mqtt(token);

    TRY(trl_hash(token, word && text ? TRL_OF_TEXT : TRL_OF_OCTETS, hash));
    b64url_encode(out, span(hash, sizeof hash));
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}
