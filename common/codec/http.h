#ifndef CODEC_HTTP_H
#define CODEC_HTTP_H

#include "common/base/buf.h"
#include "common/base/err.h"

/*
 * HTTP/1.1 messages (RFC 9112), bytes to structs and back. Strict: bare LF, obsolete folding, Content-Length
 * beside Transfer-Encoding, and doubled Authorization, Content-Length, Content-Type or Host are refused.
 */
enum {
    HTTP_MAX_HEAD = 16384, /* bytes of start line and headers, trailers too */
    HTTP_MAX_HEADERS = 64,
    HTTP_DEFAULT_BODY = 65536
};

struct http_headers {
    struct buf text; /* names and values, in order */
    size_t count;
    struct http_place {
        uint32_t name, name_n, value, value_n;
    } at[HTTP_MAX_HEADERS];
};

struct http_request {
    struct buf method; /* "POST" */
    struct buf target; /* "/token?x=y" */
    struct http_headers headers;
    struct buf body;
    bool keep_alive; /* the peer will keep the connection; writing: shall it? */
};

struct http_response {
    unsigned status;
    struct http_headers headers;
    struct buf body;
    bool keep_alive;
};

void http_request_clear(struct http_request *r);
void http_response_clear(struct http_response *r);

/* Value of the first header of this name, case-insensitive; false if there is none. Borrowed. */
bool http_header(const struct http_headers *h, const char *name, struct span *value);
/* i-th header in order; false past the end. */
bool http_header_at(const struct http_headers *h, size_t i, struct span *name, struct span *value);
/* Adds one. Latches `text.failed` when the name is no token, the value holds control characters, or there is
 * no room. */
void http_header_add(struct http_headers *h, const char *name, struct span value);

/* Authorization: Basic, as an OAuth client says who it is (RFC 6749 2.3.1). Latches as http_header_add(). */
void http_header_login(struct http_headers *h, struct span id, struct span password);

/* Is this the media type of Content-Type, parameters aside ("application/json")? */
bool http_content_is(const struct http_headers *h, const char *type);
/* Target up to '?' and what follows it (empty without). */
struct span http_path(const struct http_request *r);
struct span http_query(const struct http_request *r);
bool http_method_is(const struct http_request *r, const char *method); /* case-sensitive, as methods are */
const char *http_status_words(unsigned status);                        /* "Not Found"; "" if unknown */

/*
 * Content-Length and Connection are the writer's; the headers must not bring them. A request must bring Host.
 * Errors: ERR_MALFORMED (method, target, status or a latched header), ERR_NO_MEMORY.
 */
enum http_part { HTTP_WHOLE, HTTP_HEAD_ONLY }; /* HTTP_HEAD_ONLY: answers HEAD; Content-Length as if whole */
MUST_USE enum err http_write_request(const struct http_request *r, struct buf *out);
MUST_USE enum err http_write_response(const struct http_response *r, enum http_part part, struct buf *out);

#endif
