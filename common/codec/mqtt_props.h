#ifndef CODEC_MQTT_PROPS_H
#define CODEC_MQTT_PROPS_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/reader.h"

/* MQTT 5 2.2.2.2: property identifiers. Enumerators are the wire values. */
/* clang-format off */
enum mqtt_prop {
    PROP_PAYLOAD_FORMAT = 0x01, PROP_MESSAGE_EXPIRY = 0x02, PROP_CONTENT_TYPE = 0x03, PROP_RESPONSE_TOPIC = 0x08,
    PROP_CORRELATION = 0x09, PROP_SUBSCRIPTION_ID = 0x0B, PROP_SESSION_EXPIRY = 0x11, PROP_ASSIGNED_CLIENT_ID = 0x12,
    PROP_SERVER_KEEP_ALIVE = 0x13, PROP_AUTH_METHOD = 0x15, PROP_AUTH_DATA = 0x16, PROP_REQUEST_PROBLEM = 0x17,
    PROP_WILL_DELAY = 0x18, PROP_REQUEST_RESPONSE = 0x19, PROP_RESPONSE_INFO = 0x1A, PROP_SERVER_REFERENCE = 0x1C,
    PROP_REASON_STRING = 0x1F, PROP_RECEIVE_MAXIMUM = 0x21, PROP_TOPIC_ALIAS_MAXIMUM = 0x22, PROP_TOPIC_ALIAS = 0x23,
    PROP_MAXIMUM_QOS = 0x24, PROP_RETAIN_AVAILABLE = 0x25, PROP_USER = 0x26, PROP_MAXIMUM_PACKET = 0x27,
    PROP_WILDCARD_AVAILABLE = 0x28, PROP_SUBSCRIPTION_ID_AVAILABLE = 0x29, PROP_SHARED_AVAILABLE = 0x2A
};
/* clang-format on */

enum { MQTT_MAX_USER_PROPS = 64, MQTT_MAX_SUBSCRIPTION_IDS = 32 };

struct mqtt_user {
    struct span name, value;
};

/*
 * Every property a packet may carry. Plain data; spans borrow. A property is present iff its bit is in `has`:
 * props_has(), and props_set_*() on the way out. Integers of every width live in `number`.
 */
struct mqtt_props {
    uint64_t has;            /* bit per identifier */
    uint32_t number[0x2B];   /* by identifier: byte, two-byte, four-byte and variable integers */
    struct span bytes[0x2B]; /* by identifier: strings and binary data */
    size_t users;
    struct mqtt_user user[MQTT_MAX_USER_PROPS];
    size_t sub_ids; /* PUBLISH may carry several */
    uint32_t sub_id[MQTT_MAX_SUBSCRIPTION_IDS];
};

static inline bool props_has(const struct mqtt_props *p, enum mqtt_prop id)
{
    return p->has >> id & 1;
}

/* Forgets every property. What lies in user[] and sub_id[] beyond their counts means nothing. */
void props_clear(struct mqtt_props *p);

/* `id` must be of a number kind (or of text or binary kind). PROP_SUBSCRIPTION_ID adds one more; over the limit: dropped. */
void props_set_number(struct mqtt_props *p, enum mqtt_prop id, uint32_t v);
void props_set_bytes(struct mqtt_props *p, enum mqtt_prop id, struct span v);
void props_add_user(struct mqtt_props *p, struct span name, struct span value); /* over the limit: dropped */

/* Value of the first User Property of this name; false if there is none. */
bool props_user(const struct mqtt_props *p, const char *name, struct span *value);

/* Where properties may stand: one bit per packet type (1 << MQTT_CONNECT ...), bit 0 for the Will. */
enum { PROPS_IN_WILL = 0 };

/*
 * Property length and properties, for packet type `where` (or PROPS_IN_WILL). Clears `out` first. Spans borrow.
 * Errors: ERR_MALFORMED (cut short, bad UTF-8, identifier unknown or not for this packet: MQTT 5 2.2.2.2),
 * ERR_PROTOCOL (doubled, value out of its range, wildcard in the Response Topic), ERR_TOO_LARGE (more user properties
 * or subscription identifiers than we keep).
 */
MUST_USE enum err props_read(struct reader *r, unsigned where, struct mqtt_props *out);

/*
 * Property length and properties in ascending order of identifier, Subscription Identifiers in the order added, the
 * User Properties after all others in the order added. Judges nothing: a property is written wherever it is set.
 */
void props_write(struct buf *out, const struct mqtt_props *p);

/* Is no string or binary datum over 65535 bytes, which props_write() could not write? */
bool props_fit(const struct mqtt_props *p);

/* clang-format off */
enum prop_kind {
    PROP_KIND_BYTE, PROP_KIND_U16, PROP_KIND_U32, PROP_KIND_VARINT, PROP_KIND_TEXT, PROP_KIND_BINARY, PROP_KIND_PAIR
};
/* clang-format on */
bool prop_kind(unsigned id, enum prop_kind *out); /* false: no such property */

/* "Authentication Method", for messages; NULL if unknown. */
const char *prop_name(unsigned id);
/* "auth_method", the short word used in flows and traces (enumerator in lower case); NULL if unknown. */
const char *prop_word(unsigned id);
/* Inverse of prop_word(); 0 if unknown. */
unsigned prop_by_word(const char *word);

#endif
