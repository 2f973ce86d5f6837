#include "common/ace/media.h"
#include "tests/check.h"

/* clang-format off */
static const struct type {
    const char *why, *text;
    bool ours;
    enum media media;
} types[] = {
    { "ace+json",             "application/ace+json",                       true,  MEDIA_ACE_JSON },
    { "ace+cbor",             "application/ace+cbor",                       true,  MEDIA_ACE_CBOR },
    { "json",                 "application/json",                           true,  MEDIA_JSON     },
    { "form",                 "application/x-www-form-urlencoded",          true,  MEDIA_FORM     },
    { "case ignored",         "Application/ACE+JSON",                       true,  MEDIA_ACE_JSON },
    { "parameters ignored",   "application/json; charset=utf-8",            true,  MEDIA_JSON     },
    { "no blank",             "application/json;charset=utf-8",             true,  MEDIA_JSON     },
    { "blanks around",        " \tapplication/json ",                       true,  MEDIA_JSON     },
    { "another type",         "text/plain",                                 false, MEDIA_COUNT    },
    { "a beginning",          "application/js",                             false, MEDIA_COUNT    },
    { "more than the name",   "application/jsonx",                          false, MEDIA_COUNT    },
    { "nothing",              "",                                           false, MEDIA_COUNT    },
    { "only a parameter",     ";application/json",                          false, MEDIA_COUNT    },
};

static const struct form {
    const char *why, *form, *json; /* NULL: refused */
} forms[] = {
    { "one",                     "a=b",                        "{\"a\":\"b\"}"                           },
    { "two",                     "a=b&c=d",                    "{\"a\":\"b\",\"c\":\"d\"}"               },
    { "plus and percent",        "a=b+c%2Bd%20e",              "{\"a\":\"b c+d e\"}"                     },
    { "either case of hex",      "a=%c3%A4",                   "{\"a\":\"\xc3\xa4\"}"                    },
    { "an encoded name",         "%61=b",                      "{\"a\":\"b\"}"                           },
    { "equals in the value",     "a=b=c",                      "{\"a\":\"b=c\"}"                         },
    { "empty is left out",       "a=&b=c&d",                   "{\"b\":\"c\"}"                           },
    { "but not ace_profile",     "ace_profile=",               "{\"ace_profile\":\"\"}"                  },
    { "nor without equals",      "ace_profile",                "{\"ace_profile\":\"\"}"                  },
    { "empty pairs",             "&&a=b&",                     "{\"a\":\"b\"}"                           },
    { "nothing",                 "",                           "{}"                                      },
    { "nested JSON",             "req_cnf=%7B%22kid%22%3A%22x%22%7D", "{\"req_cnf\":{\"kid\":\"x\"}}"    },
    { "braces elsewhere",        "a=%7B",                      "{\"a\":\"{\"}"                           },
    { "doubled",                 "a=b&a=b",                    NULL                                      },
    { "doubled by encoding",     "a=b&%61=c",                  NULL                                      },
    { "percent cut",             "a=%4",                       NULL                                      },
    { "percent alone",           "a=%",                        NULL                                      },
    { "no hex",                  "a=%g0",                      NULL                                      },
    { "NUL",                     "a=%00",                      NULL                                      },
    { "not UTF-8",               "a=%ff",                      NULL                                      },
    { "raw bytes not UTF-8",     "a=\xff",                     NULL                                      },
    { "nested, not JSON",        "req_cnf=x",                  NULL                                      },
    { "nested, doubled key",     "cnf=%7B%22a%22:1,%22a%22:1%7D", NULL                                   },
};
/* clang-format on */

static void content_types(void)
{
    const struct type *r;

    for (EACH_ROW(r, types)) {
        enum media got = MEDIA_COUNT;
        CHECK_ROW(media_read(span_str(r->text), &got) == r->ours, r->why);
        CHECK_ROW(got == r->media, r->why);
    }
    for (int m = 0; m < MEDIA_COUNT; m++) {
        enum media got;
        CHECK(media_read(span_str(media_name((enum media)m)), &got) && got == (enum media)m);
    }
    CHECK(media_answer(MEDIA_FORM) == MEDIA_JSON && media_answer(MEDIA_ACE_CBOR) == MEDIA_ACE_CBOR);
    CHECK(media_notation(MEDIA_FORM) == NOTATION_JSON && media_notation(MEDIA_ACE_CBOR) == NOTATION_CBOR);
}

static void form_bodies(void)
{
    const struct form *r;

    for (EACH_ROW(r, forms)) {
        struct doc *d = NULL, *again = NULL;
        struct buf json = { 0 }, form = { 0 }, second = { 0 };
        enum err e = body_read(span_str(r->form), MEDIA_FORM, &d, NULL);
        CHECK_ROW(e == (r->json ? OK : ERR_MALFORMED), r->why);
        if (r->json) {
            CHECK_ROW(doc_write_json(d, &json) == OK && span_is(buf_span(&json), r->json), r->why);
            CHECK_ROW(body_write(d, MEDIA_FORM, &form) == OK, r->why);
            CHECK_ROW(body_read(buf_span(&form), MEDIA_FORM, &again, NULL) == OK, r->why);
            CHECK_ROW(doc_write_json(again, &second) == OK && span_is(buf_span(&second), r->json), r->why);
        }
        doc_free(d);
        doc_free(again);
        buf_clear(&json);
        buf_clear(&form);
        buf_clear(&second);
    }
}

static void form_encoding(void)
{
    struct doc *d = doc_new_map();
    struct buf out = { 0 };

    doc_put(d, "scope", doc_new_str("a b/\xc3\xa4~"));
    doc_put(d, "n", doc_new_int(5));
    doc_put(d, "cnf", doc_new_map());
    CHECK(body_write(d, MEDIA_FORM, &out) == OK);
    CHECK(span_is(buf_span(&out), "scope=a+b%2F%C3%A4%7E&n=5&cnf=%7B%7D"));
    buf_clear(&out);
    doc_free(d);
}

static void form_limits(void)
{
    struct doc *d = NULL;
    struct buf form = { 0 };

    for (unsigned i = 0; i < doc_limits_wire.items; i++) buf_format(&form, "&p%u=x", i);
    CHECK(body_read(span_skip(buf_span(&form), 1), MEDIA_FORM, &d, NULL) == OK &&
          doc_count(d) == doc_limits_wire.items);
    doc_free(d);
    buf_str(&form, "&more=x");
    CHECK(body_read(span_skip(buf_span(&form), 1), MEDIA_FORM, &d, NULL) == ERR_TOO_LARGE && !d);
    buf_clear(&form);
    buf_str(&form, "a=");
    memset(buf_room(&form, doc_limits_wire.bytes), 'x', doc_limits_wire.bytes);
    CHECK(body_read(buf_span(&form), MEDIA_FORM, &d, NULL) == ERR_TOO_LARGE && !d);
    buf_clear(&form);
}

static void only_maps(void)
{
    struct doc *d = NULL;
    struct fault why = { 0 };
    const uint8_t array[] = { 0x80 }, map[] = { 0xa1, 0x05, 0x61, 'b' };

    CHECK(body_read(span_str("[]"), MEDIA_JSON, &d, &why) == ERR_MALFORMED && !d && why.why[0]);
    CHECK(body_read(span_str("null"), MEDIA_ACE_JSON, &d, NULL) == ERR_MALFORMED && !d);
    CHECK(body_read(span_str(""), MEDIA_ACE_JSON, &d, NULL) == ERR_MALFORMED && !d);
    CHECK(body_read(span(array, 1), MEDIA_ACE_CBOR, &d, NULL) == ERR_MALFORMED && !d);
    CHECK(body_read(span(map, sizeof map), MEDIA_ACE_CBOR, &d, NULL) == OK && doc_get_label(d, 5));
    doc_free(d);
}

CU_TestInfo media_tests[] = {
    { "content types", content_types }, { "form bodies", form_bodies }, { "form encoding", form_encoding },
    { "form limits", form_limits },     { "only maps", only_maps },     CU_TEST_INFO_NULL,
};
