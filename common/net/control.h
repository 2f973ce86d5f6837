#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include "common/codec/doc.h"

#include <uv.h>

/* JSON lines on stdin and stdout: how a runner speaks with our programs. Lines are at most CONTROL_MAX_LINE
 * bytes. */
enum { CONTROL_MAX_LINE = 65536 };

struct control;

struct control_owner {
    void *self;
    /* One JSON object, borrowed. `id` is its "id" (0 if absent). Lines that are no object are answered with
     * an error by themselves. */
    void (*step)(void *self, int64_t id, const struct doc *step);
    void (*ended)(void *self); /* the input ended or broke: nobody will speak again; once */
};

struct control_ends {
    int in, out; /* file descriptors: pipe, terminal, file or socket; not closed by us */
};

/* Errors: ERR_IO (not a readable kind), ERR_NO_MEMORY. */
MUST_USE enum err control_open(uv_loop_t *loop, const struct control_ends *ends,
                               const struct control_owner *owner, struct control **out);

/* Writes `READY {...}`. Takes ownership of `what`. Needs no control: programs not driven say it too. */
MUST_USE enum err control_ready(int out, struct doc *what);

/* Writes {"id":3,"ok":true,...fields} or {"id":3,"ok":false,"error":...}. Takes ownership of `fields` (a map,
 * may be NULL). */
MUST_USE enum err control_ok(struct control *c, int64_t id, struct doc *fields);
MUST_USE enum err control_error(struct control *c, int64_t id, const char *error);

/* Writes any JSON object as a line to a descriptor. Takes ownership. Errors: ERR_IO, ERR_NO_MEMORY. */
MUST_USE enum err control_line(int out, struct doc *what);

/* Writes any JSON object as a line: events. Takes ownership. */
MUST_USE enum err control_say(struct control *c, struct doc *what);

/* Stops reading; the loop then drains. Frees. */
void control_close(struct control *c);

#endif
