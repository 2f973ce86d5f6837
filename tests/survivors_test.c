#include "scenarios/survivors.h"

#include "tests/result_kit.h"

#include <stdlib.h>

static const char tsv[] = "# comment\n"
                          "\n"
                          "t/x#F.*\tnobody looks at F\n"
                          "t/gone#*\tlong gone\n";

static void reading(void)
{
    struct survivors s = { 0 };

    CHECK(survivors_read(span_str(tsv), &s, NULL) == OK && s.count == 2 && s.survivor[1].line == 4);
    CHECK(strcmp(survivors_excuse(&s, "t/x#F.reason.other"), "nobody looks at F") == 0);
    CHECK(survivors_excuse(&s, "t/x#G.reason.other") == NULL);
    CHECK(s.survivor[0].used == 1 && s.survivor[1].used == 0);
    survivors_clear(&s);
}

static const struct wrong {
    const char *text, *why;
} wrongs[] = {
    { "a\n", "line 1: expected a glob of mutants, a tab, the reason" },
    { "# x\na\t\n", "line 2: expected a glob of mutants, a tab, the reason" },
    { "\treason\n", "line 1: expected a glob of mutants, a tab, the reason" },
    { "a\tb\tc\n", "line 1: expected a glob of mutants, a tab, the reason" },
};

static void refusals(void)
{
    const struct wrong *w;
    struct buf many = { 0 };
    struct fault why = { 0 };
    struct survivors all = { 0 };

    for (EACH_ROW(w, wrongs)) {
        struct survivors s = { 0 };
        CHECK_ROW(survivors_read(span_str(w->text), &s, &why) == ERR_MALFORMED, w->text);
        CHECK_ROW(strcmp(why.why, w->why) == 0, why.why);
        survivors_clear(&s);
    }
    for (size_t i = 0; i <= MAX_SURVIVORS; i++) buf_str(&many, "a\tb\n");
    CHECK(survivors_read(buf_span(&many), &all, &why) == ERR_TOO_LARGE);
    survivors_clear(&all);
    buf_clear(&many);
}

struct stage {
    struct survivors excused;
    struct mutation mutation;
    char *text;
    size_t n;
};

static void begin(struct stage *s)
{
    *s = (struct stage){ 0 };
    CHECK(survivors_read(span_str(tsv), &s->excused, NULL) == OK);
    s->mutation = (struct mutation){ .to = open_memstream(&s->text, &s->n), .excused = &s->excused };
}

static void end(struct stage *s, enum mutation_extent extent, enum status status)
{
    CHECK(mutation_end(&s->mutation, extent) == status);
    fclose(s->mutation.to);
}

static void clear(struct stage *s)
{
    free(s->text);
    survivors_clear(&s->excused);
}

/* A mutant on line 9, and the run in which a check on `line` broke; 0: none did. */
static void play(struct stage *s, const char *id, unsigned line, enum verdict v)
{
    const struct mutant m = { .id = id, .words = "x -> y Z is not sent", .blame = { "t.flow", 9, 1 } };
    struct run_result run = make_run(&(struct made_run){ "t/x", "qos=1", PUP, PUP, PUP });

    make_check(&run, &(struct made_check){ line, "x -> y Z", "f", "1", line ? "2" : NULL, { 0 } });
    run.verdict = v;
    if (v == VERDICT_ERROR && !line) buf_str(&run.why, "the puppet cannot make this");
    mutation_run(&s->mutation, &m, &run);
    result_clear(&run);
}

static void account(void)
{
    struct stage s;
    const struct mutants spared = { .spares = 3 };

    begin(&s);
    mutation_spared(&s.mutation, &spared);
    play(&s, "t/x#A.dropped", 9, VERDICT_ERROR);
    play(&s, "t/x#A.replaced", 7, VERDICT_ERROR);
    play(&s, "t/x#B.dropped", 0, VERDICT_PASS);
    play(&s, "t/x#C.dropped", 0, VERDICT_ERROR);
    play(&s, "t/x#F.dropped", 0, VERDICT_PASS);
    end(&s, MUTATION_ALL, STATUS_ERROR);
    CHECK_ROW(strcmp(s.text,
                     "blamed elsewhere: t/x#A.replaced\n"
                     "      t.flow:9  x -> y Z is not sent\n"
                     "      variant qos=1\n"
                     "      instead broke t.flow:7  x -> y Z f\n"
                     "survived: t/x#B.dropped\n"
                     "      t.flow:9  x -> y Z is not sent\n"
                     "      variant qos=1\n"
                     "untold: t/x#C.dropped\n"
                     "      t.flow:9  x -> y Z is not sent\n"
                     "      variant qos=1\n"
                     "      the puppet cannot make this\n"
                     "survivors.tsv:4: nobody lives by this any more: t/gone#*\n"
                     "3 fields have no mutant\n"
                     "5 mutants: 1 caught, 1 excused, 1 survived, 1 blamed elsewhere, 1 untold\n") == 0,
              s.text);
    clear(&s);
}

static void statuses(void)
{
    struct stage s;

    begin(&s);
    end(&s, MUTATION_PART, STATUS_ERROR);
    CHECK(strncmp(s.text, "no mutant was played\n", 21) == 0);
    clear(&s);
    begin(&s);
    play(&s, "t/x#A.dropped", 9, VERDICT_ERROR);
    play(&s, "t/x#F.dropped", 0, VERDICT_PASS);
    end(&s, MUTATION_PART, STATUS_FINE);
    clear(&s);
    begin(&s);
    play(&s, "t/x#A.dropped", 9, VERDICT_ERROR);
    end(&s, MUTATION_ALL, STATUS_ERROR);
    clear(&s);
    begin(&s);
    play(&s, "t/x#A.dropped", 0, VERDICT_PASS);
    end(&s, MUTATION_PART, STATUS_FAILED);
    clear(&s);
}

CU_TestInfo survivors_tests[] = {
    { "reading", reading },   { "refusals", refusals }, { "account", account },
    { "statuses", statuses }, CU_TEST_INFO_NULL,
};
