#ifndef SCENARIOS_PCAP_H
#define SCENARIOS_PCAP_H

#include "common/base/buf.h"

/*
 * A capture file for Wireshark (pcap, link type "raw IP"), made without a network interface: from the bytes of TCP streams as one end
 * of them saw them. Headers are made up, and right: handshake, sequence numbers, acknowledgements and checksums hold.
 */

/* IPv4 or IPv6. */
struct pcap_address {
    uint8_t ip[16];
    unsigned size; /* of ip that counts: 4 or 16 */
    uint16_t port;
};

/* A TCP connection from end[0] to end[1]; both are of one family. Plain data; `next` is the pcap_*() functions' own. */
struct pcap_stream {
    struct pcap_address end[2];
    uint32_t next[2]; /* sequence number of the next byte that this end sends */
};

/* "127.0.0.1:4711", "[::1]:4711". false: neither. */
bool pcap_address_read(const char *text, struct pcap_address *out);

/* Once, before all else. */
void pcap_begin(struct buf *out);

/* `us`: microseconds since the epoch. `from`: 0 or 1, the end that sends. Out of memory: `out` latches. */
void pcap_open(struct buf *out, struct pcap_stream *s, int64_t us);
void pcap_bytes(struct buf *out, struct pcap_stream *s, unsigned from, struct span bytes, int64_t us);
void pcap_close(struct buf *out, struct pcap_stream *s, unsigned from, int64_t us);

#endif
