#include "tests/broker_kit.h"

#include "common/codec/text.h"

/* What the RFC leaves open and a switch decides: by default, and switched. */

static void begin(struct kit *k)
{
    kit_init(k);
    k->settings.authz_info = true;
}

/* [R-SCOPE-13] */
static void wildcards(void)
{
    struct kit k;

    begin(&k);
    k.settings.switches.wildcards = false;
    kit_start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    kit_subscribe(&k, 1, "a/#", 0);
    CHECK_HEARD(&k, 1, "SUBACK 1 a2");
    kit_subscribe(&k, 1, "a/+", 0);
    CHECK_HEARD(&k, 1, "SUBACK 1 a2");
    kit_subscribe(&k, 1, "b/#", 0); /* what it may not have is told before what nobody may */
    CHECK_HEARD(&k, 1, "SUBACK 1 87");
    kit_subscribe(&k, 1, "a/b", 0);
    CHECK_HEARD(&k, 1, "SUBACK 1 00");
    kit_clear(&k);
}

/* [R-RET-07] A message of QoS 0 that is not kept takes the one before it along. */
static void retained(bool kept, const char *heard)
{
    struct kit k;

    begin(&k);
    k.settings.switches.retain_qos0 = kept;
    kit_start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ 0 });
    struct mqtt_packet p = kit_packet(&k, 1, MQTT_PUBLISH);
    p.publish = (struct mqtt_publish){
        .retain = true, .qos = 1, .id = 5, .topic = span_str("a/b"), .payload = span_str("old")
    };
    kit_send(&k, 1, &p);
    CHECK_HEARD(&k, 1, "PUBACK 5 00");
    kit_retain(&k, 1, "a/b", "new", 0);
    kit_subscribe(&k, 1, "a/b", 0);
    CHECK_HEARD(&k, 1, heard);
    kit_clear(&k);
}

static void retain_qos0(void)
{
    retained(true, "SUBACK 1 00; PUBLISH a/b new q0 retain");
    retained(false, "SUBACK 1 00");
}

/* A-54 */
static void hints(void)
{
    for (int on = 0; on < 2; on++) {
        struct kit k;
        begin(&k);
        scope_free(k.settings.open);
        CHECK(scope_from_words(span_str(""), &k.settings.open, NULL) == OK);
        k.settings.authz_info = false;
        k.settings.switches.hint_anonymous = on;
        kit_start(&k);
        kit_connect(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
        CHECK_HEARD(&k, 1, on ? "CONNACK 87 hint; CLOSE" : "CONNACK 87; CLOSE");
        kit_clear(&k);
    }
}

/* A-57: whose key began the session has it; a fresh start needs the same key too. */
static void bound_sessions(void)
{
    struct kit k;

    begin(&k);
    k.settings.switches.bind_to_key = true;
    kit_start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .id = "c", .key = 1, .expiry = 600 });
    kit_cut(&k, 1);
    kit_connect(&k, 2, &(struct kit_connect){ .id = "c", .key = 2, .keep = true });
    CHECK_HEARD(&k, 2, "CONNACK 85; CLOSE");
    kit_connect(&k, 3, &(struct kit_connect){ .id = "c", .key = 2 });
    CHECK_HEARD(&k, 3, "CONNACK 85; CLOSE");
    kit_connect(&k, 4, &(struct kit_connect){ .id = "c", .key = 1, .keep = true });
    CHECK_HEARD(&k, 4, "CONNACK 00 present");
    kit_clear(&k);
}

static void own_ids(void)
{
    struct kit k;

    begin(&k);
    k.settings.switches.client_id_is_sub = true;
    kit_start(&k);
    kit_connect(&k, 1, &(struct kit_connect){ .id = "c" }); /* the kit's tokens have no sub */
    CHECK_HEARD(&k, 1, "CONNACK 85; CLOSE");
    kit_connect(&k, 2,
                &(struct kit_connect){ .by = BY_NOTHING, .id = "c" }); /* who has no token has no subject */
    CHECK_HEARD(&k, 2, "CONNACK 00");
    kit_clear(&k);
}

static void upload(struct kit *k, int conn, const char *around, const char *content_type)
{
    struct buf token = kit_token(k, conn, &(struct kit_connect){ .key = 1 }), payload = { 0 };
    struct mqtt_packet p = kit_packet(k, conn, MQTT_PUBLISH);

    buf_format(&payload, around, buf_cstr(&token));
    p.publish = (struct mqtt_publish){
        .qos = 1, .id = 7, .topic = span_str("authz-info"), .payload = buf_span(&payload)
    };
    if (content_type) props_set_bytes(&p.props, PROP_CONTENT_TYPE, span_str(content_type));
    kit_send(k, conn, &p);
    buf_clear(&payload);
    buf_clear(&token);
}

#define MAP "{\"access_token\":\"%s\"}"

static const struct upload_row {
    const char *why, *around, *type, *on, *off;
} upload_rows[] = {
    { "the token as it is", "%s", NULL, "PUBACK 7 00", "PUBACK 7 00" },
    { "a map", MAP, NULL, "PUBACK 7 00", "PUBACK 7 99" },
    { "a map, said so", MAP, "application/ace+json", "PUBACK 7 00", "PUBACK 7 99" },
    { "JSON is a type too", MAP, "application/json; charset=utf-8", "PUBACK 7 00", "PUBACK 7 99" },
    { "a token, said to be a map", "%s", "application/ace+json", "PUBACK 7 99", "PUBACK 7 00" },
    { "a map, said to be a token", MAP, "application/jwt", "PUBACK 7 99", "PUBACK 7 99" },
    { "a token of an unknown type", "%s", "text/plain", "PUBACK 7 00", "PUBACK 7 00" },
    { "a form is no map", "access_token=%s", "application/x-www-form-urlencoded", "PUBACK 7 99",
      "PUBACK 7 99" },
    { "JSON, said to be CBOR", MAP, "application/ace+cbor", "PUBACK 7 99", "PUBACK 7 99" },
    { "two of them", "{\"access_token\":\"x\",\"access_token\":\"%s\"}", NULL, "PUBACK 7 99", "PUBACK 7 99" },
    { "empty", "{\"access_token\":\"\"}%.0s", NULL, "PUBACK 7 99", "PUBACK 7 99" },
};

/* A-06 */
static void wrapped(void)
{
    const struct upload_row *r;

    for (EACH_ROW(r, upload_rows)) {
        for (int on = 0; on < 2; on++) {
            struct kit k;
            begin(&k);
            k.settings.switches.wrapped = on;
            kit_start(&k);
            kit_enter(&k, 1, &(struct kit_connect){ .by = BY_NOTHING });
            upload(&k, 1, r->around, r->type);
            CHECK_ROW(kit_is(kit_heard(&k, 1), on ? r->on : r->off), r->why);
            kit_clear(&k);
        }
    }
}

/* A-09: the Client Identifier says where to look, the proof decides. */
static void by_uploader(void)
{
    for (int on = 0; on < 2; on++) {
        struct kit k;
        begin(&k);
        k.settings.switches.by_client_id = on;
        kit_start(&k);
        kit_enter(&k, 1, &(struct kit_connect){ .by = BY_NOTHING, .id = "c" });
        upload(&k, 1, "%s", NULL);
        CHECK_HEARD(&k, 1, "PUBACK 7 00");
        kit_connect(&k, 2, &(struct kit_connect){ .by = BY_STORED, .id = "c", .key = 1 });
        CHECK_HEARD(&k, 2, on ? "CONNACK 00" : "CONNACK 87 hint; CLOSE");
        kit_connect(&k, 3, &(struct kit_connect){ .by = BY_STORED, .id = "c", .key = 2 });
        CHECK_HEARD(&k, 3, on ? "CONNACK 87; CLOSE" : "CONNACK 87 hint; CLOSE");
        kit_clear(&k);
    }
}

static void no_stored_challenge(void)
{
    struct kit k;

    begin(&k);
    k.settings.switches.no_stored_challenge = true;
    kit_start(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .id = "c" });
    kit_connect(&k, 2, &(struct kit_connect){ .by = BY_STORED, .id = "c", .key = 1 });
    CHECK_HEARD(&k, 2, "CONNACK 87 hint; CLOSE");
    kit_clear(&k);
}

/* --- proofs --- */

/* Sends CONNECT with the token of key 1 and these octets as its proof. */
static void prove(struct kit *k, int conn, struct span proof)
{
    struct kit_connect how = { .key = 1 };
    struct buf token = kit_token(k, conn, &how), data = { 0 };
    struct mqtt_packet p;

    buf_bin16(&data, buf_span(&token));
    buf_add(&data, proof);
    kit_fill_connect(k, conn, &how, buf_span(&data), &p);
    kit_send(k, conn, &p);
    buf_clear(&token);
    buf_clear(&data);
}

/* A-03 */
static void bare_exporter(void)
{
    for (int on = 0; on < 2; on++) {
        struct tls_facts tls = {
            .version = 0x0303, .extended_master_secret = true, .has_exporter = true, .has_bare_exporter = true
        };
        struct buf proof = { 0 };
        struct kit k;
        begin(&k);
        k.settings.switches.tls12_no_context = on;
        kit_start(&k);
        memset(tls.bare_exporter, 9, EXPORTER_SIZE);
        kit_open_as(&k, 1, &tls);
        kit_prove(1, span(tls.bare_exporter, EXPORTER_SIZE), &proof);
        prove(&k, 1, buf_span(&proof));
        CHECK_HEARD(&k, 1, on ? "CONNACK 00" : "CONNACK 87; CLOSE");
        buf_clear(&proof);
        kit_clear(&k);
    }
}

/* Draft -02: a length before the proof. */
static void draft02_proof(void)
{
    for (int on = 0; on < 2; on++) {
        uint8_t exporter[EXPORTER_SIZE];
        struct buf proof = { 0 }, inner = { 0 };
        struct kit k;
        begin(&k);
        k.settings.switches.compat_draft02 = on;
        kit_start(&k);
        kit_open(&k, 1, &(struct kit_connect){ 0 });
        memset(exporter, 1, sizeof exporter);
        kit_prove(1, span(exporter, sizeof exporter), &proof);
        buf_bin16(&inner, buf_span(&proof));
        prove(&k, 1, buf_span(&inner));
        CHECK_HEARD(&k, 1, on ? "CONNACK 00" : "CONNACK 87; CLOSE");
        buf_clear(&proof);
        buf_clear(&inner);
        kit_clear(&k);
    }
}

/* Draft -02: the answer is the proof alone. Our nonce is spent by it, right or wrong. */
static void draft02_answer(void)
{
    for (int on = 0; on < 2; on++) {
        struct mqtt_packet p;
        struct buf data = { 0 };
        struct kit k;
        begin(&k);
        k.settings.switches.compat_draft02 = on;
        kit_start(&k);
        kit_open(&k, 1, &(struct kit_connect){ 0 });
        prove(&k, 1, span(NULL, 0));
        CHECK_HEARD(&k, 1, "AUTH 18");
        kit_prove(1, span(k.nonce, NONCE_SIZE), &data);
        p = kit_packet(&k, 1, MQTT_AUTH);
        p.reason.reason = 0x18;
        props_set_bytes(&p.props, PROP_AUTH_METHOD, span_str("ace"));
        props_set_bytes(&p.props, PROP_AUTH_DATA, buf_span(&data));
        kit_send(&k, 1, &p);
        CHECK_HEARD(&k, 1, on ? "CONNACK 00" : "CONNACK 87; CLOSE");
        buf_clear(&data);
        kit_clear(&k);
    }
}

/* Draft -02: the user name is the token, as it is or in base64url. */
static void draft02_username(void)
{
    for (int i = 0; i < 4; i++) {
        bool on = i & 1, coded = i & 2;
        uint8_t exporter[EXPORTER_SIZE];
        struct kit_connect how = { .version = MQTT_V311, .key = 1 };
        struct buf token = { 0 }, name = { 0 }, proof = { 0 };
        struct mqtt_packet p;
        struct kit k;
        begin(&k);
        k.settings.switches.compat_draft02 = on;
        kit_start(&k);
        kit_open(&k, 1, &how);
        token = kit_token(&k, 1, &how);
        if (coded)
            b64url_encode(&name, buf_span(&token));
        else
            buf_add(&name, buf_span(&token));
        memset(exporter, 1, sizeof exporter);
        kit_prove(1, span(exporter, sizeof exporter), &proof);
        kit_fill_connect(&k, 1, &how, span(NULL, 0), &p);
        p.connect.has_username = p.connect.has_password = true;
        p.connect.username = buf_span(&name);
        p.connect.password = buf_span(&proof);
        kit_send(&k, 1, &p);
        CHECK_HEARD(&k, 1, on ? "CONNACK 00" : "CONNACK 05; CLOSE");
        buf_clear(&token);
        buf_clear(&name);
        buf_clear(&proof);
        kit_clear(&k);
    }
}

CU_TestInfo broker_switches_tests[] = {
    { "wildcards", wildcards },
    { "retained QoS 0", retain_qos0 },
    { "hints for strangers", hints },
    { "bound sessions", bound_sessions },
    { "own ids", own_ids },
    { "wrapped uploads", wrapped },
    { "found by uploader", by_uploader },
    { "no stored challenge", no_stored_challenge },
    { "exporter without a context", bare_exporter },
    { "draft -02: proof", draft02_proof },
    { "draft -02: answer", draft02_answer },
    { "draft -02: user name", draft02_username },
    CU_TEST_INFO_NULL,
};
