#include "scenarios/browse.h"
#include "scenarios/compare.h"
#include "scenarios/completion.h"
#include "scenarios/demo.h"
#include "scenarios/interop.h"
#include "scenarios/launch.h"
#include "scenarios/mutate.h"
#include "scenarios/options.h"
#include "scenarios/sandbox.h"
#include "scenarios/sketch.h"
#include "scenarios/status.h"
#include "scenarios/wanted.h"

#include "common/base/file.h"
#include "common/base/nearest.h"
#include "common/base/plural.h"
#include "common/base/version.h"

#include <stdio.h>
#include <stdlib.h>

/* What goes to stdout and to stderr. */
struct texts {
    struct buf out, message;
};

static struct choice choice_of(const struct options *o)
{
    return (struct choice){ .glob = o->arguments ? o->argument[0] : NULL, .level = o->level, .tag = o->tag };
}

static enum status do_list(const struct suite *s, const struct options *o, struct buf *out)
{
    struct choice c = choice_of(o);

    size_t n = browse_list(s, &c, out);
    buf_format(out, "%zu scenario%s\n", n, plural(n));
    return STATUS_FINE;
}

static enum status do_explain(const struct suite *s, const struct options *o, struct buf *out)
{
    return browse_explain(s, o->argument[0], out) == OK ? STATUS_FINE : STATUS_ERROR;
}

static enum status do_draw(const struct suite *s, const struct options *o, struct buf *out)
{
    enum err e = sketch_write(s, o->argument[0], out);

    if (e == ERR_NOT_FOUND) e = browse_explain(s, o->argument[0], out); /* says what is near */
    return e == OK ? STATUS_FINE : STATUS_ERROR;
}

static enum status do_show(const struct suite *s, const struct options *o, struct buf *out)
{
    return browse_show(s, o->argument[0], out) == OK ? STATUS_FINE : STATUS_ERROR;
}

static enum status do_words(const struct suite *s, const struct options *o, struct buf *out)
{
    (void)s;
    return browse_words(o->arguments ? o->argument[0] : NULL, out) == OK ? STATUS_FINE : STATUS_ERROR;
}

static enum status do_run(const struct suite *s, const struct options *o, struct buf *out)
{
    (void)out;
    return launch_run(s, o, o->all_real ? RUN_ALL_REAL : RUN_PRODUCTS);
}

static enum status do_matrix(const struct suite *s, const struct options *o, struct buf *out)
{
    (void)out;
    return interop_run(s, o);
}

static enum status do_model(const struct suite *s, const struct options *o, struct buf *out)
{
    (void)out;
    return launch_run(s, o, RUN_MODEL);
}

enum { MUTATE_JOBS = 8, MUTATE_PATIENCE = 25 };

static bool read_survivors(const struct options *o, struct survivors *out)
{
    struct buf path = { 0 }, text = { 0 }, message = { 0 };
    struct fault why = { 0 };

    if (o->home) buf_str(&path, o->home);
    enum err e = o->home ? OK : options_home(&path);
    buf_str(&path, "/survivors.tsv");
    if (e == OK) e = file_read(buf_cstr(&path), &text, &message);
    if (e == OK) e = survivors_read(buf_span(&text), out, &why);
    if (e != OK)
        fprintf(stderr, "ace-scenarios: %s: %s\n", buf_cstr(&path), message.n ? buf_cstr(&message) : why.why);
    buf_clear(&path);
    buf_clear(&text);
    buf_clear(&message);
    return e == OK;
}

static enum status do_mutate(const struct suite *s, const struct options *o, struct buf *out)
{
    struct mutate_options m = {
        .choice = choice_of(o),
        .variant = o->variant,
    };
    struct pace pace = { MUTATE_JOBS, MUTATE_PATIENCE };
    struct survivors excused = { 0 };

    (void)out;
    if (!launch_pace(o, &pace) || !read_survivors(o, &excused)) return STATUS_ERROR;
    m.jobs = pace.jobs;
    m.patience = pace.patience;
    enum status status = mutate_all(s, &m, &excused, stdout);
    survivors_clear(&excused);
    return status;
}

static enum status do_demo(const struct suite *s, const struct options *o, struct buf *out)
{
    (void)s, (void)out;
    return (enum status)demo_write(o->argument[0]);
}

static enum status do_sandbox(const struct suite *s, const struct options *o, struct buf *out)
{
    struct buf bin = { 0 };
    enum status status = STATUS_ERROR;

    (void)s;
    if (options_bin(&bin) == OK)
        status = sandbox_run(buf_cstr(&bin), o->arguments ? o->argument[0] : "sandbox");
    else
        buf_str(out, "where is this program?\n");
    buf_clear(&bin);
    return status;
}

static enum status do_completion(const struct suite *s, const struct options *o, struct buf *out)
{
    (void)s, (void)o;
    buf_str(out, completion_setup);
    return STATUS_FINE;
}

static enum status do_diff(const struct suite *s, const struct options *o, struct buf *out)
{
    struct buf before = { 0 }, after = { 0 };
    struct comparison c = { 0 };

    (void)s;
    enum err e = file_read_most(o->argument[0], MAX_REPORT, &before, out);
    if (e == OK) e = file_read_most(o->argument[1], MAX_REPORT, &after, out);
    if (e != OK) buf_u8(out, '\n');
    const struct report_texts texts = { buf_span(&before), buf_span(&after) };
    if (e == OK) e = compare_reports(&texts, &c, out);
    buf_clear(&before);
    buf_clear(&after);
    if (e != OK) return STATUS_ERROR;
    return compare_worse(&c) ? STATUS_FAILED : STATUS_FINE;
}

/* `s` is zeroed for a command that needs nothing. NEEDS_CHOICE: the suite, and what is chosen of it is something. */
enum need { NEEDS_NOTHING, NEEDS_SUITE, NEEDS_CHOICE };

static const struct command {
    const char *word, *argument, *doc;
    size_t least, most;
    enum need need;
    enum status (*run)(const struct suite *s, const struct options *o, struct buf *out);
} commands[] = {
    { "run", "[GLOB]",
      "plays scenarios: each of our programs in turn among puppets, then all of them together", 0, 1,
      NEEDS_CHOICE, do_run },
    { "model", "[GLOB]", "plays scenarios with three puppets: is the suite itself consistent?", 0, 1,
      NEEDS_CHOICE, do_model },
    { "mutate", "[GLOB]",
      "model runs with one arrow or field broken: can every check fail, and blame the right line?", 0, 1,
      NEEDS_CHOICE, do_mutate },
    { "matrix", "FILE...", "SUT files: every client with every broker and every AS", 1, MAX_ARGUMENTS,
      NEEDS_SUITE, do_matrix },
    { "demo", "DIR", "writes settings and keys to try the programs by hand", 1, 1, NEEDS_NOTHING, do_demo },
    { "sandbox", "[DIR]", "AS and broker alive, and commands to copy; its files go to DIR [sandbox]", 0, 1,
      NEEDS_NOTHING, do_sandbox },
    { "list", "[GLOB]", "the scenarios", 0, 1, NEEDS_CHOICE, do_list },
    { "explain", "ID", "one scenario as a figure, with its rules", 1, 1, NEEDS_SUITE, do_explain },
    { "draw", "ID", "its first variant as a sequence diagram in Mermaid, for web pages", 1, 1, NEEDS_SUITE,
      do_draw },
    { "words", "[MESSAGE]", "the words of the flow language, or the fields of one message", 0, 1,
      NEEDS_NOTHING, do_words },
    { "show", "RULE", "one rule, and what proves it", 1, 1, NEEDS_SUITE, do_show },
    { "diff", "OLD NEW", "two report.json: verdicts that changed, checks that no longer ran", 2, 2,
      NEEDS_NOTHING, do_diff },
    { "completion", "", "what bash or zsh needs to complete this program's words", 0, 0, NEEDS_NOTHING,
      do_completion },
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void help(struct buf *out)
{
    buf_str(out, "ace-scenarios WORD [ARGUMENT] [OPTION]...\n\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        buf_format(out, "  %-10s %-9s %s\n", commands[i].word, commands[i].argument, commands[i].doc);
    }
    buf_u8(out, '\n');
    options_help(out);
    buf_str(out, "\nExamples\n"
                 "  ace-scenarios list 'connect/*' --level must\n"
                 "  ace-scenarios explain connect/challenge\n"
                 "  ace-scenarios show R-POPC-05\n"
                 "  ace-scenarios run --broker broker.example:8883 --trust ca.pem\n"
                 "\nExit status: 0 fine, 1 a check failed, 2 the command, a flow or the runner is at fault, "
                 "130 interrupted.\n");
}

static const struct command *find_command(const struct options *o, struct buf *message)
{
    const char *names[COMMANDS];

    for (size_t i = 0; i < COMMANDS; i++) {
        names[i] = commands[i].word;
        if (o->word && strcmp(o->word, names[i]) == 0) return &commands[i];
    }
    const char *best = o->word ? nearest_name(span_str(o->word), names, COMMANDS) : NULL;
    buf_format(message, "%s%s%s%s; try --help\n", o->word ? "unknown word " : "expected a word",
               o->word ? o->word : "", best ? "; nearest: " : "", best ? best : "");
    return NULL;
}

static enum err load(const struct options *o, struct suite *s, struct buf *message)
{
    struct buf home = { 0 }, flows = { 0 };

    if (o->home) buf_str(&home, o->home);
    enum err e = o->home ? OK : options_home(&home);
    if (e != OK) buf_str(message, "no scenarios folder above the executable; give --home DIR\n");
    buf_format(&flows, "%s/flows", buf_cstr(&home));
    struct suite_folders from = { buf_cstr(&home), o->flows ? o->flows : buf_cstr(&flows) };
    if (e == OK) e = suite_load(&from, s, message);
    buf_clear(&home);
    buf_clear(&flows);
    return e;
}

static enum status run(const struct command *c, const struct options *o, struct texts *t)
{
    struct suite s = { 0 };
    enum status status = STATUS_ERROR;

    enum err e = c->need == NEEDS_NOTHING ? OK : load(o, &s, &t->message);
    if (e == OK && c->need == NEEDS_CHOICE) {
        struct choice chosen = choice_of(o);
        e = wanted_check(&s, &chosen, &t->message);
    }
    if (e == OK) status = c->run(&s, o, &t->out);
    suite_clear(&s);
    return status;
}

static enum status start(const struct options *o, struct texts *t)
{
    if (o->help || (o->word && strcmp(o->word, "help") == 0)) {
        help(&t->out);
        return STATUS_FINE;
    }
    if (o->version) {
        buf_str(&t->out, "ace-scenarios " ACE_VERSION "\n");
        return STATUS_FINE;
    }
    const struct command *c = find_command(o, &t->message);
    if (!c) return STATUS_ERROR;
    if (o->arguments >= c->least && o->arguments <= c->most) return run(c, o, t);
    buf_format(&t->message, "usage: ace-scenarios %s %s\n", c->word, c->argument);
    return STATUS_ERROR;
}

/* "complete PROGRAM WORD BEFORE", as a shell calls it; the line is in the environment. */
static void complete(char **argv, struct texts *t)
{
    const char *line = getenv("COMP_LINE");
    const struct half_line h = { line ? line : "", argv[3], argv[4] };
    struct options o = { 0 };
    struct suite s = { 0 };
    struct buf words = { 0 };

    for (size_t i = 0; i < COMMANDS; i++) buf_format(&words, "%s ", commands[i].word);
    if (load(&o, &s, &t->message) != OK) buf_truncate(&t->message, 0); /* then there are none to name */
    completion_find(&h, buf_cstr(&words), &s, &t->out);
    suite_clear(&s);
    buf_clear(&words);
}

int main(int argc, char **argv)
{
    struct texts t = { 0 };
    struct options o;
    enum status status = STATUS_ERROR;

    if (argc == 5 && strcmp(argv[1], "complete") == 0) {
        complete(argv, &t);
        status = STATUS_FINE;
    } else if (options_read(argc, argv, &o, &t.message) == OK) {
        status = start(&o, &t);
    }
    fputs(buf_cstr(&t.out), stdout);
    fputs(buf_cstr(&t.message), stderr);
    buf_clear(&t.out);
    buf_clear(&t.message);
    return (int)status;
}
