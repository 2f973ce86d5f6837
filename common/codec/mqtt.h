#ifndef CODEC_MQTT_H
#define CODEC_MQTT_H

#include "common/codec/mqtt_frame.h"
#include "common/codec/mqtt_props.h"

/*
 * MQTT 5.0 and 3.1.1 control packets, one plain struct each, decoder and encoder side by side. The two versions differ
 * here and nowhere else. Spans borrow from the frame (decoding) or from the caller (encoding).
 */
enum { MQTT_MAX_FILTERS = 256 };

struct mqtt_will {
    bool present, retain;
    uint8_t qos;
    struct span topic, payload;
};

struct mqtt_connect {
    uint8_t level;       /* as sent: 4 or 5; others decode as far as this byte. Encoding: 0 is `version` */
    bool clean_start;    /* Clean Session in 3.1.1 */
    uint16_t keep_alive; /* seconds */
    struct span client_id;
    struct mqtt_will will;
    bool has_username, has_password;
    struct span username, password;
    struct mqtt_props will_props; /* 5 only */
};

struct mqtt_connack {
    bool session_present;
    uint8_t reason; /* 3.1.1: the return code */
};

struct mqtt_publish {
    bool dup, retain;
    uint8_t qos;
    uint16_t id; /* 0 iff qos is 0 */
    struct span topic, payload;
};

/* PUBACK, PUBREC, PUBREL, PUBCOMP: reason 0 in 3.1.1. */
struct mqtt_ack {
    uint16_t id;
    uint8_t reason;
};

struct mqtt_filter {
    struct span filter;
    uint8_t qos;
    bool no_local, retain_as_published;
    uint8_t retain_handling;
};

struct mqtt_subscribe { /* and UNSUBSCRIBE: filter[].filter only */
    uint16_t id;
    size_t count;
    struct mqtt_filter filter[MQTT_MAX_FILTERS];
};

struct mqtt_suback { /* and UNSUBACK; 3.1.1 UNSUBACK has count 0 */
    uint16_t id;
    size_t count;
    uint8_t reason[MQTT_MAX_FILTERS];
};

struct mqtt_reason { /* DISCONNECT, AUTH */
    uint8_t reason;
};

struct mqtt_packet {
    enum mqtt_type type;
    enum mqtt_version version;
    struct mqtt_props props; /* 5 only; of the packet itself */
    union {
        struct mqtt_connect connect;
        struct mqtt_connack connack;
        struct mqtt_publish publish;
        struct mqtt_ack ack;
        struct mqtt_subscribe subscribe;
        struct mqtt_suback suback;
        struct mqtt_reason reason; /* DISCONNECT, AUTH */
    };
};

/*
 * Decodes one frame. `version` is ignored for CONNECT, which sets it. Topic names and filters are checked as strings
 * (UTF-8, no U+0000), not for wildcards: topic_name_valid() and topic_filter_valid() of common/ace do that. Nothing is
 * judged that needs more than this packet: direction, phase, alias maximum are the session's.
 * Errors: ERR_MALFORMED, ERR_PROTOCOL, ERR_TOO_LARGE (more filters, reasons or properties than we keep), ERR_VERSION
 * (CONNECT of another level or MQTT 3.1), ERR_CLIENT_ID (3.1.1: empty, yet Clean Session 0). On any error `out` still
 * holds the type, and for a CONNECT cut after its level also that level and, in `version`, the version to answer in.
 */
MUST_USE enum err mqtt_decode(const struct mqtt_frame *in, enum mqtt_version version,
                              struct mqtt_packet *out);

/*
 * Appends the packet, fixed header included; the same packet always gives the same bytes (property order: see
 * props_write). For MQTT_V5 short forms are used where the standard allows (reason 0 and no properties). Judges nothing:
 * values and properties are written as they stand. Reads only what its type has; `type` and the counts must be in range.
 * Errors: ERR_TOO_LARGE (over 268435455 or a field over 65535; `out` is as before), ERR_NO_MEMORY (`out` has latched).
 */
MUST_USE enum err mqtt_encode(const struct mqtt_packet *in, struct buf *out);

/* "CONNECT"; NULL for 0 and above 15. */
const char *mqtt_type_name(unsigned type);

#endif
