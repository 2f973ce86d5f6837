#include "scenarios/testimony.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/codec/text.h"

enum { ENDS = 2 };

/* --- life --- */

enum err testimony_new(const struct world *w, struct testimony **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out) return ERR_NO_MEMORY;
    (*out)->world = w;
    return OK;
}

static void wire_free(struct wire *x)
{
    for (unsigned e = 0; e < ENDS; e++) {
        strand_free(x->sent[e]);
        strand_free(x->received[e]);
    }
    free(x);
}

void testimony_free(struct testimony *t)
{
    if (!t) return;
    for (size_t i = 0; i < t->count; i++) wire_free(t->wire[i]);
    free(t);
}

struct witness_place *testimony_place(struct testimony *t, struct party who)
{
    size_t i = who.role == ROLE_CLIENT ? ROLE_COUNT + who.number : (size_t)who.role;

    t->place[i] = (struct witness_place){ t, who };
    return &t->place[i];
}

/* --- which connection a line is about --- */

static struct wire *wire_new(enum role server, const char *name)
{
    struct wire *x = calloc(1, sizeof *x);
    bool http = server == ROLE_AS, good = x != NULL;
    enum strand_speech to = http ? SPEAK_REQUESTS : SPEAK_MQTT, back = http ? SPEAK_ANSWERS : SPEAK_MQTT;

    if (!x) return NULL;
    x->server = server;
    snprintf(x->name, sizeof x->name, "%s", name);
    for (unsigned e = 0; e < ENDS && good; e++) {
        good =
            strand_new(e ? back : to, &x->sent[e]) == OK && strand_new(e ? to : back, &x->received[e]) == OK;
        if (good) x->sent[e]->accepted = x->received[e]->accepted = e == 1;
    }
    if (good) return x;
    wire_free(x);
    return NULL;
}

static struct wire *find(struct testimony *t, enum role server, const char *name)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->wire[i]->server == server && strcmp(t->wire[i]->name, name) == 0) return t->wire[i];
    }
    struct wire *x = t->count < MAX_WIRES ? wire_new(server, name) : NULL;
    if (x)
        t->wire[t->count++] = x;
    else
        t->failed = true;
    return x;
}

static uint16_t port_of(const char *address)
{
    const char *colon = strrchr(address, ':');

    return colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
}

static bool text(const struct doc *line, const char *name, char *out, size_t size)
{
    struct span value;

    if (!doc_text(doc_get(line, name), &value) || value.n == 0 || value.n >= size) return false;
    memcpy(out, value.p, value.n);
    out[value.n] = 0;
    return true;
}

/* The connection and the end of it whose word this is. NULL: one that never came up to TCP. */
static struct wire *about(const struct witness_place *at, const struct doc *line, unsigned *end)
{
    const struct world *w = at->all->world;
    char local[64], peer[64];

    if (!text(line, "local", local, sizeof local) || !text(line, "peer", peer, sizeof peer)) return NULL;
    bool accepted = at->who.role != ROLE_CLIENT &&
                    port_of(local) == (at->who.role == ROLE_AS ? w->as_port : w->broker_port);
    enum role server = accepted ? at->who.role : port_of(peer) == w->as_port ? ROLE_AS : ROLE_BROKER;
    struct wire *x = find(at->all, server, accepted ? peer : local);
    *end = accepted ? 1 : 0;
    if (x && !accepted) x->peer = at->who;
    return x;
}

/* --- what a line says --- */

static void add_octets(const struct doc *line, const char *name, struct buf *out)
{
    struct span value;

    if (doc_text(doc_get(line, name), &value) && b64url_decode(value, out) != OK) buf_truncate(out, 0);
}

static struct key *key_of(const struct doc *line)
{
    struct buf octets = { 0 };
    struct key *k = NULL;
    int64_t type = -1;
    enum err e = ERR_NOT_FOUND;

    add_octets(line, "key", &octets);
    struct span raw = buf_span(&octets);
    if (!doc_int(doc_get(line, "key_type"), &type)) raw.n = 0;
    if (type == KEY_OCT && raw.n) e = key_oct(raw, &k);
    if (type == KEY_ED25519 && raw.n) e = key_ed25519_public(raw, &k);
    if (type == KEY_P256 && raw.n == 64) e = key_p256_public(span(raw.p, 32), span_skip(raw, 32), &k);
    buf_clear(&octets);
    return e == OK ? k : NULL;
}

static void read_facts(const struct doc *line, struct strand *s)
{
    struct tls_facts *f = &s->facts;
    struct buf exporter = { 0 };
    int64_t number = 0;

    if (doc_int(doc_get(line, "version"), &number)) f->version = (int)number;
    doc_bool(doc_get(line, "ems"), &f->extended_master_secret);
    doc_bool(doc_get(line, "resumed"), &f->resumed);
    if (doc_int(doc_get(line, "shown"), &number)) f->peer = (enum tls_peer)number;
    add_octets(line, "exporter", &exporter);
    f->has_exporter = exporter.n == EXPORTER_SIZE;
    if (f->has_exporter) memcpy(f->exporter, exporter.p, EXPORTER_SIZE);
    buf_clear(&exporter);
    f->peer_key = key_of(line);
    add_octets(line, "identity", &f->psk_identity);
    if (!text(line, "cipher", s->cipher, sizeof s->cipher)) s->cipher[0] = 0;
    if (!text(line, "group", s->group, sizeof s->group)) s->group[0] = 0;
    if (!text(line, "alpn", s->alpn, sizeof s->alpn)) s->alpn[0] = 0;
    s->opened = true;
}

static void close_strand(const struct doc *line, struct strand *s)
{
    if (!text(line, "reason", s->reason, sizeof s->reason)) s->reason[0] = 0;
    s->closed = true;
}

void testimony_line(void *place, const struct doc *line)
{
    const struct witness_place *at = place;
    struct span what;
    unsigned e = 0;
    struct wire *x = about(at, line, &e);

    evidence_tap(at->all->evidence, line);
    if (!x || !doc_text(doc_get(line, "tap"), &what)) return;
    if (span_is(what, "opened")) {
        read_facts(line, x->sent[e]);
        read_facts(line, x->received[e]);
    } else if (span_is(what, "closed")) {
        close_strand(line, x->sent[e]);
        close_strand(line, x->received[e]);
    } else if (span_is(what, "in") || span_is(what, "out")) {
        struct strand *s = span_is(what, "in") ? x->received[e] : x->sent[e];
        add_octets(line, "bytes", &s->in);
        at->all->failed |= buf_failed(&s->in);
    }
}
