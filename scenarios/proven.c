#include "scenarios/proven.h"

#include "scenarios/json.h"

static const struct facet {
    const char *name, *head, *verb; /* verb: who may be told another value than the axis has */
    int width;
    const char *values[PROVEN_VALUES]; /* the first is the default */
} axes[PROVEN_AXES] = {
    { "token", "tokens", NULL, 23, { "jwt", "cwt", "reference" } },
    { "enc", "AS speaks", "get-token", 18, { "json", "cbor", "form" } },
    { "tls", "TLS", NULL, 9, { "1.3", "1.2", NULL } },
    { "pop", "keys", "get-token", 0, { "hs256", "ed25519", "es256" } },
};

static const struct form {
    const char *tls, *mqtt;
} forms[COMBINATION_UNSAID] = {
    [COMBINATION_ANON_NONE] = { "anon", "none" },
    [COMBINATION_ANON_ACE] = { "anon", "ace" },
    [COMBINATION_KNOWN_NONE] = { "known", "none" },
    [COMBINATION_KNOWN_ACE] = { "known", "ace" },
};

static const char *const versions[PROVEN_VERSIONS] = { "5.0", "3.1.1" };

/* Why a cell cannot be: NULL: it can. */
static const char *excluded(enum combination c, size_t axis)
{
    if (c == COMBINATION_ANON_NONE && strcmp(axes[axis].name, "tls") != 0)
        return "public topics only: nobody has a token or proves a key";
    return NULL;
}

/* --- counting --- */

static struct span value_of(const struct suite *s, const struct run_result *run, const struct facet *a)
{
    struct span told = a->verb ? combination_told(s, run, a->verb, a->name) : span(NULL, 0);

    if (!told.n) told = combination_axis(buf_span(&run->variant), a->name);
    return told.n ? told : span_str(a->values[0]);
}

static size_t version_of(const struct suite *s, const struct run_result *run)
{
    struct span told = combination_told(s, run, "connect", "version");

    if (!told.n) told = combination_axis(buf_span(&run->variant), "version");
    return span_is(told, "4") ? 1 : 0;
}

void proven_add(struct proven *p, const struct suite *s, const struct run_result *run)
{
    enum combination c = combination_of(s, run);

    if (c == COMBINATION_UNSAID || run->verdict > VERDICT_WARN || !combination_lets_in(s, run)) return;
    for (size_t a = 0; a < PROVEN_AXES; a++) {
        struct span value = value_of(s, run, &axes[a]);
        for (size_t v = 0; v < PROVEN_VALUES && axes[a].values[v]; v++) {
            if (span_is(value, axes[a].values[v])) p->runs[c][version_of(s, run)][a][v]++;
        }
    }
}

size_t proven_holes(const struct proven *p)
{
    const size_t cells = (size_t)PROVEN_VERSIONS * PROVEN_AXES * PROVEN_VALUES;
    size_t holes = 0;

    for (enum combination c = 0; c < COMBINATION_UNSAID; c++) {
        for (size_t i = 0; i < cells; i++) {
            size_t v = i % PROVEN_VALUES, a = i / PROVEN_VALUES % PROVEN_AXES,
                   n = i / PROVEN_VALUES / PROVEN_AXES;
            holes += axes[a].values[v] && !excluded(c, a) && p->runs[c][n][a][v] == 0;
        }
    }
    return holes;
}

/* --- for people --- */

static void print_axis(const struct facet *a, const size_t *runs, const char *why, struct buf *out)
{
    size_t start = out->n;

    if (why) buf_str(out, "n/a");
    for (size_t v = 0; !why && v < PROVEN_VALUES && a->values[v]; v++)
        buf_format(out, runs[v] ? "%s%s" : "%s(%s)", v ? " " : "", a->values[v]);
    for (int n = (int)(out->n - start); n < a->width; n++) buf_u8(out, ' ');
    buf_str(out, a->width ? " " : "");
}

static void print_line(const struct proven *p, enum combination c, size_t version, struct buf *out)
{
    buf_format(out, "  TLS:%-5s MQTT:%-4s %-5s ", forms[c].tls, forms[c].mqtt, versions[version]);
    for (size_t a = 0; a < PROVEN_AXES; a++)
        print_axis(&axes[a], p->runs[c][version][a], excluded(c, a), out);
    while (out->n && out->p[out->n - 1] == ' ') buf_truncate(out, out->n - 1);
    buf_u8(out, '\n');
}

void proven_print(const struct proven *p, struct buf *out)
{
    buf_format(out, "  %-25s ", "shown by passing runs");
    for (size_t a = 0; a < PROVEN_AXES; a++)
        buf_format(out, "%-*s%s", axes[a].width, axes[a].head, axes[a].width ? " " : "");
    buf_u8(out, '\n');
    for (enum combination c = 0; c < COMBINATION_UNSAID; c++) {
        for (size_t version = 0; version < PROVEN_VERSIONS; version++) print_line(p, c, version, out);
    }
    buf_format(out, "  (in brackets): allowed and not shown: %zu; n/a: %s\n", proven_holes(p),
               excluded(COMBINATION_ANON_NONE, 0));
}

/* --- report.json --- */

static void write_cells(const struct proven *p, enum combination c, size_t version, struct buf *json)
{
    json_open(json, "cells", '[');
    for (size_t a = 0; a < PROVEN_AXES; a++) {
        const char *why = excluded(c, a);
        for (size_t v = 0; v < PROVEN_VALUES && axes[a].values[v]; v++) {
            size_t runs = p->runs[c][version][a][v];
            json_open(json, NULL, '{');
            json_text(json, "axis", span_str(axes[a].name));
            json_text(json, "value", span_str(axes[a].values[v]));
            json_text(json, "state", span_str(why ? "n/a" : runs ? "proven" : "hole"));
            json_number(json, "runs", why ? 0 : (int64_t)runs);
            if (why) json_text(json, "why", span_str(why));
            json_close(json, '}');
        }
    }
    json_close(json, ']');
}

void proven_write(const struct proven *p, struct buf *json)
{
    json_open(json, "combinations", '[');
    for (enum combination c = 0; c < COMBINATION_UNSAID; c++) {
        for (size_t version = 0; version < PROVEN_VERSIONS; version++) {
            json_line(json);
            json_open(json, NULL, '{');
            json_text(json, "tls", span_str(forms[c].tls));
            json_text(json, "mqtt", span_str(forms[c].mqtt));
            json_text(json, "version", span_str(versions[version]));
            write_cells(p, c, version, json);
            json_close(json, '}');
        }
    }
    json_close(json, ']');
}
