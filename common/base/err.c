#include "common/base/err.h"

/* clang-format off */
static const struct err_wire wires[ERR_COUNT] = {
    /*                              MQTT5  3.1.1 HTTP  CBOR OAuth                          words                              */
    [OK]                         = { 0x00,  0,   200,  0,   NULL,                          "success"                          },
    [ERR_MALFORMED]              = { 0x81,  0,   400,  1,   "invalid_request",             "malformed"                        },
    [ERR_PROTOCOL]               = { 0x82,  0,   400,  1,   "invalid_request",             "protocol error"                   },
    [ERR_INTERNAL]               = { 0x83,  3,   500,  0,   NULL,                          "internal error"                   },
    [ERR_VERSION]                = { 0x84,  1,   505,  0,   NULL,                          "protocol version not offered"     },
    [ERR_CLIENT_ID]              = { 0x85,  2,   400,  0,   NULL,                          "client identifier not acceptable" },
    [ERR_NOT_AUTHORIZED]         = { 0x87,  5,   401,  2,   "invalid_client",              "not authorized"                   },
    [ERR_UNAVAILABLE]            = { 0x88,  3,   503,  0,   NULL,                          "not available now"                },
    [ERR_SHUTTING_DOWN]          = { 0x8B,  3,   503,  0,   NULL,                          "shutting down"                    },
    [ERR_BAD_METHOD]             = { 0x8C,  5,   400,  0,   NULL,                          "authentication method not offered" },
    [ERR_KEEP_ALIVE]             = { 0x8D,  0,   408,  0,   NULL,                          "keep-alive time passed"           },
    [ERR_TAKEN_OVER]             = { 0x8E,  0,   409,  0,   NULL,                          "session taken over"               },
    [ERR_FILTER]                 = { 0x8F,  0,   400,  0,   NULL,                          "topic filter invalid"             },
    [ERR_TOPIC]                  = { 0x90,  0,   400,  0,   NULL,                          "topic name invalid"               },
    [ERR_ID_IN_USE]              = { 0x91,  0,   409,  0,   NULL,                          "packet identifier in use"         },
    [ERR_ID_UNKNOWN]             = { 0x92,  0,   404,  0,   NULL,                          "packet identifier unknown"        },
    [ERR_RECEIVE_MAX]            = { 0x93,  0,   429,  0,   NULL,                          "receive maximum exceeded"         },
    [ERR_TOPIC_ALIAS]            = { 0x94,  0,   400,  0,   NULL,                          "topic alias invalid"              },
    [ERR_TOO_LARGE]              = { 0x95,  0,   413,  0,   NULL,                          "too large"                        },
    [ERR_RATE]                   = { 0x96,  3,   429,  0,   NULL,                          "rate too high"                    },
    [ERR_QUOTA]                  = { 0x97,  3,   429,  0,   NULL,                          "quota exceeded"                   },
    [ERR_NOT_A_TOKEN]            = { 0x99,  5,   400,  1,   "invalid_request",             "not a token"                      },
    [ERR_RETAIN]                 = { 0x9A,  5,   400,  0,   NULL,                          "retain not offered"               },
    [ERR_QOS]                    = { 0x9B,  5,   400,  0,   NULL,                          "QoS not offered"                  },
    [ERR_SHARED]                 = { 0x9E,  0,   400,  0,   NULL,                          "shared subscriptions not offered" },
    [ERR_WILDCARD]               = { 0xA2,  0,   400,  0,   NULL,                          "wildcards not offered"            },
    [ERR_INVALID_REQUEST]        = { 0x87,  5,   400,  1,   "invalid_request",             "invalid request"                  },
    [ERR_INVALID_CLIENT]         = { 0x87,  5,   401,  2,   "invalid_client",              "client authentication failed"     },
    [ERR_INVALID_GRANT]          = { 0x87,  5,   400,  3,   "invalid_grant",               "grant not valid"                  },
    [ERR_UNAUTHORIZED_CLIENT]    = { 0x87,  5,   400,  4,   "unauthorized_client",         "client may not use this grant"    },
    [ERR_UNSUPPORTED_GRANT]      = { 0x87,  5,   400,  5,   "unsupported_grant_type",      "grant type not offered"           },
    [ERR_INVALID_SCOPE]          = { 0x87,  5,   400,  6,   "invalid_scope",               "scope unknown or not allowed"     },
    [ERR_UNSUPPORTED_POP_KEY]    = { 0x87,  5,   400,  7,   "unsupported_pop_key",         "the broker cannot use this key"   },
    [ERR_INCOMPATIBLE_PROFILES]  = { 0x87,  5,   400,  8,   "incompatible_ace_profiles",   "no profile in common"             },
    [ERR_FORBIDDEN]              = { 0x87,  5,   403,  0,   NULL,                          "no right to this endpoint"        },
    [ERR_NOT_FOUND]              = { 0x00,  0,   404,  0,   NULL,                          "not found"                        },
    [ERR_HTTP_METHOD]            = { 0x00,  0,   405,  0,   NULL,                          "method not allowed"               },
    [ERR_MEDIA_TYPE]             = { 0x00,  0,   415,  1,   "invalid_request",             "media type not offered"           },
    [ERR_TIMEOUT]                = { 0xA0,  0,   504,  0,   NULL,                          "deadline passed"                  },
    [ERR_IO]                     = { 0x83,  0,   500,  0,   NULL,                          "input/output failed"              },
    [ERR_NO_MEMORY]              = { 0x97,  3,   503,  0,   NULL,                          "out of memory"                    },
};

static const char *const reasons[256] = {
    [0x00] = "Success",
    [0x01] = "Granted QoS 1",
    [0x02] = "Granted QoS 2",
    [0x04] = "Disconnect with Will Message",
    [0x10] = "No matching subscribers",
    [0x11] = "No subscription existed",
    [0x18] = "Continue authentication",
    [0x19] = "Re-authenticate",
    [0x80] = "Unspecified error",
    [0x81] = "Malformed Packet",
    [0x82] = "Protocol Error",
    [0x83] = "Implementation specific error",
    [0x84] = "Unsupported Protocol Version",
    [0x85] = "Client Identifier not valid",
    [0x86] = "Bad User Name or Password",
    [0x87] = "Not authorized",
    [0x88] = "Server unavailable",
    [0x89] = "Server busy",
    [0x8A] = "Banned",
    [0x8B] = "Server shutting down",
    [0x8C] = "Bad authentication method",
    [0x8D] = "Keep Alive timeout",
    [0x8E] = "Session taken over",
    [0x8F] = "Topic Filter invalid",
    [0x90] = "Topic Name invalid",
    [0x91] = "Packet Identifier in use",
    [0x92] = "Packet Identifier not found",
    [0x93] = "Receive Maximum exceeded",
    [0x94] = "Topic Alias invalid",
    [0x95] = "Packet too large",
    [0x96] = "Message rate too high",
    [0x97] = "Quota exceeded",
    [0x98] = "Administrative action",
    [0x99] = "Payload format invalid",
    [0x9A] = "Retain not supported",
    [0x9B] = "QoS not supported",
    [0x9C] = "Use another server",
    [0x9D] = "Server moved",
    [0x9E] = "Shared Subscriptions not supported",
    [0x9F] = "Connection rate exceeded",
    [0xA0] = "Maximum connect time",
    [0xA1] = "Subscription Identifiers not supported",
    [0xA2] = "Wildcard Subscriptions not supported",
};
/* clang-format on */

const struct err_wire *err_wire(enum err e)
{
    return &wires[e];
}

const char *reason_name(uint8_t reason)
{
    return reasons[reason] ? reasons[reason] : "Unknown reason code";
}
