#ifndef CODEC_MQTT_FRAME_H
#define CODEC_MQTT_FRAME_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/reader.h"

/* clang-format off */
enum mqtt_type {
    MQTT_CONNECT = 1, MQTT_CONNACK, MQTT_PUBLISH, MQTT_PUBACK, MQTT_PUBREC, MQTT_PUBREL, MQTT_PUBCOMP, MQTT_SUBSCRIBE,
    MQTT_SUBACK, MQTT_UNSUBSCRIBE, MQTT_UNSUBACK, MQTT_PINGREQ, MQTT_PINGRESP, MQTT_DISCONNECT, MQTT_AUTH
};
/* clang-format on */

enum mqtt_version { MQTT_V311 = 4, MQTT_V5 = 5 };

enum { MQTT_MAX_BODY = 268435455 }; /* four times seven bits */

/* MQTT 5 2.1, MQTT 3.1.1 2.2: fixed header. The body borrows from the input. */
struct mqtt_frame {
    uint8_t first; /* type in the high nibble, flags in the low */
    struct span body;
};

enum mqtt_more { MQTT_FRAME_WHOLE, MQTT_FRAME_MORE };

/*
 * Cuts one packet off `in`. `max` bounds the whole packet and is enforced as soon as the length is known, before the
 * body arrives. *used is the packet's size when MQTT_FRAME_WHOLE, else 0.
 * Errors: ERR_MALFORMED (length over four bytes or not minimal), ERR_TOO_LARGE.
 */
MUST_USE enum err mqtt_frame_next(struct span in, size_t max, struct mqtt_frame *out, size_t *used,
                                  enum mqtt_more *more);

/* Variable byte integer (MQTT 5 1.5.5); v <= MQTT_MAX_BODY, else latches. */
void mqtt_varint(struct buf *out, uint32_t v);

/* Its inverse: over four bytes or not minimal makes the reader bad. */
uint32_t mqtt_read_varint(struct reader *r);

/*
 * A variable byte integer that counts what follows: mqtt_open() reserves the room `expect` bytes need, mqtt_close()
 * writes the length of what was appended since, moving it if the guess was wrong. Latches when over MQTT_MAX_BODY.
 */
struct mqtt_length {
    size_t at, width;
};
struct mqtt_length mqtt_open(struct buf *out, size_t expect);
void mqtt_close(struct buf *out, struct mqtt_length l);

#endif
