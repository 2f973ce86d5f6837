#include "common/codec/http_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { MAX_BODY = 256 };

/* A request we took must survive being written and read again; feeding by pieces must not change the verdict. */
static void write_and_read(struct http_request *r, bool named)
{
    struct http_parser *parser;
    struct http_request again = { 0 }, copy = { .method = r->method, .target = r->target, .body = r->body };
    struct buf wire = { 0 };
    enum http_more more;
    size_t used;

    if (!named) return;
    http_header_add(&copy.headers, "Host", span_str("h"));
    if (http_write_request(&copy, &wire) != OK) __builtin_trap();
    if (http_parser_new(HTTP_REQUESTS, MAX_BODY, &parser) != OK) __builtin_trap();
    if (http_parse(parser, buf_span(&wire), &used, &more) != OK || more != HTTP_MESSAGE_WHOLE)
        __builtin_trap();
    http_take_request(parser, &again);
    if (!span_eq(buf_span(&again.body), buf_span(&r->body))) __builtin_trap();
    if (!span_eq(buf_span(&again.target), buf_span(&r->target))) __builtin_trap();
    http_request_clear(&again);
    http_parser_free(parser);
    buf_clear(&copy.headers.text);
    buf_clear(&wire);
}

static void requests(struct span in, size_t piece)
{
    struct http_parser *parser;

    if (http_parser_new(HTTP_REQUESTS, MAX_BODY, &parser) != OK) __builtin_trap();
    while (in.n) {
        struct http_request r;
        enum http_more more;
        size_t used;
        enum err e = http_parse(parser, span(in.p, in.n < piece ? in.n : piece), &used, &more);
        if (e != OK && http_refusal(parser) == 0) __builtin_trap();
        if (e != OK) break;
        in = span_skip(in, used);
        if (more == HTTP_MESSAGE_MORE && used == 0) __builtin_trap();
        if (more == HTTP_MESSAGE_MORE) continue;
        http_take_request(parser, &r);
        write_and_read(&r, r.target.n && r.target.p[0] == '/');
        http_request_clear(&r);
    }
    http_parser_free(parser);
}

static void responses(struct span in)
{
    struct http_parser *parser;
    enum http_more more = HTTP_MESSAGE_MORE;

    if (http_parser_new(HTTP_RESPONSES, MAX_BODY, &parser) != OK) __builtin_trap();
    while (in.n) {
        size_t used;
        struct http_response r;
        if (http_parse(parser, in, &used, &more) != OK) break;
        in = span_skip(in, used);
        if (more == HTTP_MESSAGE_MORE) continue;
        http_take_response(parser, &r);
        http_response_clear(&r);
    }
    if (http_parse_end(parser, &more) == OK && more == HTTP_MESSAGE_WHOLE) {
        struct http_response r;
        http_take_response(parser, &r);
        http_response_clear(&r);
    }
    http_parser_free(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    requests(span(p, n), SIZE_MAX);
    requests(span(p, n), 3);
    responses(span(p, n));
    return 0;
}
