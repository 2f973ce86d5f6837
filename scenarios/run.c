#include "scenarios/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/file.h"
#include "scenarios/again.h"
#include "scenarios/badge.h"
#include "scenarios/history.h"
#include "scenarios/html.h"
#include "scenarios/interrupt.h"
#include "scenarios/junit.h"
#include "scenarios/options.h"
#include "scenarios/order.h"
#include "scenarios/plan.h"
#include "scenarios/protocol.h"
#include "scenarios/scrub.h"
#include "scenarios/switches.h"
#include "scenarios/terminal.h"
#include "scenarios/workers.h"

enum { MAX_TRACE = 32 << 20 };

/* Everything that there is for these programs, so that two runs can be compared. */
static bool is_all(const struct run_options *o)
{
    return !o->plan.choice.glob && !o->plan.choice.level && !o->plan.choice.tag && !o->plan.variant &&
           !o->plan.under && !o->plan.brief && !o->only_failed && !interrupt_came();
}

/* A part of the suite shows a part of what the combinations can do. */
static bool is_whole(const struct run_options *o)
{
    return is_all(o) && o->plan.mode != RUN_MODEL && !plan_is_foreign(&o->plan);
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

/* A part has no place in the history; an earlier one that cannot be read is begun anew. */
static enum err leave_history(const struct run_options *o, struct report *r, struct history *h,
                              struct buf *message)
{
    struct buf text = { 0 }, none = { 0 };
    char path[MAX_PATH + 32];
    enum err e = OK;

    snprintf(path, sizeof path, "%s/history.jsonl", o->out);
    if (file_read(path, &text, &none) == OK) history_read(buf_span(&text), h);
    buf_clear(&text);
    buf_clear(&none);
    if (is_all(o)) {
        history_add(h, r);
        history_write(h, &text);
        e = buf_failed(&text) ? ERR_NO_MEMORY : file_write(path, buf_span(&text), 0644, message);
        buf_clear(&text);
    }
    r->history = h;
    return e;
}

static enum err leave_page(const struct run_options *o, const struct suite *s, const struct report *r,
                           const struct transcripts *said, struct buf *message)
{
    struct buf page = { 0 }, html = { 0 };
    char path[MAX_PATH + 32];

    snprintf(path, sizeof path, "%s/page/report.html", o->home);
    enum err e = file_read(path, &page, message);
    if (e == OK) e = html_write(r, s, said, buf_span(&page), &html);
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

/* For the page, which blots out what the run knows as secret. */
static enum err transcribe(struct run_result *r, const struct leaks *secrets, struct transcripts *said)
{
    struct buf trace = { 0 }, none = { 0 };
    char path[MAX_PATH + 32];

    snprintf(path, sizeof path, "%s/trace.jsonl", r->dir.n ? buf_cstr(&r->dir) : "");
    if (!r->dir.n || file_read_most(path, MAX_TRACE, &trace, &none) != OK) buf_truncate(&trace, 0);
    enum err e = transcripts_add(said, buf_span(&trace), secrets);
    buf_clear(&trace);
    buf_clear(&none);
    return e;
}

/* [R-SEC-06] What programs wrote, and our results, hold no secret of their runs. */
static enum err scrub_runs(const struct run_options *o, struct scrub *x, struct transcripts *said,
                           struct run_result *results, size_t count, struct buf *message)
{
    enum err e = scrub_init(x);

    for (size_t i = 0; i < count && e == OK; i++) {
        struct leaks *own = leaks_new();
        e = own ? OK : ERR_NO_MEMORY;
        if (e == OK && results[i].dir.n) e = scrub_run(x, buf_cstr(&results[i].dir), own, message);
        if (e == OK) e = transcribe(&results[i], own, said);
        leaks_free(own);
    }
    if (e == OK) e = transcripts_end(said);
    if (e == OK)
        fprintf(o->to,
                "%zu keys, tokens, passwords and proofs looked for in %zu outputs of programs and results\n",
                leaks_count(x->all), x->files);
    if (e == OK && said->secret)
        fprintf(o->to, "%zu runs are not shown message by message: a secret could not be blotted out\n",
                said->secret);
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
    struct transcripts said = { 0 };
    struct history history = { 0 };
    struct buf message = { 0 };
    char page[MAX_PATH + 32];
    enum err e = report_init(&r, &s->rules);

    snprintf(page, sizeof page, "%s/report.html", o->out);
    struct terminal t = { .to = o->to,
                          .style = terminal_style(fileno(o->to)),
                          .suite = s,
                          .report = &r,
                          .page = options_from_here(page),
                          .whole = is_whole(o) };

    r.known = o->known;
    if (r.known) r.known->part = !is_all(o);
    r.repeat = o->repeat;
    r.foreign = plan_is_foreign(&o->plan);
    if (e == OK) e = scrub_runs(o, &x, &said, results, count, &message);
    if (e == OK) e = switches_ask(o->bin, products_of(results, count), r.switches);
    if (e == OK) about_fill(&r.about, products_of(results, count), o->plan.sut);
    if (e == OK) e = tell(&t, &r, results, count);
    if (e == OK) e = leave_history(o, &r, &history, &message);
    if (e == OK) e = leave(o, &r, &(struct output){ "report.json", report_write }, &message);
    if (e == OK) e = leave(o, &r, &(struct output){ "junit.xml", junit_write }, &message);
    if (e == OK) e = leave(o, &r, &(struct output){ "badge.svg", badge_write }, &message);
    if (e == OK) e = leave_page(o, s, &r, &said, &message);
    if (e == OK) e = scrub_reports(&x, o, &message);
    if (e == OK) e = speak(o, &r);
    if (e != OK) fprintf(stderr, "ace-scenarios: %s\n", message.n ? buf_cstr(&message) : err_wire(e)->words);
    enum status status = e == OK ? report_status(&r) : STATUS_ERROR;
    memcpy(o->counts, r.counts, sizeof o->counts);
    if (status == STATUS_FINE && x.found > 0) status = STATUS_FAILED;
    scrub_clear(&x);
    transcripts_clear(&said);
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
        workers_name_variant(&p->job[i], &r);
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

/* The report has been written: it holds what was played. */
static enum status tell_interrupt(const struct run_options *o, size_t planned)
{
    fprintf(stderr, "ace-scenarios: interrupted; %s/report.html holds the %zu of %zu runs that were played\n",
            options_from_here(o->out), planned - o->counts[VERDICT_SKIP], planned);
    return STATUS_INTERRUPTED;
}

/* Where all of it goes, which is ours alone until this is closed. -1: it has been told why that cannot be. */
static int take_place(const struct run_options *o)
{
    char path[MAX_PATH + 32];
    int lock = -1;

    snprintf(path, sizeof path, "%s/runs", o->out);
    if (workers_folder(path) && access(path, W_OK | X_OK) == 0)
        lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
    if (lock >= 0 && errno == EWOULDBLOCK)
        fprintf(stderr, "ace-scenarios: another run writes to %s; --out DIR takes another folder\n",
                options_from_here(o->out));
    else
        fprintf(stderr, "ace-scenarios: the folder %s: %s\n", path, strerror(errno));
    if (lock >= 0) close(lock);
    return -1;
}

/* The runs of a plan that has some. */
static enum status play_plan(const struct suite *s, struct run_options *o, struct plan *p)
{
    struct run_result *results = calloc(p->count, sizeof *results);
    size_t *order = NULL;
    enum status status = STATUS_ERROR;

    if (results && order_make(p->count, o->shuffled ? &o->seed : NULL, &order) == OK) {
        if (o->shuffled) fprintf(o->to, "seed %llu\n", (unsigned long long)o->seed);
        workers_play(o, p, order, results);
        status = finish(s, o, results, p->count);
        if (interrupt_came()) status = tell_interrupt(o, p->count);
    } else {
        fputs("ace-scenarios: out of memory\n", stderr);
    }
    for (size_t i = 0; results && i < p->count; i++) result_clear(&results[i]);
    free(results);
    free(order);
    return status;
}

/* There are scenarios, but no runs of them. */
static void tell_none(const struct plan_options *o)
{
    fprintf(stderr, "ace-scenarios: nothing to run: no run of what is chosen%s%s%s%s%s%s\n",
            o->variant ? " has the variant " : "", o->variant ? o->variant : "",
            o->variant && o->under ? " and" : "", o->under ? " has this under test: " : "",
            o->under ? o->under : "", o->variant || o->under ? "" : " can be played so");
}

static enum status play_round(const struct suite *s, struct run_options *o)
{
    struct plan p = { 0 };
    bool planned = plan_make(s, &o->plan, &p);
    enum status status = STATUS_ERROR;

    if (!planned) {
        fputs("ace-scenarios: out of memory\n", stderr);
    } else if (p.count == 0) {
        tell_none(&o->plan);
    } else if (!o->only_failed || keep_failed(o, &p)) {
        int lock = p.count ? take_place(o) : -1;
        if (p.count == 0) fputs("nothing to run again\n", o->to);
        if (p.count == 0 || lock >= 0) status = p.count ? play_plan(s, o, &p) : STATUS_FINE;
        if (lock >= 0) close(lock);
    }
    plan_clear(&p);
    return status;
}

enum status run_all(const struct suite *s, struct run_options *o)
{
    enum status status = STATUS_FINE;

    interrupt_watch();
    for (uint64_t i = 1; (i == 1 || i <= o->rounds) && status == STATUS_FINE; i++, o->seed++) {
        if (o->rounds > 1)
            fprintf(o->to, "round %llu of %llu\n", (unsigned long long)i, (unsigned long long)o->rounds);
        status = play_round(s, o);
    }
    return status;
}
