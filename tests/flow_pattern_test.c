#include "scenarios/pattern.h"
#include "tests/check.h"

static const struct good {
    const char *text, *printed; /* NULL: as it was */
    enum pattern_kind kind;
    size_t used; /* 0: all of it */
} goods[] = {
    { "-", NULL, PATTERN_ABSENT, 0 },
    { "-1h", NULL, PATTERN_LITERAL, 0 },
    { "0x8c", NULL, PATTERN_LITERAL, 0 },
    { "a/#", NULL, PATTERN_LITERAL, 0 },
    { "\"a/+\"", NULL, PATTERN_LITERAL, 0 },
    { "\"a \\\"b\\\" \\\\ \\n\"", NULL, PATTERN_LITERAL, 0 },
    { "\"\"", NULL, PATTERN_LITERAL, 0 },
    { "\"plain\"", "plain", PATTERN_LITERAL, 0 },
    { "\"text\"", NULL, PATTERN_LITERAL, 0 },
    { "\"-\"", NULL, PATTERN_LITERAL, 0 },
    { "$s_nonce", NULL, PATTERN_VARIABLE, 0 },
    { "$hint.AS", NULL, PATTERN_VARIABLE, 0 },
    { "$cnf.x5t#S256", NULL, PATTERN_VARIABLE, 0 },
    { "any", NULL, PATTERN_CALL, 0 },
    { "any>x", NULL, PATTERN_CALL, 0 },
    { "pop", NULL, PATTERN_LITERAL, 0 },
    { "bytes(8)>c_nonce+pop($key,$s_nonce+$c_nonce)", NULL, PATTERN_JOINED, 0 },
    { "pop( $key , $x )", "pop($key,$x)", PATTERN_CALL, 0 },
    { "token($pop,exp=-1h,aud=\"a b\")", NULL, PATTERN_CALL, 0 },
    { "0x87|0x80", NULL, PATTERN_EITHER, 0 },
    { "-|a+b|c", NULL, PATTERN_EITHER, 0 },
    { "[]", NULL, PATTERN_LIST, 0 },
    { "[0x00,0x87|0x80]", NULL, PATTERN_LIST, 0 },
    { "[\"a/#\", [\"pub\"]]", "[a/#,[pub]]", PATTERN_LIST, 0 },
    { "ace_as_hint:json>hint", NULL, PATTERN_PAIR, 0 },
    { "\"a b\":\"c:d\"", NULL, PATTERN_PAIR, 0 },
    { "a [R-X]", "a", PATTERN_LITERAL, 1 },
    { "1.3|1.2 b=c", "1.3|1.2", PATTERN_EITHER, 7 },
};

static void good(void)
{
    const struct good *r;

    for (EACH_ROW(r, goods)) {
        struct arena a = { 0 };
        struct buf printed = { 0 };
        struct pattern p;
        struct pattern_end end;
        CHECK_ROW(pattern_parse(&a, span_str(r->text), (struct place){ "t", 1, 1 }, &p, &end) == OK, r->text);
        pattern_print(&p, &printed);
        CHECK_ROW(p.kind == r->kind, r->text);
        CHECK_ROW(end.used == (r->used ? r->used : strlen(r->text)), r->text);
        CHECK_ROW(strcmp(buf_cstr(&printed), r->printed ? r->printed : r->text) == 0, r->text);
        buf_clear(&printed);
        arena_clear(&a);
    }
}

static const struct bad {
    const char *text, *why;
    size_t at;
} bads[] = {
    { "", "a value is missing", 0 },
    { "a|", "a value is missing", 2 },
    { "a+", "a value is missing", 2 },
    { "|a", "a value cannot start with |; quote it", 0 },
    { "$", "expected a name here", 1 },
    { "$a.", "expected a name here", 3 },
    { "a>", "expected a name after >", 2 },
    { "a>1", "expected a name after >", 2 },
    { "\"abc", "the quote is not closed", 4 },
    { "\"a\\x\"", "unknown escape; known are \\\" \\\\ \\n \\r \\t", 3 },
    { "[a", "expected , or ] here", 2 },
    { "[a b]", "expected , or ] here", 3 },
    { "pop($a", "expected , or ) here", 6 },
    { "pop($a)", "pop() needs 2 arguments", 0 },
    { "a+len16()", "len16() needs 1 argument", 2 },
    { "flip($a,1,2)", "too many arguments for flip()", 10 },
    { "byts(8)", "unknown function byts; nearest: bytes", 0 },
    { "token(hs256,exq=1)", "token() has no argument exq; nearest: exp", 16 },
    { "any(1)", "too many arguments for any()", 4 },
    { "[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]", "nested deeper than 16", 16 },
};

static void bad(void)
{
    const struct bad *r;

    for (EACH_ROW(r, bads)) {
        struct arena a = { 0 };
        struct pattern p;
        struct pattern_end end;
        CHECK_ROW(pattern_parse(&a, span_str(r->text), (struct place){ "t", 1, 1 }, &p, &end) ==
                      ERR_MALFORMED,
                  r->text);
        CHECK_ROW(strcmp(end.why.why, r->why) == 0, end.why.why);
        CHECK_ROW(end.why.at == r->at, r->text);
        arena_clear(&a);
    }
}

static const struct number {
    const char *text;
    bool is_number;
    int64_t number;
} numbers[] = {
    { "0", true, 0 },
    { "12", true, 12 },
    { "0x18", true, 0x18 },
    { "-5", true, -5 },
    { "0x", false, 0 },
    { "0xg", false, 0 },
    { "1.3", false, 0 },
    { "12a", false, 0 },
    { "--1", false, 0 },
    { "\"12\"", false, 0 },
    { "4294967295", true, 4294967295 },
    { "999999999999999999", true, 999999999999999999 },
    { "9999999999999999999", false, 0 },
    { "0xfffffffffffffff", true, 0xfffffffffffffff },
    { "0x10000000000000000", false, 0 },
};

static void numbers_are_told(void)
{
    const struct number *r;

    for (EACH_ROW(r, numbers)) {
        struct arena a = { 0 };
        struct pattern p;
        struct pattern_end end;
        CHECK_ROW(pattern_parse(&a, span_str(r->text), (struct place){ "t", 1, 1 }, &p, &end) == OK, r->text);
        CHECK_ROW(p.is_number == r->is_number && p.number == r->number, r->text);
        arena_clear(&a);
    }
}

static void too_many_parts(void)
{
    struct buf text = { 0 };
    struct arena a = { 0 };
    struct pattern p;
    struct pattern_end end;

    buf_str(&text, "[0");
    for (int i = 0; i < MAX_PATTERN_PARTS; i++) buf_str(&text, ",0");
    buf_str(&text, "]");
    CHECK(pattern_parse(&a, buf_span(&text), (struct place){ "t", 1, 1 }, &p, &end) == ERR_MALFORMED);
    CHECK(strcmp(end.why.why, "more than 256 parts") == 0);
    arena_clear(&a);
    buf_clear(&text);
}

CU_TestInfo flow_pattern_tests[] = {
    { "good", good },  { "bad", bad }, { "numbers", numbers_are_told }, { "too many parts", too_many_parts },
    CU_TEST_INFO_NULL,
};
