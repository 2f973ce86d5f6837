#ifndef SCENARIOS_MUTANT_H
#define SCENARIOS_MUTANT_H

#include "scenarios/result.h"
#include "scenarios/vary.h"

/*
 * The mutants of one variant, for `ace-scenarios mutate`: a model run (three puppets) in which whoever sends step `step`
 * plays `broken` instead of v->step[step], while whoever receives it still expects v->step[step]. Some check on the line
 * `blame` must break. Pure; nothing of `v` is changed.
 */
enum mutant_kind {
    MUTANT_DROPPED,  /* the arrow is not sent; `broken` is as it was                                */
    MUTANT_REPLACED, /* another message of the same sender is sent instead                          */
    MUTANT_EXTRA,    /* `quiet`: `broken` is an arrow that is sent to the silent role all the same  */
    MUTANT_MISSING,  /* one field is absent                                                         */
    MUTANT_ADDED,    /* one field is there that must be absent                                      */
    MUTANT_OTHER,    /* one field has another value: number, word, text, flipped octet, fresh key   */
};

struct mutant {
    enum mutant_kind kind;
    const char *
        id; /* "connect/anon-ace-challenge#F.reason.other"; steps without a label count from 1: "#12.dropped" */
    const char *words;  /* "broker -> client CONNACK: reason is 0x80 instead of 0x00" */
    size_t step;        /* index into v->step */
    struct step broken; /* what is sent */
    struct place blame;
};

/* A field that no mutant breaks, and why. */
struct spared {
    struct place at;
    const char *field, *why;
};

struct mutants {
    struct arena arena;
    size_t count;
    struct mutant *mutant;
    size_t spares;
    struct spared *spared;
};

/* `out` borrows from `v`, which must outlive it. Errors: ERR_NO_MEMORY. */
MUST_USE enum err mutants_make(const struct variant *v, struct mutants *out);
void mutants_clear(struct mutants *m);

/* What became of a mutant in the run `r` of it. */
enum fate {
    FATE_CAUGHT, /* a check on the line to blame, or the message as such, broke, on the arrow that broke first */
    FATE_MISBLAMED, /* checks broke, but none on that line of the first broken arrow    */
    FATE_SURVIVED,  /* nothing broke                                                   */
    FATE_UNTOLD,    /* the run ended as an error or was skipped before anything broke  */
};
enum fate mutant_fate(const struct mutant *m, const struct run_result *r);

#endif
