#include "tests/flow_text.h"

#include "scenarios/vary.h"

static void print_mentions(const struct mentions *m, struct buf *out)
{
    for (size_t i = 0; i < m->count; i++) buf_format(out, "[%s]", m->mention[i].id);
}

/* "A client -> broker CONNECT[T-C-01] method=ace[T-C-01]; " */
static void print_step(const struct step *s, struct buf *out)
{
    if (s->label) buf_format(out, "%s ", s->label);
    step_print(s, out);
    print_mentions(&s->proves, out);
    for (size_t i = 0; s->message && i < s->count; i++) {
        buf_u8(out, ' ');
        field_print(&s->field[i], out);
        print_mentions(&s->field[i].proves, out);
    }
    buf_str(out, "; ");
}

#define BASE                                                        \
    "scenario base\ntitle T\n"                                      \
    "A client -> broker CONNECT method=ace data=hex(00) [T-C-01]\n" \
    "   username=- [T-C-02]\n"                                      \
    "B broker -> client CONNACK reason=0 [T-RS-01]\n"               \
    "   user=a:b user=c:d\n"                                        \
    " client : ping\n"                                              \
    "scenario x\ntitle U\nlike base\n"

#define A_AS_IT_WAS \
    "A client -> broker CONNECT[T-C-01] method=ace[T-C-01] data=hex(00)[T-C-01] username=-[T-C-02]; "
#define B_AS_IT_WAS "B broker -> client CONNACK[T-RS-01] reason=0[T-RS-01] user=a:b user=c:d; "
#define C_AS_IT_WAS "client : ping; "

enum { C = 1 << ROLE_CLIENT, B = 1 << ROLE_BROKER, S = 1 << ROLE_AS };

static const struct row {
    const char *why, *text, *steps;
    unsigned wrong, tested;
} rows[] = {
    /* clang-format off */
    { "like alone", BASE, A_AS_IT_WAS B_AS_IT_WAS C_AS_IT_WAS, 0, C | B },
    { "own steps come last", BASE " client : drop\n", A_AS_IT_WAS B_AS_IT_WAS C_AS_IT_WAS "client : drop; ", 0, C | B },
    { "a field where it stood, its line's rules gone", BASE "but A data=hex(01)\n",
      "A client -> broker CONNECT method=ace data=hex(01) username=-[T-C-02]; " B_AS_IT_WAS C_AS_IT_WAS, C, B },
    { "rules of the but", BASE "but A data=hex(01) [T-C-02]\n",
      "A client -> broker CONNECT[T-C-02] method=ace data=hex(01)[T-C-02] username=-[T-C-02]; " B_AS_IT_WAS C_AS_IT_WAS, 0, C | B },
    { "a field of a further line", BASE "but A username=x [T-C-02]\n",
      "A client -> broker CONNECT[T-C-01][T-C-02] method=ace[T-C-01] data=hex(00)[T-C-01] username=x[T-C-02]; " B_AS_IT_WAS C_AS_IT_WAS, 0, C | B },
    { "a new field, on a line of its own", BASE "but A\n  client_id=x [T-C-02]\n",
      "A client -> broker CONNECT[T-C-01] method=ace[T-C-01] data=hex(00)[T-C-01] username=-[T-C-02] client_id=x[T-C-02]; "
      B_AS_IT_WAS C_AS_IT_WAS, 0, C | B },
    { "a repeated field is replaced as one", BASE "but B user=e:f [T-RS-02]\n", A_AS_IT_WAS
      "B broker -> client CONNACK[T-RS-01][T-RS-02] reason=0[T-RS-01] user=e:f[T-RS-02]; " C_AS_IT_WAS, 0, C | B },
    { "then cuts", BASE "then B broker -> client CLOSE [T-RS-02]\n client : drop\n", A_AS_IT_WAS
      "B broker -> client CLOSE[T-RS-02]; client : drop; ", 0, C | B },
    { "then cuts alone", BASE "then B\n", A_AS_IT_WAS, 0, C },
    { "but and then", BASE "but A data=flip(hex(00))\nthen B\n quiet client [T-RS-01]\n",
      "A client -> broker CONNECT method=ace data=flip(hex(00)) username=-[T-C-02]; quiet client[T-RS-01]; ", C, B },
    { "raw spoils", BASE "but A raw=hex(00) [T-C-02]\n",
      "A client -> broker CONNECT[T-C-01][T-C-02] method=ace[T-C-01] data=hex(00)[T-C-01] username=-[T-C-02] raw=hex(00)[T-C-02]; "
      B_AS_IT_WAS C_AS_IT_WAS, C, B },
    { "a deviating token spoils, a plain one does not", BASE " as -> client 200 access_token=token(hs256)\n as -> client 200 access_token=token(hs256,exp=-1h)\n",
      A_AS_IT_WAS B_AS_IT_WAS C_AS_IT_WAS "as -> client 200 access_token=token(hs256); as -> client 200 access_token=token(hs256,exp=-1h); ", S, C | B },
    { "in a handshake, who says it", BASE " client ~> broker TLS rs_key=flip($rs_cnf)\n", A_AS_IT_WAS B_AS_IT_WAS C_AS_IT_WAS
      "client ~> broker TLS rs_key=flip($rs_cnf); ", B, C },
    { "tests", BASE "tests broker\n", A_AS_IT_WAS B_AS_IT_WAS C_AS_IT_WAS, C | S, B },
    /* clang-format on */
};

static void steps(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct buf out = { 0 };
        struct suite s = { 0 };
        enum err e = flow_load(&s, r->text);
        CHECK_ROW(e == OK, s.flows.errors ? s.flows.error[0].why : r->why);
        const struct scenario *x = flows_find(&s.flows, "x");
        for (size_t i = 0; x && i < x->steps; i++) print_step(&x->step[i], &out);
        CHECK_ROW(strcmp(buf_cstr(&out), r->steps) == 0, buf_cstr(&out));
        CHECK_ROW(x && x->wrong == r->wrong && x->tested == r->tested, r->why);
        suite_clear(&s);
        buf_clear(&out);
    }
}

/* What a scenario derives must not show in the scenario it is derived from. */
static void base_stays(void)
{
    struct buf out = { 0 };
    struct suite s;

    CHECK(flow_load(&s, BASE "but A data=hex(01)\nbut B user=e:f [T-RS-02]\n") == OK);
    const struct scenario *base = flows_find(&s.flows, "base");
    for (size_t i = 0; i < base->steps; i++) print_step(&base->step[i], &out);
    CHECK(strcmp(buf_cstr(&out), A_AS_IT_WAS B_AS_IT_WAS C_AS_IT_WAS) == 0);
    CHECK(base->wrong == 0);
    suite_clear(&s);
    buf_clear(&out);
}

static const char chain[] =
    "scenario c\ntitle T\nlike b\nvary qos=1|2\nneeds psk\ntag slow\n"
    "scenario b\ntitle T\nlike a\nvary token=jwt\n"
    "scenario d\ntitle T\nlike a\nthen A\n quiet client [T-RS-01]\n"
    "scenario a\ntitle T\nvary token=jwt|cwt qos=0|1|2\nneeds rpk\ntag slow\n"
    "A client -> broker PUBLISH qos=$qos [T-C-01]\n broker -> client PUBACK when qos=1\n";

/* Bases may stand behind; axes narrow, needs and tags add up; an axis whose lines are gone goes too. */
static void heads(void)
{
    struct suite s;

    CHECK(flow_load(&s, chain) == OK);
    const struct scenario *c = flows_find(&s.flows, "c"), *d = flows_find(&s.flows, "d");
    CHECK(c->axes == 2 && strcmp(c->axis[0].name, "token") == 0 && c->axis[0].count == 1);
    CHECK(strcmp(c->axis[1].name, "qos") == 0 && c->axis[1].count == 2);
    CHECK(c->needs.count == 2 && c->tags.count == 1 && c->steps == 2);
    CHECK(flow_variants(c) == 2);
    CHECK(d->axes == 1 && strcmp(d->axis[0].name, "token") == 0);
    suite_clear(&s);
}

CU_TestInfo flow_derive_tests[] = {
    { "steps", steps }, { "base stays", base_stays }, { "heads", heads }, CU_TEST_INFO_NULL
};
