#include "scenarios/reach.h"

#include "scenarios/greet.h"
#include "scenarios/probe.h"
#include "scenarios/strand.h"

static enum err complain(const struct sut *s, const struct strand *end, struct buf *message)
{
    if (!end->closed) {
        buf_format(message, "%s does not answer in time (--patience 3 waits longer)", s->name);
        return ERR_TIMEOUT;
    }
    if (end->err == ERR_NOT_AUTHORIZED) {
        buf_format(message, "%s is there, but what it shows does not hold against --trust: %s", s->name,
                   end->reason);
        return ERR_NOT_AUTHORIZED;
    }
    if (end->err == ERR_PROTOCOL) {
        buf_format(message, "%s is there, but TLS with it fails (is it the port for TLS?): %s", s->name,
                   end->reason);
        return ERR_PROTOCOL;
    }
    buf_format(message, "%s cannot be reached: %s", s->name, *end->reason ? end->reason : "it hangs up");
    return ERR_IO;
}

static enum err reach_on(struct net *n, struct sut *s, struct buf *message)
{
    struct tls_client_options o = { .ca_pem = s->trust };
    struct strand_call call = { .owner = s->role == ROLE_BROKER ? ROLE_CLIENT : ROLE_BROKER,
                                .peer = { s->role, 1 },
                                .speech = s->role == ROLE_AS ? SPEAK_ANSWERS : SPEAK_MQTT,
                                .host = s->host,
                                .port = s->port };
    struct strand *end = NULL;
    struct fault why = { 0 };

    if (s->role == ROLE_BROKER) o.protocol.alpn[0] = "mqtt";
    enum err e = tls_client_config(&o, &call.tls, &why);
    if (e == ERR_MALFORMED) buf_format(message, "--trust: %s", why.why);
    if (e == OK) e = net_connect(n, &call, &end);
    tls_config_free(call.tls);
    if (e != OK) return e;
    (void)net_wait(n, strand_settled, end);
    if (!end->opened) return complain(s, end, message);
    return s->role == ROLE_AS ? greet_as(n, end, s, message) : probe_broker(n, s, message);
}

enum err sut_reach(struct sut *s, unsigned patience, struct buf *message)
{
    struct net *n = NULL;

    TRY(net_new(patience, &n));
    enum err e = reach_on(n, s, message);
    net_free(n);
    return e;
}
