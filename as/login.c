#include "as/login.h"
#include "common/base/map.h"
#include "common/codec/text.h"

#include <strings.h>

enum err login_throttle_init(struct login_throttle *t, unsigned limit, struct entropy *entropy)
{
    *t = (struct login_throttle){ .limit = limit };
    return entropy_fill(entropy, t->key, sizeof t->key);
}

static uint16_t *bucket(struct login_throttle *t, struct span id, int64_t now)
{
    if (t->minute != now / 60) {
        memset(t->failed, 0, sizeof t->failed);
        t->minute = now / 60;
    }
    return &t->failed[siphash(t->key, id) % LOGIN_BUCKETS];
}

/* An unknown client costs what a known one costs, and counts as a failure too. */
static enum err check_password(const struct login_from *from, struct span id, struct span password,
                               const struct as_client **out)
{
    const struct as_client *c = registry_client(from->registry, id);
    uint16_t *failed = bucket(from->throttle, id, from->now);

    if (*failed >= from->throttle->limit) return ERR_RATE;
    bool right = c && c->password.n && secret_eq(secret_span(&c->password), password);
    if (!right) {
        ++*failed;
        return ERR_INVALID_CLIENT;
    }
    *failed = 0;
    *out = c;
    return OK;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
    return -1;
}

/* RFC 6749 2.3.1: id and password are form-encoded before they are joined [R-TOK-42]. */
static enum err form_decode(struct span in, struct buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == '%') {
            int high = i + 2 < in.n ? hex_digit(in.p[i + 1]) : -1,
                low = i + 2 < in.n ? hex_digit(in.p[i + 2]) : -1;
            if (high < 0 || low < 0) return ERR_INVALID_CLIENT;
            buf_u8(out, (uint8_t)(high << 4 | low));
            i += 2;
        } else {
            buf_u8(out, in.p[i] == '+' ? ' ' : in.p[i]);
        }
    }
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

static enum err check_pair(const struct login_from *from, struct span pair, const struct as_client **out)
{
    const uint8_t *colon = pair.n ? memchr(pair.p, ':', pair.n) : NULL;
    struct buf id = { 0 }, password = { 0 };

    if (!colon) return ERR_INVALID_CLIENT;
    size_t n = (size_t)(colon - pair.p);
    enum err e = form_decode(span(pair.p, n), &id);
    if (e == OK) e = form_decode(span_skip(pair, n + 1), &password);
    if (e == OK) e = check_password(from, buf_span(&id), buf_span(&password), out);
    buf_clear(&id);
    buf_clear(&password);
    return e;
}

static enum err login_basic(const struct login_from *from, struct span header, const struct as_client **out)
{
    static const char scheme[] = "Basic ";
    struct buf pair = { 0 };

    if (header.n < sizeof scheme - 1 || strncasecmp((const char *)header.p, scheme, sizeof scheme - 1) != 0) {
        return ERR_INVALID_CLIENT;
    }
    enum err e = b64_decode(span_skip(header, sizeof scheme - 1), &pair);
    e = e == OK ? check_pair(from, buf_span(&pair), out) : ERR_INVALID_CLIENT;
    buf_clear(&pair);
    return e;
}

enum err login_by_transport(const struct login_from *from, const struct as_client **out)
{
    const struct key *key = from->peer->peer_key;
    const struct as_client *by_key = key ? registry_client_by_key(from->registry, key) : NULL;
    struct span header;

    *out = by_key;
    if (!http_header(&from->http->headers, "Authorization", &header)) {
        return key && !by_key ? ERR_INVALID_CLIENT : OK; /* a key that nobody registered names nobody */
    }
    TRY(login_basic(from, header, out));
    return by_key && by_key != *out ? ERR_INVALID_CLIENT : OK;
}

enum err login_by_body(const struct login_from *from, const struct token_request *in,
                       const struct as_client **out)
{
    if (*out) {
        bool same = !in->has_client_id || span_is(buf_span(&in->client_id), (*out)->id);
        return same && !in->has_client_secret ? OK
                                              : ERR_INVALID_CLIENT; /* one method a request, RFC 6749 2.3 */
    }
    if (!in->has_client_id || !in->has_client_secret) return ERR_INVALID_CLIENT;
    return check_password(from, buf_span(&in->client_id), secret_span(&in->client_secret), out);
}
