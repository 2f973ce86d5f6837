#include "scenarios/history.h"

#include "common/codec/doc.h"
#include "scenarios/json.h"

static const struct member {
    const char *name;
    size_t offset;
} members[] = {
    { "when", offsetof(struct history_entry, when) },
    { "passed", offsetof(struct history_entry, passed) },
    { "failed", offsetof(struct history_entry, failed) },
    { "errors", offsetof(struct history_entry, errors) },
    { "skipped", offsetof(struct history_entry, skipped) },
    { "proven", offsetof(struct history_entry, proven) },
    { "violated", offsetof(struct history_entry, violated) },
};

enum { MEMBERS = sizeof members / sizeof *members };

static bool read_entry(struct span line, struct history_entry *out)
{
    struct doc *d = NULL;
    bool good = doc_read_json(line, &doc_limits_wire, &d, NULL) == OK;

    for (size_t i = 0; i < MEMBERS && good; i++)
        good = doc_int(doc_get(d, members[i].name), (int64_t *)((char *)out + members[i].offset));
    doc_free(d);
    return good;
}

static void append(struct history *h, const struct history_entry *entry)
{
    if (h->count == HISTORY_MAX) memmove(h->entry, h->entry + 1, --h->count * sizeof *h->entry);
    h->entry[h->count++] = *entry;
}

void history_read(struct span text, struct history *out)
{
    *out = (struct history){ 0 };
    while (text.n) {
        struct history_entry one;
        if (read_entry(span_cut(&text, '\n'), &one)) append(out, &one);
    }
}

void history_add(struct history *h, const struct report *r)
{
    const struct coverage c = report_coverage(r);
    const size_t *n = r->counts;
    const struct history_entry now = {
        .when = r->about.when,
        .passed = (int64_t)(n[VERDICT_PASS] + n[VERDICT_NOTE] + n[VERDICT_WARN]),
        .failed = (int64_t)n[VERDICT_FAIL],
        .errors = (int64_t)n[VERDICT_ERROR],
        .skipped = (int64_t)n[VERDICT_SKIP],
        .proven = (int64_t)c.proven,
        .violated = (int64_t)c.violated,
    };

    append(h, &now);
}

static void write_entry(const struct history_entry *e, struct buf *json)
{
    json_open(json, NULL, '{');
    for (size_t i = 0; i < MEMBERS; i++)
        json_number(json, members[i].name, *(const int64_t *)((const char *)e + members[i].offset));
    json_close(json, '}');
}

void history_write(const struct history *h, struct buf *out)
{
    for (size_t i = 0; i < h->count; i++) {
        struct buf line = { 0 };
        write_entry(&h->entry[i], &line);
        buf_add(out, buf_span(&line));
        buf_u8(out, '\n');
        out->failed |= buf_failed(&line);
        buf_clear(&line);
    }
}

void history_tell(const struct history *h, struct buf *json)
{
    json_open(json, "history", '[');
    for (size_t i = 0; i < h->count; i++) write_entry(&h->entry[i], json);
    json_close(json, ']');
}
