#include "tests/flow_text.h"

#include "scenarios/vary.h"
#include "scenarios/with.h"

static const char text[] = "scenario t/x\n"
                           "title    T\n"
                           "vary     token=jwt|reference qos=0|1 name=-|x\n"
                           "A client -> broker CONNECT version=$version username=$name [T-C-01]\n"
                           "     data=len16($token)              when qos=1\n"
                           "     data=-                          when qos!=1\n"
                           "  broker -> as POST /introspect token=$token when token=reference qos=1\n"
                           "  as -> client 200 access_token=token($pop)>token\n"
                           "  client : publish a qos=$qos\n"
                           "  client -> broker PUBLISH payload=$token qos=$qos|2\n";

#define TAIL(qos)                                                                   \
    "as -> client 200 access_token=token(hs256)>token; client : publish a qos=" qos \
    "; client -> broker PUBLISH payload=$token qos=" qos "|2; "

static const struct row {
    const char *bindings, *steps;
} rows[] = {
    { "token=jwt,qos=0,name=-", "client -> broker CONNECT version=5 username=- data=-; " TAIL("0") },
    { "token=jwt,qos=0,name=x", "client -> broker CONNECT version=5 username=x data=-; " TAIL("0") },
    { "token=jwt,qos=1,name=-", "client -> broker CONNECT version=5 username=- data=len16(jwt); " TAIL("1") },
    { "token=jwt,qos=1,name=x", "client -> broker CONNECT version=5 username=x data=len16(jwt); " TAIL("1") },
    { "token=reference,qos=0,name=-", "client -> broker CONNECT version=5 username=- data=-; " TAIL("0") },
    { "token=reference,qos=0,name=x", "client -> broker CONNECT version=5 username=x data=-; " TAIL("0") },
    { "token=reference,qos=1,name=-", "client -> broker CONNECT version=5 username=- data=len16(reference); "
                                      "broker -> as POST /introspect token=reference; " TAIL("1") },
    { "token=reference,qos=1,name=x", "client -> broker CONNECT version=5 username=x data=len16(reference); "
                                      "broker -> as POST /introspect token=reference; " TAIL("1") },
};

enum { ROWS = sizeof rows / sizeof *rows };

static void print_variant(const struct variant *v, struct buf *out)
{
    for (size_t i = 0; i < v->steps; i++) {
        step_print(&v->step[i], out);
        for (size_t k = 0; v->step[i].message && k < v->step[i].count; k++) {
            buf_u8(out, ' ');
            field_print(&v->step[i].field[k], out);
        }
        buf_str(out, "; ");
    }
}

static void expansion(void)
{
    struct suite s;

    CHECK(flow_load(&s, text) == OK);
    const struct scenario *sc = flows_find(&s.flows, "t/x");
    CHECK(flow_variants(sc) == ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        struct buf bindings = { 0 }, steps = { 0 };
        struct variant v;
        CHECK(flow_expand(sc, i, &v) == OK);
        variant_print(&v, &bindings);
        print_variant(&v, &steps);
        CHECK_ROW(strcmp(buf_cstr(&bindings), rows[i].bindings) == 0, buf_cstr(&bindings));
        CHECK_ROW(strcmp(buf_cstr(&steps), rows[i].steps) == 0, buf_cstr(&steps));
        variant_clear(&v);
        buf_clear(&bindings);
        buf_clear(&steps);
    }
    suite_clear(&s);
}

/* A bound number is a number, and "-" is absence: as if written there. */
static void values_are_typed(void)
{
    struct suite s;
    struct variant v;

    CHECK(flow_load(&s, text) == OK);
    CHECK(flow_expand(flows_find(&s.flows, "t/x"), 0, &v) == OK);
    CHECK(v.step[0].field[0].pattern.is_number && v.step[0].field[0].pattern.number == 5);
    CHECK(v.step[0].field[1].pattern.kind == PATTERN_ABSENT);
    CHECK(v.step[0].count == 3 && v.step[0].field[2].when.count == 0);
    CHECK(strcmp(variant_value(&v, "token"), "jwt") == 0);
    CHECK(strcmp(variant_value(&v, "tls"), "1.3") == 0);
    CHECK(variant_value(&v, "nothing") == NULL);
    variant_clear(&v);
    suite_clear(&s);
}

/* Conditions are gone, axes are values, and the last of the same key counts. */
static void settings_expand(void)
{
    static const char *const want[] = {
        "broker a.n=1 b=\"x\"; as c=\"hs256\"",
        "broker a.n=2 b=false; as c=\"hs256\"",
    };
    struct suite s;

    CHECK(flow_load(&s, "scenario t/y\ntitle T\nlike t/x\nvary n=1|2\nwith broker b=false when n=2\n"
                        "scenario t/x\ntitle T\nvary n=1\nwith broker a.n=0 b=x\nwith as c=$pop\n"
                        "with broker a.n=$n\n client -> broker CONNECT [T-C-01]\n") == OK);
    for (size_t i = 0; i < 2; i++) {
        struct buf said = { 0 };
        struct variant v;
        CHECK(flow_expand(flows_find(&s.flows, "t/y"), i, &v) == OK);
        with_print(v.setting, v.settings, &said);
        CHECK_ROW(strcmp(buf_cstr(&said), want[i]) == 0, buf_cstr(&said));
        variant_clear(&v);
        buf_clear(&said);
    }
    suite_clear(&s);
}

static void counts(void)
{
    struct suite s;

    CHECK(flow_load(&s, "scenario t/x\ntitle T\n client -> broker CONNECT [T-C-01]\n") == OK);
    CHECK(flow_variants(flows_find(&s.flows, "t/x")) == 1);
    suite_clear(&s);
}

CU_TestInfo flow_vary_tests[] = {
    { "expansion", expansion },
    { "values are typed", values_are_typed },
    { "settings", settings_expand },
    { "counts", counts },
    CU_TEST_INFO_NULL,
};
