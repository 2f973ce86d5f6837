#include "common/ace/scope.h"

#include "common/ace/topic.h"
#include "common/codec/text.h"

#include <stdlib.h>

enum { ALL_PERMS = PERM_PUB | PERM_SUB, MAX_SCOPE_TEXT = 96 * 1024 };

/* The filters stand one behind the other in `text`. */
struct entry {
    size_t at;
    uint16_t n;
    uint8_t perms;
};

struct scope {
    unsigned refs;
    size_t count;
    struct entry entries[MAX_SCOPE_ENTRIES];
    struct buf text;
    bool draft02; /* was read as words of draft -02 */
};

static const struct word {
    const char *name;
    unsigned perms;
} words[] = { { "pub", PERM_PUB }, { "sub", PERM_SUB }, { "pubsub", ALL_PERMS } };

static unsigned perms_of(struct span word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_is(word, words[i].name)) return words[i].perms;
    return 0;
}

static const char *word_of(unsigned perms)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (perms == words[i].perms) return words[i].name;
    return NULL;
}

static enum err refuse(struct fault *why, size_t at, const char *what)
{
    fault_set(why, at, "scope: %s", what);
    return ERR_INVALID_SCOPE;
}

/* Hands out what was made, or nothing after an error. */
static enum err finish(struct scope *s, enum err e, struct scope **out)
{
    *out = e == OK ? s : NULL;
    if (e != OK) scope_free(s);
    return e;
}

static struct scope *scope_new(void)
{
    struct scope *s = calloc(1, sizeof *s);

    if (s) s->refs = 1;
    return s;
}

/* A filter that spells out authz-info; one that merely covers it by a wildcard is harmless, as scope_allows() never grants it. */
static bool names_authz_info(struct span filter)
{
    return filter.n && filter.p[0] == 'a' && topic_matches(filter, span_str(AUTHZ_INFO));
}

static enum err take_entry(struct scope *s, struct span filter, unsigned perms, struct fault *why)
{
    if (!topic_filter_valid(filter)) return refuse(why, 0, "not a valid topic filter"); /* [R-SCOPE-18] */
    if (names_authz_info(filter)) return refuse(why, 0, "authz-info is no part of any scope");
    if (s->count == MAX_SCOPE_ENTRIES) return refuse(why, 0, "more entries than 64");
    s->entries[s->count++] = (struct entry){ s->text.n, (uint16_t)filter.n, (uint8_t)perms };
    buf_add(&s->text, filter);
    return buf_failed(&s->text) ? ERR_NO_MEMORY : OK;
}

/* [R-SCOPE-02] at least one of "pub" and "sub", each once */
static enum err read_perms(const struct doc *d, unsigned *out, struct fault *why)
{
    if (doc_kind(d) != DOC_ARRAY || doc_count(d) == 0) return refuse(why, doc_offset(d), "no permissions");
    *out = 0;
    for (size_t i = 0; i < doc_count(d); i++) {
        struct span word;
        unsigned perm = doc_text(doc_at(d, i), &word) ? perms_of(word) : 0;
        if (perm != PERM_PUB && perm != PERM_SUB) return refuse(why, doc_offset(d), "unknown permission");
        if (*out & perm) return refuse(why, doc_offset(d), "doubled permission");
        *out |= perm;
    }
    return OK;
}

static enum err read_entry(struct scope *s, const struct doc *d, struct fault *why)
{
    struct span filter;
    unsigned perms;

    if (doc_kind(d) != DOC_ARRAY || doc_count(d) != 2 || !doc_text(doc_at(d, 0), &filter))
        return refuse(why, doc_offset(d), "an entry is not [topic filter, [permissions]]");
    TRY(read_perms(doc_at(d, 1), &perms, why));
    enum err e = take_entry(s, filter, perms, why);
    if (e == ERR_INVALID_SCOPE && why) why->at = doc_offset(d);
    return e;
}

static enum err read_entries(struct scope *s, const struct doc *aif, struct fault *why)
{
    if (doc_kind(aif) != DOC_ARRAY) return refuse(why, doc_offset(aif), "not an array");
    for (size_t i = 0; i < doc_count(aif); i++) TRY(read_entry(s, doc_at(aif, i), why));
    return OK;
}

enum err scope_from_doc(const struct doc *aif, struct scope **out, struct fault *why)
{
    struct scope *s = scope_new();

    *out = NULL;
    return s ? finish(s, read_entries(s, aif, why), out) : ERR_NO_MEMORY;
}

/* What a document could not be read for is, of a scope, an invalid scope. */
static enum err as_scope_error(enum err e)
{
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_INVALID_SCOPE;
}

typedef enum err read_doc(struct span, const struct doc_limits *, struct doc **, struct fault *);

static enum err from_bytes(read_doc *read, struct span in, struct scope **out, struct fault *why)
{
    struct doc *d = NULL;

    *out = NULL;
    enum err e = as_scope_error(read(in, &doc_limits_wire, &d, why));
    if (e == OK) e = scope_from_doc(d, out, why);
    doc_free(d);
    return e;
}

enum err scope_from_cbor(struct span cbor, struct scope **out, struct fault *why)
{
    return from_bytes(doc_read_cbor, cbor, out, why);
}

static enum err from_base64url(struct span text, struct scope **out, struct fault *why)
{
    struct buf json = { 0 };
    enum err e = as_scope_error(b64url_decode(text, &json));

    if (e == ERR_INVALID_SCOPE) fault_set(why, 0, "scope: not base64url without padding");
    if (e == OK && buf_failed(&json)) e = ERR_NO_MEMORY;
    if (e == OK) e = from_bytes(doc_read_json, buf_span(&json), out, why);
    buf_clear(&json);
    return e;
}

static const struct draft02_word {
    const char *prefix;
    unsigned perm;
} draft02_words[] = { { "publish_", PERM_PUB }, { "subscribe_", PERM_SUB } };

static const struct draft02_word *draft02_word(struct span word)
{
    for (size_t i = 0; i < sizeof draft02_words / sizeof *draft02_words; i++) {
        if (span_starts(word, span_str(draft02_words[i].prefix))) return &draft02_words[i];
    }
    return NULL;
}

static enum err read_draft02(struct scope *s, struct span left, struct fault *why)
{
    while (left.n) {
        struct span word = span_cut(&left, ' ');
        const struct draft02_word *w = draft02_word(word);
        if (!w) return refuse(why, 0, "a word does not begin with publish_ or subscribe_");
        TRY(take_entry(s, span_skip(word, strlen(w->prefix)), w->perm, why));
    }
    return OK;
}

static enum err from_draft02(struct span text, struct scope **out, struct fault *why)
{
    struct scope *s = scope_new();

    if (s) s->draft02 = true;
    return s ? finish(s, read_draft02(s, text, why), out) : ERR_NO_MEMORY;
}

enum err scope_from_text(struct span text, enum scope_spelling also, struct scope **out, struct fault *why)
{
    *out = NULL;
    if (text.n == 0) return refuse(why, 0, "empty text");
    if (text.n > MAX_SCOPE_TEXT) return refuse(why, 0, "too long");
    if (also & SCOPE_DRAFT02 && draft02_word(text)) return from_draft02(text, out, why);
    if (also & SCOPE_LENIENT && text.p[0] == '[') return from_bytes(doc_read_json, text, out, why);
    return from_base64url(text, out, why);
}

enum err scope_from_member(const struct doc *member, enum scope_spelling also, struct scope **out,
                           struct fault *why)
{
    struct span s;

    *out = NULL;
    if (doc_text(member, &s)) return scope_from_text(s, also, out, why);
    if (doc_bytes(member, &s)) return scope_from_cbor(s, out, why);
    if (also & SCOPE_LENIENT && doc_kind(member) == DOC_ARRAY) return scope_from_doc(member, out, why);
    return refuse(why, doc_offset(member), "neither text nor bytes");
}

static enum err read_words(struct scope *s, struct span left, struct fault *why)
{
    while (left.n) {
        struct span filter = span_cut(&left, ' ');
        if (filter.n == 0) continue;
        unsigned perms = memchr(filter.p, ':', filter.n) ? perms_of(span_cut(&filter, ':')) : 0;
        if (!perms) return refuse(why, 0, "a word does not begin with pub:, sub: or pubsub:");
        TRY(take_entry(s, filter, perms, why));
    }
    return OK;
}

enum err scope_from_words(struct span text, struct scope **out, struct fault *why)
{
    *out = NULL;
    if (text.n && text.p[0] == '[') return from_bytes(doc_read_json, text, out, why);
    struct scope *s = scope_new();
    return s ? finish(s, read_words(s, text, why), out) : ERR_NO_MEMORY;
}

static enum err take_entries(struct scope *s, const struct scope_entry *entries, size_t count,
                             struct fault *why)
{
    for (size_t i = 0; i < count; i++) {
        if (!word_of(entries[i].perms)) return refuse(why, 0, "no permission, or an unknown one");
        TRY(take_entry(s, entries[i].filter, entries[i].perms, why));
    }
    return OK;
}

enum err scope_from_entries(const struct scope_entry *entries, size_t count, struct scope **out,
                            struct fault *why)
{
    struct scope *s = scope_new();

    *out = NULL;
    return s ? finish(s, take_entries(s, entries, count, why), out) : ERR_NO_MEMORY;
}

static struct doc *perms_doc(unsigned perms)
{
    struct doc *d = doc_new_array();

    if (d && perms & PERM_PUB) doc_add(d, doc_new_str("pub"));
    if (d && perms & PERM_SUB) doc_add(d, doc_new_str("sub"));
    return d;
}

static struct doc *entry_doc(const struct scope *s, size_t i)
{
    struct doc *d = doc_new_array();

    if (!d) return NULL;
    doc_add(d, doc_new_text(scope_filter(s, i)));
    doc_add(d, perms_doc(scope_perms(s, i)));
    return d;
}

struct doc *scope_to_doc(const struct scope *s)
{
    struct doc *d = doc_new_array();

    for (size_t i = 0; d && i < s->count; i++) doc_add(d, entry_doc(s, i));
    return d;
}

typedef enum err write_doc(const struct doc *, struct buf *);

static enum err write_with(write_doc *write, const struct scope *s, struct buf *out)
{
    struct doc *d = scope_to_doc(s);
    enum err e = d ? write(d, out) : ERR_NO_MEMORY;

    doc_free(d);
    return e;
}

enum err scope_to_cbor(const struct scope *s, struct buf *out)
{
    return write_with(doc_write_cbor, s, out);
}

enum err scope_to_json(const struct scope *s, struct buf *out)
{
    return write_with(doc_write_json, s, out);
}

void scope_spell_like(struct scope *s, const struct scope *like)
{
    s->draft02 = like->draft02;
}

/* Words are between blanks. */
static bool has_draft02_words(const struct scope *s)
{
    bool fits = s->draft02 && s->count > 0;

    for (size_t i = 0; fits && i < s->count; i++)
        fits = !memchr(scope_filter(s, i).p, ' ', scope_filter(s, i).n);
    return fits;
}

static void write_draft02(const struct scope *s, struct buf *out)
{
    const char *between = "";

    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < sizeof draft02_words / sizeof *draft02_words; k++) {
            if (!(scope_perms(s, i) & draft02_words[k].perm)) continue;
            buf_format(out, "%s%s", between, draft02_words[k].prefix);
            buf_add(out, scope_filter(s, i));
            between = " ";
        }
    }
}

enum err scope_to_text(const struct scope *s, struct buf *out)
{
    struct buf json = { 0 };

    if (has_draft02_words(s)) {
        write_draft02(s, out);
        return buf_failed(out) ? ERR_NO_MEMORY : OK;
    }
    enum err e = scope_to_json(s, &json);
    if (e == OK) b64url_encode(out, buf_span(&json));
    buf_clear(&json);
    return e == OK && buf_failed(out) ? ERR_NO_MEMORY : e;
}

struct doc *scope_to_member(const struct scope *s, enum notation n)
{
    struct buf b = { 0 };
    enum err e = n == NOTATION_CBOR ? scope_to_cbor(s, &b) : scope_to_text(s, &b);
    struct doc *d = NULL;

    if (e == OK && n == NOTATION_CBOR) d = doc_new_bytes(buf_span(&b));
    if (e == OK && n == NOTATION_JSON) d = doc_new_text(buf_span(&b));
    buf_clear(&b);
    return d;
}

enum err scope_to_words(const struct scope *s, struct buf *out)
{
    if (s->count == 0) buf_str(out, "(nothing)");
    for (size_t i = 0; i < s->count; i++) {
        if (i) buf_u8(out, ' ');
        buf_str(out, word_of(scope_perms(s, i)));
        buf_u8(out, ':');
        buf_add(out, scope_filter(s, i));
    }
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

struct scope *scope_ref(struct scope *s)
{
    if (s) s->refs++;
    return s;
}

void scope_free(struct scope *s)
{
    if (!s || --s->refs) return;
    buf_clear(&s->text);
    free(s);
}

size_t scope_count(const struct scope *s)
{
    return s->count;
}

struct span scope_filter(const struct scope *s, size_t i)
{
    return span(s->text.p + s->entries[i].at, s->entries[i].n);
}

unsigned scope_perms(const struct scope *s, size_t i)
{
    return s->entries[i].perms;
}

/* One entry alone covers all of `topic` [R-SCOPE-04, R-SCOPE-05] for this permission [R-SCOPE-08]. */
static bool entry_allows(const struct scope *s, size_t i, unsigned want, struct span topic)
{
    return scope_perms(s, i) & want && topic_covers(scope_filter(s, i), topic);
}

bool scope_allows(const struct scope *s, enum perm want, struct span topic)
{
    if (span_is(topic, AUTHZ_INFO)) return false; /* [R-AZI-01] */
    for (size_t i = 0; i < s->count; i++)
        if (entry_allows(s, i, want, topic)) return true;
    return false; /* [R-SCOPE-10] */
}

static bool has_entry(const struct scope *s, struct span filter, unsigned perms)
{
    for (size_t i = 0; i < s->count; i++)
        if (scope_perms(s, i) == perms && span_eq(scope_filter(s, i), filter)) return true;
    return false;
}

static bool all_in(const struct scope *a, const struct scope *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!has_entry(b, scope_filter(a, i), scope_perms(a, i))) return false;
    return true;
}

bool scope_eq(const struct scope *a, const struct scope *b)
{
    return a->count == b->count && all_in(a, b) && all_in(b, a);
}
