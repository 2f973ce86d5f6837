#include "scenarios/mutant.h"

#include "tests/flow_text.h"
#include "tests/result_kit.h"

/* The mutants of variant `index` of the first scenario: "id @line: words" each, then "spared line: field: why". */
static const char *mutants_of(const char *text, size_t index, struct buf *out)
{
    struct suite s;
    struct variant v;
    struct mutants m;

    CHECK(flow_load(&s, text) == OK);
    CHECK(flow_expand(s.flows.scenario[0], index, &v) == OK);
    CHECK(mutants_make(&v, &m) == OK);
    buf_truncate(out, 0);
    for (size_t i = 0; i < m.count; i++)
        buf_format(out, "%s @%u: %s\n", m.mutant[i].id, m.mutant[i].blame.line, m.mutant[i].words);
    for (size_t i = 0; i < m.spares; i++)
        buf_format(out, "spared %u: %s: %s\n", m.spared[i].at.line, m.spared[i].field, m.spared[i].why);
    mutants_clear(&m);
    variant_clear(&v);
    suite_clear(&s);
    return buf_cstr(out);
}

static const char anon[] = "scenario t/x\n"
                           "title    T\n"
                           "  client : get-token\n"
                           "A client -> as POST /token audience=$broker [T-C-01]\n"
                           "B as -> client 200 access_token=token>token cnf=key>key expires_in=int(1,99)\n"
                           "     token.aud=$broker rs_cnf.jwk.kty=OKP token.exp=int\n"
                           "  client ~> broker TLS client_auth=none rs_key=$rs_cnf version=$tls\n"
                           "C client -> broker CONNECT method=ace data=len16($token) clean_start=1\n"
                           "     username=-\n"
                           "F broker -> client CONNACK reason=0x00|0x80 data=bytes(8)>s_nonce user=a:b\n"
                           "     reason_string?=text\n"
                           "  client -> broker SUBSCRIBE filters=[a,b]\n"
                           "  broker -> client SUBACK codes=[0x00,0x87|0x80]\n"
                           "  quiet client\n"
                           "  client -> broker CLOSE\n";

static const char anon_mutants[] =
    "t/x#A.dropped @4: client -> as POST /token is not sent\n"
    "t/x#A.replaced @4: client -> as POST /token is sent as POST /mutant\n"
    "t/x#A.audience.other @4: client -> as POST /token: audience is mutant instead of $broker\n"
    "t/x#A.audience.missing @4: client -> as POST /token: audience is missing\n"
    "t/x#B.dropped @5: as -> client 200 is not sent\n"
    "t/x#B.replaced @5: as -> client 200 is sent as 500\n"
    "t/x#B.access_token.other @5: as -> client 200: access_token is flip(token>token) instead of "
    "token>token\n"
    "t/x#B.access_token.missing @5: as -> client 200: access_token is missing\n"
    "t/x#B.cnf.other @5: as -> client 200: cnf is key(ed25519) instead of key>key\n"
    "t/x#B.cnf.missing @5: as -> client 200: cnf is missing\n"
    "t/x#B.expires_in.other @5: as -> client 200: expires_in is 4242 instead of int(1,99)\n"
    "t/x#B.expires_in.missing @5: as -> client 200: expires_in is missing\n"
    "t/x#B.token.aud.other @6: as -> client 200: token.aud is mutant\n"
    "t/x#B.rs_cnf.jwk.kty.missing @6: as -> client 200: rs_cnf is missing\n"
    "t/x#4.dropped @7: client ~> broker TLS is not sent\n"
    "t/x#4.client_auth.other @7: client ~> broker TLS: client_auth is rpk(key(ed25519)) instead of none\n"
    "t/x#4.version.other @7: client ~> broker TLS: version is 1.2 instead of 1.3\n"
    "t/x#C.dropped @8: client -> broker CONNECT is not sent\n"
    "t/x#C.replaced @8: client -> broker CONNECT is sent as PINGREQ\n"
    "t/x#C.method.other @8: client -> broker CONNECT: method is mutant instead of ace\n"
    "t/x#C.method.missing @8: client -> broker CONNECT: method is missing\n"
    "t/x#C.data.other @8: client -> broker CONNECT: data is flip(len16($token)) instead of len16($token)\n"
    "t/x#C.data.missing @8: client -> broker CONNECT: data is missing\n"
    "t/x#C.clean_start.other @8: client -> broker CONNECT: clean_start is 0 instead of 1\n"
    "t/x#C.username.added @9: client -> broker CONNECT: username is mutant instead of -\n"
    "t/x#F.dropped @10: broker -> client CONNACK is not sent\n"
    "t/x#F.replaced @10: broker -> client CONNACK is sent as PINGRESP\n"
    "t/x#F.reason.other @10: broker -> client CONNACK: reason is 0x87 instead of 0x00|0x80\n"
    "t/x#F.data.other @10: broker -> client CONNACK: data is cut(bytes(8)>s_nonce) instead of "
    "bytes(8)>s_nonce\n"
    "t/x#F.data.missing @10: broker -> client CONNACK: data is missing\n"
    "t/x#F.user.other @10: broker -> client CONNACK: user is a:mutant instead of a:b\n"
    "t/x#F.user.missing @10: broker -> client CONNACK: user is missing\n"
    "t/x#F.reason_string.other @11: broker -> client CONNACK: reason_string is \"\" instead of text\n"
    "t/x#7.dropped @12: client -> broker SUBSCRIBE is not sent\n"
    "t/x#7.replaced @12: client -> broker SUBSCRIBE is sent as PINGREQ\n"
    "t/x#7.filters.other @12: client -> broker SUBSCRIBE: filters is [mutant,b] instead of [a,b]\n"
    "t/x#8.dropped @13: broker -> client SUBACK is not sent\n"
    "t/x#8.replaced @13: broker -> client SUBACK is sent as PINGRESP\n"
    "t/x#8.codes.other @13: broker -> client SUBACK: codes is [0x80,0x87|0x80] instead of [0x00,0x87|0x80]\n"
    "t/x#9.extra @14: quiet client: all the same broker sends PUBLISH\n"
    "t/x#10.dropped @15: client -> broker CLOSE is not sent\n"
    "spared 6: token.exp=int: a member: it is made with the whole\n"
    "spared 7: rs_key=$rs_cnf: a property of the handshake, not of a message\n";

static void all_of_a_flow(void)
{
    struct buf out = { 0 };

    const char *all = mutants_of(anon, 0, &out);
    CHECK_ROW(strcmp(all, anon_mutants) == 0, all);
    buf_clear(&out);
}

/* One field of one arrow each: what becomes of it. */
/* clang-format off */
static const struct row {
    const char *arrow, *expected;
} rows[] = {
    { "client -> broker PUBLISH qos=1", "qos.other: 0" },
    { "client -> broker PUBLISH qos=0|1|2", "every number that may stand here is right" },
    { "client -> broker PUBLISH payload=\"\"", "payload.other: \"\"+x" },
    { "client -> broker PUBLISH payload=bytes(2,5)", "payload.other: mutant" },
    { "client -> broker PUBLISH payload=bytes(2)+hex(00)", "payload.other: flip(bytes(2)+hex(00))" },
    { "client -> broker PUBLISH payload=hex(00)+bytes(2)", "payload.other: cut(hex(00)+bytes(2))" },
    { "client -> broker PUBLISH topic=starts(mu)", "topic.other: \"\"" },
    { "client -> broker PUBLISH topic=not(mutant)", "topic.other: mutant" },
    { "client -> broker PUBLISH message_expiry=65535", "message_expiry.other: 65534 message_expiry.missing: -" },
    { "client -> broker PUBLISH message_expiry=-", "message_expiry.added: 1" },
    { "client -> broker PUBLISH message_expiry=-|5", "message_expiry.other: 6" },
    { "client -> broker PUBLISH content_type?=x", "content_type.other: mutant" },
    { "client -> broker PUBLISH raw=hex(00)", "raw octets are sent, not judged" },
    { "broker -> client AUTH reason=0x18", "reason.other: 0x19" },
    { "broker -> client PUBREL reason=0x00", "reason.other: 0x92" },
    { "as -> client 4xx status=400|418", "status.other: 417" },
    { "as -> broker 200 active=true", "active.other: false active.missing: -" },
    { "as -> broker 200 active=true|false", "active.missing: -" },
    { "as -> client 200 scope=$scope", "scope.other: [mutant,[pub]] scope.missing: -" },
    { "as -> client 200 cnf=key(ed25519)", "cnf.other: key(es256) cnf.missing: -" },
    { "client -> as POST /token auth=none", "auth.other: basic(mutant,mutant)" },
    { "client -> as POST /token auth=cert", "auth.other: none" },
};

/* clang-format on */

static const char *print_fields(const struct mutants *m, struct buf *out)
{
    buf_truncate(out, 0);
    for (size_t i = 0; i < m->count; i++) {
        if (m->mutant[i].kind < MUTANT_MISSING) continue;
        buf_format(out, "%s%s: ", out->n ? " " : "", strchr(m->mutant[i].id, '.') + 1);
        pattern_print(&m->mutant[i].broken.field[0].pattern, out);
    }
    for (size_t i = 0; i < m->spares; i++) buf_str(out, m->spared[i].why);
    return buf_cstr(out);
}

static void one_field(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct suite s;
        struct variant v;
        struct mutants m;
        struct buf text = { 0 }, out = { 0 };
        buf_format(&text, "scenario t/x\ntitle T\nA %s\n  broker -> client PINGRESP [T-RS-01]\n", r->arrow);
        enum err e = flow_load(&s, buf_cstr(&text));
        for (size_t i = 0; i < s.flows.errors; i++) CHECK_ROW(false, s.flows.error[i].why);
        CHECK_ROW(e == OK && flow_expand(s.flows.scenario[0], 0, &v) == OK && mutants_make(&v, &m) == OK,
                  r->arrow);
        const char *fields = print_fields(&m, &out);
        CHECK_ROW(strcmp(fields, r->expected) == 0, fields);
        mutants_clear(&m);
        variant_clear(&v);
        suite_clear(&s);
        buf_clear(&text);
        buf_clear(&out);
    }
}

/* MQTT 3.1.1 has other return codes, and no properties. */
static void old_mqtt(void)
{
    static const char text[] = "scenario t/x\ntitle T\nvary version=4\n"
                               "F broker -> client CONNACK reason=5 method=- [T-RS-01]\n"
                               "  broker -> client PUBACK reason=0\n";
    struct buf out = { 0 };

    mutants_of(text, 0, &out);
    CHECK(strstr(buf_cstr(&out),
                 "t/x#F.reason.other @4: broker -> client CONNACK: reason is 0x03 instead of 5\n") != NULL);
    CHECK(strstr(buf_cstr(&out), "spared 4: method=-: MQTT 3.1.1 has no properties\n") != NULL);
    CHECK(strstr(buf_cstr(&out), "spared 5: reason=0: MQTT 3.1.1 has no reason code here\n") != NULL);
    buf_clear(&out);
}

/* What was made points to no place of the flow, and the variant is as it was. */
static void leaves_the_variant(void)
{
    struct suite s;
    struct variant v;
    struct mutants m;
    struct buf before = { 0 }, after = { 0 };

    CHECK(flow_load(&s, anon) == OK && flow_expand(s.flows.scenario[0], 0, &v) == OK);
    for (size_t i = 0; i < v.steps; i++) {
        for (size_t k = 0; k < v.step[i].count; k++) field_print(&v.step[i].field[k], &before);
    }
    CHECK(mutants_make(&v, &m) == OK);
    for (size_t i = 0; i < v.steps; i++) {
        for (size_t k = 0; k < v.step[i].count; k++) field_print(&v.step[i].field[k], &after);
    }
    CHECK(strcmp(buf_cstr(&before), buf_cstr(&after)) == 0);
    CHECK(m.mutant[2].broken.field[0].pattern.at.line == 0 && v.step[1].field[0].pattern.at.line == 4);
    mutants_clear(&m);
    variant_clear(&v);
    suite_clear(&s);
    buf_clear(&before);
    buf_clear(&after);
}

/* clang-format off */
static const struct fate_row {
    const char *why;
    struct made_check checks[3];
    enum verdict verdict;
    enum fate fate;
} fate_rows[] = {
    { "its line", { { 5, "a -> b X", "", 0, 0, { 0 } }, { 9, "a -> b Y", "f", "1", "2", { 0 } } }, VERDICT_ERROR, FATE_CAUGHT },
    { "its line, behind another of the arrow", { { 8, "a -> b Y", "e", "1", "2", { 0 } }, { 9, "a -> b Y", "f", "1", "2", { 0 } } }, VERDICT_ERROR, FATE_CAUGHT },
    { "its line, after another arrow", { { 8, "a -> b X", "e", "1", "2", { 0 } }, { 9, "a -> b Y", "f", "1", "2", { 0 } } }, VERDICT_ERROR, FATE_MISBLAMED },
    { "another line", { { 9, "a -> b Y", "f", 0, 0, { 0 } }, { 8, "a -> b X", "e", "1", "2", { 0 } } }, VERDICT_FAIL, FATE_MISBLAMED },
    { "nothing broke", { { 9, "a -> b Y", "f", 0, 0, { 0 } } }, VERDICT_PASS, FATE_SURVIVED },
    { "an error", { { 9, "a -> b Y", "f", 0, 0, { 0 } } }, VERDICT_ERROR, FATE_UNTOLD },
    { "a skip", { { 0 } }, VERDICT_SKIP, FATE_UNTOLD },
};

/* clang-format on */

static void fates(void)
{
    const struct mutant m = { .blame = { "t.flow", 9, 1 } };
    const struct fate_row *r;

    for (EACH_ROW(r, fate_rows)) {
        struct run_result run = make_run(&(struct made_run){ "t/x", "", PUP, PUP, PUP });
        for (size_t i = 0; i < 3 && r->checks[i].arrow; i++) make_check(&run, &r->checks[i]);
        run.verdict = r->verdict;
        CHECK_ROW(mutant_fate(&m, &run) == r->fate, r->why);
        result_clear(&run);
    }
}

CU_TestInfo mutant_tests[] = {
    { "all of a flow", all_of_a_flow },           { "one field", one_field }, { "old MQTT", old_mqtt },
    { "leaves the variant", leaves_the_variant }, { "fates", fates },         CU_TEST_INFO_NULL,
};
