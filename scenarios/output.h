#ifndef SCENARIOS_OUTPUT_H
#define SCENARIOS_OUTPUT_H

#include "common/base/span.h"

#include <stdio.h>
#include <uv.h>

/* What a program writes to one of its streams: taken from a pipe, and copied into a file that does not grow beyond MAX_COPIED. Plain members;
 * a zeroed one is closed. It must stay where it is while it is open. */
enum { MAX_COPIED = 2 << 20, OUTPUT_CHUNK = 16384 };

struct output {
    uv_pipe_t pipe;
    FILE *copy;
    size_t copied; /* octets that it has taken, or would have */
    void *self;
    void (*take)(void *self, struct span octets);
    char chunk[OUTPUT_CHUNK];
};

/* `path`: the file, for nobody else's eyes. Set self and take before. Returns 0 or an error of libuv. */
int output_open(struct output *o, uv_loop_t *loop, const char *path);
/* Once the program runs: 0 or an error of libuv. */
int output_begin(struct output *o);

void output_copy(struct output *o, struct span octets);

/* All that stands in the pipe: what a program that has ended wrote last. */
void output_drain(struct output *o);

/* The loop must run afterwards. */
void output_close(struct output *o);

#endif
