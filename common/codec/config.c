#include "common/codec/config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/utf8.h"

struct config_file {
    struct buf name, text;
    struct doc *root;
    struct doc **fallbacks; /* one for each key, NULL where none was needed */
    size_t count;
};

/* One config_read() or config_object() at work. */
struct reading {
    const struct config_file *file;
    struct doc **fallbacks; /* of the file; NULL: an object inside it, whose fallbacks are no trees to keep */
    const struct doc *object; /* whose members are read */
    const struct config_key *keys;
    size_t count;
    void *into;
    struct buf *message;
    struct buf path; /* dotted name of the member looked at */
};

static void *member(void *into, const struct config_key *k)
{
    return (uint8_t *)into + k->offset;
}

static const void *const_member(const void *from, const struct config_key *k)
{
    return (const uint8_t *)from + k->offset;
}

/* --- messages --- */

void config_where(const struct config_file *f, const struct doc *node, struct buf *message)
{
    unsigned line, column;

    fault_position(buf_span(&f->text), doc_offset(node), &line, &column);
    buf_add(message, buf_span(&f->name));
    buf_format(message, ":%u:%u: ", line, column);
}

/* As utf8_quote(), without the quotes. */
static void add_escaped(struct buf *to, struct span text)
{
    struct buf quoted = { 0 };

    utf8_quote(&quoted, text);
    if (buf_failed(&quoted)) {
        to->failed = true;
    } else {
        buf_add(to, span(quoted.p + 1, quoted.n - 2));
    }
    buf_clear(&quoted);
}

/* Begins "file:line:column: key: "; the caller appends what is wrong. */
static enum err complain(struct reading *r, const struct doc *at)
{
    config_where(r->file, at, r->message);
    add_escaped(r->message, buf_span(&r->path));
    buf_str(r->message, ": ");
    return ERR_MALFORMED;
}

static enum err complain_of(struct reading *r, const struct doc *at, const char *what)
{
    enum err e = complain(r, at);

    buf_str(r->message, what);
    return e;
}

/* --- unknown keys --- */

static const struct config_key *key_named(const struct reading *r, struct span name)
{
    for (size_t i = 0; i < r->count; i++) {
        if (span_is(name, r->keys[i].name)) return &r->keys[i];
    }
    return NULL;
}

/* The component of `name` that follows `prefix` ("" or "a.b."); empty if it does not begin so. */
static struct span component(struct span name, struct span prefix)
{
    if (!span_starts(name, prefix)) return span(NULL, 0);
    struct span rest = span_skip(name, prefix.n);
    const uint8_t *dot = memchr(rest.p, '.', rest.n);
    return dot ? span(rest.p, (size_t)(dot - rest.p)) : rest;
}

/* Does an object of this name hold keys of ours? */
static bool is_group(const struct reading *r, struct span name)
{
    for (size_t i = 0; i < r->count; i++) {
        struct span whole = span_str(r->keys[i].name);
        if (whole.n > name.n && span_starts(whole, name) && whole.p[name.n] == '.') return true;
    }
    return false;
}

/* Appends the key at this place of the file that the writer may have meant, if there is one. */
static void suggest(struct reading *r, struct span word, struct span prefix)
{
    char **names = calloc(r->count, sizeof *names);
    size_t n = 0;

    for (size_t i = 0; names && i < r->count; i++) {
        struct span c = component(span_str(r->keys[i].name), prefix);
        names[n] = c.n ? strndup((const char *)c.p, c.n) : NULL;
        n += names[n] != NULL;
    }
    const char *best = nearest_name(word, (const char *const *)names, n);
    if (best) {
        buf_str(r->message, "; did you mean ");
        buf_add(r->message, prefix);
        buf_format(r->message, "%s?", best);
    }
    while (n) free(names[--n]);
    free(names);
}

static enum err unknown(struct reading *r, const struct doc *at, struct span prefix)
{
    enum err e = complain_of(r, at, "unknown key");

    suggest(r, span_skip(buf_span(&r->path), prefix.n), prefix);
    return e;
}

static enum err check_names(struct reading *r, const struct doc *map);

static enum err check_group(struct reading *r, const struct doc *group)
{
    if (doc_kind(group) != DOC_MAP) return complain_of(r, group, "expected an object");
    buf_u8(&r->path, '.');
    return check_names(r, group);
}

static enum err check_name(struct reading *r, struct span name, const struct doc *value)
{
    struct span prefix = span(r->path.p, r->path.n);

    buf_add(&r->path, name);
    if (buf_failed(&r->path)) return ERR_NO_MEMORY;
    prefix.p = r->path.p;
    if (name.n && memchr(name.p, '.', name.n)) {
        return complain_of(r, value, "unknown key; nested objects are not written with dots");
    }
    if (key_named(r, buf_span(&r->path))) return OK;
    if (is_group(r, buf_span(&r->path))) return check_group(r, value);
    return unknown(r, value, prefix);
}

/* r->path is the prefix of the map's members. Recursion ends at the depth limit of the document. */
static enum err check_names(struct reading *r, const struct doc *map)
{
    size_t mark = r->path.n;
    struct span name;

    for (size_t i = 0; doc_key_text(map, i, &name); i++) {
        TRY(check_name(r, name, doc_at(map, i)));
        buf_truncate(&r->path, mark);
    }
    return OK;
}

/* --- values --- */

typedef enum err value_reader(struct reading *r, const struct config_key *k, const struct doc *value);

static enum err read_text(struct reading *r, const struct config_key *k, const struct doc *value)
{
    struct span text;

    if (!doc_text(value, &text)) return complain_of(r, value, "expected a string");
    char *copy = strndup((const char *)text.p, text.n);
    if (!copy) return ERR_NO_MEMORY;
    memcpy(member(r->into, k), &copy, sizeof copy);
    return OK;
}

static bool bounded(const struct config_key *k)
{
    return k->low != 0 || k->high != 0;
}

static enum err read_int(struct reading *r, const struct config_key *k, const struct doc *value)
{
    int64_t v = 0;
    bool is_int = doc_int(value, &v);

    if (is_int && (!bounded(k) || (v >= k->low && v <= k->high))) {
        memcpy(member(r->into, k), &v, sizeof v);
        return OK;
    }
    enum err e = complain_of(r, value, "expected an integer");
    if (bounded(k)) buf_format(r->message, " from %" PRId64 " to %" PRId64, k->low, k->high);
    return e;
}

static enum err read_bool(struct reading *r, const struct config_key *k, const struct doc *value)
{
    bool v;

    if (!doc_bool(value, &v)) return complain_of(r, value, "expected true or false");
    memcpy(member(r->into, k), &v, sizeof v);
    return OK;
}

/* Takes the next word off "a|b|c". */
static struct span next_choice(const char **choices)
{
    size_t n = strcspn(*choices, "|");
    struct span word = span(*choices, n);

    *choices += n + ((*choices)[n] == '|');
    return word;
}

static enum err read_choice(struct reading *r, const struct config_key *k, const struct doc *value)
{
    const char *left = k->choices;
    struct span text = { NULL, 0 };
    bool is_text = doc_text(value, &text);

    for (int i = 0; is_text && *left; i++) {
        if (!span_eq(next_choice(&left), text)) continue;
        memcpy(member(r->into, k), &i, sizeof i);
        return OK;
    }
    enum err e = complain_of(r, value, "expected one of ");
    buf_str(r->message, k->choices);
    return e;
}

static enum err read_doc(struct reading *r, const struct config_key *k, const struct doc *value)
{
    const struct doc **slot = member(r->into, k);

    *slot = value;
    return OK;
}

static const struct {
    value_reader *read;
    const char *words;
} kinds[] = {
    [CONFIG_TEXT] = { read_text, "text" },       [CONFIG_INT] = { read_int, "integer" },
    [CONFIG_BOOL] = { read_bool, "true|false" }, [CONFIG_CHOICE] = { read_choice, "" },
    [CONFIG_DOC] = { read_doc, "JSON value" },
};

/* The value of a dotted name, or NULL and in *within the innermost object on the way to it. */
static const struct doc *look_up(const struct doc *root, struct span name, const struct doc **within)
{
    struct span prefix = span(name.p, 0);
    const struct doc *d = root;

    for (*within = root; d && prefix.n < name.n; prefix.n++) {
        struct span c = component(name, prefix);
        *within = d;
        d = doc_get_span(d, c);
        prefix.n += c.n;
    }
    return d;
}

static enum err read_fallback(struct reading *r, const struct config_key *k)
{
    struct doc *value = NULL;
    struct fault why;
    enum err e = doc_read_json(span_str(k->fallback), &doc_limits_file, &value, &why);

    if (e == OK) {
        e = kinds[k->kind].read(r, k, value);
        if (r->fallbacks) {
            r->fallbacks[k - r->keys] = value;
        } else {
            doc_free(value);
        }
        return e;
    }
    if (e == ERR_NO_MEMORY) return e;
    complain(r, NULL);
    buf_format(r->message, "its default: %s", why.why);
    return ERR_INTERNAL;
}

static enum err read_key(struct reading *r, const struct config_key *k)
{
    const struct doc *within, *value = look_up(r->object, span_str(k->name), &within);

    buf_truncate(&r->path, 0);
    buf_str(&r->path, k->name);
    if (value) return kinds[k->kind].read(r, k, value);
    if (k->required) return complain_of(r, within, "missing");
    return k->fallback ? read_fallback(r, k) : OK;
}

static enum err read_keys(struct reading *r)
{
    if (doc_kind(r->object) != DOC_MAP) {
        config_where(r->file, r->object, r->message);
        buf_str(r->message, "expected an object");
        return ERR_MALFORMED;
    }
    TRY(check_names(r, r->object));
    for (size_t i = 0; i < r->count; i++) TRY(read_key(r, &r->keys[i]));
    return OK;
}

/* --- the file --- */

static enum err parse(struct config_file *f, struct buf *message)
{
    struct fault why = { 0 };
    enum err e = doc_read_json_commented(buf_span(&f->text), &doc_limits_file, &f->root, &why);
    unsigned line, column;

    if (e == OK || e == ERR_NO_MEMORY) return e;
    fault_position(buf_span(&f->text), why.at, &line, &column);
    buf_add(message, buf_span(&f->name));
    buf_format(message, ":%u:%u: %s", line, column, why.why);
    return ERR_MALFORMED;
}

static struct config_file *file_new(const char *name, struct span text, size_t count)
{
    struct config_file *f = calloc(1, sizeof *f);

    if (!f) return NULL;
    f->count = count;
    f->fallbacks = calloc(count ? count : 1, sizeof(struct doc *));
    buf_str(&f->name, name);
    buf_add(&f->text, text);
    if (f->fallbacks && !buf_failed(&f->name) && !buf_failed(&f->text)) return f;
    config_free(f, NULL, 0, NULL);
    return NULL;
}

enum err config_read(const char *file, struct span text, const struct config_key *keys, size_t count,
                     void *into, struct config_file **out, struct buf *message)
{
    struct config_file *f = file_new(file, text, count);
    struct reading r = { .file = f, .keys = keys, .count = count, .into = into, .message = message };
    enum err e = f ? parse(f, message) : ERR_NO_MEMORY;

    if (e == OK) {
        r.fallbacks = f->fallbacks;
        r.object = f->root;
        e = read_keys(&r);
    }
    if (e == OK && buf_failed(&r.path)) e = ERR_NO_MEMORY;
    buf_clear(&r.path);
    if (e != OK) {
        config_free(f, keys, count, into);
        f = NULL;
    }
    if (e == ERR_NO_MEMORY) buf_format(message, "%s: %s", file, err_wire(e)->words);
    *out = f;
    return e;
}

static void free_text(void *into, const struct config_key *k)
{
    char *text;

    memcpy(&text, member(into, k), sizeof text);
    if (text) explicit_bzero(text, strlen(text));
    free(text);
}

void config_object_clear(const struct config_table *table, void *into)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct config_key *k = &table->keys[i];
        if (k->kind == CONFIG_TEXT) free_text(into, k);
        if (k->kind == CONFIG_TEXT || k->kind == CONFIG_DOC) memset(member(into, k), 0, sizeof(void *));
    }
}

enum err config_object(const struct config_file *f, const struct doc *object,
                       const struct config_table *table, void *into, struct buf *message)
{
    struct reading r = { .file = f,
                         .object = object,
                         .keys = table->keys,
                         .count = table->count,
                         .into = into,
                         .message = message };
    enum err e = read_keys(&r);

    if (e == OK && buf_failed(&r.path)) e = ERR_NO_MEMORY;
    buf_clear(&r.path);
    return e;
}

void config_free(struct config_file *f, const struct config_key *keys, size_t count, void *into)
{
    config_object_clear(&(struct config_table){ keys, count }, into);
    if (!f) return;
    for (size_t i = 0; i < f->count && f->fallbacks; i++) doc_free(f->fallbacks[i]);
    free(f->fallbacks);
    doc_free(f->root);
    buf_clear(&f->text);
    buf_clear(&f->name);
    free(f);
}

bool config_names(const struct config_file *f, const char *name)
{
    return doc_get(f->root, name) != NULL;
}

/* --- read anew --- */

static const char *text_of(const void *from, const struct config_key *k)
{
    const char *text;

    memcpy(&text, const_member(from, k), sizeof text);
    return text;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static enum err keep_text(const struct config_key *k, const void *old, void *fresh)
{
    const char *text = text_of(old, k);
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy) return ERR_NO_MEMORY;
    free_text(fresh, k);
    memcpy(member(fresh, k), &copy, sizeof copy);
    return OK;
}

static size_t size_of(const struct config_key *k)
{
    static const size_t sizes[] = {
        [CONFIG_INT] = sizeof(int64_t), [CONFIG_BOOL] = sizeof(bool), [CONFIG_CHOICE] = sizeof(int)
    };

    return sizes[k->kind];
}

static enum err keep_key(const struct config_key *k, const void *old, void *fresh, struct buf *kept)
{
    bool is_text = k->kind == CONFIG_TEXT;
    bool same = is_text ? same_text(text_of(old, k), text_of(fresh, k))
                        : memcmp(const_member(old, k), const_member(fresh, k), size_of(k)) == 0;

    if (same) return OK;
    buf_format(kept, "%s%s", kept->n ? ", " : "", k->name);
    if (is_text) return keep_text(k, old, fresh);
    memcpy(member(fresh, k), const_member(old, k), size_of(k));
    return OK;
}

enum err config_keep(const struct config_key *keys, size_t count, const void *old, void *fresh,
                     struct buf *kept)
{
    for (size_t i = 0; i < count; i++)
        if (!keys[i].reloadable && keys[i].kind != CONFIG_DOC) TRY(keep_key(&keys[i], old, fresh, kept));
    return buf_failed(kept) ? ERR_NO_MEMORY : OK;
}

/* --- help and print --- */

static void help_key(const struct config_key *k, struct buf *out)
{
    buf_format(out, "%s\n    %s", k->name, k->kind == CONFIG_CHOICE ? k->choices : kinds[k->kind].words);
    if (k->kind == CONFIG_INT && bounded(k))
        buf_format(out, " from %" PRId64 " to %" PRId64, k->low, k->high);
    if (k->required) buf_str(out, ", required");
    if (!k->required && k->fallback) buf_format(out, ", default %s", k->fallback);
    if (k->reloadable) buf_str(out, ", reloadable");
    if (k->secret) buf_str(out, ", secret");
    if (k->reading) buf_format(out, ", switch (%s)", k->reading);
    buf_format(out, "\n    %s\n", k->doc ? k->doc : "");
}

void config_help(const struct config_key *keys, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) help_key(&keys[i], out);
}

static struct doc *switch_doc(const struct config_key *k)
{
    struct doc *d = doc_new_map(), *fallback = NULL;

    if (doc_read_json(span_str(k->fallback ? k->fallback : "null"), &doc_limits_wire, &fallback, NULL) != OK)
        fallback = NULL;
    doc_put(d, "default", fallback);
    doc_put(d, "reading", doc_new_str(k->reading));
    doc_put(d, "doc", doc_new_str(k->doc));
    return d;
}

enum err config_switches(const struct config_key *keys, size_t count, struct buf *out)
{
    struct doc *all = doc_new_map();

    for (size_t i = 0; i < count; i++) {
        if (keys[i].reading) doc_put(all, keys[i].name, switch_doc(&keys[i]));
    }
    enum err e = doc_write_json(all, out);
    doc_free(all);
    return e;
}

static struct doc *choice_value(const struct config_key *k, const void *from)
{
    const char *left = k->choices;
    struct span word = { NULL, 0 };
    int chosen;

    memcpy(&chosen, from, sizeof chosen);
    for (int i = 0; i <= chosen; i++) word = next_choice(&left);
    return doc_new_text(word);
}

/* Replaces, in a tree we own, every text under a name that is a secret's. Recursion ends at the document's depth limit. */
static void mask(struct doc *d)
{
    static const char *const names[] = { "secret", "k", "d" };
    struct span text;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (doc_text(doc_get(d, names[i]), &text)) doc_put(d, names[i], doc_new_str("(secret)"));
    }
    for (size_t i = 0; i < doc_count(d); i++) mask(doc_edit_at(d, i));
}

static struct doc *masked_copy(const struct doc *d)
{
    struct doc *copy = doc_copy(d);

    mask(copy);
    return copy;
}

/* *absent: there is nothing to print. Otherwise NULL means no memory. */
static struct doc *value_of(const struct config_key *k, const void *from, bool *absent)
{
    const char *text;
    const struct doc *tree;
    int64_t number;
    bool truth;

    switch (k->kind) {
    case CONFIG_TEXT:
        memcpy(&text, from, sizeof text);
        *absent = !text;
        return text ? doc_new_str(text) : NULL;
    case CONFIG_INT:
        memcpy(&number, from, sizeof number);
        return doc_new_int(number);
    case CONFIG_BOOL:
        memcpy(&truth, from, sizeof truth);
        return doc_new_bool(truth);
    case CONFIG_CHOICE:
        return choice_value(k, from);
    case CONFIG_DOC:
        tree = *(const struct doc *const *)from;
        *absent = !tree;
        return masked_copy(tree);
    }
    return NULL;
}

/* Puts `value` at a dotted name, making the objects on the way. Takes ownership of `value`. */
static void put_at(struct doc *root, struct span name, struct doc *value)
{
    struct span prefix = span(name.p, 0), c = component(name, prefix);

    while (prefix.n + c.n < name.n) {
        if (!doc_get_span(root, c)) doc_put_span(root, c, doc_new_map());
        root = doc_edit(root, c);
        prefix.n += c.n + 1;
        c = component(name, prefix);
    }
    doc_put_span(root, c, value);
}

void config_print(const struct config_key *keys, size_t count, const void *from, struct buf *out)
{
    struct doc *root = doc_new_map();

    for (size_t i = 0; i < count; i++) {
        bool absent = false;
        struct doc *value = value_of(&keys[i], const_member(from, &keys[i]), &absent);
        if (!absent && keys[i].secret) {
            doc_free(value);
            value = doc_new_str("(secret)");
        }
        if (!absent) put_at(root, span_str(keys[i].name), value);
    }
    if (doc_write_json_pretty(root, out) != OK) out->failed = true;
    buf_u8(out, '\n');
    doc_free(root);
}
