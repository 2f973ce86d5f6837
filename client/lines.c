#include "client/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/buf.h"

enum { READ_SIZE = 16384, MAX_LINE = 16 << 20 };

struct lines {
    uv_poll_t poll; /* unless it is a file, which is always readable */
    int fd;
    bool is_file, ended;
    struct lines_owner owner;
    struct buf text; /* read, not yet delivered */
};

/* One piece more; false: nothing now. */
static bool read_some(struct lines *l)
{
    uint8_t piece[READ_SIZE];
    ssize_t n = read(l->fd, piece, sizeof piece);

    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return l->is_file && errno == EINTR;
    if (n > 0) buf_add(&l->text, span(piece, (size_t)n));
    if (n <= 0 || buf_failed(&l->text) || l->text.n > MAX_LINE) l->ended = true;
    return true;
}

static const uint8_t *line_end(const struct lines *l)
{
    return l->text.n ? memchr(l->text.p, '\n', l->text.n) : NULL;
}

/* The text is moved out while its owner is told: it may close us. */
static void deliver(struct lines *l, size_t n, size_t with_end)
{
    struct buf line = { 0 };
    struct lines_owner owner = l->owner;

    buf_add(&line, span(l->text.p, n));
    buf_drop(&l->text, with_end);
    owner.line(owner.self, buf_span(&line));
    buf_clear(&line);
}

/* Delivers what there is; false: more must be read. */
static bool settle(struct lines *l)
{
    const uint8_t *end = line_end(l);

    if (!end && !l->ended) return false;
    if (!l->is_file) uv_poll_stop(&l->poll);
    if (end) {
        deliver(l, (size_t)(end - l->text.p), (size_t)(end - l->text.p) + 1);
    } else if (l->text.n && l->text.n <= MAX_LINE) {
        deliver(l, l->text.n, l->text.n); /* the last one lacks its end */
    } else {
        l->owner.ended(l->owner.self);
    }
    return true;
}

static void on_readable(uv_poll_t *p, int status, int events)
{
    struct lines *l = p->data;

    (void)events;
    if (status != 0) {
        l->ended = true;
    } else {
        read_some(l);
    }
    settle(l);
}

void lines_next(struct lines *l)
{
    while (!settle(l)) {
        if (l->is_file) {
            read_some(l);
            continue;
        }
        if (uv_poll_start(&l->poll, UV_READABLE | UV_DISCONNECT, on_readable) == 0) return;
        l->ended = true;
    }
}

static void on_closed(uv_handle_t *h)
{
    struct lines *l = h->data;

    buf_clear(&l->text);
    free(l);
}

void lines_close(struct lines *l)
{
    if (!l) return;
    if (l->is_file) {
        buf_clear(&l->text);
        free(l);
    } else {
        uv_close((uv_handle_t *)&l->poll, on_closed);
    }
}

struct lines *lines_open(uv_loop_t *loop, int fd, const struct lines_owner *owner)
{
    struct lines *l = calloc(1, sizeof *l);

    if (!l) return NULL;
    l->fd = fd;
    l->owner = *owner;
    l->is_file = uv_guess_handle(fd) == UV_FILE;
    if (!l->is_file && uv_poll_init(loop, &l->poll, fd) != 0) {
        free(l);
        return NULL;
    }
    l->poll.data = l;
    return l;
}
