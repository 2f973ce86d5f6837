#ifndef SCENARIOS_PACKET_H
#define SCENARIOS_PACKET_H

#include "common/codec/mqtt.h"
#include "scenarios/fields.h"

/* MQTT packets as fields, and back. A new field is one row in vocab.c (properties), or one more here in `slots`. */

/* Adds what the packet holds to `out`. Errors: those of mqtt_decode; then `out` holds what could be read. */
MUST_USE enum err packet_read(const struct mqtt_frame *frame, enum mqtt_version version, struct fields *out);

/* Appends. Fields that are not given are zero or absent; raw and append are written as they are.
 * Errors: those of mqtt_encode; ERR_PROTOCOL (a value that this field cannot hold). */
MUST_USE enum err packet_write(const struct message *m, const struct fields *in, enum mqtt_version version,
                               struct buf *out);

#endif
