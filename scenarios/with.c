#include "scenarios/with.h"

#include "common/base/nearest.h"
#include "common/codec/doc.h"

/* --- values --- */

static bool is_scalar(const struct doc *d)
{
    enum doc_kind k = doc_kind(d);

    return k != DOC_NONE && k != DOC_ARRAY && k != DOC_MAP;
}

const char *with_value(struct arena *a, struct span word)
{
    struct buf json = { 0 };
    struct doc *d = NULL;

    if (doc_read_json(word, &doc_limits_wire, &d, NULL) != OK || !is_scalar(d)) {
        doc_free(d);
        d = doc_new_text(word);
    }
    if (doc_write_json(d, &json) != OK) a->failed = true;
    const char *kept = arena_text(a, buf_span(&json));
    doc_free(d);
    buf_clear(&json);
    return kept;
}

/* --- reading --- */

static bool read_role(struct span word, enum role *out)
{
    for (*out = 0; *out < ROLE_COUNT; (*out)++) {
        if (span_is(word, role_name(*out))) return true;
    }
    return false;
}

/* Takes up to the next blank outside quotes. */
static struct span take_value(struct line *l)
{
    size_t from = l->at;
    bool quoted = false;

    for (int c; (c = line_peek(l)) >= 0 && (quoted || !char_is_blank(c)); l->at++) {
        if (quoted && c == '\\') l->at++;
        if (c == '"') quoted = !quoted;
    }
    if (l->at > l->text.n) l->at = l->text.n;
    if (quoted) line_blame(l, from, "the quote is not closed");
    return span(l->text.p + from, l->at - from);
}

static bool is_key(struct span s)
{
    bool ok = word_is_plain(s, "._") && s.p[0] != '.' && s.p[s.n - 1] != '.';

    return ok && !memmem(s.p, s.n, "..", 2);
}

static void parse_setting(struct line *l, struct scenario *s, enum role role)
{
    size_t from = l->at;

    while (line_peek(l) >= 0 && line_peek(l) != '=' && !char_is_blank(line_peek(l))) l->at++;
    struct span key = span(l->text.p + from, l->at - from);
    if (!is_key(key) || line_peek(l) != '=') {
        line_blame(l, from, "expected key=value, the key as in the program's configuration");
        return;
    }
    l->at++;
    size_t at = l->at;
    struct span value = take_value(l);
    bool axis = value.n && value.p[0] == '$';
    if (value.n == 0) line_blame(l, at, "expected a value");
    if (axis && !word_is_plain(span_skip(value, 1), "_")) line_blame(l, at, "expected the name of an axis");
    if (s->settings >= MAX_SETTINGS) line_blame(l, from, "more than %d settings", MAX_SETTINGS);
    if (l->failed) return;
    struct setting *set = APPEND(&l->flows->arena, s->setting, s->settings);
    if (!set) return;
    *set = (struct setting){ .at = line_place(l, from), .role = role, .key = line_keep(l, key) };
    if (axis)
        set->axis = line_keep(l, span_skip(value, 1));
    else
        set->value = with_value(&l->flows->arena, value);
}

void with_parse(struct line *l, struct scenario *s)
{
    struct span word = line_word(l);
    struct conditions when = { 0 };
    size_t first = s->settings;
    enum role role;

    if (!read_role(word, &role)) {
        const char *best = vocab_nearest(WORDS_ROLES, word);
        line_blame(l, line_start(l, word), "expected client, broker or as, not %.*s%s%s", (int)word.n,
                   (const char *)word.p, NEAREST(best));
    }
    do {
        line_blanks(l);
        if (!l->failed) parse_setting(l, s, role);
    } while (!line_ended(l) && !line_conditions(l, &when));
    for (size_t i = first; i < s->settings; i++) s->setting[i].when = when;
}

/* --- telling --- */

bool with_same(const struct setting *a, const struct setting *b)
{
    return a->role == b->role && strcmp(a->key, b->key) == 0;
}

void with_print(const struct setting *list, size_t count, struct buf *out)
{
    const char *between = "";

    for (unsigned r = 0; r < ROLE_COUNT; r++) {
        bool named = false;
        for (size_t i = 0; i < count; i++) {
            const struct setting *s = &list[i];
            if (s->role != r) continue;
            if (!named) buf_format(out, "%s%s", between, role_name(r));
            buf_format(out, " %s=%s%s", s->key, s->axis ? "$" : "", s->axis ? s->axis : s->value);
            named = true;
            between = "; ";
        }
    }
}
