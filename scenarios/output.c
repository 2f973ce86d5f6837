#include "scenarios/output.h"

#include <unistd.h>

#include "common/base/secret_file.h"

enum { MAX_DRAINED = 256 }; /* reads: others may still write there */

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    struct output *o = h->data;

    (void)suggested;
    *out = uv_buf_init(o->chunk, sizeof o->chunk);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *chunk)
{
    struct output *o = s->data;

    if (n < 0)
        uv_read_stop(s);
    else
        o->take(o->self, span(chunk->base, (size_t)n));
}

int output_open(struct output *o, uv_loop_t *loop, const char *path)
{
    uv_pipe_init(loop, &o->pipe, 0);
    o->pipe.data = o;
    o->copy = secret_file_append(path);
    return o->copy ? 0 : UV_EIO;
}

int output_begin(struct output *o)
{
    return uv_read_start((uv_stream_t *)&o->pipe, on_alloc, on_read);
}

void output_copy(struct output *o, struct span octets)
{
    size_t room = o->copied < MAX_COPIED ? MAX_COPIED - o->copied : 0, n = octets.n < room ? octets.n : room;

    if (!o->copy || room == 0) return;
    fwrite(octets.p, 1, n, o->copy);
    o->copied += n;
    if (o->copied == MAX_COPIED)
        fprintf(o->copy, "\n[cut here: no more than %d octets are kept]\n", MAX_COPIED);
    fflush(o->copy);
}

void output_drain(struct output *o)
{
    uv_os_fd_t fd;
    ssize_t n = 1;

    if (uv_fileno((uv_handle_t *)&o->pipe, &fd) != 0) return;
    for (int i = 0; i < MAX_DRAINED && (n = read(fd, o->chunk, sizeof o->chunk)) > 0; i++)
        o->take(o->self, span(o->chunk, (size_t)n));
}

void output_close(struct output *o)
{
    uv_handle_t *h = (uv_handle_t *)&o->pipe;

    if (h->loop && !uv_is_closing(h)) uv_close(h, NULL);
    if (o->copy) fclose(o->copy);
    o->copy = NULL;
}
