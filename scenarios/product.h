#ifndef SCENARIOS_PRODUCT_H
#define SCENARIOS_PRODUCT_H

#include "common/codec/doc.h"

#include <uv.h>

/*
 * A program under test, started and driven by JSON lines on its standard input and output (docs/adapters.md). Both its outputs go to files
 * of the run's folder, up to MAX_COPIED each.
 */
struct product;

enum { PRODUCT_MAX_ARGS = 16 };

struct product_call {
    const char *name;                       /* "broker": names its files, NAME.out and NAME.err */
    const char *args[PRODUCT_MAX_ARGS + 1]; /* args[0]: the program's path; NULL ends */
    const char *dir;                        /* the run's folder */
    struct product_tap {
        void *self;
        void (*line)(
            void *self,
            const struct doc *line); /* what its links carry; kept out of its files. NULL: nobody listens */
    } tap;
};

/* Errors: ERR_IO with a reason in `message`, ERR_NO_MEMORY. */
MUST_USE enum err product_start(uv_loop_t *loop, const struct product_call *call, struct product **out,
                                struct buf *message);

/* What READY said; NULL until then. Borrowed. */
const struct doc *product_ready(const struct product *p);
bool product_exited(const struct product *p);

/* One JSON line. Takes ownership. ERR_IO once it has exited. */
MUST_USE enum err product_tell(struct product *p, struct doc *line);
/* The next line it wrote (READY aside); NULL: none yet. The caller frees. */
struct doc *product_hear(struct product *p);

/* The last line since it was told something that is neither an answer nor an event, or the beginning of one; appended. */
void product_stray(const struct product *p, struct buf *out);

/* Asks it to stop; product_exited() tells when. */
void product_stop(struct product *p);
/* Asks again, one that hears no lines: SIGTERM, which may then end it. */
void product_terminate(struct product *p);
/* SIGKILL, if it has not ended. Then product_close(). */
void product_kill(struct product *p);
/* Hears and tells nothing any more. The loop must run afterwards for its handles to close; then product_free(). */
void product_close(struct product *p);
void product_free(struct product *p);

/* Where it said no READY: what it did instead, as a clause; has it written anything to its standard output; has a signal ended it? */
void product_silence(const struct product *p, struct buf *why);
bool product_spoke(const struct product *p);
bool product_crashed(const struct product *p);

/* After it exited: what went wrong, appended to `why`: a signal, a status other than 0, an end that nobody
 * asked for, a sanitizer's report. false: nothing. */
bool product_failed(const struct product *p, struct buf *why);

#endif
