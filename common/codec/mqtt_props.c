#include "common/codec/mqtt_props.h"

#include <assert.h>

#include "common/codec/mqtt_frame.h"
#include "common/codec/text.h"

enum { PROP_COUNT = 0x2B };

/* clang-format off */
enum {
    WILL = 1 << PROPS_IN_WILL,         CONNECT = 1 << MQTT_CONNECT,         CONNACK = 1 << MQTT_CONNACK,
    PUBLISH = 1 << MQTT_PUBLISH,       PUBACK = 1 << MQTT_PUBACK,           PUBREC = 1 << MQTT_PUBREC,
    PUBREL = 1 << MQTT_PUBREL,         PUBCOMP = 1 << MQTT_PUBCOMP,         SUBSCRIBE = 1 << MQTT_SUBSCRIBE,
    SUBACK = 1 << MQTT_SUBACK,         UNSUBSCRIBE = 1 << MQTT_UNSUBSCRIBE, UNSUBACK = 1 << MQTT_UNSUBACK,
    DISCONNECT = 1 << MQTT_DISCONNECT, AUTH = 1 << MQTT_AUTH,
    MESSAGE = PUBLISH | WILL,
    ANSWERS = CONNACK | PUBACK | PUBREC | PUBREL | PUBCOMP | SUBACK | UNSUBACK | DISCONNECT | AUTH,
    ALL = ANSWERS | MESSAGE | CONNECT | SUBSCRIBE | UNSUBSCRIBE
};

#define MAX16 UINT16_MAX
#define MAX28 MQTT_MAX_BODY
#define MAX32 UINT32_MAX

/* MQTT 5 Table 2-4 and each property's own sections. `again`: where it may be repeated; min, max: of numbers. */
static const struct rule {
    const char *word, *name;
    uint16_t where, again;
    uint32_t min, max;
    enum prop_kind kind;
} rules[PROP_COUNT] = {
    [PROP_PAYLOAD_FORMAT]            = { "payload_format",            "Payload Format Indicator",         
        MESSAGE,                         0,       0, 1,     PROP_KIND_BYTE },
    [PROP_MESSAGE_EXPIRY]            = { "message_expiry",            "Message Expiry Interval",          
        MESSAGE,                         0,       0, MAX32, PROP_KIND_U32 },
    [PROP_CONTENT_TYPE]              = { "content_type",              "Content Type",                     
        MESSAGE,                         0,       0, 0,     PROP_KIND_TEXT },
    [PROP_RESPONSE_TOPIC]            = { "response_topic",            "Response Topic",                   
        MESSAGE,                         0,       0, 0,     PROP_KIND_TEXT },
    [PROP_CORRELATION]               = { "correlation",               "Correlation Data",                 
        MESSAGE,                         0,       0, 0,     PROP_KIND_BINARY },
    [PROP_SUBSCRIPTION_ID]           = { "subscription_id",           "Subscription Identifier",          
        PUBLISH | SUBSCRIBE,             PUBLISH, 1, MAX28, PROP_KIND_VARINT },
    [PROP_SESSION_EXPIRY]            = { "session_expiry",            "Session Expiry Interval",          
        CONNECT | CONNACK | DISCONNECT,  0,       0, MAX32, PROP_KIND_U32 },
    [PROP_ASSIGNED_CLIENT_ID]        = { "assigned_client_id",        "Assigned Client Identifier",       
        CONNACK,                         0,       0, 0,     PROP_KIND_TEXT },
    [PROP_SERVER_KEEP_ALIVE]         = { "server_keep_alive",         "Server Keep Alive",                
        CONNACK,                         0,       0, MAX16, PROP_KIND_U16 },
    [PROP_AUTH_METHOD]               = { "auth_method",               "Authentication Method",            
        CONNECT | CONNACK | AUTH,        0,       0, 0,     PROP_KIND_TEXT },
    [PROP_AUTH_DATA]                 = { "auth_data",                 "Authentication Data",              
        CONNECT | CONNACK | AUTH,        0,       0, 0,     PROP_KIND_BINARY },
    [PROP_REQUEST_PROBLEM]           = { "request_problem",           "Request Problem Information",      
        CONNECT,                         0,       0, 1,     PROP_KIND_BYTE },
    [PROP_WILL_DELAY]                = { "will_delay",                "Will Delay Interval",              
        WILL,                            0,       0, MAX32, PROP_KIND_U32 },
    [PROP_REQUEST_RESPONSE]          = { "request_response",          "Request Response Information",     
        CONNECT,                         0,       0, 1,     PROP_KIND_BYTE },
    [PROP_RESPONSE_INFO]             = { "response_info",             "Response Information",             
        CONNACK,                         0,       0, 0,     PROP_KIND_TEXT },
    [PROP_SERVER_REFERENCE]          = { "server_reference",          "Server Reference",                 
        CONNACK | DISCONNECT,            0,       0, 0,     PROP_KIND_TEXT },
    [PROP_REASON_STRING]             = { "reason_string",             "Reason String",                    
        ANSWERS,                         0,       0, 0,     PROP_KIND_TEXT },
    [PROP_RECEIVE_MAXIMUM]           = { "receive_maximum",           "Receive Maximum",                  
        CONNECT | CONNACK,               0,       1, MAX16, PROP_KIND_U16 },
    [PROP_TOPIC_ALIAS_MAXIMUM]       = { "topic_alias_maximum",       "Topic Alias Maximum",              
        CONNECT | CONNACK,               0,       0, MAX16, PROP_KIND_U16 },
    [PROP_TOPIC_ALIAS]               = { "topic_alias",               "Topic Alias",                      
        PUBLISH,                         0,       1, MAX16, PROP_KIND_U16 },
    [PROP_MAXIMUM_QOS]               = { "maximum_qos",               "Maximum QoS",                      
        CONNACK,                         0,       0, 1,     PROP_KIND_BYTE },
    [PROP_RETAIN_AVAILABLE]          = { "retain_available",          "Retain Available",                 
        CONNACK,                         0,       0, 1,     PROP_KIND_BYTE },
    [PROP_USER]                      = { "user",                      "User Property",                    
        ALL,                             ALL,     0, 0,     PROP_KIND_PAIR },
    [PROP_MAXIMUM_PACKET]            = { "maximum_packet",            "Maximum Packet Size",              
        CONNECT | CONNACK,               0,       1, MAX32, PROP_KIND_U32 },
    [PROP_WILDCARD_AVAILABLE]        = { "wildcard_available",        "Wildcard Subscription Available",  
        CONNACK,                         0,       0, 1,     PROP_KIND_BYTE },
    [PROP_SUBSCRIPTION_ID_AVAILABLE] = { "subscription_id_available", "Subscription Identifier Available",
        CONNACK,                         0,       0, 1,     PROP_KIND_BYTE },
    [PROP_SHARED_AVAILABLE]          = { "shared_available",          "Shared Subscription Available",    
        CONNACK,                         0,       0, 1,     PROP_KIND_BYTE },
};
/* clang-format on */

static const struct rule *rule_of(unsigned id)
{
    return id < PROP_COUNT && rules[id].word ? &rules[id] : NULL;
}

static uint32_t take_byte(struct reader *r)
{
    return read_u8(r);
}

static uint32_t take_u16(struct reader *r)
{
    return read_u16(r);
}

static void put_byte(struct buf *out, uint32_t v)
{
    buf_u8(out, (uint8_t)v);
}

static void put_u16(struct buf *out, uint32_t v)
{
    buf_u16(out, (uint16_t)v);
}

/* How a number of each kind stands on the wire; the other kinds are no numbers. */
static const struct wire {
    uint32_t (*take)(struct reader *r);
    void (*put)(struct buf *out, uint32_t v);
} wires[] = {
    [PROP_KIND_BYTE] = { take_byte, put_byte },
    [PROP_KIND_U16] = { take_u16, put_u16 },
    [PROP_KIND_U32] = { read_u32, buf_u32 },
    [PROP_KIND_VARINT] = { mqtt_read_varint, mqtt_varint },
};

static enum err take_number(struct reader *r, unsigned id, uint32_t *v)
{
    *v = wires[rules[id].kind].take(r);
    if (r->bad) return ERR_MALFORMED;
    return *v < rules[id].min || *v > rules[id].max ? ERR_PROTOCOL : OK;
}

static enum err read_number(struct reader *r, unsigned id, struct mqtt_props *out)
{
    return take_number(r, id, &out->number[id]);
}

static void write_number(struct buf *out, const struct mqtt_props *p, unsigned id)
{
    mqtt_varint(out, id);
    wires[rules[id].kind].put(out, p->number[id]);
}

static enum err read_sub_id(struct reader *r, unsigned id, struct mqtt_props *out)
{
    uint32_t v;

    TRY(take_number(r, id, &v));
    if (out->sub_ids == MQTT_MAX_SUBSCRIPTION_IDS) return ERR_TOO_LARGE;
    props_set_number(out, id, v);
    return OK;
}

static void write_sub_ids(struct buf *out, const struct mqtt_props *p, unsigned id)
{
    for (size_t i = 0; i < p->sub_ids; i++) {
        mqtt_varint(out, id);
        mqtt_varint(out, p->sub_id[i]);
    }
}

/* MQTT 5 3.3.2.3.5: the Response Topic is a Topic Name, so it has a character and no wildcard. */
static bool names_a_topic(struct span s)
{
    return s.n > 0 && !memchr(s.p, '+', s.n) && !memchr(s.p, '#', s.n);
}

static enum err read_text(struct reader *r, unsigned id, struct mqtt_props *out)
{
    out->bytes[id] = read_bin16(r);
    if (r->bad || !utf8_mqtt(out->bytes[id])) return ERR_MALFORMED;
    return id == PROP_RESPONSE_TOPIC && !names_a_topic(out->bytes[id]) ? ERR_PROTOCOL : OK;
}

static enum err read_binary(struct reader *r, unsigned id, struct mqtt_props *out)
{
    out->bytes[id] = read_bin16(r);
    return r->bad ? ERR_MALFORMED : OK;
}

static void write_bytes(struct buf *out, const struct mqtt_props *p, unsigned id)
{
    mqtt_varint(out, id);
    buf_bin16(out, p->bytes[id]);
}

static enum err read_pair(struct reader *r, unsigned id, struct mqtt_props *out)
{
    struct span name = read_bin16(r), value = read_bin16(r);

    (void)id;
    if (r->bad || !utf8_mqtt(name) || !utf8_mqtt(value)) return ERR_MALFORMED;
    if (out->users == MQTT_MAX_USER_PROPS) return ERR_TOO_LARGE;
    props_add_user(out, name, value);
    return OK;
}

static void write_pairs(struct buf *out, const struct mqtt_props *p, unsigned id)
{
    for (size_t i = 0; i < p->users; i++) {
        mqtt_varint(out, id);
        buf_bin16(out, p->user[i].name);
        buf_bin16(out, p->user[i].value);
    }
}

/* Reads one value; writes all properties of one identifier. */
static const struct form {
    enum err (*read)(struct reader *r, unsigned id, struct mqtt_props *out);
    void (*write)(struct buf *out, const struct mqtt_props *p, unsigned id);
} forms[] = {
    [PROP_KIND_BYTE] = { read_number, write_number }, [PROP_KIND_U16] = { read_number, write_number },
    [PROP_KIND_U32] = { read_number, write_number },  [PROP_KIND_VARINT] = { read_sub_id, write_sub_ids },
    [PROP_KIND_TEXT] = { read_text, write_bytes },    [PROP_KIND_BINARY] = { read_binary, write_bytes },
    [PROP_KIND_PAIR] = { read_pair, write_pairs },
};

static enum err read_one(struct reader *r, unsigned where, struct mqtt_props *out)
{
    unsigned id = mqtt_read_varint(r);
    const struct rule *rule = rule_of(id);

    if (r->bad || !rule || !(rule->where >> where & 1)) return ERR_MALFORMED;
    /* [R-CONN-20] */
    if (props_has(out, id) && !(rule->again >> where & 1)) return ERR_PROTOCOL;
    out->has |= (uint64_t)1 << id;
    return forms[rule->kind].read(r, id, out);
}

enum err props_read(struct reader *r, unsigned where, struct mqtt_props *out)
{
    props_clear(out);
    struct reader in = reader(read_bytes(r, mqtt_read_varint(r)));
    if (r->bad) return ERR_MALFORMED;
    while (in.left.n) TRY(read_one(&in, where, out));
    return OK;
}

static void write_one(struct buf *out, const struct mqtt_props *p, unsigned id)
{
    if (props_has(p, id)) forms[rules[id].kind].write(out, p, id);
}

void props_write(struct buf *out, const struct mqtt_props *p)
{
    struct mqtt_length l = mqtt_open(out, 0);

    for (unsigned id = 0; id < PROP_COUNT && p->has; id++) {
        if (id != PROP_USER) write_one(out, p, id);
    }
    write_one(out, p, PROP_USER);
    mqtt_close(out, l);
}

bool props_fit(const struct mqtt_props *p)
{
    bool fit = true;

    for (unsigned id = 0; id < PROP_COUNT && p->has; id++) {
        if (props_has(p, id)) fit &= p->bytes[id].n <= UINT16_MAX;
    }
    for (size_t i = 0; i < p->users; i++) {
        fit &= p->user[i].name.n <= UINT16_MAX && p->user[i].value.n <= UINT16_MAX;
    }
    return fit;
}

void props_clear(struct mqtt_props *p)
{
    memset(p, 0, offsetof(struct mqtt_props, user));
    p->sub_ids = 0;
}

static void add_sub_id(struct mqtt_props *p, uint32_t v)
{
    if (p->sub_ids < MQTT_MAX_SUBSCRIPTION_IDS) p->sub_id[p->sub_ids++] = v;
}

void props_set_number(struct mqtt_props *p, enum mqtt_prop id, uint32_t v)
{
    assert(rule_of(id) && rules[id].kind <= PROP_KIND_VARINT);
    p->has |= (uint64_t)1 << id;
    p->number[id] = v;
    if (id == PROP_SUBSCRIPTION_ID) add_sub_id(p, v);
}

void props_set_bytes(struct mqtt_props *p, enum mqtt_prop id, struct span v)
{
    assert(rule_of(id) && (rules[id].kind == PROP_KIND_TEXT || rules[id].kind == PROP_KIND_BINARY));
    p->has |= (uint64_t)1 << id;
    p->bytes[id] = v;
}

void props_add_user(struct mqtt_props *p, struct span name, struct span value)
{
    if (p->users == MQTT_MAX_USER_PROPS) return;
    p->has |= (uint64_t)1 << PROP_USER;
    p->user[p->users++] = (struct mqtt_user){ name, value };
}

bool props_user(const struct mqtt_props *p, const char *name, struct span *value)
{
    for (size_t i = 0; i < p->users; i++) {
        if (!span_is(p->user[i].name, name)) continue;
        *value = p->user[i].value;
        return true;
    }
    return false;
}

bool prop_kind(unsigned id, enum prop_kind *out)
{
    if (!rule_of(id)) return false;
    *out = rules[id].kind;
    return true;
}

const char *prop_name(unsigned id)
{
    return rule_of(id) ? rules[id].name : NULL;
}

const char *prop_word(unsigned id)
{
    return rule_of(id) ? rules[id].word : NULL;
}

unsigned prop_by_word(const char *word)
{
    for (unsigned id = 0; id < PROP_COUNT; id++) {
        if (rule_of(id) && strcmp(rules[id].word, word) == 0) return id;
    }
    return 0;
}
