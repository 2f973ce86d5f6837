#include "broker/delivery.h"
#include "tests/check.h"

static const struct delivery_limits limits = { .messages = 5, .bytes = 100000, .total = 200000 };

static struct message *message(const char *topic, const char *payload, uint32_t expiry)
{
    struct mqtt_props props;

    props_clear(&props);
    if (expiry) props_set_number(&props, PROP_MESSAGE_EXPIRY, expiry);
    return message_new(
        &(struct message_parts){
            .topic = span_str(topic), .payload = span_str(payload), .qos = 2, .props = &props },
        100);
}

static enum err put(struct delivery *d, const char *payload, uint8_t qos)
{
    struct message *m = message("t", payload, 0);
    enum err e = delivery_put(d, &limits, &(struct parcel){ .message = m, .qos = qos });

    message_free(m);
    return e;
}

/* Sends what may be sent; its payloads in order, "R" for PUBREL, "!" behind a duplicate. */
static const char *sent(struct delivery *d, size_t window, uint16_t *last_id)
{
    static char words[64];
    struct outgoing o;
    size_t n = 0;

    for (delivery_peek(d, window, 101, &o); o.is != OUT_NOTHING; delivery_peek(d, window, 101, &o)) {
        words[n++] = o.is == OUT_PUBREL ? 'R' : (char)o.parcel.message->payload.p[0];
        if (o.is == OUT_PUBLISH && o.dup) words[n++] = '!';
        if (o.id) *last_id = o.id;
        delivery_sent(d);
    }
    words[n] = 0;
    return words;
}

static void window(void)
{
    size_t shared = 0;
    uint16_t id = 0;
    struct delivery *d = delivery_new(&shared);

    for (const char *p = "abc"; *p; p++) CHECK(put(d, p, 1) == OK);
    CHECK(strcmp(sent(d, 2, &id), "ab") == 0);
    CHECK(delivery_acked(d, 77) == ERR_ID_UNKNOWN);
    CHECK(delivery_received(d, id, 0) == ERR_ID_UNKNOWN && delivery_completed(d, id) == ERR_ID_UNKNOWN);
    CHECK(strcmp(sent(d, 2, &id), "") == 0); /* an unknown acknowledgement makes no room */
    CHECK(put(d, "z", 0) == OK);
    CHECK(strcmp(sent(d, 2, &id), "z") == 0); /* QoS 0 waits for nobody */
    CHECK(delivery_acked(d, id) == OK);
    CHECK(delivery_acked(d, id) == ERR_ID_UNKNOWN);
    CHECK(strcmp(sent(d, 2, &id), "c") == 0);
    delivery_free(d);
    CHECK(shared == 0);
}

static void twice_never(void)
{
    size_t shared = 0;
    uint16_t id = 0;
    struct delivery *d = delivery_new(&shared);

    CHECK(put(d, "a", 2) == OK && put(d, "b", 2) == OK);
    CHECK(strcmp(sent(d, 1, &id), "a") == 0);
    CHECK(delivery_acked(d, id) == ERR_ID_UNKNOWN);
    CHECK(delivery_received(d, id, 0) == OK);
    CHECK(strcmp(sent(d, 1, &id), "") == 0); /* until PUBCOMP it counts */
    CHECK(delivery_completed(d, id) == OK);
    CHECK(strcmp(sent(d, 1, &id), "b") == 0);
    CHECK(delivery_received(d, id, 0x87) == OK &&
          delivery_inflight(d) == 0); /* refused by the receiver: done */
    delivery_free(d);
}

static void resumes(void)
{
    size_t shared = 0;
    uint16_t id = 0, first;
    struct delivery *d = delivery_new(&shared);

    CHECK(put(d, "a", 2) == OK && put(d, "b", 1) == OK && put(d, "c", 1) == OK && put(d, "z", 0) == OK);
    CHECK(strcmp(sent(d, 1, &first), "za") == 0 && delivery_received(d, first, 0) == OK);
    CHECK(put(d, "y", 0) == OK);
    delivery_suspend(d);
    CHECK(strcmp(sent(d, 2, &id), "Rb") == 0); /* PUBREL again; QoS 0 is forgotten */
    delivery_suspend(d);
    CHECK(strcmp(sent(d, 2, &id), "Rb!") == 0);
    CHECK(delivery_completed(d, first) == OK);
    CHECK(strcmp(sent(d, 2, &id), "c") == 0);
    delivery_suspend(d);
    CHECK(strcmp(sent(d, 1, &id), "b!") == 0); /* a smaller window holds for what is sent again, too */
    CHECK(delivery_acked(d, id) == OK && strcmp(sent(d, 1, &id), "c!") == 0);
    delivery_free(d);
    CHECK(shared == 0);
}

static void bounded(void)
{
    size_t shared = 0;
    struct delivery *d = delivery_new(&shared);
    struct message *m = message("t", "x", 0);
    struct parcel p = { .message = m, .qos = 1 };

    for (uint8_t i = 0; i < 5; i++) CHECK(put(d, "x", i & 1) == OK);
    CHECK(put(d, "x", 1) == ERR_QUOTA && delivery_queued(d) == 5);
    delivery_free(d);
    d = delivery_new(&shared);
    CHECK(delivery_put(d, &(struct delivery_limits){ 5, m->size - 1, 99999 }, &p) == ERR_QUOTA);
    CHECK(delivery_put(d, &(struct delivery_limits){ 5, m->size, m->size - 1 }, &p) == ERR_QUOTA);
    CHECK(delivery_put(d, &(struct delivery_limits){ 5, m->size, m->size }, &p) == OK && shared == m->size);
    delivery_free(d);
    CHECK(shared == 0 && m->refs == 1);
    message_free(m);
}

static void expires(void)
{
    size_t shared = 0;
    struct delivery *d = delivery_new(&shared);
    struct message *m = message("t", "x", 5);
    struct mqtt_props props;
    struct outgoing o;

    CHECK(delivery_put(d, &limits, &(struct parcel){ .message = m, .qos = 1 }) == OK);
    delivery_peek(d, 1, 104, &o);
    CHECK(o.is == OUT_PUBLISH);
    message_props(m, 104, &props);
    CHECK(props_has(&props, PROP_MESSAGE_EXPIRY) && props.number[PROP_MESSAGE_EXPIRY] == 1);
    delivery_peek(d, 1, 105, &o);
    CHECK(o.is == OUT_NOTHING && delivery_queued(d) == 0);
    delivery_free(d);
    message_free(m);
}

static void arrivals(void)
{
    size_t shared = 0;
    enum arrival a;
    struct delivery *d = delivery_new(&shared);

    CHECK(delivery_arrive(d, 1, 2, &a) == OK && a == ARRIVAL_NEW);
    CHECK(delivery_arrive(d, 1, 2, &a) == OK && a == ARRIVAL_REPEATED);
    CHECK(delivery_arrive(d, 2, 2, &a) == OK && a == ARRIVAL_NEW);
    CHECK(delivery_arrive(d, 3, 2, &a) == ERR_RECEIVE_MAX);
    CHECK(delivery_release(d, 1) && !delivery_release(d, 1));
    CHECK(delivery_arrive(d, 3, 2, &a) == OK && a == ARRIVAL_NEW);
    delivery_suspend(d); /* a new connection has its whole receive maximum again, up to a bound */
    for (uint16_t id = 4; id < 6; id++) CHECK(delivery_arrive(d, id, 2, &a) == OK && a == ARRIVAL_NEW);
    delivery_suspend(d);
    for (uint16_t id = 6; id < 8; id++) CHECK(delivery_arrive(d, id, 2, &a) == OK);
    delivery_suspend(d);
    for (uint16_t id = 8; id < 10; id++) CHECK(delivery_arrive(d, id, 2, &a) == OK);
    delivery_suspend(d);
    CHECK(delivery_arrive(d, 10, 2, &a) == ERR_QUOTA);
    CHECK(delivery_arrive(d, 2, 2, &a) == OK && a == ARRIVAL_REPEATED);
    delivery_free(d);
}

CU_TestInfo broker_delivery_tests[] = { { "receive maximum", window },
                                        { "QoS 2", twice_never },
                                        { "sent again", resumes },
                                        { "bounded", bounded },
                                        { "message expiry", expires },
                                        { "arrivals", arrivals },
                                        CU_TEST_INFO_NULL };
