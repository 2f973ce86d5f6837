#include "broker/retained.h"
#include "tests/check.h"

static const uint8_t hash_key[16] = { 3 };

static struct message *message(const char *topic, const char *payload, uint32_t expiry)
{
    struct mqtt_props props;

    props_clear(&props);
    if (expiry) props_set_number(&props, PROP_MESSAGE_EXPIRY, expiry);
    return message_new(
        &(struct message_parts){
            .topic = span_str(topic), .payload = span_str(payload), .retain = true, .props = &props },
        100);
}

static enum err put(struct retained *r, const char *topic, const char *payload, uint32_t expiry,
                    int64_t until)
{
    struct message *m = message(topic, payload, expiry);
    enum err e = retained_put(r, m, &(struct retained_by){ 1, until }, 100);

    message_free(m);
    return e;
}

static size_t served(const struct retained *r, const char *filter, int64_t now)
{
    size_t cursor = 0, n = 0;

    while (retained_next(r, span_str(filter), now, &cursor)) n++;
    return n;
}

/* [R-RET-03, R-RET-04] */
static void lifetime(void)
{
    static const struct row {
        const char *why;
        uint32_t expiry;
        int64_t until, last; /* the last second it is served */
    } rows[] = {
        { "message expiry first", 10, 120, 109 },
        { "token end first", 60, 120, 119 },
        { "token end alone", 0, 120, 119 },
        { "no end", 0, INT64_MAX, 1LL << 40 },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct retained *all = retained_new(&(struct retained_limits){ 10, 10000 }, hash_key);

        CHECK_ROW(put(all, "a/b", "x", r->expiry, r->until) == OK, r->why);
        CHECK_ROW(served(all, "a/b", r->last) == 1 && served(all, "a/#", r->last) == 1, r->why);
        retained_sweep(all, r->last);
        CHECK_ROW(retained_count(all) == 1, r->why);
        CHECK_ROW(r->until == INT64_MAX ||
                      served(all, "a/b", r->last + 1) + served(all, "#", r->last + 1) == 0,
                  r->why);
        retained_sweep(all, r->last + 1);
        CHECK_ROW(retained_count(all) == (r->until == INT64_MAX), r->why);
        retained_free(all);
    }
}

static void bounded(void)
{
    struct retained *r = retained_new(&(struct retained_limits){ 2, 10000 }, hash_key);

    CHECK(put(r, "a", "1", 0, 200) == OK && put(r, "b", "1", 5, 200) == OK);
    CHECK(put(r, "c", "1", 0, 200) == ERR_QUOTA);
    CHECK(put(r, "a", "2", 0, 200) == OK); /* in place of its like */
    CHECK(put(r, "c", "", 0, 200) == OK && retained_count(r) == 2);
    struct message *m = message("c", "3", 0);
    CHECK(retained_put(r, m, &(struct retained_by){ 1, 200 }, 105) == OK); /* b has expired: there is room */
    message_free(m);
    CHECK(served(r, "b", 105) == 0 && served(r, "+", 105) == 2);
    retained_relimit(r, &(struct retained_limits){ 10, 1 });
    CHECK(put(r, "d", "1", 0, 200) == ERR_QUOTA);
    CHECK(put(r, "a", "", 0, 200) == OK && retained_count(r) == 1);
    retained_free(r);
}

CU_TestInfo broker_retained_tests[] = { { "lifetime", lifetime }, { "bounded", bounded }, CU_TEST_INFO_NULL };
