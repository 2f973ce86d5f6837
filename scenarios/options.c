#include "scenarios/options.h"

#include "common/base/nearest.h"
#include "common/base/shell.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

enum option_kind { OPTION_VALUE, OPTION_FLAG };

static const struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;
    const char *value, *doc, *values;
} table[] = {
    /* clang-format off */
    { "--help",  OPTION_FLAG,  offsetof(struct options, help),  "",      "this text", NULL },
    { "--version", OPTION_FLAG, offsetof(struct options, version), "",  "the version", NULL },
    { "--level", OPTION_VALUE, offsetof(struct options, level), "LEVEL", "only scenarios that prove a rule of this level: must, should, may", "must should may" },
    { "--tag",   OPTION_VALUE, offsetof(struct options, tag),   "TAG",   "only scenarios with this tag", NULL },
    { "--jobs",  OPTION_VALUE, offsetof(struct options, jobs),  "N",     "runs at once [2]", NULL },
    { "--patience", OPTION_VALUE, offsetof(struct options, patience), "X", "multiplies every deadline [1]", NULL },
    { "--variant", OPTION_VALUE, offsetof(struct options, variant), "V", "only this variant, as a report writes it: pop=hs256,tls=1.3", NULL },
    { "--under", OPTION_VALUE, offsetof(struct options, under), "WHO", "only runs in which this is under test: client, broker, as, all", "client broker as all" },
    { "--broker", OPTION_VALUE, offsetof(struct options, broker), "WHICH", "this broker instead of ours: a SUT file (.json), or host:port with --trust", NULL },
    { "--as",     OPTION_VALUE, offsetof(struct options, as),     "WHICH", "this AS instead of ours, likewise; host:port/path where its token endpoint is not /token", NULL },
    { "--client", OPTION_VALUE, offsetof(struct options, client), "FILE",  "this client instead of ours: a SUT file", NULL },
    { "--trust",  OPTION_VALUE, offsetof(struct options, trust),  "PEM",   "what vouches for the certificate of host:port", NULL },
    { "--all-real", OPTION_FLAG, offsetof(struct options, all_real), "", "only runs of all three programs together", NULL },
    { "--evidence", OPTION_FLAG, offsetof(struct options, evidence), "", "keep keys.log and wire.pcap of each run, not only where something is amiss", NULL },
    { "--only-failed", OPTION_FLAG, offsetof(struct options, only_failed), "", "of what is chosen, only what failed in the last report.json", NULL },
    { "--repeat", OPTION_VALUE, offsetof(struct options, repeat), "N",   "N times, until something fails [1]", NULL },
    { "--seed",  OPTION_VALUE, offsetof(struct options, seed),  "N",     "starts the runs in an order of their own for each N; of round R: N + R - 1", NULL },
    { "--tap",   OPTION_FLAG,  offsetof(struct options, tap),   "",      "Test Anything Protocol on standard output, all else on standard error", NULL },
    { "--brief", OPTION_FLAG, offsetof(struct options, brief), "", "only the first variant of each scenario", NULL },
    { "--out",   OPTION_VALUE, offsetof(struct options, out),   "DIR",   "where the report and the runs go [build/scenarios]; DIR/foreign/NAME for programs of others", NULL },
    { "--flows", OPTION_VALUE, offsetof(struct options, flows), "DIR",   "read the .flow files of DIR instead", NULL },
    { "--home",  OPTION_VALUE, offsetof(struct options, home),  "DIR",   "the folder with requirements.tsv and flows/", NULL },
    /* clang-format on */
};

enum { OPTIONS = sizeof table / sizeof *table };

/* What a run was played with: a command that repeats it needs it as well. */
static const char *const repeated[] = { "--client",   "--broker",   "--as",    "--trust", "--all-real",
                                        "--patience", "--evidence", "--flows", "--home",  "--out" };

/* Its row, and the text behind "=" or NULL. */
static const struct option *find(const char *arg, const char **value)
{
    if (strcmp(arg, "-h") == 0) arg = "--help";
    size_t n = strcspn(arg, "=");

    *value = arg[n] ? arg + n + 1 : NULL;
    for (size_t i = 0; i < OPTIONS; i++) {
        if (span_is(span(arg, n), table[i].name)) return &table[i];
    }
    return NULL;
}

static enum err refuse_unknown(const char *arg, struct buf *message)
{
    const char *names[OPTIONS];

    for (size_t i = 0; i < OPTIONS; i++) names[i] = table[i].name;
    const char *best = nearest_name(span(arg, strcspn(arg, "=")), names, OPTIONS);
    buf_format(message, "unknown option %s; %s%s\n", arg, best ? "nearest: " : "try --help",
               best ? best : "");
    return ERR_MALFORMED;
}

enum { MAX_CHOICES = 8 };

/* Is the value one of those that there are? */
static enum err check_value(const struct option *o, const char *value, struct buf *message)
{
    char name[MAX_CHOICES][16];
    const char *names[MAX_CHOICES];
    size_t n = 0;

    for (struct span left = span_str(o->values ? o->values : ""); left.n && n < MAX_CHOICES; n++) {
        struct span word = span_cut(&left, ' ');
        snprintf(name[n], sizeof name[n], "%.*s", (int)word.n, (const char *)word.p);
        names[n] = name[n];
        if (strcasecmp(name[n], value) == 0) return OK;
    }
    if (n == 0) return OK;
    const char *best = nearest_name(span_str(value), names, n);
    buf_format(message, "%s %s: one of %s is wanted%s%s\n", o->name, value, o->values,
               best ? "; nearest: " : "", best ? best : "");
    return ERR_MALFORMED;
}

static enum err read_option(char **argv, int *i, struct options *out, struct buf *message)
{
    const char *value;
    const struct option *o = find(argv[*i], &value);

    if (!o) return refuse_unknown(argv[*i], message);
    if (o->kind == OPTION_FLAG && !value) {
        *(bool *)((char *)out + o->offset) = true;
        return OK;
    }
    if (o->kind == OPTION_VALUE && !value) value = argv[*i + 1];
    if (o->kind == OPTION_FLAG || !value || !*value) {
        buf_format(message, "%s %s\n", o->name, o->kind == OPTION_FLAG ? "takes no value" : "needs a value");
        return ERR_MALFORMED;
    }
    if (value == argv[*i + 1]) ++*i;
    TRY(check_value(o, value, message));
    *(const char **)((char *)out + o->offset) = value;
    return OK;
}

enum err options_read(int argc, char **argv, struct options *out, struct buf *message)
{
    *out = (struct options){ 0 };
    for (int i = 1; i < argc; i++) {
        if (!argv[i][0]) {
            buf_format(message, "argument %d is empty\n", i);
            return ERR_MALFORMED;
        }
        if (argv[i][0] == '-' && argv[i][1]) {
            TRY(read_option(argv, &i, out, message));
        } else if (!out->word) {
            out->word = argv[i];
        } else if (out->arguments < MAX_ARGUMENTS) {
            out->argument[out->arguments++] = argv[i];
        } else {
            buf_format(message, "more than %d arguments\n", MAX_ARGUMENTS);
            return ERR_MALFORMED;
        }
    }
    return OK;
}

void options_help(struct buf *out)
{
    for (size_t i = 0; i < OPTIONS; i++)
        buf_format(out, "  %-13s %-9s %s\n", table[i].name, table[i].value, table[i].doc);
}

bool options_values(const char *name, const char **values)
{
    const char *value;
    const struct option *o = find(name, &value);

    if (!o || value || o->kind == OPTION_FLAG) return false;
    *values = o->values ? o->values : "";
    return true;
}

void options_repeat(const struct options *o, struct buf *out)
{
    for (size_t i = 0; i < sizeof repeated / sizeof *repeated; i++) {
        const char *value = NULL;
        const struct option *row = find(repeated[i], &value);
        const void *at = (const char *)o + row->offset;
        if (row->kind == OPTION_VALUE) value = *(const char *const *)at;
        if (row->kind == OPTION_VALUE ? !value : !*(const bool *)at) continue;
        buf_format(out, " %s", row->name);
        if (value) buf_u8(out, ' ');
        if (value) shell_word(out, span_str(value));
    }
}

void options_each(const char *beginning, struct buf *out)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (span_starts(span_str(table[i].name), span_str(beginning))) buf_format(out, "%s\n", table[i].name);
}

/* In the tree that it was built in, and where `make install` puts it. */
#define INSTALLED "/share/ace-mqtt/scenarios"
static const char *const homes[] = { "/scenarios", INSTALLED };

enum err options_home(struct buf *out)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);

    while (n > 0) {
        while (n > 0 && path[--n] != '/') continue;
        for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
            buf_truncate(out, 0);
            buf_add(out, span(path, (size_t)n));
            buf_str(out, homes[i]);
            size_t end = out->n;
            buf_str(out, "/requirements.tsv");
            bool there = access(buf_cstr(out), R_OK) == 0;
            buf_truncate(out, end);
            if (there) return OK;
        }
    }
    return ERR_NOT_FOUND;
}

/* What is installed writes where it is called. */
static bool is_installed(struct span home)
{
    size_t n = strlen(INSTALLED);

    return home.n >= n && span_is(span_skip(home, home.n - n), INSTALLED);
}

enum err options_bin(struct buf *out)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);

    while (n > 0 && path[n - 1] != '/') n--;
    if (n < 2) return ERR_NOT_FOUND;
    buf_add(out, span(path, (size_t)n - 1));
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

enum err options_out(const struct options *o, struct buf *out)
{
    struct buf home = { 0 };
    enum err e = o->home || o->out ? OK : options_home(&home);

    if (o->out) buf_str(out, o->out);
    if (e == OK && !o->out && !o->home && is_installed(buf_span(&home))) {
        buf_str(out, "ace-report");
    } else if (e == OK && !o->out) {
        if (o->home)
            buf_format(&home, "%s/..", o->home);
        else
            buf_truncate(&home, home.n - strlen("/scenarios"));
        buf_format(out, "%s/build/scenarios", buf_cstr(&home));
    }
    buf_clear(&home);
    return buf_failed(out) ? ERR_NO_MEMORY : e;
}

const char *options_from_here(const char *path)
{
    char here[PATH_MAX];
    size_t n = getcwd(here, sizeof here) ? strlen(here) : 0;

    return n && strncmp(path, here, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}
