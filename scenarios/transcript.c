#include "scenarios/transcript.h"

#include "common/codec/doc.h"
#include "common/codec/text.h"
#include "scenarios/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* --- blotting out --- */

/* Which octets of a text are part of what secret: NULL where of none. Caller frees. NULL: no memory. */
static const char **locate(const struct leaks *secrets, struct span text)
{
    const char **at = calloc(text.n + 1, sizeof *at);
    size_t start = 0, n = 0;

    if (!at || leaks_locate(secrets, text, at) != OK) {
        free(at);
        return NULL;
    }
    for (size_t from = 0; leaks_shape(text, from, &start, &n); from = start + n) {
        for (size_t i = start; i < start + n; i++) at[i] = "token";
    }
    return at;
}

/* "0x00ed[token, 474 characters]" */
static void put_blotted(struct buf *json, const char *name, const char *prefix, struct span text,
                        const struct leaks *secrets)
{
    const char **at = locate(secrets, text);
    struct buf out = { .failed = !at };
    size_t run = 0;

    buf_str(&out, prefix);
    for (size_t i = 0; at && i < text.n && i < MAX_TRANSCRIPT_TEXT; i += run) {
        for (run = 1; i + run < text.n && at[i + run] == at[i]; run++) continue;
        if (at[i]) {
            buf_format(&out, "[%s, %zu characters]", at[i], run);
        } else {
            run = i + run < MAX_TRANSCRIPT_TEXT ? run : MAX_TRANSCRIPT_TEXT - i;
            buf_add(&out, span(text.p + i, run));
        }
    }
    if (text.n > MAX_TRANSCRIPT_TEXT) buf_str(&out, "...");
    json_text(json, name, buf_span(&out));
    json->failed |= buf_failed(&out);
    buf_clear(&out);
    free(at);
}

/* --- fields --- */

static void put_value(struct buf *json, const char *name, const struct doc *d, const struct leaks *secrets);

/* {"hex":"..."} stands for octets. */
static bool put_octets(struct buf *json, const char *name, const struct doc *d, const struct leaks *secrets)
{
    struct span text = { 0 };

    if (doc_count(d) != 1 || !doc_text(doc_get(d, "hex"), &text)) return false;
    put_blotted(json, name, "0x", text, secrets);
    return true;
}

/* The body as such is among the octets. */
static void put_members(struct buf *json, const char *name, const struct doc *d, const struct leaks *secrets)
{
    char key[64];

    json_open(json, name, '{');
    for (size_t i = 0; i < doc_count(d); i++) {
        struct span k = { 0 };
        if (!doc_key_text(d, i, &k) || span_is(k, "body")) continue;
        snprintf(key, sizeof key, "%.*s", (int)k.n, (const char *)k.p);
        put_value(json, key, doc_at(d, i), secrets);
    }
    json_close(json, '}');
}

static void put_value(struct buf *json, const char *name, const struct doc *d, const struct leaks *secrets)
{
    struct span text = { 0 };
    int64_t number = 0;
    double real = 0;
    bool truth = false;

    if (doc_text(d, &text)) {
        put_blotted(json, name, "", text, secrets);
    } else if (doc_int(d, &number)) {
        json_number(json, name, number);
    } else if (doc_kind(d) == DOC_MAP) {
        if (!put_octets(json, name, d, secrets)) put_members(json, name, d, secrets);
    } else if (doc_kind(d) == DOC_ARRAY) {
        json_open(json, name, '[');
        for (size_t i = 0; i < doc_count(d); i++) put_value(json, NULL, doc_at(d, i), secrets);
        json_close(json, ']');
    } else if (doc_float(d, &real)) {
        char digits[32];
        snprintf(digits, sizeof digits, "%.17g", real);
        json_word(json, name, digits);
    } else {
        json_word(json, name, doc_bool(d, &truth) ? truth ? "true" : "false" : "null");
    }
}

/* --- messages --- */

/* In hex, "**" for what is part of a secret. */
static void put_hex(struct buf *json, struct span hex, const struct leaks *secrets)
{
    struct buf octets = { 0 }, out = { 0 };
    const char **at = hex_decode(hex, &octets) == OK ? locate(secrets, buf_span(&octets)) : NULL;

    for (size_t i = 0; at && i < octets.n && i < MAX_TRANSCRIPT_OCTETS; i++) {
        if (at[i])
            buf_str(&out, "**");
        else
            hex_encode(&out, span(octets.p + i, 1));
    }
    if (out.n) json_text(json, "octets", buf_span(&out));
    if (octets.n > MAX_TRANSCRIPT_OCTETS)
        json_number(json, "more", (int64_t)(octets.n - MAX_TRANSCRIPT_OCTETS));
    json->failed |= !at || buf_failed(&out);
    buf_clear(&octets);
    buf_clear(&out);
    free(at);
}

static bool same_text(const struct doc *a, const struct doc *b, const char *name)
{
    struct span x = { 0 }, y = { 0 };

    return doc_text(doc_get(a, name), &x) && doc_text(doc_get(b, name), &y) && span_eq(x, y);
}

/* What came as it left: one message. */
static bool is_same(const struct doc *a, const struct doc *b)
{
    int64_t x = 0, y = 0;

    return doc_int(doc_get(a, "step"), &x) && doc_int(doc_get(b, "step"), &y) && x == y &&
           same_text(a, b, "octets");
}

static void put_message(struct buf *json, const struct doc *m, bool both, const struct leaks *secrets)
{
    static const char *const texts[] = { "from", "to", "kind" };
    struct span text = { 0 };
    int64_t step = 0;

    json_open(json, NULL, '{');
    if (doc_int(doc_get(m, "step"), &step)) json_number(json, "step", step);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (doc_text(doc_get(m, texts[i]), &text)) json_text(json, texts[i], text);
    }
    if (doc_text(doc_get(m, "witness"), &text)) json_text(json, "by", both ? span_str("both") : text);
    if (doc_get(m, "fields")) put_value(json, "fields", doc_get(m, "fields"), secrets);
    if (doc_text(doc_get(m, "octets"), &text)) put_hex(json, text, secrets);
    json_close(json, '}');
}

/* The next line of a trace. NULL: there is none, or no whole one. */
static struct doc *next_line(struct span *rest)
{
    const uint8_t *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    size_t n = end ? (size_t)(end + 1 - rest->p) : rest->n;
    struct span line = span(rest->p, n);
    struct doc *d = NULL;

    *rest = span_skip(*rest, n);
    return end && doc_read_json(line, &doc_limits_file, &d, NULL) == OK ? d : NULL;
}

static void put_run(struct buf *json, struct span trace, const struct leaks *secrets)
{
    struct doc *now = next_line(&trace), *next = NULL;

    json_open(json, NULL, '[');
    while (now) {
        next = next_line(&trace);
        bool both = is_same(now, next);
        /* Of two accounts of one message the later, its receiver's, has all that was read in it. */
        put_message(json, both ? next : now, both, secrets);
        doc_free(now);
        if (both) doc_free(next);
        now = both ? next_line(&trace) : next;
    }
    json_close(json, ']');
}

/* --- packs --- */

static enum err pack(struct transcripts *t)
{
    uLongf n = compressBound(t->open.n);
    uint8_t *packed = t->open.failed ? NULL : malloc(n);

    if (!packed || compress2(packed, &n, t->open.p, t->open.n, Z_BEST_COMPRESSION) != Z_OK) {
        free(packed);
        return ERR_NO_MEMORY;
    }
    buf_str(&t->json, t->json.n ? ",\n\"" : "\"");
    b64_encode(&t->json, span(packed, n));
    buf_u8(&t->json, '"');
    buf_truncate(&t->open, 0);
    free(packed);
    return buf_failed(&t->json) ? ERR_NO_MEMORY : OK;
}

enum err transcripts_add(struct transcripts *t, struct span trace, const struct leaks *secrets)
{
    struct buf run = { 0 }, unused = { 0 };
    enum err e = OK;

    put_run(&run, trace, secrets);
    if (leaks_find(secrets, "", buf_span(&run), &unused) > 0) {
        buf_truncate(&run, 0);
        buf_str(&run, "\"secret\"");
        t->secret++;
    }
    buf_str(&t->open, t->open.n ? ",\n" : "[");
    buf_add(&t->open, buf_span(&run));
    t->open.failed |= buf_failed(&run) || buf_failed(&unused);
    if (++t->runs % TRANSCRIPT_PACK == 0) e = transcripts_end(t);
    buf_clear(&run);
    buf_clear(&unused);
    return e;
}

enum err transcripts_end(struct transcripts *t)
{
    if (!t->open.n) return OK;
    buf_u8(&t->open, ']');
    return pack(t);
}

void transcripts_clear(struct transcripts *t)
{
    buf_clear(&t->open);
    buf_clear(&t->json);
    *t = (struct transcripts){ 0 };
}
