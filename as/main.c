#include "as/wire.h"

#include "common/base/version.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/resource.h>

static const char usage[] =
    "Usage: ace-as -c FILE [options]\n"
    "The authorization server of ace-mqtt: tokens for MQTT brokers (RFC 9200, RFC 9431) over HTTPS.\n"
    "\n"
    "  -c, --config FILE   configuration, JSON with comments\n"
    "  -t, --test-config   read it and every file it names, say what is wrong, exit 0 or 1\n"
    "      --print-config  show the configuration in force, secrets masked\n"
    "      --help-config   every key, its type, default and meaning\n"
    "      --switches      those of them that choose a reading, as JSON\n"
    "      --control       be driven by JSON lines on standard input (the scenario runner does)\n"
    "  -h, --help          this text\n"
    "      --version\n"
    "\n"
    "When it listens it prints READY {...} on standard output; the log goes to standard error.\n"
    "SIGHUP reads clients, brokers and policies anew; SIGTERM stops. Exit status: 0 stopped, 1 failed, 2 "
    "usage.\n"
    "\n"
    "Example:\n"
    "  ace-as -c demo/as.json\n"
    "  curl --cacert demo/ca.pem -u sensor:secret -H 'Content-Type: application/ace+json' \\\n"
    "       -d '{\"audience\":\"broker1\",\"scope\":\"...\"}' https://localhost:9443/token\n";

enum { OPT_PRINT = 256, OPT_HELP_CONFIG, OPT_SWITCHES, OPT_CONTROL, OPT_VERSION };

static const struct option options[] = {
    { "config", required_argument, NULL, 'c' },
    { "test-config", no_argument, NULL, 't' },
    { "print-config", no_argument, NULL, OPT_PRINT },
    { "help-config", no_argument, NULL, OPT_HELP_CONFIG },
    { "control", no_argument, NULL, OPT_CONTROL },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, OPT_VERSION },
    { "switches", no_argument, NULL, OPT_SWITCHES },
    { NULL, 0, NULL, 0 },
};

enum act { ACT_RUN, ACT_TEST, ACT_PRINT };

static void show(void (*fill)(struct buf *))
{
    struct buf text = { 0 };

    fill(&text);
    fputs(buf_cstr(&text), stdout);
    buf_clear(&text);
}

static int print_switches(void)
{
    struct buf text = { 0 };
    enum err e = as_config_switches(&text);

    if (e == OK) puts(buf_cstr(&text));
    buf_clear(&text);
    return e == OK ? 0 : 1;
}

static int print_config(const struct as_config *c)
{
    struct buf text = { 0 };

    as_config_print(c, &text);
    fputs(buf_cstr(&text), stdout);
    buf_clear(&text);
    return 0;
}

/* No memory image with keys in it (T20). */
static void leave_no_core(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}

static int run(const char *path, enum act act, enum wire_mode mode)
{
    struct as_config config;
    struct buf message = { 0 };
    int status = 1;

    if (as_config_read(path, &config, &message) != OK) {
        fprintf(stderr, "ace-as: %s\n", buf_cstr(&message));
    } else {
        switch (act) {
        case ACT_RUN:
            status = as_wire_run(&config, mode);
            break;
        case ACT_TEST:
            status = as_wire_test(&config);
            break;
        case ACT_PRINT:
            status = print_config(&config);
            break;
        }
        as_config_clear(&config);
    }
    buf_clear(&message);
    return status;
}

int main(int argc, char **argv)
{
    const char *path = NULL;
    enum act act = ACT_RUN;
    enum wire_mode mode = WIRE_ALONE;

    for (int o; (o = getopt_long(argc, argv, "c:th", options, NULL)) != -1;) {
        switch (o) {
        case 'c':
            path = optarg;
            break;
        case 't':
            act = ACT_TEST;
            break;
        case OPT_PRINT:
            act = ACT_PRINT;
            break;
        case OPT_CONTROL:
            mode = WIRE_DRIVEN;
            break;
        case OPT_HELP_CONFIG:
            show(as_config_help);
            return 0;
        case OPT_SWITCHES:
            return print_switches();
        case OPT_VERSION:
            puts("ace-as " ACE_VERSION);
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs("Try ace-as --help\n", stderr);
            return 2;
        }
    }
    if (!path || optind != argc) {
        fprintf(stderr, "ace-as: %s\nTry ace-as --help\n",
                path ? "too many arguments" : "no configuration: give -c FILE");
        return 2;
    }
    leave_no_core();
    return run(path, act, mode);
}
