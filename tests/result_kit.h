#ifndef TESTS_RESULT_KIT_H
#define TESTS_RESULT_KIT_H

#include "scenarios/result.h"
#include "tests/check.h"

#define PUP PLAYER_PUPPET
#define PRO PLAYER_PRODUCT
#define EXT PLAYER_EXTERNAL
#define OFF PLAYER_ABSENT

/* Runs made by hand, for the tests of what is told about runs. */
struct made_run {
    const char *scenario, *variant;
    enum player client, broker, as;
};

/* A check: held if `got` is NULL. `rules`: up to two, or NULL. */
struct made_check {
    unsigned line;
    const char *arrow, *field, *want, *got, *rules[2];
};

static inline struct run_result make_run(const struct made_run *m)
{
    struct run_result r = { .players = { m->client, m->broker, m->as }, .ms = 1250 };

    buf_str(&r.scenario, m->scenario);
    buf_str(&r.variant, m->variant);
    buf_str(&r.dir, "build/scenarios/x");
    return r;
}

static inline void make_check(struct run_result *r, const struct made_check *m)
{
    struct check_result *c = result_check(r);

    buf_str(&c->file, "t.flow");
    c->line = m->line;
    buf_str(&c->arrow, m->arrow);
    if (m->field) buf_str(&c->field, m->field);
    if (m->got) buf_str(&c->want, m->want);
    if (m->got) buf_str(&c->got, m->got);
    c->held = !m->got;
    for (size_t i = 0; i < 2 && m->rules[i]; i++) buf_str(check_rule(c), m->rules[i]);
}

#endif
