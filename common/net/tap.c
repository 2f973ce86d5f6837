#include "common/net/tap.h"

#include "common/net/control.h"

static int tap_out = -1;

static void put_octets(struct doc *d, const char *name, struct span octets)
{
    doc_put(d, name, doc_new_base64url(octets));
}

static struct doc *line(const struct link *l, const char *what)
{
    struct doc *d = doc_new_map();

    doc_put(d, "tap", doc_new_str(what));
    doc_put(d, "local", doc_new_str(link_local(l)));
    doc_put(d, "peer", doc_new_str(link_peer(l)));
    return d;
}

/* Whoever listened has gone: nobody is told any more. */
static void tell(struct doc *d)
{
    if (control_line(tap_out, d) != OK) tap_out = -1;
}

static void put_key(struct doc *d, const struct key *k)
{
    uint8_t public[64];

    doc_put(d, "key_type", doc_new_int(key_type(k)));
    put_octets(d, "key", key_type(k) == KEY_OCT ? key_octets(k) : span(public, key_public(k, public)));
}

static void on_opened(void *self, struct link *l, const struct tls_facts *f)
{
    struct doc *d = line(l, "opened");
    const struct tls *t = link_tls(l);

    (void)self;
    doc_put(d, "version", doc_new_int(f->version));
    if (t) doc_put(d, "cipher", doc_new_str(tls_cipher(t)));
    if (t && *tls_group(t)) doc_put(d, "group", doc_new_str(tls_group(t)));
    if (t && tls_alpn(t).n) doc_put(d, "alpn", doc_new_text(tls_alpn(t)));
    doc_put(d, "ems", doc_new_bool(f->extended_master_secret));
    doc_put(d, "resumed", doc_new_bool(f->resumed));
    doc_put(d, "shown", doc_new_int(f->peer));
    if (f->has_exporter) put_octets(d, "exporter", span(f->exporter, EXPORTER_SIZE));
    if (f->peer_key) put_key(d, f->peer_key);
    if (f->psk_identity.n) put_octets(d, "identity", buf_span(&f->psk_identity));
    tell(d);
}

static void on_bytes(void *self, struct link *l, enum link_tap tap, struct span bytes)
{
    static const char *const words[] = { [LINK_PLAIN_IN] = "in",
                                         [LINK_PLAIN_OUT] = "out",
                                         [LINK_WIRE_IN] = "wire-in",
                                         [LINK_WIRE_OUT] = "wire-out" };
    struct doc *d = line(l, words[tap]);

    (void)self;
    put_octets(d, "bytes", bytes);
    tell(d);
}

static void on_closed(void *self, struct link *l, const char *reason)
{
    struct doc *d = line(l, "closed");

    (void)self;
    doc_put(d, "reason", doc_new_str(reason));
    tell(d);
}

void tap_start(int out)
{
    tap_out = out;
    link_watch_all(&(struct link_watcher){ NULL, on_opened, on_bytes, on_closed });
}
