#include "scenarios/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/file.h"
#include "common/base/secret_file.h"
#include "common/codec/text.h"
#include "common/net/address.h"
#include "scenarios/pcap.h"

enum { MAX_FLOWS = 128, PORT_MQTTS = 8883, PORT_HTTPS = 443 };

/* A connection, as the end that was heard first names it. */
struct flow {
    char local[ADDRESS_TEXT], peer[ADDRESS_TEXT];
    struct pcap_stream stream;
    unsigned self; /* which end of the stream is `local` */
    bool closed;
};

struct evidence {
    const struct world *world;
    struct buf keys, capture;
    size_t count;
    struct flow flow[MAX_FLOWS];
};

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

/* --- connections --- */

static bool is_server(const struct evidence *e, const struct pcap_address *a)
{
    return a->port == e->world->as_port || a->port == e->world->broker_port;
}

static void show_service(const struct evidence *e, struct pcap_address *a)
{
    a->port = a->port == e->world->as_port ? PORT_HTTPS : PORT_MQTTS;
}

static struct flow *flow_new(struct evidence *e, const char *local, const char *peer)
{
    struct pcap_address here, there;
    struct flow *f = &e->flow[e->count];

    if (e->count == MAX_FLOWS || !pcap_address_read(local, &here) || !pcap_address_read(peer, &there))
        return NULL;
    *f = (struct flow){ .self = is_server(e, &here) ? 1 : 0 };
    snprintf(f->local, sizeof f->local, "%s", local);
    snprintf(f->peer, sizeof f->peer, "%s", peer);
    f->stream.end[f->self] = here;
    f->stream.end[!f->self] = there;
    if (is_server(e, &f->stream.end[1])) show_service(e, &f->stream.end[1]);
    pcap_open(&e->capture, &f->stream, now_us());
    e->count++;
    return f;
}

/* The flow that this end is believed for; NULL: the other end was heard first, or there is none. */
static struct flow *find(struct evidence *e, const char *local, const char *peer)
{
    for (size_t i = e->count; i-- > 0;) {
        struct flow *f = &e->flow[i];
        if (strcmp(f->local, local) == 0 && strcmp(f->peer, peer) == 0) return f;
    }
    return NULL;
}

static struct flow *find_or_make(struct evidence *e, const char *local, const char *peer)
{
    struct flow *f = find(e, local, peer);

    if (f || find(e, peer, local)) return f;
    return flow_new(e, local, peer);
}

static void keep(struct evidence *e, struct flow *f, enum link_tap way, struct span bytes)
{
    if (!f || f->closed) return;
    f->closed = e->capture.n + bytes.n > MAX_CAPTURE; /* half a stream is of no use: it is cut */
    if (f->closed) return;
    pcap_bytes(&e->capture, &f->stream, way == LINK_WIRE_OUT ? f->self : !f->self, bytes, now_us());
}

static void end(struct evidence *e, struct flow *f)
{
    if (!f || f->closed) return;
    f->closed = true;
    pcap_close(&e->capture, &f->stream, f->self, now_us());
}

/* --- our own links --- */

static void on_bytes(void *self, struct link *l, enum link_tap way, struct span bytes)
{
    if (way == LINK_WIRE_IN || way == LINK_WIRE_OUT)
        keep(self, find_or_make(self, link_local(l), link_peer(l)), way, bytes);
}

static void on_closed(void *self, struct link *l, const char *reason)
{
    (void)reason;
    end(self, find(self, link_local(l), link_peer(l)));
}

static void on_key(void *self, const char *line)
{
    struct evidence *e = self;

    buf_str(&e->keys, line);
    buf_u8(&e->keys, '\n');
}

struct tls_keylog evidence_keylog(struct evidence *e)
{
    return e ? (struct tls_keylog){ e, on_key } : (struct tls_keylog){ 0 };
}

/* --- what programs tell --- */

static bool address_of(const struct doc *line, const char *name, char out[ADDRESS_TEXT])
{
    struct span text;

    if (!doc_text(doc_get(line, name), &text) || text.n == 0 || text.n >= ADDRESS_TEXT) return false;
    memcpy(out, text.p, text.n);
    out[text.n] = 0;
    return true;
}

void evidence_tap(struct evidence *e, const struct doc *line)
{
    struct span what, text;
    struct buf bytes = { 0 };
    char local[ADDRESS_TEXT], peer[ADDRESS_TEXT];

    if (!e || !address_of(line, "local", local) || !address_of(line, "peer", peer)) return;
    if (!doc_text(doc_get(line, "tap"), &what)) return;
    bool in = span_is(what, "wire-in"), out = span_is(what, "wire-out");
    if (span_is(what, "closed")) end(e, find(e, local, peer));
    if ((in || out) && doc_text(doc_get(line, "bytes"), &text) && b64url_decode(text, &bytes) == OK)
        keep(e, find_or_make(e, local, peer), in ? LINK_WIRE_IN : LINK_WIRE_OUT, buf_span(&bytes));
    buf_clear(&bytes);
}

/* --- life --- */

enum err evidence_new(const struct world *w, struct evidence **out)
{
    struct evidence *e = calloc(1, sizeof *e);

    *out = e;
    if (!e) return ERR_NO_MEMORY;
    e->world = w;
    pcap_begin(&e->capture);
    link_watch_all(&(struct link_watcher){ e, NULL, on_bytes, on_closed });
    return OK;
}

void evidence_free(struct evidence *e)
{
    if (!e) return;
    link_watch_all(&(struct link_watcher){ 0 });
    buf_clear(&e->keys);
    buf_clear(&e->capture);
    free(e);
}

static enum err write_keys(const struct evidence *e, const char *path, struct buf *message)
{
    FILE *to = e->keys.n ? secret_file_append(path) : NULL;
    bool good = e->keys.n == 0 || (to && fwrite(e->keys.p, 1, e->keys.n, to) == e->keys.n);

    if (to && fclose(to) != 0) good = false;
    if (!good) buf_format(message, "%s: cannot be written", path);
    return good ? OK : ERR_IO;
}

enum err evidence_write(struct evidence *e, const char *dir, struct buf *message)
{
    char path[800];

    if (buf_failed(&e->keys) || buf_failed(&e->capture)) return ERR_NO_MEMORY;
    snprintf(path, sizeof path, "%s/keys.log", dir);
    TRY(write_keys(e, path, message));
    snprintf(path, sizeof path, "%s/wire.pcap", dir);
    return file_write(path, buf_span(&e->capture), 0600, message);
}
