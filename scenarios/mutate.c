#include "scenarios/mutate.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/map.h"
#include "scenarios/play.h"
#include "scenarios/verdict.h"

enum { MUTANT_SECONDS = 30, RESULT_MAX = 8 << 20 };

/* The mutants of one variant. */
struct brood {
    struct variant variant;
    struct mutants mutants;
};

struct trial {
    const struct brood *brood;
    const struct mutant *mutant;
    pid_t pid;  /* 0: not under way */
    FILE *file; /* what the worker found */
    struct run_result result;
};

struct experiment {
    const struct suite *suite;
    const struct mutate_options *options;
    struct map *known; /* place to blame and words of the mutants that are played */
    size_t broods, trials;
    struct brood **brood;
    struct trial *trial;
};

/* Doubles whenever the count reaches a power of two. */
static void *more(void *array, size_t count, size_t size)
{
    if (count & (count - 1)) return array;
    return reallocarray(array, count ? 2 * count : 1, size);
}

/* --- planning --- */

static bool is_new(struct experiment *x, const struct mutant *m)
{
    struct buf key = { 0 };

    buf_format(&key, "%s:%u:%u %s", m->blame.file, m->blame.line, m->blame.column, m->words);
    bool known = buf_failed(&key) || map_get(x->known, buf_span(&key));
    bool put = !known && map_put(x->known, buf_span(&key), x) == OK;
    buf_clear(&key);
    return put;
}

static bool add_trials(struct experiment *x, const struct brood *b)
{
    for (size_t i = 0; i < b->mutants.count; i++) {
        if (!is_new(x, &b->mutants.mutant[i])) continue;
        struct trial *grown = more(x->trial, x->trials, sizeof *grown);
        if (!grown) return false;
        x->trial = grown;
        x->trial[x->trials++] = (struct trial){ .brood = b, .mutant = &b->mutants.mutant[i] };
    }
    return true;
}

static bool is_wanted(const struct experiment *x, const struct variant *v)
{
    struct buf text = { 0 };

    variant_print(v, &text);
    bool wanted = !x->options->variant || strcmp(buf_cstr(&text), x->options->variant) == 0;
    buf_clear(&text);
    return wanted;
}

static bool add_brood(struct experiment *x, const struct scenario *s, size_t index)
{
    struct brood **grown = more(x->brood, x->broods, sizeof *grown);
    struct brood *b = calloc(1, sizeof *b);

    if (grown) x->brood = grown;
    if (!grown || !b) {
        free(b);
        return false;
    }
    x->brood[x->broods++] = b;
    if (flow_expand(s, index, &b->variant) != OK) return false;
    if (!is_wanted(x, &b->variant)) return true;
    return mutants_make(&b->variant, &b->mutants) == OK && add_trials(x, b);
}

static bool plan(struct experiment *x)
{
    for (size_t i = 0; i < x->suite->flows.count; i++) {
        const struct scenario *s = x->suite->flows.scenario[i];
        if (!suite_chooses(x->suite, &x->options->choice, s)) continue;
        for (size_t k = 0; k < flow_variants(s); k++) {
            if (!add_brood(x, s, k)) return false;
        }
    }
    return true;
}

/* --- one worker --- */

static void work(const struct experiment *x, const struct trial *t)
{
    struct play p = { .variant = &t->brood->variant, .patience = x->options->patience, .mutant = t->mutant };
    struct run_result r = { 0 };
    struct buf json = { 0 };

    alarm(MUTANT_SECONDS);
    for (enum role i = 0; i < ROLE_COUNT; i++)
        p.players[i] = play_has_role(p.variant, i) ? PLAYER_PUPPET : PLAYER_ABSENT;
    play_run(&p, &r);
    bool written =
        result_write(&r, &json) == OK && fwrite(json.p, 1, json.n, t->file) == json.n && fflush(t->file) == 0;
    _exit(written ? 0 : 1);
}

static bool start(const struct experiment *x, struct trial *t)
{
    t->file = tmpfile();
    if (!t->file) return false;
    fflush(NULL);
    t->pid = fork();
    if (t->pid == 0) work(x, t);
    return t->pid > 0;
}

static bool read_back(FILE *f, struct buf *out)
{
    char piece[8192];
    size_t n;

    rewind(f);
    while (out->n < RESULT_MAX && (n = fread(piece, 1, sizeof piece, f)) > 0) buf_add(out, span(piece, n));
    return !ferror(f) && !buf_failed(out);
}

static void collect(const struct experiment *x, struct trial *t, int status)
{
    struct buf json = { 0 };
    struct fault why;
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0 && read_back(t->file, &json) &&
                result_read(buf_span(&json), &t->result, &why) == OK;

    if (!good) {
        result_clear(&t->result);
        t->result.verdict = VERDICT_ERROR;
        buf_str(&t->result.why, "the worker left no result");
    }
    if (t->file) fclose(t->file);
    t->file = NULL;
    t->pid = 0;
    buf_clear(&json);
    result_judge(&t->result, &x->suite->rules);
}

static struct trial *trial_of(struct experiment *x, size_t started, pid_t pid)
{
    for (size_t i = started; i-- > 0;) {
        if (x->trial[i].pid == pid) return &x->trial[i];
    }
    return NULL;
}

static void play_all(struct experiment *x)
{
    size_t started = 0, busy = 0;
    int status;

    while (started < x->trials || busy) {
        while (busy < x->options->jobs && started < x->trials) {
            struct trial *t = &x->trial[started++];
            if (start(x, t)) {
                busy++;
            } else {
                collect(x, t, -1);
            }
        }
        pid_t pid = busy ? wait(&status) : 0;
        struct trial *t = pid > 0 ? trial_of(x, started, pid) : NULL;
        if (!t) continue;
        collect(x, t, status);
        busy--;
    }
}

/* --- the account --- */

static enum status account(struct experiment *x, struct survivors *excused, FILE *to)
{
    struct mutation m = { .to = to, .excused = excused };
    const struct choice *c = &x->options->choice;
    bool all = !c->glob && !c->level && !c->tag && !x->options->variant;

    for (size_t i = 0; i < x->trials; i++) mutation_run(&m, x->trial[i].mutant, &x->trial[i].result);
    for (size_t i = 0; i < x->broods; i++) mutation_spared(&m, &x->brood[i]->mutants);
    return mutation_end(&m, all ? MUTATION_ALL : MUTATION_PART);
}

static void clear(struct experiment *x)
{
    for (size_t i = 0; i < x->trials; i++) result_clear(&x->trial[i].result);
    for (size_t i = 0; i < x->broods; i++) {
        mutants_clear(&x->brood[i]->mutants);
        variant_clear(&x->brood[i]->variant);
        free(x->brood[i]);
    }
    free(x->trial);
    free(x->brood);
    map_free(x->known);
}

enum status mutate_all(const struct suite *s, const struct mutate_options *o, struct survivors *excused,
                       FILE *to)
{
    static const uint8_t hash_key[16] = { 0 }; /* what goes in is ours */
    struct experiment x = { .suite = s, .options = o, .known = map_new(hash_key) };
    enum status status = STATUS_ERROR;

    if (x.known && plan(&x)) {
        play_all(&x);
        status = account(&x, excused, to);
    } else {
        fputs("ace-scenarios: out of memory\n", stderr);
    }
    clear(&x);
    return status;
}
