#include "scenarios/protocol.h"

#include "common/base/utf8.h"
#include "scenarios/verdict.h"

/* What people call a run: "connect/x broker qos=0". */
static void put_name(const struct run_result *r, struct buf *out)
{
    buf_add(out, buf_span(&r->scenario));
    buf_u8(out, ' ');
    report_under_test(r, out);
    if (r->variant.n) buf_u8(out, ' ');
    buf_add(out, buf_span(&r->variant));
}

/* ---- TAP ---- */

/* A # would begin a directive. */
static void put_words(struct buf *out, struct span words)
{
    struct buf quoted = { 0 };

    utf8_quote(&quoted, words);
    for (size_t i = 1; i + 1 < quoted.n; i++) {
        if (quoted.p[i] == '#') buf_u8(out, '\\');
        buf_u8(out, quoted.p[i]);
    }
    out->failed |= buf_failed(&quoted);
    buf_clear(&quoted);
}

static void put_member(struct buf *out, const char *name, struct span value)
{
    buf_format(out, "%s: ", name);
    utf8_quote(out, value);
    buf_u8(out, '\n');
}

static void put_broken(const struct check_result *c, struct buf *out)
{
    struct buf text = { 0 };

    check_print(c, &text);
    put_member(out, "    - check", buf_span(&text));
    buf_truncate(&text, 0);
    buf_add(&text, buf_span(&c->file));
    buf_format(&text, ":%u", c->line);
    put_member(out, "      at", buf_span(&text));
    put_member(out, "      want", buf_span(&c->want));
    put_member(out, "      got", buf_span(&c->got));
    buf_str(out, "      rules: [");
    for (size_t i = 0; i < c->rule_count; i++) {
        if (i) buf_str(out, ", ");
        utf8_quote(out, buf_span(&c->rules[i]));
    }
    buf_str(out, "]\n");
    out->failed |= buf_failed(&text);
    buf_clear(&text);
}

static void put_block(const struct run_result *r, struct buf *out)
{
    bool first = true;

    put_member(out, "  ---\n  severity", span_str(verdict_name(r->verdict)));
    if (r->why.n) put_member(out, "  message", buf_span(&r->why));
    put_member(out, "  dir", buf_span(&r->dir));
    for (size_t i = 0; i < r->check_count; i++) {
        if (r->checks[i].held) continue;
        if (first) buf_str(out, "  broken:\n");
        first = false;
        put_broken(&r->checks[i], out);
    }
    buf_str(out, "  ...\n");
}

static void put_point(const struct run_result *r, size_t number, struct buf *out)
{
    bool bad = r->verdict == VERDICT_FAIL || r->verdict == VERDICT_ERROR || r->verdict == VERDICT_KNOWN;
    struct buf name = { 0 };

    put_name(r, &name);
    buf_format(out, "%s %zu - ", bad ? "not ok" : "ok", number);
    put_words(out, buf_span(&name));
    if (r->verdict == VERDICT_SKIP || r->verdict == VERDICT_KNOWN) {
        buf_str(out, r->verdict == VERDICT_SKIP ? " # SKIP " : " # todo "); /* in any case: TAP 14 */
        put_words(out, buf_span(&r->why));
    }
    buf_u8(out, '\n');
    if (r->verdict != VERDICT_PASS && r->verdict != VERDICT_SKIP) put_block(r, out);
    out->failed |= buf_failed(&name);
    buf_clear(&name);
}

enum err protocol_tap(const struct report *r, struct buf *out)
{
    buf_format(out, "TAP version 14\n1..%zu\n", r->runs);
    for (size_t i = 0; i < r->runs; i++) put_point(&r->run[i], i + 1, out);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

/* ---- annotations ---- */

/* Lines are the commands' own, and so are colons and commas before the text. */
static void put_escaped(struct buf *out, struct span text, const char *also)
{
    struct buf quoted = { 0 };

    utf8_quote(&quoted, text);
    for (size_t i = 1; i + 1 < quoted.n; i++) {
        uint8_t c = quoted.p[i];
        if (c == '\\' && (quoted.p[i + 1] == '"' || quoted.p[i + 1] == '\\')) c = quoted.p[++i];
        if (c == '%' || strchr(also, c))
            buf_format(out, "%%%02X", c);
        else
            buf_u8(out, c);
    }
    out->failed |= buf_failed(&quoted);
    buf_clear(&quoted);
}

static struct span under(const char *root, struct span file)
{
    size_t n = strlen(root);

    return file.n > n + 1 && span_starts(file, span_str(root)) && file.p[n] == '/' ? span_skip(file, n + 1)
                                                                                   : file;
}

static void put_annotation(const struct run_result *r, const struct check_result *c, const char *word,
                           const char *root, struct buf *out)
{
    struct buf text = { 0 };

    buf_format(out, "::%s file=", word);
    put_escaped(out, under(root, buf_span(&c->file)), ":,");
    buf_format(out, ",line=%u,title=", c->line);
    put_name(r, &text);
    put_escaped(out, buf_span(&text), ":,");
    buf_truncate(&text, 0);
    check_print(c, &text);
    buf_str(&text, ": expected ");
    buf_add(&text, buf_span(&c->want));
    buf_str(&text, ", got ");
    buf_add(&text, buf_span(&c->got));
    for (size_t i = 0; i < c->rule_count; i++) {
        buf_u8(&text, ' ');
        buf_add(&text, buf_span(&c->rules[i]));
    }
    buf_str(out, "::");
    put_escaped(out, buf_span(&text), "");
    buf_u8(out, '\n');
    out->failed |= buf_failed(&text);
    buf_clear(&text);
}

static bool same_check(const struct check_result *a, const struct check_result *b)
{
    return !a->held && a->line == b->line && span_eq(buf_span(&a->file), buf_span(&b->file)) &&
           span_eq(buf_span(&a->field), buf_span(&b->field)) &&
           span_eq(buf_span(&a->arrow), buf_span(&b->arrow));
}

/* Has a run before this one broken the same check? */
static bool told(const struct report *r, size_t run, const struct check_result *c)
{
    for (size_t i = 0; i < run; i++) {
        for (size_t k = 0; k < r->run[i].check_count; k++)
            if (same_check(&r->run[i].checks[k], c)) return true;
    }
    return false;
}

/* NULL: not worth a word. */
static const char *word_of(const struct report *r, size_t run, const struct check_result *c)
{
    if (c->held || r->run[run].verdict == VERDICT_SKIP || r->run[run].verdict == VERDICT_KNOWN) return NULL;
    enum verdict v = check_verdict(&r->run[run], c, r->rules);
    if (v != VERDICT_FAIL && v != VERDICT_WARN && v != VERDICT_ERROR) return NULL;
    return told(r, run, c) ? NULL : v == VERDICT_WARN ? "warning" : "error";
}

enum err protocol_annotate(const struct report *r, const char *root, struct buf *out)
{
    size_t written = 0, left = 0;

    for (size_t i = 0; i < r->runs; i++) {
        for (size_t k = 0; k < r->run[i].check_count; k++) {
            const struct check_result *c = &r->run[i].checks[k];
            const char *word = word_of(r, i, c);
            if (!word) continue;
            if (written < MAX_ANNOTATIONS - 1) put_annotation(&r->run[i], c, word, root, out);
            written < MAX_ANNOTATIONS - 1 ? written++ : left++;
        }
        if (r->run[i].verdict == VERDICT_ERROR && written < MAX_ANNOTATIONS - 1 && r->run[i].why.n) {
            struct buf name = { 0 };
            put_name(&r->run[i], &name);
            buf_str(out, "::error title=");
            put_escaped(out, buf_span(&name), ":,");
            buf_str(out, "::");
            put_escaped(out, buf_span(&r->run[i].why), "");
            buf_u8(out, '\n');
            buf_clear(&name);
            written++;
        }
    }
    if (left) buf_format(out, "::error::%zu more broken checks, see report.json\n", left);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}
