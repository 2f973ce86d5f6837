#include "common/base/file.h"
#include "tests/check.h"
#include "tests/demo_bed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* `ace-scenarios run --broker ...` as a program: each way it can end has an exit status of its own, and says why. */

/* The folder of a demo, from which it is called; its report goes there too. */
struct bed {
    struct demo demo;
    struct child run;
};

static int run(struct bed *b, const char *const *args)
{
    const char *all[CHILD_MAX_ARGS + 1] = { "run", "--out", "report" };
    size_t n = 3;

    for (size_t i = 0; args[i] && n < CHILD_MAX_ARGS; i++) all[n++] = args[i];
    all[n] = NULL;
    return demo_run(&b->demo, &b->run, "ace-scenarios", all);
}

/* Runs, and looks for what it should say. */
static void ends(struct bed *b, int status, const char *says, const char *const *args)
{
    int got = run(b, args);
    bool said = child_says(&b->run, CHILD_OUT, says) || child_says(&b->run, CHILD_ERR, says);

    CHECK_ROW(got == status, says);
    CHECK_ROW(said, says);
    if (got != status || !said)
        printf("\nstatus %d\n%s%s\n", got, buf_cstr(&b->run.text[CHILD_OUT]),
               buf_cstr(&b->run.text[CHILD_ERR]));
    child_clear(&b->run);
}

static void put_sut(struct bed *b, const char *start, const char *more)
{
    struct buf text = { 0 };

    buf_format(&text, "{\"role\":\"broker\",\"name\":\"it\",\"start\":%s%s}", start, more);
    file_put(b->demo.dir, "it.json", buf_cstr(&text));
    buf_clear(&text);
}

#define OURS     "[\"{bin}/ace-broker\",\"--control\",\"-c\",\"{config}\"]"
#define SHELL(x) "[\"sh\",\"-c\",\"" x "\"]"
#define IT       "discovery/empty-data", "--broker", "it.json", "--jobs", "1"

/* A broker of which nothing but the address is known. */
static void stranger(void)
{
    struct bed b;
    char at[32], as[32], page[160];

    demo_open(&b.demo);
    snprintf(at, sizeof at, "127.0.0.1:%s", b.demo.broker_port);
    snprintf(page, sizeof page,
             "\nnothing was tested: all runs were skipped\n"
             "report: report/foreign/the-broker-at-127.0.0.1-%s/report.html\n0 passed, 0 failed",
             b.demo.broker_port);
    ends(&b, 0, "passed, 0 failed", ARGS("discovery/*", "--broker", at, "--trust", "ca.pem"));
    ends(&b, 2, "needs a token that this broker would trust: give it the AS's key, see docs/adapters.md",
         ARGS("connect/exporter", "--broker", at, "--trust", "ca.pem"));
    ends(&b, 2, page, ARGS("connect/exporter", "--broker", at, "--trust", "ca.pem"));
    ends(&b, 0,
         "it knows the method ace: CONNACK 0x87 with a hint of its AS; authz-info takes tokens; TLS 1.2: "
         "yes; MQTT 3.1.1: yes; raw public keys: yes; PSK: yes",
         ARGS("discovery/*", "--broker", at, "--trust", "ca.pem"));
    ends(&b, 2, "add --trust ca.pem", ARGS("--broker", at));
    ends(&b, 2, "does not hold against --trust: certificate verify failed",
         ARGS("--broker", at, "--trust", "as.pem"));
    ends(&b, 2, "no certificate in PEM in it", ARGS("--broker", at, "--trust", "broker.json"));
    ends(&b, 2, "cannot be reached: 127.0.0.1:1: connection refused",
         ARGS("--broker", "127.0.0.1:1", "--trust", "ca.pem"));
    snprintf(as, sizeof as, "127.0.0.1:%d", b.demo.as_port);
    ends(&b, 2, "is there and speaks TLS, but to CONNECT of MQTT 5 it answers",
         ARGS("--broker", as, "--trust", "ca.pem"));
    ends(&b, 2, "host:port is wanted", ARGS("--broker", "somewhere", "--trust", "ca.pem"));
    ends(&b, 2, "a client is started, so a .json file says how", ARGS("--client", at));
    ends(&b, 2, "--trust goes with", ARGS("--trust", "ca.pem"));
    demo_close(&b.demo);
}

#define NO_LOGIN "token/refused/no-login", "--brief"

/* An AS, which has its token endpoint somewhere. */
static void stranger_as(void)
{
    struct bed b;
    char at[64];

    demo_open(&b.demo);
    snprintf(at, sizeof at, "127.0.0.1:%d", b.demo.as_port);
    ends(&b, 0, "passed, 0 failed", ARGS("token/*", "--as", at, "--trust", "ca.pem"));
    ends(
        &b, 2,
        "asks at /.well-known/oauth-authorization-server, where no standard obliges an AS to have anything\n",
        ARGS("metadata/server", "--as", at, "--trust", "ca.pem"));
    snprintf(at, sizeof at, "https://127.0.0.1:%d/token?tenant=a", b.demo.as_port);
    ends(&b, 0, "1 passed, 0 failed", ARGS(NO_LOGIN, "--as", at, "--trust", "ca.pem"));
    snprintf(at, sizeof at, "127.0.0.1:%d/oauth2/token", b.demo.as_port);
    ends(&b, 2,
         "has no token endpoint at /oauth2/token: it answers POST with 404; is it elsewhere, as in --as "
         "host:port/path?\n",
         ARGS(NO_LOGIN, "--as", at, "--trust", "ca.pem"));
    snprintf(at, sizeof at, "127.0.0.1:%s", b.demo.broker_port);
    ends(&b, 2, " is there, but hangs up on POST /token", ARGS(NO_LOGIN, "--as", at, "--trust", "ca.pem"));
    ends(&b, 2, "host:port or host:port/path is wanted",
         ARGS("--as", "https://somewhere/token", "--trust", "ca.pem"));
    demo_close(&b.demo);
}

/* One that is started, and its file says where. */
static void endpoint(void)
{
    static const char text[] =
        "{\"role\":\"as\",\"name\":\"it\",\"start\":[\"{bin}/ace-as\",\"--control\",\"-c\",\"{config}\"],"
        "\"token_path\":\"%s\"}";
    struct bed b;
    struct buf sut = { 0 };

    demo_make(&b.demo);
    buf_format(&sut, text, "/token?tenant=a");
    file_put(b.demo.dir, "it.json", buf_cstr(&sut));
    ends(&b, 0, "1 passed, 0 failed", ARGS(NO_LOGIN, "--as", "it.json"));
    ends(&b, 0, "1 passed, 0 failed", ARGS("connect/exporter", "--brief", "--all-real", "--as", "it.json"));
    buf_truncate(&sut, 0);
    buf_format(&sut, text, "/oauth2/token");
    file_put(b.demo.dir, "it.json", buf_cstr(&sut));
    ends(&b, 1, "got      404\n", ARGS(NO_LOGIN, "--as", "it.json"));
    file_put(b.demo.dir, "that's it.json", buf_cstr(&sut));
    ends(&b, 1,
         "\n        ace-scenarios run token/refused/no-login --variant enc=json --under as --as 'that'\\''s "
         "it.json' "
         "--patience 1.0 --out report\n",
         ARGS(NO_LOGIN, "--as", "that's it.json", "--patience", "1.0"));
    buf_clear(&sut);
    demo_drop(&b.demo);
}

/* Its hint names another AS than it should. */
#define MISLEADING                                                                                     \
    SHELL("sed 's,\\\"as_uri\\\": \\\"[^\\\"]*,\\\"as_uri\\\": \\\"https://elsewhere.example/token,' " \
          "{config} "                                                                                  \
          ">{dir}/misleading.json; exec {bin}/ace-broker --control -c {dir}/misleading.json")

/* It is started, passes, fails, is known to fail, and is known to fail no more. */
static void verdicts(void)
{
    struct bed b;

    demo_make(&b.demo);
    put_sut(&b, OURS, "");
    ends(&b, 0, "2 passed, 0 failed, 0 skipped", ARGS(IT));
    put_sut(&b, OURS, ",\"known\":\"it.known\"");
    file_put(b.demo.dir, "it.known", "R-DISC-01\tuntil=2099-01\tit refuses in its own way\n");
    ends(&b, 2, "it.known is out of date: line 1, R-DISC-01: it is kept now", ARGS(IT));
    put_sut(&b, MISLEADING, "");
    ends(&b, 1, "0 passed, 2 failed, 0 skipped", ARGS(IT));
    put_sut(&b, MISLEADING, ",\"known\":\"it.known\"");
    file_put(b.demo.dir, "it.known", "R-DISC-04\tuntil=2099-01\tit names another AS\n");
    ends(&b, 0, "known (it.known:1, R-DISC-04): it names another AS", ARGS(IT));
    file_put(b.demo.dir, "it.known", "R-DISC-04\tuntil=2020-01\tit names another AS\n");
    ends(&b, 2, "R-DISC-04: its time is over", ARGS(IT));
    file_put(b.demo.dir, "it.known", "conect/exporter\tuntil=2099-01\tit has another name\n");
    ends(&b, 2, "line 1: no scenario is called conect/exporter; nearest: connect/exporter", ARGS(IT));
    file_put(b.demo.dir, "it.known", "R-DISC-04\tit names another AS\n");
    ends(&b, 2, "it.known: line 1: expected until=YYYY-MM", ARGS(IT));
    demo_drop(&b.demo);
}

#define IT_SHORT "discovery/empty-data", "--broker", "it.json", "--variant", "data=zero", "--patience", "0.1"
#define EXPECTED "; docs/adapters.md says what is expected"

/* What does not say READY: what it did instead, and where that is. Nobody is judged. */
static void unready(void)
{
    struct bed b;

    demo_make(&b.demo);
    put_sut(&b, "[\"/nowhere/broker\"]", "");
    ends(&b, 2, "broker did not start: /nowhere/broker: no such file or directory", ARGS(IT));
    ends(&b, 2, "\nno verdict: 2 runs, where the runner, a setting or a program's start is at fault\n",
         ARGS(IT));
    put_sut(&b, SHELL("echo no port for me >&2; exit 3"), "");
    ends(&b, 2,
         "broker did not start: no port for me (it ended with status 3 before the line READY; it wrote "
         "nothing to its "
         "standard output)" EXPECTED
         "; see report/foreign/it/runs/discovery/empty-data/data=zero/broker/broker.err\n",
         ARGS(IT));
    put_sut(&b, "[\"true\"]", "");
    ends(&b, 2,
         "broker did not start: it ended with status 0 before the line READY; it wrote nothing to its "
         "standard "
         "output" EXPECTED "\n",
         ARGS(IT_SHORT));
    put_sut(&b, SHELL("echo READY; cat"), "");
    ends(&b, 2,
         "broker did not start: it wrote no line READY in time; its first line was \"READY\"" EXPECTED
         "; see report/foreign/it/runs/discovery/empty-data/data=zero/broker/broker.out\n",
         ARGS(IT_SHORT));
    put_sut(&b, SHELL("printf 'READY {}'; cat"), "");
    ends(&b, 2, "it wrote no line READY in time; it wrote \"READY {}\" without the end of a line" EXPECTED,
         ARGS(IT_SHORT));
    ends(&b, 2, ": not tried: the first 3 runs came to nothing: broker did not start: ",
         ARGS("connect/wrong/proof-length", "--broker", "it.json", "--jobs", "1", "--patience", "0.1"));
    put_sut(&b, "[\"node\", \"{here}/there.mjs\"]", "");
    ends(&b, 2, "it.json:1:47: ./there.mjs is not there", ARGS(IT));
    put_sut(&b, SHELL("echo READY {}; cat"), "");
    ends(&b, 2, "READY names no port, as READY {\"port\":8883} does", ARGS(IT));
    demo_drop(&b.demo);
}

/* A port that takes connections, and says nothing on them. */
static int listen_mutely(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 16) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* It is gone while its answer is waited for, and no list of known failures excuses that. */
static void leaves(struct bed *b)
{
    struct buf start = { 0 };
    int port = 0, fd = listen_mutely(&port);

    buf_format(&start, SHELL("echo READY {\\\\\\\"port\\\\\\\":%d}"), port);
    put_sut(b, buf_cstr(&start), ",\"known\":\"it.known\"");
    file_put(b->demo.dir, "it.known", "discovery/*\tuntil=2099-01\tit has no AS to name\n");
    ends(b, 1, "ended with status 0 before it was told to stop", ARGS(IT, "--variant", "data=zero"));
    buf_clear(&start);
    close(fd);
}

/* What crashes, before or behind READY, or hangs has failed. */
static void falling(void)
{
    struct bed b;

    demo_make(&b.demo);
    put_sut(&b, SHELL("kill -SEGV $$"), "");
    ends(&b, 1, "ended by signal 11", ARGS(IT, "--variant", "data=zero"));
    ends(&b, 1, "\n0 passed, 2 failed, 0 skipped\n", ARGS(IT));
    put_sut(&b, SHELL("echo READY {\\\\\\\"port\\\\\\\":1}; kill -SEGV $$"), "");
    ends(&b, 1, "ended by signal 11", ARGS(IT, "--variant", "data=zero"));
    leaves(&b);
    put_sut(&b,
            SHELL("trap '' TERM; echo READY {\\\\\\\"port\\\\\\\":1}; while :; do read x || exec tail -f "
                  "/dev/null; done"),
            "");
    ends(&b, 1, "did not stop when asked to", ARGS(IT, "--variant", "data=zero", "--patience", "0.1"));
    demo_drop(&b.demo);
}

/* A named pipe there, of which we have the end to read. */
static int open_pipe(const struct bed *b, const char *name)
{
    char path[96];

    snprintf(path, sizeof path, "%s/%s", b->demo.dir, name);
    CHECK(mkfifo(path, 0600) == 0);
    return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void drop_pipe(const struct bed *b, const char *name)
{
    char path[96];

    snprintf(path, sizeof path, "%s/%s", b->demo.dir, name);
    unlink(path);
}

/* Nobody has the other end any more, after somebody wrote this. */
static bool was_left(int fd, const char *text)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char got[64];
    size_t n = 0;
    ssize_t more = 0;

    while (n < sizeof got && poll(&p, 1, CHILD_PATIENCE_MS) == 1 &&
           (more = read(fd, got + n, sizeof got - n)) > 0)
        n += (size_t)more;
    close(fd);
    return more == 0 && span_eq(span(got, n), span_str(text));
}

/* Starts somebody, waits until he is up, and is a broker. */
#define HELPED(x)                                                                \
    "mkfifo up$$\n(" x "; echo up >up$$; while :; do sleep 1; done) 3>alive &\n" \
    "read -r up <up$$\nexec \"$1/ace-broker\" --control -c \"$2\"\n"

static const struct leaving {
    const char *script;
    int status;
    const char *says;
} leavings[] = {
    { HELPED("trap 'echo bye >&3; exit' TERM"), 0, "bye\n" },
    { HELPED("trap 'echo no >&3' TERM"), 0, "no\n" },
    { "exec 3>alive\necho 'READY {\"port\":1}'\nsleep 1000\n", 1, "" },
};

/* What it has started ends with the run: it is asked to, and then has to. */
static void left_behind(void)
{
    const struct leaving *l;
    struct bed b;

    demo_make(&b.demo);
    put_sut(&b, "[\"sh\",\"{here}/it.sh\",\"{bin}\",\"{config}\"]", "");
    for (EACH_ROW(l, leavings)) {
        int alive = open_pipe(&b, "alive");
        file_put(b.demo.dir, "it.sh", l->script);
        ends(&b, l->status, "0 skipped",
             ARGS("discovery/empty-data", "--broker", "it.json", "--variant", "data=zero"));
        CHECK_ROW(was_left(alive, l->says), l->script);
        drop_pipe(&b, "alive");
    }
    demo_drop(&b.demo);
}

/* Of a run's folder: is it only ours to read, and no larger than two MiB and what says that it was cut? */
static void check_cut(const struct bed *b, const char *name)
{
    static const char cut[] = "\n[cut here: no more than 2097152 octets are kept]\n";
    char path[200];
    struct buf text = { 0 }, why = { 0 };
    struct stat st;

    snprintf(path, sizeof path, "%s/report/foreign/it/runs/discovery/empty-data/data=zero/broker/%s",
             b->demo.dir, name);
    CHECK_ROW(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, name);
    CHECK_ROW(file_read(path, &text, &why) == OK && text.n == (2 << 20) + strlen(cut), name);
    CHECK_ROW(text.n > strlen(cut) && span_is(span(text.p + text.n - strlen(cut), strlen(cut)), cut), name);
    buf_clear(&text);
    buf_clear(&why);
}

/* What somebody else's program writes has an end. */
static void talkative(void)
{
    struct bed b;

    demo_make(&b.demo);
    put_sut(
        &b,
        SHELL(
            "head -c 3000000 /dev/zero | tr '\\\\0' x | fold -w 1000; head -c 3000000 /dev/zero >&2; exit 3"),
        "");
    ends(&b, 2, "it ended with status 3", ARGS(IT_SHORT, "--patience", "1"));
    check_cut(&b, "broker.out");
    check_cut(&b, "broker.err");
    demo_drop(&b.demo);
}

/* Waits until somebody writes there. */
static bool is_heard(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char byte;

    return poll(&p, 1, CHILD_PATIENCE_MS) == 1 && read(fd, &byte, 1) == 1;
}

static void interrupt(struct bed *b, int number)
{
    struct bed second = { .demo = b->demo };
    char path[96];
    struct buf text = { 0 }, why = { 0 };

    snprintf(path, sizeof path, "%s/begun", b->demo.dir);
    CHECK(mkfifo(path, 0600) == 0);
    int begun = open(path, O_RDWR | O_CLOEXEC), alive = open_pipe(b, "alive");
    child_start(&b->run, b->demo.dir, "ace-scenarios", ARGS("run", "--out", "report", IT));
    CHECK(is_heard(begun));
    ends(&second, 2, "another run writes to report/foreign/it; --out DIR takes another folder\n", ARGS(IT));
    kill(b->run.pid, number);
    CHECK(child_wait(&b->run) == 130);
    CHECK(child_says(&b->run, CHILD_ERR, "interrupted; report/foreign/it/report.html holds the 1 of 2 runs"));
    CHECK(child_says(&b->run, CHILD_OUT, "1 passed, 0 failed, 1 skipped"));
    CHECK(was_left(alive, ""));
    drop_pipe(b, "alive");
    child_clear(&b->run);
    close(begun);
    unlink(path);
    snprintf(path, sizeof path, "%s/report/foreign/it/report.json", b->demo.dir);
    CHECK(file_read(path, &text, &why) == OK && strstr(buf_cstr(&text), "\"interrupted\"") != NULL);
    buf_clear(&text);
    buf_clear(&why);
}

/* While it runs, nobody else may write there. Interrupted: what was played until then is in the report, the rest is counted as skipped, and nobody is left behind: a program that did
 * would keep the other end of our pipes. */
static void interrupted(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct bed b;

    demo_make(&b.demo);
    put_sut(&b,
            SHELL("if mv first second 2>/dev/null; then exec {bin}/ace-broker --control -c {config}; fi; "
                  "trap '' TERM; exec 3>alive; sleep 1000 & echo x >begun; exec tail -f /dev/null 3>&-"),
            "");
    for (int i = 0; i < 3; i++) {
        file_put(b.demo.dir, "first", "");
        interrupt(&b, numbers[i]);
    }
    demo_drop(&b.demo);
}

/* It cannot do anything, and tells what it was told that comes next. */
static const char unable[] = "echo 'READY {}'\n"
                             "while read -r line; do\n"
                             "    case $line in *stop*) exit 0 ;; esac\n"
                             "    next=${line##*'\"next\":'}\n"
                             "    next=${next##*'\"do\":\"'}\n"
                             "    id=${line##*'\"id\":'}\n"
                             "    echo \"{\\\"id\\\":${id%\\}},\\\"ok\\\":false,\"\\\n"
                             "\"\\\"error\\\":\\\"unsupported: nothing like ${next%%'\"'*}\\\"}\"\n"
                             "done\n";

/* A client that says at once that it cannot do a step is not waited for: the run is skipped, not failed. */
static void declining(void)
{
    struct bed b;

    demo_make(&b.demo);
    file_put(b.demo.dir, "unable.sh", unable);
    file_put(b.demo.dir, "it.json",
             "{\"role\":\"client\",\"name\":\"it\",\"start\":[\"sh\",\"{here}/unable.sh\"]}");
    ends(&b, 2, "the client: unsupported: nothing like get-token",
         ARGS("discovery/as-hint", "--client", "it.json", "--jobs", "1"));
    ends(&b, 2,
         "\nnothing was tested: the only run was skipped\nreport: report/foreign/it/report.html\n0 passed, 0 "
         "failed, 1 skipped\n",
         ARGS("psk/uploaded", "--client", "it.json", "--variant", "identity=json,tls=1.3,version=5"));
    demo_drop(&b.demo);
}

/* What it does with each line but `stop`; $id is its number. */
#define ANSWERS(x)                               \
    "echo 'READY {}'\n"                          \
    "while read -r line; do\n"                   \
    "    case $line in *stop*) exit 0 ;; esac\n" \
    "    id=${line##*'\"id\":'}\n"               \
    "    id=${id%\\}}\n"                         \
    "    " x "\n"                                \
    "done\n"

#define WITH "the client answered `get-token` with: "
#define SEE  "; see docs/drive.md\n"

static const struct erring {
    const char *does;
    int status;
    const char *says;
} errings[] = {
    { ANSWERS("echo hello world"), 2, WITH "hello world" SEE },
    { ANSWERS("printf hello"), 2, WITH "hello" SEE },
    { ANSWERS("echo '{\"id\":'"), 2, WITH "{\"id\":" SEE },
    { ANSWERS("echo '{\"done\":true}'"), 2, WITH "{\"done\":true}" SEE },
    { ANSWERS("echo '{\"id\":99,\"ok\":true}'"), 2, WITH "{\"id\":99,\"ok\":true} (the id asked was 1)" SEE },
    { ANSWERS("echo \"{\\\"id\\\":$id,\\\"ok\\\":false}\""), 2,
      WITH "{\"id\":1,\"ok\":false} (what is not ok has an error)" SEE },
    { ANSWERS("exit 0"), 1,
      "  client (the program)\n        expected runs and stops without fault\n"
      "        got      ended with status 0 before it was told to stop\n" },
    { ANSWERS("exit 3"), 1, "        got      ended with status 3\n" },
    { ANSWERS("kill -SEGV $$"), 1, "        got      ended by signal 11" },
    { ANSWERS("echo note; echo \"{\\\"id\\\":$id,\\\"ok\\\":false,\\\"error\\\":\\\"no key\\\"}\""), 1,
      "got      nothing in time; the client answered `get-token` with: no key\n" },
    { ANSWERS(":"), 1, "got      nothing in time; the client has not answered `get-token`\n" },
};

/* A client that speaks otherwise than docs/drive.md is told so: that is no verdict on what it does. One that ends has failed as a program,
 * which breaks no rule; one that only does nothing breaks the rule of what it should have done. */
static void misunderstanding(void)
{
    const struct erring *e;
    struct bed b;

    demo_make(&b.demo);
    file_put(b.demo.dir, "it.json",
             "{\"role\":\"client\",\"name\":\"it\",\"start\":[\"sh\",\"{here}/it.sh\"]}");
    for (EACH_ROW(e, errings)) {
        file_put(b.demo.dir, "it.sh", e->does);
        bool blamed = strstr(e->says, "in time") != NULL;
        run(&b, ARGS("connect/exporter", "--client", "it.json", "--brief", "--patience", "0.2"));
        CHECK_ROW(child_says(&b.run, CHILD_OUT, "R-TOK-01") == blamed, e->does);
        child_clear(&b.run);
        ends(&b, e->status, e->says,
             ARGS("connect/exporter", "--client", "it.json", "--brief", "--patience", "0.2"));
    }
    demo_drop(&b.demo);
}

/* Each subject has a folder of its own: what failed with one is not asked of the other. */
static void subjects(void)
{
    static const char failing[] = "{\"role\":\"broker\",\"name\":\"an other\",\"start\":" SHELL("exit 1") "}";
    struct bed b;

    demo_make(&b.demo);
    put_sut(&b, OURS, "");
    file_put(b.demo.dir, "other.json", failing);
    ends(&b, 2, "report: report/foreign/an-other/report.html\n0 passed, 2 failed",
         ARGS("discovery/empty-data", "--broker", "other.json"));
    ends(&b, 0, "report: report/foreign/it/report.html\n2 passed", ARGS(IT));
    ends(&b, 0, "nothing to run again\n", ARGS(IT, "--only-failed"));
    ends(&b, 2, "0 passed, 2 failed",
         ARGS("discovery/empty-data", "--broker", "other.json", "--only-failed"));
    file_put(
        b.demo.dir, "as.sut.json",
        "{\"role\":\"as\",\"name\":\"A\",\"start\":[\"{bin}/ace-as\",\"--control\",\"-c\",\"{config}\"]}");
    ends(&b, 0, "report: report/foreign/it+A/report.html\n", ARGS(IT, "--as", "as.sut.json"));
    demo_drop(&b.demo);
}

static void wrong_files(void)
{
    struct bed b;

    demo_make(&b.demo);
    ends(&b, 2, "it.json: No such file", ARGS(IT));
    put_sut(&b, OURS, ",\"lacks\":[\"pks\"]");
    ends(&b, 2, "unknown feature pks; nearest: psk", ARGS(IT));
    put_sut(&b, OURS, "");
    ends(&b, 2, "it.json: its role is broker, not as", ARGS("discovery/empty-data", "--as", "it.json"));
    put_sut(&b, OURS, ",\"lacks\":[\"will\"]");
    ends(&b, 2, "it does not declare will", ARGS("will/outside", "--broker", "it.json"));
    demo_drop(&b.demo);
}

CU_TestInfo foreign_tests[] = {
    { "a broker at an address: what it can be asked, and what is wrong with the command", stranger },
    { "an AS at an address, and where its token endpoint is", stranger_as },
    { "an AS that is started, and where its token endpoint is", endpoint },
    { "pass, fail, known, stale: each has its exit status", verdicts },
    { "not started: how, and where it says so", unready },
    { "crashed, hung", falling },
    { "whom it has started ends with it", left_behind },
    { "what it writes is cut", talkative },
    { "interrupted", interrupted },
    { "a client that cannot do what it is told: skipped, and told what comes next", declining },
    { "a client that answers otherwise than docs/drive.md, or not at all", misunderstanding },
    { "each has a folder of its own", subjects },
    { "files that do not hold together", wrong_files },
    CU_TEST_INFO_NULL,
};
