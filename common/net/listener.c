#include "common/net/listener.h"

#include "common/net/address.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKLOG = 1024, MAX_LINKS = 10000, MAX_HALF_OPEN = 1000 };

struct entry {
    struct listener *listener;
    struct link *link;
    struct entry *next, **place;
    bool open;
};

struct listener {
    uv_tcp_t tcp;
    bool closed; /* the handle is gone */
    uint16_t port;
    unsigned max_links, max_half_open;
    struct link_options link;
    struct listener_owner owner;
    struct entry *entries;
    size_t links, half_open;
};

static void listener_free(struct listener *l)
{
    if (!l->closed || l->entries) return;
    tls_config_free(l->link.tls);
    free(l);
}

/* --- links --- */

static void on_link_opened(void *self, struct link *link)
{
    struct entry *e = self;

    (void)link;
    e->open = true;
    e->listener->half_open--;
}

static void on_link_closed(void *self, struct link *link)
{
    struct entry *e = self;
    struct listener *l = e->listener;

    (void)link;
    *e->place = e->next;
    if (e->next) e->next->place = e->place;
    l->links--;
    if (!e->open) l->half_open--;
    free(e);
    listener_free(l);
}

static void enlist(struct listener *l, struct entry *e)
{
    e->next = l->entries;
    e->place = &l->entries;
    if (e->next) e->next->place = &e->next;
    l->entries = e;
    l->links++;
    l->half_open++;
}

static void on_dropped(uv_handle_t *h)
{
    free(h);
}

/* Over a limit: takes the connection off the queue and closes it. */
static void drop_next(struct listener *l)
{
    uv_tcp_t *tcp = calloc(1, sizeof *tcp);

    if (!tcp) return;
    uv_tcp_init(l->tcp.loop, tcp);
    (void)uv_accept((uv_stream_t *)&l->tcp, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, on_dropped);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *l = server->data;
    struct link_owner owner = { 0 };

    if (status < 0) return;
    struct entry *e =
        l->links < l->max_links && l->half_open < l->max_half_open ? calloc(1, sizeof *e) : NULL;
    if (!e) {
        drop_next(l);
        return;
    }
    e->listener = l;
    const struct link_watch watch = { e, on_link_opened, on_link_closed };
    if (link_accept(server, &l->link, &watch, &e->link) != OK) {
        free(e);
        return;
    }
    enlist(l, e);
    if (l->owner.accepted(l->owner.self, e->link, &owner)) {
        link_adopt(e->link, &owner);
    } else {
        link_abort(e->link);
    }
}

/* --- binding --- */

static enum err resolve(const char *host, uint16_t port, struct sockaddr_storage *out, struct fault *why)
{
    static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *found = NULL;

    if (address_read(host, port, out)) return OK;
    int status = getaddrinfo(host, NULL, &hints, &found);
    if (status != 0 && address_localhost(host, port, out)) return OK;
    if (status != 0) {
        fault_set(why, 0, "%s: %s", host, gai_strerror(status));
        return ERR_MALFORMED;
    }
    memcpy(out, found->ai_addr, found->ai_addrlen);
    address_set_port((struct sockaddr *)out, port);
    freeaddrinfo(found);
    return OK;
}

/* By hand rather than by uv_tcp_bind(), so that a failure leaves no handle behind for the loop to close. */
static int bind_socket(const struct sockaddr *address)
{
    int on = 1, fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address, address_size(address)) == 0 && listen(fd, BACKLOG) == 0) return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

static enum err bind_address(const struct listener_options *o, int *fd, uint16_t *port, struct fault *why)
{
    struct sockaddr_storage address;
    struct sockaddr *a = (struct sockaddr *)&address;
    socklen_t n = sizeof address;
    char text[ADDRESS_TEXT];

    TRY(resolve(o->host, o->port, &address, why));
    address_write(a, text);
    if (!o->link.tls && !address_is_loopback(a)) {
        fault_set(why, 0, "%s: without TLS only loopback addresses are served", text);
        return ERR_PROTOCOL;
    }
    *fd = bind_socket(a);
    if (*fd < 0) {
        fault_set(why, 0, "%s: %s", text, uv_strerror(uv_translate_sys_error(errno)));
        return ERR_IO;
    }
    *port = getsockname(*fd, a, &n) == 0 ? address_port(a) : 0;
    return OK;
}

static void on_listener_closed(uv_handle_t *h)
{
    struct listener *l = h->data;

    l->closed = true;
    listener_free(l);
}

static enum err serve(uv_loop_t *loop, struct listener *l, int fd, struct fault *why)
{
    uv_tcp_init(loop, &l->tcp);
    l->tcp.data = l;
    int status = uv_tcp_open(&l->tcp, fd);
    if (status != 0) close(fd);
    if (status == 0) status = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);
    if (status == 0) return OK;
    fault_set(why, 0, "cannot listen: %s", uv_strerror(status));
    uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
    return ERR_IO;
}

enum err listener_open(uv_loop_t *loop, const struct listener_options *options,
                       const struct listener_owner *owner, struct listener **out, struct fault *why)
{
    struct listener *l = calloc(1, sizeof *l);
    int fd;

    *out = NULL;
    if (!l) return ERR_NO_MEMORY;
    enum err e = bind_address(options, &fd, &l->port, why);
    if (e != OK) {
        free(l);
        return e;
    }
    l->owner = *owner;
    l->link = options->link;
    if (l->link.tls) tls_config_ref(l->link.tls);
    l->max_links = options->max_links ? options->max_links : MAX_LINKS;
    l->max_half_open = options->max_half_open ? options->max_half_open : MAX_HALF_OPEN;
    TRY(serve(loop, l, fd, why));
    *out = l;
    return OK;
}

uint16_t listener_port(const struct listener *l)
{
    return l->port;
}

size_t listener_links(const struct listener *l)
{
    return l->links;
}

void listener_close(struct listener *l)
{
    if (!uv_is_closing((uv_handle_t *)&l->tcp)) uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
}

void listener_shut(struct listener *l)
{
    for (struct entry *e = l->entries; e; e = e->next) link_close(e->link);
    listener_close(l);
}
