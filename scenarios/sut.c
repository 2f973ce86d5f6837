#include "scenarios/sut.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/net/address.h"
#include "scenarios/world.h"

enum { MAX_FOLDER = 100 };

struct written {
    int role;
    char *name, *address, *trust, *known, *token_path;
    bool settings;
    const struct doc *start, *features, *lacks;
};

#define LOOPBACK   "127.0.0.1"
#define KEY(field) .offset = offsetof(struct written, field)

static const struct config_key keys[] = {
    /* clang-format off */
    { "role",     KEY(role),     CONFIG_CHOICE, .required = true, .choices = "client|broker|as", .doc = "what it is" },
    { "name",     KEY(name),     CONFIG_TEXT, .required = true, .doc = "for people" },
    { "start",    KEY(start),    CONFIG_DOC,  .doc = "command that starts it, a list of words; {config}, {dir}, {bin} and {here} stand for paths" },
    { "address",  KEY(address),  CONFIG_TEXT, .doc = "host:port of one that runs already" },
    { "trust",    KEY(trust),    CONFIG_TEXT, .doc = "PEM file of what vouches for its certificate; with address" },
    { "token_path", KEY(token_path), CONFIG_TEXT, .doc = "of an AS: path of its token endpoint [/token]" },
    { "features", KEY(features), CONFIG_DOC,  .doc = "what it can, a list of words; all of them if absent" },
    { "lacks",    KEY(lacks),    CONFIG_DOC,  .doc = "what it cannot, of those" },
    { "settings", KEY(settings), CONFIG_BOOL, .doc = "its configuration takes the switches of our programs (docs/switches.md), so `with` is for it too" },
    { "known",    KEY(known),    CONFIG_TEXT, .doc = "file that lists the failures to be expected" },
    /* clang-format on */
};

enum { KEYS = sizeof keys / sizeof *keys };

struct reading {
    const char *path;
    struct config_file *file;
    struct buf *message;
};

static enum err blame(const struct reading *r, const struct doc *at, const char *what, struct span word)
{
    config_where(r->file, at, r->message);
    buf_format(r->message, "%s%s", what, word.n ? " " : "");
    buf_add(r->message, word);
    return ERR_MALFORMED;
}

/* --- features --- */

static uint64_t bit_of(const struct feature_def *wanted)
{
    const struct feature_def *f;

    for (size_t i = 0; (f = feature_at(i)); i++) {
        if (f == wanted) return UINT64_C(1) << i;
    }
    return 0;
}

static bool fits_path(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80 || (c && strchr("._+", c));
}

void sut_folder(const char *name, struct buf *out)
{
    size_t first = out->n;
    bool gap = *name == '.'; /* neither hidden nor the folder above */

    for (; *name && out->n - first < MAX_FOLDER; name++) {
        bool fits = fits_path(*name);
        if (fits && gap) buf_u8(out, '-');
        if (fits) buf_u8(out, (uint8_t)*name);
        gap = !fits;
    }
    if (out->n == first) buf_u8(out, '-');
}

uint64_t sut_feature(const char *name)
{
    return bit_of(feature_find(span_str(name)));
}

static enum err read_features(const struct reading *r, const struct doc *list, uint64_t *out)
{
    *out = 0;
    if (list && doc_kind(list) != DOC_ARRAY)
        return blame(r, list, "a list of features is wanted", span(NULL, 0));
    for (size_t i = 0; i < doc_count(list); i++) {
        const struct doc *word = doc_at(list, i);
        struct span text = { 0 };
        if (!doc_text(word, &text) || !feature_find(text)) {
            const char *best = vocab_nearest(WORDS_FEATURES, text);
            (void)blame(r, word, "unknown feature", text);
            if (best) buf_format(r->message, "; nearest: %s", best);
            return ERR_MALFORMED;
        }
        *out |= bit_of(feature_find(text));
    }
    return OK;
}

/* What only a program that speaks our control lines can do is never assumed. */
static uint64_t assumed(const struct sut *s)
{
    uint64_t stranger = s->starts ? 0 : sut_feature("public-topics") | sut_feature("session");

    return ~(sut_feature("clock") | sut_feature("durable") | sut_feature("exi") | sut_feature("cnonce") |
             stranger);
}

/* --- the file --- */

static const char *keep(struct sut *out, const char *s)
{
    return arena_text(&out->arena, span_str(s));
}

enum { MAX_TOKEN_PATH = 200 };

/* A word that begins with {here} is a file beside this one. */
static enum err check_there(const struct reading *r, const struct doc *word, const struct sut *out)
{
    struct buf path = { 0 };
    enum err e = OK;

    if (strncmp(out->start[out->starts - 1], "{here}/", 7) != 0) return OK;
    sut_word(out, out->starts - 1, &(struct sut_places){ "", "", "" }, &path);
    if (access(buf_cstr(&path), F_OK) != 0) {
        buf_str(&path, strstr(buf_cstr(&path), "build/adapters/") ? " is not there; make adapters makes it"
                                                                  : " is not there");
        e = blame(r, word, buf_cstr(&path), span(NULL, 0));
    }
    buf_clear(&path);
    return e;
}

static enum err read_start(const struct reading *r, const struct doc *list, struct sut *out)
{
    if (doc_kind(list) != DOC_ARRAY || doc_count(list) == 0 || doc_count(list) > SUT_MAX_START)
        return blame(r, list, "a list of 1 to 16 words is wanted", span(NULL, 0));
    for (size_t i = 0; i < doc_count(list); i++) {
        struct span word;
        if (!doc_text(doc_at(list, i), &word))
            return blame(r, doc_at(list, i), "a word is wanted", span(NULL, 0));
        out->start[out->starts++] = arena_text(&out->arena, word);
        TRY(check_there(r, doc_at(list, i), out));
    }
    return OK;
}

static enum err read_path(const char *path, struct sut *out, struct buf *message)
{
    bool good = *path == '/' && strlen(path) <= MAX_TOKEN_PATH;

    for (const char *c = path; *c; c++) good &= *c > ' ' && *c < 0x7F && *c != '#';
    if (!good) buf_format(message, "%s: a path such as /token is wanted", path);
    out->token_path = keep(out, path);
    return good ? OK : ERR_MALFORMED;
}

/* The path behind it, where there may be one, is the token endpoint's. */
static enum err read_address(const char *text, struct sut *out, struct buf *message)
{
    static const char scheme[] = "https://";
    bool as = out->role == ROLE_AS;
    const char *from = as && strncmp(text, scheme, strlen(scheme)) == 0 ? text + strlen(scheme) : text;
    const char *path = as ? strchr(from, '/') : NULL;
    struct span place = path ? span(from, (size_t)(path - from)) : span_str(from);
    const char *own = arena_text(&out->arena, place), *colon = strrchr(own, ':');
    const char *digits = colon ? colon + 1 : own;
    char *end;
    unsigned long port = strtoul(digits, &end, 10);

    out->host = colon ? arena_text(&out->arena, span(own, (size_t)(colon - own))) : LOOPBACK;
    if (*digits < '0' || *digits > '9' || *end || port == 0 || port > UINT16_MAX || !host_valid(out->host)) {
        buf_format(message, "%s: host:port%s is wanted", text, as ? " or host:port/path" : "");
        return ERR_MALFORMED;
    }
    out->port = (uint16_t)port;
    return path ? read_path(path, out, message) : OK;
}

static enum err read_trust(const char *path, struct sut *out, struct buf *message)
{
    struct buf pem = { 0 };
    enum err e = file_read(path, &pem, message);

    out->trust = span(arena_text(&out->arena, buf_span(&pem)), pem.n);
    if (e == OK && !memmem(pem.p, pem.n, "-----BEGIN CERTIFICATE-----", 27)) {
        buf_format(message, "%s: no certificate in PEM in it", path);
        e = ERR_MALFORMED;
    }
    buf_clear(&pem);
    return e;
}

static enum err read_place(const struct reading *r, const struct written *w, struct sut *out)
{
    struct buf path = { 0 };

    if (!w->start == !w->address || !w->address != !w->trust) {
        buf_format(r->message, "%s: either start is wanted, or address and trust", r->path);
        return ERR_MALFORMED;
    }
    if (w->start) return read_start(r, w->start, out);
    TRY(read_address(w->address, out, r->message));
    file_beside(r->path, w->trust, &path);
    enum err e = read_trust(buf_cstr(&path), out, r->message);
    buf_clear(&path);
    return e;
}

/* It is written to terminals. */
static bool is_plain(const char *name)
{
    for (; *name; name++) {
        if ((unsigned char)*name < ' ' || *name == 0x7F) return false;
    }
    return true;
}

static enum err take_written(const struct reading *r, const struct written *w, struct sut *out)
{
    uint64_t features, lacks;
    struct buf known = { 0 };

    out->role = (enum role)w->role;
    out->path = keep(out, r->path);
    out->name = keep(out, w->name);
    if (!is_plain(w->name)) {
        buf_format(r->message, "%s: name: one line without control characters is wanted", r->path);
        return ERR_MALFORMED;
    }
    if (w->known) {
        file_beside(r->path, w->known, &known);
        out->known = keep(out, buf_cstr(&known));
        buf_clear(&known);
    }
    out->token_path = WORLD_TOKEN_PATH;
    if (w->token_path && out->role != ROLE_AS) {
        buf_format(r->message, "%s: token_path is for an AS", r->path);
        return ERR_MALFORMED;
    }
    TRY(read_place(r, w, out));
    if (w->token_path) TRY(read_path(w->token_path, out, r->message));
    TRY(read_features(r, w->features, &features));
    TRY(read_features(r, w->lacks, &lacks));
    out->features = (w->features ? features : assumed(out)) & ~lacks;
    out->settings = w->settings;
    return out->arena.failed ? ERR_NO_MEMORY : OK;
}

enum err sut_read(const char *path, struct sut *out, struct buf *message)
{
    struct reading r = { .path = path, .message = message };
    struct written w = { 0 };
    struct buf text = { 0 };

    *out = (struct sut){ 0 };
    enum err e = file_read(path, &text, message);
    if (e == OK) e = config_read(path, buf_span(&text), keys, KEYS, &w, &r.file, message);
    if (e == OK) e = take_written(&r, &w, out);
    if (r.file) config_free(r.file, keys, KEYS, &w);
    buf_clear(&text);
    if (e != OK) sut_clear(out);
    return e;
}

enum err sut_at(const struct sut_address *at, struct sut *out, struct buf *message)
{
    struct buf name = { 0 };

    *out = (struct sut){ .role = at->role, .token_path = WORLD_TOKEN_PATH };
    buf_format(&name, "the %s at %s", at->role == ROLE_AS ? "AS" : role_name(at->role), at->address);
    out->path = keep(out, at->address);
    out->name = keep(out, buf_cstr(&name));
    buf_clear(&name);
    enum err e = read_address(at->address, out, message);
    if (e == OK) e = read_trust(at->trust, out, message);
    if (e == OK && out->arena.failed) e = ERR_NO_MEMORY;
    out->features = assumed(out);
    if (e != OK) sut_clear(out);
    return e;
}

void sut_clear(struct sut *s)
{
    arena_clear(&s->arena);
    *s = (struct sut){ 0 };
}

/* --- starting it --- */

void sut_word(const struct sut *s, size_t i, const struct sut_places *places, struct buf *out)
{
    const char *slash = strrchr(s->path, '/');
    struct span here = slash ? span(s->path, (size_t)(slash - s->path)) : span_str(".");
    const struct {
        const char *mark;
        struct span value;
    } marks[] = { { "{dir}", span_str(places->dir) },
                  { "{bin}", span_str(places->bin) },
                  { "{config}", span_str(places->config) },
                  { "{here}", here } };
    const size_t count = sizeof marks / sizeof *marks;
    struct span rest = span_str(s->start[i]);

    while (rest.n) {
        size_t k = 0;
        while (k < count && !span_starts(rest, span_str(marks[k].mark))) k++;
        buf_add(out, k < count ? marks[k].value : span(rest.p, 1));
        rest = span_skip(rest, k < count ? strlen(marks[k].mark) : 1);
    }
}
