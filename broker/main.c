#include "broker/wire.h"
#include "common/codec/doc.h"
#include "common/net/control.h"
#include "common/net/tap.h"

#include "common/base/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* ace-broker: options, signals, control; exit status 0 after an orderly end, 1 when it cannot start, 2 for wrong usage. */

enum { EXIT_USAGE = 2 };

struct options {
    const char *config;
    bool control, test, print;
};

struct program {
    struct options options;
    struct broker_config *config;
    struct log *log;
    struct wire *wire;
    struct control *control;
    uv_loop_t loop;
    uv_signal_t hup, term, interrupt;
    bool stopping;
};

/* --- options --- */

static const char usage[] =
    "usage: ace-broker -c FILE [option]\n"
    "  -c, --config FILE  the configuration, JSON with comments\n"
    "  --control          take steps as JSON lines from standard input, and stop when it ends\n"
    "  --test-config      only read the configuration and say whether it is right\n"
    "  --print-config     print the configuration in force, secrets masked\n"
    "  --help-config      list all keys of the configuration\n"
    "  --switches         those of them that choose a reading, as JSON\n"
    "  --version          print the version\n"
    "  --help             print this\n"
    "signals: HUP reads the configuration again, TERM and INT end orderly\n";

static void print(struct buf *text)
{
    if (text->n) fwrite(text->p, 1, text->n, stdout);
    buf_clear(text);
}

static void help_config(void)
{
    struct buf out = { 0 };

    broker_config_help(&out);
    print(&out);
}

static void switches(void)
{
    struct buf out = { 0 };

    if (broker_config_switches(&out) == OK) buf_u8(&out, '\n');
    print(&out);
}

static void version(void)
{
    puts("ace-broker " ACE_VERSION " (MQTT 5.0 and 3.1.1, RFC 9431)");
}

static void help(void)
{
    fputs(usage, stdout);
}

/* Words that answer at once. */
static const struct word {
    const char *name;
    void (*answer)(void);
} words[] = {
    { "--help-config", help_config },
    { "--switches", switches },
    { "--version", version },
    { "--help", help },
    { "-h", help },
};

static bool answered(const char *arg)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(arg, words[i].name) != 0) continue;
        words[i].answer();
        return true;
    }
    return false;
}

static int wrong_usage(const char *what, const char *which)
{
    fprintf(stderr, "ace-broker: %s%s\n%s", what, which, usage);
    return EXIT_USAGE;
}

static bool *flag_of(struct options *o, const char *arg)
{
    if (strcmp(arg, "--control") == 0) return &o->control;
    if (strcmp(arg, "--test-config") == 0) return &o->test;
    if (strcmp(arg, "--print-config") == 0) return &o->print;
    return NULL;
}

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        bool *flag = flag_of(o, argv[i]);

        if (answered(argv[i])) return EXIT_SUCCESS;
        if (flag)
            *flag = true;
        else if (strcmp(argv[i], "-c") != 0 && strcmp(argv[i], "--config") != 0)
            return wrong_usage("unknown option ", argv[i]);
        else if (++i == argc)
            return wrong_usage("no file after ", argv[i - 1]);
        else
            o->config = argv[i];
    }
    return o->config ? -1 : wrong_usage("no configuration given", "");
}

/* --- configuration --- */

/* NULL: refused; `message` says why. `old`: what the broker runs by, NULL: nothing yet. */
static struct broker_config *load(const char *path, const struct broker_config *old, struct buf *kept,
                                  struct buf *message)
{
    struct broker_config *c = calloc(1, sizeof *c);
    enum err e = ERR_NO_MEMORY;

    if (c) e = old ? broker_config_reread(old, c, kept, message) : broker_config_read(path, c, message);
    if (e == OK) return c;
    if (message->n == 0) buf_str(message, err_wire(e)->words);
    free(c);
    return NULL;
}

/* The same at the start, told on standard error. */
static struct broker_config *load_first(const char *path)
{
    struct buf message = { 0 };
    struct broker_config *c = load(path, NULL, NULL, &message);

    if (!c) fprintf(stderr, "ace-broker: %s\n", buf_cstr(&message));
    buf_clear(&message);
    return c;
}

static void unload(struct broker_config *c)
{
    if (!c) return;
    broker_config_clear(c);
    free(c);
}

static struct log *log_of(const struct broker_config *c)
{
    return log_new(STDERR_FILENO, (enum log_level)c->log_level, c->log_pretty);
}

static void take(struct program *p, struct broker_config *fresh, struct log *log)
{
    fresh->settings.log = log;
    wire_reconfigure(p->wire, fresh);
    unload(p->config);
    log_free(p->log);
    p->config = fresh;
    p->log = log;
}

/* A failed reload keeps the old configuration. */
static void reload(struct program *p)
{
    struct buf kept = { 0 }, why = { 0 };
    struct broker_config *fresh = load(p->options.config, p->config, &kept, &why);

    if (fresh) take(p, fresh, log_of(fresh));
    log_event(p->log, fresh && !kept.n ? LOG_INFO : LOG_WARN, fresh ? "reloaded" : "not_reloaded",
              LOG_STR("file", p->options.config), LOG_SPAN("needs_restart", buf_span(&kept)),
              LOG_SPAN("why", buf_span(&why)));
    buf_clear(&kept);
    buf_clear(&why);
}

/* --- the end --- */

static void stop(struct program *p)
{
    if (p->stopping) {
        wire_shut(p->wire); /* asked twice: at once */
        return;
    }
    p->stopping = true;
    log_event(p->log, LOG_INFO, "stopping");
    if (p->control) control_close(p->control);
    p->control = NULL;
    uv_close((uv_handle_t *)&p->hup, NULL);
    uv_unref((uv_handle_t *)&p->term); /* a second TERM or INT is heard as long as links are closing */
    uv_unref((uv_handle_t *)&p->interrupt);
    wire_shut(p->wire);
}

static void on_stop_signal(uv_signal_t *s, int number)
{
    (void)number;
    stop(s->data);
}

static void on_hup(uv_signal_t *s, int number)
{
    (void)number;
    reload(s->data);
}

static void watch(struct program *p, uv_signal_t *s, uv_signal_cb cb, int number)
{
    uv_signal_init(&p->loop, s);
    s->data = p;
    uv_signal_start(s, cb, number);
}

/* --- control --- */

static enum err step_clock(struct program *p, int64_t id, const struct doc *step)
{
    int64_t offset;

    if (!doc_int(doc_get(step, "offset"), &offset))
        return control_error(p->control, id, "clock needs a whole offset in seconds");
    wire_jump(p->wire, offset);
    return control_ok(p->control, id, NULL);
}

static enum err step_tap(struct program *p, int64_t id, const struct doc *step)
{
    (void)step;
    tap_start(STDOUT_FILENO);
    return control_ok(p->control, id, NULL);
}

static enum err step_stop(struct program *p, int64_t id, const struct doc *step)
{
    (void)step;
    enum err e = control_ok(p->control, id, NULL);
    stop(p);
    return e;
}

static const struct verb {
    const char *name;
    enum err (*act)(struct program *p, int64_t id, const struct doc *step);
} verbs[] = {
    { "clock", step_clock },
    { "tap", step_tap },
    { "stop", step_stop },
};

static void on_step(void *self, int64_t id, const struct doc *step)
{
    struct program *p = self;
    struct span name = { 0 };
    enum err e = OK;

    doc_text(doc_get(step, "do"), &name);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!span_is(name, verbs[i].name)) continue;
        e = verbs[i].act(p, id, step);
        if (e != OK) stop(p);
        return;
    }
    if (control_error(p->control, id, "unsupported") != OK) stop(p);
}

static void on_control_ended(void *self)
{
    stop(self);
}

static enum err open_control(struct program *p)
{
    if (!p->options.control) return OK;
    return control_open(&p->loop, &(struct control_ends){ STDIN_FILENO, STDOUT_FILENO },
                        &(struct control_owner){ p, on_step, on_control_ended }, &p->control);
}

/* --- running --- */

/* As many files as the system lets us have, and no memory image with keys in it. */
static void claim_resources(void)
{
    struct rlimit files, no_core = { 0, 0 };

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    setrlimit(RLIMIT_CORE, &no_core);
}

static enum err say_ready(const struct program *p)
{
    struct doc *what = doc_new_map();

    if (!what) return ERR_NO_MEMORY;
    doc_put(what, "role", doc_new_str("broker"));
    doc_put(what, "host", doc_new_str(wire_host(p->wire)));
    doc_put(what, "port", doc_new_int(wire_port(p->wire)));
    return control_ready(STDOUT_FILENO, what);
}

static enum err serve(struct program *p, struct fault *why)
{
    p->config->settings.log = p->log;
    TRY(wire_open(&p->loop, p->config, &p->wire, why));
    watch(p, &p->hup, on_hup, SIGHUP);
    watch(p, &p->term, on_stop_signal, SIGTERM);
    watch(p, &p->interrupt, on_stop_signal, SIGINT);
    enum err e = open_control(p);
    if (e == OK) e = say_ready(p);
    if (e != OK) stop(p);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&p->term, NULL);
    uv_close((uv_handle_t *)&p->interrupt, NULL);
    return e;
}

/* The exit status; what went wrong is told. */
static int outcome(const struct program *p, enum err e, const struct fault *why)
{
    if (e == OK) return EXIT_SUCCESS;
    fprintf(stderr, "ace-broker: %s: %s\n", p->options.config, *why->why ? why->why : err_wire(e)->words);
    return EXIT_FAILURE;
}

static int run(struct program *p)
{
    struct fault why = { 0 };

    claim_resources();
    if (uv_loop_init(&p->loop) != 0) return EXIT_FAILURE;
    p->log = log_of(p->config);
    enum err e = serve(p, &why);
    uv_run(&p->loop, UV_RUN_DEFAULT); /* lets closed handles go */
    wire_free(p->wire);
    uv_loop_close(&p->loop);
    log_free(p->log);
    return outcome(p, e, &why);
}

static int test(const struct program *p)
{
    struct fault why = { 0 };
    enum err e = wire_test(p->config, &why);

    if (e == OK) printf("%s: right\n", p->options.config);
    return outcome(p, e, &why);
}

int main(int argc, char **argv)
{
    struct program p = { 0 };
    int status = read_options(argc, argv, &p.options);
    struct buf text = { 0 };

    if (status >= 0) return status;
    p.config = load_first(p.options.config);
    if (!p.config) return EXIT_FAILURE;
    if (p.options.print) broker_config_print(p.config, &text);
    print(&text);
    if (p.options.test)
        status = test(&p);
    else
        status = p.options.print ? EXIT_SUCCESS : run(&p);
    unload(p.config);
    return status;
}
