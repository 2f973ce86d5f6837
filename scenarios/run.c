#include "scenarios/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/file.h"
#include "scenarios/again.h"
#include "scenarios/badge.h"
#include "scenarios/html.h"
#include "scenarios/junit.h"
#include "scenarios/order.h"
#include "scenarios/plan.h"
#include "scenarios/play.h"
#include "scenarios/protocol.h"
#include "scenarios/scrub.h"
#include "scenarios/stranger.h"
#include "scenarios/switches.h"
#include "scenarios/terminal.h"

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

bool run_folder(const char *path)
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
    static const char *const names[] = { "result.json", "wire.pcap",  "keys.log",   "as.db",
                                         "as.db-wal",   "as.db-shm",  "as.err",     "as.out",
                                         "broker.err",  "broker.out", "client.err", "client.out",
                                         "client2.err", "client2.out" };
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

    alarm(RUN_SECONDS * o->patience / 100);
    memcpy(p.players, j->players, sizeof p.players);
    for (enum role i = 0; i < ROLE_COUNT; i++) {
        p.sut[i] = j->players[i] == PLAYER_EXTERNAL ? o->plan.sut[i] : NULL;
        if (p.sut[i] && !p.sut[i]->starts) stranger_adapt(i, v);
    }
    play_run(&p, &r);
    r.ms = now_ms() - began;
    snprintf(path, sizeof path, "%s/result.json", j->dir);
    bool written = result_write(&r, &json) == OK && file_write(path, buf_span(&json), 0644, &message) == OK;
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
    }
    variant_clear(&v);
    return made && j->pid > 0;
}

/* --- collecting --- */

/* A run that left no result is known by its variant all the same. */
static void name_variant(const struct job *j, struct run_result *out)
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
    bool read = !*j->why && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
                file_read(path, &json, &message) == OK && result_read(buf_span(&json), out, &why) == OK;
    buf_clear(&json);
    buf_clear(&message);
    if (read) return;
    *out = (struct run_result){ .verdict = VERDICT_ERROR };
    buf_str(&out->scenario, j->scenario->id);
    buf_str(&out->dir, j->dir);
    name_variant(j, out);
    memcpy(out->players, j->players, sizeof out->players);
    if (*j->why) {
        out->verdict = VERDICT_SKIP;
        buf_str(&out->why, j->why);
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

static void play_all(const struct run_options *o, struct plan *p, const size_t *order,
                     struct run_result *results)
{
    size_t started = 0, done = 0, busy = 0;

    while (done < p->count) {
        while (busy < o->jobs && started < p->count) {
            struct job *j = &p->job[order[started++]];
            if (!*j->why && start_job(o, j)) {
                busy++;
            } else {
                collect(j, -1, &results[j - p->job]);
                done++;
            }
        }
        int status;
        pid_t pid = busy ? wait(&status) : -1;
        struct job *j = pid > 0 ? job_of(p, pid) : NULL;
        if (!j) {
            if (busy == 0 && started == p->count) break;
            continue;
        }
        j->pid = 0;
        busy--;
        collect(j, status, &results[j - p->job]);
        progress(o->to, ++done, p->count);
    }
    if (isatty(fileno(o->to))) fprintf(o->to, "\r%40s\r", "");
}

static bool is_part(const struct run_options *o)
{
    return o->plan.choice.glob || o->plan.choice.level || o->plan.choice.tag || o->plan.variant ||
           o->plan.under || o->plan.brief || o->only_failed;
}

/* A part of the suite shows a part of what the combinations can do. */
static bool is_whole(const struct run_options *o)
{
    return !is_part(o) && o->plan.mode != RUN_MODEL && !plan_is_foreign(&o->plan);
}

static enum err tell(const struct terminal *start, struct report *r, struct run_result *results, size_t count)
{
    struct terminal t = *start;

    terminal_begin(&t, count);
    for (size_t i = 0; i < count; i++) {
        TRY(report_add(r, &results[i]));
        proven_add(&r->proven, t.suite, report_last(r));
        terminal_run(&t);
    }
    (void)terminal_end(&t);
    return OK;
}

/* Bits 1 << role. */
static unsigned products_of(const struct run_result *results, size_t count)
{
    unsigned products = 0;

    for (size_t i = 0; i < count; i++) {
        for (enum role r = 0; r < ROLE_COUNT; r++)
            products |= results[i].players[r] == PLAYER_PRODUCT ? 1u << r : 0;
    }
    return products;
}

/* A file of the whole report. */
struct output {
    const char *name;
    enum err (*write)(const struct report *r, struct buf *out);
};

static enum err leave(const struct run_options *o, const struct report *r, const struct output *to,
                      struct buf *message)
{
    struct buf text = { 0 };
    char path[MAX_PATH + 32];

    snprintf(path, sizeof path, "%s/%s", o->out, to->name);
    enum err e = to->write(r, &text);
    if (e == OK) e = file_write(path, buf_span(&text), 0644, message);
    buf_clear(&text);
    return e;
}

static enum err leave_page(const struct run_options *o, const struct suite *s, const struct report *r,
                           struct buf *message)
{
    struct buf page = { 0 }, html = { 0 };
    char path[MAX_PATH + 32];

    snprintf(path, sizeof path, "%s/page/report.html", o->home);
    enum err e = file_read(path, &page, message);
    if (e == OK) e = html_write(r, s, buf_span(&page), &html);
    if (e == ERR_MALFORMED) buf_format(message, "%s: no %s in it", path, HTML_MARK);
    snprintf(path, sizeof path, "%s/report.html", o->out);
    if (e == OK) e = file_write(path, buf_span(&html), 0644, message);
    buf_clear(&page);
    buf_clear(&html);
    return e;
}

/* To programs: on standard output, and to a CI that reads along. */
static enum err speak(const struct run_options *o, const struct report *r)
{
    const char *actions = getenv("GITHUB_ACTIONS");
    char root[MAX_PATH];
    struct buf tap = { 0 }, notes = { 0 };
    enum err e = o->tap ? protocol_tap(r, &tap) : OK;

    if (e == OK && actions && strcmp(actions, "true") == 0 && getcwd(root, sizeof root))
        e = protocol_annotate(r, root, &notes);
    if (notes.n) fwrite(notes.p, 1, notes.n, o->to);
    if (tap.n) fwrite(tap.p, 1, tap.n, stdout);
    buf_clear(&tap);
    buf_clear(&notes);
    return e;
}

/* [R-SEC-06] What programs wrote, and our results, hold no secret of their runs. */
static enum err scrub_runs(const struct run_options *o, struct scrub *x, struct run_result *results,
                           size_t count, struct buf *message)
{
    enum err e = scrub_init(x);

    for (size_t i = 0; i < count && e == OK; i++) {
        if (results[i].dir.n) e = scrub_run(x, buf_cstr(&results[i].dir), message);
    }
    if (e == OK)
        fprintf(o->to,
                "%zu keys, tokens, passwords and proofs looked for in %zu outputs of programs and results\n",
                leaks_count(x->all), x->files);
    return e;
}

/* ... nor do the reports. */
static enum err scrub_reports(struct scrub *x, const struct run_options *o, struct buf *message)
{
    static const char *const names[] = { "report.json", "junit.xml", "report.html" };
    char path[MAX_PATH + 32];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", o->out, names[i]);
        TRY(scrub_report(x, path, message));
    }
    if (x->found == 0) return OK;
    fwrite(x->lines.p, 1, x->lines.n, stderr);
    fprintf(stderr, "ace-scenarios: secrets in %zu lines of what was written\n", x->found);
    return OK;
}

static enum status finish(const struct suite *s, struct run_options *o, struct run_result *results,
                          size_t count)
{
    struct report r = { 0 };
    struct scrub x = { 0 };
    struct buf message = { 0 };
    enum err e = report_init(&r, &s->rules);

    struct terminal t = { .to = o->to,
                          .style = terminal_style(fileno(o->to)),
                          .suite = s,
                          .report = &r,
                          .repeat = o->repeat,
                          .whole = is_whole(o) };

    r.known = o->known;
    if (r.known) r.known->part = is_part(o);
    r.foreign = plan_is_foreign(&o->plan);
    if (e == OK) e = scrub_runs(o, &x, results, count, &message);
    if (e == OK) e = switches_ask(o->bin, products_of(results, count), r.switches);
    if (e == OK) e = tell(&t, &r, results, count);
    if (e == OK) e = leave(o, &r, &(struct output){ "report.json", report_write }, &message);
    if (e == OK) e = leave(o, &r, &(struct output){ "junit.xml", junit_write }, &message);
    if (e == OK) e = leave(o, &r, &(struct output){ "badge.svg", badge_write }, &message);
    if (e == OK) e = leave_page(o, s, &r, &message);
    if (e == OK) e = scrub_reports(&x, o, &message);
    if (e == OK) e = speak(o, &r);
    if (e != OK) fprintf(stderr, "ace-scenarios: %s\n", message.n ? buf_cstr(&message) : err_wire(e)->words);
    enum status status = e == OK ? report_status(&r) : STATUS_ERROR;
    memcpy(o->counts, r.counts, sizeof o->counts);
    if (status == STATUS_FINE && x.found > 0) status = STATUS_FAILED;
    scrub_clear(&x);
    report_clear(&r);
    buf_clear(&message);
    return status;
}

/* false: the last report cannot be read, and it was said why. */
static bool keep_failed(const struct run_options *o, struct plan *p)
{
    struct again *failed = NULL;
    struct buf message = { 0 };
    char path[MAX_PATH + 32];
    size_t kept = 0;

    snprintf(path, sizeof path, "%s/report.json", o->out);
    enum err e = again_read(path, &failed, &message);
    for (size_t i = 0; e == OK && i < p->count; i++) {
        struct run_result r = { 0 };
        buf_str(&r.scenario, p->job[i].scenario->id);
        name_variant(&p->job[i], &r);
        memcpy(r.players, p->job[i].players, sizeof r.players);
        if (again_wants(failed, &r)) p->job[kept++] = p->job[i];
        result_clear(&r);
    }
    if (e == OK && again_count(failed) != kept)
        fprintf(o->to, "%zu runs failed in %s, %zu of them are chosen\n", again_count(failed), path, kept);
    if (e != OK) fprintf(stderr, "ace-scenarios: %s\n", message.n ? buf_cstr(&message) : err_wire(e)->words);
    if (e == OK) p->count = kept;
    again_free(failed);
    buf_clear(&message);
    return e == OK;
}

/* The runs of a plan that has some. */
static enum status play_plan(const struct suite *s, struct run_options *o, struct plan *p)
{
    struct run_result *results = calloc(p->count, sizeof *results);
    size_t *order = NULL;
    enum status status = STATUS_ERROR;

    if (results && order_make(p->count, o->shuffled ? &o->seed : NULL, &order) == OK) {
        if (o->shuffled) fprintf(o->to, "seed %llu\n", (unsigned long long)o->seed);
        if (!run_folder(o->out)) fprintf(stderr, "ace-scenarios: %s: %s\n", o->out, strerror(errno));
        play_all(o, p, order, results);
        status = finish(s, o, results, p->count);
    } else {
        fputs("ace-scenarios: out of memory\n", stderr);
    }
    for (size_t i = 0; results && i < p->count; i++) result_clear(&results[i]);
    free(results);
    free(order);
    return status;
}

static enum status play_round(const struct suite *s, struct run_options *o)
{
    struct plan p = { 0 };
    bool planned = plan_make(s, &o->plan, &p);
    enum status status = STATUS_ERROR;

    if (!planned) {
        fputs("ace-scenarios: out of memory\n", stderr);
    } else if (p.count == 0) {
        fputs("ace-scenarios: nothing to run: no scenario is chosen\n", stderr);
    } else if (!o->only_failed || keep_failed(o, &p)) {
        if (p.count == 0) fputs("nothing to run again\n", o->to);
        status = p.count ? play_plan(s, o, &p) : STATUS_FINE;
    }
    plan_clear(&p);
    return status;
}

enum status run_all(const struct suite *s, struct run_options *o)
{
    enum status status = STATUS_FINE;

    for (uint64_t i = 1; (i == 1 || i <= o->rounds) && status == STATUS_FINE; i++, o->seed++) {
        if (o->rounds > 1)
            fprintf(o->to, "round %llu of %llu\n", (unsigned long long)i, (unsigned long long)o->rounds);
        status = play_round(s, o);
    }
    return status;
}
