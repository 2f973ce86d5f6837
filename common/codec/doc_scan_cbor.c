#include "common/codec/doc_scan.h"

/* RFC 8949 3 and 5.3, head by head. Heads longer than they need be are accepted; what they mean is compared. */

enum major { UINT, NINT, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };
enum { FOLLOWS_1 = 24, FOLLOWS_8 = 27, INDEFINITE = 31 };
enum { FALSE = 20, NIL = 22, HALF = 25, BREAK = 0xFF };

struct head {
    size_t at;
    enum major major;
    uint8_t info;      /* the low five bits */
    uint64_t argument; /* zero when indefinite */
};

static enum err value(struct scan *s);

static size_t left(const struct scan *s)
{
    return s->in.n - s->at;
}

static enum err argument(struct scan *s, struct head *h)
{
    size_t n = (size_t)1 << (h->info - FOLLOWS_1);

    if (n > left(s)) return scan_cut(s);
    for (; n; n--) h->argument = h->argument << 8 | s->in.p[s->at++];
    return OK;
}

static enum err read_head(struct scan *s, struct head *h)
{
    if (left(s) == 0) return scan_cut(s);
    uint8_t first = s->in.p[s->at];
    *h = (struct head){ .at = s->at++, .major = first >> 5, .info = first & 31 };
    if (h->info >= FOLLOWS_1 && h->info <= FOLLOWS_8) return argument(s, h);
    if (h->info < FOLLOWS_1) {
        h->argument = h->info;
    } else if (h->info != INDEFINITE) {
        return scan_refuse(s, ERR_MALFORMED, h->at, "reserved additional information");
    }
    return OK;
}

static enum err integer(struct scan *s, const struct head *h)
{
    if (h->info == INDEFINITE) return scan_refuse(s, ERR_MALFORMED, h->at, "an integer of indefinite length");
    if (h->argument > INT64_MAX) return scan_refuse(s, ERR_MALFORMED, h->at, "integer beyond 64 bits signed");
    return OK;
}

static int64_t integer_value(const struct head *h)
{
    return h->major == UINT ? (int64_t)h->argument : -1 - (int64_t)h->argument;
}

static enum err definite(struct scan *s, const struct head *h, struct span *out)
{
    if (h->argument > left(s))
        return scan_refuse(s, ERR_MALFORMED, h->at, "length beyond the end of the input");
    *out = span(s->in.p + s->at, (size_t)h->argument);
    s->at += out->n;
    return h->major == TEXT ? scan_utf8(s, *out) : OK;
}

/* Takes the break if it is next. */
static bool broken(struct scan *s)
{
    if (left(s) == 0 || s->in.p[s->at] != BREAK) return false;
    s->at++;
    return true;
}

/* Chunks are counted, so that no text costs more work than as many values. */
static enum err chunk(struct scan *s, enum major major)
{
    struct head h = { 0 };
    struct span bytes;

    if (s->chunks++ >= s->limits->nodes)
        return scan_refuse(s, ERR_TOO_LARGE, s->at, "too many chunks in strings");
    TRY(read_head(s, &h));
    if (h.major != major || h.info == INDEFINITE) {
        return scan_refuse(s, ERR_MALFORMED, h.at, "a chunk of another kind in an indefinite string");
    }
    return definite(s, &h, &bytes);
}

static enum err string(struct scan *s, const struct head *h)
{
    struct span bytes;

    if (h->info != INDEFINITE) return definite(s, h, &bytes);
    while (!broken(s)) TRY(chunk(s, h->major));
    return OK;
}

/* Is there another element after `done` of them? Takes the break that says no. */
static bool another(struct scan *s, const struct head *h, uint64_t done)
{
    return h->info == INDEFINITE ? !broken(s) : done < h->argument;
}

/* Checks a declared count before anybody makes room for it. */
static enum err enter(struct scan *s, const struct head *h, unsigned least)
{
    if (h->argument > left(s) / least) {
        return scan_refuse(s, ERR_MALFORMED, h->at, "count beyond the end of the input");
    }
    if (h->argument > s->limits->items) return scan_item(s, h->argument);
    return scan_enter(s, h->at);
}

static enum err array(struct scan *s, const struct head *h)
{
    TRY(enter(s, h, 1));
    for (uint64_t n = 0; another(s, h, n); n++) {
        TRY(scan_item(s, n + 1));
        TRY(value(s));
    }
    scan_leave(s);
    return OK;
}

static enum err key(struct scan *s)
{
    struct head h = { 0 };
    struct scan_key k = { .at = s->at };

    TRY(read_head(s, &h));
    k.is_text = h.major == TEXT;
    if (h.major > TEXT || h.major == BYTES || (k.is_text && h.info == INDEFINITE)) {
        return scan_refuse(s, ERR_MALFORMED, h.at, "a map key that is neither an integer nor a plain text");
    }
    if (k.is_text) {
        TRY(definite(s, &h, &k.text));
    } else {
        TRY(integer(s, &h));
        k.label = integer_value(&h);
    }
    return scan_key(s, &k);
}

static int compare_keys(const void *a, const void *b)
{
    const struct scan_key *x = a, *y = b;

    if (x->is_text != y->is_text) return x->is_text - y->is_text;
    if (!x->is_text) return (x->label > y->label) - (x->label < y->label);
    if (x->text.n != y->text.n) return x->text.n < y->text.n ? -1 : 1;
    return x->text.n ? memcmp(x->text.p, y->text.p, x->text.n) : 0;
}

static enum err map(struct scan *s, const struct head *h)
{
    size_t mark = s->keys.n;

    TRY(enter(s, h, 2));
    for (uint64_t n = 0; another(s, h, n); n++) {
        TRY(scan_item(s, n + 1));
        TRY(key(s));
        TRY(value(s));
    }
    scan_leave(s);
    return scan_unique(s, mark, compare_keys);
}

static enum err tag(struct scan *s, const struct head *h)
{
    if (h->info == INDEFINITE) return scan_refuse(s, ERR_MALFORMED, h->at, "a tag of indefinite length");
    TRY(scan_enter(s, h->at));
    TRY(value(s));
    scan_leave(s);
    return OK;
}

static enum err simple(struct scan *s, const struct head *h)
{
    bool is_float = h->info >= HALF && h->info <= FOLLOWS_8;

    if (is_float || (h->info >= FALSE && h->info <= NIL)) return OK;
    if (h->info == INDEFINITE) return scan_refuse(s, ERR_MALFORMED, h->at, "a break where a value belongs");
    return scan_refuse(s, ERR_MALFORMED, h->at, "a simple value other than false, true and null");
}

/* Recursion ends at the depth limit, in scan_enter(). */
static enum err value(struct scan *s)
{
    struct head h = { 0 };

    TRY(read_head(s, &h));
    TRY(scan_place(s, h.at));
    switch (h.major) {
    case UINT:
    case NINT:
        return integer(s, &h);
    case BYTES:
    case TEXT:
        return string(s, &h);
    case ARRAY:
        return array(s, &h);
    case MAP:
        return map(s, &h);
    case TAG:
        return tag(s, &h);
    case SIMPLE:
        return simple(s, &h);
    }
    return OK;
}

enum err scan_cbor(struct scan *s)
{
    TRY(value(s));
    if (left(s) == 0) return OK;
    return scan_refuse(s, ERR_MALFORMED, s->at, "bytes after the end of the document");
}
