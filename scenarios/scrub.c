#include "scenarios/scrub.h"

#include "common/ace/auth_data.h"
#include "common/base/file.h"
#include "common/codec/doc.h"
#include "common/codec/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PATH = 1024, MAX_NESTING = 32 };

/* --- which members of a document hold secrets --- */

typedef enum err take(struct leaks *l, const char *what, struct span value);

static enum err take_plain(struct leaks *l, const char *what, struct span value)
{
    return leaks_add(l, what, value);
}

/* A CWT in JSON is base64url text: known as such, and as its octets. */
static enum err take_token(struct leaks *l, const char *what, struct span value)
{
    struct buf octets = { 0 };
    enum err e = leaks_add(l, what, value);

    if (e == OK && b64url_decode(value, &octets) == OK) e = leaks_add(l, what, buf_span(&octets));
    buf_clear(&octets);
    return e;
}

static enum err take_b64url(struct leaks *l, const char *what, struct span value)
{
    struct buf octets = { 0 };
    enum err e = b64url_decode(value, &octets) == OK ? leaks_add(l, what, buf_span(&octets))
                                                     : leaks_add(l, what, value);

    buf_clear(&octets);
    return e;
}

/* "Basic ..." */
static enum err take_login(struct leaks *l, const char *what, struct span value)
{
    const uint8_t *blank = memchr(value.p, ' ', value.n);

    return blank ? leaks_add(l, what, span(blank + 1, value.n - (size_t)(blank + 1 - value.p))) : OK;
}

/* MQTT 3.1.1: "ace" and the token in base64url. */
static enum err take_user(struct leaks *l, const char *what, struct span value)
{
    return value.n > 3 ? take_b64url(l, what, span(value.p + 3, value.n - 3)) : OK;
}

/* Authentication Data of MQTT: a token and maybe a proof; or a nonce and a proof. */
static enum err take_auth(struct leaks *l, const char *what, struct span value)
{
    struct auth_data in;

    if (auth_data_parse(value, &in) != OK || in.token.n < LEAK_SHORTEST) return leaks_add(l, "proof", value);
    TRY(leaks_add(l, what, in.token));
    return leaks_add(l, "proof", in.proof);
}

/* An identity of TLS may be a token; a short one is a name. */
static enum err take_identity(struct leaks *l, const char *what, struct span value)
{
    return value.n > 128 ? leaks_add(l, what, value) : OK;
}

static const struct holder {
    const char *member, *what;
    take *take;
} holders[] = {
    /* clang-format off */
    { "access_token",  "token",         take_token    },
    { "token",         "token",         take_token    },
    { "username",      "token",         take_user     },
    { "data",          "token",         take_auth     },
    { "identity",      "token",         take_identity },
    { "k",             "symmetric key", take_b64url   },
    { "d",             "private key",   take_b64url   },
    { "secret",        "password",      take_plain    },
    { "password",      "proof",         take_plain    },
    { "authorization", "password",      take_login    },
    { "exporter",      "TLS exporter",  take_plain    },
    /* clang-format on */
};

static enum err take_value(struct leaks *l, const struct holder *h, const struct doc *d)
{
    struct span text = { 0 };
    struct buf octets = { 0 };

    if (doc_text(d, &text)) return h->take(l, h->what, text);
    if (!doc_text(doc_get(d, "hex"), &text) || hex_decode(text, &octets) != OK) return OK;
    /* What came as octets is no base64url any more. */
    enum err e = h->take == take_b64url ? leaks_add(l, h->what, buf_span(&octets))
                                        : h->take(l, h->what, buf_span(&octets));
    buf_clear(&octets);
    return e;
}

static enum err take_member(struct leaks *l, const struct doc *map, struct span name, const struct doc *value)
{
    static const struct holder upload = { "payload", "token", take_token };
    struct span topic = { 0 };

    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
        if (span_eq(name, span_str(holders[i].member))) return take_value(l, &holders[i], value);
    }
    if (!span_eq(name, span_str(upload.member)) || !doc_text(doc_get(map, "topic"), &topic)) return OK;
    return span_eq(topic, span_str("authz-info")) ? take_value(l, &upload, value) : OK;
}

static enum err take_all(struct leaks *l, const struct doc *d, unsigned depth)
{
    struct span name = { 0 };

    for (size_t i = 0; i < doc_count(d) && depth < MAX_NESTING; i++) {
        if (doc_key_text(d, i, &name)) TRY(take_member(l, d, name, doc_at(d, i)));
        TRY(take_all(l, doc_at(d, i), depth + 1));
    }
    return OK;
}

/* Coordinates of public keys: tokens hold them, and so does much that may be told. */
static enum err spare_all(struct leaks *l, const struct doc *d, unsigned depth)
{
    struct span name = { 0 };
    enum err e = OK;

    for (size_t i = 0; i < doc_count(d) && depth < MAX_NESTING && e == OK; i++) {
        struct span text = { 0 };
        struct buf octets = { 0 };
        bool is_coordinate = doc_key_text(d, i, &name) && (span_is(name, "x") || span_is(name, "y"));
        if (is_coordinate && doc_text(doc_at(d, i), &text) && b64url_decode(text, &octets) == OK)
            e = leaks_spare(l, buf_span(&octets));
        buf_clear(&octets);
        if (e == OK) e = spare_all(l, doc_at(d, i), depth + 1);
    }
    return e;
}

/* --- files --- */

/* What is done with the files of a folder, in this order. */
enum pass { SPARE, TAKE, LOOK };

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);

    return n >= k && strcmp(name + n - k, end) == 0;
}

static bool is_output(const char *name)
{
    return ends_with(name, ".out") || ends_with(name, ".err") || strcmp(name, "result.json") == 0;
}

/* Files that may hold secrets: one document, or one a line. */
static bool is_source(const char *name)
{
    return !is_output(name) &&
           (ends_with(name, ".jwk") || ends_with(name, ".json") || ends_with(name, ".jsonl"));
}

static enum err take_document(struct scrub *s, struct leaks *own, enum pass pass, struct span text)
{
    enum err (*act)(struct leaks * l, const struct doc *d, unsigned depth) =
        pass == SPARE ? spare_all : take_all;
    struct doc *d = NULL;

    if (doc_read_json_commented(text, &doc_limits_file, &d, NULL) != OK)
        return OK; /* a flow may have it broken */
    enum err e = act(own, d, 0);
    if (e == OK) e = act(s->all, d, 0);
    doc_free(d);
    return e;
}

static enum err take_file(struct scrub *s, struct leaks *own, enum pass pass, const char *path,
                          struct buf *message)
{
    struct buf text = { 0 };
    enum err e = file_read(path, &text, message);

    for (struct span rest = buf_span(&text); e == OK && rest.n > 0;) {
        const uint8_t *end = ends_with(path, ".jsonl") ? memchr(rest.p, '\n', rest.n) : NULL;
        size_t n = end ? (size_t)(end + 1 - rest.p) : rest.n;
        e = take_document(s, own, pass, span(rest.p, n));
        rest = span(rest.p + n, rest.n - n);
    }
    buf_clear(&text);
    return e;
}

/* Tokens of runs whose wires nobody saw. */
static size_t find_shapes(const char *file, struct span text, struct buf *out)
{
    size_t at = 0, n = 0, line = 1;

    if (!leaks_shape(text, 0, &at, &n)) return 0;
    for (size_t i = 0; i < at; i++) line += text.p[i] == '\n';
    buf_format(out, "%s:%zu: holds a token by its looks\n", file, line);
    return 1;
}

static enum err look(struct scrub *s, const struct leaks *l, const char *path, struct buf *message)
{
    struct buf text = { 0 };

    TRY(file_read_most(path, SIZE_MAX, &text, message));
    s->files++;
    s->found += leaks_find(l, path, buf_span(&text), &s->lines);
    if (ends_with(path, ".out") || ends_with(path, ".err"))
        s->found += find_shapes(path, buf_span(&text), &s->lines);
    buf_clear(&text);
    return OK;
}

enum err scrub_init(struct scrub *s)
{
    *s = (struct scrub){ .all = leaks_new() };
    return s->all ? OK : ERR_NO_MEMORY;
}

void scrub_clear(struct scrub *s)
{
    leaks_free(s->all);
    buf_clear(&s->lines);
    *s = (struct scrub){ 0 };
}

static enum err walk(struct scrub *s, struct leaks *own, enum pass pass, const char *dir, struct buf *message)
{
    DIR *folder = opendir(dir);
    char path[MAX_PATH];
    enum err e = OK;

    if (!folder) {
        buf_format(message, "%s: %s", dir, strerror(errno));
        return ERR_IO;
    }
    for (struct dirent *d; e == OK && (d = readdir(folder));) {
        snprintf(path, sizeof path, "%s/%s", dir, d->d_name);
        if (pass == LOOK && is_output(d->d_name)) e = look(s, own, path, message);
        if (pass != LOOK && is_source(d->d_name)) e = take_file(s, own, pass, path, message);
    }
    closedir(folder);
    return e;
}

enum err scrub_run(struct scrub *s, const char *dir, struct leaks *own, struct buf *message)
{
    struct leaks *l = own ? own : leaks_new();
    enum err e = l ? OK : ERR_NO_MEMORY;

    for (enum pass pass = SPARE; pass <= LOOK && e == OK; pass++) e = walk(s, l, pass, dir, message);
    if (!own) leaks_free(l);
    return e;
}

enum err scrub_report(struct scrub *s, const char *path, struct buf *message)
{
    return look(s, s->all, path, message);
}
