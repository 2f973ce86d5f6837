#include "common/net/control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_SIZE = 16384, WRITE_WAIT_MS = 5000 };

struct control {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tty_t tty;
        uv_tcp_t tcp;
    } in;
    uv_loop_t *loop;
    uv_fs_t file_read; /* when the input is a file */
    int fd, out;       /* fd: our duplicate, for files; else -1 */
    bool reading_file, has_stream, ended, closing, skipping;
    struct control_owner owner;
    struct buf line; /* the last line, not yet whole */
    char block[READ_SIZE];
};

/* --- out --- */

/* The descriptor may have been made non-blocking by whoever shares it. */
static enum err wait_writable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    int ready;

    do ready = poll(&p, 1, WRITE_WAIT_MS);
    while (ready < 0 && errno == EINTR);
    return ready > 0 ? OK : ERR_IO;
}

static enum err write_all(int fd, struct span bytes)
{
    signal(SIGPIPE, SIG_IGN);
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n > 0) bytes = span_skip(bytes, (size_t)n);
        if (n < 0 && errno == EAGAIN) TRY(wait_writable(fd));
        if (n < 0 && errno != EAGAIN && errno != EINTR) return ERR_IO;
    }
    return OK;
}

static enum err write_line(int fd, const char *prefix, struct doc *what)
{
    struct buf line = { 0 };

    buf_str(&line, prefix);
    enum err e = what ? doc_write_json(what, &line) : ERR_NO_MEMORY;
    buf_str(&line, "\n");
    if (e == OK) e = buf_failed(&line) ? ERR_NO_MEMORY : write_all(fd, buf_span(&line));
    buf_clear(&line);
    doc_free(what);
    return e;
}

enum err control_ready(int out, struct doc *what)
{
    return write_line(out, "READY ", what);
}

enum err control_line(int out, struct doc *what)
{
    return write_line(out, "", what);
}

enum err control_say(struct control *c, struct doc *what)
{
    return write_line(c->out, "", what);
}

static struct doc *answer(int64_t id, bool ok)
{
    struct doc *map = doc_new_map();

    if (!map) return NULL;
    doc_put(map, "id", doc_new_int(id));
    doc_put(map, "ok", doc_new_bool(ok));
    return map;
}

enum err control_ok(struct control *c, int64_t id, struct doc *fields)
{
    struct doc *map = answer(id, true);
    struct span name;

    for (size_t i = 0; map && doc_key_text(fields, i, &name); i++)
        doc_put_span(map, name, doc_copy(doc_at(fields, i)));
    doc_free(fields);
    return control_say(c, map);
}

enum err control_error(struct control *c, int64_t id, const char *error)
{
    struct doc *map = answer(id, false);

    if (map) doc_put(map, "error", doc_new_str(error));
    return control_say(c, map);
}

/* --- in --- */

/* A line we cannot use is said so to whoever wrote it; that they are gone will show at the input's end. */
static void refuse_line(struct control *c, const char *why)
{
    (void)!control_error(c, 0, why);
}

static void take_line(struct control *c, struct span line)
{
    struct doc *step = NULL;
    struct fault why = { 0 };
    int64_t id = 0;

    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    if (line.n == 0) return;
    if (doc_read_json(line, &doc_limits_wire, &step, &why) != OK) {
        refuse_line(c, why.why[0] ? why.why : "not JSON");
    } else if (doc_kind(step) != DOC_MAP) {
        refuse_line(c, "not a JSON object");
    } else {
        doc_int(doc_get(step, "id"), &id);
        c->owner.step(c->owner.self, id, step);
    }
    doc_free(step);
}

/* The buffer is moved out while its owner is told: a step may close us. */
static void end_line(struct control *c)
{
    struct buf line = c->line;

    c->line = (struct buf){ 0 };
    if (c->skipping) {
        refuse_line(c, "line too long");
    } else {
        take_line(c, buf_span(&line));
    }
    c->skipping = false;
    buf_clear(&line);
}

static void add_to_line(struct control *c, struct span part)
{
    if (c->skipping) return;
    buf_add(&c->line, part);
    c->skipping = buf_failed(&c->line) || c->line.n > CONTROL_MAX_LINE;
    if (c->skipping) buf_clear(&c->line);
}

static void take_bytes(struct control *c, struct span bytes)
{
    while (bytes.n && !c->closing) {
        const uint8_t *end = memchr(bytes.p, '\n', bytes.n);
        size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
        add_to_line(c, span(bytes.p, n));
        bytes = span_skip(bytes, end ? n + 1 : n);
        if (end) end_line(c);
    }
}

static void take_end(struct control *c)
{
    if (c->ended) return;
    c->ended = true;
    if (c->line.n || c->skipping) end_line(c);
    if (!c->closing) c->owner.ended(c->owner.self);
}

/* --- the end --- */

static void control_free(struct control *c)
{
    if (c->reading_file || c->has_stream) return;
    if (c->fd >= 0) close(c->fd);
    buf_clear(&c->line);
    free(c);
}

static void on_closed(uv_handle_t *h)
{
    struct control *c = h->data;

    c->has_stream = false;
    control_free(c);
}

void control_close(struct control *c)
{
    if (!c || c->closing) return;
    c->closing = true;
    if (c->has_stream) uv_close(&c->in.handle, on_closed);
    if (c->reading_file) uv_cancel((uv_req_t *)&c->file_read);
    if (!c->has_stream && !c->reading_file) control_free(c);
}

/* --- streams --- */

static void give_block(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    struct control *c = h->data;

    (void)suggested;
    *out = uv_buf_init(c->block, sizeof c->block);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *block)
{
    struct control *c = stream->data;

    if (n > 0) take_bytes(c, span(block->base, (size_t)n));
    if (n >= 0) return;
    uv_read_stop(stream);
    take_end(c);
}

/* Opens a duplicate, so that uv_close() leaves the descriptor of the program alone. */
static int open_stream(struct control *c, int fd, uv_handle_type kind)
{
    int own = dup(fd), status;

    if (own < 0) return uv_translate_sys_error(errno);
    if (kind == UV_TTY) {
        status = uv_tty_init(c->loop, &c->in.tty, own, 0);
    } else if (kind == UV_TCP) {
        status = uv_tcp_init(c->loop, &c->in.tcp);
        c->has_stream = status == 0;
        if (status == 0) status = uv_tcp_open(&c->in.tcp, own);
    } else {
        status = uv_pipe_init(c->loop, &c->in.pipe, 0);
        c->has_stream = status == 0;
        if (status == 0) status = uv_pipe_open(&c->in.pipe, own);
    }
    if (kind == UV_TTY) c->has_stream = status == 0;
    c->in.handle.data = c;
    if (status != 0) close(own);
    return status == 0 ? uv_read_start(&c->in.stream, give_block, on_read) : status;
}

/* --- files --- */

static void read_file(struct control *c);

static void on_file_read(uv_fs_t *request)
{
    struct control *c = request->data;
    ssize_t n = request->result;

    uv_fs_req_cleanup(request);
    if (!c->closing && n > 0) take_bytes(c, span(c->block, (size_t)n));
    if (!c->closing && n > 0) {
        read_file(c);
        return;
    }
    if (!c->closing) take_end(c);
    c->reading_file = false;
    if (c->closing) control_free(c);
}

static void read_file(struct control *c)
{
    uv_buf_t block = uv_buf_init(c->block, sizeof c->block);

    c->file_read.data = c;
    c->reading_file = uv_fs_read(c->loop, &c->file_read, c->fd, &block, 1, -1, on_file_read) == 0;
}

static int open_file(struct control *c, int fd)
{
    c->fd = dup(fd);
    if (c->fd < 0) return uv_translate_sys_error(errno);
    read_file(c);
    return c->reading_file ? 0 : UV_ENOMEM;
}

enum err control_open(uv_loop_t *loop, const struct control_ends *ends, const struct control_owner *owner,
                      struct control **out)
{
    struct control *c = calloc(1, sizeof *c);
    uv_handle_type kind = uv_guess_handle(ends->in);

    *out = NULL;
    if (!c) return ERR_NO_MEMORY;
    c->loop = loop;
    c->owner = *owner;
    c->out = ends->out;
    c->fd = -1;
    int status = kind == UV_UNKNOWN_HANDLE ? UV_EBADF
                 : kind == UV_FILE         ? open_file(c, ends->in)
                                           : open_stream(c, ends->in, kind);
    if (status != 0) {
        control_close(c);
        return ERR_IO;
    }
    *out = c;
    return OK;
}
