#include "scenarios/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/file.h"
#include "tests/check.h"

enum {
    FILE_HEADER = 24,
    RECORD_HEADER = 16,
    IP_HEADER = 20,
    TCP_HEADER = 20,
    AS_PORT = 40001,
    BROKER_PORT = 40002
};

struct bed {
    struct world world;
    struct evidence *e;
    char dir[32];
};

static void open_bed(struct bed *b)
{
    *b = (struct bed){ .world = { .as_port = AS_PORT, .broker_port = BROKER_PORT },
                       .dir = "/tmp/ace-evidence-XXXXXX" };
    CHECK(mkdtemp(b->dir) != NULL);
    CHECK(evidence_new(&b->world, &b->e) == OK);
}

static void remove_file(const struct bed *b, const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "%s/%s", b->dir, name);
    unlink(path);
}

static void close_bed(struct bed *b)
{
    evidence_free(b->e);
    remove_file(b, "keys.log");
    remove_file(b, "wire.pcap");
    rmdir(b->dir);
}

static void say(struct bed *b, const char *what, const char *local, const char *peer, struct span bytes)
{
    struct doc *d = doc_new_map();

    doc_put(d, "tap", doc_new_str(what));
    doc_put(d, "local", doc_new_str(local));
    doc_put(d, "peer", doc_new_str(peer));
    doc_put(d, "bytes", doc_new_base64url(bytes));
    evidence_tap(b->e, d);
    doc_free(d);
}

static void read_back(struct bed *b, const char *name, struct buf *out)
{
    struct buf message = { 0 };
    char path[64];

    snprintf(path, sizeof path, "%s/%s", b->dir, name);
    CHECK_ROW(file_read_most(path, 2 * MAX_CAPTURE, out, &message) == OK, buf_cstr(&message));
    buf_clear(&message);
}

/* One packet a line: ports, flags, what it carries. */
static void describe(const struct buf *file, struct buf *out)
{
    for (size_t at = FILE_HEADER; at + RECORD_HEADER < file->n;) {
        uint32_t size;
        memcpy(&size, file->p + at + 8, sizeof size);
        const uint8_t *tcp = file->p + at + RECORD_HEADER + IP_HEADER;
        buf_format(out, "%u>%u %x %.*s\n", (unsigned)tcp[0] << 8 | tcp[1], (unsigned)tcp[2] << 8 | tcp[3],
                   tcp[13], (int)(size - IP_HEADER - TCP_HEADER), (const char *)tcp + TCP_HEADER);
        at += RECORD_HEADER + size;
    }
}

static void wire_is(struct bed *b, const char *want)
{
    struct buf file = { 0 }, text = { 0 }, message = { 0 };

    CHECK_ROW(evidence_write(b->e, b->dir, &message) == OK, buf_cstr(&message));
    read_back(b, "wire.pcap", &file);
    describe(&file, &text);
    CHECK_ROW(strcmp(buf_cstr(&text), want) == 0, buf_cstr(&text));
    buf_clear(&file);
    buf_clear(&text);
    buf_clear(&message);
}

/* Both ends tell of it: the first is believed, the other adds nothing, not even after the end. */
static void two_witnesses(void)
{
    static const char client[] = "127.0.0.1:50000", broker[] = "127.0.0.1:40002";
    struct bed b;

    open_bed(&b);
    say(&b, "wire-in", broker, client, span_str("hello"));
    say(&b, "wire-out", client, broker, span_str("hello"));
    say(&b, "in", broker, client, span_str("plain"));
    say(&b, "wire-out", broker, client, span_str("welcome"));
    say(&b, "closed", broker, client, span_str(""));
    say(&b, "wire-in", client, broker, span_str("welcome"));
    say(&b, "closed", client, broker, span_str(""));
    wire_is(&b, "50000>8883 2 \n8883>50000 12 \n50000>8883 10 \n50000>8883 18 hello\n8883>50000 18 welcome\n"
                "8883>50000 11 \n50000>8883 11 \n8883>50000 10 \n");
    close_bed(&b);
}

/* Servers are known by their ports, whoever speaks first. Lines about no connection say nothing. */
static void servers(void)
{
    struct bed b;

    open_bed(&b);
    say(&b, "wire-out", "127.0.0.1:50001", "127.0.0.1:40001", span_str("ask"));
    say(&b, "wire-in", "127.0.0.1:50002", "127.0.0.1:50003", span_str("who"));
    say(&b, "closed", "", "", span_str(""));
    say(&b, "wire-out", "here", "there", span_str("x"));
    wire_is(&b, "50001>443 2 \n443>50001 12 \n50001>443 10 \n50001>443 18 ask\n"
                "50002>50003 2 \n50003>50002 12 \n50002>50003 10 \n50003>50002 18 who\n");
    close_bed(&b);
}

/* A connection that says too much is cut; others still have their say while there is room. */
static void too_much(void)
{
    static const char client[] = "127.0.0.1:50000", broker[] = "127.0.0.1:40002";
    struct buf much = { 0 }, file = { 0 }, message = { 0 };
    struct bed b;

    open_bed(&b);
    memset(buf_room(&much, MAX_CAPTURE / 2), 'x', MAX_CAPTURE / 2);
    for (int i = 0; i < 4; i++) say(&b, "wire-out", client, broker, buf_span(&much));
    say(&b, "wire-out", client, broker, span_str("after"));
    CHECK(evidence_write(b.e, b.dir, &message) == OK);
    read_back(&b, "wire.pcap", &file);
    CHECK(file.n > MAX_CAPTURE / 2 && file.n < MAX_CAPTURE);
    CHECK(memcmp(file.p + file.n - 5, "after", 5) != 0);
    buf_clear(&much);
    buf_clear(&file);
    buf_clear(&message);
    close_bed(&b);
}

/* Programs may have begun the file. */
static void keys(void)
{
    struct buf text = { 0 }, message = { 0 };
    struct bed b;
    char path[64];

    open_bed(&b);
    snprintf(path, sizeof path, "%s/keys.log", b.dir);
    CHECK(file_write(path, span_str("theirs\n"), 0600, &message) == OK);
    struct tls_keylog log = evidence_keylog(b.e);
    log.line(log.self, "CLIENT_RANDOM 00 11");
    CHECK(evidence_write(b.e, b.dir, &message) == OK);
    read_back(&b, "keys.log", &text);
    CHECK_ROW(strcmp(buf_cstr(&text), "theirs\nCLIENT_RANDOM 00 11\n") == 0, buf_cstr(&text));
    CHECK(evidence_keylog(NULL).line == NULL);
    CHECK(evidence_write(b.e, "/tmp/ace-evidence/none", &message) == ERR_IO && message.n);
    buf_clear(&text);
    buf_clear(&message);
    close_bed(&b);
}

CU_TestInfo evidence_tests[] = {
    { "two_witnesses", two_witnesses },
    { "servers", servers },
    { "too_much", too_much },
    { "keys", keys },
    CU_TEST_INFO_NULL,
};
