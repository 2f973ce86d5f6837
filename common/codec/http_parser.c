#include "common/codec/http_parser.h"

#include <llhttp.h>
#include <stdlib.h>
#include <strings.h>

/* Bytes on the wire per message, chunk framing included: what an honest peer stays far below. */
enum { WIRE_PER_BODY_BYTE = 8 };

struct http_parser {
    llhttp_t llhttp;
    size_t max_body;
    struct http_request request; /* of a response: headers, body and keep_alive only */
    unsigned status;
    size_t taken; /* bytes of this message so far */
    bool in_head, in_name, no_body, whole, continue_wanted, continue_asked;
    uint8_t before;     /* the head's last byte so far */
    size_t line, lines; /* bytes in the current line, lines that were not empty */
    size_t trailer;
    enum err err;
    unsigned refusal;
    const char *why;
};

static struct http_parser *of(llhttp_t *l)
{
    return (struct http_parser *)l->data;
}

static enum err refuse(struct http_parser *p, enum err e, unsigned status, const char *why)
{
    if (p->err != OK) return p->err;
    p->err = e;
    p->refusal = status;
    p->why = why;
    return e;
}

/* The same, from a callback: llhttp stops at anything but zero. */
static int abandon(struct http_parser *p, enum err e, unsigned status, const char *why)
{
    (void)refuse(p, e, status, why);
    return -1;
}

/* --- headers --- */

static int add_piece(struct http_parser *p, struct span piece)
{
    struct http_headers *h = &p->request.headers;

    if (!p->in_head) { /* trailers are read over: nothing that arrives after the body may change the head */
        p->trailer += piece.n;
        return p->trailer > HTTP_MAX_HEAD ? abandon(p, ERR_TOO_LARGE, 431, "trailers too large") : 0;
    }
    buf_add(&h->text, piece);
    return buf_failed(&h->text) ? abandon(p, ERR_NO_MEMORY, 503, "out of memory") : 0;
}

static int on_name(llhttp_t *l, const char *at, size_t n)
{
    struct http_parser *p = of(l);
    struct http_headers *h = &p->request.headers;

    if (p->in_head && !p->in_name) {
        if (h->count == HTTP_MAX_HEADERS) return abandon(p, ERR_TOO_LARGE, 431, "too many headers");
        h->at[h->count++] = (struct http_place){ .name = (uint32_t)h->text.n };
        p->in_name = true;
    }
    return add_piece(p, span(at, n));
}

static int on_name_end(llhttp_t *l)
{
    struct http_parser *p = of(l);
    struct http_headers *h = &p->request.headers;

    if (!p->in_head) return 0;
    struct http_place *at = p->in_name ? &h->at[h->count - 1] : NULL;
    if (!at || at->name == h->text.n) return abandon(p, ERR_MALFORMED, 400, "header without a name");
    p->in_name = false;
    at->value = (uint32_t)h->text.n;
    at->name_n = at->value - at->name;
    return 0;
}

static int on_value(llhttp_t *l, const char *at, size_t n)
{
    return add_piece(of(l), span(at, n));
}

static int on_value_end(llhttp_t *l)
{
    struct http_parser *p = of(l);
    struct http_headers *h = &p->request.headers;

    if (!p->in_head) return 0;
    struct http_place *at = &h->at[h->count - 1];
    while (h->text.n > at->value && (h->text.p[h->text.n - 1] == ' ' || h->text.p[h->text.n - 1] == '\t'))
        h->text.n--;
    at->value_n = (uint32_t)h->text.n - at->value;
    return 0;
}

static size_t count_header(const struct http_headers *h, const char *name)
{
    struct span n, v;
    size_t count = 0;

    for (size_t i = 0; http_header_at(h, i, &n, &v); i++)
        if (n.n == strlen(name) && strncasecmp((const char *)n.p, name, n.n) == 0) count++;
    return count;
}

/* Two values where one decides is how one reader is made to see another message than the next. */
static bool has_doubled(const struct http_headers *h)
{
    static const char *const single[] = { "Authorization", "Content-Length", "Content-Type", "Host",
                                          "Transfer-Encoding" };

    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (count_header(h, single[i]) > 1) return true;
    return false;
}

static enum err check_request(struct http_parser *p)
{
    const struct buf *target = &p->request.target;
    struct span v;

    if (p->llhttp.method == HTTP_CONNECT) return refuse(p, ERR_MALFORMED, 501, "CONNECT is not offered");
    if (target->n == 0 || (target->p[0] != '/' && !span_is(buf_span(target), "*")))
        return refuse(p, ERR_MALFORMED, 400, "request target is not a path");
    if (p->llhttp.http_minor == 1 && !http_header(&p->request.headers, "Host", &v))
        return refuse(p, ERR_MALFORMED, 400, "no Host header");
    p->continue_wanted = http_header(&p->request.headers, "Expect", &v) && v.n == 12 &&
                         strncasecmp((const char *)v.p, "100-continue", v.n) == 0;
    return OK;
}

static int on_head_end(llhttp_t *l)
{
    struct http_parser *p = of(l);

    p->status = l->status_code;
    p->in_head = false;
    if (l->http_major != 1 || l->http_minor > 1) return abandon(p, ERR_MALFORMED, 505, "not HTTP/1.1");
    if (has_doubled(&p->request.headers))
        return abandon(p, ERR_MALFORMED, 400, "a header that may stand once stands twice");
    if (l->type == HTTP_REQUEST && check_request(p) != OK) return -1;
    if (p->status == 101) return abandon(p, ERR_MALFORMED, 400, "upgrade was not asked for");
    if (p->no_body && p->status >= 200) return 1;
    if ((l->flags & F_CONTENT_LENGTH) && l->content_length > p->max_body)
        return abandon(p, ERR_TOO_LARGE, 413, "body too large");
    return 0;
}

static int on_target(llhttp_t *l, const char *at, size_t n)
{
    buf_add(&of(l)->request.target, span(at, n));
    return 0;
}

static int on_body(llhttp_t *l, const char *at, size_t n)
{
    struct http_parser *p = of(l);
    struct buf *body = &p->request.body;

    if (n > p->max_body - body->n) return abandon(p, ERR_TOO_LARGE, 413, "body too large");
    buf_add(body, span(at, n));
    return buf_failed(body) ? abandon(p, ERR_NO_MEMORY, 503, "out of memory") : 0;
}

/* --- messages --- */

static void start_message(struct http_parser *p)
{
    http_request_clear(&p->request);
    p->taken = p->line = p->lines = p->trailer = 0;
    p->before = 0;
    p->in_head = true;
    p->in_name = p->whole = p->continue_wanted = p->continue_asked = false;
}

static int on_message_end(llhttp_t *l)
{
    struct http_parser *p = of(l);

    /* 100 Continue and its like announce, they do not answer */
    if (l->type == HTTP_RESPONSE && p->status < 200) {
        start_message(p);
        return 0;
    }
    if (l->type == HTTP_REQUEST) buf_str(&p->request.method, llhttp_method_name((llhttp_method_t)l->method));
    p->request.keep_alive = llhttp_should_keep_alive(l);
    p->whole = true;
    p->no_body = false;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_target,
    .on_header_field = on_name,
    .on_header_field_complete = on_name_end,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_end,
    .on_headers_complete = on_head_end,
    .on_body = on_body,
    .on_message_complete = on_message_end,
};

/* Walks to the end of the head or of `in`, whichever comes first; counts, and refuses what llhttp might let pass:
 * lines that do not end in CR LF, folded lines, control characters. */
static size_t head_part(struct http_parser *p, struct span in)
{
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];
        bool ends = c == '\n' && p->before == '\r', empty = ends && p->line == 0;
        if ((c == '\n' || p->before == '\r') && !ends)
            refuse(p, ERR_MALFORMED, 400, "a line does not end in CR LF");
        if (c < 0x20 && c != '\r' && c != '\n' && c != '\t')
            refuse(p, ERR_MALFORMED, 400, "control character in the head");
        if (p->line == 0 && p->lines && (c == ' ' || c == '\t'))
            refuse(p, ERR_MALFORMED, 400, "folded header line");
        if (++p->taken > HTTP_MAX_HEAD) refuse(p, ERR_TOO_LARGE, 431, "head too large");
        if (p->err != OK) return 0;
        p->before = c;
        p->line = ends ? 0 : p->line + (c != '\r');
        if (empty && p->lines) return i + 1;
        p->lines += ends && !empty;
    }
    return in.n;
}

/* Feeds llhttp; *used is less than in.n when a message ended. */
static enum err run(struct http_parser *p, struct span in, size_t *used)
{
    llhttp_errno_t e = llhttp_execute(&p->llhttp, (const char *)in.p, in.n);

    *used = in.n;
    if (e == HPE_PAUSED || e == HPE_PAUSED_UPGRADE) {
        *used = (size_t)((const uint8_t *)llhttp_get_error_pos(&p->llhttp) - in.p);
        if (e == HPE_PAUSED) llhttp_resume(&p->llhttp);
        if (e == HPE_PAUSED_UPGRADE) llhttp_resume_after_upgrade(&p->llhttp);
        return OK;
    }
    return e == HPE_OK ? OK : refuse(p, ERR_MALFORMED, 400, llhttp_get_error_reason(&p->llhttp));
}

static enum err take_body(struct http_parser *p, size_t n)
{
    p->taken += n;
    if (p->whole || p->taken <= (size_t)2 * HTTP_MAX_HEAD + WIRE_PER_BODY_BYTE * p->max_body) return OK;
    return refuse(p, ERR_TOO_LARGE, 413, "chunks too wasteful");
}

/* Head by itself, then body: the first byte after the head is never fed together with it. */
static enum err step(struct http_parser *p, struct span in, size_t *used)
{
    if (!p->in_head) {
        TRY(run(p, in, used));
        return take_body(p, *used);
    }
    size_t n = head_part(p, in);
    if (p->err != OK) return p->err;
    return run(p, span(in.p, n), used);
}

enum err http_parser_new(enum http_side side, size_t max_body, struct http_parser **out)
{
    struct http_parser *p = calloc(1, sizeof *p);

    *out = p;
    if (!p) return ERR_NO_MEMORY;
    llhttp_init(&p->llhttp, side == HTTP_REQUESTS ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    p->llhttp.data = p;
    p->max_body = max_body;
    start_message(p);
    return OK;
}

void http_parser_free(struct http_parser *p)
{
    if (!p) return;
    http_request_clear(&p->request);
    free(p);
}

enum err http_parse(struct http_parser *p, struct span in, size_t *used, enum http_more *more)
{
    *used = 0;
    while (p->err == OK && !p->whole && *used < in.n) {
        size_t n;
        TRY(step(p, span_skip(in, *used), &n));
        *used += n;
    }
    *more = p->whole ? HTTP_MESSAGE_WHOLE : HTTP_MESSAGE_MORE;
    return p->err;
}

enum err http_parse_end(struct http_parser *p, enum http_more *more)
{
    bool cut = !p->whole && llhttp_finish(&p->llhttp) != HPE_OK && !p->whole;

    if (cut && http_begun(p)) return refuse(p, ERR_MALFORMED, 400, "message cut short");
    *more = p->whole ? HTTP_MESSAGE_WHOLE : HTTP_MESSAGE_MORE;
    return p->err;
}

void http_expect_no_body(struct http_parser *p)
{
    p->no_body = true;
}

void http_take_request(struct http_parser *p, struct http_request *out)
{
    *out = p->request;
    p->request = (struct http_request){ 0 };
    start_message(p);
}

void http_take_response(struct http_parser *p, struct http_response *out)
{
    struct http_request *r = &p->request;

    *out = (struct http_response){ p->status, r->headers, r->body, r->keep_alive };
    r->headers.text = r->body = (struct buf){ 0 };
    start_message(p);
}

bool http_begun(const struct http_parser *p)
{
    return p->taken > 0 && !p->whole;
}

bool http_wants_continue(struct http_parser *p)
{
    bool wants =
        p->continue_wanted && !p->continue_asked && !p->in_head && !p->whole && p->request.body.n == 0;

    p->continue_asked |= wants;
    return wants;
}

unsigned http_refusal(const struct http_parser *p)
{
    return p->refusal;
}

const char *http_refusal_why(const struct http_parser *p)
{
    return p->why ? p->why : "";
}
