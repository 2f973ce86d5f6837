#ifndef CODEC_DOC_SCAN_H
#define CODEC_DOC_SCAN_H

#include "common/codec/doc.h"

/*
 * What the strict passes over JSON and CBOR bytes share. A pass runs before the library sees the input: it checks every
 * rule and limit of doc.h, takes memory only for what it has already met, and notes where each value begins.
 */
struct scan {
    struct span in;
    size_t at; /* the next byte */
    const struct doc_limits *limits;
    struct fault *why; /* may be NULL */
    unsigned depth;
    unsigned chunks;   /* of CBOR strings of indefinite length, in all */
    struct buf places; /* of size_t: where each value begins, in document order */
    struct buf keys;   /* of struct scan_key: the keys of the maps now open, innermost last */
};

struct scan_key {
    size_t at;
    bool is_text;
    int64_t label;    /* when it is not text */
    struct span text; /* as in the input: JSON escapes are still there */
};

/* Orders two struct scan_key, for qsort; 0: the same key. */
typedef int scan_compare(const void *a, const void *b);

/* Begins a pass; ERR_TOO_LARGE when the input is. */
MUST_USE enum err scan_begin(struct scan *s, struct span in, const struct doc_limits *limits,
                             struct fault *why);
void scan_clear(struct scan *s);

/* Notes where and why, and returns `e`. */
MUST_USE enum err scan_refuse(struct scan *s, enum err e, size_t at, const char *words);
MUST_USE enum err scan_cut(struct scan *s);              /* the input ends too early */
MUST_USE enum err scan_place(struct scan *s, size_t at); /* a value begins: counted against `nodes` */
MUST_USE enum err scan_enter(struct scan *s, size_t at); /* an array, map or tag begins */
void scan_leave(struct scan *s);
MUST_USE enum err scan_item(struct scan *s, uint64_t nth);     /* the nth element, from 1, begins at s->at */
MUST_USE enum err scan_utf8(struct scan *s, struct span text); /* `text` is a part of the input */
MUST_USE enum err scan_key(struct scan *s, const struct scan_key *key);
/* Closes a map whose first key was pushed when s->keys.n was `mark`: refuses a key that stands twice. */
MUST_USE enum err scan_unique(struct scan *s, size_t mark, scan_compare *compare);

/* The passes themselves: the whole input is one document and keeps every rule. */
MUST_USE enum err scan_json(struct scan *s);
MUST_USE enum err scan_cbor(struct scan *s);

/* What a JSON number is: DOC_INT and its value, DOC_FLOAT, or DOC_NONE: an integer that other readers would round. */
enum doc_kind scan_json_number(struct span in, int64_t *out);
#define SCAN_MAX_EXACT (INT64_C(1) << 53) /* RFC 7493 2.2 */

/* Where the i-th value begins; 0 past the last. */
size_t scan_place_of(const struct scan *s, size_t i);

#endif
