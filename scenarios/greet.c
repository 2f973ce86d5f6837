#include "scenarios/greet.h"

#include "common/codec/http.h"

struct greeting {
    struct strand *end;
    struct http_response answer;
    enum err err; /* ERR_NOT_FOUND: none yet */
};

static bool is_answered(void *what)
{
    struct greeting *g = what;

    if (g->err == ERR_NOT_FOUND) g->err = strand_take_response(g->end, &g->answer);
    return g->err != ERR_NOT_FOUND || g->end->closed;
}

static enum err ask(const struct sut *s, struct strand *end)
{
    struct http_request r = { .keep_alive = true };
    struct buf octets = { 0 };

    buf_str(&r.method, "POST");
    buf_str(&r.target, s->token_path);
    buf_str(&r.body, "grant_type=client_credentials");
    http_header_add(&r.headers, "Host", span_str(s->host));
    http_header_add(&r.headers, "Content-Type", span_str("application/x-www-form-urlencoded"));
    enum err e = http_write_request(&r, &octets);
    if (e == OK) e = strand_send(end, buf_span(&octets));
    buf_clear(&octets);
    http_request_clear(&r);
    return e;
}

/* What only somebody answers who has no token endpoint there. */
static bool is_elsewhere(unsigned status)
{
    return (status >= 300 && status < 400) || status == 404 || status == 405 || status == 410 ||
           status == 501;
}

static enum err judge(const struct sut *s, const struct greeting *g, struct buf *message)
{
    const char *path = s->token_path, *reason = g->end->reason;

    if (g->err == OK && !is_elsewhere(g->answer.status)) return OK;
    if (g->err == OK)
        buf_format(message,
                   "%s has no token endpoint at %s: it answers POST with %u; is it elsewhere, as in --as "
                   "host:port/path?",
                   s->name, path, g->answer.status);
    else if (g->err != ERR_NOT_FOUND)
        buf_format(message, "%s is there, but what it answers to POST %s is no HTTP", s->name, path);
    else if (g->end->closed)
        buf_format(message, "%s is there, but hangs up on POST %s%s%s", s->name, path, *reason ? ": " : "",
                   reason);
    else
        buf_format(message, "%s is there, but does not answer POST %s in time (--patience 3 waits longer)",
                   s->name, path);
    return g->err == ERR_NOT_FOUND && !g->end->closed ? ERR_TIMEOUT : ERR_PROTOCOL;
}

enum err greet_as(struct net *n, struct strand *end, const struct sut *s, struct buf *message)
{
    struct greeting g = { .end = end, .err = ERR_NOT_FOUND };

    TRY(ask(s, end));
    (void)net_wait(n, is_answered, &g);
    enum err e = judge(s, &g, message);
    http_response_clear(&g.answer);
    return e;
}
