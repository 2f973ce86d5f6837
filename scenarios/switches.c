#include "scenarios/switches.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/codec/doc.h"
#include "scenarios/with.h"

enum { MAX_ANSWER = 1 << 16 };

/* --- asking --- */

static void answer(const char *program, int to)
{
    if (dup2(to, STDOUT_FILENO) >= 0) execl(program, program, "--switches", (char *)NULL);
    _exit(127);
}

/* What the program says; what it says behind MAX_ANSWER is not heard. */
static bool hear(const char *program, struct buf *out)
{
    int ends[2], status = -1;
    uint8_t chunk[4096];

    if (pipe(ends) != 0) return false;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) answer(program, ends[1]);
    close(ends[1]);
    for (ssize_t n; pid > 0 && out->n < MAX_ANSWER && (n = read(ends[0], chunk, sizeof chunk)) > 0;)
        buf_add(out, span(chunk, (size_t)n));
    close(ends[0]);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && !buf_failed(out);
}

static enum err ask(const char *bin, enum role r, struct buf *out)
{
    struct buf text = { 0 };
    struct doc *d = NULL;
    char program[600];
    enum err e = OK;

    snprintf(program, sizeof program, "%s/ace-%s", bin, role_name(r));
    if (hear(program, &text) && doc_read_json(buf_span(&text), &doc_limits_file, &d, NULL) == OK &&
        doc_kind(d) == DOC_MAP)
        e = doc_write_json(d, out);
    doc_free(d);
    buf_clear(&text);
    return e;
}

enum err switches_ask(const char *bin, unsigned roles, struct buf out[ROLE_COUNT])
{
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        if (roles & 1u << role) TRY(ask(bin, role, &out[role]));
    }
    return OK;
}

/* --- telling --- */

/* One key of each role once, in the order of the flows; values are in the report. */
struct keys {
    struct arena arena;
    size_t count;
    struct setting *key;
};

static void keys_add(struct keys *k, const struct setting *s)
{
    for (size_t i = 0; i < k->count; i++) {
        if (with_same(&k->key[i], s)) return;
    }
    struct setting *slot = APPEND(&k->arena, k->key, k->count);
    if (slot) *slot = *s;
}

static void print_keys(const struct keys *k, struct buf *out)
{
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        bool named = false;
        for (size_t i = 0; i < k->count; i++) {
            if (k->key[i].role != r) continue;
            if (!named) buf_format(out, "\n  %-6s", role_name(r));
            buf_format(out, " %s", k->key[i].key);
            named = true;
        }
    }
}

void switches_print(const struct report *r, const struct flows *f, struct buf *out)
{
    struct keys keys = { 0 };
    const struct scenario *last = NULL;

    for (size_t i = 0; i < r->runs; i++) {
        const struct run_result *run = &r->run[i];
        struct buf id = { 0 };
        if (run->with.n == 0) continue;
        buf_add(&id, buf_span(&run->scenario));
        const struct scenario *s = flows_find(f, buf_cstr(&id));
        for (size_t k = 0; s && s != last && k < s->settings; k++) keys_add(&keys, &s->setting[k]);
        last = s;
        buf_clear(&id);
    }
    print_keys(&keys, out);
    arena_clear(&keys.arena);
}
