#include "tests/tls_pair.h"

#include "tests/check.h"

/* Moves what `from` has to say; false: nothing. */
static bool move(struct tls *from, struct tls *to, struct buf *plain, enum err *e)
{
    struct buf wire = { 0 };

    tls_output(from, &wire);
    bool some = wire.n > 0;
    /* in pieces, as TCP may deliver them */
    for (size_t at = 0; at < wire.n; at += 100) {
        size_t n = wire.n - at < 100 ? wire.n - at : 100;
        enum err now = tls_input(to, span(wire.p + at, n), plain);
        if (*e == OK) *e = now;
    }
    buf_clear(&wire);
    return some;
}

void pair_run(struct pair *p)
{
    bool more = true;

    while (more) {
        more = move(p->client, p->server, &p->at_server, &p->server_err);
        more |= move(p->server, p->client, &p->at_client, &p->client_err);
    }
}

void pair_make(struct pair *p, struct tls_config *client, struct tls_config *server, const char *host)
{
    *p = (struct pair){ 0 };
    CHECK(tls_connect(client, host, &p->client) == OK);
    CHECK(tls_accept(server, &p->server) == OK);
}

void pair_meet(struct pair *p, struct tls_config *client, struct tls_config *server, const char *host)
{
    pair_make(p, client, server, host);
    p->client_err = tls_input(p->client, span(NULL, 0), &p->at_client);
    pair_run(p);
}

void pair_part(struct pair *p)
{
    tls_release(p->client);
    tls_release(p->server);
    buf_clear(&p->at_client);
    buf_clear(&p->at_server);
}
