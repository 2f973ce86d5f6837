#include "scenarios/pairs.h"

#include <stdio.h>

#include "common/base/plural.h"
#include "scenarios/markup.h"

enum { COLUMN = 16 };

struct tally {
    size_t passed, failed, skipped, errors;
};

static struct tally tally_of(const struct pairing *p)
{
    const size_t *n = p->counts;

    return (struct tally){ n[VERDICT_PASS] + n[VERDICT_NOTE] + n[VERDICT_WARN],
                           n[VERDICT_FAIL] + n[VERDICT_KNOWN], n[VERDICT_SKIP], n[VERDICT_ERROR] };
}

void pairing_print(const struct pairs *p, const struct pairing *one, struct buf *out)
{
    struct tally t = tally_of(one);

    for (enum role r = 0; r < ROLE_COUNT; r++)
        buf_format(out, "%s%s", r ? " + " : "", p->name[r][one->who[r]]);
    buf_format(out, ": %zu passed, %zu failed, %zu skipped", t.passed, t.failed, t.skipped);
    if (t.errors) buf_format(out, ", %zu without a verdict", t.errors);
}

static const struct pairing *find(const struct pairs *p, size_t client, size_t broker, size_t as)
{
    for (size_t i = 0; i < p->count; i++) {
        const size_t *who = p->pairing[i].who;
        if (who[ROLE_CLIENT] == client && who[ROLE_BROKER] == broker && who[ROLE_AS] == as)
            return &p->pairing[i];
    }
    return NULL;
}

static void print_cell(const struct pairing *one, struct buf *out)
{
    char text[64] = "-";

    if (one) {
        struct tally t = tally_of(one);
        snprintf(text, sizeof text, "%zu/%zu/%zu%s", t.passed, t.failed, t.skipped, t.errors ? "!" : "");
    }
    buf_format(out, " %*s", COLUMN, text);
}

static void print_table(const struct pairs *p, size_t as, struct buf *out)
{
    buf_format(out, "  AS: %s\n  %-16s", p->name[ROLE_AS][as], "");
    for (size_t b = 0; b < p->names[ROLE_BROKER]; b++)
        buf_format(out, " %*s", COLUMN, p->name[ROLE_BROKER][b]);
    buf_u8(out, '\n');
    for (size_t c = 0; c < p->names[ROLE_CLIENT]; c++) {
        buf_format(out, "  %-16s", p->name[ROLE_CLIENT][c]);
        for (size_t b = 0; b < p->names[ROLE_BROKER]; b++) print_cell(find(p, c, b, as), out);
        buf_u8(out, '\n');
    }
}

void pairs_print(const struct pairs *p, struct buf *out)
{
    buf_str(out, "passed/failed/skipped; ! runs without a verdict. Clients down, brokers across\n");
    for (size_t a = 0; a < p->names[ROLE_AS]; a++) print_table(p, a, out);
}

/* --- drawn --- */

static void draw_cell(const struct pairing *one, struct buf *html)
{
    struct tally t = one ? tally_of(one) : (struct tally){ 0 };
    const char *look = t.errors ? "error" : t.failed ? "fail" : t.passed ? "pass" : "skip";

    buf_format(html, "<td class=%s>%zu passed", look, t.passed);
    if (t.failed) buf_format(html, "<br>%zu failed", t.failed);
    if (t.skipped) buf_format(html, "<br>%zu skipped", t.skipped);
    if (t.errors) buf_format(html, "<br>%zu error%s", t.errors, plural(t.errors));
    buf_str(html, "</td>");
}

static void draw_table(const struct pairs *p, size_t as, struct buf *html)
{
    buf_str(html, "<h2>AS: ");
    markup_text(html, span_str(p->name[ROLE_AS][as]));
    buf_str(html, "</h2>\n<table><tr><th>client \\ broker</th>");
    for (size_t b = 0; b < p->names[ROLE_BROKER]; b++) {
        buf_str(html, "<th>");
        markup_text(html, span_str(p->name[ROLE_BROKER][b]));
        buf_str(html, "</th>");
    }
    buf_str(html, "</tr>\n");
    for (size_t c = 0; c < p->names[ROLE_CLIENT]; c++) {
        buf_str(html, "<tr><th>");
        markup_text(html, span_str(p->name[ROLE_CLIENT][c]));
        buf_str(html, "</th>");
        for (size_t b = 0; b < p->names[ROLE_BROKER]; b++) draw_cell(find(p, c, b, as), html);
        buf_str(html, "</tr>\n");
    }
    buf_str(html, "</table>\n");
}

void pairs_draw(const struct pairs *p, struct buf *html)
{
    buf_str(
        html,
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
        "<title>Who gets on with whom</title><style>:root{color-scheme:light dark}body{font:16px sans-serif;"
        "margin:2em}table{border-collapse:collapse}td,th{border:1px solid #8886;padding:.5em "
        "1em;text-align:left}"
        ".pass{background:#2a83}.fail{background:#c333}.error{background:#93c3}.skip{opacity:.6}</style>\n"
        "<h1>Who gets on with whom</h1>\n");
    for (size_t a = 0; a < p->names[ROLE_AS]; a++) draw_table(p, a, html);
    buf_str(html, "</html>\n");
}
