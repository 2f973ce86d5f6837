#include "bench/load.h"
#include "client/device.h"
#include "client/trust.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "Usage: ace-bench connect|publish|hold|token --config FILE [options]\n"
    "Puts a bounded load on a broker (or, token: on the AS) and prints one JSON line with what it took.\n"
    "bench/run.sh starts the servers and sets ours beside a peer; `make bench` calls it.\n"
    "\n"
    "  connect   TLS handshake, CONNECT, CONNACK, DISCONNECT     publish  one publisher, --subscribers of "
    "them\n"
    "  hold      opens connections, prints HELD, waits for the end of standard input\n"
    "  token     token requests, one after the other\n"
    "\n"
    "      --config FILE     settings of ace-client            --port N          another port of the broker\n"
    "      --cafile FILE     who vouches for the broker        --auth HOW        none, exporter, challenge\n"
    "      --count N         [1000]                            --parallel N      under way at a time [16]\n"
    "      --subscribers N   [1]                               --size BYTES      of a payload [64]\n"
    "      --qos N           [0]                               --topic T         [room/bench]\n"
    "      --pop-key KIND    hs256 (default), ed25519, es256\n";

enum word { WORD_CONNECT_LOAD, WORD_PUBLISH_LOAD, WORD_HOLD_LOAD, WORD_TOKEN_LOAD };

struct bench {
    enum word word;
    struct client_config config;
    struct load load;
    unsigned subscribers;
    bool needs_token;
    struct device *device;
    unsigned tokens_wanted, tokens;
    char failed[200];
};

static const char *const words[] = { "connect", "publish", "hold", "token" };

static int complain(const char *what, const char *value)
{
    fprintf(stderr, "ace-bench: %s: %s\n", what, value);
    return 2;
}

/* -1: not in the list. */
static int choose(const char *value, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(value, names[i]) == 0) return i;
    return -1;
}

/* 0: not a number from 1 to `most`. */
static unsigned number(const char *value, unsigned long most)
{
    char *end;
    unsigned long n = strtoul(value, &end, 10);

    return *end || n > most ? 0 : (unsigned)n;
}

/* --- tokens --- */

static void next_token(struct bench *b)
{
    struct device_token_want want = { .pop_key = b->config.pop_key, .scope = b->config.scope };
    struct fault why;

    if (device_get_token(b->device, &want, &why) == OK) return;
    snprintf(b->failed, sizeof b->failed, "%s", why.why);
    device_close(b->device);
}

static void on_device(void *self, const struct device_event *e)
{
    struct bench *b = self;

    if (e->what == DEVICE_TOKEN && ++b->tokens < b->tokens_wanted) {
        next_token(b);
    } else if (e->what == DEVICE_TOKEN) {
        device_close(b->device);
    } else if (e->what == DEVICE_TOKEN_REFUSED) {
        snprintf(b->failed, sizeof b->failed, "%s", e->reason);
        device_close(b->device);
    }
}

/* Seconds that it took, or below 0. */
static double get_tokens(struct bench *b, unsigned count)
{
    uint64_t begun = uv_hrtime();

    b->tokens_wanted = count;
    next_token(b);
    uv_run(b->load.loop, UV_RUN_DEFAULT);
    return *b->failed ? -1 : (double)(uv_hrtime() - begun) / 1e9;
}

/* --- the command --- */

static void tell(const struct bench *b, unsigned done, double seconds)
{
    printf("{\"load\":\"%s\",\"done\":%u,\"seconds\":%.4f,\"rate\":%.1f}\n", words[b->word], done, seconds,
           seconds > 0 ? done / seconds : 0);
}

static int run_tokens(struct bench *b)
{
    double seconds = get_tokens(b, b->load.count);

    if (seconds < 0) return complain("token", b->failed), 1;
    tell(b, b->load.count, seconds);
    return 0;
}

static int run_load(struct bench *b)
{
    struct load_result result = { 0 };
    struct fault why;
    struct tls_protocol protocol = { .alpn = { "mqtt" } };
    const struct holding *h = NULL;

    if (b->needs_token && get_tokens(b, 1) < 0) return complain("token", b->failed), 1;
    if (b->needs_token) {
        h = device_holding(b->device);
        b->load.how.token = buf_span(&h->token);
        b->load.how.key = h->key;
    }
    if (trust_broker(&b->config, h, &(struct trust_shown){ 0 }, protocol, &b->load.tls, &why) != OK)
        return complain("TLS", why.why);
    if (b->word == WORD_CONNECT_LOAD) load_connect(&b->load, &result);
    if (b->word == WORD_PUBLISH_LOAD) load_publish(&b->load, b->subscribers, &result);
    if (b->word == WORD_HOLD_LOAD) load_hold(&b->load, &result);
    tls_config_free(b->load.tls);
    if (result.failed) return complain(words[b->word], result.failed), 1;
    tell(b, result.done, result.seconds);
    return 0;
}

static int run(struct bench *b)
{
    struct device_owner owner = { b, on_device };
    uv_loop_t loop;
    int status = 1;

    uv_loop_init(&loop);
    b->load.loop = &loop;
    b->load.to =
        (struct link_target){ b->config.host, b->load.to.port ? b->load.to.port : (uint16_t)b->config.port };
    b->load.how.version = MQTT_V5;
    b->load.how.clean_start = true;
    b->load.how.keep_alive = 120;
    b->device = device_new(&loop, &b->config, &owner);
    if (b->device) status = b->word == WORD_TOKEN_LOAD ? run_tokens(b) : run_load(b);
    if (b->device) device_close(b->device);
    uv_run(&loop, UV_RUN_DEFAULT);
    device_free(b->device);
    uv_loop_close(&loop);
    return status;
}

/* --- options --- */

enum {
    O_CONFIG = 256,
    O_PORT,
    O_CAFILE,
    O_AUTH,
    O_COUNT,
    O_PARALLEL,
    O_SUBSCRIBERS,
    O_SIZE,
    O_QOS,
    O_TOPIC,
    O_POP_KEY
};

static const struct option options[] = {
    { "config", 1, NULL, O_CONFIG },
    { "port", 1, NULL, O_PORT },
    { "cafile", 1, NULL, O_CAFILE },
    { "auth", 1, NULL, O_AUTH },
    { "count", 1, NULL, O_COUNT },
    { "parallel", 1, NULL, O_PARALLEL },
    { "subscribers", 1, NULL, O_SUBSCRIBERS },
    { "size", 1, NULL, O_SIZE },
    { "qos", 1, NULL, O_QOS },
    { "topic", 1, NULL, O_TOPIC },
    { "pop-key", 1, NULL, O_POP_KEY },
    { NULL, 0, NULL, 0 },
};

static bool set_choice(struct bench *b, int option, const char *value)
{
    static const char *const auths[] = { "none", "exporter", "challenge" };
    static const char *const keys[] = { "hs256", "ed25519", "es256" };
    static const char *const levels[] = { "0", "1", "2" };
    int i = option == O_AUTH ? choose(value, auths, 3) : choose(value, option == O_QOS ? levels : keys, 3);

    if (i < 0) return false;
    if (option == O_QOS) b->load.qos = (uint8_t)i;
    if (option == O_POP_KEY) b->config.pop_key = i;
    if (option == O_AUTH) b->load.how.pop = (enum dialog_pop)i; /* the first three are these */
    if (option == O_AUTH) b->needs_token = i > 0;
    return true;
}

static bool set_number(struct bench *b, int option, const char *value)
{
    unsigned n = number(value, option == O_COUNT                      ? 10000000
                               : option == O_PORT || option == O_SIZE ? 65535
                                                                      : LOAD_MAX_STATIONS - 1);

    if (option == O_PORT) b->load.to.port = (uint16_t)n;
    if (option == O_COUNT) b->load.count = n;
    if (option == O_PARALLEL) b->load.parallel = n;
    if (option == O_SUBSCRIBERS) b->subscribers = n;
    if (option == O_SIZE) b->load.size = n;
    return n > 0;
}

/* After the configuration was read: what wins over it. */
static bool set(struct bench *b, int option, const char *value)
{
    switch (option) {
    case O_CONFIG:
        return true;
    case O_CAFILE:
        return client_config_set(&b->config.broker_ca_file, value) == OK;
    case O_TOPIC:
        b->load.topic = value;
        return true;
    case O_AUTH:
    case O_QOS:
    case O_POP_KEY:
        return set_choice(b, option, value);
    default:
        return set_number(b, option, value);
    }
}

static const char *config_path(int argc, char **argv)
{
    for (int i = 2; i + 1 < argc; i++)
        if (strcmp(argv[i], "--config") == 0) return argv[i + 1];
    return NULL;
}

/* 0: go on. */
static int parse(struct bench *b, int argc, char **argv)
{
    struct buf message = { 0 }, words_of_scope = { 0 };
    int option, word = choose(argv[1], words, 4);

    if (word < 0) return complain("no such load", argv[1]);
    b->word = (enum word)word;
    b->subscribers = 1;
    b->load = (struct load){ .count = 1000, .parallel = 16, .size = 64, .topic = "room/bench" };
    if (client_config_read(config_path(argc, argv), &b->config, &message) != OK)
        return complain("settings", buf_cstr(&message));
    optind = 2;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (option == '?' || !set(b, option, optarg))
            return option == '?' ? 2 : complain("no such value", optarg);
    if ((b->word == WORD_HOLD_LOAD || b->word == WORD_CONNECT_LOAD) && b->load.count > LOAD_MAX_STATIONS)
        return complain("--count", "2000 connections at the most");
    buf_format(&words_of_scope, "pubsub:%s", b->load.topic);
    if (client_config_set(&b->config.scope_words, buf_cstr(&words_of_scope)) != OK)
        return complain("scope", b->load.topic);
    buf_clear(&words_of_scope);
    if (client_config_load(&b->config, &message) != OK) return complain("settings", buf_cstr(&message));
    return 0;
}

int main(int argc, char **argv)
{
    static struct bench b;

    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        fputs(usage, argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    int status = parse(&b, argc, argv);
    if (status == 0) status = run(&b);
    client_config_clear(&b.config);
    return status;
}
