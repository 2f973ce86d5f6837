#ifndef CODEC_MQTT_REASON_H
#define CODEC_MQTT_REASON_H

#include "common/codec/mqtt_frame.h"

#include <stdbool.h>

/*
 * MQTT 5 2.4, MQTT 3.1.1 3.2.2.3 and 3.9.3: may a packet of this type carry this Reason Code (3.1.1: return code), in
 * one direction or the other? false for types that carry none.
 */
bool mqtt_reason_valid(enum mqtt_type type, enum mqtt_version version, uint8_t reason);

#endif
