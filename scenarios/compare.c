#include "scenarios/compare.h"

#include "common/codec/doc.h"
#include "scenarios/result.h"

#include <stdlib.h>

static const struct doc_limits limits = {
    .bytes = MAX_REPORT, .depth = 8, .items = 1 << 20, .nodes = 1 << 23
};

/* A run, by what it is known by. */
struct entry {
    struct buf key; /* "connect/x [pop=hs256] broker", then who played whom */
    size_t shown;   /* of the key, for people */
    const struct doc *run;
};

struct side {
    struct doc *root;
    size_t count;
    struct entry *entry; /* sorted by key */
};

/* The kinds of lines, in the order told. */
enum kind { WORSE, GONE, UNCHECKED, LOST, BETTER, FRESH, WON, KINDS };

static const char *const words[KINDS] = {
    [WORSE] = "worse",    [GONE] = "gone",     [UNCHECKED] = "no longer checked",
    [LOST] = "rule lost", [BETTER] = "better", [FRESH] = "new",
    [WON] = "rule won",
};

struct compare {
    struct side before, after;
    struct buf lines[KINDS];
    struct comparison *out;
};

struct span compare_text(const struct doc *map, const char *name)
{
    struct span s = { 0 };

    doc_text(doc_get(map, name), &s);
    return s;
}

/* ---- reading ---- */

void compare_print_members(const struct doc *map, struct buf *out)
{
    struct span name, value;

    for (size_t i = 0; i < doc_count(map); i++) {
        if (!doc_key_text(map, i, &name) || !doc_text(doc_at(map, i), &value)) continue;
        if (i) buf_u8(out, ',');
        buf_add(out, name);
        buf_u8(out, '=');
        buf_add(out, value);
    }
}

static void make_key(const struct doc *run, struct entry *out)
{
    const struct doc *variant = doc_get(run, "variant");

    buf_add(&out->key, compare_text(run, "id"));
    if (doc_count(variant)) {
        buf_str(&out->key, " [");
        compare_print_members(variant, &out->key);
        buf_u8(&out->key, ']');
    }
    buf_u8(&out->key, ' ');
    buf_add(&out->key, compare_text(run, "role"));
    out->shown = out->key.n;
    buf_u8(&out->key, '\n');
    compare_print_members(doc_get(run, "players"), &out->key);
    out->run = run;
}

static int by_key(const void *a, const void *b)
{
    const struct buf *x = &((const struct entry *)a)->key, *y = &((const struct entry *)b)->key;
    int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static enum err index_runs(struct side *s)
{
    const struct doc *runs = doc_get(s->root, "scenarios");

    s->entry = calloc(doc_count(runs) + 1, sizeof *s->entry);
    if (!s->entry) return ERR_NO_MEMORY;
    for (size_t i = 0; i < doc_count(runs); i++) {
        make_key(doc_at(runs, i), &s->entry[s->count++]);
        if (buf_failed(&s->entry[i].key)) return ERR_NO_MEMORY;
    }
    if (s->count) qsort(s->entry, s->count, sizeof *s->entry, by_key);
    return OK;
}

static const char *shape_fault(const struct doc *root)
{
    int64_t version = 0;

    if (!doc_int(doc_get(root, "version"), &version)) return "no report: it has no version";
    if (version != 1) return "a report of another version";
    if (doc_kind(doc_get(root, "scenarios")) != DOC_ARRAY) return "it has no scenarios";
    return doc_kind(doc_get(root, "rules")) == DOC_ARRAY ? NULL : "it has no rules";
}

static enum err read_side(struct span json, const char *name, struct side *out, struct buf *text)
{
    struct fault why = { 0 };
    enum err e = doc_read_json(json, &limits, &out->root, &why);
    const char *fault = e == OK ? shape_fault(out->root) : why.why;

    if (fault) {
        buf_format(text, "the %s report, byte %zu: %s\n", name, why.at, fault);
        return e == OK ? ERR_MALFORMED : e;
    }
    return index_runs(out);
}

static void clear_side(struct side *s)
{
    for (size_t i = 0; i < s->count; i++) buf_clear(&s->entry[i].key);
    free(s->entry);
    doc_free(s->root);
}

/* ---- runs ---- */

static void begin_line(struct compare *c, enum kind k, struct span who)
{
    buf_format(&c->lines[k], "%s: ", words[k]);
    buf_add(&c->lines[k], who);
}

static void tell_run(struct compare *c, enum kind k, const struct entry *e)
{
    begin_line(c, k, span(e->key.p, e->shown));
    buf_str(&c->lines[k], ", ");
    buf_add(&c->lines[k], compare_text(e->run, "verdict"));
    buf_u8(&c->lines[k], '\n');
}

static void tell_change(struct buf *out, struct span from, struct span to)
{
    buf_str(out, ": ");
    buf_add(out, from);
    buf_str(out, " -> ");
    buf_add(out, to);
    buf_u8(out, '\n');
}

/* An unknown word is worse than all that are known. */
static int rank(struct span verdict)
{
    int v = 0;

    while (v < VERDICTS && !span_is(verdict, verdict_name((enum verdict)v))) v++;
    return v;
}

static void compare_verdicts(struct compare *c, const struct entry *before, const struct entry *after)
{
    struct span old = compare_text(before->run, "verdict"), new = compare_text(after->run, "verdict");
    enum kind k = rank(new) > rank(old) ? WORSE : BETTER;

    if (rank(new) == rank(old)) return;
    begin_line(c, k, span(after->key.p, after->shown));
    tell_change(&c->lines[k], old, new);
    *(k == WORSE ? &c->out->worse : &c->out->better) += 1;
}

/* The i-th check of a run, held or broken. */
static struct span check_at(const struct doc *run, size_t i)
{
    const struct doc *held = doc_get(run, "held");
    struct span s = { 0 };

    if (i >= doc_count(held))
        return compare_text(doc_at(doc_get(run, "broken"), i - doc_count(held)), "check");
    doc_text(doc_at(held, i), &s);
    return s;
}

static size_t checks_of(const struct doc *run)
{
    return doc_count(doc_get(run, "held")) + doc_count(doc_get(run, "broken"));
}

/* How often `check` is among the first `n` checks of a run. */
static size_t times(const struct doc *run, size_t n, struct span check)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) found += span_eq(check_at(run, i), check);
    return found;
}

/* A check may stand in a run several times: then the last ones are missing. */
static void compare_checks(struct compare *c, const struct entry *before, const struct entry *after)
{
    size_t gone = 0, all = checks_of(after->run);
    struct span first = { 0 };

    for (size_t i = 0; i < checks_of(before->run); i++) {
        struct span check = check_at(before->run, i);
        if (times(before->run, i + 1, check) <= times(after->run, all, check)) continue;
        if (gone++ == 0) first = check;
    }
    if (gone == 0) return;
    c->out->checks_gone += gone;
    begin_line(c, UNCHECKED, span(after->key.p, after->shown));
    buf_str(&c->lines[UNCHECKED], ": ");
    buf_add(&c->lines[UNCHECKED], first);
    if (gone > 1) buf_format(&c->lines[UNCHECKED], " and %zu more", gone - 1);
    buf_u8(&c->lines[UNCHECKED], '\n');
}

static void compare_runs(struct compare *c)
{
    const struct side *a = &c->before, *b = &c->after;

    for (size_t i = 0, k = 0; i < a->count || k < b->count;) {
        int order = i == a->count ? 1 : k == b->count ? -1 : by_key(&a->entry[i], &b->entry[k]);
        if (order == 0) {
            compare_verdicts(c, &a->entry[i], &b->entry[k]);
            compare_checks(c, &a->entry[i], &b->entry[k]);
        } else if (order < 0) {
            tell_run(c, GONE, &a->entry[i]);
            c->out->gone++;
        } else {
            tell_run(c, FRESH, &b->entry[k]);
            c->out->fresh++;
        }
        i += order <= 0;
        k += order >= 0;
    }
}

/* ---- rules ---- */

static struct span rule_verdict(const struct doc *root, struct span id)
{
    const struct doc *rules = doc_get(root, "rules");

    for (size_t i = 0; i < doc_count(rules); i++) {
        if (span_eq(compare_text(doc_at(rules, i), "id"), id))
            return compare_text(doc_at(rules, i), "verdict");
    }
    return span_str("no such rule");
}

/* Rules that pass in `from` and not in `to`. */
static size_t compare_rules(struct compare *c, enum kind k)
{
    const struct doc *before = c->before.root, *after = c->after.root;
    const struct doc *rules = doc_get(k == LOST ? before : after, "rules");
    size_t changed = 0;

    for (size_t i = 0; i < doc_count(rules); i++) {
        struct span id = compare_text(doc_at(rules, i), "id");
        struct span old = rule_verdict(before, id), new = rule_verdict(after, id);
        if (!span_is(k == LOST ? old : new, "pass") || span_eq(old, new)) continue;
        begin_line(c, k, id);
        tell_change(&c->lines[k], old, new);
        changed++;
    }
    return changed;
}

/* ---- the whole ---- */

static enum err tell(struct compare *c, struct buf *text)
{
    const struct comparison *n = c->out;

    for (enum kind k = 0; k < KINDS; k++) {
        buf_add(text, buf_span(&c->lines[k]));
        text->failed |= buf_failed(&c->lines[k]);
    }
    buf_format(text,
               "%zu worse, %zu gone, %zu checks gone, %zu rules lost; %zu better, %zu new, %zu rules won\n",
               n->worse, n->gone, n->checks_gone, n->rules_lost, n->better, n->fresh, n->rules_won);
    return buf_failed(text) ? ERR_NO_MEMORY : OK;
}

enum err compare_reports(const struct report_texts *in, struct comparison *out, struct buf *text)
{
    struct compare c = { .out = out };

    *out = (struct comparison){ 0 };
    enum err e = read_side(in->before, "old", &c.before, text);
    if (e == OK) e = read_side(in->after, "new", &c.after, text);
    if (e == OK) {
        compare_runs(&c);
        out->rules_lost = compare_rules(&c, LOST);
        out->rules_won = compare_rules(&c, WON);
        e = tell(&c, text);
    }
    clear_side(&c.before);
    clear_side(&c.after);
    for (enum kind k = 0; k < KINDS; k++) buf_clear(&c.lines[k]);
    return e;
}

bool compare_worse(const struct comparison *c)
{
    return c->worse || c->gone || c->checks_gone || c->rules_lost;
}
