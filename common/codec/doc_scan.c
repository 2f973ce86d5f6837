#include "common/codec/doc_scan.h"

#include <stdlib.h>

#include "common/base/utf8.h"

const struct doc_limits doc_limits_wire = { .bytes = 64 << 10, .depth = 16, .items = 64, .nodes = 4096 };
const struct doc_limits doc_limits_file = { .bytes = 4 << 20, .depth = 32, .items = 65536, .nodes = 262144 };

enum err scan_begin(struct scan *s, struct span in, const struct doc_limits *limits, struct fault *why)
{
    *s = (struct scan){ .in = in, .limits = limits, .why = why };
    if (in.n > limits->bytes)
        return scan_refuse(s, ERR_TOO_LARGE, limits->bytes, "the document is too large");
    return OK;
}

void scan_clear(struct scan *s)
{
    buf_clear(&s->places);
    buf_clear(&s->keys);
}

enum err scan_refuse(struct scan *s, enum err e, size_t at, const char *words)
{
    fault_set(s->why, at, "%s", words);
    return e;
}

enum err scan_cut(struct scan *s)
{
    return scan_refuse(s, ERR_MALFORMED, s->in.n, "the document ends too early");
}

static enum err push(struct scan *s, struct buf *to, struct span bytes)
{
    buf_add(to, bytes);
    return buf_failed(to) ? scan_refuse(s, ERR_NO_MEMORY, s->at, "out of memory") : OK;
}

enum err scan_place(struct scan *s, size_t at)
{
    if (s->places.n / sizeof at >= s->limits->nodes) {
        return scan_refuse(s, ERR_TOO_LARGE, at, "too many values in the document");
    }
    return push(s, &s->places, span(&at, sizeof at));
}

enum err scan_enter(struct scan *s, size_t at)
{
    if (s->depth >= s->limits->depth) return scan_refuse(s, ERR_TOO_LARGE, at, "nested too deeply");
    s->depth++;
    return OK;
}

void scan_leave(struct scan *s)
{
    s->depth--;
}

enum err scan_item(struct scan *s, uint64_t nth)
{
    if (nth <= s->limits->items) return OK;
    return scan_refuse(s, ERR_TOO_LARGE, s->at, "too many elements in one array or object");
}

enum err scan_utf8(struct scan *s, struct span text)
{
    uint32_t rune;

    while (text.n) {
        size_t n = utf8_next(text, &rune), at = (size_t)(text.p - s->in.p);
        if (n == 0) return scan_refuse(s, ERR_MALFORMED, at, "text is not valid UTF-8");
        if (rune == 0) return scan_refuse(s, ERR_MALFORMED, at, "U+0000 in a text");
        text = span_skip(text, n);
    }
    return OK;
}

enum err scan_key(struct scan *s, const struct scan_key *key)
{
    return push(s, &s->keys, span(key, sizeof *key));
}

enum err scan_unique(struct scan *s, size_t mark, scan_compare *compare)
{
    if (s->keys.n == mark) return OK;
    struct scan_key *keys = (struct scan_key *)(void *)(s->keys.p + mark);
    size_t n = (s->keys.n - mark) / sizeof *keys, twice = SIZE_MAX;
    qsort(keys, n, sizeof *keys, compare);
    for (size_t i = 1; i < n; i++) {
        if (compare(&keys[i - 1], &keys[i]) != 0) continue;
        size_t later = keys[i - 1].at > keys[i].at ? keys[i - 1].at : keys[i].at;
        if (later < twice) twice = later;
    }
    buf_truncate(&s->keys, mark);
    return twice == SIZE_MAX ? OK : scan_refuse(s, ERR_MALFORMED, twice, "the same key twice");
}

size_t scan_place_of(const struct scan *s, size_t i)
{
    size_t at = 0;

    if (i < s->places.n / sizeof at) memcpy(&at, s->places.p + i * sizeof at, sizeof at);
    return at;
}
