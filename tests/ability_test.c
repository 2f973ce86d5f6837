#include "scenarios/ability.h"

#include "common/codec/doc.h"
#include "scenarios/json.h"
#include "scenarios/suite.h"
#include "tests/flow_text.h"
#include "tests/result_kit.h"

#include <stdio.h>
#include <string.h>

static void add(struct report *r, const char *scenario, enum player client, const char *got, enum verdict v)
{
    struct run_result run = make_run(&(struct made_run){ scenario, "", client, EXT, PUP });

    make_check(&run, &(struct made_check){ 3, "broker -> client CONNACK", "reason", "0x00", got, { NULL } });
    if (v == VERDICT_SKIP) run.verdict = v;
    CHECK(report_add(r, &run) == OK);
}

static void gist(void)
{
    struct rules rules = { 0 };
    struct report r;
    struct buf text = { 0 }, json = { 0 };
    struct doc *d = NULL;

    CHECK(rules_read(span_str(TEST_RULES), &rules, NULL) == OK);
    CHECK(report_init(&r, &rules) == OK);
    add(&r, "connect/exporter", PUP, NULL, VERDICT_PASS);
    add(&r, "connect/challenge", PUP, "140 (0x8c)", VERDICT_FAIL);
    add(&r, "connect/challenge", PUP, NULL, VERDICT_PASS);
    add(&r, "psk/token", PUP, "5", VERDICT_FAIL);
    add(&r, "rpk/known", PUP, NULL, VERDICT_SKIP);
    add(&r, "mqtt311/exporter", EXT, NULL, VERDICT_PASS); /* two at a time say nothing of one */
    ability_print(&r, &text);
    CHECK_ROW(strstr(buf_cstr(&text),
                     "what the broker can do\n"
                     "  yes     lets in who proves his key in CONNECT\n"
                     "  partly  challenges who only shows a token (1 of 2)  [connect/challenge: broker -> "
                     "client CONNACK reason, got 140 (0x8c)]\n"
                     "  -       takes tokens at authz-info, and nothing else there (not asked)\n"
                     "  -       knows clients in TLS: raw public keys (not asked)\n"
                     "  no      knows clients in TLS: PSK  [psk/token: ") == buf_cstr(&text),
              buf_cstr(&text));
    CHECK(!strstr(buf_cstr(&text), "what the client") && strstr(buf_cstr(&text), "  -       MQTT 3.1.1"));
    json_open(&json, NULL, '{');
    ability_write(&r, &json);
    json_close(&json, '}');
    CHECK(doc_read_json(buf_span(&json), &doc_limits_file, &d, NULL) == OK);
    CHECK(doc_count(doc_get(d, "abilities")) == 14);
    doc_free(d);
    buf_clear(&text);
    buf_clear(&json);
    report_clear(&r);
    rules_clear(&rules);
}

/* Each names a scenario that there is. */
static void there(void)
{
    struct suite s = { 0 };
    struct buf message = { 0 }, json = { 0 };
    struct report r;
    struct doc *d = NULL;
    struct span id = { 0 };

    CHECK(suite_load(&(struct suite_folders){ "scenarios", "scenarios/flows" }, &s, &message) == OK);
    CHECK(report_init(&r, &s.rules) == OK);
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        struct run_result run = make_run(&(struct made_run){ "x", "", PUP, PUP, PUP });
        run.players[role] = PRO;
        run.verdict = VERDICT_SKIP;
        CHECK(report_add(&r, &run) == OK);
    }
    json_open(&json, NULL, '{');
    ability_write(&r, &json);
    json_close(&json, '}');
    CHECK(doc_read_json(buf_span(&json), &doc_limits_file, &d, NULL) == OK);
    const struct doc *all = doc_get(d, "abilities");
    CHECK(doc_count(all) == 29);
    for (size_t i = 0; i < doc_count(all); i++) {
        char name[64] = "";
        CHECK(doc_text(doc_get(doc_at(all, i), "scenario"), &id));
        snprintf(name, sizeof name, "%.*s", (int)id.n, (const char *)id.p);
        CHECK_ROW(flows_find(&s.flows, name) != NULL, name);
    }
    doc_free(d);
    buf_clear(&json);
    buf_clear(&message);
    report_clear(&r);
    suite_clear(&s);
}

CU_TestInfo ability_tests[] = {
    { "what a program can do, and what came instead", gist },
    { "each is shown by a scenario that there is", there },
    CU_TEST_INFO_NULL,
};
