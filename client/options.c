#include "client/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/ace/topic.h"
#include "common/base/nearest.h"
#include "common/base/version.h"

/* clang-format off */
static const char usage[] =
    "Usage: ace-client token|pub|sub|discover|revoke|drive [options]\n"
    "A device of ace-mqtt: gets a token from an authorization server and uses an MQTT broker with it (RFC 9431).\n"
    "\n"
    "  token      ask the AS for a token, show what it grants; --out FILE keeps it\n"
    "  pub        publish a message         sub        subscribe and print messages\n"
    "  discover   ask the broker which AS it trusts\n"
    "  revoke     tell the AS that the token of --token FILE is to be of no use any more\n"
    "  drive      be told what to do by JSON lines on standard input (docs/drive.md)\n"
    "\n"
    "Who and where\n"
    "      --config FILE      settings as JSON; options below win. --help-config lists them\n"
    "  -h, --host NAME        broker [localhost]             -p, --port N        [8883]\n"
    "      --cafile FILE      PEM: who vouches for the broker, where the AS gives no rs_cnf\n"
    "      --as URL           token endpoint; without: discovered from the broker, if on the --as-allow list\n"
    "      --as-allow URL     a token endpoint that a broker's hint may name (several)\n"
    "      --as-cafile FILE   PEM: who vouches for the AS\n"
    "      --client ID        our name at the AS             --secret-file FILE  password (first line)\n"
    "      --key FILE         private key, PEM or JWK: logs in at the AS by TLS, is the PoP key (several)\n"
    "Token\n"
    "      --aud NAME         audience: the broker's name at the AS\n"
    "      --scope WORDS      'pub:a/b sub:c/#'; without: what -t needs\n"
    "      --token FILE       use a token kept by `token --out`\n"
    "      --pop FORM         exporter (default) or challenge, over MQTT; rpk or psk, in the TLS handshake\n"
    "      --pop-key KIND     hs256 (default), ed25519, es256\n"
    "      --renew-before S   sub, pub -l: get the next token S seconds before this one ends, but not\n"
    "                         in the first half of its life, and go on with it: 5.0\n"
    "                         without reconnecting; 3.1.1 (which then keeps its session, as with -c) on a new connection\n"
    "MQTT (as in mosquitto_pub and mosquitto_sub)\n"
    "  -t, --topic TOPIC      topic, or filter of sub (several)\n"
    "  -m TEXT  -f FILE  -l  -n   message: text, file (- for standard input), each line of standard input, empty\n"
    "  -q, --qos N            0, 1, 2 [0]                    -r, --retain        keep it at the broker\n"
    "  -i, --id ID            Client Identifier              -k, --keepalive S   [60]\n"
    "  -c, --disable-clean-session                           -x, --session-expiry S\n"
    "  -C COUNT               sub: stop after so many        -W SECONDS          stop after so long (exit 5)\n"
    "  -v, --verbose          sub: print topics too; others: say what happens\n"
    "  -N                     sub: no line end after a message\n"
    "  -R                     sub: skip retained messages    -E                  sub: leave once subscribed\n"
    "      --retry SECONDS    sub, pub -l: try so long to get a lost connection back [60]; 0: leave at once\n"
    "  -V, --protocol-version 5 (default), 311               --tls-version 1.2, 1.3\n"
    "      --will-topic T --will-payload M --will-qos N --will-retain\n"
    "      --tls-keylog FILE  for Wireshark\n"
    "      --help  --help-config  --switches  --version  --quiet\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 usage or settings, 3 refused by AS or broker, 4 network or TLS, 5 timed out.\n"
    "\n"
    "Examples\n"
    "  ace-client pub --config demo/sensor.json -t room/temp -m 21.5 -q 1\n"
    "  ace-client sub -h broker.example --as https://as.example/token --as-cafile ca.pem --client display \\\n"
    "                 --secret-file pass --aud broker1 -t 'room/#' -v\n"
    "  ace-client token --config demo/sensor.json --scope 'pub:room/#' --out token.json\n";

enum { O_CONFIG = 256, O_CAFILE, O_AS, O_AS_ALLOW, O_AS_CAFILE, O_CLIENT, O_SECRET_FILE, O_KEY, O_AUD, O_SCOPE, O_TOKEN, O_POP, O_POP_KEY,
       O_TLS_VERSION, O_WILL_TOPIC, O_WILL_PAYLOAD, O_WILL_QOS, O_WILL_RETAIN, O_KEYLOG, O_HELP, O_HELP_CONFIG, O_VERSION, O_OUT, O_QUIET,
       O_SHOW_SECRETS, O_RENEW_BEFORE, O_RETRY };

static const struct option longs[] = {
    { "config", 1, NULL, O_CONFIG }, { "host", 1, NULL, 'h' }, { "port", 1, NULL, 'p' }, { "cafile", 1, NULL, O_CAFILE },
    { "as", 1, NULL, O_AS }, { "as-allow", 1, NULL, O_AS_ALLOW }, { "as-cafile", 1, NULL, O_AS_CAFILE }, { "client", 1, NULL, O_CLIENT },
    { "secret-file", 1, NULL, O_SECRET_FILE }, { "key", 1, NULL, O_KEY }, { "aud", 1, NULL, O_AUD }, { "scope", 1, NULL, O_SCOPE },
    { "token", 1, NULL, O_TOKEN }, { "pop", 1, NULL, O_POP }, { "pop-key", 1, NULL, O_POP_KEY }, { "topic", 1, NULL, 't' },
    { "message", 1, NULL, 'm' }, { "file", 1, NULL, 'f' }, { "stdin-line", 0, NULL, 'l' }, { "null-message", 0, NULL, 'n' },
    { "qos", 1, NULL, 'q' }, { "retain", 0, NULL, 'r' }, { "id", 1, NULL, 'i' }, { "keepalive", 1, NULL, 'k' },
    { "disable-clean-session", 0, NULL, 'c' }, { "session-expiry", 1, NULL, 'x' }, { "verbose", 0, NULL, 'v' },
    { "protocol-version", 1, NULL, 'V' }, { "tls-version", 1, NULL, O_TLS_VERSION }, { "will-topic", 1, NULL, O_WILL_TOPIC },
    { "will-payload", 1, NULL, O_WILL_PAYLOAD }, { "will-qos", 1, NULL, O_WILL_QOS }, { "will-retain", 0, NULL, O_WILL_RETAIN },
    { "tls-keylog", 1, NULL, O_KEYLOG }, { "help", 0, NULL, O_HELP }, { "help-config", 0, NULL, O_HELP_CONFIG },
    { "version", 0, NULL, O_VERSION }, { "out", 1, NULL, O_OUT }, { "quiet", 0, NULL, O_QUIET }, { "show-secrets", 0, NULL, O_SHOW_SECRETS },
    { "renew-before", 1, NULL, O_RENEW_BEFORE }, { "retry", 1, NULL, O_RETRY },
    { NULL, 0, NULL, 0 },
};
/* clang-format on */

static const char shorts[] = "+h:p:t:m:f:lnq:ri:k:cx:C:W:vNREV:";

static enum options_next wrong(const char *format, const char *what)
{
    fputs("ace-client: ", stderr);
    fprintf(stderr, format, what); // NOLINT: literal formats of this file
    fputs("\nTry ace-client --help\n", stderr);
    return OPTIONS_WRONG;
}

/* Settings and files name themselves: one line. */
static enum options_next bad_settings(const char *what)
{
    fprintf(stderr, "ace-client: %s\n", what);
    return OPTIONS_WRONG;
}

static bool number(const char *text, long low, long high, long *out)
{
    char *end;
    long v = strtol(text, &end, 10);

    if (*text == 0 || *end || v < low || v > high) return false;
    *out = v;
    return true;
}

/* Index of `text` in the list, or -1. */
static int choice(const char *text, const char *const *list)
{
    for (int i = 0; list[i]; i++) {
        if (strcmp(text, list[i]) == 0) return i;
    }
    return -1;
}

static bool take_text(struct client_options *o, int opt)
{
    struct client_config *c = &o->config;
    char **member = NULL;

    switch (opt) {
    case 'h':
        member = &c->host;
        break;
    case 'i':
        member = &c->client_id;
        break;
    case O_CAFILE:
        member = &c->broker_ca_file;
        break;
    case O_AS:
        member = &c->as_url;
        break;
    case O_AS_CAFILE:
        member = &c->as_ca_file;
        break;
    case O_CLIENT:
        member = &c->id;
        break;
    case O_SECRET_FILE:
        member = &c->secret_file;
        break;
    case O_AUD:
        member = &c->audience;
        break;
    case O_SCOPE:
        member = &c->scope_words;
        break;
    case O_TOKEN:
        member = &c->token_file;
        break;
    case O_KEYLOG:
        member = &c->keylog_file;
        break;
    default:
        return false;
    }
    if (opt == O_SECRET_FILE && c->secret) { /* options win over the file */
        explicit_bzero(c->secret, strlen(c->secret));
        free(c->secret);
        c->secret = NULL;
    }
    if (client_config_set(member, optarg) != OK) abort();
    return true;
}

static bool take_number(struct client_options *o, int opt)
{
    static const struct {
        int opt;
        long low, high;
    } rows[] = { { 'p', 1, 65535 },       { 'q', 0, 2 },
                 { 'k', 0, 65535 },       { 'x', 0, 4294967295 },
                 { 'C', 1, 1L << 40 },    { 'W', 1, 1000000 },
                 { O_WILL_QOS, 0, 2 },    { O_RENEW_BEFORE, 0, 31536000 },
                 { O_RETRY, 0, 31536000 } };
    long v = -1;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].opt == opt && !number(optarg, rows[i].low, rows[i].high, &v)) return false;
    }
    switch (opt) {
    case 'p':
        o->config.port = v;
        break;
    case 'q':
        o->qos = (int)v;
        break;
    case 'k':
        o->config.keep_alive = v;
        break;
    case 'x':
        o->session_expiry = v;
        break;
    case 'C':
        o->count = v;
        break;
    case 'W':
        o->wait = v;
        break;
    case O_WILL_QOS:
        o->will_qos = (int)v;
        break;
    case O_RENEW_BEFORE:
        o->config.renew_before = v;
        break;
    case O_RETRY:
        o->config.retry = v;
        break;
    default:
        return false;
    }
    return true;
}

static bool take_choice(struct client_options *o, int opt)
{
    static const char *const
        pops[] = { "exporter", "challenge", "rpk", "psk", NULL },
        *const kinds[] = { "hs256", "ed25519", "es256", NULL }, *const versions[] = { "5", "311", NULL },
        *const mosquitto[] = { "mqttv5", "mqttv311", NULL }, *const tls[] = { "any", "1.2", "1.3", NULL };
    int *member = NULL, v = -1;

    switch (opt) {
    case O_POP:
        v = choice(optarg, pops), member = &o->config.pop;
        break;
    case O_POP_KEY:
        v = choice(optarg, kinds), member = &o->config.pop_key;
        break;
    case 'V':
        v = choice(optarg, versions), member = &o->config.version;
        break;
    case O_TLS_VERSION:
        v = choice(strncmp(optarg, "tlsv", 4) == 0 ? optarg + 4 : optarg, tls), member = &o->config.tls;
        break;
    default:
        return false;
    }
    if (v < 0 && opt == 'V') v = choice(optarg, mosquitto);
    if (v >= 0) *member = v;
    return v >= 0;
}

static bool take_payload(struct client_options *o, int opt)
{
    if (opt != 'm' && opt != 'f' && opt != 'l' && opt != 'n') return false;
    if (o->payload != PAYLOAD_NONE) return false;
    o->payload = opt == 'm'   ? PAYLOAD_TEXT
                 : opt == 'f' ? PAYLOAD_FILE
                 : opt == 'l' ? PAYLOAD_LINES
                              : PAYLOAD_EMPTY;
    o->message = optarg;
    return true;
}

static bool take_flag(struct client_options *o, int opt)
{
    switch (opt) {
    case 'r':
        return o->retain = true;
    case 'c':
        return o->keep_session = true;
    case 'v':
        return o->verbose = true;
    case 'N':
        return o->no_newline = true;
    case 'R':
        return o->no_stale = true;
    case 'E':
        return o->only_subscribe = true;
    case O_QUIET:
        return o->quiet = true;
    case O_WILL_RETAIN:
        return o->will_retain = true;
    case O_SHOW_SECRETS:
        return o->secrets = true;
    case O_WILL_TOPIC:
        o->will_topic = optarg;
        return true;
    case O_WILL_PAYLOAD:
        o->will_payload = optarg;
        return true;
    case O_OUT:
        o->out_file = optarg;
        return true;
    default:
        return false;
    }
}

static bool take_list(struct client_options *o, int opt, struct buf *message)
{
    struct client_config *c = &o->config;

    switch (opt) {
    case 't':
        if (o->topic_count == MAX_TOPICS) return false;
        o->topics[o->topic_count++] = optarg;
        return true;
    case O_AS_ALLOW:
        if (c->allowed_count == CLIENT_MAX_ALLOWED) return false;
        buf_str(&c->allowed[c->allowed_count++], optarg);
        return true;
    case O_KEY:
        return client_config_add_key(c, optarg, message) == OK;
    default:
        return false;
    }
}

/* The configuration file is read before the other options, wherever it stands among them. */
static const char *find_config(int argc, char **argv)
{
    const char *path = NULL;

    opterr = 0;
    optind = 2;
    for (int opt; (opt = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        if (opt == O_CONFIG) path = optarg;
    }
    opterr = 1;
    optind = 2;
    return path;
}

static enum options_next take(struct client_options *o, int opt, const char *argument)
{
    struct buf message = { 0 };
    bool taken = opt == O_CONFIG || take_text(o, opt) || take_flag(o, opt) || take_payload(o, opt) ||
                 take_number(o, opt) || take_choice(o, opt) || take_list(o, opt, &message);

    if (opt == '?') {
        buf_clear(&message);
        fputs("Try ace-client --help\n", stderr);
        return OPTIONS_WRONG;
    }
    enum options_next next = OPTIONS_RUN;
    if (!taken)
        next = message.n
                   ? bad_settings(buf_cstr(&message))
                   : wrong("%s: not a value for this option, or given twice", argument ? argument : "?");
    buf_clear(&message);
    return next;
}

static enum options_next show_config_help(void)
{
    struct buf text = { 0 };

    client_config_help(&text);
    fputs(buf_cstr(&text), stdout);
    buf_clear(&text);
    return OPTIONS_DONE;
}

static enum options_next show_switches(void)
{
    struct buf text = { 0 };

    if (client_config_switches(&text) == OK) puts(buf_cstr(&text));
    buf_clear(&text);
    return OPTIONS_DONE;
}

static enum options_next read_word(int argc, char **argv, struct client_options *o)
{
    static const char *const words[] = { "token", "pub", "sub", "discover", "revoke", "drive", NULL };
    const char *first = argc > 1 ? argv[1] : "";

    if (argc < 2) return fputs(usage, stderr), OPTIONS_WRONG;
    if (strcmp(first, "--help") == 0) return fputs(usage, stdout), OPTIONS_DONE;
    if (strcmp(first, "--version") == 0) return puts("ace-client " ACE_VERSION), OPTIONS_DONE;
    if (strcmp(first, "--help-config") == 0) return show_config_help();
    if (strcmp(first, "--switches") == 0) return show_switches();
    int word = choice(first, words);
    const char *near = nearest_name(span_str(first), words, sizeof words / sizeof *words - 1);
    if (word < 0 && near) fprintf(stderr, "ace-client: did you mean %s?\n", near);
    if (word < 0)
        return wrong("%s: the first word must be token, pub, sub, discover, revoke or drive", first);
    o->word = (enum client_word)word;
    return OPTIONS_RUN;
}

/* What the word cannot do without. */
static enum options_next check(const struct client_options *o)
{
    if ((o->word == WORD_PUB || o->word == WORD_SUB) && o->topic_count == 0)
        return wrong("%s", "no topic: give -t");
    if (o->word == WORD_PUB && o->topic_count > 1) return wrong("%s", "pub: one -t only");
    if (o->word == WORD_PUB && topic_has_wildcard(span_str(o->topics[0])))
        return wrong("pub: %s has a wildcard: that is for sub", o->topics[0]);
    if (o->word == WORD_PUB && o->payload == PAYLOAD_NONE)
        return wrong("%s", "no message: give -m, -f, -l or -n");
    return OPTIONS_RUN;
}

/* It has no AUTH packet, and a refusal there cannot name an authorization server [R-DISC-11]. */
static enum options_next check_311(const struct client_options *o)
{
    bool connects = o->word == WORD_PUB || o->word == WORD_SUB;

    if (connects && o->config.pop == POP_FORM_CHALLENGE)
        return wrong("%s", "--pop challenge needs MQTT 5: in 3.1.1 there is no challenge");
    if ((connects || o->word == WORD_DISCOVER) && !o->config.as_url && !o->config.token_file)
        return wrong("%s", "MQTT 3.1.1 cannot say which authorization server to ask: give --as URL");
    return OPTIONS_RUN;
}

enum options_next options_parse(int argc, char **argv, struct client_options *o)
{
    struct buf message = { 0 };
    enum options_next next = read_word(argc, argv, o);

    o->session_expiry = -1;
    if (next != OPTIONS_RUN) return next;
    if (client_config_read(find_config(argc, argv), &o->config, &message) != OK)
        next = bad_settings(buf_cstr(&message));
    for (int opt; next == OPTIONS_RUN && (opt = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        if (opt == O_HELP)
            next = (fputs(usage, stdout), OPTIONS_DONE);
        else if (opt == O_HELP_CONFIG)
            next = show_config_help();
        else if (opt == O_VERSION)
            next = (puts("ace-client " ACE_VERSION), OPTIONS_DONE);
        else
            next = take(o, opt, optarg);
    }
    if (next == OPTIONS_RUN && o->config.version == MQTT_CHOICE_311) next = check_311(o);
    if (next == OPTIONS_RUN && optind != argc) next = wrong("%s: not expected", argv[optind]);
    if (next == OPTIONS_RUN && client_config_load(&o->config, &message) != OK)
        next = bad_settings(buf_cstr(&message));
    buf_clear(&message);
    return next == OPTIONS_RUN ? check(o) : next;
}

void options_clear(struct client_options *o)
{
    client_config_clear(&o->config);
}
