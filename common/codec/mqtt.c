#include "common/codec/mqtt.h"

#include <assert.h>

#include "common/codec/mqtt_reason.h"
#include "common/codec/text.h"

/*
 * A packet is parsed, then judged. What does not parse is malformed; what parses and says something the standard does
 * not allow is a protocol error (MQTT 5 1.2). The parsers latch `r.bad`, so they read straight through.
 */
struct input {
    struct reader r;
    uint8_t flags; /* low nibble of the first byte */
};

enum { V311 = 1, V5 = 2, BOTH = V311 | V5 };
enum { OWN_FLAGS = 0x10 }; /* the flags mean something: PUBLISH */
enum { FLAG_RETAIN = 0x01, FLAG_DUP = 0x08 };
enum {
    CONNECT_RESERVED = 0x01,
    CONNECT_CLEAN = 0x02,
    CONNECT_WILL = 0x04,
    CONNECT_WILL_QOS = 0x18,
    CONNECT_WILL_RETAIN = 0x20,
    CONNECT_PASSWORD = 0x40,
    CONNECT_USERNAME = 0x80
};
enum {
    OPTION_QOS = 0x03,
    OPTION_NO_LOCAL = 0x04,
    OPTION_RETAIN_AS_PUBLISHED = 0x08,
    OPTION_RETAIN_HANDLING = 0x30,
    OPTION_RESERVED = 0xC0
};

/* MQTT 5 1.5.4 */
static struct span take_text(struct reader *r)
{
    struct span s = read_bin16(r);

    r->bad |= !utf8_mqtt(s);
    return s;
}

static enum err take_props(struct input *in, struct mqtt_packet *out)
{
    return out->version == MQTT_V5 ? props_read(&in->r, out->type, &out->props) : OK;
}

static void put_props(struct buf *out, const struct mqtt_packet *in)
{
    if (in->version == MQTT_V5) props_write(out, &in->props);
}

static enum err judge_code(const struct mqtt_packet *p, uint8_t reason)
{
    return mqtt_reason_valid(p->type, p->version, reason) ? OK : ERR_PROTOCOL;
}

/* MQTT 5 2.2.1: a Packet Identifier is never 0. */
static enum err judge_id(uint16_t id)
{
    return id == 0 ? ERR_PROTOCOL : OK;
}

static bool fits16(struct span s)
{
    return s.n <= UINT16_MAX;
}

/* CONNECT, MQTT 5 3.1 */

static bool connect_flags_valid(uint8_t flags)
{
    if (flags & CONNECT_RESERVED) return false;
    if (!(flags & CONNECT_WILL)) return !(flags & (CONNECT_WILL_QOS | CONNECT_WILL_RETAIN));
    return (flags & CONNECT_WILL_QOS) != CONNECT_WILL_QOS;
}

/* MQTT 3.1 named itself MQIsdp; whoever speaks neither is no MQTT client. */
static enum err judge_protocol(struct span name, uint8_t level)
{
    if (!span_is(name, "MQTT") && !span_is(name, "MQIsdp")) return ERR_MALFORMED;
    return span_is(name, "MQTT") && (level == MQTT_V311 || level == MQTT_V5) ? OK : ERR_VERSION;
}

static enum err parse_will(struct input *in, struct mqtt_packet *out)
{
    struct mqtt_connect *c = &out->connect;

    if (out->version == MQTT_V5) TRY(props_read(&in->r, PROPS_IN_WILL, &c->will_props));
    c->will.topic = take_text(&in->r);
    c->will.payload = read_bin16(&in->r);
    return OK;
}

static void parse_connect_flags(uint8_t flags, struct mqtt_connect *c)
{
    c->clean_start = flags & CONNECT_CLEAN;
    c->will.present = flags & CONNECT_WILL;
    c->will.qos = flags >> 3 & 3;
    c->will.retain = flags & CONNECT_WILL_RETAIN;
    c->has_username = flags & CONNECT_USERNAME;
    c->has_password = flags & CONNECT_PASSWORD;
}

static enum err parse_connect_head(struct reader *r, struct mqtt_packet *out)
{
    struct mqtt_connect *c = &out->connect;

    *c = (struct mqtt_connect){ 0 };
    struct span protocol = read_bin16(r);
    c->level = read_u8(r);
    if (r->bad) return ERR_MALFORMED;
    out->version = c->level >= MQTT_V5 ? MQTT_V5 : MQTT_V311;
    TRY(judge_protocol(protocol, c->level));
    uint8_t flags = read_u8(r);
    c->keep_alive = read_u16(r);
    r->bad |= !connect_flags_valid(flags);
    parse_connect_flags(flags, c);
    return OK;
}

static enum err parse_connect(struct input *in, struct mqtt_packet *out)
{
    struct mqtt_connect *c = &out->connect;

    TRY(parse_connect_head(&in->r, out));
    TRY(take_props(in, out));
    c->client_id = take_text(&in->r);
    if (c->will.present) TRY(parse_will(in, out));
    if (c->has_username) c->username = take_text(&in->r);
    if (c->has_password) c->password = read_bin16(&in->r);
    return OK;
}

static enum err judge_connect(const struct mqtt_packet *p)
{
    const struct mqtt_connect *c = &p->connect;

    /* [R-CONN-18] */
    if (props_has(&p->props, PROP_AUTH_DATA) && !props_has(&p->props, PROP_AUTH_METHOD)) return ERR_PROTOCOL;
    if (p->version == MQTT_V5) return OK;
    if (c->has_password && !c->has_username) return ERR_PROTOCOL;
    return c->client_id.n == 0 && !c->clean_start ? ERR_CLIENT_ID : OK;
}

static uint8_t connect_flags(const struct mqtt_connect *c)
{
    int flags = c->clean_start ? CONNECT_CLEAN : 0;

    if (c->will.present) flags |= CONNECT_WILL | (c->will.qos << 3 & CONNECT_WILL_QOS);
    if (c->will.present && c->will.retain) flags |= CONNECT_WILL_RETAIN;
    if (c->has_username) flags |= CONNECT_USERNAME;
    if (c->has_password) flags |= CONNECT_PASSWORD;
    return (uint8_t)flags;
}

static void write_connect(struct buf *out, const struct mqtt_packet *in)
{
    const struct mqtt_connect *c = &in->connect;

    buf_bin16(out, span_str("MQTT"));
    buf_u8(out, c->level ? c->level : (uint8_t)in->version);
    buf_u8(out, connect_flags(c));
    buf_u16(out, c->keep_alive);
    put_props(out, in);
    buf_bin16(out, c->client_id);
    if (c->will.present && in->version == MQTT_V5) props_write(out, &c->will_props);
    if (c->will.present) buf_bin16(out, c->will.topic);
    if (c->will.present) buf_bin16(out, c->will.payload);
    if (c->has_username) buf_bin16(out, c->username);
    if (c->has_password) buf_bin16(out, c->password);
}

static bool connect_fits(const struct mqtt_packet *p)
{
    const struct mqtt_connect *c = &p->connect;

    return fits16(c->client_id) && fits16(c->will.topic) && fits16(c->will.payload) && fits16(c->username) &&
           fits16(c->password) && props_fit(&c->will_props);
}

/* CONNACK, MQTT 5 3.2 */

static enum err parse_connack(struct input *in, struct mqtt_packet *out)
{
    uint8_t acknowledge = read_u8(&in->r);

    in->r.bad |= acknowledge > 1;
    out->connack = (struct mqtt_connack){ .session_present = acknowledge & 1, .reason = read_u8(&in->r) };
    return take_props(in, out);
}

/* [MQTT-3.2.2-6]: no refusal with a session */
static enum err judge_connack(const struct mqtt_packet *p)
{
    if (p->connack.session_present && p->connack.reason) return ERR_PROTOCOL;
    return judge_code(p, p->connack.reason);
}

static void write_connack(struct buf *out, const struct mqtt_packet *in)
{
    buf_u8(out, in->connack.session_present);
    buf_u8(out, in->connack.reason);
    put_props(out, in);
}

/* PUBLISH, MQTT 5 3.3 */

static enum err parse_publish(struct input *in, struct mqtt_packet *out)
{
    struct mqtt_publish *p = &out->publish;

    p->dup = in->flags & FLAG_DUP;
    p->qos = in->flags >> 1 & 3;
    p->retain = in->flags & FLAG_RETAIN;
    in->r.bad |= p->qos == 3 || (p->dup && p->qos == 0);
    p->topic = take_text(&in->r);
    p->id = p->qos ? read_u16(&in->r) : 0;
    TRY(take_props(in, out));
    p->payload = read_rest(&in->r);
    return OK;
}

static enum err judge_publish(const struct mqtt_packet *p)
{
    if (p->publish.qos) TRY(judge_id(p->publish.id));
    return p->publish.topic.n == 0 && !props_has(&p->props, PROP_TOPIC_ALIAS) ? ERR_PROTOCOL : OK;
}

static uint8_t publish_flags(const struct mqtt_publish *p)
{
    return (uint8_t)((p->dup ? FLAG_DUP : 0) | (p->qos & 3) << 1 | (p->retain ? FLAG_RETAIN : 0));
}

static void write_publish(struct buf *out, const struct mqtt_packet *in)
{
    buf_bin16(out, in->publish.topic);
    if (in->publish.qos) buf_u16(out, in->publish.id);
    put_props(out, in);
    buf_add(out, in->publish.payload);
}

static bool publish_fits(const struct mqtt_packet *p)
{
    return fits16(p->publish.topic) && p->publish.payload.n <= MQTT_MAX_BODY;
}

/* A reason and properties that may both be left out, or only the properties: MQTT 5 3.4.2.1, 3.14.2.1 */

static enum err parse_tail(struct input *in, struct mqtt_packet *out, uint8_t *reason)
{
    *reason = 0;
    if (out->version == MQTT_V311 || in->r.left.n == 0) return OK;
    *reason = read_u8(&in->r);
    return in->r.left.n ? take_props(in, out) : OK;
}

static void write_tail(struct buf *out, const struct mqtt_packet *in, uint8_t reason)
{
    if (in->version == MQTT_V311 || (reason == 0 && in->props.has == 0)) return;
    buf_u8(out, reason);
    props_write(out, &in->props);
}

/* PUBACK, PUBREC, PUBREL, PUBCOMP, MQTT 5 3.4 to 3.7 */

static enum err parse_ack(struct input *in, struct mqtt_packet *out)
{
    out->ack.id = read_u16(&in->r);
    return parse_tail(in, out, &out->ack.reason);
}

static enum err judge_ack(const struct mqtt_packet *p)
{
    TRY(judge_id(p->ack.id));
    return p->version == MQTT_V5 ? judge_code(p, p->ack.reason) : OK;
}

static void write_ack(struct buf *out, const struct mqtt_packet *in)
{
    buf_u16(out, in->ack.id);
    write_tail(out, in, in->ack.reason);
}

/* SUBSCRIBE and UNSUBSCRIBE, MQTT 5 3.8 and 3.10. Only the former has options, and in 3.1.1 these are the QoS alone. */

/* [MQTT-3.8.3-5]; in 3.1.1 also QoS 3 is malformed, not a protocol error [MQTT-3-8.3-4] */
static bool options_valid(uint8_t options, enum mqtt_version version)
{
    return version == MQTT_V5 ? !(options & OPTION_RESERVED) : options <= 2;
}

static struct mqtt_filter take_filter(struct input *in, const struct mqtt_packet *p)
{
    struct span filter = take_text(&in->r);
    uint8_t options = p->type == MQTT_SUBSCRIBE ? read_u8(&in->r) : 0;

    in->r.bad |= !options_valid(options, p->version);
    return (struct mqtt_filter){
        .filter = filter,
        .qos = options & OPTION_QOS,
        .no_local = options & OPTION_NO_LOCAL,
        .retain_as_published = options & OPTION_RETAIN_AS_PUBLISHED,
        .retain_handling = options >> 4 & 3,
    };
}

static enum err parse_subscribe(struct input *in, struct mqtt_packet *out)
{
    struct mqtt_subscribe *s = &out->subscribe;

    s->id = read_u16(&in->r);
    s->count = 0;
    TRY(take_props(in, out));
    while (in->r.left.n && !in->r.bad) {
        if (s->count == MQTT_MAX_FILTERS) return ERR_TOO_LARGE;
        s->filter[s->count++] = take_filter(in, out);
    }
    return OK;
}

static enum err judge_filter(const struct mqtt_filter *f)
{
    if (f->qos > 2 || f->retain_handling > 2) return ERR_PROTOCOL;
    return f->no_local && span_starts(f->filter, span_str("$share/")) ? ERR_PROTOCOL : OK;
}

static enum err judge_subscribe(const struct mqtt_packet *p)
{
    const struct mqtt_subscribe *s = &p->subscribe;

    TRY(judge_id(s->id));
    for (size_t i = 0; i < s->count; i++) TRY(judge_filter(&s->filter[i]));
    return s->count == 0 ? ERR_PROTOCOL : OK;
}

static uint8_t filter_options(const struct mqtt_filter *f, enum mqtt_version version)
{
    int options = f->qos & OPTION_QOS;

    if (version == MQTT_V311) return (uint8_t)options;
    if (f->no_local) options |= OPTION_NO_LOCAL;
    if (f->retain_as_published) options |= OPTION_RETAIN_AS_PUBLISHED;
    return (uint8_t)(options | (f->retain_handling << 4 & OPTION_RETAIN_HANDLING));
}

static void write_subscribe(struct buf *out, const struct mqtt_packet *in)
{
    const struct mqtt_subscribe *s = &in->subscribe;

    assert(s->count <= MQTT_MAX_FILTERS);
    buf_u16(out, s->id);
    put_props(out, in);
    for (size_t i = 0; i < s->count; i++) {
        buf_bin16(out, s->filter[i].filter);
        if (in->type == MQTT_SUBSCRIBE) buf_u8(out, filter_options(&s->filter[i], in->version));
    }
}

static bool filters_fit(const struct mqtt_packet *p)
{
    bool fit = true;

    for (size_t i = 0; i < p->subscribe.count; i++) fit &= fits16(p->subscribe.filter[i].filter);
    return fit;
}

/* SUBACK and UNSUBACK, MQTT 5 3.9 and 3.11. The UNSUBACK of 3.1.1 ends with its identifier. */

static bool has_codes(const struct mqtt_packet *p)
{
    return p->type == MQTT_SUBACK || p->version == MQTT_V5;
}

static enum err parse_suback(struct input *in, struct mqtt_packet *out)
{
    struct mqtt_suback *s = &out->suback;

    s->id = read_u16(&in->r);
    s->count = 0;
    TRY(take_props(in, out));
    if (!has_codes(out)) return OK;
    struct span codes = read_rest(&in->r);
    if (codes.n > MQTT_MAX_FILTERS) return ERR_TOO_LARGE;
    s->count = codes.n;
    if (codes.n) memcpy(s->reason, codes.p, codes.n);
    return OK;
}

static enum err judge_suback(const struct mqtt_packet *p)
{
    const struct mqtt_suback *s = &p->suback;

    TRY(judge_id(s->id));
    for (size_t i = 0; i < s->count; i++) TRY(judge_code(p, s->reason[i]));
    return s->count == 0 && has_codes(p) ? ERR_PROTOCOL : OK;
}

static void write_suback(struct buf *out, const struct mqtt_packet *in)
{
    const struct mqtt_suback *s = &in->suback;

    assert(s->count <= MQTT_MAX_FILTERS);
    buf_u16(out, s->id);
    put_props(out, in);
    if (has_codes(in)) buf_add(out, span(s->reason, s->count));
}

/* PINGREQ, PINGRESP, MQTT 5 3.12 and 3.13 */

static enum err parse_nothing(struct input *in, struct mqtt_packet *out)
{
    (void)in;
    (void)out;
    return OK;
}

static void write_nothing(struct buf *out, const struct mqtt_packet *in)
{
    (void)out;
    (void)in;
}

/* DISCONNECT and AUTH, MQTT 5 3.14 and 3.15 */

static enum err parse_disconnect(struct input *in, struct mqtt_packet *out)
{
    return parse_tail(in, out, &out->reason.reason);
}

static enum err judge_disconnect(const struct mqtt_packet *p)
{
    return p->version == MQTT_V5 ? judge_code(p, p->reason.reason) : OK;
}

/* Only with the reason can the properties of AUTH be left out. */
static enum err parse_auth(struct input *in, struct mqtt_packet *out)
{
    in->r.bad |= in->r.left.n == 1;
    return parse_tail(in, out, &out->reason.reason);
}

/* MQTT 5 3.15.2.2.2: no AUTH without Authentication Method, but for the short form that 3.15.2.1 allows */
static enum err judge_auth(const struct mqtt_packet *p)
{
    bool empty = p->reason.reason == 0 && p->props.has == 0;

    if (!empty && !props_has(&p->props, PROP_AUTH_METHOD)) return ERR_PROTOCOL;
    return judge_code(p, p->reason.reason);
}

static void write_reason(struct buf *out, const struct mqtt_packet *in)
{
    write_tail(out, in, in->reason.reason);
}

static enum err judge_nothing(const struct mqtt_packet *p)
{
    (void)p;
    return OK;
}

static bool always_fits(const struct mqtt_packet *p)
{
    (void)p;
    return true;
}

typedef enum err parser(struct input *in, struct mqtt_packet *out);
typedef enum err judge(const struct mqtt_packet *p);
typedef void writer(struct buf *out, const struct mqtt_packet *in);
typedef bool fitter(const struct mqtt_packet *p);

/* MQTT 5 Tables 2-1 and 2-2. */
/* clang-format off */
static const struct form {
    const char *name;
    unsigned versions;
    uint8_t flags;
    parser *parse;
    judge *judge;
    writer *write;
    fitter *fits;
} forms[16] = {
    [MQTT_CONNECT]     = { "CONNECT",     BOTH, 0,         parse_connect,     judge_connect,    write_connect,     connect_fits },
    [MQTT_CONNACK]     = { "CONNACK",     BOTH, 0,         parse_connack,     judge_connack,    write_connack,     always_fits  },
    [MQTT_PUBLISH]     = { "PUBLISH",     BOTH, OWN_FLAGS, parse_publish,     judge_publish,    write_publish,     publish_fits },
    [MQTT_PUBACK]      = { "PUBACK",      BOTH, 0,         parse_ack,         judge_ack,        write_ack,         always_fits  },
    [MQTT_PUBREC]      = { "PUBREC",      BOTH, 0,         parse_ack,         judge_ack,        write_ack,         always_fits  },
    [MQTT_PUBREL]      = { "PUBREL",      BOTH, 2,         parse_ack,         judge_ack,        write_ack,         always_fits  },
    [MQTT_PUBCOMP]     = { "PUBCOMP",     BOTH, 0,         parse_ack,         judge_ack,        write_ack,         always_fits  },
    [MQTT_SUBSCRIBE]   = { "SUBSCRIBE",   BOTH, 2,         parse_subscribe,   judge_subscribe,  write_subscribe,   filters_fit  },
    [MQTT_SUBACK]      = { "SUBACK",      BOTH, 0,         parse_suback,      judge_suback,     write_suback,      always_fits  },
    [MQTT_UNSUBSCRIBE] = { "UNSUBSCRIBE", BOTH, 2,         parse_subscribe,   judge_subscribe,  write_subscribe,   filters_fit  },
    [MQTT_UNSUBACK]    = { "UNSUBACK",    BOTH, 0,         parse_suback,      judge_suback,     write_suback,      always_fits  },
    [MQTT_PINGREQ]     = { "PINGREQ",     BOTH, 0,         parse_nothing,     judge_nothing,    write_nothing,     always_fits  },
    [MQTT_PINGRESP]    = { "PINGRESP",    BOTH, 0,         parse_nothing,     judge_nothing,    write_nothing,     always_fits  },
    [MQTT_DISCONNECT]  = { "DISCONNECT",  BOTH, 0,         parse_disconnect,  judge_disconnect, write_reason,      always_fits  },
    [MQTT_AUTH]        = { "AUTH",        V5,   0,         parse_auth,        judge_auth,       write_reason,      always_fits  },
};
/* clang-format on */

/* Reserved types and flags are malformed (MQTT 5 2.1.3); CONNECT tells its version itself. */
static bool form_allows(const struct form *f, const struct input *in, enum mqtt_version version)
{
    if (!(f->versions & (version == MQTT_V5 ? V5 : V311))) return false;
    return f->flags == OWN_FLAGS || f->flags == in->flags;
}

enum err mqtt_decode(const struct mqtt_frame *in, enum mqtt_version version, struct mqtt_packet *out)
{
    const struct form *f = &forms[in->first >> 4];
    struct input input = { reader(in->body), in->first & 0x0F };

    out->type = in->first >> 4;
    out->version = version;
    props_clear(&out->props);
    if (out->type == MQTT_CONNECT) out->connect.level = 0;
    if (!form_allows(f, &input, version)) return ERR_MALFORMED;
    TRY(f->parse(&input, out));
    TRY(reader_end(&input.r));
    return f->judge(out);
}

/* What follows the Remaining Length, as far as a cheap guess goes: right for most, and mqtt_close() mends the rest. */
static size_t expect(const struct mqtt_packet *p)
{
    return p->type == MQTT_PUBLISH ? p->publish.topic.n + p->publish.payload.n + 5 : 0;
}

static enum err encode_body(const struct form *f, const struct mqtt_packet *in, struct buf *out)
{
    struct mqtt_length l = mqtt_open(out, expect(in));
    size_t start = out->n;

    f->write(out, in);
    if (!buf_failed(out) && out->n - start > MQTT_MAX_BODY) return ERR_TOO_LARGE;
    mqtt_close(out, l);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}

enum err mqtt_encode(const struct mqtt_packet *in, struct buf *out)
{
    assert(mqtt_type_name(in->type));
    const struct form *f = &forms[in->type];
    size_t start = out->n;

    if (!f->fits(in) || !props_fit(&in->props)) return ERR_TOO_LARGE;
    uint8_t flags = f->flags == OWN_FLAGS ? publish_flags(&in->publish) : f->flags;
    buf_u8(out, (uint8_t)(in->type << 4 | flags));
    enum err err = encode_body(f, in, out);
    if (err != OK) buf_truncate(out, start);
    return err;
}

const char *mqtt_type_name(unsigned type)
{
    return type < sizeof forms / sizeof *forms ? forms[type].name : NULL;
}
