#include "scenarios/transcript.h"

#include "common/codec/doc.h"
#include "common/codec/text.h"
#include "tests/check.h"

#include <string.h>
#include <zlib.h>

static const char key[] = "0123456789abcdef0123456789ABCDEF",
                  token[] = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2FzIn0.c2ln";

/* The runs of a pack as a document. Caller frees. */
static struct doc *unpack(struct span packed)
{
    static uint8_t text[1 << 20];
    struct buf octets = { 0 };
    struct doc *d = NULL;
    uLongf n = sizeof text;

    CHECK(b64_decode(packed, &octets) == OK);
    CHECK(uncompress(text, &n, octets.p, octets.n) == Z_OK);
    CHECK(doc_read_json(span(text, n), &doc_limits_file, &d, NULL) == OK);
    buf_clear(&octets);
    return d;
}

/* The only pack of `t`, whose last run was added. */
static struct doc *only_pack(struct transcripts *t)
{
    CHECK(transcripts_end(t) == OK);
    CHECK(t->json.n > 2 && t->json.p[0] == '"' && t->json.p[t->json.n - 1] == '"');
    return unpack(span(t->json.p + 1, t->json.n - 2));
}

static struct leaks *two_secrets(void)
{
    struct leaks *l = leaks_new();

    CHECK(l && leaks_add(l, "symmetric key", span_str(key)) == OK);
    CHECK(leaks_add(l, "token", span_str("an opaque token of 38 octets, all told")) == OK);
    return l;
}

static void check_text(const struct doc *map, const char *name, const char *want)
{
    struct span text = { 0 };

    CHECK(doc_text(doc_get(map, name), &text));
    CHECK(span_is(text, want));
    if (!span_is(text, want)) fprintf(stderr, "%s: %.*s\n", name, (int)text.n, (const char *)text.p);
}

static void blotted(void)
{
    struct leaks *l = two_secrets();
    struct transcripts t = { 0 };
    struct buf trace = { 0 };
    int64_t n = 0;

    buf_str(
        &trace,
        "{\"step\":3,\"from\":\"client\",\"to\":\"broker\",\"kind\":\"CONNECT\",\"fields\":{\"version\":5,");
    buf_format(&trace, "\"text\":\"k=%s;\",\"jwt\":\"at %s\",\"body\":\"%s\",\"list\":[true,null,1.5],", key,
               token, key);
    buf_str(&trace, "\"data\":{\"hex\":\"0020");
    hex_encode(&trace, span_str(key));
    buf_str(&trace, "ff\"}},\"octets\":\"10");
    hex_encode(&trace, span_str(key));
    buf_str(&trace, "00\"}\n");
    CHECK(transcripts_add(&t, buf_span(&trace), l) == OK);
    struct doc *d = only_pack(&t);
    const struct doc *m = doc_at(doc_at(d, 0), 0), *f = doc_get(m, "fields");
    CHECK(doc_int(doc_get(m, "step"), &n) && n == 3);
    check_text(m, "kind", "CONNECT");
    check_text(f, "text", "k=[symmetric key, 32 characters];");
    check_text(f, "jwt", "at [token, 53 characters]");
    check_text(f, "data", "0x0020[symmetric key, 64 characters]ff");
    check_text(m, "octets", "10****************************************************************00");
    CHECK(!doc_get(f, "body") && !doc_get(m, "by"));
    CHECK(doc_count(doc_get(f, "list")) == 3);
    doc_free(d);
    leaks_free(l);
    buf_clear(&trace);
    transcripts_clear(&t);
}

/* Two accounts of one message are one; what differs is two. */
static void witnesses(void)
{
    static const char trace[] =
        "{\"step\":1,\"kind\":\"AUTH\",\"witness\":\"sender\",\"fields\":{},\"octets\":\"f000\"}\n"
        "{\"step\":1,\"kind\":\"AUTH\",\"witness\":\"receiver\",\"fields\":{\"reason\":0},\"octets\":"
        "\"f000\"}\n"
        "{\"step\":2,\"kind\":\"PUBLISH\",\"witness\":\"sender\",\"octets\":\"30\"}\n"
        "{\"step\":2,\"kind\":\"PUBLISH\",\"witness\":\"receiver\",\"octets\":\"31\"}\n"
        "{\"step\":3,\"kind\":\"TLS\",\"fie"; /* the worker died here */
    struct leaks *l = two_secrets();
    struct transcripts t = { 0 };
    int64_t n = 1;

    CHECK(transcripts_add(&t, span_str(trace), l) == OK);
    struct doc *d = only_pack(&t);
    const struct doc *run = doc_at(d, 0);
    CHECK(doc_count(run) == 3);
    check_text(doc_at(run, 0), "by", "both");
    CHECK(doc_int(doc_get(doc_get(doc_at(run, 0), "fields"), "reason"), &n) && n == 0);
    check_text(doc_at(run, 1), "by", "sender");
    check_text(doc_at(run, 2), "octets", "31");
    doc_free(d);
    leaks_free(l);
    transcripts_clear(&t);
}

/* A secret that is cut short is blotted out as far as it is known; what still tells of one in the end hides the run. */
static void hidden(void)
{
    struct leaks *l = two_secrets();
    struct transcripts t = { 0 };
    struct buf trace = { 0 };
    struct span text = { 0 };

    buf_format(&trace, "{\"step\":0,\"kind\":\"%s\"}\n",
               key); /* nobody blots out words of the flow language */
    CHECK(transcripts_add(&t, buf_span(&trace), l) == OK && t.secret == 1);
    CHECK(transcripts_add(&t, span(NULL, 0), l) == OK && t.secret == 1);
    struct doc *d = only_pack(&t);
    CHECK(doc_count(d) == 2 && doc_text(doc_at(d, 0), &text) && span_is(text, "secret"));
    CHECK(doc_kind(doc_at(d, 1)) == DOC_ARRAY && doc_count(doc_at(d, 1)) == 0);
    doc_free(d);
    leaks_free(l);
    buf_clear(&trace);
    transcripts_clear(&t);
}

static void long_ones(void)
{
    struct leaks *l = two_secrets();
    struct transcripts t = { 0 };
    struct buf trace = { 0 };
    struct span text = { 0 };
    int64_t more = 0;

    buf_str(&trace, "{\"step\":0,\"kind\":\"PUBLISH\",\"fields\":{\"topic\":\"");
    for (size_t i = 0; i < MAX_TRANSCRIPT_TEXT + 9; i++) buf_u8(&trace, 'a');
    buf_str(&trace, "\"},\"octets\":\"");
    for (size_t i = 0; i < MAX_TRANSCRIPT_OCTETS + 7; i++) buf_str(&trace, "30");
    buf_str(&trace, "\"}\n");
    for (size_t i = 0; i < TRANSCRIPT_PACK + 1; i++) CHECK(transcripts_add(&t, buf_span(&trace), l) == OK);
    CHECK(transcripts_end(&t) == OK);
    const uint8_t *second = memchr(t.json.p, '\n', t.json.n);
    CHECK(second != NULL);
    if (!second) return;
    struct doc *d = unpack(span(t.json.p + 1, (size_t)(second - t.json.p) - 3));
    const struct doc *m = doc_at(doc_at(d, TRANSCRIPT_PACK - 1), 0);
    CHECK(doc_count(d) == TRANSCRIPT_PACK);
    CHECK(doc_text(doc_get(m, "octets"), &text) && text.n == 2 * MAX_TRANSCRIPT_OCTETS);
    CHECK(doc_int(doc_get(m, "more"), &more) && more == 7);
    CHECK(doc_text(doc_get(doc_get(m, "fields"), "topic"), &text) && text.n == MAX_TRANSCRIPT_TEXT + 3);
    doc_free(d);
    leaks_free(l);
    buf_clear(&trace);
    transcripts_clear(&t);
}

CU_TestInfo transcript_tests[] = {
    { "secrets are blotted out of fields and octets", blotted },
    { "both ends' accounts of a message", witnesses },
    { "a run that still tells a secret is not shown", hidden },
    { "long messages, and packs", long_ones },
    CU_TEST_INFO_NULL,
};
