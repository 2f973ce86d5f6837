#include "common/net/http_url.h"

#include "common/net/address.h"

#include <strings.h>

enum { PORT_HTTPS = 443, PORT_HTTP = 80 };

static enum err refuse(struct fault *why, const char *text)
{
    fault_set(why, 0, "%s", text);
    return ERR_MALFORMED;
}

static bool take_scheme(struct span *left, const char *scheme)
{
    size_t n = strlen(scheme);

    if (left->n < n || strncasecmp((const char *)left->p, scheme, n) != 0) return false;
    *left = span_skip(*left, n);
    return true;
}

/* Up to the first of `stops`, which stays. */
static struct span take_until(struct span *left, const char *stops)
{
    size_t n = 0;

    while (n < left->n && (left->p[n] == 0 || !strchr(stops, left->p[n]))) n++;
    struct span taken = span(left->p, n);
    *left = span_skip(*left, n);
    return taken;
}

static enum err take_port(struct span digits, uint16_t *port)
{
    unsigned long n = 0;

    if (digits.n == 0 || digits.n > 5) return ERR_MALFORMED;
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9') return ERR_MALFORMED;
        n = n * 10 + (unsigned long)(digits.p[i] - '0');
    }
    *port = (uint16_t)n;
    return n >= 1 && n <= UINT16_MAX ? OK : ERR_MALFORMED;
}

static enum err take_host(struct span *authority, struct http_url *out, struct fault *why)
{
    bool v6 = authority->n && authority->p[0] == '[';
    struct span host = take_until(authority, v6 ? "]" : ":");

    if (v6 && authority->n == 0) return refuse(why, "IPv6 address without its closing bracket");
    if (v6) *authority = span_skip(*authority, 1);
    if (v6) host = span_skip(host, 1);
    if (host.n >= sizeof out->host) return ERR_TOO_LARGE;
    memcpy(out->host, host.p, host.n);
    struct sockaddr_storage address;
    bool literal = address_read(out->host, 0, &address);
    if (memchr(host.p, 0, host.n) || !host_valid(out->host) || (v6 && !literal))
        return refuse(why, "no valid host");
    return OK;
}

static bool is_loopback(const char *host)
{
    struct sockaddr_storage address;

    if (address_read(host, 0, &address)) return address_is_loopback((const struct sockaddr *)&address);
    return strcasecmp(host, "localhost") == 0;
}

static enum err take_target(struct span left, struct http_url *out, struct fault *why)
{
    size_t slash = left.n && left.p[0] == '/' ? 0 : 1;

    if (left.n + slash >= sizeof out->target) return ERR_TOO_LARGE;
    out->target[0] = '/';
    if (left.n) memcpy(out->target + slash, left.p, left.n);
    for (size_t i = 0; i < left.n; i++)
        if (left.p[i] <= 0x20 || left.p[i] >= 0x7f || left.p[i] == '#')
            return refuse(why, "forbidden character in the path");
    return OK;
}

enum err http_url_read(struct span text, struct http_url *out, struct fault *why)
{
    struct span left = text;

    *out = (struct http_url){ .tls = true, .port = PORT_HTTPS };
    if (!take_scheme(&left, "https://")) {
        if (!take_scheme(&left, "http://")) return refuse(why, "neither https:// nor http://");
        out->tls = false;
        out->port = PORT_HTTP;
    }
    struct span authority = take_until(&left, "/?#");
    if (authority.n && memchr(authority.p, '@', authority.n))
        return refuse(why, "user names in URLs are refused");
    TRY(take_host(&authority, out, why));
    if (authority.n && (authority.p[0] != ':' || take_port(span_skip(authority, 1), &out->port) != OK))
        return refuse(why, "no valid port");
    if (!out->tls && !is_loopback(out->host))
        return refuse(why, "http:// is for loopback only; use https://");
    return take_target(left, out, why);
}

void http_url_host(const struct http_url *u, struct buf *out)
{
    bool v6 = strchr(u->host, ':') != NULL;

    buf_format(out, v6 ? "[%s]" : "%s", u->host);
    if (u->port != (u->tls ? PORT_HTTPS : PORT_HTTP)) buf_format(out, ":%u", u->port);
}
