#include "tests/demo_bed.h"

#include "tests/check.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int demo_run(struct demo *d, struct child *c, const char *name, const char *const *args)
{
    child_start(c, d->dir, name, args);
    return child_end(c);
}

int demo_serve(struct demo *d, struct child *c, const char *name, const char *file)
{
    child_start(c, d->dir, name, ARGS("--config", file));
    CHECK_ROW(child_says(c, CHILD_OUT, "READY") && child_says(c, CHILD_OUT, "}\n"), name);
    const char *at = c->text[CHILD_OUT].n ? strstr(buf_cstr(&c->text[CHILD_OUT]), "\"port\":") : NULL;
    int port = at ? (int)strtol(at + strlen("\"port\":"), NULL, 10) : 0;
    CHECK_ROW(port > 0, name);
    return port;
}

void demo_make(struct demo *d)
{
    struct child c;

    *d = (struct demo){ .dir = "/tmp/ace-programs-XXXXXX" };
    CHECK(mkdtemp(d->dir) != NULL);
    CHECK(demo_run(d, &c, "ace-scenarios", ARGS("demo", d->dir)) == 0);
    child_clear(&c);
    file_edit(d->dir, "as.json", "\"port\": 9443", "\"port\": 0", "as.json");
    file_edit(d->dir, "broker.json", "\"port\": 8883", "\"port\": 0", "broker.json");
}

void demo_start(struct demo *d)
{
    char port[48], origin[48];

    d->as_port = demo_serve(d, &d->as, "ace-as", "as.json");
    snprintf(origin, sizeof origin, "https://127.0.0.1:%d/", d->as_port);
    file_edit(d->dir, "broker.json", "https://127.0.0.1:9443/", origin, "broker.json");
    snprintf(d->as_url, sizeof d->as_url, "%stoken", origin);
    int broker_port = demo_serve(d, &d->broker, "ace-broker", "broker.json");
    snprintf(d->broker_port, sizeof d->broker_port, "%d", broker_port);
    snprintf(port, sizeof port, "\"port\": %d", broker_port);
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "display.json" : "sensor.json";
        file_edit(d->dir, name, "https://127.0.0.1:9443/token", d->as_url, name);
        file_edit(d->dir, name, "\"port\": 8883", port, name);
    }
}

void demo_stop_as(struct demo *d)
{
    kill(d->as.pid, SIGTERM);
    CHECK(child_wait(&d->as) == 0);
    child_clear(&d->as);
}

void demo_restart_as(struct demo *d)
{
    char port[48];

    snprintf(port, sizeof port, "\"port\": %d", d->as_port);
    file_edit(d->dir, "as.json", "\"port\": 0", port, "as2.json");
    CHECK(demo_serve(d, &d->as, "ace-as", "as2.json") == d->as_port);
}

void demo_open(struct demo *d)
{
    demo_make(d);
    demo_start(d);
}

static int drop_file(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s, (void)kind, (void)at;
    return remove(path);
}

void demo_drop(struct demo *d)
{
    nftw(d->dir, drop_file, 8, FTW_DEPTH | FTW_PHYS);
}

void demo_close(struct demo *d)
{
    if (d->broker.pid) kill(d->broker.pid, SIGTERM); /* 0: its end has been waited for already */
    if (d->as.pid) kill(d->as.pid, SIGTERM);
    CHECK(child_wait(&d->broker) == 0);
    CHECK(child_wait(&d->as) == 0);
    child_clear(&d->broker);
    child_clear(&d->as);
    demo_drop(d);
}
