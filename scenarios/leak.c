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

/* One secret. */
struct whole {
    struct buf octets;
    const char *what;
};

struct leaks {
    struct map *known;  /* secrets, to count each once */
    struct map *spared; /* what is no secret: each run of PIECE octets of it */
    size_t wholes, whole_room;
    struct whole *whole;
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
    l->spared = map_new(hash_key);
    if (l->known && l->spared) return l;
    leaks_free(l);
    return NULL;
}

void leaks_free(struct leaks *l)
{
    if (!l) return;
    for (size_t i = 0; i < l->count; i++) buf_clear(&l->mark[i].octets);
    for (size_t i = 0; i < l->wholes; i++) buf_clear(&l->whole[i].octets);
    if (l->known) map_free(l->known);
    if (l->spared) map_free(l->spared);
    free(l->whole);
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

enum { BASE64S = 2 };
static const struct {
    const char *form;
    void (*encode)(struct buf *out, struct span bytes);
} base64[BASE64S] = { { "base64url", b64url_encode }, { "base64", b64_encode } };

/* `before` octets of something else stand in front, so that these characters, and an incomplete last one, are not told by the piece. */
static void spell_base64(struct span piece, size_t before, size_t i, struct buf *text)
{
    size_t told = (before + piece.n) * 8 / 6, untold = (before * 8 + 5) / 6;
    struct buf whole = { 0 }, octets = { 0 };

    buf_add(&octets, span("\0\0", before));
    buf_add(&octets, piece);
    base64[i].encode(&whole, buf_span(&octets));
    if (!buf_failed(&whole)) buf_add(text, span(whole.p + untold, told - untold));
    text->failed |= buf_failed(&whole);
    buf_clear(&octets);
    buf_clear(&whole);
}

/* Of what has neither "+" nor "/" both spellings are one. */
static bool is_spelt_alike(struct span text)
{
    return text.n > 0 && !memchr(text.p, '+', text.n) && !memchr(text.p, '/', text.n);
}

static enum err add_base64(struct leaks *l, const char *what, struct span piece, size_t before)
{
    for (size_t i = 0; i < BASE64S; i++) {
        struct buf text = { 0 };
        spell_base64(piece, before, i, &text);
        enum err e =
            i == 1 && is_spelt_alike(buf_span(&text)) ? OK : add_mark(l, what, base64[i].form, &text);
        buf_clear(&text);
        TRY(e);
    }
    return OK;
}

static enum err add_piece(struct leaks *l, const char *what, struct span piece)
{
    struct buf plain = { 0 };

    if (map_get(l->spared, piece)) return OK;

    buf_add(&plain, piece);
    TRY(add_mark(l, what, "as it is", &plain));
    TRY(add_hex(l, what, piece));
    for (size_t before = 0; before < 3; before++) TRY(add_base64(l, what, piece, before));
    return OK;
}

enum err leaks_spare(struct leaks *l, struct span known_to_all)
{
    for (size_t i = 0; i + PIECE <= known_to_all.n; i++)
        TRY(map_put(l->spared, span(known_to_all.p + i, PIECE), l));
    return OK;
}

static enum err add_whole(struct leaks *l, const char *what, struct span secret)
{
    if (l->wholes == l->whole_room) {
        size_t room = l->whole_room ? l->whole_room * 2 : 64;
        struct whole *grown = realloc(l->whole, room * sizeof *grown);
        if (!grown) return ERR_NO_MEMORY;
        l->whole = grown;
        l->whole_room = room;
    }
    struct whole *w = &l->whole[l->wholes++];
    *w = (struct whole){ .what = what };
    buf_add(&w->octets, secret);
    return buf_failed(&w->octets) ? ERR_NO_MEMORY : OK;
}

enum err leaks_add(struct leaks *l, const char *what, struct span secret)
{
    if (secret.n < LEAK_SHORTEST || map_get(l->known, secret)) return OK;
    TRY(map_put(l->known, secret, l));
    TRY(add_whole(l, what, secret));
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

/* --- where they stand --- */

static void locate(const char *what, const struct buf *form, struct span text, const char **at)
{
    for (size_t from = 0; form->n && from + form->n <= text.n;) {
        const uint8_t *hit = memmem(text.p + from, text.n - from, form->p, form->n);
        if (!hit) return;
        from = (size_t)(hit - text.p);
        for (size_t i = 0; i < form->n; i++) at[from + i] = what;
        from += form->n;
    }
}

/* One form of a secret: 0 as it is, 1 and 2 hex, then base64 in both alphabets behind 0, 1 and 2 octets. */
enum { FORMS = 3 + BASE64S * 3 };
static void spell(struct span secret, size_t form, struct buf *out)
{
    if (form == 0) {
        buf_add(out, secret);
    } else if (form < 3) {
        hex_encode(out, secret);
        for (size_t i = 0; form == 2 && i < out->n; i++) out->p[i] = (uint8_t)toupper(out->p[i]);
    } else {
        spell_base64(secret, (form - 3) / BASE64S, (form - 3) % BASE64S, out);
    }
}

static void locate_pieces(const struct leaks *l, struct span text, const char **at)
{
    for (size_t i = 0; l->count && i + HEAD <= text.n; i++) {
        const struct mark *m = mark_at(l, text, i);
        for (size_t k = 0; m && k < m->octets.n; k++) at[i + k] = m->what;
    }
}

enum err leaks_locate(const struct leaks *l, struct span text, const char **at)
{
    struct buf form = { 0 };

    for (size_t i = 0; i < l->wholes * FORMS && !buf_failed(&form); i++) {
        const struct whole *w = &l->whole[i / FORMS];
        if (w->octets.n > text.n) continue;
        buf_truncate(&form, 0);
        spell(buf_span(&w->octets), i % FORMS, &form);
        if (!buf_failed(&form)) locate(w->what, &form, text, at);
    }
    locate_pieces(l, text, at);
    enum err e = buf_failed(&form) ? ERR_NO_MEMORY : OK;
    buf_clear(&form);
    return e;
}

static bool is_b64url(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

bool leaks_shape(struct span text, size_t from, size_t *at, size_t *n)
{
    static const char head[] = "eyJhbGciOi"; /* {"alg": */
    enum { LEAST = 24 };

    while (from < text.n) {
        const uint8_t *hit = memmem(text.p + from, text.n - from, head, strlen(head));
        if (!hit) return false;
        size_t start = (size_t)(hit - text.p), end = start;
        while (end < text.n && is_b64url(text.p[end])) end++;
        while (end < text.n && text.p[end] == '.') end++;
        size_t payload = end;
        while (end < text.n && is_b64url(text.p[end])) end++;
        from = end;
        if (end - payload < LEAST) continue;
        while (end < text.n && (text.p[end] == '.' || is_b64url(text.p[end]))) end++;
        *at = start;
        *n = end - start;
        return true;
    }
    return false;
}
