#include "scenarios/demo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "scenarios/settings.h"

enum { DEMO_AS_PORT = 9443, DEMO_BROKER_PORT = 8883 };

static enum err write_all(const struct settings *s, struct buf *message)
{
    TRY(settings_keys(s, message));
    TRY(settings_as(s, message));
    TRY(settings_broker(s, message));
    TRY(settings_client(s, 1, "sensor.json", message));
    return settings_client(s, 2, "display.json", message);
}

int demo_write(const char *dir)
{
    struct world w;
    struct buf message = { 0 };
    struct settings s = { .world = &w,
                          .dir = dir,
                          .issuer = "https://localhost:9443",
                          .as_listen = DEMO_AS_PORT,
                          .broker_listen = DEMO_BROKER_PORT,
                          .policy = "pubsub:room/#",
                          .open_topics = WORLD_PUBLIC,
                          .asks_as = true,
                          .for_people = true };

    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "ace-scenarios: %s: %s\n", dir, strerror(errno));
        return 1;
    }
    enum err e = world_make(NULL, &w);
    w.as_port = DEMO_AS_PORT;
    w.broker_port = DEMO_BROKER_PORT;
    if (e == OK) e = write_all(&s, &message);
    if (e != OK) fprintf(stderr, "ace-scenarios: %s\n", message.n ? buf_cstr(&message) : err_wire(e)->words);
    if (e == OK) printf("%s holds as.json, broker.json, sensor.json, display.json and their keys\n", dir);
    world_clear(&w);
    buf_clear(&message);
    return e == OK ? 0 : 1;
}
