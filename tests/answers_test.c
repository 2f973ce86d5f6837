#include "broker/answers.h"
#include "tests/check.h"

#include <stdio.h>

static const uint8_t hash_key[16] = { 1 };
static const struct answers_limits limits = { .questions = 3, .answers = 2 };

static struct answer inactive(int64_t until)
{
    return (struct answer){ .is = ANSWER_INACTIVE, .reuse = until };
}

/* Asks and has it answered by "inactive until". */
static void learn(struct answers *a, const char *token, int64_t now, int64_t until)
{
    struct watch w = { 0 };
    struct answer said = inactive(until);
    struct span about;
    uint64_t n;

    CHECK(answers_ask(a, span_str(token), &w, now + 5) == OK);
    CHECK(answers_next(a, &n, &about) && span_is(about, token));
    CHECK(answers_settle(a, n, &said, now) == OK);
    CHECK(answers_take(a, n) == &w && !watch_waits(&w));
    CHECK(answers_take(a, n) == NULL);
}

/* Many ask about one token: one question, and each is told once. */
static void one_question(void)
{
    struct answers *a = answers_new(&limits, hash_key);
    struct watch w[3] = { { 0 } };
    struct answer said = inactive(100);
    struct span about;
    uint64_t n, other;

    for (int i = 0; i < 3; i++) CHECK(answers_ask(a, span_str("t"), &w[i], 10) == OK);
    CHECK(answers_next(a, &n, &about) && span_is(about, "t"));
    CHECK(!answers_next(a, &other, &about));
    watch_drop(&w[1]);
    CHECK(answers_settle(a, n, &said, 1) == OK);
    CHECK(answers_take(a, n) == &w[0] && answers_take(a, n) == &w[2] && answers_take(a, n) == NULL);
    CHECK(answers_settle(a, n, &said, 1) == ERR_NOT_FOUND); /* twice */
    CHECK(answers_settle(a, 99, &said, 1) == ERR_NOT_FOUND);
    answers_free(a);
}

/* Who asks while the waiting ones are being told starts a question of its own. */
static void asks_anew(void)
{
    struct answers *a = answers_new(&limits, hash_key);
    struct watch first = { 0 }, second = { 0 };
    struct answer said = { .is = ANSWER_FAILED };
    struct span about;
    uint64_t n, m;

    CHECK(answers_ask(a, span_str("t"), &first, 10) == OK && answers_next(a, &n, &about));
    CHECK(answers_settle(a, n, &said, 1) == OK);
    CHECK(answers_ask(a, span_str("t"), &second, 10) == OK);
    CHECK(answers_take(a, n) == &first && answers_take(a, n) == NULL);
    CHECK(answers_next(a, &m, &about) && m != n && watch_waits(&second));
    CHECK(answers_get(a, span_str("t"), 1) == NULL); /* what failed is not kept */
    watch_drop(&second);
    answers_free(a);
}

static void bounded(void)
{
    struct answers *a = answers_new(&limits, hash_key);
    struct watch w[4] = { { 0 } };
    const char *const tokens[] = { "a", "b", "c", "d" };

    for (int i = 0; i < 3; i++) CHECK(answers_ask(a, span_str(tokens[i]), &w[i], 10) == OK);
    CHECK(answers_ask(a, span_str("d"), &w[3], 10) == ERR_QUOTA && !watch_waits(&w[3]));
    CHECK(answers_ask(a, span_str("a"), &w[3], 10) == OK); /* asked already */
    for (int i = 0; i < 4; i++) watch_drop(&w[i]);
    answers_free(a);

    a = answers_new(&limits, hash_key);
    learn(a, "a", 0, 100);
    learn(a, "b", 0, 100);
    CHECK(answers_get(a, span_str("a"), 1) != NULL);
    learn(a, "c", 0, 100); /* the least recently used leaves: b */
    CHECK(answers_get(a, span_str("a"), 1) && answers_get(a, span_str("c"), 1));
    CHECK(answers_get(a, span_str("b"), 1) == NULL);
    answers_relimit(a, &(struct answers_limits){ 3, 0 });
    CHECK(answers_get(a, span_str("a"), 1) == NULL);
    learn(a, "a", 0, 100);
    CHECK(answers_get(a, span_str("a"), 1) == NULL);
    answers_free(a);
}

/* An answer serves until its time, and a question waits until its own; both are moved by a jump as they should. */
static void ends(void)
{
    struct answers *a = answers_new(&limits, hash_key);
    struct watch w = { 0 };
    uint64_t n = 0;

    learn(a, "t", 0, 100);
    const struct answer *got = answers_get(a, span_str("t"), 99);
    CHECK(got && got->is == ANSWER_INACTIVE && answer_is_about(got, span_str("t")));
    CHECK(got && !answer_is_about(got, span_str("u")));
    CHECK(answers_get(a, span_str("t"), 100) == NULL && answers_last(a, span_str("t")) == NULL);
    answers_sweep(a, 100);
    CHECK(answers_get(a, span_str("t"), 0) == NULL);

    CHECK(answers_ask(a, span_str("u"), &w, 10) == OK);
    CHECK(!answers_overdue(a, 9, &n));
    answers_shift(a, 1000);
    CHECK(!answers_overdue(a, 1009, &n) && answers_overdue(a, 1010, &n) && n == 2);
    watch_drop(&w);
    answers_free(a);
}

/* The whole token counts, not its beginning (L2 of the prototypes: 31 characters). */
static void whole_token(void)
{
    struct answers *a = answers_new(&limits, hash_key);
    char token[80];

    memset(token, 'x', sizeof token);
    token[79] = 0;
    learn(a, token, 0, 100);
    token[78] = 'y';
    CHECK(answers_get(a, span_str(token), 1) == NULL);
    answers_free(a);
}

CU_TestInfo answers_tests[] = {
    { "one question", one_question }, { "asks anew", asks_anew }, { "bounded", bounded }, { "ends", ends },
    { "whole token", whole_token },   CU_TEST_INFO_NULL,
};
