#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "common/base/err.h"
#include "common/base/span.h"

#include <sys/socket.h>

enum { HOST_MAX = 255, ADDRESS_TEXT = 64 };

/* Reads an IPv4 or IPv6 literal (brackets allowed). false: it is a name, or nothing. */
bool address_read(const char *host, uint16_t port, struct sockaddr_storage *out);

/* 127.0.0.1 for "localhost" (RFC 6761 6.3): where no look-up answers, as on machines without a hosts file. false: another name. */
bool address_localhost(const char *host, uint16_t port, struct sockaddr_storage *out);

bool address_is_loopback(const struct sockaddr *a);
socklen_t address_size(const struct sockaddr *a);
void address_set_port(struct sockaddr *a, uint16_t port);
uint16_t address_port(const struct sockaddr *a);

/* "127.0.0.1:4711", "[::1]:4711"; "" for other families. */
void address_write(const struct sockaddr *a, char out[ADDRESS_TEXT]);

/* Could this be a host: a name or a literal, 1..HOST_MAX bytes? */
bool host_valid(const char *host);

#endif
