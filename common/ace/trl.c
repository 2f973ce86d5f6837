#include "common/ace/trl.h"
#include "common/codec/doc.h"
#include "common/codec/text.h"

enum { FULL_SET, DIFF_SET, CURSOR, MORE };                                    /* RFC 9770 11 */
enum { PROBLEM_TITLE = -1, PROBLEM_TRL = 1, ERROR_ID = 0, ERROR_CURSOR = 1 }; /* RFC 9290 2, RFC 9770 5.1 */
enum { HASH_SHA256 = 1 };                                                     /* RFC 6920 9.4 */

static const struct doc_limits limits = {
    .bytes = TRL_MAX_BYTES, .depth = 5, .items = TRL_MAX_HASHES, .nodes = TRL_MAX_HASHES + 512
};

/* --- naming --- */

enum err trl_hash(struct span token, enum trl_input how, uint8_t out[TRL_HASH_SIZE])
{
    struct buf text = { 0 };

    out[0] = HASH_SHA256;
    if (how == TRL_OF_TEXT) {
        sha256(token, out + 1);
        return OK;
    }
    b64url_encode(&text, token);
    enum err e = buf_failed(&text) ? ERR_NO_MEMORY : OK;
    if (e == OK) sha256(buf_span(&text), out + 1);
    buf_clear(&text);
    return e;
}

/* --- reading --- */

static enum err bad(struct fault *why, const struct doc *at, const char *what)
{
    fault_set(why, doc_offset(at), what);
    return ERR_MALFORMED;
}

static enum err read_hashes(const struct doc *d, struct buf *out, struct fault *why)
{
    if (doc_kind(d) != DOC_ARRAY) return bad(why, d, "a set of hashes must be an array");
    for (size_t i = 0; i < doc_count(d); i++) {
        struct span hash;
        if (!doc_bytes(doc_at(d, i), &hash) || hash.n != TRL_HASH_SIZE || hash.p[0] != HASH_SHA256)
            return bad(why, doc_at(d, i), "not a token hash with SHA-256");
        buf_add(out, hash);
    }
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

static enum err read_entry(const struct doc *d, struct trl_entry *out, struct fault *why)
{
    if (doc_kind(d) != DOC_ARRAY || doc_count(d) != 2) return bad(why, d, "diff_set: [removed, added]");
    TRY(read_hashes(doc_at(d, 0), &out->removed, why));
    return read_hashes(doc_at(d, 1), &out->added, why);
}

static enum err read_diff(const struct doc *d, struct trl *out, struct fault *why)
{
    if (doc_kind(d) != DOC_ARRAY) return bad(why, d, "diff_set must be an array");
    if (doc_count(d) > TRL_MAX_ENTRIES) return ERR_TOO_LARGE;
    out->kind = TRL_DIFF;
    for (size_t i = 0; i < doc_count(d); i++) {
        out->count++;
        TRY(read_entry(doc_at(d, i), &out->entry[i], why));
    }
    return OK;
}

/* null, or an unsigned integer. */
static enum err read_cursor(const struct doc *d, bool *is_null, int64_t *out, struct fault *why)
{
    *is_null = doc_kind(d) == DOC_NULL;
    return *is_null || (doc_int(d, out) && *out >= 0) ? OK : bad(why, d, "cursor: null or unsigned");
}

static enum err read_map(const struct doc *d, struct trl *out, struct fault *why)
{
    const struct doc *full = doc_get_label(d, FULL_SET), *diff = doc_get_label(d, DIFF_SET),
                     *cursor = doc_get_label(d, CURSOR), *more = doc_get_label(d, MORE);

    if (!full == !diff) return bad(why, d, "either full_set or diff_set");
    if (full) TRY(read_hashes(full, &out->full, why));
    if (diff) TRY(read_diff(diff, out, why));
    out->has_cursor = cursor != NULL;
    if (cursor) TRY(read_cursor(cursor, &out->cursor_is_null, &out->cursor, why));
    if (diff && cursor && !more) return bad(why, d, "a cursor without more");
    if (more && !doc_bool(more, &out->more)) return bad(why, more, "more: true or false");
    return OK;
}

enum err trl_read(struct span in, struct trl *out, struct fault *why)
{
    struct doc *d = NULL;

    *out = (struct trl){ 0 };
    TRY(doc_read_cbor(in, &limits, &d, why));
    enum err e = read_map(d, out, why);
    doc_free(d);
    if (e != OK) trl_clear(out);
    return e;
}

/* --- writing --- */

static struct doc *hashes(const struct buf *of)
{
    struct doc *array = doc_new_array();

    for (size_t at = 0; at + TRL_HASH_SIZE <= of->n; at += TRL_HASH_SIZE)
        doc_add(array, doc_new_bytes(span(of->p + at, TRL_HASH_SIZE)));
    return array;
}

static struct doc *entries(const struct trl *t)
{
    struct doc *array = doc_new_array();

    for (size_t i = 0; i < t->count; i++) {
        struct doc *pair = doc_new_array();
        doc_add(pair, hashes(&t->entry[i].removed));
        doc_add(pair, hashes(&t->entry[i].added));
        doc_add(array, pair);
    }
    return array;
}

static struct doc *cursor(bool is_null, int64_t value)
{
    return is_null ? doc_new_null() : doc_new_int(value);
}

/* Takes `d`. */
static enum err write_doc(struct doc *d, struct buf *out)
{
    enum err e = d ? doc_write_cbor(d, out) : ERR_NO_MEMORY;

    doc_free(d);
    return e;
}

enum err trl_write(const struct trl *t, struct buf *out)
{
    struct doc *d = doc_new_map();

    if (t->kind == TRL_FULL) {
        doc_put_label(d, FULL_SET, hashes(&t->full));
    } else {
        doc_put_label(d, DIFF_SET, entries(t));
    }
    if (t->has_cursor) doc_put_label(d, CURSOR, cursor(t->cursor_is_null, t->cursor));
    if (t->has_cursor && t->kind == TRL_DIFF) doc_put_label(d, MORE, doc_new_bool(t->more));
    return write_doc(d, out);
}

void trl_clear(struct trl *t)
{
    buf_clear(&t->full);
    for (size_t i = 0; i < t->count; i++) {
        buf_clear(&t->entry[i].removed);
        buf_clear(&t->entry[i].added);
    }
    *t = (struct trl){ 0 };
}

/* --- problems --- */

static const char *const problem_words[] = {
    [TRL_INVALID_VALUE] = "Invalid parameter value",
    [TRL_INVALID_SET] = "Invalid set of parameters",
    [TRL_OUT_OF_BOUND] = "Out of bound cursor value",
};

enum err trl_problem_write(const struct trl_problem *p, struct buf *out)
{
    struct doc *d = doc_new_map(), *detail = doc_new_map();

    doc_put_label(detail, ERROR_ID, doc_new_int(p->error));
    if (p->has_cursor) doc_put_label(detail, ERROR_CURSOR, cursor(p->cursor_is_null, p->cursor));
    doc_put_label(d, PROBLEM_TITLE, doc_new_str(problem_words[p->error]));
    doc_put_label(d, PROBLEM_TRL, detail);
    return write_doc(d, out);
}

static enum err read_problem(const struct doc *d, struct trl_problem *out, struct fault *why)
{
    const struct doc *detail = doc_get_label(d, PROBLEM_TRL), *at = doc_get_label(detail, ERROR_CURSOR);
    int64_t id = -1;

    if (!doc_int(doc_get_label(detail, ERROR_ID), &id) || id < 0 || id > TRL_OUT_OF_BOUND)
        return bad(why, d, "no ace-trl-error with an error-id we know");
    *out = (struct trl_problem){ .error = (enum trl_error)id, .has_cursor = at != NULL };
    return at ? read_cursor(at, &out->cursor_is_null, &out->cursor, why) : OK;
}

enum err trl_problem_read(struct span in, struct trl_problem *out, struct fault *why)
{
    struct doc *d = NULL;

    TRY(doc_read_cbor(in, &doc_limits_wire, &d, why));
    enum err e = read_problem(d, out, why);
    doc_free(d);
    return e;
}
