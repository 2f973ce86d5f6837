#include "common/codec/http.h"

#include "common/codec/text.h"

#include <strings.h>

/* RFC 9110 5.6.2: tchar. */
static bool is_token(struct span s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < s.n; i++) {
        bool alnum = (s.p[i] >= '0' && s.p[i] <= '9') || ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z');
        if (!alnum && (s.p[i] == 0 || !strchr(others, s.p[i]))) return false;
    }
    return s.n > 0;
}

/* What may stand in a header value: no controls but tab, so that no header can carry another (RFC 9110 5.5). */
static bool is_field_value(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f) return false;
    return true;
}

static bool is_target(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f) return false;
    return s.n > 0 && (s.p[0] == '/' || span_is(s, "*"));
}

static bool same_word(struct span a, const char *b)
{
    return a.n == strlen(b) && strncasecmp((const char *)a.p, b, a.n) == 0;
}

/* --- headers --- */

bool http_header_at(const struct http_headers *h, size_t i, struct span *name, struct span *value)
{
    if (i >= h->count) return false;
    const struct http_place *at = &h->at[i];
    *name = span(h->text.p + at->name, at->name_n);
    *value = span(h->text.p + at->value, at->value_n);
    return true;
}

bool http_header(const struct http_headers *h, const char *name, struct span *value)
{
    struct span n, v;

    for (size_t i = 0; http_header_at(h, i, &n, &v); i++) {
        if (!same_word(n, name)) continue;
        *value = v;
        return true;
    }
    return false;
}

void http_header_add(struct http_headers *h, const char *name, struct span value)
{
    struct span n = span_str(name);
    uint32_t at = (uint32_t)h->text.n;

    if (h->count == HTTP_MAX_HEADERS || h->text.n + n.n + value.n > HTTP_MAX_HEAD || !is_token(n) ||
        !is_field_value(value))
        h->text.failed = true;
    buf_add(&h->text, n);
    buf_add(&h->text, value);
    if (buf_failed(&h->text)) return;
    h->at[h->count++] = (struct http_place){ at, (uint32_t)n.n, at + (uint32_t)n.n, (uint32_t)value.n };
}

/* RFC 6749 appendix B */
static void form_encode(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool plain = (c | 32) >= 'a' && (c | 32) <= 'z';

        if (plain || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_')
            buf_u8(out, c);
        else
            buf_format(out, "%%%02X", c);
    }
}

void http_header_login(struct http_headers *h, struct span id, struct span password)
{
    struct buf pair = { 0 }, value = { 0 };

    form_encode(&pair, id);
    buf_u8(&pair, ':');
    form_encode(&pair, password);
    buf_str(&value, "Basic ");
    b64_encode(&value, buf_span(&pair));
    http_header_add(h, "Authorization", buf_span(&value));
    if (buf_failed(&pair) || buf_failed(&value)) h->text.failed = true;
    buf_clear(&pair);
    buf_clear(&value);
}

bool http_content_is(const struct http_headers *h, const char *type)
{
    struct span v;

    if (!http_header(h, "Content-Type", &v)) return false;
    const uint8_t *parameters = v.n ? memchr(v.p, ';', v.n) : NULL;
    return same_word(span_trim(parameters ? span(v.p, (size_t)(parameters - v.p)) : v), type);
}

/* --- requests and responses --- */

void http_request_clear(struct http_request *r)
{
    buf_clear(&r->method);
    buf_clear(&r->target);
    buf_clear(&r->headers.text);
    buf_clear(&r->body);
    *r = (struct http_request){ 0 };
}

void http_response_clear(struct http_response *r)
{
    buf_clear(&r->headers.text);
    buf_clear(&r->body);
    *r = (struct http_response){ 0 };
}

struct span http_path(const struct http_request *r)
{
    struct span t = buf_span(&r->target);
    const uint8_t *mark = t.n ? memchr(t.p, '?', t.n) : NULL;

    return mark ? span(t.p, (size_t)(mark - t.p)) : t;
}

struct span http_query(const struct http_request *r)
{
    struct span t = buf_span(&r->target), path = http_path(r);

    return path.n == t.n ? span(NULL, 0) : span_skip(t, path.n + 1);
}

bool http_method_is(const struct http_request *r, const char *method)
{
    return span_is(buf_span(&r->method), method);
}

const char *http_status_words(unsigned status)
{
    static const struct {
        unsigned status;
        const char *words;
    } rows[] = {
        { 100, "Continue" },
        { 200, "OK" },
        { 201, "Created" },
        { 204, "No Content" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 303, "See Other" },
        { 304, "Not Modified" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 411, "Length Required" },
        { 413, "Content Too Large" },
        { 415, "Unsupported Media Type" },
        { 422, "Unprocessable Content" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].status == status) return rows[i].words;
    return "";
}

/* --- writing --- */

/* The length decides where a message ends: it is ours to say, and only once. */
static bool says_length(const struct http_headers *h)
{
    struct span v;

    return http_header(h, "Content-Length", &v) || http_header(h, "Transfer-Encoding", &v) ||
           http_header(h, "Connection", &v);
}

static void write_rest(const struct http_headers *h, size_t length, bool keep_alive, struct buf *out)
{
    struct span name, value;

    for (size_t i = 0; http_header_at(h, i, &name, &value); i++) {
        buf_add(out, name);
        buf_str(out, ": ");
        buf_add(out, value);
        buf_str(out, "\r\n");
    }
    if (length != SIZE_MAX) buf_format(out, "Content-Length: %zu\r\n", length);
    buf_str(out, keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

static enum err written(const struct buf *out)
{
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

enum err http_write_request(const struct http_request *r, struct buf *out)
{
    struct span method = buf_span(&r->method), host;

    if (!is_token(method) || !is_target(buf_span(&r->target))) return ERR_MALFORMED;
    if (buf_failed(&r->headers.text) || says_length(&r->headers)) return ERR_MALFORMED;
    if (!http_header(&r->headers, "Host", &host)) return ERR_MALFORMED;
    if (buf_failed(&r->body)) return ERR_NO_MEMORY;
    buf_add(out, method);
    buf_str(out, " ");
    buf_add(out, buf_span(&r->target));
    buf_str(out, " HTTP/1.1\r\n");
    bool bare = r->body.n == 0 && (span_is(method, "GET") || span_is(method, "HEAD"));
    write_rest(&r->headers, bare ? SIZE_MAX : r->body.n, r->keep_alive, out);
    buf_add(out, buf_span(&r->body));
    return written(out);
}

enum err http_write_response(const struct http_response *r, enum http_part part, struct buf *out)
{
    /* RFC 9110 8.6: these have no body and say no length */
    bool bare = r->status == 204 || r->status == 304;

    if (r->status < 200 || r->status > 599) return ERR_MALFORMED;
    if (buf_failed(&r->headers.text) || says_length(&r->headers)) return ERR_MALFORMED;
    if (buf_failed(&r->body)) return ERR_NO_MEMORY;
    buf_format(out, "HTTP/1.1 %u %s\r\n", r->status, http_status_words(r->status));
    write_rest(&r->headers, bare ? SIZE_MAX : r->body.n, r->keep_alive, out);
    if (part == HTTP_WHOLE && !bare) buf_add(out, buf_span(&r->body));
    return written(out);
}
