#include "common/base/file.h"
#include "scenarios/browse.h"
#include "scenarios/options.h"
#include "scenarios/vary.h"
#include "scenarios/wanted.h"
#include "tests/flow_text.h"

static const struct suite_folders examples = { "scenarios", "tests/vectors/flows" };

static const struct example {
    const char *id;
    size_t variants, steps, last; /* steps of the first and of the last variant */
    unsigned wrong, tested;
} expected[] = {
    { "connect/anon-ace-challenge", 36, 15, 17, 0, 7 },
    { "connect/anon-ace-challenge/wrong-proof", 36, 10, 12, 1, 6 },
    { "discovery/as-hint", 2, 8, 8, 0, 3 },
    { "tls/known-rpk", 24, 18, 19, 0, 7 },
};

/* The examples the language was designed on parse and lint clean. */
static void examples_load(void)
{
    struct suite s = { 0 };
    struct buf message = { 0 };
    const struct example *x;

    CHECK_ROW(suite_load(&examples, &s, &message) == OK, buf_cstr(&message));
    for (EACH_ROW(x, expected)) {
        const struct scenario *sc = flows_find(&s.flows, x->id);
        CHECK_ROW(sc != NULL, x->id);
        if (!sc) continue;
        struct variant first, last;
        CHECK_ROW(flow_variants(sc) == x->variants, x->id);
        CHECK(flow_expand(sc, 0, &first) == OK && flow_expand(sc, x->variants - 1, &last) == OK);
        CHECK_ROW(first.steps == x->steps && last.steps == x->last, x->id);
        CHECK_ROW(sc->wrong == x->wrong && sc->tested == x->tested, x->id);
        variant_clear(&first);
        variant_clear(&last);
    }
    suite_clear(&s);
    buf_clear(&message);
}

/* The rules and the flows of the repository itself. */
static void folders_are_told(void)
{
    struct suite s = { 0 };
    struct buf message = { 0 };
    const struct suite_folders nowhere = { "scenarios", "tests/vectors/none" };

    CHECK(suite_load(&nowhere, &s, &message) == ERR_IO);
    CHECK(strcmp(buf_cstr(&message), "tests/vectors/none: No such file or directory\n") == 0);
    CHECK(s.rules.count > 400);
    suite_clear(&s);
    buf_clear(&message);
}

static const struct chosen {
    const char *glob, *level, *tag;
    size_t count;
} choices[] = {
    { NULL, NULL, NULL, 4 },
    { "connect/*", NULL, NULL, 2 },
    { "*/as-hint", NULL, NULL, 1 },
    { NULL, "may", NULL, 1 },
    { "connect/*", "must", NULL, 2 },
    { NULL, NULL, "slow", 0 },
    { "tls/known-rp?", "should", NULL, 0 },
};

static void choosing(void)
{
    struct suite s = { 0 };
    struct buf message = { 0 };
    const struct chosen *c;

    CHECK(suite_load(&examples, &s, &message) == OK);
    for (EACH_ROW(c, choices)) {
        struct buf out = { 0 };
        struct choice choice = { c->glob, c->level, c->tag };
        CHECK_ROW(browse_list(&s, &choice, &out) == c->count, buf_cstr(&out));
        buf_clear(&out);
    }
    suite_clear(&s);
    buf_clear(&message);
}

static const struct said {
    const char *of, *line;
} explained[] = {
    { "discovery/as-hint", "vary   tls=1.3|1.2  (2 variants)\n" },
    { "discovery/as-hint", "F     broker -> client CONNACK\n          reason=0x87\n" },
    { "discovery/as-hint", "          user?=ace_as_hint:json>hint\n            R-DISC-02 MAY: The refusal can carry AS creation hints in a "
                           "User Property.\n            R-DISC-03 MUST: The name of that User Property is ace_as_hint.\n" },
    { "discovery/as-hint", "      client : get-token as=$hint.AS\n" },
    { "tls/known-rpk", "      broker -> client PUBREC  when qos=2\n          reason=0x00\n" },
    { "tls/known-rpk", "with   broker token.leeway=5  when qos=1\nwith   broker public=\"pub:x y\"  when qos=1\n" },
    { "connect/anon-ace-challenge/wrong-proof", "puppet client\n" },
    { "connect/anon-ace-challenge/wrong-proof", "like   connect/anon-ace-challenge\n" },
}, shown[] = {
    { "R-CACK-07", "R-CACK-07 MUST  (" },
    { "R-CACK-07", "binds  broker\n" },
    { "r-cack-07", "  tls/known-rpk                                F    broker -> client CONNACK" },
    { "R-CACK-07", "  tls/known-rpk                                F    broker -> client CONNACK  (tests/vectors/flows/tls.flow:25)\n" },
    { "R-POPX-11", "not observable: " },
    { "R-POPX-11", "proven by no scenario yet\n" },
};

static void words(void)
{
    struct suite s = { 0 };
    struct buf out = { 0 };
    const struct said *r;

    CHECK(suite_load(&examples, &s, &out) == OK);
    for (EACH_ROW(r, explained)) {
        buf_truncate(&out, 0);
        CHECK(browse_explain(&s, r->of, &out) == OK);
        CHECK_ROW(strstr(buf_cstr(&out), r->line) != NULL, r->line);
    }
    for (EACH_ROW(r, shown)) {
        buf_truncate(&out, 0);
        CHECK(browse_show(&s, r->of, &out) == OK);
        CHECK_ROW(strstr(buf_cstr(&out), r->line) != NULL, r->line);
    }
    buf_truncate(&out, 0);
    CHECK(browse_explain(&s, "discovery/as-hnt", &out) == ERR_NOT_FOUND);
    CHECK(browse_show(&s, "x-cack-07", &out) == ERR_NOT_FOUND);
    CHECK(browse_words("CONACK", &out) == ERR_NOT_FOUND);
    CHECK(strcmp(buf_cstr(&out),
                 "no scenario discovery/as-hnt; nearest: discovery/as-hint\n"
                 "no rule x-cack-07; nearest: R-CACK-07\nno message CONACK; nearest: CONNACK\n") == 0);
    suite_clear(&s);
    buf_clear(&out);
}

/* A choice of nothing names what there is. */
static const struct unwanted {
    struct choice choice;
    const char *message; /* NULL: there is something */
} unwanted[] = {
    { { NULL, NULL, NULL }, NULL },
    { { "discovery/*", "must", NULL }, NULL },
    { { "discovery/as-hnt", NULL, NULL }, "no scenario discovery/as-hnt; nearest: discovery/as-hint\n" },
    { { "discvery/*", NULL, NULL }, "no scenario discvery/*; nearest: discovery/*\n" },
    { { "discvery/as-h*", NULL, NULL }, "no scenario discvery/as-h*; nearest: discovery/*\n" },
    { { "nothing-of-the-kind", NULL, NULL }, "no scenario nothing-of-the-kind\n" },
    { { "discovery/*", NULL, "interop" }, "no scenario has the tag interop\n" },
};

static void wanted(void)
{
    const struct unwanted *u;
    struct suite s = { 0 };
    struct buf out = { 0 };

    CHECK(suite_load(&examples, &s, &out) == OK);
    for (EACH_ROW(u, unwanted)) {
        buf_truncate(&out, 0);
        CHECK(wanted_check(&s, &u->choice, &out) == (u->message ? ERR_NOT_FOUND : OK));
        CHECK_ROW(strcmp(buf_cstr(&out), u->message ? u->message : "") == 0, buf_cstr(&out));
    }
    suite_clear(&s);
    buf_clear(&out);
}

/* The document's list of words is the tables'. */
static void document(void)
{
    struct buf text = { 0 }, all = { 0 }, message = { 0 };

    CHECK_ROW(file_read("docs/flow-language.md", &text, &message) == OK, buf_cstr(&message));
    CHECK(browse_words(NULL, &all) == OK);
    CHECK_ROW(strstr(buf_cstr(&text), buf_cstr(&all)) != NULL,
              "end docs/flow-language.md with what `ace-scenarios words` prints");
    buf_clear(&text);
    buf_clear(&all);
    buf_clear(&message);
}

static const struct glob {
    const char *glob, *text;
    bool matches;
} globs[] = {
    { "a", "a", true },       { "a", "ab", false },    { "*", "", true },       { "*", "a/b", true },
    { "a/*", "a/b/c", true }, { "a/*", "b/c", false }, { "*c", "abcbc", true }, { "a*b*c", "axbxbc", true },
    { "a?c", "abc", true },   { "a?c", "ac", false },  { "", "", true },        { "", "a", false },
    { "**a", "bba", true },
};

static void glob(void)
{
    const struct glob *g;

    for (EACH_ROW(g, globs)) CHECK_ROW(glob_matches(g->glob, g->text) == g->matches, g->glob);
}

static const struct command_line {
    const char *why;
    char *argv[6];
    const char *message; /* NULL: good */
} lines[] = {
    { "all", { "x", "list", "a/*", "--level", "must", "--tag=slow" }, NULL },
    { "unknown", { "x", "--levl=must" }, "unknown option --levl=must; nearest: --level\n" },
    { "no value", { "x", "--level" }, "--level needs a value\n" },
    { "an empty value", { "x", "--level=" }, "--level needs a value\n" },
    { "an empty value behind", { "x", "run", "--out", "" }, "--out needs a value\n" },
    { "an empty argument", { "x", "run", "" }, "argument 2 is empty\n" },
    { "a value that there is not",
      { "x", "list", "--level", "shuold" },
      "--level shuold: one of must should may is wanted; nearest: should\n" },
    { "nor one like it",
      { "x", "run", "--under=everybody" },
      "--under everybody: one of client broker as all is wanted\n" },
    { "nothing like it", { "x", "-x" }, "unknown option -x; try --help\n" },
    { "a value too many", { "x", "--help=1" }, "--help takes no value\n" },
};

static void options(void)
{
    const struct command_line *l;

    for (EACH_ROW(l, lines)) {
        struct buf message = { 0 };
        struct options o;
        int n = 0;
        while (n < 6 && l->argv[n]) n++;
        char *argv[7] = { 0 };
        memcpy(argv, l->argv, sizeof l->argv);
        enum err e = options_read(n, argv, &o, &message);
        CHECK_ROW(e == (l->message ? ERR_MALFORMED : OK), l->why);
        CHECK_ROW(strcmp(buf_cstr(&message), l->message ? l->message : "") == 0, buf_cstr(&message));
        if (!l->message) {
            CHECK(strcmp(o.word, "list") == 0 && o.arguments == 1 && strcmp(o.argument[0], "a/*") == 0);
            CHECK(strcmp(o.level, "must") == 0 && strcmp(o.tag, "slow") == 0 && !o.help && !o.flows);
        }
        buf_clear(&message);
    }
}

CU_TestInfo flow_suite_tests[] = {
    { "examples load", examples_load },
    { "folders are told", folders_are_told },
    { "choosing", choosing },
    { "wanted", wanted },
    { "words", words },
    { "document", document },
    { "glob", glob },
    { "options", options },
    CU_TEST_INFO_NULL,
};
