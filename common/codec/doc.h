#ifndef CODEC_DOC_H
#define CODEC_DOC_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/fault.h"

/*
 * One document tree, two notations: JSON (RFC 8259, I-JSON: via cJSON) and CBOR (RFC 8949: via libcbor).
 *
 * Reading is strict, and refuses before the library allocates: size, depth and node limits; duplicate keys; trailing
 * bytes; bad UTF-8, U+0000 and lone surrogates; JSON integers beyond 2^53 and numbers out of range; raw controls; CBOR
 * lengths beyond the input, map keys other than integers and text of definite length, integers beyond int64_t, simple
 * values other than false, true and null. CBOR arrays, maps and strings of indefinite length are read, and heads need
 * not be the shortest. `why` tells where.
 *
 * Readers take NULL nodes and answer "absent", so a chain of look-ups is checked once.
 * Builders return NULL without memory; a NULL child latches failure in its parent and doc_write_*() reports it.
 */
struct doc;

enum doc_kind {
    DOC_NONE,
    DOC_NULL,
    DOC_BOOL,
    DOC_INT,
    DOC_FLOAT,
    DOC_TEXT,
    DOC_BYTES,
    DOC_ARRAY,
    DOC_MAP,
    DOC_TAG
};

/* Limits of doc_limits_wire: what a peer may send. Configuration and reports use doc_limits_file. */
struct doc_limits {
    size_t bytes;
    unsigned depth; /* nested arrays, maps and tags */
    unsigned items; /* members or elements of one container */
    unsigned nodes; /* in all */
};
extern const struct doc_limits doc_limits_wire; /* 64 KiB, 16, 64, 4096 */
extern const struct doc_limits doc_limits_file; /* 4 MiB, 32, 65536, 262144 */

/* Errors: ERR_MALFORMED, ERR_TOO_LARGE (a limit), ERR_NO_MEMORY. `why` may be NULL. Caller frees *out. */
MUST_USE enum err doc_read_json(struct span in, const struct doc_limits *limits, struct doc **out,
                                struct fault *why);
MUST_USE enum err doc_read_cbor(struct span in, const struct doc_limits *limits, struct doc **out,
                                struct fault *why);
/* As doc_read_json, after blanking comments (to the end of line after two slashes, or between slash-star and
 * star-slash) outside strings, so that offsets stay true. */
MUST_USE enum err doc_read_json_commented(struct span in, const struct doc_limits *limits, struct doc **out,
                                          struct fault *why);
void doc_free(struct doc *root);

/* --- reading --- */
enum doc_kind doc_kind(const struct doc *d);           /* DOC_NONE for NULL */
size_t doc_offset(const struct doc *d);                /* byte offset of the value in the input */
bool doc_bool(const struct doc *d, bool *out);         /* false: another kind; *out untouched */
bool doc_int(const struct doc *d, int64_t *out);       /* JSON: integers within +-2^53 only */
bool doc_text(const struct doc *d, struct span *out);  /* UTF-8, no U+0000; borrows from the tree */
bool doc_bytes(const struct doc *d, struct span *out); /* CBOR byte string */
bool doc_float(const struct doc *d, double *out);      /* DOC_FLOAT or DOC_INT */
size_t doc_count(const struct doc *d);                 /* elements or members; 0 for scalars */
/* The i-th element, value or (tag) content; NULL past the end. */
const struct doc *doc_at(const struct doc *d, size_t i);
const struct doc *doc_get(const struct doc *map, const char *name); /* member with this text key */
const struct doc *doc_get_span(const struct doc *map, struct span name);
const struct doc *doc_get_label(const struct doc *map, int64_t label); /* member with this integer key */
bool doc_key_text(const struct doc *map, size_t i, struct span *out);  /* key of the i-th member */
bool doc_key_label(const struct doc *map, size_t i, int64_t *out);
uint64_t doc_tag(const struct doc *d); /* number of a DOC_TAG; doc_at(d, 0) is its content */

/* --- building: every doc_put takes ownership of `child`, also when it fails --- */
struct doc *doc_new_null(void);
struct doc *doc_new_bool(bool v);
struct doc *doc_new_int(int64_t v);
struct doc *doc_new_float(double v);
struct doc *doc_new_text(struct span utf8);
struct doc *doc_new_str(const char *utf8);
struct doc *doc_new_bytes(struct span bytes);
struct doc *doc_new_base64url(struct span bytes); /* text: bytes as JSON has them, without padding */
struct doc *doc_new_array(void);
struct doc *doc_new_map(void);
struct doc *doc_new_tag(uint64_t tag, struct doc *child);
struct doc *doc_copy(const struct doc *d);
void doc_add(struct doc *array, struct doc *child);
void doc_put(struct doc *map, const char *name, struct doc *child); /* replaces a member of the same key */
void doc_put_span(struct doc *map, struct span name, struct doc *child);
void doc_put_label(struct doc *map, int64_t label, struct doc *child);
struct doc *doc_edit_at(struct doc *d, size_t i); /* doc_at() and doc_get_span() in a tree being built */
struct doc *doc_edit(struct doc *map, struct span name);

/*
 * --- writing: append to `out`; on error nothing is appended. What is written can be read again. Errors: ERR_MALFORMED
 * (text that is not UTF-8 or holds U+0000; in JSON also bytes, labels, tags, integers beyond 2^53, infinities and NaN),
 * ERR_NO_MEMORY ---
 */
MUST_USE enum err doc_write_json(const struct doc *d, struct buf *out);        /* compact, members in order */
MUST_USE enum err doc_write_json_pretty(const struct doc *d, struct buf *out); /* two spaces a level */
/* Definite and shortest lengths; members in order. */
MUST_USE enum err doc_write_cbor(const struct doc *d, struct buf *out);

#endif
