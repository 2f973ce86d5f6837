#include "scenarios/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/shell.h"
#include "scenarios/options.h"
#include "scenarios/product.h"
#include "scenarios/settings.h"

enum { LIFETIME = 120, START_MS = 10000, STOP_MS = 5000 };

struct sandbox {
    const char *bin, *dir;
    uv_loop_t loop;
    uv_signal_t stop[2];
    uv_timer_t limit;
    struct world world;
    struct settings settings;
    struct product *as, *broker;
    bool stopping, late;
    struct buf message;
};

/* --- waiting --- */

static void on_stop(uv_signal_t *s, int number)
{
    struct sandbox *b = s->data;

    (void)number;
    b->stopping = true;
}

static void on_limit(uv_timer_t *t)
{
    struct sandbox *b = t->data;

    b->late = true;
}

static void open_loop(struct sandbox *b)
{
    static const int numbers[] = { SIGINT, SIGTERM };

    uv_loop_init(&b->loop);
    uv_timer_init(&b->loop, &b->limit);
    b->limit.data = b;
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&b->loop, &b->stop[i]);
        b->stop[i].data = b;
        uv_signal_start(&b->stop[i], on_stop, numbers[i]);
    }
}

static void close_loop(struct sandbox *b)
{
    uv_close((uv_handle_t *)&b->limit, NULL);
    for (int i = 0; i < 2; i++) uv_close((uv_handle_t *)&b->stop[i], NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    uv_loop_close(&b->loop);
}

/* --- a server --- */

static enum err tell_end(struct sandbox *b, struct product *p, const char *name)
{
    buf_format(&b->message, "%s: ", name);
    if (!product_failed(p, &b->message)) buf_str(&b->message, "ended");
    buf_format(&b->message, "; its last words are in %s/%s.err", b->dir, name);
    return ERR_IO;
}

/* Up, and its port is known. ERR_WAITING: somebody wants an end before that. */
static enum err start(struct sandbox *b, const char *name, struct product **out, uint16_t *port)
{
    char program[512], config[512];
    struct product_call call = { .name = name, .args = { program, "--config", config }, .dir = b->dir };
    int64_t number = 0;

    snprintf(program, sizeof program, "%s/ace-%s", b->bin, name);
    snprintf(config, sizeof config, "%s/%s.json", b->dir, name);
    TRY(product_start(&b->loop, &call, out, &b->message));
    b->late = false;
    uv_timer_start(&b->limit, on_limit, START_MS, 0);
    while (!product_ready(*out) && !product_exited(*out) && !b->late && !b->stopping)
        uv_run(&b->loop, UV_RUN_ONCE);
    uv_timer_stop(&b->limit);
    if (b->stopping) return ERR_WAITING;
    if (!product_ready(*out)) return tell_end(b, *out, name);
    doc_int(doc_get(product_ready(*out), "port"), &number);
    *port = (uint16_t)number;
    return OK;
}

static void end(struct sandbox *b, struct product *p)
{
    if (!p) return;
    product_terminate(p);
    b->late = false;
    uv_timer_start(&b->limit, on_limit, STOP_MS, 0);
    while (!product_exited(p) && !b->late) uv_run(&b->loop, UV_RUN_ONCE);
    uv_timer_stop(&b->limit);
    product_kill(p);
    product_close(p);
}

/* --- what to try --- */

/* In `text` each ^ is the command's beginning: "build/bin/ace-client", and each @ the folder. */
static void show_command(const struct sandbox *b, const char *text)
{
    struct buf bin = { 0 }, dir = { 0 };

    shell_word(&bin, span_str(options_from_here(b->bin)));
    shell_word(&dir, span_str(b->dir));
    for (; *text; text++) {
        if (*text == '^')
            printf("%s/ace-client", buf_cstr(&bin));
        else if (*text == '@')
            fputs(buf_cstr(&dir), stdout);
        else
            putchar(*text);
    }
    putchar('\n');
    buf_clear(&bin);
    buf_clear(&dir);
}

static void show(const struct sandbox *b)
{
    static const char *const lines[] = {
        "# a subscriber, whose token lives two minutes and is renewed after one, on the living connection",
        "^ sub --config @/display.json -t 'room/#' -v --renew-before 60 &",
        "",
        "# a publisher: the subscriber prints what it says",
        "^ pub --config @/sensor.json -t room/temperature -m 21.5 -q 1 -v",
        "",
        "# refused by the AS, by its policy; then by the broker, by the token's scope",
        "^ pub --config @/sensor.json -t door/lock -m open -q 1",
        "^ pub --config @/sensor.json --scope 'pub:room/#' -t door/lock -m open -q 1",
        "",
        "# a token in a file, a second subscriber that lives by it, and its revocation, which ends that",
        "^ token --config @/display.json --scope 'sub:room/#' --out @/token.json -v",
        "^ sub --config @/display.json --id display2 --token @/token.json -t 'room/#' -v &",
        "^ revoke --config @/display.json --token @/token.json",
        "",
        "# other proofs: by challenge, in TLS by raw public key or pre-shared key; and MQTT 3.1.1",
        "^ pub --config @/sensor.json --pop challenge -t room/temperature -m 22 -q 1 -v",
        "^ pub --config @/sensor.json --pop rpk --pop-key ed25519 -t room/temperature -m 22 -q 1 -v",
        "^ pub --config @/sensor.json --pop psk -t room/temperature -m 22 -q 1 -v",
        "^ pub --config @/sensor.json -V 311 -t room/temperature -m 22 -q 1 -v",
        "",
        "# the first subscriber, which has heard all of it, goes",
        "kill %1",
    };

    printf("authorization server   https://" WORLD_HOST ":%u/token   ", b->world.as_port);
    show_command(b, "tail -f @/as.err");
    printf("broker                 " WORLD_HOST ":%u                  ", b->world.broker_port);
    show_command(b, "tail -f @/broker.err");
    printf("\nIn another terminal:\n\n");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) show_command(b, lines[i]);
    printf("\nControl-C ends it.\n");
    fflush(stdout);
}

/* --- life --- */

static enum err prepare(struct sandbox *b)
{
    if (mkdir(b->dir, 0700) != 0 && errno != EEXIST) {
        buf_format(&b->message, "%s: %s", b->dir, strerror(errno));
        return ERR_IO;
    }
    TRY(world_make(NULL, &b->world));
    TRY(settings_keys(&b->settings, &b->message));
    return settings_as(&b->settings, &b->message);
}

static enum err open_all(struct sandbox *b)
{
    TRY(prepare(b));
    TRY(start(b, "as", &b->as, &b->world.as_port));
    TRY(settings_broker(&b->settings, &b->message));
    TRY(start(b, "broker", &b->broker, &b->world.broker_port));
    TRY(settings_client(&b->settings, 1, "sensor.json", &b->message));
    return settings_client(&b->settings, 2, "display.json", &b->message);
}

static enum err live(struct sandbox *b)
{
    while (!b->stopping && !product_exited(b->as) && !product_exited(b->broker))
        uv_run(&b->loop, UV_RUN_ONCE);
    if (b->stopping) return OK;
    return product_exited(b->as) ? tell_end(b, b->as, "as") : tell_end(b, b->broker, "broker");
}

enum status sandbox_run(const char *bin, const char *dir)
{
    struct sandbox b = { .bin = bin, .dir = dir };

    b.settings = (struct settings){ .world = &b.world,
                                    .dir = dir,
                                    .issuer = "https://localhost",
                                    .policy = "pubsub:room/#",
                                    .open_topics = WORLD_PUBLIC,
                                    .lifetime = LIFETIME,
                                    .asks_as = true,
                                    .for_people = true };
    open_loop(&b);
    enum err e = open_all(&b);
    if (e == OK) {
        show(&b);
        e = live(&b);
    }
    end(&b, b.broker);
    end(&b, b.as);
    close_loop(&b);
    product_free(b.broker);
    product_free(b.as);
    world_clear(&b.world);
    bool fine = e == OK || e == ERR_WAITING;
    if (!fine)
        fprintf(stderr, "ace-scenarios: %s\n", b.message.n ? buf_cstr(&b.message) : err_wire(e)->words);
    buf_clear(&b.message);
    return fine ? STATUS_FINE : STATUS_ERROR;
}
