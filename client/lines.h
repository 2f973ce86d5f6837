#ifndef CLIENT_LINES_H
#define CLIENT_LINES_H

#include "common/base/span.h"

#include <uv.h>

/* Text line by line from a descriptor, one whenever it is asked for, without ever holding up the loop. */
struct lines;

struct lines_owner {
    void *self;
    void (*line)(void *self, struct span line); /* without its end; borrowed */
    void (*ended)(void *self);                  /* no more: end of input, an error, or a line over 16 MiB */
};

struct lines *lines_open(uv_loop_t *loop, int fd,
                         const struct lines_owner *owner); /* NULL: no memory, not readable */
/* Asks for one: `line` or `ended` follows, maybe before this returns. */
void lines_next(struct lines *l);
/* Stops; frees when the loop has let go. NULL is accepted. */
void lines_close(struct lines *l);

#endif
