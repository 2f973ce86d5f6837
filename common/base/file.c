#include "common/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 16384 };

static enum err refuse(struct buf *message, const char *path, const char *why)
{
    buf_format(message, "%s: %s", path, why);
    return ERR_IO;
}

/* An open file: its name for messages, and how many bytes it may have. */
struct source {
    int fd;
    const char *path;
    size_t most;
};

static enum err read_all(const struct source *from, struct buf *out, struct buf *message)
{
    size_t start = out->n;

    for (;;) {
        uint8_t *to = buf_room(out, CHUNK);
        if (!to) return ERR_NO_MEMORY;
        ssize_t got = read(from->fd, to, CHUNK);
        buf_truncate(out, out->n - CHUNK + (got > 0 ? (size_t)got : 0));
        if (got == 0) return OK;
        if (got < 0 && errno != EINTR) return refuse(message, from->path, strerror(errno));
        if (out->n - start > from->most) {
            buf_format(message, "%s: larger than %zu bytes", from->path, from->most);
            return ERR_TOO_LARGE;
        }
    }
}

enum err file_read_most(const char *path, size_t most, struct buf *out, struct buf *message)
{
    struct source from = { STDIN_FILENO, "standard input", most };

    if (strcmp(path, "-") == 0) return read_all(&from, out, message);
    from = (struct source){ open(path, O_RDONLY | O_CLOEXEC), path, most };
    if (from.fd < 0) return refuse(message, path, strerror(errno));
    size_t before = out->n;
    enum err e = read_all(&from, out, message);
    close(from.fd);
    if (e != OK && before == 0) buf_clear(out); /* callers leave at once */
    return e;
}

enum err file_read(const char *path, struct buf *out, struct buf *message)
{
    return file_read_most(path, MAX_FILE, out, message);
}

static bool write_all(int fd, struct span bytes)
{
    while (bytes.n) {
        ssize_t put = write(fd, bytes.p, bytes.n);
        if (put < 0 && errno != EINTR) return false;
        if (put > 0) bytes = span_skip(bytes, (size_t)put);
    }
    return fsync(fd) == 0;
}

enum err file_write(const char *path, struct span bytes, unsigned mode, struct buf *message)
{
    struct buf name = { 0 };

    buf_format(&name, "%s.new", path);
    const char *temporary = buf_cstr(&name);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool ok = fd >= 0 && fchmod(fd, mode) == 0 && write_all(fd, bytes);
    if (fd >= 0) ok = close(fd) == 0 && ok;
    ok = ok && rename(temporary, path) == 0;
    int problem = errno;
    if (!ok && fd >= 0) unlink(temporary);
    buf_clear(&name);
    return ok ? OK : refuse(message, path, strerror(problem));
}

void file_beside(const char *base_file, const char *path, struct buf *out)
{
    const char *slash = strrchr(base_file, '/');

    if (path[0] != '/' && path[0] != ':' && strcmp(path, "-") != 0 && slash) {
        buf_add(out, span(base_file, (size_t)(slash - base_file) + 1));
    }
    buf_str(out, path);
}
