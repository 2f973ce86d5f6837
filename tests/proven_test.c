#include "scenarios/proven.h"

#include "common/codec/doc.h"
#include "tests/flow_text.h"
#include "tests/result_kit.h"

/* What the combinations were shown with: only by runs that passed, by the axes and by what the client is told. */

static const char flows[] =
    "scenario t/ace\n"
    "title    T\n"
    "vary     pop=hs256|es256  token=jwt|cwt  version=5|4\n"
    "  client : get-token pop=$pop enc=cbor\n"
    "  client : connect tls=anon mqtt=ace\n"
    "  client -> broker CONNECT version=$version username=$token password=$pop [T-C-01]\n"
    "  broker -> client CONNACK reason=0x00|0x01\n"
    "scenario t/public\n"
    "title    T\n"
    "  client : connect tls=anon mqtt=none version=4\n"
    "  client -> broker CONNECT version=4 [T-C-01]\n"
    "  broker -> client CONNACK reason=0x00\n"
    "scenario t/refused\n"
    "title    T\n"
    "vary     token=jwt|reference\n"
    "  client : connect tls=anon mqtt=ace\n"
    "  client -> broker CONNECT version=5 username=$token [T-C-01]\n"
    "  broker -> client CONNACK reason=0x87\n"
    "scenario t/silent\n"
    "title    T\n"
    "  client -> broker CONNECT version=5 [T-C-01]\n";

static void tell(struct proven *p, const struct suite *s, const char *id, const char *variant, enum verdict v)
{
    struct run_result run = make_run(&(struct made_run){ id, variant, PRO, PRO, PRO });

    run.verdict = v;
    proven_add(p, s, &run);
    result_clear(&run);
}

static const char shown[] =
    "  shown by passing runs     tokens                  AS speaks          TLS       keys\n"
    "  TLS:anon  MQTT:none 5.0   n/a                     n/a                (1.3) (1.2) n/a\n"
    "  TLS:anon  MQTT:none 3.1.1 n/a                     n/a                1.3 (1.2) n/a\n"
    "  TLS:anon  MQTT:ace  5.0   (jwt) cwt (reference)   (json) cbor (form) 1.3 (1.2) (hs256) (ed25519) "
    "es256\n"
    "  TLS:anon  MQTT:ace  3.1.1 (jwt) (cwt) (reference) (json) (cbor) (form) (1.3) (1.2) (hs256) (ed25519) "
    "(es256)\n";

static void counts(void)
{
    struct suite s;
    struct proven p = { { { { { 0 } } } } };
    struct buf out = { 0 };

    CHECK(flow_load(&s, flows) == OK);
    size_t all = proven_holes(&p);
    tell(&p, &s, "t/ace", "pop=es256,token=cwt,version=5", VERDICT_WARN);
    tell(&p, &s, "t/ace", "pop=hs256,token=jwt,version=4", VERDICT_FAIL);
    tell(&p, &s, "t/ace", "pop=hs256,token=jwt,version=4", VERDICT_SKIP);
    tell(&p, &s, "t/public", "", VERDICT_PASS);
    tell(&p, &s, "t/silent", "", VERDICT_PASS);
    tell(&p, &s, "t/refused", "token=reference", VERDICT_PASS); /* shows nothing that works */
    tell(&p, &s, "t/ace", "pop=hs256,token=jwt,version=4", VERDICT_KNOWN);
    CHECK(all == 70 && proven_holes(&p) == all - 5);
    proven_print(&p, &out);
    CHECK_ROW(span_starts(buf_span(&out), span_str(shown)), buf_cstr(&out));
    buf_clear(&out);
    suite_clear(&s);
}

static bool cell_is(const struct doc *line, size_t i, const char *want)
{
    const struct doc *c = doc_at(doc_get(line, "cells"), i);
    struct buf text = { 0 };

    bool same = doc_write_json(c, &text) == OK && strcmp(buf_cstr(&text), want) == 0;
    if (!same) CHECK_ROW(false, buf_cstr(&text));
    buf_clear(&text);
    return same;
}

static void writes(void)
{
    struct suite s;
    struct proven p = { { { { { 0 } } } } };
    struct buf json = { 0 };
    struct doc *d = NULL;

    CHECK(flow_load(&s, flows) == OK);
    tell(&p, &s, "t/ace", "pop=es256,token=cwt,version=4", VERDICT_PASS);
    buf_str(&json, "{");
    proven_write(&p, &json);
    buf_str(&json, "}");
    CHECK(doc_read_json(buf_span(&json), &doc_limits_file, &d, NULL) == OK);
    const struct doc *list = doc_get(d, "combinations");
    CHECK(doc_count(list) == 8 && doc_count(doc_get(doc_at(list, 0), "cells")) == 11);
    CHECK(cell_is(
        doc_at(list, 0), 0,
        "{\"axis\":\"token\",\"value\":\"jwt\",\"state\":\"n/a\",\"runs\":0,\"why\":\"public topics only: "
        "nobody has a token or proves a key\"}"));
    CHECK(cell_is(doc_at(list, 3), 1,
                  "{\"axis\":\"token\",\"value\":\"cwt\",\"state\":\"proven\",\"runs\":1}"));
    CHECK(
        cell_is(doc_at(list, 3), 0, "{\"axis\":\"token\",\"value\":\"jwt\",\"state\":\"hole\",\"runs\":0}"));
    doc_free(d);
    buf_clear(&json);
    suite_clear(&s);
}

CU_TestInfo proven_tests[] = { { "counts", counts }, { "writes", writes }, CU_TEST_INFO_NULL };
