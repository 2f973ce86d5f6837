#include "common/net/control.h"
#include "tests/check.h"
#include "tests/net_bed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct stage {
    uv_loop_t loop;
    struct control *control;
    int in[2], out[2];
    unsigned steps, ended;
    int64_t ids;
    bool close_on_step;
    char said[4096];
};

static void on_step(void *self, int64_t id, const struct doc *step)
{
    struct stage *s = self;

    s->steps++;
    s->ids += id;
    CHECK(doc_kind(step) == DOC_MAP);
    if (s->close_on_step) {
        control_close(s->control);
        s->control = NULL;
        return;
    }
    struct doc *fields = doc_new_map();
    doc_put(fields, "steps", doc_new_int(s->steps));
    CHECK(control_ok(s->control, id, fields) == OK);
}

static void on_ended(void *self)
{
    struct stage *s = self;

    s->ended++;
}

static void set_stage(struct stage *s, int in)
{
    const struct control_owner owner = { s, on_step, on_ended };

    CHECK(pipe(s->out) == 0);
    uv_loop_init(&s->loop);
    const struct control_ends ends = { in, s->out[1] };
    CHECK(control_open(&s->loop, &ends, &owner, &s->control) == OK);
}

/* Closes everything and collects what was written. */
static void clear_stage(struct stage *s)
{
    control_close(s->control);
    net_drain(&s->loop);
    close(s->out[1]);
    size_t n = 0;
    for (ssize_t got; (got = read(s->out[0], s->said + n, sizeof s->said - 1 - n)) > 0;) n += (size_t)got;
    s->said[n] = '\0';
    close(s->out[0]);
}

static void put(int fd, struct span text)
{
    CHECK(write(fd, text.p, text.n) == (ssize_t)text.n);
}

static const struct row {
    const char *why, *in;
    unsigned steps;
    const char *out;
} rows[] = {
    /* clang-format off */
    { "one step",            "{\"id\":3,\"do\":\"connect\"}\n",                   1, "{\"id\":3,\"ok\":true,\"steps\":1}\n" },
    { "two in one read",     "{\"id\":1}\n{\"id\":2}\r\n",                        2, "{\"id\":1,\"ok\":true,\"steps\":1}\n{\"id\":2,\"ok\":true,\"steps\":2}\n" },
    { "empty lines",         "\n\r\n{\"id\":1}\n\n",                              1, "{\"id\":1,\"ok\":true,\"steps\":1}\n" },
    { "no id",               "{}\n",                                              1, "{\"id\":0,\"ok\":true,\"steps\":1}\n" },
    { "last line unended",   "{\"id\":9}",                                        1, "{\"id\":9,\"ok\":true,\"steps\":1}\n" },
    { "no object",           "[1]\n{\"id\":1}\n",                                 1, "{\"id\":0,\"ok\":false,\"error\":\"not a JSON object\"}\n{\"id\":1,\"ok\":true,\"steps\":1}\n" },
    { "nothing",             "",                                                  0, "" },
    /* clang-format on */
};

enum kind { PIPE, SOCKET, WHOLE_FILE, KINDS };

/* An input of this kind that holds `text` and then ends. */
static int input(enum kind kind, const char *text)
{
    int ends[2];
    char name[] = "/tmp/control-test-XXXXXX";

    if (kind == WHOLE_FILE) {
        ends[0] = mkstemp(name);
        CHECK(ends[0] >= 0 && unlink(name) == 0);
        put(ends[0], span_str(text));
        CHECK(lseek(ends[0], 0, SEEK_SET) == 0);
        return ends[0];
    }
    CHECK((kind == PIPE ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) == 0);
    put(ends[1], span_str(text));
    close(ends[1]);
    return ends[0];
}

static void lines(void)
{
    const struct row *r;

    for (enum kind kind = PIPE; kind < KINDS; kind++) {
        for (EACH_ROW(r, rows)) {
            struct stage s = { 0 };
            int in = input(kind, r->in);

            set_stage(&s, in);
            net_until(&s.loop, &s.ended, 1);
            CHECK_ROW(s.steps == r->steps && s.ended == 1, r->why);
            clear_stage(&s);
            CHECK_ROW(strcmp(s.said, r->out) == 0, r->why);
            CHECK_ROW(close(in) == 0, r->why); /* it was not ours to close */
        }
    }
}

static void bad_json(void)
{
    struct stage s = { 0 };
    int in = input(PIPE, "{\"id\":1,\"id\":2}\n{\"id\":5}\n");

    set_stage(&s, in);
    net_until(&s.loop, &s.ended, 1);
    clear_stage(&s);
    CHECK(s.steps == 1 && s.ids == 5);
    CHECK(strncmp(s.said, "{\"id\":0,\"ok\":false,\"error\":\"", 28) == 0);
    close(in);
}

static void line_limit(void)
{
    struct stage s = { 0 };
    int in[2];
    uint8_t block[1000];

    memset(block, ' ', sizeof block);
    CHECK(pipe(in) == 0);
    set_stage(&s, in[0]);
    for (int i = 0; i < CONTROL_MAX_LINE / 1000 + 2; i++) {
        put(in[1], span(block, sizeof block));
        uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    put(in[1], span_str("\n{\"id\":7}\n"));
    close(in[1]);
    net_until(&s.loop, &s.ended, 1);
    clear_stage(&s);
    CHECK(s.steps == 1 && s.ids == 7);
    CHECK(strncmp(s.said, "{\"id\":0,\"ok\":false,\"error\":\"line too long\"}\n", 44) == 0);
    close(in[0]);
}

static void closed_by_a_step(void)
{
    for (enum kind kind = PIPE; kind < KINDS; kind++) {
        struct stage s = { .close_on_step = true };
        int in = input(kind, "{\"id\":1}\n{\"id\":2}\n");

        set_stage(&s, in);
        net_until(&s.loop, &s.steps, 1);
        clear_stage(&s);
        CHECK(s.steps == 1 && s.ended == 0);
        close(in);
    }
}

static void closed_while_waiting(void)
{
    struct stage s = { 0 };
    int in[2];

    CHECK(pipe(in) == 0);
    set_stage(&s, in[0]);
    uv_run(&s.loop, UV_RUN_NOWAIT);
    clear_stage(&s);
    CHECK(s.steps == 0 && s.ended == 0);
    close(in[0]);
    close(in[1]);
}

static void ready(void)
{
    int out[2];
    char said[64] = "";
    struct doc *what = doc_new_map();

    CHECK(pipe(out) == 0);
    doc_put(what, "port", doc_new_int(8883));
    CHECK(control_ready(out[1], what) == OK);
    CHECK(read(out[0], said, sizeof said - 1) > 0);
    CHECK(strcmp(said, "READY {\"port\":8883}\n") == 0);
    close(out[0]);
    CHECK(control_ready(out[1], doc_new_map()) == ERR_IO); /* nobody listens: an error, not a signal */
    close(out[1]);
    CHECK(control_ready(-1, doc_new_map()) == ERR_IO);
}

static void no_input(void)
{
    struct stage s = { 0 };
    uv_loop_t loop;
    const struct control_owner owner = { &s, on_step, on_ended };
    const struct control_ends ends = { -1, 1 };

    uv_loop_init(&loop);
    CHECK(control_open(&loop, &ends, &owner, &s.control) == ERR_IO && !s.control);
    net_drain(&loop);
}

CU_TestInfo control_tests[] = {
    { "lines", lines },
    { "bad JSON", bad_json },
    { "line limit", line_limit },
    { "closed by a step", closed_by_a_step },
    { "closed while waiting", closed_while_waiting },
    { "ready", ready },
    { "no input", no_input },
    CU_TEST_INFO_NULL,
};
