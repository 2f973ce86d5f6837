#include "tests/broker_kit.h"

#include "common/ace/exi.h"
#include "common/ace/introspection.h"
#include "common/codec/text.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(x) must((x) == OK, #x)

static void must(bool ok, const char *what)
{
    if (ok) return;
    printf("kit: %s\n", what);
    abort();
}

static void put(struct buf *b, const char *s)
{
    buf_clear(b);
    buf_str(b, s);
}

static struct key *seeded_key(uint8_t fill)
{
    uint8_t seed[32];
    struct key *k = NULL;

    memset(seed, fill, sizeof seed);
    MUST(key_ed25519_private(span(seed, sizeof seed), &k));
    return k;
}

static const struct limits kit_limits = {
    .connections = 100,
    .pending_per_address = 3,
    .preauth_packet = 131072,
    .packet = 100000,
    .connect_seconds = 10,
    .challenge_seconds = 10,
    .client_id = 64,
    .sessions = 50,
    .session_expiry = 86400,
    .subscriptions = 20,
    .topic_aliases = 4,
    .receive_maximum = 3,
    .inflight = 4,
    .queue_messages = 20,
    .queue_bytes = 100000,
    .queue_total = 1000000,
    .backlog = 50000,
    .retained_messages = 10,
    .retained_bytes = 100000,
    .tokens = 10,
    .token_bytes = 100000,
    .cnonces = 4,
    .exis = 4,
    .revoked = 4,
};

void kit_init(struct kit *k)
{
    *k = (struct kit){ .now = KIT_START, .entropy = entropy_seeded(7) };
    k->as.key = seeded_key(0x42);
    k->as.has_kid = k->as.may_sign = k->as.may_verify = true;
    put(&k->as.kid, "as1");
    put(&k->issuer.iss, "https://as");
    k->issuer.verify_count = 1;
    k->issuer.verify[0] = k->as;
    k->audience = span_str("broker");
    k->settings = (struct settings){
        .limits = kit_limits,
        .min_hmac_key = 32,
        .expiry_grace = 30,
        .mqtt311 = true,
        .uploads = 60,
        .unproven_seconds = 600,
        .lenient_username = true,
        .switches = { .wildcards = true, .retain_qos0 = true, .bare_kid = true, .wrapped = true },
        .trust = { .issuer_count = 1,
                   .issuers = &k->issuer,
                   .require_aud = true,
                   .require_exp = true,
                   .audience_count = 1,
                   .audiences = &k->audience },
    };
    MUST(scope_from_words(span_str("pubsub:public/#"), &k->settings.open, NULL));
    put(&k->settings.hint.as, "https://as/token");
}

void kit_start(struct kit *k)
{
    k->broker = broker_new(&k->settings, &k->entropy.base);
    must(k->broker != NULL, "broker_new");
}

void kit_clear(struct kit *k)
{
    broker_free(k->broker);
    for (int i = 0; i < KIT_CONNS; i++) buf_clear(&k->wire[i]);
    buf_clear(&k->words);
    buf_clear(&k->hint);
    buf_clear(&k->about);
    key_object_clear(&k->as);
    buf_clear(&k->issuer.iss);
    scope_free(k->settings.open);
    hints_clear(&k->settings.hint);
}

static void drain(struct kit *k)
{
    struct effect e;

    while (broker_effect(k->broker, &e)) {
        if (e.is == EFFECT_ASK) {
            k->question = e.question;
            k->asked++;
            buf_truncate(&k->about, 0);
            buf_add(&k->about, e.bytes);
            continue;
        }
        must(k->live[e.conn], "an effect for a connection that was closed");
        if (e.is == EFFECT_SEND) buf_add(&k->wire[e.conn], e.bytes);
        if (e.is == EFFECT_CLOSE) k->live[e.conn] = false;
        if (e.is == EFFECT_HOLD || e.is == EFFECT_GO_ON) k->held[e.conn] = e.is == EFFECT_HOLD;
    }
}

static void exporter_of(int conn, uint8_t out[EXPORTER_SIZE])
{
    memset(out, conn, EXPORTER_SIZE);
}

void kit_open_as(struct kit *k, int conn, const struct tls_facts *tls)
{
    MUST(broker_opened(k->broker, (conn_id)conn, &(struct visitor){ tls, span_str("::1") }, k->now));
    k->live[conn] = true;
    k->version[conn] = MQTT_V5;
    drain(k);
}

void kit_open(struct kit *k, int conn, const struct kit_connect *how)
{
    struct tls_facts tls = { .version = 0x0304,
                             .extended_master_secret = true,
                             .has_exporter = !how->resumed_tls };

    exporter_of(conn, tls.exporter);
    kit_open_as(k, conn, &tls);
    if (how->version) k->version[conn] = how->version;
}

static unsigned key_number(int conn, const struct kit_connect *how)
{
    return how->key ? how->key : (unsigned)conn;
}

/* As a jti has it. */
static void put_number(struct buf *jti, uint64_t number)
{
    struct buf id = { 0 };

    put(&id, "broker");
    exi_number_put(&id, number);
    b64url_encode(jti, buf_span(&id));
    buf_clear(&id);
}

static struct claim_set claims_of(const struct kit *k, int conn, const struct kit_connect *how)
{
    struct claim_set set = {
        .has_iss = true, .has_exp = true, .has_iat = true, .has_scope = true, .audiences = 1
    };

    put(&set.iss, "https://as");
    put(&set.audience[0], "broker");
    set.exp = k->now + (how->life ? how->life : KIT_LIFE);
    set.iat = k->now - how->issued;
    set.has_cnonce = how->cnonce.n != 0;
    buf_add(&set.cnonce, how->cnonce);
    set.has_exi = set.has_id = how->exi != 0;
    set.has_exp = !set.has_exi;
    set.exi = how->exi;
    if (set.has_id) put_number(&set.id, how->number);
    MUST(scope_from_words(span_str(how->scope ? how->scope : "pubsub:a/#"), &set.scope, NULL));
    set.cnf.kind = CNF_KEY;
    set.cnf.object.key = seeded_key((uint8_t)key_number(conn, how));
    set.cnf.object.may_sign = set.cnf.object.may_verify = true;
    return set;
}

void kit_ask(struct kit *k)
{
    k->settings.asking =
        (struct asking){ .on = true, .timeout = 3, .cache = 60, .per_minute = 100, .questions = 10 };
}

static void reply(struct kit *k, uint64_t number, const struct as_reply *r)
{
    broker_answered(k->broker, number, r, k->now);
    drain(k);
}

void kit_say(struct kit *k, uint64_t number, const char *json)
{
    reply(k, number, &(struct as_reply){ .body = span_str(json), .media = MEDIA_ACE_JSON });
}

void kit_say_nothing(struct kit *k, uint64_t number, enum err err)
{
    reply(k, number, &(struct as_reply){ .err = err });
}

void kit_say_active(struct kit *k, uint64_t number, int conn, const struct kit_connect *how)
{
    struct introspection_response r = { .active = true, .claims = claims_of(k, conn, how) };
    struct buf body = { 0 };

    MUST(introspection_response_write(&r, MEDIA_ACE_CBOR, &body));
    introspection_response_clear(&r);
    reply(k, number, &(struct as_reply){ .body = buf_span(&body), .media = MEDIA_ACE_CBOR });
    buf_clear(&body);
}

struct buf kit_token(struct kit *k, int conn, const struct kit_connect *how)
{
    struct claim_set set = claims_of(k, conn, how);
    struct token_protection p = { .sign_key = &k->as };
    struct buf out = { 0 };

    MUST(token_seal(&set, &p, &k->entropy.base, &out));
    claim_set_clear(&set);
    return out;
}

void kit_prove(unsigned number, struct span challenge, struct buf *out)
{
    struct key *key = seeded_key((uint8_t)number);

    MUST(pop_prove(key, challenge, out));
    key_free(key);
}

void kit_send(struct kit *k, int conn, struct mqtt_packet *p)
{
    struct buf bytes = { 0 };

    MUST(mqtt_encode(p, &bytes));
    kit_bytes(k, conn, buf_span(&bytes));
    buf_clear(&bytes);
}

void kit_bytes(struct kit *k, int conn, struct span bytes)
{
    broker_input(k->broker, (conn_id)conn, bytes, k->now);
    drain(k);
}

struct mqtt_packet kit_packet(const struct kit *k, int conn, enum mqtt_type type)
{
    struct mqtt_packet p;

    memset(&p, 0, sizeof p);
    p.type = type;
    p.version = k->version[conn];
    return p;
}

static void fill_will(const struct kit_connect *how, struct mqtt_connect *c)
{
    if (!how->will) return;
    c->will = (struct mqtt_will){ .present = true,
                                  .retain = how->will_retain,
                                  .qos = 1,
                                  .topic = span_str(how->will),
                                  .payload = span_str(how->will_payload ? how->will_payload : "gone") };
    if (how->will_delay) props_set_number(&c->will_props, PROP_WILL_DELAY, how->will_delay);
}

static void fill_properties(const struct kit_connect *how, struct mqtt_props *p)
{
    if (how->expiry) props_set_number(p, PROP_SESSION_EXPIRY, how->expiry);
    if (how->max_packet) props_set_number(p, PROP_MAXIMUM_PACKET, how->max_packet);
    if (how->receive_max) props_set_number(p, PROP_RECEIVE_MAXIMUM, how->receive_max);
}

void kit_fill_connect(struct kit *k, int conn, const struct kit_connect *how, struct span auth_data,
                      struct mqtt_packet *out)
{
    static char ids[KIT_CONNS][8];

    snprintf(ids[conn], sizeof ids[conn], "c%d", conn);
    *out = kit_packet(k, conn, MQTT_CONNECT);
    out->connect.client_id = span_str(how->id ? how->id : ids[conn]);
    out->connect.clean_start = !how->keep;
    out->connect.keep_alive = how->keep_alive;
    fill_will(how, &out->connect);
    if (out->version != MQTT_V5) return;
    fill_properties(how, &out->props);
    if (how->by == BY_NOTHING) return;
    props_set_bytes(&out->props, PROP_AUTH_METHOD, span_str("ace"));
    if (auth_data.n) props_set_bytes(&out->props, PROP_AUTH_DATA, auth_data);
}

/* Token and proof as this client would put them into CONNECT. */
struct shown {
    struct buf token, proof, data;
};

static void show(struct kit *k, int conn, const struct kit_connect *how, struct shown *s)
{
    uint8_t exporter[EXPORTER_SIZE];

    exporter_of(conn, exporter);
    *s = (struct shown){ 0 };
    if (how->by == BY_STORED || how->by == BY_NOTHING) return;
    if (how->token.n)
        buf_add(&s->token, how->token);
    else
        s->token = kit_token(k, conn, how);
    unsigned key = how->proof_key ? how->proof_key : key_number(conn, how);
    if (how->by == BY_EXPORTER) kit_prove(key, span(exporter, sizeof exporter), &s->proof);
    if (how->wrong_proof && s->proof.n) s->proof.p[s->proof.n - 1] ^= 1;
    buf_bin16(&s->data, buf_span(&s->token));
    buf_add(&s->data, buf_span(&s->proof));
}

static void send_connect(struct kit *k, int conn, const struct kit_connect *how, const struct shown *s)
{
    struct mqtt_packet p;
    struct buf username = { 0 };

    kit_fill_connect(k, conn, how, buf_span(&s->data), &p);
    if (p.version == MQTT_V311 && s->token.n) {
        buf_str(&username, "ace");
        b64url_encode(&username, buf_span(&s->token));
        p.connect.has_username = p.connect.has_password = true;
        p.connect.username = buf_span(&username);
        p.connect.password = buf_span(&s->proof);
    }
    kit_send(k, conn, &p);
    buf_clear(&username);
}

void kit_connect(struct kit *k, int conn, const struct kit_connect *how)
{
    struct shown s;

    kit_open(k, conn, how);
    show(k, conn, how, &s);
    send_connect(k, conn, how, &s);
    buf_clear(&s.token);
    buf_clear(&s.proof);
    buf_clear(&s.data);
    if (k->wire[conn].n == 0 || k->wire[conn].p[0] >> 4 != MQTT_AUTH) return;
    CHECK_HEARD(k, conn, "AUTH 18");
    kit_answer(k, conn, how->proof_key ? how->proof_key : key_number(conn, how));
}

void kit_enter(struct kit *k, int conn, const struct kit_connect *how)
{
    kit_connect(k, conn, how);
    CHECK_HEARD(k, conn, "CONNACK 00");
}

void kit_answer(struct kit *k, int conn, unsigned key)
{
    struct mqtt_packet p = kit_packet(k, conn, MQTT_AUTH);
    uint8_t both[2 * NONCE_SIZE];
    struct buf data = { 0 };

    memcpy(both, k->nonce, NONCE_SIZE);
    memset(both + NONCE_SIZE, 0xC1, NONCE_SIZE);
    buf_add(&data, span(both + NONCE_SIZE, NONCE_SIZE));
    kit_prove(key, span(both, sizeof both), &data);
    p.reason.reason = 0x18;
    props_set_bytes(&p.props, PROP_AUTH_METHOD, span_str("ace"));
    props_set_bytes(&p.props, PROP_AUTH_DATA, buf_span(&data));
    kit_send(k, conn, &p);
    buf_clear(&data);
}

void kit_renew(struct kit *k, int conn, struct span token)
{
    struct mqtt_packet p = kit_packet(k, conn, MQTT_AUTH);
    struct buf data = { 0 };

    buf_bin16(&data, token);
    p.reason.reason = 0x19;
    props_set_bytes(&p.props, PROP_AUTH_METHOD, span_str("ace"));
    props_set_bytes(&p.props, PROP_AUTH_DATA, buf_span(&data));
    kit_send(k, conn, &p);
    buf_clear(&data);
}

void kit_publish(struct kit *k, int conn, const char *topic, const char *payload, uint8_t qos, uint16_t id)
{
    struct mqtt_packet p = kit_packet(k, conn, MQTT_PUBLISH);

    p.publish =
        (struct mqtt_publish){ .qos = qos, .id = id, .topic = span_str(topic), .payload = span_str(payload) };
    kit_send(k, conn, &p);
}

void kit_retain(struct kit *k, int conn, const char *topic, const char *payload, uint32_t expiry)
{
    struct mqtt_packet p = kit_packet(k, conn, MQTT_PUBLISH);

    p.publish =
        (struct mqtt_publish){ .retain = true, .topic = span_str(topic), .payload = span_str(payload) };
    if (expiry) props_set_number(&p.props, PROP_MESSAGE_EXPIRY, expiry);
    kit_send(k, conn, &p);
}

void kit_subscribe(struct kit *k, int conn, const char *filter, uint8_t qos)
{
    struct mqtt_packet p = kit_packet(k, conn, MQTT_SUBSCRIBE);

    p.subscribe.id = 1;
    p.subscribe.count = 1;
    p.subscribe.filter[0] = (struct mqtt_filter){ .filter = span_str(filter), .qos = qos };
    kit_send(k, conn, &p);
}

void kit_ack(struct kit *k, int conn, enum mqtt_type type, uint16_t id)
{
    struct mqtt_packet p = kit_packet(k, conn, type);

    p.ack.id = id;
    kit_send(k, conn, &p);
}

void kit_simple(struct kit *k, int conn, enum mqtt_type type)
{
    struct mqtt_packet p = kit_packet(k, conn, type);

    kit_send(k, conn, &p);
}

void kit_cut(struct kit *k, int conn)
{
    broker_closed(k->broker, (conn_id)conn, k->now);
    k->live[conn] = false;
    drain(k);
}

void kit_pass(struct kit *k, int64_t seconds)
{
    k->now += seconds;
    broker_tick(k->broker, k->now);
    drain(k);
}
