#include "scenarios/packet.h"

#include <stddef.h>

/* Where a field lies in struct mqtt_packet. Properties need no row: vocab.c gives their identifiers. */
enum slot_kind { SLOT_U8, SLOT_U16, SLOT_FLAG, SLOT_BYTES };

enum { ALWAYS = 0, NOT_ZERO = 1 }; /* when it is there; else the offset of the bool that says so */

#define AT(member) offsetof(struct mqtt_packet, member)
#define ACKS       (1U << MQTT_PUBACK | 1U << MQTT_PUBREC | 1U << MQTT_PUBREL | 1U << MQTT_PUBCOMP)
#define SUBACKS    (1U << MQTT_SUBACK | 1U << MQTT_UNSUBACK)
#define SUBSCRIBES (1U << MQTT_SUBSCRIBE | 1U << MQTT_UNSUBSCRIBE)
#define REASONS    (1U << MQTT_DISCONNECT | 1U << MQTT_AUTH)

/* clang-format off */
static const struct slot {
    unsigned types; /* bits 1 << packet type */
    const char *name;
    enum slot_kind kind;
    size_t at, when;
} slots[] = {
    { 1U << MQTT_CONNECT,   "version",             SLOT_U8,    AT(connect.level),           ALWAYS },
    { 1U << MQTT_CONNECT,   "clean_start",         SLOT_FLAG,  AT(connect.clean_start),     ALWAYS },
    { 1U << MQTT_CONNECT,   "keep_alive",          SLOT_U16,   AT(connect.keep_alive),      ALWAYS },
    { 1U << MQTT_CONNECT,   "client_id",           SLOT_BYTES, AT(connect.client_id),       ALWAYS },
    { 1U << MQTT_CONNECT,   "username",            SLOT_BYTES, AT(connect.username),        AT(connect.has_username) },
    { 1U << MQTT_CONNECT,   "password",            SLOT_BYTES, AT(connect.password),        AT(connect.has_password) },
    { 1U << MQTT_CONNECT,   "will_topic",          SLOT_BYTES, AT(connect.will.topic),      AT(connect.will.present) },
    { 1U << MQTT_CONNECT,   "will_payload",        SLOT_BYTES, AT(connect.will.payload),    AT(connect.will.present) },
    { 1U << MQTT_CONNECT,   "will_qos",            SLOT_U8,    AT(connect.will.qos),        AT(connect.will.present) },
    { 1U << MQTT_CONNECT,   "will_retain",         SLOT_FLAG,  AT(connect.will.retain),     AT(connect.will.present) },
    { 1U << MQTT_CONNACK,   "session_present",     SLOT_FLAG,  AT(connack.session_present), ALWAYS },
    { 1U << MQTT_CONNACK,   "reason",              SLOT_U8,    AT(connack.reason),          ALWAYS },
    { 1U << MQTT_PUBLISH,   "topic",               SLOT_BYTES, AT(publish.topic),           ALWAYS },
    { 1U << MQTT_PUBLISH,   "payload",             SLOT_BYTES, AT(publish.payload),         ALWAYS },
    { 1U << MQTT_PUBLISH,   "qos",                 SLOT_U8,    AT(publish.qos),             ALWAYS },
    { 1U << MQTT_PUBLISH,   "retain",              SLOT_FLAG,  AT(publish.retain),          ALWAYS },
    { 1U << MQTT_PUBLISH,   "dup",                 SLOT_FLAG,  AT(publish.dup),             ALWAYS },
    { 1U << MQTT_PUBLISH,   "id",                  SLOT_U16,   AT(publish.id),              NOT_ZERO },
    { ACKS,                 "id",                  SLOT_U16,   AT(ack.id),                  ALWAYS },
    { ACKS,                 "reason",              SLOT_U8,    AT(ack.reason),              ALWAYS },
    { SUBSCRIBES,           "id",                  SLOT_U16,   AT(subscribe.id),            ALWAYS },
    { 1U << MQTT_SUBSCRIBE, "qos",                 SLOT_U8,    AT(subscribe.filter[0].qos), ALWAYS },
    { 1U << MQTT_SUBSCRIBE, "no_local",            SLOT_FLAG,  AT(subscribe.filter[0].no_local), ALWAYS },
    { 1U << MQTT_SUBSCRIBE, "retain_as_published", SLOT_FLAG,  AT(subscribe.filter[0].retain_as_published), ALWAYS },
    { 1U << MQTT_SUBSCRIBE, "retain_handling",     SLOT_U8,    AT(subscribe.filter[0].retain_handling), ALWAYS },
    { SUBACKS,              "id",                  SLOT_U16,   AT(suback.id),               ALWAYS },
    { REASONS,              "reason",              SLOT_U8,    AT(reason.reason),           ALWAYS },
};
/* clang-format on */

static const struct slot *slot_find(unsigned type, const char *name)
{
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        if (slots[i].types >> type & 1 && strcmp(slots[i].name, name) == 0) return &slots[i];
    }
    return NULL;
}

static const struct message *message_of(enum mqtt_type type)
{
    const char *word = mqtt_type_name(type);

    return word ? message_find(span_str(word), span(NULL, 0)) : NULL;
}

/* --- reading --- */

static struct value slot_read(const struct slot *s, const struct mqtt_packet *p, struct vars *vars)
{
    const char *at = (const char *)p + s->at;
    struct value v;

    switch (s->kind) {
    case SLOT_U8:
        v = value_number(*(const uint8_t *)at);
        break;
    case SLOT_U16:
        v = value_number(*(const uint16_t *)(const void *)at);
        break;
    case SLOT_FLAG:
        v = value_number(*(const bool *)at);
        break;
    case SLOT_BYTES:
        v = value_bytes(vars_copy(vars, *(const struct span *)(const void *)at));
        break;
    }
    bool there = s->when == ALWAYS || (s->when == NOT_ZERO && v.number) ||
                 (s->when > NOT_ZERO && *((const bool *)p + s->when));
    return there ? v : (struct value){ 0 };
}

static void read_user(const struct mqtt_props *p, const struct field_def *def, struct fields *out)
{
    for (size_t i = 0; i < p->users; i++) {
        struct value v = value_bytes(vars_copy(out->vars, p->user[i].value));
        fields_add(out, def, fields_user_name(out->vars, p->user[i].name), v);
    }
}

static void read_prop(const struct mqtt_props *p, const struct field_def *def, struct fields *out)
{
    bool octets = def->type == FIELD_TEXT || def->type == FIELD_BYTES;

    if (def->type == FIELD_PAIR) {
        read_user(p, def, out);
    } else if (def->number == PROP_SUBSCRIPTION_ID) {
        for (size_t i = 0; i < p->sub_ids; i++) fields_add(out, def, def->name, value_number(p->sub_id[i]));
    } else if (props_has(p, (enum mqtt_prop)def->number)) {
        fields_add(out, def, def->name,
                   octets ? value_bytes(vars_copy(out->vars, p->bytes[def->number]))
                          : value_number(p->number[def->number]));
    }
}

static struct value read_filters(const struct mqtt_subscribe *s, struct vars *vars)
{
    struct doc *list = doc_new_array();

    for (size_t i = 0; list && i < s->count; i++) doc_add(list, doc_new_text(s->filter[i].filter));
    return value_tree(vars, list);
}

static struct value read_codes(const struct mqtt_suback *s, struct vars *vars)
{
    struct doc *list = doc_new_array();

    for (size_t i = 0; list && i < s->count; i++) doc_add(list, doc_new_int(s->reason[i]));
    return value_tree(vars, list);
}

static void read_field(const struct mqtt_packet *p, const struct field_def *def, struct fields *out)
{
    const struct slot *s = slot_find(p->type, def->name);

    if (def->number) {
        read_prop(def->notes & FIELD_PROP ? &p->props : &p->connect.will_props, def, out);
    } else if (s) {
        fields_add(out, def, def->name, slot_read(s, p, out->vars));
    } else if (strcmp(def->name, "protocol") == 0) {
        fields_add(out, def, def->name, value_text("MQTT"));
    } else if (strcmp(def->name, "filters") == 0) {
        fields_add(out, def, def->name, read_filters(&p->subscribe, out->vars));
    } else if (strcmp(def->name, "codes") == 0) {
        fields_add(out, def, def->name, read_codes(&p->suback, out->vars));
    }
}

enum err packet_read(const struct mqtt_frame *frame, enum mqtt_version version, struct fields *out)
{
    static const struct mqtt_packet none;
    struct mqtt_packet p = none;

    TRY(mqtt_decode(frame, version, &p));
    const struct message *m = message_of(p.type);
    for (size_t t = 0; m && t < MAX_FIELD_TABLES; t++) {
        for (const struct field_def *def = m->fields[t]; def && def->name; def++) read_field(&p, def, out);
    }
    return OK;
}

/* --- writing --- */

static enum err slot_write(const struct slot *s, const struct value *v, struct mqtt_packet *p)
{
    char *at = (char *)p + s->at;
    int64_t top = s->kind == SLOT_U8 ? UINT8_MAX : s->kind == SLOT_U16 ? UINT16_MAX : 1;
    bool octets = s->kind == SLOT_BYTES;

    if (octets ? v->bytes.p == NULL : v->kind != VALUE_NUMBER || v->number < 0 || v->number > top)
        return ERR_PROTOCOL;
    switch (s->kind) {
    case SLOT_U8:
        *(uint8_t *)at = (uint8_t)v->number;
        break;
    case SLOT_U16:
        *(uint16_t *)(void *)at = (uint16_t)v->number;
        break;
    case SLOT_FLAG:
        *(bool *)at = v->number != 0;
        break;
    case SLOT_BYTES:
        *(struct span *)(void *)at = v->bytes;
        break;
    }
    if (s->when > NOT_ZERO) *((bool *)p + s->when) = true;
    return OK;
}

static enum err write_prop(const struct held *h, struct mqtt_props *p)
{
    bool octets = h->def->type == FIELD_TEXT || h->def->type == FIELD_BYTES;

    if (h->def->type == FIELD_PAIR) {
        props_add_user(p, span_str(h->name + strlen(FIELD_USER)), h->value.bytes);
    } else if (octets) {
        if (!h->value.bytes.p) return ERR_PROTOCOL;
        props_set_bytes(p, (enum mqtt_prop)h->def->number, h->value.bytes);
    } else {
        if (h->value.kind != VALUE_NUMBER || h->value.number < 0 || h->value.number > UINT32_MAX)
            return ERR_PROTOCOL;
        props_set_number(p, (enum mqtt_prop)h->def->number, (uint32_t)h->value.number);
    }
    return OK;
}

static enum err write_filters(const struct value *v, struct mqtt_subscribe *s)
{
    if (doc_count(v->tree) > MQTT_MAX_FILTERS) return ERR_PROTOCOL;
    s->count = doc_count(v->tree);
    for (size_t i = 0; i < s->count; i++) {
        struct value filter = value_of(doc_at(v->tree, i));
        if (filter.kind != VALUE_BYTES) return ERR_PROTOCOL;
        s->filter[i].filter = filter.bytes;
    }
    return OK;
}

static enum err write_codes(const struct value *v, struct mqtt_suback *s)
{
    if (doc_count(v->tree) > MQTT_MAX_FILTERS) return ERR_PROTOCOL;
    s->count = doc_count(v->tree);
    for (size_t i = 0; i < s->count; i++) {
        int64_t code = -1;
        if (!doc_int(doc_at(v->tree, i), &code) || code < 0 || code > UINT8_MAX) return ERR_PROTOCOL;
        s->reason[i] = (uint8_t)code;
    }
    return OK;
}

static enum err write_field(const struct held *h, struct mqtt_packet *p)
{
    const struct slot *s = slot_find(p->type, h->def->name);

    if (h->def->type == FIELD_RAW || strcmp(h->def->name, "protocol") == 0) return OK;
    if (h->def->number) return write_prop(h, h->def->notes & FIELD_PROP ? &p->props : &p->connect.will_props);
    if (s) return slot_write(s, &h->value, p);
    if (strcmp(h->def->name, "filters") == 0) return write_filters(&h->value, &p->subscribe);
    if (strcmp(h->def->name, "codes") == 0) return write_codes(&h->value, &p->suback);
    return ERR_PROTOCOL;
}

/* The options stand for every filter. */
static void spread_options(struct mqtt_subscribe *s)
{
    for (size_t i = 1; i < s->count; i++) {
        struct span filter = s->filter[i].filter;
        s->filter[i] = s->filter[0];
        s->filter[i].filter = filter;
    }
}

/* A CONNECT that calls the protocol something else: the codec only writes MQTT. */
static void rename_protocol(struct buf *packet, size_t start, struct span name)
{
    struct mqtt_frame f;
    size_t used;
    enum mqtt_more more;
    struct buf body = { 0 };

    if (mqtt_frame_next(span(packet->p + start, packet->n - start), MQTT_MAX_BODY, &f, &used, &more) != OK)
        return;
    buf_bin16(&body, name);
    buf_add(&body, span_skip(f.body, 2 + strlen("MQTT")));
    buf_truncate(packet, start);
    buf_u8(packet, MQTT_CONNECT << 4);
    mqtt_varint(packet, (uint32_t)body.n);
    buf_add(packet, buf_span(&body));
    buf_clear(&body);
}

static enum err write_whole(const struct message *m, const struct fields *in, enum mqtt_version version,
                            struct buf *out)
{
    static const struct mqtt_packet none;
    struct mqtt_packet p = none;
    struct value protocol = fields_get(in, "protocol");
    size_t start = out->n;

    p.type = (enum mqtt_type)m->code;
    p.version = version;
    for (size_t i = 0; i < in->count; i++) TRY(write_field(&in->held[i], &p));
    if (p.type == MQTT_SUBSCRIBE) spread_options(&p.subscribe);
    TRY(mqtt_encode(&p, out));
    if (protocol.kind == VALUE_BYTES && !span_is(protocol.bytes, "MQTT"))
        rename_protocol(out, start, protocol.bytes);
    return OK;
}

enum err packet_write(const struct message *m, const struct fields *in, enum mqtt_version version,
                      struct buf *out)
{
    struct value raw = fields_get(in, "raw"), append = fields_get(in, "append");

    if (raw.kind == VALUE_BYTES)
        buf_add(out, raw.bytes);
    else
        TRY(write_whole(m, in, version, out));
    if (append.kind == VALUE_BYTES) buf_add(out, append.bytes);
    return buf_failed(out) ? ERR_NO_MEMORY : OK;
}
