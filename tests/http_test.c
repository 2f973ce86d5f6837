#include "common/codec/http_parser.h"
#include "tests/check.h"

#include <stdio.h>

enum { BODY = 100 };

static const struct request_row {
    const char *why, *wire;
    unsigned refusal; /* 0: whole */
    const char *method, *target, *body;
} requests[] = {
    /* clang-format off */
    { "GET without body", "GET /health/ready HTTP/1.1\r\nHost: as\r\n\r\n", 0, "GET", "/health/ready", "" },
    { "POST with length", "POST /token?a=b HTTP/1.1\r\nHost: as\r\nContent-Length: 5\r\n\r\nhello", 0, "POST", "/token?a=b", "hello" },
    { "empty POST", "POST /t HTTP/1.1\r\nHost: as\r\nContent-Length: 0\r\n\r\n", 0, "POST", "/t", "" },
    { "chunked", "POST /t HTTP/1.1\r\nHost: as\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", 0, "POST", "/t", "hello" },
    { "trailers are read over", "POST /t HTTP/1.1\r\nHost: as\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nAuthorization: Basic YQ==\r\n\r\n", 0, "POST", "/t", "x" },
    { "HTTP/1.0 needs no Host", "GET / HTTP/1.0\r\n\r\n", 0, "GET", "/", "" },
    { "empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, "GET", "/", "" },
    { "upgrade is passed over", "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 0, "GET", "/", "" },
    { "no Host", "GET / HTTP/1.1\r\n\r\n", 400, NULL, NULL, NULL },
    { "bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400, NULL, NULL, NULL },
    { "bare CR in a value", "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400, NULL, NULL, NULL },
    { "NUL in a value", "GET / HTTP/1.1\r\nHost: \001a\r\n\r\n", 400, NULL, NULL, NULL },
    { "folded header", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400, NULL, NULL, NULL },
    { "space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, NULL, NULL, NULL },
    { "header without a name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400, NULL, NULL, NULL },
    { "first header without a name", "GET / HTTP/1.1\r\n: b\r\nHost: a\r\n\r\n", 400, NULL, NULL, NULL },
    { "two Authorization", "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nauthorization: y\r\n\r\n", 400, NULL, NULL, NULL },
    { "two Content-Type", "GET / HTTP/1.1\r\nHost: a\r\nContent-Type: x/y\r\nCONTENT-TYPE: x/z\r\n\r\n", 400, NULL, NULL, NULL },
    { "two Host", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, NULL, NULL, NULL },
    { "two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400, NULL, NULL, NULL },
    { "length and chunked", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL, NULL, NULL },
    { "chunked and length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", 400, NULL, NULL, NULL },
    { "encoding other than chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400, NULL, NULL, NULL },
    { "signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400, NULL, NULL, NULL },
    { "huge length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, NULL, NULL, NULL },
    { "chunk line with bare LF", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n", 400, NULL, NULL, NULL },
    { "chunk size not hex", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n", 400, NULL, NULL, NULL },
    { "body declared too large", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", 413, NULL, NULL, NULL },
    { "chunks too large", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n"
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n", 413, NULL, NULL, NULL },
    { "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, NULL, NULL, NULL },
    { "HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400, NULL, NULL, NULL },
    { "unknown method", "STEAL / HTTP/1.1\r\nHost: a\r\n\r\n", 400, NULL, NULL, NULL },
    { "CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501, NULL, NULL, NULL },
    { "absolute target", "GET http://other/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, NULL, NULL, NULL },
    { "control in the target", "GET /\001 HTTP/1.1\r\nHost: a\r\n\r\n", 400, NULL, NULL, NULL },
    { "TLS hello", "\026\003\001\002", 400, NULL, NULL, NULL },
    /* clang-format on */
};

/* Feeds `wire` in pieces of `size`; the parser's error. */
static enum err feed(struct http_parser *p, struct span wire, size_t size, enum http_more *more)
{
    size_t used = 0;

    *more = HTTP_MESSAGE_MORE;
    while (wire.n && *more == HTTP_MESSAGE_MORE) {
        size_t n = wire.n < size ? wire.n : size;
        TRY(http_parse(p, span(wire.p, n), &used, more));
        wire = span_skip(wire, used);
    }
    return wire.n ? ERR_PROTOCOL : OK; /* every row is one message to the last byte */
}

static void check_request_row(const struct request_row *r, size_t piece)
{
    struct http_parser *p;
    struct http_request q = { 0 };
    enum http_more more = HTTP_MESSAGE_MORE;

    CHECK_ROW(http_parser_new(HTTP_REQUESTS, BODY, &p) == OK, r->why);
    enum err e = feed(p, span_str(r->wire), piece, &more);
    CHECK_ROW(http_refusal(p) == r->refusal, r->why);
    CHECK_ROW((e == OK) == (r->refusal == 0), r->why);
    CHECK_ROW(r->refusal == 0 || http_refusal_why(p)[0], r->why);
    if (r->refusal == 0) {
        CHECK_ROW(more == HTTP_MESSAGE_WHOLE, r->why);
        http_take_request(p, &q);
        CHECK_ROW(http_method_is(&q, r->method), r->why);
        CHECK_ROW(span_is(buf_span(&q.target), r->target), r->why);
        CHECK_ROW(span_is(buf_span(&q.body), r->body), r->why);
        struct span v;
        CHECK_ROW(!http_header(&q.headers, "Authorization", &v), r->why);
        CHECK_ROW(!http_begun(p), r->why);
    }
    http_request_clear(&q);
    http_parser_free(p);
}

static void reads_requests(void)
{
    const struct request_row *r;

    for (EACH_ROW(r, requests)) {
        check_request_row(r, SIZE_MAX);
        check_request_row(r, 1);
        check_request_row(r, 7);
    }
}

static void truncations_wait(void)
{
    const char wire[] =
        "POST /t HTTP/1.1\r\nHost: as\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n";

    for (size_t n = 1; n < sizeof wire - 1; n++) {
        struct http_parser *p;
        enum http_more more;
        size_t used;

        CHECK(http_parser_new(HTTP_REQUESTS, BODY, &p) == OK);
        CHECK(http_parse(p, span(wire, n), &used, &more) == OK && more == HTTP_MESSAGE_MORE && used == n);
        CHECK(http_begun(p));
        CHECK(http_parse_end(p, &more) == ERR_MALFORMED);
        http_parser_free(p);
    }
}

static void pipelined(void)
{
    struct span wire = span_str("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                                "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
                                "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    static const char *const targets[] = { "/1", "/2", "/3" };
    struct http_parser *p;

    CHECK(http_parser_new(HTTP_REQUESTS, BODY, &p) == OK);
    for (size_t i = 0; i < 3; i++) {
        struct http_request q;
        enum http_more more;
        size_t used;

        CHECK(http_parse(p, wire, &used, &more) == OK && more == HTTP_MESSAGE_WHOLE);
        http_take_request(p, &q);
        CHECK_ROW(span_is(buf_span(&q.target), targets[i]), targets[i]);
        CHECK_ROW(q.keep_alive == (i < 2), targets[i]);
        wire = span_skip(wire, used);
        http_request_clear(&q);
    }
    CHECK(wire.n == 0);
    http_parser_free(p);
}

static void head_limits(void)
{
    struct http_parser *p;
    struct buf wire = { 0 };
    enum http_more more;
    size_t used;

    buf_str(&wire, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < HTTP_MAX_HEADERS; i++) buf_format(&wire, "X-%d: y\r\n", i);
    buf_str(&wire, "\r\n");
    CHECK(http_parser_new(HTTP_REQUESTS, BODY, &p) == OK);
    CHECK(http_parse(p, buf_span(&wire), &used, &more) == ERR_TOO_LARGE && http_refusal(p) == 431);
    http_parser_free(p);
    buf_clear(&wire);
    buf_str(&wire, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    while (wire.n <= HTTP_MAX_HEAD) buf_str(&wire, "0123456789");
    CHECK(http_parser_new(HTTP_REQUESTS, BODY, &p) == OK);
    CHECK(http_parse(p, buf_span(&wire), &used, &more) == ERR_TOO_LARGE && http_refusal(p) == 431);
    CHECK(http_parse(p, span_str("x"), &used, &more) == ERR_TOO_LARGE); /* errors are final */
    http_parser_free(p);
    buf_clear(&wire);
}

static void wasteful_chunks(void)
{
    struct http_parser *p;
    enum http_more more;
    size_t used;
    enum err e = OK;

    CHECK(http_parser_new(HTTP_REQUESTS, BODY, &p) == OK);
    CHECK(http_parse(p, span_str("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x="),
                     &used, &more) == OK);
    for (int i = 0; i < 10000 && e == OK; i++) e = http_parse(p, span_str("yyyyyyyyyy"), &used, &more);
    CHECK(e == ERR_TOO_LARGE && http_refusal(p) == 413);
    http_parser_free(p);
}

static void expects_continue(void)
{
    struct http_parser *p;
    enum http_more more;
    size_t used;

    CHECK(http_parser_new(HTTP_REQUESTS, BODY, &p) == OK);
    CHECK(http_parse(
              p, span_str("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"),
              &used, &more) == OK);
    CHECK(http_wants_continue(p));
    CHECK(!http_wants_continue(p));
    CHECK(http_parse(p, span_str("x"), &used, &more) == OK && more == HTTP_MESSAGE_WHOLE);
    CHECK(!http_wants_continue(p));
    http_parser_free(p);
}

static const struct response_row {
    const char *why, *wire;
    bool good, at_end; /* at_end: whole only when the connection ends */
    unsigned status;
    bool keep_alive;
    const char *body;
} responses[] = {
    /* clang-format off */
    { "with length",          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",                              true,  false, 200, true,  "hi" },
    { "no content",           "HTTP/1.1 204 No Content\r\n\r\n",                                             true,  false, 204, true,  ""   },
    { "chunked",              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",   true,  false, 200, true,  "hi" },
    { "close",                "HTTP/1.1 400 Bad\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",          true,  false, 400, false, ""   },
    { "until the end",        "HTTP/1.1 200 OK\r\n\r\nhello",                                                true,  true,  200, false, "hello" },
    { "100 before",           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx", true, false, 201, true, "x" },
    { "101 unasked",          "HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",            false, false, 0,   false, NULL },
    { "no status",            "HTTP/1.1 OK\r\n\r\n",                                                         false, false, 0,   false, NULL },
    { "two lengths",          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",         false, false, 0,   false, NULL },
    { "too large",            "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",                              false, false, 0,   false, NULL },
    { "not HTTP",             "SSH-2.0-x\r\n",                                                               false, false, 0,   false, NULL },
    /* clang-format on */
};

static void check_response_row(const struct response_row *r, size_t piece)
{
    struct http_parser *p;
    struct http_response a = { 0 };
    enum http_more more;

    CHECK_ROW(http_parser_new(HTTP_RESPONSES, BODY, &p) == OK, r->why);
    enum err e = feed(p, span_str(r->wire), piece, &more);
    CHECK_ROW((e == OK) == r->good, r->why);
    if (r->good && r->at_end) {
        CHECK_ROW(more == HTTP_MESSAGE_MORE, r->why);
        CHECK_ROW(http_parse_end(p, &more) == OK, r->why);
    }
    if (r->good) {
        CHECK_ROW(more == HTTP_MESSAGE_WHOLE, r->why);
        http_take_response(p, &a);
        CHECK_ROW(a.status == r->status && a.keep_alive == r->keep_alive, r->why);
        CHECK_ROW(span_is(buf_span(&a.body), r->body), r->why);
    }
    http_response_clear(&a);
    http_parser_free(p);
}

static void reads_responses(void)
{
    const struct response_row *r;

    for (EACH_ROW(r, responses)) {
        check_response_row(r, SIZE_MAX);
        check_response_row(r, 1);
    }
}

static void writes_and_reads_back(void)
{
    struct http_request q = { .keep_alive = true }, back = { 0 };
    struct http_parser *p;
    struct buf wire = { 0 };
    enum http_more more;
    struct span v;
    size_t used;

    buf_str(&q.method, "POST");
    buf_str(&q.target, "/token?x");
    buf_str(&q.body, "{}");
    http_header_add(&q.headers, "Host", span_str("as.example:8443"));
    http_header_add(&q.headers, "Content-Type", span_str("application/ace+json ; charset=x"));
    CHECK(http_write_request(&q, &wire) == OK);
    CHECK(http_parser_new(HTTP_REQUESTS, BODY, &p) == OK);
    CHECK(http_parse(p, buf_span(&wire), &used, &more) == OK && more == HTTP_MESSAGE_WHOLE && used == wire.n);
    http_take_request(p, &back);
    CHECK(span_is(http_path(&back), "/token") && span_is(http_query(&back), "x") &&
          span_is(buf_span(&back.body), "{}"));
    CHECK(http_content_is(&back.headers, "Application/ACE+json") &&
          !http_content_is(&back.headers, "application/ace"));
    CHECK(http_header(&back.headers, "hOST", &v) && span_is(v, "as.example:8443"));
    CHECK(!http_header(&back.headers, "Hos", &v));
    CHECK(back.keep_alive);
    http_request_clear(&q);
    http_request_clear(&back);
    http_parser_free(p);
    buf_clear(&wire);
}

static void head_only(void)
{
    struct http_response a = { .status = 200 }, back = { 0 };
    struct http_parser *p;
    struct buf wire = { 0 };
    enum http_more more;
    size_t used;

    buf_str(&a.body, "hello");
    CHECK(http_write_response(&a, HTTP_HEAD_ONLY, &wire) == OK);
    CHECK(http_parser_new(HTTP_RESPONSES, BODY, &p) == OK);
    http_expect_no_body(p);
    CHECK(http_parse(p, buf_span(&wire), &used, &more) == OK && more == HTTP_MESSAGE_WHOLE);
    http_take_response(p, &back);
    CHECK(back.status == 200 && back.body.n == 0 && !back.keep_alive);
    http_response_clear(&a);
    http_response_clear(&back);
    http_parser_free(p);
    buf_clear(&wire);
}

static const struct header_row {
    const char *why, *name, *value;
} bad_headers[] = {
    { "line break in a value", "X", "a\r\nSet-Cookie: b" },
    { "line feed in a value", "X", "a\nb" },
    { "line break in a name", "X\r\nY", "a" },
    { "no name", "", "a" },
    { "colon in a name", "X:", "a" },
    { "length is the writer's", "content-length", "7" },
    { "connection is the writer's", "Connection", "close" },
    { "encoding is the writer's", "Transfer-Encoding", "chunked" },
};

static void no_injection(void)
{
    const struct header_row *r;

    for (EACH_ROW(r, bad_headers)) {
        struct http_response a = { .status = 200 };
        struct buf wire = { 0 };
        http_header_add(&a.headers, r->name, span_str(r->value));
        CHECK_ROW(http_write_response(&a, HTTP_WHOLE, &wire) == ERR_MALFORMED && wire.n == 0, r->why);
        http_response_clear(&a);
        buf_clear(&wire);
    }
    static const char *const targets[] = { "", "x", "/a b", "/a\r\nX: y", "http://x/" };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct http_request q = { 0 };
        struct buf wire = { 0 };
        buf_str(&q.method, "GET");
        buf_str(&q.target, targets[i]);
        http_header_add(&q.headers, "Host", span_str("a"));
        CHECK_ROW(http_write_request(&q, &wire) == ERR_MALFORMED, targets[i]);
        http_request_clear(&q);
        buf_clear(&wire);
    }
}

CU_TestInfo http_tests[] = {
    { "reads requests", reads_requests },
    { "every truncation waits, and an end there is refused", truncations_wait },
    { "pipelined", pipelined },
    { "head limits", head_limits },
    { "wasteful chunks", wasteful_chunks },
    { "expects 100-continue", expects_continue },
    { "reads responses", reads_responses },
    { "writes and reads back", writes_and_reads_back },
    { "HEAD", head_only },
    { "no injection", no_injection },
    CU_TEST_INFO_NULL,
};
