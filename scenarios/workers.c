#include "scenarios/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/file.h"
#include "scenarios/interrupt.h"
#include "scenarios/orphans.h"
#include "scenarios/play.h"
#include "scenarios/report.h"
#include "scenarios/stranger.h"

enum { RUN_SECONDS = 60 };

/* --- folders --- */

static bool make_folders(char *path)
{
    for (char *at = path + 1; *at; at++) {
        if (*at != '/') continue;
        *at = 0;
        bool there = mkdir(path, 0755) == 0 || errno == EEXIST;
        *at = '/';
        if (!there) return false;
    }
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

bool workers_folder(const char *path)
{
    char own[MAX_PATH];

    snprintf(own, sizeof own, "%s", path);
    return make_folders(own);
}

static void name_folder(const struct run_options *o, struct job *j, const struct variant *v)
{
    struct run_result r = { 0 };
    struct buf text = { 0 }, subject = { 0 };

    memcpy(r.players, j->players, sizeof r.players);
    variant_print(v, &text);
    report_under_test(&r, &subject);
    snprintf(j->dir, sizeof j->dir, "%s/runs/%s/%s%s%s", o->out, j->scenario->id, buf_cstr(&text),
             text.n ? "/" : "", buf_cstr(&subject));
    buf_clear(&text);
    buf_clear(&subject);
}

static void forget_old(const struct job *j)
{
    static const char *const names[] = {
        "result.json", "trace.jsonl", "wire.pcap",   "keys.log",    "as.db",
        "as.db-wal",   "as.db-shm",   "as.err",      "as.out",      "broker.err",
        "broker.out",  "client.err",  "client.out",  "client2.err", "client2.out",
        "client3.err", "client3.out", "client4.err", "client4.out",
    };
    char path[MAX_PATH + 32];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", j->dir, names[i]);
        unlink(path);
    }
}

/* --- one worker --- */

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void work(const struct run_options *o, const struct job *j, struct variant *v)
{
    struct play p = {
        .variant = v, .dir = j->dir, .bin = o->bin, .patience = o->patience, .evidence = o->evidence
    };
    struct run_result r = { 0 };
    struct buf json = { 0 }, message = { 0 };
    char path[MAX_PATH + 32];
    int64_t began = now_ms();

    setpgid(0, 0); /* with the programs that it starts: they end together */
    orphans_adopt();
    alarm(RUN_SECONDS * o->patience / 100);
    memcpy(p.players, j->players, sizeof p.players);
    for (enum role i = 0; i < ROLE_COUNT; i++) {
        p.sut[i] = j->players[i] == PLAYER_EXTERNAL ? o->plan.sut[i] : NULL;
        if (p.sut[i] && !p.sut[i]->starts) stranger_adapt(i, v);
    }
    play_run(&p, &r);
    r.ms = now_ms() - began;
    snprintf(path, sizeof path, "%s/result.json", j->dir);
    bool written = result_write(&r, &json) == OK && file_write(path, buf_span(&json), 0600, &message) == OK;
    result_clear(&r);
    buf_clear(&json);
    buf_clear(&message);
    _exit(written ? 0 : 1);
}

static bool start_job(const struct run_options *o, struct job *j)
{
    struct variant v = { 0 };

    if (flow_expand(j->scenario, j->variant, &v) != OK) return false;
    name_folder(o, j, &v);
    bool made = make_folders(j->dir);
    if (made) {
        forget_old(j);
        fflush(NULL);
        j->pid = fork();
        if (j->pid == 0) work(o, j, &v);
        if (j->pid > 0) setpgid(j->pid, j->pid);
    }
    variant_clear(&v);
    return made && j->pid > 0;
}

/* --- collecting --- */

void workers_name_variant(const struct job *j, struct run_result *out)
{
    struct variant v = { 0 };

    if (flow_expand(j->scenario, j->variant, &v) == OK) variant_print(&v, &out->variant);
    variant_clear(&v);
}

static void collect(const struct job *j, int status, struct run_result *out)
{
    struct buf json = { 0 }, message = { 0 };
    struct fault why = { 0 };
    char path[MAX_PATH + 32];

    snprintf(path, sizeof path, "%s/result.json", j->dir);
    bool read = !*j->why && !interrupt_came() && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
                file_read(path, &json, &message) == OK && result_read(buf_span(&json), out, &why) == OK;
    buf_clear(&json);
    buf_clear(&message);
    if (read) return;
    *out = (struct run_result){ .verdict = VERDICT_ERROR };
    buf_str(&out->scenario, j->scenario->id);
    buf_str(&out->dir, j->dir);
    workers_name_variant(j, out);
    memcpy(out->players, j->players, sizeof out->players);
    if (*j->why || interrupt_came()) {
        out->verdict = VERDICT_SKIP;
        buf_str(&out->why, *j->why ? j->why : "interrupted");
    } else if (WIFSIGNALED(status))
        buf_format(&out->why, "the worker ended by signal %d (%s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
    else
        buf_format(&out->why, "the worker left no result (%s)", why.why);
}

static void progress(FILE *to, size_t done, size_t all)
{
    if (isatty(fileno(to))) fprintf(to, "\r%zu of %zu runs", done, all), fflush(to);
}

static struct job *job_of(struct plan *p, pid_t pid)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->job[i].pid == pid) return &p->job[i];
    }
    return NULL;
}

/* The next one that has ended, reaped, with nobody of its group left; NULL: we were interrupted. */
static struct job *await_worker(struct plan *p, int *status)
{
    siginfo_t ended = { 0 };

    if (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) != 0) return NULL;
    struct job *j = job_of(p, ended.si_pid);
    if (j) orphans_kill(ended.si_pid);
    waitpid(ended.si_pid, status, 0);
    return j;
}

/* And whom they have started. */
static void end_workers(const struct plan *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->job[i].pid > 0) orphans_kill(p->job[i].pid);
}

/* The first runs, when all of them come to nothing in the same way, as where a program does not start. */
struct futile {
    size_t runs; /* so far; FUTILE: the rest is not tried */
    bool over;   /* one run came to something */
    struct buf why;
};

enum { FUTILE = 3 };

/* The reason without what differs from run to run, such as folders. */
static struct span gist(const struct run_result *r)
{
    struct span why = buf_span(&r->why), part = span_cut(&why, ';');

    return part;
}

static void note_futile(struct futile *f, const struct run_result *r)
{
    if (r->verdict == VERDICT_SKIP || f->over || f->runs >= FUTILE) return;
    bool same = f->runs == 0 || span_eq(gist(r), buf_span(&f->why));
    f->over = r->verdict != VERDICT_ERROR || r->check_count || !same;
    if (f->over) return;
    if (f->runs++ == 0) buf_add(&f->why, gist(r));
}

/* What is not tried any more, says so. */
static bool give_up(struct futile *f, struct job *j)
{
    if (f->runs < FUTILE || *j->why) return f->runs >= FUTILE;
    snprintf(j->why, sizeof j->why, "not tried: the first %d runs came to nothing: %s", FUTILE,
             buf_cstr(&f->why));
    return true;
}

void workers_play(const struct run_options *o, struct plan *p, const size_t *order,
                  struct run_result *results)
{
    size_t started = 0, done = 0, busy = 0;
    struct futile futile = { 0 };

    while (done < p->count) {
        while (busy < o->jobs && started < p->count) {
            struct job *j = &p->job[order[started++]];
            bool tried = !*j->why && !give_up(&futile, j) && !interrupt_came();
            if (tried && start_job(o, j)) {
                busy++;
            } else {
                collect(j, -1, &results[j - p->job]);
                done++;
            }
        }
        int status;
        if (interrupt_came()) end_workers(p);
        struct job *j = busy ? await_worker(p, &status) : NULL;
        if (!j) {
            if (busy == 0 && started == p->count) break;
            continue;
        }
        j->pid = 0;
        busy--;
        collect(j, status, &results[j - p->job]);
        note_futile(&futile, &results[j - p->job]);
        progress(o->to, ++done, p->count);
    }
    if (isatty(fileno(o->to))) fprintf(o->to, "\r%40s\r", "");
    buf_clear(&futile.why);
}
