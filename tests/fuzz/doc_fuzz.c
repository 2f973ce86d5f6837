#include "common/codec/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

typedef enum err reader_of(struct span in, const struct doc_limits *limits, struct doc **out,
                           struct fault *why);
typedef enum err writer_of(const struct doc *d, struct buf *out);

static void must(bool holds)
{
    if (!holds) __builtin_trap();
}

/* What was read can be written; what was written can be read, and is then written just the same. */
static void round_trip(struct span in, reader_of *read, writer_of *write)
{
    struct doc *first = NULL, *second = NULL;
    struct buf once = { 0 }, twice = { 0 };
    struct fault why = { .at = SIZE_MAX };
    enum err e = read(in, &doc_limits_wire, &first, &why);

    if (e != OK) {
        must(!first && why.at <= in.n && why.why[0] && (e == ERR_MALFORMED || e == ERR_TOO_LARGE));
        return;
    }
    must(write(first, &once) == OK);
    must(read(buf_span(&once), &doc_limits_file, &second, NULL) == OK);
    must(write(second, &twice) == OK && span_eq(buf_span(&once), buf_span(&twice)));
    doc_free(first);
    doc_free(second);
    buf_clear(&once);
    buf_clear(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    round_trip(span(p, n), doc_read_json, doc_write_json);
    round_trip(span(p, n), doc_read_json_commented, doc_write_json_pretty);
    round_trip(span(p, n), doc_read_cbor, doc_write_cbor);
    return 0;
}
