#include "common/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

bool address_read(const char *host, uint16_t port, struct sockaddr_storage *out)
{
    char bare[INET6_ADDRSTRLEN] = "";
    struct span text = span_str(host);
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

    if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']') text = span(text.p + 1, text.n - 2);
    if (text.n == 0 || text.n >= sizeof bare) return false;
    memcpy(bare, text.p, text.n);
    *out = (struct sockaddr_storage){ 0 };
    if (inet_pton(AF_INET, bare, &v4->sin_addr) == 1) {
        out->ss_family = AF_INET;
    } else if (inet_pton(AF_INET6, bare, &v6->sin6_addr) == 1) {
        out->ss_family = AF_INET6;
    } else {
        return false;
    }
    address_set_port((struct sockaddr *)out, port);
    return true;
}

bool address_localhost(const char *host, uint16_t port, struct sockaddr_storage *out)
{
    return strcasecmp(host, "localhost") == 0 && address_read("127.0.0.1", port, out);
}

bool address_is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

socklen_t address_size(const struct sockaddr *a)
{
    return a->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* The port stands at the same place in both families. */
void address_set_port(struct sockaddr *a, uint16_t port)
{
    ((struct sockaddr_in *)a)->sin_port = htons(port);
}

uint16_t address_port(const struct sockaddr *a)
{
    return ntohs(((const struct sockaddr_in *)a)->sin_port);
}

void address_write(const struct sockaddr *a, char out[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN];

    out[0] = '\0';
    if (a->sa_family == AF_INET &&
        inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, host, sizeof host))
        snprintf(out, ADDRESS_TEXT, "%s:%u", host, address_port(a));
    if (a->sa_family == AF_INET6 &&
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, host, sizeof host))
        snprintf(out, ADDRESS_TEXT, "[%s]:%u", host, address_port(a));
}

bool host_valid(const char *host)
{
    struct sockaddr_storage address;
    size_t n = strlen(host);

    if (n == 0 || n > HOST_MAX) return false;
    if (address_read(host, 0, &address)) return true;
    return strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == n &&
           host[0] != '-';
}
