#include "common/codec/mqtt_reason.h"

enum { CODES_5 = 0xA3, CODES_311 = 0x85 };

/* clang-format off */
enum {
    CONNACK = 1 << MQTT_CONNACK,   PUBACK = 1 << MQTT_PUBACK,     PUBREC = 1 << MQTT_PUBREC,   PUBREL = 1 << MQTT_PUBREL,
    PUBCOMP = 1 << MQTT_PUBCOMP,   SUBACK = 1 << MQTT_SUBACK,     UNSUBACK = 1 << MQTT_UNSUBACK,
    DISCONNECT = 1 << MQTT_DISCONNECT, AUTH = 1 << MQTT_AUTH,
    RECEIVED = PUBACK | PUBREC,    GOES_ON = PUBREL | PUBCOMP,    SUBS = SUBACK | UNSUBACK,    BYE = CONNACK | DISCONNECT,
    ANY = BYE | RECEIVED | GOES_ON | SUBS | AUTH
};

/* MQTT 5 Table 2-6, and the tables of 3.2.2.2, 3.4.2.1 to 3.7.2.1, 3.9.3, 3.11.3, 3.14.2.1 and 3.15.2.1. */
static const uint16_t codes5[CODES_5] = {
    [0x00] = ANY,                       /* Success, Normal disconnection, Granted QoS 0 */
    [0x01] = SUBACK,                    /* Granted QoS 1                                */
    [0x02] = SUBACK,                    /* Granted QoS 2                                */
    [0x04] = DISCONNECT,                /* Disconnect with Will Message                 */
    [0x10] = RECEIVED,                  /* No matching subscribers                      */
    [0x11] = UNSUBACK,                  /* No subscription existed                      */
    [0x18] = AUTH,                      /* Continue authentication                      */
    [0x19] = AUTH,                      /* Re-authenticate                              */
    [0x80] = BYE | RECEIVED | SUBS,     /* Unspecified error                            */
    [0x81] = BYE,                       /* Malformed Packet                             */
    [0x82] = BYE,                       /* Protocol Error                               */
    [0x83] = BYE | RECEIVED | SUBS,     /* Implementation specific error                */
    [0x84] = CONNACK,                   /* Unsupported Protocol Version                 */
    [0x85] = CONNACK,                   /* Client Identifier not valid                  */
    [0x86] = CONNACK,                   /* Bad User Name or Password                    */
    [0x87] = BYE | RECEIVED | SUBS,     /* Not authorized                               */
    [0x88] = CONNACK,                   /* Server unavailable                           */
    [0x89] = BYE,                       /* Server busy                                  */
    [0x8A] = CONNACK,                   /* Banned                                       */
    [0x8B] = DISCONNECT,                /* Server shutting down                         */
    [0x8C] = BYE,                       /* Bad authentication method                    */
    [0x8D] = DISCONNECT,                /* Keep Alive timeout                           */
    [0x8E] = DISCONNECT,                /* Session taken over                           */
    [0x8F] = SUBS | DISCONNECT,         /* Topic Filter invalid                         */
    [0x90] = BYE | RECEIVED,            /* Topic Name invalid                           */
    [0x91] = RECEIVED | SUBS,           /* Packet Identifier in use                     */
    [0x92] = GOES_ON,                   /* Packet Identifier not found                  */
    [0x93] = DISCONNECT,                /* Receive Maximum exceeded                     */
    [0x94] = DISCONNECT,                /* Topic Alias invalid                          */
    [0x95] = BYE,                       /* Packet too large                             */
    [0x96] = DISCONNECT,                /* Message rate too high                        */
    [0x97] = BYE | RECEIVED | SUBACK,   /* Quota exceeded                               */
    [0x98] = DISCONNECT,                /* Administrative action                        */
    [0x99] = BYE | RECEIVED,            /* Payload format invalid                       */
    [0x9A] = BYE,                       /* Retain not supported                         */
    [0x9B] = BYE,                       /* QoS not supported                            */
    [0x9C] = BYE,                       /* Use another server                           */
    [0x9D] = BYE,                       /* Server moved                                 */
    [0x9E] = SUBACK | DISCONNECT,       /* Shared Subscriptions not supported           */
    [0x9F] = BYE,                       /* Connection rate exceeded                     */
    [0xA0] = DISCONNECT,                /* Maximum connect time                         */
    [0xA1] = SUBACK | DISCONNECT,       /* Subscription Identifiers not supported       */
    [0xA2] = SUBACK | DISCONNECT,       /* Wildcard Subscriptions not supported         */
};

/* MQTT 3.1.1 Table 3.1 and 3.9.3. */
static const uint16_t codes311[CODES_311] = {
    [0x00] = CONNACK | SUBACK,          /* Connection Accepted, Maximum QoS 0           */
    [0x01] = CONNACK | SUBACK,          /* unacceptable protocol version, Maximum QoS 1 */
    [0x02] = CONNACK | SUBACK,          /* identifier rejected, Maximum QoS 2           */
    [0x03] = CONNACK,                   /* Server unavailable                           */
    [0x04] = CONNACK,                   /* bad user name or password                    */
    [0x05] = CONNACK,                   /* not authorized                               */
    [0x80] = SUBACK,                    /* Failure                                      */
    [0x84] = CONNACK,                   /* what a broker for MQTT 5 only says [R-V311-03] */
};
/* clang-format on */

bool mqtt_reason_valid(enum mqtt_type type, enum mqtt_version version, uint8_t reason)
{
    if (version == MQTT_V5) return reason < CODES_5 && codes5[reason] >> type & 1;
    return reason < CODES_311 && codes311[reason] >> type & 1;
}
