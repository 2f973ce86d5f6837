#ifndef BROKER_WIRE_H
#define BROKER_WIRE_H

#include "broker/config.h"
#include "common/base/fault.h"

#include <uv.h>

/*
 * The broker's shell on a libuv loop: the listener, its links, the clock and the timer. It feeds events to the core and
 * performs the effects; it decides nothing.
 */
struct wire;

/* Opens the listener. `config` outlives the wire or its next wire_reconfigure(). Errors: ERR_IO, ERR_MALFORMED, ERR_PROTOCOL,
 * ERR_NO_MEMORY, ERR_INTERNAL, with one line in `why`. */
MUST_USE enum err wire_open(uv_loop_t *loop, const struct broker_config *config, struct wire **out,
                            struct fault *why);

/* Could it be opened, as far as that can be said without listening? `why` as there. */
MUST_USE enum err wire_test(const struct broker_config *config, struct fault *why);

const char *wire_host(const struct wire *w);
uint16_t wire_port(const struct wire *w);

/* From now on these settings hold; those of the listener stay as they were. */
void wire_reconfigure(struct wire *w, const struct broker_config *config);
/* A runner's jump, in seconds, on top of earlier ones. */
void wire_jump(struct wire *w, int64_t seconds);
/* Says goodbye to everybody and lets go of the loop; the second call does not wait for the flushing. */
void wire_shut(struct wire *w);
/* After the loop has ended. */
void wire_free(struct wire *w);

#endif
