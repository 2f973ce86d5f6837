#include "tests/programs_bed.h"

#include "common/base/file.h"
#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void path_beside(char out[4096], const char *name)
{
    ssize_t n = readlink("/proc/self/exe", out, 4000);

    CHECK(n > 0);
    out[n > 0 ? n : 0] = 0;
    char *slash = strrchr(out, '/');
    snprintf(slash ? slash + 1 : out, 90, "%s", name);
}

static void become(const char *dir, const char *path, const char *const *args, int *ends)
{
    char *argv[CHILD_MAX_ARGS + 2] = { (char *)(uintptr_t)path };

    for (size_t i = 0; i < CHILD_MAX_ARGS && args[i]; i++) argv[i + 1] = (char *)(uintptr_t)args[i];
    for (int i = 0; i < 3; i++) dup2(ends[i], i);
    if (chdir(dir) == 0) execvp(path, argv);
    _exit(127);
}

void child_start(struct child *c, const char *dir, const char *name, const char *const *args)
{
    char path[4096];

    path_beside(path, name);
    child_start_foreign(c, dir, path, args);
}

void child_start_foreign(struct child *c, const char *dir, const char *name, const char *const *args)
{
    int in[2], out[2], err[2];

    *c = (struct child){ .status = -1, .in = -1, .fd = { -1, -1 } };
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) abort();
    signal(SIGPIPE, SIG_IGN);
    c->pid = fork();
    if (c->pid == 0) become(dir, name, args, (int[]){ in[0], out[1], err[1] });
    close(in[0]);
    close(out[1]);
    close(err[1]);
    c->in = in[1];
    c->fd[CHILD_OUT] = out[0];
    c->fd[CHILD_ERR] = err[0];
    CHECK(c->pid > 0);
}

static void take(struct child *c, int which)
{
    char piece[4096];
    ssize_t n = read(c->fd[which], piece, sizeof piece);

    if (n > 0) {
        buf_add(&c->text[which], span(piece, (size_t)n));
    } else if (n == 0 || errno != EINTR) {
        close(c->fd[which]);
        c->fd[which] = -1;
    }
}

/* Takes what comes; false: the time is over, or nothing more can come. */
static bool pump(struct child *c, int64_t until)
{
    struct pollfd p[2] = { { c->fd[0], POLLIN, 0 }, { c->fd[1], POLLIN, 0 } };
    int64_t left = until - now_ms();

    if (left <= 0 || (c->fd[0] < 0 && c->fd[1] < 0)) return false;
    if (poll(p, 2, (int)left) <= 0) return errno == EINTR;
    for (int i = 0; i < 2; i++) {
        if (p[i].revents) take(c, i);
    }
    return true;
}

bool child_says(struct child *c, int which, const char *text)
{
    return child_says_bytes(c, which, span_str(text));
}

bool child_says_bytes(struct child *c, int which, struct span bytes)
{
    int64_t until = now_ms() + CHILD_PATIENCE_MS;

    while (!c->text[which].n || !memmem(c->text[which].p, c->text[which].n, bytes.p, bytes.n)) {
        if (!pump(c, until)) return false;
    }
    return true;
}

int child_wait(struct child *c)
{
    int64_t until = now_ms() + CHILD_PATIENCE_MS;
    int status;

    if (!c->pid) return c->status;
    while (pump(c, until)) continue;
    bool hung = c->fd[0] >= 0 || c->fd[1] >= 0;
    if (hung) kill(c->pid, SIGKILL);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) continue;
    c->pid = 0;
    if (!hung) c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return c->status;
}

int child_end(struct child *c)
{
    if (c->in >= 0) close(c->in);
    c->in = -1;
    return child_wait(c);
}

void child_clear(struct child *c)
{
    if (c->pid) kill(c->pid, SIGTERM);
    child_end(c);
    for (int i = 0; i < 2; i++) {
        if (c->fd[i] >= 0) close(c->fd[i]);
        buf_clear(&c->text[i]);
    }
}

size_t child_lines(const struct child *c, int which)
{
    size_t lines = 0;

    for (size_t i = 0; i < c->text[which].n; i++) lines += c->text[which].p[i] == '\n';
    return lines;
}

void file_put(const char *dir, const char *name, const char *text)
{
    char path[512];
    struct buf why = { 0 };

    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK(file_write(path, span_str(text), 0600, &why) == OK);
    buf_clear(&why);
}

void file_edit(const char *dir, const char *name, const char *from, const char *to, const char *out)
{
    char path[512];
    struct buf text = { 0 }, edited = { 0 }, why = { 0 };
    bool found = false;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK(file_read(path, &text, &why) == OK);
    const char *at = buf_cstr(&text);
    for (const char *hit; (hit = strstr(at, from)); at = hit + strlen(from), found = true) {
        buf_add(&edited, span(at, (size_t)(hit - at)));
        buf_str(&edited, to);
    }
    buf_str(&edited, at);
    CHECK_ROW(found, from);
    file_put(dir, out, buf_cstr(&edited));
    buf_clear(&text);
    buf_clear(&edited);
    buf_clear(&why);
}
