#include "common/ace/topic.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
static const struct row {
    const char *why, *outer, *inner;
    bool covers;
} rows[] = {
    { "exact",                              "topic1",      "topic1",     true  },
    { "RFC 9431 2.3: topic2/# over a name", "topic2/#",    "topic2/a",   true  },
    { "# also covers the parent",           "topic2/#",    "topic2",     true  },
    { "+ is one level",                     "+/topic3",    "x/topic3",   true  },
    { "+ is not two levels",                "+/topic3",    "x/y/topic3", false },
    { "a # filter is wider than +",         "a/+",         "a/#",        false },
    { "a + filter is inside #",             "a/#",         "a/+",        true  },
    { "empty level counts",                 "a/+",         "a/",         true  },
    { "$SYS hides from #",                  "#",           "$SYS/x",     false },
    { "$SYS hides from +",                  "+/x",         "$SYS/x",     false },
    { "$SYS is covered when spelled out",   "$SYS/#",      "$SYS/x",     true  },
    { "$ further down is ordinary",         "a/+",         "a/$x",       true  },
    { "no union: a/# is not a/+",           "a/+/c",       "a/#",        false },
    { "# covers #",                         "#",           "#",          true  },
    { "+ does not cover #",                 "+",           "#",          false },
    { "the asterisk is a letter (A-16)",    "a/*",         "a/b",        false },
    { "the asterisk covers itself",         "a/*",         "a/*",        true  },
    { "levels are whole",                   "a/b",         "a/bc",       false },
    { "longer than the filter",             "a",           "a/b",        false },
    { "a leading slash is an empty level",  "a/b",         "/a/b",       false },
};

static const struct valid {
    const char *why;
    struct span topic;
    bool name, filter;
} valids[] = {
    { "plain",                         SPAN("a/b"),        true,  true  },
    { "empty",                         { NULL, 0 },        false, false },
    { "one slash",                     SPAN("/"),          true,  true  },
    { "empty levels",                  SPAN("a//b"),       true,  true  },
    { "+ as a level",                  SPAN("a/+/b"),      false, true  },
    { "+ alone",                       SPAN("+"),          false, true  },
    { "# alone",                       SPAN("#"),          false, true  },
    { "# last",                        SPAN("a/#"),        false, true  },
    { "# not last",                    SPAN("a/#/b"),      false, false },
    { "# then slash",                  SPAN("#/"),         false, false },
    { "+ inside a level",              SPAN("a+"),         false, false },
    { "# inside a level",              SPAN("a/b#"),       false, false },
    { "two wildcards in a level",      SPAN("++"),         false, false },
    { "U+0000",                        SPAN("a\0b"),       false, false },
    { "not UTF-8",                     SPAN("a\xff"),      false, false },
    { "UTF-8",                         SPAN("\xc3\xa4/b"), true,  true  },
    { "a $ name",                      SPAN("$SYS/x"),     true,  true  },
    { "shared is not a plain filter",  SPAN("$share/g/a"), true,  false },
    { "$share alone is",               SPAN("$share"),     true,  true  },
    { "a space",                       SPAN("a b"),        true,  true  },
};

static const struct meet {
    const char *why, *a, *b, *both; /* NULL: nothing */
} meets[] = {
    { "equal",                          "a/b",     "a/b",   "a/b"     },
    { "apart",                          "a/b",     "a/c",   NULL      },
    { "literal and +",                  "a/b",     "a/+",   "a/b"     },
    { "crosswise",                      "+/b",     "a/+",   "a/b"     },
    { "+ and #",                        "+/b",     "#",     "+/b"     },
    { "parent of #",                    "a",       "a/#",   "a"       },
    { "parent of # below +",            "+/#",     "a",     "a"       },
    { "# and #",                        "a/#",     "a/b/#", "a/b/#"   },
    { "# under +",                      "+/#",     "a/#",   "a/#"     },
    { "lengths differ",                 "a/+",     "a",     NULL      },
    { "$ hides from +",                 "+/x",     "$S/x",  NULL      },
    { "$ hides from #",                 "#",       "$S",    NULL      },
    { "$ met literally",                "$S/#",    "$S/+",  "$S/+"    },
    { "empty first level",              "/a",      "+/a",   "/a"      },
    { "no topic name is empty",         "+",       "/#",    NULL      },
    { "only empty levels",              "//",      "+/+/+", "//"      },
};

static const struct share {
    const char *why, *in;
    bool shared;
    const char *name, *filter;
} shares[] = {
    { "plain",                "a/b",                  false, "",  "a/b"        },
    { "shared",               "$share/g/a/b",         true,  "g", "a/b"        },
    { "shared wildcard",      "$share/g/#",           true,  "g", "#"          },
    { "empty filter level",   "$share/g//a",          true,  "g", "/a"         },
    { "no name",              "$share//a",            true,  "",  ""           },
    { "no filter",            "$share/g",             true,  "g", ""           },
    { "empty filter",         "$share/g/",            true,  "g", ""           },
    { "nothing",              "$share/",              true,  "",  ""           },
    { "wildcard name",        "$share/+/a",           true,  "+", ""           },
    { "hash in name",         "$share/g#/a",          true,  "g#", ""          },
    { "not the word",         "$shared/g/a",          false, "",  "$shared/g/a" },
    { "without slash",        "$share",               false, "",  "$share"     },
};
/* clang-format on */

static void covers(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows))
        CHECK_ROW(topic_covers(span_str(r->outer), span_str(r->inner)) == r->covers, r->why);
}

static void validity(void)
{
    const struct valid *r;

    for (EACH_ROW(r, valids)) {
        CHECK_ROW(topic_name_valid(r->topic) == r->name, r->why);
        CHECK_ROW(topic_filter_valid(r->topic) == r->filter, r->why);
    }
}

static void limits(void)
{
    char longest[MAX_TOPIC + 1], deepest[MAX_TOPIC_LEVELS];

    memset(longest, 'x', sizeof longest);
    CHECK(topic_name_valid(span(longest, MAX_TOPIC)) && topic_filter_valid(span(longest, MAX_TOPIC)));
    CHECK(!topic_name_valid(span(longest, MAX_TOPIC + 1)) &&
          !topic_filter_valid(span(longest, MAX_TOPIC + 1)));
    memset(deepest, '/', sizeof deepest);
    CHECK(topic_name_valid(span(deepest, MAX_TOPIC_LEVELS - 1)));
    CHECK(!topic_name_valid(span(deepest, MAX_TOPIC_LEVELS)));
    CHECK(!topic_filter_valid(span(deepest, MAX_TOPIC_LEVELS)));
}

static void meeting(void)
{
    const struct meet *r;

    for (EACH_ROW(r, meets)) {
        struct buf ab = { 0 }, ba = { 0 };
        bool some = topic_meet(span_str(r->a), span_str(r->b), &ab);
        CHECK_ROW(some == (r->both != NULL), r->why);
        CHECK_ROW(topic_meet(span_str(r->b), span_str(r->a), &ba) == some, r->why);
        CHECK_ROW(span_is(buf_span(&ab), r->both ? r->both : ""), r->why);
        CHECK_ROW(span_eq(buf_span(&ab), buf_span(&ba)), r->why);
        buf_clear(&ab);
        buf_clear(&ba);
    }
}

static void meeting_over_the_limit(void)
{
    struct buf a = { 0 }, b = { 0 }, out = { 0 };

    buf_str(&a, "+/");
    memset(buf_room(&a, 3000), 'x', 3000);
    memset(buf_room(&b, 3000), 'y', 3000);
    buf_str(&b, "/+");
    buf_str(&out, "kept");
    CHECK(!topic_meet(buf_span(&a), buf_span(&b), &out));
    CHECK(span_is(buf_span(&out), "kept"));
    buf_clear(&a);
    buf_clear(&b);
    buf_clear(&out);
}

static void unshare(void)
{
    const struct share *r;

    for (EACH_ROW(r, shares)) {
        struct span name, filter;
        CHECK_ROW(topic_unshare(span_str(r->in), &name, &filter) == r->shared, r->why);
        CHECK_ROW(span_is(name, r->name) && span_is(filter, r->filter), r->why);
    }
}

/*
 * The oracle: every filter to three levels and every name to four over a small alphabet, one name level ("c") that no
 * filter spells. A filter is the set of names it selects, found by a matcher written differently (recursive, over split
 * levels, $ asked at the end); covers is then "subset", meet is "intersection".
 */
enum { LEVELS = 4, WORDS = 25 }; /* WORDS * 64 names at most */

struct split {
    size_t n;
    const char *level[LEVELS];
};

struct sample {
    struct split at;
    char text[24];
    uint64_t selects[WORDS];
};

struct world {
    struct sample *filters, *names;
    size_t filter_count, name_count;
};

static void join(struct sample *s)
{
    s->text[0] = '\0';
    for (size_t i = 0; i < s->at.n; i++) {
        size_t n = strlen(s->text);
        snprintf(s->text + n, sizeof s->text - n, "%s%s", i ? "/" : "", s->at.level[i]);
    }
}

/* All sequences of 1..depth words; the i-th in a mixed count with `words` digits. */
static size_t enumerate(const char *const *words, size_t count, size_t depth, struct sample *out)
{
    size_t made = 0, all = 1;

    for (size_t n = 1; n <= depth; n++) {
        all *= count;
        for (size_t i = 0; i < all; i++) {
            struct sample s = { .at.n = n };
            size_t digits = i;
            for (size_t k = 0; k < n; k++, digits /= count) s.at.level[k] = words[digits % count];
            join(&s);
            if (out) out[made] = s;
            made++;
        }
    }
    return made;
}

static bool oracle_levels(const struct split *f, size_t i, const struct split *t, size_t k)
{
    if (i == f->n) return k == t->n;
    if (!strcmp(f->level[i], "#")) return true;
    if (k == t->n) return false;
    return (!strcmp(f->level[i], "+") || !strcmp(f->level[i], t->level[k])) &&
           oracle_levels(f, i + 1, t, k + 1);
}

static bool oracle_matches(const struct split *f, const struct split *t)
{
    bool wild = !strcmp(f->level[0], "#") || !strcmp(f->level[0], "+");

    return oracle_levels(f, 0, t, 0) && !(wild && t->level[0][0] == '$');
}

static struct world world_new(void)
{
    static const char *const filter_words[] = { "a", "b", "+", "#", "$x", "" };
    static const char *const name_words[] = { "a", "b", "c", "$x", "$y", "" };
    struct world w = { 0 };
    size_t all = enumerate(filter_words, 6, 3, NULL);

    w.filters = calloc(all, sizeof *w.filters);
    enumerate(filter_words, 6, 3, w.filters);
    for (size_t i = 0; i < all; i++)
        if (topic_filter_valid(span_str(w.filters[i].text))) w.filters[w.filter_count++] = w.filters[i];
    w.name_count = enumerate(name_words, 6, 4, NULL);
    w.names = calloc(w.name_count, sizeof *w.names);
    enumerate(name_words, 6, 4, w.names);
    for (size_t f = 0; f < w.filter_count; f++)
        for (size_t t = 0; t < w.name_count; t++)
            if (w.names[t].text[0] && oracle_matches(&w.filters[f].at, &w.names[t].at))
                w.filters[f].selects[t / 64] |= 1ULL << t % 64;
    return w;
}

static void world_free(struct world *w)
{
    free(w->filters);
    free(w->names);
}

static bool selects_within(const uint64_t *inner, const uint64_t *outer)
{
    for (size_t i = 0; i < WORDS; i++)
        if (inner[i] & ~outer[i]) return false;
    return true;
}

static void matches_oracle(void)
{
    struct world w = world_new();
    size_t wrong = 0;

    CHECK(w.filter_count == 185 && w.name_count == 1554 && w.name_count <= (WORDS)*64);
    for (size_t f = 0; f < w.filter_count; f++) {
        for (size_t t = 0; t < w.name_count; t++) {
            if (w.names[t].text[0] == '\0') continue; /* no topic name is empty */
            bool want = w.filters[f].selects[t / 64] >> t % 64 & 1;
            wrong += topic_matches(span_str(w.filters[f].text), span_str(w.names[t].text)) != want;
        }
    }
    CHECK(wrong == 0);
    world_free(&w);
}

/* Covered as sets, only because no topic name is empty; a look per level says no, which is the safe side (A-15). */
static bool not_seen(const char *outer, const char *inner)
{
    static const char *const pairs[][2] = { { "+/#", "#" }, { "/+/#", "/#" }, { "+/+/#", "/#" } }, *const(
                                                                                                       *p)[2];

    for (EACH_ROW(p, pairs))
        if (!strcmp(outer, (*p)[0]) && !strcmp(inner, (*p)[1])) return true;
    return false;
}

static void covers_oracle(void)
{
    struct world w = world_new();

    for (size_t o = 0; o < w.filter_count; o++) {
        for (size_t i = 0; i < w.filter_count; i++) {
            const struct sample *outer = &w.filters[o], *inner = &w.filters[i];
            bool got = topic_covers(span_str(outer->text), span_str(inner->text));
            bool want = selects_within(inner->selects, outer->selects) && !not_seen(outer->text, inner->text);
            if (got != want) CHECK_ROW(false, inner->text);
        }
    }
    CHECK(w.filter_count == 185);
    world_free(&w);
}

static const struct sample *find_filter(const struct world *w, struct span text)
{
    for (size_t i = 0; i < w->filter_count; i++)
        if (span_is(text, w->filters[i].text)) return &w->filters[i];
    return NULL;
}

static bool meets_rightly(const struct world *w, const struct sample *a, const struct sample *b)
{
    struct buf out = { 0 };
    uint64_t any = 0;
    bool some = topic_meet(span_str(a->text), span_str(b->text), &out);
    const struct sample *both = some ? find_filter(w, buf_span(&out)) : NULL;
    bool right = some == (both != NULL) && (some || out.n == 0);

    for (size_t i = 0; i < WORDS; i++) {
        any |= a->selects[i] & b->selects[i];
        right = right && (!both || both->selects[i] == (a->selects[i] & b->selects[i]));
    }
    buf_clear(&out);
    return right && some == (any != 0);
}

static void meet_oracle(void)
{
    struct world w = world_new();

    for (size_t a = 0; a < w.filter_count; a++)
        for (size_t b = 0; b < w.filter_count; b++)
            if (!meets_rightly(&w, &w.filters[a], &w.filters[b])) CHECK_ROW(false, w.filters[a].text);
    world_free(&w);
}

static void wildcards(void)
{
    CHECK(topic_has_wildcard(span_str("#")) && topic_has_wildcard(span_str("a/+/b")));
    CHECK(!topic_has_wildcard(span_str("a/b")) && !topic_has_wildcard(span(NULL, 0)));
}

CU_TestInfo topic_tests[] = {
    { "wildcards", wildcards },
    { "covers", covers },
    { "validity", validity },
    { "limits", limits },
    { "meeting", meeting },
    { "meeting over the limit", meeting_over_the_limit },
    { "unshare", unshare },
    { "matches like the oracle", matches_oracle },
    { "covers like the oracle", covers_oracle },
    { "meets like the oracle", meet_oracle },
    CU_TEST_INFO_NULL,
};
