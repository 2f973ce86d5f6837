#include "scenarios/probe.h"

#include "common/base/utf8.h"
#include "common/codec/mqtt.h"

#include <string.h>

/* --- one question: a connection, one or two packets, and what comes back --- */

struct question {
    int min_version, max_version; /* of TLS; 0: any */
    struct key *own;              /* shown as raw public key; NULL: none */
    struct span psk_identity, psk;
    struct span connect, then; /* packets; `then` is sent behind a CONNACK of 0 */
};

enum outcome { NO_HANDSHAKE, CLOSED, SILENT, NO_MQTT, PACKET };

struct reply {
    enum outcome outcome;
    unsigned type, reason; /* PACKET: the last one that came */
    bool hint;             /* PACKET: it names an AS */
    struct buf octets;     /* of it, or of what is no MQTT */
    char why[160];         /* NO_HANDSHAKE, CLOSED */
};

static bool has_come(void *what)
{
    struct strand *s = what;

    return strand_has_input(s) || s->closed;
}

/* Where the Reason Code stands, in what answers us. */
static unsigned reason_of(const struct mqtt_frame *f)
{
    size_t at = f->first >> 4 == MQTT_PUBACK ? 2 : f->first >> 4 == MQTT_CONNACK ? 1 : 0;

    return f->body.n > at ? f->body.p[at] : 0;
}

/* The next packet. false: none comes. */
static bool hear(struct net *n, struct strand *end, struct reply *out)
{
    struct mqtt_frame frame;
    enum err e = ERR_NOT_FOUND;

    buf_truncate(&out->octets, 0);
    while (e == ERR_NOT_FOUND && net_wait(n, has_come, end) && end->in.n) {
        size_t before = end->in.n;
        e = strand_take_packet(end, &out->octets, &frame);
        if (e == ERR_NOT_FOUND && (end->closed || end->in.n == before)) break; /* half a packet is none */
    }
    if (e == OK) {
        out->outcome = PACKET;
        out->type = frame.first >> 4;
        out->reason = reason_of(&frame);
        out->hint = memmem(out->octets.p, out->octets.n, "ace_as_hint", 11) != NULL;
        return true;
    }
    out->outcome = end->in.n ? NO_MQTT : end->closed ? CLOSED : SILENT;
    if (end->in.n) buf_add(&out->octets, span(end->in.p, end->in.n < 60 ? end->in.n : 60));
    snprintf(out->why, sizeof out->why, "%s", end->reason);
    return false;
}

static enum err open_for(struct net *n, const struct sut *s, const struct question *q, struct strand **end)
{
    struct tls_client_options o = {
        .ca_pem = s->trust,
        .protocol = { .min_version = q->min_version, .max_version = q->max_version, .alpn = { "mqtt" } },
        .own = { .key = q->own },
        .psk_identity = q->psk_identity,
        .psk = q->psk
    };
    struct strand_call call = { .owner = ROLE_CLIENT,
                                .peer = { ROLE_BROKER, 1 },
                                .speech = SPEAK_MQTT,
                                .host = s->host,
                                .port = s->port };
    struct fault why = { 0 };

    TRY(tls_client_config(&o, &call.tls, &why));
    enum err e = net_connect(n, &call, end);
    tls_config_free(call.tls);
    if (e == OK) (void)net_wait(n, strand_settled, *end);
    return e;
}

static enum err ask(struct net *n, const struct sut *s, const struct question *q, struct reply *out)
{
    struct strand *end = NULL;

    *out = (struct reply){ .outcome = NO_HANDSHAKE };
    TRY(open_for(n, s, q, &end));
    snprintf(out->why, sizeof out->why, "%s", end->reason);
    if (!end->opened) return OK;
    bool heard = strand_send(end, q->connect) == OK && hear(n, end, out);
    if (heard && q->then.n && out->type == MQTT_CONNACK && out->reason == 0 &&
        strand_send(end, q->then) == OK)
        (void)hear(n, end, out);
    if (!heard && out->outcome == NO_HANDSHAKE) out->outcome = CLOSED;
    strand_close(end);
    return OK;
}

/* --- what is asked --- */

#define PACKET_OF(text) span(text, sizeof(text) - 1)
#define PLAIN                            \
    "\x10\x16\0\4MQTT\5\2\0\x3c\0\0\x09" \
    "ace-probe"
#define OLD                            \
    "\x10\x15\0\4MQTT\4\2\0\x3c\0\x09" \
    "ace-probe"
#define METHOD                                      \
    "\x10\x1c\0\4MQTT\5\2\0\x3c\6\x15\0\3ace\0\x09" \
    "ace-probe"
#define UPLOAD         \
    "\x32\x17\0\x0a"   \
    "authz-info\0\1\0" \
    "\xff\0\xff\0\xff\0\xff\0"

/* A few words on what came. */
static void tell(const struct reply *r, struct buf *out)
{
    struct buf quoted = { 0 };

    switch (r->outcome) {
    case PACKET:
        buf_format(out, "%s 0x%02x", mqtt_type_name(r->type) ? mqtt_type_name(r->type) : "a packet",
                   r->reason);
        break;
    case NO_MQTT:
        utf8_quote(&quoted, buf_span(&r->octets));
        buf_add(out, buf_span(&quoted));
        break;
    case SILENT:
        buf_str(out, "nothing in time");
        break;
    case CLOSED:
    case NO_HANDSHAKE:
        buf_format(out, "the end of the connection%s%s", *r->why ? ": " : "", r->why);
        break;
    }
    buf_clear(&quoted);
}

/* Who refuses should name an AS. */
static void tell_hint(const struct reply *r, struct buf *out)
{
    tell(r, out);
    if (r->outcome == PACKET && r->type == MQTT_CONNACK && r->reason)
        buf_str(out, r->hint ? " with a hint of its AS" : " without a hint of an AS");
}

static bool is_connack(const struct reply *r)
{
    return r->outcome == PACKET && r->type == MQTT_CONNACK;
}

/* CONNECT of MQTT 5 gets a CONNACK, or there is nothing to test. */
static enum err first_word(struct net *n, struct sut *s, struct buf *said, struct buf *message)
{
    struct reply r;

    enum err e = ask(n, s, &(struct question){ .connect = PACKET_OF(PLAIN) }, &r);
    if (e == OK && !is_connack(&r)) {
        buf_format(message, "%s is there and speaks TLS, but to CONNECT of MQTT 5 it answers ", s->name);
        tell(&r, message);
        buf_str(message, r.outcome == CLOSED && strstr(r.why, "certificate")
                             ? " (it wants a certificate of the client)"
                             : " (is it the port of an MQTT broker?)");
        e = r.outcome == SILENT ? ERR_TIMEOUT : ERR_PROTOCOL;
    }
    if (e == OK) {
        buf_str(said, "without a token: ");
        tell_hint(&r, said);
    }
    buf_clear(&r.octets);
    return e;
}

static void lacks(struct sut *s, const char *feature)
{
    s->features &= ~sut_feature(feature);
}

/* Does it refuse the method ace as one that it does not know? */
static enum err ask_method(struct net *n, struct sut *s, struct buf *said)
{
    static const char *const by_method[] = { "exporter", "challenge", "reauth" };
    struct reply r;

    TRY(ask(n, s, &(struct question){ .connect = PACKET_OF(METHOD) }, &r));
    bool knows = r.outcome == PACKET && (r.type == MQTT_AUTH || (is_connack(&r) && r.reason != 0x8c));
    buf_str(said, knows ? "; it knows the method ace: " : "; it does not know the method ace: ");
    tell_hint(&r, said);
    for (size_t i = 0; !knows && i < sizeof by_method / sizeof *by_method; i++) lacks(s, by_method[i]);
    buf_clear(&r.octets);
    return OK;
}

/* Is what is no token refused at authz-info? Elsewhere it is a topic like any other, or nobody gets there. */
static enum err ask_upload(struct net *n, struct sut *s, struct buf *said)
{
    struct reply r;

    TRY(ask(n, s, &(struct question){ .connect = PACKET_OF(PLAIN), .then = PACKET_OF(UPLOAD) }, &r));
    bool there = r.outcome == PACKET && r.type == MQTT_PUBACK && (r.reason == 0x99 || r.reason == 0x87);
    buf_str(said, there ? "; authz-info takes tokens" : "; authz-info takes no tokens: ");
    if (!there) tell(&r, said);
    if (!there) lacks(s, "authz-info");
    buf_clear(&r.octets);
    return OK;
}

static enum err ask_older(struct net *n, struct sut *s, struct buf *said)
{
    struct reply tls, mqtt;

    TRY(ask(n, s, &(struct question){ .max_version = TLS_1_2, .connect = PACKET_OF(PLAIN) }, &tls));
    enum err e = ask(n, s, &(struct question){ .connect = PACKET_OF(OLD) }, &mqtt);
    bool old = e == OK && is_connack(&mqtt) && mqtt.reason != 1;
    buf_format(said, "; TLS 1.2: %s; MQTT 3.1.1: %s", is_connack(&tls) ? "yes" : "no", old ? "yes" : "no");
    if (!is_connack(&tls)) lacks(s, "tls12");
    if (!old) lacks(s, "mqtt311");
    buf_clear(&tls.octets);
    buf_clear(&mqtt.octets);
    return e;
}

/* Keys that nobody knows. Who asks for them in the handshake refuses them there. */
static enum err ask_known(struct net *n, struct sut *s, struct buf *said)
{
    static const char nobody[] = "{\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"kid\":\"bm9ib2R5\"}}}";
    struct question rpk = { .connect = PACKET_OF(PLAIN) }, psk = { .connect = PACKET_OF(PLAIN),
                                                                   .min_version = TLS_1_3,
                                                                   .psk_identity = PACKET_OF(nobody) };
    struct key *secret = NULL;
    struct reply by_rpk = { 0 }, by_psk = { 0 };

    enum err e = key_generate(KEY_ED25519, &rpk.own);
    if (e == OK) e = key_generate(KEY_OCT, &secret);
    if (e == OK) psk.psk = key_octets(secret);
    if (e == OK) e = ask(n, s, &rpk, &by_rpk);
    if (e == OK) e = ask(n, s, &psk, &by_psk);
    bool has_rpk = by_rpk.outcome == NO_HANDSHAKE || by_rpk.outcome == CLOSED;
    bool has_psk =
        by_psk.outcome == NO_HANDSHAKE && strstr(by_psk.why, "alert") && !strstr(by_psk.why, "version");
    buf_format(said, "; raw public keys: %s; PSK: %s", has_rpk ? "yes" : "no", has_psk ? "yes" : "no");
    if (!has_rpk) lacks(s, "rpk");
    if (!has_psk) lacks(s, "psk");
    key_free(rpk.own);
    key_free(secret);
    buf_clear(&by_rpk.octets);
    buf_clear(&by_psk.octets);
    return e;
}

enum err probe_broker(struct net *n, struct sut *s, struct buf *message)
{
    struct buf said = { 0 };

    enum err e = first_word(n, s, &said, message);
    if (e == OK) e = ask_method(n, s, &said);
    if (e == OK) e = ask_upload(n, s, &said);
    if (e == OK) e = ask_older(n, s, &said);
    if (e == OK) e = ask_known(n, s, &said);
    if (e == OK) s->probed = arena_text(&s->arena, buf_span(&said));
    if (e == OK && (buf_failed(&said) || s->arena.failed)) e = ERR_NO_MEMORY;
    buf_clear(&said);
    return e;
}
