#include "common/ace/scope.h"
#include "common/codec/text.h"
#include "tests/check.h"

#define FIGURE9 "[[\"topic1\",[\"pub\",\"sub\"]],[\"topic2/#\",[\"pub\"]],[\"+/topic3\",[\"sub\"]]]"
#define FIGURE9_TEXT \
    "W1sidG9waWMxIixbInB1YiIsInN1YiJdXSxbInRvcGljMi8jIixbInB1YiJdXSxbIisvdG9waWMzIixbInN1YiJdXV0"
#define FIGURE9_CBOR \
    "838266746f706963318263707562637375628268746f706963322f23816370756282682b2f746f706963338163737562"

static struct scope *from_words(const char *words)
{
    struct scope *s = NULL;
    struct fault why;

    CHECK_ROW(scope_from_words(span_str(words), &s, &why) == OK, words);
    return s;
}

static bool says(const struct scope *s, const char *words)
{
    struct buf b = { 0 };
    bool same = scope_to_words(s, &b) == OK && span_is(buf_span(&b), words);

    buf_clear(&b);
    return same;
}

/* RFC 9431 Figure 9 in every form. */
static void figure9(void)
{
    struct scope *text = NULL, *cbor = NULL;
    struct buf bytes = { 0 }, out = { 0 };
    struct fault why;

    CHECK(hex_decode(span_str(FIGURE9_CBOR), &bytes) == OK);
    CHECK(scope_from_text(span_str(FIGURE9_TEXT), false, &text, &why) == OK);
    CHECK(scope_from_cbor(buf_span(&bytes), &cbor, &why) == OK);
    if (!text || !cbor) return;
    CHECK(scope_eq(text, cbor) && scope_count(text) == 3);
    CHECK(says(text, "pubsub:topic1 pub:topic2/# sub:+/topic3"));
    CHECK(scope_to_json(cbor, &out) == OK && span_is(buf_span(&out), FIGURE9));
    buf_clear(&out);
    CHECK(scope_to_text(cbor, &out) == OK && span_is(buf_span(&out), FIGURE9_TEXT));
    buf_clear(&out);
    CHECK(scope_to_cbor(text, &out) == OK && span_eq(buf_span(&out), buf_span(&bytes)));
    buf_clear(&out);
    buf_clear(&bytes);
    scope_free(text);
    scope_free(cbor);
}

/* clang-format off */
static const struct bad {
    const char *why, *json;
} bads[] = {
    { "not an array",                    "{}"                                   },
    { "a text",                          "\"pub\""                              },
    { "an entry that is a text",         "[\"a\"]"                              },
    { "an entry of one",                 "[[\"a\"]]"                            },
    { "an entry of three",               "[[\"a\",[\"pub\"],1]]"                },
    { "filter is a number",              "[[1,[\"pub\"]]]"                      },
    { "permissions are a text",          "[[\"a\",\"pub\"]]"                    },
    { "permissions are a number",        "[[\"a\",1]]"                          },
    { "no permission",                   "[[\"a\",[]]]"                         },
    { "unknown permission",              "[[\"a\",[\"publish\"]]]"              },
    { "the command line's word",         "[[\"a\",[\"pubsub\"]]]"               },
    { "upper case",                      "[[\"a\",[\"PUB\"]]]"                  },
    { "permission is a number",          "[[\"a\",[1]]]"                        },
    { "doubled permission",              "[[\"a\",[\"pub\",\"pub\"]]]"          },
    { "one good, one unknown",           "[[\"a\",[\"pub\",\"x\"]]]"            },
    { "empty filter",                    "[[\"\",[\"pub\"]]]"                   },
    { "# in the middle",                 "[[\"a/#/b\",[\"pub\"]]]"              },
    { "+ inside a level",                "[[\"a+\",[\"pub\"]]]"                 },
    { "a shared subscription",           "[[\"$share/g/a\",[\"sub\"]]]"         },
    { "authz-info",                      "[[\"authz-info\",[\"pub\"]]]"         },
    { "authz-info as a parent",          "[[\"authz-info/#\",[\"sub\"]]]"       },
    { "a bad one after a good one",      "[[\"a\",[\"pub\"]],[\"b\",[]]]"       },
    { "trailing bytes",                  "[] []"                                },
    { "cut off",                         "[[\"a\",[\"pub\"]]"                   },
    { "empty",                           ""                                     },
};

static const struct allow {
    const char *why, *scope, *topic;
    enum perm want;
    bool allowed;
} allows[] = {
    { "equal",                            "pub:topic1",       "topic1",          PERM_PUB, true  },
    { "below",                            "pub:topic2/#",     "topic2/a/b",      PERM_PUB, true  },
    { "# also the parent",                "pub:topic2/#",     "topic2",          PERM_PUB, true  },
    { "one level",                        "sub:+/topic3",     "x/topic3",        PERM_SUB, true  },
    { "not two levels",                   "sub:+/topic3",     "x/y/topic3",      PERM_SUB, false },
    { "pub is not sub",                   "pub:t",            "t",               PERM_SUB, false },
    { "sub is not pub",                   "sub:t",            "t",               PERM_PUB, false },
    { "both",                             "pubsub:t",         "t",               PERM_SUB, true  },
    { "a filter within",                  "sub:a/+",          "a/+",             PERM_SUB, true  },
    { "a wider filter",                   "sub:a/+",          "a/#",             PERM_SUB, false },
    { "no union",                         "sub:a/b sub:a/+/c", "a/#",            PERM_SUB, false },
    { "no union of permissions",          "pub:a sub:b",      "a",               PERM_SUB, false },
    { "$ is not under #",                 "pubsub:#",         "$SYS/x",          PERM_SUB, false },
    { "$SYS/# is not under #",            "sub:#",            "$SYS/#",          PERM_SUB, false },
    { "$ spelled out",                    "sub:$SYS/#",       "$SYS/x",          PERM_SUB, true  },
    { "authz-info is never granted",      "pubsub:#",         "authz-info",      PERM_PUB, false },
    { "nor by +",                         "pubsub:+",         "authz-info",      PERM_SUB, false },
    { "but a topic below it is",          "pubsub:#",         "authz-info/x",    PERM_PUB, true  },
    { "the asterisk is a letter",         "sub:a/*",          "a/b",             PERM_SUB, false },
    { "and matches itself",               "sub:a/*",          "a/*",             PERM_SUB, true  },
    { "nothing allows nothing",           "",                 "a",               PERM_PUB, false },
};

static const struct words {
    const char *why, *in, *out; /* NULL: refused */
} words[] = {
    { "the three",                "pub:a/b sub:c/# pubsub:d",  "pub:a/b sub:c/# pubsub:d" },
    { "blanks around",            "  pub:a   sub:b ",          "pub:a sub:b"              },
    { "none",                     "",                          "(nothing)"                },
    { "a colon in the filter",    "pub:a:b",                   "pub:a:b"                  },
    { "a JSON literal",           "[[\"a b\",[\"pub\"]]]",     "pub:a b"                  },
    { "no permission",            "a/b",                       NULL                       },
    { "unknown permission",       "read:a",                    NULL                       },
    { "no filter",                "pub:",                      NULL                       },
    { "bad filter",               "pub:a/#/b",                 NULL                       },
    { "authz-info",               "pub:authz-info",            NULL                       },
};

static const struct narrow {
    const char *why, *wanted, *policy, *out; /* NULL: nothing left */
    bool narrowed;
} narrows[] = {
    { "all granted",                    "pub:a sub:b",            "pubsub:#",               "pub:a sub:b",             false },
    { "covered: stays as it is",        "sub:a/+",                "sub:a/#",                "sub:a/+",                 false },
    { "cut to the policy",              "sub:#",                  "sub:a/#",                "sub:a/#",                 true  },
    { "cut crosswise",                  "sub:+/b",                "sub:a/+",                "sub:a/b",                 true  },
    { "one permission cut",             "pubsub:a",               "pub:a",                  "pub:a",                   true  },
    { "permissions of two entries",     "pubsub:a",               "pub:a sub:#",            "pubsub:a",                false },
    { "one entry cut",                  "pub:a pub:b",            "pub:a",                  "pub:a",                   true  },
    { "nothing left",                   "pub:a",                  "sub:a",                  NULL,                      true  },
    { "another topic",                  "pub:a",                  "pub:b",                  NULL,                      true  },
    { "nothing wanted",                 "",                       "pub:a",                  "(nothing)",               false },
    { "nothing in the policy",          "pub:a",                  "",                       NULL,                      true  },
    { "several meets, in policy order", "sub:#",                  "sub:b sub:a",            "sub:b sub:a",             true  },
    { "a meet within an earlier one",   "sub:#",                  "sub:a/# sub:a/b",        "sub:a/#",                 true  },
    { "a meet within a later one",      "sub:#",                  "sub:a/b sub:a/#",        "sub:a/#",                 true  },
    { "equal meets are one",            "sub:+/c sub:b/+",        "sub:b/c",                "sub:b/c",                 true  },
    { "equal filters share an entry",   "pub:# sub:#",            "pubsub:a",               "pubsub:a",                true  },
    { "a wanted one keeps its place",   "sub:a/b sub:#",          "sub:a/#",                "sub:a/b sub:a/#",         true  },
    { "a meet goes under a wanted one", "sub:+/b sub:a/#",        "sub:a/#",                "sub:a/#",                 true  },
    { "both stay when both are wanted", "sub:a/# sub:a/b",        "sub:#",                  "sub:a/# sub:a/b",         false },
    { "meets keep to their permission", "pub:# sub:a/b",          "pub:a/b sub:a/#",        "pubsub:a/b",              true  },
    { "$ does not come by #",           "sub:#",                  "sub:$SYS/#",             NULL,                      true  },
    { "$ comes by name",                "sub:$SYS/x",             "sub:$SYS/#",             "sub:$SYS/x",              false },
};
/* clang-format on */

static void refuses(void)
{
    const struct bad *r;

    for (EACH_ROW(r, bads)) {
        struct buf text = { 0 };
        struct scope *s = NULL;
        struct fault why = { 0 };
        b64url_encode(&text, span_str(r->json));
        CHECK_ROW(scope_from_text(buf_span(&text), true, &s, &why) == ERR_INVALID_SCOPE && !s, r->why);
        CHECK_ROW(why.why[0] != '\0', r->why);
        buf_clear(&text);
    }
}

/* A-14, D-14 */
static void text_forms(void)
{
    static const struct row {
        const char *why, *text;
        enum err strict, lenient;
    } rows[] = {
        { "RFC 9431 Figure 9", FIGURE9_TEXT, OK, OK },
        { "the empty array (A-68)", "W10", OK, OK },
        { "the empty text (A-68)", "", ERR_INVALID_SCOPE, ERR_INVALID_SCOPE },
        { "literal JSON", FIGURE9, ERR_INVALID_SCOPE, OK },
        { "padded", "W10=", ERR_INVALID_SCOPE, ERR_INVALID_SCOPE },
        { "stray bits", "W11", ERR_INVALID_SCOPE, ERR_INVALID_SCOPE },
        { "two words", "W10 W10", ERR_INVALID_SCOPE, ERR_INVALID_SCOPE },
        { "plain OAuth", "read", ERR_INVALID_SCOPE, ERR_INVALID_SCOPE },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct scope *s = NULL;
        CHECK_ROW(scope_from_text(span_str(r->text), false, &s, NULL) == r->strict, r->why);
        scope_free(s);
        CHECK_ROW(scope_from_text(span_str(r->text), true, &s, NULL) == r->lenient, r->why);
        scope_free(s);
    }
}

/* The words of draft -02, where they are asked for alone. */
static void draft02(void)
{
    static const struct row {
        const char *text, *words;
    } rows[] = {
        { "publish_topic1 subscribe_topic2/#", "pub:topic1 sub:topic2/#" },
        { "publish_a", "pub:a" },
        { "subscribe_publish_a", "sub:publish_a" },
        { "publish_", NULL },
        { "publish_a ", "pub:a" },
        { "publish_a  publish_b", NULL },
        { " publish_a", NULL },
        { "publish_a read", NULL },
        { "publish_a#", NULL },
        { "subscribe_authz-info", NULL },
        { "Publish_a", NULL },
        { "pub_a", NULL },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct scope *s = NULL;
        struct buf said = { 0 };
        CHECK_ROW(scope_from_text(span_str(r->text), SCOPE_LENIENT, &s, NULL) == ERR_INVALID_SCOPE, r->text);
        enum err e = scope_from_text(span_str(r->text), SCOPE_DRAFT02, &s, NULL);
        CHECK_ROW(e == (r->words ? OK : ERR_INVALID_SCOPE), r->text);
        if (s) CHECK_ROW(scope_to_words(s, &said) == OK && strcmp(buf_cstr(&said), r->words) == 0, r->text);
        scope_free(s);
        buf_clear(&said);
    }
    struct scope *s = NULL;
    CHECK(scope_from_text(span_str(FIGURE9_TEXT), SCOPE_DRAFT02, &s, NULL) == OK); /* the RFC's goes on */
    scope_free(s);
}

/* [draft -02] Whoever asked in words is answered in words, as long as these can say it. */
static void spelled_alike(void)
{
    static const struct row {
        const char *like, *words, *text;
    } rows[] = {
        { "publish_x", "pub:a/b sub:c/#", "publish_a/b subscribe_c/#" },
        { "publish_x", "pubsub:a", "publish_a subscribe_a" },
        { "publish_x", "[[\"a b\",[\"pub\"]]]", "W1siYSBiIixbInB1YiJdXV0" },
        { "publish_x", "", "W10" },
        { "W10", "pub:a", "W1siYSIsWyJwdWIiXV1d" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct scope *like = NULL, *s = NULL;
        struct buf text = { 0 };
        CHECK_ROW(scope_from_text(span_str(r->like), SCOPE_DRAFT02, &like, NULL) == OK, r->words);
        CHECK_ROW(scope_from_words(span_str(r->words), &s, NULL) == OK, r->words);
        scope_spell_like(s, like);
        CHECK_ROW(scope_to_text(s, &text) == OK && strcmp(buf_cstr(&text), r->text) == 0, buf_cstr(&text));
        scope_free(like);
        scope_free(s);
        buf_clear(&text);
    }
}

static void members(void)
{
    struct scope *s = NULL, *again = NULL;
    struct doc *array = NULL;

    CHECK(doc_read_json(span_str(FIGURE9), &doc_limits_wire, &array, NULL) == OK);
    CHECK(scope_from_member(array, false, &s, NULL) == ERR_INVALID_SCOPE && !s);
    CHECK(scope_from_member(array, true, &s, NULL) == OK);
    for (int n = NOTATION_JSON; s && n <= NOTATION_CBOR; n++) {
        struct doc *d = scope_to_member(s, (enum notation)n);
        CHECK(doc_kind(d) == (n == NOTATION_JSON ? DOC_TEXT : DOC_BYTES));
        CHECK(scope_from_member(d, false, &again, NULL) == OK && scope_eq(s, again));
        scope_free(again);
        doc_free(d);
    }
    CHECK(scope_from_member(NULL, true, &again, NULL) == ERR_INVALID_SCOPE);
    doc_free(array);
    scope_free(s);
}

static void truncations(void)
{
    struct buf cbor = { 0 };
    struct scope *s = NULL;

    CHECK(hex_decode(span_str(FIGURE9_CBOR), &cbor) == OK);
    for (size_t n = 0; n < cbor.n; n++)
        CHECK(scope_from_cbor(span(cbor.p, n), &s, NULL) == ERR_INVALID_SCOPE && !s);
    buf_u8(&cbor, 0);
    CHECK(scope_from_cbor(buf_span(&cbor), &s, NULL) == ERR_INVALID_SCOPE && !s);
    for (size_t n = 0; n < strlen(FIGURE9_TEXT); n++)
        CHECK(scope_from_text(span(FIGURE9_TEXT, n), true, &s, NULL) == ERR_INVALID_SCOPE && !s);
    buf_clear(&cbor);
}

static void allowing(void)
{
    const struct allow *r;

    for (EACH_ROW(r, allows)) {
        struct scope *s = from_words(r->scope);
        CHECK_ROW(s && scope_allows(s, r->want, span_str(r->topic)) == r->allowed, r->why);
        scope_free(s);
    }
}

static void wording(void)
{
    const struct words *r;

    for (EACH_ROW(r, words)) {
        struct scope *s = NULL;
        CHECK_ROW(scope_from_words(span_str(r->in), &s, NULL) == (r->out ? OK : ERR_INVALID_SCOPE), r->why);
        CHECK_ROW(r->out ? s && says(s, r->out) : !s, r->why);
        scope_free(s);
    }
}

static void narrowing(void)
{
    const struct narrow *r;

    for (EACH_ROW(r, narrows)) {
        struct scope *wanted = from_words(r->wanted), *policy = from_words(r->policy), *out = NULL;
        bool narrowed;
        CHECK_ROW(scope_narrow(wanted, policy, &out, &narrowed) == (r->out ? OK : ERR_INVALID_SCOPE), r->why);
        CHECK_ROW(r->out ? out && says(out, r->out) : !out, r->why);
        CHECK_ROW(narrowed == r->narrowed, r->why);
        scope_free(wanted);
        scope_free(policy);
        scope_free(out);
    }
}

static struct scope *numbered(const char *format, int count)
{
    struct buf b = { 0 };
    struct scope *s = NULL;

    for (int i = 0; i < count; i++) {
        buf_str(&b, i ? " sub:" : "sub:");
        for (const char *c = format; *c; c++)
            if (*c == '0')
                buf_format(&b, "%d", i);
            else
                buf_u8(&b, (uint8_t)*c);
    }
    CHECK(scope_from_words(buf_span(&b), &s, NULL) == (count > MAX_SCOPE_ENTRIES ? ERR_INVALID_SCOPE : OK));
    buf_clear(&b);
    return s;
}

static void limits(void)
{
    struct scope *full = numbered("a/0", MAX_SCOPE_ENTRIES), *more = numbered("a/0", MAX_SCOPE_ENTRIES + 1);
    struct scope *left = numbered("0/+", 9), *right = numbered("+/0", 9), *out = NULL;
    bool narrowed;

    CHECK(full && scope_count(full) == MAX_SCOPE_ENTRIES && !more);
    CHECK(scope_narrow(left, right, &out, &narrowed) == ERR_INVALID_SCOPE && !out); /* 81 meets */
    scope_free(full);
    scope_free(left);
    scope_free(right);
}

static void entries(void)
{
    struct scope *s = NULL;
    struct scope_entry two[] = { { span_str("a"), PERM_PUB | PERM_SUB }, { span_str("b/#"), PERM_SUB } };

    CHECK(scope_from_entries(two, 2, &s, NULL) == OK && says(s, "pubsub:a sub:b/#"));
    struct scope *again = scope_ref(s);
    scope_free(s);
    CHECK(scope_count(again) == 2);
    scope_free(again);
    two[1].perms = 0;
    CHECK(scope_from_entries(two, 2, &s, NULL) == ERR_INVALID_SCOPE && !s);
    two[1].perms = 4;
    CHECK(scope_from_entries(two, 2, &s, NULL) == ERR_INVALID_SCOPE && !s);
}

static void equality(void)
{
    struct scope *a = from_words("pub:a sub:b"), *b = from_words("sub:b pub:a"),
                 *c = from_words("pub:a pub:b");

    CHECK(scope_eq(a, b) && !scope_eq(a, c) && !scope_eq(c, a));
    scope_free(a);
    scope_free(b);
    scope_free(c);
}

CU_TestInfo scope_tests[] = {
    { "Figure 9", figure9 },
    { "refuses", refuses },
    { "text forms", text_forms },
    { "draft -02", draft02 },
    { "spelled alike", spelled_alike },
    { "members", members },
    { "truncations", truncations },
    { "allows", allowing },
    { "words", wording },
    { "narrows", narrowing },
    { "limits", limits },
    { "entries", entries },
    { "equality", equality },
    CU_TEST_INFO_NULL,
};
