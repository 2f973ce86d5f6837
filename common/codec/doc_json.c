#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/utf8.h"
#include "common/codec/doc_scan.h"
#include "common/codec/doc_tree.h"
#include "common/codec/text.h"

/* --- from cJSON's tree to ours --- */

struct taker {
    struct scan *scan;
    size_t next;  /* the value to come, counted in document order */
    enum err err; /* the first thing that went wrong */
};

static struct doc *take(struct taker *t, const cJSON *from);

static struct doc *take_text(const cJSON *from)
{
    struct doc *d = doc_new_str(from->valuestring);

    explicit_bzero(from->valuestring, strlen(from->valuestring));
    return d;
}

static struct doc *take_number(struct taker *t, const cJSON *from, size_t at)
{
    int64_t exact = 0;

    if (scan_json_number(span_skip(t->scan->in, at), &exact) == DOC_INT) return doc_new_int(exact);
    if (isfinite(from->valuedouble)) return doc_new_float(from->valuedouble);
    if (t->err == OK) t->err = scan_refuse(t->scan, ERR_MALFORMED, at, "number out of range");
    return NULL;
}

static struct doc *take_array(struct taker *t, const cJSON *from)
{
    struct doc *d = doc_new_array();

    for (const cJSON *c = from->child; c; c = c->next) doc_add(d, take(t, c));
    return d;
}

static struct doc *take_object(struct taker *t, const cJSON *from)
{
    struct doc *d = doc_new_map();

    for (const cJSON *c = from->child; c; c = c->next) {
        doc_append(d, &(struct doc_key){ .is_text = true, .text = span_str(c->string) }, take(t, c));
    }
    return d;
}

static struct doc *take_as(struct taker *t, const cJSON *from, size_t at)
{
    switch (from->type & 0xFF) {
    case cJSON_False:
        return doc_new_bool(false);
    case cJSON_True:
        return doc_new_bool(true);
    case cJSON_Number:
        return take_number(t, from, at);
    case cJSON_String:
        return take_text(from);
    case cJSON_Array:
        return take_array(t, from);
    case cJSON_Object:
        return take_object(t, from);
    default:
        return doc_new_null();
    }
}

static struct doc *take(struct taker *t, const cJSON *from)
{
    size_t at = scan_place_of(t->scan, t->next++);
    struct doc *d = take_as(t, from, at);

    if (d) d->offset = at;
    if ((!d || d->failed) && t->err == OK) t->err = scan_refuse(t->scan, ERR_NO_MEMORY, at, "out of memory");
    return d;
}

/* The pass has accepted the bytes, so that the library can only fail for want of memory. */
static enum err convert(struct scan *s, struct doc **out)
{
    struct taker t = { .scan = s };
    cJSON *json = cJSON_ParseWithLengthOpts((const char *)s->in.p, s->in.n, NULL, 0);

    if (!json) return scan_refuse(s, ERR_NO_MEMORY, 0, "out of memory");
    struct doc *d = take(&t, json);
    cJSON_Delete(json);
    if (t.err == OK) {
        *out = d;
    } else {
        doc_free(d);
    }
    return t.err;
}

enum err doc_read_json(struct span in, const struct doc_limits *limits, struct doc **out, struct fault *why)
{
    struct scan s;

    *out = NULL;
    enum err e = scan_begin(&s, in, limits, why);
    if (e == OK) e = scan_json(&s);
    if (e == OK) e = convert(&s, out);
    scan_clear(&s);
    return e;
}

/* --- comments --- */

/* Bytes of the string, comment or other single byte `s` begins with; 0: it does not end. */
static size_t piece(struct span s)
{
    size_t i = 1;

    if (s.p[0] == '"') {
        while (i < s.n && s.p[i] != '"') i += s.p[i] == '\\' ? 2 : 1;
        return i < s.n ? i + 1 : s.n; /* that it does not end is for the strict pass to say */
    }
    if (span_starts(s, span_str("//"))) {
        const uint8_t *end = memchr(s.p, '\n', s.n);
        return end ? (size_t)(end - s.p) : s.n;
    }
    if (!span_starts(s, span_str("/*"))) return 1;
    const uint8_t *end = memmem(s.p + 2, s.n - 2, "*/", 2);
    return end ? (size_t)(end - s.p) + 2 : 0;
}

static void blank(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '\n') p[i] = ' ';
    }
}

static enum err blank_comments(struct buf *json, struct fault *why)
{
    for (size_t at = 0, n; at < json->n; at += n) {
        uint8_t *p = json->p + at;
        n = piece(span(p, json->n - at));
        if (n == 0) {
            fault_set(why, at, "the comment does not end");
            return ERR_MALFORMED;
        }
        if (n > 1 && *p == '/') blank(p, n);
    }
    return OK;
}

enum err doc_read_json_commented(struct span in, const struct doc_limits *limits, struct doc **out,
                                 struct fault *why)
{
    struct buf plain = { 0 };
    enum err e = OK;

    *out = NULL;
    if (in.n > limits->bytes) return doc_read_json(in, limits, out, why);
    buf_add(&plain, in);
    if (buf_failed(&plain)) {
        fault_set(why, 0, "out of memory");
        e = ERR_NO_MEMORY;
    }
    if (e == OK) e = blank_comments(&plain, why);
    if (e == OK) e = doc_read_json(buf_span(&plain), limits, out, why);
    buf_clear(&plain);
    return e;
}

/* --- writing --- */

struct writer {
    struct buf *out;
    bool pretty;
    unsigned depth;
    enum err err;
};

static void write_value(struct writer *w, const struct doc *d);

static void fail(struct writer *w, enum err e)
{
    if (w->err == OK) w->err = e;
}

static void write_text(struct writer *w, struct span utf8)
{
    if (!utf8_mqtt(utf8)) fail(w, ERR_MALFORMED);
    utf8_quote(w->out, utf8);
}

static void write_int(struct writer *w, int64_t v)
{
    if (v > SCAN_MAX_EXACT || v < -SCAN_MAX_EXACT) fail(w, ERR_MALFORMED);
    buf_format(w->out, "%" PRId64, v);
}

/* As few digits, of 15 to 17, as read back as the same number; always so that it reads back as DOC_FLOAT. */
static void write_float(struct writer *w, double v)
{
    char shown[40] = "";

    if (!isfinite(v)) {
        fail(w, ERR_MALFORMED);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(shown, sizeof shown, "%.*g", precision, v);
        if (strtod(shown, NULL) == v) break;
    }
    buf_str(w->out, shown);
    if (!strpbrk(shown, ".e")) buf_str(w->out, ".0");
}

static void new_line(struct writer *w)
{
    if (w->pretty) buf_format(w->out, "\n%*s", (int)w->depth * 2, "");
}

static void write_member(struct writer *w, const struct doc *d, size_t i)
{
    const struct doc_key *key = &d->members[i].key;

    if (i) buf_u8(w->out, ',');
    new_line(w);
    if (d->kind == DOC_MAP) {
        if (!key->is_text) fail(w, ERR_MALFORMED);
        write_text(w, key->text);
        buf_str(w->out, w->pretty ? ": " : ":");
    }
    write_value(w, d->members[i].value);
}

static void write_container(struct writer *w, const struct doc *d)
{
    buf_u8(w->out, d->kind == DOC_MAP ? '{' : '[');
    w->depth++;
    for (size_t i = 0; i < d->count; i++) write_member(w, d, i);
    w->depth--;
    if (d->count) new_line(w);
    buf_u8(w->out, d->kind == DOC_MAP ? '}' : ']');
}

static void write_value(struct writer *w, const struct doc *d)
{
    if (!d || d->failed) {
        fail(w, ERR_NO_MEMORY);
        return;
    }
    switch (d->kind) {
    case DOC_NULL:
        buf_str(w->out, "null");
        return;
    case DOC_BOOL:
        buf_str(w->out, d->truth ? "true" : "false");
        return;
    case DOC_INT:
        write_int(w, d->number);
        return;
    case DOC_FLOAT:
        write_float(w, d->real);
        return;
    case DOC_TEXT:
        write_text(w, secret_span(&d->bytes));
        return;
    case DOC_ARRAY:
    case DOC_MAP:
        write_container(w, d);
        return;
    case DOC_BYTES:
    case DOC_TAG:
        fail(w, ERR_MALFORMED);
        return;
    case DOC_NONE: /* no node is of this kind */
        return;
    }
}

static enum err write_all(struct writer *w, const struct doc *d)
{
    size_t start = w->out->n;

    write_value(w, d);
    if (w->err == OK && buf_failed(w->out)) w->err = ERR_NO_MEMORY;
    if (w->err != OK) buf_truncate(w->out, start);
    return w->err;
}

enum err doc_write_json(const struct doc *d, struct buf *out)
{
    return write_all(&(struct writer){ .out = out }, d);
}

enum err doc_write_json_pretty(const struct doc *d, struct buf *out)
{
    return write_all(&(struct writer){ .out = out, .pretty = true }, d);
}
