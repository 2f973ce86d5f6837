#include "scenarios/pcap.h"

#include "common/net/address.h"

#include <netinet/in.h>
#include <stdlib.h>

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_PSH = 8, TCP_ACK = 16 };
enum { TCP_HEADER = 20, IP_TCP = 6, MAX_SEGMENT = 16384, MAX_SNAP = 262144, LINK_RAW = 101, WINDOW = 65535 };

bool pcap_address_read(const char *text, struct pcap_address *out)
{
    const char *colon = strrchr(text, ':');
    char host[ADDRESS_TEXT];
    struct sockaddr_storage a;

    *out = (struct pcap_address){ 0 };
    if (!colon || (size_t)(colon - text) >= sizeof host) return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = 0;
    out->port = (uint16_t)strtoul(colon + 1, NULL, 10);
    if (!address_read(host, out->port, &a)) return false;
    out->size = a.ss_family == AF_INET ? 4 : 16;
    if (a.ss_family == AF_INET)
        memcpy(out->ip, &((struct sockaddr_in *)&a)->sin_addr, 4);
    else
        memcpy(out->ip, &((struct sockaddr_in6 *)&a)->sin6_addr, 16);
    return true;
}

/* The header of the file and those of its records are in the order of the machine that writes: the magic number tells which. */
static void native32(struct buf *out, uint32_t v)
{
    buf_add(out, span((const uint8_t *)&v, sizeof v));
}

static void native16(struct buf *out, uint16_t v)
{
    buf_add(out, span((const uint8_t *)&v, sizeof v));
}

void pcap_begin(struct buf *out)
{
    native32(out, 0xa1b2c3d4); /* times in microseconds */
    native16(out, 2);
    native16(out, 4);
    native32(out, 0);
    native32(out, 0);
    native32(out, MAX_SNAP);
    native32(out, LINK_RAW);
}

/* RFC 1071: the sum of 16-bit words, carries added again. */
static uint32_t sum(uint32_t so_far, struct span bytes)
{
    for (size_t i = 0; i < bytes.n; i++) so_far += i % 2 ? bytes.p[i] : (uint32_t)bytes.p[i] << 8;
    return so_far;
}

static uint16_t checksum(uint32_t all)
{
    while (all >> 16) all = (all & 0xFFFF) + (all >> 16);
    return (uint16_t)~all;
}

static void put16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static struct span ip_of(const struct pcap_address *a)
{
    return span(a->ip, a->size);
}

struct segment {
    unsigned from, flags;
    struct span bytes;
};

static void put_ip(struct buf *out, const struct pcap_stream *s, const struct segment *g)
{
    const struct pcap_address *from = &s->end[g->from], *to = &s->end[!g->from];
    size_t start = out->n, payload = TCP_HEADER + g->bytes.n;

    if (from->size == 16) {
        buf_u32(out, 6U << 28);
        buf_u16(out, (uint16_t)payload);
        buf_u8(out, IP_TCP);
        buf_u8(out, 64);
    } else {
        buf_u16(out, 0x4500);
        buf_u16(out, (uint16_t)(20 + payload));
        buf_u32(out, 0x4000); /* never in fragments */
        buf_u8(out, 64);
        buf_u8(out, IP_TCP);
        buf_u16(out, 0);
    }
    buf_add(out, ip_of(from));
    buf_add(out, ip_of(to));
    if (from->size == 4 && !buf_failed(out))
        put16(out->p + start + 10, checksum(sum(0, span(out->p + start, out->n - start))));
}

static void put_tcp(struct buf *out, const struct pcap_stream *s, const struct segment *g)
{
    const struct pcap_address *from = &s->end[g->from], *to = &s->end[!g->from];
    size_t start = out->n;

    buf_u16(out, from->port);
    buf_u16(out, to->port);
    buf_u32(out, s->next[g->from]);
    buf_u32(out, g->flags & TCP_ACK ? s->next[!g->from] : 0);
    buf_u16(out, (uint16_t)(TCP_HEADER / 4 << 12 | g->flags));
    buf_u16(out, WINDOW);
    buf_u32(out, 0);
    buf_add(out, g->bytes);
    if (buf_failed(out)) return;
    uint32_t all = sum(sum(sum(0, ip_of(from)), ip_of(to)), span(out->p + start, out->n - start));
    put16(out->p + start + 16, checksum(all + IP_TCP + (uint32_t)(out->n - start)));
}

static void put(struct buf *out, struct pcap_stream *s, const struct segment *g, int64_t us)
{
    uint32_t size = (uint32_t)(TCP_HEADER + g->bytes.n) + (s->end[g->from].size == 16 ? 40 : 20);

    native32(out, (uint32_t)(us / 1000000));
    native32(out, (uint32_t)(us % 1000000));
    native32(out, size);
    native32(out, size);
    put_ip(out, s, g);
    put_tcp(out, s, g);
    s->next[g->from] += (uint32_t)g->bytes.n + (g->flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

void pcap_open(struct buf *out, struct pcap_stream *s, int64_t us)
{
    s->next[0] = s->next[1] = 0;
    put(out, s, &(struct segment){ 0, TCP_SYN, span(NULL, 0) }, us);
    put(out, s, &(struct segment){ 1, TCP_SYN | TCP_ACK, span(NULL, 0) }, us);
    put(out, s, &(struct segment){ 0, TCP_ACK, span(NULL, 0) }, us);
}

void pcap_bytes(struct buf *out, struct pcap_stream *s, unsigned from, struct span bytes, int64_t us)
{
    while (bytes.n) {
        size_t n = bytes.n < MAX_SEGMENT ? bytes.n : MAX_SEGMENT;
        put(out, s, &(struct segment){ from, TCP_PSH | TCP_ACK, span(bytes.p, n) }, us);
        bytes = span_skip(bytes, n);
    }
}

void pcap_close(struct buf *out, struct pcap_stream *s, unsigned from, int64_t us)
{
    put(out, s, &(struct segment){ from, TCP_FIN | TCP_ACK, span(NULL, 0) }, us);
    put(out, s, &(struct segment){ !from, TCP_FIN | TCP_ACK, span(NULL, 0) }, us);
    put(out, s, &(struct segment){ from, TCP_ACK, span(NULL, 0) }, us);
}
