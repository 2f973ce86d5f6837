#include "scenarios/overheard.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/codec/text.h"
#include "scenarios/testimony.h"
#include "tests/flow_text.h"

/* Two programs say what they sent and received; the runner believes neither alone. */

enum { CLIENT_PORT = 4, BROKER_PORT = 8, AS_PORT = 9 };

struct hall {
    struct suite suite;
    struct variant variant;
    struct run_result result;
    struct show *show;
};

static const char one_message[] = "scenario t/x\n"
                                  "title    T\n"
                                  "  client : publish a hi\n"
                                  "  client ~> broker TLS client_auth=none\n"
                                  "  client -> broker PUBLISH topic=a payload=hi qos=0 [T-C-01]\n";

static void open_hall(struct hall *h, const char *flow)
{
    *h = (struct hall){ 0 };
    CHECK(flow_load(&h->suite, flow) == OK);
    CHECK(flow_expand(h->suite.flows.scenario[0], 0, &h->variant) == OK);
    h->show = calloc(1, sizeof *h->show);
    if (!h->show) abort();
    h->show->variant = &h->variant;
    h->show->result = &h->result;
    h->show->version[1] = MQTT_V5;
    CHECK(world_make(&h->variant, &h->show->world) == OK);
    h->show->world.broker_port = BROKER_PORT;
    h->show->world.as_port = AS_PORT;
    CHECK(stage_init(&h->show->stage, &h->show->world, &h->variant) == OK);
    CHECK(net_new(1, &h->show->net) == OK);
    CHECK(testimony_new(&h->show->world, &h->show->testimony) == OK);
}

static void close_hall(struct hall *h)
{
    testimony_free(h->show->testimony);
    net_free(h->show->net);
    stage_clear(&h->show->stage);
    world_clear(&h->show->world);
    free(h->show);
    result_clear(&h->result);
    variant_clear(&h->variant);
    suite_clear(&h->suite);
}

static void say(struct hall *h, enum role role, const char *what, const char *rest)
{
    struct witness_place *place = testimony_place(h->show->testimony, (struct party){ role, 1 });
    unsigned local = role == ROLE_CLIENT ? CLIENT_PORT : BROKER_PORT,
             peer = CLIENT_PORT + BROKER_PORT - local;
    struct buf text = { 0 };
    struct doc *line = NULL;

    buf_format(&text, "{\"tap\":\"%s\",\"local\":\"127.0.0.1:%u\",\"peer\":\"127.0.0.1:%u\"%s}", what, local,
               peer, rest);
    CHECK(doc_read_json(buf_span(&text), &doc_limits_wire, &line, NULL) == OK);
    testimony_line(place, line);
    doc_free(line);
    buf_clear(&text);
}

static void say_octets(struct hall *h, enum role role, const char *what, struct span octets)
{
    struct buf rest = { 0 };

    buf_str(&rest, ",\"bytes\":\"");
    b64url_encode(&rest, octets);
    buf_str(&rest, "\"");
    say(h, role, what, buf_cstr(&rest));
    buf_clear(&rest);
}

static void play(struct hall *h)
{
    for (size_t i = 0; i < h->variant.steps && !h->show->over; i++) {
        const struct step *s = &h->variant.step[i];
        if (s->kind == STEP_TLS) overheard_handshake(h->show, s);
        if (s->kind == STEP_ARROW) overheard_arrow(h->show, s);
    }
}

/* The first check that did not hold is this: "arrow field: want / got"; "" if all held. */
static void check_failure(const struct hall *h, struct buf *out, const char *want)
{
    buf_truncate(out, 0);
    for (size_t i = 0; i < h->result.check_count; i++) {
        struct check_result *c = &h->result.checks[i];
        if (c->held) continue;
        buf_format(out, "%s %s: %s / %s", buf_cstr(&c->arrow), buf_cstr(&c->field), buf_cstr(&c->want),
                   buf_cstr(&c->got));
        break;
    }
    if (strcmp(buf_cstr(out), want) != 0) printf("\n    got  %s\n    want %s\n", buf_cstr(out), want);
    CHECK_ROW(strcmp(buf_cstr(out), want) == 0, want);
}

#define PUBLISH_HI     \
    "\x30\x06\x00\x01" \
    "a\x00"            \
    "hi"
#define PUBLISH_HO     \
    "\x30\x06\x00\x01" \
    "a\x00"            \
    "ho"
#define PINGREQ "\xc0\x00"

static void messages(void)
{
    static const struct row {
        struct span sent, came;
        const char *fails;
    } rows[] = {
        { SPAN(PUBLISH_HI), SPAN(PUBLISH_HI), "" },
        { SPAN(PUBLISH_HI), SPAN(PUBLISH_HO),
          "client -> broker PUBLISH payload: as sent: \"hi\" / as received: \"ho\"" },
        { SPAN(PUBLISH_HO), SPAN(PUBLISH_HI),
          "client -> broker PUBLISH payload: as sent: \"ho\" / as received: \"hi\"" },
        { SPAN(PUBLISH_HO), SPAN(PUBLISH_HO), "client -> broker PUBLISH payload=hi: hi / \"ho\"" },
        { SPAN(PUBLISH_HI), SPAN(""),
          "client -> broker PUBLISH : PUBLISH / nothing in time (says its receiver)" },
        { SPAN(""), SPAN(PUBLISH_HI), "client -> broker PUBLISH : PUBLISH / nothing in time (says its sender)" },
        { SPAN(PUBLISH_HI), SPAN(PINGREQ), "client -> broker PUBLISH : PUBLISH / PINGREQ  (says its receiver)" },
    }, *r;
    struct buf text = { 0 };

    for (EACH_ROW(r, rows)) {
        struct hall h;

        open_hall(&h, one_message);
        say(&h, ROLE_BROKER, "opened", ",\"version\":772,\"cipher\":\"c\",\"shown\":0");
        say(&h, ROLE_CLIENT, "opened", ",\"version\":772,\"cipher\":\"c\",\"shown\":3");
        if (r->sent.n) say_octets(&h, ROLE_CLIENT, "out", r->sent);
        if (r->came.n) say_octets(&h, ROLE_BROKER, "in", r->came);
        play(&h);
        check_failure(&h, &text, r->fails);
        close_hall(&h);
    }
    buf_clear(&text);
}

static void handshakes(void)
{
    static const struct row {
        const char *server, *client, *fails;
    } rows[] = {
        { "\"cipher\":\"a\",\"shown\":0", "\"cipher\":\"b\",\"shown\":3",
          "client ~> broker TLS cipher: as sent: \"b\" / as received: \"a\"" },
        { "\"cipher\":\"a\",\"shown\":1", "\"cipher\":\"a\",\"shown\":3",
          "client ~> broker TLS client_auth=none: none / \"rpk\"" },
    }, *r;
    struct buf text = { 0 }, rest = { 0 };

    for (EACH_ROW(r, rows)) {
        struct hall h;

        open_hall(&h, one_message);
        buf_format(&rest, ",\"version\":772,%s", r->server);
        say(&h, ROLE_BROKER, "opened", buf_cstr(&rest));
        buf_truncate(&rest, 0);
        buf_format(&rest, ",\"version\":772,%s", r->client);
        say(&h, ROLE_CLIENT, "opened", buf_cstr(&rest));
        buf_truncate(&rest, 0);
        play(&h);
        check_failure(&h, &text, r->fails);
        close_hall(&h);
    }
    buf_clear(&text);
    buf_clear(&rest);
}

/* Nobody connected: the figure's first arrow says so. */
static void nobody(void)
{
    struct buf text = { 0 };
    struct hall h;

    open_hall(&h, one_message);
    play(&h);
    check_failure(&h, &text, "client ~> broker TLS : TLS / no connection in time");
    close_hall(&h);
    buf_clear(&text);
}

CU_TestInfo overheard_tests[] = { { "both ends of a message", messages },
                                  { "both ends of a handshake", handshakes },
                                  { "nobody", nobody },
                                  CU_TEST_INFO_NULL };
