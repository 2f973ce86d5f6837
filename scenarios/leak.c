#include "scenarios/leak.h"

#include "common/base/map.h"
#include "common/codec/text.h"
#include "common/crypto/entropy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 8, WHOLE = 48, PIECE = 24, PIECES = 4, FIRST_ROOM = 1024 };

/* One form of one secret. Those with the same slot are chained by index + 1. */
struct mark {
    struct buf octets;
    const char *what, *form;
    size_t next;
};

struct leaks {
    struct map *known; /* secrets, to count each once */
    size_t count, room, slots;
    struct mark *mark;
    size_t *slot; /* by the first HEAD octets: index + 1 of the newest mark; 0: none */
};

struct leaks *leaks_new(void)
{
    static const uint8_t hash_key[16]; /* our own files, no peer's */
    struct leaks *l = calloc(1, sizeof *l);

    if (!l) return NULL;
    l->known = map_new(hash_key);
    if (l->known) return l;
    free(l);
    return NULL;
}

void leaks_free(struct leaks *l)
{
    if (!l) return;
    for (size_t i = 0; i < l->count; i++) buf_clear(&l->mark[i].octets);
    map_free(l->known);
    free(l->mark);
    free(l->slot);
    free(l);
}

size_t leaks_count(const struct leaks *l)
{
    return map_count(l->known);
}

static size_t slot_of(const struct leaks *l, const uint8_t *head)
{
    uint64_t n;

    memcpy(&n, head, sizeof n);
    return (size_t)((n * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (l->slots - 1);
}

static void enter(struct leaks *l, size_t i)
{
    size_t *slot = &l->slot[slot_of(l, l->mark[i].octets.p)];

    l->mark[i].next = *slot;
    *slot = i + 1;
}

static bool grow(struct leaks *l)
{
    size_t room = l->room ? l->room * 2 : FIRST_ROOM;
    struct mark *mark = realloc(l->mark, room * sizeof *mark);

    if (!mark) return false;
    l->mark = mark;
    size_t *slot = calloc(room * 4, sizeof *slot);
    if (!slot) return false;
    free(l->slot);
    l->slot = slot;
    l->slots = room * 4;
    l->room = room;
    for (size_t i = 0; i < l->count; i++) enter(l, i);
    return true;
}

/* Takes what is in `octets`. */
static enum err add_mark(struct leaks *l, const char *what, const char *form, struct buf *octets)
{
    bool good = !buf_failed(octets) && octets->n >= HEAD && (l->count < l->room || grow(l));

    if (!good) {
        buf_clear(octets);
        return ERR_NO_MEMORY;
    }
    l->mark[l->count++] = (struct mark){ .octets = *octets, .what = what, .form = form };
    *octets = (struct buf){ 0 };
    enter(l, l->count - 1);
    return OK;
}

static enum err add_hex(struct leaks *l, const char *what, struct span piece)
{
    struct buf lower = { 0 }, upper = { 0 };

    hex_encode(&lower, piece);
    hex_encode(&upper, piece);
    for (size_t i = 0; i < upper.n; i++) upper.p[i] = (uint8_t)toupper(upper.p[i]);
    enum err e = add_mark(l, what, "hex", &lower);
    return e == OK ? add_mark(l, what, "hex", &upper) : (buf_clear(&upper), e);
}

/* `before` octets of something else stand in front, so that these characters, and an incomplete last one, are not told by the piece. */
static enum err add_base64(struct leaks *l, const char *what, struct span piece, size_t before)
{
    static const struct {
        const char *form;
        void (*encode)(struct buf *out, struct span bytes);
    } forms[] = { { "base64url", b64url_encode }, { "base64", b64_encode } };
    size_t told = (before + piece.n) * 8 / 6, untold = (before * 8 + 5) / 6;

    for (size_t i = 0; i < 2; i++) {
        struct buf whole = { 0 }, text = { 0 }, octets = { 0 };
        buf_add(&octets, span("\0\0", before));
        buf_add(&octets, piece);
        forms[i].encode(&whole, buf_span(&octets));
        if (!buf_failed(&whole)) buf_add(&text, span(whole.p + untold, told - untold));
        bool same = i == 1 && text.n > 0 && !memchr(text.p, '+', text.n) && !memchr(text.p, '/', text.n);
        enum err e = same ? OK : add_mark(l, what, forms[i].form, &text);
        buf_clear(&octets);
        buf_clear(&whole);
        buf_clear(&text);
        TRY(e);
    }
    return OK;
}

static enum err add_piece(struct leaks *l, const char *what, struct span piece)
{
    struct buf plain = { 0 };

    buf_add(&plain, piece);
    TRY(add_mark(l, what, "as it is", &plain));
    TRY(add_hex(l, what, piece));
    for (size_t before = 0; before < 3; before++) TRY(add_base64(l, what, piece, before));
    return OK;
}

enum err leaks_add(struct leaks *l, const char *what, struct span secret)
{
    if (secret.n < LEAK_SHORTEST || map_get(l->known, secret)) return OK;
    TRY(map_put(l->known, secret, l));
    if (secret.n <= WHOLE) return add_piece(l, what, secret);
    for (size_t i = 1; i <= PIECES; i++) {
        size_t end = secret.n * i / PIECES;
        if (end >= PIECE) TRY(add_piece(l, what, span(secret.p + end - PIECE, PIECE)));
    }
    return OK;
}

static const struct mark *mark_at(const struct leaks *l, struct span text, size_t at)
{
    for (size_t i = l->slot[slot_of(l, text.p + at)]; i > 0; i = l->mark[i - 1].next) {
        const struct mark *m = &l->mark[i - 1];
        if (m->octets.n <= text.n - at && memcmp(m->octets.p, text.p + at, m->octets.n) == 0) return m;
    }
    return NULL;
}

size_t leaks_find(const struct leaks *l, const char *file, struct span text, struct buf *out)
{
    size_t found = 0, line = 1;
    bool told = false;

    for (size_t at = 0; l->count && at + HEAD <= text.n; at++) {
        const struct mark *m = told ? NULL : mark_at(l, text, at);
        if (m) {
            buf_format(out, "%s:%zu: holds a %s, %s\n", file, line, m->what, m->form);
            told = true;
            found++;
        }
        if (text.p[at] != '\n') continue;
        line++;
        told = false;
    }
    return found;
}
