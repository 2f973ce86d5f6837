#include "scenarios/pcap.h"

#include "tests/bytes.h"
#include "tests/check.h"

static void addresses(void)
{
    static const struct row {
        const char *text, *ip;
        unsigned port;
    } rows[] = {
        { "127.0.0.1:8883", "7f000001", 8883 },
        { "10.2.3.4:1", "0a020304", 1 },
        { "[::1]:65535", "00000000000000000000000000000001", 65535 },
        { "", "", 0 },
        { "127.0.0.1", "", 0 },
        { "broker:8883", "", 0 },
        { "0000000000000000000000000000000000000000000000000000000000000000000000000000:1", "", 0 },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct pcap_address a;
        bool read = pcap_address_read(r->text, &a);
        CHECK_ROW(read == (*r->ip != 0), r->text);
        if (read) CHECK_ROW(a.port == r->port && is_hex(span(a.ip, a.size), r->ip), r->text);
    }
}

static struct pcap_stream stream(const char *from, const char *to)
{
    struct pcap_stream s = { 0 };

    CHECK(pcap_address_read(from, &s.end[0]) && pcap_address_read(to, &s.end[1]));
    return s;
}

/* Of the record at `at`: its packet; then `at` is the next. */
static struct span next_packet(struct span file, size_t *at)
{
    uint32_t size[2] = { 0, 1 };

    if (*at + 16 > file.n) return span(NULL, 0);
    memcpy(size, file.p + *at + 8, sizeof size);
    CHECK(size[0] == size[1] && *at + 16 + size[0] <= file.n);
    *at += 16 + size[0];
    return span(file.p + *at - size[0], size[0]);
}

static uint32_t folded(uint32_t all, struct span bytes)
{
    for (size_t i = 0; i < bytes.n; i++) all += i % 2 ? bytes.p[i] : (uint32_t)bytes.p[i] << 8;
    while (all >> 16) all = (all & 0xFFFF) + (all >> 16);
    return all;
}

/* RFC 9293 3.1: over addresses, protocol, length and segment. RFC 791: over the header. */
static void check_sums(struct span packet, const char *why)
{
    size_t header = packet.p[0] >> 4 == 4 ? 20 : 40, addresses = header == 20 ? 8 : 32;
    struct span segment = span_skip(packet, header);
    uint32_t pseudo = folded(6 + (uint32_t)segment.n, span(packet.p + (header == 20 ? 12 : 8), addresses));

    CHECK_ROW(folded(pseudo, segment) == 0xFFFF, why);
    if (header == 20) CHECK_ROW(folded(0, span(packet.p, 20)) == 0xFFFF, why);
}

static const char *const said[] = {
    "c001 22b3 00000000 00000000 5002 ffff",
    "22b3 c001 00000000 00000001 5012 ffff",
    "c001 22b3 00000001 00000001 5010 ffff",
    "c001 22b3 00000001 00000001 5018 ffff", /* odd: the checksum has a last half */
    "22b3 c001 00000001 00000004 5018 ffff",
    "22b3 c001 00000003 00000004 5011 ffff",
    "c001 22b3 00000004 00000004 5011 ffff",
    "22b3 c001 00000004 00000005 5010 ffff",
};

static void talk(const char *from, const char *to, size_t header)
{
    struct pcap_stream s = stream(from, to);
    struct buf file = { 0 };
    size_t at = 24;

    pcap_begin(&file);
    CHECK(file.n == at);
    pcap_open(&file, &s, INT64_C(1700000000123456));
    pcap_bytes(&file, &s, 0, span_str("abc"), 0);
    pcap_bytes(&file, &s, 1, span_str("de"), 0);
    pcap_close(&file, &s, 1, 0);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct span packet = next_packet(buf_span(&file), &at);
        CHECK_ROW(packet.n >= header + 20 && is_hex(span(packet.p + header, 16), said[i]), said[i]);
        if (packet.n >= header + 20) check_sums(packet, said[i]);
    }
    CHECK(at == file.n);
    buf_clear(&file);
}

static void conversation(void)
{
    talk("127.0.0.1:49153", "127.0.0.1:8883", 20);
    talk("[::1]:49153", "[::1]:8883", 40);
}

/* More than a packet holds goes in several, in order. */
static void long_bytes(void)
{
    struct pcap_stream s = stream("127.0.0.1:1", "127.0.0.1:2");
    struct buf file = { 0 }, all = { 0 }, bytes = { 0 };
    size_t at = 0, packets = 0;

    for (unsigned i = 0; i < 100000; i++) buf_u8(&bytes, (uint8_t)(i * 7 + i / 256));
    pcap_bytes(&file, &s, 1, buf_span(&bytes), 0);
    while (at < file.n) {
        struct span packet = next_packet(buf_span(&file), &at);
        check_sums(packet, "one of several");
        buf_add(&all, span_skip(packet, 40));
        packets++;
    }
    CHECK(packets == 7 && s.next[1] == 100000 && s.next[0] == 0);
    CHECK(span_eq(buf_span(&all), buf_span(&bytes)));
    buf_clear(&file);
    buf_clear(&all);
    buf_clear(&bytes);
}

CU_TestInfo pcap_tests[] = {
    { "addresses", addresses },
    { "conversation", conversation },
    { "long_bytes", long_bytes },
    CU_TEST_INFO_NULL,
};
