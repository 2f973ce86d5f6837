#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench/station.h"
#include "client/config.h"
#include "client/holding.h"

/* What is asked of a broker, and what it took. Every load is bounded in count and in time (LOAD_MS). */

enum { LOAD_MS = 60000, LOAD_MAX_STATIONS = 2000 };

struct load {
    uv_loop_t *loop;
    struct link_target to;
    struct tls_config *tls;
    struct dialog_connect how; /* each station's, but for its Client Identifier */
    const char *topic;
    unsigned count;    /* connections, messages, or devices */
    unsigned parallel; /* connections under way; messages not yet arrived; subscribers */
    unsigned size;     /* payload bytes */
    uint8_t qos;
};

struct load_result {
    double seconds; /* of the measured part */
    unsigned done;
    const char *failed; /* NULL, or why it ended early */
};

/* `count` times TLS handshake, CONNECT, CONNACK; `parallel` at a time. */
void load_connect(const struct load *l, struct load_result *out);

/* One publisher sends `count` messages to `subscribers` stations, at most `parallel` ahead of the slowest of them. */
void load_publish(const struct load *l, unsigned subscribers, struct load_result *out);

/* Opens `count` connections, says so on standard output, and holds them until standard input ends. */
void load_hold(const struct load *l, struct load_result *out);

#endif
