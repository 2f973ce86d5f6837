#include "scenarios/interop.h"

#include "scenarios/workers.h"

#include <stdlib.h>

#include "common/base/file.h"
#include "common/base/shell.h"
#include "scenarios/pairs.h"
#include "scenarios/wanted.h"

/* The scenarios that everybody can be asked to play, unless --tag says otherwise. */
#define INTEROP_TAG "interop"

struct interop {
    size_t count[ROLE_COUNT];
    struct sut sut[ROLE_COUNT][MAX_PAIRED];
    struct pairs pairs;
};

static enum err read_all(const struct options *o, struct interop *x, struct buf *message)
{
    for (size_t i = 0; i < o->arguments; i++) {
        struct sut one;
        TRY(sut_read(o->argument[i], &one, message));
        enum role r = one.role;
        if (x->count[r] == MAX_PAIRED || !one.starts) {
            buf_format(message, "%s: %s", o->argument[i],
                       one.starts ? "too many of one role" : "has to be started: an address is no partner");
            sut_clear(&one);
            return ERR_MALFORMED;
        }
        x->sut[r][x->count[r]++] = one;
    }
    return OK;
}

/* Our own program stands where nobody else does. */
static void name_all(struct interop *x)
{
    static const char *const ours[ROLE_COUNT] = { "ace-client", "ace-broker", "ace-as" };

    for (enum role r = 0; r < ROLE_COUNT; r++) {
        x->pairs.names[r] = x->count[r] ? x->count[r] : 1;
        x->pairs.name[r][0] = ours[r];
        for (size_t i = 0; i < x->count[r]; i++) x->pairs.name[r][i] = x->sut[r][i].name;
    }
}

static void name_folder(const struct interop *x, const struct pairing *p, struct buf *out)
{
    buf_str(out, "/matrix/");
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        if (r) buf_u8(out, '+');
        sut_folder(x->pairs.name[r][p->who[r]], out);
    }
}

/* The options of a command that plays one of its runs again. */
static void name_repeat(const struct run_options *like, const struct run_options *r, struct buf *out)
{
    for (enum role i = 0; i < ROLE_COUNT; i++) {
        if (!r->plan.sut[i]) continue;
        buf_format(out, " --%s ", role_name(i));
        shell_word(out, span_str(r->plan.sut[i]->path));
    }
    buf_format(out, " --all-real%s", like->repeat);
}

/* What people would see of it goes into a file beside its report. */
static enum status play(const struct suite *s, const struct run_options *like, struct interop *x,
                        struct pairing *p)
{
    struct run_options r = *like;
    struct buf out = { 0 }, repeat = { 0 };
    char path[MAX_PATH + 32];

    buf_str(&out, like->out);
    name_folder(x, p, &out);
    r.out = buf_cstr(&out);
    for (enum role i = 0; i < ROLE_COUNT; i++) r.plan.sut[i] = x->count[i] ? &x->sut[i][p->who[i]] : NULL;
    name_repeat(like, &r, &repeat);
    r.repeat = buf_cstr(&repeat);
    snprintf(path, sizeof path, "%s/report.txt", r.out);
    bool made = workers_folder(r.out);
    r.to = made ? fopen(path, "w") : NULL;
    enum status status = STATUS_ERROR;
    if (r.to) {
        status = run_all(s, &r);
        memcpy(p->counts, r.counts, sizeof p->counts);
        fclose(r.to);
    } else {
        fprintf(stderr, "ace-scenarios: %s cannot be written\n", path);
    }
    buf_clear(&out);
    buf_clear(&repeat);
    return status;
}

/* These have no scenario in common that both can play: no fault either. */
static bool has_nothing(const struct pairing *p)
{
    size_t others = 0;

    for (enum verdict v = 0; v < VERDICTS; v++) others += v == VERDICT_SKIP ? 0 : p->counts[v];
    return others == 0 && p->counts[VERDICT_SKIP] > 0;
}

static enum status play_pairs(const struct suite *s, const struct run_options *like, struct interop *x)
{
    struct pairs *p = &x->pairs;
    const size_t brokers = p->names[ROLE_BROKER], servers = brokers * p->names[ROLE_AS];
    enum status worst = STATUS_FINE;

    for (size_t i = 0; i < p->names[ROLE_CLIENT] * servers && worst != STATUS_INTERRUPTED; i++) {
        struct pairing *one = &p->pairing[p->count++];
        struct buf line = { 0 };
        *one = (struct pairing){ .who = { i / servers, i % brokers, i / brokers % p->names[ROLE_AS] } };
        enum status ended = play(s, like, x, one);
        if (ended >= STATUS_ERROR && !has_nothing(one))
            worst = ended; /* who fails with whom is what the matrix is for */
        pairing_print(p, one, &line);
        printf("%s\n", buf_cstr(&line));
        fflush(stdout);
        buf_clear(&line);
    }
    return worst;
}

static bool draw(const struct interop *x, const char *out)
{
    struct buf text = { 0 }, html = { 0 }, message = { 0 };
    char path[MAX_PATH + 32];

    pairs_print(&x->pairs, &text);
    printf("\n%s", buf_cstr(&text));
    pairs_draw(&x->pairs, &html);
    snprintf(path, sizeof path, "%s/matrix/matrix.html", out);
    bool written = file_write(path, buf_span(&html), 0644, &message) == OK;
    printf("%s%s\n", written ? "drawn in " : "", written ? path : buf_cstr(&message));
    buf_clear(&text);
    buf_clear(&html);
    buf_clear(&message);
    return written;
}

static enum status pair_up(const struct suite *s, const struct options *o, struct interop *x)
{
    struct pace pace = { 2, 100 };
    struct places places = { 0 };
    struct buf repeat = { 0 };
    struct buf message = { 0 };
    enum status status = STATUS_ERROR;

    if (launch_pace(o, &pace) && launch_places(o, &places)) {
        options_repeat(o, &repeat);
        struct run_options like = {
            .plan = { .choice = { .level = o->level, .tag = o->tag ? o->tag : INTEROP_TAG },
                      .mode = RUN_ALL_REAL },
            .out = buf_cstr(&places.out),
            .bin = buf_cstr(&places.bin),
            .home = o->home ? o->home : buf_cstr(&places.home),
            .jobs = pace.jobs,
            .patience = pace.patience,
            .repeat = buf_cstr(&repeat),
        };
        bool any = wanted_check(s, &like.plan.choice, &message) == OK;
        if (any) status = play_pairs(s, &like, x);
        if (any && !draw(x, like.out) && status == STATUS_FINE) status = STATUS_ERROR;
    }
    buf_clear(&repeat);
    if (message.n) fprintf(stderr, "ace-scenarios: %s", buf_cstr(&message));
    buf_clear(&message);
    places_clear(&places);
    return status;
}

enum status interop_run(const struct suite *s, const struct options *o)
{
    struct interop *x = calloc(1, sizeof *x);
    struct buf message = { 0 };
    enum status status = STATUS_ERROR;
    enum err e = x ? read_all(o, x, &message) : ERR_NO_MEMORY;

    if (e == OK) {
        name_all(x);
        status = pair_up(s, o, x);
    } else {
        fprintf(stderr, "ace-scenarios: %s\n", message.n ? buf_cstr(&message) : err_wire(e)->words);
    }
    for (enum role r = 0; x && r < ROLE_COUNT; r++) {
        for (size_t i = 0; i < x->count[r]; i++) sut_clear(&x->sut[r][i]);
    }
    free(x);
    buf_clear(&message);
    return status;
}
