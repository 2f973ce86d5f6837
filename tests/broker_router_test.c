#include "broker/router.h"
#include "common/ace/topic.h"
#include "tests/check.h"

static const uint8_t key[16] = { 1 };

static struct span str(const char *s)
{
    return span_str(s);
}

static void add(struct router *r, struct subscriber *who, const char *filter)
{
    bool existed;

    CHECK(router_add(r, who, str(filter), &(struct route_options){ .qos = 1 }, &existed) == OK);
}

static size_t hits(struct router *r, const char *topic)
{
    struct matches m = { 0 };

    CHECK(router_match(r, str(topic), &m) == OK);
    size_t n = m.found.n;
    matches_clear(&m);
    return n;
}

static void selects(void)
{
    static const struct row {
        const char *why, *filter, *topic;
        bool selects;
    } rows[] = {
        { "the same name", "a/b", "a/b", true },
        { "another name", "a/b", "a/c", false },
        { "a prefix is not the name", "a", "a/b", false },
        { "# takes all below", "a/#", "a/b/c", true },
        { "# takes the parent, too [R-SCOPE-06]", "a/#", "a", true },
        { "+ takes one level", "a/+/c", "a/b/c", true },
        { "+ takes an empty level", "a/+", "a/", true },
        { "+ does not take none", "a/+", "a", false },
        { "+/# below", "+/b/#", "a/b/c/d", true },
        { "# hides $ [R-SCOPE-07]", "#", "$SYS/x", false },
        { "+ hides $ [R-SCOPE-07]", "+/x", "$SYS/x", false },
        { "a literal $ level shows", "$SYS/#", "$SYS/x", true },
        { "$ deeper down is a name like any", "a/+", "a/$x", true },
        { "empty levels count", "/", "/", true },
        { "an empty first level", "+/a", "/a", true },
    }, *row;

    for (EACH_ROW(row, rows)) {
        struct router *r = router_new(key);
        struct subscriber who = { .id = 1 };

        add(r, &who, row->filter);
        CHECK_ROW((hits(r, row->topic) == 1) == row->selects, row->why);
        CHECK_ROW(topic_matches(str(row->filter), str(row->topic)) == row->selects, row->why);
        CHECK_ROW(router_remove(r, &who, str(row->filter)), row->why);
        CHECK_ROW(hits(r, row->topic) == 0, row->why);
        router_free(r);
    }
}

/* The same throws each time. */
static unsigned dice(unsigned sides)
{
    static uint32_t state = 1;

    state = state * 1664525 + 1013904223;
    return (state >> 16) % sides;
}

static void random_topic(char *out, const char *const *words, unsigned count)
{
    *out = 0;
    for (unsigned levels = 1 + dice(4), i = 0; i < levels; i++) {
        if (i) memcpy(out + strlen(out), "/", 2);
        const char *w = words[dice(count)];
        memcpy(out + strlen(out), w, strlen(w) + 1);
    }
}

enum { FILTERS = 200, TOPICS = 300 };

static size_t brute(char filters[FILTERS][32], const char *topic)
{
    size_t n = 0;

    for (size_t i = 0; i < FILTERS; i++) n += topic_matches(str(filters[i]), str(topic));
    return n;
}

/* The trie and the plain comparison of all filters agree. */
static void agrees(void)
{
    static const char *const level[] = { "a", "b", "+", "", "$s" }, *const name[] = { "a", "b", "", "$s",
                                                                                      "c" };
    static char filters[FILTERS][32];
    static struct subscriber who[FILTERS];
    struct router *r = router_new(key);
    char topic[32];

    for (size_t i = 0; i < FILTERS; i++) {
        random_topic(filters[i], level, 5);
        if (dice(4) == 0) memcpy(filters[i] + strlen(filters[i]), "/#", 3);
        who[i] = (struct subscriber){ .id = i + 1 };
        add(r, &who[i], filters[i]);
    }
    for (size_t i = 0; i < TOPICS; i++) {
        random_topic(topic, name, 5);
        CHECK_ROW(hits(r, topic) == brute(filters, topic), topic);
    }
    for (size_t i = 0; i < FILTERS; i++) router_leave(r, &who[i]);
    for (size_t i = 0; i < TOPICS; i++) {
        random_topic(topic, name, 5);
        CHECK_ROW(hits(r, topic) == 0, topic);
    }
    router_free(r);
}

static void side_by_side(void)
{
    struct router *r = router_new(key);
    struct subscriber one = { .id = 1 }, two = { .id = 2 };
    struct matches m = { 0 };
    bool existed;

    add(r, &two, "a/#");
    add(r, &one, "a/b");
    add(r, &two, "a/b");
    add(r, &one, "+/b");
    CHECK(router_match(r, str("a/b"), &m) == OK && m.found.n == 4);
    for (size_t i = 0; i < 4; i++) CHECK(matches_at(&m, i)->to == (i < 2 ? &one : &two));
    CHECK(router_add(r, &one, str("a/b"), &(struct route_options){ .qos = 2 }, &existed) == OK && existed);
    CHECK(one.count == 2 && two.count == 2);
    CHECK(router_has(r, &one, str("a/b")) && !router_has(r, &one, str("a/#")) &&
          !router_has(r, &one, str("a")));
    CHECK(!router_remove(r, &one, str("a")) && !router_remove(r, &one, str("a/#")));
    router_leave(r, &one);
    router_leave(r, &two);
    matches_clear(&m);
    router_free(r);
}

CU_TestInfo broker_router_tests[] = { { "selects", selects },
                                      { "agrees with brute force", agrees },
                                      { "one subscriber's matches stand side by side", side_by_side },
                                      CU_TEST_INFO_NULL };
