#include "scenarios/product.h"

#include "common/base/file.h"
#include "scenarios/output.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINE = 1 << 20, MAX_LINES = 256, MAX_FIRST = 80, MAX_STRAY = 200 };

struct product {
    uv_process_t process;
    uv_pipe_t in;
    struct output out, err;  /* their files have everything it wrote, but what its links carry */
    struct buf text;         /* of a line not ended yet */
    char opening[MAX_FIRST]; /* line; empty: none yet */
    char stray[MAX_STRAY];   /* the last line that is neither an answer nor an event; empty: none */
    struct doc *ready;
    size_t first, count;
    struct doc *line[MAX_LINES]; /* a ring */
    char err_path[512];
    struct product_tap tap;
    bool exited, stopped, terminated;
    bool uninvited; /* it had said READY, and ended before it was told to */
    int64_t status;
    int signal;
};

/* --- what it says --- */

static void keep_line(struct product *p, struct doc *d)
{
    if (p->count == MAX_LINES) {
        doc_free(d);
        return;
    }
    p->line[(p->first + p->count++) % MAX_LINES] = d;
}

static void copy_line(struct product *p, struct span line)
{
    output_copy(&p->out, line);
    output_copy(&p->out, span_str("\n"));
}

static void keep_stray(struct product *p, struct span line)
{
    snprintf(p->stray, sizeof p->stray, "%.*s", (int)line.n, (const char *)line.p);
}

static void take_line(struct product *p, struct span line)
{
    static const char ready[] = "READY ", tap[] = "{\"tap\":";
    bool first = !p->ready && span_starts(line, span_str(ready)), tapped = span_starts(line, span_str(tap));
    struct doc *d = NULL;

    if (!tapped) copy_line(p, line);
    if (!*p->opening) snprintf(p->opening, sizeof p->opening, "%.*s", (int)line.n, (const char *)line.p);
    if (first) line = span_skip(line, strlen(ready));
    if (doc_read_json(line, &doc_limits_file, &d, NULL) != OK) {
        keep_stray(p, line);
        return;
    }
    if (!first && !tapped && !doc_get(d, "id") && !doc_get(d, "event")) keep_stray(p, line);
    if (tapped) {
        if (p->tap.line) p->tap.line(p->tap.self, d);
        doc_free(d);
    } else if (first) {
        p->ready = d;
    } else {
        keep_line(p, d);
    }
}

/* It will never end. */
static void give_up_line(struct product *p)
{
    output_copy(&p->out, buf_span(&p->text));
    buf_truncate(&p->text, 0);
}

static void take_out(void *self, struct span octets)
{
    struct product *p = self;

    buf_add(&p->text, octets);
    for (const uint8_t *end; p->text.n && (end = memchr(p->text.p, '\n', p->text.n));) {
        size_t length = (size_t)(end - p->text.p);
        take_line(p, span(p->text.p, length));
        buf_drop(&p->text, length + 1);
    }
    if (p->text.n > MAX_LINE) give_up_line(p);
}

static void take_err(void *self, struct span octets)
{
    struct product *p = self;

    output_copy(&p->err, octets);
}

struct doc *product_hear(struct product *p)
{
    if (p->count == 0) return NULL;
    struct doc *d = p->line[p->first];
    p->first = (p->first + 1) % MAX_LINES;
    p->count--;
    return d;
}

void product_stray(const struct product *p, struct buf *out)
{
    if (*p->stray)
        buf_str(out, p->stray);
    else
        buf_add(out, span(p->text.p, p->text.n < MAX_STRAY ? p->text.n : MAX_STRAY));
}

/* --- what it is told --- */

struct telling {
    uv_write_t request;
    struct buf text;
};

static void on_told(uv_write_t *w, int status)
{
    struct telling *t = w->data;

    (void)status;
    buf_clear(&t->text);
    free(t);
}

enum err product_tell(struct product *p, struct doc *line)
{
    struct telling *t = p->exited ? NULL : calloc(1, sizeof *t);
    enum err e = t ? doc_write_json(line, &t->text) : ERR_IO;

    doc_free(line);
    p->stray[0] = 0;
    if (e == OK) buf_u8(&t->text, '\n');
    if (e == OK && !buf_failed(&t->text)) {
        uv_buf_t b = uv_buf_init((char *)t->text.p, (unsigned)t->text.n);
        t->request.data = t;
        if (uv_write(&t->request, (uv_stream_t *)&p->in, &b, 1, on_told) == 0) return OK;
    }
    if (t) buf_clear(&t->text);
    free(t);
    return ERR_IO;
}

/* --- life --- */

static void on_ended(uv_process_t *process, int64_t status, int number)
{
    struct product *p = process->data;

    p->exited = true;
    p->uninvited = p->ready && !p->stopped;
    p->status = status;
    p->signal = number;
    output_drain(&p->out);
    output_drain(&p->err);
}

static const char *in_dir(const struct product_call *call, const char *ending, char out[512])
{
    snprintf(out, 512, "%s/%s.%s", call->dir, call->name, ending);
    return out;
}

static int spawn(uv_loop_t *loop, const struct product_call *call, struct product *p)
{
    uv_stdio_container_t stdio[3] = {
        { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&p->in },
        { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->out.pipe },
        { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->err.pipe },
    };
    char *args[PRODUCT_MAX_ARGS + 1] = { 0 };

    for (size_t i = 0; i < PRODUCT_MAX_ARGS && call->args[i]; i++) {
        args[i] = strdup(call->args[i]);
        if (!args[i]) break;
    }
    uv_process_options_t o = {
        .exit_cb = on_ended, .file = args[0], .args = args, .stdio_count = 3, .stdio = stdio
    };
    int status = args[0] ? uv_spawn(loop, &p->process, &o) : UV_ENOMEM;
    for (size_t i = 0; i < PRODUCT_MAX_ARGS; i++) free(args[i]);
    return status;
}

static enum err complain(const struct product_call *call, int status, struct buf *message)
{
    buf_format(message, "%s: %s", call->args[0], uv_strerror(status));
    return ERR_IO;
}

enum err product_start(uv_loop_t *loop, const struct product_call *call, struct product **out,
                       struct buf *message)
{
    struct product *p = calloc(1, sizeof *p);
    char path[512];

    if (!p) return ERR_NO_MEMORY;
    p->process.data = p->in.data = p->out.self = p->err.self = p;
    p->out.take = take_out;
    p->err.take = take_err;
    p->tap = call->tap;
    *out = p;
    uv_pipe_init(loop, &p->in, 0);
    int status = output_open(&p->out, loop, in_dir(call, "out", path)),
        other = output_open(&p->err, loop, in_dir(call, "err", p->err_path));
    if (status == 0) status = other;
    if (status == 0) status = spawn(loop, call, p);
    p->exited = status != 0;
    if (status == 0) status = output_begin(&p->out);
    if (status == 0) status = output_begin(&p->err);
    return status == 0 ? OK : complain(call, status, message);
}

const struct doc *product_ready(const struct product *p)
{
    return p->ready;
}

bool product_exited(const struct product *p)
{
    return p->exited;
}

void product_stop(struct product *p)
{
    struct doc *d = doc_new_map();

    if (p->stopped) return;
    p->stopped = true;
    if (d) doc_put(d, "do", doc_new_str("stop"));
    if (!p->exited && product_tell(p, d) != OK) uv_process_kill(&p->process, SIGTERM);
}

void product_terminate(struct product *p)
{
    p->terminated = true;
    if (!p->exited) uv_process_kill(&p->process, SIGTERM);
}

static void close_handle(uv_handle_t *h)
{
    if (h->loop && !uv_is_closing(h)) uv_close(h, NULL);
}

void product_kill(struct product *p)
{
    if (!p->exited) uv_process_kill(&p->process, SIGKILL);
}

void product_close(struct product *p)
{
    if (p->text.n) give_up_line(p);
    close_handle((uv_handle_t *)&p->process);
    close_handle((uv_handle_t *)&p->in);
    output_close(&p->out);
    output_close(&p->err);
}

void product_free(struct product *p)
{
    if (!p) return;
    for (struct doc *d; (d = product_hear(p));) doc_free(d);
    doc_free(p->ready);
    buf_clear(&p->text);
    output_close(&p->out);
    output_close(&p->err);
    free(p);
}

/* --- how it ended --- */

/* The line of a sanitizer's report that says what it is. */
static bool find_report(const char *path, struct buf *why)
{
    static const char *const marks[] = { "ERROR: AddressSanitizer",
                                         "runtime error:", "ERROR: LeakSanitizer" };
    struct buf text = { 0 }, message = { 0 };
    const char *found = NULL;

    const char *all = file_read(path, &text, &message) == OK ? buf_cstr(&text) : "";
    for (size_t i = 0; !found && i < sizeof marks / sizeof *marks; i++) found = strstr(all, marks[i]);
    if (found) buf_add(why, span(found, strcspn(found, "\n")));
    buf_clear(&text);
    buf_clear(&message);
    return found != NULL;
}

bool product_failed(const struct product *p, struct buf *why)
{
    if (find_report(p->err_path, why)) return true;
    if (!p->exited) {
        buf_str(why, "did not stop when asked to");
    } else if (p->terminated && (p->signal == SIGTERM || p->status == 128 + SIGTERM)) {
        return false;
    } else if (p->signal) {
        buf_format(why, "ended by signal %d (%s)", p->signal, strsignal(p->signal));
    } else if (p->status) {
        buf_format(why, "ended with status %lld", (long long)p->status);
    } else if (p->uninvited) {
        buf_str(why, "ended with status 0 before it was told to stop");
    } else {
        return false;
    }
    return true;
}

bool product_crashed(const struct product *p)
{
    return p->exited && p->signal;
}

bool product_spoke(const struct product *p)
{
    return *p->opening || p->text.n;
}

void product_silence(const struct product *p, struct buf *why)
{
    if (p->exited && p->signal)
        buf_format(why, "it was ended by signal %d (%s) before the line READY", p->signal,
                   strsignal(p->signal));
    else if (p->exited)
        buf_format(why, "it ended with status %lld before the line READY", (long long)p->status);
    else
        buf_str(why, "it wrote no line READY in time");
    if (*p->opening)
        buf_format(why, "; its first line was \"%s\"", p->opening);
    else if (p->text.n)
        buf_format(why, "; it wrote \"%.*s\" without the end of a line",
                   (int)(p->text.n < MAX_FIRST ? p->text.n : MAX_FIRST), (const char *)p->text.p);
    else
        buf_str(why, "; it wrote nothing to its standard output");
}
