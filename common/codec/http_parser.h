#ifndef CODEC_HTTP_PARSER_H
#define CODEC_HTTP_PARSER_H

#include "common/codec/http.h"

/* Reads HTTP/1.1 messages as they arrive: one parser per connection and direction. */
enum http_side { HTTP_REQUESTS, HTTP_RESPONSES };
enum http_more { HTTP_MESSAGE_WHOLE, HTTP_MESSAGE_MORE };

struct http_parser;
MUST_USE enum err http_parser_new(enum http_side side, size_t max_body, struct http_parser **out);
void http_parser_free(struct http_parser *p);

/*
 * Feeds bytes up to the end of one message: *used of them were taken (the rest belongs to the next message),
 * and when HTTP_MESSAGE_WHOLE take the message with http_take_*() before feeding more. Errors (final for this
 * connection): ERR_MALFORMED, ERR_TOO_LARGE, ERR_NO_MEMORY; http_refusal() tells the status.
 */
MUST_USE enum err http_parse(struct http_parser *p, struct span in, size_t *used, enum http_more *more);
/* The connection ended: a response without length is whole now. ERR_MALFORMED if that cuts a message. */
MUST_USE enum err http_parse_end(struct http_parser *p, enum http_more *more);
/* The next response answers HEAD: it has no body whatever its headers say. */
void http_expect_no_body(struct http_parser *p);

void http_take_request(struct http_parser *p, struct http_request *out); /* moves; the caller clears */
void http_take_response(struct http_parser *p, struct http_response *out);

bool http_begun(const struct http_parser *p); /* some bytes of a message are in, not all */
bool http_wants_continue(
    struct http_parser *p); /* true once: "Expect: 100-continue" and the body is missing */
unsigned http_refusal(const struct http_parser *p); /* 400, 413, 431, 501, 505; 0: no error */
const char *http_refusal_why(const struct http_parser *p);

#endif
