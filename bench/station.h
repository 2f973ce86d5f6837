#ifndef BENCH_STATION_H
#define BENCH_STATION_H

#include "client/dialog.h"
#include "common/net/link.h"

/*
 * One MQTT connection of the load generator: a link and the client's own dialog on it. Lives inside its owner's memory; after
 * station_close() (or a loss) `over` is called exactly once, and only then may the memory go.
 */
struct station;

struct station_owner {
    void *self;
    void (*event)(void *self, struct station *s, const struct dialog_event *e);
    void (*over)(void *self, struct station *s, const char *why); /* NULL: as we wished */
};

struct station {
    struct station_owner owner;
    struct dialog_connect how; /* facts are filled in when TLS is up */
    struct link *link;
    struct dialog *dialog;
    bool leaving;
};

/* Errors: those of link_connect(), ERR_NO_MEMORY. Then `over` is not called. */
MUST_USE enum err station_open(struct station *s, uv_loop_t *loop, const struct link_target *to,
                               struct tls_config *tls);

/* After calls on the dialog. */
void station_flush(struct station *s);

/* DISCONNECT and close. */
void station_close(struct station *s);

#endif
