#include "scenarios/launch.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/file.h"
#include "scenarios/reach.h"

static void complain(const char *what)
{
    fprintf(stderr, "ace-scenarios: %s\n", what);
}

/* --- where things are --- */

/* 2 or 0.5, and nothing behind it. */
static bool read_decimal(const char *text, double *out)
{
    size_t n = strspn(text, "0123456789.");
    char *end = NULL;

    *out = strtod(text, &end);
    return n > 0 && !text[n] && !*end;
}

bool launch_pace(const struct options *o, struct pace *of)
{
    double jobs = of->jobs, patience = of->patience / 100.0;
    bool good = (!o->jobs || (read_decimal(o->jobs, &jobs) && !strchr(o->jobs, '.'))) &&
                (!o->patience || read_decimal(o->patience, &patience));

    good = good && jobs >= 1 && jobs <= 64 && patience >= 0.1 && patience <= 100;
    if (good) *of = (struct pace){ (unsigned)jobs, (unsigned)(patience * 100 + 0.5) };
    if (!good) complain("--jobs 1 to 64, --patience 0.1 to 100");
    return good;
}

bool launch_places(const struct options *o, struct places *out)
{
    if (o->home) buf_str(&out->home, o->home);
    bool found = options_bin(&out->bin) == OK && options_out(o, &out->out) == OK &&
                 (o->home || options_home(&out->home) == OK);
    if (!found) complain("where is this program?");
    return found;
}

void places_clear(struct places *p)
{
    buf_clear(&p->bin);
    buf_clear(&p->out);
    buf_clear(&p->home);
}

/* --- who is under test --- */

struct cast_list {
    struct sut sut[ROLE_COUNT];
    bool given[ROLE_COUNT];
};

static bool is_file(const char *text)
{
    size_t n = strlen(text);

    return n > 5 && strcmp(text + n - 5, ".json") == 0;
}

static enum err read_one(const struct options *o, enum role r, const char *text, struct sut *out,
                         struct buf *message)
{
    struct sut_address at = { r, text, o->trust };

    if (is_file(text)) {
        TRY(sut_read(text, out, message));
        if (out->role == r) return OK;
        buf_format(message, "%s: its role is %s, not %s", text, role_name(out->role), role_name(r));
        return ERR_MALFORMED;
    }
    if (r == ROLE_CLIENT) {
        buf_format(message, "--client %s: a client is started, so a .json file says how (docs/adapters.md)",
                   text);
        return ERR_MALFORMED;
    }
    if (!o->trust) {
        buf_format(message, "--%s %s: add --trust ca.pem, the certificate that vouches for it", role_name(r),
                   text);
        return ERR_MALFORMED;
    }
    return sut_at(&at, out, message);
}

static bool read_cast(const struct options *o, unsigned patience, struct cast_list *out)
{
    const char *const named[ROLE_COUNT] = { o->client, o->broker, o->as };
    struct buf message = { 0 };
    enum err e = OK;

    for (enum role r = 0; r < ROLE_COUNT && e == OK; r++) {
        if (!named[r]) continue;
        e = read_one(o, r, named[r], &out->sut[r], &message);
        if (e == OK && !out->sut[r].starts) e = sut_reach(&out->sut[r], patience, &message);
        out->given[r] = e == OK;
    }
    if (e != OK) complain(message.n ? buf_cstr(&message) : err_wire(e)->words);
    buf_clear(&message);
    return e == OK;
}

static void cast_list_clear(struct cast_list *c)
{
    for (enum role r = 0; r < ROLE_COUNT; r++) sut_clear(&c->sut[r]);
}

bool launch_known(const struct sut *s, const struct suite *suite, struct known *out)
{
    struct buf text = { 0 }, message = { 0 };
    struct fault why = { 0 };

    if (!s->known) return true;
    enum err e = file_read(s->known, &text, &message);
    struct known_source from = { s->known, buf_span(&text) };
    if (e == OK) e = known_read(&from, &suite->rules, out, &why);
    if (e == OK) e = known_check(out, suite, s->role, &why);
    if (e != OK)
        fprintf(stderr, "ace-scenarios: %s%s%s\n", message.n ? buf_cstr(&message) : s->known,
                message.n ? "" : ": ", message.n ? "" : why.why);
    buf_clear(&text);
    buf_clear(&message);
    return e == OK;
}

/* --- run --- */

static size_t count_given(const struct cast_list *c)
{
    size_t n = 0;

    for (enum role r = 0; r < ROLE_COUNT; r++) n += c->given[r];
    return n;
}

static enum status run_with(const struct suite *s, const struct cast_list *c, struct run_options *r)
{
    struct known known = { 0 };
    const struct sut *only = NULL;
    bool good = true;

    for (enum role i = 0; i < ROLE_COUNT; i++) {
        if (!c->given[i]) continue;
        r->plan.sut[i] = only = &c->sut[i];
    }
    /* Failures of several at a time are nobody's own: no list speaks of them. */
    if (only && count_given(c) == 1) {
        good = launch_known(only, s, &known);
        r->known = known.count ? &known : NULL;
    }
    if (only) fprintf(r->to, "%s\n", only->name);
    if (only && only->probed) fprintf(r->to, "  %s\n", only->probed);
    enum status status = good ? run_all(s, r) : STATUS_ERROR;
    known_clear(&known);
    return status;
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && errno == 0;
}

static bool read_rounds(const struct options *o, struct run_options *out)
{
    out->rounds = 1;
    out->shuffled = o->seed != NULL;
    bool good = (!o->repeat || (read_number(o->repeat, &out->rounds) && out->rounds > 0)) &&
                (!o->seed || read_number(o->seed, &out->seed));
    if (!good) complain("--repeat a number from 1, --seed a number");
    if (good && o->tap && out->rounds > 1) {
        complain("--tap is one stream of one round: without --repeat");
        return false;
    }
    return good;
}

/* A folder for each subject: neither their trends nor what failed is mixed. */
static void name_folder(const struct cast_list *c, struct buf *out)
{
    const char *before = "/foreign/";

    for (enum role r = 0; r < ROLE_COUNT; r++) {
        if (!c->given[r]) continue;
        buf_str(out, before);
        sut_folder(c->sut[r].name, out);
        before = "+";
    }
}

enum status launch_run(const struct suite *s, const struct options *o, enum run_mode mode)
{
    struct pace pace = { 2, 100 };
    struct places places = { 0 };
    struct cast_list cast = { 0 };
    struct buf repeat = { 0 };
    enum status status = STATUS_ERROR;

    if (o->trust && !o->broker && !o->as) {
        complain("--trust goes with --broker host:port or --as host:port");
        return status;
    }
    if (launch_pace(o, &pace) && launch_places(o, &places) && read_cast(o, pace.patience, &cast)) {
        if (mode == RUN_MODEL)
            buf_str(&places.out, "/model"); /* a report of its own: it says nothing of any program */
        name_folder(&cast, &places.out);
        options_repeat(o, &repeat);
        struct run_options r = {
            .plan = { .choice = { .glob = o->arguments ? o->argument[0] : NULL,
                                  .level = o->level,
                                  .tag = o->tag },
                      .variant = o->variant,
                      .under = o->under,
                      .brief = o->brief,
                      .mode = mode },
            .out = buf_cstr(&places.out),
            .bin = buf_cstr(&places.bin),
            .home = buf_cstr(&places.home),
            .jobs = pace.jobs,
            .patience = pace.patience,
            .repeat = buf_cstr(&repeat),
            .evidence = o->evidence,
            .only_failed = o->only_failed,
            .tap = o->tap,
            .to = o->tap ? stderr : stdout,
        };
        if (read_rounds(o, &r)) status = run_with(s, &cast, &r);
    }
    cast_list_clear(&cast);
    buf_clear(&repeat);
    places_clear(&places);
    return status;
}
