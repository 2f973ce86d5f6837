#include "scenarios/badge.h"

#include <stdio.h>

#include "common/base/plural.h"

enum { CHARACTER = 7, MARGIN = 6 };

struct motto {
    char text[48];
    const char *colour;
};

static struct motto motto_of(const struct report *r)
{
    struct motto w = { .colour = "#1b7a43" };
    size_t failed = r->counts[VERDICT_FAIL], errors = r->counts[VERDICT_ERROR];
    size_t played = report_played(r);

    if (report_status(r) == STATUS_ERROR) {
        w.colour = "#6b7280";
        if (errors)
            snprintf(w.text, sizeof w.text, "%zu error%s", errors, plural(errors));
        else
            snprintf(w.text, sizeof w.text, "%s", played ? "nothing shown" : "nothing was tested");
    } else if (failed) {
        w.colour = "#b3261e";
        snprintf(w.text, sizeof w.text, "%zu of %zu runs fail", failed, played);
    } else if (r->counts[VERDICT_KNOWN]) {
        w.colour = "#9a6200";
        snprintf(w.text, sizeof w.text, "%zu of %zu runs fail as known", r->counts[VERDICT_KNOWN], played);
    } else {
        struct coverage c = report_coverage(r);
        snprintf(w.text, sizeof w.text, "%zu of %zu proven", c.proven, c.total);
    }
    return w;
}

static void put_text(struct buf *svg, size_t x, size_t width, const char *text)
{
    buf_format(svg,
               "<text x=\"%zu\" y=\"14\" textLength=\"%zu\" lengthAdjust=\"spacingAndGlyphs\">%s</text>\n",
               x + MARGIN, width - (size_t)2 * MARGIN, text);
}

enum err badge_write(const struct report *r, struct buf *svg)
{
    static const char label[] = "RFC 9431";
    struct motto w = motto_of(r);
    size_t left = sizeof label * CHARACTER + MARGIN, right = (strlen(w.text) + 1) * CHARACTER + MARGIN;

    buf_format(svg,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"20\" role=\"img\" "
               "aria-label=\"%s: %s\">\n<title>%s: %s</title>\n",
               left + right, label, w.text, label, w.text);
    buf_format(svg, "<clipPath id=\"r\"><rect width=\"%zu\" height=\"20\" rx=\"3\"/></clipPath>\n",
               left + right);
    buf_format(svg,
               "<g clip-path=\"url(#r)\"><rect width=\"%zu\" height=\"20\" fill=\"#444b57\"/>"
               "<rect x=\"%zu\" width=\"%zu\" height=\"20\" fill=\"%s\"/></g>\n",
               left, left, right, w.colour);
    buf_str(svg, "<g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\n");
    put_text(svg, 0, left, label);
    put_text(svg, left, right, w.text);
    buf_str(svg, "</g>\n</svg>\n");
    return buf_failed(svg) ? ERR_NO_MEMORY : OK;
}
